//! From points to ink: smooth curves through the points, and a soft round pen along them.

use super::super::SIDE;
use super::super::random::Random;

/// Pieces between two points of a stroke; at 28 pixels more cannot be seen.
const PIECES: usize = 6;

/// A curve through the points (Catmull-Rom), closed if the points are, as a chain of short lines.
pub fn smooth(points: &[(f32, f32)]) -> Vec<(f32, f32)> {
    let last = points.len() - 1;
    let closed = last > 1 && points[0] == points[last];
    // Neighbours beyond an end: the other side of a loop, or the end itself mirrored.
    let before = if closed { points[last - 1] } else { mirrored(points[1], points[0]) };
    let after = if closed { points[1] } else { mirrored(points[last - 1], points[last]) };
    let at = |i: usize| match i.checked_sub(1) {
        None => before,
        Some(i) if i > last => after,
        Some(i) => points[i],
    };
    let mut curve = vec![points[0]];
    for i in 0..last {
        let [a, b, c, d] = [at(i), at(i + 1), at(i + 2), at(i + 3)];
        for piece in 1..=PIECES {
            let t = piece as f32 / PIECES as f32;
            curve.push((spline([a.0, b.0, c.0, d.0], t), spline([a.1, b.1, c.1, d.1], t)));
        }
    }
    curve
}

fn mirrored(point: (f32, f32), at: (f32, f32)) -> (f32, f32) {
    (2.0 * at.0 - point.0, 2.0 * at.1 - point.1)
}

/// From b to c as t goes from 0 to 1.
fn spline([a, b, c, d]: [f32; 4], t: f32) -> f32 {
    b + 0.5 * t * (c - a + t * (2.0 * a - 5.0 * b + 4.0 * c - d + t * (3.0 * (b - c) + d - a)))
}

/// A pen: how wide, how soft, how dark.
pub struct Pen {
    radius: f32,
    softness: f32,
    /// How much pressure changes the radius along a stroke, and where in the change it starts.
    pressure: (f32, f32),
    /// Grey value of full ink.
    pub darkness: f32,
}

impl Pen {
    pub fn new(random: &mut Random) -> Self {
        Self {
            radius: random.between(0.7, 1.65),
            softness: random.between(0.9, 1.5),
            pressure: (random.between(0.0, 0.3), random.between(0.0, std::f32::consts::TAU)),
            darkness: random.between(215.0, 290.0),
        }
    }

    /// Adds a stroke, in pixels, to an image of ink from 0 to 1; where strokes cross, the darker counts.
    pub fn draw(&self, stroke: &[(f32, f32)], ink: &mut [f32]) {
        let mut travelled = self.pressure.1;
        for ends in stroke.windows(2) {
            let (from, to) = (ends[0], ends[1]);
            let (dx, dy) = (to.0 - from.0, to.1 - from.1);
            let squared = dx * dx + dy * dy;
            travelled += 0.3 * squared.sqrt();
            let radius = self.radius * (1.0 + self.pressure.0 * libm::sinf(travelled));
            let reach = radius + self.softness;
            for y in span(from.1, to.1, reach) {
                for x in span(from.0, to.0, reach) {
                    let (px, py) = (x as f32 + 0.5 - from.0, y as f32 + 0.5 - from.1);
                    // The nearest point of the line, as a share of its length.
                    let t = ((px * dx + py * dy) / squared.max(1e-12)).clamp(0.0, 1.0);
                    let (ex, ey) = (px - t * dx, py - t * dy);
                    let distance = (ex * ex + ey * ey).sqrt();
                    let value = ((radius + 0.5 * self.softness - distance) / self.softness).clamp(0.0, 1.0);
                    let pixel = &mut ink[y * SIDE + x];
                    *pixel = pixel.max(value);
                }
            }
        }
    }
}

/// The rows or columns within reach of a line from a to b.
fn span(a: f32, b: f32, reach: f32) -> std::ops::Range<usize> {
    let side = SIDE as f32;
    let low = (a.min(b) - reach).floor().clamp(0.0, side);
    let high = (a.max(b) + reach).ceil().clamp(0.0, side);
    low as usize..high as usize
}
