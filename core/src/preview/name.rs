//! The name of a stranger's file, for people to read: one line, and never a path.

/// The last part of what looks like a path, without what breaks a line or a header, steers a terminal, or turns text around.
pub(super) fn harmless(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let shown: String = last.chars().filter(|c| !steers(*c)).take(MAX_NAME).collect();
    let shown = shown.trim();
    // `.` and `..` are places.
    if shown.trim_matches('.').is_empty() { UNKNOWN.to_owned() } else { shown.to_owned() }
}

/// Control characters, separators of lines, marks and overrides of direction, and tags, which nobody sees.
fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}')
        || matches!(c, '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

/// The name of a file that has none.
pub(super) const UNKNOWN: &str = "unknown";
/// Characters of a name: what file systems take.
const MAX_NAME: usize = 255;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_is_one_harmless_line() {
        for (name, shown) in [
            ("holiday in Köln.jpg", "holiday in Köln.jpg"),
            ("../../etc/passwd", "passwd"),
            (r"C:\Windows\system32\cmd.exe", "cmd.exe"),
            (r"..\..\boot.ini", "boot.ini"),
            ("a.png\r\nSet-Cookie: x=1", "a.pngSet-Cookie: x=1"),
            ("a\0.png", "a.png"),
            ("\u{1b}[31mred.png", "[31mred.png"),
            ("gpj.\u{202E}exe", "gpj.exe"),
            ("a\u{2028}b\u{2029}c\u{85}d", "abcd"),
            (" spaced.png ", "spaced.png"),
            ("family 👨\u{200D}👩\u{200D}👧.png", "family 👨\u{200D}👩\u{200D}👧.png"),
        ] {
            assert_eq!(harmless(name), shown, "{name:?}");
        }
        for nothing in ["", " ", ".", "..", "../..", "a/", "\r\n", "...."] {
            assert_eq!(harmless(nothing), "unknown", "{nothing:?}");
        }
        assert_eq!(harmless(&"ü".repeat(400)).chars().count(), 255);
    }
}
