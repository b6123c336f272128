//! A unit of compilation.

use super::Source;
use super::source::Helpers;
use crate::kernel::Kernel;
use crate::scalar::Data;

/// The type of numbers on the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Element {
    /// `float`
    F32,
    /// `double`
    F64,
}

impl Element {
    /// Its name in C++.
    pub fn name(self) -> &'static str {
        match self {
            Element::F32 => "float",
            Element::F64 => "double",
        }
    }
}

/// What one sample consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// Numbers of a prediction.
    pub dim: usize,
    /// Numbers of a label.
    pub numbers: usize,
    /// Integers and conditions of a label.
    pub integers: usize,
}

/// A loss with its sizes as text, and what its kernels are to be given.
#[derive(Debug, Clone)]
pub struct Unit {
    /// The user's function.
    pub name: &'static str,
    /// One sample.
    pub layout: Layout,
    /// Hyper-parameters that are floats, and shared arrays of floats: what kernels take as `Batch::parameters`.
    pub parameters: Vec<f64>,
    namespace: String,
    text: String,
}

/// The device library, in the order of inclusion.
const LIBRARY: [&str; 11] = [
    include_str!("device/base.cuh"),
    include_str!("device/integers.cuh"),
    include_str!("device/array.cuh"),
    include_str!("device/scalar.cuh"),
    include_str!("device/dual.cuh"),
    include_str!("device/tape.cuh"),
    include_str!("device/functions.cuh"),
    include_str!("device/reduce.cuh"),
    include_str!("device/linear.cuh"),
    include_str!("device/relaxed.cuh"),
    include_str!("device/calls.cuh"),
];

/// What all units start with.
pub fn library() -> String {
    let mut text = LIBRARY.join("\n");
    text.push('\n');
    text.push_str(include_str!("device/kernels.cuh"));
    text
}

impl Unit {
    /// Of a loss; none if it was compiled without the feature `cuda-source`, or is no `#[newton_loss]`.
    pub fn of<K: Kernel>(kernel: &K) -> Option<Unit> {
        let layout =
            Layout { dim: K::DIM, numbers: K::Label::<f32>::LEN, integers: K::Label::<f32>::INTEGERS };
        let parameters = kernel.parameters().map(|(_, value)| value).collect();
        Some(Self::new(&kernel.cuda()?, layout, parameters))
    }

    pub(super) fn new(source: &Source, layout: Layout, parameters: Vec<f64>) -> Unit {
        let Layout { dim, numbers, integers } = layout;
        let helpers = Helpers::of(source);
        let mut text = String::new();
        helpers.write(&mut text);
        helpers.write_names(source, &mut text);
        text.push('\n');
        text.push_str(source.code);
        text.push_str(&format!(
            "
struct Loss {{
    static constexpr nl::integer DIM = {dim}, NUMBERS = {numbers}, INTEGERS = {integers};

    template <class Scalar>
    static __device__ Scalar run(const Scalar* y, const nl::Passive<Scalar>* label, const int* integers,
                                 const nl::Passive<Scalar>* parameters, Scalar* y_, nl::Tape<Scalar>& tape) {{
        return value_and_gradient<Scalar>(y, label, integers, parameters, y_, tape);
    }}
}};
"
        ));
        Unit { name: source.name, layout, parameters, namespace: "loss".to_owned(), text }
    }

    /// The same in another namespace than `loss`: several can stand in one file.
    #[must_use]
    pub fn namespace(mut self, namespace: &str) -> Unit {
        namespace.clone_into(&mut self.namespace);
        self
    }

    /// How many Hessian columns a thread computes at a time, if nobody knows better.
    pub fn tangents(&self) -> usize {
        crate::kernel::tangents(self.layout.dim, usize::MAX)
    }

    /// Functions and loss, without library and kernels.
    pub fn text(&self) -> String {
        format!("namespace {} {{\n{}}}\n", self.namespace, self.text)
    }

    /// The kernels, each called `prefix` and what it is: `values`, `gradients`, `hessians`, `hessian_vector_products`, `hessian_sums`
    /// and `mean_of_sums`. What they take, `device/kernels.cuh` says.
    pub fn kernels(&self, element: Element, tangents: usize, prefix: &str) -> String {
        let (t, loss) = (element.name(), format!("{}::Loss", self.namespace));
        let kernel = |name: &str, parameters: &str, body: &str| {
            format!(
                "extern \"C\" __global__ void __launch_bounds__(nl::MAX_THREADS) {prefix}{name}({parameters}) {{\n    {body}\n}}\n"
            )
        };
        let batch = format!("const nl::Batch<{t}> batch");
        let along = format!("const nl::Along<{t}> along");
        [
            kernel(
                "values",
                &format!("{batch}, {t}* values"),
                &format!("nl::gradients<{loss}, {t}>(batch, values, nullptr);"),
            ),
            kernel(
                "gradients",
                &format!("{batch}, {t}* values, {t}* gradients"),
                &format!("nl::gradients<{loss}, {t}>(batch, values, gradients);"),
            ),
            kernel(
                "hessians",
                &format!("{batch}, {along}, {t}* hessians"),
                &format!("nl::hessians<{loss}, {t}, {tangents}>(batch, along, hessians);"),
            ),
            kernel(
                "hessian_vector_products",
                &format!("{batch}, const {t}* vectors, {t}* products"),
                &format!("nl::hessian_vector_products<{loss}, {t}>(batch, vectors, products);"),
            ),
            kernel(
                "hessian_sums",
                &format!("{batch}, {along}, unsigned int chunk, double* sums"),
                &format!("nl::hessian_sums<{loss}, {t}, {tangents}>(batch, along, chunk, sums);"),
            ),
            kernel(
                "mean_of_sums",
                "const double* sums, unsigned int chunks, unsigned int samples, unsigned int dim, double* mean",
                "nl::mean_of_sums(sums, chunks, samples, dim, mean);",
            ),
        ]
        .concat()
    }

    /// All that is to be compiled.
    pub fn source(&self, element: Element, tangents: usize) -> String {
        [library(), self.text(), self.kernels(element, tangents, "")].join("\n")
    }
}
