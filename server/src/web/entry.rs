//! Where people come in: e-mail and password, and the link that lets somebody choose a password.
//!
//! Makes no markup (`app::stills::entry`) and hashes nothing (`passwords`). Invariant: whoever is refused learns nothing: somebody unknown, a wrong
//! password and somebody who is locked out get the same answer after the same work.

use super::pages::preferences_of as preferences;
use super::{assets, headers, session};
use crate::house::House;
use crate::second_step;
use app::stills::entry::{self, Invitation};
use axum::Router;
use axum::extract::{Form, FromRequest, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use contract::people::{PasswordRefusal, PersonRefusal};
use metastore::credentials::Credential;
use metastore::sign_in::Purpose;
use serde::Deserialize;
use std::sync::Arc;
use std::time::Instant;

pub fn routes() -> Router<Arc<House>> {
    Router::new()
        .route("/entrar", get(sign_in_page).post(sign_in))
        .route("/entrar/codigo", post(code))
        .route("/convite", get(invitation_page).post(accept))
}

type Here = State<Arc<House>>;

/// A page without a script, in the language and theme of whoever asks.
pub(super) async fn page(
    house: &House,
    status: StatusCode,
    headers: &HeaderMap,
    write: impl FnOnce(locale::Lang) -> entry::Page,
) -> Response {
    let preferences = preferences(house, headers).await;
    let document = app::stills::document(&write(preferences.lang), preferences, &assets::build_id());
    let mut response = (status, Html(document)).into_response();
    response
        .headers_mut()
        .insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(headers::SCRIPTLESS));
    response
}

#[derive(Deserialize)]
struct Came {
    link: Option<String>,
}

async fn sign_in_page(State(house): Here, Query(came): Query<Came>, headers: HeaderMap) -> Response {
    let said = entry::Said::of_link(came.link.is_some());
    page(&house, StatusCode::OK, &headers, |lang| entry::sign_in("", said, lang)).await
}

#[derive(Deserialize)]
struct SignIn {
    email: String,
    password: String,
}

async fn sign_in(State(house): Here, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(Form(form)) = Form::<SignIn>::from_request(Request::from_parts(parts.clone(), body), &()).await
    else {
        return StatusCode::UNPROCESSABLE_ENTITY.into_response();
    };
    let device = session::device(&parts);
    match proven(&house, &form, &device.address).await {
        Ok(Some(credential)) if credential.has_second_step => {
            match house.metastore.new_link(&credential.user, Purpose::SecondStep).await {
                Ok(token) => {
                    page(&house, StatusCode::OK, &parts.headers, |lang| {
                        entry::second_step(&token, false, lang)
                    })
                    .await
                }
                Err(error) => session::failed(&error, "sign in"),
            }
        }
        Ok(Some(credential)) => match house.metastore.begin_session(&credential.user, &device).await {
            Ok(session) => session::begun(&house, &parts.headers, &session, "/").await,
            Err(error) => session::failed(&error, "sign in"),
        },
        Ok(None) => {
            let said = Some(entry::Said::NotRight);
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            page(&house, status, &parts.headers, |lang| entry::sign_in(&form.email, said, lang)).await
        }
        Err(error) => session::failed(&error, "sign in"),
    }
}

/// The credential whose e-mail and password these are.
async fn proven(house: &House, form: &SignIn, address: &str) -> anyhow::Result<Option<Credential>> {
    let email = metastore::credentials::plain_email(&form.email);
    // Who waits is told at once, and whether or not there is such a person.
    let Some(tried) = house.throttle.begin(&email, address, Instant::now()) else { return Ok(None) };
    let credential = house.metastore.credential_with(&email).await?;
    let hash = credential.as_ref().and_then(|known| known.password.as_deref());
    let matches = house.passwords.matches(&form.password, hash).await?;
    let Some(credential) = credential else { return Ok(None) };
    if matches && !credential.is_locked {
        house.throttle.succeeded(&tried);
        return Ok(Some(credential));
    }
    if let Some(wait) = tried.locks_for {
        tracing::warn!(user = credential.user, seconds = wait.as_secs(), "too many wrong passwords");
        let (metastore, user) = (house.metastore.clone(), credential.user);
        // Beside the answer, which must not take longer than for somebody unknown.
        tokio::spawn(async move {
            if let Err(error) = metastore.lock(&user, wait.as_secs()).await {
                tracing::error!(%error, "could not lock a person out");
            }
        });
    }
    Ok(None)
}

#[derive(Deserialize)]
struct Code {
    token: String,
    code: String,
}

