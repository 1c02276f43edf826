//! A worker whose futures are dropped, are not polled yet, or are more than one.

use libtest_mimic::Trial;
use porteur::simulator::Simulator;
use porteur::{Error, PreviewWorker, Previews, Publish};
use serde_json::json;

use super::{polled, still, until};
use crate::support::{block_on, client, count, simulator};

pub(crate) fn tests() -> Vec<Trial> {
    crate::support::tests![
        a_run_that_nobody_has_polled_hears_a_stop,
        the_first_of_two_runs_is_the_one_that_was_called_first,
        a_run_that_is_dropped_makes_room_for_the_next,
        a_stop_that_nobody_waits_for_is_heard_by_no_later_run,
        a_stop_lets_a_job_end_and_giving_back_does_not,
    ]
}

fn a_run_that_nobody_has_polled_hears_a_stop() {
    let stage = Stage::new(json!({}));
    block_on(async {
        for _ in 0..2 {
            let (run, stop) = (stage.worker.run(), stage.worker.stop());
            let (ended, ()) = tokio::join!(run, stop);
            ended.unwrap();
        }
    });
}

fn the_first_of_two_runs_is_the_one_that_was_called_first() {
    let stage = Stage::new(json!({}));
    block_on(async {
        let (mut first, second) = (Box::pin(stage.worker.run()), stage.worker.drain());
        let refused = second.await;
        assert!(matches!(&refused, Err(Error::InvalidInput { field, .. }) if field == "worker"), "{refused:?}");
        still(&mut first).await;
    });
}

fn a_run_that_is_dropped_makes_room_for_the_next() {
    let stage = Stage::new(json!([{ "on": GET, "stall_ms": 1 }]));
    block_on(async {
        stage.submit().await;
        let mut run = Box::pin(stage.worker.run());
        until(&mut run, || count(&stage.simulator, GET) == 1).await;
        drop(run);
        // The job that was under way is somebody's until its visibility ends: an hour is nothing on this clock.
        stage.worker.drain().await.unwrap();
        assert_eq!(stage.worker.stats().made, 1);
    });
}

fn a_stop_that_nobody_waits_for_is_heard_by_no_later_run() {
    let stage = Stage::new(json!({}));
    block_on(async {
        let run = stage.worker.run();
        drop(stage.worker.stop());
        run.await.unwrap();
        drop(stage.worker.give_back());
        let mut again = Box::pin(stage.worker.run());
        stage.submit().await;
        until(&mut again, || stage.worker.stats().made == 1).await;
        assert!(polled(&mut again).await.is_pending());
    });
}

fn a_stop_lets_a_job_end_and_giving_back_does_not() {
    for (finished, fault) in
        [(true, json!({ "on": GET, "slow_ms": 100 })), (false, json!({ "on": GET, "stall_ms": 1 }))]
    {
        let stage = Stage::new(json!([fault]));
        block_on(async {
            stage.submit().await;
            let mut run = Box::pin(stage.worker.run());
            until(&mut run, || count(&stage.simulator, GET) == 1).await;
            let ended = if finished {
                tokio::join!(run, stage.worker.stop()).0
            } else {
                tokio::join!(run, stage.worker.give_back()).0
            };
            ended.unwrap();
            let stats = stage.worker.queue().stats().await.unwrap();
            assert_eq!((stage.worker.stats().made, stats.waiting), (u64::from(finished), u64::from(!finished)));
        });
    }
}

/// A worker with a platform that hosts a picture.
struct Stage {
    worker: PreviewWorker,
    simulator: Simulator,
    _folder: tempfile::TempDir,
}

impl Stage {
    fn new(faults: serde_json::Value) -> Self {
        let faults = faults.as_array().cloned().unwrap_or_default();
        let picture = concat!(env!("CARGO_MANIFEST_DIR"), "/media/formats/rgb.png");
        let simulator = simulator(json!({ "hosted": [{ "name": "photo.png", "path": picture }], "faults": faults }));
        let folder = tempfile::tempdir().unwrap();
        let previews = Previews::new(Publish::template(format!("{}/cdn/{{id}}", simulator.url())))
            .queue(folder.path().join("previews.db").to_string_lossy())
            .spool(folder.path().join("spool"))
            .unsigned(true)
            .allow_private(true);
        let worker = client(&simulator).previews(previews).unwrap();
        Self { worker, simulator, _folder: folder }
    }

    async fn submit(&self) {
        let data = json!({
            "conversationId": "conversation-1", "attachmentUrl": format!("{}/hosted/photo.png", self.simulator.url()),
            "fileName": "photo.png", "mimeType": "image/png",
        });
        let body = json!({ "event": "webchat:attachment", "data": data }).to_string();
        self.worker.submit(body.as_bytes(), [("content-type", "application/json")]).await.unwrap();
    }
}

const GET: &str = "GET /hosted";
