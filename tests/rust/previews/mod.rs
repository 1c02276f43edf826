//! PDFs through a real child process: this test binary is its own media child.

mod bombs;
mod children;

use std::path::Path;
use std::time::Duration;

use libtest_mimic::Trial;
use porteur::{MediaLimits, Preview};

use crate::support::WORKSPACE;

pub(crate) use self::children::child;

pub(crate) fn tests() -> Vec<Trial> {
    [bombs::tests(), children::tests()].into_iter().flatten().collect()
}

/// A file of tests/media/pdf.
fn file(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(WORKSPACE).join("tests/media/pdf").join(name)).expect("a PDF of the tests")
}

/// A file of these objects, numbered from 1, of which the first is the catalog; with its table.
fn pdf(objects: &[String]) -> Vec<u8> {
    let mut file = b"%PDF-1.7\n".to_vec();
    let mut table = format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for (before, object) in objects.iter().enumerate() {
        table += &format!("{:010} 00000 n \n", file.len());
        file.extend(format!("{} 0 obj\n{object}\nendobj\n", before + 1).bytes());
    }
    let (start, size) = (file.len(), objects.len() + 1);
    file.extend(format!("{table}trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n").bytes());
    file
}

/// A file with one page that has this content, these resources, and further objects, numbered from 5.
fn page(content: &str, resources: &str, more: &[String]) -> Vec<u8> {
    page_of("0 0 200 200", content, resources, more)
}

fn page_of(media_box: &str, content: &str, resources: &str, more: &[String]) -> Vec<u8> {
    let mut objects = vec![
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Count 1 /Kids [3 0 R] >>".to_owned(),
        format!("<< /Type /Page /Parent 2 0 R /MediaBox [{media_box}] /Contents 4 0 R /Resources << {resources} >> >>"),
        stream("", content),
    ];
    objects.extend_from_slice(more);
    pdf(&objects)
}

fn stream(entries: &str, content: &str) -> String {
    format!("<< {entries} /Length {} >>\nstream\n{content}\nendstream", content.len())
}

/// A preview whose limits leave time for a busy machine; what counts is the time of the processor.
fn wish() -> Preview {
    let limits = MediaLimits { max_child_wall: Duration::from_secs(120), ..MediaLimits::default() };
    Preview::default().limits(limits)
}

/// `picture`, or the kind of a media error.
fn outcome(bytes: &[u8], wish: &Preview) -> String {
    match porteur::preview(bytes, wish) {
        Ok(picture) => {
            assert!(picture.width <= 300 && picture.height <= 300 && picture.bytes.starts_with(b"RIFF"));
            "picture".to_owned()
        }
        Err(error) => error.facts().details.get("kind").cloned().unwrap_or_else(|| error.to_string()),
    }
}
