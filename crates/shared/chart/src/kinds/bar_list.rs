//! Horizontal bars in a table: one row per category, the bar beside its numbers.
//!
//! Sorts nothing and sums nothing. Invariant: bars start at zero and share one scale; with negative values zero lies inside.

use crate::delta::Delta;
use crate::drawing::{Drawing, Table};
use crate::markup::{escape, linked, num};
use crate::plot::{empty, lower_first, stopped};
use crate::ticks::drawable;
use crate::words::{Text, fill};
use std::fmt::Write;

/// From which tile width on a column is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Hide {
    #[default]
    Never,
    /// On a phone.
    Xs,
    Sm,
    Md,
}

impl Hide {
    pub(crate) fn class(self) -> &'static str {
        match self {
            Hide::Never => "",
            Hide::Xs => " xs-hide",
            Hide::Sm => " sm-hide",
            Hide::Md => " md-hide",
        }
    }
}

/// A column of numbers after the bar.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BarColumn {
    pub title: String,
    pub hide: Hide,
    /// `ascending` or `descending` when the rows are sorted by this column.
    pub sorted: Option<&'static str>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BarCell {
    Text(String),
    Delta(Delta),
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct BarRow {
    pub name: String,
    /// A link into this site: `?f.canal=whatsapp`.
    pub href: Option<String>,
    pub value: Option<f64>,
    /// The comparison: a tick on the bar.
    pub reference: Option<f64>,
    /// One per column; the first is the value's text.
    pub cells: Vec<BarCell>,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct BarList {
    pub title: String,
    /// Header of the names.
    pub name: String,
    /// The first is the value's.
    pub columns: Vec<BarColumn>,
    pub rows: Vec<BarRow>,
    /// A last row without a bar.
    pub total: Option<BarRow>,
    /// More space between rows, for few of them.
    pub roomy: bool,
}

impl BarCell {
    pub(crate) fn html(&self) -> String {
        match self {
            BarCell::Text(text) => escape(text),
            BarCell::Delta(delta) => delta.html(),
        }
    }

    pub(crate) fn text(&self) -> &str {
        match self {
            BarCell::Text(text) => text,
            BarCell::Delta(delta) => &delta.text,
        }
    }

    /// The text with the arrow in words, for a table without arrows.
    fn spelled(&self) -> String {
        match self {
            BarCell::Text(text) => text.clone(),
            BarCell::Delta(delta) => format!("{}{}", delta.spoken, delta.text),
        }
    }
}

impl BarList {
    pub fn draw(&self, text: &Text) -> Drawing {
        let summary = self.summary(text);
        let table = self.table();
        if self.rows.is_empty() {
            return Drawing { html: empty(text), summary, table, empty: true, ..Drawing::default() };
        }
        let scale = Scale::over(self.rows.iter().flat_map(|row| [row.value, row.reference]).flatten());
        let roomy = if self.roomy { " roomy" } else { "" };
        let mut html = format!(
            "<table class=\"table bars{roomy}\"><caption class=\"vh\">{}</caption>",
            escape(&summary)
        );
        let _ = write!(html, "<thead><tr><th>{}</th><th></th>", escape(&self.name));
        for column in &self.columns {
            let sorted = column.sorted.map_or_else(String::new, |order| format!(" aria-sort=\"{order}\""));
            let _ =
                write!(html, "<th class=\"r{}\"{sorted}>{}</th>", column.hide.class(), escape(&column.title));
        }
        html += "</tr></thead><tbody>";
        for row in &self.rows {
            let name = linked(&row.name, row.href.as_deref());
            let _ = write!(
                html,
                "<tr><th scope=\"row\">{name}</th><td class=\"barcell\">{}</td>",
                scale.bar(row)
            );
            self.push_cells(&mut html, row);
            html += "</tr>";
        }
        html += "</tbody>";
        if let Some(total) = &self.total {
            let name = linked(&total.name, total.href.as_deref());
            let _ = write!(html, "<tfoot><tr><th scope=\"row\" colspan=\"2\">{name}</th>");
            self.push_cells(&mut html, total);
            html += "</tr></tfoot>";
        }
        html += "</table>";
        Drawing { html, summary, table, ..Drawing::default() }
    }

    fn push_cells(&self, html: &mut String, row: &BarRow) {
        for (index, column) in self.columns.iter().enumerate() {
            let cell = row.cells.get(index).map(BarCell::html).unwrap_or_default();
            let _ = write!(html, "<td class=\"r{}\">{cell}</td>", column.hide.class());
        }
    }

    fn table(&self) -> Table {
        let headers = std::iter::once(&self.name).chain(self.columns.iter().map(|column| &column.title));
        let row = |row: &BarRow| {
            let cells =
                (0..self.columns.len()).map(|i| row.cells.get(i).map(BarCell::spelled).unwrap_or_default());
            std::iter::once(row.name.clone()).chain(cells).collect()
        };
        Table {
            caption: self.title.clone(),
            headers: headers.cloned().collect(),
            rows: self.rows.iter().chain(&self.total).map(row).collect(),
        }
    }

    fn summary(&self, text: &Text) -> String {
        let valued: Vec<(&BarRow, f64)> =
            self.rows.iter().filter_map(|row| Some((row, row.value.and_then(drawable)?))).collect();
        let top = valued.iter().reduce(|a, b| if b.1 > a.1 { b } else { a });
        let bottom = valued.iter().reduce(|a, b| if b.1 < a.1 { b } else { a });
        let (Some((top, _)), Some((bottom, _))) = (top, bottom) else {
            return format!("{}: {}.", self.title, lower_first(text.words.empty));
        };
        let shown = |row: &BarRow| row.cells.first().map(|cell| cell.text().to_owned()).unwrap_or_default();
        let values = [
            ("title", self.title.as_str()),
            ("count", &self.rows.len().to_string()),
            ("top", &top.name),
            ("top_value", &shown(top)),
            ("bottom", &bottom.name),
            ("bottom_value", &shown(bottom)),
        ];
        stopped(fill(text.words.ranking, &values))
    }
}

/// Where zero and every value lie on the shared scale, in shares of the cell.
pub(crate) struct Scale {
    low: f64,
    high: f64,
}

impl Scale {
    pub(crate) fn over(values: impl Iterator<Item = f64>) -> Scale {
        let (low, high) =
            values.filter_map(drawable).fold((0.0_f64, 0.0_f64), |(l, h), v| (l.min(v), h.max(v)));
        if low < high { Scale { low, high } } else { Scale { low: 0.0, high: 1.0 } }
    }

    pub(crate) fn share(&self, value: f64) -> f64 {
        let share = (value / 2.0 - self.low / 2.0) / (self.high / 2.0 - self.low / 2.0);
        if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 }
    }

    fn bar(&self, row: &BarRow) -> String {
        let Some(value) = row.value.and_then(drawable) else { return String::new() };
        let percent = |share: f64| num(share * 100.0);
        let (mut class, mut style) = ("bar".to_owned(), format!("--v:{}%", percent(self.share(value))));
        if self.low < 0.0 {
            let (zero, end) = (self.share(0.0), self.share(value));
            class += if value < 0.0 { " both neg" } else { " both" };
            style = format!(
                "--a:{}%;--b:{}%;--z:{}%",
                percent(zero.min(end)),
                percent((end - zero).abs()),
                percent(zero)
            );
        }
        if let Some(reference) = row.reference.and_then(drawable) {
            class += " ref";
            let _ = write!(style, ";--e:{}%", percent(self.share(reference)));
        }
        format!("<span class=\"{class}\" style=\"{style}\"></span>")
    }
}
