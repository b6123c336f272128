//! `newton report` on made-up runs with known numbers.

mod cli_support;

use std::fs;
use std::path::Path;
use std::process::Command;

use cli_support::{SORTING, output, refused, train};
use serde_json::{Value, json};

const LAST: (&str, &str) = ("selection", "last step");

/// Writes a finished run. In validation it is as good as in the test; one step before the end it was `best`.
fn run(dir: &Path, keys: &[(&str, Value)], em: f64, best: f64) {
    let mut config = json!({
        "format": 1, "benchmark": "sorting", "loss": "soft_sort", "method": "baseline", "optimizer": "adam",
        "learning_rate": 0.001, "network": "small", "batch": 20, "seed": 0, "data": "synthetic", "n": 5,
        "temperature": 0.1, "steps": 20,
    });
    for (key, value) in keys {
        config[key] = value.clone();
    }
    fs::create_dir_all(dir).expect("writable");
    let toml: String = config
        .as_object()
        .expect("an object")
        .iter()
        .map(|(key, value)| format!("{key} = {value}\n"))
        .collect();
    fs::write(dir.join("config.toml"), toml).expect("writable");
    let numbers = |em: f64| json!({ "em": em, "ew": em, "em5": em });
    let result = json!({
        "format": 1, "config": config, "status": "completed", "steps": 20, "network": "", "data": "", "samples": 100,
        "last": { "step": 20, "valid": numbers(em), "test": numbers(em) },
        "best": { "step": 10, "by": "em5", "valid": numbers(best), "test": numbers(best) },
        "failure": null,
        "time": { "seconds_per_step": 0.01, "train_seconds": 1.0, "wall_seconds": 1.0, "sessions": 1 },
    });
    fs::write(dir.join("result.json"), result.to_string()).expect("writable");
    fs::write(dir.join("metrics.csv"), format!("step,loss,em,ew,em5\n10,1,{best},0,0\n20,1,{em},0,0\n"))
        .expect("writable");
    let environment = json!({
        "format": 1, "newton_losses": "0.1.0", "git_revision": null, "git_dirty": null, "rustc": "", "target": "",
        "profile": "release", "data": "", "seeds": { "seed": 0, "data_seed": null }, "device": "cpu", "cpu": null,
        "cores": 2, "memory_bytes": null, "cpu_features": [], "os": "", "host": null, "sessions": [],
    });
    fs::write(dir.join("environment.json"), environment.to_string()).expect("writable");
    fs::write(dir.join("times.csv"), "step,train_seconds,unix_seconds\n10,0.5,1\n20,1.0,2\n")
        .expect("writable");
}

/// Three seeds of a method.
fn runs(root: &Path, name: &str, keys: &[(&str, Value)], ems: [f64; 3]) {
    for (seed, em) in ems.into_iter().enumerate() {
        let keys = [keys, &[("seed", json!(seed))]].concat();
        run(&root.join(format!("{name}-{seed}")), &keys, em, em + 0.01);
    }
}

/// What the program says, then its files.
struct Report {
    said: Value,
    page: String,
    markdown: String,
    csv: String,
}

