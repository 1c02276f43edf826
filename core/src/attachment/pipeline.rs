//! One attachment from its description to a new one that says what it is.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tracing::{debug, warn};

use super::Attachments;
use super::directive::{AttachmentDirective, Order, agrees};
use super::trail::{About, EVENT_ID, event};
use super::value::{AttachmentInfo, AttachmentTimes, TransformedAttachment};
use crate::error::{Error, Result};
use crate::gateway::broken_attachment;
use crate::gateway::wire::PatchAttachment;
use crate::media::{SourceFormat, Transformed, transform};

/// Carries out `directive`. One that breaks a rule never began, and is in no log.
pub(super) async fn run(attachments: &Attachments, directive: AttachmentDirective) -> Result<TransformedAttachment> {
    let order = Order::parse(directive, &attachments.limits)?;
    let mut closed = attachments.closed.clone();
    if *closed.borrow() {
        return Err(Error::Cancelled);
    }
    let mut course = Course::new(attachments, &order);
    let settled = tokio::select! {
        biased;
        _ = closed.wait_for(|closed| *closed) => Err(Error::Cancelled),
        settled = Box::pin(course.carry_out()) => settled,
    };
    let settled = settled.map_err(|error| course.left(error));
    if let Some(audit) = &attachments.audit {
        let status = settled.as_ref().map_or_else(|error| error.facts().code, |()| "success");
        audit.note(course.about().entry(status, Some(course.latency_ms()))).await;
    }
    settled?;
    let mut transformed = course.outcome();
    if let Some(callback) = &attachments.callback {
        let event = event(&transformed, attachments.gateway.clock.date());
        let told = tokio::select! {
            biased;
            // What was made stands, whoever is told.
            _ = closed.wait_for(|closed| *closed) => Err(Error::Cancelled),
            told = attachments.caller.tell(callback, EVENT_ID, event) => told,
        };
        if let Err(error) = &told {
            warn!(attachment = %transformed.id, %error, "the callback did not arrive");
        }
        transformed.callback_error = told.err();
    }
    Ok(transformed)
}

/// How far an attachment is.
struct Course<'a> {
    attachments: &'a Attachments,
    order: &'a Order,
    started: Duration,
    source: Option<AttachmentInfo>,
    made: Option<Transformed>,
    times: AttachmentTimes,
    /// What is under way.
    stage: &'static str,
    /// The ids of what is on the platform: the result, then its thumbnail.
    uploaded: Vec<String>,
    /// Whether one more may be there: it is on its way, or its answer was lost.
    uncertain: bool,
}

impl<'a> Course<'a> {
    fn new(attachments: &'a Attachments, order: &'a Order) -> Self {
        Self {
            attachments,
            order,
            started: attachments.gateway.clock.now(),
            source: None,
            made: None,
            times: AttachmentTimes::default(),
            stage: "describe",
            uploaded: Vec::new(),
            uncertain: false,
        }
    }

    async fn carry_out(&mut self) -> Result<()> {
        let declared = self.describe().await?;
        let bytes = self.download().await?;
        self.make(bytes, declared).await?;
        if let Some(audit) = &self.attachments.audit {
            // What a process that dies afterwards leaves behind is known by these two.
            audit.push(self.about().entry("uploading", None)).await?;
        }
        self.upload().await?;
        if let Some(audit) = &self.attachments.audit {
            audit.note(self.about().entry("patching", None)).await;
        }
        self.patch().await
    }

    async fn describe(&mut self) -> Result<SourceFormat> {
        let start = self.now();
        let info = self.attachments.gateway.attachment(&self.order.attachment_id).await?.into();
        self.times.describe = self.now().saturating_sub(start);
        let info = self.source.insert(info);
        self.order.suits(info)
    }

    async fn download(&mut self) -> Result<Bytes> {
        self.stage = "download";
        let start = self.now();
        let (id, limits) = (&self.order.attachment_id, &self.attachments.limits);
        let size = self.source.as_ref().map_or(0, |info| info.size);
        let bytes = self.attachments.gateway.download_attachment(id, size, limits.max_input_bytes).await?;
        self.times.download = self.now().saturating_sub(start);
        Ok(bytes)
    }

    async fn make(&mut self, bytes: Bytes, declared: SourceFormat) -> Result<()> {
        self.stage = "transform";
        let wish = self.order.transform.clone();
        let work = move || agrees(&bytes, declared).and_then(|()| transform(&bytes, &wish));
        let made = self.attachments.cores.work(work).await?;
        debug!(attachment = self.order.attachment_id, width = made.width, height = made.height, "transformed");
        self.times.made(made.timings);
        self.made = Some(made);
        Ok(())
    }

