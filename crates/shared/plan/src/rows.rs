//! What a scan found: cells by member and place in time.
//!
//! Reads nothing. Invariant: a row has a member per key of its scan and a cell per aggregate.

use crate::WindowChoice;
use chrono::NaiveDate;
use kpi::{Cell, Period};

/// What a scan found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rows {
    pub rows: Vec<Row>,
    /// The zero of each column, in its own type.
    pub zeros: Vec<Cell>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Members; `None` is no value.
    pub key: Vec<Option<String>>,
    pub place: Place,
    pub cells: Vec<Cell>,
}

/// Where in time a row of a scan belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Whole,
    /// The first day of a bucket, or a day.
    Day(NaiveDate),
    /// The number of a span.
    Number(usize),
    /// The time was null.
    Nowhere,
}

/// The day that stands for a span: the last one up to its end, even before its start, or the first one within it. `days` are in order.
pub fn day_for(days: &[NaiveDate], span: Period, choice: WindowChoice) -> Option<NaiveDate> {
    match choice {
        WindowChoice::Max => {
            days.partition_point(|day| *day <= span.to()).checked_sub(1).map(|index| days[index])
        }
        WindowChoice::Min => {
            days.get(days.partition_point(|day| *day < span.from())).copied().filter(|day| *day <= span.to())
        }
    }
}
