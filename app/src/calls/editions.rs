//! Editions: what readers see at the moment.
//!
//! Invariant: today comes from here and from no clock of the browser.

use super::{Called, Json};
use contract::editions::Status;
use leptos::server;

#[server(name = EditionStatus, prefix = "/_fn", endpoint = "editions/status", input = Json, output = Json)]
pub async fn status() -> Called<Status> {
    let (principal, editions) = super::answerer::<dyn contract::editions::Editions>()?;
    Ok(editions.status(&principal).await?)
}
