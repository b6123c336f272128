//! Mean and deviation of each colour channel, which inputs are normalised by.

use rayon::prelude::*;

use super::{CHANNELS, WarcraftMaps};
use crate::data::DataError;

/// Mean and standard deviation (that of the population, divisor n) of red, green and blue, on the scale 0 to 255.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChannelStatistics {
    /// Means.
    pub mean: [f64; CHANNELS],
    /// Standard deviations, above 0.
    pub deviation: [f64; CHANNELS],
}

impl ChannelStatistics {
    /// Over all pixels of `maps`. The sums are integers, so nothing depends on their order.
    ///
    /// # Errors
    /// [`DataError::TooFew`] without maps, [`DataError::ConstantChannel`] where the deviation would be 0.
    pub fn of(maps: &WarcraftMaps) -> Result<Self, DataError> {
        let (images, ..) = maps.parts();
        if images.is_empty() {
            return Err(DataError::TooFew { what: "training maps", found: 0, expected: 1 });
        }
        let blocks = images.par_chunks(CHANNELS << 16).map(|pixels| {
            let mut sums = [[0u64; 2]; CHANNELS];
            for pixel in pixels.chunks_exact(CHANNELS) {
                for (sums, &value) in sums.iter_mut().zip(pixel) {
                    let value = u64::from(value);
                    *sums = [sums[0] + value, sums[1] + value * value];
                }
            }
            sums
        });
        let sums = blocks
            .reduce(Default::default, |a, b| std::array::from_fn(|c| [a[c][0] + b[c][0], a[c][1] + b[c][1]]));
        let count = (images.len() / CHANNELS) as u64;
        let mut statistics = Self { mean: [0.0; CHANNELS], deviation: [0.0; CHANNELS] };
        for (channel, [sum, squares]) in sums.into_iter().enumerate() {
            // n^2 times the variance, exactly.
            let spread = u128::from(count) * u128::from(squares) - u128::from(sum) * u128::from(sum);
            if spread == 0 {
                return Err(DataError::ConstantChannel { channel, value: images[channel] });
            }
            statistics.mean[channel] = sum as f64 / count as f64;
            statistics.deviation[channel] = (spread as f64).sqrt() / count as f64;
        }
        Ok(statistics)
    }

    /// The normalised value of each of the 256 values of each channel.
    pub(super) fn table(&self) -> [[f32; 256]; CHANNELS] {
        std::array::from_fn(|channel| {
            std::array::from_fn(|value| {
                ((value as f64 - self.mean[channel]) / self.deviation[channel]) as f32
            })
        })
    }
}
