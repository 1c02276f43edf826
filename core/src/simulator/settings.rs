//! What the simulated platform is like.

use std::collections::HashSet;

use serde::Deserialize;

use super::attachments::AttachmentFileSettings;
use super::conversations::ConversationSettings;
use super::delivery::DeliverySettings;
use super::faults::Fault;
use super::history::MAX_SIZE;
use super::hosting::HostedFile;
use super::interactions::InteractionSettings;
use super::rates::RateLimitSettings;
use crate::error::{Error, Result};

/// The settings of a [`Simulator`](super::Simulator). As JSON every member may be left out, and unknown ones are refused.
#[derive(Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SimulatorSettings {
    /// The port on 127.0.0.1; 0, the default, takes any free one.
    pub port: u16,
    /// Whose time it is; simulated unless said otherwise.
    pub clock: ClockKind,
    /// Bytes in a chunk, as named to who uploads; default 5 MiB.
    pub chunk_size: u64,
    /// How many chunks an upload may have; default 10 000.
    pub max_chunks: u64,
    /// Bytes in a file; a larger one is answered with 413. No limit by default.
    pub max_total_size: Option<u64>,
    /// One S3-signed URL a part instead of one URL for ranged PUTs; default false.
    pub multipart: bool,
    /// The one URL is signed in the S3 manner, which is unsafe for several chunks; default false.
    pub aws_signed: bool,
    /// Seconds until an upload URL expires; default one hour.
    pub url_life_s: u64,
    /// Seconds until a token expires; default one day.
    pub token_life_s: u64,
    /// The client id that is accepted; default `simulator`.
    pub client_id: String,
    /// Its secret; default `simulator-secret`.
    pub client_secret: String,
    /// The scopes that are granted: a call that needs another one is answered with 403. All by default.
    pub scopes: Option<Vec<String>>,
    /// The status of a stored ranged chunk: 200 (default), 201, 204, 206, or 308 for all chunks but the last.
    pub store_status: u16,
    /// Whether files are kept (default) or only the digests of their chunks: memory holds 16 chunks at most then.
    pub keep_bytes: bool,
    /// The attachments that people sent; by default one, `attachment-1`, a drawing of 64 x 48 px.
    pub attachments: Vec<AttachmentFileSettings>,
    /// The conversations that are there; by default one, `conversation-1`, a `webchat` between `agent@example.com` and
    /// `customer@example.com`.
    pub conversations: Vec<ConversationSettings>,
    /// What becomes of messages, over all conversations: the nth new one fares as the nth says, later ones as the last.
    /// By default each is delivered at the second look.
    pub deliveries: Vec<DeliverySettings>,
    /// The interactions that are there; by default one, `interaction-1`, which is `active`.
    pub interactions: Vec<InteractionSettings>,
    /// The codecs that the media gateway supports; by default opus, g722 and pcmu.
    pub codecs: Vec<String>,
    /// Whether an interaction tells of its last transfer when it is read; default true.
    pub tells_transfers: bool,
    /// The largest page of a history, however many messages are asked for; default 100, the most that may be asked for.
    pub page_size: u64,
    /// The secret that batches for the audit endpoint are signed with; default `simulator-audit-secret`.
    pub audit_secret: String,
    /// The files that guests attached, at `/hosted/` and their name; none by default.
    pub hosted: Vec<HostedFile>,
    /// How many calls are taken; as many as come by default.
    pub rate_limit: Option<RateLimitSettings>,
    /// What goes wrong; nothing by default.
    pub faults: Vec<Fault>,
}

/// Whose time it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockKind {
    /// [`SimulatedClock`](super::SimulatedClock): waiting takes no time.
    #[default]
    Simulated,
    /// The machine's.
    System,
}

impl Default for SimulatorSettings {
    fn default() -> Self {
        Self {
            port: 0,
            clock: ClockKind::Simulated,
            chunk_size: 5 << 20,
            max_chunks: 10_000,
            max_total_size: None,
            multipart: false,
            aws_signed: false,
            url_life_s: 3600,
            token_life_s: 86_400,
            client_id: "simulator".to_owned(),
            client_secret: "simulator-secret".to_owned(),
            scopes: None,
            store_status: 200,
            keep_bytes: true,
            attachments: vec![AttachmentFileSettings::default()],
            conversations: vec![ConversationSettings::default()],
            deliveries: vec![DeliverySettings::default()],
            interactions: vec![InteractionSettings::default()],
            codecs: ["opus", "g722", "pcmu"].map(str::to_owned).into(),
            tells_transfers: true,
            page_size: MAX_SIZE,
            audit_secret: "simulator-audit-secret".to_owned(),
            hosted: Vec::new(),
            rate_limit: None,
            faults: Vec::new(),
        }
    }
}

