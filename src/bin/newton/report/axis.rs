//! Axes: how they run, where they have ticks, and what stands there.

use std::ops::Range;

/// How an axis runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    Linear,
    /// Shares, in per cent.
    Percent,
    /// Differences of shares, in points of per cent.
    Points,
    /// Decades.
    Log,
    /// Decades on both sides of zero, and a straight piece between.
    SymLog,
}

/// Half the straight piece of [`Scale::SymLog`].
const STRAIGHT: f64 = 1e-3;
/// Ticks of an axis: more would touch each other on a phone.
const MOST: usize = 6;

#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    pub label: String,
    pub scale: Scale,
}

impl Scale {
    /// Where on the axis a value is.
    pub fn forward(self, value: f64) -> f64 {
        match self {
            Self::Linear | Self::Percent | Self::Points => value,
            Self::Log => value.log10(),
            Self::SymLog if value.abs() <= STRAIGHT => value / STRAIGHT,
            Self::SymLog => value.signum() * (1.0 + (value.abs() / STRAIGHT).log10()),
        }
    }

    /// Places of round numbers with what stands there, in ascending order.
    pub fn ticks(self, along: &Range<f64>) -> Vec<(f64, String)> {
        let step = match self {
            Self::Linear | Self::Percent | Self::Points => round_step(along.end - along.start),
            Self::Log | Self::SymLog => ((along.end - along.start) / (MOST - 1) as f64).ceil().max(1.0),
        };
        let every = |step: f64| -> Vec<f64> {
            let (first, last) = ((along.start / step - 1e-9).ceil(), (along.end / step + 1e-9).floor());
            (0..=(last - first).max(0.0) as usize)
                .map(|i| (first + i as f64) * step)
                .filter(|at| *at <= along.end + 1e-9 * step)
                .collect()
        };
        let mut places = every(step);
        if self == Self::Log && along.end - along.start < 2.0 {
            // 1, 2 and 5 of each decade.
            let (first, last) = (along.start.floor() as i32, along.end.ceil() as i32);
            let all = (first..=last)
                .flat_map(|decade| [1.0, 2.0, 5.0].map(|digit: f64| f64::from(decade) + digit.log10()));
            let inside = |at: &f64| (along.start - 1e-9..=along.end + 1e-9).contains(at);
            let fine: Vec<f64> = all.filter(inside).collect();
            places = match fine.len() {
                0 | 1 => vec![along.start, along.end],
                2..=MOST => fine,
                _ => places,
            };
        }
        // As many decimals as tell neighbours apart.
        let decimals = (-(100.0 * step).log10() - 1e-9).ceil().clamp(0.0, 6.0) as usize;
        let text = |at: f64| match self {
            Self::Linear => number(at),
            Self::Percent => format!("{:.decimals$} %", 100.0 * at),
            Self::Points if at.abs() < 1e-9 * step => "0".into(),
            Self::Points => format!("{:+.decimals$}", 100.0 * at).replace('-', "\u{2212}"),
            Self::Log => number(10f64.powf(at)),
            Self::SymLog if at.round() == 0.0 => "0".into(),
            Self::SymLog => number(at.signum() * STRAIGHT * 10f64.powf(at.abs() - 1.0)),
        };
        places.into_iter().map(|at| (at, text(at))).collect()
    }
}

/// 1, 2 or 5 times a power of ten, so that an extent has few ticks.
fn round_step(extent: f64) -> f64 {
    let least = extent / (MOST - 1) as f64;
    let decade = 10f64.powf(least.log10().floor());
    let factor = [1.0, 2.0, 5.0].into_iter().find(|factor| factor * decade >= least * (1.0 - 1e-9));
    factor.unwrap_or(10.0) * decade
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
    // A minus sign is as wide as a digit.
    text.replace('-', "\u{2212}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(scale: Scale, along: Range<f64>) -> Vec<String> {
        scale.ticks(&along).into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn ticks_are_round_and_few() {
        assert_eq!(texts(Scale::Linear, 0.0..3000.0), ["0", "1000", "2k", "3k"]);
        assert_eq!(texts(Scale::Linear, -10.0..10.0), ["\u{2212}10", "\u{2212}5", "0", "5", "10"]);
        assert_eq!(texts(Scale::Percent, 0.0..0.8), ["0 %", "20 %", "40 %", "60 %", "80 %"]);
        assert_eq!(texts(Scale::Percent, 0.912..0.918), ["91.2 %", "91.4 %", "91.6 %", "91.8 %"]);
        assert_eq!(texts(Scale::Points, -0.02..0.04), ["\u{2212}2", "0", "+2", "+4"]);
        assert_eq!(texts(Scale::Log, -1.0..0.0), ["0.1", "0.2", "0.5", "1"]);
        assert_eq!(texts(Scale::Log, -3.0..3.0), ["0.01", "1", "100"]);
        assert_eq!(texts(Scale::Log, 0.5..0.6), ["3.16", "3.98"], "no round number within");
        assert_eq!(texts(Scale::SymLog, -4.2..4.2), ["\u{2212}1", "\u{2212}0.01", "0", "0.01", "1"]);
        // Whatever the extent, there are some, within, and not too many.
        for extent in [1e-6, 0.3, 1.0, 7.0, 99.0, 1e5] {
            for scale in [Scale::Linear, Scale::Percent, Scale::Points, Scale::Log, Scale::SymLog] {
                for start in [-extent / 3.0, 0.0, 0.77] {
                    let ticks = scale.ticks(&(start..start + extent));
                    assert!(
                        ticks.len() <= MOST && ticks.is_sorted(),
                        "{scale:?} {start} {extent}: {ticks:?}"
                    );
                    let inside =
                        |(at, _): &(f64, String)| *at >= start - 1e-6 && *at <= start + extent + 1e-6;
                    assert!(ticks.iter().all(inside), "{scale:?} {start} {extent}: {ticks:?}");
                }
            }
        }
    }

    #[test]
    fn scales_ascend() {
        assert_eq!([number(3000.0), number(0.0), number(1.5e6), number(12.0)], ["3k", "0", "1.5M", "12"]);
        for value in [-3.0, -1e-4, 0.0, 2e-3, 7.0] {
            assert!(Scale::SymLog.forward(value) < Scale::SymLog.forward(value + 1e-5));
        }
    }
}
