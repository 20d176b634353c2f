//! A funnel: stages that people pass in order, as a table of bars or as columns that show who left.
//!
//! Computes no conversion (the caller gives the texts). Invariant: every stage is on the scale of the largest.

use super::bar_list::{BarCell, BarColumn, BarList, BarRow, Hide, Scale};
use crate::delta::Delta;
use crate::drawing::Drawing;
use crate::markup::{escape, linked, num};
use crate::plot::{empty, lower_first, stopped};
use crate::ticks::drawable;
use crate::words::{Text, fill};
use std::fmt::Write;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FunnelLayout {
    /// One row per stage: fits a half tile and a phone.
    #[default]
    Table,
    /// One column per stage, with those who left hatched behind it.
    Columns,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Stage {
    pub name: String,
    pub href: Option<String>,
    pub value: Option<f64>,
    /// `873`; in columns with its noun: `873 pessoas`.
    pub text: String,
    /// Share of the stage before: `68,0%`; empty for the first.
    pub passage: String,
    /// Change of the passage.
    pub delta: Option<Delta>,
    /// Below the passage, columns only: `mediana 38 min`.
    pub note: String,
    /// Below the count, columns only: `2.366 saíram`.
    pub lost: String,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Funnel {
    pub title: String,
    pub layout: FunnelLayout,
    /// Headers of the table: stage, count, passage, change. A missing or empty last one leaves the column out.
    pub headers: [String; 4],
    pub stages: Vec<Stage>,
    /// From first to last stage, table only.
    pub total: Option<Stage>,
}

impl Funnel {
    pub fn draw(&self, text: &Text) -> Drawing {
        let summary = self.summary(text);
        let list = self.list();
        if self.stages.iter().all(|stage| stage.value.and_then(drawable).is_none()) {
            let table = list.draw(text).table;
            return Drawing { html: empty(text), summary, table, empty: true, ..Drawing::default() };
        }
        let drawing = list.draw(text);
        let ranking = escape(&drawing.summary);
        let html = match self.layout {
            FunnelLayout::Table => drawing.html.replacen(&ranking, &escape(&summary), 1),
            FunnelLayout::Columns => self.columns(&summary),
        };
        Drawing { html, summary, table: drawing.table, ..Drawing::default() }
    }

    /// The funnel as a bar list.
    fn list(&self) -> BarList {
        let [name, count, passage, change] = self.headers.clone();
        let with_change = !change.is_empty();
        let mut columns = vec![
            BarColumn { title: count, ..BarColumn::default() },
            BarColumn { title: passage, ..BarColumn::default() },
        ];
        if with_change {
            columns.push(BarColumn { title: change, hide: Hide::Xs, sorted: None });
        }
        let row = |stage: &Stage| {
            let delta = stage.delta.clone().map_or(BarCell::Text(String::new()), BarCell::Delta);
            let cells = [BarCell::Text(stage.text.clone()), BarCell::Text(stage.passage.clone()), delta];
            BarRow {
                name: stage.name.clone(),
                href: stage.href.clone(),
                value: stage.value,
                reference: None,
                cells: cells.into_iter().take(columns.len()).collect(),
            }
        };
        let rows = self.stages.iter().map(row).collect();
        let total = self.total.as_ref().map(row);
        BarList { title: self.title.clone(), name, columns, rows, total, roomy: true }
    }

    fn columns(&self, summary: &str) -> String {
        let value = |stage: &Stage| stage.value.and_then(drawable).unwrap_or(0.0).max(0.0);
        let scale = Scale::over(self.stages.iter().map(value));
        let mut html = format!("<ol class=\"funnel\" aria-label=\"{}\">", escape(summary));
        let mut before = None;
        for (index, stage) in self.stages.iter().enumerate() {
            let height = |share: f64| num(share * 100.0);
            let share = scale.share(value(stage));
            let gone = before.unwrap_or(share).max(share);
            before = Some(share);
            let delta = stage.delta.as_ref().map(|delta| format!(" {}", delta.html())).unwrap_or_default();
            let _ = write!(
                html,
                "<li><div class=\"top\"><p class=\"cv\">{}{delta}</p><p class=\"meta\">{}</p></div>",
                escape(&stage.passage),
                escape(&stage.note)
            );
            let _ = write!(
                html,
                "<div class=\"col\"><span class=\"gone\" style=\"--v:{}%\"></span>\
                 <span class=\"bar\" style=\"--v:{}%\"></span></div>",
                height(gone),
                height(share)
            );
            let count = linked(&stage.text, stage.href.as_deref());
            let _ = write!(html, "<div class=\"foot\"><b>{}. {}</b>{count}", index + 1, escape(&stage.name));
            if !stage.lost.is_empty() {
                let _ = write!(html, "<span class=\"lost\">{}</span>", escape(&stage.lost));
            }
            html += "</div></li>";
        }
        html + "</ol>"
    }

    fn summary(&self, text: &Text) -> String {
        let valued: Vec<(&Stage, f64)> =
            self.stages.iter().filter_map(|stage| Some((stage, stage.value.and_then(drawable)?))).collect();
        let [(first, _), .., (last, _)] = valued.as_slice() else {
            return match valued.first() {
                Some((stage, _)) => format!("{}: {} {}.", self.title, stage.name, stage.text),
                None => format!("{}: {}.", self.title, lower_first(text.words.empty)),
            };
        };
        let passage = |pair: &[(&Stage, f64)]| if pair[0].1 > 0.0 { pair[1].1 / pair[0].1 } else { 1.0 };
        let worst = valued.windows(2).reduce(|a, b| if passage(b) < passage(a) { b } else { a });
        let worst = worst.map_or(last.name.as_str(), |pair| pair[1].0.name.as_str());
        let values = [
            ("title", self.title.as_str()),
            ("first", &first.name),
            ("first_value", &first.text),
            ("last", &last.name),
            ("last_value", &last.text),
            ("worst", worst),
        ];
        stopped(fill(text.words.funnel, &values))
    }
}
