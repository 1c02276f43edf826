//! The floors of core/docs/design.md, held against what each file imports.
//!
//! A room sees lower floors only, so that a change of mind on one floor is never felt below it. The source is read as
//! text: comments and tests at the bottom of a file do not count.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use libtest_mimic::Trial;

use crate::support::WORKSPACE;

pub(crate) fn tests() -> Vec<Trial> {
    crate::support::tests![
        every_room_imports_from_lower_floors_only,
        paths_are_found_however_they_are_written,
        reqwest_is_named_where_requests_are_made_and_its_client_in_http_alone,
        unsafe_code_is_allowed_in_the_files_that_the_design_names_alone,
        nothing_is_unwrapped_outside_tests,
        processes_are_started_for_media_alone,
    ]
}

fn every_room_imports_from_lower_floors_only() {
    let floors = Floors::read();
    let mut wrong = Vec::new();
    // The command is a crate of its own and sees what everyone sees.
    for file in files().iter().filter(|file| file.room() != "bin") {
        for path in paths(&file.code, file.depth()) {
            if let Err(reason) = floors.permit(file.room(), &path) {
                wrong.push(format!("{}: {} ({reason})", file.place, path.join("::")));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The table of core/docs/design.md.
struct Floors(BTreeMap<String, usize>);

impl Floors {
    fn read() -> Self {
        let page = std::fs::read_to_string(Path::new(WORKSPACE).join("core/docs/design.md")).expect("the design page");
        let mut floors = BTreeMap::new();
        for row in page.lines().filter_map(|line| line.strip_prefix("| ")) {
            let mut cells = row.split(" | ");
            let Some(floor) = cells.next().and_then(|floor| floor.parse().ok()) else { continue };
            // What is between backticks is every second piece.
            for room in cells.next().unwrap_or_default().split('`').skip(1).step_by(2) {
                floors.insert(room.to_owned(), floor);
            }
        }
        assert!(floors.len() > 10, "the table of floors was not found");
        Self(floors)
    }

    fn permit(&self, from: &str, path: &[String]) -> Result<(), &'static str> {
        let to = path[0].as_str();
        if from == to {
            return Ok(());
        }
        if to == "simulator" {
            // Behind its feature: settings for a simulator, and the door.
            return if matches!(from, "config" | "lib") { Ok(()) } else { Err("a test platform is not for work") };
        }
        let Some(below) = self.0.get(to) else { return Err("the table does not know where this leads") };
        if from == "simulator" {
            let inside = path.get(1).map(String::as_str);
            let shared = match to {
                "gateway" => inside == Some("wire"),
                "message" => matches!(inside, Some("Attachment" | "Message")),
                _ => *below == 0,
            };
            return if shared { Ok(()) } else { Err("the other end sees floor 0, the wire shapes and messages") };
        }
        let Some(above) = self.0.get(from) else { return Err("the table does not know this room") };
        if below < above || (*below, *above) == (0, 0) { Ok(()) } else { Err("not on a lower floor") }
    }
}

fn paths_are_found_however_they_are_written() {
    let code = "use crate::{error::{Error, Result}, http};\nlet x = crate::digest::sha256(b);\n\
                use super::super::pace;\nuse super::sibling;\nlet y = $crate::z;\nsupercrate::no;";
    let found: Vec<String> = paths(code, 2).iter().map(|path| path.join("::")).collect();
    assert_eq!(found, ["error::Error", "error::Result", "http", "digest::sha256", "z", "pace"]);
}

fn reqwest_is_named_where_requests_are_made_and_its_client_in_http_alone() {
    // The types that say what is to be sent; everything else of reqwest sends.
    let values = ["Method", "Url", "header"];
    let mut wrong = Vec::new();
    for file in files().iter().filter(|file| file.room() != "http") {
        let named: BTreeSet<String> =
            occurrences(&file.code, "reqwest::").flat_map(|at| heads(&file.code[at..])).collect();
        for name in named {
            let room_may =
                ["audit", "auth", "callback", "gateway", "preview", "socket", "upload"].contains(&file.room());
            if !room_may || !values.contains(&name.as_str()) {
                wrong.push(format!("{}: reqwest::{name}", file.place));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn unsafe_code_is_allowed_in_the_files_that_the_design_names_alone() {
    let allowing = files().into_iter().filter(|file| file.code.contains("allow(unsafe_code)"));
    let places: BTreeSet<String> = allowing.map(|file| file.place).collect();
    let named = [
        "digest/avx512.rs",
        "digest/shani.rs",
        "media/encode/libwebp.rs",
        "media/jpeg/lanes/memory.rs",
        "media/wide.rs",
    ];
    assert_eq!(places, named.map(str::to_owned).into());
}

fn nothing_is_unwrapped_outside_tests() {
    let wrong: Vec<String> =
        files().into_iter().filter(|file| file.code.contains(".unwrap()")).map(|file| file.place).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn processes_are_started_for_media_alone() {
    // The command's `Command` is a list of its own commands.
    let core = files().into_iter().filter(|file| file.room() != "bin");
    let places: Vec<String> = core.filter(|file| file.code.contains("Command::new(")).map(|file| file.place).collect();
    assert_eq!(places, ["media/isolate/program.rs"]);
}

/// A source file of the core without its comments and tests.
struct File {
    /// As in `upload/body.rs`.
    place: String,
    code: String,
}

impl File {
    fn room(&self) -> &str {
        self.place.split(['/', '.']).next().unwrap_or_default()
    }

    /// How many modules are above it in the crate.
    fn depth(&self) -> usize {
        let steps = self.place.split('/').count();
        if self.place.ends_with("mod.rs") { steps - 1 } else { steps }
    }
}

fn files() -> Vec<File> {
    let root = Path::new(WORKSPACE).join("core/src");
    let mut files = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of the core") {
            let path: PathBuf = entry.expect("an entry").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() {
                // Tests in a folder of their own.
                if name != "tests" {
                    folders.push(path);
                }
            } else if name.ends_with(".rs") {
                let text = std::fs::read_to_string(&path).expect("a source file");
                let place = path.strip_prefix(&root).expect("below the root").to_string_lossy().replace('\\', "/");
                files.push(File { place, code: code(&text) });
            }
        }
    }
    assert!(files.len() > 20, "the core was not found at {}", root.display());
    files
}

/// The text without comments and without the tests at its bottom.
fn code(text: &str) -> String {
    let work = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    work.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// The paths into other rooms of the crate, from `crate::` and from so many `super::` that they leave the room.
fn paths(code: &str, depth: usize) -> Vec<Vec<String>> {
    let mut paths: Vec<Vec<String>> =
        occurrences(code, "crate::").flat_map(|at| tree(&code[at..]).0).filter(|path| !path.is_empty()).collect();
    let out = "super::".repeat(depth.max(1));
    let climbing = occurrences(code, &out).filter(|_| depth > 0).flat_map(|at| tree(&code[at..]).0);
    paths.extend(climbing.filter(|path| path.first().is_some_and(|first| first != "super")));
    paths
}

/// Where in `code` the text after each `prefix` begins, when nothing stands before it that makes it another word.
fn occurrences<'a>(code: &'a str, prefix: &'a str) -> impl Iterator<Item = usize> + 'a {
    code.match_indices(prefix).filter_map(move |(at, _)| {
        let before = code[..at].chars().next_back();
        let inside = before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':');
        (!inside).then_some(at + prefix.len())
    })
}

/// The first names of what follows a prefix: one, or those in braces.
fn heads(code: &str) -> Vec<String> {
    tree(code).0.into_iter().filter_map(|path| path.into_iter().next()).collect()
}

/// The paths of a use tree at the beginning of `code`, and what follows it.
fn tree(code: &str) -> (Vec<Vec<String>>, &str) {
    let code = code.trim_start();
    if let Some(mut rest) = code.strip_prefix('{') {
        let mut paths = Vec::new();
        loop {
            rest = rest.trim_start().trim_start_matches(',').trim_start();
            if let Some(after) = rest.strip_prefix('}') {
                return (paths, after);
            }
            let (inner, after) = tree(rest);
            if after.len() == rest.len() {
                return (paths, after);
            }
            paths.extend(inner);
            rest = after;
        }
    }
    let end = code.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '*').unwrap_or(code.len());
    let (name, rest) = code.split_at(end);
    let Some(below) = rest.strip_prefix("::").filter(|_| !name.is_empty()) else {
        let rest = rest
            .strip_prefix(" as ")
            .map_or(rest, |alias| alias.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_'));
        return (if name.is_empty() { Vec::new() } else { vec![vec![name.to_owned()]] }, rest);
    };
    let (inner, rest) = tree(below);
    let inner = if inner.is_empty() { vec![Vec::new()] } else { inner };
    (inner.into_iter().map(|path| [vec![name.to_owned()], path].concat()).collect(), rest)
}
