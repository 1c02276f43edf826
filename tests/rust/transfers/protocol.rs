//! The WebSocket protocol case by case (RFC 6455): what a platform may write ends in the outcome of its answer, what it may not in the
//! close code that says so, and never in a panic.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use libtest_mimic::Trial;
use porteur::{Client, Config, Pace, Transfer};
use tokio::net::TcpListener;

use super::platform::{FRAME, Said, converse};
use crate::support::block_on;

/// What a client is to make of what it reads.
#[derive(Debug)]
enum End {
    /// The answer counts.
    Answered,
    /// The answer counts, and this was said besides.
    AnsweredAfter(Said),
    /// It says that this is the end, with this code.
    Closed(Option<u16>),
    /// It says nothing, since nobody is there to hear it.
    Silent,
}

/// One test a case.
pub(super) fn tests() -> Vec<Trial> {
    let mut all = allowed();
    all.extend(texts());
    all.extend(broken());
    all.extend(closing());
    assert!(all.len() >= 60);
    let test = |(name, bytes, end): Case| {
        Trial::test(name, move || {
            block_on(play(bytes, end));
            Ok(())
        })
        .with_kind("protocol")
    };
    all.into_iter().map(test).collect()
}

/// A sentence, what is written, and how it ends.
type Case = (String, Vec<Vec<u8>>, End);

fn case(name: &str, pieces: impl IntoIterator<Item = Vec<u8>>, end: End) -> Case {
    (name.to_owned(), pieces.into_iter().collect(), end)
}

/// Plays one case with a client whose transfer ends either by the answer or by what the interaction tells.
async fn play(pieces: Vec<Vec<u8>>, end: End) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let heard: Arc<Mutex<Vec<Said>>> = Arc::default();
    let noted = heard.clone();
    let lost = matches!(end, End::Silent);
    let server = tokio::spawn(async move {
        let mut sockets = tokio::task::JoinSet::new();
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let (pieces, noted) = (pieces.clone(), noted.clone());
            sockets.spawn(async move {
                if lost {
                    // Hangs up in the middle, where the case ends.
                    let limit = Duration::from_millis(200);
                    let _ = tokio::time::timeout(limit, converse(stream, &pieces, &noted)).await;
                } else {
                    let _ = converse(stream, &pieces, &noted).await;
                }
            });
        }
    });
    let pace = Pace::default().base(Duration::ZERO);
    let client = Client::new(Config::new("id", "secret").base_url(url).pace(pace)).unwrap();
    let session = client.connect().await.unwrap();
    let transfer = Transfer::new("i", "genesys://user/agent-9").id(FRAME).check(false);
    let outcome = tokio::time::timeout(Duration::from_secs(20), session.transfer(transfer)).await;
    let outcome = outcome.expect("it ends").expect("it is known");
    let expected = match &end {
        End::Answered | End::AnsweredAfter(_) => "opus",
        End::Closed(_) | End::Silent => "found",
    };
    assert_eq!(outcome.codec, expected, "{end:?}");
    let said = match end {
        // At the latest when the session says goodbye.
        End::Answered => Said::Close(Some(1000)),
        End::AnsweredAfter(said) => said,
        End::Closed(code) => Said::Close(code),
        End::Silent => {
            session.close().await;
            server.abort();
            assert_eq!(*heard.lock().unwrap(), []);
            return;
        }
    };
    session.close().await;
    while heard.lock().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    server.abort();
    assert_eq!(heard.lock().unwrap()[0], said);
}

