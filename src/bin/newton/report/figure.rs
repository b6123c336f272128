//! Lines with bands as SVG inside the page. Colours are CSS variables, so that the page's scheme applies; names stand in a legend of HTML below.

use std::ops::Range;

use anyhow::anyhow;
use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint};
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;

use super::axis::{Axis, Scale};

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    pub x: f64,
    /// What is not finite is a gap.
    pub y: f64,
    pub band: Option<(f64, f64)>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    pub name: String,
    /// An index of [`COLOURS`]: the same for the same thing on the whole page.
    pub colour: usize,
    pub dashed: bool,
    pub points: Vec<Point>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    pub title: String,
    /// For those who do not see it.
    pub description: String,
    pub x: Axis,
    pub y: Axis,
    pub series: Vec<Series>,
}

/// Stand-ins of the CSS variables `--c0` and so on; no two alike.
pub const COLOURS: [RGBColor; 8] = [
    RGBColor(1, 0, 0),
    RGBColor(1, 0, 1),
    RGBColor(1, 0, 2),
    RGBColor(1, 0, 3),
    RGBColor(1, 0, 4),
    RGBColor(1, 0, 5),
    RGBColor(1, 0, 6),
    RGBColor(1, 0, 7),
];
const INK: RGBColor = RGBColor(1, 1, 1);
const FAINT: RGBColor = RGBColor(1, 1, 2);
const GRID: RGBColor = RGBColor(1, 1, 3);
/// Small, so that text is large enough on a phone, which shows it narrower than this.
const SIZE: (u32, u32) = (440, 300);
const FONT: &str = "sans-serif";
/// plotters writes 16 px for it.
const TEXT: i32 = 20;

impl Figure {
    /// `None` without anything to draw.
    pub fn svg(&self) -> anyhow::Result<Option<String>> {
        let Some((xs, ys)) = self.ranges() else { return Ok(None) };
        let mut svg = String::new();
        self.draw(xs, ys, &mut svg).map_err(|error| anyhow!("drawing `{}`: {error}", self.title))?;
        for (i, colour) in COLOURS.iter().enumerate() {
            svg = svg.replace(&hex(*colour), &format!("var(--c{i})"));
        }
        for (colour, name) in [(INK, "ink"), (FAINT, "faint"), (GRID, "grid")] {
            svg = svg.replace(&hex(colour), &format!("var(--{name})"));
        }
        // The picture's name for programs that read pages aloud, and the name of its language left out: HTML needs none.
        let described = maud::html! { (self.title) ". " (self.description) }.into_string();
        let title = maud::html! { title { (self.title) } }.into_string();
        let described = described.replace('"', "&quot;");
        let start = format!("<svg role=\"img\" aria-label=\"{described}\"");
        svg = svg.replace(" xmlns=\"http://www.w3.org/2000/svg\"", "").replacen("<svg", &start, 1);
        if let Some(end) = svg.find('>') {
            svg.insert_str(end + 1, &title);
        }
        Ok(Some(svg))
    }

    /// Points where the axes' scales have them; gaps are left out.
    fn pieces(&self, series: &Series) -> Vec<Vec<Point>> {
        let scaled = |point: &Point| {
            let band = point.band.map(|(low, high)| (self.y.scale.forward(low), self.y.scale.forward(high)));
            let band = band.filter(|(low, high)| low.is_finite() && high.is_finite());
            Point { x: self.x.scale.forward(point.x), y: self.y.scale.forward(point.y), band }
        };
        let points: Vec<Point> = series.points.iter().map(scaled).collect();
        let pieces = points.split(|point| !(point.x.is_finite() && point.y.is_finite()));
        pieces.filter(|piece| !piece.is_empty()).map(<[Point]>::to_vec).collect()
    }

    fn ranges(&self) -> Option<(Range<f64>, Range<f64>)> {
        let points: Vec<Point> =
            self.series.iter().flat_map(|series| self.pieces(series)).flatten().collect();
        let span = |values: Vec<f64>| -> Option<(f64, f64)> {
            Some((values.iter().copied().reduce(f64::min)?, values.iter().copied().reduce(f64::max)?))
        };
        let (left, right) = span(points.iter().map(|point| point.x).collect())?;
        let of_y = |point: &Point| {
            let (low, high) = point.band.unwrap_or((point.y, point.y));
            [point.y, low, high]
        };
        let (low, high) = span(points.iter().flat_map(of_y).collect())?;
        // Training starts at 0.
        let left = if self.x.scale == Scale::Linear && left > 0.0 && left < right / 4.0 { 0.0 } else { left };
        let right = if right > left { right } else { left + 1.0 };
        let margin = (0.06 * (high - low)).max(1e-6 + 1e-3 * high.abs());
        let (low, high) = match self.y.scale {
            Scale::Percent => ((low - margin).max(0.0), (high + margin).min(1.0).max(low + 1e-3)),
            _ => (low - margin, high + margin),
        };
        Some((left..right, low..high))
    }

