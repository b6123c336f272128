//! Back ends: the IR as text.

pub mod rust;
