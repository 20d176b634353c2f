//! A table heat: a number in every cell, its background says where it lies on the scale.
//!
//! Computes no shares. Invariant: every cell is readable without its colour, and a diverging scale is centred on its target.

use crate::drawing::{Drawing, Table};
use crate::markup::escape;
use crate::plot::{empty, lower_first, stopped};
use crate::ticks::{drawable, ticks_up_to, value_ticks};
use crate::words::{Text, fill};
use kpi::Direction;
use std::fmt::Write;

#[derive(Debug, Clone, PartialEq, Default)]
pub struct HeatCell {
    pub value: Option<f64>,
    /// In the cell, short: `91`.
    pub text: String,
    /// In full, on hover: `Segunda, 8h: 91%`; may be empty.
    pub title: String,
    /// The bucket is not complete.
    pub partial: bool,
    /// There is no such cell (closed at that hour), as opposed to a cell without data.
    pub closed: bool,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct HeatRow {
    /// `seg`.
    pub name: String,
    /// `Segunda`; may be empty.
    pub full: String,
    pub cells: Vec<HeatCell>,
}

/// Which step of the palette a value takes: ascending bounds and one class more than bounds.
#[derive(Debug, Clone, PartialEq)]
pub struct HeatScale {
    bounds: Vec<f64>,
    classes: Vec<&'static str>,
    target: Option<(f64, f64)>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Heatmap {
    pub title: String,
    /// Header of the row names, for the fallback table.
    pub name: String,
    pub columns: Vec<String>,
    pub rows: Vec<HeatRow>,
    pub scale: HeatScale,
}

impl HeatScale {
    /// Five steps around a target; the middle one is the target give or take a little. The unfavourable side has three.
    pub fn around(target: f64, direction: Direction, values: impl Iterator<Item = f64>) -> HeatScale {
        let target = drawable(target).unwrap_or(0.0);
        let bad = |value: f64| if direction == Direction::Down { value - target } else { target - value };
        let worst = values.filter_map(drawable).map(bad).fold(0.0, f64::max);
        let worst = if worst > 0.0 { worst } else { target.abs().max(1.0) / 10.0 };
        // Round bounds read better: a ninth, two fifths and four fifths of the worst distance, on a fine grid of ticks.
        let grid = value_ticks(0.0, worst / 6.0, false).step;
        let rounded = |part: f64| ((worst * part / grid).round().max(1.0)) * grid;
        let near = rounded(1.0 / 9.0);
        let far = rounded(0.4).max(near + grid);
        let farther = rounded(0.8).max(far + grid);
        let (bounds, classes) = if direction == Direction::Down {
            (
                vec![target - near, target + near, target + far, target + farther],
                vec!["d5", "d4", "d3", "d2", "d1"],
            )
        } else {
            (
                vec![target - farther, target - far, target - near, target + near],
                vec!["d1", "d2", "d3", "d4", "d5"],
            )
        };
        HeatScale { bounds, classes, target: Some((target, near)) }
    }

    /// More is darker: up to seven equal round steps over the values.
    pub fn sequential(values: impl Iterator<Item = f64>) -> HeatScale {
        const CLASSES: [&str; 7] = ["q1", "q2", "q3", "q4", "q5", "q6", "q7"];
        let ends = values.filter_map(drawable).fold(None, |ends: Option<(f64, f64)>, value| {
            let (low, high) = ends.unwrap_or((value, value));
            Some((low.min(value), high.max(value)))
        });
        let Some((low, high)) = ends.filter(|(low, high)| low < high) else {
            return HeatScale { bounds: Vec::new(), classes: vec!["q4"], target: None };
        };
        // Seven steps have eight edges.
        let ticks = ticks_up_to(8.0, low, high, false).values;
        let bounds = ticks[1..ticks.len() - 1].to_vec();
        // The steps taken are spread over the palette, so that lowest and highest are its ends.
        let steps = bounds.len() + 1;
        let class = |step: usize| CLASSES[step * (CLASSES.len() - 1) / (steps - 1).max(1)];
        HeatScale { classes: (0..steps).map(class).collect(), bounds, target: None }
    }

    fn class(&self, value: f64) -> &'static str {
        let step = self.bounds.iter().take_while(|bound| value >= **bound).count();
        self.classes.get(step).copied().unwrap_or("d4")
    }

