//! One pass over a fact: where its rows come from, how they are grouped, and which columns it has.
//!
//! Holds no SQL but the expressions of packs (`sql` writes the rest). Invariant: two scans that are equal here are equal questions.

use crate::semantic::WindowChoice;
use crate::spans::Spans;
use chrono::NaiveDate;
use kpi::{Grain, Period};
use std::collections::BTreeMap;

/// One pass over a fact.
#[derive(Debug)]
pub(crate) struct Scan {
    pub base: Base,
    /// SQL of the day that a row belongs to.
    pub time: String,
    pub needs: Needs,
    /// SQL of the members to group by, as text.
    pub keys: Vec<String>,
    /// The query's own filters.
    pub conditions: Vec<String>,
    pub grouping: Grouping,
    pub columns: Vec<Aggregate>,
}

/// Where the rows of a scan come from.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Base {
    Table(usize),
    /// Conversions, each beside the base event that it is credited to.
    Conversion(Box<ConversionBase>),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ConversionBase {
    pub table: usize,
    pub base: Side,
    pub conversion: Side,
    /// SQL of the conversion measure.
    pub value: String,
    /// SQL interval: `INTERVAL '7 day'`.
    pub window: Option<String>,
    /// SQL of base columns and conversion columns that must be equal.
    pub constant: Vec<(String, String)>,
}

/// One side of a conversion: events of an entity.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Side {
    pub table: usize,
    pub needs: Needs,
    /// SQL of the entity and of the day.
    pub entity: String,
    pub time: String,
    pub conditions: Vec<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Grouping {
    /// By bucket of a grain, or in total. Days before `floor` count in its bucket.
    Buckets { grain: Option<Grain>, floor: Option<NaiveDate> },
    /// By the number of the span that a row's day falls into; spans may overlap.
    Spans(Spans),
    /// As `Spans`, with only the last row of each group up to the span's end: SQL of the grouping columns.
    LastOf(Spans, Vec<String>),
    /// By day, on the days that stand for these spans.
    AsOf(Vec<(Period, WindowChoice)>),
}

/// One column of a scan.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Aggregate {
    pub function: Function,
    /// Only rows of these days.
    pub window: Option<Period>,
    /// Only rows of which these hold: the metric's own filters.
    pub conditions: Vec<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Function {
    Rows,
    Sum(String),
    Count(String),
    CountDistinct(String),
    Min(String),
    Max(String),
    Percentile { of: String, percentile: f64, discrete: bool },
}

/// Columns that SQL text refers to, and the joins that bring them.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Needs {
    /// Alias → expression over the fact's table.
    pub own: BTreeMap<String, String>,
    /// Path of entities → join; a path sorts after its own beginning.
    pub joins: BTreeMap<String, Join>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Join {
    /// Alias of the table joined to.
    pub parent: String,
    /// Alias of the key, on both sides.
    pub key: String,
    pub table: usize,
    /// Alias → expression.
    pub columns: BTreeMap<String, String>,
}

impl Needs {
    pub(super) fn merge(&mut self, other: &Needs) {
        self.own.extend(other.own.iter().map(|(alias, expression)| (alias.clone(), expression.clone())));
        for (path, join) in &other.joins {
            match self.joins.get_mut(path) {
                Some(known) => known.columns.extend(
                    join.columns.iter().map(|(alias, expression)| (alias.clone(), expression.clone())),
                ),
                None => {
                    self.joins.insert(path.clone(), join.clone());
                }
            }
        }
    }
}
