//! Black boxes through the attribute: the three forms, every kind of parameter, and that they are what the library's calls are.

use newton_losses::prelude::*;
// Both globs, as users have them: no method is ambiguous.
use newton_losses::smoothing::*;
use std::collections::BinaryHeap;

const N: usize = 4;
const Y: [f32; 8] = [0.4, -0.1, 0.3, 0.9, 1.0, 0.2, -0.5, 0.1];

/// The share of numbers that a heap pops at another place than the label says.
#[newton_loss(hessian, lambda = 50.0, smoothing(gaussian, sigma = 0.3, samples = 20, seed = 3))]
fn heap_errors<const N: usize>(y: &[f32; N], ranks: &[usize; N]) -> f32 {
    let mut heap: BinaryHeap<(i64, usize)> =
        y.iter().enumerate().map(|(i, y)| ((f64::from(*y) * 1e9) as i64, i)).collect();
    let mut wrong = 0;
    let mut place = 0;
    while let Some((_, i)) = heap.pop() {
        wrong += usize::from(ranks[i] != place);
        place += 1;
    }
    wrong as f32 / N as f32
}

/// Ranks, largest first.
#[newton_loss(fisher, lambda = 0.1, smoothing(logistic, sigma = 0.3, samples = 20, covariate = leave_one_out), mse)]
fn rank_all<const N: usize>(y: &[f32; N]) -> [usize; N] {
    std::array::from_fn(|i| y.iter().filter(|other| **other > y[i]).count())
}

/// The best things that fit: weights differ between samples, capacity does not.
#[newton_loss(hessian, lambda = 1.0, on_indefinite = abs, fenchel_young(gumbel, sigma = 0.3, samples = 20, maximize))]
fn pack<const N: usize>(value: &[f32; N], weight: &[u32; N], capacity: u32) -> [bool; N] {
    let fits = |set: u32| (0..N).filter(|i| set >> i & 1 == 1).map(|i| weight[i]).sum::<u32>() <= capacity;
    let worth = |set: u32| (0..N).filter(|i| set >> i & 1 == 1).map(|i| value[i]).sum::<f32>();
    let best =
        (0..1 << N).filter(|set| fits(*set)).max_by(|a, b| worth(*a).total_cmp(&worth(*b))).unwrap_or(0);
    std::array::from_fn(|i| best >> i & 1 == 1)
}

fn noise(distribution: Distribution) -> Noise {
    Noise { distribution, ..Noise::gaussian(0.3, 20) }
}

#[test]
fn the_attribute_is_the_library_s_call() {
    let labels = [[0, 1, 2, 3], [3, 2, 1, 0]];
    let by_attribute = HeapErrors::<N>::new();
    let noise_of = Noise { seed: 3, ..noise(Distribution::Gaussian) };
    let by_hand = SmoothedLoss::new(N, noise_of, |y: &[f32], ranks: &[usize; N]| {
        heap_errors::<N>(y.try_into().unwrap(), ranks)
    })
    .newton(Newton::hessian(50.0));
    for _ in 0..2 {
        assert_eq!(by_attribute.evaluate(&Y, &labels), by_hand.evaluate(&Y, &labels));
    }
    assert_eq!(by_attribute.smoothing().step(), 2);
    assert_eq!(by_attribute.mean_hessian(&Y, &labels), by_hand.mean_hessian(&Y, &labels));
    assert_eq!(by_attribute.hessians(&Y, &labels), by_hand.hessians(&Y, &labels));

    let by_attribute = RankAll::<N>::new();
    let smoothing = Smoothing::new(noise(Distribution::Logistic)).covariate(Covariate::LeaveOneOut);
    let by_hand = SmoothedAlgorithm::new(
        N,
        Noise::gaussian(1.0, 1),
        |y: &[f32], _: &[usize; N]| rank_all::<N>(y.try_into().unwrap()),
        MeanSquaredError::new(N),
    )
    .newton(Newton::fisher(0.1))
    .smoothed_by(smoothing);
    assert_eq!(by_attribute.evaluate(&Y, &labels), by_hand.evaluate(&Y, &labels));

    let labels = [([true, false, true, false], [3, 4, 2, 5]), ([false, true, false, true], [1, 1, 1, 1])];
    let by_attribute = Pack::<N>::new(6);
    let solver = |y: &[f32], (_, weight): &([bool; N], [u32; N])| pack::<N>(y.try_into().unwrap(), weight, 6);
    let by_hand = PerturbedOptimizer::new(N, noise(Distribution::Gumbel), solver)
        .maximizing()
        .newton(Newton::hessian(1.0).on_indefinite(OnIndefinite::Abs));
    let found = by_attribute.evaluate(&Y, &labels).unwrap();
    assert_eq!(found, by_hand.evaluate(&Y, &labels).unwrap());
    assert!(found.values.iter().all(|v| *v >= 0.0));
    let looked = by_attribute.diagnose(&Y, &labels, 10.0).unwrap();
    assert_eq!(looked.spectrum.len(), N);
}

