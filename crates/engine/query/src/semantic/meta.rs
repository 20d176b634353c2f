//! Mirante's own fields of metrics and dimensions: what stands under `config.meta.mirante`.
//!
//! Invariant: an unknown field here is a mistake and is refused, unlike the fields of dbt around it.

use kpi::definition::{Label, PaceKind};
use kpi::target::{Target, Thresholds};
use kpi::{Direction, Format, Grain};
use serde::Deserialize;

/// `config.meta.mirante` of a metric.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct MetricMeta {
    #[serde(default)]
    pub direction: Direction,
    #[serde(default)]
    pub format: Option<Format>,
    #[serde(default)]
    pub unit: Option<String>,
    #[serde(default)]
    pub owner: Option<String>,
    #[serde(default)]
    pub steward: Option<String>,
    #[serde(default)]
    pub classification: Option<Classification>,
    #[serde(default)]
    pub hierarchy: Option<Vec<String>>,
    #[serde(default)]
    pub hierarchies: Vec<HierarchyMeta>,
    #[serde(default)]
    pub dimensions: Option<Vec<String>>,
    #[serde(default)]
    pub target: Option<Target>,
    #[serde(default)]
    pub thresholds: Option<Thresholds>,
    #[serde(default)]
    pub pace: Option<PaceKind>,
    #[serde(default)]
    pub grain: Option<Grain>,
    #[serde(default)]
    pub kpi: bool,
    #[serde(default)]
    pub label_en: Option<String>,
    #[serde(default)]
    pub description_en: Option<String>,
    #[serde(default)]
    pub formula: Option<String>,
    #[serde(default)]
    pub formula_en: Option<String>,
    #[serde(default)]
    pub time_note: Option<String>,
    #[serde(default)]
    pub time_note_en: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Classification {
    Publico,
    Interno,
    Confidencial,
    Restrito,
}

impl Classification {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Classification::Publico => "publico",
            Classification::Interno => "interno",
            Classification::Confidencial => "confidencial",
            Classification::Restrito => "restrito",
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HierarchyMeta {
    pub name: String,
    #[serde(default)]
    pub root: Option<RootMeta>,
    pub levels: Vec<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum RootMeta {
    Text(String),
    Both { pt: String, en: Option<String> },
}

impl RootMeta {
    pub(super) fn into_label(self) -> Label {
        match self {
            RootMeta::Text(pt) => Label { pt, en: None },
            RootMeta::Both { pt, en } => Label { pt, en },
        }
    }
}

/// `config.meta.mirante` of a dimension.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct DimensionMeta {
    #[serde(default)]
    pub label: Option<String>,
    #[serde(default)]
    pub label_en: Option<String>,
    #[serde(default)]
    pub prominent: bool,
}
