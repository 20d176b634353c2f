//! Upright bars over time or categories: grouped or stacked; comparison and target as marks across them.
//!
//! Horizontal bars are `bar_list`. Invariant: bars start at zero.

use super::area::{Stack, stack_range, stacked};
use super::line::round;
use crate::downsample::NOMINAL_PX;
use crate::drawing::Drawing;
use crate::plane::{Plane, Shape, Spread};
use crate::plot::{Plot, Role, Series};
use crate::scaffold::{self, Drawn, Key, Layers};
use crate::words::Text;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Layout {
    #[default]
    Grouped,
    Stacked,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Bar {
    pub plot: Plot,
    pub layout: Layout,
}

const HEIGHT: u32 = 248;
/// Share of a band that bars take, and the widest bar as a share of the plot.
const FILLED: f64 = 0.68;
const WIDEST: f64 = 0.07;

impl Bar {
    pub fn draw(&self, text: &Text) -> Drawing {
        let plot = &self.plot;
        if plot.is_empty() {
            return plot.drawn_empty(text);
        }
        let stack = match self.layout {
            Layout::Stacked => stacked(plot),
            Layout::Grouped => grouped(plot),
        };
        let (low, high) = stack_range(plot, &stack);
        let (plane, ticks) = scaffold::plane(plot, HEIGHT, Spread::Bands, true, low, high);
        let classes = plot.classes();
        let mut layers = Layers { key: Key::Always, ..Layers::default() };
        layers.shapes.extend(self.bars(&plane, &classes, &stack));
        for series in plot.series.iter().filter(|series| !series.is_measured()) {
            layers.shapes.extend(marks(plot, &plane, series));
        }
        let mut drawing = scaffold::drawing(plot, text, &plane, &ticks, &layers);
        let top = |index: usize, number: usize| {
            let value = match stack[number][index] {
                Some((_, to)) => to,
                None => plot.series[number].value(index)?,
            };
            Some(round(plane.y(value)))
        };
        drawing.focus = plot.focus(text, |index| plane.x(index), top);
        drawing
    }

    fn bars(&self, plane: &Plane, classes: &[String], stack: &Stack) -> Vec<Drawn> {
        let plot = &self.plot;
        let measured: Vec<usize> =
            (0..plot.series.len()).filter(|&number| plot.series[number].is_measured()).collect();
        let slots = if self.layout == Layout::Grouped { measured.len().max(1) } else { 1 };
        let band = 1.0 / plot.x.len() as f64;
        let width = (band * FILLED / slots as f64).min(WIDEST);
        let mut out = Vec::new();
        for (slot, &number) in measured.iter().enumerate() {
            let slot = if self.layout == Layout::Grouped { slot } else { 0 };
            for (from_index, to_index, from, to) in columns(&stack[number]) {
                let middle = f64::midpoint(plane.x(from_index), plane.x(to_index));
                let left = middle + (slot as f64 - slots as f64 / 2.0) * width;
                let stacked = if self.layout == Layout::Stacked { " stk" } else { "" };
                let part = if plot.is_partial(to_index) { " part" } else { "" };
                let class = format!("col {}{stacked}{part}", classes[number]);
                let shape =
                    Shape::Bar { from: (left, plane.up(from)), to: ((left + width).min(1.0), plane.up(to)) };
                out.push(Drawn { class, shape });
            }
        }
        out
    }
}

/// Every measured series from zero.
fn grouped(plot: &Plot) -> Stack {
    let from_zero = |series: &Series, index: usize| {
        series.value(index).filter(|_| series.is_measured()).map(|value| (0.0, value))
    };
    plot.series
        .iter()
        .map(|series| (0..plot.x.len()).map(|index| from_zero(series, index)).collect())
        .collect()
}

/// Bars as (first x, last x, from, to): one per x, or one per px over all its x when there are more of them than px.
fn columns(edges: &[Option<(f64, f64)>]) -> Vec<(usize, usize, f64, f64)> {
    let per_column = edges.len().div_ceil(NOMINAL_PX).max(1);
    let whole = |(number, chunk): (usize, &[Option<(f64, f64)>])| {
        let (from, to) = chunk.iter().copied().flatten().reduce(|a, b| {
            let low = a.0.min(a.1).min(b.0).min(b.1);
            (low, a.0.max(a.1).max(b.0).max(b.1))
        })?;
        let first = number * per_column;
        Some((first, first + chunk.len() - 1, from, to))
    };
    edges.chunks(per_column).enumerate().filter_map(whole).collect()
}

/// A reference as a mark across each band: solid for the comparison, dotted for the target.
fn marks(plot: &Plot, plane: &Plane, series: &Series) -> Vec<Drawn> {
    let class = if series.role == Role::Target { "ln-target" } else { "ln-mark" };
    let half = (0.5 / plot.x.len() as f64 * (FILLED + 0.12)).min(WIDEST);
    let mark = |index: usize| {
        let (x, up) = plane.at(index, series.value(index)?);
        let line = vec![((x - half).max(0.0), up), ((x + half).min(1.0), up)];
        Some(Drawn { class: class.to_owned(), shape: Shape::Line(line) })
    };
    let step = plot.x.len().div_ceil(NOMINAL_PX).max(1);
    (0..plot.x.len()).step_by(step).filter_map(mark).collect()
}
