//! The functions the language knows beyond Rust's own, usable as plain Rust too.
//!
//! Each is generic over the scalar: on `f32` it is what the user's function calls, on lanes and duals what generated code
//! calls. A function `f` of scalars comes with `f_d`, its derivative (and `f_d2`, with respect to its second argument), itself
//! a function that duals can differentiate: the reverse sweep calls `f_d`, and its tangents are second derivatives. A function
//! `f` of arrays comes with `f_reverse`, which adds to the adjoint of its argument, given the adjoint of the result; one of two
//! arrays with `f_reverse_first` and `f_reverse_second`, for either may be passive, and with `f_right`, which is `f` for a passive
//! first argument and an active second. Where numerics or PyTorch's semantics ask
//! for it these are rules of their own, not compositions.
//!
//! What each takes, the table in `newton-macros` says.

mod activation;
mod cdf;
mod cross_entropy;
mod elementary;
pub mod lanes;
mod linear;
mod order;
mod reduce;
mod relaxed;
mod scan;
mod softmax;

pub use activation::*;
pub use cdf::*;
pub use cross_entropy::*;
pub use elementary::*;
pub use linear::*;
pub use order::*;
pub use reduce::*;
pub use relaxed::*;
pub use scan::*;
pub use softmax::*;
