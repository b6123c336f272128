//! Every loss of `losses/` with how to make it, its label and a call of the function from a file of `expected/`.
//!
//! One block per loss: its name, the loss, its label (`()`, one or a tuple, in the order of parameters), the plain call.

use super::losses::*;
use super::{cuda_test, expected_test};

macro_rules! case {
    ($name:ident, $build:expr, $label:expr, $plain:expr $(,)?) => {
        mod $name {
            use super::*;

            #[test]
            fn on_the_cpu() {
                expected_test::check(stringify!($name), $build, $label, $label, $plain);
            }

            #[test]
            fn on_cuda() {
                cuda_test::check(stringify!($name), $build, $label);
            }
        }
    };
}

case!(
    robust_pieces,
    |h| branches::RobustPieces::<8>::new(h.get::<f64>("quantile"), h.get::<f64>("delta")),
    |s| s.get("target"),
    |s| branches::robust_pieces::<8>(&s.get("y"), &s.get("target"), s.get("quantile"), s.get("delta")),
);

case!(
    table_lookup,
    |_| branches::TableLookup::<10>::new(),
    |s| s.get("target"),
    |s| branches::table_lookup::<10>(&s.get("y"), &s.get("target")),
);

case!(
    spiking_neuron,
    |h| branches::SpikingNeuron::<12>::new(h.get::<f64>("leak"), h.get::<f64>("threshold")),
    |s| s.get("trace"),
    |s| branches::spiking_neuron::<12>(&s.get("y"), &s.get("trace"), s.get("leak"), s.get("threshold")),
);

case!(
    bouncing_ball,
    |h| branches::BouncingBall::<8>::new(h.get::<f64>("dt"), h.get::<f64>("restitution")),
    |s| s.get("goal"),
    |s| branches::bouncing_ball::<8>(&s.get("y"), &s.get("goal"), s.get("dt"), s.get("restitution")),
);

case!(tax_brackets, |_| branches::TaxBrackets::<7>::new(), |s| (s.get("tax"), s.get("married")), |s| {
    branches::tax_brackets::<7>(&s.get("y"), &s.get("tax"), &s.get("married"))
},);

case!(
    soft_viterbi,
    |h| chains::SoftViterbi::<6, 3>::new(h.get::<[[f64; 3]; 3]>("transition"), h.get::<f64>("temperature")),
    |s| (s.get("path"), s.get("len")),
    |s| chains::soft_viterbi::<6, 3>(
        &s.get("y"),
        &s.get("path"),
        &s.get("len"),
        &s.get("transition"),
        s.get("temperature")
    ),
);

case!(
    crf_transitions,
    |_| chains::CrfTransitions::<4, 7>::new(),
    |s| (s.get("emission"), s.get("tags")),
    |s| chains::crf_transitions::<4, 7>(&s.get("y"), &s.get("emission"), &s.get("tags")),
);

case!(ctc, |_| chains::Ctc::<6, 4, 3, 7>::new(), |s| s.get("target"), |s| chains::ctc::<6, 4, 3, 7>(
    &s.get("y"),
    &s.get("target")
),);

case!(
    knapsack,
    |h| chains::Knapsack::<5, 9>::new(h.get::<f64>("temperature")),
    |s| (s.get("weight"), s.get("optimum")),
    |s| chains::knapsack::<5, 9>(&s.get("y"), &s.get("weight"), &s.get("optimum"), s.get("temperature")),
);

case!(
    intervals,
    |h| chains::Intervals::<7, 8>::new(h.get::<f64>("temperature")),
    |s| (s.get("before"), s.get("chosen")),
    |s| chains::intervals::<7, 8>(&s.get("y"), &s.get("before"), &s.get("chosen"), s.get("temperature")),
);

case!(
    frozen_critic,
    |h| composed::FrozenCritic::<6, 4>::new(
        h.get::<[[f64; 6]; 4]>("w"),
        h.get::<[[f64; 4]; 4]>("u"),
        h.get::<[f64; 4]>("b")
    ),
    |s| s.get("embedding"),
    |s| composed::frozen_critic::<6, 4>(
        &s.get("y"),
        &s.get("embedding"),
        &s.get("w"),
        &s.get("u"),
        &s.get("b")
    ),
);

case!(
    mixture_density,
    |h| composed::MixtureDensity::<4, 6>::new(h.get::<f64>("floor")),
    |s| s.get("points"),
    |s| composed::mixture_density::<4, 6>(&s.get("y"), &s.get("points"), s.get("floor")),
);