/// A road between two towns.
#[derive(Clone, Debug)]
struct Road {
    from: usize,
    to: usize,
}

/// What the road map, the traveller and the day have to say; towns are visited in any order.
#[newton_loss(none, smoothing(cauchy, sigma = 0.1, samples = 6, antithetic, sampling = latin_hypercube), name = Journey)]
fn reachable<const R: usize>(
    y: &[[f64; R]; 2],
    closed: &[usize],
    traveller: &str,
    #[shared] roads: &[Road],
    #[shared] limit: &f64,
    thrifty: bool,
    names: Vec<String>,
) -> Result<f64, std::fmt::Error> {
    if traveller.is_empty() || names.is_empty() {
        return Err(std::fmt::Error);
    }
    let open = |i: &usize| !closed.contains(i) && y[usize::from(thrifty)][*i] < *limit;
    let mut seen = vec![0];
    while let Some(next) = (0..roads.len())
        .filter(open)
        .map(|i| &roads[i])
        .find(|road| seen.contains(&road.from) && !seen.contains(&road.to))
    {
        seen.push(next.to);
    }
    Ok(-(seen.len() as f64))
}

#[test]
fn parameters_of_every_kind() {
    let roads = vec![Road { from: 0, to: 1 }, Road { from: 1, to: 2 }, Road { from: 0, to: 3 }];
    let loss = Journey::<3>::new(roads, 0.5, true, vec!["Ulm".to_owned()]);
    assert_eq!(loss.dim(), 6);
    let y = [9.0, 9.0, 9.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 9.0, 0.0, 0.0];
    let labels = [(vec![2], "Ada".to_owned()), (vec![], "Bo".to_owned())];
    let all = loss.evaluate(&y, &labels).unwrap();
    assert_eq!(all.gradients.len(), 12);
    assert!(all.values[0] < -1.5 && all.values[1] < -1.0);
    // Clones share what is shared, and go on from the same step.
    let clone = loss.clone();
    assert_eq!(clone.smoothing().step(), 1);
    assert_eq!(clone.evaluate(&y, &labels), loss.evaluate(&y, &labels));
    let nameless = [(vec![2], "Ada".to_owned()), (vec![], String::new())];
    let error = loss.evaluate(&y, &nameless).unwrap_err().to_string();
    let expected =
        "sample 1, perturbation 0: `reachable` failed: an error occurred when formatting an argument";
    assert_eq!(error, expected);
    // Noise is whatever one says later.
    let loud = Noise { sampling: Sampling::Cartesian, ..Noise::gaussian(0.1, 65) };
    let error = loss.smoothed_by(Smoothing::new(loud)).evaluate(&y, &labels).unwrap_err().to_string();
    assert_eq!(error, "`samples` is 65, expected k^m, for a grid of k intervals in each of m numbers");
}

/// Huber's distance, by the compiler.
#[newton_loss(none)]
fn huber<const N: usize>(y: &[f32; N], target: &[f32; N], delta: f32) -> f32 {
    let mut loss = 0.0;
    for i in 0..N {
        let d = (y[i] - target[i]).abs();
        loss += if d < delta { 0.5 * d * d } else { delta * (d - 0.5 * delta) };
    }
    loss
}

#[newton_loss(fisher, lambda = 1.0, smoothing(gaussian, sigma = 0.2, samples = 50), output_loss = Huber::<M>::new(0.1))]
fn sorted<const M: usize>(y: &[f32; M]) -> [f32; M] {
    let mut y = *y;
    y.sort_by(f32::total_cmp);
    y
}

