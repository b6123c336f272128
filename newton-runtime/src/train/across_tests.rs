//! Networks that several ranks train are the network that one trains; the ranks' are the same to the bit.

use std::sync::Arc;

use dfdx::prelude::*;

use crate::data::{Digits, Split};
use crate::graph::{Apply, Linear, builder};
use crate::losses::{NeuralSort, descending};
use crate::models::SmallCnn;
use crate::newton::{Curvature, Newton};
use crate::parallel::{Across, Collective, CollectiveError, Share, Threads};
use crate::train::sorting::{self, SortingLoss};
use crate::train::{Checkpoint, Method, Rule, Session, TrainError, Trainer};

type Network = Linear<2, 1, f32, Cpu>;

const SETS: usize = 7;

/// Weights after five steps on sets of three points of the plane, which are to be sorted by their first coordinate.
fn weights(newton: Newton, ranks: Arc<dyn Collective>, sums_curvature: bool) -> Vec<f32> {
    let device = Cpu::seed_from_u64(5);
    let network: Network = device.build_module::<builder::Linear<2, 1>, f32>();
    let mut trainer = Trainer::with_rule(network, Rule::Sgd { momentum: 0.5 }, 0.5);
    let points: Vec<f32> = (0..SETS * 6).map(|i| ((i * i + 3 * i) as f32 * 0.7).sin()).collect();
    let rows = Share::of(&*ranks).rows(SETS);
    let mine = &points[6 * rows.start..6 * rows.end];
    let orders: Vec<[[f32; 3]; 3]> =
        mine.chunks_exact(6).map(|set| descending(&[set[0], set[2], set[4]].map(f64::from))).collect();
    let loss = NeuralSort::<3>::new(1.0).curvature(newton.curvature).lambda(newton.lambda);
    let loss = if sums_curvature { Across::new(loss, Arc::clone(&ranks)) } else { Across::alone(loss) };
    let points = device.tensor_from_vec(mine.to_vec(), (3 * rows.len(), Const::<2>));
    let mut losses = Vec::new();
    for _ in 0..5 {
        let step = trainer.step_across(&*ranks, rows.len(), |network, gradients| {
            let scores = network.try_forward(points.clone().traced(gradients))?;
            loss.apply(scores.try_reshape_like(&(rows.len(), 3))?, &orders)
        });
        losses.push(step.expect("a step").loss);
    }
    [trainer.network().weight.as_vec(), trainer.network().bias.as_vec(), losses].concat()
}

fn off(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).fold(0.0, |max, (a, b)| max.max((a - b).abs()))
}

#[test]
fn ranks_train_the_network_that_one_trains() {
    for newton in [Newton::hessian(0.05), Newton::fisher(0.01), Newton::none()] {
        let one = &Threads::run(1, |_, ranks| weights(newton, ranks, true))[0];
        for size in [2, 3] {
            let ranks = Threads::run(size, |_, ranks| weights(newton, ranks, true));
            assert!(ranks.iter().all(|rank| *rank == ranks[0]), "the same bits on all ranks");
            assert!(off(one, &ranks[0]) < 2e-5, "{newton:?}, {size} ranks: {:e}", off(one, &ranks[0]));
            // Negative control: gradients are averaged, curvatures are not.
            let apart = Threads::run(size, |_, ranks| weights(newton, ranks, false));
            let far = off(one, &apart[0]) > 1e-3;
            assert_eq!(far, newton.curvature != Curvature::None, "{newton:?}, {size} ranks");
        }
    }
}

fn sorting_settings(method: Method, batch: usize) -> sorting::Settings {
    sorting::Settings {
        methods: vec![method],
        batch,
        valid_batches: 1,
        test_batches: 1,
        ..sorting::Settings::quick(SortingLoss::NeuralSort, 3)
    }
}

fn begun<'a>(
    device: &'a Cpu,
    settings: &'a sorting::Settings,
    lambda: f64,
) -> Result<Box<dyn Session + 'a>, TrainError> {
    let method = settings.methods[0];
    let loss = settings.loss.sized::<3>(settings.temperature, method.newton(lambda, Default::default()))?;
    let digits = Digits::synthetic_sized(0, 200, 40, 40);
    sorting::session::<SmallCnn>(device, settings, &digits, loss, Rule::Adam)
}