    /// The key: each step with its bounds in words.
    fn key(&self, text: &Text) -> String {
        let step = self.bounds.windows(2).map(|pair| pair[1] - pair[0]).fold(f64::INFINITY, f64::min);
        let step = if step.is_finite() { step } else { 1.0 };
        let shown = |value: f64| (text.tick)(value, step);
        let mut out = String::from("<ul class=\"key ramp\">");
        for (index, class) in self.classes.iter().enumerate() {
            let below = index.checked_sub(1).and_then(|index| self.bounds.get(index)).copied();
            let above = self.bounds.get(index).copied();
            let label = match (self.target, below, above) {
                (Some((target, near)), ..) if *class == "d4" => {
                    fill(text.words.target, &[("a", &shown(target)), ("b", &shown(near))])
                }
                (_, None, Some(above)) => fill(text.words.below, &[("a", &shown(above))]),
                (_, Some(below), Some(above)) => {
                    fill(text.words.between, &[("a", &shown(below)), ("b", &shown(above))])
                }
                (_, Some(below), None) => fill(text.words.at_least, &[("a", &shown(below))]),
                (_, None, None) => continue,
            };
            let _ = write!(out, "<li><i class=\"{class}\"></i>{}</li>", escape(&label));
        }
        out + "</ul>"
    }
}

impl Heatmap {
    pub fn draw(&self, text: &Text) -> Drawing {
        let summary = self.summary(text);
        let table = self.table(text);
        if self.values().next().is_none() {
            return Drawing { html: empty(text), summary, table, empty: true, ..Drawing::default() };
        }
        let mut html = format!("<div class=\"live\">{}", self.scale.key(text));
        let _ = write!(html, "<table class=\"heat\"><caption class=\"vh\">{}</caption>", escape(&summary));
        html += "<thead><tr><td></td>";
        for column in &self.columns {
            let _ = write!(html, "<th scope=\"col\">{}</th>", escape(column));
        }
        html += "</tr></thead><tbody>";
        for row in &self.rows {
            let full =
                if row.full.is_empty() { String::new() } else { format!(" abbr=\"{}\"", escape(&row.full)) };
            let _ = write!(html, "<tr><th scope=\"row\"{full}>{}</th>", escape(&row.name));
            for index in 0..self.columns.len() {
                html += &self.cell(row.cells.get(index), text);
            }
            html += "</tr>";
        }
        html += "</tbody></table></div>";
        Drawing { html, summary, table, ..Drawing::default() }
    }

    fn cell(&self, cell: Option<&HeatCell>, text: &Text) -> String {
        let Some(cell) = cell.filter(|cell| !cell.closed) else {
            return "<td class=\"closed\"></td>".to_owned();
        };
        let title =
            if cell.title.is_empty() { String::new() } else { format!(" title=\"{}\"", escape(&cell.title)) };
        match cell.value.and_then(drawable) {
            Some(value) => {
                let part = if cell.partial { " part" } else { "" };
                format!("<td class=\"{}{part}\"{title}>{}</td>", self.scale.class(value), escape(&cell.text))
            }
            None => format!("<td class=\"closed\"{title}>{}</td>", escape(text.words.none)),
        }
    }

    fn values(&self) -> impl Iterator<Item = (usize, usize, f64)> {
        let cells = |(row, cells): (usize, &HeatRow)| -> Vec<(usize, usize, f64)> {
            let number = |cell: &HeatCell| cell.value.filter(|_| !cell.closed).and_then(drawable);
            let cells = cells.cells.iter().take(self.columns.len()).enumerate();
            cells.filter_map(|(column, cell)| Some((row, column, number(cell)?))).collect()
        };
        self.rows.iter().enumerate().flat_map(cells)
    }

    fn table(&self, text: &Text) -> Table {
        let headers = std::iter::once(&self.name).chain(&self.columns).cloned().collect();
        let row = |row: &HeatRow| {
            let name = if row.full.is_empty() { row.name.clone() } else { row.full.clone() };
            let cell = |index: usize| match row.cells.get(index) {
                Some(cell) if !cell.closed && cell.value.is_some() => cell.text.clone(),
                _ => text.words.none.to_owned(),
            };
            std::iter::once(name).chain((0..self.columns.len()).map(cell)).collect()
        };
        Table { caption: self.title.clone(), headers, rows: self.rows.iter().map(row).collect() }
    }

    fn summary(&self, text: &Text) -> String {
        let low = self.values().reduce(|a, b| if b.2 < a.2 { b } else { a });
        let high = self.values().reduce(|a, b| if b.2 > a.2 { b } else { a });
        let (Some(low), Some(high)) = (low, high) else {
            return format!("{}: {}.", self.title, lower_first(text.words.empty));
        };
        let shown = |at: (usize, usize, f64)| self.rows[at.0].cells[at.1].text.as_str();
        let place = |at: (usize, usize, f64)| {
            let row = &self.rows[at.0];
            let name = if row.full.is_empty() { &row.name } else { &row.full };
            format!("{}, {}", lower_first(name), self.columns[at.1])
        };
        let values = [
            ("title", self.title.as_str()),
            ("low", shown(low)),
            ("low_at", &place(low)),
            ("high", shown(high)),
            ("high_at", &place(high)),
        ];
        stopped(fill(text.words.heat, &values))
    }
}
