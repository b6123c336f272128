//! What a loss gives for a batch on a device, before the Newton step.

use super::gpu::{Buffer, Gpu};
use crate::Error;
use crate::scalar::Float;

/// What is wanted of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Want {
    /// `l_i`. What is put in place of gradients has no elements.
    Values,
    /// `l_i` and `g_i`.
    Gradients,
    /// The same with the mean of the `H_i`.
    MeanHessian,
    /// The same with all `H_i`.
    Hessians,
}

/// A request to a loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// What to compute.
    pub want: Want,
    /// It is for a training step, as [`NewtonLoss::evaluate`](crate::loss::NewtonLoss::evaluate) is: losses with a step of their own, such as
    /// smoothed ones, move on.
    pub training: bool,
}

/// Second derivatives.
#[derive(Debug)]
pub enum DeviceHessians<T: Float> {
    /// `1/N sum_i H_i`, m x m.
    Mean(Buffer<f64>),
    /// All `H_i`, N x m x m.
    PerSample(Buffer<T>),
}

/// Waits for the device and says what went wrong with a batch.
pub type Check = Box<dyn FnOnce(&Gpu) -> Result<(), Error>>;

/// Lets a loss make a training step again.
pub type Abandon = Box<dyn FnOnce()>;

/// What was enqueued for a batch. Numbers of samples with which something went wrong are not a number.
pub struct Parts<T: Float> {
    /// `l_i`, N numbers.
    pub values: Buffer<T>,
    /// `g_i`, N x m.
    pub gradients: Buffer<T>,
    /// If they were wanted.
    pub hessians: Option<DeviceHessians<T>>,
    /// To be called when all that is to be done with them is enqueued: it waits.
    pub check: Check,
    /// For losses with a step of their own: to be called where the check finds nothing, and what is made of the parts fails all the same.
    pub abandon: Option<Abandon>,
}
