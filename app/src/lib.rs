//! The user interface: routes, pages and components, rendered on the server and hydrated in the browser from the same code.
//!
//! Knows no engine and no storage: figures come through `calls`, which take trait objects from context. Invariant: a page never
//! knows where an answer came from, and its whole state is its URL.
//!
//! # What the server provides
//!
//! Contexts, for rendering (`leptos_routes_with_context`) and for server functions (`/_fn/*`) alike:
//!
//! | context | when |
//! |---|---|
//! | [`preferences::Preferences`] | always: `Preferences::read(cookie, accept_language)` |
//! | [`contract::Principal`] | when somebody is signed in; without it every call answers `NotSignedIn` |
//! | `Arc<dyn contract::boards::Boards>` | always |
//! | `Arc<dyn contract::editions::Editions>` | always |
//! | `Arc<dyn contract::metrics::Metrics>` | always |
//! | `Arc<dyn contract::people::People>` | always |
//! | [`contract::people::SessionId`] | when somebody is signed in |
//! | `Arc<dyn contract::runs::Runs>` | always |
//! | `Arc<dyn contract::sources::Sources>` | always |
//! | [`stills::Posted`] | where a form was sent and is shown again |
//!
//! Besides: `GET /preferencias` answers 303 with what [`preferences::choose`] says, pages redirect to `/entrar` (`stills::entry`)
//! when nobody is signed in, and public files lie at the paths that [`shell`] names.

#![recursion_limit = "512"]

pub mod calls;
mod components;
#[cfg(feature = "hydrate")]
mod local;
pub mod page_state;
mod pages;
pub mod preferences;
pub mod questions;
pub mod routes;
pub mod session;
#[cfg(feature = "ssr")]
pub mod stills;
pub mod texts;
pub mod view_models;

use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use leptos_router::components::Router;
use preferences::Preferences;
#[cfg(feature = "ssr")]
pub use stills::shell;
use texts::Texts;

/// The app, the same on both sides.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    let preferences = preferences_in_force();
    provide_context(preferences);
    provide_context(Texts::of(preferences.lang));
    session::open();
    // The old page stays until the next one has its figures.
    let (routing, set_routing) = signal(false);
    provide_context(components::Routing(routing));
    Effect::new(|_| {
        window_event_listener(leptos::ev::click, |event| components::document::close_other_drops(&event));
        window_event_listener(leptos::ev::keydown, |event| {
            components::document::close_drops_on_escape(&event)
        });
    });
    view! {
        {components::icons::sprite()}
        <Router set_is_routing=set_routing>
            <routes::Pages/>
        </Router>
    }
}

/// From context on the server; in the browser from the document that the server sent, so that both agree.
fn preferences_in_force() -> Preferences {
    use_context::<Preferences>().unwrap_or_else(components::document::preferences)
}