case!(moment_matching, |_| composed::MomentMatching::<9, 4>::new(), |s| s.get("wanted"), |s| {
    composed::moment_matching::<9, 4>(&s.get("y"), &s.get("wanted"))
},);

case!(
    contrastive,
    |h| composed::Contrastive::<5, 4, true>::new(
        h.get::<[[f64; 5]; 5]>("w"),
        h.get::<[[f64; 5]; 4]>("anchors"),
        h.get::<usize>("depth"),
        h.get::<f64>("temperature")
    ),
    |s| s.get("positive"),
    |s| composed::contrastive::<5, 4, true>(
        &s.get("y"),
        &s.get("positive"),
        &s.get("w"),
        &s.get("anchors"),
        s.get("depth"),
        s.get("temperature")
    ),
);

case!(
    sinkhorn_transport,
    |h| fixed_points::SinkhornTransport::<4, 5>::new(h.get::<f64>("epsilon"), h.get::<usize>("steps")),
    |s| (s.get("plan"), s.get("rows"), s.get("columns")),
    |s| fixed_points::sinkhorn_transport::<4, 5>(
        &s.get("y"),
        &s.get("plan"),
        &s.get("rows"),
        &s.get("columns"),
        s.get("epsilon"),
        s.get("steps")
    ),
);

case!(
    kepler_orbit,
    |h| fixed_points::KeplerOrbit::<6>::new(h.get::<usize>("steps")),
    |s| (s.get("time"), s.get("seen")),
    |s| fixed_points::kepler_orbit::<6>(&s.get("y"), &s.get("time"), &s.get("seen"), s.get("steps")),
);

case!(
    page_rank,
    |h| fixed_points::PageRank::<5>::new(
        h.get::<[[bool; 5]; 5]>("linked"),
        h.get::<f64>("damping"),
        h.get::<usize>("rounds")
    ),
    |s| s.get("winner"),
    |s| fixed_points::page_rank::<5>(
        &s.get("y"),
        &s.get("winner"),
        &s.get("linked"),
        s.get("damping"),
        s.get("rounds")
    ),
);

case!(
    soft_k_means,
    |h| fixed_points::SoftKMeans::<3, 8>::new(h.get::<f64>("stiffness"), h.get::<usize>("rounds")),
    |s| s.get("points"),
    |s| fixed_points::soft_k_means::<3, 8>(
        &s.get("y"),
        &s.get("points"),
        s.get("stiffness"),
        s.get("rounds")
    ),
);

case!(equilibrium, |h| fixed_points::Equilibrium::new(h.get::<usize>("steps")), |s| s.get("target"), |s| {
    fixed_points::equilibrium(&s.get("y"), &s.get("target"), s.get("steps"))
},);

case!(
    soft_bellman_ford,
    |h| graphs::SoftBellmanFord::<7>::new(h.get::<f64>("temperature")),
    |s| s.get("times"),
    |s| graphs::soft_bellman_ford::<7>(&s.get("y"), &s.get("times"), s.get("temperature")),
);

case!(
    widest_path,
    |h| graphs::WidestPath::<12>::new(h.get::<[[usize; 2]; 12]>("edges"), h.get::<f64>("t")),
    |s| s.get("demand"),
    |s| graphs::widest_path::<12>(&s.get("y"), &s.get("demand"), &s.get("edges"), s.get("t")),
);

case!(
    tree_belief,
    |h| graphs::TreeBelief::<6, 3>::new(h.get::<[usize; 6]>("parent"), h.get::<[[f64; 3]; 3]>("coupling")),
    |s| s.get("state"),
    |s| graphs::tree_belief::<6, 3>(&s.get("y"), &s.get("state"), &s.get("parent"), &s.get("coupling")),
);

case!(
    laplacian_smoothing,
    |h| graphs::LaplacianSmoothing::<8, 10>::new(
        h.get::<[[usize; 2]; 10]>("edges"),
        h.get::<f64>("rate"),
        h.get::<usize>("rounds")
    ),
    |s| (s.get("measured"), s.get("valid")),
    |s| graphs::laplacian_smoothing::<8, 10>(
        &s.get("y"),
        &s.get("measured"),
        &s.get("valid"),
        &s.get("edges"),
        s.get("rate"),
        s.get("rounds")
    ),
);