impl SimulatorSettings {
    /// Refuses what no platform could be; faults are looked at where they are parsed.
    pub(super) fn check(&self) -> Result<()> {
        for (field, value) in [("chunk_size", self.chunk_size), ("max_chunks", self.max_chunks)] {
            if value == 0 || i64::try_from(value).is_err() {
                return Err(Error::invalid(field, format!("expected 1 to {}, got {value}", i64::MAX)));
            }
        }
        for (field, value) in [("url_life_s", self.url_life_s), ("token_life_s", self.token_life_s)] {
            if !(1..=MAX_LIFE_S).contains(&value) {
                return Err(Error::invalid(field, format!("expected 1 to {MAX_LIFE_S} s, got {value}")));
            }
        }
        if !STORE_STATUSES.contains(&self.store_status) {
            let reason = format!("expected one of 200, 201, 204, 206, 308, got {}", self.store_status);
            return Err(Error::invalid("store_status", reason));
        }
        if self.multipart && self.aws_signed {
            return Err(Error::invalid(
                "aws_signed",
                "expected false with multipart, whose URLs are signed that way anyway",
            ));
        }
        if self.client_id.is_empty() || self.client_secret.is_empty() {
            return Err(Error::invalid("client_id", "expected an id and a secret, got an empty one"));
        }
        if self.audit_secret.is_empty() {
            return Err(Error::invalid("audit_secret", "expected a secret, got an empty one"));
        }
        if !(1..=MAX_SIZE).contains(&self.page_size) {
            return Err(Error::invalid("page_size", format!("expected 1 to {MAX_SIZE}, got {}", self.page_size)));
        }
        if let Some(limit) = &self.rate_limit {
            limit.check("rate_limit")?;
        }
        self.check_attachments()?;
        self.check_conversations()?;
        self.check_interactions()?;
        self.check_hosted()
    }

    fn check_attachments(&self) -> Result<()> {
        let mut ids = HashSet::new();
        for (index, attachment) in self.attachments.iter().enumerate() {
            let name = format!("attachments[{index}]");
            attachment.check(&name)?;
            if !ids.insert(&attachment.id) {
                let reason = format!("expected an id of its own, got {:?} again", attachment.id);
                return Err(Error::invalid(format!("{name}.id"), reason));
            }
        }
        Ok(())
    }

    fn check_interactions(&self) -> Result<()> {
        let mut ids = HashSet::new();
        for (index, interaction) in self.interactions.iter().enumerate() {
            let name = format!("interactions[{index}]");
            if interaction.id.is_empty() || interaction.state.is_empty() {
                return Err(Error::invalid(name, "expected an id and a state, got an empty one"));
            }
            if !ids.insert(&interaction.id) {
                let reason = format!("expected an id of its own, got {:?} again", interaction.id);
                return Err(Error::invalid(format!("{name}.id"), reason));
            }
        }
        Ok(())
    }

    fn check_hosted(&self) -> Result<()> {
        let mut names = HashSet::new();
        for (index, file) in self.hosted.iter().enumerate() {
            let name = format!("hosted[{index}]");
            file.check(&name)?;
            if !names.insert(&file.name) {
                let reason = format!("expected a name of its own, got {:?} again", file.name);
                return Err(Error::invalid(format!("{name}.name"), reason));
            }
        }
        Ok(())
    }

    fn check_conversations(&self) -> Result<()> {
        let mut ids = HashSet::new();
        for (index, conversation) in self.conversations.iter().enumerate() {
            let name = format!("conversations[{index}]");
            conversation.check(&name)?;
            if !ids.insert(&conversation.id) {
                let reason = format!("expected an id of its own, got {:?} again", conversation.id);
                return Err(Error::invalid(format!("{name}.id"), reason));
            }
        }
        if self.deliveries.is_empty() {
            return Err(Error::invalid("deliveries", "expected at least one, got none"));
        }
        let mut deliveries = self.deliveries.iter().enumerate();
        deliveries.try_for_each(|(index, delivery)| delivery.check(&format!("deliveries[{index}]")))
    }
}

