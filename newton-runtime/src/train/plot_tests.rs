use super::*;

/// Rising curves that look like accuracies of five methods, with bands.
fn accuracies() -> Vec<Curve> {
    let rise = |name: &str, top: f64, pace: f64, wave: f64| {
        let point = |i: u64| {
            let x = i as f64 / 50.0;
            let value = top * (1.0 - (-pace * x).exp()) + 0.01 * (wave * x).sin();
            let spread = 0.04 * (1.0 - x) + 0.01;
            Point { step: 400 * i, value: value.max(0.0), band: Some((value - spread, value + spread)) }
        };
        Curve { name: name.into(), points: (1..=50).map(point).collect() }
    };
    vec![
        rise("SoftSort", 0.705, 4.0, 30.0),
        rise("SoftSort, Newton (Hessian)", 0.835, 5.0, 37.0),
        rise("SoftSort, Newton (Fisher)", 0.832, 4.5, 41.0),
        rise("NeuralSort", 0.715, 3.0, 25.0),
    ]
}

fn plot() -> Plot {
    Plot::new("Four-digit MNIST, sets of 5", "exact match", Unit::Percent)
        .subtitle("validation, mean of 3 seeds, band: lowest to highest")
}

#[test]
fn the_picture_has_every_name_once_and_its_last_value() {
    let svg = plot().svg(&accuracies()).expect("finite values");
    for curve in accuracies() {
        assert_eq!(svg.matches(&format!("{}\u{a0}\u{a0}", curve.name)).count(), 1, "{}", curve.name);
    }
    assert!(svg.contains("82.3 %") && svg.contains("training step") && svg.contains("20k"));
    assert_eq!(svg.matches("<polygon").count(), 4, "a band each");
    let mut bare = accuracies();
    bare.iter_mut().flat_map(|curve| &mut curve.points).for_each(|point| point.band = None);
    assert_eq!(plot().svg(&bare).expect("finite values").matches("<polygon").count(), 0);
}

#[test]
fn names_are_escaped() {
    let points = vec![Point { step: 0, value: 0.5, band: None }];
    let svg = plot().svg(&[Curve { name: "a<b & c".into(), points }]).expect("a value");
    assert!(svg.contains("a&lt;b &amp; c") && !svg.contains("a<b"));
}

#[test]
fn without_finite_values_there_is_no_picture_and_gaps_are_gaps() {
    let of = |values: &[f64]| {
        let points = values.iter().zip(0..).map(|(&value, step)| Point { step, value, band: None }).collect();
        vec![Curve { name: "x".into(), points }]
    };
    assert!(matches!(plot().svg(&[]), Err(PlotError::Empty)));
    assert!(matches!(plot().svg(&of(&[f64::NAN, f64::INFINITY])), Err(PlotError::Empty)));
    let lines = |values: &[f64]| {
        let svg = plot().svg(&of(values)).expect("a finite value");
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
        svg.matches("<circle").count()
    };
    assert_eq!(lines(&[0.1, 0.2, 0.3, 0.4]), 1);
    assert_eq!(lines(&[0.1, 0.2, f64::NAN, 0.4]), 2);
}

#[test]
fn names_never_overlap_nor_leave_the_picture() {
    let wanted = [100, 101, 102, 470, 471];
    let mut names: Vec<_> = wanted.iter().map(|&y| (y, y, (), ())).collect();
    spread(&mut names, 480);
    assert!(names.windows(2).all(|pair| pair[1].1 - pair[0].1 >= LINE_HEIGHT));
    assert!(names.iter().all(|name| (0..=480).contains(&name.1)));
    assert_eq!(names[0].1, 100, "who has room stays");
}

#[test]
fn labels_are_short_and_differ() {
    let labels = [0, 500, 1_500, 2_000, 12_500, 100_000, 1_500_000].map(step_label);
    assert_eq!(labels, ["0", "500", "1500", "2k", "12.5k", "100k", "1.5M"]);
    let number = Plot::new("", "loss", Unit::Number);
    assert_eq!(number.label(0.015, 0.04), "0.015");
    assert_eq!(number.label(1000.0, 4000.0), "1000");
    assert_eq!(number.label(0.5, 2.0), "0.5");
    assert_eq!(number.label(0.2, 0.16), "0.20");
    assert_eq!(plot().label(0.2, 1.0), "20 %");
}

/// Writes pictures to the temporary folder: `cargo test curves_for_the_eye -- --ignored`.
#[test]
#[ignore = "for the eye"]
fn curves_for_the_eye() {
    let folder = std::env::temp_dir();
    plot().save(&accuracies(), &folder.join("accuracy.svg")).expect("writable");
    let loss: Vec<Curve> = accuracies()
        .into_iter()
        .map(|mut curve| {
            curve.points.iter_mut().for_each(|p| {
                p.value = 0.3 - 0.2 * p.value;
                p.band = None;
            });
            curve
        })
        .collect();
    Plot::new("Training loss", "loss", Unit::Number)
        .save(&loss[..3], &folder.join("loss.svg"))
        .expect("writable");
}