#[test]
fn a_compiled_loss_on_the_result_of_an_algorithm() {
    let loss = Sorted::<4>::new();
    let labels = [[-1.0, 0.0, 0.0, 0.0], [0.0; 4]];
    let all = loss.evaluate(&Y, &labels).unwrap();
    // Sorting passes its slopes on: the largest is moved down, the smallest likewise, towards -1.
    assert!(all.gradients[3] > 0.05 && all.gradients[1] > 0.05, "{:?}", all.gradients);
    let by_hand = SmoothedAlgorithm::new(
        4,
        Noise::gaussian(0.2, 50),
        |y: &[f32], _: &[f32; 4]| sorted::<4>(y.try_into().unwrap()),
        Huber::<4>::new(0.1),
    );
    assert_eq!(all, by_hand.newton(Newton::fisher(1.0)).evaluate(&Y, &labels).unwrap());
}

/// Names that generated code has, or that mean something else outside.
#[newton_loss(none, smoothing(gaussian, sigma = 0.2, samples = 2))]
fn results<const N: usize>(arguments: &[f32; N], results: &f32, label: &f32, labels: f32, f32: u8) -> f32 {
    arguments[0] + results + label + labels + f32::from(f32)
}

#[test]
fn names_do_not_collide() {
    let found = Results::<1>::new(100.0, 1).values(&[0.0], &[(10.0, 1000.0)]).unwrap();
    assert!((found[0] - 1111.0).abs() < 1.0, "{found:?}");
}

/// A step of 1 at 0 in every number: its mean under normal noise is known.
#[newton_loss(hessian, lambda = 1.0, smoothing(gaussian, sigma = 0.5, samples = 200000))]
fn all_positive<const N: usize>(y: &[f64; N]) -> bool {
    y.iter().all(|y| *y > 0.0)
}

#[test]
fn products_of_normal_distribution_functions() {
    let loss = AllPositive::<2>::new();
    let y = [0.3, -0.2];
    let all = loss.gradients(&y, &[()]).unwrap();
    let hessian = loss.hessians(&y, &[()]).unwrap();
    let cdf = |x: f64| 0.5 * (1.0 + erf(x / 0.5 / 2.0_f64.sqrt()));
    let density = |x: f64| (-0.5 * (x / 0.5).powi(2)).exp() / (0.5 * (2.0 * std::f64::consts::PI).sqrt());
    let (p, d) = (y.map(cdf), y.map(density));
    let slope = |i: usize| -y[i] / 0.25 * d[i];
    let near =
        |found: f64, exact: f64, within: f64| assert!((found - exact).abs() < within, "{found} {exact}");
    near(all.values[0], p[0] * p[1], 0.004);
    near(all.gradients[0], d[0] * p[1], 0.01);
    near(all.gradients[1], d[1] * p[0], 0.01);
    near(hessian[0], slope(0) * p[1], 0.05);
    near(hessian[3], slope(1) * p[0], 0.05);
    near(hessian[1], d[0] * d[1], 0.05);
    assert_eq!(hessian[1], hessian[2]);
}

/// Through dfdx: one of four is to be the cheapest, and learns to be.
#[test]
fn as_a_node_of_a_graph() {
    use dfdx::prelude::*;

    let loss = PerturbedOptimizer::new(4, Noise::gaussian(0.3, 10), |costs: &[f32], _: &[f32; 4]| {
        let least = (0..4).min_by(|a, b| costs[*a].total_cmp(&costs[*b])).unwrap_or(0);
        std::array::from_fn::<bool, 4, _>(|i| i == least)
    })
    .newton(Newton::fisher(0.1));
    let device = Cpu::default();
    let mut costs: Tensor<Rank2<2, 4>, f32, _> = device.tensor([[0.0, 1.0, 2.0, 3.0], [0.5, 0.0, 0.5, 0.5]]);
    let labels = [[0.0, 0.0, 1.0, 0.0], [1.0, 0.0, 0.0, 0.0]];
    let start = loss.apply(costs.clone(), &labels).unwrap().array();
    for _ in 0..60 {
        let gradients = loss.apply(costs.leaky_trace(), &labels).unwrap().backward();
        let gradient = gradients.get(&costs);
        costs = costs - gradient * 0.2;
    }
    assert_eq!(loss.smoothing().step(), 60);
    let end = loss.apply(costs.clone(), &labels).unwrap().array();
    assert!(end < 0.1 * start, "{start} to {end}: {:?}", costs.array());
}
