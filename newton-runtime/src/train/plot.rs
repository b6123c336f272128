//! Curves over training steps as an SVG picture: names and last values stand at the ends of the lines, so that no
//! legend covers anything.

use std::fmt::Display;
use std::io;
use std::ops::Range;
use std::path::Path;

use plotters::coord::types::{RangedCoordf64, RangedCoordu64};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::files;

/// A measurement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Training step.
    pub step: u64,
    /// What was measured; a NaN or an infinity is a gap in the line.
    pub value: f64,
    /// Lowest and highest over seeds, drawn as a band.
    pub band: Option<(f64, f64)>,
}

/// A named line.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// What stands at its end.
    pub name: String,
    /// In ascending order of steps.
    pub points: Vec<Point>,
}

/// How the values are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Shares in [0, 1], as per cent; the axis starts at 0.
    Percent,
    /// As they are.
    Number,
}

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlotError {
    /// No curve has a finite value.
    #[error("nothing to draw: no curve has a finite value")]
    Empty,
    /// The picture cannot be drawn.
    #[error("drawing failed: {0}")]
    Drawing(String),
    /// The picture cannot be written.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// A picture of curves.
#[derive(Debug, Clone)]
pub struct Plot {
    title: String,
    subtitle: String,
    y_label: String,
    unit: Unit,
}

/// Colours that people with any colour vision tell apart (Okabe and Ito), the darkest first.
const COLOURS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(170, 80, 140),
    RGBColor(60, 60, 60),
    RGBColor(200, 140, 0),
    RGBColor(70, 165, 220),
];
const INK: RGBColor = RGBColor(34, 34, 34);
const FAINT: RGBColor = RGBColor(95, 95, 95);
const GRID: RGBColor = RGBColor(229, 229, 229);
const FONT: &str = "Helvetica, Arial, sans-serif";
const SIZE: (u32, u32) = (960, 540);
/// Between the names at the ends of two lines.
const LINE_HEIGHT: i32 = 22;

type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordu64, RangedCoordf64>>;

impl Plot {
    /// A picture with a heading and the name of what is measured.
    pub fn new(title: impl Into<String>, y_label: impl Into<String>, unit: Unit) -> Self {
        Self { title: title.into(), subtitle: String::new(), y_label: y_label.into(), unit }
    }

    /// A second, smaller line of heading: the setting, the data (`Provenance`), the number of seeds.
    pub fn subtitle(mut self, subtitle: impl Into<String>) -> Self {
        self.subtitle = subtitle.into();
        self
    }

    /// Writes [`Plot::svg`] to a file, whole or not at all.
    ///
    /// # Errors
    /// [`PlotError`].
    pub fn save(&self, curves: &[Curve], path: &Path) -> Result<(), PlotError> {
        Ok(files::replace(path, self.svg(curves)?.as_bytes())?)
    }

    /// The picture, 960 x 540.
    ///
    /// # Errors
    /// [`PlotError::Empty`] without a finite value to draw.
    pub fn svg(&self, curves: &[Curve]) -> Result<String, PlotError> {
        let (steps, values) = self.ranges(curves).ok_or(PlotError::Empty)?;
        let mut svg = String::new();
        self.draw(curves, steps, values, &mut svg).map_err(|error| PlotError::Drawing(error.to_string()))?;
        Ok(svg)
    }

    /// Extent of the axes; `None` without a finite value.
    fn ranges(&self, curves: &[Curve]) -> Option<(Range<u64>, Range<f64>)> {
        let points = || curves.iter().flat_map(|curve| &curve.points).filter(|p| p.value.is_finite());
        let all = points().flat_map(|p| {
            let (low, high) = p.band.unwrap_or((p.value, p.value));
            [p.value, low, high]
        });
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in all.filter(|v| v.is_finite()) {
            (low, high) = (low.min(value), high.max(value));
        }
        let first = points().map(|p| p.step).min()?;
        let last = points().map(|p| p.step).max()?;
        let values = match self.unit {
            Unit::Percent => low.min(0.0)..if high <= 1.0 { (1.08 * high).clamp(0.05, 1.0) } else { high },
            Unit::Number => {
                let margin = (0.05 * (high - low)).max(1e-9 + 1e-3 * high.abs());
                low - margin..high + margin
            }
        };
        // A run starts at 0 even if the first measurement does not, unless it is a late part of a run.
        let first = if first <= last / 4 { 0 } else { first };
        Some((first..last.max(first + 1), values))
    }

    fn draw(
        &self,
        curves: &[Curve],
        steps: Range<u64>,
        values: Range<f64>,
        svg: &mut String,
    ) -> Result<(), Box<dyn std::error::Error + '_>> {
        let root = SVGBackend::with_string(svg, SIZE).into_drawing_area();
        root.fill(&WHITE).map_err(text)?;
        let longest = curves.iter().map(|curve| curve.name.chars().count()).max().unwrap_or(0);
        // 8 pixels a letter at this size, the value, and the gaps; a third of the picture at most.
        let right = (8 * longest as u32 + 92).clamp(140, SIZE.0 / 3);

        let heading = |line: &str, y, size, colour: &RGBColor, style| {
            root.draw(&Text::new(line.to_owned(), (76, y), (FONT, size, style).into_font().color(colour)))
        };
        heading(&self.title, 16, 26, &INK, FontStyle::Bold).map_err(text)?;
        heading(&self.subtitle, 47, 17, &FAINT, FontStyle::Normal).map_err(text)?;

