//! Metrics: what can be asked, the asking itself, and where a figure came from.
//!
//! Invariant: answers come in the order of the questions, each with its own success or failure.

use super::Called;
use contract::Failure;
use contract::metrics::{Catalogue, Origin};
use kpi::{Frame, MetricQuery};
use leptos::prelude::*;
use leptos::server;
use server_fn::codec::Json;

/// The answer to one question.
pub type Answer = Result<Frame, Failure>;

#[server(name = MetricCatalogue, prefix = "/_fn", endpoint = "metrics/catalogue", input = Json, output = Json)]
pub async fn catalogue() -> Called<Catalogue> {
    let (principal, metrics) = super::answerer::<dyn contract::metrics::Metrics>()?;
    Ok(metrics.catalogue(&principal).await?)
}

#[server(name = AskMetrics, prefix = "/_fn", endpoint = "metrics/ask", input = Json, output = Json)]
pub async fn ask(queries: Vec<MetricQuery>) -> Called<Vec<Answer>> {
    let (principal, metrics) = super::answerer::<dyn contract::metrics::Metrics>()?;
    Ok(metrics.ask(&principal, &queries).await?)
}

/// The members of each dimension, most frequent first; a dimension that cannot be listed has none.
#[server(name = DimensionMembers, prefix = "/_fn", endpoint = "metrics/members", input = Json, output = Json)]
pub async fn members(dimensions: Vec<String>) -> Called<Vec<Vec<String>>> {
    let (principal, metrics) = super::answerer::<dyn contract::metrics::Metrics>()?;
    let mut members = Vec::with_capacity(dimensions.len());
    for dimension in &dimensions {
        members.push(metrics.members(&principal, dimension).await.unwrap_or_default());
    }
    Ok(members)
}

#[server(name = MetricOrigin, prefix = "/_fn", endpoint = "metrics/origin", input = Json, output = Json)]
pub async fn origin(metric: String) -> Called<Origin> {
    let (principal, metrics) = super::answerer::<dyn contract::metrics::Metrics>()?;
    Ok(metrics.origin(&principal, &metric).await?)
}
