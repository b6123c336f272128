//! Gradients along a sweep of one score: the file of `newton figure6`.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};

/// The first line of the file.
pub(super) const HEADER: &str = "loss,temperature,spread,order,x1,f64,f32,hessian_f32,fisher_f32";

/// Gradients of one loss along a sweep of one score.
#[derive(Debug, Clone, PartialEq)]
pub struct Sweep {
    pub loss: String,
    pub temperature: String,
    pub spread: String,
    pub order: String,
    pub x1: Vec<f64>,
    /// f64, f32, and both Newton steps.
    pub columns: [Vec<f64>; 4],
}

/// A file of sweeps.
#[derive(Debug, Clone, PartialEq)]
pub struct Gradients {
    pub path: PathBuf,
    pub sweeps: Vec<Sweep>,
}

impl Gradients {
    pub(super) fn parse(path: &Path, text: &str) -> anyhow::Result<Self> {
        let mut sweeps: Vec<Sweep> = Vec::new();
        for (number, line) in text.lines().enumerate().skip(1) {
            let at = || format!("{}, line {}", path.display(), number + 1);
            let fields: Vec<&str> = line.split(',').collect();
            let &[loss, temperature, spread, order, ref numbers @ ..] = fields.as_slice() else {
                anyhow::bail!("{}: {} fields, expected 9", at(), fields.len());
            };
            ensure!(numbers.len() == 5, "{}: {} fields, expected 9", at(), fields.len());
            let numbers: Result<Vec<f64>, _> = numbers.iter().map(|number| number.parse()).collect();
            let numbers = numbers.with_context(at)?;
            let same = |sweep: &&mut Sweep| {
                (sweep.loss.as_str(), sweep.temperature.as_str(), sweep.spread.as_str(), sweep.order.as_str())
                    == (loss, temperature, spread, order)
            };
            if sweeps.last_mut().filter(same).is_none() {
                sweeps.push(Sweep {
                    loss: loss.into(),
                    temperature: temperature.into(),
                    spread: spread.into(),
                    order: order.into(),
                    x1: Vec::new(),
                    columns: Default::default(),
                });
            }
            if let Some(sweep) = sweeps.last_mut() {
                sweep.x1.push(numbers[0]);
                for (column, value) in sweep.columns.iter_mut().zip(&numbers[1..]) {
                    column.push(*value);
                }
            }
        }
        Ok(Self { path: path.into(), sweeps })
    }
}
