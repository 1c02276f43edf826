//! What may be shown of the platform's words: no tokens, no secrets, no queries of signed URLs.

/// A body for a log: at most 8 KiB of it.
pub(super) fn text(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(LONGEST)]);
    let mut shown = match serde_json::from_str::<serde_json::Value>(&text) {
        Ok(mut value) => {
            hide(&mut value);
            value.to_string()
        }
        Err(_) => line(&text),
    };
    if body.len() > LONGEST {
        shown.push_str(" ...");
    }
    shown
}

/// A sentence for an error.
pub(super) fn line(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut before = Before::Nothing;
    for piece in text.split_inclusive(|c: char| c.is_whitespace() || ENDS.contains(c)) {
        let word = piece.trim_end_matches(|c: char| c.is_whitespace() || ENDS.contains(c));
        let (show, next) = look(word, before);
        shown.push_str(&show);
        // What ended the word stays, so that JSON and XML stay readable.
        shown.push_str(&piece[word.len()..]);
        before = next;
    }
    shown
}

/// What the word before said about this one.
#[derive(Clone, Copy, PartialEq)]
enum Before {
    Nothing,
    /// It is a name of a secret: one follows if a sign does.
    Name,
    /// A secret follows.
    Secret,
    /// `Bearer` or `Basic`: a secret follows, unless it is a list of parameters.
    Scheme,
}

fn look(word: &str, before: Before) -> (String, Before) {
    match before {
        // Between a name and its value stand quotes and a sign.
        Before::Name | Before::Secret | Before::Scheme if word.is_empty() => return (String::new(), before),
        Before::Name if word == ":" || word == "=" => return (word.to_owned(), Before::Secret),
        Before::Secret if scheme(word) => return (word.to_owned(), Before::Scheme),
        Before::Secret => return (HIDDEN.to_owned(), Before::Nothing),
        Before::Scheme if !word.contains('=') => return (HIDDEN.to_owned(), Before::Nothing),
        _ => {}
    }
    if let Some(at) = word.find("://")
        && let Some(query) = word[at..].find('?')
    {
        return (format!("{}?{HIDDEN}", &word[..at + query]), Before::Nothing);
    }
    if let Some((name, value)) = word.split_once(['=', ':'])
        && secret(name)
    {
        let sign = &word[name.len()..=name.len()];
        return match value.is_empty() {
            true => (word.to_owned(), Before::Secret),
            false => (format!("{name}{sign}{HIDDEN}"), Before::Nothing),
        };
    }
    if scheme(word) {
        return (word.to_owned(), Before::Scheme);
    }
    if secret(word) {
        return (word.to_owned(), Before::Name);
    }
    // Tokens have no spaces and are long; words of a sentence are not.
    let long = word.len() >= 40 && !word.contains('/');
    (if long { HIDDEN.to_owned() } else { word.to_owned() }, Before::Nothing)
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
        serde_json::Value::String(text) => *text = line(text),
        _ => {}
    }
}

fn secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["token", "secret", "password", "authorization", "signature", "credential"].iter().any(|part| name.contains(part))
}

fn scheme(word: &str) -> bool {
    word.eq_ignore_ascii_case("bearer") || word.eq_ignore_ascii_case("basic")
}

const HIDDEN: &str = "[hidden]";
/// What ends a word besides white space.
const ENDS: &str = "\"'<>,;()[]{}";
/// As docs/platform.md says.
const LONGEST: usize = 8 << 10;

#[cfg(test)]
mod tests {
    use super::{line, text};

    #[test]
    fn secrets_are_hidden_in_whatever_form_they_come() {
        let padded = format!(r#"{{"access_token":"SECRET","filler":"{}"}}"#, " x".repeat(8_000));
        for body in [
            r#"{"access_token":"SECRET","inner":[{"clientSecret":"SECRET"}]}"#,
            r#"{"message":"at 'https://s.example/k?X-Amz-Signature=SECRET'"}"#,
            "failed at https://s.example/k?X-Amz-Signature=SECRET with token=SECRET",
            "(https://s.example/k?X-Amz-Signature=SECRET)",
            "url=https://s.example/k?sig=SECRET",
            "token: SECRET",
            "Authorization: Bearer SECRET",
            "sent Bearer SECRET",
            "<Token>x</Token> secret = SECRET",
            &padded,
        ] {
            let shown = text(body.as_bytes());
            assert!(!shown.contains("SECRET") && shown.contains("[hidden]"), "{body}\n{shown}");
        }
    }

    #[test]
    fn words_that_hide_nothing_stay_as_they_are() {
        for sentence in [
            r#"Bearer error="invalid_token", error_description="the token expired""#,
            "the token is not valid, the secret neither",
            "the checksums do not match what is stored for chunks 2",
            "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>",
        ] {
            assert_eq!(line(sentence), sentence);
        }
    }

    #[test]
    fn a_long_body_is_cut() {
        assert!(text(&vec![b' '; 100_000]).len() < 9_000);
    }
}
