//! The wire of the gateway surface: one file a resource.

pub(crate) mod wire;
