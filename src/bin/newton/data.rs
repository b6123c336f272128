//! `newton data`: fetch, verify, draw and show data.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, ensure};
use clap::{Args, Subcommand};
use newton_losses::data::download::{Downloader, Outcome};
use newton_losses::data::warcraft::{self, CELLS, CHANNELS, GRID, Warcraft};
use newton_losses::data::{DigitImages, Digits, FourDigitSets, Provenance, SIDE, Shape, Split};
use newton_losses::train::files;

use crate::keys::Benchmark;
use crate::picture::Picture;

#[derive(Debug, Args)]
pub struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Fetch the four MNIST files from their public mirrors; sound files that are there are left alone
    Fetch {
        /// Folder for the files, made if missing
        #[arg(default_value = "mnist")]
        folder: PathBuf,
        /// Ask this address instead of the public mirrors
        #[arg(long, value_name = "URL")]
        mirror: Vec<String>,
    },
    /// Compare files with the official ones
    Verify {
        folder: PathBuf,
        /// Whose files they are
        #[arg(long, default_value = "sorting")]
        benchmark: Benchmark,
    },
    /// Write synthetic data in the official files' format
    Generate {
        /// Folder for the files, made if missing
        folder: PathBuf,
        /// For which benchmark
        #[arg(long, default_value = "sorting")]
        benchmark: Benchmark,
        /// Of the data
        #[arg(long, default_value_t = 0)]
        seed: u64,
        /// Digit images (55000) or maps (10000) to train on
        #[arg(long)]
        train_size: Option<usize>,
        /// For validation: 5000, 1000. For digits: a multiple of 11 goes to training for each here
        #[arg(long)]
        valid_size: Option<usize>,
        /// For the test: 10000, 1000
        #[arg(long)]
        test_size: Option<usize>,
    },
    /// Draw samples as a picture
    Show {
        /// The PNG file
        file: PathBuf,
        /// Of which benchmark
        #[arg(long, default_value = "sorting")]
        benchmark: Benchmark,
        /// Folder with the files [default: drawn by a generator]
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
        /// Sorting: numbers in a set
        #[arg(long, default_value_t = 5)]
        n: usize,
        /// Sets or maps to show
        #[arg(long, default_value_t = 6)]
        count: usize,
        /// Of the sets and of synthetic data
        #[arg(long, default_value_t = 0)]
        seed: u64,
    },
}

pub fn command(options: &Options) -> anyhow::Result<ExitCode> {
    match &options.command {
        Command::Fetch { folder, mirror } => fetch(folder, mirror),
        Command::Verify { folder, benchmark: Benchmark::Sorting } => verify_digits(folder),
        Command::Verify { folder, benchmark: Benchmark::ShortestPath } => verify_maps(folder),
        Command::Generate { folder, benchmark, seed, train_size, valid_size, test_size } => {
            let sizes = match benchmark {
                Benchmark::Sorting => [55_000, 5_000, 10_000],
                Benchmark::ShortestPath => [10_000, 1_000, 1_000],
            };
            let given = [train_size, valid_size, test_size];
            let sizes: [usize; 3] = std::array::from_fn(|i| given[i].unwrap_or(sizes[i]));
            ensure!(
                sizes.iter().all(|size| (1..=10_000_000).contains(size)),
                "sizes must be 1 to 10 000 000"
            );
            generate(folder, *benchmark, *seed, sizes)
        }
        Command::Show { file, benchmark, data, n, count, seed } => {
            ensure!((1..=100).contains(count), "`count` is {count}, expected 1 to 100");
            ensure!((1..=100).contains(n), "`n` is {n}, expected 1 to 100");
            match benchmark {
                Benchmark::Sorting => show_digits(file, data.as_deref(), *n, *count, *seed),
                Benchmark::ShortestPath => show_maps(file, data.as_deref(), *count, *seed),
            }
        }
    }
}

