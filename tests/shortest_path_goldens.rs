//! The relaxed Bellman-Ford algorithm against numbers from the AlgoVision package (float64).

use newton_losses::gradcheck;
use newton_losses::loss::NewtonLoss;
use newton_losses::losses::{BellmanFordLoss, bellman_ford};
use newton_losses::scalar::Float;
use serde_json::Value;
use support::{assert_close, cast, json, numbers, wide};

mod support;

/// What AlgoVision's `while` has where nothing else is said.
const DEFAULT_STEPS: u64 = 1024;

/// The loss of a case, its costs and its label.
struct Case<'a> {
    name: String,
    expected: &'a Value,
    cost: Vec<f64>,
    path: Vec<f64>,
    beta: f64,
    rounds: usize,
    steps: usize,
    squared: bool,
}

impl Case<'_> {
    fn loss<const R: usize, const C: usize, const WHILE: bool>(&self) -> BellmanFordLoss<R, C, WHILE> {
        BellmanFordLoss::new(self.beta, self.rounds, self.steps, self.squared)
    }

    fn label<T: Float, const R: usize, const C: usize>(&self) -> [[T; C]; R] {
        std::array::from_fn(|i| std::array::from_fn(|j| T::from_f64(self.path[i * C + j])))
    }

    fn value(&self) -> f64 {
        self.expected[if self.squared { "l2sq_mean" } else { "l1_mean" }].as_f64().unwrap()
    }

    fn gradient(&self) -> Vec<f64> {
        numbers(&self.expected[if self.squared { "grad_l2sq_mean" } else { "grad_l1_mean" }])
    }
}

/// Both losses of every case in which `wanted` holds.
fn cases(golden: &Value, wanted: impl Fn(&Value) -> bool) -> Vec<Case<'_>> {
    let cases = golden["cases"].as_array().unwrap().iter().filter(|case| wanted(case));
    cases
        .flat_map(|case| {
            [false, true].map(|squared| {
                let rounds = case["n_iter"].as_u64().unwrap() as usize;
                let looping = case["loop"] == "while";
                let most = case["while_max_iter"].as_u64().unwrap_or(DEFAULT_STEPS) as usize;
                Case {
                    name: format!("{} {} {most} squared: {squared}", case["name"], case["loop"]),
                    expected: &case["f64"],
                    cost: numbers(&case["cost"]),
                    path: numbers(&case["label"]),
                    beta: case["beta"].as_f64().unwrap(),
                    rounds,
                    steps: if looping { most } else { rounds },
                    squared,
                }
            })
        })
        .collect()
}

fn golden() -> Value {
    json("tests/golden/algovision_bellman_ford.json")
}

fn is(case: &Value, name: &str, looping: &str) -> bool {
    case["name"] == name && case["loop"] == looping
}

/// Value and gradient to rounding in f64, and in f32 as close as AlgoVision's own.
fn check<const R: usize, const C: usize, const WHILE: bool>(name: &str) {
    let golden = golden();
    let cases = cases(&golden, |case| is(case, name, if WHILE { "while" } else { "for" }));
    assert_eq!(cases.len(), if WHILE { 4 } else { 2 });
    for case in cases {
        let loss = case.loss::<R, C, WHILE>();
        let found = loss.gradients(&case.cost, &[case.label::<f64, R, C>()]).unwrap();
        assert_close(&case.name, 1e-12, &found.values, &[case.value()]);
        assert_close(&case.name, 1e-12, &found.gradients, &case.gradient());
        let found = loss.gradients(&cast::<f32>(&case.cost), &[case.label::<f32, R, C>()]).unwrap();
        assert_close(&case.name, 1e-5, &wide(&found.values), &[case.value()]);
        assert_close(&case.name, 1e-4, &wide(&found.gradients), &case.gradient());
    }
}

#[test]
fn four_by_four() {
    check::<4, 4, false>("4x4");
    check::<4, 4, true>("4x4");
}

#[test]
fn twelve_by_twelve() {
    check::<12, 12, false>("12x12");
    check::<12, 12, true>("12x12");
}

/// Another temperature is another loss: the comparison above can fail.
#[test]
fn another_temperature_is_told_apart() {
    let golden = golden();
    let case = &cases(&golden, |case| is(case, "4x4", "for"))[1];
    let loss = BellmanFordLoss::<4, 4, false>::new(case.beta * 1.001, case.rounds, case.steps, true);
    let found = loss.gradients(&case.cost, &[case.label::<f64, 4, 4>()]).unwrap();
    assert!(support::deviation(&found.gradients, &case.gradient()) > 1e-6);
}

#[test]
fn hessians() {
    let golden = golden();
    for case in cases(&golden, |case| case["name"] == "4x4") {
        let label = [case.label::<f64, 4, 4>()];
        let looping = case.steps != case.rounds;
        let check = if looping {
            gradcheck(&case.loss::<4, 4, true>(), &case.cost, &label)
        } else {
            gradcheck(&case.loss::<4, 4, false>(), &case.cost, &label)
        };
        let check = check.unwrap();
        assert!(check.passed(), "{}: {check}", case.name);
    }
}

/// Cells that are not reached yet are as far as 10^12: their tangents, which nothing reads, must stay finite in f32.
#[test]
fn hessians_in_f32() {
    let golden = golden();
    let case = &cases(&golden, |case| is(case, "12x12", "for"))[1];
    let loss = case.loss::<12, 12, false>();
    let exact = loss.mean_hessian(&case.cost, &[case.label::<f64, 12, 12>()]).unwrap();
    let found = loss.mean_hessian(&cast::<f32>(&case.cost), &[case.label::<f32, 12, 12>()]).unwrap();
    assert_close("12x12", 1e-3, found.as_slice(), exact.as_slice());
}

/// Without `relax`, the function is the algorithm: on costs without ties its path is the cheapest.
#[test]
fn the_plain_function_finds_the_path() {
    let mut cost = [[9.0; 4]; 4];
    let mut path = [[0.0; 4]; 4];
    for (i, j) in [(0, 0), (1, 0), (2, 1), (2, 2), (3, 3)] {
        cost[i][j] = 1.0 + 0.1 * i as f32;
        path[i][j] = 1.0;
    }
    assert_eq!(bellman_ford::<4, 4, true>(&cost, &path, 10.0, 6, 6, false), 0.0);
    path[1][0] = 0.0;
    assert_eq!(bellman_ford::<4, 4, true>(&cost, &path, 10.0, 6, 6, false), 1.0 / 16.0);
}
