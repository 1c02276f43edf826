//! A stranger tries to have us ask this machine: by URL, by redirect, and by names that change their mind. Somebody listens there and
//! counts who comes.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use url::{Host, Url};

use super::forms::forms;
use super::*;
use crate::clock::SystemClock;
use crate::error::Error;
use crate::preview::address::purpose;

/// Who listens where nobody is to come: on both loopback addresses, at one port.
struct Sentinel {
    listeners: Vec<TcpListener>,
    port: u16,
}

impl Sentinel {
    fn new() -> Self {
        let first = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = first.local_addr().unwrap().port();
        // A machine without IPv6 has one door less.
        let second = TcpListener::bind((Ipv6Addr::LOCALHOST, port)).ok();
        let listeners: Vec<TcpListener> = [Some(first), second].into_iter().flatten().collect();
        for listener in &listeners {
            listener.set_nonblocking(true).unwrap();
        }
        Self { listeners, port }
    }

    /// Connections so far: the system holds them until they are taken.
    fn connections(&self) -> usize {
        self.listeners.iter().map(|listener| std::iter::from_fn(|| listener.accept().ok()).count()).sum()
    }
}

/// A host of the public, as far as a test can have one: it lives at 127.0.0.2, which the guard takes for public. It answers `GET /n` with
/// a redirect to the nth URL, ends each connection, and counts them.
struct Stranger {
    address: SocketAddr,
    visits: Arc<AtomicUsize>,
    over: Arc<AtomicBool>,
}

impl Stranger {
    fn new(port: u16, urls: Vec<String>) -> Self {
        let listener = TcpListener::bind((PUBLIC, port)).unwrap();
        let address = listener.local_addr().unwrap();
        let (visits, over) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let (counted, ended) = (visits.clone(), over.clone());
        std::thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                if ended.load(Ordering::Relaxed) {
                    return;
                }
                counted.fetch_add(1, Ordering::Relaxed);
                // One that went away is none of its business.
                let _ = redirect(stream, &urls);
            }
        });
        Self { address, visits, over }
    }

    fn visits(&self) -> usize {
        self.visits.load(Ordering::Relaxed)
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        // So that it looks up from waiting.
        let _ = TcpStream::connect(self.address);
    }
}

fn redirect(mut stream: TcpStream, urls: &[String]) -> std::io::Result<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        request.push(byte[0]);
    }
    let request = String::from_utf8_lossy(&request);
    assert!(!request.to_ascii_lowercase().contains("authorization"), "{request}");
    let number = request.split(['/', ' ']).nth(2).and_then(|number| number.parse::<usize>().ok()).unwrap_or_default();
    let location = location(&urls[number]);
    write!(stream, "HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
}

async fn refusal(fetcher: &Fetcher, url: &str) -> Error {
    let mut sink: Vec<u8> = Vec::new();
    let error = fetcher.fetch(url, None, &mut sink).await.expect_err(url);
    assert!(sink.is_empty());
    error
}

fn is_refused(error: &Error) -> bool {
    // The rules for hosts and addresses have to do it: a port is open elsewhere.
    matches!(error, Error::UnsafeTarget { reason } if !reason.contains("expected port"))
}

/// The address that a form leads to, with loopback for names.
fn address_of(form: &str) -> IpAddr {
    match Url::parse(form).ok().as_ref().and_then(Url::host) {
        Some(Host::Ipv4(address)) => address.into(),
        Some(Host::Ipv6(address)) => address.into(),
        _ => Ipv4Addr::LOCALHOST.into(),
    }
}

/// What a host can write into a header of `url`.
fn location(url: &str) -> String {
    url.replace(['\r', '\n', '\0'], "%00")
}

#[tokio::test]
async fn no_url_no_redirect_and_no_name_leads_a_stranger_to_this_machine() {
    let sentinel = Sentinel::new();
    let forms = forms(sentinel.port);
    assert!(forms.len() >= 150);
    for form in &forms {
        // Or it would be knocked at, rightly, by the ways that leave nothing but the address to refuse.
        assert!(purpose(address_of(form)).is_some(), "{form} leads to the public");
    }
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let limits = FetchLimits::default();
    let mut ways = 0;

    // Names lead to this machine, as the names of strangers may, until something else is put in here.
    let answer = Arc::new(Mutex::new(vec![IpAddr::from(Ipv4Addr::LOCALHOST)]));
    let with = |guard| {
        let answer = answer.clone();
        fetcher(guard, limits, clock.clone(), move || answer.lock().unwrap().clone())
    };
    // By the rules as they are, and by those that know of a public host without TLS, so that neither http nor the port is what
    // keeps anybody out.
    let (strict, plain) = (with(Guard::default()), with(Guard::with_public(PUBLIC.into())));
    for form in &forms {
        for url in [form.clone(), form.replace("https", "http")] {
            let error = refusal(&strict, &url).await;
            assert!(matches!(error, Error::UnsafeTarget { .. }), "{url}: {error:?}");
            let error = refusal(&plain, &url).await;
            assert!(is_refused(&error), "{url}: {error:?}");
            ways += 2;
        }
    }

    let stranger = Stranger::new(0, forms.clone());
    for (number, form) in forms.iter().enumerate() {
        let url = format!("http://{}/{number}", stranger.address);
        let error = refusal(&plain, &url).await;
        // One that names nothing leads to where it came from, and one that is no URL leads nowhere.
        let nowhere = form.is_empty() || Url::parse(&url).unwrap().join(&location(form)).is_err();
        assert!(is_refused(&error) || nowhere && matches!(error, Error::Protocol { .. }), "{form}: {error:?}");
        ways += 1;
    }
    assert!(stranger.visits() >= forms.len(), "each redirect was met");

    let url = format!("http://files.example.com:{}/a.png", sentinel.port);
    let public = IpAddr::from([93, 184, 215, 14]);
    for form in &forms {
        let address = address_of(form);
        for mixed in [vec![address], vec![public, address], vec![address, public], vec![public, public, address]] {
            *answer.lock().unwrap() = mixed;
            let error = refusal(&plain, &url).await;
            assert!(is_refused(&error), "{form}, {address}: {error:?}");
            ways += 1;
        }
    }
    let connections = sentinel.connections();
    println!("strangers: {} forms, {ways} ways, {connections} connections", forms.len());
    assert_eq!(connections, 0);
    // It would have noticed.
    TcpStream::connect((Ipv4Addr::LOCALHOST, sentinel.port)).unwrap();
    assert_eq!(sentinel.connections(), 1);
}

#[tokio::test]
async fn a_name_that_leads_to_this_machine_at_the_second_question_is_refused_then() {
    let sentinel = Sentinel::new();
    let url = format!("http://files.example.com:{}/0", sentinel.port);
    // The same port at the address that is public at first; it sends us back to the name, which is looked up anew.
    let stranger = Stranger::new(sentinel.port, vec![url.clone()]);
    let asked = AtomicUsize::new(0);
    let rebound = move || match asked.fetch_add(1, Ordering::Relaxed) {
        0 => vec![PUBLIC.into()],
        _ => vec![Ipv4Addr::LOCALHOST.into()],
    };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let fetcher = fetcher(Guard::with_public(PUBLIC.into()), FetchLimits::default(), clock, rebound);
    let error = refusal(&fetcher, &url).await;
    assert!(
        matches!(&error, Error::UnsafeTarget { reason }
            if reason == "files.example.com: expected a public address, got 127.0.0.1 (loopback)"),
        "{error:?}"
    );
    assert_eq!((stranger.visits(), sentinel.connections()), (1, 0), "one look-up is one connection");
}

const PUBLIC: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