/// What the protocol allows.
fn allowed() -> Vec<Case> {
    let answer = || text(&answer());
    let payload = answer_of(|_| {});
    let bytes = payload.as_bytes();
    let split = |sizes: &[usize]| fragments(bytes, sizes);
    let between = |control: Vec<u8>| {
        [vec![frame(false, 0, 1, &bytes[..9])], vec![control], vec![frame(true, 0, 0, &bytes[9..])]].concat()
    };
    let padded = |length: usize| text(&format!("{payload}{}", " ".repeat(length - payload.len())));
    let long = format!("{payload}{}", " ".repeat(MIB - payload.len()));
    let umlaut = answer_of(|answer| answer["note"] = "grün".into());
    let cut = umlaut.find('ü').expect("it is there") + 1;
    vec![
        case("an answer may come in one frame", [answer()], End::Answered),
        case("an answer may come in two fragments", split(&[10]), End::Answered),
        case("an answer may come in fragments of one byte", split(&vec![1; bytes.len()]), End::Answered),
        case("the first fragment may be empty", split(&[0]), End::Answered),
        case("the last fragment may be empty", split(&[bytes.len()]), End::Answered),
        case("an answer may arrive byte by byte", answer().into_iter().map(|byte| vec![byte]), End::Answered),
        case("a character may be split between fragments", fragments(umlaut.as_bytes(), &[cut]), End::Answered),
        case(
            "a ping between fragments is answered",
            between(frame(true, 0, 9, b"hi")),
            End::AnsweredAfter(Said::Pong(b"hi".to_vec())),
        ),
        case(
            "a pong between fragments that nobody asked for is nothing",
            between(frame(true, 0, 10, b"")),
            End::Answered,
        ),
        case(
            "a ping without a payload is answered without one",
            [frame(true, 0, 9, b""), answer()],
            End::AnsweredAfter(Said::Pong(Vec::new())),
        ),
        case(
            "a ping of 125 bytes is answered whole",
            [frame(true, 0, 9, &[7; 125]), answer()],
            End::AnsweredAfter(Said::Pong(vec![7; 125])),
        ),
        case(
            "of many pings at once the last one at least is answered",
            [(0..10).flat_map(|_| frame(true, 0, 9, b"same")).collect(), answer()],
            End::AnsweredAfter(Said::Pong(b"same".to_vec())),
        ),
        case("a pong that nobody asked for is nothing", [frame(true, 0, 10, b"what"), answer()], End::Answered),
        case("a payload of 126 bytes has a length of 16 bits", [padded(126)], End::Answered),
        case("a payload of 65,535 bytes has a length of 16 bits", [padded(65_535)], End::Answered),
        case("a payload of 65,536 bytes has a length of 64 bits", [padded(65_536)], End::Answered),
        case("a message of exactly 1 MiB is taken", [text(&long)], End::Answered),
        case("fragments of exactly 1 MiB together are taken", fragments(long.as_bytes(), &[MIB / 2]), End::Answered),
        case("a binary message is nothing", [frame(true, 0, 2, &[0, 255]), answer()], End::Answered),
        case(
            "a binary message in fragments is nothing",
            [frame(false, 0, 2, &[0]), frame(true, 0, 0, &[255]), answer()],
            End::Answered,
        ),
    ]
}