impl std::fmt::Debug for SimulatorSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SimulatorSettings")
            .field("port", &self.port)
            .field("clock", &self.clock)
            .field("chunk_size", &self.chunk_size)
            .field("max_chunks", &self.max_chunks)
            .field("multipart", &self.multipart)
            .field("client_id", &self.client_id)
            .field("conversations", &self.conversations)
            .field("deliveries", &self.deliveries)
            .field("faults", &self.faults)
            .finish_non_exhaustive()
    }
}

/// What the contract lets a storage answer to a chunk.
const STORE_STATUSES: [u16; 5] = [200, 201, 204, 206, 308];

/// A hundred years: far enough, and dates stay within what HTTP can write.
const MAX_LIFE_S: u64 = 100 * 365 * 86_400;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_object_is_the_default_platform() {
        let settings: SimulatorSettings = serde_json::from_str("{}").unwrap();
        assert_eq!(settings.chunk_size, 5 << 20);
        assert_eq!(settings.clock, ClockKind::Simulated);
        assert!(settings.keep_bytes && settings.check().is_ok());
    }

    #[test]
    fn a_misspelt_setting_is_refused() {
        assert!(serde_json::from_str::<SimulatorSettings>(r#"{"chunksize": 8}"#).is_err());
    }

    #[test]
    fn a_status_no_storage_answers_is_named() {
        let settings = SimulatorSettings { store_status: 202, ..SimulatorSettings::default() };
        let message = settings.check().unwrap_err().to_string();
        assert_eq!(message, "invalid store_status: expected one of 200, 201, 204, 206, 308, got 202");
    }

    #[test]
    fn a_conversation_or_a_delivery_that_cannot_be_is_named_by_its_place() {
        for (json, field) in [
            (r#"{"attachments": [{}, {}]}"#, "attachments[1].id"),
            (r#"{"attachments": [{"width": 0}]}"#, "attachments[0].width"),
            (r#"{"attachments": [{"base64": "", "path": ""}]}"#, "attachments[0].path"),
            (r#"{"attachments": [{"redirect_status": 200}]}"#, "attachments[0].redirect_status"),
            (r#"{"conversations": [{"id": "a"}, {"id": "a"}]}"#, "conversations[1].id"),
            (r#"{"conversations": [{"id": "messages"}]}"#, "conversations[0].id"),
            (r#"{"conversations": [{"id": "a", "channel": ""}]}"#, "conversations[0].channel"),
            (r#"{"conversations": [{"id": "a", "history": 1000001}]}"#, "conversations[0].history"),
            (r#"{"interactions": [{"id": "a"}, {"id": "a"}]}"#, "interactions[1].id"),
            (r#"{"interactions": [{"id": "a", "state": ""}]}"#, "interactions[0]"),
            (r#"{"deliveries": []}"#, "deliveries"),
            (r#"{"deliveries": [{}, {"after_ms": 18446744073709551615}]}"#, "deliveries[1].after_ms"),
            (r#"{"page_size": 0}"#, "page_size"),
            (r#"{"page_size": 101}"#, "page_size"),
            (r#"{"rate_limit": {"per_minute": 60, "burst": 0}}"#, "rate_limit.burst"),
            (r#"{"audit_secret": ""}"#, "audit_secret"),
            (r#"{"hosted": [{"name": "a"}, {"name": "a"}]}"#, "hosted[1].name"),
            (r#"{"hosted": [{"name": "a/b"}]}"#, "hosted[0].name"),
            (r#"{"hosted": [{"name": "a", "text": "", "base64": ""}]}"#, "hosted[0].base64"),
            (r#"{"hosted": [{"name": "a", "base64": "?"}]}"#, "hosted[0].base64"),
            (r#"{"hosted": [{"name": "a", "path": "no such file"}]}"#, "hosted[0].path"),
            (r#"{"hosted": [{"name": "a", "status": 700}]}"#, "hosted[0].status"),
            (r#"{"hosted": [{"name": "a", "location": "\n"}]}"#, "hosted[0].location"),
        ] {
            let settings: SimulatorSettings = serde_json::from_str(json).unwrap();
            let message = settings.check().unwrap_err().to_string();
            assert!(message.starts_with(&format!("invalid {field}: expected ")), "{json}: {message}");
        }
    }

    #[test]
    fn debug_hides_the_secrets() {
        let (client_secret, audit_secret) = ("hush".to_owned(), "hush".to_owned());
        let settings = SimulatorSettings { client_secret, audit_secret, ..SimulatorSettings::default() };
        assert!(!format!("{settings:?}").contains("hush"));
    }
}