case!(matrix_tree, |_| graphs::MatrixTree::new(), |s| s.get("in_tree"), |s| graphs::matrix_tree(
    &s.get("y"),
    &s.get("in_tree")
),);

case!(
    soft_dtw_band,
    |h| grids::SoftDtwBand::<5, 6, 2>::new(h.get::<usize>("band"), h.get::<f64>("gamma")),
    |s| s.get("target"),
    |s| grids::soft_dtw_band::<5, 6, 2>(&s.get("y"), &s.get("target"), s.get("band"), s.get("gamma")),
);

case!(
    soft_edit_distance,
    |h| grids::SoftEditDistance::<5, 4, 5, 6>::new(h.get::<f64>("temperature")),
    |s| (s.get("word"), s.get("len")),
    |s| grids::soft_edit_distance::<5, 4, 5, 6>(
        &s.get("y"),
        &s.get("word"),
        &s.get("len"),
        s.get("temperature")
    ),
);

case!(smith_waterman, |h| grids::SmithWaterman::<4, 5>::new(h.get::<f64>("gap")), |s| s.get("score"), |s| {
    grids::smith_waterman::<4, 5>(&s.get("y"), &s.get("score"), s.get("gap"))
},);

case!(
    needleman_wunsch,
    |h| grids::NeedlemanWunsch::<5, 4>::new(
        h.get::<f64>("open"),
        h.get::<f64>("extend"),
        h.get::<f64>("temperature")
    ),
    |s| s.get("target"),
    |s| grids::needleman_wunsch::<5, 4>(
        &s.get("y"),
        &s.get("target"),
        s.get("open"),
        s.get("extend"),
        s.get("temperature")
    ),
);

case!(
    shortest_path,
    |h| grids::ShortestPath::<5, 6>::new(h.get::<f64>("gamma")),
    |s| s.get("demonstrated"),
    |s| grids::shortest_path::<5, 6>(&s.get("y"), &s.get("demonstrated"), s.get("gamma")),
);

case!(
    class_margin,
    |h| integers::ClassMargin::<6>::new(h.get::<[[bool; 6]; 6]>("confusable"), h.get::<f64>("margin")),
    |s| s.get("label"),
    |s| integers::class_margin::<6>(&s.get("y"), &s.get("label"), &s.get("confusable"), s.get("margin")),
);

case!(
    weighted_histogram,
    |_| integers::WeightedHistogram::<9, 5>::new(),
    |s| (s.get("bin"), s.get("wanted")),
    |s| integers::weighted_histogram::<9, 5>(&s.get("y"), &s.get("bin"), &s.get("wanted")),
);

case!(
    calendar,
    |_| integers::Calendar::<15>::new(),
    |s| (s.get("sold"), s.get("first_day"), s.get("holiday")),
    |s| integers::calendar::<15>(&s.get("y"), &s.get("sold"), &s.get("first_day"), &s.get("holiday")),
);

case!(soft_f1, |_| integers::SoftF1::<6, 3>::new(), |s| s.get("class"), |s| integers::soft_f1::<6, 3>(
    &s.get("y"),
    &s.get("class")
),);

case!(hash_grid, |_| integers::HashGrid::<11, 8>::new(), |s| (s.get("cell"), s.get("target")), |s| {
    integers::hash_grid::<11, 8>(&s.get("y"), &s.get("cell"), &s.get("target"))
},);

case!(
    pendulum_observed,
    |h| integrators::PendulumObserved::<6>::new(h.get::<usize>("between"), h.get::<f64>("dt")),
    |s| s.get("angles"),
    |s| integrators::pendulum_observed::<6>(&s.get("y"), &s.get("angles"), s.get("between"), s.get("dt")),
);

case!(
    lotka_volterra,
    |h| integrators::LotkaVolterra::<5>::new(h.get::<usize>("between"), h.get::<f64>("dt")),
    |s| (s.get("start"), s.get("observed")),
    |s| integrators::lotka_volterra::<5>(
        &s.get("y"),
        &s.get("start"),
        &s.get("observed"),
        s.get("between"),
        s.get("dt")
    ),
);

case!(
    epidemic,
    |h| integrators::Epidemic::<8>::new(h.get::<f64>("recovery"), h.get::<f64>("seed")),
    |s| s.get("cases"),
    |s| integrators::epidemic::<8>(&s.get("y"), &s.get("cases"), s.get("recovery"), s.get("seed")),
);

