//! The shortest-path benchmark with Dijkstra's algorithm under noise.
#![cfg(feature = "train")]

use newton_runtime::data::warcraft::Warcraft;
use newton_runtime::models::CombResNet;
use newton_runtime::newton::{Newton, OnIndefinite};
use newton_runtime::train::shortest_path::{
    Comparison, MethodSettings, PathLoss, PerturbedSettings, Settings, Smoothed, compare,
};
use newton_runtime::train::{Method, TrainError};

fn run(settings: &Settings, maps: &Warcraft) -> Result<Comparison, TrainError> {
    let build = |newton| settings.loss.sized::<12, 12>(newton);
    compare::<CombResNet<32, 7, 12>>(settings, maps, build, &mut ())
}

fn of(smoothed: Smoothed, samples: usize) -> PathLoss {
    PerturbedSettings { samples, ..PerturbedSettings::paper(smoothed) }.into()
}

/// Perfect matches before and after.
fn learned(comparison: &Comparison) -> (f64, f64) {
    let last = comparison.outcomes[0].last.as_ref().expect("it was completed");
    (comparison.untrained.accuracy.perfect, last.accuracy.perfect)
}

#[test]
fn fenchel_young_losses_learn() {
    let usual = Settings::quick(of(Smoothed::Optimizer, 3));
    let methods = vec![MethodSettings { method: Method::Baseline, lambda: 0.0, learning_rate: 0.01 }];
    let settings = Settings { epochs: 5, batch: 16, methods, ..usual };
    let (before, after) =
        learned(&run(&settings, &Warcraft::synthetic_sized(1, 240, 20, 200)).expect("a run"));
    assert!(before < 0.1 && after > before + 0.2, "perfect {before}, then {after}");
}

#[test]
fn all_forms_start_alike_part_and_repeat_themselves() {
    let maps = Warcraft::synthetic_sized(1, 8, 20, 20);
    for smoothed in Smoothed::ALL {
        let settings = Settings { epochs: 1, batch: 4, ..Settings::quick(of(smoothed, 4)) };
        let comparison = run(&settings, &maps).expect("a run");
        let methods = if smoothed == Smoothed::Algorithm { 2 } else { 3 };
        assert_eq!(comparison.outcomes.len(), methods, "{smoothed}");
        assert!(comparison.outcomes.iter().all(|o| o.stopped.is_none()), "{smoothed}");
        let losses = |comparison: &Comparison| -> Vec<f64> {
            let curves = comparison.history.curves("loss").expect("a column");
            curves.iter().flat_map(|curve| &curve.points).map(|point| point.value).collect()
        };
        assert!(comparison.effect.as_ref().is_some_and(|e| e.diagnostics.iter().all(|(_, d)| d.is_ok())));
        let costs = |comparison: &Comparison| -> Vec<Vec<f32>> {
            comparison.predictions.iter().map(|p| p.costs.clone()).collect()
        };
        let again = run(&settings, &maps).expect("a run");
        assert_eq!((losses(&comparison), costs(&comparison)), (losses(&again), costs(&again)), "{smoothed}");
        let found = costs(&comparison);
        assert!(found.iter().skip(1).all(|other| *other != found[0]), "{smoothed}");
        // Other noise, other numbers.
        let seeded = PerturbedSettings { samples: 4, seed: 9, ..PerturbedSettings::paper(smoothed) };
        let other = run(&Settings { loss: seeded.into(), ..settings }, &maps).expect("a run");
        assert_ne!(costs(&other), found, "{smoothed}");
    }
}

#[test]
fn names_and_the_papers_numbers() {
    for smoothed in Smoothed::ALL {
        assert_eq!(smoothed.name().parse(), Ok(smoothed));
        assert_eq!(of(smoothed, 3).name(), smoothed.name());
    }
    let error = "smoothed".parse::<Smoothed>().expect_err("no form");
    assert_eq!(error.to_string(), "`smoothed` is none of ss_loss, ss_algorithm, fenchel_young");
    assert_eq!(of(Smoothed::Loss, 3).to_string(), "ss_loss, gaussian noise, sigma = 0.1, 3 samples");
    let numbers = |smoothed| -> Vec<(f64, f64)> {
        let methods = Settings::paper(of(smoothed, 30)).methods;
        methods.iter().map(|of| (of.lambda, of.learning_rate)).collect()
    };
    // Baseline, Hessian, Fisher: the paper's Table 5.
    assert_eq!(numbers(Smoothed::Loss), [(0.0, 1e-3), (1e3, 1e-3), (0.1, 1e-3)]);
    assert_eq!(numbers(Smoothed::Algorithm), [(0.0, 1e-3), (1e3, 1e-3)]);
    assert_eq!(numbers(Smoothed::Optimizer), [(0.0, 1e-2), (1e3, 1e-2), (1e3, 1e-2)]);
}

#[test]
fn bad_settings_are_named_before_anything_is_read() {
    let build = |settings: PerturbedSettings, newton| {
        PathLoss::from(settings).sized::<12, 12>(newton).err().expect("an error").to_string()
    };
    let usual = PerturbedSettings::paper(Smoothed::Algorithm);
    let fisher = Newton::fisher(1.0);
    assert_eq!(
        build(PerturbedSettings { sigma: 0.0, ..usual }, fisher),
        "`sigma` is 0, expected a positive number"
    );
    assert_eq!(
        build(PerturbedSettings { samples: 0, ..usual }, fisher),
        "`samples` is 0, expected at least 1"
    );
    assert_eq!(
        build(PerturbedSettings { samples: 1_000_000, ..usual }, fisher),
        "`samples` is 1000000, expected at most 100 000"
    );
    let refused = build(usual, Newton::hessian(1.0).on_indefinite(OnIndefinite::Abs));
    assert!(refused.starts_with("a smoothed algorithm has no Hessian estimate: it would be"), "{refused}");
}
