//! How a metric is meant to be shown and judged.
//!
//! Does not produce text (`locale`). Invariant: whether a change is good comes from `Direction`, never from its sign.

use serde::{Deserialize, Serialize};

/// The favourable direction of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    Up,
    Down,
    #[default]
    None,
}

/// What kind of number a metric is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Text and dates of dimensions.
    #[default]
    Text,
    /// A count.
    Integer,
    /// A number with up to this many decimals in a table.
    Number {
        decimals: u8,
    },
    /// Reais and cents.
    Money,
    /// A share; 0.246 is shown as 24,6 %. Its differences are percentage points.
    Percent,
    /// A factor: 3.4 is shown as 3,4×.
    Times,
    Minutes,
    Hours,
    Days,
    BusinessDays,
}
