//! Helper functions, and a derivative of one's own: where was a comet seen whose orbit is predicted? Kepler's equation has no
//! solution in closed form. An iteration solves it; its derivative comes from the equation, not from the iteration.
//!
//! `cargo run --release --example 03_helper_functions`

use newton_losses::prelude::*;

/// Solves E - e sin E = M for E by Newton's method. `gradient` names the function with the derivatives.
#[newton_fn(gradient = anomaly_gradient)]
fn anomaly(mean: f32, e: f32, steps: usize) -> f32 {
    let mut x = mean + e * mean.sin();
    for _ in 0..steps {
        x -= (x - e * x.sin() - mean) / (1.0 - e * x.cos());
    }
    x
}

/// dE/dM and dE/de by the implicit function theorem: the same parameters, one result for each float among them.
#[newton_fn]
fn anomaly_gradient(mean: f32, e: f32, steps: usize) -> (f32, f32) {
    let x = anomaly(mean, e, steps);
    let slope = 1.0 / (1.0 - e * x.cos());
    (slope, slope * x.sin())
}

/// Position on an ellipse with semi-major axis 1: several results are a tuple.
#[newton_fn]
fn position(mean: f32, e: f32) -> (f32, f32) {
    let x = anomaly(mean, e, 8);
    (x.cos() - e, (1.0 - e * e).sqrt() * x.sin())
}

/// Prediction: eccentricity (as a logit), phase, and angle per unit of time. Label: times, and places seen then.
#[newton_loss(hessian, lambda = 1e-3, on_indefinite = abs)]
fn orbit<const N: usize>(y: &[f32; 3], time: &[f32; N], seen: &[[f32; 2]; N]) -> f32 {
    let e = sigmoid(y[0]);
    let mut loss = 0.0;
    for i in 0..N {
        // A result that is no single float is annotated where the function is called.
        let (a, b): (f32, f32) = position(y[1] + y[2] * time[i], e);
        loss += (a - seen[i][0]).powi(2) + (b - seen[i][1]).powi(2);
    }
    loss / N as f32
}

fn main() -> Result<(), newton_losses::Error> {
    // Helper functions are ordinary functions as well.
    let time: [f32; 12] = std::array::from_fn(|i| 0.5 * i as f32);
    let seen = time.map(|t| {
        let (a, b) = position(0.3 + 1.1 * t, 0.4);
        [a, b]
    });
    let label = [(time.map(f64::from), seen.map(|s| s.map(f64::from)))];
    let loss = Orbit::<12>::new();
    let mut y = [-1.0, 0.0, 1.0];

    println!("gradient {:.4?}", loss.gradients(&y, &label)?.gradients);
    // This would find a wrong rule.
    println!("{}", gradcheck(&loss, &y, &label)?);
    for step in 0..=8 {
        let all = loss.evaluate(&y, &label)?;
        println!("step {step}: loss {:.1e}", all.mean);
        y.copy_from_slice(&all.step.z_star);
    }
    println!(
        "eccentricity {:.4} (0.4), phase {:.4} (0.3), motion {:.4} (1.1)",
        1.0 / (1.0 + (-y[0]).exp()),
        y[1],
        y[2]
    );
    Ok(())
}
