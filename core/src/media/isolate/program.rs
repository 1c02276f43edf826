//! Which program a media child is.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use super::serve;
use crate::error::{Error, Result};

/// Names the program that is started as a media child: one that calls [`be_media_child`] when it is called with `args` and
/// has `environment` in its environment. Nothing is started before there is work. The first call in a process counts.
///
/// For hosts whose own executable is an interpreter; others call [`be_media_child`]. The environment variable
/// `PORTEUR_MEDIA_CHILD`, which names a program that needs no arguments (the `porteur` command), comes before both.
pub fn media_child(
    program: impl Into<PathBuf>,
    args: impl IntoIterator<Item = OsString>,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) {
    let program = Program {
        path: program.into(),
        args: args.into_iter().collect(),
        environment: environment.into_iter().collect(),
    };
    // A second call says the same: from another thread of the host's language, or after a reload.
    let _ = PROGRAM.set(program);
}

/// Makes the program that calls it its own media child: call it first thing in `main`.
///
/// In a process that was started as such a child it serves until its host hangs up, and does not return. In any other it
/// notes that this executable is what is to be started, and returns at once.
///
/// PDFs are worked on in such a child unless [`crate::Isolation::Nothing`] says otherwise, since a file from a stranger may
/// take any amount of memory and time, and a child ends alone. It limits itself: memory on Linux, processor time on Unix;
/// elsewhere time by the clock alone. It inherits no environment but what is needed to find libraries.
///
/// ```no_run
/// fn main() -> porteur::Result<()> {
///     porteur::be_media_child();
///     let pdf = std::fs::read("invoice.pdf").expect("a file");
///     let small = porteur::preview(&pdf, &porteur::Preview::default())?;
///     println!("{} x {}", small.width, small.height);
///     Ok(())
/// }
/// ```
pub fn be_media_child() {
    if std::env::var_os(SERVES).is_some() {
        serve::serve();
        std::process::exit(0);
    }
    if let Ok(this) = std::env::current_exe() {
        media_child(this, [], []);
    }
}

/// What is started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Program {
    path: PathBuf,
    args: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
}

impl Program {
    /// The one that was named, or the refusal of work that needs one.
    pub(super) fn known() -> Result<Self> {
        if let Some(path) = std::env::var_os(OVERRIDE).filter(|path| !path.is_empty()) {
            return Ok(Self { path: path.into(), args: Vec::new(), environment: Vec::new() });
        }
        PROGRAM.get().cloned().ok_or_else(|| {
            let remedies = format!("call be_media_child first thing in main, or name a program in {OVERRIDE}");
            Error::invalid(
                "isolation",
                format!("no program is known for the child process: {remedies}; or choose nothing"),
            )
        })
    }

    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        command.args(&self.args).env_clear();
        // The secrets of a host are none of a child's business.
        command.envs(KEPT.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
        command.envs(self.environment.iter().map(|(name, value)| (name, value))).env(SERVES, "1");
        // A Ctrl-C is for the host.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        command
    }

    /// The refusal when it does not come up as a child.
    pub(super) fn useless(&self, reason: &str) -> Error {
        let path = self.path.display();
        Error::invalid(
            "isolation",
            format!("expected {path} to serve as a child process ({OVERRIDE} names another): {reason}"),
        )
    }
}

static PROGRAM: OnceLock<Program> = OnceLock::new();
/// Names a program that comes before the one that the host named.
const OVERRIDE: &str = "PORTEUR_MEDIA_CHILD";
/// Tells a program that it is a child.
const SERVES: &str = "PORTEUR_IS_MEDIA_CHILD";
/// What programs and dynamic linkers need to find their libraries.
const KEPT: [&str; 6] =
    ["PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH", "SystemRoot", "PYTHONHOME"];
