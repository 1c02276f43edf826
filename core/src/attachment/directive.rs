//! What is to become of an attachment: the wish, and its rules. They bind attachments only, not `transform`.
//! Source: docs/platform.md, "Attachments".

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::value::AttachmentInfo;
use crate::check::filled;
use crate::error::{Error, MediaErrorKind, Result};
use crate::media::{Format, MediaLimits, SourceFormat, Transform, detect};

/// How an attachment is to be transformed.
///
/// As JSON it is the tutorial's directive:
///
/// ```
/// use porteur::{AttachmentDirective, Format};
///
/// let json = serde_json::json!({
///     "attachmentId": "a1b2c3d4-5678-90ab-cdef-1234567890ab", "targetFormat": "jpeg", "maxWidth": 1920, "maxHeight": 1080,
///     "preserveAspectRatio": true, "generateThumbnail": true, "thumbnailMaxWidth": 200
/// });
/// let directive = AttachmentDirective::from_json(&json)?;
/// let same = AttachmentDirective::new("a1b2c3d4-5678-90ab-cdef-1234567890ab", Format::Jpeg, 1920, 1080).thumbnail(200);
/// assert_eq!(directive, same);
/// # Ok::<(), porteur::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachmentDirective {
    /// The platform's id of the attachment.
    pub attachment_id: String,
    /// What the new one is encoded as, with quality 85 where the format loses some.
    pub target_format: Format,
    /// 1 to 4096 px; even where the aspect ratio is kept.
    pub max_width: u32,
    /// 1 to 4096 px; even where the aspect ratio is kept.
    pub max_height: u32,
    /// Whether the picture keeps its shape, as large as fits; else it is stretched to exactly this size. Default yes.
    pub preserve_aspect_ratio: bool,
    /// Whether a thumbnail is made of the result, a JPEG of quality 75. Default no.
    pub generate_thumbnail: bool,
    /// 1 px to `max_width`. Looked at when a thumbnail is made.
    pub thumbnail_max_width: u32,
    /// Whether a picture that is smaller may be made larger. Default no; the tutorial does.
    pub enlarge: bool,
}

impl AttachmentDirective {
    /// As large as fits into `max_width` by `max_height`, without a thumbnail.
    pub fn new(attachment_id: impl Into<String>, target_format: Format, max_width: u32, max_height: u32) -> Self {
        Self {
            attachment_id: attachment_id.into(),
            target_format,
            max_width,
            max_height,
            preserve_aspect_ratio: true,
            generate_thumbnail: false,
            thumbnail_max_width: 0,
            enlarge: false,
        }
    }

    /// Sets whether the picture keeps its shape.
    pub fn preserve_aspect_ratio(mut self, preserve: bool) -> Self {
        self.preserve_aspect_ratio = preserve;
        self
    }

    /// Wishes for a thumbnail of at most this width.
    pub fn thumbnail(mut self, max_width: u32) -> Self {
        self.generate_thumbnail = true;
        self.thumbnail_max_width = max_width;
        self
    }

    /// Sets whether a picture that is smaller may be made larger.
    pub fn enlarge(mut self, enlarge: bool) -> Self {
        self.enlarge = enlarge;
        self
    }

    /// Reads a directive: an object with the fields of this value, named as the tutorial does (`maxWidth`) or as here
    /// (`max_width`). What has a default may be left out, or be `null`.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] that names the field: one that is missing, of another kind, or unknown.
    pub fn from_json(json: &Value) -> Result<Self> {
        let Some(members) = json.as_object() else {
            return Err(Error::invalid("directive", format!("expected an object, got {}", kind(json))));
        };
        let mut fields = Fields(members.clone());
        let generate_thumbnail = fields.flag("generate_thumbnail")?.unwrap_or(false);
        let thumbnail_max_width = fields.take("thumbnail_max_width");
        let thumbnail_max_width = match thumbnail_max_width {
            Some(value) if generate_thumbnail => pixels("thumbnail_max_width", &value)?,
            _ => 0,
        };
        let format = fields.text("target_format")?;
        let directive = Self {
            attachment_id: fields.text("attachment_id")?,
            target_format: Format::named("target_format", &format)?,
            max_width: fields.pixels("max_width")?,
            max_height: fields.pixels("max_height")?,
            preserve_aspect_ratio: fields.flag("preserve_aspect_ratio")?.unwrap_or(true),
            generate_thumbnail,
            thumbnail_max_width,
            enlarge: fields.flag("enlarge")?.unwrap_or(false),
        };
        match fields.0.keys().next() {
            None => Ok(directive),
            Some(unknown) => {
                let known = KNOWN.map(camel).join(", ");
                Err(Error::invalid(unknown, format!("expected one of the fields {known}, got another one")))
            }
        }
    }
}

impl<'de> Deserialize<'de> for AttachmentDirective {
    fn deserialize<D: Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
        Self::from_json(&Value::deserialize(value)?).map_err(D::Error::custom)
    }
}

