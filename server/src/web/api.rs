//! The public API under /api/v1: the same questions that the pages ask, as JSON.
//!
//! Invariant: every answer is described in `openapi.json`, and every failure has the one shape of `session::refuse`.

mod sources;

use super::session::refuse;
use crate::house::House;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use axum::{Extension, Json, Router};
use contract::failure::FailureKind;
use contract::{Failure, Principal};
use kpi::MetricQuery;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

const OPENAPI: &str = include_str!("openapi.json");
const LIST_LIMIT: u32 = 50;

pub fn routes() -> Router<Arc<House>> {
    Router::new()
        .route("/api/v1/query", post(query))
        .route("/api/v1/metrics", get(metrics))
        .route("/api/v1/metrics/{name}/origin", get(origin))
        .route("/api/v1/boards", get(boards))
        .route("/api/v1/boards/{id}", get(board))
        .route("/api/v1/editions", get(editions))
        .route("/api/v1/status", get(status))
        .route("/api/v1/runs", get(runs))
        .merge(sources::routes())
        .route("/api/v1/openapi.json", get(openapi))
        .route("/api", any(unknown))
        .route("/api/", any(unknown))
        .route("/api/{*unknown}", any(unknown))
}

type Who = Extension<Principal>;
type Here = State<Arc<House>>;

fn answer<T: Serialize>(result: Result<T, Failure>) -> Response {
    match result {
        Ok(value) => Json(value).into_response(),
        Err(failure) => refuse(&failure),
    }
}

async fn query(
    State(house): Here,
    Extension(who): Who,
    body: Result<Json<MetricQuery>, JsonRejection>,
) -> Response {
    let query = match body {
        Ok(Json(query)) => query,
        Err(error) => return malformed(error.body_text()),
    };
    let answered = house.answers.metrics.ask(&who, &[query]).await;
    answer(answered.and_then(|mut frames| {
        frames.pop().unwrap_or_else(|| Err(Failure::new(FailureKind::Internal, "the question got no answer")))
    }))
}

async fn metrics(State(house): Here, Extension(who): Who) -> Response {
    answer(house.answers.metrics.catalogue(&who).await)
}

async fn origin(State(house): Here, Extension(who): Who, name: Name) -> Response {
    match name {
        Ok(Path(name)) => answer(house.answers.metrics.origin(&who, &name).await),
        Err(error) => malformed(error.body_text()),
    }
}

async fn boards(State(house): Here, Extension(who): Who) -> Response {
    answer(house.answers.boards.list(&who).await)
}

async fn board(State(house): Here, Extension(who): Who, id: Name) -> Response {
    match id {
        Ok(Path(id)) => answer(house.answers.boards.open(&who, &id).await),
        Err(error) => malformed(error.body_text()),
    }
}

#[derive(Deserialize)]
struct Limit {
    limit: Option<u32>,
}

type Name = Result<Path<String>, PathRejection>;
type Limited = Result<Query<Limit>, QueryRejection>;

impl Limit {
    fn get(&self) -> u32 {
        self.limit.unwrap_or(LIST_LIMIT).clamp(1, 1000)
    }
}

/// A path, query or body that cannot be read.
fn malformed(why: String) -> Response {
    refuse(&Failure::new(FailureKind::BadRequest, why))
}

async fn editions(State(house): Here, Extension(who): Who, limit: Limited) -> Response {
    match limit {
        Ok(Query(limit)) => answer(house.answers.editions.list(&who, limit.get()).await),
        Err(error) => malformed(error.body_text()),
    }
}

async fn status(State(house): Here, Extension(who): Who) -> Response {
    answer(house.answers.editions.status(&who).await)
}

async fn runs(State(house): Here, Extension(who): Who, limit: Limited) -> Response {
    match limit {
        Ok(Query(limit)) => answer(house.answers.runs.list(&who, limit.get()).await),
        Err(error) => malformed(error.body_text()),
    }
}

async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], OPENAPI).into_response()
}

async fn unknown() -> Response {
    refuse(&Failure::new(FailureKind::NotFound, "there is no such path; GET /api/v1/openapi.json lists them"))
}
