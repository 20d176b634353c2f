//! Semantic models and metrics as their authors mean them: shapes read, defaults filled, small texts (windows, references) understood.
//!
//! Does not look at tables or resolve names between files (`catalogue`). Invariant: whatever is wrong is said with file and line.

mod meta;
mod reading;
mod shapes;

use crate::DefinitionError;
use kpi::definition::{Hierarchy, Label, MetricKind, PaceKind};
use kpi::target::{Target, Thresholds};
use kpi::{Direction, Format, Grain};
use plan::{Expression, Offset, PeriodAggregation, Reach, Span};
pub(crate) use reading::parse;
pub use shapes::{Aggregation, Calculation, DimensionKind, EntityKind, NonAdditive};

/// One YAML file of a pack that may hold semantic models and metrics.
#[derive(Debug, Clone)]
pub struct MetricsFile {
    pub pack: String,
    /// Shown in errors.
    pub path: String,
    pub text: String,
}

/// Where a definition stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub path: String,
    pub line: u64,
}

impl Place {
    pub(crate) fn error(&self, message: impl Into<String>) -> DefinitionError {
        DefinitionError::Meaning { path: self.path.clone(), line: self.line, message: message.into() }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Model {
    pub place: Place,
    pub name: String,
    /// The name within `ref('…')`.
    pub reference: String,
    /// The time dimension of measures that name none.
    pub time: Option<String>,
    pub entities: Vec<Entity>,
    pub dimensions: Vec<Dimension>,
    pub measures: Vec<Measure>,
}

#[derive(Debug, Clone)]
pub(crate) struct Entity {
    pub place: Place,
    pub name: String,
    pub kind: EntityKind,
    pub expression: String,
}

#[derive(Debug, Clone)]
pub(crate) struct Dimension {
    pub place: Place,
    pub name: String,
    pub kind: DimensionKind,
    pub expression: String,
    pub label: Option<Label>,
    pub prominent: bool,
    /// Time dimensions only: the finest grain.
    pub grain: Grain,
}

#[derive(Debug, Clone)]
pub(crate) struct Measure {
    pub place: Place,
    pub name: String,
    pub aggregation: Aggregation,
    pub expression: String,
    /// Percentile and median.
    pub percentile: f64,
    pub discrete: bool,
    pub time: Option<String>,
    pub non_additive: Option<NonAdditive>,
}

#[derive(Debug, Clone)]
pub(crate) struct Metric {
    pub place: Place,
    pub pack: String,
    pub name: String,
    pub kind: MetricKind,
    pub formula: Formula,
    /// Jinja conditions; all hold.
    pub filters: Vec<String>,
    pub about: About,
}

/// What a metric is computed from.
#[derive(Debug, Clone)]
pub(crate) enum Formula {
    Simple(MeasureUse),
    Ratio { numerator: MetricUse, denominator: MetricUse },
    Derived { expression: Expression, text: String, inputs: Vec<MetricUse> },
    Cumulative { measure: MeasureUse, reach: Reach, period: Option<PeriodAggregation> },
    Conversion(Box<Conversion>),
}

#[derive(Debug, Clone)]
pub(crate) struct Conversion {
    pub entity: String,
    pub calculation: Calculation,
    pub base: MeasureUse,
    pub converted: MeasureUse,
    /// `None`: whenever it happens.
    pub window: Option<Span>,
    /// Base dimension and conversion dimension that must be equal.
    pub constant: Vec<(String, String)>,
}

#[derive(Debug, Clone)]
pub(crate) struct MeasureUse {
    pub name: String,
    pub filters: Vec<String>,
    pub fill_nulls_with: Option<f64>,
}

#[derive(Debug, Clone)]
pub(crate) struct MetricUse {
    pub name: String,
    /// How the expression calls it.
    pub alias: String,
    pub filters: Vec<String>,
    pub offset: Option<Offset>,
}

/// What people read about a metric.
#[derive(Debug, Clone, Default)]
pub(crate) struct About {
    pub label: Label,
    pub description: Label,
    pub formula: Label,
    pub time_note: Label,
    pub direction: Direction,
    pub format: Option<Format>,
    pub unit: Option<String>,
    pub owner: Option<String>,
    pub steward: Option<String>,
    pub classification: Option<&'static str>,
    pub hierarchies: Vec<Hierarchy>,
    pub dimensions: Option<Vec<String>>,
    pub target: Option<Target>,
    pub thresholds: Option<Thresholds>,
    pub pace: Option<PaceKind>,
    pub grain: Option<Grain>,
    pub is_kpi: bool,
}

#[cfg(test)]
#[path = "semantic/tests.rs"]
mod tests;
