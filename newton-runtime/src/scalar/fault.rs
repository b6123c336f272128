//! What goes wrong with an integer label is noted here and turned into an error when the block of samples is done.

use core::cell::Cell;

/// What a label made impossible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// An index outside of its array.
    Index {
        /// The index.
        index: i32,
        /// The array's length.
        len: usize,
    },
    /// An integer divided by zero.
    DivisionByZero,
}

/// The first thing that went wrong on this thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// Which lane.
    pub lane: usize,
    /// What.
    pub cause: Cause,
}

thread_local! {
    static FIRST: Cell<Option<Fault>> = const { Cell::new(None) };
}

/// Notes a fault, if it is the first.
#[cold]
#[inline(never)]
pub fn report(lane: usize, cause: Cause) {
    FIRST.set(FIRST.get().or(Some(Fault { lane, cause })));
}

/// The first fault since the last call.
pub fn take() -> Option<Fault> {
    FIRST.take()
}
