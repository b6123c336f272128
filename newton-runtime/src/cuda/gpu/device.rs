//! The device itself.

use std::cell::Cell;
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use cudarc::driver::sys::{self, CUdevice_attribute_enum as Attribute};
use cudarc::driver::{CudaDevice, DriverError, result};

use super::{Blas, Module};
use crate::cuda::CudaError;

/// A GPU of this machine. Clones are the same device.
#[derive(Clone)]
pub struct Gpu(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub cuda: Arc<CudaDevice>,
    pub architecture: (u32, u32),
    pub multiprocessors: u32,
    pub blas: OnceLock<Blas>,
    pub rough_blas: OnceLock<Blas>,
    pub records_nodes: AtomicBool,
    /// By [`super::Code::key`].
    pub modules: Mutex<HashMap<String, Arc<Module>>>,
}

thread_local! {
    /// Where this thread's work goes while it is recorded instead of done; null, which is the default stream, otherwise.
    static STREAM: Cell<sys::CUstream> = const { Cell::new(std::ptr::null_mut()) };
}

/// All that were opened: one of each.
static OPEN: Mutex<Vec<Gpu>> = Mutex::new(Vec::new());

impl Gpu {
    /// How many there are.
    ///
    /// # Errors
    /// [`CudaError::NoDriver`].
    pub fn count() -> Result<usize, CudaError> {
        // cudarc's own `CudaDevice::new` and `count` panic without a driver.
        result::init().map_err(no_driver)?;
        match result::device::get_count() {
            Ok(count) => Ok(usize::try_from(count).unwrap_or(0)),
            Err(DriverError(sys::CUresult::CUDA_ERROR_NO_DEVICE)) => Ok(0),
            Err(error) => Err(no_driver(error)),
        }
    }

    /// The device of this number, from 0.
    ///
    /// # Errors
    /// [`CudaError::NoDriver`], [`CudaError::NoDevice`], and what the driver says if the device cannot be used.
    pub fn open(ordinal: usize) -> Result<Gpu, CudaError> {
        let count = Self::count()?;
        if ordinal >= count {
            return Err(CudaError::NoDevice { ordinal, count });
        }
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(gpu) = open.iter().find(|gpu| gpu.0.cuda.ordinal() == ordinal) {
            gpu.bind()?;
            return Ok(gpu.clone());
        }
        let cuda = CudaDevice::new(ordinal).map_err(driver("opening the device"))?;
        let attribute = |which| {
            let value = cuda.attribute(which).map_err(driver("asking for an attribute"))?;
            Ok(u32::try_from(value).unwrap_or(0))
        };
        let architecture = (
            attribute(Attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)?,
            attribute(Attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR)?,
        );
        let multiprocessors = attribute(Attribute::CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT)?.max(1);
        keep_freed_memory(*cuda.cu_device());
        let inner = Inner {
            cuda,
            architecture,
            multiprocessors,
            blas: OnceLock::new(),
            rough_blas: OnceLock::new(),
            records_nodes: AtomicBool::new(false),
            modules: Mutex::default(),
        };
        let gpu = Gpu(Arc::new(inner));
        open.push(gpu.clone());
        Ok(gpu)
    }

    /// Makes it the one that this thread's calls mean.
    pub(crate) fn bind(&self) -> Result<(), CudaError> {
        self.0.cuda.bind_to_thread().map_err(driver("binding the device to a thread"))
    }

    /// The stream that this thread's work goes to.
    pub(super) fn stream(&self) -> sys::CUstream {
        STREAM.get()
    }

    /// Sends this thread's work to another stream; the one before.
    pub(super) fn divert(stream: sys::CUstream) -> sys::CUstream {
        STREAM.replace(stream)
    }

    /// Which one it is, from 0.
    pub fn ordinal(&self) -> usize {
        self.0.cuda.ordinal()
    }

    /// What its maker calls it.
    ///
    /// # Errors
    /// The driver's.
    pub fn name(&self) -> Result<String, CudaError> {
        let mut name = [0_u8; 256];
        let length = name.len() as i32;
        // SAFETY: the device exists, and the driver writes at most `length` bytes, the zero at the end included.
        unsafe { sys::cuDeviceGetName(name.as_mut_ptr().cast(), length, *self.0.cuda.cu_device()) }
            .result()
            .map_err(driver("asking for the device's name"))?;
        let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
        Ok(String::from_utf8_lossy(name).into_owned())
    }

