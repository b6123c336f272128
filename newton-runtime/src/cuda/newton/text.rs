//! The kernels' text.

use crate::cuda::Element;

/// In the order of inclusion.
const PARTS: [&str; 11] = [
    include_str!("../device/base.cuh"),
    include_str!("../device/newton/report.cuh"),
    include_str!("../device/newton/team.cuh"),
    include_str!("../device/newton/gram.cuh"),
    include_str!("../device/newton/cholesky.cuh"),
    include_str!("../device/newton/indefinite.cuh"),
    include_str!("../device/newton/eigen.cuh"),
    include_str!("../device/newton/factor.cuh"),
    include_str!("../device/newton/panels.cuh"),
    include_str!("../device/newton/solve.cuh"),
    include_str!("../device/newton/finish.cuh"),
];

/// The kernels of the Newton step for predictions and gradients of this type, as CUDA C++: all that is to be compiled.
pub fn kernels(element: Element) -> String {
    let mut text = PARTS.join("\n");
    text.push_str(include_str!("../device/newton/apply.cuh"));
    text.push_str(&format!("\nnamespace nl::newton {{\nusing Element = {};\n}}\n\n", element.name()));
    text.push_str(include_str!("../device/newton/kernels.cuh"));
    text
}
