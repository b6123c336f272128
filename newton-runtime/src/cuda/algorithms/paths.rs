//! Shortest paths of many grids at once.
#![allow(unsafe_code)]

use super::super::gpu::{Buffer, Code, Gpu, Launch, Slice, SliceMut};
use super::super::{CudaError, Element, black_boxes};
use crate::algorithms::DijkstraError;
use crate::scalar::Float;

/// What blocks may have of shared memory without asking. Larger grids lie in global memory.
const SHARED: usize = 48 << 10;
const WARP: usize = 32;
const MOST_THREADS: usize = 1024;

/// Says, in the end, whether there is a grid that has no path.
#[must_use = "what went wrong shows nowhere else"]
#[derive(Debug)]
pub struct PathFailure {
    /// `nl::paths::Failure`.
    words: Buffer<u64>,
    rows: usize,
    columns: usize,
}

impl PathFailure {
    /// Waits for the device. The first grid of the batch that has no path, and why.
    ///
    /// # Errors
    /// The driver's.
    pub fn read(&self, gpu: &Gpu) -> Result<Option<(usize, DijkstraError)>, CudaError> {
        let mut words = [0; 2];
        gpu.read(self.words.slice(), &mut words)?;
        let [at, value] = words;
        if at == u64::MAX {
            return Ok(None);
        }
        let (grid, cell) = ((at >> 32) as usize, at as u32);
        let error = match cell {
            u32::MAX => DijkstraError::Unreachable { row: self.rows - 1, column: self.columns - 1 },
            _ => {
                let (row, column) = (cell as usize / self.columns, cell as usize % self.columns);
                DijkstraError::NotFinite { row, column, value: f64::from_bits(value) }
            }
        };
        Ok(Some((grid, error)))
    }

    /// The same as an error.
    ///
    /// # Errors
    /// [`DijkstraError::Sample`], and the driver's.
    pub fn check(&self, gpu: &Gpu) -> Result<Result<(), DijkstraError>, CudaError> {
        Ok(match self.read(gpu)? {
            None => Ok(()),
            Some((sample, error)) => Err(DijkstraError::Sample { sample, error: Box::new(error) }),
        })
    }
}

/// How a batch is spread over the device.
struct Spread {
    blocks: usize,
    threads: usize,
    /// Bytes of shared memory for a block; 0 if its grid lies in global memory.
    shared: usize,
}

impl Spread {
    /// Paths do not depend on it.
    fn of(gpu: &Gpu, cells: usize, bordered: usize, grids: usize, size: usize) -> Spread {
        // A thread for some eight cells: more wait for each other, fewer for memory.
        let threads = (cells / 8).next_multiple_of(WARP).clamp(WARP, MOST_THREADS);
        let shared = bordered * (size + 1);
        if shared <= SHARED {
            return Spread { blocks: grids.min(1 << 16), threads, shared };
        }
        let blocks = gpu.multiprocessors() as usize * (2048 / threads).min(4);
        Spread { blocks: blocks.min(grids), threads, shared: 0 }
    }
}

/// Enqueues the cheapest paths through grids of `rows` x `columns` cells, as [`Dijkstra`](crate::algorithms::Dijkstra) defines them: for
/// `costs`, (batch, rows, columns), writes 1 on a path and 0 elsewhere to `paths`, of the same shape, and NaN to grids that have no path.
///
/// A block of threads solves a grid: by relaxing all cells until nothing changes where costs are positive, otherwise in Dijkstra's order.
///
/// # Errors
/// [`CudaError::TooLarge`] for 2^28 cells or more, or 2^32 grids; [`CudaError::OutOfMemory`].
///
/// # Panics
/// If there are no cells, or the lengths are not that of a whole number of grids.
pub fn shortest_paths<T: Float>(
    gpu: &Gpu,
    rows: usize,
    columns: usize,
    costs: Slice<'_, T>,
    paths: SliceMut<'_, T>,
) -> Result<PathFailure, CudaError> {
    let cells = rows.saturating_mul(columns);
    assert!(cells > 0 && costs.len().is_multiple_of(cells), "a whole number of grids");
    assert_eq!(costs.len(), paths.len(), "costs and cells of paths");
    let most = (1 << 28) - 1;
    if cells > most {
        return Err(CudaError::TooLarge { what: "the number of cells", found: cells, most });
    }
    let grids = costs.len() / cells;
    let count = u32::try_from(grids).ok().filter(|count| *count < u32::MAX);
    let too_many =
        CudaError::TooLarge { what: "the number of grids", found: grids, most: u32::MAX as usize - 1 };
    let count = count.ok_or(too_many)?;

    let suffix = match T::ELEMENT {
        Element::F32 => "f32",
        Element::F64 => "f64",
    };
    let text = black_boxes::paths;
    let module =
        gpu.module(&Code { name: "shortest paths", location: None, key: "paths".to_owned(), text: &text })?;
    let (solve, name) =
        (module.function(&format!("paths_{suffix}"))?, module.function(&format!("name_cost_{suffix}"))?);

    let bordered = (rows + 2) * (columns + 2);
    let spread = Spread::of(gpu, cells, bordered, grids, size_of::<T>());
    let (mut distances, mut from) = (None, None);
    if spread.shared == 0 {
        distances = Some(gpu.dirty::<T>(spread.blocks * bordered)?);
        from = Some(gpu.dirty::<u8>(spread.blocks * bordered)?);
    }
    let distances = distances.as_mut().map_or(0, |all| all.slice_mut().pointer());
    let from = from.as_mut().map_or(0, |all| all.slice_mut().pointer());
    let mut words = gpu.upload(&[u64::MAX; 2])?;
    let launch = Launch {
        grid: [spread.blocks as u32, 1, 1],
        block: [spread.threads as u32, 1, 1],
        shared: spread.shared as u32,
    };
    let (down, across) = (rows as u32, columns as u32);
    let failure = words.slice_mut();
    // SAFETY: `paths(costs, paths, rows, columns, grids, distances, from, failure)`; costs and paths have grids x rows x columns
    // elements, distances and predecessors of each block as many as its grid with a border, or as much shared memory as they take
    // was asked for; `failure` has two words. Blocks are whole warps.
    unsafe { solve.launch(launch, &[&costs, &paths, &down, &across, &count, &distances, &from, &failure])? };
    let one = Launch { grid: [1, 1, 1], block: [1, 1, 1], shared: 0 };
    let cells = cells as u32;
    // SAFETY: `name_cost(costs, cells, failure)`: the same.
    unsafe { name.launch(one, &[&costs, &cells, &failure])? };
    Ok(PathFailure { words, rows, columns })
}
