//! Where dfdx keeps the numbers of a tensor on a GPU.
//!
//! Kernels want the address, and dfdx's interface has none: a `Tensor`'s memory is private. What is public is how a tensor is written for
//! debugging, and there the address stands: dfdx and cudarc derive `Debug`, and both are pinned to one version (`Cargo.toml`), so the text is
//! as fixed as a field. It is read up to the address and no further, which takes a microsecond and no work of the device.
//!
//! The other way round this is a public call that moves the values: `SgdConfig::try_update` with no learning rate and a weight decay of 1
//! writes a parameter's values into the velocity, a buffer that the caller has. That costs two buffers, two fills, a copy and a launch for
//! every input of every op, and as much memory again for what the backward pass needs; and a new tensor still takes a copy of a gradient.
#![allow(unsafe_code)]

use std::fmt::{self, Write};

use cudarc::driver::result;
use dfdx::prelude::{Cuda, HasShape, NoneTape, Shape, Tensor};

use crate::cuda::{CudaError, Gpu, Slice, SliceMut};

/// Memory of a tensor, which lives as long as this.
pub struct Numbers {
    place: Option<Place>,
    /// The tensor itself.
    _owner: Box<dyn std::any::Any>,
}

/// As the tensor's text says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    pointer: u64,
    len: usize,
    /// The driver's name of the device.
    device: i32,
}

impl Numbers {
    /// Those of a tensor.
    pub(super) fn of<S: Shape, T>(tensor: &Tensor<S, f32, Cuda, T>) -> Self {
        let tensor = tensor.retaped::<NoneTape>();
        // Neither a view that repeats elements nor one of some of them.
        let place = place(&tensor).filter(|place| place.len == tensor.shape().num_elements());
        Self { place, _owner: Box::new(tensor) }
    }

    /// To be read.
    pub(crate) fn slice(&self) -> Result<Slice<'_, f32>, CudaError> {
        let Place { pointer, len, .. } = self.place()?;
        // SAFETY: this is where the tensor has its numbers, and it lives as long as `self`. Who else has it may read: dfdx changes the memory of
        // a tensor only when nobody else has it.
        Ok(unsafe { Slice::from_raw(pointer, len) })
    }

    /// The device that they are on.
    pub(crate) fn gpu(&self) -> Result<Gpu, CudaError> {
        let device = self.place()?.device;
        for ordinal in 0..Gpu::count()? {
            if result::device::get(ordinal as i32).is_ok_and(|found| found == device) {
                return Gpu::open(ordinal);
            }
        }
        Err(unknown())
    }

    fn place(&self) -> Result<Place, CudaError> {
        self.place.ok_or_else(unknown)
    }
}

/// A tensor's memory to be written.
///
/// # Safety
/// Nobody else has the tensor, or reads it before what is enqueued now.
pub(super) unsafe fn numbers_mut<S: Shape>(
    tensor: &mut Tensor<S, f32, Cuda>,
) -> Result<SliceMut<'_, f32>, CudaError> {
    let Place { pointer, len, .. } = place(tensor).ok_or_else(unknown)?;
    // SAFETY: this is where the tensor has its numbers, borrowed; that nobody else has them is the caller's promise.
    Ok(unsafe { SliceMut::from_raw(pointer, len) })
}

fn unknown() -> CudaError {
    CudaError::Driver {
        call: "looking for a tensor's memory",
        code: 0,
        message: "it is not contiguous".into(),
    }
}

fn place<S: Shape>(tensor: &Tensor<S, f32, Cuda>) -> Option<Place> {
    let mut head = Head(String::new());
    // An error is how it says that it has enough.
    let _ = write!(head, "{tensor:?}");
    let (_, text) = head.0.split_once("data: CachableCudaSlice { data: CudaSlice { cu_device_ptr: ")?;
    let (pointer, text) = text.split_once(", len: ")?;
    let (len, text) = text.split_once(", device: CudaDevice { cu_device: ")?;
    let (device, _) = text.split_once(',')?;
    Some(Place { pointer: pointer.parse().ok()?, len: len.parse().ok()?, device: device.parse().ok()? })
}

/// The beginning of a text.
struct Head(String);

impl Write for Head {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        const ENOUGH: usize = 256;
        self.0.push_str(more);
        if self.0.len() < ENOUGH { Ok(()) } else { Err(fmt::Error) }
    }
}
