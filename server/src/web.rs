//! The router: every path that the server answers, on one screen.
//!
//! Holds no behaviour of its own. Invariant: every one of them goes through `permissions::door`.

mod api;
mod assets;
mod editions;
mod entry;
mod headers;
mod health;
mod hooks;
mod installed;
mod pages;
mod people;
mod permissions;
pub mod session;
mod set_up;
mod slices;
mod sources;
mod uploads;

use crate::house::House;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::StatusCode;
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use std::sync::Arc;
use tower_http::compression::{CompressionLayer, CompressionLevel};
use tower_http::csrf::CsrfLayer;

/// Bodies are questions; files come through sources.
const BODY_BYTES: usize = 256 << 10;

/// Every route, without what is around them.
fn routes() -> Router<Arc<House>> {
    Router::new()
        .route("/healthz", get(health::live))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::counters))
        .route("/preferencias", get(pages::preferences))
        .route("/entrar/link", get(session::sign_in))
        .route("/sair", post(session::sign_out))
        .merge(editions::routes())
        .merge(entry::routes())
        .merge(set_up::routes())
        .merge(hooks::routes())
        .merge(installed::routes())
        .merge(pages::routes())
        .merge(people::routes())
        .merge(slices::routes())
        .merge(sources::routes())
        .merge(uploads::routes())
        .merge(api::routes())
}

pub fn router(house: Arc<House>) -> Router {
    health::start_counting();
    routes()
        .route_layer(middleware::from_fn_with_state(house.clone(), permissions::door))
        .fallback(elsewhere)
        .with_state(house)
        // Streamed pages are compressed as they come; assets are compressed already and say so.
        .layer(CompressionLayer::new().quality(CompressionLevel::Precise(4)))
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        // Refuses what another site makes a signed-in browser send; programs send no such headers and carry no cookie.
        .layer(CsrfLayer::new())
        .layer(middleware::from_fn(headers::add))
        .layer(middleware::from_fn(health::count))
}

/// The hooks alone, for a process that serves nobody else.
pub fn doors(house: Arc<House>) -> Router {
    hooks::routes().with_state(house)
}

/// A static file, or for people who are signed in the page that says that there is nothing here.
async fn elsewhere(State(house): State<Arc<House>>, mut request: Request) -> Response {
    if let Some(answer) = assets::answer(request.uri().path(), request.headers()) {
        return answer;
    }
    let wants_page = request.method() == axum::http::Method::GET
        && request
            .headers()
            .get("accept")
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.contains("text/html"));
    match session::recognise(&house, &mut request).await {
        Ok(true) if wants_page => pages::page(State(house), request).await,
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

pub use assets::build_id;
pub use hooks::Doors;
