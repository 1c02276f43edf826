//! Looking at something only when it called. A task that waits for several things is woken for one of them, and asking the
//! others again costs more than knowing who it was.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use futures_util::task::{ArcWake, AtomicWaker, waker_ref};

/// Wakes the task that listens, and remembers that it was this that called.
#[derive(Debug)]
pub(crate) struct Ear(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    called: AtomicBool,
    task: AtomicWaker,
}

impl Ear {
    pub(crate) fn new() -> Self {
        // Whoever was never asked cannot call.
        Self(Arc::new(Inner { called: AtomicBool::new(true), task: AtomicWaker::new() }))
    }

    /// Asks with `poll` if something called since it was asked last, or `anyway`. What was ready is asked again, since there may be
    /// more.
    pub(crate) fn poll<T>(
        &self,
        cx: &mut Context<'_>,
        anyway: bool,
        poll: impl FnOnce(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        // Before the look: a call right after it wakes the task.
        self.0.task.register(cx.waker());
        if !self.0.called.swap(false, Ordering::Acquire) && !anyway {
            return Poll::Pending;
        }
        let polled = poll(&mut Context::from_waker(&waker_ref(&self.0)));
        if polled.is_ready() {
            self.0.called.store(true, Ordering::Relaxed);
        }
        polled
    }
}

impl ArcWake for Inner {
    fn wake_by_ref(inner: &Arc<Self>) {
        inner.called.store(true, Ordering::Release);
        inner.task.wake();
    }
}

/// The same future, asked only when it called.
pub(crate) struct Dozing<F> {
    future: F,
    ear: Ear,
}

impl<F> Dozing<F> {
    pub(crate) fn new(future: F) -> Self {
        Self { future, ear: Ear::new() }
    }
}

impl<F: Future + Unpin> Future for Dozing<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let Self { future, ear } = &mut *self;
        ear.poll(cx, false, |cx| Pin::new(future).poll(cx))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;
    use std::task::Waker;

    use tokio::sync::oneshot;

    use super::*;

    /// Counts how often it is woken.
    #[derive(Default)]
    struct Woken(AtomicU32);

    impl ArcWake for Woken {
        fn wake_by_ref(woken: &Arc<Self>) {
            woken.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn what_did_not_call_is_not_asked_and_what_calls_wakes_the_task() {
        let (tell, told) = oneshot::channel::<u8>();
        let asked = AtomicU32::new(0);
        let mut told = Box::pin(told);
        let counted = std::future::poll_fn(|cx| {
            asked.fetch_add(1, Ordering::Relaxed);
            told.as_mut().poll(cx)
        });
        let mut dozing = Dozing::new(counted);
        let woken = Arc::new(Woken::default());
        let waker = waker_ref(&woken);
        let mut cx = Context::from_waker(&waker);
        for _ in 0..5 {
            assert!(Pin::new(&mut dozing).poll(&mut cx).is_pending());
        }
        assert_eq!((asked.load(Ordering::Relaxed), woken.0.load(Ordering::Relaxed)), (1, 0));
        tell.send(7).unwrap();
        assert_eq!(woken.0.load(Ordering::Relaxed), 1);
        assert_eq!(Pin::new(&mut dozing).poll(&mut cx), Poll::Ready(Ok(7)));
        assert_eq!(asked.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn the_task_that_listened_last_is_the_one_that_is_woken() {
        let (tell, told) = oneshot::channel::<u8>();
        let mut dozing = Dozing::new(told);
        assert!(Pin::new(&mut dozing).poll(&mut Context::from_waker(Waker::noop())).is_pending());
        let woken = Arc::new(Woken::default());
        assert!(Pin::new(&mut dozing).poll(&mut Context::from_waker(&waker_ref(&woken))).is_pending());
        tell.send(7).unwrap();
        assert_eq!(woken.0.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn what_was_ready_is_asked_again() {
        let ear = Ear::new();
        let mut left = 3;
        let mut heard = || {
            ear.poll(&mut Context::from_waker(Waker::noop()), false, |_| {
                left -= 1;
                if left < 0 { Poll::Pending } else { Poll::Ready(left) }
            })
        };
        assert_eq!((heard(), heard(), heard()), (Poll::Ready(2), Poll::Ready(1), Poll::Ready(0)));
        assert_eq!((heard(), heard()), (Poll::Pending, Poll::Pending));
        assert_eq!(left, -1, "the last one did not ask");
    }
}
