//! Attachments that are dropped, a client that closes behind an upload, and what the new ones are.

use libtest_mimic::Trial;
use porteur::simulator::Simulator;
use porteur::{AttachmentDirective, Audit, Callback, Client, Config, Error, Format, MediaLimits, inspect};
use serde_json::{Value, json};

use super::{polled, still, until};
use crate::support::{block_on, client, count, simulator, unhurried};

pub(crate) fn tests() -> Vec<Trial> {
    crate::support::tests![
        what_is_uploaded_is_what_the_outcome_says,
        a_dropped_attachment_asks_for_nothing_more,
        a_dropped_batch_of_attachments_leaves_the_others_alone,
        closing_a_client_behind_an_upload_names_what_is_there,
        an_attachment_that_takes_long_holds_no_other_up,
        a_picture_that_is_worked_on_keeps_nobody_from_the_network,
        neither_client_nor_callback_shows_where_it_goes,
    ]
}

fn what_is_uploaded_is_what_the_outcome_says() {
    let simulator = simulator(json!({ "attachments": [{ "id": "a", "width": 301, "height": 200 }] }));
    let directive = AttachmentDirective::new("a", Format::WebP, 100, 100).thumbnail(40);
    let made = block_on(client(&simulator).transform_attachment(directive)).unwrap();
    let picture = simulator.attachment(&made.id).unwrap();
    let seen = inspect(&picture, &MediaLimits::default()).unwrap();
    assert_eq!((seen.format.name(), seen.width, seen.height), ("webp", made.width, made.height));
    assert_eq!((made.width, made.height, made.size), (100, 66, picture.len() as u64));
    let small = simulator.attachment(made.thumbnail_id.as_deref().unwrap()).unwrap();
    let seen = inspect(&small, &MediaLimits::default()).unwrap();
    assert_eq!((seen.format.name(), seen.width), ("jpeg", 40));
    assert_eq!(made.thumbnail_size, Some(small.len() as u64));
    assert!(!made.times.decode.is_zero() && !made.times.encode.is_zero() && !made.times.thumbnail.is_zero());
    assert_eq!(simulator.violations(), Vec::<String>::new());
}

fn a_dropped_attachment_asks_for_nothing_more() {
    let simulator = simulator(json!({ "faults": [{ "on": UPLOAD, "stall_ms": 1 }] }));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.log");
    let config = Config::simulated(&simulator).audit(Audit::file(&path, "secret"));
    let client = Client::new(config).unwrap();
    block_on(async {
        let mut call = Box::pin(client.transform_attachment(directive("attachment-1")));
        until(&mut call, || count(&simulator, UPLOAD) == 1).await;
        drop(call);
        still(&mut std::future::pending::<()>()).await;
    });
    assert_eq!((count(&simulator, UPLOAD), count(&simulator, "PATCH")), (1, 0));
    // Who died between the two lines has perhaps left something, and this is how anybody knows.
    let log = std::fs::read_to_string(path).unwrap();
    let last: Value = serde_json::from_str(log.lines().last().unwrap()).unwrap();
    assert_eq!((&last["status"], &last["attachmentId"]), (&json!("uploading"), &json!("attachment-1")));
}

fn a_dropped_batch_of_attachments_leaves_the_others_alone() {
    let simulator = simulator(json!({ "faults": [{ "on": PATCH, "nth": 2, "stall_ms": 1 }] }));
    let client = client(&simulator);
    block_on(async {
        let directives = (0..9).map(|_| directive("attachment-1"));
        let mut batch = Box::pin(client.transform_attachments(directives, 1));
        until(&mut batch, || count(&simulator, PATCH) == 2).await;
        drop(batch);
        still(&mut std::future::pending::<()>()).await;
    });
    assert_eq!((count(&simulator, DESCRIBE), count(&simulator, UPLOAD)), (4, 2), "two downloads are gets too");
}

fn closing_a_client_behind_an_upload_names_what_is_there() {
    for (stalled, stage, uploaded, uncertain) in
        [(PATCH, "patch", "uploaded-1", "false"), (UPLOAD, "upload", "", "true")]
    {
        let simulator = simulator(json!({ "faults": [{ "on": stalled, "stall_ms": 1 }] }));
        let client = client(&simulator);
        block_on(async {
            let mut call = Box::pin(client.transform_attachment(directive("attachment-1")));
            until(&mut call, || count(&simulator, stalled) == 1).await;
            client.close().await;
            let facts = call.await.unwrap_err().facts();
            assert_eq!((facts.code, facts.details["cause"].as_str()), ("unfinished", "cancelled"));
            let left = [&facts.details["stage"], &facts.details["uploaded"], &facts.details["uncertain"]];
            assert_eq!(left, [stage, uploaded, uncertain]);
            let refused = client.transform_attachment(directive("attachment-1")).await;
            assert!(matches!(refused, Err(Error::Cancelled)), "{refused:?}");
        });
    }
}

fn an_attachment_that_takes_long_holds_no_other_up() {
    let simulator = simulator(json!({ "faults": [{ "on": DESCRIBE, "stall_ms": 1 }] }));
    let client = unhurried(&simulator);
    block_on(async {
        let directives = (0..10).map(|_| directive("attachment-1"));
        let mut batch = Box::pin(client.transform_attachments(directives, 2));
        // One of the first two is never answered; the others go past it.
        until(&mut batch, || patched(&simulator) == 9).await;
    });
}

fn a_picture_that_is_worked_on_keeps_nobody_from_the_network() {
    let large = json!([{ "id": "large", "width": 4000, "height": 3000 }, { "id": "small" }]);
    let simulator = simulator(json!({ "attachments": large }));
    let client = unhurried(&simulator);
    // One thread: were the large picture worked on there, the small one could not overtake it.
    block_on(async {
        let mut slow =
            Box::pin(client.transform_attachment(AttachmentDirective::new("large", Format::Png, 4000, 3000)));
        until(&mut slow, || count(&simulator, "GET /api/v2/files/attachments/large/download 200") == 1).await;
        let info = client.attachment("small").await.unwrap();
        assert_eq!(info.content_type, "image/png");
        assert!(polled(&mut slow).await.is_pending() && count(&simulator, UPLOAD) == 0);
    });
}

fn neither_client_nor_callback_shows_where_it_goes() {
    let callback = Callback::post("https://assets.example.com/let-me-in?key=secret");
    let client = Client::new(Config::new("id", "hush").attachment_callback(callback)).unwrap();
    let shown = format!("{client:?}");
    assert!(shown.contains("assets.example.com") && !shown.contains("let-me-in") && !shown.contains("hush"));
}

fn directive(id: &str) -> AttachmentDirective {
    AttachmentDirective::new(id, Format::Png, 32, 32)
}

fn patched(simulator: &Simulator) -> usize {
    simulator.state().attachments.iter().filter(|one| one.patches > 0).count()
}

const DESCRIBE: &str = "GET /api/v2/files/attachments";
const UPLOAD: &str = "POST /api/v2/files/attachments";
const PATCH: &str = "PATCH /api/v2/files/attachments";
