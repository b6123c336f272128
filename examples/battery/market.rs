//! Days of an electricity market: what is forecast of them, and what energy then costs.

use crate::HOURS;
use crate::random::Random;

/// Three forecasts for each hour: demand, wind, sun.
pub const FEATURES: usize = 3 * HOURS;

/// A day.
pub struct Day {
    /// What is known the day before, in standard units.
    pub forecast: [f32; FEATURES],
    /// Euro per MWh.
    pub prices: [f32; HOURS],
}

/// Days in a row, all made of the seed. Prices follow the residual demand, gently at first and steeply where the last power
/// stations have to be started; forecasts are off, the more the later the hour.
pub fn days(count: usize, random: &mut Random) -> Vec<Day> {
    let mut wind = 0.0_f32;
    let one = |_| {
        let (level, clouds, peak) = (0.3 * random.normal(), random.uniform(), 17.5 + 1.5 * random.normal());
        let mut forecast = [0.0; FEATURES];
        let prices = std::array::from_fn(|hour| {
            let h = hour as f32 + 0.5;
            let bump = |at: f32, width: f32| (-((h - at) / width).powi(2)).exp();
            wind += 0.25 * random.normal() - 0.04 * wind;
            let demand = level + 0.9 * bump(9.0, 3.0) + 1.3 * bump(peak, 2.5) - 0.6 * bump(3.0, 3.5);
            let sun = 1.6 * (1.0 - 0.8 * clouds) * bump(13.0, 3.0);
            for (k, value) in [demand, wind, sun].into_iter().enumerate() {
                forecast[k * HOURS + hour] = value + (0.1 + 0.01 * h) * random.normal();
            }
            let residual = demand - 0.7 * wind - sun;
            40.0 + 12.0 * residual + 25.0 * (2.2 * (residual - 1.0)).exp().min(20.0) + 3.0 * random.normal()
        });
        Day { forecast, prices }
    };
    (0..count).map(one).collect()
}
