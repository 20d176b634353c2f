//! The one question that every screen, command and API call asks: some metrics, by some dimensions, over a period.
//!
//! Does not know how it is answered (`query`, `slice`). Invariant: the JSON form is the one of the public API, and unknown
//! fields are refused, so that a misspelt filter never widens an answer silently.

use crate::{Grain, PeriodSpec};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricQuery {
    pub metrics: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grain: Option<Grain>,
    pub period: PeriodSpec,
    #[serde(default, rename = "where", skip_serializing_if = "Vec::is_empty")]
    pub filters: Vec<Filter>,
    #[serde(default, skip_serializing_if = "Compare::is_none")]
    pub compare: Compare,
    /// Compare with the same weekdays instead of the same dates: yesterday's Monday with last year's Monday.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub match_weekday: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub order: Vec<Order>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Answer from this edition instead of the current one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edition: Option<u64>,
}

impl MetricQuery {
    /// `metrics` in total over `period`.
    pub fn total<S: Into<String>>(metrics: impl IntoIterator<Item = S>, period: PeriodSpec) -> MetricQuery {
        MetricQuery {
            metrics: metrics.into_iter().map(Into::into).collect(),
            by: Vec::new(),
            grain: None,
            period,
            filters: Vec::new(),
            compare: Compare::None,
            match_weekday: false,
            order: Vec::new(),
            limit: None,
            edition: None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compare {
    #[default]
    None,
    /// The period of the same kind just before; a partial period is compared with as many elapsed business days.
    PreviousPeriod,
    SamePeriodLastYear,
}

impl Compare {
    pub fn is_none(&self) -> bool {
        *self == Compare::None
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    pub dimension: String,
    pub op: FilterOp,
    /// Members as text; the empty text stands for "no value".
    pub values: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FilterOp {
    In,
    NotIn,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// A metric, a dimension or `metric_time`; `metric.delta`, `metric.delta_percent` and `metric.comparison` sort by those.
    pub by: String,
    pub dir: OrderDirection,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderDirection {
    Asc,
    Desc,
}
