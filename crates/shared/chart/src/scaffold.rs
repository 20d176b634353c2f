//! The furniture of a plot: unit, ticks, shading, marks, dots, labels and key, put together as HTML.
//!
//! Chooses no marks (`kinds`). Invariant: text is an element of its own that never scales; only paths stretch.

use crate::backend::Mark;
use crate::drawing::{Drawing, PlotBox};
use crate::end_labels::spread;
use crate::markup::{escape, num, pct, push_num};
use crate::plane::{Plane, Shape, Spread};
use crate::plot::{Plot, Role};
use crate::text_width::text_width;
use crate::ticks::{Ticks, Tier, value_ticks, x_ticks};
use crate::words::Text;
use std::fmt::Write;

/// A shape with its classes.
pub(crate) struct Drawn {
    pub(crate) class: String,
    pub(crate) shape: Shape,
}

/// A round mark at a share of the width and px from the top.
pub(crate) struct Dot {
    pub(crate) class: String,
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) radius: f64,
}

pub(crate) struct EndLabel {
    pub(crate) class: String,
    pub(crate) text: String,
    pub(crate) strong: bool,
    pub(crate) x: f64,
    pub(crate) y: f64,
}

/// What a kind adds to the furniture.
#[derive(Default)]
pub(crate) struct Layers {
    pub(crate) shapes: Vec<Drawn>,
    pub(crate) dots: Vec<Dot>,
    pub(crate) labels: Vec<EndLabel>,
    pub(crate) key: Key,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    /// Labels at the lines' ends say it; the key comes in when they leave.
    #[default]
    Narrow,
    Always,
}

/// Space between the end of a line and its label.
const LABEL_DX: f64 = 10.0;
/// The width that a plot has on a desk: labels that start inside it need less margin.
const NOMINAL: f64 = 480.0;

/// The plane over these values, with ticks at both its edges.
pub(crate) fn plane(
    plot: &Plot,
    height: u32,
    spread: Spread,
    zero: bool,
    low: f64,
    high: f64,
) -> (Plane, Ticks) {
    let height = if plot.height == 0 { height } else { plot.height }.clamp(96, 2_000);
    let (low, high) = if zero { (low.min(0.0), high.max(0.0)) } else { (low, high) };
    let ticks = value_ticks(low, high, plot.whole);
    let top = if plot.unit.is_empty() { 14 } else { 30 };
    let plane = Plane {
        height,
        top,
        bottom: height - 28,
        low: ticks.low(),
        high: ticks.high(),
        count: plot.x.len(),
        spread,
    };
    (plane, ticks)
}

/// The whole drawing of a plot.
pub(crate) fn drawing(plot: &Plot, text: &Text, plane: &Plane, ticks: &Ticks, layers: &Layers) -> Drawing {
    let summary = plot.summary(text);
    let tick_texts: Vec<String> = ticks.values.iter().map(|value| (text.tick)(*value, ticks.step)).collect();
    let widest = tick_texts.iter().map(|tick| text_width(tick, 11.0, false)).fold(0.0, f64::max);
    let left = even(widest + 8.0);
    let right = right_margin(&layers.labels);

    let mut html = String::from("<figure class=\"chart\">");
    push_key(&mut html, plot, text, layers.key);
    let _ = write!(html, "<div class=\"plot\" style=\"--l:{left}px;--r:{right}px\">");
    let _ =
        write!(html, "<svg height=\"{}\" role=\"img\" aria-label=\"{}\">", plane.height, escape(&summary));
    push_shading(&mut html, plot, plane);
    push_value_axis(&mut html, plot, plane, ticks, &tick_texts, left);
    push_x_axis(&mut html, plot, plane, left, right);
    push_marks(&mut html, plane, &layers.shapes);
    for dot in &layers.dots {
        let (x, y, r) = (pct(dot.x), num(dot.y), num(dot.radius));
        let _ = write!(html, "<circle class=\"{}\" cx=\"{x}\" cy=\"{y}\" r=\"{r}\"/>", dot.class);
    }
    push_partial_word(&mut html, plot, text, plane);
    push_end_labels(&mut html, plane, &layers.labels);
    html += "</svg></div></figure>";

    let plot_box = PlotBox { height: plane.height, top: plane.top, bottom: plane.bottom };
    Drawing { html, summary, table: plot.table(text), focus: Vec::new(), plot: Some(plot_box), empty: false }
}

