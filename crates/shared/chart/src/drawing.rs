//! What a chart gives back.
//!
//! Draws nothing. Invariant: whatever the picture says is also in the table, so nothing exists only in a tooltip.

use crate::markup::escape;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Drawing {
    /// The picture, well-formed as XML, to be inserted as it is.
    pub html: String,
    /// One sentence: shape, extremes, latest. Also the picture's `aria-label` or the table's caption.
    pub summary: String,
    /// The same data for "Ver como tabela".
    pub table: Table,
    /// One entry per x, left to right, for the crosshair and the keyboard; empty for kinds that are tables themselves.
    pub focus: Vec<Focus>,
    /// Where the plane lies in the picture, for a crosshair; only kinds with a plane have one.
    pub plot: Option<PlotBox>,
    /// True when there was nothing to draw and `html` only says so.
    pub empty: bool,
}

/// The plane: x spans the whole width of `.plot`, y runs from `top` to `bottom` px of `height`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlotBox {
    pub height: u32,
    pub top: u32,
    pub bottom: u32,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    pub caption: String,
    pub headers: Vec<String>,
    /// As many cells as headers; the first names the row.
    pub rows: Vec<Vec<String>>,
}

/// One x of a plot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Focus {
    /// Per cent of the plot's width.
    pub x: f64,
    /// The x in full: `novembro de 2026`.
    pub label: String,
    pub partial: bool,
    /// In the order of the spec's series.
    pub values: Vec<FocusValue>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FocusValue {
    pub series: String,
    pub text: String,
    /// Class of the key's swatch and of the dot: `s1`, `c3`, `ref`, `target`, `other`.
    pub class: String,
    /// Px from the top of the picture; nothing where the series has a gap.
    pub y: Option<f64>,
}

impl Table {
    /// `<table class="table">`, first column as row headers, the others right-aligned.
    pub fn html(&self) -> String {
        let mut out = String::from("<table class=\"table\"><caption class=\"vh\">");
        out += &escape(&self.caption);
        out += "</caption><thead><tr>";
        for (index, header) in self.headers.iter().enumerate() {
            out += if index == 0 { "<th>" } else { "<th class=\"r\">" };
            out += &escape(header);
            out += "</th>";
        }
        out += "</tr></thead><tbody>";
        for row in &self.rows {
            out += "<tr>";
            for (index, cell) in row.iter().enumerate() {
                let (open, close) =
                    if index == 0 { ("<th scope=\"row\">", "</th>") } else { ("<td class=\"r\">", "</td>") };
                out += open;
                out += &escape(cell);
                out += close;
            }
            out += "</tr>";
        }
        out + "</tbody></table>"
    }
}
