//! Functions that are only ever evaluated: `smoothing(..)` and `fenchel_young(..)`.
//!
//! Their bodies are any Rust. Of the signature come the prediction, the labels, the hyper-parameters and what is made of the result;
//! the generated loss hands the function to the runtime, which evaluates it under noise.

mod attr;
mod item;
mod made;
mod signature;

pub use attr::{Arguments, BlackBox};
pub use item::expand;