/// `POST /entrar/codigo`: the code after the password.
async fn code(State(house): Here, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(Form(form)) = Form::<Code>::from_request(Request::from_parts(parts.clone(), body), &()).await
    else {
        return StatusCode::UNPROCESSABLE_ENTITY.into_response();
    };
    let (headers, device) = (&parts.headers, session::device(&parts));
    let taken = async {
        let Some(user) = house.metastore.look_at_link(&form.token, Purpose::SecondStep).await? else {
            return anyhow::Ok(None);
        };
        Ok(Some(code_is_taken(&house, &user, &form.code, &device.address).await?))
    };
    let finished = match taken.await {
        Ok(Some(true)) => house.metastore.finish_sign_in(&form.token, &device).await,
        Ok(Some(false)) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            return page(&house, status, headers, |lang| entry::second_step(&form.token, true, lang)).await;
        }
        Ok(None) => Ok(None),
        Err(error) => return session::failed(&error, "check the code"),
    };
    match finished {
        Ok(Some(session)) => session::begun(&house, headers, &session, "/").await,
        Ok(None) => {
            let said = Some(entry::Said::TooLate);
            page(&house, StatusCode::NOT_FOUND, headers, |lang| entry::sign_in("", said, lang)).await
        }
        Err(error) => session::failed(&error, "sign in"),
    }
}

/// Takes a code of now or a recovery code; whether it is one that was not taken before.
async fn code_is_taken(house: &House, user: &str, code: &str, address: &str) -> anyhow::Result<bool> {
    let account = format!("code of {user}");
    let Some(tried) = house.throttle.begin(&account, address, Instant::now()) else { return Ok(false) };
    let Some(secret) = house.metastore.second_step(user).await? else { return Ok(false) };
    let taken = match second_step::step(&secret, code)? {
        Some(step) => house.metastore.take_step(user, step).await?,
        None => house.metastore.take_recovery_code(user, &second_step::plain_recovery_code(code)).await?,
    };
    if taken {
        house.throttle.succeeded(&tried);
    }
    Ok(taken)
}

/// Who a link for a password belongs to.
async fn invited(house: &House, token: &str) -> anyhow::Result<Option<Invitation>> {
    let Some(user) = house.metastore.look_at_link(token, Purpose::Password).await? else { return Ok(None) };
    let (Some(person), Some(credential)) =
        (house.metastore.user(&user).await?, house.metastore.credential(&user).await?)
    else {
        return Ok(None);
    };
    Ok(Some(Invitation {
        company: house.metastore.workspace().await?.company,
        token: token.to_owned(),
        name: person.name,
        email: credential.email,
        is_first: credential.password.is_none(),
    }))
}

async fn link_is_gone(house: &House, headers: &HeaderMap) -> Response {
    let said = Some(entry::Said::LinkIsGone);
    page(house, StatusCode::NOT_FOUND, headers, |lang| entry::sign_in("", said, lang)).await
}

async fn invitation_page(
    State(house): Here,
    Query(link): Query<session::Link>,
    headers: HeaderMap,
) -> Response {
    match invited(&house, &link.token).await {
        Ok(Some(invitation)) => {
            page(&house, StatusCode::OK, &headers, |lang| entry::invitation(&invitation, None, lang)).await
        }
        Ok(None) => link_is_gone(&house, &headers).await,
        Err(error) => session::failed(&error, "read the invitation"),
    }
}

#[derive(Deserialize)]
struct Accepted {
    token: String,
    #[serde(default)]
    name: String,
    password: String,
    again: String,
}

async fn accept(State(house): Here, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(Form(form)) = Form::<Accepted>::from_request(Request::from_parts(parts.clone(), body), &()).await
    else {
        return StatusCode::UNPROCESSABLE_ENTITY.into_response();
    };
    let mut invitation = match invited(&house, &form.token).await {
        Ok(Some(invitation)) => invitation,
        Ok(None) => return link_is_gone(&house, &parts.headers).await,
        Err(error) => return session::failed(&error, "read the invitation"),
    };
    if invitation.is_first {
        form.name.trim().clone_into(&mut invitation.name);
    }
    let refused = async |refusal: PersonRefusal| {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        page(&house, status, &parts.headers, |lang| entry::invitation(&invitation, Some(&refusal), lang))
            .await
    };
    if invitation.name.is_empty() || invitation.name.chars().count() > 100 {
        return refused(PersonRefusal::Name).await;
    }
    let known = [invitation.name.as_str(), &invitation.email, &invitation.company];
    match refusal(&house, (&form.password, &form.again), &known).await {
        Ok(None) => {}
        Ok(Some(why)) => return refused(PersonRefusal::Password(why)).await,
        Err(error) => return session::failed(&error, "set the password"),
    }
    let done = async {
        let hash = house.passwords.hash(&form.password).await?;
        let name = invitation.is_first.then_some(invitation.name.as_str());
        anyhow::Ok(house.metastore.accept(&form.token, name, &hash, &session::device(&parts)).await?)
    };
    match done.await {
        Ok(Some(Some(session))) => session::begun(&house, &parts.headers, &session, "/").await,
        // The link stands for the password alone.
        Ok(Some(None)) => Redirect::to("/entrar").into_response(),
        Ok(None) => link_is_gone(&house, &parts.headers).await,
        Err(error) => session::failed(&error, "set the password"),
    }
}

/// Why a password that was typed twice is not taken.
pub(super) async fn refusal(
    house: &House,
    (password, again): (&str, &str),
    known: &[&str],
) -> anyhow::Result<Option<PasswordRefusal>> {
    if password != again {
        return Ok(Some(PasswordRefusal::Differs));
    }
    house.passwords.refusal(password, known).await
}