    fn draw(
        &self,
        xs: Range<f64>,
        ys: Range<f64>,
        svg: &mut String,
    ) -> Result<(), Box<dyn std::error::Error>> {
        let root = SVGBackend::with_string(svg, SIZE).into_drawing_area();
        let (x_ticks, y_ticks) = (self.x.scale.ticks(&xs), self.y.scale.ticks(&ys));
        // The axis' name stands beside its widest number.
        let widest = y_ticks.iter().map(|(_, text)| text.chars().count()).max().unwrap_or(0);
        let label = |ticks: &[(f64, String)], at: f64| {
            ticks.iter().find(|(tick, _)| *tick == at).map_or_else(String::new, |(_, text)| text.clone())
        };
        let mut chart = ChartBuilder::on(&root)
            .margin_top(12)
            .margin_right(26)
            .margin_bottom(4)
            .margin_left(4)
            .x_label_area_size(52)
            .y_label_area_size(34 + 10 * widest as u32)
            .build_cartesian_2d(Along::new(xs, &x_ticks), Along::new(ys, &y_ticks))
            .map_err(text)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .bold_line_style(GRID)
            .light_line_style(TRANSPARENT)
            .axis_style(FAINT)
            .x_desc(&self.x.label)
            .y_desc(&self.y.label)
            .x_label_formatter(&|&at| label(&x_ticks, at))
            .y_label_formatter(&|&at| label(&y_ticks, at))
            .label_style((FONT, TEXT).into_font().color(&INK))
            .axis_desc_style((FONT, TEXT).into_font().color(&FAINT))
            .draw()
            .map_err(text)?;
        for series in &self.series {
            let colour = COLOURS[series.colour % COLOURS.len()];
            for piece in self.pieces(series) {
                let upper = piece.iter().filter_map(|point| Some((point.x, point.band?.1)));
                let lower = piece.iter().rev().filter_map(|point| Some((point.x, point.band?.0)));
                let outline: Vec<(f64, f64)> = upper.chain(lower).collect();
                if outline.len() > 2 {
                    chart.draw_series([Polygon::new(outline, colour.mix(0.15))]).map_err(text)?;
                }
                // A mark by itself has its interval as a line.
                if let [Point { x, band: Some((low, high)), .. }] = piece[..] {
                    let interval = [(x, low), (x, high)];
                    chart
                        .draw_series(LineSeries::new(interval, colour.mix(0.8).stroke_width(2)))
                        .map_err(text)?;
                }
                let line: Vec<(f64, f64)> = piece.iter().map(|point| (point.x, point.y)).collect();
                let style = colour.stroke_width(3);
                if series.dashed {
                    chart
                        .draw_series(DashedLineSeries::new(line.iter().copied(), 9, 6, style))
                        .map_err(text)?;
                } else {
                    chart.draw_series(LineSeries::new(line.iter().copied(), style)).map_err(text)?;
                }
                if line.len() < 20 {
                    let dots = line.iter().map(|at| Circle::new(*at, 3, colour.filled()));
                    chart.draw_series(dots).map_err(text)?;
                }
            }
        }
        root.present().map_err(text)?;
        drop(chart);
        Ok(())
    }
}

/// An axis whose ticks are ours.
struct Along {
    range: RangedCoordf64,
    places: Vec<f64>,
}

impl Along {
    fn new(range: Range<f64>, ticks: &[(f64, String)]) -> Self {
        Self { range: range.into(), places: ticks.iter().map(|(at, _)| *at).collect() }
    }
}

impl Ranged for Along {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        self.range.map(value, limit)
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        // Lines between the ticks are asked for as well.
        if hint.weight().allow_light_points() { Vec::new() } else { self.places.clone() }
    }

    fn range(&self) -> Range<f64> {
        self.range.range()
    }
}

fn hex(colour: RGBColor) -> String {
    format!("#{:02X}{:02X}{:02X}", colour.0, colour.1, colour.2)
}

/// plotters' errors borrow the backend; their text does not.
fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
