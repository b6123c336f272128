//! Where a loss may be declared: in modules, without a prelude, under another name of the crate, in a function's body; and
//! helper functions called across all of these.

use newton_losses::gradcheck;

/// Helper functions in a module, re-exported by another.
mod shapes {
    mod hills {
        use newton_losses::newton_fn;

        /// A bump whose width is a constant of this module, which callers do not see.
        #[newton_fn]
        pub fn bump(x: f32, at: f32) -> f32 {
            let d = (x - at) / WIDTH;
            (-d * d).exp()
        }

        const WIDTH: f32 = 0.7;

        /// Calls another function, takes and returns arrays, of any size.
        #[newton_fn]
        pub fn bumps<const N: usize, const M: usize>(x: &[f32; N], at: &[f32; M]) -> [f32; M] {
            let mut out = [0.0; M];
            for j in 0..M {
                for i in 0..N {
                    out[j] += bump(x[i], at[j]);
                }
            }
            out
        }

        /// Its integer may be a label, its result is a pair.
        #[newton_fn]
        pub fn pick<const N: usize>(x: &[f32; N], which: usize) -> (f32, [f32; 2]) {
            let chosen = x[which];
            let next = x[(which + 1) % N];
            (chosen * next, [chosen.sin(), next])
        }
    }
    pub use hills::{bump, bumps, pick};
}

mod bare {
    #![no_implicit_prelude]

    use ::newton_losses::builtins::softmax;

    /// Nothing but Rust's own names is in scope here.
    #[::newton_losses::newton_loss(hessian, lambda = 0.1)]
    pub fn bare<const N: usize>(
        y: &[f32; N],
        target: &usize,
        #[shared] at: &[f32; 3],
        scale: f32,
        rounds: usize,
    ) -> f32 {
        let p = softmax(y);
        let b: [f32; 3] = super::shapes::bumps(&p, at);
        let mut loss = 0.0;
        for round in 0..rounds {
            let (product, pair): (f32, [f32; 2]) = super::shapes::pick(&p, (*target + round) % N);
            loss += product * pair[0] - scale * pair[1] * b[round % 3];
        }
        if loss > 0.0 { loss } else { 0.5 * loss }
    }
}

mod renamed {
    extern crate newton_losses as other_name;

    use self::other_name::{newton_fn, newton_loss};

    #[newton_fn(crate = crate::renamed::other_name)]
    fn cube(x: f32) -> f32 {
        x * x * x
    }

    #[newton_loss(hessian, lambda = 0.1, crate = crate::renamed::other_name)]
    pub fn renamed(y: &[f32; 2]) -> f32 {
        cube(y[0]) * y[1] + cube(y[1])
    }
}

#[test]
fn a_loss_needs_no_prelude() {
    let loss = bare::Bare::<4>::new([0.1_f64, 0.2, 0.5], 0.3_f64, 5);
    let y = [0.3, -0.2, 0.9, 0.1, 1.3, 0.2, -0.9, 0.4, 0.0, 0.6, 0.5, -0.1];
    let report = gradcheck(&loss, &y, &[0_usize, 3, 2]).unwrap();
    assert!(report.passed(), "{report}");
    let value = bare::bare(&[0.3, -0.2, 0.9, 0.1], &0, &[0.1, 0.2, 0.5], 0.3, 5);
    let found = newton_losses::loss::NewtonLoss::<f64>::values(&loss, &y[..4], &[0_usize]).unwrap();
    assert!((f64::from(value) - found[0]).abs() < 1e-6);
}

#[test]
fn the_crate_may_have_another_name() {
    let report = gradcheck(&renamed::Renamed::new(), &[0.3, -0.2], &[()]).unwrap();
    assert!(report.passed(), "{report}");
}

#[test]
fn a_loss_may_live_in_a_function() {
    use newton_losses::prelude::*;

    const STRETCH: f32 = 0.3;

    #[newton_fn]
    fn stretched(x: f32) -> f32 {
        x * STRETCH + shapes::bump(x, STRETCH)
    }

    #[newton_loss(hessian, lambda = 0.1)]
    fn local<const N: usize>(y: &[f32; N], on: &[bool; N]) -> f32 {
        y.iter().zip(on).filter(|(_, on)| **on).map(|(x, _)| stretched(*x) * x).sum()
    }

    let loss = Local::<3>::new();
    let y = [0.3, -0.2, 0.9, 1.0, 2.0, -0.4];
    let report = gradcheck(&loss, &y, &[[true, false, true], [false, true, true]]).unwrap();
    assert!(report.passed(), "{report}");
}

#[test]
fn a_function_may_bring_its_own_derivative() {
    use newton_losses::prelude::*;

    /// ln(1 + e^x), which overflows as it stands: its derivative is written by hand.
    #[newton_fn(gradient = soft_gradient)]
    fn soft(x: f32, weight: f32) -> f32 {
        weight * x.max(0.0) + weight * (-x.abs()).exp().ln_1p()
    }

    #[newton_fn]
    fn soft_gradient(x: f32, weight: f32) -> (f32, f32) {
        (weight / (1.0 + (-x).exp()), x.max(0.0) + (-x.abs()).exp().ln_1p())
    }

    /// A derivative that is not this function's: it must be what is used.
    #[newton_fn(gradient = seven)]
    fn straight_through<const N: usize>(x: &[f32; N], k: usize) -> f32 {
        x[k].round()
    }

    #[newton_fn]
    fn seven<const N: usize>(x: &[f32; N], k: usize) -> [f32; N] {
        let mut slope = [0.0; N];
        slope[k] = 7.0 * x[k];
        slope
    }

    #[newton_loss(hessian, lambda = 0.1)]
    fn through(y: &[f32; 3], which: &usize) -> f32 {
        straight_through(y, 1) * y[0] + straight_through(y, *which)
    }

    #[newton_loss(hessian, lambda = 0.1)]
    fn softly(y: &[f32; 2], weight: &f32) -> f32 {
        soft(y[0], *weight) * y[1] + soft(y[1], y[0])
    }

    let report = gradcheck(&Softly::new(), &[1.0, -0.7], &[0.3]).unwrap();
    assert!(report.passed(), "{report}");

    let loss = Through::new();
    let y = [2.0, 1.2, -3.4];
    let found = loss.gradients(&y, &[2_usize]).unwrap();
    assert_eq!(found.values, [1.0 * 2.0 - 3.0]);
    for (found, expected) in found.gradients.iter().zip([1.0_f64, 7.0 * 1.2 * 2.0, 7.0 * -3.4]) {
        assert!((found - expected).abs() < 1e-12, "{found} {expected}");
    }
    let hessian = loss.hessians(&y, &[2_usize]).unwrap();
    let expected = [0.0, 8.4, 0.0, 8.4, 14.0, 0.0, 0.0, 0.0, 7.0_f64];
    for (found, expected) in hessian.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-12, "{hessian:?}");
    }
}
