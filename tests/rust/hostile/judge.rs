//! What has to hold for any file at all: a picture of the size that was promised or a typed error, no panic on the way,
//! and no more memory than the limits allow.

use std::cell::Cell;
use std::panic;
use std::sync::Once;
use std::time::{Duration, Instant};

use porteur::{
    Error, ErrorFacts, Format, ImageInfo, MediaLimits, TargetSize, Transform, Transformed, inspect, transform,
};

use super::memory::peak;

/// A file and what it is.
pub(super) struct Case {
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
}

impl Case {
    pub(super) fn new(name: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self { name: name.into(), bytes }
    }
}

/// What a class of files cost.
#[derive(Default)]
pub(super) struct Costs {
    files: usize,
    pictures: usize,
    /// CPU time and peak of memory, with the name.
    cases: Vec<(Duration, usize, String)>,
    /// Those that took more memory than they may.
    over: Vec<String>,
}

impl Costs {
    /// Judges `case` for each wish, and answers the kinds of its errors, `picture` where there was none.
    pub(super) fn judge(&mut self, case: &Case, wishes: &[Transform]) -> Vec<String> {
        self.files += 1;
        wishes.iter().map(|wish| self.judge_one(case, wish)).collect()
    }

    fn judge_one(&mut self, case: &Case, wish: &Transform) -> String {
        let Case { name, bytes } = case;
        let (panics, start) = (panics(), cpu());
        let (peak, (info, result)) = peak(|| (inspect(bytes, &wish.limits), transform(bytes, wish)));
        let cost = cpu().saturating_sub(start);
        assert_eq!(self::panics(), panics, "{name}: a panic that was caught is one all the same ({:?})", wish.size);
        let (kind, output) = match &result {
            Ok(out) => {
                self.pictures += 1;
                let info = info.unwrap_or_else(|error| panic!("{name}: a picture, and its header is refused: {error}"));
                promised(name, &info, out, wish);
                ("picture".to_owned(), u64::from(out.width) * u64::from(out.height))
            }
            Err(error) => (kind(name, error), 0),
        };
        let most = wish.limits.max_allocation + output * OUTPUT_BYTES + bytes.len() as u64 + MARGIN;
        if peak as u64 > most {
            self.over.push(format!("{name} ({:?}, {kind}): {peak} bytes, expected at most {most}", wish.size));
        }
        self.cases.push((cost, peak, format!("{name} as {:?}: {kind}", wish.size)));
        kind
    }

    /// How many files were judged.
    pub(super) fn files(&self) -> usize {
        self.files
    }

    /// How many results were pictures.
    pub(super) fn pictures(&self) -> usize {
        self.pictures
    }

    /// Holds the memory of all against the limits, and prints the slowest and the largest for whoever looks with
    /// `--nocapture`.
    pub(super) fn close(mut self, class: &str) {
        let all: Duration = self.cases.iter().map(|(cost, ..)| *cost).sum();
        println!("{class}: {} files, {} pictures, {} ms of CPU", self.files, self.pictures, all.as_millis());
        self.cases.sort_by_key(|(cost, ..)| std::cmp::Reverse(*cost));
        for (cost, peak, name) in self.cases.iter().take(5) {
            println!("  {:>6.1} ms, {:>5.1} MiB: {name}", cost.as_secs_f64() * 1e3, mebibytes(*peak));
        }
        self.cases.sort_by_key(|(_, peak, _)| std::cmp::Reverse(*peak));
        for (cost, peak, name) in self.cases.iter().take(3) {
            println!("  {:>5.1} MiB, {:>6.1} ms: {name}", mebibytes(*peak), cost.as_secs_f64() * 1e3);
        }
        assert!(self.over.is_empty(), "{:#?}", self.over);
    }
}

fn mebibytes(bytes: usize) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

/// A result has the size that the wish and the header promise, and can be decoded.
fn promised(name: &str, info: &ImageInfo, out: &Transformed, wish: &Transform) {
    let size = (out.width, out.height);
    match wish.size {
        TargetSize::Original => assert_eq!(size, (info.width, info.height), "{name}"),
        TargetSize::Exact { width, height } => assert_eq!(size, (width, height), "{name}"),
        TargetSize::Fit { max_width, max_height } => {
            let within = size.0 <= max_width.min(info.width) && size.1 <= max_height.min(info.height);
            let touches = size.0 == max_width || size.1 == max_height || size == (info.width, info.height);
            assert!(within && touches, "{name}: {size:?} of {info:?}");
        }
        TargetSize::Cover { width, height } => {
            assert!(size.0 <= width.min(info.width) && size.1 <= height.min(info.height), "{name}: {size:?}");
        }
        other => panic!("{other:?}"),
    }
    let seen = inspect(&out.bytes, &MediaLimits::default()).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!((seen.width, seen.height, seen.format.name()), (size.0, size.1, out.format.name()), "{name}");
    assert!(!seen.has_icc && seen.orientation == 1 && (info.has_alpha || !seen.has_alpha), "{name}: {seen:?}");
    let again = transform(&out.bytes, &Transform::fit(8, 8).format(Format::Png));
    again.unwrap_or_else(|error| panic!("{name}: its result cannot be decoded: {error}"));
    if let Some(small) = &out.thumbnail {
        assert!(small.width <= out.width && small.height <= out.height, "{name}: a thumbnail larger than its picture");
    }
}

fn kind(name: &str, error: &Error) -> String {
    let ErrorFacts { code, details, .. } = error.facts();
    assert_eq!(code, "media", "{name}: {error}");
    details.get("kind").cloned().unwrap_or_else(|| panic!("{name}: {error} has no kind"))
}

/// Panics on this thread so far, those included that somebody caught.
fn panics() -> usize {
    static WATCH: Once = Once::new();
    WATCH.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let _ = PANICS.try_with(|panics| panics.set(panics.get() + 1));
            before(info);
        }));
    });
    PANICS.get()
}

thread_local! {
    static PANICS: Cell<usize> = const { Cell::new(0) };
    static STARTED: Instant = Instant::now();
}

/// CPU time of this thread where the system tells it, and the time by the clock elsewhere. It is printed, never judged.
fn cpu() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let spent = told.and_then(|text| text.split(' ').next().and_then(|nanoseconds| nanoseconds.parse().ok()));
    spent.map_or_else(|| STARTED.with(Instant::elapsed), Duration::from_nanos)
}

/// Bytes that are held for each pixel of a result, beside what the limit is for: the picture, a copy in other colours,
/// what the encoder makes of it, and the result.
const OUTPUT_BYTES: u64 = 24;
/// Bytes of tables, of the bands in which pictures are scaled, and of all that is small.
const MARGIN: u64 = 16 << 20;
