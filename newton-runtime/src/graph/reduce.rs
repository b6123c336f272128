//! Sums over a batch in an order that does not depend on the number of threads.

use rayon::prelude::*;

/// At most this many chunks of a batch are summed on their own: enough for the cores of a workstation, few enough for
/// their partial sums to stay small.
const CHUNKS: usize = 32;

/// Images per chunk: a function of the batch alone, never of the machine.
pub(crate) fn chunk_len(batch: usize) -> usize {
    batch.div_ceil(CHUNKS).max(1)
}

/// Adds the chunks of `len` floats, first to last, into the first one, which is returned.
pub(crate) fn sum_chunks(chunks: &mut [f32], len: usize) -> &[f32] {
    let (sum, rest) = chunks.split_at_mut(len);
    const PIECE: usize = 4096;
    let rest = &*rest;
    sum.par_chunks_mut(PIECE).enumerate().for_each(|(p, piece)| {
        for chunk in rest.chunks_exact(len) {
            for (s, v) in piece.iter_mut().zip(&chunk[p * PIECE..]) {
                *s += v;
            }
        }
    });
    sum
}
