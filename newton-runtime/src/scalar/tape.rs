//! What the forward sweep leaves for the reverse sweep: a stack of scalars and a stack of per-lane integers.
//!
//! Control flow does not depend on floats, so the exact length is known before the first push: the caller allocates once and
//! pushes are plain stores.

use super::{Real, Scalar, Shape, across_lanes};

/// How much room a program's tape needs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TapeLen {
    /// Scalars.
    pub values: usize,
    /// Per-lane integers.
    pub indices: usize,
}

/// Two stacks in borrowed memory.
#[allow(missing_debug_implementations)]
pub struct Tape<'a, S: Scalar> {
    values: &'a mut [S],
    indices: &'a mut [<S::Passive as Real>::Index],
    top: TapeLen,
}

impl<'a, S: Scalar> Tape<'a, S> {
    /// An empty tape on memory at least as long as the program's [`TapeLen`].
    pub fn new(values: &'a mut [S], indices: &'a mut [<S::Passive as Real>::Index]) -> Self {
        Self { values, indices, top: TapeLen::default() }
    }

    /// Saves a scalar.
    #[inline(always)]
    pub fn push(&mut self, value: S) {
        self.values[self.top.values] = value;
        self.top.values += 1;
    }

    /// Takes back the scalar saved last.
    #[inline(always)]
    pub fn pop(&mut self) -> S {
        self.top.values -= 1;
        self.values[self.top.values]
    }

    /// Saves an array of any rank.
    #[inline(always)]
    pub fn push_all<A: Shape<S>>(&mut self, array: &A) {
        for &value in array.flat() {
            self.push(value);
            across_lanes();
        }
    }

    /// Takes back the array saved last.
    #[inline(always)]
    pub fn pop_all<A: Shape<S>>(&mut self, array: &mut A) {
        for value in array.flat_mut().iter_mut().rev() {
            *value = self.pop();
            across_lanes();
        }
    }

    /// Saves per-lane integers.
    #[inline(always)]
    pub fn push_indices(&mut self, indices: &[<S::Passive as Real>::Index]) {
        for &index in indices {
            self.indices[self.top.indices] = index;
            self.top.indices += 1;
        }
    }

    /// Takes back the per-lane integers saved last.
    #[inline(always)]
    pub fn pop_indices(&mut self, indices: &mut [<S::Passive as Real>::Index]) {
        for index in indices.iter_mut().rev() {
            self.top.indices -= 1;
            *index = self.indices[self.top.indices];
        }
    }

    /// How much is on the tape now: all that was pushed has been popped when this is zero.
    pub fn len(&self) -> TapeLen {
        self.top
    }

    /// Nothing is on the tape.
    pub fn is_empty(&self) -> bool {
        self.top == TapeLen::default()
    }
}
