//! `porteur transfer`: an interaction goes elsewhere with its media.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use porteur::{Audio, Callback, Client, Error, MediaMatrix, Result, Transfer, TransferOutcome, Video};

use crate::settings::{Platform, seconds};

#[derive(Args)]
#[command(after_help = HELP)]
pub(crate) struct Arguments {
    /// The interaction, which has to be active or queued
    interaction: String,
    /// Where it goes, as in genesys://user/agent-9
    destination: String,
    /// What is to be heard, and seen; several may be named, the best first: the next is tried when the gateway does not support
    /// the codecs. opus@64 unless said otherwise
    #[arg(long, value_name = "CODEC@KBPS[/BITS][+CODEC@WIDTHxHEIGHT/FPS]", value_parser = media)]
    media: Vec<MediaMatrix>,
    /// The id of the transfer: under the same one it is made once, and what became of it is found out
    #[arg(long)]
    id: Option<String>,
    /// How long it may take in all; 30 s unless said otherwise
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    within: Option<Duration>,
    /// Transfers without a ping and a look at the interaction first
    #[arg(long)]
    no_check: bool,
    /// Who is told how it ended, by a POST; in place of MEDIA_SERVER_WEBHOOK
    #[arg(long, value_name = "URL")]
    callback: Option<String>,
    #[command(flatten)]
    platform: Platform,
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode> {
    let client = Client::new(arguments.platform.config()?)?;
    let id = arguments.id.unwrap_or_else(|| uuid::Uuid::now_v7().to_string());
    let mut transfer =
        Transfer::new(arguments.interaction, arguments.destination).id(id.as_str()).check(!arguments.no_check);
    transfer.media = arguments.media;
    transfer.within = arguments.within.unwrap_or(transfer.within);
    transfer.callback = arguments.callback.map(Callback::post);
    let outcome = tokio::select! {
        outcome = client.transfer(transfer) => Some(outcome),
        Ok(()) = tokio::signal::ctrl_c() => None,
    };
    tokio::select! {
        () = client.close() => {}
        Ok(()) = tokio::signal::ctrl_c() => eprintln!("the rest of the audit log stays in its file"),
    }
    match outcome {
        Some(Ok(outcome)) => {
            println!("{}", line_of(&outcome));
            if let Some(error) = &outcome.callback_error {
                eprintln!("porteur: the callback did not arrive: {}", error.facts().message);
            }
            Ok(ExitCode::SUCCESS)
        }
        Some(Err(error)) => match open_end(&error) {
            Some(id) => {
                eprintln!("porteur: {}", error.facts().message);
                eprintln!("to find out what became of it: --id {id}");
                Ok(ExitCode::FAILURE)
            }
            None => Err(error),
        },
        None => {
            eprintln!("interrupted; it may have been transferred. To find out what became of it: --id {id}");
            // 128 and the number of the signal, as shells count.
            Ok(ExitCode::from(130))
        }
    }
}

/// The id of a transfer of which nobody knows what became.
fn open_end(error: &Error) -> Option<&str> {
    match error {
        Error::Unconfirmed { client_id, .. } => Some(client_id),
        Error::TransferTimeout { id, sent: true, .. } => Some(id),
        _ => None,
    }
}

fn line_of(outcome: &TransferOutcome) -> String {
    let TransferOutcome { id, status, codec, retries, .. } = outcome;
    let took = outcome.latency.as_secs_f64() * 1e3;
    let again = match retries {
        0 => String::new(),
        1 => ", 1 retry".to_owned(),
        more => format!(", {more} retries"),
    };
    format!("{id} {status} {codec} after {took:.0} ms{again}")
}

/// `opus@64`, `opus@64/24`, `opus@64+vp8@1280x720/30`.
fn media(text: &str) -> Result<MediaMatrix, String> {
    let expected = || format!("expected CODEC@KBPS[/BITS][+CODEC@WIDTHxHEIGHT/FPS] as in opus@64, got {text}");
    let (audio, video) = match text.split_once('+') {
        Some((audio, video)) => (audio, Some(video)),
        None => (text, None),
    };
    let (codec, rate) = audio.split_once('@').ok_or_else(expected)?;
    let (kbps, bits) = match rate.split_once('/') {
        Some((kbps, bits)) => (kbps, Some(bits)),
        None => (rate, None),
    };
    let mut sound = Audio::new(codec, kbps.parse().map_err(|_| expected())?);
    if let Some(bits) = bits {
        sound = sound.bit_depth(bits.parse().map_err(|_| expected())?);
    }
    let matrix = MediaMatrix::audio(sound);
    let Some(video) = video else { return Ok(matrix) };
    let (codec, rest) = video.split_once('@').ok_or_else(expected)?;
    let (resolution, fps) = rest.split_once('/').ok_or_else(expected)?;
    Ok(matrix.video(Video::new(codec, resolution, fps.parse().map_err(|_| expected())?)))
}

const HELP: &str = "\
PORTEUR_AUDIT_FILE and PORTEUR_AUDIT_SECRET keep an audit trail of what is transferred, PORTEUR_AUDIT_ENDPOINT posts it.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_are_written_as_codec_and_rate() {
        assert_eq!(media("opus@64").unwrap(), Audio::opus(64).into());
        assert_eq!(media("g722@64/24").unwrap(), Audio::new("g722", 64).bit_depth(24).into());
        let seen = MediaMatrix::audio(Audio::opus(96)).video(Video::new("vp8", "1280x720", 30));
        assert_eq!(media("opus@96+vp8@1280x720/30").unwrap(), seen);
        for wrong in
            ["opus", "opus@", "opus@fast", "opus@64/", "opus@64+", "opus@64+vp8@1280x720", "opus@64+vp8@1280x720/x"]
        {
            assert!(media(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_line_says_what_was_agreed_on_and_how_often_it_took() {
        let mut outcome = TransferOutcome {
            id: "frame-1".to_owned(),
            interaction: "interaction-1".to_owned(),
            status: "codec_negotiated".to_owned(),
            codec: "opus".to_owned(),
            media: 0,
            latency: Duration::from_micros(12_400),
            retries: 0,
            callback_error: None,
        };
        assert_eq!(line_of(&outcome), "frame-1 codec_negotiated opus after 12 ms");
        outcome.retries = 1;
        assert_eq!(line_of(&outcome), "frame-1 codec_negotiated opus after 12 ms, 1 retry");
    }

    #[test]
    fn an_id_is_told_where_a_frame_may_have_left() {
        let timeout = |sent| Error::TransferTimeout {
            interaction: "interaction-1".to_owned(),
            id: "frame-1".to_owned(),
            waited: Duration::from_secs(10),
            sent,
        };
        assert_eq!(open_end(&timeout(true)), Some("frame-1"));
        assert_eq!(open_end(&timeout(false)), None);
    }
}