/// The members of a directive that nobody took yet.
struct Fields(Map<String, Value>);

impl Fields {
    /// `null` is as good as nothing.
    fn take(&mut self, field: &str) -> Option<Value> {
        let value = self.0.remove(&camel(field)).or_else(|| self.0.remove(field));
        value.filter(|value| !value.is_null())
    }

    fn required(&mut self, field: &str) -> Result<Value> {
        self.take(field).ok_or_else(|| Error::invalid(field, "expected a value, got nothing"))
    }

    fn text(&mut self, field: &str) -> Result<String> {
        match self.required(field)? {
            Value::String(text) => Ok(text),
            other => Err(Error::invalid(field, format!("expected a text, got {}", kind(&other)))),
        }
    }

    fn flag(&mut self, field: &str) -> Result<Option<bool>> {
        match self.take(field) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(other) => Err(Error::invalid(field, format!("expected true or false, got {}", kind(&other)))),
        }
    }

    fn pixels(&mut self, field: &str) -> Result<u32> {
        let value = self.required(field)?;
        pixels(field, &value)
    }
}

/// A whole number of pixels, also one that JavaScript wrote as a fraction without one. Whether it is in range the door says.
fn pixels(field: &str, value: &Value) -> Result<u32> {
    let Some(number) = value.as_f64().filter(|number| number.fract() == 0.0) else {
        let got = if value.is_number() { value.to_string() } else { kind(value).to_owned() };
        return Err(Error::invalid(field, format!("expected a whole number of pixels, got {got}")));
    };
    let whole = value.as_u64().or_else(|| format!("{number:.0}").parse().ok());
    whole
        .and_then(|whole| u32::try_from(whole).ok())
        .ok_or_else(|| Error::invalid(field, format!("expected 1 to {MAX_SIDE} px, got {value}")))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// `max_width` as JSON has it: `maxWidth`.
fn camel(field: &str) -> String {
    let mut words = field.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| {
        let (initial, rest) = word.split_at(1);
        name + &initial.to_ascii_uppercase() + rest
    })
}

/// A directive that keeps to its rules.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) attachment_id: String,
    pub(super) format: Format,
    pub(super) transform: Transform,
}

impl Order {
    /// # Errors
    /// [`Error::InvalidInput`] that names the field, what was expected, and what came.
    pub(super) fn parse(directive: AttachmentDirective, limits: &MediaLimits) -> Result<Self> {
        let AttachmentDirective { attachment_id, target_format: format, max_width, max_height, enlarge, .. } =
            directive;
        id_of("attachment_id", &attachment_id)?;
        for (field, side) in [("max_width", max_width), ("max_height", max_height)] {
            within(field, side, MAX_SIDE)?;
            if directive.preserve_aspect_ratio && side % 2 != 0 {
                let reason = format!("expected an even number of px, as the aspect ratio is kept, got {side}");
                return Err(Error::invalid(field, reason));
            }
        }
        let size = if directive.preserve_aspect_ratio { Transform::fit } else { Transform::exact };
        let mut transform = size(max_width, max_height).format(format).enlarge(enlarge).limits(limits.clone());
        if directive.generate_thumbnail {
            within("thumbnail_max_width", directive.thumbnail_max_width, max_width)?;
            transform = transform.thumbnail(directive.thumbnail_max_width);
        }
        Ok(Self { attachment_id, format, transform })
    }

    /// What the attachment says it is, if that is something to be transformed.
    ///
    /// # Errors
    /// [`Error::Media`] of kind `Unsupported`, [`Error::TooLarge`].
    pub(super) fn suits(&self, info: &AttachmentInfo) -> Result<SourceFormat> {
        let max = self.transform.limits.max_input_bytes;
        if info.size > max {
            let reason = format!("expected at most {max} bytes, got {}, as the attachment is described", info.size);
            return Err(Error::TooLarge { what: "attachment".to_owned(), reason, answer: None });
        }
        let declared = info.content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match declared.as_str() {
            "image/png" => Ok(SourceFormat::Png),
            // The second is none, and many programs write it.
            "image/jpeg" | "image/jpg" => Ok(SourceFormat::Jpeg),
            "image/gif" => Ok(SourceFormat::Gif),
            "image/webp" => Ok(SourceFormat::WebP),
            _ => {
                let got = &info.content_type;
                let reason = format!("expected image/png, image/jpeg, image/gif or image/webp, got {got:?}");
                Err(Error::Media { kind: MediaErrorKind::Unsupported, format: None, reason })
            }
        }
    }
}

/// That the first bytes are those of what was declared.
///
/// # Errors
/// [`Error::Media`] of kind `Unsupported`.
pub(super) fn agrees(bytes: &[u8], declared: SourceFormat) -> Result<()> {
    let found = detect(bytes)?;
    if found == declared {
        return Ok(());
    }
    let reason = format!("expected {}, as the attachment is declared, got {}", declared.name(), found.name());
    Err(Error::Media { kind: MediaErrorKind::Unsupported, format: Some(found.name()), reason })
}

