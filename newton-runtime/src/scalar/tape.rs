//! What the forward sweep leaves for the reverse sweep: stacks of active scalars, of passive ones and of per-lane integers.
//!
//! They grow as needed and keep their memory from one use to the next. (An earlier version computed their exact lengths from
//! the loops' bounds; with bounds that come from labels or from helper functions, a comparison in each push is cheaper than
//! knowing them, and generated code is shorter.)

use super::{Element, Integer, Mask, Real, Scalar, Shape, across_lanes};

/// Three stacks.
#[allow(missing_debug_implementations)]
pub struct Tape<S: Scalar> {
    active: Stack<S>,
    passive: Stack<S::Passive>,
    integers: Stack<<S::Passive as Real>::Index>,
}

/// A stack whose memory is initialised up to the highest level it ever had.
struct Stack<T> {
    memory: Vec<T>,
    top: usize,
}

impl<T: Copy> Stack<T> {
    const fn new() -> Self {
        Self { memory: Vec::new(), top: 0 }
    }
    #[inline(always)]
    fn push(&mut self, value: T) {
        if self.top == self.memory.len() {
            self.grow(value);
        }
        self.memory[self.top] = value;
        self.top += 1;
    }
    #[cold]
    #[inline(never)]
    fn grow(&mut self, value: T) {
        self.memory.resize((2 * self.top).max(64), value);
    }
    #[inline(always)]
    fn pop(&mut self) -> T {
        self.top -= 1;
        self.memory[self.top]
    }
}

impl<S: Scalar> Default for Tape<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: Scalar> Tape<S> {
    /// An empty tape.
    pub const fn new() -> Self {
        Self { active: Stack::new(), passive: Stack::new(), integers: Stack::new() }
    }

    /// Forgets what is on it.
    pub fn clear(&mut self) {
        (self.active.top, self.passive.top, self.integers.top) = (0, 0, 0);
    }

    /// All that was pushed has been popped.
    pub fn is_empty(&self) -> bool {
        (self.active.top, self.passive.top, self.integers.top) == (0, 0, 0)
    }

    /// Saves an active scalar.
    #[inline(always)]
    pub fn push(&mut self, value: S) {
        self.active.push(value);
    }

    /// Takes back the active scalar saved last.
    #[inline(always)]
    pub fn pop(&mut self) -> S {
        self.active.pop()
    }

    /// Saves an array of active scalars, of any rank.
    #[inline(always)]
    pub fn push_all<A: Shape<S>>(&mut self, array: &A) {
        for &value in array.flat() {
            self.active.push(value);
            across_lanes();
        }
    }

    /// Takes back the array saved last.
    #[inline(always)]
    pub fn pop_all<A: Shape<S>>(&mut self, array: &mut A) {
        for value in array.flat_mut().iter_mut().rev() {
            *value = self.active.pop();
            across_lanes();
        }
    }

    /// Saves a passive scalar.
    #[inline(always)]
    pub fn push_passive(&mut self, value: S::Passive) {
        self.passive.push(value);
    }

    /// Takes back the passive scalar saved last.
    #[inline(always)]
    pub fn pop_passive(&mut self) -> S::Passive {
        self.passive.pop()
    }

    /// Saves an array of passive scalars, of any rank.
    #[inline(always)]
    pub fn push_all_passive<A: Shape<S::Passive>>(&mut self, array: &A) {
        for &value in array.flat() {
            self.passive.push(value);
            across_lanes();
        }
    }

    /// Takes back the passive array saved last.
    #[inline(always)]
    pub fn pop_all_passive<A: Shape<S::Passive>>(&mut self, array: &mut A) {
        for value in array.flat_mut().iter_mut().rev() {
            *value = self.passive.pop();
            across_lanes();
        }
    }

    /// Saves an integer or a condition.
    #[inline(always)]
    pub fn push_discrete<D: Saved<S::Passive>>(&mut self, value: D) {
        self.integers.push(value.to_lanes());
    }

    /// Takes back the integer or condition saved last.
    #[inline(always)]
    pub fn pop_discrete<D: Saved<S::Passive>>(&mut self) -> D {
        D::from_lanes(self.integers.pop())
    }

    /// Saves an array of integers or conditions, of any rank.
    #[inline(always)]
    pub fn push_all_discrete<D: Saved<S::Passive>, A: Shape<D>>(&mut self, array: &A) {
        for &value in array.flat() {
            self.integers.push(value.to_lanes());
        }
    }

    /// Takes back the array of integers or conditions saved last.
    #[inline(always)]
    pub fn pop_all_discrete<D: Saved<S::Passive>, A: Shape<D>>(&mut self, array: &mut A) {
        for value in array.flat_mut().iter_mut().rev() {
            *value = D::from_lanes(self.integers.pop());
        }
    }
}

/// An integer or a condition that goes onto a tape: one per lane, or the same for all.
pub trait Saved<P: Real>: Element {
    /// As it is saved.
    fn to_lanes(self) -> P::Index;
    /// What was saved.
    fn from_lanes(saved: P::Index) -> Self;
}

macro_rules! uniform {
    ($($t:ty),*) => {$(
        impl Element for $t {}
        impl<P: Real> Saved<P> for $t {
            #[inline(always)]
            fn to_lanes(self) -> P::Index {
                P::Index::splat(self as i32)
            }
            #[inline(always)]
            fn from_lanes(saved: P::Index) -> Self {
                saved.lane(0) as $t
            }
        }
    )*};
}
uniform!(usize, isize, u8, u16, u32, u64, i8, i16, i32, i64);

impl Element for bool {}
impl<P: Real> Saved<P> for bool {
    #[inline(always)]
    fn to_lanes(self) -> P::Index {
        P::Index::splat(self as i32)
    }
    #[inline(always)]
    fn from_lanes(saved: P::Index) -> Self {
        saved.lane(0) != 0
    }
}

impl<const L: usize, P: Real<Index = super::LaneIndex<L>>> Saved<P> for super::LaneIndex<L> {
    #[inline(always)]
    fn to_lanes(self) -> Self {
        self
    }
    #[inline(always)]
    fn from_lanes(saved: Self) -> Self {
        saved
    }
}

impl<const L: usize, P: Real<Index = super::LaneIndex<L>>> Saved<P> for super::LaneMask<L> {
    #[inline(always)]
    fn to_lanes(self) -> super::LaneIndex<L> {
        self.as_int()
    }
    #[inline(always)]
    fn from_lanes(saved: super::LaneIndex<L>) -> Self {
        saved.is_true()
    }
}
