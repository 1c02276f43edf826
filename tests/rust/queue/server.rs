//! One PostgreSQL server for all tests: in a temporary folder, on a socket in it, and gone with us.
//!
//! A shell starts it, waits for the end of its input, which our end is, and stops it. PostgreSQL refuses to run as root, so root
//! lends it to another user.

use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use tempfile::TempDir;
use tokio_postgres::NoTls;

/// Where it is. Started by whoever asks first.
pub(super) fn url() -> &'static str {
    &SERVER.url
}

/// Makes a queue older, since nobody waits here and the server's clock is the machine's.
pub(super) async fn pass(name: &str, time: Duration) {
    let millis = time.as_millis();
    execute(&format!(
        "UPDATE pgmq.q_{name} SET vt = vt - interval '{millis} milliseconds';
        UPDATE porteur.queue_keys SET ended_at = ended_at - interval '{millis} milliseconds',
            enqueued_at = enqueued_at - interval '{millis} milliseconds' WHERE queue = '{name}'"
    ))
    .await;
}

pub(super) async fn execute(sql: &str) {
    let (client, connection) = tokio_postgres::connect(url(), NoTls).await.unwrap();
    let talk = tokio::spawn(connection);
    client.batch_execute(sql).await.unwrap();
    drop(client);
    let _ = talk.await;
}

/// A server.
pub(super) struct Server {
    pub(super) url: String,
    folder: TempDir,
    options: String,
    shell: Mutex<Option<Child>>,
}

/// What a server shows to whoever connects by TLS, in PEM, and on which port of loopback.
pub(super) struct Tls {
    pub(super) certificate: String,
    pub(super) key: String,
    pub(super) port: u16,
}

static SERVER: LazyLock<Server> = LazyLock::new(|| {
    *STARTED.lock().unwrap() = true;
    Server::start()
});
static STARTED: Mutex<bool> = Mutex::new(false);

/// Stops the one of all tests; those of a folder would be left behind by a static.
pub(crate) fn stop() {
    if *STARTED.lock().unwrap() {
        SERVER.end();
    }
}

impl Server {
    /// A server of a test's own.
    pub(super) fn start() -> Self {
        Self::with(None)
    }

    pub(super) fn with(tls: Option<&Tls>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_str().unwrap().to_owned();
        let mut options = options(&path);
        if let Some(Tls { certificate, key, port }) = tls {
            let (certificate_file, key_file) = (format!("{path}/server.crt"), format!("{path}/server.key"));
            std::fs::write(&certificate_file, certificate).unwrap();
            std::fs::write(&key_file, key).unwrap();
            std::fs::set_permissions(&key_file, std::fs::Permissions::from_mode(0o600)).unwrap();
            options += &format!(
                " -c listen_addresses=127.0.0.1 -c port={port} -c ssl=on -c ssl_cert_file={certificate_file} -c ssl_key_file={key_file}"
            );
        }
        if let Some(user) = lent_to() {
            run(Command::new("chown").args(["-R", user, &path]));
        }
        let data = format!("{path}/data");
        run(tool("initdb").args([
            "--auth",
            "trust",
            "--username",
            "postgres",
            "--encoding",
            "UTF8",
            "--pgdata",
            &data,
        ]));
        let script = "trap '' INT TERM; \"$0\" -D \"$1\" -o \"$2\" -l \"$1/log\" -w start >&2 && echo ready; read -r _; \
            \"$0\" -D \"$1\" -m immediate -w stop >&2";
        let mut shell = lent("sh");
        shell.args(["-c", script]).arg(binary("pg_ctl")).args([&data, &options]);
        let mut shell = shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut said = String::new();
        BufReader::new(shell.stdout.take().unwrap()).read_line(&mut said).unwrap();
        let log = || std::fs::read_to_string(format!("{data}/log")).unwrap_or_default();
        assert_eq!(said, "ready\n", "PostgreSQL did not start: {}", log());
        let url = format!("postgres://postgres@{}/postgres", path.replace('/', "%2F"));
        Self { url, folder, options, shell: Mutex::new(Some(shell)) }
    }

    /// As a power cut would, and back again.
    pub(super) fn crash(&self) {
        self.halt();
        self.resume();
    }

    /// As a power cut would.
    pub(super) fn halt(&self) {
        run(tool("pg_ctl").args(["-D", &self.data(), "-m", "immediate", "-w", "stop"]));
    }

    pub(super) fn resume(&self) {
        let data = self.data();
        run(tool("pg_ctl").args(["-D", &data, "-o", &self.options, "-l", &format!("{data}/log"), "-w", "start"]));
    }

    fn data(&self) -> String {
        format!("{}/data", self.folder.path().to_str().unwrap())
    }

    fn end(&self) {
        if let Some(mut shell) = self.shell.lock().unwrap().take() {
            drop(shell.stdin.take());
            let _ = shell.wait();
        }
        let _ = std::fs::remove_dir_all(self.folder.path());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

/// No address but the socket. It syncs, as one for work does.
fn options(folder: &str) -> String {
    format!("-c listen_addresses= -c unix_socket_directories={folder} -c max_connections=60 -c shared_buffers=16MB")
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} ended as {}: {said}", output.status);
}

/// A tool of PostgreSQL, run by whoever may run it.
fn tool(name: &str) -> Command {
    let mut command = lent(binary(name).to_str().unwrap());
    // A daemon would keep a pipe of ours open.
    command.current_dir("/").stdout(Stdio::null());
    command
}

fn lent(program: &str) -> Command {
    let Some(user) = lent_to() else { return Command::new(program) };
    let mut command = Command::new("setpriv");
    command.args(["--reuid", user, "--regid", "nogroup", "--clear-groups", program]);
    command
}

/// Whom root lends it to.
fn lent_to() -> Option<&'static str> {
    let root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
    root.then_some("nobody")
}

/// Debian keeps them apart by version, outside of PATH.
fn binary(name: &str) -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions.filter_map(|version| version.file_name().to_str()?.parse::<u32>().ok()).max();
    let debian =
        newest.map(|version| Path::new("/usr/lib/postgresql").join(version.to_string()).join("bin").join(name));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut found = std::env::split_paths(&path).map(|folder| folder.join(name)).chain(debian);
    let missing = "PostgreSQL is missing: apt-get install postgresql";
    found.find(|path| path.is_file()).expect(missing)
}
