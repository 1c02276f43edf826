//! The steps about attachments.

use porteur::{AttachmentDirective, CONCURRENCY, Error, TransformedAttachment};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Stage;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TransformAttachmentsStep {
    /// Each as the tutorial's JSON.
    directives: Vec<Value>,
    concurrency: Option<usize>,
}

impl Stage {
    pub(super) async fn attachment(&self, id: &str) -> Result<Value, Error> {
        let info = self.client.attachment(id).await?;
        Ok(json!({
            "id": info.id, "name": info.name, "content_type": info.content_type, "size": info.size,
            "metadata": info.metadata,
        }))
    }

    pub(super) async fn transform_attachment(&self, directive: &Value) -> Result<Value, Error> {
        let directive = AttachmentDirective::from_json(directive)?;
        Ok(shown(&self.client.transform_attachment(directive).await?))
    }

    pub(super) async fn transform_attachments(&self, step: &TransformAttachmentsStep) -> Result<Value, Error> {
        let directives = step.directives.iter().map(AttachmentDirective::from_json).collect::<Result<Vec<_>, _>>()?;
        let concurrency = step.concurrency.unwrap_or(CONCURRENCY);
        let outcomes = self.client.transform_attachments(directives, concurrency).await?;
        let words = outcomes.into_iter().map(|outcome| match outcome {
            Ok(transformed) => transformed.name,
            Err(error) => format!("error:{}", error.facts().code),
        });
        Ok(json!({ "names": words.collect::<Vec<_>>() }))
    }
}

fn shown(transformed: &TransformedAttachment) -> Value {
    json!({
        "id": transformed.id, "source_id": transformed.source_id, "name": transformed.name,
        "thumbnail_id": transformed.thumbnail_id, "format": transformed.format.name(),
        "width": transformed.width, "height": transformed.height, "original_size": transformed.original_size,
        "callback_error": transformed.callback_error.as_ref().map(|error| error.facts().code),
    })
}
