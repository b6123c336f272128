//! The sorting benchmark's loop at a tiny size: reproducible, fair to all methods, and robust when a run breaks.

use std::cell::Cell;

use dfdx::prelude::{Cpu, OwnedTape, Tensor};
use newton_losses::data::Digits;
use newton_losses::error::Quantity;
use newton_losses::graph::LayerError;
use newton_losses::models::SmallCnn;
use newton_losses::newton::{Curvature, Diagnostics, Newton};
use newton_losses::train::sorting::{
    Comparison, Observer, RankingLoss, Settings, SortingLoss, Stopped, compare,
};
use newton_losses::train::{History, Loss, Method, TrainError};

fn tiny() -> Settings {
    Settings {
        steps: 4,
        batch: 4,
        validate_every: 1,
        valid_batches: 1,
        test_batches: 1,
        ..Settings::quick(SortingLoss::NeuralSort, 3)
    }
}

fn digits() -> Digits {
    Digits::synthetic_sized(1, 600, 100, 100)
}

fn loss(settings: &Settings, newton: Newton) -> Result<Box<dyn RankingLoss>, TrainError> {
    settings.loss.sized::<3>(settings.temperature, newton)
}

fn run(settings: &Settings) -> Result<Comparison, TrainError> {
    compare::<SmallCnn>(settings, &digits(), |newton| loss(settings, newton), &mut ())
}

/// Everything but the times.
fn numbers(comparison: &Comparison) -> Vec<String> {
    let rows = comparison.history.csv();
    let rows = rows.lines().filter_map(|row| row.rsplit_once(',')).map(|(row, _seconds)| row.to_owned());
    let outcomes = comparison.outcomes.iter().map(|o| format!("{:?} {:?}", o.last, o.best));
    rows.chain(outcomes).chain([format!("{:?}", comparison.effect)]).collect()
}

#[test]
fn the_same_settings_give_the_same_numbers_and_json_parses() {
    for loss in SortingLoss::ALL {
        let settings = Settings { loss, temperature: loss.temperature(3), ..tiny() };
        let (first, second) = (run(&settings).expect("a run"), run(&settings).expect("a run"));
        assert_eq!(numbers(&first), numbers(&second), "{loss}");
        let other = Settings { seed: 1, ..settings.clone() };
        assert_ne!(numbers(&first), numbers(&run(&other).expect("a run")), "{loss}: the seed does nothing");

        let json: serde_json::Value = serde_json::from_str(&first.json().to_string()).expect("JSON");
        for method in Method::ALL {
            let found = &json["methods"][method.name()];
            for key in ["em", "ew", "seconds_per_step"] {
                let value = found[key].as_f64().expect("a number");
                assert!((0.0..100.0).contains(&value), "{loss} {method} {key} is {value}");
            }
            assert!(found["stopped"].is_null());
            assert!(first.to_string().contains(method.name()));
        }
    }
}

#[test]
fn methods_start_from_the_same_weights_and_part_after_one_step() {
    let comparison = run(&tiny()).expect("a run");
    let losses = |step: u64| -> Vec<f64> {
        let curves = comparison.history.curves("loss").expect("a column");
        curves.iter().flat_map(|c| &c.points).filter(|p| p.step == step).map(|p| p.value).collect()
    };
    let first = losses(1);
    assert_eq!(first.len(), 3);
    assert!(first.iter().all(|loss| *loss == first[0]), "{first:?}");
    let last = losses(4);
    assert!(last[0] != last[1] && last[0] != last[2] && last[1] != last[2], "{last:?}");
}

#[test]
fn a_short_run_learns() {
    let settings =
        Settings { steps: 80, batch: 10, validate_every: 80, methods: vec![Method::Fisher], ..tiny() };
    let comparison = run(&settings).expect("a run");
    let em = comparison.outcomes[0].last.expect("it was completed").em;
    assert!(em > 2.0 * comparison.chance(), "EM {em}, by chance {}", comparison.chance());
}

/// Notes what it is told.
#[derive(Default)]
struct Notes {
    steps: u64,
    validations: u64,
    stopped: Vec<Method>,
}

impl Observer for Notes {
    fn stepped(&mut self, step: u64) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        self.steps += 1;
        assert_eq!(self.steps, step);
        Ok(())
    }

    fn validated(
        &mut self,
        _: u64,
        history: &History,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        self.validations += 1;
        if history.methods().len() > 2 { Err("enough".into()) } else { Ok(()) }
    }

    fn stopped(&mut self, method: Method, _: &Stopped) {
        self.stopped.push(method);
    }
}

/// A loss that fails from its third batch on, as one whose gradient overflows would.
struct Breaks {
    loss: Box<dyn RankingLoss>,
    calls: Cell<u32>,
}

impl RankingLoss for Breaks {
    fn n(&self) -> usize {
        self.loss.n()
    }

