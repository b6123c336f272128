//! The shortest-path benchmark's loop on few maps: it learns, it repeats itself, it is fair to all methods, and it says what
//! is wrong.
#![cfg(feature = "train")]

use std::path::Path;
use std::process::Command;

use dfdx::prelude::{Cpu, OwnedTape};
use newton_runtime::data::warcraft::Warcraft;
use newton_runtime::graph::{LayerError, Maps};
use newton_runtime::models::CombResNet;
use newton_runtime::newton::{Diagnostics, Newton};
use newton_runtime::train::shortest_path::{
    BellmanFordSettings, Comparison, CostLoss, Looping, MethodSettings, Metric, PathLoss, Settings, Verdict,
    compare,
};
use newton_runtime::train::{Loss, Method, TrainError};

type Network = CombResNet<32, 7, 12>;

/// Set for children only.
const CHILD: &str = "NEWTON_SHORTEST_PATH_CHILD";

fn only(method: Method, learning_rate: f64) -> Vec<MethodSettings> {
    vec![MethodSettings { method, lambda: 0.01, learning_rate }]
}

/// Two steps of every method.
fn tiny() -> Settings {
    Settings { epochs: 2, batch: 4, ..Settings::quick(PathLoss::default()) }
}

fn maps(train: usize) -> Warcraft {
    Warcraft::synthetic_sized(1, train, 20, 20)
}

fn loss(settings: &Settings, newton: Newton) -> Result<Box<dyn CostLoss>, TrainError> {
    settings.loss.sized::<12, 12>(newton)
}

fn run(settings: &Settings, maps: &Warcraft) -> Result<Comparison, TrainError> {
    compare::<Network>(settings, maps, |newton| loss(settings, newton), &mut ())
}

/// Everything but the times.
fn numbers(comparison: &Comparison) -> Vec<String> {
    let rows = comparison.history.csv();
    let rows = rows.lines().filter_map(|row| row.rsplit_once(',')).map(|(row, _seconds)| row.to_owned());
    let outcomes = comparison.outcomes.iter().map(|o| format!("{:?} {:?}", o.last, o.best));
    let rest = format!("{:?} {:?} {:?}", comparison.untrained, comparison.predictions, comparison.effect);
    rows.chain(outcomes).chain([rest]).collect()
}

#[test]
fn a_short_run_learns_and_its_picture_is_one() {
    let settings = Settings {
        epochs: 6,
        batch: 16,
        methods: only(Method::Fisher, 0.01),
        ..Settings::quick(PathLoss::default())
    };
    let maps = Warcraft::synthetic_sized(1, 240, 20, 200);
    let comparison = run(&settings, &maps).expect("a run");
    let untrained = comparison.untrained.accuracy.perfect;
    let trained = comparison.outcomes[0].last.as_ref().expect("it was completed").accuracy.perfect;
    assert!(untrained < 0.1 && trained > untrained + 0.1, "perfect {untrained}, then {trained}");
    let losses = comparison.history.curves("loss").expect("a column");
    let losses: Vec<f64> = losses[0].points.iter().map(|point| point.value).collect();
    assert!(losses.len() == 6 && losses[5] < 0.8 * losses[0], "{losses:?}");

    let prediction = &comparison.predictions[0];
    let file = prediction.picture(&maps.test).png().expect("a picture");
    let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().expect("a PNG file");
    let mut pixels = vec![0; reader.output_buffer_size().expect("a small picture")];
    let info = reader.next_frame(&mut pixels).expect("an image");
    // Four panels of 12 x 24 pixels each way, five margins, two scales; a title above, a legend below.
    assert_eq!((info.width, info.height), (4 * 288 + 5 * 16 + 2 * 92, 44 + 288 + 44));
    // The path is a path: both ends, and as many cells as a path has at least.
    assert_eq!((prediction.path[0], prediction.path[143]), (1.0, 1.0));
    assert!(prediction.path.iter().sum::<f32>() >= 12.0);
}

