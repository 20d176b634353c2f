//! A metric as everyone but the engine sees it: what it means, how to show it, what it can be broken down by.
//!
//! How it is computed from tables stays in `query`. Invariant: `hash` changes when, and only when, the meaning does.

use crate::target::{Target, Thresholds};
use crate::{Direction, Format, Grain};
use serde::{Deserialize, Serialize};

/// A text in the product's languages; English falls back to Portuguese.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    pub pt: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub en: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MetricKind {
    Simple,
    Ratio,
    Derived,
    Cumulative,
    Conversion,
}

/// How values of a metric relate over time and members.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Additivity {
    /// Sums over members and over time: sales, counts of rows.
    Full,
    /// Sums over members, as-of over time: a balance such as MRR.
    Stock,
    /// Sums over nothing: ratios, medians, distinct counts.
    None,
}

/// What is expected of a metric within an unfinished period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaceKind {
    /// The target's share of elapsed business days: the target is a sum to reach by the period's end.
    Sum,
    /// The target itself, at any moment: ratios, balances, medians.
    #[default]
    Level,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricDefinition {
    /// The id, in English snake_case.
    pub name: String,
    pub label: Label,
    pub description: Label,
    pub kind: MetricKind,
    pub additivity: Additivity,
    /// Ratio only: the metrics above and below the line.
    pub numerator: Option<String>,
    pub denominator: Option<String>,
    /// The formula in the words of the definition, for people.
    pub formula: Label,
    pub format: Format,
    pub unit: String,
    pub direction: Direction,
    pub target: Option<Target>,
    pub thresholds: Option<Thresholds>,
    #[serde(default)]
    pub pace: PaceKind,
    /// Dimensions that it can be filtered and broken down by, in the author's order.
    pub dimensions: Vec<String>,
    /// Drill paths, coarse to fine: `["regiao", "uf", "cidade"]`.
    pub hierarchies: Vec<Hierarchy>,
    /// The finest grain that makes sense.
    pub grain: Grain,
    /// The days of what the time axis counts, when it is not obvious: "coortes com 90 dias".
    pub time_note: Label,
    pub owner: Option<String>,
    pub steward: Option<String>,
    /// `publico`, `interno`, `confidencial` or `restrito`.
    pub classification: Option<String>,
    /// True for the metrics that a company steers by; the others are building blocks.
    pub is_kpi: bool,
    /// Hexadecimal SHA-256 of the definition.
    pub hash: String,
    /// The pack that defines it.
    pub pack: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hierarchy {
    pub name: String,
    /// What the whole is called: "Brasil".
    pub root: Label,
    pub levels: Vec<String>,
}

/// Something to filter and break down by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dimension {
    pub name: String,
    pub label: Label,
    /// True for dimensions that filter bars offer first.
    pub prominent: bool,
}
