//! The client whose methods wait. `async_client` has the same ones for asyncio.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use porteur::Config;
use pyo3::prelude::*;
use pyo3::types::PyMapping;

use crate::attachment::Attached;
use crate::attachments::{self, AttachmentInfo, Directing, Directive, TransformedAttachment};
use crate::audit::{self, Audit, AuditReceipt};
use crate::callback::Told;
use crate::config::{Limits, Options, Pace, Timeouts};
use crate::delivery::{self, Receipt};
use crate::door::Door;
use crate::errors::exception;
use crate::guest::{self, Guest, SentGuestMessage, new_guest};
use crate::history::{self, Messages};
use crate::many::Outcome;
use crate::media::{MediaLimits, PreviewOptions};
use crate::message::{self, Outgoing, SentMessage};
use crate::previews::{PreviewWorker, Previewing, Target};
use crate::runtime::wait;
use crate::session::Session;
use crate::simulator::Simulator;
use crate::transfer::{Medium, TransferOutcome, Transferring};
use crate::upload::{UploadedFile, Wish};

/// A client whose methods wait.
#[pyclass(module = "porteur", frozen)]
pub(crate) struct Client(Arc<Door>);

#[pymethods]
#[allow(clippy::too_many_arguments)]
impl Client {
    #[new]
    #[pyo3(signature = (client_id, client_secret, *, environment=None, base_url=None, scopes=None, allow_plain_http=None, renew_before=None, pace=None, timeouts=None, limits=None, audit=None, transfer_callback=None, attachment_callback=None))]
    fn new(
        client_id: String,
        client_secret: String,
        environment: Option<String>,
        base_url: Option<String>,
        scopes: Option<Vec<String>>,
        allow_plain_http: Option<bool>,
        renew_before: Option<f64>,
        pace: Option<PyRef<'_, Pace>>,
        timeouts: Option<PyRef<'_, Timeouts>>,
        limits: Option<PyRef<'_, Limits>>,
        audit: Option<PyRef<'_, Audit>>,
        transfer_callback: Option<Told<'_>>,
        attachment_callback: Option<Told<'_>>,
    ) -> PyResult<Self> {
        let options = Options {
            environment,
            base_url,
            scopes,
            allow_plain_http,
            renew_before,
            pace,
            timeouts,
            limits,
            audit,
            transfer_callback,
            attachment_callback,
        };
        Door::new(options.over(Config::new(client_id, client_secret))?).map(Self)
    }

    #[staticmethod]
    #[pyo3(signature = (*, environment=None, base_url=None, scopes=None, allow_plain_http=None, renew_before=None, pace=None, timeouts=None, limits=None, audit=None, transfer_callback=None, attachment_callback=None))]
    fn from_env(
        environment: Option<String>,
        base_url: Option<String>,
        scopes: Option<Vec<String>>,
        allow_plain_http: Option<bool>,
        renew_before: Option<f64>,
        pace: Option<PyRef<'_, Pace>>,
        timeouts: Option<PyRef<'_, Timeouts>>,
        limits: Option<PyRef<'_, Limits>>,
        audit: Option<PyRef<'_, Audit>>,
        transfer_callback: Option<Told<'_>>,
        attachment_callback: Option<Told<'_>>,
    ) -> PyResult<Self> {
        let options = Options {
            environment,
            base_url,
            scopes,
            allow_plain_http,
            renew_before,
            pace,
            timeouts,
            limits,
            audit,
            transfer_callback,
            attachment_callback,
        };
        Door::new(options.over(Config::from_env().map_err(exception)?)?).map(Self)
    }