fn report(root: &Path) -> Report {
    let out = root.join("out/report.html");
    let mut newton = Command::new(env!("CARGO_BIN_EXE_newton"));
    newton.arg("report").arg(root).arg("--json").arg("--out").arg(&out);
    let (output, code) = output(newton);
    assert_eq!(code, Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let read = |name: &str| fs::read_to_string(root.join("out").join(name)).expect("written");
    Report {
        said: serde_json::from_slice(&output.stdout).expect("one JSON object"),
        page: read("report.html"),
        markdown: read("tables.md"),
        csv: read("tables.csv"),
    }
}

impl Report {
    /// A column of the only row of the CSV that has these values in these columns.
    fn field(&self, with: &[(&str, &str)], column: &str) -> String {
        let split = |line: &str| -> Vec<String> {
            // Commas within quotes; no field of these tests has a quote in it.
            let part =
                |(i, part): (usize, &str)| if i % 2 == 1 { part.replace(',', ";") } else { part.to_owned() };
            let line: String = line.split('"').enumerate().map(part).collect();
            line.split(',').map(str::to_owned).collect()
        };
        let names = split(self.csv.lines().next().expect("a header"));
        let at =
            |name: &str| names.iter().position(|other| other == name).unwrap_or_else(|| panic!("{name}"));
        let fits = |row: &Vec<String>| with.iter().all(|(name, value)| row[at(name)] == *value);
        let rows: Vec<Vec<String>> = self.csv.lines().skip(1).map(split).filter(fits).collect();
        assert_eq!(rows.len(), 1, "{with:?}: {}", self.csv);
        rows[0][at(column)].clone()
    }

    fn number(&self, with: &[(&str, &str)], column: &str) -> f64 {
        self.field(with, column).parse().unwrap_or_else(|_| panic!("{with:?} {column}: {}", self.csv))
    }

    fn reason(&self, name: &str) -> (String, String) {
        let notes = self.said["notes"].as_array().expect("a list");
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        let note = notes.iter().find(|note| text(&note["path"]).ends_with(name));
        let note = note.unwrap_or_else(|| panic!("{name} is not named: {}", self.said));
        (text(&note["what"]), text(&note["reason"]))
    }
}

#[test]
fn means_deviations_and_tests_are_those_worked_out_by_hand() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = folder.path();
    let newton = |method: &str, lambda: f64| [("method", json!(method)), ("lambda", json!(lambda))];
    runs(root, "baseline", &[], [0.70, 0.74, 0.78]);
    runs(root, "fisher", &newton("fisher", 0.1), [0.80, 0.82, 0.84]);
    runs(root, "fisher-wide", &newton("fisher", 1.0), [0.71, 0.75, 0.79]);
    runs(root, "hessian", &newton("hessian", 0.5), [0.50, 0.51, 0.52]);
    let report = report(root);
    let close =
        |found: f64, expected: f64| assert!((found - expected).abs() < 1e-6, "{found}, not {expected}");

    // Means 0.82 and 0.74, deviations 0.02 and 0.04: t = 0.08 / sqrt(0.002 / 3); p by integration of the density.
    let fisher = [("method", "fisher"), ("lambda", "0.1"), LAST];
    close(report.number(&fisher, "mean"), 0.82);
    close(report.number(&fisher, "standard_deviation"), 0.02);
    close(report.number(&fisher, "t"), 3.098_386_677);
    close(report.number(&fisher, "degrees_of_freedom"), 2.941_176_471);
    close(report.number(&fisher, "p"), 0.054_786_766);
    assert_eq!(report.field(&fisher, "mark"), "better", "eight points, but not significant");
    // The control: one point more with the same spread says nothing.
    let wide = [("method", "fisher"), ("lambda", "1.0"), LAST];
    close(report.number(&wide, "t"), 0.306_186_218);
    close(report.number(&wide, "degrees_of_freedom"), 4.0);
    close(report.number(&wide, "p"), 0.774_737_814);
    assert_eq!(report.field(&wide, "mark"), "better");
    assert_eq!(report.field(&[("method", "hessian"), LAST], "mark"), "significantly worse");
    close(report.number(&[("method", "hessian"), ("selection", "best validation")], "mean"), 0.52);

    // The lambda that is best in validation is shown; the highest mean is marked, and what is not distinguishable from it.
    assert!(report.markdown.contains("| setting | Baseline | Hessian | Fisher |"), "{}", report.markdown);
    let row = "| SoftSort, n = 5 | 74.00 \u{b1} 4.00 \u{2248} (3 seeds) | 51.00 \u{b1} 1.00 \u{25bc} (\u{3bb} = 0.5, 3 seeds, p = 0.007) | \
        **82.00 \u{b1} 2.00** \u{25b3} \u{2605} (\u{3bb} = 0.1, of 2, 3 seeds, p = 0.055) |";
    assert!(report.markdown.contains(row), "{}", report.markdown);
    // As scipy.stats.ttest_ind(.., equal_var=False).confidence_interval() has it.
    let effects = "| SoftSort, n = 5 | 74.0 | \u{2212}23.0 [\u{2212}32.2, \u{2212}13.8] \u{25bc} | +8.0 [\u{2212}0.3, 16.3] \u{25b3} |";
    assert!(report.markdown.contains(effects), "{}", report.markdown);
    for text in [
        "82.00 \u{b1} 2.00",
        "last step",
        "best validation",
        "Ablation of",
        "EM in validation against training steps",
    ] {
        assert!(report.page.contains(text), "{text}");
    }
}

