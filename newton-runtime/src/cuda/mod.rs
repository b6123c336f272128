//! Losses as CUDA C++: from what generated code carries ([`Source`]) to a text that a compiler takes.
//!
//! `#[newton_loss]` and `#[newton_fn]` write, beside Rust, a template of C++ for value and gradient of one sample (feature
//! `cuda-source`). It names const generics, integer hyper-parameters and constants, whose values only the running program knows: they
//! stand in front of it as `constexpr`, so that loops have known bounds where the text is compiled. Functions that it calls bring texts of
//! their own, from any crate.
//!
//! A unit of compilation is then: the device library (`device/*.cuh`: duals, builtins, tape, kernels), the functions, the loss, and
//! the kernels for an element type and a number of tangents. It includes no header and needs none.
//!
//! ```
//! use newton_runtime::cuda::{Element, Unit};
//! use newton_runtime::losses::SoftSort;
//! # #[cfg(feature = "cuda-source")] {
//! let unit = Unit::of(&SoftSort::<5>::new(0.1)).expect("built with `cuda-source`");
//! let text = unit.source(Element::F32, unit.tangents());
//! assert!(text.contains("constexpr nl::integer N = 5;"));
//! # }
//! ```

#[cfg(feature = "cuda")]
pub mod algorithms;
mod black_boxes;
#[cfg(feature = "cuda")]
pub(crate) mod compiled;
mod constant;
mod error;
#[cfg(feature = "cuda")]
mod gpu;
mod layers;
pub mod newton;
#[cfg(feature = "cuda")]
pub(crate) mod node;
#[cfg(feature = "cuda")]
mod parts;
#[cfg(feature = "cuda")]
pub(crate) mod recorded;
#[cfg(feature = "cuda")]
pub mod smoothing;
mod source;
mod texts;
mod unit;

pub use constant::{Constant, Definition, constant, unavailable};
pub use error::CudaError;
#[cfg(all(feature = "cuda", feature = "dfdx"))]
pub(crate) use gpu::driver;
#[cfg(feature = "cuda")]
pub use gpu::{
    Blas, Buffer, Code, DeviceFloat, Element as DeviceElement, Function, Gemm, Gpu, Graph, Launch, Module,
    Parameter, Slice, SliceMut,
};
pub(crate) use layers::{layers, node_text};
#[cfg(feature = "cuda")]
pub use node::{DeviceEvaluation, RecordedBatch};
#[cfg(feature = "cuda")]
pub use parts::{Abandon, Check, DeviceHessians, Parts, Request, Want};
#[cfg(feature = "cuda")]
pub use recorded::RecordedNode;
pub use source::{Helper, Source};
pub use texts::texts;
pub use unit::{Element, Layout, Unit, library};
