//! The page of a worker: what waits, what was made, what was given up. Nothing runs in it, and it comes anew by itself.

use std::fmt::Write as _;
use std::time::Duration;

use indicatif::{HumanBytes, HumanDuration};
use porteur::{DeadLetter, PreviewOutcome, PreviewStats, QueueStats};

use crate::page::escaped;

pub(super) fn of(queue: &QueueStats, worker: &PreviewStats, recent: &[PreviewOutcome], dead: &[DeadLetter]) -> String {
    let state = match worker.paused {
        Some(pause) => format!("<b class=\"warn\">paused for {} s</b>", pause.as_secs() + 1),
        None if worker.running > 0 => format!("<b class=\"good\">{} under way</b>", worker.running),
        None => "<b class=\"good\">idle</b>".to_owned(),
    };
    PAGE.replace("STATE", &state)
        .replace("TILES", &tiles(queue, worker))
        .replace("FIGURES", &figures(recent))
        .replace("LETTERS", &letters(queue, dead))
}

fn tiles(queue: &QueueStats, worker: &PreviewStats) -> String {
    let mean = |time: Duration| match u32::try_from(worker.made) {
        Ok(made) if made > 0 => format!("{:.0} ms", (time / made).as_secs_f64() * 1e3),
        _ => "&ndash;".to_owned(),
    };
    let times = &worker.times;
    let oldest = queue.oldest.map_or_else(|| "&ndash;".to_owned(), |age| HumanDuration(age).to_string());
    let dead = if queue.dead > 0 { "bad" } else { "" };
    let tiles = [
        ("waiting", queue.waiting.to_string(), format!("{} to be tried later", queue.delayed), ""),
        ("taken", queue.taken.to_string(), format!("{} here", worker.running), ""),
        ("dead letters", queue.dead.to_string(), format!("{} of them here", worker.buried), dead),
        ("oldest", oldest, "since stored".to_owned(), ""),
        ("made here", worker.made.to_string(), format!("{} fetched", HumanBytes(worker.bytes_fetched)), ""),
        ("again here", worker.retried.to_string(), format!("{} given back", worker.given_back), ""),
        ("fetch", mean(times.fetch), format!("picture {}", mean(times.picture)), ""),
        ("publish", mean(times.publish), format!("link {}", mean(times.link)), ""),
    ];
    tiles.iter().fold(String::new(), |mut html, (name, figure, more, class)| {
        let _ = writeln!(
            html,
            "<div class=\"{class}\"><span>{name}</span><strong>{figure}</strong><small>{more}</small></div>"
        );
        html
    })
}

fn figures(recent: &[PreviewOutcome]) -> String {
    if recent.is_empty() {
        return "<p class=\"none\">No preview was made by this process yet.</p>".to_owned();
    }
    recent.iter().fold(String::new(), |mut html, made| {
        let (name, conversation) = (escaped(&made.file_name), escaped(&made.conversation));
        let times = &made.timings;
        let took = (times.fetch + times.picture + times.publish + times.link).as_secs_f64() * 1e3;
        let _ = writeln!(
            html,
            "<figure><div><img src=\"/previews/{id}\" width=\"{width}\" height=\"{height}\" alt=\"\" loading=\"lazy\"></div>\
             <figcaption><b title=\"{name}\">{name}</b>{conversation}<br>{before} &rarr; {after}, {took:.0} ms</figcaption></figure>",
            id = made.id,
            width = made.width,
            height = made.height,
            before = HumanBytes(made.source_bytes),
            after = HumanBytes(made.bytes.len() as u64),
        );
        html
    })
}

fn letters(queue: &QueueStats, dead: &[DeadLetter]) -> String {
    let Some(last) = dead.last() else {
        return "<p class=\"none\">None.</p>".to_owned();
    };
    let mut html =
        String::from("<form method=\"post\"><table><tr><th>file</th><th>why</th><th>attempts</th><th></th></tr>\n");
    for letter in dead {
        let (file, conversation) = about(&letter.body);
        let _ = writeln!(
            html,
            "<tr><td><b>{}</b><br><small>{}</small></td><td>{}</td><td>{}</td><td>\
             <button formaction=\"/redrive\" name=\"key\" value=\"{key}\">try again</button> \
             <button formaction=\"/purge\" name=\"key\" value=\"{key}\" class=\"quiet\">remove</button></td></tr>",
            escaped(&file),
            escaped(&conversation),
            escaped(&letter.reason),
            letter.attempts,
            key = escaped(&letter.key),
        );
    }
    html.push_str("</table></form>\n<p class=\"row\">");
    let _ =
        write!(html, "<form method=\"post\" action=\"/redrive\"><button>try all {} again</button></form>", queue.dead);
    if dead.len() == DEAD_LETTERS {
        let _ = write!(html, " <a href=\"/?after={}\">more</a>", last.position);
    }
    html.push_str("</p>");
    html
}

