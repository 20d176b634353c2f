//! The principal: who is here, as far as the frame around every page tells.
//!
//! Invariant: roles and attributes stay on the server.
#![expect(clippy::unused_async, reason = "server functions are async; this one has nothing to wait for")]

use super::{Called, Json};
use contract::people::Doors;
#[cfg(feature = "ssr")]
use leptos::prelude::use_context;
use leptos::server;

/// The name that the person is greeted by, and the doors that they find open.
#[server(name = PrincipalName, prefix = "/_fn", endpoint = "principal/name", input = Json, output = Json)]
pub async fn name() -> Called<(String, Doors)> {
    let principal = use_context::<contract::Principal>().ok_or_else(|| {
        contract::Failure::new(
            contract::failure::FailureKind::NotSignedIn,
            "nobody is signed in; sign in at /entrar",
        )
    })?;
    let people = use_context::<std::sync::Arc<dyn contract::people::People>>();
    let doors = people.map(|people| people.doors(&principal)).unwrap_or_default();
    Ok((principal.name, doors))
}