/// A series' swatch in a key: a stroke, or under bars a square and a mark.
fn swatch(class: &str, key: Key) -> String {
    match (key, class) {
        (Key::Narrow, _) | (_, "target") => format!("<i class=\"k {class}\"></i>"),
        (Key::Always, "ref") => "<i class=\"k mark\"></i>".to_owned(),
        (Key::Always, _) => format!("<i class=\"k col {class}\"></i>"),
    }
}

fn even(width: f64) -> u32 {
    (width / 2.0).ceil() as u32 * 2
}

fn right_margin(labels: &[EndLabel]) -> u32 {
    let need = labels.iter().map(|label| {
        let width = text_width(&label.text, 12.0, label.strong) + LABEL_DX + 2.0;
        width - (1.0 - label.x) * NOMINAL
    });
    even(need.fold(6.0, f64::max))
}

fn push_key(html: &mut String, plot: &Plot, text: &Text, key: Key) {
    let classes = plot.classes();
    let several = plot.series.iter().filter(|series| series.is_measured()).count() > 1;
    if key == Key::Always && plot.series.len() < 2 && !plot.x.iter().any(|x| x.partial) {
        return;
    }
    let class = match (key, several) {
        (Key::Always, _) => "key",
        (Key::Narrow, true) => "key when-narrow read",
        (Key::Narrow, false) => "key when-narrow",
    };
    let _ = write!(html, "<ul class=\"{class}\">");
    let mut others = false;
    for (series, class) in plot.series.iter().zip(&classes) {
        let member_in_grey = class == "other" && matches!(series.role, Role::Member(_));
        if member_in_grey && std::mem::replace(&mut others, true) {
            continue;
        }
        let (name, latest) =
            if member_in_grey { (text.words.others, "") } else { (&*series.name, &*series.latest) };
        let (name, latest) = (escape(name), escape(latest));
        let _ = match (key, several) {
            (Key::Always, _) => write!(html, "<li>{}{name}</li>", swatch(class, key)),
            (Key::Narrow, true) => write!(html, "<li>{}{name}<b>{latest}</b></li>", swatch(class, key)),
            (Key::Narrow, false) => {
                write!(html, "<li>{}{}</li>", swatch(class, key), format!("{name} {latest}").trim_end())
            }
        };
    }
    if plot.x.iter().any(|x| x.partial) {
        let class = if key == Key::Always { "k col part" } else { "k part s1" };
        let _ = write!(html, "<li><i class=\"{class}\"></i>{}</li>", escape(text.words.partial_key));
    }
    *html += "</ul>";
}

/// The shaded columns of unfinished periods, as shares of the width.
fn partial_columns(plot: &Plot, plane: &Plane) -> Vec<(f64, f64)> {
    let count = plot.x.len();
    let mut columns: Vec<(f64, f64)> = Vec::new();
    for index in (0..count).filter(|&index| plot.is_partial(index)) {
        let (from, to) = match plane.spread {
            Spread::Bands => (index as f64 / count as f64, (index + 1) as f64 / count as f64),
            // A lone point is all there is: nothing to set it apart from.
            Spread::Points if count < 2 => continue,
            Spread::Points if index == 0 => (0.0, plane.x(1)),
            Spread::Points => (plane.x(index - 1), plane.x(index)),
        };
        match columns.last_mut() {
            Some(last) if from <= last.1 + 1e-9 => last.1 = last.1.max(to),
            _ => columns.push((from, to)),
        }
    }
    columns
}

fn push_shading(html: &mut String, plot: &Plot, plane: &Plane) {
    for (from, to) in partial_columns(plot, plane) {
        let (x, width, height) = (pct(from), pct(to - from), plane.bottom - plane.top);
        let y = plane.top;
        let _ = write!(
            html,
            "<rect class=\"partial-bg\" x=\"{x}\" width=\"{width}\" y=\"{y}\" height=\"{height}\"/>"
        );
    }
}

fn push_partial_word(html: &mut String, plot: &Plot, text: &Text, plane: &Plane) {
    for (from, to) in partial_columns(plot, plane) {
        let (x, anchor) = match () {
            () if to > 0.99 => (to, "end"),
            () if from < 0.01 => (from, "start"),
            () => (f64::midpoint(from, to), "middle"),
        };
        let (x, y, word) = (pct(x), plane.top + 8, escape(text.words.partial));
        let _ = write!(
            html,
            "<text class=\"lab mute sm keep\" x=\"{x}\" y=\"{y}\" dy=\".32em\" text-anchor=\"{anchor}\">{word}</text>"
        );
    }
}

