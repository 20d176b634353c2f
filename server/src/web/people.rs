//! What the pages of people and of one's own account send.
//!
//! Makes no markup (`app::stills`) and decides nothing (`answers`). Invariant: a form that is refused comes back as it was typed; a link that lets somebody
//! in is in the answer to the form alone.

mod code;

use super::{entry, pages, session};
use crate::house::House;
use app::routes;
use app::stills::Posted;
use app::stills::people::PersonPosted;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{Method, StatusCode, Uri, request};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use axum::{Extension, Router};
use contract::Principal;
use contract::failure::FailureKind;
use contract::people::{PasswordRefusal, PersonDraft, PersonRefusal, SessionId};
use metastore::credentials::Credential;
use std::sync::Arc;
use std::time::Instant;

/// A form is a few texts.
const FORM_BYTES: usize = 64 << 10;

pub fn routes() -> Router<Arc<House>> {
    Router::new()
        .route("/pessoas", post(invited))
        .route("/pessoas/{id}", post(changed))
        .route("/pessoas/{id}/link", post(linked))
        .route("/pessoas/{id}/remover", post(removed))
        .route("/acessos/encerrar", post(ended))
        .route("/pessoas/{id}/sem-codigo", post(without_code))
        .route("/acessos/senha", post(own_password))
        .merge(code::routes())
}

type Here = State<Arc<House>>;
type Who = Extension<Principal>;

/// The pairs of a form, and what is needed to show its page again.
async fn opened(request: Request) -> Result<(request::Parts, Vec<(String, String)>), StatusCode> {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, FORM_BYTES).await.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?;
    Ok((parts, url::form_urlencoded::parse(&body).into_owned().collect()))
}

fn value<'a>(pairs: &'a [(String, String)], name: &str) -> &'a str {
    pairs.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
}

fn draft(pairs: &[(String, String)]) -> PersonDraft {
    PersonDraft {
        name: value(pairs, "name").to_owned(),
        email: value(pairs, "email").to_owned(),
        roles: pairs.iter().filter(|(key, _)| key == "role").map(|(_, role)| role.clone()).collect(),
        attributes: value(pairs, "attributes").replace("\r\n", "\n"),
    }
}

