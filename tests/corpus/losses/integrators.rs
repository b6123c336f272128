//! Simulators: hundreds of steps through a state.

use newton_losses::prelude::*;

/// Angles of a damped pendulum, by the midpoint rule with many steps between observations; angle, velocity, friction and
/// length are predicted.
#[newton_loss(hessian, lambda = 0.1)]
pub fn pendulum_observed<const N: usize>(y: &[f32; 4], angles: &[f32; N], between: usize, dt: f32) -> f32 {
    let (mut angle, mut velocity) = (y[0], y[1]);
    let friction = 0.1 * y[2].exp();
    let stiffness = 9.81 / (1.0 + softplus(y[3]));
    let pull = |angle: f32, velocity: f32| -stiffness * angle.sin() - friction * velocity;
    let mut loss = 0.0;
    for seen in angles.iter() {
        for _ in 0..between {
            let half = angle + 0.5 * dt * velocity;
            let fast = velocity + 0.5 * dt * pull(angle, velocity);
            angle += dt * fast;
            velocity += dt * pull(half, fast);
        }
        loss += (angle - seen).powi(2);
    }
    loss / N as f32
}

/// Hares and lynxes: derivative of the logarithms of both populations.
#[newton_fn]
fn predation(hares: f32, lynxes: f32, rates: &[f32; 4]) -> (f32, f32) {
    (rates[0] - rates[1] * lynxes.exp(), rates[2] * hares.exp() - rates[3])
}

/// Lotka-Volterra by classical Runge-Kutta; the four rates are predicted (logarithms), both populations observed.
#[newton_loss(hessian, lambda = 0.1)]
pub fn lotka_volterra<const N: usize>(
    y: &[f32; 4],
    start: &[f32; 2],
    observed: &[[f32; 2]; N],
    between: usize,
    dt: f32,
) -> f32 {
    let rates = y.map(|r| r.exp());
    let [mut hares, mut lynxes] = *start;
    let mut loss = 0.0;
    for n in 0..N {
        for _step in 0..between {
            let (a1, b1): (f32, f32) = predation(hares, lynxes, &rates);
            let (a2, b2): (f32, f32) = predation(hares + 0.5 * dt * a1, lynxes + 0.5 * dt * b1, &rates);
            let (a3, b3): (f32, f32) = predation(hares + 0.5 * dt * a2, lynxes + 0.5 * dt * b2, &rates);
            let (a4, b4): (f32, f32) = predation(hares + dt * a3, lynxes + dt * b3, &rates);
            hares += dt / 6.0 * (a1 + 2.0 * a2 + 2.0 * a3 + a4);
            lynxes += dt / 6.0 * (b1 + 2.0 * b2 + 2.0 * b3 + b4);
        }
        loss += (hares - observed[n][0]).powi(2) + (lynxes - observed[n][1]).powi(2);
    }
    loss
}

/// SIR epidemic with one contact rate per week, four Euler steps a day, against weekly new cases (Poisson deviance).
#[newton_loss(fisher, lambda = 0.1)]
pub fn epidemic<const WEEKS: usize>(y: &[f32; WEEKS], cases: &[f32; WEEKS], recovery: f32, seed: f32) -> f32 {
    const STEPS: usize = 4;
    let (mut s, mut i) = (1.0 - seed, seed);
    let mut new = [0.0; WEEKS];
    for step in 0..7 * STEPS * WEEKS {
        let week = step / (7 * STEPS);
        let infected = sigmoid(y[week]) * s * i / STEPS as f32;
        let recovered = recovery * i / STEPS as f32;
        s -= infected;
        i += infected - recovered;
        new[week] += infected;
    }
    let mut deviance = 0.0;
    for (model, seen) in new.iter().zip(cases) {
        let expected = 100.0 * model;
        deviance += expected - seen * expected.ln();
    }
    deviance
}

/// A chain of masses on springs that stiffen with their stretch, by leapfrog: predicted kicks must bring it to a shape.
#[newton_loss(hessian, lambda = 0.1)]
pub fn spring_chain<const N: usize>(
    y: &[f32; N],
    shape: &[f32; N],
    steps: usize,
    dt: f32,
    cubic: f32,
) -> f32 {
    let mut x = [0.0; N];
    let mut v = *y;
    for _ in 0..steps {
        for (x, v) in x.iter_mut().zip(v.iter()) {
            *x += 0.5 * dt * v;
        }
        for i in 0..=N {
            // Walls at both ends.
            let left = if i == 0 { 0.0 } else { x[i - 1] };
            let right = if i == N { 0.0 } else { x[i] };
            let stretch = right - left;
            let force = stretch + cubic * stretch * stretch * stretch;
            if i > 0 {
                v[i - 1] += dt * force;
            }
            if i < N {
                v[i] -= dt * force;
            }
        }
        for i in 0..N {
            x[i] += 0.5 * dt * v[i];
        }
    }
    mse(&x, shape)
}

/// Thrusts of a rocket, cumulated, must make it hover at a height: nested sums and a penalty on jerk.
#[newton_loss(hessian, lambda = 0.1)]
pub fn rocket<const N: usize>(y: &[f32; N], height: &f32, burn: f32) -> f32 {
    let thrust = y.map(|u| 4.0 * sigmoid(u));
    let fuel = cumsum(&thrust);
    let (mut h, mut v, mut missed) = (0.0, 0.0_f32, 0.0);
    for (i, push) in thrust.iter().enumerate() {
        let mass = 1.0 + (-burn * fuel[i]).exp();
        for substep in 1..=20 {
            let weight = substep as f32 / 20.0;
            v += 0.05 * (weight * push / mass - 0.5 - 0.1 * v * (v * v + 0.01).sqrt());
            h += 0.05 * v;
        }
        missed += (h - height).powi(2) * (i + 1) as f32;
    }
    let jerk: f32 = y.windows(2).map(|w| (w[1] - w[0]).powi(2)).sum();
    missed / (N * (N + 1) / 2) as f32 + 0.01 * jerk
}
