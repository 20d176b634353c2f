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

use leptos::config::LeptosOptions;
use leptos::hydration::HydrationScripts;
use leptos::prelude::*;
use leptos_meta::{MetaTags, provide_meta_context};
use leptos_router::components::Router;
use preferences::Preferences;
use texts::Texts;

/// The document around the app. Only rendered on the server.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    let preferences = use_context::<Preferences>().unwrap_or_default();
    let styles = format!("/{}/mirante.css", options.site_pkg_dir);
    view! {
        <!DOCTYPE html>
        <html lang=preferences.lang.tag() data-theme=preferences.theme.attribute()>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover"/>
                <meta name="theme-color" content="#ffffff" media="(prefers-color-scheme: light)"/>
                <meta name="theme-color" content="#0c0f14" media="(prefers-color-scheme: dark)"/>
                <link rel="preload" href="/fonts/inter-latin-wght-normal.woff2" r#as="font" r#type="font/woff2" crossorigin="anonymous"/>
                <link rel="stylesheet" href=styles/>
                <link rel="icon" href="/icon.svg" r#type="image/svg+xml"/>
                <link rel="apple-touch-icon" href="/icon-192.png"/>
                <link rel="manifest" href="/manifest.webmanifest"/>
                <script src="/edition.js" r#type="module"></script>
                <HydrationScripts options defer=true/>
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}

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
