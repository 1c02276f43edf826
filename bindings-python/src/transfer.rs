//! Transfers: what the caller wishes, and what became of it.

use porteur::Transfer;
use pyo3::exceptions::PyBaseException;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::callback::Told;
use crate::config::Given;
use crate::errors::{exception, seconds, whole};
use crate::many::{Many, Members};
use crate::time::Seconds;

/// The arguments of `transfer`.
pub(crate) struct Transferring<'py> {
    pub(crate) interaction: String,
    pub(crate) destination: String,
    pub(crate) media: Option<Vec<Medium<'py>>>,
    pub(crate) id: Option<String>,
    pub(crate) frame_timeout: Option<f64>,
    pub(crate) within: Option<f64>,
    pub(crate) check: Option<bool>,
    pub(crate) callback: Option<Told<'py>>,
}

impl Transferring<'_> {
    pub(crate) fn parse(self) -> PyResult<Transfer> {
        let media = self.media.unwrap_or_default().into_iter();
        let transfer = Transfer::new(self.interaction, self.destination);
        Ok(media
            .fold(transfer, |transfer, medium| transfer.media(medium.matrix()))
            .given(self.id, Transfer::id)
            .given(seconds("frame_timeout", self.frame_timeout)?, Transfer::frame_timeout)
            .given(seconds("within", self.within)?, Transfer::within)
            .given(self.check, Transfer::check)
            .given(self.callback, |transfer, callback| transfer.callback(callback.callback())))
    }
}

impl<'py> Transferring<'py> {
    /// As one of many has them.
    fn read(members: &Members<'py>) -> PyResult<Self> {
        Ok(Self {
            interaction: members.required("interaction")?,
            destination: members.required("destination")?,
            media: members.optional("media")?,
            id: members.optional("id")?,
            frame_timeout: members.optional("frame_timeout")?,
            within: members.optional("within")?,
            check: members.optional("check")?,
            callback: members.optional("callback")?,
        })
    }
}

/// The arguments of `transfer_many`.
pub(crate) fn transfers(transfers: &Bound<'_, PyAny>, concurrency: Option<i64>) -> PyResult<Many<Transfer>> {
    Many::parse("transfers", transfers, concurrency, Transferring::read, Transferring::parse)
}

/// One of the media as `transfer` takes them: sound alone is media too.
#[derive(FromPyObject)]
pub(crate) enum Medium<'py> {
    Matrix(PyRef<'py, MediaMatrix>),
    Audio(PyRef<'py, Audio>),
}

impl Medium<'_> {
    fn matrix(self) -> porteur::MediaMatrix {
        match self {
            Self::Matrix(matrix) => matrix.0.clone(),
            Self::Audio(audio) => audio.0.clone().into(),
        }
    }
}

/// What is to be heard.
#[pyclass(module = "porteur", frozen, eq)]
#[derive(PartialEq)]
pub(crate) struct Audio(porteur::Audio);

#[pymethods]
impl Audio {
    #[new]
    #[pyo3(signature = (codec, bandwidth_kbps, *, bit_depth=None))]
    fn new(codec: String, bandwidth_kbps: i64, bit_depth: Option<i64>) -> PyResult<Self> {
        let bandwidth_kbps = whole("bandwidth_kbps", Some(bandwidth_kbps))?.unwrap_or_default();
        let audio = porteur::Audio::new(codec, bandwidth_kbps);
        Ok(Self(audio.given(whole("bit_depth", bit_depth)?, porteur::Audio::bit_depth)))
    }

    #[getter]
    fn codec(&self) -> &str {
        &self.0.codec
    }

    #[getter]
    fn bandwidth_kbps(&self) -> u32 {
        self.0.bandwidth_kbps
    }

    #[getter]
    fn bit_depth(&self) -> u32 {
        self.0.bit_depth
    }

    fn __getnewargs_ex__<'py>(&self, py: Python<'py>) -> PyResult<((&str, u32), Bound<'py, PyDict>)> {
        let fields = PyDict::new(py);
        fields.set_item("bit_depth", self.bit_depth())?;
        Ok(((self.codec(), self.bandwidth_kbps()), fields))
    }

    fn __repr__(&self) -> String {
        let porteur::Audio { codec, bandwidth_kbps, bit_depth } = &self.0;
        format!("Audio({codec:?}, {bandwidth_kbps}, bit_depth={bit_depth})")
    }
}

/// What is to be seen.
#[pyclass(module = "porteur", frozen, eq)]
#[derive(PartialEq)]
pub(crate) struct Video(porteur::Video);

#[pymethods]
impl Video {
    #[new]
    fn new(codec: String, resolution: String, fps: i64) -> PyResult<Self> {
        let fps = whole("fps", Some(fps))?.unwrap_or_default();
        Ok(Self(porteur::Video::new(codec, resolution, fps)))
    }

    #[getter]
    fn codec(&self) -> &str {
        &self.0.codec
    }

    #[getter]
    fn resolution(&self) -> &str {
        &self.0.resolution
    }

    #[getter]
    fn fps(&self) -> u32 {
        self.0.fps
    }

