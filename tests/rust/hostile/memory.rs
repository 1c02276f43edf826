//! How much memory a thread holds, so that a test can say what a file cost.
//!
//! This is the one `unsafe` of the tests: an allocator can only be one that way. It hands everything on to the system's
//! and counts. What libraries in C allocate is not seen.

#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The system's allocator, with a count for each thread.
pub(crate) struct Counting;

/// The most bytes that `work` holds at once on this thread, beyond those held before it; and what it returns.
pub(super) fn peak<T>(work: impl FnOnce() -> T) -> (usize, T) {
    let before = HELD.get();
    MOST.set(before);
    let value = work();
    (usize::try_from(MOST.get() - before).unwrap_or(0), value)
}

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
    static MOST: Cell<isize> = const { Cell::new(0) };
}

/// A thread that ends has no count any more, and nobody who asks for it.
fn count(bytes: isize) {
    let held = HELD.try_with(|held| {
        held.set(held.get() + bytes);
        held.get()
    });
    if let Ok(held) = held {
        let _ = MOST.try_with(|most| most.set(most.get().max(held)));
    }
}

/// A layout is never larger than `isize::MAX`.
fn bytes(size: usize) -> isize {
    isize::try_from(size).unwrap_or(isize::MAX)
}

// SAFETY: every call goes to `System` with the arguments that came, and counting touches nothing but two numbers, which
// are there without an allocation.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(bytes(layout.size()));
        // SAFETY: the caller keeps the promises of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(bytes(layout.size()));
        // SAFETY: the caller keeps the promises of `alloc_zeroed`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        count(-bytes(layout.size()));
        // SAFETY: the caller keeps the promises of `dealloc`, and `place` came from `System`.
        unsafe { System.dealloc(place, layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // Old and new may be held side by side while the bytes are moved.
        count(bytes(size));
        count(-bytes(layout.size()));
        // SAFETY: the caller keeps the promises of `realloc`, and `place` came from `System`.
        unsafe { System.realloc(place, layout, size) }
    }
}
