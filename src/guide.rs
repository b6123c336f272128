//! The guide: from a first loss to a fast one, in nine pages.
//!
//! | page | what |
//! | --- | --- |
//! | [`first_loss`] | function, attribute, type; settings; dfdx |
//! | [`labels`] | what each parameter is; batches of samples that differ |
//! | [`branches`] | hard decisions and what their derivatives are; soft ones |
//! | [`language`] | all that is understood: statements, methods, builtins, helper functions; and what is refused |
//! | [`numerics`] | lambda, negative curvature, float32, checking derivatives |
//! | [`speed`] | what costs time, running and building; reading generated code |
//! | [`black_boxes`] | functions that are only evaluated: smoothing, perturbed optimizers |
//! | [`gpu`] | the same on a GPU: what it takes, what is different |
//! | [`experiments`] | the program `newton`: runs, sweeps, files |

// Links: the first definition of a name counts. Here it is rustdoc's, in the files alone their own.
macro_rules! page {
    ($name:ident, $file:literal) => {
        #[doc = "[first_loss]: crate::guide::first_loss\n[labels]: crate::guide::labels\n[branches]: crate::guide::branches"]
        #[doc = "[language]: crate::guide::language\n[numerics]: crate::guide::numerics\n[speed]: crate::guide::speed"]
        #[doc = "[black_boxes]: crate::guide::black_boxes\n[gpu]: crate::guide::gpu\n[smoothing]: crate::smoothing"]
        #[doc = "[losses]: crate::losses\n[stable]: crate::losses::stable\n[NewtonLoss]: crate::loss::NewtonLoss"]
        #[doc = "[gradcheck_with]: crate::gradcheck::gradcheck_with\n[bellman_ford]: crate::losses::bellman_ford\n\n"]
        #[doc = include_str!(concat!("../docs/", $file))]
        pub mod $name {}
    };
}

page!(first_loss, "1-your-first-loss.md");
page!(labels, "2-labels-and-shapes.md");
page!(branches, "3-hard-and-soft.md");
page!(language, "4-the-language.md");
page!(numerics, "5-numerics.md");
page!(speed, "6-when-it-is-slow.md");
page!(black_boxes, "7-black-boxes.md");
page!(gpu, "8-on-a-gpu.md");
page!(experiments, "9-experiments.md");
