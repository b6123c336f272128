//! The IR as text.

pub mod rust;
