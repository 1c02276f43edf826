//! What Prometheus reads: its text format, version 0.0.4.

use std::fmt::Write as _;

use porteur::{PreviewStats, QueueStats};

pub(super) fn of(worker: &PreviewStats, queue: &QueueStats) -> String {
    let mut text = String::new();
    let mut metric = |name: &str, kind: &str, help: &str, lines: &[(&str, f64)]| {
        // Written to a string, which takes everything.
        let _ = writeln!(text, "# HELP porteur_{name} {help}\n# TYPE porteur_{name} {kind}");
        for (labels, value) in lines {
            let _ = writeln!(text, "porteur_{name}{labels} {value}");
        }
    };
    let count = |value: u64| value as f64;
    metric(
        "queue_jobs",
        "gauge",
        "Jobs in the queue, by what they wait for.",
        &[
            ("{state=\"waiting\"}", count(queue.waiting)),
            ("{state=\"delayed\"}", count(queue.delayed)),
            ("{state=\"taken\"}", count(queue.taken)),
            ("{state=\"dead\"}", count(queue.dead)),
        ],
    );
    let oldest = queue.oldest.map_or(0.0, |age| age.as_secs_f64());
    metric("queue_oldest_seconds", "gauge", "Age of the oldest job that is not done.", &[("", oldest)]);
    metric("previews_running", "gauge", "Jobs under way in this process.", &[("", count(worker.running))]);
    metric("previews_made_total", "counter", "Previews that were made and linked.", &[("", count(worker.made))]);
    metric(
        "previews_failed_total",
        "counter",
        "Attempts that came to nothing, by what became of their job.",
        &[
            ("{outcome=\"retried\"}", count(worker.retried)),
            ("{outcome=\"given_back\"}", count(worker.given_back)),
            ("{outcome=\"dead\"}", count(worker.buried)),
        ],
    );
    metric("fetched_bytes_total", "counter", "Bytes of attachments.", &[("", count(worker.bytes_fetched))]);
    let times = &worker.times;
    metric(
        "stage_seconds_total",
        "counter",
        "Time of each stage, over all previews that were made.",
        &[
            ("{stage=\"fetch\"}", times.fetch.as_secs_f64()),
            ("{stage=\"picture\"}", times.picture.as_secs_f64()),
            ("{stage=\"publish\"}", times.publish.as_secs_f64()),
            ("{stage=\"link\"}", times.link.as_secs_f64()),
        ],
    );
    let paused = worker.paused.map_or(0.0, |pause| pause.as_secs_f64());
    metric("paused_seconds", "gauge", "For how long no job is begun from now on.", &[("", paused)]);
    text
}
