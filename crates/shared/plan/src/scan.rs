//! One pass over a fact: how its rows are grouped, which of them count, and which columns it has.
//!
//! Says nothing of how it is read. Invariant: two scans that are equal here are equal questions.

use crate::spans::Spans;
use crate::{Function, WindowChoice, day_for};
use chrono::NaiveDate;
use kpi::{FilterOp, Grain, Period};
use std::collections::BTreeSet;

/// One pass over a fact. Numbers are those of the fact's columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Scan {
    pub fact: usize,
    /// The day that a row belongs to.
    pub time: usize,
    /// The members to group by.
    pub keys: Vec<usize>,
    /// The query's own filters.
    pub filters: Vec<Test>,
    pub grouping: Grouping,
    pub columns: Vec<Aggregate>,
    /// Joins are part of the identity: a fact that is joined to a table with a doubled key must not spoil metrics that need no join.
    pub joins: BTreeSet<String>,
}

/// Rows whose member is one of these, or none of them; the empty text stands for no value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Test {
    pub column: usize,
    pub negated: bool,
    pub members: Vec<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Grouping {
    /// By bucket of a grain, or in total. Days before `floor` may count in its bucket, because nobody tells them apart.
    Buckets { grain: Option<Grain>, floor: Option<NaiveDate> },
    /// By the number of the span that a row's day falls into; spans may overlap.
    Spans(Spans),
    /// As `Spans`, with only the last rows of each group up to the span's end: the columns that make a group.
    LastOf(Spans, Vec<usize>),
    /// By day, on the days that stand for these spans.
    AsOf(Vec<(Period, WindowChoice)>),
}

/// One column of a scan.
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregate {
    pub function: Function,
    /// Only rows of these days.
    pub window: Option<Period>,
    /// Only rows of which these hold: the metric's own filters.
    pub conditions: Vec<usize>,
}

impl Test {
    pub(crate) fn new(column: usize, filter: &kpi::Filter) -> Test {
        Test { column, negated: filter.op == FilterOp::NotIn, members: filter.values.clone() }
    }
}

impl Scan {
    /// Everything but the columns is the same.
    pub(crate) fn is_like(&self, other: &Scan) -> bool {
        let grouping = match (&self.grouping, &other.grouping) {
            (Grouping::AsOf(_), Grouping::AsOf(_)) => true,
            (a, b) => a == b,
        };
        grouping
            && self.fact == other.fact
            && self.time == other.time
            && self.keys == other.keys
            && self.filters == other.filters
            && self.joins == other.joins
    }

    /// The last day up to which a scan of stocks looks for days with rows; `None` for other scans.
    pub fn looks_up_to(&self) -> Option<NaiveDate> {
        let Grouping::AsOf(wanted) = &self.grouping else { return None };
        Some(wanted.iter().map(|(span, _)| span.to()).max().unwrap_or_default())
    }

    /// The days that a scan of stocks reads, of those on which its fact has rows, in order; empty for other scans.
    pub fn wanted_days(&self, days: &[NaiveDate]) -> Vec<NaiveDate> {
        let Grouping::AsOf(wanted) = &self.grouping else { return Vec::new() };
        let mut chosen: Vec<NaiveDate> =
            wanted.iter().filter_map(|(span, choice)| day_for(days, *span, *choice)).collect();
        chosen.sort_unstable();
        chosen.dedup();
        chosen
    }

    /// True when its rows have a place in time.
    pub fn is_placed(&self) -> bool {
        !matches!(self.grouping, Grouping::Buckets { grain: None, .. })
    }

    /// Every column that it reads, each once.
    pub fn reads(&self) -> BTreeSet<usize> {
        let groups = if let Grouping::LastOf(_, groups) = &self.grouping { groups.as_slice() } else { &[] };
        let of_values = self
            .columns
            .iter()
            .flat_map(|column| column.conditions.iter().copied().chain(column.function.of()));
        std::iter::once(self.time)
            .chain(self.keys.iter().copied())
            .chain(self.filters.iter().map(|test| test.column))
            .chain(groups.iter().copied())
            .chain(of_values)
            .collect()
    }
}
