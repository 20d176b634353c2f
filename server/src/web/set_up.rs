//! The first run: whoever has the link of the console names the company and becomes its administrator.
//!
//! Makes no markup (`app::stills::set_up`). Invariant: without the link, and once somebody is in the workspace, this door answers as if it were not there.

use super::entry::{page, refusal};
use super::session;
use crate::answers::people::{free_id, id_of, is_email};
use crate::house::House;
use app::routes;
use app::stills::set_up::{SetUp, set_up};
use axum::Router;
use axum::extract::{Form, FromRequest, Query, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chrono_tz::Tz;
use contract::Principal;
use contract::people::PersonRefusal;
use metastore::credentials::plain_email;
use metastore::set_up::First;
use metastore::settings::Workspace;
use policy::Role;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Letters of a name, of a person or a company.
const NAME_LETTERS: usize = 100;

pub fn routes() -> Router<Arc<House>> {
    Router::new().route("/comecar", get(set_up_page).post(sent))
}

type Here = State<Arc<House>>;

#[derive(Deserialize)]
struct Came {
    #[serde(default)]
    token: String,
}

#[derive(Deserialize)]
struct Told {
    token: String,
    company: String,
    language: String,
    time_zone: String,
    name: String,
    email: String,
    password: String,
    again: String,
}

async fn set_up_page(State(house): Here, Query(came): Query<Came>, headers: HeaderMap) -> Response {
    match house.metastore.may_set_up(&came.token).await {
        Ok(true) => {}
        Ok(false) => return StatusCode::NOT_FOUND.into_response(),
        Err(error) => return session::failed(&error, "read the set-up link"),
    }
    let told = SetUp {
        token: came.token,
        time_zone: Workspace::default().time_zone,
        language: locale::Lang::PtBr.tag().to_owned(),
        ..SetUp::default()
    };
    page(&house, StatusCode::OK, &headers, |lang| set_up(&told, None, lang)).await
}

async fn sent(State(house): Here, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(Form(told)) = Form::<Told>::from_request(Request::from_parts(parts.clone(), body), &()).await
    else {
        return StatusCode::NOT_FOUND.into_response();
    };
    match house.metastore.may_set_up(&told.token).await {
        Ok(true) => {}
        Ok(false) => return StatusCode::NOT_FOUND.into_response(),
        Err(error) => return session::failed(&error, "read the set-up link"),
    }
    match done(&house, &told, &session::device(&parts)).await {
        Ok(Ok(Some(session))) => session::begun(&house, &parts.headers, &session, routes::START).await,
        Ok(Ok(None)) => StatusCode::NOT_FOUND.into_response(),
        Ok(Err(refusal)) => {
            let shown = SetUp {
                token: told.token,
                company: told.company,
                language: told.language,
                time_zone: told.time_zone,
                name: told.name,
                email: told.email,
            };
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            page(&house, status, &parts.headers, |lang| set_up(&shown, Some(&refusal), lang)).await
        }
        Err(error) => session::failed(&error, "set the workspace up"),
    }
}

/// The workspace and its first person, if what was told can be taken.
fn understood(told: &Told) -> Result<(Workspace, Principal, String), PersonRefusal> {
    let is_name = |text: &str| !text.is_empty() && text.chars().count() <= NAME_LETTERS;
    let (company, name, email) = (told.company.trim(), told.name.trim(), plain_email(&told.email));
    if !is_name(company) {
        return Err(PersonRefusal::Company);
    }
    let zone: Tz = told.time_zone.trim().parse().map_err(|_| PersonRefusal::TimeZone)?;
    if !is_name(name) {
        return Err(PersonRefusal::Name);
    }
    if !is_email(&email) {
        return Err(PersonRefusal::Email);
    }
    let workspace = Workspace {
        company: company.to_owned(),
        time_zone: zone.name().to_owned(),
        language: locale::Lang::parse(&told.language).map(|lang| lang.tag().to_owned()),
        today: None,
    };
    let person = Principal {
        id: id_of(&email),
        name: name.to_owned(),
        roles: vec![Role::Administrator.name().to_owned()],
        attributes: BTreeMap::new(),
    };
    Ok((workspace, person, email))
}

async fn done(
    house: &House,
    told: &Told,
    device: &metastore::sessions::Device,
) -> anyhow::Result<Result<Option<String>, PersonRefusal>> {
    let (mut workspace, mut person, email) = match understood(told) {
        Ok(understood) => understood,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let known = [person.name.as_str(), &email, &workspace.company];
    if let Some(why) = refusal(house, (&told.password, &told.again), &known).await? {
        return Ok(Err(PersonRefusal::Password(why)));
    }
    workspace.today = house.metastore.workspace().await?.today;
    person.id = free_id(&house.metastore, &person.id).await?;
    let password = house.passwords.hash(&told.password).await?;
    let first = First { person: &person, email: &email, password: &password };
    Ok(Ok(house.metastore.set_up(&told.token, &workspace, &first, device).await?))
}
