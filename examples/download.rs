//! Fetches the four MNIST files, checks them, and says what to do when that fails.
//!
//! ```text
//! cargo run --release --example download -- mnist
//! cargo run --release --example sorting -- --data mnist
//! ```

use std::path::PathBuf;

use anyhow::Context;
use clap::Parser;
use newton_losses::data::download::{Downloader, Outcome};

/// Fetches MNIST from its public mirrors; files that are there and sound are left alone.
#[derive(Debug, Parser)]
struct Options {
    /// Folder for the files, made if absent
    #[arg(default_value = "mnist")]
    folder: PathBuf,
    /// Ask this address instead of the public mirrors
    #[arg(long, value_name = "URL")]
    mirror: Vec<String>,
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let mut downloader = Downloader::new();
    if !options.mirror.is_empty() {
        downloader = downloader.mirrors(options.mirror);
    }
    let folder = options.folder.display();
    let outcomes =
        downloader.fetch(&options.folder).with_context(|| format!("fetching MNIST into {folder}"))?;
    for outcome in outcomes {
        match outcome {
            Outcome::Present(path) => println!("{} was there already", path.display()),
            Outcome::Fetched { path, url } => println!("{} from {url}", path.display()),
        }
    }
    println!("MNIST is in {folder}");
    Ok(())
}
