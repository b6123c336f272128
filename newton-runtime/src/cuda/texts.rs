//! All kernels that are not of a loss.

use super::Element;

/// Each with a name for files, and all that is to be compiled. The program compiles them when they are used first; tests compile them for
/// several architectures.
pub fn texts() -> Vec<(&'static str, String)> {
    vec![
        ("node", super::node_text()),
        ("layers", super::layers()),
        ("newton-float", super::newton::kernels(Element::F32)),
        ("newton-double", super::newton::kernels(Element::F64)),
        ("smoothing", super::black_boxes::smoothing()),
        ("paths", super::black_boxes::paths()),
    ]
}
