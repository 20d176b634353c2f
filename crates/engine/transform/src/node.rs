//! Models, seeds, snapshots and sources, with their settings understood.
//!
//! Does not read files (`load`). Invariant: a setting that is wrong is an error here, before anything is built.

mod settings;

use std::collections::BTreeMap;

use lake::TableName;
use serde::Serialize;
use serde_json::{Map, Value as Json};

use crate::errors::Place;
pub(crate) use settings::{Reader, Settings, texts};

pub use crate::schema_yml::{Age, AgeUnit, Column, Freshness};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum NodeKind {
    Model,
    Seed,
    Snapshot,
}

impl NodeKind {
    /// `model`, `seed` or `snapshot`, as unique ids begin.
    pub fn word(self) -> &'static str {
        match self {
            NodeKind::Model => "model",
            NodeKind::Seed => "seed",
            NodeKind::Snapshot => "snapshot",
        }
    }
}

/// What becomes of a node's rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "materialized", rename_all = "lowercase")]
pub enum Materialized {
    /// Also what `ephemeral` becomes: DataFusion inlines views.
    View,
    Table,
    Incremental(Incremental),
    Snapshot(Snapshot),
    Seed(Seed),
}

impl Materialized {
    pub fn word(&self) -> &'static str {
        match self {
            Materialized::View => "view",
            Materialized::Table => "table",
            Materialized::Incremental(_) => "incremental",
            Materialized::Snapshot(_) => "snapshot",
            Materialized::Seed(_) => "seed",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Incremental {
    /// Empty: rows are appended.
    pub unique_key: Vec<String>,
    pub strategy: IncrementalStrategy,
    pub on_schema_change: OnSchemaChange,
    /// `full_refresh:` of the model, which wins over the run's.
    pub full_refresh: Option<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum IncrementalStrategy {
    Append,
    /// Rows whose key comes again are replaced. `merge` and `delete+insert` of dbt mean the same here.
    Merge,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OnSchemaChange {
    Ignore,
    Fail,
    AppendNewColumns,
    SyncAllColumns,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Snapshot {
    pub unique_key: Vec<String>,
    pub strategy: SnapshotStrategy,
    pub hard_deletes: HardDeletes,
    /// SQL for `dbt_valid_to` of the rows that hold now; null if absent.
    pub valid_to_current: Option<String>,
    /// `dbt_valid_from` → the author's name for it.
    pub meta_columns: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SnapshotStrategy {
    Timestamp {
        updated_at: String,
    },
    /// `columns` empty: all of them.
    Check {
        columns: Vec<String>,
        updated_at: Option<String>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HardDeletes {
    Ignore,
    Invalidate,
    NewRecord,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Seed {
    pub column_types: BTreeMap<String, String>,
    pub delimiter: char,
}

/// A model, seed or snapshot.
#[derive(Debug, Clone)]
pub struct Node {
    /// `model.shop.stg_deals`
    pub id: String,
    pub kind: NodeKind,
    pub name: String,
    pub package: String,
    /// Path in the project; with `line` where the node begins.
    pub file: String,
    pub line: usize,
    /// Package, folders, name: what `path.to.name` selectors and the config tree match.
    pub fqn: Vec<String>,
    pub relation: TableName,
    pub materialized: Materialized,
    pub tags: Vec<String>,
    pub meta: Map<String, Json>,
    pub description: String,
    pub columns: Vec<Column>,
    /// Every setting, as the project file, property files and `config()` left it.
    pub settings: Map<String, Json>,
    /// Unique ids of the nodes and sources that it reads.
    pub depends_on: Vec<String>,
    /// As its author wrote it: SQL with Jinja, or CSV.
    pub raw_code: String,
    /// SHA-256 of `raw_code`, in hex.
    pub checksum: String,
    /// Name of its template in the engine.
    pub(crate) template: String,
    /// Property file that describes it.
    pub patch: Option<Place>,
}

impl Node {
    pub(crate) fn place(&self) -> Place {
        Place::file(self.file.clone())
    }
}

/// One table of a source.
#[derive(Debug, Clone, Serialize)]
pub struct Source {
    /// `source.shop.crm.deals`
    pub id: String,
    pub source: String,
    pub table: String,
    pub package: String,
    pub relation: TableName,
    pub description: String,
    pub source_description: String,
    pub loaded_at_field: Option<String>,
    pub loaded_at_query: Option<String>,
    pub freshness: Option<Freshness>,
    pub columns: Vec<Column>,
    pub tags: Vec<String>,
    pub meta: Map<String, Json>,
    pub place: Place,
}

/// A use of models outside the project.
#[derive(Debug, Clone, Serialize)]
pub struct Exposure {
    pub id: String,
    pub name: String,
    pub package: String,
    pub depends_on: Vec<String>,
    /// The whole entry of the property file.
    pub raw: Json,
    pub place: Place,
}
