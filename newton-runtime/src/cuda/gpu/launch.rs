//! Compiled code, and launching it.

use std::ffi::{CString, c_void};
use std::sync::Arc;

use cudarc::driver::{result, sys};

use super::device::driver;
use super::{Gpu, Slice, SliceMut};
use crate::cuda::CudaError;

/// Compiled kernels on a device.
pub struct Module {
    gpu: Gpu,
    module: sys::CUmodule,
}

// SAFETY: the driver's handles may be used from any thread.
unsafe impl Send for Module {}
// SAFETY: the same.
unsafe impl Sync for Module {}

/// A kernel.
#[derive(Clone)]
pub struct Function {
    /// Keeps it loaded.
    module: Arc<Module>,
    function: sys::CUfunction,
}

// SAFETY: the driver's handles may be used from any thread.
unsafe impl Send for Function {}
// SAFETY: the same.
unsafe impl Sync for Function {}

/// Threads of a launch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Launch {
    /// Blocks.
    pub grid: [u32; 3],
    /// Threads of a block.
    pub block: [u32; 3],
    /// Bytes of dynamic shared memory of a block.
    pub shared: u32,
}

impl Launch {
    /// Blocks of this many threads, for so many pieces of work; a kernel must go on with what is beyond the grid.
    pub fn for_work(work: usize, threads: u32) -> Self {
        // More blocks than a card has room for gain nothing where a kernel loops.
        let blocks = work.div_ceil(threads as usize).clamp(1, 1 << 16);
        Self { grid: [blocks as u32, 1, 1], block: [threads, 1, 1], shared: 0 }
    }
}

/// What a kernel takes: numbers, pointers, and structs of them that are laid out as C's.
///
/// # Safety
/// Its bytes are what a kernel expects: a type without padding that matters, `Copy`, `repr(C)` if it is a struct.
pub unsafe trait Parameter {
    /// Where the bytes are.
    fn address(&self) -> *mut c_void {
        std::ptr::from_ref(self).cast_mut().cast()
    }
}

// SAFETY: C has the same number.
unsafe impl Parameter for u32 {}
// SAFETY: C has the same number.
unsafe impl Parameter for i32 {}
// SAFETY: C has the same number; it is also how pointers are handed over.
unsafe impl Parameter for u64 {}
// SAFETY: C has the same number.
unsafe impl Parameter for f32 {}
// SAFETY: C has the same number.
unsafe impl Parameter for f64 {}
// SAFETY: its pointer is handed over.
unsafe impl<T> Parameter for Slice<'_, T> {
    fn address(&self) -> *mut c_void {
        self.pointer_address()
    }
}
// SAFETY: the same.
unsafe impl<T> Parameter for SliceMut<'_, T> {
    fn address(&self) -> *mut c_void {
        self.pointer_address()
    }
}

impl Module {
    /// Loads what was compiled for this device.
    pub(super) fn load(gpu: &Gpu, image: &[u8]) -> Result<Module, CudaError> {
        gpu.bind()?;
        // SAFETY: the image is a whole one, as the compiler made it; the driver checks what it is.
        let module = unsafe { result::module::load_data(image.as_ptr().cast()) }
            .map_err(driver("loading compiled kernels"))?;
        Ok(Module { gpu: gpu.clone(), module })
    }

    /// The kernel of this name.
    ///
    /// # Errors
    /// The driver's, if there is none.
    pub fn function(self: &Arc<Self>, name: &str) -> Result<Function, CudaError> {
        self.gpu.bind()?;
        let name = CString::new(name).unwrap_or_default();
        // SAFETY: the module is loaded.
        let function = unsafe { result::module::get_function(self.module, name) }
            .map_err(driver("looking for a kernel"))?;
        Ok(Function { module: Arc::clone(self), function })
    }
}

impl Drop for Module {
    fn drop(&mut self) {
        // Nothing is to be done about a failure here, and nothing uses it any more.
        if self.gpu.bind().is_ok() {
            // SAFETY: it was loaded, and functions keep it alive.
            let _ = unsafe { result::module::unload(self.module) };
        }
    }
}

impl Function {
    /// Enqueues it. Empty grids are left out.
    ///
    /// # Errors
    /// The driver's, for a shape that the device has not.
    ///
    /// # Safety
    /// `parameters` are the kernel's in number, order and type; its pointers are memory of this device, as long as the kernel reads and
    /// writes, and nothing frees it but what is enqueued afterwards.
    pub unsafe fn launch(&self, shape: Launch, parameters: &[&dyn Parameter]) -> Result<(), CudaError> {
        if shape.grid.contains(&0) {
            return Ok(());
        }
        let gpu = &self.module.gpu;
        gpu.bind()?;
        let mut addresses: Vec<*mut c_void> = parameters.iter().map(|p| p.address()).collect();
        let ([a, b, c], [x, y, z]) = (shape.grid, shape.block);
        // SAFETY: the caller's promise. The driver copies the parameters before it returns.
        unsafe {
            result::launch_kernel(
                self.function,
                (a, b, c),
                (x, y, z),
                shape.shared,
                gpu.stream(),
                &mut addresses,
            )
        }
        .map_err(driver("launching a kernel"))
    }

    /// Allows blocks of so much dynamic shared memory: beyond 48 KiB it has to be asked for.
    ///
    /// # Errors
    /// The driver's, if the device has less.
    pub fn allow_shared(&self, bytes: u32) -> Result<(), CudaError> {
        use sys::CUfunction_attribute_enum::CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES as MOST;
        self.module.gpu.bind()?;
        // SAFETY: the function's module is loaded.
        unsafe { sys::cuFuncSetAttribute(self.function, MOST, bytes as i32) }
            .result()
            .map_err(driver("asking for shared memory"))
    }

    /// How many blocks of so many threads a multiprocessor runs at once, at least 1.
    ///
    /// # Errors
    /// The driver's.
    pub fn blocks_per_multiprocessor(&self, threads: u32, shared: u32) -> Result<u32, CudaError> {
        self.module.gpu.bind()?;
        let mut blocks = 0;
        // SAFETY: the function's module is loaded, and `blocks` lives until this returns.
        unsafe {
            sys::cuOccupancyMaxActiveBlocksPerMultiprocessor(
                &mut blocks,
                self.function,
                threads as i32,
                shared as usize,
            )
        }
        .result()
        .map_err(driver("asking for occupancy"))?;
        Ok(u32::try_from(blocks).unwrap_or(0).max(1))
    }
}
