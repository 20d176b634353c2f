//! Who is asking: the session cookie, and the link that begins a session.
//!
//! Checks no password (`entry`) and lets nobody through a door (`permissions`). Invariant: whoever signs in gets a new session, and the one that the browser
//! held before ends, with all that pages have kept on the device.

use super::headers::forget;
use crate::house::House;
use axum::Json;
use axum::extract::{ConnectInfo, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header, request};
use axum::response::{IntoResponse, Redirect, Response};
use contract::failure::FailureKind;
use contract::people::SessionId;
use contract::{Failure, Principal};
use metastore::sessions::Device;
use serde::Deserialize;
use std::net::SocketAddr;
use std::sync::Arc;

/// Over https the name has the prefix with which browsers take it from this host alone, for all paths, and never over http.
const SECURE_COOKIE: &str = "__Host-mirante_session";
const PLAIN_COOKIE: &str = "mirante_session";
/// As long as a session may last.
const COOKIE_DAYS: u32 = 30;

fn cookie_name(house: &House) -> &'static str {
    if house.secure_cookies { SECURE_COOKIE } else { PLAIN_COOKIE }
}

/// The value of the cookie `name`.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}

/// Where a request comes from.
pub fn device(parts: &request::Parts) -> Device {
    let agent = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    let address = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    Device {
        agent: agent.unwrap_or_default().to_owned(),
        address: address.map(|ConnectInfo(address)| address.ip().to_string()).unwrap_or_default(),
    }
}

/// Tells the request who asks, and in which session; whether somebody does.
pub async fn recognise(house: &House, request: &mut Request) -> Result<bool, Failure> {
    let Some(token) = cookie(request.headers(), cookie_name(house)) else { return Ok(false) };
    let address = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let address = address.map(|ConnectInfo(address)| address.ip().to_string()).unwrap_or_default();
    let held = house.metastore.holder(token, &address).await.map_err(|error| {
        tracing::error!(%error, "could not read a session");
        Failure::new(FailureKind::Internal, "the session could not be read; try again")
    })?;
    let Some((principal, session)) = held else { return Ok(false) };
    request.extensions_mut().insert(principal);
    request.extensions_mut().insert(SessionId(session));
    Ok(true)
}

/// The answer of the API to a failure.
pub fn refuse(failure: &Failure) -> Response {
    let status = match failure.kind {
        FailureKind::BadRequest => StatusCode::UNPROCESSABLE_ENTITY,
        FailureKind::NotSignedIn => StatusCode::UNAUTHORIZED,
        FailureKind::Forbidden => StatusCode::FORBIDDEN,
        FailureKind::NotFound => StatusCode::NOT_FOUND,
        FailureKind::NothingPublished => StatusCode::SERVICE_UNAVAILABLE,
        FailureKind::Unreachable | FailureKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    };
    (status, Json(serde_json::json!({ "error": failure }))).into_response()
}

/// Something of ours failed; the log says what.
pub fn failed(error: &impl std::fmt::Display, what: &str) -> Response {
    tracing::error!(%error, "could not {what}");
    refuse(&Failure::new(FailureKind::Internal, format!("could not {what}; try again")))
}

#[derive(Deserialize)]
pub struct Link {
    pub token: String,
}

/// `GET /entrar/link?token=…`: trades the one-time token for a session.
pub async fn sign_in(
    State(house): State<Arc<House>>,
    Query(link): Query<Link>,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    match house.metastore.sign_in(&link.token, &device(&parts)).await {
        Ok(Some(session)) => begun(&house, &parts.headers, &session, "/").await,
        Ok(None) => Redirect::to("/entrar?link=invalido").into_response(),
        Err(error) => failed(&error, "sign in"),
    }
}

/// Goes to `next` with a session that has just begun; the one that the browser held ends.
pub async fn begun(house: &House, headers: &HeaderMap, session: &str, next: &str) -> Response {
    if let Some(before) = cookie(headers, cookie_name(house))
        && let Err(error) = house.metastore.sign_out(before).await
    {
        return failed(&error, "end the session from before");
    }
    let mut response = with_cookie(house, Redirect::to(next).into_response(), session, COOKIE_DAYS);
    forget(headers, &mut response);
    response
}

/// `POST /sair`: ends the session.
pub async fn sign_out(State(house): State<Arc<House>>, headers: HeaderMap) -> Response {
    if let Some(token) = cookie(&headers, cookie_name(&house))
        && let Err(error) = house.metastore.sign_out(token).await
    {
        return failed(&error, "sign out");
    }
    house.jobs.tell();
    let mut response = with_cookie(&house, Redirect::to("/entrar").into_response(), "", 0);
    forget(&headers, &mut response);
    response
}

fn with_cookie(house: &House, mut response: Response, value: &str, days: u32) -> Response {
    let (name, seconds) = (cookie_name(house), u64::from(days) * 24 * 60 * 60);
    let secure = if house.secure_cookies { "; Secure" } else { "" };
    let cookie = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}");
    // Tokens are hexadecimal, so the header is always valid.
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// Who asks, where the door has let the request in.
pub fn principal(request: &Request) -> Option<Principal> {
    request.extensions().get::<Principal>().cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookie_is_found_by_its_exact_name() {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::COOKIE,
            HeaderValue::from_static("x=1; not_mirante_session=2; mirante_session=abc"),
        );
        assert_eq!(cookie(&headers, PLAIN_COOKIE), Some("abc"));
        assert_eq!(cookie(&headers, SECURE_COOKIE), None);
        assert_eq!(cookie(&headers, "session"), None);
    }
}
