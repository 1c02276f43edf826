//! What can be in the way of a queue on a server: none there, one that was never set up, one that goes and comes back.

use std::net::TcpListener;
use std::sync::Arc;

use libtest_mimic::Trial;
use porteur::{Enqueued, Queue, QueueErrorKind, QueueSettings, SystemClock};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use super::place::{Kind, Place};
use super::processes::Task;
use super::properties::{MINUTE, is, one, take};
use super::server::{self, Server, Tls};
use crate::support::block_on;

pub(super) fn tests() -> Vec<Trial> {
    crate::support::tests![
        a_server_that_is_not_there_or_not_set_up_is_typed,
        a_server_that_goes_and_comes_back_has_lost_nothing,
        a_server_is_set_up_once_whoever_begins,
        the_clock_of_a_client_decides_nothing_on_a_server,
        a_message_that_is_no_job_is_put_aside,
        a_server_off_the_trusted_ones_is_told_nothing,
    ]
}

fn a_server_that_is_not_there_or_not_set_up_is_typed() {
    block_on(async {
        let nowhere = open("postgres://user:hidden@127.0.0.1:1/none", "previews");
        assert!(!format!("{nowhere:?}").contains("hidden"));
        let refused = nowhere.enqueue("a", "").await;
        assert!(is(&refused, QueueErrorKind::Unavailable), "{refused:?}");
        let facts = refused.unwrap_err().facts();
        assert!(facts.retryable && !facts.message.contains("hidden"), "{}", facts.message);

        let bare = open(server::url(), "never_made");
        let refused = bare.enqueue("a", "").await;
        assert!(is(&refused, QueueErrorKind::Unavailable), "{refused:?}");
        assert!(refused.unwrap_err().to_string().contains("porteur queue init"));
        bare.init().await.unwrap();
        assert_eq!(bare.enqueue("a", "").await.unwrap(), Enqueued::Stored);
    });
}

fn a_server_that_goes_and_comes_back_has_lost_nothing() {
    let server = Server::start();
    block_on(async {
        let queue = open(&server.url, "previews");
        queue.init().await.unwrap();
        for n in 0..20 {
            queue.enqueue(&n.to_string(), "").await.unwrap();
        }
        let jobs = take(&queue, 10).await;
        server.halt();
        let refused = queue.enqueue("while it is away", "").await;
        assert!(is(&refused, QueueErrorKind::Unavailable), "{refused:?}");
        assert!(is(&queue.ack(&jobs[0].receipt).await, QueueErrorKind::Unavailable));
        server.resume();
        for job in &jobs {
            queue.ack(&job.receipt).await.unwrap();
        }
        let counts = queue.stats().await.unwrap();
        assert_eq!((counts.waiting, counts.taken, counts.remembered), (10, 0, 10));
    });
}

fn a_server_is_set_up_once_whoever_begins() {
    let server = Server::start();
    block_on(async {
        let queues: Vec<Queue> = (0..4).map(|_| open(&server.url, "previews")).collect();
        let made = futures_util::future::join_all(queues.iter().map(Queue::init)).await;
        made.into_iter().for_each(|made| made.unwrap());
        queues[0].enqueue("a", "").await.unwrap();
        queues[1].init().await.unwrap();
        assert_eq!(queues[2].enqueue("a", "").await.unwrap(), Enqueued::Known);
    });
}

fn the_clock_of_a_client_decides_nothing_on_a_server() {
    block_on(async {
        let place = Place::new(Kind::Server);
        let queue = place.queue().await;
        queue.enqueue("a", "").await.unwrap();
        let job = one(&queue).await;
        for jump in [1 << 40, -(1 << 41), 1 << 40] {
            place.clock.jump(jump);
            assert!(take(&queue, 1).await.is_empty());
            assert_eq!(queue.enqueue("a", "").await.unwrap(), Enqueued::Known);
        }
        place.pass(MINUTE * 2).await;
        assert_eq!(one(&queue).await.attempt, job.attempt + 1);
    });
}

fn a_message_that_is_no_job_is_put_aside() {
    block_on(async {
        let place = Place::new(Kind::Server);
        let queue = place.queue().await;
        let name = place.settings().name;
        for message in ["null", "[]", r#"{"key": "a"}"#, r#"{"key": "a", "body": "%"}"#] {
            server::execute(&format!("SELECT pgmq.send('{name}', '{message}')")).await;
        }
        queue.enqueue("job", "").await.unwrap();
        assert_eq!(one(&queue).await.key, "job");
        assert_eq!(queue.stats().await.unwrap().waiting, 0);
    });
}

fn a_server_off_the_trusted_ones_is_told_nothing() {
    let (authority, other) = (authority(), authority());
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(["localhost".to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    // Free a moment ago; the server cannot choose one by itself.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let server = Server::with(Some(&Tls { certificate: certificate.pem(), key: key.serialize_pem(), port }));
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store.pem");
    let ask = |authority: &Authority, mode: &str| {
        std::fs::write(&store, authority.pem()).unwrap();
        let task = Task::Connect { url: format!("postgres://postgres@localhost:{port}/postgres?sslmode={mode}") };
        let (_process, said) = task.start_trusting(Some(&store));
        std::io::read_to_string(said).unwrap()
    };
    let refused = ask(&other, "require");
    assert!(refused.contains("certificate"), "{refused}");
    assert_eq!(ask(&authority, "verify-full"), "Stored\n");
    drop(server);
}

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn open(url: &str, name: &str) -> Queue {
    Queue::open(url, QueueSettings::default().name(name), Arc::new(SystemClock::new())).unwrap()
}
