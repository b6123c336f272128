//! The numbers that generated code computes with.

mod float;
pub use float::Float;