/// What most rows of a loss have is said once; what they differ in, by them. No two rows have the same name.
#[test]
fn rows_say_what_is_unusual_about_them() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = folder.path();
    let settings: [(&str, &[(&str, Value)]); 4] = [
        ("a", &[("precision", json!("f32"))]),
        ("b", &[("precision", json!("f32")), ("temperature", json!(0.2))]),
        ("c", &[("precision", json!("f64"))]),
        ("d", &[("precision", json!("f32")), ("momentum", json!(0.9)), ("optimizer", json!("sgd"))]),
    ];
    for (name, keys) in settings {
        runs(root, name, keys, [0.5, 0.6, 0.7]);
    }
    let report = report(root);
    let usual = "Where a row does not say otherwise: SoftSort, n = 5: optimizer adam, precision f32, temperature 0.1.";
    assert!(report.markdown.contains(usual), "{}", report.markdown);
    assert!(report.page.contains(usual));
    let names = ["", ", temperature 0.2", ", precision f64", ", momentum 0.9, optimizer sgd"];
    for name in names {
        let row = format!("\n| SoftSort, n = 5{name} | ");
        assert!(report.markdown.contains(&row), "{row}: {}", report.markdown);
    }
}

#[test]
fn the_page_needs_nothing_else_and_runs_no_foreign_text() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = folder.path();
    let nasty = "a\"><script>alert('x')</script><img src=x onerror=y>&|";
    let keys = [("data", json!(nasty))];
    for seed in 0..2 {
        run(
            &root.join(format!("<u>{seed}&")),
            &[&keys[..], &[("seed", json!(seed))]].concat(),
            0.5 + 0.1 * f64::from(seed),
            0.5,
        );
    }
    let mut newton = Command::new(env!("CARGO_BIN_EXE_newton"));
    newton.args(["figure6", "--points", "9", "--out"]).arg(root.join("gradients.csv"));
    assert_eq!(output(newton).1, Some(0));
    let picture = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/shortest_path.png");
    fs::copy(picture, root.join("map.png")).expect("writable");
    let report = report(root);
    let page = &report.page;
    for raw in ["<script", "<u>", "<img src=x", "onerror=y>"] {
        assert!(!page.contains(raw), "{raw}");
    }
    assert!(page.contains("&lt;script&gt;"), "shown as text");
    assert!(!report.markdown.contains("<script"), "{}", report.markdown);
    for outside in ["http:", "https:", "src=\"/", "@import", "url(", "<link", "<iframe", "href=\"/"] {
        assert!(!page.contains(outside), "{outside}");
    }
    // Pictures lie within, and all have a text; so have drawings.
    assert_eq!(page.matches("<img ").count(), page.matches("src=\"data:image/png;base64,").count());
    assert_eq!(page.matches("<img ").count(), page.matches("alt=\"Picture ").count());
    assert!(page.matches("<svg ").count() >= 16 + 2, "sweeps of gradients and learning curves");
    assert_eq!(page.matches("<svg ").count(), page.matches("<svg role=\"img\" aria-label=\"").count());
    assert!(page.contains("prefers-color-scheme: dark") && page.contains("name=\"viewport\""));
    // The same runs give the same page.
    assert!(self::report(root).page == *page);
}