    fn __getnewargs__(&self) -> (&str, &str, u32) {
        (self.codec(), self.resolution(), self.fps())
    }

    fn __repr__(&self) -> String {
        let porteur::Video { codec, resolution, fps } = &self.0;
        format!("Video({codec:?}, {resolution:?}, {fps})")
    }
}

/// What is to be heard, and perhaps seen.
#[pyclass(module = "porteur", frozen, eq)]
#[derive(PartialEq)]
pub(crate) struct MediaMatrix(porteur::MediaMatrix);

#[pymethods]
impl MediaMatrix {
    #[new]
    #[pyo3(signature = (audio, *, video=None))]
    fn new(audio: PyRef<'_, Audio>, video: Option<PyRef<'_, Video>>) -> Self {
        let matrix = porteur::MediaMatrix::audio(audio.0.clone());
        Self(matrix.given(video, |matrix, video| matrix.video(video.0.clone())))
    }

    #[getter]
    fn audio(&self) -> Audio {
        Audio(self.0.audio.clone())
    }

    #[getter]
    fn video(&self) -> Option<Video> {
        self.0.video.clone().map(Video)
    }

    fn __getnewargs_ex__<'py>(&self, py: Python<'py>) -> PyResult<((Audio,), Bound<'py, PyDict>)> {
        let fields = PyDict::new(py);
        fields.set_item("video", self.video())?;
        Ok(((self.audio(),), fields))
    }

    fn __repr__(&self) -> String {
        let video = self.video().map_or_else(|| "None".to_owned(), |video| video.__repr__());
        format!("MediaMatrix({}, video={video})", self.audio().__repr__())
    }
}

/// A transfer that was carried out.
#[pyclass(module = "porteur", frozen, eq, get_all)]
#[derive(PartialEq)]
pub(crate) struct TransferOutcome {
    id: String,
    interaction: String,
    status: String,
    codec: String,
    media: usize,
    latency: Seconds,
    retries: u32,
    callback_error: Option<Untold>,
}

#[pymethods]
impl TransferOutcome {
    #[new]
    #[pyo3(signature = (id, interaction, *, status, codec, media, latency, retries, callback_error=None))]
    #[allow(clippy::too_many_arguments)]
    fn new(
        id: String,
        interaction: String,
        status: String,
        codec: String,
        media: usize,
        latency: f64,
        retries: u32,
        callback_error: Option<Untold>,
    ) -> PyResult<Self> {
        let latency = Seconds(seconds("latency", Some(latency))?.unwrap_or_default());
        Ok(Self { id, interaction, status, codec, media, latency, retries, callback_error })
    }

    fn __getnewargs_ex__<'py>(&self, py: Python<'py>) -> PyResult<((&str, &str), Bound<'py, PyDict>)> {
        let Self { id, interaction, status, codec, media, latency, retries, callback_error } = self;
        let fields = PyDict::new(py);
        fields.set_item("status", status)?;
        fields.set_item("codec", codec)?;
        fields.set_item("media", media)?;
        fields.set_item("latency", *latency)?;
        fields.set_item("retries", retries)?;
        fields.set_item("callback_error", callback_error.as_ref())?;
        Ok(((id, interaction), fields))
    }

    fn __repr__(&self) -> String {
        let Self { id, interaction, status, codec, media, latency, retries, .. } = self;
        let latency = latency.0.as_secs_f64();
        format!(
            "<TransferOutcome id={id:?} interaction={interaction:?} status={status:?} codec={codec:?} media={media} \
             latency={latency:?} retries={retries}>"
        )
    }

    /// Whoever raises the error has the outcome in its traceback.
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.callback_error.as_ref().map_or(Ok(()), |error| error.seen(&visit))
    }
}

impl From<porteur::TransferOutcome> for TransferOutcome {
    fn from(outcome: porteur::TransferOutcome) -> Self {
        Self {
            id: outcome.id,
            interaction: outcome.interaction,
            status: outcome.status,
            codec: outcome.codec,
            media: outcome.media,
            latency: Seconds(outcome.latency),
            retries: outcome.retries,
            callback_error: outcome.callback_error.map(Untold::from),
        }
    }
}

/// Why a callback did not arrive, as the exception that it would be.
#[derive(FromPyObject, IntoPyObject, IntoPyObjectRef)]
#[pyo3(transparent)]
pub(crate) struct Untold(Py<PyBaseException>);

impl Untold {
    /// For whoever looks for what is not needed any more.
    pub(crate) fn seen(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.0)
    }
}

impl PartialEq for Untold {
    /// By what they say: as exceptions they are equal to themselves alone, and pickled ones to none.
    fn eq(&self, other: &Self) -> bool {
        Python::attach(|py| {
            let said = |error: &Self| error.0.bind(py).call_method0("__reduce__");
            said(self).and_then(|mine| mine.eq(said(other)?)).unwrap_or(false)
        })
    }
}

impl From<porteur::Error> for Untold {
    fn from(error: porteur::Error) -> Self {
        Self(Python::attach(|py| exception(error).into_value(py)))
    }
}
