//! Shortest paths under noise: 70 maps of 12 x 12 cells with 30 samples each, with their Fenchel-Young loss and a Newton step.

use crate::options::{Extent, Options, median};
use anyhow::{Context, Result};
use newton_losses::cuda::{DeviceEvaluation, Gpu};
use newton_losses::loss::NewtonLoss;
use newton_losses::newton::Newton;
use newton_losses::smoothing::{GridPaths, Noise, OfOptimizer, Smoothed, Smoothing};
use serde_json::json;

/// What the Warcraft maps' terrains cost, and the noise on it.
const TERRAIN: [f32; 5] = [0.8, 1.2, 5.3, 7.7, 9.2];
const SCALE: f64 = 0.1;
const LAMBDA: f64 = 1000.0;

pub fn run(gpu: &Gpu, options: &mut Options) -> Result<()> {
    if options.extent == Extent::Smoke {
        measure::<4>(gpu, options, 2, 3)
    } else {
        measure::<12>(gpu, options, 70, 30)
    }
}

fn measure<const SIDE: usize>(gpu: &Gpu, options: &mut Options, maps: usize, samples: usize) -> Result<()> {
    let mut state = 1_u64;
    let costs: Vec<f32> = (0..maps * SIDE * SIDE)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            TERRAIN[(state >> 40) as usize % TERRAIN.len()]
        })
        .collect();
    // Some path or other: along the edge.
    let label: [[f32; SIDE]; SIDE] =
        std::array::from_fn(|i| std::array::from_fn(|j| f32::from(u8::from(i == 0 || j == SIDE - 1))));
    let labels = vec![label; maps];
    let on_device = gpu.upload(&costs)?;
    for (name, newton) in [
        ("gradient", Newton::none()),
        ("fisher", Newton::fisher(LAMBDA)),
        ("hessian", Newton::hessian(LAMBDA)),
    ] {
        let smoothing = Smoothing::new(Noise { seed: 3, ..Noise::gaussian(SCALE, samples) });
        let paths = GridPaths::<f32, [[f32; SIDE]; SIDE]>::new(SIDE, SIDE)?;
        let loss = Smoothed::of(paths, smoothing, OfOptimizer::default()).newton(newton);
        let seconds = median(gpu, options.seconds, || {
            let all = DeviceEvaluation::of(&loss, gpu, on_device.slice(), &labels)?;
            Ok(all.context("it has no form for devices")?.check(gpu)?)
        })?;
        let on_host = median(gpu, options.seconds, || {
            loss.evaluate(&costs, &labels)?;
            Ok(())
        })?;
        let each = 1e6 / (maps * samples) as f64;
        println!(
            "{maps} maps of {SIDE} x {SIDE}, {samples} samples, {name:<9} {:.3} ms, {:.3} us a path; on the host {:.3} ms, {:.3} us",
            seconds * 1e3,
            seconds * each,
            on_host * 1e3,
            on_host * each
        );
        options.result(
            "paths",
            json!({ "maps": maps, "samples": samples, "cells": SIDE * SIDE, "method": name, "seconds": seconds, "host": on_host }),
        )?;
    }
    Ok(())
}
