//! Runs: what the pipeline did last.
//!
//! Invariant: asking starts nothing.

use super::{Called, Json};
use contract::runs::RunCard;
use leptos::server;

#[server(name = ListRuns, prefix = "/_fn", endpoint = "runs/list", input = Json, output = Json)]
pub async fn list(limit: u32) -> Called<Vec<RunCard>> {
    let (principal, runs) = super::answerer::<dyn contract::runs::Runs>()?;
    Ok(runs.list(&principal, limit).await?)
}