/// A validation and the state after two steps.
fn trained(settings: &sorting::Settings, ranks: Arc<dyn Collective>) -> (Vec<f64>, Checkpoint) {
    let device = Cpu::default();
    let mut session = begun(&device, settings, 0.1).expect("a session");
    session.set_ranks(ranks).expect("as many samples as ranks");
    for _ in 0..2 {
        session.step().expect("a step");
    }
    let found = session.validate().expect("a validation").expect("it goes on");
    let mut checkpoint = session.checkpoint().expect("memory");
    checkpoint.arrays.remove("times");
    ([vec![found.loss], found.numbers].concat(), checkpoint)
}

#[test]
fn sessions_of_ranks_are_one_session() {
    for method in [Method::Hessian, Method::Fisher] {
        let settings = sorting_settings(method, 5);
        let one = Threads::run(1, |_, ranks| trained(&settings, ranks)).remove(0);
        let two = Threads::run(2, |_, ranks| trained(&settings, ranks));
        assert!(two[0] == two[1], "the same bits on both ranks");
        assert!((two[0].0[0] - one.0[0]).abs() < 1e-5 * one.0[0], "{method}: {:?}, {:?}", two[0].0, one.0);
        assert_eq!(two[0].0[1..], one.0[1..], "{method}");
        // Negative control: a share of the batch alone is another run.
        let other = Threads::run(1, |_, ranks| trained(&sorting_settings(method, 3), ranks)).remove(0);
        assert!((other.0[0] - one.0[0]).abs() > 1e-3 * one.0[0], "{method}");
    }
}

#[test]
fn ranks_stop_together_and_small_batches_are_refused() {
    let settings = sorting_settings(Method::Hessian, 2);
    let stopped = Threads::run(2, |_, ranks| {
        let device = Cpu::default();
        // A ranking loss is flat along a common shift.
        let mut session = begun(&device, &settings, 0.0).expect("a session");
        session.set_ranks(ranks).expect("as many samples as ranks");
        session.step().expect("the loss is to blame, not the machine");
        let stopped = session.stopped().expect("C is singular").clone();
        assert!(session.validate().expect("nothing is done").is_none());
        stopped
    });
    assert!(stopped[0] == stopped[1] && stopped[0].message.contains("C + lambda I is singular"));
    let refused = Threads::run(3, |_, ranks| {
        let device = Cpu::default();
        let refused = begun(&device, &settings, 0.1).expect("a session").set_ranks(ranks);
        matches!(refused, Err(TrainError::Collective(CollectiveError::Share { samples: 2, size: 3 })))
    });
    assert_eq!(refused, [true; 3]);
}

#[test]
fn rows_of_a_batch_are_those_of_the_whole() {
    let digits = Digits::synthetic_sized(0, 50, 10, 10);
    let sets = crate::data::FourDigitSets::new(&digits, Split::Train, 3, 1).expect("digits");
    let (pixels, numbers) = sets.batch(4, 5);
    let (part, some) = sets.rows(4, 2..5);
    assert_eq!((&part[..], &some[..]), (&pixels[2 * pixels.len() / 5..], &numbers[6..]));

    let maps = crate::data::warcraft::Warcraft::synthetic_sized(0, 7, 2, 2);
    let batches = crate::data::warcraft::MapBatches::shuffled(&maps, Split::Train, 5, 1).expect("maps");
    assert_eq!(batches.smallest(), 2);
    let (mut whole, mut part) =
        <(crate::data::warcraft::MapBatch, crate::data::warcraft::MapBatch)>::default();
    batches.fill(2, &mut whole);
    batches.fill_part(2, |maps| maps / 2..maps, &mut part);
    assert_eq!((&whole.indices[2..], &whole.paths[2 * 144..]), (&part.indices[..], &part.paths[..]));
    assert_eq!(whole.pixels[2 * whole.pixels.len() / 5..], part.pixels);
}