        let mut chart = ChartBuilder::on(&root)
            .margin_top(80)
            .margin_right(right)
            .margin_bottom(8)
            .margin_left(8)
            .x_label_area_size(52)
            .y_label_area_size(68)
            .build_cartesian_2d(steps.clone(), values.clone())
            .map_err(text)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .bold_line_style(GRID)
            .light_line_style(TRANSPARENT)
            .axis_style(RGBColor(150, 150, 150))
            .x_labels(8)
            .y_labels(8)
            .x_desc("training step")
            .y_desc(&self.y_label)
            .x_label_formatter(&|&step| step_label(step))
            .y_label_formatter(&|&value| self.label(value, values.end - values.start))
            .label_style((FONT, 17).into_font().color(&INK))
            .axis_desc_style((FONT, 18).into_font().color(&FAINT))
            .draw()
            .map_err(text)?;

        for (curve, colour) in curves.iter().zip(COLOURS.iter().cycle()) {
            draw_curve(&mut chart, curve, *colour).map_err(text)?;
        }
        self.draw_names(&root, &chart, curves)?;
        root.present().map_err(text)?;
        Ok(())
    }

    /// Name and last value at the end of each line, pushed apart where lines end close together.
    fn draw_names(
        &self,
        root: &DrawingArea<SVGBackend<'_>, plotters::coord::Shift>,
        chart: &Chart<'_, '_>,
        curves: &[Curve],
    ) -> Result<(), Box<dyn std::error::Error>> {
        let mut names: Vec<(i32, i32, String, RGBColor)> = Vec::new();
        for (curve, colour) in curves.iter().zip(COLOURS.iter().cycle()) {
            if let Some(last) = curve.points.iter().rev().find(|p| p.value.is_finite()) {
                let (_, y) = chart.backend_coord(&(last.step, last.value));
                let value = match self.unit {
                    Unit::Percent => format!("{:.1} %", 100.0 * last.value),
                    Unit::Number => format!("{:.4}", last.value),
                };
                names.push((y, y, format!("{}\u{a0}\u{a0}{value}", curve.name), *colour));
            }
        }
        names.sort_by_key(|name| name.0);
        let (columns, rows) = chart.plotting_area().get_pixel_range();
        spread(&mut names, rows.end);
        for (_, y, name, colour) in names {
            let (x, middle) = (columns.end + 10, Pos::new(HPos::Left, VPos::Center));
            root.draw(&PathElement::new([(x, y), (x + 14, y)], colour.stroke_width(4))).map_err(text)?;
            let style = (FONT, 18).into_font().color(&INK).pos(middle);
            root.draw(&Text::new(name, (x + 20, y), style)).map_err(text)?;
        }
        Ok(())
    }

    fn label(&self, value: f64, extent: f64) -> String {
        match self.unit {
            Unit::Percent => format!("{:.*} %", usize::from(extent < 0.08), 100.0 * value),
            // As many decimals as neighbouring labels, at least an eighth of the extent apart, need to differ.
            Unit::Number => {
                let decimals = (-(extent / 8.0).log10().floor()).clamp(0.0, 8.0) as usize;
                format!("{value:.decimals$}")
            }
        }
    }
}

/// Moves sorted names (wanted y, y, ...) down so that none overlap, then up again from the bottom of the picture.
fn spread<A, B>(names: &mut [(i32, i32, A, B)], bottom: i32) {
    for i in 1..names.len() {
        names[i].1 = names[i].1.max(names[i - 1].1 + LINE_HEIGHT);
    }
    let mut lowest = bottom;
    for name in names.iter_mut().rev() {
        name.1 = name.1.min(lowest);
        lowest = name.1 - LINE_HEIGHT;
    }
}

fn draw_curve<'b>(
    chart: &mut Chart<'_, 'b>,
    curve: &Curve,
    colour: RGBColor,
) -> Result<(), DrawingAreaErrorKind<<SVGBackend<'b> as DrawingBackend>::ErrorType>> {
    for run in curve.points.split(|point| !point.value.is_finite()) {
        let edge = |pick: fn((f64, f64)) -> f64| {
            let finite = |p: &&Point| p.band.is_some_and(|(low, high)| low.is_finite() && high.is_finite());
            run.iter().filter(finite).filter_map(move |p| Some((p.step, pick(p.band?))))
        };
        let outline: Vec<_> =
            edge(|band| band.1).chain(edge(|band| band.0).collect::<Vec<_>>().into_iter().rev()).collect();
        if outline.len() > 2 {
            chart.draw_series([Polygon::new(outline, colour.mix(0.16))])?;
        }
        let line: Vec<_> = run.iter().map(|point| (point.step, point.value)).collect();
        if let Some(&end) = line.last() {
            chart.draw_series(LineSeries::new(line, colour.stroke_width(3)))?;
            chart.draw_series([Circle::new(end, 4, colour.filled())])?;
        }
    }
    Ok(())
}

/// 0, 500, 20k, 1.5M.
fn step_label(step: u64) -> String {
    let (divisor, suffix) = match step {
        0..2_000 => return step.to_string(),
        2_000..1_000_000 => (1e3, "k"),
        _ => (1e6, "M"),
    };
    format!("{}{suffix}", (step as f64 / divisor * 100.0).round() / 100.0)
}

/// plotters' errors borrow the backend; their text does not.
fn text(error: impl Display) -> String {
    error.to_string()
}

#[cfg(test)]
#[path = "plot_tests.rs"]
mod tests;
