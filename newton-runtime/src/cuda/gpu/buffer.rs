//! Memory of the device.

use std::ffi::c_void;
use std::marker::PhantomData;
use std::mem::size_of;

use cudarc::driver::sys::{CUdeviceptr, CUresult};
use cudarc::driver::{
    CudaSlice, DevicePtr, DevicePtrMut, DeviceRepr, DeviceSlice, DriverError, ValidAsZeroBits, result,
};

use super::Gpu;
use super::device::driver;
use crate::cuda::CudaError;

/// What lies in a buffer: numbers.
pub trait Element: DeviceRepr + ValidAsZeroBits + Copy + Default + Send + Sync + Unpin + 'static {}

impl Element for f32 {}
impl Element for f64 {}
impl Element for i32 {}
impl Element for u32 {}
impl Element for u64 {}
impl Element for u8 {}

/// What losses compute with.
pub trait DeviceFloat: Element {
    /// Which of them.
    const ELEMENT: crate::cuda::Element;
}

impl DeviceFloat for f32 {
    const ELEMENT: crate::cuda::Element = crate::cuda::Element::F32;
}

impl DeviceFloat for f64 {
    const ELEMENT: crate::cuda::Element = crate::cuda::Element::F64;
}

/// Memory that is freed when it is dropped, after what was enqueued before.
#[derive(Debug)]
pub struct Buffer<T: Element> {
    memory: CudaSlice<T>,
    len: usize,
}

/// Elements of the device that are read.
#[derive(Debug, Clone, Copy)]
pub struct Slice<'a, T> {
    pointer: CUdeviceptr,
    len: usize,
    of: PhantomData<&'a T>,
}

/// Elements of the device that are written.
#[derive(Debug)]
pub struct SliceMut<'a, T> {
    pointer: CUdeviceptr,
    len: usize,
    of: PhantomData<&'a mut T>,
}

impl Gpu {
    /// Whatever is in the memory that the device has left: write it before reading it.
    ///
    /// # Errors
    /// [`CudaError::OutOfMemory`].
    pub fn dirty<T: Element>(&self, len: usize) -> Result<Buffer<T>, CudaError> {
        self.bind()?;
        // SAFETY: an `Element` is valid whatever its bits are. One element more than none: pointers into memory are never null.
        let memory = unsafe { self.0.cuda.alloc::<T>(len.max(1)) };
        let memory = memory.map_err(|error| self.allocation(error, len * size_of::<T>()))?;
        Ok(Buffer { memory, len })
    }

    /// Zeros.
    ///
    /// # Errors
    /// [`CudaError::OutOfMemory`].
    pub fn zeros<T: Element>(&self, len: usize) -> Result<Buffer<T>, CudaError> {
        let mut buffer = self.dirty(len)?;
        self.clear(buffer.slice_mut())?;
        Ok(buffer)
    }

    /// A copy of the host's.
    ///
    /// # Errors
    /// [`CudaError::OutOfMemory`].
    pub fn upload<T: Element>(&self, from: &[T]) -> Result<Buffer<T>, CudaError> {
        let mut buffer = self.dirty(from.len())?;
        self.write(from, buffer.slice_mut())?;
        Ok(buffer)
    }

    /// Copies the host's elements. They may be changed as soon as this returns.
    ///
    /// # Errors
    /// The driver's.
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn write<T: Element>(&self, from: &[T], into: SliceMut<'_, T>) -> Result<(), CudaError> {
        assert_eq!(from.len(), into.len, "lengths of a copy to the device");
        if from.is_empty() {
            return Ok(());
        }
        self.bind()?;
        // SAFETY: `into` is memory of this many elements, borrowed. From memory that is not page-locked the driver copies what it needs before
        // it returns.
        unsafe { result::memcpy_htod_async(into.pointer, from, self.stream()) }
            .map_err(driver("copying to the device"))
    }

    /// Waits for the device and copies from it.
    ///
    /// # Errors
    /// The driver's: what went wrong on the device shows here.
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn read<T: Element>(&self, from: Slice<'_, T>, into: &mut [T]) -> Result<(), CudaError> {
        assert_eq!(from.len, into.len(), "lengths of a copy from the device");
        if into.is_empty() {
            return Ok(());
        }
        self.bind()?;
        // SAFETY: `from` is memory of this many elements, borrowed; the copy is done when this returns.
        unsafe { result::memcpy_dtoh_sync(into, from.pointer) }.map_err(driver("copying from the device"))
    }

