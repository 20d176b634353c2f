//! Which edition is in force, told to open pages as it changes.
//!
//! Invariant: tells a number and nothing of what is in the edition.

use super::sources::told;
use crate::house::House;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Extension, Router};
use contract::people::SessionId;
use std::sync::Arc;

pub fn routes() -> Router<Arc<House>> {
    Router::new().route("/edicao/ao-vivo", get(live))
}

async fn live(
    State(house): State<Arc<House>>,
    Extension(session): Extension<SessionId>,
) -> impl IntoResponse {
    told(house, session, |house, _| async move {
        let number = house.metastore.current_number().await.ok()?;
        Some(number.unwrap_or_default().to_string())
    })
}
