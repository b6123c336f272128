//! Noise on a device is the CPU's: a function of seed, step and sample.
#![cfg(feature = "cuda")]

mod cuda_support;

use cuda_support::{distance, gpu};
use newton_runtime::cuda::Gpu;
use newton_runtime::cuda::smoothing::{draw, functions_of, random_words};
use newton_runtime::smoothing::{Distribution, Noise, Sampling};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

#[test]
fn random_words_are_chacha_s() {
    let Some(gpu) = gpu() else { return };
    for (seed, step, sample) in
        [(0, 0, 0), (7, 3, 2), (u64::MAX, 1 << 40, u64::MAX - 1), (1 << 33, 5, 1 << 35)]
    {
        let mut key = [0; 32];
        key[..8].copy_from_slice(b"smoothng");
        key[8..16].copy_from_slice(&u64::to_le_bytes(seed));
        key[16..24].copy_from_slice(&u64::to_le_bytes(step));
        let mut random = ChaCha8Rng::from_seed(key);
        random.set_stream(sample);
        let words = random_words(&gpu, seed, step, sample, 300).unwrap();
        let words = gpu.download(words.slice()).unwrap();
        let expected: Vec<u64> = (0..300).map(|_| random.next_u64()).collect();
        assert_eq!(words, expected);
    }
}

/// Off by how much, in units of what rounding explains: next to 1 what cancels is left with absolute errors.
fn off(found: f64, expected: f64) -> f64 {
    distance(found, expected) / expected.abs().max(1.0)
}

#[test]
fn distributions() {
    let Some(gpu) = gpu() else { return };
    let smallest = 0.5 / (1_u64 << 52) as f64;
    let mut probabilities: Vec<f64> = (1..4000).map(|i| f64::from(i) / 4000.0).collect();
    for k in 0..150 {
        let tail = smallest * 1.27_f64.powi(k);
        probabilities
            .extend([tail, 1.0 - tail, 0.5 + tail, 0.5 - tail].into_iter().filter(|u| *u > 0.0 && *u < 1.0));
    }
    for distribution in Distribution::ALL {
        let count = probabilities.len();
        let all = functions_of(&gpu, distribution, &probabilities).unwrap();
        let all = gpu.download(all.slice()).unwrap();
        let mut worst = [0.0_f64; 4];
        for (i, u) in probabilities.iter().enumerate() {
            let [z, mirrored, score, curvature] = [0, 1, 2, 3].map(|k| all[k * count + i]);
            let right = distribution.quantile(*u);
            // All digits of the normal distribution: around 0 its quantiles are as small as 1e-16.
            let relative = distribution == Distribution::Gaussian && right != 0.0;
            worst[0] = worst[0].max(if relative { distance(z / right, 1.0) } else { off(z, right) });
            // Of the same z, but for the mirror image, whose error its own probability's rounding magnifies.
            worst[2] = worst[2].max(off(score, distribution.score(z)));
            if let Ok(right) = distribution.curvature(z) {
                worst[3] = worst[3].max(off(curvature, right));
            }
            if distribution == Distribution::Gumbel {
                // exp(-e^-z) of both are probabilities that add up to 1.
                let of = |z: f64| (-(-z).exp()).exp();
                worst[1] = worst[1].max(distance(of(z) + of(mirrored), 1.0));
            } else {
                assert_eq!(mirrored, -z);
            }
        }
        println!("{distribution}: {worst:?}");
        assert!(worst.iter().all(|off| *off < 1e-14), "{distribution}: {worst:?}");
    }
}

/// Compares with [`Noise::draw`], sample by sample; the largest difference.
fn difference(gpu: &Gpu, noise: &Noise, step: u64, samples: usize, dim: usize) -> f64 {
    let found = draw(gpu, noise, step, samples, dim).unwrap();
    let found = gpu.download(found.slice()).unwrap();
    let expected = (0..samples).flat_map(|sample| noise.draw(step, sample as u64, dim).unwrap());
    let expected: Vec<f64> = expected.collect();
    assert_eq!(found.len(), expected.len());
    let half = noise.samples * dim / 2;
    let pairs = found.iter().zip(&expected).enumerate().map(|(i, (found, expected))| {
        // The mirror image of a Gumbel number near either end is as exact as 1 - u is.
        let mirrored = noise.antithetic && i % (2 * half) >= half;
        let magnified = if mirrored && noise.distribution == Distribution::Gumbel {
            let u = (-(-expected).exp()).exp();
            u.min(1.0 - u).max(1e-16)
        } else {
            1.0
        };
        off(*found, *expected) * magnified
    });
    pairs.fold(0.0, f64::max)
}

#[test]
fn noise_of_every_kind() {
    let Some(gpu) = gpu() else { return };
    for distribution in Distribution::ALL {
        for sampling in Sampling::ALL {
            for antithetic in [false, true] {
                let (drawn, dim) = if sampling == Sampling::Cartesian { (27, 3) } else { (13, 5) };
                let samples = if antithetic { 2 * drawn } else { drawn };
                let noise =
                    Noise { distribution, sampling, antithetic, seed: 11, ..Noise::gaussian(0.3, samples) };
                let off = difference(&gpu, &noise, 4, 6, dim);
                assert!(off < 2e-14, "{distribution} {sampling:?} {antithetic}: {off:e}");
                // A control: the step's neighbour has other noise.
                let other = draw(&gpu, &noise, 5, 1, dim).unwrap();
                let other = gpu.download(other.slice()).unwrap();
                assert_ne!(other, noise.draw(4, 0, dim).unwrap());
            }
        }
    }
}

#[test]
fn sizes() {
    let Some(gpu) = gpu() else { return };
    for sampling in [Sampling::MonteCarlo, Sampling::LatinHypercube, Sampling::LatinHypercubeMidpoints] {
        for (samples, perturbations, dim) in
            [(1, 1, 1), (1, 1, 9), (3, 2, 1), (70, 3, 16), (2, 300, 2), (5, 30, 144)]
        {
            let noise = Noise { sampling, ..Noise::gaussian(0.3, perturbations) };
            let off = difference(&gpu, &noise, 9, samples, dim);
            assert!(off < 2e-14, "{sampling:?} {samples} {perturbations} {dim}: {off:e}");
        }
    }
    let error = draw(&gpu, &Noise::gaussian(0.1, 0), 0, 1, 1).unwrap_err();
    assert_eq!(error.to_string(), "`samples` is 0, expected at least 1");
    let error = draw(&gpu, &Noise::gaussian(0.1, 10_000_000), 0, 1 << 16, 144).unwrap_err();
    assert!(error.to_string().starts_with("out of device memory"), "{error}");
}
