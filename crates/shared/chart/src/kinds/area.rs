//! An area over time: one series filled from zero, or several stacked into a whole.
//!
//! Never cuts the axis. Invariant: stacked values are those of the data, in the order of the series; negative ones stack
//! below zero.

use super::line::{drawing_order, lines, round, stretches};
use crate::downsample::lowest_and_highest;
use crate::drawing::Drawing;
use crate::plane::{Plane, Shape, Spread};
use crate::plot::{Plot, Role, Series};
use crate::scaffold::{self, Dot, Drawn, EndLabel, Key, Layers};
use crate::ticks::drawable;
use crate::words::Text;

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Area {
    pub plot: Plot,
}

const HEIGHT: u32 = 308;

/// From and to of every series at every x; nothing where the series has a gap.
pub(crate) type Stack = Vec<Vec<Option<(f64, f64)>>>;

/// Sums up the measured series at each x, positive and negative ones apart.
pub(crate) fn stacked(plot: &Plot) -> Stack {
    let mut ends = vec![(0.0, 0.0); plot.x.len()];
    let mut layer = |series: &Series| -> Vec<Option<(f64, f64)>> {
        let edges = |(index, (below, above)): (usize, &mut (f64, f64))| {
            let value = series.value(index).filter(|_| series.is_measured())?;
            let end = if value < 0.0 { below } else { above };
            let from = *end;
            *end = drawable(from + value).unwrap_or(from);
            Some((from, *end))
        };
        ends.iter_mut().enumerate().map(edges).collect()
    };
    plot.series.iter().map(&mut layer).collect()
}

/// Lowest and highest edge of a stack and of the references beside it.
pub(crate) fn stack_range(plot: &Plot, stack: &Stack) -> (f64, f64) {
    let edges = stack.iter().flatten().flatten().flat_map(|&(from, to)| [from, to]);
    let references = plot.series.iter().filter(|series| !series.is_measured());
    let references = references.flat_map(|series| (0..plot.x.len()).filter_map(|index| series.value(index)));
    edges.chain(references).fold((0.0, 0.0), |(low, high), value| (low.min(value), high.max(value)))
}

impl Area {
    pub fn draw(&self, text: &Text) -> Drawing {
        let plot = &self.plot;
        if plot.is_empty() {
            return plot.drawn_empty(text);
        }
        let stack = stacked(plot);
        let (low, high) = stack_range(plot, &stack);
        let (plane, ticks) = scaffold::plane(plot, HEIGHT, Spread::Points, true, low, high);
        let classes = plot.classes();
        let mut layers = Layers { key: Key::Narrow, ..Layers::default() };
        for (number, series) in plot.series.iter().enumerate().filter(|(_, series)| series.is_measured()) {
            layers.shapes.extend(fills(plot, &plane, series, &classes[number], &stack[number]));
        }
        for (series, class) in drawing_order(plot, &classes).filter(|(series, _)| !series.is_measured()) {
            layers.shapes.extend(lines(plot, &plane, series, class));
        }
        layers.labels = labels(plot, &plane, &classes, &stack);
        layers.dots = dots(plot, &plane, &classes, &stack);
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
}

/// The filled stretches of one series and the line along their outer edge.
fn fills(
    plot: &Plot,
    plane: &Plane,
    series: &Series,
    class: &str,
    edges: &[Option<(f64, f64)>],
) -> Vec<Drawn> {
    let mut areas = Vec::new();
    let mut outlines = Vec::new();
    for run in plot.runs(series) {
        // The outer edge decides which points stay, so that fill and line agree.
        let outer = run.iter().filter_map(|&(index, _)| Some((index, edges[index]?.1))).collect();
        for (dashed, points) in stretches(plot, series, &lowest_and_highest(outer, plot.x.len())) {
            let part = if dashed { " part" } else { "" };
            let mut edge: Vec<(f64, f64)> =
                points.iter().map(|&(index, value)| plane.at(index, value)).collect();
            let inner = points.iter().rev().filter_map(|&(index, _)| Some(plane.at(index, edges[index]?.0)));
            let area = edge.iter().copied().chain(inner).collect();
            if let [point] = edge[..] {
                edge.push(point);
            }
            areas.push(Drawn { class: format!("area {class}{part}"), shape: Shape::Fill(area) });
            outlines.push(Drawn { class: format!("ln {class}{part}"), shape: Shape::Line(edge) });
        }
    }
    areas.extend(outlines);
    areas
}

fn dots(plot: &Plot, plane: &Plane, classes: &[String], stack: &Stack) -> Vec<Dot> {
    let mut dots = Vec::new();
    for (number, series) in plot.series.iter().enumerate() {
        let Some(index) = (0..plot.x.len()).rev().find(|&index| stack[number][index].is_some()) else {
            continue;
        };
        let lone = plot.x.len() == 1;
        if series.role != Role::Main && !lone {
            continue;
        }
        let Some((_, to)) = stack[number][index] else { continue };
        let hollow = plot.is_partial(index);
        let open = if hollow { " open" } else { "" };
        let class = format!("dot{open} {}", classes[number]);
        dots.push(Dot { class, x: plane.x(index), y: plane.y(to), radius: if hollow { 4.0 } else { 3.5 } });
    }
    dots
}

/// Names in the middle of their layer at its end, references at their line.
fn labels(plot: &Plot, plane: &Plane, classes: &[String], stack: &Stack) -> Vec<EndLabel> {
    let mut labels = Vec::new();
    for (number, series) in plot.series.iter().enumerate() {
        let Some(index) = (0..plot.x.len()).rev().find(|&index| series.value(index).is_some()) else {
            continue;
        };
        let y = match (stack[number][index], series.role) {
            (Some((_, to)), Role::Main) => plane.y(to),
            (Some((from, to)), _) => f64::midpoint(plane.y(from), plane.y(to)),
            (None, _) => plane.y(series.value(index).unwrap_or(0.0)),
        };
        let named = format!("{} {}", series.name, series.latest);
        let (class, text, strong) = match series.role {
            Role::Main if series.latest.is_empty() => ("lab strong s1".to_owned(), series.name.clone(), true),
            Role::Main => ("lab strong s1".to_owned(), series.latest.clone(), true),
            Role::Comparison | Role::Target => ("lab mute".to_owned(), named.trim_end().to_owned(), false),
            Role::Others => ("lab mute".to_owned(), series.name.clone(), false),
            Role::Member(_) => (format!("lab {}", classes[number]), series.name.clone(), false),
        };
        labels.push(EndLabel { class, text, strong, x: plane.x(index), y });
    }
    labels
}
