//! The pages of people, one's own account, and where a workspace begins. Only the server makes what stands on them (`stills`).
//!
//! Invariant: they are there before anything has been published.

use super::sources::page;
use crate::calls;
use crate::components::frame::Place;
use crate::routes;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

#[component]
pub fn PeoplePage() -> impl IntoView {
    let parts = Resource::new(|| (), |()| async { Ok(vec![(calls::people::list().await?, None)]) });
    page(parts, Place::People, routes::PEOPLE.to_owned())
}

#[component]
pub fn PersonPage() -> impl IntoView {
    let id = use_params_map().with_untracked(|params| params.get("id")).unwrap_or_default();
    let here = routes::person(&id);
    let parts = Resource::new(
        || (),
        move |()| {
            let id = id.clone();
            async { Ok(vec![(calls::people::show(id).await?, None)]) }
        },
    );
    page(parts, Place::People, here)
}

#[component]
pub fn AccountPage() -> impl IntoView {
    let parts = Resource::new(|| (), |()| async { Ok(vec![(calls::people::account().await?, None)]) });
    page(parts, Place::Account, routes::ACCOUNT.to_owned())
}

#[component]
pub fn StartPage() -> impl IntoView {
    let parts = Resource::new(|| (), |()| async { Ok(vec![(calls::people::start().await?, None)]) });
    page(parts, Place::Start, routes::START.to_owned())
}
