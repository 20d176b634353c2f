//! The principal: the name of who is here.
//!
//! Invariant: roles and attributes stay on the server.
#![expect(clippy::unused_async, reason = "server functions are async; this one has nothing to wait for")]

use super::{Called, Json};
#[cfg(feature = "ssr")]
use leptos::prelude::use_context;
use leptos::server;

#[server(name = PrincipalName, prefix = "/_fn", endpoint = "principal/name", input = Json, output = Json)]
pub async fn name() -> Called<String> {
    let principal = use_context::<contract::Principal>().ok_or_else(|| {
        contract::Failure::new(
            contract::failure::FailureKind::NotSignedIn,
            "nobody is signed in; open the sign-in link",
        )
    })?;
    Ok(principal.name)
}