/// An id that a name can be made of: the new attachment's has it in it.
pub(super) fn id_of(field: &str, id: &str) -> Result<()> {
    filled(field, id)?;
    if id.len() > MAX_ID || !id.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'/' | b'\\')) {
        let reason = format!("expected 1 to {MAX_ID} visible ASCII characters and no slash, got {id:?}");
        return Err(Error::invalid(field, reason));
    }
    Ok(())
}

fn within(field: &str, value: u32, max: u32) -> Result<()> {
    if (1..=max).contains(&value) {
        return Ok(());
    }
    Err(Error::invalid(field, format!("expected 1 to {max} px, got {value}")))
}

const KNOWN: [&str; 8] = [
    "attachment_id",
    "target_format",
    "max_width",
    "max_height",
    "preserve_aspect_ratio",
    "generate_thumbnail",
    "thumbnail_max_width",
    "enlarge",
];

/// Pixels: the tutorial's "maximum platform limit".
const MAX_SIDE: u32 = 4096;

/// Characters; UUIDs have 36.
const MAX_ID: usize = 128;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(json: &Value) -> (String, String) {
        let refused = AttachmentDirective::from_json(json)
            .and_then(|directive| Order::parse(directive, &MediaLimits::default()).map(|_| ()));
        let facts = refused.unwrap_err().facts();
        (facts.details["field"].clone(), facts.details["reason"].clone())
    }

    #[test]
    fn every_rule_names_its_field_and_what_came() {
        let valid = json!({"attachmentId": "a-1", "targetFormat": "png", "maxWidth": 64, "maxHeight": 64});
        for (field, value, name, reason) in [
            ("attachmentId", json!(""), "attachment_id", "got an empty string"),
            ("attachmentId", json!("../a\r\n"), "attachment_id", r#"got "../a\r\n""#),
            ("attachmentId", json!(7), "attachment_id", "expected a text, got a number"),
            ("targetFormat", json!("tiff"), "target_format", "expected jpeg, png or webp, got \"tiff\""),
            ("targetFormat", json!(null), "target_format", "got nothing"),
            ("maxWidth", json!(5000), "max_width", "expected 1 to 4096 px, got 5000"),
            ("maxWidth", json!(0), "max_width", "expected 1 to 4096 px, got 0"),
            ("maxWidth", json!(-2), "max_width", "expected 1 to 4096 px, got -2"),
            ("maxWidth", json!(1e40), "max_width", "expected 1 to 4096 px, got 1e+40"),
            ("maxWidth", json!("64"), "max_width", "expected a whole number of pixels, got a text"),
            ("maxHeight", json!(63.5), "max_height", "expected a whole number of pixels, got 63.5"),
            ("maxHeight", json!(63), "max_height", "as the aspect ratio is kept, got 63"),
            ("preserveAspectRatio", json!("no"), "preserve_aspect_ratio", "expected true or false, got a text"),
            ("generateThumbnail", json!(true), "thumbnail_max_width", "expected 1 to 64 px, got 0"),
            ("quality", json!(85), "quality", "thumbnailMaxWidth, enlarge, got another one"),
        ] {
            let mut json = valid.clone();
            json[field] = value;
            let (named, told) = refused(&json);
            assert!(named == name && told.contains(reason), "{json}: {named}: {told}");
        }
        assert_eq!(refused(&json!([])).0, "directive");
    }

    #[test]
    fn a_thumbnail_that_nobody_wants_is_not_looked_at() {
        let json = json!({
            "attachment_id": "a-1", "target_format": "jpg", "max_width": 63.0, "max_height": 61,
            "preserve_aspect_ratio": false, "generate_thumbnail": false, "thumbnail_max_width": -5,
        });
        let directive: AttachmentDirective = serde_json::from_value(json).unwrap();
        assert_eq!(directive.target_format, Format::Jpeg);
        assert!(Order::parse(directive, &MediaLimits::default()).unwrap().transform.thumbnail.is_none());
    }

    #[test]
    fn a_declared_type_may_have_parameters_and_any_case() {
        let order = Order::parse(AttachmentDirective::new("a", Format::Png, 2, 2), &MediaLimits::default()).unwrap();
        let info = |content_type: &str| AttachmentInfo {
            id: "a".to_owned(),
            name: "a".to_owned(),
            content_type: content_type.to_owned(),
            size: 1,
            metadata: Default::default(),
        };
        assert_eq!(order.suits(&info("Image/PNG; charset=binary")).unwrap(), SourceFormat::Png);
        assert_eq!(order.suits(&info("image/jpg")).unwrap(), SourceFormat::Jpeg);
        for other in ["image/svg+xml", "application/pdf", "", "image/pngx"] {
            assert_eq!(order.suits(&info(other)).unwrap_err().facts().details["kind"], "unsupported", "{other}");
        }
    }
}
