//! Walls, what heats them, and what a thermocouple shows.

use crate::random::Random;
use crate::{CELLS, FLUX, READINGS, WARMTH};

/// Standard deviation of a reading's error. The readings themselves are about 0.7.
const NOISE: f32 = 0.001;

/// Flux histories and readings.
pub struct Data {
    /// Only the test looks at them.
    pub flux: Vec<[f32; FLUX]>,
    pub seen: Vec<[f32; READINGS]>,
}

impl Data {
    /// A constant load with three bursts of heat, each seen by the sensor with errors.
    pub fn new(count: usize, sensor: usize, random: &mut Random) -> Self {
        let one = |_| {
            let mut flux = [0.2 * random.uniform(); FLUX];
            for _ in 0..3 {
                let (at, width) = (FLUX as f32 * random.uniform(), 0.5 + 1.5 * random.uniform());
                let height = 0.2 + 0.8 * random.uniform();
                for (k, flux) in flux.iter_mut().enumerate() {
                    *flux += height * (-((k as f32 - at) / width).powi(2)).exp();
                }
            }
            (flux, wall(&flux, sensor).map(|u| u + NOISE * random.normal()))
        };
        let (flux, seen) = (0..count).map(one).unzip();
        Self { flux, seen }
    }
}

/// The wall as nature has it: flux in, readings out.
fn wall(flux: &[f32; FLUX], sensor: usize) -> [f32; READINGS] {
    let mut u = [0.0_f32; CELLS];
    std::array::from_fn(|t| {
        let mut inflow = 0.4 * flux[t * FLUX / READINGS];
        for i in 0..CELLS {
            let next = if i + 1 < CELLS { u[i + 1] } else { u[i] };
            let outflow = 0.3 * (1.0 + WARMTH * (u[i] + next).tanh()) * (u[i] - next);
            u[i] += inflow - outflow;
            inflow = outflow;
        }
        u[sensor]
    })
}

/// Changes from reading to reading: they tell a network more than the readings.
pub fn changes(seen: &[[f32; READINGS]]) -> impl Iterator<Item = f32> {
    seen.iter().flat_map(|r| (0..READINGS).map(|t| r[t] - r[t.saturating_sub(1)]))
}

/// Mean and standard deviation.
pub fn scale(values: impl Iterator<Item = f32>) -> (f32, f32) {
    let (n, sum, squares) =
        values.fold((0.0, 0.0, 0.0), |(n, s, q), x| (n + 1.0, s + f64::from(x), q + f64::from(x).powi(2)));
    let mean: f64 = sum / n;
    (mean as f32, (squares / n - mean * mean).sqrt() as f32)
}
