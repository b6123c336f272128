//! Warcraft maps: images of 12 x 12 tiles, what each tile costs to cross, and the cheapest path over the map. A network
//! sees the image and is to learn the costs from the paths alone.
//!
//! [`Warcraft::load`] reads the benchmark's files, [`Warcraft::synthetic`] draws maps of the same kind when there are
//! none, [`Warcraft::save`] writes them in the same format, and [`MapBatches`] puts batches together.
//!
//! ```
//! use newton_runtime::data::Split;
//! use newton_runtime::data::warcraft::{MapBatch, MapBatches, Warcraft};
//!
//! // Warcraft::load("data/warcraft".as_ref())? where the files are; here, a few drawn maps.
//! let maps = Warcraft::synthetic_sized(1, 100, 10, 20);
//! println!("{}", maps.provenance);
//! let batches = MapBatches::shuffled(&maps, Split::Train, 70, 42)?;
//! let mut batch = MapBatch::default();
//! for step in 0..2 * batches.per_epoch() {
//!     batches.fill(step, &mut batch); // 70 maps, then the 30 left, then 70 of the next epoch
//! }
//! assert_eq!(batch.pixels.len(), 30 * 3 * 96 * 96);
//! # Ok::<(), newton_runtime::data::DataError>(())
//! ```
//!
//! Source: the benchmark is that of Vlastelica et al., *Differentiation of Blackbox Combinatorial Solvers* (ICLR 2020),
//! data set doi 10.17617/3.YJCQ5S; preprocessing as in the code of that paper.

mod batches;
mod files;
mod maps;
mod statistics;
mod synthetic;

pub use batches::{MapBatch, MapBatches};
pub use files::{FileCheck, OFFICIAL_WARCRAFT, OfficialFile, Provenance, verify};
pub use maps::{Warcraft, WarcraftMaps};
pub use statistics::ChannelStatistics;
pub use synthetic::TERRAIN_COSTS;

/// Cells (tiles) down and across.
pub const GRID: usize = 12;
/// Cells of a map: the dimension of the loss.
pub const CELLS: usize = GRID * GRID;
/// Pixels of a tile, down and across.
pub const TILE: usize = 8;
/// Pixels of a map, down and across.
pub const SIDE: usize = GRID * TILE;
/// Red, green, blue.
pub const CHANNELS: usize = 3;
/// Numbers of an image.
pub const PIXELS: usize = SIDE * SIDE * CHANNELS;