#[test]
fn what_cannot_be_used_is_named_and_left_out() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = folder.path();
    runs(root, "sound", &[], [0.7, 0.8, 0.9]);
    let seed = |seed: u64| [("seed", json!(seed))];
    let change = |name: &str, file: &str, to: Option<&str>| match to {
        Some(text) => fs::write(root.join(name).join(file), text).expect("writable"),
        None => fs::remove_file(root.join(name).join(file)).expect("was there"),
    };
    let names = ["twin", "torn", "format", "foreign", "going", "table", "failed", "stranger"];
    for (i, name) in names.into_iter().enumerate() {
        run(&root.join(name), &seed(i as u64), 0.1, 0.1);
    }
    change("torn", "result.json", Some("{ \"format\": 1, "));
    change("format", "config.toml", Some("format = 9\nloss = \"soft_sort\"\n"));
    change("foreign", "config.toml", Some("lamda = 1\n"));
    change("going", "result.json", None);
    change("table", "metrics.csv", Some("step,loss\n1,2,3\n"));
    change("stranger", "config.toml", None);
    let text = fs::read_to_string(root.join("failed/result.json")).expect("there");
    let mut failed: Value = serde_json::from_str(&text).expect("JSON");
    failed["status"] = json!("failed");
    failed["last"] = Value::Null;
    failed["failure"] = json!({ "step": 7, "message": "the loss is NaN" });
    change("failed", "result.json", Some(&failed.to_string()));
    // The result of one run in the directory of another.
    run(&root.join("mixed"), &seed(20), 0.1, 0.1);
    fs::copy(root.join("sound-1/result.json"), root.join("mixed/result.json")).expect("writable");
    fs::create_dir(root.join("empty")).expect("writable");
    fs::write(root.join("broken.png"), "no picture").expect("writable");

    let report = report(root);
    let named = |name: &str, what: &str, why: &str| {
        let (kind, reason) = report.reason(name);
        assert!(kind == what && reason.contains(why), "{name}: {kind}: {reason}");
    };
    named("twin", "duplicate", "the same configuration and seed");
    named("torn", "skipped", "result.json");
    named("format", "skipped", "`format` is 9, expected 1");
    named("foreign", "skipped", "lamda");
    named("going", "incomplete", "last validation at step 20");
    named("table", "partly used", "metrics.csv, line 2: 3 numbers for 2 columns");
    named("failed", "failed", "after step 7: the loss is NaN");
    named("stranger", "skipped", "no `config.toml`");
    named("mixed", "skipped", "`seed`");
    named("broken.png", "skipped", "no PNG picture");
    assert_eq!(report.said["runs"], 3 + 3, "{}", report.said);
    // 0.7, 0.8, 0.9 and `table`'s 0.1.
    assert_eq!(report.number(&[LAST], "seeds"), 4.0);
    assert_eq!([report.number(&[LAST], "failed"), report.number(&[LAST], "incomplete")], [1.0, 1.0]);
    assert!(report.page.contains("the loss is NaN"));

    let nothing = |path: &Path| {
        let mut newton = Command::new(env!("CARGO_BIN_EXE_newton"));
        newton.arg("report").arg(path).arg("--out").arg(root.join("none/report.html"));
        refused(newton)
    };
    let said = nothing(&root.join("empty"));
    assert!(said.contains("empty: no run is there") && said.contains("nothing to report"), "{said}");
    assert!(nothing(&root.join("no-such")).contains("no-such"));
    // A page beside another has tables of its own; its name must not be theirs.
    let named = |name: &str| {
        let mut newton = Command::new(env!("CARGO_BIN_EXE_newton"));
        newton.arg("report").arg(root.join("sound-0")).arg("--out").arg(root.join("names").join(name));
        newton
    };
    assert_eq!(output(named("quick.html")).1, Some(0));
    for name in ["quick.html", "quick.md", "quick.csv"] {
        assert!(root.join("names").join(name).is_file(), "{name}");
    }
    assert!(refused(named("quick.csv")).contains("is to end in .html"));
    assert!(!root.join("none").exists(), "nothing is written");
}