    async fn upload(&mut self) -> Result<()> {
        let start = self.now();
        let made = self.made.as_ref().expect("the picture was made before");
        let thumbnail = made.thumbnail.as_ref().map(|small| ("thumbnail", small.format, small.bytes.clone()));
        let result = ("upload", made.format, made.bytes.clone());
        for (stage, format, bytes) in std::iter::once(result).chain(thumbnail) {
            self.stage = stage;
            let name = if stage == "upload" { "transformed" } else { "thumbnail" };
            self.upload_one(&format!("{name}.{}", format.name()), format.content_type(), bytes).await?;
        }
        self.times.upload = self.now().saturating_sub(start);
        Ok(())
    }

    async fn upload_one(&mut self, name: &str, content_type: &str, bytes: Bytes) -> Result<()> {
        let size = bytes.len() as u64;
        // From here on: whoever stops waiting cannot know whether it arrived.
        self.uncertain = true;
        let uploaded = self.attachments.gateway.upload_attachment(name, content_type, bytes).await;
        let uploaded = uploaded.map_err(|failed| {
            self.uncertain = failed.may_be_there;
            failed.error
        })?;
        self.uncertain = false;
        self.uploaded.push(uploaded.id);
        match uploaded.size {
            Some(stored) if stored != size => {
                Err(broken_attachment(format!("expected {size} bytes to be taken, got {stored}")))
            }
            _ => Ok(()),
        }
    }

    async fn patch(&mut self) -> Result<()> {
        self.stage = "patch";
        let start = self.now();
        let made = self.made.as_ref().expect("the picture was made before");
        let mut metadata = BTreeMap::from([
            ("transformed", "true".to_owned()),
            ("sourceId", self.order.attachment_id.clone()),
            ("width", made.width.to_string()),
            ("height", made.height.to_string()),
        ]);
        if let Some(thumbnail) = self.uploaded.get(1) {
            metadata.insert("thumbnailId", thumbnail.clone());
        }
        let patch = PatchAttachment {
            name: self.name(),
            content_type: self.order.format.content_type().to_owned(),
            metadata: metadata.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        };
        self.attachments.gateway.patch_attachment(&self.uploaded[0], &patch).await?;
        self.times.patch = self.now().saturating_sub(start);
        Ok(())
    }

    /// The error, with what is left on the platform.
    fn left(&self, error: Error) -> Error {
        if self.uploaded.is_empty() && !self.uncertain {
            return error;
        }
        Error::Unfinished {
            attachment: self.order.attachment_id.clone(),
            stage: self.stage,
            uploaded: self.uploaded.clone(),
            uncertain: self.uncertain,
            source: Arc::new(error),
        }
    }

    fn about(&self) -> About<'_> {
        About {
            attachment: &self.order.attachment_id,
            source_format: self.source.as_ref().map(|info| info.content_type.as_str()),
            target_format: self.order.format.name(),
            original_size: self.source.as_ref().map(|info| info.size),
            transformed_size: self.made.as_ref().map(|made| made.bytes.len() as u64),
            transformed: self.uploaded.first().map(String::as_str),
            thumbnail: self.uploaded.get(1).map(String::as_str),
            callback: self.attachments.callback.as_ref().map(|callback| callback.shown()),
        }
    }

    fn outcome(self) -> TransformedAttachment {
        let name = self.name();
        let made = self.made.expect("the picture was made before");
        let mut uploaded = self.uploaded.into_iter();
        TransformedAttachment {
            id: uploaded.next().expect("the result was uploaded before"),
            source_id: self.order.attachment_id.clone(),
            name,
            thumbnail_id: uploaded.next(),
            format: made.format,
            width: made.width,
            height: made.height,
            original_size: self.source.map_or(0, |info| info.size),
            size: made.bytes.len() as u64,
            thumbnail_size: made.thumbnail.map(|small| small.bytes.len() as u64),
            times: self.times,
            callback_error: None,
        }
    }

    /// The name that the platform is to keep.
    fn name(&self) -> String {
        format!("transformed_{}.{}", self.order.attachment_id, self.order.format.name())
    }

    fn now(&self) -> Duration {
        self.attachments.gateway.clock.now()
    }

    fn latency_ms(&self) -> f64 {
        self.now().saturating_sub(self.started).as_secs_f64() * 1e3
    }
}
