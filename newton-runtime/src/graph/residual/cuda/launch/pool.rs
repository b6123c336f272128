//! Pooling.

use crate::cuda::{CudaError, Slice, SliceMut};

use super::super::plan::Pooling;
use super::{Kernels, Normed, fits, flat, pooled, warps};

impl Kernels<'_> {
    /// The stem's pooling.
    pub(in super::super) fn pool(
        &self,
        pooling: &Pooling,
        normed: Normed<'_>,
        out: SliceMut<'_, f32>,
        winners: SliceMut<'_, u8>,
    ) -> Result<(), CudaError> {
        normed.check(pooled(pooling));
        fits(&[out.len(), winners.len()], pooling.output());
        let Normed { z, norm, beta, .. } = normed;
        // SAFETY: what the windows see is there, and each has room for a maximum and a winner of every channel.
        unsafe {
            self.launch(
                "nl_pool_threes",
                flat(pooling.output()),
                &[&z, &norm, &beta, pooling, &out, &winners],
            )
        }
    }

    /// The last pooling, and the mean over the channels.
    pub(in super::super) fn pool_adaptive(
        &self,
        pooling: &Pooling,
        normed: Normed<'_>,
        out: SliceMut<'_, f32>,
        winners: SliceMut<'_, u8>,
    ) -> Result<(), CudaError> {
        normed.check(pooled(pooling));
        fits(&[out.len()], pooling.cells());
        fits(&[winners.len()], pooling.output());
        let (Normed { z, norm, beta, .. }, skip) = (normed, normed.skip_pointer());
        // SAFETY: what the windows see is there, and each has room for a mean, and for a winner of every channel.
        unsafe {
            self.launch(
                "nl_pool_adaptive",
                warps(pooling.cells()),
                &[&z, &norm, &beta, &skip, pooling, &out, &winners],
            )
        }
    }

    /// The stem pooling's gradient.
    pub(in super::super) fn pool_gradient(
        &self,
        pooling: &Pooling,
        maxima: Slice<'_, f32>,
        winners: Slice<'_, u8>,
        gradient: SliceMut<'_, f32>,
    ) -> Result<(), CudaError> {
        fits(&[maxima.len(), winners.len()], pooling.output());
        fits(&[gradient.len()], pooling.input());
        // SAFETY: there is a maximum and a winner of every window and channel, and a gradient of every pixel and channel.
        unsafe {
            self.launch(
                "nl_pool_threes_gradient",
                flat(pooling.input()),
                &[&maxima, &winners, pooling, &gradient],
            )
        }
    }

    /// The last pooling's gradient, through the mean over the channels.
    pub(in super::super) fn pool_adaptive_gradient(
        &self,
        pooling: &Pooling,
        means: Slice<'_, f32>,
        winners: Slice<'_, u8>,
        gradient: SliceMut<'_, f32>,
    ) -> Result<(), CudaError> {
        fits(&[means.len()], pooling.cells());
        fits(&[winners.len()], pooling.output());
        fits(&[gradient.len()], pooling.input());
        // SAFETY: there is a mean of every window and a winner of every window and channel, and a gradient of every pixel and channel.
        unsafe {
            self.launch(
                "nl_pool_adaptive_gradient",
                flat(pooling.input()),
                &[&means, &winners, pooling, &gradient],
            )
        }
    }
}
