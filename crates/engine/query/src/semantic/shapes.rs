//! The YAML of MetricFlow's legacy spec (dbt 1.6 to 1.12), as it is written.
//!
//! Keys of dbt that Mirante does not use are tolerated, because a pack is a dbt project. Does not check that names resolve (`catalogue`).
//! Invariant: nothing here has a default that changes a figure without MetricFlow having the same one.

#![expect(clippy::struct_field_names, reason = "the names are those of the format")]

use super::meta::{DimensionMeta, MetricMeta};
use plan::{PeriodAggregation, WindowChoice};
use serde::{Deserialize, Deserializer};
use serde_saphyr::Spanned;

#[derive(Deserialize)]
pub(super) struct Document {
    #[serde(default)]
    pub semantic_models: Option<Vec<Spanned<Model>>>,
    #[serde(default)]
    pub metrics: Option<Vec<Spanned<Metric>>>,
}

#[derive(Deserialize)]
pub(super) struct Model {
    pub name: String,
    pub model: String,
    #[serde(default)]
    pub defaults: Option<Defaults>,
    #[serde(default)]
    pub primary_entity: Option<String>,
    #[serde(default)]
    pub entities: Option<Vec<Spanned<Entity>>>,
    #[serde(default)]
    pub dimensions: Option<Vec<Spanned<Dimension>>>,
    #[serde(default)]
    pub measures: Option<Vec<Spanned<Measure>>>,
}

#[derive(Deserialize)]
pub(super) struct Defaults {
    #[serde(default)]
    pub agg_time_dimension: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Entity {
    pub name: String,
    #[serde(rename = "type")]
    pub kind: EntityKind,
    #[serde(default)]
    pub expr: Option<Scalar>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntityKind {
    Primary,
    Unique,
    Foreign,
    Natural,
}

#[derive(Deserialize)]
pub(super) struct Dimension {
    pub name: String,
    #[serde(rename = "type")]
    pub kind: DimensionKind,
    #[serde(default)]
    pub label: Option<String>,
    #[serde(default)]
    pub expr: Option<Scalar>,
    #[serde(default)]
    pub type_params: Option<DimensionParams>,
    #[serde(default)]
    pub config: Option<Config<DimensionMeta>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DimensionKind {
    Categorical,
    Time,
}

#[derive(Deserialize)]
pub(super) struct DimensionParams {
    #[serde(default)]
    pub time_granularity: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Measure {
    pub name: String,
    pub agg: Aggregation,
    #[serde(default)]
    pub expr: Option<Scalar>,
    #[serde(default)]
    pub label: Option<String>,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default)]
    pub agg_params: Option<AggregationParams>,
    #[serde(default)]
    pub agg_time_dimension: Option<String>,
    #[serde(default)]
    pub non_additive_dimension: Option<NonAdditive>,
    #[serde(default)]
    pub create_metric: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aggregation {
    Sum,
    Min,
    Max,
    Count,
    CountDistinct,
    SumBoolean,
    Average,
    Median,
    Percentile,
}

#[derive(Deserialize)]
pub(super) struct AggregationParams {
    #[serde(default)]
    pub percentile: Option<f64>,
    #[serde(default)]
    pub use_discrete_percentile: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
pub struct NonAdditive {
    /// The time dimension along which the measure must not be summed.
    pub name: String,
    #[serde(default)]
    pub window_choice: WindowChoice,
    /// Entities whose own last day counts, instead of the table's.
    #[serde(default)]
    pub window_groupings: Vec<String>,
}

#[derive(Deserialize)]
pub(super) struct Metric {
    pub name: String,
    #[serde(default)]
    pub label: Option<String>,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(rename = "type")]
    pub kind: kpi::definition::MetricKind,
    pub type_params: TypeParams,
    #[serde(default)]
    pub filter: Option<Filters>,
    #[serde(default)]
    pub config: Option<Config<MetricMeta>>,
}

#[derive(Deserialize, Default)]
pub(super) struct TypeParams {
    #[serde(default)]
    pub measure: Option<MeasureInput>,
    #[serde(default)]
    pub numerator: Option<MetricInput>,
    #[serde(default)]
    pub denominator: Option<MetricInput>,
    #[serde(default)]
    pub expr: Option<Scalar>,
    #[serde(default)]
    pub metrics: Option<Vec<MetricInput>>,
    #[serde(default)]
    pub window: Option<String>,
    #[serde(default)]
    pub grain_to_date: Option<String>,
    #[serde(default)]
    pub cumulative_type_params: Option<CumulativeParams>,
    #[serde(default)]
    pub conversion_type_params: Option<ConversionParams>,
}

#[derive(Deserialize, Default)]
pub(super) struct CumulativeParams {
    #[serde(default)]
    pub window: Option<String>,
    #[serde(default)]
    pub grain_to_date: Option<String>,
    #[serde(default)]
    pub period_agg: Option<PeriodAggregation>,
}

#[derive(Deserialize)]
pub(super) struct ConversionParams {
    pub entity: String,
    #[serde(default)]
    pub calculation: Calculation,
    pub base_measure: MeasureInput,
    pub conversion_measure: MeasureInput,
    #[serde(default)]
    pub window: Option<String>,
    #[serde(default)]
    pub constant_properties: Vec<ConstantProperty>,
}

#[derive(Deserialize)]
pub(super) struct ConstantProperty {
    pub base_property: String,
    pub conversion_property: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Calculation {
    Conversions,
    #[default]
    ConversionRate,
}

/// A measure by its name, or with a filter of its own.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum MeasureInput {
    Name(String),
    Full {
        name: String,
        #[serde(default)]
        filter: Option<Filters>,
        #[serde(default)]
        fill_nulls_with: Option<f64>,
    },
}

/// A metric by its name, or under another name, filtered or moved in time.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum MetricInput {
    Name(String),
    Full {
        name: String,
        #[serde(default)]
        alias: Option<String>,
        #[serde(default)]
        filter: Option<Filters>,
        #[serde(default)]
        offset_window: Option<String>,
        #[serde(default)]
        offset_to_grain: Option<String>,
    },
}

/// One Jinja condition, or several that all hold.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Filters {
    One(String),
    Many(Vec<String>),
}

impl Filters {
    pub(super) fn into_vec(self) -> Vec<String> {
        match self {
            Filters::One(filter) => vec![filter],
            Filters::Many(filters) => filters,
        }
    }
}

/// SQL that YAML may take for a number or a boolean: `expr: 1`.
#[derive(Debug, Clone)]
pub(super) struct Scalar(pub String);

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Scalar, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Any {
            Text(String),
            Int(i64),
            Float(f64),
            Bool(bool),
        }
        Ok(Scalar(match Any::deserialize(deserializer)? {
            Any::Text(text) => text,
            Any::Int(value) => value.to_string(),
            Any::Float(value) => value.to_string(),
            Any::Bool(value) => value.to_string(),
        }))
    }
}

#[derive(Deserialize)]
pub(super) struct Config<M> {
    #[serde(default = "Option::default")]
    pub meta: Option<Meta<M>>,
}

#[derive(Deserialize)]
pub(super) struct Meta<M> {
    #[serde(default = "Option::default")]
    pub mirante: Option<M>,
}