/// The file and the conversation of a job, where it is one of ours.
fn about(body: &[u8]) -> (String, String) {
    let event: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |name: &str| event.get(name).and_then(serde_json::Value::as_str).unwrap_or("?").to_owned();
    (text("fileName"), text("conversationId"))
}

/// How many of them are on one page.
pub(super) const DEAD_LETTERS: usize = 50;

/// Squares of a chequered ground show what is transparent.
const PAGE: &str = "<!doctype html>
<html lang=\"en\"><head><meta charset=\"utf-8\"><title>porteur worker</title>
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta http-equiv=\"refresh\" content=\"10\"><style>
:root { color-scheme: light dark; --line: light-dark(#d8dce2, #3a3f47); --soft: light-dark(#5b6470, #a2abb8);
  --bad: light-dark(#b3261e, #ff8a80); --good: light-dark(#1e7d34, #7bd88f); --warn: light-dark(#9a6700, #ffd166) }
body { font: 14px/1.45 system-ui, sans-serif; margin: 1.5rem auto; max-width: 1400px; padding: 0 1rem }
header { align-items: baseline; display: flex; gap: 1rem } h1 { font-size: 1.3rem; margin: 0 }
h2 { font-size: 1rem; margin: 1.6rem 0 .6rem } small, .none { color: var(--soft) }
.good { color: var(--good) } .warn { color: var(--warn) } .bad strong { color: var(--bad) }
.tiles { display: grid; gap: .8rem; grid-template-columns: repeat(auto-fill, minmax(135px, 1fr)); margin-top: 1rem }
.tiles div { border: 1px solid var(--line); border-radius: 8px; padding: .6rem .8rem }
.tiles span, .tiles small { color: var(--soft); display: block; font-size: 12px }
.tiles strong { font-size: 1.35rem; font-weight: 600 }
.previews { display: grid; gap: .8rem; grid-template-columns: repeat(auto-fill, minmax(200px, 1fr)) }
figure { border: 1px solid var(--line); border-radius: 8px; margin: 0; overflow: hidden }
figure div { align-items: center; aspect-ratio: 4 / 3; display: flex; justify-content: center;
  background: repeating-conic-gradient(light-dark(#f3f4f6, #23262b) 0 25%, light-dark(#fff, #1b1e22) 0 50%) 0 0 / 24px 24px }
img { height: auto; max-height: 100%; max-width: 100%; width: auto }
figcaption { border-top: 1px solid var(--line); color: var(--soft); font-size: 12px; overflow: hidden; overflow-wrap: anywhere; padding: .4rem .6rem }
figcaption b { color: CanvasText; display: block; overflow: hidden; text-overflow: ellipsis; white-space: nowrap }
table { border-collapse: collapse; width: 100% } th { color: var(--soft); font-size: 12px; font-weight: 400; text-align: left }
td, th { border-bottom: 1px solid var(--line); padding: .4rem .6rem .4rem 0; vertical-align: top }
td:first-child { min-width: 11rem } td:last-child { white-space: nowrap } td { overflow-wrap: anywhere }
button { background: none; border: 1px solid var(--line); border-radius: 6px; color: CanvasText; cursor: pointer; font: inherit; padding: .15rem .6rem }
button:hover { border-color: CanvasText } .quiet { color: var(--soft) } .row form { display: inline }
</style></head><body><header><h1>porteur worker</h1>STATE</header>
<div class=\"tiles\">
TILES</div>
<h2>Last previews</h2><div class=\"previews\">
FIGURES</div>
<h2>Dead letters</h2>
LETTERS
</body></html>
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_queue_is_a_page_that_says_so() {
        let page = of(&QueueStats::default(), &PreviewStats::default(), &[], &[]);
        assert!(
            page.contains("idle") && page.contains("No preview was made") && page.contains("<p class=\"none\">None.")
        );
        assert!(!page.contains("<script"));
    }

    #[test]
    fn what_a_stranger_called_a_file_is_shown_and_never_run() {
        let body = br#"{"fileName":"<script>alert(1)</script>","conversationId":"\"><img>"}"#;
        let (file, conversation) = about(body);
        assert_eq!(escaped(&file), "&lt;script&gt;alert(1)&lt;/script&gt;");
        assert_eq!(escaped(&conversation), "&quot;&gt;&lt;img&gt;");
        assert_eq!(about(b"no JSON").0, "?");
    }
}
