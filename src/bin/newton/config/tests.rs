//! Presets, ranges, and what is refused.

use super::*;

fn keys(toml: &str) -> Keys {
    toml::from_str(toml).expect("keys")
}

fn error(toml: &str) -> String {
    resolve(&keys(toml)).expect_err(toml).to_string()
}

#[test]
fn complete_keys_stay_as_they_are_through_a_file() {
    for given in [
        "",
        "preset = 'paper'\nloss = 'cauchy_dsn'\nn = 10\nmethod = 'fisher'",
        "method = 'baseline'\noptimizer = 'sgd'\nlearning_rate = 0.1",
        "benchmark = 'shortest_path'",
        "loss = 'fenchel_young'\nsamples = 3\nmethod = 'baseline'",
        "data = 'mnist'",
    ] {
        let config = resolve(&keys(given)).expect(given);
        let text = toml::to_string(&config.keys).expect("TOML");
        let again = resolve(&keys(&text)).expect(&text);
        assert_eq!(again.keys, config.keys, "{given}");
        assert_eq!((again.newton, again.rule), (config.newton, config.rule), "{given}");
        assert_eq!(again.steps(), config.steps());
    }
}

#[test]
fn presets_are_the_library_s() {
    let config =
        resolve(&keys("preset = 'paper'\nloss = 'soft_sort'\nn = 10\nmethod = 'fisher'")).expect("a run");
    assert_eq!(config.newton, Newton::fisher(100.0));
    assert_eq!((config.steps(), config.validate_every()), (100_000, 1000));
    let config = resolve(&keys("preset = 'paper'\nloss = 'bellman_ford'\nmetric = 'l1'")).expect("a run");
    assert_eq!(config.newton, Newton::hessian(1000.0));
    assert_eq!((config.steps(), config.validate_every()), (7150, 143));
    assert_eq!(resolve(&keys("steps = 20")).expect("a run").validate_every(), 2);
}

#[test]
fn what_makes_no_run_is_named() {
    assert_eq!(
        error("loss = 'bellman_ford'\nn = 5\nsigma = 0.1"),
        "`n`, `sigma` mean nothing to this run (bellman_ford, hessian, lambda = 0.3, adam)"
    );
    assert!(error("method = 'baseline'\nlambda = 1.0").starts_with("`lambda` means nothing to this run"));
    assert_eq!(
        error("benchmark = 'sorting'\nloss = 'ss_loss'"),
        "`benchmark` is sorting, expected shortest_path, for the loss ss_loss"
    );
    assert_eq!(error("lambda = -1.0"), "`lambda` is -1, expected a positive number");
    assert_eq!(error("steps = 0"), "`steps` is 0, expected at least 1");
    assert_eq!(error("optimizer = 'sgd'"), "`learning_rate` is needed: no preset has one for sgd");
    assert!(
        error("loss = 'ss_algorithm'").starts_with("`method` is hessian, expected one that ss_algorithm has")
    );
    assert!(error("format = 2").starts_with("`format` is 2, expected 1"));
    let unknown = toml::from_str::<Keys>("lamda = 1.0").expect_err("no such key").to_string();
    assert!(unknown.contains("unknown field `lamda`"), "{unknown}");
}
