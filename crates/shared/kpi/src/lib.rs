//! The vocabulary and arithmetic of KPIs: what can be asked (`MetricQuery`), what comes back (`Frame`), and what it means.
//!
//! Knows no storage, no clock, no language and no screen: formatting is `locale`'s, computing from tables is `query`'s.
//! Invariant: the same input gives bit-identical output in native code and in WASM.
#![cfg_attr(test, expect(clippy::float_cmp, reason = "bit-identical output is what is promised"))]

pub mod calendar;
pub mod cell;
pub mod changes;
pub mod comparison;
pub mod contribution;
pub mod definition;
pub mod format;
pub mod frame;
pub mod grain;
pub mod metric_query;
pub mod period;
pub mod steps;
pub mod target;

pub use calendar::Calendar;
pub use cell::Cell;
pub use definition::{Dimension, MetricDefinition};
pub use format::{Direction, Format};
pub use frame::{Column, Engine, Frame, Role};
pub use grain::Grain;
pub use metric_query::{Compare, Filter, FilterOp, MetricQuery, Order, OrderDirection};
pub use period::{Period, PeriodSpec};
