//! Bodies that turn.

use newton_losses::prelude::*;

/// A planar arm: the hand must reach a point, the elbows keep away from an obstacle, joints away from their limits.
#[newton_loss(hessian, lambda = 0.1)]
pub fn robot_arm<const J: usize>(
    y: &[f32; J],
    target: &[f32; 2],
    obstacle: &[f32; 2],
    #[shared] length: &[f32; J],
) -> f32 {
    let (mut x, mut z, mut heading) = (0.0, 0.0, 0.0);
    let mut loss = 0.0;
    for (angle, l) in y.iter().zip(length.iter()) {
        heading += angle;
        x += l * heading.cos();
        z += l * heading.sin();
        let near = (x - obstacle[0]).powi(2) + (z - obstacle[1]).powi(2);
        loss += 0.125 * (-4.0 * near).exp();
        loss += 0.0625 * softplus(8.0 * (angle.abs() - 1.5));
    }
    loss + (x - target[0]).powi(2) + (z - target[1]).powi(2)
}

/// Cross product.
#[newton_fn]
fn cross(a: &[f32; 3], b: &[f32; 3]) -> [f32; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

/// v turned by the unit quaternion (w, x, y, z).
#[newton_fn]
fn rotate(q: &[f32; 4], v: &[f32; 3]) -> [f32; 3] {
    let axis = [q[1], q[2], q[3]];
    let t: [f32; 3] = cross(&axis, v);
    let u: [f32; 3] = cross(&axis, &t);
    std::array::from_fn(|i| v[i] + 2.0 * (q[0] * t[i] + u[i]))
}

/// Wahba's problem: the attitude, a quaternion yet to be normalised, that turns reference vectors into measured ones.
#[newton_loss(hessian, lambda = 0.1)]
pub fn quaternion_alignment<const N: usize>(
    y: &[f32; 4],
    measured: &[[f32; 3]; N],
    weight: &[f32; N],
    #[shared] reference: &[[f32; 3]; N],
) -> f32 {
    let length = norm(y);
    let q = y.map(|c| c / length);
    let mut loss = (length - 1.0).powi(2);
    for n in 0..N {
        let turned: [f32; 3] = rotate(&q, &reference[n]);
        loss += weight[n] * turned.iter().zip(&measured[n]).map(|(a, b)| (a - b).powi(2)).sum::<f32>();
    }
    loss
}

/// Direction finding: bearings and elevations of beacons seen from a predicted position, with heading.
#[newton_loss(hessian, lambda = 0.1)]
pub fn bearings<const N: usize>(
    y: &[f32; 4],
    bearing: &[f32; N],
    elevation: &[f32; N],
    #[shared] beacon: &[[f32; 3]; N],
) -> f32 {
    let mut loss = 0.0;
    for i in 0..N {
        let d: [f32; 3] = std::array::from_fn(|k| beacon[i][k] - y[k]);
        let range = d[0].hypot(d[1]);
        let error = d[1].atan2(d[0]) - y[3] - bearing[i];
        // Angles are periodic.
        loss += 1.0 - error.cos() + (d[2].atan2(range) - elevation[i]).powi(2);
    }
    loss
}

/// A two-link leg's inverse kinematics in closed form: predicted foot positions, observed joint angles.
#[newton_loss(hessian, lambda = 0.1)]
pub fn leg<const N: usize>(y: &[[f32; 2]; N], angles: &[[f32; 2]; N], thigh: f32, shank: f32) -> f32 {
    let mut loss = 0.0;
    for (foot, seen) in y.iter().zip(angles.iter()) {
        // Feet are pulled into reach.
        let raw = norm(foot);
        let reach = 0.9 * (thigh + shank) * (raw / (1.0 + raw)) + 0.1;
        let knee = ((thigh.powi(2) + shank.powi(2) - reach.powi(2)) / (2.0 * thigh * shank)).acos();
        let lift = (shank * knee.sin() / reach).asin();
        let hip = foot[0].atan2(-foot[1]) + lift;
        loss +=
            (knee - std::f32::consts::FRAC_PI_2 * seen[0]).powi(2) + (0.5 * (hip - seen[1])).sin().powi(2);
    }
    loss / N as f32
}
