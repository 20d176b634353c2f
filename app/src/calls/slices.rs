//! Slices: what can be asked of them, and which parts make the slice of a fact.
//!
//! The parts themselves are fetched by their names. Invariant: nothing here computes a figure (`local`).

use super::{Called, Json};
use contract::slices::Sliced;
use leptos::server;
use slice::Manifest;

#[server(name = SlicedEdition, prefix = "/_fn", endpoint = "slices/sliced", input = Json, output = Json)]
pub async fn sliced() -> Called<Sliced> {
    let (principal, slices) = super::answerer::<dyn contract::slices::Slices>()?;
    Ok(slices.sliced(&principal).await?)
}

#[server(name = SliceManifest, prefix = "/_fn", endpoint = "slices/manifest", input = Json, output = Json)]
pub async fn manifest(edition: u64, fact: usize) -> Called<Option<Manifest>> {
    let (principal, slices) = super::answerer::<dyn contract::slices::Slices>()?;
    Ok(slices.manifest(&principal, edition, fact).await?)
}
