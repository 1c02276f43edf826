//! Many pictures on all cores, with bounded memory and the results in order.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::result::Transformed;
use super::source::MediaSource;
use super::value::Transform;
use crate::error::Result;

/// Transforms each of `sources` in the same way, on all cores.
///
/// The results come in the order of the sources, each with its own success or failure. Sources are taken from their
/// iterator only as they are needed, at most two a thread ahead of the result that is waited for, so neither they nor
/// the results pile up: memory is that of so many files and, a thread, of one picture within [`Transform::limits`].
/// Files are read by the threads that work on them.
///
/// ```
/// use porteur::{Transform, transform_many};
///
/// # let gif = b"GIF89a\x02\0\x01\0\x80\0\0\0\0\0\xFF\0\0,\0\0\0\0\x02\0\x01\0\0\x02\x02\x44\x0A\0;";
/// let sources = [b"no picture".to_vec(), gif.to_vec()];
/// let results: Vec<_> = transform_many(sources, Transform::fit(300, 300)).collect();
/// assert!(results[0].is_err() && results[1].is_ok());
/// ```
///
/// # Cancellation
/// Dropping the iterator waits for the pictures that are being worked on, and starts no others.
pub fn transform_many<I>(sources: I, transform: Transform) -> TransformMany<I::IntoIter>
where
    I: IntoIterator,
    I::Item: Into<MediaSource>,
{
    let threads = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    TransformMany { sources: sources.into_iter(), transform: Arc::new(transform), threads, state: State::default() }
}

/// The results of [`transform_many`], in the order of the sources.
#[derive(Debug)]
pub struct TransformMany<I> {
    sources: I,
    transform: Arc<Transform>,
    threads: NonZeroUsize,
    state: State,
}

#[derive(Debug, Default)]
struct State {
    workers: Option<Workers>,
    /// Sources handed out.
    started: usize,
    /// Results given back.
    finished: usize,
    /// Results that are ready before those that come first.
    waiting: BTreeMap<usize, Answer>,
}

/// A result, or the panic of our own code that kept it from being one.
type Answer = thread::Result<Result<Transformed>>;

impl<I> TransformMany<I> {
    /// How many threads work. Default: one for each core. Counts before the first result is asked for.
    pub fn threads(mut self, threads: NonZeroUsize) -> Self {
        self.threads = threads;
        self
    }
}

impl<I> TransformMany<I>
where
    I: Iterator,
    I::Item: Into<MediaSource>,
{
    /// The next result, for whoever has something else to look after too: `Pending` when it is not there within
    /// `patience`. Nothing is lost then; the same result is waited for again.
    pub fn next_within(&mut self, patience: Duration) -> Poll<Option<Result<Transformed>>> {
        self.hand_out();
        self.state.answer(|workers| workers.answer_within(patience))
    }

    /// Takes as many sources as may be worked on.
    fn hand_out(&mut self) {
        let Self { sources, transform, threads, state } = self;
        let workers = state.workers.get_or_insert_with(|| Workers::start(*threads, transform));
        while state.started < state.finished + AHEAD * threads.get() {
            let Some(source) = sources.next() else { break };
            workers.hand_out(state.started, source.into());
            state.started += 1;
        }
    }
}

impl<I> Iterator for TransformMany<I>
where
    I: Iterator,
    I::Item: Into<MediaSource>,
{
    type Item = Result<Transformed>;

    fn next(&mut self) -> Option<Self::Item> {
        self.hand_out();
        loop {
            if let Poll::Ready(next) = self.state.answer(|workers| Some(workers.answer())) {
                return next;
            }
        }
    }
}

impl State {
    /// The answer to the source that comes first, by way of `wait`, which may lose its patience.
    fn answer(&mut self, wait: impl Fn(&Workers) -> Option<(usize, Answer)>) -> Poll<Option<Result<Transformed>>> {
        if self.finished == self.started {
            return Poll::Ready(None);
        }
        let answer = loop {
            if let Some(answer) = self.waiting.remove(&self.finished) {
                break answer;
            }
            let Some((number, answer)) = self.workers.as_ref().and_then(&wait) else { return Poll::Pending };
            self.waiting.insert(number, answer);
        };
        self.finished += 1;
        Poll::Ready(Some(answer.unwrap_or_else(|panic| resume_unwind(panic))))
    }
}

/// Threads that wait for sources until there is nobody left to hand some out.
#[derive(Debug)]
struct Workers {
    /// Gone when the threads are to end.
    sources: Option<Sender<(usize, MediaSource)>>,
    answers: Receiver<(usize, Answer)>,
    threads: Vec<JoinHandle<()>>,
}

impl Workers {
    fn start(threads: NonZeroUsize, transform: &Arc<Transform>) -> Self {
        let (sources, queue) = channel::<(usize, MediaSource)>();
        let (done, answers) = channel();
        let queue = Arc::new(Mutex::new(queue));
        let work = || {
            let (queue, done, transform) = (Arc::clone(&queue), done.clone(), Arc::clone(transform));
            thread::spawn(move || {
                loop {
                    let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    let Ok((number, source)) = next else { return };
                    let answer = catch_unwind(AssertUnwindSafe(|| transformed(source, &transform)));
                    if done.send((number, answer)).is_err() {
                        return;
                    }
                }
            })
        };
        Self { sources: Some(sources), answers, threads: (0..threads.get()).map(|_| work()).collect() }
    }

    fn hand_out(&self, number: usize, source: MediaSource) {
        if let Some(sources) = &self.sources {
            sources.send((number, source)).expect("the threads end after the sender is gone");
        }
    }

    fn answer(&self) -> (usize, Answer) {
        self.answers.recv().expect("every thread answers each source, panics included")
    }

    fn answer_within(&self, patience: Duration) -> Option<(usize, Answer)> {
        match self.answers.recv_timeout(patience) {
            Ok(answer) => Some(answer),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => unreachable!("every thread answers each source, panics included"),
        }
    }
}

fn transformed(source: MediaSource, transform: &Transform) -> Result<Transformed> {
    super::transform(&source.read(&transform.limits)?, transform)
}

impl Drop for Workers {
    fn drop(&mut self) {
        // What was handed out and not begun is still in the queue: without a receiver of answers it is not begun
        // either.
        drop(self.sources.take());
        self.answers = channel().1;
        for thread in self.threads.drain(..) {
            // Panics were answers.
            let _ = thread.join();
        }
    }
}

/// Sources that are handed out for each thread: one to work on, one to go on with.
const AHEAD: usize = 2;
