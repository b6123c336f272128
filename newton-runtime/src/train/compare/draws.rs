//! Who draws the batches, and when.

use std::sync::mpsc::sync_channel;

/// Calls `run` with a function that gives the draws of the steps, first to last.
///
/// `ahead` is for a device of its own: a thread draws the next batch while the device works at the last. The CPU draws when it is asked: its
/// cores are busy with the step.
pub(super) fn with_draws<T: Send, R>(
    draw: impl Fn(u64) -> T + Sync,
    steps: u64,
    ahead: bool,
    run: impl FnOnce(&mut dyn FnMut(u64) -> T) -> R,
) -> R {
    if !ahead {
        return run(&mut |step| draw(step));
    }
    std::thread::scope(|scope| {
        let (sender, receiver) = sync_channel(1);
        let draw = &draw;
        // It ends when nobody listens any more.
        scope.spawn(move || (0..steps).try_for_each(|step| sender.send(draw(step))));
        // Where that thread panicked, so do we: at the same draw.
        run(&mut |step| receiver.recv().unwrap_or_else(|_| draw(step)))
    })
}

#[cfg(test)]
mod tests {
    use super::with_draws;

    #[test]
    fn draws_come_in_order_and_nobody_waits_for_those_that_are_left() {
        for ahead in [false, true] {
            let some = with_draws(|step| 10 * step, 1000, ahead, |draw| [0, 1, 2].map(draw));
            assert_eq!(some, [0, 10, 20]);
            let all: Vec<u64> = with_draws(|step| step, 50, ahead, |draw| (0..50).map(draw).collect());
            assert!(all.into_iter().eq(0..50));
        }
    }
}
