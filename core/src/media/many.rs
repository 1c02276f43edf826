//! Many pictures on all cores, with bounded memory and the results in order.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use super::result::Transformed;
use super::value::Transform;
use crate::error::Result;

/// Transforms each of `sources` in the same way, on all cores.
///
/// The results come in the order of the sources, each with its own success or failure. Sources are taken from their
/// iterator only as they are needed, at most two a thread ahead of the result that is waited for, so neither they nor
/// the results pile up: memory is that of so many files and, a thread, of one picture within [`Transform::limits`].
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
    I::Item: AsRef<[u8]> + Send + 'static,
{
    let threads = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    TransformMany { sources: sources.into_iter(), transform: Arc::new(transform), threads, state: State::default() }
}

/// The results of [`transform_many`], in the order of the sources.
#[derive(Debug)]
pub struct TransformMany<I: Iterator> {
    sources: I,
    transform: Arc<Transform>,
    threads: NonZeroUsize,
    state: State<I::Item>,
}

#[derive(Debug)]
struct State<T> {
    workers: Option<Workers<T>>,
    /// Sources handed out.
    started: usize,
    /// Results given back.
    finished: usize,
    /// Results that are ready before those that come first.
    waiting: BTreeMap<usize, Answer>,
}

/// A result, or the panic of our own code that kept it from being one.
type Answer = thread::Result<Result<Transformed>>;

impl<T> Default for State<T> {
    fn default() -> Self {
        Self { workers: None, started: 0, finished: 0, waiting: BTreeMap::new() }
    }
}

impl<I: Iterator> TransformMany<I> {
    /// How many threads work. Default: one for each core. Counts before the first result is asked for.
    pub fn threads(mut self, threads: NonZeroUsize) -> Self {
        self.threads = threads;
        self
    }
}

impl<I> Iterator for TransformMany<I>
where
    I: Iterator,
    I::Item: AsRef<[u8]> + Send + 'static,
{
    type Item = Result<Transformed>;

    fn next(&mut self) -> Option<Self::Item> {
        let Self { sources, transform, threads, state } = self;
        let workers = state.workers.get_or_insert_with(|| Workers::start(*threads, transform));
        while state.started < state.finished + AHEAD * threads.get() {
            let Some(source) = sources.next() else { break };
            workers.hand_out(state.started, source);
            state.started += 1;
        }
        if state.finished == state.started {
            return None;
        }
        let answer = loop {
            if let Some(answer) = state.waiting.remove(&state.finished) {
                break answer;
            }
            let (number, answer) = workers.answer();
            state.waiting.insert(number, answer);
        };
        state.finished += 1;
        Some(answer.unwrap_or_else(|panic| resume_unwind(panic)))
    }
}

/// Threads that wait for sources until there is nobody left to hand some out.
#[derive(Debug)]
struct Workers<T> {
    /// Gone when the threads are to end.
    sources: Option<Sender<(usize, T)>>,
    answers: Receiver<(usize, Answer)>,
    threads: Vec<JoinHandle<()>>,
}

impl<T: AsRef<[u8]> + Send + 'static> Workers<T> {
    fn start(threads: NonZeroUsize, transform: &Arc<Transform>) -> Self {
        let (sources, queue) = channel::<(usize, T)>();
        let (done, answers) = channel();
        let queue = Arc::new(Mutex::new(queue));
        let work = || {
            let (queue, done, transform) = (Arc::clone(&queue), done.clone(), Arc::clone(transform));
            thread::spawn(move || {
                loop {
                    let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    let Ok((number, source)) = next else { return };
                    let answer = catch_unwind(AssertUnwindSafe(|| super::transform(source.as_ref(), &transform)));
                    if done.send((number, answer)).is_err() {
                        return;
                    }
                }
            })
        };
        Self { sources: Some(sources), answers, threads: (0..threads.get()).map(|_| work()).collect() }
    }

    fn hand_out(&self, number: usize, source: T) {
        if let Some(sources) = &self.sources {
            sources.send((number, source)).expect("the threads end after the sender is gone");
        }
    }

    fn answer(&self) -> (usize, Answer) {
        self.answers.recv().expect("every thread answers each source, panics included")
    }
}

impl<T> Drop for Workers<T> {
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
