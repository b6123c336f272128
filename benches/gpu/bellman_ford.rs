//! Relaxed Bellman-Ford on 12 x 12 cells, batch 70: value, gradient, mean Hessian and Newton step.

use crate::options::{Extent, Options, median};
use crate::shared::deviation;
use anyhow::{Context, Result, ensure};
use newton_losses::algorithms::Dijkstra;
use newton_losses::cuda::{DeviceHessians, Gpu, RecordedNode, Request, Want};
use newton_losses::loss::NewtonLoss;
use newton_losses::losses::BellmanFordLoss;
use newton_losses::newton::Curvature;
use serde_json::json;

const BETA: f64 = 10.0;
/// The paper's.
const LAMBDA: f64 = 3000.0;

pub fn run(gpu: &Gpu, options: &mut Options) -> Result<()> {
    if options.extent == Extent::Smoke {
        return measure::<4, 4>(gpu, options, 3, 6);
    }
    measure::<12, 12>(gpu, options, 70, 18)
}

fn measure<const R: usize, const C: usize>(
    gpu: &Gpu,
    options: &mut Options,
    batch: usize,
    rounds: usize,
) -> Result<()> {
    let (costs, labels) = maps::<R, C>(batch)?;
    let loss = BellmanFordLoss::<R, C, false>::new(BETA, rounds, rounds, true).lambda(LAMBDA);
    let on_device = gpu.upload(&costs)?;
    let seconds = |curvature| -> Result<f64> {
        let loss = loss.clone().curvature(curvature);
        let node = RecordedNode::new(&loss, gpu, on_device.slice(), &labels)?;
        let mut node = node.context("it has no text")?;
        let median = median(gpu, options.seconds, || Ok(node.enqueue(on_device.slice())?))?;
        node.check()?;
        Ok(median)
    };
    let (gradient, fisher, hessian) =
        (seconds(Curvature::None)?, seconds(Curvature::Fisher)?, seconds(Curvature::Hessian)?);

    // The same numbers as the CPU's in f64.
    let request = Request { want: Want::MeanHessian, training: false };
    let parts =
        NewtonLoss::<f32>::on_device(&loss, gpu, on_device.slice(), &labels, request)?.context("no text")?;
    let Some(DeviceHessians::Mean(mean)) = &parts.hessians else { anyhow::bail!("no mean Hessian") };
    let found = gpu.download(mean.slice())?;
    (parts.check)(gpu)?;
    let wide: Vec<f64> = costs.iter().map(|x| f64::from(*x)).collect();
    let wide_labels: Vec<[[f64; C]; R]> =
        labels.iter().map(|label| label.map(|row| row.map(f64::from))).collect();
    let off = deviation(&found, &loss.mean_hessian(&wide, &wide_labels)?)?;

    println!(
        "{R} x {C} cells, batch {batch}: gradient {:.3} ms, with Fisher step {:.3} ms, with mean Hessian and step {:.3} ms; \
         Hessian {off:.1e} from the CPU's in f64",
        gradient * 1e3,
        fisher * 1e3,
        hessian * 1e3
    );
    options.result(
        "bellman_ford",
        json!({ "cells": R * C, "batch": batch, "gradient": gradient, "fisher": fisher, "hessian": hessian, "deviation": off }),
    )?;
    ensure!(off < 2e-2, "the mean Hessian differs from the CPU's by {off:e}");
    Ok(())
}

/// Costs as a network predicts them, and the cheapest paths of others.
#[allow(clippy::type_complexity)]
fn maps<const R: usize, const C: usize>(batch: usize) -> Result<(Vec<f32>, Vec<[[f32; C]; R]>)> {
    let mut state = 1_u64;
    let mut noise = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1_u64 << 24) as f32
    };
    let costs = (0..batch * R * C).map(|_| 0.5 + 2.0 * noise()).collect();
    let (mut solver, mut labels) = (Dijkstra::new(R, C)?, Vec::new());
    for _ in 0..batch {
        let truth: Vec<f32> = (0..R * C).map(|_| 0.5 + 2.0 * noise()).collect();
        let mut path = vec![0_u8; R * C];
        solver.solve(&truth, &mut path)?;
        labels.push(std::array::from_fn(|i| std::array::from_fn(|j| f32::from(path[i * C + j]))));
    }
    Ok((costs, labels))
}
