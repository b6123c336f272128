//! What may lie beside runs: sweeps of gradients (`newton figure6`) and pictures.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The first line of `newton figure6`'s file.
const HEADER: &str = "loss,temperature,spread,order,x1,f64,f32,hessian_f32,fisher_f32";
/// A page is to open on a phone: larger pictures are left out.
const LARGEST: u64 = 2 << 20;

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
    /// `None` if it is another CSV file.
    pub fn read(path: &Path) -> anyhow::Result<Option<Self>> {
        let text = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
        if !text.starts_with(HEADER.as_bytes()) {
            return Ok(None);
        }
        let text = String::from_utf8(text).with_context(|| format!("{}: no UTF-8", path.display()))?;
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
        Ok(Some(Self { path: path.into(), sweeps }))
    }
}

/// A PNG file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    pub path: PathBuf,
    /// As a `data:` address.
    pub address: String,
    pub width: u32,
    pub height: u32,
}

impl Picture {
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let reading = || format!("reading {}", path.display());
        let size = std::fs::metadata(path).with_context(reading)?.len();
        ensure!(size <= LARGEST, "{}: a picture of {size} bytes, expected at most {LARGEST}", path.display());
        let bytes = std::fs::read(path).with_context(reading)?;
        let header = png::Decoder::new(std::io::Cursor::new(&bytes))
            .read_info()
            .with_context(|| format!("{}: no PNG picture", path.display()))?;
        let (width, height) = (header.info().width, header.info().height);
        let address = format!("data:image/png;base64,{}", STANDARD.encode(&bytes));
        Ok(Self { path: path.into(), address, width, height })
    }
}
