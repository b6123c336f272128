//! Ranks that are processes which `mpirun` has started.

use std::sync::{Mutex, PoisonError};
use std::thread::{self, ThreadId};

use mpi::Threading;
use mpi::collective::{Root, SystemOperation};
use mpi::environment::Universe;
use mpi::topology::SimpleCommunicator;
use mpi::traits::{Communicator, Equivalence};

use super::{Collective, CollectiveError};

/// The processes that `mpirun` (or `srun`) has started together. A process that was started otherwise is one rank of one.
///
/// There can be one of these in the life of a process. MPI ends all processes of a job when one of its calls fails, so no call here returns such an
/// error. Before it is dropped all ranks must be done: dropping waits for them. A process that gives up calls [`Mpi::abort`]; one that
/// panics does so by itself.
///
/// Sums go to rank 0 and come back from there: a library may add in a different order for every rank, and then weights drift apart.
#[derive(Debug)]
pub struct Mpi {
    rank: usize,
    size: usize,
    /// The only thread that may call, if the library wants it so.
    only: Option<ThreadId>,
    /// One call at a time.
    calls: Mutex<()>,
    universe: Finalize,
}

/// Ends MPI when it is dropped.
struct Finalize(Universe);

impl std::fmt::Debug for Finalize {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Universe")
    }
}

/// Numbers in one message: a message of MPI has less than 2^31 of anything.
const AT_ONCE: usize = 1 << 24;

impl Mpi {
    /// Joins the other processes.
    ///
    /// # Errors
    /// [`CollectiveError::Mpi`] if this process has done so before, or if the library is not for processes with threads.
    pub fn join() -> Result<Self, CollectiveError> {
        let (universe, threading) = mpi::initialize_with_threading(Threading::Serialized)
            .ok_or(CollectiveError::Mpi("it was begun before in this process"))?;
        let only = match threading {
            Threading::Single => {
                return Err(CollectiveError::Mpi("this library is not for processes with threads"));
            }
            Threading::Funneled => Some(thread::current().id()),
            _ => None,
        };
        let world = universe.world();
        let (rank, size) = (world.rank(), world.size());
        let count = |n: i32| usize::try_from(n).map_err(|_| CollectiveError::Mpi("it counts below 0"));
        Ok(Self {
            rank: count(rank)?,
            size: count(size)?,
            only,
            calls: Mutex::new(()),
            universe: Finalize(universe),
        })
    }

    /// Ends all processes of the job, with this exit code.
    pub fn abort(&self, code: i32) -> ! {
        self.universe.0.world().abort(code)
    }

    /// Makes calls in which no other thread may interfere.
    fn call<R>(&self, call: impl FnOnce(&SimpleCommunicator) -> R) -> Result<R, CollectiveError> {
        if self.only.is_some_and(|only| only != thread::current().id()) {
            return Err(CollectiveError::Mpi("this library may only be called by the thread that joined"));
        }
        let _one_at_a_time = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(call(&self.universe.0.world()))
    }

    fn sum_of<T: Equivalence + Copy>(&self, values: &mut [T]) -> Result<(), CollectiveError> {
        if self.size == 1 {
            return Ok(());
        }
        self.call(|world| {
            let root = world.process_at_rank(0);
            for part in values.chunks_mut(AT_ONCE) {
                let mine = part.to_vec();
                if self.rank == 0 {
                    root.reduce_into_root(&mine[..], part, SystemOperation::sum());
                } else {
                    root.reduce_into(&mine[..], SystemOperation::sum());
                }
                root.broadcast_into(part);
            }
        })
    }
}

impl Drop for Mpi {
    fn drop(&mut self) {
        // To end MPI in order is to wait for the others, who wait for this rank.
        if thread::panicking() && self.size > 1 {
            self.abort(101);
        }
    }
}

impl Collective for Mpi {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.size
    }

    fn sum(&self, values: &mut [f64]) -> Result<(), CollectiveError> {
        self.sum_of(values)
    }

    fn sum_f32(&self, values: &mut [f32]) -> Result<(), CollectiveError> {
        self.sum_of(values)
    }

    fn broadcast(&self, root: usize, bytes: &mut Vec<u8>) -> Result<(), CollectiveError> {
        let no_such = CollectiveError::Root { root, size: self.size };
        let process = match i32::try_from(root) {
            Ok(process) if root < self.size => process,
            _ => return Err(no_such),
        };
        self.call(|world| {
            let root = world.process_at_rank(process);
            let mut length = bytes.len() as u64;
            root.broadcast_into(&mut length);
            bytes.resize(length as usize, 0);
            bytes.chunks_mut(AT_ONCE).for_each(|part| root.broadcast_into(part));
        })
    }
}
