//! What sections are made of: figures, tables, marks.

use maud::{Markup, PreEscaped, html};

use super::compare::Mark;
use super::figure::{COLOURS, Figure};

/// Figures that stand open; more are folded.
const OPEN: usize = 24;

/// Figures under a heading.
pub fn figures(id: &str, title: &str, note: &str, figures: &[Markup]) -> Markup {
    html! { (unfolded(id, title, note, figures.len(), html! { div.figures { @for figure in figures { (figure) } } })) }
}

/// Something that can be folded, under a heading; nothing of nothing.
pub fn unfolded(id: &str, title: &str, note: &str, count: usize, content: Markup) -> Markup {
    html! {
        @if count > 0 {
            details id=(id) open[count <= OPEN] {
                summary { h3 { (title) } }
                p.note { (note) }
                (content)
            }
        }
    }
}

/// With its legend.
pub fn drawn(figure: &Figure) -> anyhow::Result<Option<Markup>> {
    let Some(svg) = figure.svg()? else { return Ok(None) };
    Ok(Some(html! {
        figure {
            figcaption { (figure.title) }
            (PreEscaped(svg))
            ul.legend { @for series in &figure.series {
                li { i.dashed[series.dashed] style=(format!("border-color:var(--c{})", series.colour % COLOURS.len())) {} (series.name) }
            } }
        }
    }))
}

/// Wide tables scroll within themselves.
pub fn scrolling(label: &str, table: Markup) -> Markup {
    html! { div.scroll tabindex="0" role="region" aria-label=(label) { table { caption { span { (label) } } (table) } } }
}

/// With its meaning, for those who do not see it or do not know it.
pub fn sign(mark: Mark) -> Markup {
    let class = match mark {
        Mark::SignificantlyBetter => "good",
        Mark::SignificantlyWorse => "bad",
        _ => "",
    };
    html! { span class=(class) role="img" aria-label=(mark.name()) title=(mark.name()) { (mark.sign()) } }
}
