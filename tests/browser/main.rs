//! The page of `newton report` in a browser: complete without a network, readable in light and dark, on a screen and on a phone, and with the
//! numbers of the runs. Needs chromium and chromedriver; without them the test says that it was skipped, under CI (in the environment) it fails.
//!
//! `NEWTON_SCREENSHOTS=folder` keeps pictures of the page, to be looked at.

#[path = "../cli_support/mod.rs"]
mod cli_support;
mod driver;
mod page;

use std::io::Write;
use std::path::Path;

use base64::Engine;
use serde_json::{Value, json};

use cli_support::{PATHS, SORTING, output, train};
use driver::Browser;
use page::{Table, faults, views};

/// Says so even where the test's output is caught.
fn skipped() {
    assert!(std::env::var_os("CI").is_none(), "chromium and chromedriver are not installed");
    let _ = writeln!(std::io::stderr(), "skipped: chromium or chromedriver is not installed");
}

fn report(runs: &Path) -> std::path::PathBuf {
    let page = runs.join("report.html");
    let mut newton = std::process::Command::new(env!("CARGO_BIN_EXE_newton"));
    newton.arg("report").arg(runs).arg("--out").arg(&page);
    let (output, code) = output(newton);
    assert_eq!(code, Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    page
}

/// Made-up results with another learning rate, after which one method is significantly better than the baseline, the other worse.
fn significant(runs: &Path, results: &mut Vec<Value>) {
    for (method, folder, em) in [
        ("baseline", "sorting--seed=0--method=baseline", 0.4),
        ("hessian", "sorting--seed=0--method=hessian--lambda=0.5--on-indefinite=keep", 0.2),
        ("fisher", "sorting--seed=0--method=fisher--lambda=0.1", 0.9),
    ] {
        let read =
            |name: &str| std::fs::read_to_string(runs.join(folder).join(name)).expect("a file of a run");
        for seed in 0..3_u32 {
            let mut result: Value = serde_json::from_str(&read("result.json")).expect("JSON");
            result["config"]["learning_rate"] = json!(0.5);
            result["config"]["seed"] = json!(seed);
            for network in ["last", "best"] {
                let em = em + 0.01 * f64::from(seed);
                result[network]["test"] = json!({ "em": em, "ew": em, "em5": em });
            }
            let config = read("config.toml").replace("learning_rate = 0.001", "learning_rate = 0.5");
            let config = config.replace("\nseed = 0\n", &format!("\nseed = {seed}\n"));
            let out = runs.join(format!("made-up-{method}-{seed}"));
            std::fs::create_dir(&out).expect("writable");
            std::fs::write(out.join("config.toml"), config).expect("writable");
            std::fs::write(out.join("result.json"), result.to_string()).expect("writable");
            results.push(result);
        }
    }
}

/// Trainings of both benchmarks, and the tables of the other commands.
fn experiments(runs: &Path) -> Vec<Value> {
    let mut results = Vec::new();
    for seed in ["--seed=0", "--seed=1"] {
        for method in [
            &["--method=baseline"][..],
            &["--method=hessian", "--lambda=0.5", "--on-indefinite=keep"],
            &["--method=fisher", "--lambda=0.1"],
            &["--method=fisher", "--lambda=1.0"],
        ] {
            let out = runs.join(format!("sorting{seed}{}", method.concat()));
            results.push(train(&out, &[SORTING, method, &[seed]]));
        }
    }
    for method in ["--method=baseline", "--method=fisher"] {
        let out = runs.join(format!("paths{method}"));
        results.push(train(&out, &[&["--benchmark=shortest_path", method], PATHS]));
    }
    for arguments in [&["figure6", "--points=41"][..], &["table9", "--seeds=3", "--iterations=8"]] {
        let mut newton = std::process::Command::new(env!("CARGO_BIN_EXE_newton"));
        newton.args(arguments).arg("--out").arg(runs);
        assert_eq!(output(newton).1, Some(0), "{arguments:?}");
    }
    significant(runs, &mut results);
    results
}

#[test]
fn a_report_is_whole_readable_and_true() {
    let Some(browser) = Browser::start() else { return skipped() };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let results = experiments(folder.path());
    let page = report(folder.path());
    for view in views() {
        let found = faults(&browser, &page, &view);
        assert!(found.is_empty(), "{view:?}:\n{}", found.join("\n"));
        if let Some(pictures) = std::env::var_os("NEWTON_SCREENSHOTS") {
            let file = Path::new(&pictures).join(format!("{}.png", view.name));
            std::fs::create_dir_all(pictures).expect("writable");
            let picture =
                base64::engine::general_purpose::STANDARD.decode(browser.picture()).expect("base64");
            std::fs::write(file, picture).expect("writable");
        }
    }
    let tables = page::tables(&browser);
    let settings = |section: &str| page::one(&tables, "All settings", section);
    for (section, metric, column) in [
        ("Sorting", "em", "EM, %"),
        ("Sorting", "em5", "EM5, %"),
        ("Shortest paths", "perfect", "perfect matches, %"),
    ] {
        for selection in [("last", "last step"), ("best", "best validation")] {
            numbers_are_those_of_the_runs(settings(section), &results, selection, (metric, column));
        }
    }
    times_are_those_of_the_runs(page::one(&tables, "Milliseconds per training step", "Sorting"), &results);
    // The others are there, with their rows.
    let table9 = page::one(&tables, "Mean squared error before step 8", "Table 9");
    assert_eq!(table9.rows.len(), 3, "{table9:?}");
    for section in ["Sorting", "Shortest paths"] {
        for selection in ["last step", "best validation"] {
            let metric = if section == "Sorting" { "EM" } else { "perfect matches" };
            let caption = format!("{metric} in the test, %, {selection}");
            let settings = if section == "Sorting" { 2 } else { 1 };
            assert_eq!(page::one(&tables, &caption, section).rows.len(), 1 + settings);
        }
    }
    let count = |selector: &str| {
        browser.script("return document.querySelectorAll(arguments[0]).length", &[json!(selector)])
    };
    assert_eq!(count(".predictions img.sets"), 3, "one of each method");
    assert_eq!(count(".predictions img.maps"), 2);
    assert_eq!(count(".gain"), 1, "Fisher");
    assert_eq!(count(".loss"), 1, "Hessian");
    assert_eq!(count("#figure-6 svg"), 16);
    assert_eq!(count("#experiment-0-curves svg, #experiment-1-curves svg"), 4);
}

/// Mean and standard deviation over the seeds, as in the page's cells.
fn shown(values: &[f64]) -> String {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    let mean = format!("{:.2}", 100.0 * mean);
    match values.len() {
        1 => mean,
        n => format!("{mean} \u{b1} {:.2}", 100.0 * (squares / (n - 1) as f64).sqrt()),
    }
}

fn numbers_are_those_of_the_runs(
    table: &Table,
    results: &[Value],
    (network, selection): (&str, &str),
    (metric, column): (&str, &str),
) {
    let rows = table.rows.iter().skip(1).filter(|row| table.cell(row, "Selection") == selection);
    let rows: Vec<&Vec<String>> = rows.collect();
    assert!(rows.len() >= 2, "{table:?}");
    for row in rows {
        let of_row = |result: &&Value| {
            let config = &result["config"];
            let lambda = config["lambda"].as_f64().map(|lambda| lambda.to_string()).unwrap_or_default();
            let method = config["method"].as_str().expect("a method");
            let rate = format!("learning rate {}", config["learning_rate"]);
            let setting = table.cell(row, "Setting");
            table.cell(row, "Method").to_lowercase() == method
                && (setting.ends_with(&rate) || !setting.contains("learning rate"))
                && table.cell(row, "\u{3bb}") == lambda
                && result[network]["test"].get(metric).is_some()
        };
        let values = results.iter().filter(of_row).map(|result| result[network]["test"][metric].as_f64());
        let values: Vec<f64> = values.map(|value| value.expect("a number")).collect();
        assert!(!values.is_empty(), "{row:?}");
        assert_eq!(table.cell(row, column), shown(&values), "{row:?}");
    }
}

fn times_are_those_of_the_runs(table: &Table, results: &[Value]) {
    let mean = |method: &str| {
        let of = |result: &&Value| {
            result["config"]["method"] == method && result["config"]["learning_rate"] == 0.001
        };
        let times = results.iter().filter(of).map(|result| result["time"]["seconds_per_step"].as_f64());
        let times: Vec<f64> = times.map(|time| time.expect("a time")).collect();
        times.iter().sum::<f64>() / times.len() as f64
    };
    let of_rate = |row: &&Vec<String>| row[0].ends_with("learning rate 0.001");
    let row = table.rows.iter().find(of_rate).expect("the trained setting");
    for (method, runs) in [("Hessian", 2), ("Fisher", 4)] {
        let ratio = mean(&method.to_lowercase()) / mean("baseline");
        let details = format!("{ratio:.2} \u{d7} baseline, {runs} runs");
        assert!(table.cell(row, method).ends_with(&details), "{details}: {row:?}");
    }
    assert!(table.cell(row, "Baseline").ends_with("2 runs"), "{row:?}");
}

/// The control: the same checks on a page that is broken in every way they know.
#[test]
fn a_broken_page_is_caught() {
    let Some(browser) = Browser::start() else { return skipped() };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut newton = std::process::Command::new(env!("CARGO_BIN_EXE_newton"));
    newton.args(["table9", "--seeds=2", "--iterations=3", "--out"]).arg(folder.path());
    assert_eq!(output(newton).1, Some(0));
    let page = report(folder.path());
    let sound = std::fs::read_to_string(&page).expect("written");
    let broken = folder.path().join("broken.html");
    // What is put into the page, what it is called, and what is said of it: all of them, in every view.
    let breaks = [
        ("<img alt=\"far\" src=\"https://example.invalid/far.png\">", "outside: src=", "far.png"),
        ("", "request: ", "far.png"),
        ("", "console: ", "far.png"),
        ("<img alt=\"torn\" src=\"data:image/png;base64,AAAA\">", "image: ", "torn"),
        ("<style>b { background: url(\"https://example.invalid/b.png\") }</style>", "outside: b", "b.png"),
        ("<script>console.error(\"loud\")</script>", "console: ", "loud"),
        ("", "outside: <script", "loud"),
        ("<p style=\"color:#777\">grey</p>", "contrast: ", "grey"),
        ("<p style=\"opacity:.4\">faint</p>", "contrast: ", "faint"),
        ("<p style=\"font-size:9px\">tiny</p>", "size: 9.0 px", "tiny"),
        ("<p style=\"visibility:hidden\">gone</p>", "hidden: ", "gone"),
        ("<p style=\"width:5000px;max-width:none\">wide</p>", "sideways: ", "wide"),
        ("", "sideways: the page is", "5"),
        ("<p style=\"position:relative;left:-80px\">left</p>", "sideways: -", "left"),
        ("<table><tr><td>loose</table>", "table: in no box", "loose"),
        ("<a href=\"#nowhere\">lost</a>", "anchor: ", "#nowhere"),
        ("<section id=\"unlinked\">alone</section>", "anchor: no link to", "#unlinked"),
        ("<svg style=\"width:9px;height:9px\"></svg>", "drawing: ", "9 x 9"),
        (
            "<svg width=\"300\" height=\"150\"><text x=\"-20\" y=\"50\" fill=\"#777\">axis</text></svg>",
            "label: cut off",
            "axis",
        ),
        ("", "contrast: ", "axis"),
        ("", "drawing: no line", "axis"),
        (
            "<svg width=\"300\" height=\"150\"><text x=\"9\" y=\"50\">one</text><text x=\"12\" y=\"52\">two</text></svg>",
            "label: one and two overlap",
            "",
        ),
        (
            "<svg width=\"300\" height=\"150\"><path d=\"M0 0L9 9\" class=\"pale\" stroke=\"#777\" stroke-opacity=\"1\" opacity=\".4\" stroke-width=\"3\"/></svg>",
            "contrast: ",
            "pale",
        ),
    ];
    let html: String = breaks.iter().map(|(html, ..)| *html).collect();
    std::fs::write(&broken, sound.replace("</main>", &format!("{html}</main>"))).expect("writable");
    for view in views() {
        let found = faults(&browser, &broken, &view);
        for (_, kind, text) in breaks {
            let caught = found.iter().any(|fault| fault.starts_with(kind) && fault.contains(text));
            assert!(caught, "{kind}{text}, {view:?}:\n{}", found.join("\n"));
        }
    }
    // What is wrong in one view only.
    let with_style = |style: &str| sound.replace("</style>", &format!("{style}</style>"));
    let [light, dark, phone, _] = views();
    for (style, kind, bad, good) in [
        ("@media (prefers-color-scheme: dark) { :root { --ink: #333 } }", "contrast", &dark, &light),
        ("@media (prefers-color-scheme: light) { :root { --c2: #edc } }", "contrast", &light, &dark),
        ("@media (max-width: 30rem) { svg { min-width: 40rem } }", "sideways", &phone, &light),
        ("@media (max-width: 30rem) { svg text { font-size: 11px } }", "size", &phone, &light),
    ] {
        std::fs::write(&broken, with_style(style)).expect("writable");
        let caught = |view| faults(&browser, &broken, view).iter().any(|fault| fault.starts_with(kind));
        assert!(caught(bad) && !caught(good), "{style}");
    }
}
