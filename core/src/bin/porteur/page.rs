//! The page of `porteur preview`: everything in one file, nothing that runs, nothing that is fetched.

use std::fmt::Write as _;

use indicatif::HumanBytes;

use crate::preview::Shown;

/// The page that shows `shown`.
pub(crate) fn of(shown: &[Shown]) -> String {
    let failed = shown.iter().filter(|shown| shown.result.is_err()).count();
    let before: u64 = shown.iter().filter_map(|shown| shown.size).sum();
    let after: u64 =
        shown.iter().filter_map(|shown| shown.result.as_ref().ok()).map(|made| made.bytes.len() as u64).sum();
    let mut summary = format!("{} files, {} &rarr; {}", shown.len(), HumanBytes(before), HumanBytes(after));
    if failed > 0 {
        let _ = write!(summary, ", {failed} without a preview");
    }
    let figures: String = shown.iter().map(figure).collect();
    PAGE.replace("SUMMARY", &summary).replace("FIGURES", &figures)
}

fn figure(Shown { file, size, result }: &Shown) -> String {
    let name = file.file_name().map_or_else(|| file.display().to_string(), |name| name.to_string_lossy().into_owned());
    let (name, path) = (escaped(&name), escaped(&file.display().to_string()));
    let size = size.map_or_else(|| "?".to_owned(), |bytes| HumanBytes(bytes).to_string());
    match result {
        Ok(made) => {
            let source = &made.source;
            let (what, kind) = match source.pdf_pages {
                Some(pages) => (format!("{pages} page{}", if pages == 1 { "" } else { "s" }), "pdf"),
                None => (format!("{} &times; {}", source.width, source.height), source.format.name()),
            };
            let times = made.timings;
            let ms = (times.decode + times.resize + times.encode).as_secs_f64() * 1e3;
            format!(
                "<figure><div><img src=\"data:{};base64,{}\" width=\"{}\" height=\"{}\" alt=\"\" loading=\"lazy\"></div>\
                 <figcaption><b title=\"{path}\">{name}</b>{kind}, {what}, {size} &rarr; {}, {ms:.1} ms</figcaption></figure>\n",
                made.format.content_type(),
                base64(&made.bytes),
                made.width,
                made.height,
                HumanBytes(made.bytes.len() as u64),
            )
        }
        Err(error) => format!(
            "<figure class=\"failed\"><div>no preview</div><figcaption><b title=\"{path}\">{name}</b>{size}: {}</figcaption>\
             </figure>\n",
            escaped(&error.facts().message)
        ),
    }
}

/// A name or a message may hold anything.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// Squares of a chequered ground show what is transparent.
const PAGE: &str = "<!doctype html>
<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Previews</title>
<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><style>
:root { color-scheme: light dark; --line: light-dark(#d8dce2, #3a3f47); --soft: light-dark(#5b6470, #a2abb8) }
body { font: 14px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 1400px; padding: 0 1rem }
h1 { font-size: 1.3rem; margin: 0 } header p { color: var(--soft); margin: .2rem 0 1.5rem }
main { display: grid; gap: 1.2rem; grid-template-columns: repeat(auto-fill, minmax(240px, 1fr)) }
figure { border: 1px solid var(--line); border-radius: 8px; margin: 0; overflow: hidden }
figure div { align-items: center; aspect-ratio: 4 / 3; display: flex; justify-content: center;
  background: repeating-conic-gradient(light-dark(#f3f4f6, #23262b) 0 25%, light-dark(#fff, #1b1e22) 0 50%) 0 0 / 24px 24px }
img { height: auto; max-height: 100%; max-width: 100%; width: auto }
figcaption { border-top: 1px solid var(--line); color: var(--soft); font-size: 12px; padding: .5rem .7rem }
figcaption b { color: CanvasText; display: block; overflow: hidden; text-overflow: ellipsis; white-space: nowrap }
.failed div { color: #c0392b } .failed figcaption { color: #c0392b }
</style></head><body><header><h1>Previews</h1><p>SUMMARY</p></header><main>
FIGURES</main></body></html>
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_shown_and_never_run() {
        let error =
            porteur::Error::InvalidInput { field: "<script>".to_owned(), reason: "\"&".to_owned(), answer: None };
        let page = of(&[Shown { file: "a<b>\"&.png".into(), size: Some(2048), result: Err(error) }]);
        assert!(page.contains("a&lt;b&gt;&quot;&amp;.png") && page.contains("invalid &lt;script&gt;: &quot;&amp;"));
        assert!(page.contains("1 files, 2.00 KiB") && !page.contains("<script"));
    }
}
