//! The client whose methods are awaited. `client` has the same ones that wait.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use porteur::Config;
use pyo3::prelude::*;
use pyo3::types::PyMapping;

use crate::attachment::Attached;
use crate::attachments::{self, AttachmentInfo, Directing, Directive, TransformedAttachment};
use crate::audit::{self, Audit, AuditReceipt};
use crate::awaiting::{Locals, awaitable, none, ready};
use crate::callback::Told;
use crate::config::{Limits, Options, Pace, Timeouts};
use crate::delivery::{self, Receipt};
use crate::door::Door;
use crate::errors::exception;
use crate::guest::{self, Guest, SentGuestMessage, new_guest};
use crate::history::{self, AsyncMessages};
use crate::many::Outcome;
use crate::media::{MediaLimits, PreviewOptions};
use crate::message::{self, Outgoing, SentMessage};
use crate::previews::{AsyncPreviewWorker, Previewing, Target};
use crate::session::AsyncSession;
use crate::simulator::Simulator;
use crate::transfer::{Medium, TransferOutcome, Transferring};
use crate::upload::{UploadedFile, Wish};

/// A client whose methods are awaited.
#[pyclass(module = "porteur", frozen)]
pub(crate) struct AsyncClient(Arc<Door>);

#[pymethods]
#[allow(clippy::too_many_arguments)]
impl AsyncClient {
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
    ) -> PyResult<Bound<'py, PyAny>> {
        let job = Wish { source, name, content_type, concurrency, journal, size, on_progress }.parse()?;
        let core = self.0.core()?;
        let call = async move { Box::pin(job.raised.or(core.upload(job.upload))).await.map(UploadedFile::from) };
        awaitable(py, call, job.locals, job.pieces)
    }

    #[pyo3(signature = (language, *, metadata=None))]
    fn guest<'py>(
        &self,
        py: Python<'py>,
        language: String,
        metadata: Option<BTreeMap<String, String>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let core = self.0.core()?;
        let call = async move { core.guest(new_guest(language, metadata)).await.map(Guest).map_err(exception) };
        awaitable(py, call, Locals::default(), None)
    }

    #[pyo3(signature = (guest, *, to, text=None, attachments=None, send_as=None))]
    fn send_as_guest<'py>(
        &self,
        py: Python<'py>,
        guest: &Bound<'py, Guest>,
        to: Vec<String>,
        text: Option<String>,
        attachments: Option<Vec<guest::Attachment<'py>>>,
        send_as: Option<String>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (core, guest, message) =
            (self.0.core()?, guest.get().0.clone(), guest::message(to, text, attachments, send_as)?);
        let call =
            async move { core.send_as_guest(&guest, message).await.map(SentGuestMessage::from).map_err(exception) };
        awaitable(py, call, Locals::default(), None)
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
    ) -> PyResult<Bound<'py, PyAny>> {
        let message = Outgoing { text, html, json, sender, to, attachments, client_id, check, allow_unlisted_sender };
        let (core, message) = (self.0.core()?, message.parse()?);
        let call = async move { core.send(&conversation, message).await.map(SentMessage).map_err(exception) };
        awaitable(py, call, Locals::default(), None)
    }

    #[pyo3(signature = (messages, *, concurrency=None))]
    fn send_many<'py>(
        &self,
        py: Python<'py>,
        messages: &Bound<'py, PyAny>,
        concurrency: Option<i64>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (core, many) = (self.0.core()?, message::messages(messages, concurrency)?);
        let call = async move { many.done(|messages, concurrency| core.send_many(messages, concurrency)).await };
        awaitable::<Vec<Outcome<SentMessage>>>(py, call, Locals::default(), None)
    }

    #[pyo3(signature = (sent, *, within=None, interval=None, backoff=None, sla=None))]
    fn await_delivery<'py>(
        &self,
        py: Python<'py>,
        sent: &Bound<'py, SentMessage>,
        within: Option<f64>,
        interval: Option<f64>,
        backoff: Option<f64>,
        sla: Option<f64>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (core, sent) = (self.0.core()?, sent.get().0.clone());
        let delivery = delivery::delivery(within, interval, backoff, sla)?;
        let call = async move { core.await_delivery(&sent, &delivery).await.map(Receipt::from).map_err(exception) };
        awaitable(py, call, Locals::default(), None)
    }

    #[pyo3(signature = (conversation, *, page_size=None, page_token=None))]
    fn history(
        &self,
        conversation: String,
        page_size: Option<i64>,
        page_token: Option<String>,
    ) -> PyResult<AsyncMessages> {
        let history = history::history(page_size, page_token)?;
        Ok(self.0.core()?.history(conversation, history).into())
    }

    fn connect<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let core = self.0.core()?;
        let call = async move { core.connect().await.map(AsyncSession::from).map_err(exception) };
        awaitable(py, call, Locals::default(), None)
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
    ) -> PyResult<Bound<'py, PyAny>> {
        let transfer =
            Transferring { interaction, destination, media, id, frame_timeout, within, check, callback }.parse()?;
        let core = self.0.core()?;
        let call = async move { core.transfer(transfer).await.map(TransferOutcome::from).map_err(exception) };
        awaitable(py, call, Locals::default(), None)
    }

    fn attachment<'py>(&self, py: Python<'py>, id: String) -> PyResult<Bound<'py, PyAny>> {
        let core = self.0.core()?;
        let call = async move { core.attachment(&id).await.map(AttachmentInfo::from).map_err(exception) };
        awaitable(py, call, Locals::default(), None)
    }

    #[pyo3(signature = (directive, *, target_format=None, max_width=None, max_height=None, preserve_aspect_ratio=None, generate_thumbnail=None, thumbnail_max_width=None, enlarge=None))]
    fn transform_attachment<'py>(
        &self,
        py: Python<'py>,
        directive: Directive<'py>,
        target_format: Option<String>,
        max_width: Option<i64>,
        max_height: Option<i64>,
        preserve_aspect_ratio: Option<bool>,
        generate_thumbnail: Option<bool>,
        thumbnail_max_width: Option<i64>,
        enlarge: Option<bool>,
    ) -> PyResult<Bound<'py, PyAny>> {
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
        let call = async move {
            core.transform_attachment(directive).await.map(TransformedAttachment::from).map_err(exception)
        };
        awaitable(py, call, Locals::default(), None)
    }

    #[pyo3(signature = (directives, *, concurrency=None))]
    fn transform_attachments<'py>(
        &self,
        py: Python<'py>,
        directives: &Bound<'py, PyAny>,
        concurrency: Option<i64>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (core, many) = (self.0.core()?, attachments::directives(directives, concurrency)?);
        let call = async move {
            many.done(|directives, concurrency| core.transform_attachments(directives, concurrency)).await
        };
        awaitable::<Vec<Outcome<TransformedAttachment>>>(py, call, Locals::default(), None)
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
    ) -> PyResult<AsyncPreviewWorker> {
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
        AsyncPreviewWorker::open(py, self.0.clone(), previewing)
    }

    fn record<'py>(
        &self,
        py: Python<'py>,
        kind: String,
        fields: &Bound<'py, PyMapping>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (core, entry) = (self.0.core()?, audit::entry(kind, fields)?);
        let call = async move { core.record(entry).await.map(AuditReceipt::from).map_err(exception) };
        awaitable(py, call, Locals::default(), None)
    }

    fn flush_audit<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let core = self.0.core()?;
        let call = async move { core.flush_audit().await.map(none).map_err(exception) };
        awaitable(py, call, Locals::default(), None)
    }

    fn close<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let closing = self.0.closing();
        awaitable(py, async move { closing.await.map(none) }, Locals::default(), None)
    }

    fn __aenter__<'py>(slf: Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        ready(slf.py(), slf.clone())
    }

    #[pyo3(signature = (exc_type, exc_value, traceback, /))]
    fn __aexit__<'py>(
        &self,
        exc_type: &Bound<'py, PyAny>,
        exc_value: &Bound<'py, PyAny>,
        traceback: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let _ = (exc_value, traceback);
        self.close(exc_type.py())
    }

    fn __repr__(&self) -> String {
        self.0.named("AsyncClient")
    }

    /// The same settings with a simulator's clock.
    fn _by_clock_of(&self, simulator: &Bound<'_, Simulator>) -> PyResult<Self> {
        self.0.by_clock_of(simulator.get()).map(Self)
    }
}
