//! Metrics: what exists, what they are, and the one door through which every figure is asked for.

use crate::{Failure, Principal};
use async_trait::async_trait;
use kpi::{Dimension, Frame, MetricDefinition, MetricQuery};
use serde::{Deserialize, Serialize};

/// All that can be asked for, with the edition that it belongs to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Catalogue {
    pub metrics: Vec<MetricDefinition>,
    pub dimensions: Vec<Dimension>,
}

impl Catalogue {
    pub fn metric(&self, name: &str) -> Option<&MetricDefinition> {
        self.metrics.iter().find(|metric| metric.name == name)
    }

    pub fn dimension(&self, name: &str) -> Option<&Dimension> {
        self.dimensions.iter().find(|dimension| dimension.name == name)
    }
}

/// "De onde veio este número?"
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Origin {
    pub metric: String,
    /// Tables from source to mart, in the order in which data flows.
    pub tables: Vec<OriginTable>,
    pub checks: Vec<CheckResult>,
    pub edition: u64,
    /// RFC 3339, UTC.
    pub published_at: String,
    /// RFC 3339, UTC; when the definition last changed, or first appeared.
    pub changed_at: Option<String>,
    pub hash: String,
    /// The SQL-like expression of each input, as defined in the pack.
    pub expressions: Vec<(String, String)>,
    /// Ids of the boards that show it.
    pub used_on: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OriginTable {
    /// `raw.sap__oinv`, `staging.stg_invoices`, `marts.fct_sales`.
    pub name: String,
    pub layer: Layer,
    pub description: String,
    pub checks: u32,
    /// Tables that it is made from.
    pub parents: Vec<String>,
    /// Raw tables: when data last arrived; RFC 3339, UTC.
    pub loaded_at: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    Raw,
    Staging,
    Marts,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckResult {
    pub name: String,
    pub table: String,
    pub column: Option<String>,
    pub status: CheckStatus,
    pub failures: u64,
    /// RFC 3339, UTC.
    pub at: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckStatus {
    Pass,
    Warn,
    Fail,
    Error,
    Skipped,
}

#[async_trait]
pub trait Metrics: Send + Sync {
    async fn catalogue(&self, principal: &Principal) -> Result<Catalogue, Failure>;

    /// Answers every query, in order, from one edition.
    async fn ask(
        &self,
        principal: &Principal,
        queries: &[MetricQuery],
    ) -> Result<Vec<Result<Frame, Failure>>, Failure>;

    /// The members of a dimension that have data, most frequent first.
    async fn members(&self, principal: &Principal, dimension: &str) -> Result<Vec<String>, Failure>;

    async fn origin(&self, principal: &Principal, metric: &str) -> Result<Origin, Failure>;
}
