//! The threads that kernels run on. Nothing here is generic: it is compiled once and not again for every loss.

use super::subnormal::Flushed;
use crate::error::panic_message;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Work that takes less than this is done before other threads are awake.
const SHORT: Duration = Duration::from_micros(30);

/// Stacks are large because a generated function keeps its arrays there; pages that are never touched cost nothing.
fn pool() -> Option<&'static rayon::ThreadPool> {
    static POOL: OnceLock<Option<rayon::ThreadPool>> = OnceLock::new();
    POOL.get_or_init(|| {
        rayon::ThreadPoolBuilder::new()
            .stack_size(256 << 20)
            .thread_name(|i| format!("newton-{i}"))
            .build()
            .ok()
    })
    .as_ref()
}

/// Runs all tasks; what a panic said, if one panicked. `small` ones fit the caller's stack: the first is run here to see how long it takes, and the others with the
/// help of other threads if that is worth while.
pub fn run(tasks: usize, small: bool, task: &(dyn Fn(usize) + Sync)) -> Result<(), String> {
    let task = |index| {
        let _flushed = Flushed::new();
        task(index);
    };
    // What a task writes to is dropped by the caller, unread, where one panicked.
    catch_unwind(AssertUnwindSafe(|| run_all(tasks, small, &task)))
        .map_err(|payload| panic_message(&*payload))
}

fn run_all(tasks: usize, small: bool, task: &(dyn Fn(usize) + Sync)) {
    let next = AtomicUsize::new(0);
    let work = || {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= tasks {
                break;
            }
            task(index);
        }
    };
    let Some(pool) = pool() else { return work() };
    let threads = pool.current_num_threads();
    if !small {
        return pool.install(|| rayon::scope(|scope| help(scope, threads.min(tasks), &work)));
    }
    let start = Instant::now();
    task(next.fetch_add(1, Ordering::Relaxed));
    let others = tasks.saturating_sub(1);
    let helpers = (threads - 1).min(others);
    if helpers == 0 || start.elapsed() * others as u32 <= SHORT {
        return work();
    }
    pool.in_place_scope(|scope| {
        help(scope, helpers, &work);
        work();
    });
}

/// Starts a piece of work on so many threads.
fn help<'scope>(scope: &rayon::Scope<'scope>, threads: usize, work: &'scope (impl Fn() + Sync)) {
    for _ in 0..threads {
        scope.spawn(|_| work());
    }
}
