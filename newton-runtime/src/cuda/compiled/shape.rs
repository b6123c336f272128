//! How many threads a launch has, and how long their tapes are.

use super::super::gpu::{Gpu, Launch};
use super::program::Slots;

/// A warp.
pub(crate) const WARP: usize = 32;

/// Each attempt has an eighth of the threads of the one before, and tapes eight times as long.
pub(crate) const ATTEMPTS: usize = 3;
const SHARE: usize = 8;

/// Threads that a multiprocessor holds at once, at best.
const RESIDENT: usize = 2048;

/// A launch with as many threads as its share of the scratch memory allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    pub blocks: usize,
    /// Warps of a block.
    pub warps: usize,
}

/// The most threads that a device is given for so many jobs, in whole warps.
pub(crate) fn threads(multiprocessors: u32, jobs: usize) -> usize {
    // What does not fit at once waits for its turn in the kernel's loop instead of in the queue: it shares scratch memory.
    jobs.next_multiple_of(WARP).min(multiprocessors as usize * RESIDENT).max(WARP)
}

impl Shape {
    /// At most `threads`, in whole warps; blocks are small until every multiprocessor has some.
    pub fn new(multiprocessors: u32, threads: usize) -> Shape {
        let warps = (threads / WARP).max(1);
        let of_block = if warps >= 8 * multiprocessors as usize { 4 } else { 1 };
        Shape { blocks: (warps / of_block).max(1), warps: of_block }
    }

    pub fn threads(self) -> usize {
        self.blocks * self.warps * WARP
    }

    /// In one row, as kernels of single threads have it, or a warp in each, as those do whose warps work together.
    pub fn launch(self, by_warp: bool) -> Launch {
        let (warp, warps) = (WARP as u32, self.warps as u32);
        let block = if by_warp { [warp, warps, 1] } else { [warp * warps, 1, 1] };
        Launch { grid: [self.blocks as u32, 1, 1], block, shared: 0 }
    }
}

/// Scratch memory: elements of active numbers, of passive ones, and integers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Room {
    pub threads: usize,
    pub elements: [usize; 3],
}

/// At most so many bytes of scratch memory, of a device with a lot.
const MOST_BYTES: usize = 4 << 30;

/// At least so many: the tapes of the last attempt are then tens of thousands of slots long, whatever is known of the loss.
const LEAST_BYTES: usize = 32 << 20;

impl Room {
    /// For `threads` with tapes of `slots`, an active number being `parts` elements of `size` bytes. What the device has not is spread over
    /// fewer threads.
    pub fn new(gpu: &Gpu, threads: usize, slots: Slots, parts: usize, size: usize) -> Room {
        let (free, _) = gpu.memory().unwrap_or((MOST_BYTES, MOST_BYTES));
        Self::within(MOST_BYTES.min(free / 4), threads, slots, parts, size)
    }

    fn within(bytes: usize, threads: usize, slots: Slots, parts: usize, size: usize) -> Room {
        let [active, passive, integers] = slots.map(|slots| slots.max(1) as usize);
        let of_thread = (active * parts + passive) * size + integers * 4;
        let most = (bytes / of_thread / WARP * WARP).max(WARP);
        let threads = threads.min(most);
        let all = threads.max((LEAST_BYTES / of_thread).min(most));
        Room { threads, elements: [all * active * parts, all * passive, all * integers] }
    }

    /// Threads of an attempt, and how long their tapes are.
    pub fn attempt(&self, multiprocessors: u32, attempt: usize, parts: usize) -> (Shape, Slots) {
        let threads = (self.threads / SHARE.pow(attempt as u32) / WARP * WARP).max(WARP);
        let shape = Shape::new(multiprocessors, threads);
        let slots = |elements: usize, parts: usize| {
            u32::try_from(elements / (shape.threads() * parts)).unwrap_or(u32::MAX)
        };
        let [active, passive, integers] = self.elements;
        (shape, [slots(active, parts), slots(passive, 1), slots(integers, 1)])
    }
}

/// Hessian columns of a thread: with more, threads share what they have in common; with fewer, there are more of them.
pub(crate) fn tangents(multiprocessors: u32, samples: usize, dim: usize) -> usize {
    let resident = multiprocessors as usize * RESIDENT / 4;
    let cost = |k: usize| {
        let threads = samples * dim.div_ceil(k);
        threads.div_ceil(resident) * (k + 1)
    };
    [1, 2, 4, 8].into_iter().filter(|k| *k <= dim.max(1)).min_by_key(|k| cost(*k)).unwrap_or(1)
}

/// Samples of a partial sum of Hessians. It depends on the batch alone, and so does the order of the sum.
pub(crate) fn chunk(samples: usize, dim: usize) -> usize {
    const BYTES: usize = 256 << 20;
    let most = (BYTES / (dim * dim * 8)).max(1);
    samples.div_ceil(most).next_multiple_of(WARP)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_share_the_same_memory() {
        for (bytes, threads, slots, parts) in
            [(1 << 30, 100_000, [64, 32, 32], 1), (1 << 20, 4096, [500, 1, 0], 3), (100, 32, [9, 0, 0], 2)]
        {
            let room = Room::within(bytes, threads, slots, parts, 4);
            let mut before = [0; 3];
            for attempt in 0..ATTEMPTS {
                let (shape, given) = room.attempt(132, attempt, parts);
                assert!(shape.threads() <= room.threads.max(WARP));
                for (i, per) in [parts, 1, 1].into_iter().enumerate() {
                    assert!(given[i] as usize * shape.threads() * per <= room.elements[i]);
                    assert!(given[i] >= before[i], "{given:?} after {before:?}");
                }
                if attempt == 0 {
                    assert!(given.iter().zip(slots).all(|(given, slots)| *given >= slots));
                }
                before = given;
            }
        }
    }

    #[test]
    fn small_batches_have_many_threads() {
        assert_eq!(tangents(132, 100, 10), 1);
        assert!(tangents(132, 100_000, 32) > 2);
        assert_eq!(tangents(132, 100_000, 1), 1);
        assert_eq!(chunk(100, 5), 32);
        assert_eq!(chunk(10_000, 1024), 320);
    }
}
