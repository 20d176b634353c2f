//! The principal: who is here, as far as the frame around every page tells.
//!
//! Invariant: roles and attributes stay on the server.
#![expect(clippy::unused_async, reason = "server functions are async; this one has nothing to wait for")]

use super::{Called, Json};
#[cfg(feature = "ssr")]
use leptos::prelude::use_context;
use leptos::server;

/// The name that the person is greeted by, and whether they manage people.
#[server(name = PrincipalName, prefix = "/_fn", endpoint = "principal/name", input = Json, output = Json)]
pub async fn name() -> Called<(String, bool)> {
    let principal = use_context::<contract::Principal>().ok_or_else(|| {
        contract::Failure::new(
            contract::failure::FailureKind::NotSignedIn,
            "nobody is signed in; sign in at /entrar",
        )
    })?;
    let people = use_context::<std::sync::Arc<dyn contract::people::People>>();
    let manages_people = people.is_some_and(|people| people.manages_people(&principal));
    Ok((principal.name, manages_people))
}
