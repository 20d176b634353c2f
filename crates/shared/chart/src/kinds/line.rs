//! A line over time: one series with comparison and target, or the members of a dimension.
//!
//! Never fills under a line (`area` does). Invariant: a gap in the data is a gap in the line.

use crate::downsample::lowest_and_highest;
use crate::drawing::Drawing;
use crate::plane::{Plane, Shape, Spread};
use crate::plot::{Plot, Role, Series};
use crate::scaffold::{self, Dot, Drawn, EndLabel, Key, Layers};
use crate::words::Text;

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Line {
    pub plot: Plot,
    /// Start at zero even when the line would do without.
    pub zero: bool,
}

const HEIGHT: u32 = 308;

impl Line {
    pub fn draw(&self, text: &Text) -> Drawing {
        let plot = &self.plot;
        if plot.is_empty() {
            return plot.drawn_empty(text);
        }
        let low = plot.values().fold(f64::INFINITY, f64::min);
        let high = plot.values().fold(f64::NEG_INFINITY, f64::max);
        let zero = self.zero || near_zero(low, high);
        let (plane, ticks) = scaffold::plane(plot, HEIGHT, Spread::Points, zero, low, high);
        let mut layers = Layers { key: Key::Narrow, ..Layers::default() };
        let classes = plot.classes();
        for (series, class) in drawing_order(plot, &classes) {
            layers.shapes.extend(lines(plot, &plane, series, class));
        }
        layers.dots = end_dots(plot, &plane, &classes);
        layers.labels = end_labels(plot, &plane, &classes, text);
        let mut drawing = scaffold::drawing(plot, text, &plane, &ticks, &layers);
        drawing.focus = plot.focus(
            text,
            |index| plane.x(index),
            |index, number| Some(round(plane.y(plot.series[number].value(index)?))),
        );
        drawing
    }
}

/// Zero is shown when leaving it out would gain less than half of the height.
fn near_zero(low: f64, high: f64) -> bool {
    let size = low.abs().max(high.abs());
    (low >= 0.0 || high <= 0.0) && (high / 2.0 - low / 2.0) * 2.0 >= size * 0.6
}

pub(crate) fn round(px: f64) -> f64 {
    (px * 100.0).round() / 100.0
}

/// References below, members in order, the main series on top.
pub(crate) fn drawing_order<'a>(
    plot: &'a Plot,
    classes: &'a [String],
) -> impl Iterator<Item = (&'a Series, &'a str)> {
    let level = |role: Role| match role {
        Role::Others => 0,
        Role::Comparison => 1,
        Role::Target => 2,
        Role::Member(_) => 3,
        Role::Main => 4,
    };
    let mut order: Vec<usize> = (0..plot.series.len()).collect();
    order.sort_by_key(|&index| (level(plot.series[index].role), index));
    order.into_iter().map(|index| (&plot.series[index], classes[index].as_str()))
}

/// A series as solid stretches and, where an unfinished period is at either end, dashed ones.
pub(crate) fn lines(plot: &Plot, plane: &Plane, series: &Series, class: &str) -> Vec<Drawn> {
    let class = match series.role {
        Role::Comparison => "ln-ref".to_owned(),
        Role::Target => "ln-target".to_owned(),
        Role::Main | Role::Member(_) | Role::Others => format!("ln {class}"),
    };
    let mut out = Vec::new();
    for run in plot.runs(series) {
        for (dashed, points) in stretches(plot, series, &lowest_and_highest(run, plot.x.len())) {
            let class = if dashed { format!("{class} part") } else { class.clone() };
            let mut points: Vec<(f64, f64)> =
                points.iter().map(|&(index, value)| plane.at(index, value)).collect();
            if let [point] = points[..] {
                points.push(point); // a lone point between gaps: its round caps show it
            }
            out.push(Drawn { class, shape: Shape::Line(points) });
        }
    }
    out
}

type Points = Vec<(usize, f64)>;

/// Splits a run where it turns from solid to dashed; neighbours share the point in between.
pub(crate) fn stretches(plot: &Plot, series: &Series, run: &[(usize, f64)]) -> Vec<(bool, Points)> {
    let dashed = |a: usize, b: usize| series.is_measured() && (plot.is_partial(a) || plot.is_partial(b));
    let [first, ..] = *run else { return Vec::new() };
    let mut out: Vec<(bool, Points)> = Vec::new();
    for pair in run.windows(2) {
        let dashed = dashed(pair[0].0, pair[1].0);
        match out.last_mut() {
            Some((style, points)) if *style == dashed => points.push(pair[1]),
            _ => out.push((dashed, pair.to_vec())),
        }
    }
    if out.is_empty() {
        out.push((false, vec![first]));
    }
    out
}

/// Dots where the main series ends, and wherever a series is a single point.
fn end_dots(plot: &Plot, plane: &Plane, classes: &[String]) -> Vec<Dot> {
    let mut dots = Vec::new();
    for (series, class) in drawing_order(plot, classes) {
        let runs = plot.runs(series);
        let Some(&(index, value)) = runs.last().and_then(|run| run.last()) else { continue };
        let lone: Vec<(usize, f64)> = runs.iter().filter(|run| run.len() == 1).map(|run| run[0]).collect();
        for (index, value) in lowest_and_highest(lone.clone(), plot.x.len()) {
            dots.push(Dot {
                class: format!("dot {class}"),
                x: plane.x(index),
                y: plane.y(value),
                radius: 2.5,
            });
        }
        let only = lone.len() == runs.len() && lone.len() == 1;
        if series.role != Role::Main && !only {
            continue;
        }
        let hollow = series.is_measured() && plot.is_partial(index);
        let class = if hollow { format!("dot open {class}") } else { format!("dot {class}") };
        dots.push(Dot {
            class,
            x: plane.x(index),
            y: plane.y(value),
            radius: if hollow { 4.0 } else { 3.5 },
        });
    }
    dots
}

fn end_labels(plot: &Plot, plane: &Plane, classes: &[String], text: &Text) -> Vec<EndLabel> {
    let mut labels = Vec::new();
    let mut others = false;
    for (series, class) in plot.series.iter().zip(classes) {
        let Some(&(index, value)) = plot.runs(series).last().and_then(|run| run.last()) else {
            continue;
        };
        let named = format!("{} {}", series.name, series.latest);
        let (label_class, text, strong) = match series.role {
            Role::Main if series.latest.is_empty() => ("lab strong s1".to_owned(), series.name.clone(), true),
            Role::Main => ("lab strong s1".to_owned(), series.latest.clone(), true),
            Role::Comparison | Role::Target => ("lab mute".to_owned(), named.trim_end().to_owned(), false),
            Role::Member(_) if class == "other" && std::mem::replace(&mut others, true) => continue,
            Role::Member(_) if class == "other" => {
                ("lab mute".to_owned(), text.words.others.to_owned(), false)
            }
            Role::Others => ("lab mute".to_owned(), series.name.clone(), false),
            Role::Member(_) => (format!("lab {class}"), series.name.clone(), false),
        };
        labels.push(EndLabel { class: label_class, text, strong, x: plane.x(index), y: plane.y(value) });
    }
    labels
}
