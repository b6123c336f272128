//! The IR as text.

pub mod cuda;
pub mod rust;
