//! Deliveries to the webhook: what is read has no control characters, and a name that is no path.
//!
//! `RUSTC_BOOTSTRAP=1 cargo fuzz run --fuzz-dir tests/fuzz webhook`

#![no_main]

use libfuzzer_sys::fuzz_target;
use porteur::webhook_event;

fuzz_target!(|body: &[u8]| {
    // A whole delivery is rarely hit upon, so the bytes are also tried as the four members of one.
    let mut members = body.split(|byte| *byte == 0).map(String::from_utf8_lossy);
    let mut member = || members.next().unwrap_or_default().replace('\\', "\\\\").replace('"', "\\\"");
    let delivery = format!(
        r#"{{"event":"webchat:attachment","data":{{"conversationId":"{}","attachmentUrl":"{}","mimeType":"{}","fileName":"{}"}}}}"#,
        member(),
        member(),
        member(),
        member(),
    );
    for body in [body, delivery.as_bytes()] {
        let Some([conversation, url, mime_type, name]) = webhook_event(body) else { continue };
        for text in [&conversation, &url, &mime_type, &name] {
            assert!(!text.is_empty() && !text.chars().any(char::is_control), "{text:?}");
        }
        assert!(!name.contains(['/', '\\']) && name != "." && name != "..", "{name:?}");
    }
});
