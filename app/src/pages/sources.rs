//! The pages of sources: the list, one of them, its form. Only the server makes what stands on them (`stills`).
//!
//! Invariant: they are there before anything has been published, because they are where that begins.

use crate::calls::{self, CallFailure, Called};
use crate::components::frame::{self, Framed, Place};
use crate::components::{Env, states};
use crate::routes;
use crate::session::{Session, SessionResource};
use contract::failure::FailureKind;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

/// What stands on a page: parts, each with the address that tells it anew, or without.
pub(super) type Parts = Vec<(String, Option<String>)>;

#[component]
pub fn SourcesPage() -> impl IntoView {
    let parts = Resource::new(
        || (),
        |()| async { Ok(vec![(calls::sources::list().await?, Some(routes::SOURCES_LIVE.to_owned()))]) },
    );
    page(parts, Place::Sources, routes::SOURCES.to_owned())
}

#[component]
pub fn NewSourcePage() -> impl IntoView {
    let kind = use_params_map().with_untracked(|params| params.get("kind"));
    let here = kind.as_deref().map_or_else(|| routes::NEW_SOURCE.to_owned(), routes::new_source);
    let parts = Resource::new(
        || (),
        move |()| {
            let kind = kind.clone();
            async { Ok(vec![(calls::sources::new(kind).await?, None)]) }
        },
    );
    page(parts, Place::Sources, here)
}

#[component]
pub fn SourcePage() -> impl IntoView {
    let name = named();
    let here = routes::source(&name);
    let parts = Resource::new(
        || (),
        move |()| {
            let name = name.clone();
            async move {
                let live = routes::source_live(&name);
                let (standing, rest) = calls::sources::show(name).await?;
                Ok(vec![(standing, Some(live)), (rest, None)])
            }
        },
    );
    page(parts, Place::Sources, here)
}

#[component]
pub fn SettingsPage() -> impl IntoView {
    let name = named();
    let here = routes::source_settings(&name);
    let parts = Resource::new(
        || (),
        move |()| {
            let name = name.clone();
            async { Ok(vec![(calls::sources::settings(name).await?, None)]) }
        },
    );
    page(parts, Place::Sources, here)
}

pub(super) fn named() -> String {
    use_params_map().with_untracked(|params| params.get("name")).unwrap_or_default()
}

pub(super) fn page(parts: Resource<Called<Parts>>, place: Place, here: String) -> impl IntoView {
    let env = Env::new();
    let session = expect_context::<SessionResource>();
    view! {
        <Transition fallback=move || states::loading_page(env.texts)>
            {move || {
                let (place, here) = (place.clone(), here.clone());
                Suspend::new(async move {
                    let (session, parts) = (session.await, parts.await);
                    match (session, parts) {
                        (Ok(session), Ok(parts)) => framed(&session, (place, here), parts, env),
                        // Nothing is published yet: this is where a workspace begins.
                        (Err(CallFailure(failure)), Ok(parts)) if failure.kind == FailureKind::NothingPublished => alone(&place, parts, env),
                        (_, Err(CallFailure(failure))) | (Err(CallFailure(failure)), _) => states::failed_page(&failure, here, env.texts),
                    }
                })
            }}
        </Transition>
    }
}

fn titled(place: &Place, env: Env) -> (&'static str, &'static str) {
    match place {
        Place::People => (env.texts.people, routes::PEOPLE),
        Place::Account => (env.texts.my_account, routes::ACCOUNT),
        Place::Start => (env.texts.start_here, routes::START),
        _ => (env.texts.data, routes::SOURCES),
    }
}

fn framed(session: &Session, (place, here): (Place, String), parts: Parts, env: Env) -> AnyView {
    let (title, _) = titled(&place, env);
    let framed = Framed { place, title: title.to_owned(), here, filters: None, content: content(parts) };
    frame::frame(session, framed, env)
}

/// Without the frame, which tells of an edition.
fn alone(place: &Place, parts: Parts, env: Env) -> AnyView {
    let (title, address) = titled(place, env);
    view! {
        <main class="main whole" id="conteudo">
            <header class="topbar">
                <h1><a href=address rel="external">{title}</a></h1>
                <a class="btn quiet" href=routes::SOURCES rel="external">{env.texts.data}</a>
                <a class="btn quiet" href=routes::ACCOUNT rel="external">{env.texts.my_account}</a>
            </header>
            <div class="page">{content(parts)}</div>
        </main>
        {frame::sign_out_form()}
    }
    .into_any()
}

fn content(parts: Parts) -> AnyView {
    let parts: Vec<AnyView> = parts
        .into_iter()
        .map(|(html, live)| view! { <div class="part" data-live=live inner_html=html></div> }.into_any())
        .collect();
    view! {
        {parts}
        <script src="/live.js" defer></script>
        <script src="/upload.js" defer></script>
    }
    .into_any()
}