fn push_value_axis(
    html: &mut String,
    plot: &Plot,
    plane: &Plane,
    ticks: &Ticks,
    texts: &[String],
    left: u32,
) {
    if !plot.unit.is_empty() {
        let unit = escape(&plot.unit);
        let _ = write!(html, "<text class=\"tick unit\" x=\"-{left}\" y=\"14\">{unit}</text>");
    }
    for (value, tick) in ticks.values.iter().zip(texts) {
        let y = num(plane.y(*value));
        let class = if *value == 0.0 { "axis" } else { "grid" };
        let _ = write!(html, "<line class=\"{class}\" x2=\"100%\" y1=\"{y}\" y2=\"{y}\"/>");
        let tick = escape(tick);
        let _ = write!(
            html,
            "<text class=\"tick\" x=\"-8\" y=\"{y}\" dy=\".32em\" text-anchor=\"end\">{tick}</text>"
        );
    }
}

fn push_x_axis(html: &mut String, plot: &Plot, plane: &Plane, left: u32, right: u32) {
    let labels: Vec<(&str, bool)> = plot.x.iter().map(|x| (x.tick.as_str(), x.major)).collect();
    let gaps = match plane.spread {
        Spread::Points => plot.x.len().saturating_sub(1) as f64,
        Spread::Bands => plot.x.len() as f64,
    };
    for tick in x_ticks(&labels, gaps, f64::from(left + right)) {
        let (label, x) = (labels[tick.index].0, plane.x(tick.index));
        let half = text_width(label, 11.0, false) / 2.0;
        let anchor = match () {
            () if x < 0.001 && half > f64::from(left) + 4.0 => "start",
            () if x > 0.999 && half > 18.0 => "end",
            () => "middle",
        };
        let class = match tick.tier {
            Tier::Always => "tick",
            Tier::Medium => "tick opt",
            Tier::Wide => "tick opt-md",
        };
        let (x, y, label) = (pct(x), plane.height - 7, escape(label));
        let _ = write!(
            html,
            "<text class=\"{class}\" x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{label}</text>"
        );
    }
}

fn push_marks(html: &mut String, plane: &Plane, drawn: &[Drawn]) {
    let shapes: Vec<Shape> = drawn.iter().map(|drawn| drawn.shape.clone()).collect();
    let (mut rects, mut paths) = (String::new(), String::new());
    for mark in plane.paint(&shapes) {
        match mark {
            Mark::Rect { ink, from, to } => push_rect(&mut rects, &drawn[ink].class, from, to),
            Mark::Path { ink, points, closed } => push_path(&mut paths, &drawn[ink].class, &points, closed),
            Mark::Circle { .. } => {} // round marks must not stretch: kinds give them as dots
        }
    }
    *html += &rects;
    if !paths.is_empty() {
        push_stretched(html, plane.height, &paths);
    }
}

/// Paths in a box that stretches to the width while strokes keep theirs.
pub(crate) fn push_stretched(html: &mut String, height: u32, paths: &str) {
    let _ = write!(
        html,
        "<svg viewBox=\"0 0 1000 {height}\" preserveAspectRatio=\"none\" width=\"100%\" height=\"{height}\" \
         overflow=\"visible\">{paths}</svg>"
    );
}

pub(crate) fn push_path(out: &mut String, class: &str, points: &[(f64, f64)], closed: bool) {
    let _ = write!(out, "<path class=\"{class}\" d=\"");
    for (index, (x, y)) in points.iter().enumerate() {
        out.push(if index == 0 { 'M' } else { 'L' });
        push_num(out, x * 1000.0);
        out.push(' ');
        push_num(out, *y);
    }
    *out += if closed { "Z\"/>" } else { "\"/>" };
}

fn push_rect(out: &mut String, class: &str, from: (f64, f64), to: (f64, f64)) {
    let (x, width) = (pct(from.0), pct(to.0 - from.0));
    let (y, height) = (num(from.1), num(to.1 - from.1));
    let _ =
        write!(out, "<rect class=\"{class}\" x=\"{x}\" width=\"{width}\" y=\"{y}\" height=\"{height}\"/>");
}

fn push_end_labels(html: &mut String, plane: &Plane, labels: &[EndLabel]) {
    let wanted: Vec<f64> = labels.iter().map(|label| label.y).collect();
    let placed = spread(&wanted, f64::from(plane.top) - 4.0, f64::from(plane.bottom) - 6.0);
    for (label, y) in labels.iter().zip(placed) {
        let (class, x, y, text) = (&label.class, pct(label.x), num(y), escape(&label.text));
        let _ = write!(
            html,
            "<text class=\"{class}\" x=\"{x}\" y=\"{y}\" dx=\"{LABEL_DX}\" dy=\".32em\" text-anchor=\"start\">{text}</text>"
        );
    }
}
