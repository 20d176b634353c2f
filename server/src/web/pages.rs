//! The pages of `app`, rendered here and hydrated in the browser, and the server functions that they call.
//!
//! Invariant: pages and server functions see the same contexts, and a `Principal` only when somebody is signed in.

use super::{build_id, headers};
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
use leptos::config::LeptosOptions;
use leptos::prelude::{provide_context, use_context};
use leptos_axum::ResponseOptions;
use std::sync::Arc;

/// Where people without a session land.
const SIGN_IN: &str = "/entrar";

/// Pages and server functions for people who are signed in.
pub fn guarded() -> Router<Arc<House>> {
    let mut router = Router::new();
    for route in leptos_axum::generate_route_list(App) {
        let path = axum_path(route.path());
        if path != SIGN_IN {
            router = router.route(&path, get(page));
        }
    }
    router.route("/_fn/{*name}", post(server_function))
}

/// The pages that need no session.
pub fn open() -> Router<Arc<House>> {
    Router::new().route(SIGN_IN, get(page))
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

/// Everything that a page may ask for.
fn provide(house: &Arc<House>, principal: Option<&Principal>, headers: &HeaderMap) {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    provide_context(Preferences::read(text(header::COOKIE), text(header::ACCEPT_LANGUAGE)));
    provide_context(house.answers.boards.clone());
    provide_context(house.answers.editions.clone());
    provide_context(house.answers.metrics.clone());
    provide_context(house.answers.runs.clone());
    provide_context(house.answers.sources.clone());
    provide_context(house.answers.uploads.clone());
    if let Some(principal) = principal {
        provide_context(principal.clone());
    }
}

/// Renders the page of the request's path.
pub async fn page(State(house): State<Arc<House>>, request: Request) -> Response {
    if request.uri().path() == "/"
        && let Some(principal) = request.extensions().get::<Principal>()
        && let Some(board) = instead_of_home(&house, principal).await
    {
        return Redirect::to(&board).into_response();
    }
    page_after(house, request, Posted::default()).await
}

/// A workspace without the overview opens with its first board.
async fn instead_of_home(house: &House, principal: &Principal) -> Option<String> {
    let boards = house.answers.boards.list(principal).await.ok()?;
    let first = boards.first().map(|board| routes::board(&board.id));
    first.filter(|_| boards.iter().all(|board| board.id != routes::HOME_BOARD))
}

/// The same, after the form on it was sent.
pub async fn page_after(house: Arc<House>, request: Request, posted: Posted) -> Response {
    let principal = request.extensions().get::<Principal>().cloned();
    let request_headers = request.headers().clone();
    let options = options();
    let contexts = move || {
        provide(&house, principal.as_ref(), &request_headers);
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

async fn server_function(State(house): State<Arc<House>>, request: Request<Body>) -> Response {
    let principal = request.extensions().get::<Principal>().cloned();
    let request_headers = request.headers().clone();
    leptos_axum::handle_server_fns_with_context(
        move || provide(&house, principal.as_ref(), &request_headers),
        request,
    )
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