fn fetch(folder: &Path, mirrors: &[String]) -> anyhow::Result<ExitCode> {
    let mut downloader = Downloader::new();
    if !mirrors.is_empty() {
        downloader = downloader.mirrors(mirrors.to_vec());
    }
    let outcomes = downloader.fetch(folder);
    let mut out = std::io::stdout().lock();
    for outcome in outcomes.with_context(|| format!("fetching MNIST into {}", folder.display()))? {
        match outcome {
            Outcome::Present(path) => writeln!(out, "{} was there already", path.display())?,
            Outcome::Fetched { path, url } => writeln!(out, "{} from {url}", path.display())?,
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn verify_digits(folder: &Path) -> anyhow::Result<ExitCode> {
    let digits = Digits::load(folder)?;
    let mut out = std::io::stdout().lock();
    if let Provenance::Files(files) = &digits.provenance {
        for file in files {
            let verdict = if file.official { "official" } else { "sound, but not the official file" };
            writeln!(out, "{}: {verdict}", file.path.display())?;
        }
    }
    Ok(if digits.provenance.is_official_mnist() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn verify_maps(folder: &Path) -> anyhow::Result<ExitCode> {
    let checks = warcraft::verify(folder)?;
    let mut out = std::io::stdout().lock();
    for check in &checks {
        let verdict = if check.is_official() { "official" } else { "not the official file" };
        writeln!(out, "{}: {verdict}", check.path.display())?;
    }
    Ok(if checks.iter().all(|check| check.is_official()) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn generate(folder: &Path, benchmark: Benchmark, seed: u64, sizes: [usize; 3]) -> anyhow::Result<ExitCode> {
    let [train, valid, test] = sizes;
    match benchmark {
        Benchmark::ShortestPath => Warcraft::synthetic_sized(seed, train, valid, test).save(folder)?,
        Benchmark::Sorting => {
            let digits = Digits::synthetic_sized(seed, train, valid, test);
            // What reads them back cuts the training file at its last twelfth.
            ensure!(
                (train + valid) / 12 == valid,
                "`valid_size` is {valid}, expected {}: MNIST's training file is divided at its last twelfth",
                (train + valid) / 12
            );
            write_idx(folder, "train", &[&digits.train, &digits.valid])?;
            write_idx(folder, "t10k", &[&digits.test])?;
        }
    }
    println!("{}", folder.display());
    Ok(ExitCode::SUCCESS)
}

/// Images and labels in MNIST's format.
fn write_idx(folder: &Path, name: &str, parts: &[&DigitImages]) -> anyhow::Result<()> {
    let count: usize = parts.iter().map(|part| part.len()).sum();
    let count = u32::try_from(count).context("too many images for the format")?;
    let (mut images, mut labels) = (vec![0, 0, 8, 3], vec![0, 0, 8, 1]);
    for dimension in [count, SIDE as u32, SIDE as u32] {
        images.extend(dimension.to_be_bytes());
    }
    labels.extend(count.to_be_bytes());
    for part in parts {
        (0..part.len()).for_each(|i| images.extend(part.image(i)));
        labels.extend(part.labels());
    }
    for (kind, bytes) in [("images-idx3", images), ("labels-idx1", labels)] {
        let file = folder.join(format!("{name}-{kind}-ubyte"));
        files::replace(&file, &bytes).with_context(|| format!("writing {}", file.display()))?;
    }
    Ok(())
}

/// A row for each set, in its true order.
fn show_digits(
    file: &Path,
    data: Option<&Path>,
    n: usize,
    count: usize,
    seed: u64,
) -> anyhow::Result<ExitCode> {
    const GAP: usize = 6;
    let digits = match data {
        Some(folder) => Digits::load(folder)?,
        None => Digits::synthetic_sized(seed, 2000, 1, 1),
    };
    let sets = FourDigitSets::new(&digits, Split::Train, n, seed)?;
    let (pixels, numbers) = sets.batch(0, count);
    let (width, height) = (n * (Shape::WIDTH + GAP) + GAP, count * (Shape::HEIGHT + GAP) + GAP);
    let mut picture = Picture::new(width, height, [70, 90, 140]);
    for (set, numbers) in numbers.chunks_exact(n).enumerate() {
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by_key(|i| numbers[*i]);
        for (place, i) in order.into_iter().enumerate() {
            let image =
                &pixels[(set * n + i) * Shape::WIDTH * Shape::HEIGHT..][..Shape::WIDTH * Shape::HEIGHT];
            let at = (GAP + place * (Shape::WIDTH + GAP), GAP + set * (Shape::HEIGHT + GAP));
            picture.image(at, Shape::WIDTH, 1, image.iter().map(|grey| [(255.0 * grey) as u8; 3]));
        }
    }
    picture.save(file)?;
    println!("{}: {count} sets of {n} in ascending order; {}", file.display(), digits.provenance);
    Ok(ExitCode::SUCCESS)
}

/// Maps side by side, the cheapest path marked.
fn show_maps(file: &Path, data: Option<&Path>, count: usize, seed: u64) -> anyhow::Result<ExitCode> {
    const GAP: usize = 8;
    const ZOOM: usize = 2;
    let maps = match data {
        Some(folder) => Warcraft::load(folder)?,
        None => Warcraft::synthetic_sized(seed, count, 1, 1),
    };
    let count = count.min(maps.train.len());
    let side = maps.train.image(0).len() / CHANNELS;
    let side = side.isqrt();
    let columns = count.min(3);
    let rows = count.div_ceil(columns);
    let cell = ZOOM * side / GRID;
    let across = |items: usize| items * (ZOOM * side + GAP) + GAP;
    let mut picture = Picture::new(across(columns), across(rows), [40, 40, 40]);
    for map in 0..count {
        let at = (across(map % columns), across(map / columns));
        let image = maps.train.image(map);
        picture.image(at, side, ZOOM, image.as_chunks::<CHANNELS>().0.iter().copied());
        for k in (0..CELLS).filter(|k| maps.train.path(map)[*k] == 1) {
            let (x, y) = (at.0 + k % GRID * cell + cell / 2, at.1 + k / GRID * cell + cell / 2);
            for (dx, dy) in (0..16).map(|i| (i % 4, i / 4)) {
                picture.set(x + dx - 2, y + dy - 2, [255, 60, 40]);
            }
        }
    }
    picture.save(file)?;
    println!("{}: {count} training maps with their cheapest paths; {}", file.display(), maps.provenance);
    Ok(ExitCode::SUCCESS)
}
