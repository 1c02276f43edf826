//! The line between a host and a child: bytes in both directions, and an end to patience on the host's side.
//!
//! Where there are sockets it is a pair of them that stands where the child has its standard input, for both directions:
//! whatever the host's language prints in a child cannot get between the frames then.

use std::io::{self, Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

#[cfg(unix)]
pub(super) use self::sockets::{Line, own};

#[cfg(not(unix))]
pub(super) use self::pipes::{Line, own};

#[cfg(unix)]
mod sockets {
    use std::os::fd::{AsFd as _, OwnedFd};
    use std::os::unix::net::UnixStream;
    use std::time::Duration;

    use super::*;

    /// The host's end.
    #[derive(Debug)]
    pub(in super::super) struct Line {
        socket: UnixStream,
        /// What the child says on its standard error.
        complaints: UnixStream,
        until: Instant,
    }

    impl Line {
        /// Starts `command` at the other end.
        pub(in super::super) fn start(command: &mut Command) -> io::Result<(Child, Self)> {
            let ((socket, theirs), (complaints, spoken)) = (UnixStream::pair()?, UnixStream::pair()?);
            complaints.set_nonblocking(true)?;
            command.stdin(OwnedFd::from(theirs)).stdout(Stdio::null()).stderr(OwnedFd::from(spoken));
            let child = command.spawn();
            // A command keeps the child's ends open for as long as it lives, or its death would go unnoticed.
            command.stdin(Stdio::null()).stderr(Stdio::null());
            Ok((child?, Self { socket, complaints, until: Instant::now() }))
        }

        /// What `talk` comes to; [`io::ErrorKind::TimedOut`] when the child is not done by `until`.
        pub(in super::super) fn talk<T: Send>(
            &mut self,
            _child: &mut Child,
            until: Instant,
            talk: impl FnOnce(&mut Self) -> io::Result<T> + Send,
        ) -> io::Result<T> {
            self.until = until;
            talk(self)
        }

        /// What the child has said on its standard error so far, or the beginning of it.
        pub(in super::super) fn complaints(&mut self) -> String {
            let mut said = Vec::new();
            // Ends with "would block" where somebody else, as a process forked meanwhile, holds the other end open.
            let _ = (&self.complaints).take(COMPLAINTS).read_to_end(&mut said);
            String::from_utf8_lossy(&said).into_owned()
        }

        fn left(&self) -> io::Result<Option<Duration>> {
            let left = self.until.saturating_duration_since(Instant::now());
            if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(Some(left)) }
        }
    }

    impl Read for Line {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.socket.set_read_timeout(self.left()?)?;
            self.socket.read(buffer).map_err(timed_out)
        }
    }

    impl Write for Line {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.socket.set_write_timeout(self.left()?)?;
            self.socket.write(bytes).map_err(timed_out)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Sockets call it so when a time-out passes.
    fn timed_out(error: io::Error) -> io::Error {
        if error.kind() == io::ErrorKind::WouldBlock { io::ErrorKind::TimedOut.into() } else { error }
    }

    /// The child's end.
    pub(in super::super) fn own() -> io::Result<impl Read + Write> {
        Ok(UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?))
    }

    /// More than the line of a failed allocation, or the trace of a program that did not start.
    const COMPLAINTS: u64 = 16 << 10;
}

#[cfg(not(unix))]
mod pipes {
    use std::process::{ChildStdin, ChildStdout};
    use std::sync::mpsc::channel;
    use std::thread;

    use super::*;

    /// The host's end.
    #[derive(Debug)]
    pub(in super::super) struct Line {
        to: ChildStdin,
        from: ChildStdout,
    }

    impl Line {
        /// Starts `command` at the other end.
        pub(in super::super) fn start(command: &mut Command) -> io::Result<(Child, Self)> {
            let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
            let (to, from) = (child.stdin.take(), child.stdout.take());
            let (to, from) = to.zip(from).ok_or_else(|| io::Error::from(io::ErrorKind::BrokenPipe))?;
            Ok((child, Self { to, from }))
        }

        /// What `talk` comes to; [`io::ErrorKind::TimedOut`] when the child is not done by `until`. The child is killed
        /// then, since nothing else ends a wait for a pipe.
        pub(in super::super) fn talk<T: Send>(
            &mut self,
            child: &mut Child,
            until: Instant,
            talk: impl FnOnce(&mut Self) -> io::Result<T> + Send,
        ) -> io::Result<T> {
            let (done, outcome) = channel();
            thread::scope(|scope| {
                scope.spawn(move || done.send(talk(self)));
                outcome.recv_timeout(until.saturating_duration_since(Instant::now())).unwrap_or_else(|_| {
                    child.kill()?;
                    Err(io::ErrorKind::TimedOut.into())
                })
            })
        }

        /// Nothing: what nobody reads must not fill a pipe.
        pub(in super::super) fn complaints(&mut self) -> String {
            String::new()
        }
    }

    impl Read for Line {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.from.read(buffer)
        }
    }

    impl Write for Line {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.to.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            self.to.flush()
        }
    }

    /// The child's end.
    struct Own;

    /// The child's end.
    pub(in super::super) fn own() -> io::Result<impl Read + Write> {
        Ok(Own)
    }

    impl Read for Own {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            io::stdin().read(buffer)
        }
    }

    impl Write for Own {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            io::stdout().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            io::stdout().flush()
        }
    }
}
