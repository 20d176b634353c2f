//! What can be asked of a slice: one scan of the plan of a `MetricQuery`, in plain words.
//!
//! Knows no metrics: ratios and derived metrics are put together from values by whoever asks, as from the columns of a scan of the lake.
//! Invariant: each part means what the SQL of the same scan means, nulls included.

use chrono::NaiveDate;
use kpi::{FilterOp, Grain, Period};

/// Values by members and time. Only groups with rows are answered, but one without members and time always is.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// Dimensions to group by.
    pub by: Vec<String>,
    pub time: Time,
    /// Rows that count at all.
    pub filters: Vec<Filter>,
    pub values: Vec<Value>,
}

/// How rows are grouped by a column of days. Rows without a day are in no group but `Whole`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Time {
    /// Not at all.
    Whole,
    /// By bucket; weeks start on Monday.
    Grain { column: String, grain: Grain },
    /// By day of the week.
    Weekday { column: String },
    /// By the number of the span that a day falls into. Spans may overlap, as those of cumulative metrics do; neither their first nor their
    /// last days may go back.
    Spans { column: String, spans: Vec<Period>, days: Days },
}

/// Which days of a span count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Days {
    All,
    /// Stocks: the last day up to the span's end on which the slice has rows, even before its start.
    Last,
    /// Stocks: the first day within the span on which the slice has rows.
    First,
    /// Stocks that are written when they change: for each id of an entity, its own last day up to the span's end.
    LastOf(String),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Value {
    pub function: Function,
    /// Rows that count for this value.
    pub filters: Vec<Filter>,
}

/// How rows become a value. Each takes the name of a column; nulls count for none but `Rows`.
#[derive(Debug, Clone, PartialEq)]
pub enum Function {
    /// `Cell::Int`.
    Rows,
    /// Of days, entities or measures: `Cell::Int`.
    Count(String),
    /// Of days or entities: `Cell::Int`.
    CountDistinct(String),
    /// Exact, in the measure's scale; null without values.
    Sum(String),
    /// The exact sum over the count, as a float; null without values.
    Average(String),
    /// In the measure's scale; null without values.
    Min(String),
    Max(String),
    /// SQL's `percentile_cont`, or `percentile_disc` when `discrete`, as a float; null without values. `share` is from 0 to 1.
    Percentile {
        of: String,
        share: f64,
        discrete: bool,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    pub column: String,
    pub test: Test,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// One of these members, or days as text; the empty text stands for no value. Of dimensions and days.
    In(Vec<String>),
    /// None of these, as `In`.
    NotIn(Vec<String>),
    /// A day from the first to the last of these; an open end is no end.
    Between {
        from: Option<NaiveDate>,
        to: Option<NaiveDate>,
    },
    Null,
    NotNull,
}

impl From<&kpi::Filter> for Filter {
    fn from(filter: &kpi::Filter) -> Filter {
        let values = filter.values.clone();
        let test = match filter.op {
            FilterOp::In => Test::In(values),
            FilterOp::NotIn => Test::NotIn(values),
        };
        Filter { column: filter.dimension.clone(), test }
    }
}

impl Filter {
    /// The days of a period.
    pub fn within(column: &str, period: Period) -> Filter {
        let test = Test::Between { from: Some(period.from()), to: Some(period.to()) };
        Filter { column: column.to_owned(), test }
    }
}

impl From<Function> for Value {
    fn from(function: Function) -> Value {
        Value { function, filters: Vec::new() }
    }
}

impl Function {
    /// The column that it takes.
    pub(crate) fn of(&self) -> Option<&str> {
        match self {
            Function::Rows => None,
            Function::Count(of)
            | Function::CountDistinct(of)
            | Function::Sum(of)
            | Function::Average(of)
            | Function::Min(of)
            | Function::Max(of)
            | Function::Percentile { of, .. } => Some(of),
        }
    }
}
