//! Ranks that are threads of one process.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::{Collective, CollectiveError};

/// Ranks as threads of this process: to see what several processes would do, and for tests.
#[derive(Debug)]
pub struct Threads;

impl Threads {
    /// `size` ranks, at least one, to be moved to as many threads.
    pub fn ranks(size: usize) -> Vec<ThreadRank> {
        let size = size.max(1);
        let shared = Arc::new(Shared { state: Mutex::new(State::new(size)), changed: Condvar::new() });
        (0..size).map(|rank| ThreadRank { rank, size, shared: Arc::clone(&shared) }).collect()
    }

    /// Calls `work` with its rank and its collective on `size` threads, at least one; what each returns, by rank.
    ///
    /// # Panics
    /// With what a thread panicked with. The others do not wait for it: their calls fail with [`CollectiveError::Left`].
    pub fn run<R: Send>(size: usize, work: impl Fn(usize, Arc<dyn Collective>) -> R + Sync) -> Vec<R> {
        std::thread::scope(|scope| {
            let work = &work;
            let ranks = Self::ranks(size).into_iter();
            let threads: Vec<_> =
                ranks.map(|rank| scope.spawn(move || work(rank.rank, Arc::new(rank)))).collect();
            let joined = threads.into_iter().map(|thread| thread.join());
            joined.map(|end| end.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
        })
    }
}

/// One of [`Threads::ranks`]. Once it is dropped, the calls of the others fail.
#[derive(Debug)]
pub struct ThreadRank {
    rank: usize,
    size: usize,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

/// What a rank brings to a call.
#[derive(Debug, Clone)]
enum Part {
    Sum(Vec<f64>),
    Broadcast(usize, Vec<u8>),
}

impl Part {
    fn call(&self) -> String {
        match self {
            Self::Sum(values) => format!("a sum of {} numbers", values.len()),
            Self::Broadcast(root, _) => format!("a broadcast of rank {root}"),
        }
    }
}

#[derive(Debug)]
struct State {
    /// Of the call that is being made.
    parts: Vec<Option<Part>>,
    /// Of the last call that was made, until the next one is.
    done: Arc<Vec<Part>>,
    /// How many were made.
    calls: u64,
    /// The first that was dropped.
    left: Option<usize>,
}

impl State {
    fn new(size: usize) -> Self {
        Self { parts: vec![None; size], done: Arc::default(), calls: 0, left: None }
    }
}

impl ThreadRank {
    fn lock(&self) -> MutexGuard<'_, State> {
        // What a panic leaves behind is whole: no state is changed in more than one step that can fail.
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What all ranks bring, the same call by all.
    fn gather(&self, mine: Part) -> Result<Arc<Vec<Part>>, CollectiveError> {
        let mut state = self.lock();
        let call = state.calls;
        state.parts[self.rank] = Some(mine);
        if state.parts.iter().all(Option::is_some) {
            state.done = Arc::new(state.parts.iter_mut().filter_map(Option::take).collect());
            state.calls += 1;
            self.shared.changed.notify_all();
        }
        while state.calls == call {
            if let Some(rank) = state.left {
                return Err(CollectiveError::Left { rank });
            }
            state = self.shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let parts = Arc::clone(&state.done);
        drop(state);
        let expected = parts[0].call();
        match parts.iter().position(|part| part.call() != expected) {
            Some(rank) => Err(CollectiveError::Order { rank, found: parts[rank].call(), expected }),
            None => Ok(parts),
        }
    }
}

impl Drop for ThreadRank {
    fn drop(&mut self) {
        self.lock().left.get_or_insert(self.rank);
        self.shared.changed.notify_all();
    }
}

impl Collective for ThreadRank {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.size
    }

    /// Rank by rank, so that it does not depend on who came first.
    fn sum(&self, values: &mut [f64]) -> Result<(), CollectiveError> {
        let parts = self.gather(Part::Sum(values.to_vec()))?;
        values.fill(0.0);
        for part in parts.iter() {
            if let Part::Sum(part) = part {
                values.iter_mut().zip(part).for_each(|(sum, value)| *sum += value);
            }
        }
        Ok(())
    }

    fn broadcast(&self, root: usize, bytes: &mut Vec<u8>) -> Result<(), CollectiveError> {
        if root >= self.size {
            return Err(CollectiveError::Root { root, size: self.size });
        }
        let mine = if self.rank == root { std::mem::take(bytes) } else { Vec::new() };
        if let Part::Broadcast(_, theirs) = &self.gather(Part::Broadcast(root, mine))?[root] {
            bytes.clone_from(theirs);
        }
        Ok(())
    }
}
