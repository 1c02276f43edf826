//! Messages to send in tests: an endless sequence that is the same for the same seed, in every language.
//!
//! The kinds of messages are those of the platform's tutorial on messages (docs/platform.md, "Messages"). Its generator
//! starts anew for every message and so makes the same one for ever; this one goes on. It is written down here so that
//! anybody can write it again; `tests/vectors/messages.json` holds the first messages of some seeds.
//!
//! **Numbers.** SplitMix64 (Steele, Lea, Flood 2014). The state is 64 bits and begins as the seed; all arithmetic is
//! modulo 2^64. For each number: add `0x9E3779B97F4A7C15` to the state and call the sum `z`; then
//! `z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9`, `z = (z ^ (z >> 27)) * 0x94D049BB133111EB`, and the number is
//! `z ^ (z >> 31)`. A number below `n` is the upper half of the 128-bit product of the two, that is `(number * n) >> 64`.
//!
//! **A message** takes its numbers in this order: below 3, the content type (text/plain, text/html, application/json);
//! below 10 000, the N of its content; below 2, whether it has an attachment (1: yes). With an attachment two more:
//! below 2, its type (image/png, application/pdf); below 999, the N of its name, as in the tutorial.

use serde_json::json;

use crate::message::{Attachment, Message};

/// The messages of a seed, without end.
///
/// ```
/// let two: Vec<_> = porteur::simulator::messages(42).take(2).collect();
/// assert_eq!(two, porteur::simulator::messages(42).take(2).collect::<Vec<_>>());
/// assert_ne!(two[0], two[1]);
/// ```
pub fn messages(seed: u64) -> Messages {
    Messages { state: seed }
}

/// See [`messages`].
#[derive(Debug, Clone)]
pub struct Messages {
    state: u64,
}

impl Messages {
    fn next_number(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.state ^ (self.state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u32) -> u32 {
        let product = u128::from(self.next_number()) * u128::from(bound);
        u32::try_from(product >> 64).expect("less than the bound")
    }

    fn attachment(&mut self) -> Attachment {
        let (content_type, extension) =
            if self.below(2) == 0 { ("image/png", "png") } else { ("application/pdf", "pdf") };
        // The tutorial writes the type itself behind the dot: a mistake.
        let filename = format!("test-{}.{extension}", self.below(999));
        Attachment::url(filename, PLACEHOLDER).content_type(content_type)
    }
}

impl Iterator for Messages {
    type Item = Message;

    fn next(&mut self) -> Option<Message> {
        let (kind, number) = (self.below(3), self.below(10_000));
        let message = match kind {
            0 => Message::text(format!("Test message {number}")),
            1 => Message::html(format!("<p>Test message {number}</p>")),
            _ => Message::json(json!({ "event": "test", "seq": number.to_string() })),
        };
        // The agent and the customer of the simulator's own conversation.
        let message = message.sender("agent@example.com").to("customer@example.com");
        Some(if self.below(2) == 1 { message.attachment(self.attachment()) } else { message })
    }
}

const PLACEHOLDER: &str = "https://cdn.example.com/test-assets/placeholder";

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::Value;

    use super::*;
    use crate::message::{AttachmentBody, Content};

    /// As the vectors have it.
    fn written(message: &Message) -> Value {
        let content = match &message.content {
            Content::Text(text) | Content::Html(text) => json!(text),
            Content::Json(value) => value.clone(),
        };
        let attachments = message.attachments.iter().map(|one| match &one.body {
            AttachmentBody::Url(url) => {
                json!({ "content_type": one.content_type, "filename": one.filename, "url": url })
            }
            other => panic!("{other:?}"),
        });
        json!({
            "content_type": message.content.content_type(),
            "content": content,
            "sender": message.sender,
            "to": message.to,
            "attachments": attachments.collect::<Vec<Value>>(),
        })
    }

    #[test]
    fn the_vectors_hold() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/messages.json");
        let cases: Vec<Value> = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        assert!(cases.len() >= 3);
        for case in cases {
            let seed = case["seed"].as_str().expect("a seed in digits").parse().expect("a seed of 64 bits");
            let first: Vec<Value> = messages(seed).take(5).map(|message| written(&message)).collect();
            assert_eq!(json!(first), case["messages"], "seed {seed}");
        }
    }

    #[test]
    fn the_numbers_are_those_of_splitmix64() {
        let mut numbers = messages(1_234_567);
        let first = [(); 3].map(|()| numbers.next_number());
        assert_eq!(first, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn every_kind_of_message_comes_about_as_often_as_the_others() {
        let all: Vec<Message> = messages(7).take(6000).collect();
        let count = |wanted: &dyn Fn(&Message) -> bool| all.iter().filter(|one| wanted(one)).count();
        for content_type in ["text/plain", "text/html", "application/json"] {
            let times = count(&|one| one.content.content_type() == content_type);
            assert!((1850..2150).contains(&times), "{content_type}: {times}");
        }
        let attached = count(&|one| !one.attachments.is_empty());
        let pictures = count(&|one| one.attachments.iter().any(|file| file.filename.ends_with(".png")));
        assert!((2850..3150).contains(&attached) && (1350..1650).contains(&pictures), "{attached}, {pictures}");
    }
}