    /// The compute capability as compilers write it: `sm_90`.
    pub fn architecture(&self) -> String {
        let (major, minor) = self.0.architecture;
        format!("sm_{major}{minor}")
    }

    /// How many blocks run at once, at least.
    pub fn multiprocessors(&self) -> u32 {
        self.0.multiprocessors
    }

    /// Bytes free and in all.
    ///
    /// # Errors
    /// The driver's.
    pub fn memory(&self) -> Result<(usize, usize), CudaError> {
        self.bind()?;
        result::mem_get_info().map_err(driver("asking for free memory"))
    }

    /// Waits until everything that was enqueued is done.
    ///
    /// # Errors
    /// What went wrong in it.
    pub fn synchronize(&self) -> Result<(), CudaError> {
        self.0.cuda.synchronize().map_err(driver("waiting for the device"))
    }

    /// Whether a loss with its Newton step is recorded once for batches of a size, and is one launch from then on (a CUDA graph) instead of a
    /// dozen. It is not unless this says so: what is recorded keeps its memory until the program ends.
    pub fn record_nodes(&self, yes: bool) {
        self.0.records_nodes.store(yes, Ordering::Relaxed);
    }

    /// What [`record_nodes`](Self::record_nodes) said.
    pub fn records_nodes(&self) -> bool {
        self.0.records_nodes.load(Ordering::Relaxed)
    }

    /// Matrix products.
    ///
    /// # Errors
    /// [`CudaError::Blas`] if cuBLAS is missing or cannot be used.
    pub fn blas(&self) -> Result<&Blas, CudaError> {
        if let Some(blas) = self.0.blas.get() {
            return Ok(blas);
        }
        self.bind()?;
        let blas = Blas::new(&self.0.cuda)?;
        Ok(self.0.blas.get_or_init(|| blas))
    }

    /// Matrix products that may be rounded to TF32: see [`Blas::allow_tf32`]. A handle of their own, so that the others stay exact.
    ///
    /// # Errors
    /// As [`blas`](Self::blas).
    pub fn rough_blas(&self) -> Result<&Blas, CudaError> {
        if let Some(blas) = self.0.rough_blas.get() {
            return Ok(blas);
        }
        self.bind()?;
        let blas = Blas::new(&self.0.cuda)?;
        blas.allow_tf32(true)?;
        Ok(self.0.rough_blas.get_or_init(|| blas))
    }
}

impl fmt::Debug for Gpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Gpu({}, {})", self.ordinal(), self.architecture())
    }
}

/// Memory that is freed goes back to the system when the host next waits, unless the pool is told to keep it: every step would ask for it anew.
/// A device without pools has nothing to keep.
fn keep_freed_memory(device: sys::CUdevice) {
    use sys::CUmemPool_attribute_enum::CU_MEMPOOL_ATTR_RELEASE_THRESHOLD as THRESHOLD;
    let (mut pool, mut all) = (std::ptr::null_mut(), u64::MAX);
    // SAFETY: the device exists, and both live until the calls return.
    unsafe {
        if sys::cuDeviceGetDefaultMemPool(&mut pool, device).result().is_ok() {
            let _ = sys::cuMemPoolSetAttribute(pool, THRESHOLD, std::ptr::from_mut(&mut all).cast());
        }
    }
}

fn no_driver(error: DriverError) -> CudaError {
    CudaError::NoDriver { reason: words(error) }
}

/// The driver's error in its own words.
pub(super) fn words(error: DriverError) -> String {
    match error.0 {
        // What functions of a library that was not found return, and what the driver says of its own.
        sys::CUresult::CUDA_ERROR_NO_DEVICE => "libcuda.so.1 was not found, or it knows no device".to_owned(),
        _ => match error.error_string() {
            Ok(words) => words.to_string_lossy().into_owned(),
            Err(_) => format!("error {}", error.0 as u32),
        },
    }
}

/// An error of the driver's, with what was being done.
pub(crate) fn driver(call: &'static str) -> impl Fn(DriverError) -> CudaError {
    move |error| CudaError::Driver { call, code: error.0 as u32, message: words(error) }
}
