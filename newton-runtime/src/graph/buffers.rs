//! Buffers that outlive a training step.
//!
//! A step needs the same large buffers again and again. Fresh ones come from the system as untouched pages, and the
//! page faults of 100 MB cost more than the arithmetic done in them; so used buffers are kept here, up to a bound.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, PoisonError};

/// How many bytes are kept at most, over all element types together twice this.
const KEPT_BYTES: usize = 1 << 30;
/// How many buffers are kept at most, per element type.
const KEPT_BUFFERS: usize = 64;

static FLOATS: Mutex<Vec<Vec<f32>>> = Mutex::new(Vec::new());
static BYTES: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

/// Element types that have a shelf of kept buffers.
pub(crate) trait Kept: Copy + Default + Send + Sync + 'static {
    fn shelf() -> &'static Mutex<Vec<Vec<Self>>>;
}

impl Kept for f32 {
    fn shelf() -> &'static Mutex<Vec<Vec<f32>>> {
        &FLOATS
    }
}

impl Kept for u8 {
    fn shelf() -> &'static Mutex<Vec<Vec<u8>>> {
        &BYTES
    }
}

/// A slice whose memory goes back to the shelf when dropped.
#[derive(Debug)]
pub(crate) struct Buffer<E: Kept> {
    memory: Vec<E>,
    len: usize,
}

impl<E: Kept> Buffer<E> {
    /// `len` elements with whatever values the last user left: write before reading.
    pub(crate) fn dirty(len: usize) -> Self {
        let mut shelf = E::shelf().lock().unwrap_or_else(PoisonError::into_inner);
        // The smallest that fits, unless it is so large that it had better wait for its own kind.
        let fits = |v: &Vec<E>| v.len() >= len && v.len() / 2 <= len;
        let best = (0..shelf.len()).filter(|&i| fits(&shelf[i])).min_by_key(|&i| shelf[i].len());
        let kept = best.map(|i| shelf.swap_remove(i));
        drop(shelf);
        Self { memory: kept.unwrap_or_else(|| vec![E::default(); len]), len }
    }

    /// `len` zeros.
    pub(crate) fn zeros(len: usize) -> Self {
        let mut buffer = Self::dirty(len);
        buffer.fill(E::default());
        buffer
    }
}

impl<E: Kept> Drop for Buffer<E> {
    fn drop(&mut self) {
        let memory = std::mem::take(&mut self.memory);
        if memory.is_empty() {
            return;
        }
        let mut shelf = E::shelf().lock().unwrap_or_else(PoisonError::into_inner);
        shelf.push(memory);
        // Oldest out first: sizes that are still in use come back to the end at every step.
        let bytes = |v: &Vec<E>| v.len() * size_of::<E>();
        let mut held: usize = shelf.iter().map(bytes).sum();
        while shelf.len() > KEPT_BUFFERS || held > KEPT_BYTES {
            held -= bytes(&shelf.remove(0));
        }
    }
}

impl<E: Kept> Deref for Buffer<E> {
    type Target = [E];
    fn deref(&self) -> &[E] {
        &self.memory[..self.len]
    }
}

impl<E: Kept> DerefMut for Buffer<E> {
    fn deref_mut(&mut self) -> &mut [E] {
        &mut self.memory[..self.len]
    }
}

/// Gives the memory that the layers keep for the next step back to the allocator.
pub fn release_buffers() {
    FLOATS.lock().unwrap_or_else(PoisonError::into_inner).clear();
    BYTES.lock().unwrap_or_else(PoisonError::into_inner).clear();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_buffer_comes_back_and_a_larger_one_does_not_shrink_it() {
        // An odd size, so that no other test's buffer fits.
        let mut first = Buffer::<f32>::dirty(1_234_567);
        first[1_234_566] = 7.0;
        let address = first.as_ptr();
        drop(first);
        let again = Buffer::<f32>::dirty(1_234_000);
        assert_eq!((again.as_ptr(), again.len()), (address, 1_234_000));
        assert_eq!(Buffer::<f32>::zeros(1_000_001).iter().sum::<f32>(), 0.0);
    }
}