    fn apply(
        &self,
        scores: Tensor<(usize, usize), f32, Cpu, OwnedTape<f32, Cpu>>,
        numbers: &[u32],
    ) -> Result<Loss, LayerError> {
        self.calls.update(|calls| calls + 1);
        if self.calls.get() > 2 {
            let (quantity, value) = (Quantity::Gradient, f64::INFINITY);
            return Err(newton_losses::Error::NonFinite { quantity, sample: 1, entry: 2, value }.into());
        }
        self.loss.apply(scores, numbers)
    }

    fn diagnose(&self, scores: &[f32], numbers: &[u32]) -> Result<Diagnostics, newton_losses::Error> {
        self.loss.diagnose(scores, numbers)
    }

    fn newton(&self) -> Newton {
        self.loss.newton()
    }
}

#[test]
fn a_method_that_breaks_stops_alone() {
    let settings = Settings { methods: vec![Method::Hessian, Method::Baseline], ..tiny() };
    let build = |newton: Newton| -> Result<Box<dyn RankingLoss>, TrainError> {
        let loss = loss(&settings, newton)?;
        let breaks = newton.curvature == Curvature::Hessian;
        Ok(if breaks { Box::new(Breaks { loss, calls: Cell::new(0) }) } else { loss })
    };
    let mut notes = Notes::default();
    let comparison = compare::<SmallCnn>(&settings, &digits(), build, &mut notes).expect("a run");
    assert_eq!((notes.steps, notes.validations), (4, 4));
    assert_eq!(notes.stopped, [Method::Hessian]);
    let [hessian, baseline] = &comparison.outcomes[..] else { panic!("two outcomes") };
    let stopped = hessian.stopped.as_ref().expect("it stopped");
    assert_eq!((stopped.step, hessian.steps, hessian.last), (2, 2, None));
    assert!(hessian.best.is_some(), "what was measured before stays");
    assert!(baseline.last.is_some() && baseline.stopped.is_none());
    let line = "hessian stopped after step 2: gradient of sample 1 is not finite at entry 2: inf";
    assert!(comparison.to_string().contains(line), "{comparison}");
    let json = &comparison.json()["methods"]["hessian"];
    assert_eq!(json["stopped"]["step"], 2);
    assert!(json["em"].is_null());
}

#[test]
fn numbers_that_are_not_finite_stop_every_method_and_panic_none() {
    let settings = Settings { learning_rate: 1e38, ..tiny() };
    let comparison = run(&settings).expect("broken runs are an outcome");
    for outcome in &comparison.outcomes {
        let stopped = outcome.stopped.as_ref().expect("it stopped");
        assert!(stopped.message.contains("not finite"), "{}", stopped.message);
    }
    assert!(comparison.effect.is_none());
    assert!(!comparison.to_string().is_empty() && !comparison.json().is_null());
}

#[test]
fn an_observer_can_end_the_comparison_and_bad_settings_never_begin() {
    let settings = tiny();
    let ended =
        compare::<SmallCnn>(&settings, &digits(), |newton| loss(&settings, newton), &mut Notes::default());
    assert!(matches!(ended, Err(TrainError::Observer(error)) if error.to_string() == "enough"));

    let message = |settings: Settings| run(&settings).expect_err("a bad setting").to_string();
    assert_eq!(message(Settings { steps: 0, ..tiny() }), "`steps` is 0, expected at least 1");
    assert_eq!(message(Settings { batch: 0, ..tiny() }), "`batch` is 0, expected at least 1");
    assert_eq!(message(Settings { temperature: -1.0, ..tiny() }), "`tau` is -1, expected a positive number");
    assert_eq!(
        message(Settings { n: 5, ..tiny() }),
        "`n` is 5, expected the size that the loss was built for"
    );
    assert!(message(Settings { lambda: Some(f64::NAN), ..tiny() }).contains("lambda"));
    let twice = vec![Method::Fisher, Method::Fisher];
    assert_eq!(message(Settings { methods: twice, ..tiny() }), "`methods` is 2, expected every method once");
}

#[test]
fn names_and_the_papers_table() {
    assert_eq!("cauchy_dsn".parse(), Ok(SortingLoss::CauchyDsn));
    let error = "sort".parse::<SortingLoss>().expect_err("no loss");
    assert_eq!(error.to_string(), "`sort` is none of neural_sort, soft_sort, logistic_dsn, cauchy_dsn");
    // Table 4: lambda of Hessian and Fisher; columns as in the paper.
    let table = |n| {
        SortingLoss::ALL
            .map(|l| (l.temperature(n), l.lambda(n, Method::Hessian), l.lambda(n, Method::Fisher)))
    };
    assert_eq!(table(5), [(1.0, 0.01, 0.1), (0.1, 10.0, 10.0), (10.0, 0.1, 0.1), (10.0, 0.1, 0.1)]);
    assert_eq!(table(10), [(1.0, 0.01, 100.0), (0.1, 1.0, 100.0), (10.0, 0.1, 0.1), (100.0, 0.1, 0.1)]);
}
