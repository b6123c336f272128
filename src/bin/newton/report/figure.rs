//! Lines with bands as SVG inside the page. Colours are CSS variables, so that the page's scheme applies; names stand in a legend of HTML below.

use std::ops::Range;

use anyhow::anyhow;
use plotters::prelude::*;

/// How an axis runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    Linear,
    /// Shares, in per cent.
    Percent,
    /// Decades.
    Log,
    /// Decades on both sides of zero, and a straight piece between.
    SymLog,
}

/// Half the straight piece of [`Scale::SymLog`].
const STRAIGHT: f64 = 1e-3;

#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    pub label: String,
    pub scale: Scale,
}

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

impl Scale {
    fn forward(self, value: f64) -> f64 {
        match self {
            Self::Linear | Self::Percent => value,
            Self::Log => value.log10(),
            Self::SymLog if value.abs() <= STRAIGHT => value / STRAIGHT,
            Self::SymLog => value.signum() * (1.0 + (value.abs() / STRAIGHT).log10()),
        }
    }

    fn label(self, at: f64, extent: f64) -> String {
        let whole = (at - at.round()).abs() < 1e-6;
        match self {
            Self::Linear => number(at),
            Self::Percent => format!("{:.*} %", usize::from(extent < 0.05), 100.0 * at),
            Self::Log if whole || extent < 1.5 => number(10f64.powf(at)),
            Self::SymLog if whole && at.round() == 0.0 => "0".into(),
            Self::SymLog if whole => number(at.signum() * STRAIGHT * 10f64.powf(at.abs() - 1.0)),
            Self::Log | Self::SymLog => String::new(),
        }
    }
}

/// Three digits, thousands as k.
pub fn number(value: f64) -> String {
    let size = value.abs();
    if size >= 1e6 {
        format!("{}M", rounded(value / 1e6))
    } else if size >= 2e3 {
        format!("{}k", rounded(value / 1e3))
    } else {
        rounded(value)
    }
}

fn rounded(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return "0".into();
    }
    let decimals = (2.0 - value.abs().log10().floor()).clamp(0.0, 9.0) as usize;
    let text = format!("{value:.decimals$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    text.to_owned()
}

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
        let (x_extent, y_extent) = (xs.end - xs.start, ys.end - ys.start);
        let mut chart = ChartBuilder::on(&root)
            .margin_top(12)
            .margin_right(22)
            .margin_bottom(4)
            .margin_left(4)
            .x_label_area_size(48)
            .y_label_area_size(66)
            .build_cartesian_2d(xs, ys)
            .map_err(text)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .bold_line_style(GRID)
            .light_line_style(TRANSPARENT)
            .axis_style(FAINT)
            .x_labels(6)
            .y_labels(6)
            .x_desc(&self.x.label)
            .y_desc(&self.y.label)
            .x_label_formatter(&|&at| self.x.scale.label(at, x_extent))
            .y_label_formatter(&|&at| self.y.scale.label(at, y_extent))
            .label_style((FONT, 16).into_font().color(&INK))
            .axis_desc_style((FONT, 16).into_font().color(&FAINT))
            .draw()
            .map_err(text)?;
        for series in &self.series {
            let colour = COLOURS[series.colour % COLOURS.len()];
            for piece in self.pieces(series) {
                let upper = piece.iter().filter_map(|point| Some((point.x, point.band?.1)));
                let lower = piece.iter().rev().filter_map(|point| Some((point.x, point.band?.0)));
                let outline: Vec<(f64, f64)> = upper.chain(lower).collect();
                if outline.len() > 2 {
                    chart.draw_series([Polygon::new(outline, colour.mix(0.17))]).map_err(text)?;
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

fn hex(colour: RGBColor) -> String {
    format!("#{:02X}{:02X}{:02X}", colour.0, colour.1, colour.2)
}

/// plotters' errors borrow the backend; their text does not.
fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_those_of_the_values() {
        assert_eq!(Scale::Log.label(-3.0, 6.0), "0.001");
        assert_eq!(Scale::Log.label(-2.5, 6.0), "");
        assert_eq!(Scale::SymLog.label(4.0, 9.0), "1");
        assert_eq!(Scale::SymLog.label(-2.0, 9.0), "-0.01");
        assert_eq!(Scale::Percent.label(0.5, 0.4), "50 %");
        assert_eq!([number(3000.0), number(0.0), number(1.5e6), number(12.0)], ["3k", "0", "1.5M", "12"]);
        for value in [-3.0, -1e-4, 0.0, 2e-3, 7.0] {
            assert!(Scale::SymLog.forward(value) < Scale::SymLog.forward(value + 1e-5));
        }
    }
}
