//! What terrain looks like: 8 x 8 pixels with a texture, in colours chosen so that the channels' means and deviations
//! come near the benchmark's: mean (61.5, 69.9, 30.9), deviation (40.7, 16.6, 40.8).

use super::super::{CELLS, CHANNELS, GRID, SIDE, TILE};
use super::terrain::Terrain;
use crate::data::random::Random;

/// Colours of a terrain: `base + contrast * texture`, and noise.
struct Look {
    base: [f32; CHANNELS],
    contrast: [f32; CHANNELS],
    /// Of column and row, shifted at random; in [-1, 1].
    texture: fn(i32, i32) -> f32,
}

const fn look(terrain: Terrain) -> Look {
    match terrain {
        Terrain::Sand => Look {
            base: [114.0, 89.0, 24.0],
            contrast: [8.0, 8.0, 6.0],
            texture: |x, y| wave(3 * x + 5 * y, 7),
        },
        Terrain::Grass => {
            Look { base: [58.0, 77.0, 4.0], contrast: [10.0, 12.0, 4.0], texture: |x, y| wave(x + 3 * y, 5) }
        }
        Terrain::Forest => Look { base: [28.0, 49.0, 4.0], contrast: [12.0, 17.0, 5.0], texture: crown },
        Terrain::Rock => Look {
            base: [102.0, 73.0, 12.0],
            contrast: [16.0, 14.0, 8.0],
            texture: |x, y| wave(x + y, 8).max(wave(x - y, 6)),
        },
        Terrain::Water => Look {
            base: [13.0, 61.0, 110.0],
            contrast: [6.0, 14.0, 16.0],
            texture: |x, y| wave(2 * y + x.div_euclid(2), 8),
        },
    }
}

/// A zigzag between -1 and 1.
const fn wave(position: i32, period: i32) -> f32 {
    let within = 2 * position.rem_euclid(period) - period;
    2.0 * (within.abs() as f32) / (period as f32) - 1.0
}

/// Round crowns of trees, four pixels wide, light in the middle.
fn crown(x: i32, y: i32) -> f32 {
    let from_middle = |z: i32| (2 * z.rem_euclid(4) - 3) as f32;
    let (dx, dy) = (from_middle(x), from_middle(y));
    1.0 - (dx * dx + dy * dy) / 9.0
}

/// Paints a map: `image` is (96, 96, 3).
pub(super) fn paint(terrain: &[Terrain; CELLS], random: &mut Random, image: &mut [u8]) {
    for (cell, &kind) in terrain.iter().enumerate() {
        let look = look(kind);
        let shift = [random.index(TILE) as i32, random.index(TILE) as i32];
        for pixel in 0..TILE * TILE {
            let (y, x) = (pixel / TILE, pixel % TILE);
            let texture = (look.texture)(x as i32 + shift[0], y as i32 + shift[1]);
            let noise = 3.0 * random.bell();
            let at = (cell / GRID * TILE + y) * SIDE + cell % GRID * TILE + x;
            for channel in 0..CHANNELS {
                let value = look.base[channel] + look.contrast[channel] * texture + noise;
                image[CHANNELS * at + channel] = value.round().clamp(0.0, 255.0) as u8;
            }
        }
    }
}
