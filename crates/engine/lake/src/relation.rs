//! What a name means in one edition or run: a table at a version, or a view's SQL.
//!
//! Does not open anything (`session`). Invariant: a `Relations` alone decides what a query reads.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::TableName;

/// One relation: a Delta table at one version, or a view that is expanded when a query names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Relation {
    Table { version: u64 },
    View { sql: String },
}

/// Everything that an edition, or a run in progress, consists of.
pub type Relations = BTreeMap<TableName, Relation>;
