//! What goes wrong in a kernel is reported with the sample where the CPU says it did, and does no harm to others.

#[path = "support/cuda/mod.rs"]
mod cuda;

use cuda::compare::{batch, deviation};
use cuda::{Kind, Launch, Program};
use newton_losses::Error;
use newton_losses::cuda::Unit;
use newton_losses::prelude::*;

/// A class's logit, and a quotient of integers.
#[newton_loss(none)]
fn picked(y: &[f32; 3], class: &usize, parts: &i32) -> f32 {
    let share = 6 / *parts;
    y[*class] * y[0] * share as f32 + (y[1] + 2.0).ln()
}

/// Loops as often as a label says, and saves something each time.
#[newton_loss(none)]
fn often(y: &[f32; 2], rounds: &usize) -> f32 {
    let mut x = y[0];
    for _ in 0..*rounds {
        x = (x * y[1]).sin();
    }
    x
}

type Label = (usize, i32);

fn good(i: usize) -> (Vec<f64>, Label) {
    (vec![0.5 + i as f64, -0.25, 1.5], (i % 3, 1 + (i % 2) as i32))
}

/// The status after computing with sample 7 replaced; the numbers of all others must be as before.
fn status(wrong: (Vec<f64>, Label)) -> Option<(cuda::Status, Result<(), Error>)> {
    let loss = Picked::new();
    let unit = Unit::of(&loss).unwrap();
    let program = Program::build(vec![(unit, 2)])?;
    let sample = |i: usize| if i == 7 || i == 12 { wrong.clone() } else { good(i) };
    let requests =
        [(Kind::Gradients, Launch { grid: 2, ..Launch::default() }), (Kind::Hessians, Launch::default())];
    let (with, labels) = batch::<Picked>(19, sample);
    let (without, _) = batch::<Picked>(19, good);
    let found = program.run::<f64>(0, &requests, &with);
    let expected = program.run::<f64>(0, &requests, &without);
    assert_eq!(found[0].status.fault, found[1].status.fault);
    assert_eq!(expected[0].status, cuda::Status { fault: None, not_finite: None, tape: [0; 3] });
    let (n, m) = (19, 3);
    for i in (0..n).filter(|i| ![7, 12].contains(i)) {
        assert_eq!(found[0].numbers[i], expected[0].numbers[i]);
        assert_eq!(found[0].numbers[n + i * m..][..m], expected[0].numbers[n + i * m..][..m]);
        assert_eq!(found[1].numbers[i * m * m..][..m * m], expected[1].numbers[i * m * m..][..m * m]);
    }
    Some((found[0].status, loss.gradients(&with.predictions, &labels).map(drop)))
}

#[test]
fn index_out_of_range() {
    let Some((status, on_cpu)) = status((vec![0.5; 3], (3, 1))) else { return };
    assert_eq!(status.fault, Some((7, 1)));
    assert!(matches!(on_cpu, Err(Error::IndexOutOfRange { sample: 7, index: 3, len: 3, .. })), "{on_cpu:?}");
}

#[test]
fn division_by_zero() {
    let Some((status, on_cpu)) = status((vec![0.5; 3], (0, 0))) else { return };
    assert_eq!(status.fault, Some((7, 2)));
    assert!(matches!(on_cpu, Err(Error::DivisionByZero { sample: 7, .. })), "{on_cpu:?}");
}

#[test]
fn not_finite() {
    let Some((status, on_cpu)) = status((vec![0.5, -2.5, 0.5], (0, 1))) else { return };
    assert_eq!((status.fault, status.not_finite), (None, Some(7)));
    assert!(matches!(on_cpu, Err(Error::NonFinite { sample: 7, .. })), "{on_cpu:?}");
}

/// A tape that is too short does no harm, and says how long it must be; with that length all is right.
#[test]
fn short_tapes() {
    let loss = Often::new();
    let Some(program) = Program::build(vec![(Unit::of(&loss).unwrap(), 2)]) else { return };
    let (batch, labels) = batch::<Often>(9, |i| (vec![0.5, 0.75], 3 * i));
    let short = Launch { slots: [4, 0, 0], ..Launch::default() };
    let found = program.once::<f64>(0, &[(Kind::Gradients, short)], &batch);
    let needed = found[0].status.tape;
    assert!(needed[0] >= 24 && needed[1..] == [0, 0], "{needed:?}");
    let exact = Launch { slots: needed, ..short };
    let found = program.once::<f64>(0, &[(Kind::Gradients, exact)], &batch);
    assert_eq!(found[0].status.tape, [0; 3]);
    let expected = loss.gradients(&batch.predictions, &labels).unwrap();
    assert!(deviation(&found[0].numbers[9..], &expected.gradients) < 1e-12);
    // One slot less is too few.
    let less = Launch { slots: [needed[0] - 1, 0, 0], ..short };
    assert_eq!(program.once::<f64>(0, &[(Kind::Gradients, less)], &batch)[0].status.tape, needed);
}
