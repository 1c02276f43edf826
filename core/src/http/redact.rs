//! What may be logged of an answer's body: at most 8 KiB, without tokens, secrets and signed queries.

/// The body as text that may be shown.
pub(super) fn text(body: &[u8]) -> String {
    let head = &body[..body.len().min(LONGEST)];
    let text = String::from_utf8_lossy(head);
    let mut shown = match serde_json::from_str::<serde_json::Value>(&text) {
        Ok(mut value) => {
            hide(&mut value);
            value.to_string()
        }
        Err(_) => text.split_inclusive(|c: char| c.is_whitespace() || "\"'<>,".contains(c)).map(word).collect(),
    };
    if body.len() > LONGEST {
        shown.push_str(" ...");
    }
    shown
}

fn hide(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Object(members) => {
            for (name, member) in members {
                if secret(name) {
                    *member = HIDDEN.into();
                } else {
                    hide(member);
                }
            }
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(hide),
        serde_json::Value::String(text) => {
            *text = text.split_inclusive(char::is_whitespace).map(word).collect();
        }
        _ => {}
    }
}

/// A URL loses its query; a word that announces a secret loses what follows the sign.
fn word(word: &str) -> String {
    if word.starts_with("http")
        && let Some((url, _)) = word.split_once('?')
    {
        return format!("{url}?{HIDDEN} ");
    }
    if let Some((name, _)) = word.split_once(['=', ':'])
        && secret(name)
    {
        return format!("{name}={HIDDEN} ");
    }
    // Tokens have no spaces and are long; words of a sentence are not.
    if word.trim().len() >= 40 && !word.contains('/') { format!("{HIDDEN} ") } else { word.to_owned() }
}

fn secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["token", "secret", "password", "authorization", "signature", "credential"].iter().any(|part| name.contains(part))
}

const HIDDEN: &str = "[hidden]";
/// As docs/platform.md says.
const LONGEST: usize = 8 << 10;

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn secrets_in_json_and_in_text_are_hidden_and_the_rest_is_kept() {
        let shown = text(br#"{"message":"no","access_token":"abc","inner":[{"clientSecret":"x"}]}"#);
        assert!(shown.contains("\"no\"") && !shown.contains("abc") && !shown.contains("\"x\""), "{shown}");
        let shown = text(b"failed at https://s.example/k?X-Amz-Signature=abc with token=def");
        assert!(shown.contains("failed at https://s.example/k?") && !shown.contains("abc"), "{shown}");
        assert!(!shown.contains("def"), "{shown}");
    }

    #[test]
    fn a_long_body_is_cut() {
        assert!(text(&vec![b' '; 100_000]).len() < 9_000);
    }
}
