//! Certificates and TLS versions: a host that is not the one that was meant is told nothing.
//!
//! Certificates are trusted by the machine's store, which `SSL_CERT_FILE` replaces for a process; so the client whose store holds
//! ours is this binary once more.

use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use libtest_mimic::Trial;
use porteur::{Client, Config, Transfer};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use super::platform::{FRAME, converse};
use crate::support::block_on;

pub(super) fn tests() -> Vec<Trial> {
    crate::support::tests![
        a_transfer_goes_over_tls_with_a_certificate_of_the_machines_store,
        a_certificate_that_nobody_vouches_for_is_refused_before_anything_is_sent,
        a_certificate_that_has_expired_is_refused_before_anything_is_sent,
        a_certificate_of_another_host_is_refused_before_anything_is_sent,
        tls_1_1_is_refused_before_anything_is_sent,
    ]
}

/// Transfers with a platform that this process was told of, and says how that ended.
pub(super) fn child() -> Option<ExitCode> {
    let url = std::env::var(PLATFORM).ok()?;
    println!("{}", block_on(transfer(&url)));
    Some(ExitCode::SUCCESS)
}

/// The codec, or the code and the kind of the error.
async fn transfer(url: &str) -> String {
    let client = Client::new(Config::new("id", "secret").base_url(url)).unwrap();
    let wish = Transfer::new("i", "genesys://user/agent-9").id(FRAME).check(false);
    match client.transfer(wish).await {
        Ok(outcome) => outcome.codec,
        Err(error) => {
            let facts = error.facts();
            format!("{} {}", facts.code, facts.details.get("kind").map(String::as_str).unwrap_or_default())
        }
    }
}

fn a_transfer_goes_over_tls_with_a_certificate_of_the_machines_store() {
    let authority = authority();
    let server = Server::start(Some(certified(&authority, "localhost", 2099)));
    assert_eq!(server.told_to_child(&authority), "opus");
    assert!(server.requests() > 0);
}

fn a_certificate_that_nobody_vouches_for_is_refused_before_anything_is_sent() {
    let server = Server::start(Some(certified(&authority(), "localhost", 2099)));
    assert_eq!(server.told_to_child(&authority()), "network tls");
    assert_eq!(server.requests(), 0);
}

fn a_certificate_that_has_expired_is_refused_before_anything_is_sent() {
    let authority = authority();
    let server = Server::start(Some(certified(&authority, "localhost", 2020)));
    assert_eq!(server.told_to_child(&authority), "network tls");
    assert_eq!(server.requests(), 0);
}

fn a_certificate_of_another_host_is_refused_before_anything_is_sent() {
    let authority = authority();
    let server = Server::start(Some(certified(&authority, "example.com", 2099)));
    assert_eq!(server.told_to_child(&authority), "network tls");
    assert_eq!(server.requests(), 0);
}

fn tls_1_1_is_refused_before_anything_is_sent() {
    let server = Server::start(None);
    assert_eq!(server.told_to_child(&authority()), "network tls");
}

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn certified(authority: &Authority, host: &str, until: i32) -> ServerConfig {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new([host.to_owned()]).unwrap();
    params.not_before = date_time_ymd(2019, 1, 1);
    params.not_after = date_time_ymd(until, 1, 1);
    let certificate = params.signed_by(&key, authority).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    // The provider that the core installs.
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap()
}

/// A platform behind TLS on a thread of its own.
struct Server {
    url: String,
    /// Connections on which the handshake was completed, so that something could be sent.
    open: Arc<AtomicUsize>,
    _runtime: tokio::runtime::Runtime,
}

impl Server {
    /// Without a configuration it knows TLS 1.1 alone.
    fn start(config: Option<ServerConfig>) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let acceptor = config.map(|config| TlsAcceptor::from(Arc::new(config)));
        let open: Arc<AtomicUsize> = Arc::default();
        let counted = open.clone();
        runtime.spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let (acceptor, counted) = (acceptor.clone(), counted.clone());
                tokio::spawn(async move {
                    let Some(acceptor) = acceptor else {
                        let mut hello = [0; 64];
                        let _ = stream.read(&mut hello).await;
                        let _ = stream.write_all(&hello_of_tls_1_1()).await;
                        let _ = stream.read(&mut hello).await;
                        return;
                    };
                    if let Ok(stream) = acceptor.accept(stream).await {
                        counted.fetch_add(1, Ordering::Relaxed);
                        let answer = format!(r#"{{"id":"{FRAME}","status":"codec_negotiated","codec":"opus"}}"#);
                        let length = u8::try_from(answer.len()).unwrap();
                        let frame = [&[0x81, length], answer.as_bytes()].concat();
                        let _ = converse(stream, &[frame], &Mutex::default()).await;
                    }
                });
            }
        });
        Self { url, open, _runtime: runtime }
    }

    fn requests(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// What a client says whose store holds this authority and no other.
    fn told_to_child(&self, authority: &Authority) -> String {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("store.pem");
        std::fs::write(&store, authority.pem()).unwrap();
        let output = child_of(&self.url, &store).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}

fn child_of(url: &str, store: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.env(PLATFORM, url).env("SSL_CERT_FILE", store).env_remove("SSL_CERT_DIR");
    command
}

/// A ServerHello that chooses TLS 1.1 (RFC 4346, 7.4.1.3) with AES-128-CBC.
fn hello_of_tls_1_1() -> Vec<u8> {
    let body = [&[3, 2][..], &[7; 32], &[0], &[0, 0x2f], &[0]].concat();
    let length = u8::try_from(body.len()).unwrap();
    let handshake = [&[2, 0, 0, length][..], &body].concat();
    [&[22, 3, 2, 0, length + 4][..], &handshake].concat()
}

/// Tells a child of its platform.
const PLATFORM: &str = "PORTEUR_TEST_TLS_PLATFORM";
