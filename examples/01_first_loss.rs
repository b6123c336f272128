//! A first loss: how far two numbers, an amplitude and a rate, are from explaining a decay that was measured.
//!
//! `cargo run --release --example 01_first_loss`; what the attribute generates is in `expanded/01_first_loss.rs`.

use newton_losses::prelude::*;

/// Mean squared distance of `e^y0 e^(-e^y1 t)` from what was seen at the times `t` = 0, dt, 2 dt, ...
#[newton_loss(hessian, lambda = 1e-4, on_indefinite = abs)]
fn decay<const N: usize>(y: &[f32; 2], seen: &[f32; N], dt: f32) -> f32 {
    let (amplitude, rate) = (y[0].exp(), y[1].exp());
    let mut loss = 0.0;
    for i in 0..N {
        let t = i as f32 * dt;
        let miss = amplitude * (-rate * t).exp() - seen[i];
        loss += miss * miss;
    }
    loss / N as f32
}

fn main() -> Result<(), newton_losses::Error> {
    // Amplitude 2 and rate 0.5, so the best prediction is (ln 2, ln 0.5) = (0.693, -0.693).
    let seen: [f32; 20] = std::array::from_fn(|i| 2.0 * (-0.5 * 0.1 * i as f32).exp());

    // The function is an ordinary one.
    println!("decay(..) = {:.4}", decay(&[0.0, 1.0], &seen, 0.1));

    // The type of the same name, in camel case, is the loss. It works on `f32` and `f64` alike.
    let loss = Decay::<20>::new(0.1);
    let mut y = [0.0_f64, 1.0];
    let label = [seen.map(f64::from)];
    let all = loss.evaluate(&y, &label)?;
    println!("value     = {:.4}", all.values[0]);
    println!("gradient  = {:.4?}", all.gradients);
    println!("Hessian   = {:.4?}", loss.hessians(&y, &label)?);
    println!("z*        = {:.4?}", all.step.z_star);

    // Do not trust derivatives, check them.
    println!("{}", gradcheck(&loss, &y, &label)?);

    // Follow z* from step to step, next to plain descent along the gradient.
    let plain = loss.clone().curvature(Curvature::None);
    let mut x = y;
    println!("step   loss along z*   along the gradient");
    for step in 0..=10 {
        let (newton, gradient) = (loss.evaluate(&y, &label)?, plain.evaluate(&x, &label)?);
        if step % 2 == 0 {
            println!("{step:4} {:15.1e} {:20.1e}", newton.mean, gradient.mean);
        }
        y.copy_from_slice(&newton.step.z_star);
        x.iter_mut().zip(&gradient.gradients).for_each(|(x, g)| *x -= 0.2 * g);
    }
    println!("y = {y:.4?}");
    Ok(())
}
