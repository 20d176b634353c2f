//! Parts of slices by their names.
//!
//! Invariant: a part that is not there and a part that this reader may not see are the same 404.

use crate::house::House;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use contract::Principal;
use slice::Id;
use std::sync::Arc;

pub fn routes() -> Router<Arc<House>> {
    Router::new().route("/fatias/{id}", get(part))
}

async fn part(
    State(house): State<Arc<House>>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
) -> Response {
    let found = match (id.parse::<Id>(), house.reader.current().await) {
        (Ok(id), Ok(edition)) => house.slices.blob(&edition, &principal, id),
        _ => None,
    };
    let Some(bytes) = found else { return StatusCode::NOT_FOUND.into_response() };
    // Company data stay out of the browser's own cache, which nobody wipes at sign-out.
    let kept_nowhere = (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let kind = (header::CONTENT_TYPE, HeaderValue::from_static("application/vnd.mirante.slice"));
    ([kept_nowhere, kind], bytes).into_response()
}
