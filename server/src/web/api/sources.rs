//! `/api/v1/sources`: how sources stand, their syncs, and starting or ending one.
//!
//! Invariant: of a secret an answer says only that there is one.

use super::{Here, Limited, Name, Who, answer, malformed};
use crate::house::House;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Extension, Router};
use contract::changes::ChangeCard;
use contract::sources::{HookCard, SourceCard, SourcePage, StreamCard, Told};
use contract::{Failure, Principal};
use serde::Serialize;
use std::sync::Arc;

pub fn routes() -> Router<Arc<House>> {
    Router::new()
        .route("/api/v1/sources", get(list))
        .route("/api/v1/sources/{name}", get(one))
        .route("/api/v1/sources/{name}/syncs", get(syncs).post(start))
        .route("/api/v1/sources/{name}/cancel", post(cancel))
}

/// One source, as programs see it.
#[derive(Serialize)]
struct Source {
    source: SourceCard,
    settings: Vec<Setting>,
    streams: Vec<StreamCard>,
    changes: Vec<ChangeCard>,
    hook: Option<HookCard>,
}

#[derive(Serialize)]
struct Setting {
    name: String,
    /// None for a secret, and for what was left out.
    value: Option<String>,
    is_secret: bool,
}

impl From<Told> for Setting {
    fn from(told: Told) -> Setting {
        let is_secret = told.parameter.is_secret();
        Setting { name: told.parameter.name, value: told.value.filter(|_| !is_secret), is_secret }
    }
}

impl From<SourcePage> for Source {
    fn from(page: SourcePage) -> Source {
        let settings = page.settings.into_iter().map(Setting::from).collect();
        Source { source: page.card, settings, streams: page.streams, changes: page.changes, hook: page.hook }
    }
}

async fn list(State(house): Here, Extension(who): Who) -> Response {
    answer(house.answers.sources.list(&who).await)
}

async fn one(State(house): Here, Extension(who): Who, name: Name) -> Response {
    match name {
        Ok(Path(name)) => answer(house.answers.sources.show(&who, &name).await.map(Source::from)),
        Err(error) => malformed(error.body_text()),
    }
}

async fn syncs(State(house): Here, Extension(who): Who, name: Name, limit: Limited) -> Response {
    match (name, limit) {
        (Ok(Path(name)), Ok(Query(limit))) => {
            answer(house.answers.sources.syncs(&who, &name, limit.get()).await)
        }
        (Err(error), _) => malformed(error.body_text()),
        (_, Err(error)) => malformed(error.body_text()),
    }
}

async fn start(State(house): Here, Extension(who): Who, name: Name) -> Response {
    match name {
        Ok(Path(name)) => {
            let started = house.answers.sources.sync(&who, &name).await;
            answer(card(&house, &who, &name, started).await)
        }
        Err(error) => malformed(error.body_text()),
    }
}

async fn cancel(State(house): Here, Extension(who): Who, name: Name) -> Response {
    match name {
        Ok(Path(name)) => {
            let cancelled = house.answers.sources.cancel(&who, &name).await;
            answer(card(&house, &who, &name, cancelled).await)
        }
        Err(error) => malformed(error.body_text()),
    }
}

/// How the source stands after what was done to it.
async fn card(
    house: &House,
    who: &Principal,
    name: &str,
    done: Result<(), Failure>,
) -> Result<SourceCard, Failure> {
    done?;
    Ok(house.answers.sources.show(who, name).await?.card)
}