case!(
    spring_chain,
    |h| integrators::SpringChain::<7>::new(
        h.get::<usize>("steps"),
        h.get::<f64>("dt"),
        h.get::<f64>("cubic")
    ),
    |s| s.get("shape"),
    |s| integrators::spring_chain::<7>(
        &s.get("y"),
        &s.get("shape"),
        s.get("steps"),
        s.get("dt"),
        s.get("cubic")
    ),
);

case!(rocket, |h| integrators::Rocket::<10>::new(h.get::<f64>("burn")), |s| s.get("height"), |s| {
    integrators::rocket::<10>(&s.get("y"), &s.get("height"), s.get("burn"))
},);

case!(
    robot_arm,
    |h| kinematics::RobotArm::<6>::new(h.get::<[f64; 6]>("length")),
    |s| (s.get("target"), s.get("obstacle")),
    |s| kinematics::robot_arm::<6>(&s.get("y"), &s.get("target"), &s.get("obstacle"), &s.get("length")),
);

case!(
    quaternion_alignment,
    |h| kinematics::QuaternionAlignment::<5>::new(h.get::<[[f64; 3]; 5]>("reference")),
    |s| (s.get("measured"), s.get("weight")),
    |s| kinematics::quaternion_alignment::<5>(
        &s.get("y"),
        &s.get("measured"),
        &s.get("weight"),
        &s.get("reference")
    ),
);

case!(
    bearings,
    |h| kinematics::Bearings::<5>::new(h.get::<[[f64; 3]; 5]>("beacon")),
    |s| (s.get("bearing"), s.get("elevation")),
    |s| kinematics::bearings::<5>(&s.get("y"), &s.get("bearing"), &s.get("elevation"), &s.get("beacon")),
);

case!(
    leg,
    |h| kinematics::Leg::<4>::new(h.get::<f64>("thigh"), h.get::<f64>("shank")),
    |s| s.get("angles"),
    |s| kinematics::leg::<4>(&s.get("y"), &s.get("angles"), s.get("thigh"), s.get("shank")),
);

case!(
    cox_regression,
    |_| likelihoods::CoxRegression::<8>::new(),
    |s| (s.get("time"), s.get("observed")),
    |s| likelihoods::cox_regression::<8>(&s.get("y"), &s.get("time"), &s.get("observed")),
);

case!(
    focal_segmentation,
    |h| likelihoods::FocalSegmentation::<5, 6>::new(h.get::<f64>("focus")),
    |s| s.get("mask"),
    |s| likelihoods::focal_segmentation::<5, 6>(&s.get("y"), &s.get("mask"), s.get("focus")),
);

case!(zero_inflated_counts, |_| likelihoods::ZeroInflatedCounts::<6>::new(), |s| s.get("count"), |s| {
    likelihoods::zero_inflated_counts::<6>(&s.get("y"), &s.get("count"))
},);

case!(ordinal_probit, |_| likelihoods::OrdinalProbit::<4, 8>::new(), |s| (s.get("x"), s.get("grade")), |s| {
    likelihoods::ordinal_probit::<4, 8>(&s.get("y"), &s.get("x"), &s.get("grade"))
},);

case!(cholesky_likelihood, |_| matrices::CholeskyLikelihood::<4>::new(), |s| s.get("x"), |s| {
    matrices::cholesky_likelihood::<4>(&s.get("y"), &s.get("x"))
},);

case!(
    attention,
    |h| matrices::Attention::<5, 4>::new(h.get::<[[f64; 5]; 4]>("keys")),
    |s| (s.get("values"), s.get("target")),
    |s| matrices::attention::<5, 4>(&s.get("y"), &s.get("values"), &s.get("target"), &s.get("keys")),
);

case!(
    total_variation,
    |h| matrices::TotalVariation::<3, 3, 2>::new(h.get::<f64>("weight")),
    |s| (s.get("target"), s.get("means")),
    |s| matrices::total_variation::<3, 3, 2>(&s.get("y"), &s.get("target"), &s.get("means"), s.get("weight")),
);

case!(
    soft_assignment,
    |h| matrices::SoftAssignment::<5>::new(h.get::<usize>("rounds")),
    |s| s.get("job"),
    |s| matrices::soft_assignment::<5>(&s.get("y"), &s.get("job"), s.get("rounds")),
);