#[test]
fn tables_of_other_commands_are_reported() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = folder.path();
    let newton = |arguments: &[&str], out: &Path| {
        let mut newton = Command::new(env!("CARGO_BIN_EXE_newton"));
        newton.args(arguments).arg("--out").arg(out);
        let (output, code) = output(newton);
        assert_eq!(code, Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    // A directory or a file, with what is said of it.
    let said = newton(&["table9", "--seeds=3", "--iterations=4"], root);
    assert!(said.trim_end().ends_with("table9.csv"), "{said}");
    newton(&["table9", "--seeds=1", "--iterations=2", "--lambda=0.5"], &root.join("deep/one.csv"));
    newton(&["figure6", "--points=9"], &root.join("deep"));
    let csv = fs::read_to_string(root.join("table9.csv")).expect("written");
    assert_eq!(csv.lines().count(), 1 + 3 * 2 * 4);
    let last = |method: &str| -> Vec<f64> {
        let lines = csv.lines().filter(|line| line.contains(&format!(",{method},4,")));
        lines.map(|line| line.split(',').nth(3).expect("a loss").parse().expect("a number")).collect()
    };
    let report = report(root);
    assert_eq!(report.said["notes"], json!([]));
    let row = |name: &str, values: &[f64]| {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
        format!("{name} | {mean:.4} \u{b1} {:.4} (3 seeds)", (squares / 2.0).sqrt())
    };
    for row in
        [row("Baseline", &last("baseline")), row("InjectFisher, \u{3bb} = 0.1", &last("inject_fisher"))]
    {
        assert!(report.markdown.contains(&row), "{row}: {}", report.markdown);
    }
    for text in
        ["Table 9: InjectFisher", "Figure 6: gradients", "before step 4", "before step 2", "deep/one.csv"]
    {
        assert!(report.page.contains(text), "{text}");
    }
    fs::write(root.join("torn.csv"), "seed,method,iteration,loss\n0,baseline,1\n").expect("writable");
    let (what, why) = self::report(root).reason("torn.csv");
    assert!(what == "skipped" && why.contains("torn.csv, line 2: 3 fields"), "{what}: {why}");
}

#[test]
fn times_and_their_ratio_to_the_baseline_are_reported() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = folder.path();
    let newton = [("method", json!("fisher")), ("lambda", json!(0.1))];
    runs(root, "baseline", &[], [0.7, 0.8, 0.9]);
    runs(root, "fisher", &newton, [0.7, 0.8, 0.9]);
    for (seed, seconds) in [0.014, 0.015, 0.016].into_iter().enumerate() {
        let file = root.join(format!("fisher-{seed}/result.json"));
        let mut result: Value =
            serde_json::from_str(&fs::read_to_string(&file).expect("there")).expect("JSON");
        result["time"]["seconds_per_step"] = json!(seconds);
        fs::write(&file, result.to_string()).expect("writable");
    }
    let report = report(root);
    let row =
        "| SoftSort, n = 5 | 10.0 \u{b1} 0.0 (3 runs) | 15.0 \u{b1} 1.0 (1.50 \u{d7} baseline, 3 runs) |";
    assert!(report.markdown.contains(row), "{}", report.markdown);
    for heading in ["Learning curves (Figures 3 and 5)", "Time per step (Tables 6 to 8)"] {
        assert_eq!(report.page.matches(heading).count(), 2, "{heading}: as a heading and a link to it");
    }
}

#[test]
fn one_picture_of_each_method_is_shown() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = folder.path();
    runs(root, "baseline", &[], [0.7, 0.8, 0.9]);
    runs(root, "fisher", &[("method", json!("fisher")), ("lambda", json!(0.1))], [0.7, 0.8, 0.9]);
    runs(root, "worse", &[("method", json!("fisher")), ("lambda", json!(9.0))], [0.1, 0.1, 0.1]);
    let picture = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/shortest_path.png");
    for name in ["baseline-0", "baseline-1", "fisher-1", "fisher-2", "worse-0"] {
        fs::copy(&picture, root.join(name).join("sets.png")).expect("writable");
    }
    let report = self::report(root);
    assert_eq!(report.page.matches("<img ").count(), 2);
    // The first seed that has one; of the lambda that is best in validation.
    for caption in ["Baseline, seed 0", "Fisher, \u{3bb} = 0.1, seed 1"] {
        assert!(
            report.page.contains(&format!("<figcaption>SoftSort, n = 5: {caption}</figcaption>")),
            "{caption}"
        );
    }
    fs::write(root.join("baseline-0/sets.png"), "torn").expect("writable");
    let page = self::report(root).page;
    assert!(page.contains("Cannot be shown: ") && page.contains("baseline-0/sets.png: no PNG picture"));
}

#[test]
fn a_training_is_reported() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    train(&folder.path().join("run"), &[SORTING]);
    let report = report(folder.path());
    assert_eq!(report.said["notes"], json!([]));
    assert_eq!(report.number(&[LAST], "seeds"), 1.0);
    assert!(report.page.contains("SoftSort, n = 3"));
    assert!(report.page.contains("alt=\"Picture of test sets, SoftSort, n = 3"));
}