#[test]
fn methods_start_alike_and_part() {
    let comparison = run(&tiny(), &maps(4)).expect("a run");
    let losses = |step: u64| -> Vec<f64> {
        let curves = comparison.history.curves("loss").expect("a column");
        curves.iter().flat_map(|c| &c.points).filter(|p| p.step == step).map(|p| p.value).collect()
    };
    let first = losses(1);
    assert_eq!(first.len(), 3);
    assert!(first.iter().all(|loss| *loss == first[0]), "{first:?}");
    let last = losses(2);
    assert!(last[0] != last[1] && last[0] != last[2] && last[1] != last[2], "{last:?}");

    let json: serde_json::Value = serde_json::from_str(&comparison.json().to_string()).expect("JSON");
    assert_eq!((&json["test_maps"], &json["train_maps"]), (&20.into(), &4.into()));
    for method in Method::ALL {
        let found = &json["methods"][method.name()];
        for key in ["perfect", "optimal", "seconds_per_step"] {
            let value = found[key].as_f64().expect("a number");
            assert!((0.0..100.0).contains(&value), "{method} {key} is {value}");
        }
        assert_eq!(found["verdict"].is_null(), method == Method::Baseline);
        assert!(found["stopped"].is_null() && comparison.to_string().contains(method.name()));
    }
}

/// What a child process computes, on as many threads as it is told.
#[test]
fn child() {
    if std::env::var_os(CHILD).is_some() {
        let comparison = run(&Settings { epochs: 1, batch: 20, ..tiny() }, &maps(24)).expect("a run");
        println!();
        numbers(&comparison).iter().for_each(|line| println!("numbers {line}"));
    }
}

#[test]
fn the_same_numbers_on_one_thread_and_on_two() {
    let run = |threads: &str| {
        let mut command = Command::new(std::env::current_exe().expect("this test"));
        command.args(["--exact", "child", "--nocapture", "--test-threads=1"]);
        let output = command.env(CHILD, "1").env("RAYON_NUM_THREADS", threads).output().expect("a child");
        let text = String::from_utf8(output.stdout).expect("text");
        assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
        text.lines().filter(|line| line.starts_with("numbers ")).map(str::to_owned).collect::<Vec<_>>()
    };
    let (one, two) = (run("1"), run("2"));
    // A head and three validations, three outcomes, the rest.
    assert_eq!(one.len(), 1 + 3 + 3 + 1);
    assert_eq!(one, two);
}

#[test]
fn numbers_that_are_not_finite_stop_every_method_and_panic_none() {
    let mut settings = tiny();
    settings.methods.iter_mut().for_each(|of| of.learning_rate = 1e38);
    let comparison = run(&settings, &maps(4)).expect("broken runs are an outcome");
    for outcome in &comparison.outcomes {
        let stopped = outcome.stopped.as_ref().expect("it stopped");
        assert!(stopped.message.contains("not finite"), "{}", stopped.message);
        assert_eq!((outcome.last.is_none(), comparison.gain(outcome)), (true, None));
    }
    assert!(comparison.effect.is_none() && comparison.predictions.is_empty());
    assert!(!comparison.to_string().is_empty() && !comparison.json().is_null());
}

#[test]
fn a_tie_is_called_one() {
    let mut settings = tiny();
    settings.methods.retain(|of| of.method != Method::Hessian);
    let mut comparison = run(&settings, &maps(4)).expect("a run");
    let mut verdict = |fisher: usize, baseline: usize| {
        for (outcome, right) in comparison.outcomes.iter_mut().zip([baseline, fisher]) {
            let last = outcome.last.as_mut().expect("completed");
            // The first `right` maps, or the last: they share none.
            let from = if outcome.method == Method::Fisher { 100 - right } else { 0 };
            last.matched = (0..100).map(|map| (from..from + right).contains(&map)).collect();
        }
        comparison.gain(&comparison.outcomes[1]).expect("both completed")
    };
    assert_eq!((verdict(30, 20).share, verdict(30, 20).verdict()), (0.1, Verdict::Tie));
    assert_eq!(verdict(40, 20).verdict(), Verdict::Ahead);
    assert_eq!(verdict(20, 40).verdict(), Verdict::Behind);
    // Nothing at all differs.
    assert_eq!(verdict(100, 100).verdict(), Verdict::Tie);
    assert!(comparison.to_string().contains("A tie: "), "{comparison}");
}

/// A loss for another grid.
struct Small;

impl CostLoss for Small {
    fn cells(&self) -> usize {
        25
    }

    fn apply(&self, _: Maps<OwnedTape<f32, Cpu>>, _: &[f32]) -> Result<Loss, LayerError> {
        Err(newton_runtime::Error::NoHessian.into())
    }

    fn diagnose(&self, _: &[f32], _: &[f32]) -> Result<Diagnostics, newton_runtime::Error> {
        Err(newton_runtime::Error::NoHessian)
    }

    fn newton(&self) -> Newton {
        Newton::none()
    }
}