case!(
    ridge_residual,
    |h| matrices::RidgeResidual::<7, 3>::new(h.get::<f64>("ridge")),
    |s| s.get("target"),
    |s| matrices::ridge_residual::<7, 3>(&s.get("y"), &s.get("target"), s.get("ridge")),
);

case!(packed_gaussian, |_| packing::PackedGaussian::<7, 35, 2>::new(), |s| s.get("points"), |s| {
    packing::packed_gaussian::<7, 35, 2>(&s.get("y"), &s.get("points"))
},);

case!(
    packed_spectrum,
    |h| packing::PackedSpectrum::<4, 10>::new(h.get::<usize>("rounds")),
    |s| (s.get("direction"), s.get("largest")),
    |s| packing::packed_spectrum::<4, 10>(
        &s.get("y"),
        &s.get("direction"),
        &s.get("largest"),
        s.get("rounds")
    ),
);

case!(
    packed_stress,
    |_| packing::PackedStress::<6, 2, 15>::new(),
    |s| (s.get("distance"), s.get("known")),
    |s| packing::packed_stress::<6, 2, 15>(&s.get("y"), &s.get("distance"), &s.get("known")),
);

case!(
    packed_tournament,
    |_| packing::PackedTournament::<6, 15>::new(),
    |s| (s.get("wins"), s.get("games")),
    |s| packing::packed_tournament::<6, 15>(&s.get("y"), &s.get("wins"), &s.get("games")),
);

case!(
    polynomial_fit,
    |h| polynomials::PolynomialFit::<6, 8>::new(h.get::<f64>("delta")),
    |s| (s.get("at"), s.get("target")),
    |s| polynomials::polynomial_fit::<6, 8>(&s.get("y"), &s.get("at"), &s.get("target"), s.get("delta")),
);

case!(chebyshev, |_| polynomials::Chebyshev::<7, 9, true>::new(), |s| (s.get("at"), s.get("target")), |s| {
    polynomials::chebyshev::<7, 9, true>(&s.get("y"), &s.get("at"), &s.get("target"))
},);

case!(legendre_density, |_| polynomials::LegendreDensity::<5, 6, 40>::new(), |s| s.get("sample"), |s| {
    polynomials::legendre_density::<5, 6, 40>(&s.get("y"), &s.get("sample"))
},);

case!(
    vieta,
    |_| polynomials::Vieta::<5, 6>::new(),
    |s| s.get("coefficient"),
    |s| polynomials::vieta::<5, 6>(&s.get("y"), &s.get("coefficient")),
);

case!(
    elementary,
    |_| polynomials::Elementary::<10>::new(),
    |s| s.get("scale"),
    |s| polynomials::elementary::<10>(&s.get("y"), &s.get("scale")),
);

case!(approx_ndcg, |h| ranking::ApproxNdcg::<7>::new(h.get::<f64>("alpha")), |s| s.get("grade"), |s| {
    ranking::approx_ndcg::<7>(&s.get("y"), &s.get("grade"), s.get("alpha"))
},);

case!(list_mle, |_| ranking::ListMle::<8>::new(), |s| s.get("order"), |s| ranking::list_mle::<8>(
    &s.get("y"),
    &s.get("order")
),);

case!(
    pairwise_logistic,
    |h| ranking::PairwiseLogistic::<6>::new(h.get::<f64>("margin")),
    |s| s.get("grade"),
    |s| ranking::pairwise_logistic::<6>(&s.get("y"), &s.get("grade"), s.get("margin")),
);

case!(top_k_hinge, |_| ranking::TopKHinge::<9>::new(), |s| s.get("class"), |s| ranking::top_k_hinge::<9>(
    &s.get("y"),
    &s.get("class")
),);

case!(smooth_ap, |h| ranking::SmoothAp::<8>::new(h.get::<f64>("tau")), |s| s.get("relevant"), |s| {
    ranking::smooth_ap::<8>(&s.get("y"), &s.get("relevant"), s.get("tau"))
},);

case!(lambda_rank, |_| ranking::LambdaRank::<7>::new(), |s| s.get("gain"), |s| ranking::lambda_rank::<7>(
    &s.get("y"),
    &s.get("gain")
),);

case!(
    neural_ndcg,
    |h| ranking::NeuralNdcg::<7>::new(h.get::<usize>("k"), h.get::<f64>("tau")),
    |s| (s.get("gain"), s.get("ideal")),
    |s| ranking::neural_ndcg::<7>(&s.get("y"), &s.get("gain"), &s.get("ideal"), s.get("k"), s.get("tau")),
);

