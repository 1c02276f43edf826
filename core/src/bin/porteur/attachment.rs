//! `porteur attachment`: what an attachment is, and new ones made of it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use porteur::{
    AttachmentDirective, AttachmentInfo, CONCURRENCY, Callback, Client, Error, Format, Result, TransformedAttachment,
};

use crate::settings::{Platform, invalid};

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Says what an attachment is
    Describe(Describe),
    /// Makes new attachments of others, and says what they are
    Transform(Transform),
}

#[derive(Args)]
struct Describe {
    /// The attachment
    id: String,
    #[command(flatten)]
    platform: Platform,
}

#[derive(Args)]
#[command(after_help = HELP)]
struct Transform {
    /// The attachments, all in the same way
    #[arg(required_unless_present = "directive", conflicts_with = "directive")]
    ids: Vec<String>,
    /// A file with the directive as the platform's tutorial writes it, in JSON, in place of everything else
    #[arg(long, value_name = "FILE")]
    directive: Option<PathBuf>,
    /// What the new ones are encoded as: jpeg, png or webp
    #[arg(long, default_value = "jpeg", conflicts_with = "directive")]
    format: Format,
    /// 1 to 4096 px; even unless --stretch is set
    #[arg(long, value_name = "PX", default_value_t = 1920, conflicts_with = "directive")]
    max_width: u32,
    /// 1 to 4096 px; even unless --stretch is set
    #[arg(long, value_name = "PX", default_value_t = 1080, conflicts_with = "directive")]
    max_height: u32,
    /// Stretches to exactly this size
    #[arg(long, conflicts_with = "directive")]
    stretch: bool,
    /// Makes pictures that are smaller larger
    #[arg(long, conflicts_with = "directive")]
    enlarge: bool,
    /// Uploads a thumbnail of this width too
    #[arg(long, value_name = "PX", conflicts_with = "directive")]
    thumbnail: Option<u32>,
    /// Who is told of each new one, by a POST; in place of EXTERNAL_ASSET_CALLBACK_URL
    #[arg(long, value_name = "URL")]
    callback: Option<String>,
    #[command(flatten)]
    platform: Platform,
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode> {
    match arguments.command {
        Command::Describe(describe) => {
            let client = Client::new(describe.platform.config()?)?;
            println!("{}", described(&client.attachment(&describe.id).await?));
            Ok(ExitCode::SUCCESS)
        }
        Command::Transform(transform) => transform.run().await,
    }
}

impl Transform {
    async fn run(self) -> Result<ExitCode> {
        let mut config = self.platform.config()?;
        if let Some(url) = &self.callback {
            config = config.attachment_callback(Callback::post(url));
        }
        let directives = self.directives()?;
        let client = Client::new(config)?;
        let sources: Vec<_> = directives.iter().map(|directive| directive.attachment_id.clone()).collect();
        let outcomes = tokio::select! {
            outcomes = client.transform_attachments(directives, CONCURRENCY) => Some(outcomes?),
            Ok(()) = tokio::signal::ctrl_c() => None,
        };
        tokio::select! {
            () = client.close() => {}
            Ok(()) = tokio::signal::ctrl_c() => eprintln!("the rest of the audit log stays in its file"),
        }
        let Some(outcomes) = outcomes else {
            eprintln!("interrupted; what was uploaded stays, and an audit trail names it");
            // 128 and the number of the signal, as shells count.
            return Ok(ExitCode::from(130));
        };
        let mut code = ExitCode::SUCCESS;
        for (source, outcome) in sources.iter().zip(outcomes) {
            match outcome {
                Ok(transformed) => {
                    println!("{}", line_of(&transformed));
                    if let Some(error) = &transformed.callback_error {
                        eprintln!("porteur: the callback did not arrive: {}", error.facts().message);
                    }
                }
                Err(error) => {
                    eprintln!("porteur: {source}: {}", error.facts().message);
                    code = ExitCode::FAILURE;
                }
            }
        }
        Ok(code)
    }

    fn directives(&self) -> Result<Vec<AttachmentDirective>> {
        if let Some(path) = &self.directive {
            return Ok(vec![read(path)?]);
        }
        let directive = |id: &String| {
            let directive = AttachmentDirective::new(id, self.format, self.max_width, self.max_height)
                .preserve_aspect_ratio(!self.stretch)
                .enlarge(self.enlarge);
            match self.thumbnail {
                Some(width) => directive.thumbnail(width),
                None => directive,
            }
        };
        Ok(self.ids.iter().map(directive).collect())
    }
}

fn read(path: &Path) -> Result<AttachmentDirective> {
    let text = std::fs::read_to_string(path);
    let text =
        text.map_err(|error| Error::File { action: "could not read", path: path.to_owned(), source: error.into() })?;
    let json = serde_json::from_str(&text).map_err(|error| invalid("directive", format!("expected JSON: {error}")))?;
    AttachmentDirective::from_json(&json)
}

/// Strangers wrote the name and the rest: whatever a terminal would obey is escaped.
fn described(info: &AttachmentInfo) -> String {
    let AttachmentInfo { id, name, content_type, size, metadata, .. } = info;
    let mut line = format!("{id} {name:?} {content_type:?}, {size} bytes");
    for (name, value) in metadata {
        line += &format!(", {name:?}: {value:?}");
    }
    line
}

fn line_of(transformed: &TransformedAttachment) -> String {
    let TransformedAttachment { id, source_id, format, width, height, original_size, size, .. } = transformed;
    let format = format.name();
    let mut line = format!("{source_id} is {id} now: {format}, {width} x {height} px, {original_size} to {size} bytes");
    if let Some(thumbnail) = &transformed.thumbnail_id {
        line += &format!(", thumbnail {thumbnail}");
    }
    line
}

const HELP: &str = "\
PORTEUR_AUDIT_FILE and PORTEUR_AUDIT_SECRET keep an audit trail of what is transformed, PORTEUR_AUDIT_ENDPOINT posts it.";