#[test]
fn what_is_wrong_is_said() {
    let maps = maps(4);
    let message = |settings: Settings| run(&settings, &maps).expect_err("a bad setting").to_string();
    assert_eq!(message(Settings { epochs: 0, ..tiny() }), "`epochs` is 0, expected at least 1");
    assert_eq!(
        message(Settings { epochs: 1 << 40, ..tiny() }),
        "`epochs` is 1099511627776, expected at most 1 000 000"
    );
    assert_eq!(message(Settings { batch: 0, ..tiny() }), "`batch` is 0, expected at least 1");
    assert_eq!(message(Settings { methods: Vec::new(), ..tiny() }), "`methods` is 0, expected at least 1");
    let twice = [only(Method::Fisher, 0.1), only(Method::Fisher, 0.1)].concat();
    assert_eq!(message(Settings { methods: twice, ..tiny() }), "`methods` is 2, expected every method once");
    for (lambda, said) in [(0.0, "0"), (-1.0, "-1"), (f64::NAN, "NaN"), (f64::INFINITY, "inf")] {
        let methods = vec![MethodSettings { method: Method::Hessian, lambda, learning_rate: 0.1 }];
        let expected = format!("`lambda` is {said}, expected a positive number");
        assert_eq!(message(Settings { methods, ..tiny() }), expected);
    }
    assert_eq!(
        message(Settings { methods: only(Method::Baseline, 0.0), ..tiny() }),
        "`learning_rate` is 0, expected a positive number"
    );
    let of =
        |changed: BellmanFordSettings| message(Settings { loss: PathLoss::BellmanFord(changed), ..tiny() });
    let usual = BellmanFordSettings::default();
    assert_eq!(of(BellmanFordSettings { beta: -10.0, ..usual }), "`beta` is -10, expected a positive number");
    assert_eq!(of(BellmanFordSettings { rounds: 0, ..usual }), "`rounds` is 0, expected at least 1");

    let small = compare::<Network>(&tiny(), &maps, |_| Ok(Box::new(Small)), &mut ());
    let said = small.expect_err("another grid").to_string();
    assert_eq!(said, "`cells` is 25, expected 144, those of a map");
    // The grid fits the loss, but not what the network tells.
    let coarse = compare::<CombResNet<8, 7, 6>>(&tiny(), &maps, |newton| loss(&tiny(), newton), &mut ());
    assert!(coarse.is_err());

    let said = maps.first(4, 20, 21).expect_err("too few").to_string();
    assert_eq!(said, "test maps: 20, expected at least 21");
    let nothing = Warcraft::synthetic_sized(1, 0, 50, 100);
    let said = run(&tiny(), &nothing).expect_err("no maps").to_string();
    assert_eq!(said, "training maps: 0, expected at least 1");
    let missing = Warcraft::load(Path::new("no/such/folder")).expect_err("no folder").to_string();
    assert!(missing.starts_with("no/such/folder/train_maps.npy: "), "{missing}");
}

#[test]
fn maps_are_cut_from_the_front() {
    let (all, few) = (maps(6), maps(6).first(4, 2, 3).expect("enough"));
    assert_eq!((few.train.len(), few.valid.len(), few.test.len()), (4, 2, 3));
    assert_eq!((few.train.image(3), few.test.costs(2)), (all.train.image(3), all.test.costs(2)));
    assert_eq!(few.provenance, all.provenance);
}

#[test]
fn names_and_the_papers_numbers() {
    assert_eq!("while".parse(), Ok(Looping::While));
    assert_eq!("l2sq".parse(), Ok(Metric::L2Squared));
    let error = "until".parse::<Looping>().expect_err("no variant");
    assert_eq!(error.to_string(), "`until` is none of for, while");
    let error = "l2".parse::<Metric>().expect_err("no metric");
    assert_eq!(error.to_string(), "`l2` is none of l1, l2sq");
    let lambda = |metric| {
        let loss = PathLoss::BellmanFord(BellmanFordSettings { metric, ..BellmanFordSettings::default() });
        Settings::paper(loss).methods.iter().map(|of| of.lambda).collect::<Vec<_>>()
    };
    assert_eq!((lambda(Metric::L1), lambda(Metric::L2Squared)), (vec![0.0, 1e3, 1e3], vec![0.0, 3e3, 3e3]));
    assert_eq!(PathLoss::default().to_string(), "bellman_ford for l2sq, beta = 10, 18 rounds");
}