/// The page at `path` with what came of its form.
async fn shown(house: Arc<House>, mut parts: request::Parts, path: &str, person: PersonPosted) -> Response {
    let status = match &person.refused {
        // Not for the person to mend.
        Some(PersonRefusal::Failure(failure)) if failure.kind != FailureKind::BadRequest => {
            return session::refuse(failure);
        }
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    let Ok(uri) = path.parse::<Uri>() else { return StatusCode::NOT_FOUND.into_response() };
    (parts.method, parts.uri) = (Method::GET, uri);
    let posted = Posted { person, ..Posted::default() };
    let mut page = pages::page_after(house, Request::from_parts(parts, Body::empty()), posted).await;
    if page.status() == StatusCode::OK {
        *page.status_mut() = status;
    }
    page
}

/// On to `next`. Pages that somebody else has open learn at once of roles and sessions that are over.
fn done(house: &House, next: &str) -> Response {
    house.jobs.tell();
    Redirect::to(next).into_response()
}

async fn invited(State(house): Here, who: Who, request: Request) -> Response {
    let (parts, pairs) = match opened(request).await {
        Ok(opened) => opened,
        Err(status) => return status.into_response(),
    };
    let draft = draft(&pairs);
    let posted = match house.answers.people.invite(&who, &draft).await {
        Ok(link) => PersonPosted { link: Some(link), ..PersonPosted::default() },
        Err(refusal) => {
            PersonPosted { refused: Some(refusal), draft: Some(draft), ..PersonPosted::default() }
        }
    };
    shown(house, parts, routes::PEOPLE, posted).await
}

async fn changed(State(house): Here, who: Who, Path(id): Path<String>, request: Request) -> Response {
    let (parts, pairs) = match opened(request).await {
        Ok(opened) => opened,
        Err(status) => return status.into_response(),
    };
    let draft = draft(&pairs);
    match house.answers.people.change(&who, &id, &draft).await {
        Ok(()) => done(&house, routes::PEOPLE),
        Err(refusal) => {
            let posted =
                PersonPosted { refused: Some(refusal), draft: Some(draft), ..PersonPosted::default() };
            shown(house, parts, &routes::person(&id), posted).await
        }
    }
}

async fn linked(State(house): Here, who: Who, Path(id): Path<String>, request: Request) -> Response {
    let posted = match house.answers.people.new_link(&who, &id).await {
        Ok(link) => PersonPosted { link: Some(link), ..PersonPosted::default() },
        Err(refusal) => PersonPosted { refused: Some(refusal), ..PersonPosted::default() },
    };
    shown(house, request.into_parts().0, &routes::person(&id), posted).await
}

async fn without_code(State(house): Here, who: Who, Path(id): Path<String>, request: Request) -> Response {
    match house.answers.people.drop_second_step(&who, &id).await {
        Ok(()) => Redirect::to(&routes::person(&id)).into_response(),
        Err(refusal) => {
            let posted = PersonPosted { refused: Some(refusal), ..PersonPosted::default() };
            shown(house, request.into_parts().0, &routes::person(&id), posted).await
        }
    }
}

async fn removed(State(house): Here, who: Who, Path(id): Path<String>, request: Request) -> Response {
    match house.answers.people.remove(&who, &id).await {
        Ok(()) => done(&house, routes::PEOPLE),
        Err(refusal) => {
            let posted = PersonPosted { refused: Some(refusal), ..PersonPosted::default() };
            shown(house, request.into_parts().0, &routes::person(&id), posted).await
        }
    }
}

/// Ends the session that is named, or all but this one.
async fn ended(
    State(house): Here,
    who: Who,
    Extension(this): Extension<SessionId>,
    request: Request,
) -> Response {
    let (_, pairs) = match opened(request).await {
        Ok(opened) => opened,
        Err(status) => return status.into_response(),
    };
    let id = Some(value(&pairs, "id")).filter(|id| !id.is_empty());
    match house.answers.people.end_access(&who, &this, id).await {
        Ok(()) => done(&house, routes::ACCOUNT),
        Err(failure) => session::refuse(&failure),
    }
}

async fn own_password(
    State(house): Here,
    who: Who,
    Extension(this): Extension<SessionId>,
    request: Request,
) -> Response {
    let (parts, pairs) = match opened(request).await {
        Ok(opened) => opened,
        Err(status) => return status.into_response(),
    };
    let told = |name| value(&pairs, name);
    let address = session::device(&parts).address;
    match change_password(&house, &who, &this, (told("present"), told("password"), told("again")), &address)
        .await
    {
        Ok(None) => done(&house, routes::ACCOUNT),
        Ok(Some(refusal)) => {
            let refused = Some(PersonRefusal::Password(refusal));
            shown(house, parts, routes::ACCOUNT, PersonPosted { refused, ..PersonPosted::default() }).await
        }
        Err(error) => session::failed(&error, "change the password"),
    }
}

/// Changes the asker's own password, and ends their other sessions.
async fn change_password(
    house: &House,
    who: &Principal,
    this: &SessionId,
    (present, password, again): (&str, &str, &str),
    address: &str,
) -> anyhow::Result<Option<PasswordRefusal>> {
    let Some(credential) = present_is_right(house, who, present, address).await? else {
        return Ok(Some(PasswordRefusal::Wrong));
    };
    let company = house.metastore.workspace().await?.company;
    let known = [who.name.as_str(), &credential.email, &company];
    if let Some(refusal) = entry::refusal(house, (password, again), &known).await? {
        return Ok(Some(refusal));
    }
    let hash = house.passwords.hash(password).await?;
    house.metastore.set_password(&who.id, &hash, Some(&this.0)).await?;
    Ok(None)
}

/// The asker's credential, if this is their password. Whoever finds a screen unlocked guesses no faster than at the door.
async fn present_is_right(
    house: &House,
    who: &Principal,
    present: &str,
    address: &str,
) -> anyhow::Result<Option<Credential>> {
    let Some(credential) = house.metastore.credential(&who.id).await? else { return Ok(None) };
    let Some(tried) = house.throttle.begin(&credential.email, address, Instant::now()) else {
        return Ok(None);
    };
    if !house.passwords.matches(present, credential.password.as_deref()).await? {
        return Ok(None);
    }
    house.throttle.succeeded(&tried);
    Ok(Some(credential))
}
