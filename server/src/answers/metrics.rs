//! Metrics: the catalogue, the answers, and where they come from.

use crate::reader::{OpenEdition, Reader, internal};
use async_trait::async_trait;
use contract::failure::FailureKind;
use contract::metrics::{Catalogue, CheckResult, Layer, Origin, OriginTable};
use contract::{Failure, Principal};
use kpi::{Frame, MetricQuery};
use metastore::runs::rfc3339;
use std::collections::BTreeMap;
use std::sync::Arc;

pub struct Metrics {
    pub reader: Arc<Reader>,
}

#[async_trait]
impl contract::metrics::Metrics for Metrics {
    async fn catalogue(&self, _: &Principal) -> Result<Catalogue, Failure> {
        let edition = self.reader.current().await?;
        Ok(Catalogue {
            metrics: edition.catalogue.metrics().to_vec(),
            dimensions: edition.catalogue.dimensions().to_vec(),
        })
    }

    async fn ask(
        &self,
        principal: &Principal,
        queries: &[MetricQuery],
    ) -> Result<Vec<Result<Frame, Failure>>, Failure> {
        self.reader.ask(principal, queries).await
    }

    async fn members(&self, principal: &Principal, dimension: &str) -> Result<Vec<String>, Failure> {
        self.reader.members(principal, dimension).await
    }

    async fn origin(&self, _: &Principal, metric: &str) -> Result<Origin, Failure> {
        let edition = self.reader.current().await?;
        let Some(definition) = edition.catalogue.metric(metric) else {
            return Err(Failure::new(
                FailureKind::NotFound,
                format!("there is no metric `{metric}`; see the catalogue"),
            ));
        };
        let metastore = self.reader.metastore();
        let roots: Vec<String> =
            edition.catalogue.tables_of(metric).iter().map(ToString::to_string).collect();
        let loaded = self.loaded().await?;
        let tables = tables(&edition, &roots, &loaded);
        let checks = metastore.check_results(&edition.row.run).await.map_err(|error| internal(&error))?;
        let since =
            metastore.definition_since(metric, &definition.hash).await.map_err(|error| internal(&error))?;
        Ok(Origin {
            metric: metric.to_owned(),
            checks: checks.into_iter().filter(|check| is_of(check, &tables)).collect(),
            tables,
            edition: edition.number,
            published_at: edition.row.published_rfc3339(),
            changed_at: since.map(rfc3339),
            hash: definition.hash.clone(),
            expressions: edition.catalogue.expressions_of(metric),
            used_on: used_on(&edition, metric),
        })
    }
}

impl Metrics {
    /// Raw table → when rows last arrived.
    async fn loaded(&self) -> Result<BTreeMap<String, String>, Failure> {
        let metastore = self.reader.metastore();
        let mut loaded = BTreeMap::new();
        for source in metastore.sources().await.map_err(|error| internal(&error))? {
            let streams = metastore.stream_states(&source.name).await.map_err(|error| internal(&error))?;
            for (stream, state) in streams {
                let table = format!("{}.{}", pipeline::RAW, connect::stream_table(&source.name, &stream));
                loaded.insert(table, rfc3339(state.loaded_at));
            }
        }
        Ok(loaded)
    }
}

fn tables(edition: &OpenEdition, roots: &[String], loaded: &BTreeMap<String, String>) -> Vec<OriginTable> {
    edition
        .bundle
        .upstream(roots)
        .into_iter()
        .map(|node| OriginTable {
            name: node.relation.clone(),
            layer: node.layer,
            description: node.description.clone(),
            checks: node.checks,
            parents: node.parents.clone(),
            loaded_at: if node.layer == Layer::Raw { loaded.get(&node.relation).cloned() } else { None },
        })
        .collect()
}

fn is_of(check: &CheckResult, tables: &[OriginTable]) -> bool {
    tables.iter().any(|table| table.name == check.table)
}

fn used_on(edition: &OpenEdition, metric: &str) -> Vec<String> {
    // A tile names metrics in several fields; its written form names them all.
    let quoted = format!("\"{metric}\"");
    edition
        .bundle
        .boards
        .iter()
        .filter(|board| serde_json::to_string(board).is_ok_and(|text| text.contains(&quoted)))
        .map(|board| board.id.clone())
        .collect()
}
