//! What can go wrong on the way to a GPU and on it.

/// Why a GPU could not do what it was asked. It is not damaged by that: memory of what failed is freed, and the process goes on.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CudaError {
    /// The program was built without CUDA.
    #[error("this program was built without CUDA: build it with `--features cuda`")]
    NotBuilt,
    /// There is no driver, or none that works.
    #[error("no CUDA driver: {reason}")]
    NoDriver {
        /// What the driver's library says.
        reason: String,
    },
    /// There are fewer GPUs.
    #[error("there is no CUDA device {ordinal}: this machine has {count}")]
    NoDevice {
        /// Which one was wanted, counted from 0.
        ordinal: usize,
        /// How many there are.
        count: usize,
    },
    /// NVRTC is missing.
    #[error("no run-time compiler: libnvrtc.so of CUDA 11.2, 12 or 13 was not found (set LD_LIBRARY_PATH)")]
    NoCompiler,
    /// The text of a loss does not compile.
    #[error("the CUDA text of `{name}` does not compile for {architecture}{}:\n{log}", place(location))]
    Compile {
        /// The user's function, or the part of this library.
        name: String,
        /// Where the function stands: file or module, line and column.
        location: Option<(String, u32, u32)>,
        /// As `sm_90`.
        architecture: String,
        /// The compiler's first errors.
        log: String,
    },
    /// The device has not as much memory left.
    #[error("out of device memory: {}{free} of {total} bytes are free", asked(*bytes))]
    OutOfMemory {
        /// What was asked for; 0 if nobody knows, as where dfdx asked.
        bytes: usize,
        /// What was left.
        free: usize,
        /// What there is.
        total: usize,
    },
    /// A size that kernels cannot index.
    #[error("{what} is {found}, but kernels can do {most} at most")]
    TooLarge {
        /// Which size.
        what: &'static str,
        /// What it is.
        found: usize,
        /// The largest that is possible.
        most: usize,
    },
    /// The driver refused something else.
    #[error("CUDA driver: {call}: {message} ({code})")]
    Driver {
        /// What was being done.
        call: &'static str,
        /// `CUresult`.
        code: u32,
        /// The driver's words.
        message: String,
    },
    /// cuBLAS refused something.
    #[error("cuBLAS: {call}: status {code}")]
    Blas {
        /// What was being done.
        call: &'static str,
        /// `cublasStatus_t`.
        code: u32,
    },
}

fn place(location: &Option<(String, u32, u32)>) -> String {
    location.as_ref().map_or(String::new(), |(file, line, column)| format!(" ({file}:{line}:{column})"))
}

fn asked(bytes: usize) -> String {
    if bytes == 0 { String::new() } else { format!("{bytes} bytes were asked for, ") }
}
