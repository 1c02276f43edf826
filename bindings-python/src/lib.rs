//! porteur for Python: the extension module `porteur._porteur`.
//!
//! A method here is a sentence: convert, call, convert back. Whatever has an opinion about uploads, messages, transfers or
//! pictures is in the core; what is special to Python (exceptions, the GIL, signals, asyncio, fork) is in `runtime`,
//! `awaiting`, `process` and `errors`. The manual is `python/porteur/_porteur.pyi`.

mod async_client;
mod attachment;
mod attachments;
mod audit;
mod awaiting;
mod callback;
mod client;
mod config;
mod delivery;
mod digest;
mod door;
mod errors;
mod guest;
mod history;
mod json;
mod many;
mod media;
mod media_child;
mod message;
mod previews;
mod process;
mod runtime;
mod session;
mod simulator;
mod source;
mod time;
mod transfer;
mod upload;

use pyo3::prelude::*;

#[pymodule]
mod _porteur {
    use super::*;

    #[pymodule_export]
    use super::async_client::AsyncClient;
    #[pymodule_export]
    use super::attachment::Attachment;
    #[pymodule_export]
    use super::attachments::{AttachmentInfo, AttachmentTimes, TransformedAttachment};
    #[pymodule_export]
    use super::audit::{Audit, AuditFinding, AuditReceipt, AuditReport, verify_audit};
    #[pymodule_export]
    use super::callback::Callback;
    #[pymodule_export]
    use super::client::Client;
    #[pymodule_export]
    use super::config::{Limits, Pace, Timeouts};
    #[pymodule_export]
    use super::delivery::{Receipt, Sla};
    #[pymodule_export]
    use super::digest::{ChunkDigests, sha256_chunks};
    #[pymodule_export]
    use super::guest::{Guest, SentGuestMessage};
    #[pymodule_export]
    use super::history::HistoryMessage;
    #[pymodule_export]
    use super::media::{
        ImageInfo, MediaLimits, StageTimes, Thumbnail, Transformed, inspect, preview, transform, transform_many,
    };
    #[pymodule_export]
    use super::media_child::media_child;
    #[pymodule_export]
    use super::message::SentMessage;
    #[pymodule_export]
    use super::previews::{
        AsyncPreviewWorker, DeadLetter, PreviewOutcome, PreviewStats, PreviewTimes, PreviewWorker, QueueStats,
        Submitted, WebhookAnswer,
    };
    #[pymodule_export]
    use super::session::{AsyncSession, Session, SessionEvent};
    #[pymodule_export]
    use super::simulator::{Simulator, messages};
    #[pymodule_export]
    use super::transfer::{Audio, MediaMatrix, TransferOutcome, Video};
    #[pymodule_export]
    use super::upload::{Progress, UploadedFile};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        let py = module.py();
        // Levels are looked up each time: programs configure `logging` after their imports.
        let logger = pyo3_log::Logger::new(py, pyo3_log::Caching::Loggers)?
            .filter(log::LevelFilter::Off)
            .filter_target("porteur".to_owned(), log::LevelFilter::Debug);
        // Another extension module cannot have set this logger: each has a `log` of its own.
        let _ = logger.install();
        let stop = pyo3::wrap_pyfunction!(super::runtime::stop, module)?;
        py.import("atexit")?.call_method1("register", (stop,))?;
        Ok(())
    }
}