/// Texts that are no answer, before the one that is; and answers that say more than they need.
fn texts() -> Vec<Case> {
    let before = |other: &str| [text(other), text(&answer())];
    let other = answer_of(|answer| answer["id"] = "frame-2".into());
    let number = answer_of(|answer| answer["id"] = 1.into());
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    vec![
        case("an empty text is no answer", before(""), End::Answered),
        case("a text that is no JSON is no answer", before("hello"), End::Answered),
        case("JSON that is no object is no answer", before("[1, 2]"), End::Answered),
        case("JSON that is nested without end is no answer", before(&deep), End::Answered),
        case("an answer to somebody else is no answer", before(&other), End::Answered),
        case("an id that is a number is no id", before(&number), End::Answered),
        case("an answer without a status is none", before(&format!(r#"{{"id":"{FRAME}"}}"#)), End::Answered),
        case(
            "an answer whose status is null is none",
            before(&format!(r#"{{"id":"{FRAME}","status":null}}"#)),
            End::Answered,
        ),
        case("an answer that says more is one", [text(&answer_of(|answer| answer["more"] = 1.into()))], End::Answered),
        case("an answer that comes twice counts once", [text(&answer()), text(&answer())], End::Answered),
    ]
}

/// What the protocol does not allow.
fn broken() -> Vec<Case> {
    let one = |name: &str, bytes: Vec<u8>, code: u16| case(name, [bytes], End::Closed(Some(code)));
    let mut all = vec![
        one("a message of more than 1 MiB is too big", text(&" ".repeat(MIB + 1)), 1009),
        case(
            "fragments of more than 1 MiB together are too big",
            [frame(false, 0, 1, &vec![b' '; MIB]), frame(true, 0, 0, b" ")],
            End::Closed(Some(1009)),
        ),
        one(
            "a length that nobody has is too big before anything of it came",
            vec![0x81, 127, 0x7f, 255, 255, 255, 255, 255, 255, 255],
            1009,
        ),
        one("a text that is no UTF-8 is invalid", frame(true, 0, 1, &[0xc3, 0x28]), 1007),
        one("a text that ends within a character is invalid", frame(true, 0, 1, &[0xe2, 0x82]), 1007),
        one("a character that is written too long is invalid", frame(true, 0, 1, &[0xc0, 0xaf]), 1007),
        one("half of a surrogate pair is invalid", frame(true, 0, 1, &[0xed, 0xa0, 0x80]), 1007),
        one("a character beyond Unicode is invalid", frame(true, 0, 1, &[0xf4, 0x90, 0x80, 0x80]), 1007),
        case(
            "a later fragment that is no UTF-8 is invalid",
            [frame(false, 0, 1, b"abc"), frame(true, 0, 0, &[0xff])],
            End::Closed(Some(1007)),
        ),
        one("a reserved bit of a control frame is a breach", frame(true, 4, 9, b""), 1002),
        case(
            "a reserved bit of a later fragment is a breach",
            [frame(false, 0, 1, b"a"), frame(true, 4, 0, b"b")],
            End::Closed(Some(1002)),
        ),
        one("a ping in fragments is a breach", frame(false, 0, 9, b""), 1002),
        one("a close in fragments is a breach", frame(false, 0, 8, b""), 1002),
        one("a ping of 126 bytes is a breach", frame(true, 0, 9, &[0; 126]), 1002),
        one("a close of 126 bytes is a breach", frame(true, 0, 8, &[&[3, 232], &[b'x'; 124][..]].concat()), 1002),
        one("a later fragment without a first is a breach", frame(true, 0, 0, b"x"), 1002),
        case(
            "a second first fragment is a breach",
            [frame(false, 0, 1, b"a"), frame(true, 0, 1, b"b")],
            End::Closed(Some(1002)),
        ),
        case(
            "a binary message within a text is a breach",
            [frame(false, 0, 1, b"a"), frame(true, 0, 2, b"b")],
            End::Closed(Some(1002)),
        ),
        one("a masked frame is a breach", [&[0x81, 0x81, 1, 2, 3, 4][..], &[b'a' ^ 1]].concat(), 1002),
    ];
    for bit in [1, 2, 4] {
        all.push(one(&format!("the reserved bit {bit} of a text is a breach"), frame(true, bit, 1, b"{}"), 1002));
    }
    for opcode in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] {
        all.push(one(&format!("the reserved opcode {opcode} is a breach"), frame(true, 0, opcode, b""), 1002));
    }
    all
}

/// How a platform may end a connection, and how it may not.
fn closing() -> Vec<Case> {
    let close = |payload: &[u8]| [frame(true, 0, 8, payload)];
    let mut all = vec![
        case("a close without a code is answered without one", close(&[]), End::Closed(None)),
        case("a close code of one byte is a breach", close(&[3]), End::Closed(Some(1002))),
        case("a close reason that is no UTF-8 is invalid", close(&[3, 232, 0xff]), End::Closed(Some(1007))),
        case("a connection that ends within a header is lost", [vec![0x81]], End::Silent),
        case("a connection that ends within a payload is lost", [vec![0x81, 50, b'{']], End::Silent),
    ];
    for code in [1000_u16, 1001, 1003, 1007, 1008, 1011, 3000, 4999] {
        all.push(case(
            &format!("the close code {code} is answered with itself"),
            close(&code.to_be_bytes()),
            End::Closed(Some(code)),
        ));
    }
    for code in [0_u16, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65_535] {
        all.push(case(
            &format!("the close code {code} is a breach"),
            close(&code.to_be_bytes()),
            End::Closed(Some(1002)),
        ));
    }
    all
}

/// A frame of a server. `reserved` are the three bits after the first.
fn frame(last: bool, reserved: u8, opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![u8::from(last) << 7 | reserved << 4 | opcode];
    match u16::try_from(payload.len()) {
        Ok(short @ 0..126) => frame.extend(u8::try_from(short)),
        Ok(middle) => frame.extend([126].into_iter().chain(middle.to_be_bytes())),
        Err(_) => frame.extend([127].into_iter().chain((payload.len() as u64).to_be_bytes())),
    }
    frame.extend_from_slice(payload);
    frame
}

fn text(text: &str) -> Vec<u8> {
    frame(true, 0, 1, text.as_bytes())
}

/// A text in pieces of these sizes, and what is left of it in a last one.
fn fragments(payload: &[u8], sizes: &[usize]) -> Vec<Vec<u8>> {
    let mut rest = payload;
    let mut frames = Vec::new();
    for size in sizes {
        let (piece, after) = rest.split_at(*size);
        frames.push(frame(false, 0, if frames.is_empty() { 1 } else { 0 }, piece));
        rest = after;
    }
    frames.push(frame(true, 0, 0, rest));
    frames
}

fn answer() -> String {
    answer_of(|_| {})
}

fn answer_of(change: impl FnOnce(&mut serde_json::Value)) -> String {
    let mut answer = serde_json::json!({ "id": FRAME, "status": "codec_negotiated", "codec": "opus" });
    change(&mut answer);
    answer.to_string()
}

const MIB: usize = 1 << 20;
