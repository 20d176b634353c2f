//! What a query answers: named, typed columns and rows of cells.
//!
//! Knows nothing of tables or screens. Invariant: every row has as many cells as there are columns.

use crate::{Cell, Format};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The name of the time column of a frame that was asked for by a grain: the first day of each bucket.
pub const TIME: &str = "metric_time";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A member of a dimension, or the first day of a time bucket.
    Dimension,
    /// A metric over the period.
    Value,
    /// The same metric over the comparison period; for `metric_time`, the bucket that the row is compared with.
    Comparison,
    /// Value − comparison. A ratio's delta is a difference of ratios.
    Delta,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// The metric or the dimension; columns of one metric differ by role.
    pub name: String,
    pub role: Role,
    /// `int`, `decimal`, `float`, `date`, `text` or `bool`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What one unit is, as in the metric's definition: `BRL`, `%`, `business_day`; empty for dimensions.
    pub unit: String,
    pub format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Engine {
    Slice,
    Rollup,
    Lake,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Wire")]
pub struct Frame {
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Cell>>,
    /// The edition that was read.
    pub edition: u64,
    /// The last day that the edition's data covers.
    pub as_of: NaiveDate,
    /// The period that was asked for, resolved to days.
    pub period: crate::Period,
    /// The comparison period, resolved to days, when one was asked for.
    pub comparison: Option<crate::Period>,
    /// First day of the bucket that is not complete yet, when the frame has one.
    pub partial_from: Option<NaiveDate>,
    /// Metric → hash of the definition that produced it.
    pub definition: BTreeMap<String, String>,
    pub engine: Engine,
    /// True when `limit` cut rows off.
    pub truncated: bool,
}

/// A frame as JSON has it: what a cell is, its column tells.
#[derive(Deserialize)]
struct Wire {
    columns: Vec<Column>,
    rows: Vec<Vec<serde_json::Value>>,
    edition: u64,
    as_of: NaiveDate,
    period: crate::Period,
    comparison: Option<crate::Period>,
    partial_from: Option<NaiveDate>,
    definition: BTreeMap<String, String>,
    engine: Engine,
    truncated: bool,
}

impl TryFrom<Wire> for Frame {
    type Error = String;

    fn try_from(wire: Wire) -> Result<Frame, String> {
        let row = |cells: &Vec<serde_json::Value>| {
            if cells.len() != wire.columns.len() {
                return Err(format!("a row has {} cells for {} columns", cells.len(), wire.columns.len()));
            }
            cells
                .iter()
                .zip(&wire.columns)
                .map(|(cell, column)| Cell::from_json(cell, &column.kind))
                .collect()
        };
        Ok(Frame {
            rows: wire.rows.iter().map(row).collect::<Result<_, String>>()?,
            columns: wire.columns,
            edition: wire.edition,
            as_of: wire.as_of,
            period: wire.period,
            comparison: wire.comparison,
            partial_from: wire.partial_from,
            definition: wire.definition,
            engine: wire.engine,
            truncated: wire.truncated,
        })
    }
}

impl Frame {
    pub fn index(&self, name: &str, role: Role) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name && column.role == role)
    }

    /// The cells of one column, top to bottom; empty when the frame has no such column.
    pub fn cells(&self, name: &str, role: Role) -> Vec<&Cell> {
        match self.index(name, role) {
            Some(index) => self.rows.iter().map(|row| &row[index]).collect(),
            None => Vec::new(),
        }
    }

    /// The only value of a frame that was asked for without dimensions and grain.
    pub fn single(&self, name: &str, role: Role) -> Option<&Cell> {
        match self.rows.as_slice() {
            [row] => self.index(name, role).map(|index| &row[index]),
            _ => None,
        }
    }
}