case!(sorted_gaps, |_| ranking::SortedGaps::<8>::new(), |s| s.get("weight"), |s| ranking::sorted_gaps::<8>(
    &s.get("y"),
    &s.get("weight")
),);

case!(
    gru_steering,
    |h| sequences::GruSteering::<6, 2, 3>::new(
        h.get::<[[[f64; 2]; 3]; 3]>("w"),
        h.get::<[[[f64; 3]; 3]; 3]>("u")
    ),
    |s| (s.get("len"), s.get("class")),
    |s| sequences::gru_steering::<6, 2, 3>(
        &s.get("y"),
        &s.get("len"),
        &s.get("class"),
        &s.get("w"),
        &s.get("u")
    ),
);

case!(
    kalman_filter,
    |_| sequences::KalmanFilter::<8>::new(),
    |s| (s.get("measured"), s.get("missing")),
    |s| sequences::kalman_filter::<8>(&s.get("y"), &s.get("measured"), &s.get("missing")),
);

case!(
    hmm_emissions,
    |h| sequences::HmmEmissions::<3, 4, 9>::new(h.get::<[[f64; 3]; 3]>("transition")),
    |s| (s.get("symbols"), s.get("len")),
    |s| sequences::hmm_emissions::<3, 4, 9>(
        &s.get("y"),
        &s.get("symbols"),
        &s.get("len"),
        &s.get("transition")
    ),
);

case!(
    masked_tokens,
    |h| sequences::MaskedTokens::<6, 5>::new(h.get::<usize>("pad")),
    |s| (s.get("tokens"), s.get("mask")),
    |s| sequences::masked_tokens::<6, 5>(&s.get("y"), &s.get("tokens"), &s.get("mask"), s.get("pad")),
);

case!(autoregressive_flow, |_| sequences::AutoregressiveFlow::<7>::new(), |s| s.get("x"), |s| {
    sequences::autoregressive_flow::<7>(&s.get("y"), &s.get("x"))
},);

case!(
    haar_sparsity,
    |h| signals::HaarSparsity::<16>::new(h.get::<f64>("weight")),
    |s| s.get("signal"),
    |s| signals::haar_sparsity::<16>(&s.get("y"), &s.get("signal"), s.get("weight")),
);

case!(
    phase_unwrapping,
    |_| signals::PhaseUnwrapping::<8>::new(),
    |s| (s.get("phase"), s.get("clockwise")),
    |s| signals::phase_unwrapping::<8>(&s.get("y"), &s.get("phase"), &s.get("clockwise")),
);

case!(
    strided_filter,
    |h| signals::StridedFilter::<4, 16, 3>::new(h.get::<usize>("stride")),
    |s| (s.get("signal"), s.get("pooled")),
    |s| signals::strided_filter::<4, 16, 3>(&s.get("y"), &s.get("signal"), &s.get("pooled"), s.get("stride")),
);

case!(power_spectrum, |_| signals::PowerSpectrum::<9, 4>::new(), |s| s.get("wanted"), |s| {
    signals::power_spectrum::<9, 4>(&s.get("y"), &s.get("wanted"))
},);

case!(
    sinkhorn_divergence,
    |h| transport::SinkhornDivergence::<6, 5>::new(h.get::<f64>("epsilon"), h.get::<usize>("steps")),
    |s| s.get("points"),
    |s| transport::sinkhorn_divergence::<6, 5>(
        &s.get("y"),
        &s.get("points"),
        s.get("epsilon"),
        s.get("steps")
    ),
);

case!(wasserstein, |h| transport::Wasserstein::<8>::new(h.get::<f64>("p")), |s| s.get("target"), |s| {
    transport::wasserstein::<8>(&s.get("y"), &s.get("target"), s.get("p"))
},);

case!(
    histogram_transport,
    |h| transport::HistogramTransport::<9>::new(h.get::<f64>("width"), h.get::<f64>("smooth")),
    |s| s.get("masses"),
    |s| transport::histogram_transport::<9>(&s.get("y"), &s.get("masses"), s.get("width"), s.get("smooth")),
);

case!(energy_distance, |_| transport::EnergyDistance::<5, 4>::new(), |s| s.get("points"), |s| {
    transport::energy_distance::<5, 4>(&s.get("y"), &s.get("points"))
},);
