//! The pages of `app`, rendered here and hydrated in the browser, and the server functions that they call.
//!
//! Invariant: pages and server functions see the same contexts, and a `Principal` only when somebody is signed in.

use super::{build_id, headers, session};
use crate::house::House;
use app::preferences::{Preferences, choose};
use app::routes;
use app::stills::Posted;
use app::{App, shell};
use axum::Router;
use axum::body::Body;
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use contract::Principal;
use contract::failure::FailureKind;
use contract::people::SessionId;
use leptos::config::LeptosOptions;
use leptos::prelude::{provide_context, use_context};
use leptos_axum::ResponseOptions;
use policy::Role;
use std::sync::Arc;

/// Pages and server functions.
pub fn routes() -> Router<Arc<House>> {
    let mut router = Router::new();
    for route in leptos_axum::generate_route_list(App) {
        router = router.route(&axum_path(route.path()), get(page));
    }
    router.route("/_fn/{*name}", post(server_function))
}

/// Leptos writes `:id` and `*any`, axum `{id}` and `{*any}`.
fn axum_path(path: &str) -> String {
    let parts: Vec<String> = path
        .split('/')
        .map(|part| match (part.strip_prefix(':'), part.strip_prefix('*')) {
            (Some(name), _) => format!("{{{name}}}"),
            (_, Some(name)) => format!("{{*{name}}}"),
            _ => part.to_owned(),
        })
        .collect();
    let path = parts.join("/");
    if path.starts_with('/') { path } else { format!("/{path}") }
}

fn options() -> LeptosOptions {
    LeptosOptions::builder().output_name("mirante").site_pkg_dir(format!("pkg/{}", build_id())).build()
}

/// Language and theme of whoever asks: as they chose, else in the company's language, else in the browser's.
pub async fn preferences_of(house: &House, headers: &HeaderMap) -> Preferences {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let company = house.metastore.workspace().await.ok().and_then(|workspace| workspace.language);
    Preferences::read(text(header::COOKIE), company.as_deref().or(text(header::ACCEPT_LANGUAGE)))
}

/// Everything that a page may ask for.
fn provide(
    house: &Arc<House>,
    (principal, session): &(Option<Principal>, SessionId),
    preferences: Preferences,
) {
    provide_context(preferences);
    provide_context(house.answers.boards.clone());
    provide_context(house.answers.editions.clone());
    provide_context(house.answers.metrics.clone());
    provide_context(house.answers.people.clone());
    provide_context(house.answers.runs.clone());
    provide_context(house.answers.slices.clone());
    provide_context(house.answers.sources.clone());
    provide_context(house.answers.uploads.clone());
    provide_context(session.clone());
    if let Some(principal) = principal {
        provide_context(principal.clone());
    }
}

/// Renders the page of the request's path.
pub async fn page(State(house): State<Arc<House>>, request: Request) -> Response {
    if request.uri().path() == "/"
        && let Some(principal) = request.extensions().get::<Principal>()
        && let Some(other) = instead_of_home(&house, principal).await
    {
        return Redirect::to(&other).into_response();
    }
    page_after(house, request, Posted::default()).await
}

/// A workspace without the overview opens with its first board, and one that has nothing yet where it begins, for whoever can begin.
async fn instead_of_home(house: &House, principal: &Principal) -> Option<String> {
    let boards = match house.answers.boards.list(principal).await {
        Ok(boards) => boards,
        Err(failure) if failure.kind == FailureKind::NothingPublished => {
            let begins = Role::of(principal).into_iter().any(Role::looks_after_sources);
            return begins.then(|| routes::START.to_owned());
        }
        Err(_) => return None,
    };
    let first = boards.first().map(|board| routes::board(&board.id));
    first.filter(|_| boards.iter().all(|board| board.id != routes::HOME_BOARD))
}

/// The same, after the form on it was sent.
pub async fn page_after(house: Arc<House>, request: Request, posted: Posted) -> Response {
    let asker = asker(&request);
    let preferences = preferences_of(&house, request.headers()).await;
    let options = options();
    let contexts = move || {
        provide(&house, &asker, preferences);
        provide_context(posted.clone());
        // The nonce belongs to this answer; its header is set where it is known.
        if let (Some(nonce), Some(response)) = (leptos::nonce::use_nonce(), use_context::<ResponseOptions>())
            && let Ok(policy) = HeaderValue::from_str(&headers::page_policy(&nonce))
        {
            response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
        }
    };
    // Whole, not streamed: title and status are known only when the figures are there.
    let render = leptos_axum::render_app_async_with_context(contexts, move || shell(options.clone()));
    render(request).await.into_response()
}

/// Who asks, and in which session.
fn asker(request: &Request) -> (Option<Principal>, SessionId) {
    (session::principal(request), request.extensions().get().cloned().unwrap_or_default())
}

async fn server_function(State(house): State<Arc<House>>, request: Request<Body>) -> Response {
    let asker = asker(&request);
    let preferences = preferences_of(&house, request.headers()).await;
    leptos_axum::handle_server_fns_with_context(move || provide(&house, &asker, preferences), request)
        .await
        .into_response()
}

/// `GET /preferencias?lang=en&theme=dark&next=/…`: remembers and goes back; works without scripts.
pub async fn preferences(Query(pairs): Query<Vec<(String, String)>>) -> Response {
    let choice = choose(pairs.iter().map(|(key, value)| (key.as_str(), value.as_str())));
    let mut response = StatusCode::SEE_OTHER.into_response();
    for cookie in &choice.cookies {
        if let Ok(cookie) = HeaderValue::from_str(cookie) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    if let Ok(next) = HeaderValue::from_str(&choice.next) {
        response.headers_mut().insert(header::LOCATION, next);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axum_path_translates_parameters() {
        assert_eq!(axum_path(""), "/");
        assert_eq!(axum_path("/painel/:id"), "/painel/{id}");
        assert_eq!(axum_path("/*any"), "/{*any}");
    }
}
