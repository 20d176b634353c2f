//! Planning: from a `MetricQuery` to scans of facts, and from what the scans found to a `Frame`. The same code plans on the server and in
//! the browser.
//!
//! Knows no SQL, no table and no file: an expression is a column of a fact, by its number. Who reads the columns is another's business: the
//! lake by SQL (`query`), a slice by codes ([`sliced`]). Invariant: whoever reads, the figures are the same to the last bit.
//!
//! # From a question to an answer
//!
//! ```text
//! MetricQuery ─ resolve ─→ Question ─ Planner ─→ Planned + Scans ─ lake or slice ─→ Rows ─ assemble ─→ Frame
//!                 └────── Definitions ──────┘
//! ```

mod assemble;
mod definitions;
mod errors;
mod expression;
mod planner;
mod resolve;
mod rows;
mod scan;
pub mod sliced;
mod spans;

pub use assemble::frame;
pub use definitions::{
    Column, Definitions, Fact, Formula, Function, Input, Measure, Metric, Offset, PeriodAggregation, Reach,
    Span, Stock, WindowChoice,
};
pub use errors::{AskError, nearest};
pub use expression::Expression;
pub use planner::{Planned, Planner};
pub use resolve::Clock;
pub use rows::{Place, Row, Rows, day_for};
pub use scan::{Aggregate, Grouping, Scan, Test};
pub use spans::Spans;