    #[pyo3(signature = (source, *, name=None, content_type=None, concurrency=None, journal=None, size=None, on_progress=None))]
    fn upload<'py>(
        &self,
        py: Python<'py>,
        source: Bound<'py, PyAny>,
        name: Option<String>,
        content_type: Option<String>,
        concurrency: Option<i64>,
        journal: Option<PathBuf>,
        size: Option<i64>,
        on_progress: Option<Py<PyAny>>,
    ) -> PyResult<UploadedFile> {
        let job =
            Wish { source, name, content_type, concurrency, journal, size, on_progress }.parse()?.without_a_loop()?;
        let core = self.0.core()?;
        wait(py, job.raised.or(core.upload(job.upload))).map(UploadedFile::from)
    }

    #[pyo3(signature = (language, *, metadata=None))]
    fn guest(&self, py: Python<'_>, language: String, metadata: Option<BTreeMap<String, String>>) -> PyResult<Guest> {
        let core = self.0.core()?;
        wait(py, async { core.guest(new_guest(language, metadata)).await.map_err(exception) }).map(Guest)
    }

    #[pyo3(signature = (guest, *, to, text=None, attachments=None, send_as=None))]
    fn send_as_guest(
        &self,
        py: Python<'_>,
        guest: &Bound<'_, Guest>,
        to: Vec<String>,
        text: Option<String>,
        attachments: Option<Vec<guest::Attachment<'_>>>,
        send_as: Option<String>,
    ) -> PyResult<SentGuestMessage> {
        let (core, guest, message) = (self.0.core()?, &guest.get().0, guest::message(to, text, attachments, send_as)?);
        wait(py, async { core.send_as_guest(guest, message).await.map_err(exception) }).map(SentGuestMessage::from)
    }

    #[pyo3(signature = (conversation, *, text=None, html=None, json=None, sender, to, attachments=None, client_id=None, check=None, allow_unlisted_sender=None))]
    fn send<'py>(
        &self,
        py: Python<'py>,
        conversation: String,
        text: Option<String>,
        html: Option<String>,
        json: Option<Bound<'py, PyAny>>,
        sender: String,
        to: Vec<String>,
        attachments: Option<Vec<Attached<'py>>>,
        client_id: Option<String>,
        check: Option<bool>,
        allow_unlisted_sender: Option<bool>,
    ) -> PyResult<SentMessage> {
        let message = Outgoing { text, html, json, sender, to, attachments, client_id, check, allow_unlisted_sender };
        let (core, message) = (self.0.core()?, message.parse()?);
        wait(py, async { core.send(&conversation, message).await.map(SentMessage).map_err(exception) })
    }

    #[pyo3(signature = (messages, *, concurrency=None))]
    fn send_many(
        &self,
        py: Python<'_>,
        messages: &Bound<'_, PyAny>,
        concurrency: Option<i64>,
    ) -> PyResult<Vec<Outcome<SentMessage>>> {
        let (core, many) = (self.0.core()?, message::messages(messages, concurrency)?);
        wait(py, many.done(|messages, concurrency| core.send_many(messages, concurrency)))
    }

    #[pyo3(signature = (sent, *, within=None, interval=None, backoff=None, sla=None))]
    fn await_delivery(
        &self,
        py: Python<'_>,
        sent: &Bound<'_, SentMessage>,
        within: Option<f64>,
        interval: Option<f64>,
        backoff: Option<f64>,
        sla: Option<f64>,
    ) -> PyResult<Receipt> {
        let (core, sent) = (self.0.core()?, &sent.get().0);
        let delivery = delivery::delivery(within, interval, backoff, sla)?;
        wait(py, async { core.await_delivery(sent, &delivery).await.map(Receipt::from).map_err(exception) })
    }

    #[pyo3(signature = (conversation, *, page_size=None, page_token=None))]
    fn history(&self, conversation: String, page_size: Option<i64>, page_token: Option<String>) -> PyResult<Messages> {
        let history = history::history(page_size, page_token)?;
        Ok(self.0.core()?.history(conversation, history).into())
    }

    fn connect(&self, py: Python<'_>) -> PyResult<Session> {
        let core = self.0.core()?;
        wait(py, async { core.connect().await.map(Session::from).map_err(exception) })
    }

    #[pyo3(signature = (interaction, destination, *, media=None, id=None, frame_timeout=None, within=None, check=None, callback=None))]
    fn transfer<'py>(
        &self,
        py: Python<'py>,
        interaction: String,
        destination: String,
        media: Option<Vec<Medium<'py>>>,
        id: Option<String>,
        frame_timeout: Option<f64>,
        within: Option<f64>,
        check: Option<bool>,
        callback: Option<Told<'py>>,
    ) -> PyResult<TransferOutcome> {
        let transfer =
            Transferring { interaction, destination, media, id, frame_timeout, within, check, callback }.parse()?;
        let core = self.0.core()?;
        wait(py, async { core.transfer(transfer).await.map(TransferOutcome::from).map_err(exception) })
    }

    fn attachment(&self, py: Python<'_>, id: &str) -> PyResult<AttachmentInfo> {
        let core = self.0.core()?;
        wait(py, async { core.attachment(id).await.map(AttachmentInfo::from).map_err(exception) })
    }

    #[pyo3(signature = (directive, *, target_format=None, max_width=None, max_height=None, preserve_aspect_ratio=None, generate_thumbnail=None, thumbnail_max_width=None, enlarge=None))]
    fn transform_attachment(
        &self,
        py: Python<'_>,
        directive: Directive<'_>,
        target_format: Option<String>,
        max_width: Option<i64>,
        max_height: Option<i64>,
        preserve_aspect_ratio: Option<bool>,
        generate_thumbnail: Option<bool>,
        thumbnail_max_width: Option<i64>,
        enlarge: Option<bool>,
    ) -> PyResult<TransformedAttachment> {
        let directing = Directing {
            directive,
            target_format,
            max_width,
            max_height,
            preserve_aspect_ratio,
            generate_thumbnail,
            thumbnail_max_width,
            enlarge,
        };
        let (directive, core) = (directing.parse()?, self.0.core()?);
        let transforming = async { core.transform_attachment(directive).await.map_err(exception) };
        wait(py, transforming).map(TransformedAttachment::from)
    }

    #[pyo3(signature = (directives, *, concurrency=None))]
    fn transform_attachments(
        &self,
        py: Python<'_>,
        directives: &Bound<'_, PyAny>,
        concurrency: Option<i64>,
    ) -> PyResult<Vec<Outcome<TransformedAttachment>>> {
        let (core, many) = (self.0.core()?, attachments::directives(directives, concurrency)?);
        wait(py, many.done(|directives, concurrency| core.transform_attachments(directives, concurrency)))
    }

    #[pyo3(signature = (*, publish_to=None, store=None, store_options=None, headers=None, public_url=None, queue=None, webhook_secrets=None, unsigned=None, concurrency=None, cpus=None, visibility=None, max_attempts=None, remember=None, allow_private=None, allowed_hosts=None, spool=None, grace=None, max_width=None, max_height=None, quality=None, effort=None, background=None, page=None, dpi=None, limits=None))]
    fn previews(
        &self,
        py: Python<'_>,
        publish_to: Option<Target>,
        store: Option<String>,
        store_options: Option<BTreeMap<String, String>>,
        headers: Option<BTreeMap<String, String>>,
        public_url: Option<String>,
        queue: Option<PathBuf>,
        webhook_secrets: Option<Vec<String>>,
        unsigned: Option<bool>,
        concurrency: Option<i64>,
        cpus: Option<i64>,
        visibility: Option<f64>,
        max_attempts: Option<i64>,
        remember: Option<f64>,
        allow_private: Option<bool>,
        allowed_hosts: Option<Vec<String>>,
        spool: Option<PathBuf>,
        grace: Option<f64>,
        max_width: Option<i64>,
        max_height: Option<i64>,
        quality: Option<i64>,
        effort: Option<String>,
        background: Option<(i64, i64, i64)>,
        page: Option<i64>,
        dpi: Option<i64>,
        limits: Option<PyRef<'_, MediaLimits>>,
    ) -> PyResult<PreviewWorker> {
        let preview = PreviewOptions { max_width, max_height, quality, effort, background, page, dpi, limits };
        let previewing = Previewing {
            publish_to,
            store,
            store_options,
            headers,
            public_url,
            queue,
            webhook_secrets,
            unsigned,
            concurrency,
            cpus,
            visibility,
            max_attempts,
            remember,
            allow_private,
            allowed_hosts,
            spool,
            grace,
            preview,
        };
        PreviewWorker::open(py, self.0.clone(), previewing)
    }

    fn record(&self, py: Python<'_>, kind: String, fields: &Bound<'_, PyMapping>) -> PyResult<AuditReceipt> {
        let (core, entry) = (self.0.core()?, audit::entry(kind, fields)?);
        wait(py, async { core.record(entry).await.map(AuditReceipt::from).map_err(exception) })
    }

    fn flush_audit(&self, py: Python<'_>) -> PyResult<()> {
        let core = self.0.core()?;
        wait(py, async { core.flush_audit().await.map_err(exception) })
    }

    fn close(&self, py: Python<'_>) -> PyResult<()> {
        wait(py, self.0.closing())
    }

    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    #[pyo3(signature = (exc_type, exc_value, traceback, /))]
    fn __exit__(
        &self,
        exc_type: &Bound<'_, PyAny>,
        exc_value: &Bound<'_, PyAny>,
        traceback: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let _ = (exc_value, traceback);
        self.close(exc_type.py())
    }

    fn __repr__(&self) -> String {
        self.0.named("Client")
    }

    /// The same settings with a simulator's clock.
    fn _by_clock_of(&self, simulator: &Bound<'_, Simulator>) -> PyResult<Self> {
        self.0.by_clock_of(simulator.get()).map(Self)
    }
}
