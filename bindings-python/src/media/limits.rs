//! What a picture may cost.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use super::options::parsed;
use crate::errors::{seconds, whole};

/// What a picture from a stranger may cost.
#[pyclass(module = "porteur", frozen, eq)]
#[derive(PartialEq)]
pub(crate) struct MediaLimits(pub(crate) porteur::MediaLimits);

#[pymethods]
impl MediaLimits {
    #[new]
    #[pyo3(signature = (*, max_input_bytes=None, max_pixels=None, max_side=None, max_output_side=None, max_allocation=None, max_frames=None, max_frame_pixels=None, max_scans=None, max_profile_bytes=None, max_metadata_bytes=None, isolation=None, max_child_memory=None, max_child_cpu=None, max_child_wall=None))]
    #[allow(clippy::too_many_arguments)]
    fn new(
        max_input_bytes: Option<i64>,
        max_pixels: Option<i64>,
        max_side: Option<i64>,
        max_output_side: Option<i64>,
        max_allocation: Option<i64>,
        max_frames: Option<i64>,
        max_frame_pixels: Option<i64>,
        max_scans: Option<i64>,
        max_profile_bytes: Option<i64>,
        max_metadata_bytes: Option<i64>,
        isolation: Option<String>,
        max_child_memory: Option<i64>,
        max_child_cpu: Option<f64>,
        max_child_wall: Option<f64>,
    ) -> PyResult<Self> {
        let defaults = porteur::MediaLimits::default();
        Ok(Self(porteur::MediaLimits {
            max_input_bytes: whole("max_input_bytes", max_input_bytes)?.unwrap_or(defaults.max_input_bytes),
            max_pixels: whole("max_pixels", max_pixels)?.unwrap_or(defaults.max_pixels),
            max_side: whole("max_side", max_side)?.unwrap_or(defaults.max_side),
            max_output_side: whole("max_output_side", max_output_side)?.unwrap_or(defaults.max_output_side),
            max_allocation: whole("max_allocation", max_allocation)?.unwrap_or(defaults.max_allocation),
            max_frames: whole("max_frames", max_frames)?.unwrap_or(defaults.max_frames),
            max_frame_pixels: whole("max_frame_pixels", max_frame_pixels)?.unwrap_or(defaults.max_frame_pixels),
            max_scans: whole("max_scans", max_scans)?.unwrap_or(defaults.max_scans),
            max_profile_bytes: whole("max_profile_bytes", max_profile_bytes)?.unwrap_or(defaults.max_profile_bytes),
            max_metadata_bytes: whole("max_metadata_bytes", max_metadata_bytes)?.unwrap_or(defaults.max_metadata_bytes),
            isolation: parsed(isolation)?.unwrap_or(defaults.isolation),
            max_child_memory: whole("max_child_memory", max_child_memory)?.unwrap_or(defaults.max_child_memory),
            max_child_cpu: seconds("max_child_cpu", max_child_cpu)?.unwrap_or(defaults.max_child_cpu),
            max_child_wall: seconds("max_child_wall", max_child_wall)?.unwrap_or(defaults.max_child_wall),
        }))
    }

    #[getter]
    fn max_input_bytes(&self) -> u64 {
        self.0.max_input_bytes
    }

    #[getter]
    fn max_pixels(&self) -> u64 {
        self.0.max_pixels
    }

    #[getter]
    fn max_side(&self) -> u32 {
        self.0.max_side
    }

    #[getter]
    fn max_output_side(&self) -> u32 {
        self.0.max_output_side
    }

    #[getter]
    fn max_allocation(&self) -> u64 {
        self.0.max_allocation
    }

    #[getter]
    fn max_frames(&self) -> u32 {
        self.0.max_frames
    }

    #[getter]
    fn max_frame_pixels(&self) -> u64 {
        self.0.max_frame_pixels
    }

    #[getter]
    fn max_scans(&self) -> u32 {
        self.0.max_scans
    }

    #[getter]
    fn max_profile_bytes(&self) -> u64 {
        self.0.max_profile_bytes
    }

    #[getter]
    fn max_metadata_bytes(&self) -> u64 {
        self.0.max_metadata_bytes
    }

    #[getter]
    fn isolation(&self) -> &'static str {
        self.0.isolation.name()
    }

    #[getter]
    fn max_child_memory(&self) -> u64 {
        self.0.max_child_memory
    }

    #[getter]
    fn max_child_cpu(&self) -> f64 {
        self.0.max_child_cpu.as_secs_f64()
    }

    #[getter]
    fn max_child_wall(&self) -> f64 {
        self.0.max_child_wall.as_secs_f64()
    }

    fn __getnewargs_ex__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyTuple>, Bound<'py, PyDict>)> {
        Ok((PyTuple::empty(py), self.fields(py)?))
    }

    pub(crate) fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let field = |(name, value): (Bound<'_, PyAny>, Bound<'_, PyAny>)| Ok(format!("{name}={}", value.repr()?));
        let fields: Vec<String> = self.fields(py)?.iter().map(field).collect::<PyResult<_>>()?;
        Ok(format!("MediaLimits({})", fields.join(", ")))
    }
}

impl MediaLimits {
    fn fields<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let fields = PyDict::new(py);
        fields.set_item("max_input_bytes", self.max_input_bytes())?;
        fields.set_item("max_pixels", self.max_pixels())?;
        fields.set_item("max_side", self.max_side())?;
        fields.set_item("max_output_side", self.max_output_side())?;
        fields.set_item("max_allocation", self.max_allocation())?;
        fields.set_item("max_frames", self.max_frames())?;
        fields.set_item("max_frame_pixels", self.max_frame_pixels())?;
        fields.set_item("max_scans", self.max_scans())?;
        fields.set_item("max_profile_bytes", self.max_profile_bytes())?;
        fields.set_item("max_metadata_bytes", self.max_metadata_bytes())?;
        fields.set_item("isolation", self.isolation())?;
        fields.set_item("max_child_memory", self.max_child_memory())?;
        fields.set_item("max_child_cpu", self.max_child_cpu())?;
        fields.set_item("max_child_wall", self.max_child_wall())?;
        Ok(fields)
    }
}
