//! Batch norm and ReLU.

use crate::cuda::{CudaError, Slice, SliceMut};

use super::{Kernels, Matrix, NULL, Normed, fits, flat, segments, tiles};

impl Kernels<'_> {
    /// Moments of the segments.
    pub(in super::super) fn moments(
        &self,
        matrix: Matrix,
        z: Slice<'_, f32>,
        parts: SliceMut<'_, f64>,
    ) -> Result<(), CudaError> {
        fits(&[z.len()], matrix.len());
        fits(&[parts.len()], matrix.parts());
        let (rows, channels) = (matrix.rows as u32, matrix.channels as u32);
        // SAFETY: the matrix is as large as it says, and two numbers of every segment and channel have room.
        unsafe { self.launch("nl_norm_moments", segments(matrix), &[&z, &rows, &channels, &parts]) }
    }

    /// What normalises, from the moments.
    pub(in super::super) fn norm_of_batch(
        &self,
        matrix: Matrix,
        parts: Slice<'_, f64>,
        gamma: Slice<'_, f32>,
        norm: SliceMut<'_, f32>,
        inverse: SliceMut<'_, f64>,
        followed: SliceMut<'_, f32>,
    ) -> Result<(), CudaError> {
        fits(&[parts.len()], matrix.parts());
        fits(&[gamma.len(), inverse.len()], matrix.channels);
        fits(&[norm.len(), followed.len()], 2 * matrix.channels);
        let (rows, channels) = (matrix.rows as u32, matrix.channels as u32);
        // SAFETY: every slice has one or two numbers for each channel, and `parts` those of every segment.
        unsafe {
            self.launch(
                "nl_norm_of_batch",
                tiles(matrix),
                &[&parts, &rows, &channels, &gamma, &norm, &inverse, &followed],
            )
        }
    }

    /// What normalises, from running statistics.
    pub(in super::super) fn norm_of_running(
        &self,
        [mean, variance]: [Slice<'_, f32>; 2],
        gamma: Slice<'_, f32>,
        norm: SliceMut<'_, f32>,
    ) -> Result<(), CudaError> {
        let channels = gamma.len();
        fits(&[mean.len(), variance.len()], channels);
        fits(&[norm.len()], 2 * channels);
        let (shape, channels) = (flat(channels), channels as u32);
        // SAFETY: every slice has one or two numbers for each channel.
        unsafe { self.launch("nl_norm_of_running", shape, &[&mean, &variance, &channels, &gamma, &norm]) }
    }

    /// `relu(norm(z) + skip)`.
    pub(in super::super) fn activate(
        &self,
        matrix: Matrix,
        normed: Normed<'_>,
        out: SliceMut<'_, f32>,
    ) -> Result<(), CudaError> {
        normed.check(matrix);
        fits(&[out.len()], matrix.len());
        let (length, channels) = (matrix.len() as u32, matrix.channels as u32);
        let (Normed { z, norm, beta, .. }, skip) = (normed, normed.skip_pointer());
        // SAFETY: what is read for each number and each channel is there.
        unsafe {
            self.launch(
                "nl_norm_activate",
                flat(matrix.len()),
                &[&z, &norm, &beta, &skip, &length, &channels, &out],
            )
        }
    }

    /// `gradient`, plus `add`, where the activation is positive; 0 elsewhere.
    pub(in super::super) fn mask(
        &self,
        activation: Slice<'_, f32>,
        add: Option<Slice<'_, f32>>,
        gradient: SliceMut<'_, f32>,
    ) -> Result<(), CudaError> {
        let length = gradient.len();
        fits(&[activation.len(), add.map_or(length, |add| add.len())], length);
        let (shape, length, add) = (flat(length), length as u32, add.map_or(NULL, |add| add.pointer()));
        // SAFETY: all have `length` numbers; the kernel leaves out an `add` that is null.
        unsafe { self.launch("nl_norm_mask", shape, &[&activation, &add, &length, &gradient]) }
    }

    /// Sums of the segments for batch norm's gradient.
    pub(in super::super) fn gradient_sums(
        &self,
        matrix: Matrix,
        gradient: Slice<'_, f32>,
        z: Slice<'_, f32>,
        norm: Slice<'_, f32>,
        parts: SliceMut<'_, f64>,
    ) -> Result<(), CudaError> {
        fits(&[gradient.len(), z.len()], matrix.len());
        fits(&[norm.len()], 2 * matrix.channels);
        fits(&[parts.len()], matrix.parts());
        let (rows, channels) = (matrix.rows as u32, matrix.channels as u32);
        // SAFETY: both matrices are as large as it says, and two numbers of every segment and channel have room.
        unsafe {
            self.launch(
                "nl_norm_gradient_sums",
                segments(matrix),
                &[&gradient, &z, &norm, &rows, &channels, &parts],
            )
        }
    }

    /// Adds to the gradients of gamma and beta, and writes what spreads.
    pub(in super::super) fn norm_gradient(
        &self,
        matrix: Matrix,
        parts: Slice<'_, f64>,
        (norm, inverse): (Slice<'_, f32>, Slice<'_, f64>),
        [gamma, beta]: [Option<SliceMut<'_, f32>>; 2],
        spread: SliceMut<'_, f32>,
    ) -> Result<(), CudaError> {
        fits(&[parts.len()], matrix.parts());
        fits(&[norm.len(), spread.len()], 2 * matrix.channels);
        fits(&[inverse.len()], matrix.channels);
        let gradient = |slice: Option<SliceMut<'_, f32>>| {
            slice.map_or(NULL, |slice| {
                fits(&[slice.len()], matrix.channels);
                slice.pointer()
            })
        };
        let (gamma, beta) = (gradient(gamma), gradient(beta));
        let (rows, channels) = (matrix.rows as u32, matrix.channels as u32);
        // SAFETY: every slice has one or two numbers for each channel, `parts` those of every segment; the kernel leaves out a gradient that
        // is null.
        unsafe {
            self.launch(
                "nl_norm_gradient",
                tiles(matrix),
                &[&parts, &rows, &channels, &norm, &inverse, &gamma, &beta, &spread],
            )
        }
    }

    /// The gradient at z from that at its normalised values, which is `from`, or lies where the result comes.
    pub(in super::super) fn spread(
        &self,
        matrix: Matrix,
        (z, norm, spread): (Slice<'_, f32>, Slice<'_, f32>, Slice<'_, f32>),
        from: Option<Slice<'_, f32>>,
        out: SliceMut<'_, f32>,
    ) -> Result<(), CudaError> {
        let from = from.unwrap_or(out.as_slice());
        fits(&[z.len(), from.len(), out.len()], matrix.len());
        fits(&[norm.len(), spread.len()], 2 * matrix.channels);
        let (length, channels) = (matrix.len() as u32, matrix.channels as u32);
        // SAFETY: what is read for each number and each channel is there. A thread reads a number of `from` before it writes the same of `out`.
        unsafe {
            self.launch(
                "nl_norm_spread",
                flat(matrix.len()),
                &[&z, &norm, &spread, &length, &channels, &from, &out],
            )
        }
    }
}
