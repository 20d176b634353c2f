//! A line without furniture, for cards and table cells.
//!
//! Has no ticks and no labels. Invariant: series and comparison share one scale.

use super::line::{lines, round};
use crate::backend::Mark;
use crate::drawing::{Drawing, PlotBox};
use crate::markup::{escape, num, pct};
use crate::plane::{Plane, Shape, Spread};
use crate::plot::{Plot, Role};
use crate::scaffold::{push_path, push_stretched};
use crate::words::{Text, fill};
use std::fmt::Write;

/// Title, unit and ticks of the plot are not drawn; a height of 0 is 40 px.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sparkline {
    pub plot: Plot,
    /// For a table cell: narrow and 22 px high.
    pub mini: bool,
}

/// Room for the dot at the end, in px.
const ROOM: u32 = 6;

impl Sparkline {
    pub fn draw(&self, text: &Text) -> Drawing {
        let plot = &self.plot;
        let height = match plot.height {
            0 if self.mini => 22,
            0 => 40,
            height => height.clamp(3 * ROOM, 400),
        };
        let room = if self.mini { 4 } else { ROOM };
        let low = plot.values().fold(f64::INFINITY, f64::min);
        let high = plot.values().fold(f64::NEG_INFINITY, f64::max);
        let flat = high <= low;
        let (low, high) = match () {
            () if plot.is_empty() => (0.0, 1.0),
            // In the middle of the height, and nothing to divide by.
            () if flat => (low - low.abs().max(1.0), low + low.abs().max(1.0)),
            () => (low, high),
        };
        let (top, bottom) = (room, height - room);
        let plane = Plane { height, top, bottom, low, high, count: plot.x.len(), spread: Spread::Points };
        let summary = self.summary(text);
        let class = if self.mini { "spark mini" } else { "spark" };
        let mut html = format!(
            "<svg class=\"{class}\" height=\"{height}\" role=\"img\" aria-label=\"{}\">",
            escape(&summary)
        );
        push_lines(&mut html, plot, &plane);
        push_dot(&mut html, plot, &plane, self.mini);
        html += "</svg>";
        let focus = plot.focus(
            text,
            |index| plane.x(index),
            |index, number| Some(round(plane.y(plot.series[number].value(index)?))),
        );
        let plot_box = Some(PlotBox { height, top, bottom });
        Drawing { html, summary, table: plot.table(text), focus, plot: plot_box, empty: plot.is_empty() }
    }

    fn summary(&self, text: &Text) -> String {
        let plot = &self.plot;
        let ends = plot.series.iter().find(|series| series.is_measured()).and_then(|series| {
            let mut valued = (0..plot.x.len()).filter(|&index| series.value(index).is_some());
            let first = valued.next()?;
            Some((&series.points[first].text, &series.points[valued.next_back().unwrap_or(first)].text))
        });
        match ends {
            Some((first, last)) => {
                let count = plot.x.len().to_string();
                fill(text.words.spark, &[("count", &count), ("first", first), ("last", last)])
            }
            None => text.words.empty.to_owned(),
        }
    }
}

fn push_lines(html: &mut String, plot: &Plot, plane: &Plane) {
    let references = plot.series.iter().filter(|series| !series.is_measured());
    let order = references.chain(plot.series.iter().filter(|series| series.is_measured()));
    // One series, no key: the accent is the stylesheet's default and needs no class.
    let drawn: Vec<_> = order.flat_map(|series| lines(plot, plane, series, "s1")).collect();
    let shapes: Vec<Shape> = drawn.iter().map(|drawn| drawn.shape.clone()).collect();
    let mut paths = String::new();
    for mark in plane.paint(&shapes) {
        if let Mark::Path { ink, points, closed } = mark {
            push_path(&mut paths, &drawn[ink].class, &points, closed);
        }
    }
    if !paths.is_empty() {
        push_stretched(html, plane.height, &paths);
    }
}

fn push_dot(html: &mut String, plot: &Plot, plane: &Plane, mini: bool) {
    let Some(series) = plot.series.iter().find(|series| series.is_measured() && series.role != Role::Others)
    else {
        return;
    };
    let Some(&(index, value)) = plot.runs(series).last().and_then(|run| run.last()) else { return };
    let class = if plot.is_partial(index) { "dot open" } else { "dot" };
    let radius = if mini { 2 } else { 3 };
    let _ = write!(
        html,
        "<circle class=\"{class}\" cx=\"{}\" cy=\"{}\" r=\"{radius}\"/>",
        pct(plane.x(index)),
        num(plane.y(value))
    );
}
