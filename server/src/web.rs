//! The router: every path that the server answers, on one screen.
//!
//! Holds no behaviour of its own. Invariant: whatever is not listed as open goes through `session::require`.

mod api;
mod assets;
mod headers;
mod health;
mod hooks;
mod pages;
pub mod session;
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

pub fn router(house: Arc<House>) -> Router {
    health::start_counting();
    let guarded = pages::guarded()
        .merge(sources::routes())
        .merge(uploads::routes())
        .merge(api::routes())
        .route("/sair", post(session::sign_out))
        .layer(middleware::from_fn_with_state(house.clone(), session::require));
    let open = Router::new()
        .route("/healthz", get(health::live))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::counters))
        .route("/entrar/link", get(session::sign_in))
        .route("/preferencias", get(pages::preferences))
        .merge(hooks::routes())
        .merge(pages::open());
    guarded
        .merge(open)
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
    match session::principal(&house, request.headers()).await {
        Ok(Some(principal)) if wants_page => {
            request.extensions_mut().insert(principal);
            pages::page(State(house), request).await
        }
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

pub use assets::build_id;
pub use hooks::Doors;
