//! The child itself: kept warm, replaced, reaped, and never left behind. Looked at by way of /proc, so on Linux alone.

use std::collections::BTreeSet;
use std::process::{Command, ExitCode};
use std::time::Instant;

use libtest_mimic::Trial;
use porteur::{Format, Isolation, Transform};

use super::*;

pub(super) fn tests() -> Vec<Trial> {
    let mut tests = crate::support::tests![
        a_child_answers_as_this_process_does,
        pictures_go_to_a_child_where_everything_does,
        an_error_keeps_its_shape_on_its_way,
        a_transform_of_a_pdf_is_told_where_to_turn,
    ];
    if cfg!(target_os = "linux") {
        tests.extend(crate::support::tests![
            a_child_that_ended_is_replaced_and_reaped,
            many_at_once_share_few_children,
            a_child_does_not_outlive_its_host,
        ]);
    }
    tests
}

fn a_child_answers_as_this_process_does() {
    for name in ["letter.pdf", "pages.pdf"] {
        let (bytes, there) = (file(name), wish());
        let here = wish().limits(nothing());
        let (mut a, mut b) = (porteur::preview(&bytes, &there).unwrap(), porteur::preview(&bytes, &here).unwrap());
        assert!(a.timings.decode > Duration::ZERO && a.timings.encode > Duration::ZERO);
        (a.timings, b.timings) = Default::default();
        assert_eq!(a, b, "{name}");
        let info = porteur::inspect(&bytes, &there.limits).unwrap();
        assert_eq!((&info, &info), (&a.source, &porteur::inspect(&bytes, &here.limits).unwrap()), "{name}");
    }
}

fn pictures_go_to_a_child_where_everything_does() {
    let picture = std::fs::read(Path::new(WORKSPACE).join("tests/media/landscape.jpg")).unwrap();
    let limits = MediaLimits { isolation: Isolation::Everything, ..wish().limits };
    let wish = Transform::fit(300, 300).format(Format::Png).thumbnail(50);
    let (mut here, mut there) =
        (porteur::transform(&picture, &wish).unwrap(), porteur::transform(&picture, &wish.limits(limits)).unwrap());
    (here.timings, there.timings) = Default::default();
    assert_eq!(here, there);
    assert!(there.thumbnail.is_some());
}

fn an_error_keeps_its_shape_on_its_way() {
    for wrong in [wish().page(4), wish().page(0), wish().dpi(601), wish().fit(0, 300)] {
        let here = wrong.clone().limits(nothing());
        let bytes = file("pages.pdf");
        let (here, there) = (porteur::preview(&bytes, &here), porteur::preview(&bytes, &wrong));
        assert_eq!(format!("{:?}", here.unwrap_err().facts()), format!("{:?}", there.unwrap_err().facts()));
    }
    let error = porteur::preview(&file("pages.pdf"), &wish().page(4)).unwrap_err();
    assert_eq!(error.to_string(), "invalid page: expected 1 to 3, got 4");
}

fn a_transform_of_a_pdf_is_told_where_to_turn() {
    let error = porteur::transform(&file("pages.pdf"), &Transform::fit(300, 300)).unwrap_err();
    assert_eq!(error.to_string(), "pdf is unsupported: expected a picture; `preview` makes one of a page");
}

fn a_child_that_ended_is_replaced_and_reaped() {
    alone("replaced");
}

fn many_at_once_share_few_children() {
    alone("shared");
}

fn a_child_does_not_outlive_its_host() {
    let said = alone("abandoned");
    let child: u32 = said.trim().parse().expect("the number of a child");
    until(|| state(child).is_none_or(|state| state == 'Z'));
}

/// Does a task in a process of its own, since other tests have children too, and answers what it said.
fn alone(task: &str) -> String {
    let output = Command::new(std::env::current_exe().unwrap()).env(TASK, task).output().unwrap();
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{task} ended as {}: {complaints}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

/// Does the task of such a process, when this is one.
pub(crate) fn child() -> Option<ExitCode> {
    match std::env::var(TASK).ok()?.as_str() {
        "replaced" => replaced(),
        "shared" => shared(),
        "abandoned" => abandoned(),
        task => panic!("{task} is no task"),
    }
    Some(ExitCode::SUCCESS)
}

fn replaced() {
    let bytes = file("pages.pdf");
    assert_eq!(outcome(&bytes, &wish()), "picture");
    let first = children();
    assert_eq!(first.len(), 1, "{first:?}");
    assert_eq!(outcome(&bytes, &wish()), "picture");
    assert_eq!(children(), first, "it is kept warm");
    assert_eq!(outcome(&file("bomb.pdf"), &wish()), "too_large");
    assert_eq!(children(), BTreeSet::new(), "it is no zombie");
    assert_eq!(outcome(&bytes, &wish()), "picture");
    let second = children();
    for child in &second {
        assert!(Command::new("kill").args(["-9", &child.to_string()]).status().unwrap().success());
        until(|| state(*child) == Some('Z') && threads(*child) == 1);
    }
    assert_eq!(outcome(&bytes, &wish()), "picture");
    assert!(children().is_disjoint(&second));
}

fn shared() {
    let bytes = file("letter.pdf");
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| assert_eq!(outcome(&bytes, &wish()), "picture"));
        }
    });
    let cores = std::thread::available_parallelism().unwrap().get();
    assert!((1..=cores).contains(&children().len()), "{:?}", children());
}

fn abandoned() {
    assert_eq!(outcome(&file("pages.pdf"), &wish()), "picture");
    println!("{}", children().first().expect("a child"));
}

/// The processes that this one started.
fn children() -> BTreeSet<u32> {
    let ours = std::process::id().to_string();
    let processes =
        std::fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    processes.filter(|process| facts(*process).is_some_and(|facts| facts.get(1) == Some(&ours))).collect()
}

/// `R`unning, `S`leeping, `Z`ombie; none when it is gone.
fn state(process: u32) -> Option<char> {
    facts(process)?.first()?.chars().next()
}

/// How many threads a process has. One whose first thread has ended holds its pipes open until the others have.
fn threads(process: u32) -> usize {
    std::fs::read_dir(format!("/proc/{process}/task")).map_or(0, Iterator::count)
}

/// What the system says of a process behind its name: state, parent.
fn facts(process: u32) -> Option<Vec<String>> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, facts) = stat.rsplit_once(") ")?;
    Some(facts.split(' ').map(str::to_owned).collect())
}

fn until(mut reached: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !reached() {
        assert!(begun.elapsed() < Duration::from_secs(60), "it was never reached");
        std::thread::yield_now();
    }
}

fn nothing() -> MediaLimits {
    MediaLimits { isolation: Isolation::Nothing, ..wish().limits }
}

const TASK: &str = "PORTEUR_TESTS_PREVIEW";