    /// Waits for the device: the elements.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn download<T: Element>(&self, from: Slice<'_, T>) -> Result<Vec<T>, CudaError> {
        let mut into = vec![T::default(); from.len];
        self.read(from, &mut into)?;
        Ok(into)
    }

    /// Copies on the device.
    ///
    /// # Errors
    /// The driver's.
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn copy<T: Element>(&self, from: Slice<'_, T>, into: SliceMut<'_, T>) -> Result<(), CudaError> {
        assert_eq!(from.len, into.len, "lengths of a copy on the device");
        if from.len == 0 {
            return Ok(());
        }
        self.bind()?;
        let bytes = from.len * size_of::<T>();
        // SAFETY: both are memory of this many elements, and a mutable borrow overlaps with no other.
        unsafe { result::memcpy_dtod_async(into.pointer, from.pointer, bytes, self.stream()) }
            .map_err(driver("copying on the device"))
    }

    /// Writes zeros.
    ///
    /// # Errors
    /// The driver's.
    pub fn clear<T: Element>(&self, into: SliceMut<'_, T>) -> Result<(), CudaError> {
        if into.len == 0 {
            return Ok(());
        }
        self.bind()?;
        // SAFETY: this is memory of so many elements, and zero bits are a number.
        unsafe { result::memset_d8_async(into.pointer, 0, into.len * size_of::<T>(), self.stream()) }
            .map_err(driver("clearing memory"))
    }

    fn allocation(&self, error: DriverError, bytes: usize) -> CudaError {
        match error.0 {
            CUresult::CUDA_ERROR_OUT_OF_MEMORY => {
                let (free, total) = self.memory().unwrap_or((0, 0));
                CudaError::OutOfMemory { bytes, free, total }
            }
            _ => driver("allocating memory")(error),
        }
    }
}

impl<T: Element> Buffer<T> {
    /// How many elements.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.len
    }

    /// To be read.
    pub fn slice(&self) -> Slice<'_, T> {
        Slice { pointer: *self.memory.device_ptr(), len: self.len, of: PhantomData }
    }

    /// To be written.
    pub fn slice_mut(&mut self) -> SliceMut<'_, T> {
        SliceMut { pointer: *self.memory.device_ptr_mut(), len: self.len, of: PhantomData }
    }
}

impl<'a, T> Slice<'a, T> {
    /// Memory of cudarc's, such as dfdx's.
    pub fn of(memory: &'a CudaSlice<T>) -> Self {
        Self { pointer: *memory.device_ptr(), len: memory.len(), of: PhantomData }
    }

    /// Elements at an address.
    ///
    /// # Safety
    /// There are so many, of this type, for as long as `'a`, and nothing writes them but what is enqueued before or after.
    pub(crate) unsafe fn from_raw(pointer: u64, len: usize) -> Self {
        Self { pointer, len, of: PhantomData }
    }

    /// How many elements.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.len
    }

    /// As kernels take it.
    pub fn pointer(&self) -> u64 {
        self.pointer
    }

    pub(super) fn pointer_address(&self) -> *mut c_void {
        std::ptr::from_ref(&self.pointer).cast_mut().cast()
    }

    /// `len` elements from `start` on.
    ///
    /// # Panics
    /// If there are fewer.
    pub fn range(&self, start: usize, len: usize) -> Self {
        assert!(start + len <= self.len, "elements {start}..{} of {}", start + len, self.len);
        Self { pointer: self.pointer + (start * size_of::<T>()) as u64, len, of: PhantomData }
    }
}

impl<'a, T> SliceMut<'a, T> {
    /// Memory of cudarc's, such as dfdx's.
    pub fn of(memory: &'a mut CudaSlice<T>) -> Self {
        Self { pointer: *memory.device_ptr_mut(), len: memory.len(), of: PhantomData }
    }

    /// Elements at an address.
    ///
    /// # Safety
    /// There are so many, of this type, for as long as `'a`, and nothing reads or writes them but what is enqueued before or after.
    pub(crate) unsafe fn from_raw(pointer: u64, len: usize) -> Self {
        Self { pointer, len, of: PhantomData }
    }

    /// How many elements.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.len
    }

    /// As kernels take it.
    pub fn pointer(&self) -> u64 {
        self.pointer
    }

    pub(super) fn pointer_address(&self) -> *mut c_void {
        std::ptr::from_ref(&self.pointer).cast_mut().cast()
    }

    /// To be read.
    pub fn as_slice(&self) -> Slice<'_, T> {
        Slice { pointer: self.pointer, len: self.len, of: PhantomData }
    }

    /// The same for a shorter time.
    pub fn reborrow(&mut self) -> SliceMut<'_, T> {
        SliceMut { pointer: self.pointer, len: self.len, of: PhantomData }
    }

    /// The first `at` elements, and the rest.
    ///
    /// # Panics
    /// If there are fewer.
    pub fn split_at(self, at: usize) -> (Self, Self) {
        assert!(at <= self.len, "{at} elements of {}", self.len);
        let rest = self.pointer + (at * size_of::<T>()) as u64;
        (
            Self { pointer: self.pointer, len: at, of: PhantomData },
            Self { pointer: rest, len: self.len - at, of: PhantomData },
        )
    }
}
