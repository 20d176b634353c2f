//! What a steward decides on a source's page: which streams are read, which again, what becomes of changes.
//!
//! Decides nothing (`answers`). Invariant: a decision that cannot be taken shows the page again, with the reason.

use super::{FORM_BYTES, Here, Who, pages};
use crate::house::House;
use app::routes;
use app::stills::Posted;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{Method, StatusCode, Uri, request};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use contract::Failure;
use contract::failure::FailureKind;
use contract::sources::{Chosen, StreamReads};
use std::collections::BTreeSet;
use std::sync::Arc;

pub fn routes() -> Router<Arc<House>> {
    Router::new()
        .route("/dados/fonte/{name}/fluxos", post(choose))
        .route("/dados/fonte/{name}/de-novo", post(again))
        .route("/dados/fonte/{name}/aceitar", post(accept))
        .route("/dados/fonte/{name}/repousar", post(rest))
}

/// The streams that a form names: `o` was on offer, `s` is wanted; none when nothing was on offer.
pub fn chosen(body: &[u8]) -> Option<Chosen> {
    let values = |wanted: &str| -> BTreeSet<String> {
        let pairs = url::form_urlencoded::parse(body).filter(|(key, _)| key == wanted);
        pairs.map(|(_, value)| value.into_owned()).collect()
    };
    let (offered, wanted) = (values("o"), values("s"));
    match () {
        () if offered.is_empty() => None,
        () if offered == wanted => Some(Chosen::All),
        () => Some(Chosen::Only(wanted)),
    }
}

/// A value of a form.
fn value(body: &[u8], name: &str) -> String {
    let found = url::form_urlencoded::parse(body).find(|(key, _)| key == name);
    found.map(|(_, value)| value.into_owned()).unwrap_or_default()
}

/// The form, and what is needed to show its page.
async fn opened(request: Request) -> Result<(request::Parts, axum::body::Bytes), StatusCode> {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, FORM_BYTES).await.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?;
    Ok((parts, body))
}

async fn choose(State(house): Here, who: Who, Path(name): Path<String>, request: Request) -> Response {
    let (parts, body) = match opened(request).await {
        Ok(opened) => opened,
        Err(status) => return status.into_response(),
    };
    let Some(chosen) = chosen(&body) else { return StatusCode::UNPROCESSABLE_ENTITY.into_response() };
    let done = house.answers.sources.choose(&who, &name, &chosen).await;
    shown(house, parts, &name, done).await
}

async fn again(State(house): Here, who: Who, Path(name): Path<String>, request: Request) -> Response {
    let (parts, body) = match opened(request).await {
        Ok(opened) => opened,
        Err(status) => return status.into_response(),
    };
    let done = house.answers.sources.read_again(&who, &name, &value(&body, "since")).await;
    shown(house, parts, &name, done.map(drop)).await
}

async fn accept(State(house): Here, who: Who, Path(name): Path<String>, request: Request) -> Response {
    let (parts, body) = match opened(request).await {
        Ok(opened) => opened,
        Err(status) => return status.into_response(),
    };
    let done = house.answers.sources.accept(&who, &name, &value(&body, "stream")).await;
    shown(house, parts, &name, done).await
}

/// Takes one stream out of those that are read.
async fn rest(State(house): Here, who: Who, Path(name): Path<String>, request: Request) -> Response {
    let (parts, body) = match opened(request).await {
        Ok(opened) => opened,
        Err(status) => return status.into_response(),
    };
    let stream = value(&body, "stream");
    let sources = &house.answers.sources;
    let done = match sources.show(&who, &name).await {
        Err(failure) => Err(failure),
        Ok(page) => {
            let read =
                page.streams.into_iter().filter(|card| card.reads == StreamReads::Yes && card.name != stream);
            sources.choose(&who, &name, &Chosen::Only(read.map(|card| card.name).collect())).await
        }
    };
    shown(house, parts, &name, done).await
}

async fn shown(house: Arc<House>, parts: request::Parts, name: &str, done: Result<(), Failure>) -> Response {
    let page = routes::source(name);
    let failure = match done {
        Ok(()) => return Redirect::to(&page).into_response(),
        Err(failure) => failure,
    };
    let (FailureKind::BadRequest, Ok(uri)) = (failure.kind, page.parse::<Uri>()) else {
        return super::super::session::refuse(&failure);
    };
    let posted = Posted { refused: Some(failure.message), ..Posted::default() };
    let mut request = Request::from_parts(parts, Body::empty());
    (*request.method_mut(), *request.uri_mut()) = (Method::GET, uri);
    let mut page = pages::page_after(house, request, posted).await;
    *page.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_chooses_all_streams_some_of_them_or_says_nothing_of_them() {
        assert_eq!(chosen(b"name=crm&s=deals"), None);
        assert_eq!(chosen(b"o=deals&o=users&s=users&s=deals"), Some(Chosen::All));
        let only = Chosen::Only(BTreeSet::from(["users".to_owned()]));
        assert_eq!(chosen(b"o=deals&o=users&s=users"), Some(only));
        assert_eq!(chosen(b"o=deals"), Some(Chosen::Only(BTreeSet::new())));
    }
}
