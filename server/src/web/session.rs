//! Who is asking: the sign-in link, the session cookie, and the door that keeps everyone else out.
//!
//! Accounts and roles come through this one door later. Invariant: a request without a valid session reaches nothing but
//! static files, the health endpoints and the sign-in page.

use crate::house::House;
use axum::Json;
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use contract::failure::FailureKind;
use contract::{Failure, Principal};
use serde::Deserialize;
use std::sync::Arc;

const COOKIE: &str = "mirante_session";
const COOKIE_DAYS: u32 = 30;

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

/// Who holds the session of these headers, if anyone.
pub async fn principal(house: &House, headers: &HeaderMap) -> Result<Option<Principal>, Failure> {
    let Some(token) = cookie(headers, COOKIE) else { return Ok(None) };
    house.metastore.principal(token).await.map_err(|error| {
        tracing::error!(%error, "could not read a session");
        Failure::new(FailureKind::Internal, "the session could not be read; try again")
    })
}

/// Lets a request pass with its `Principal`, or refuses it: the API with 401, a page by leading to the sign-in page.
pub async fn require(State(house): State<Arc<House>>, mut request: Request, next: Next) -> Response {
    match principal(&house, request.headers()).await {
        Ok(Some(principal)) => {
            request.extensions_mut().insert(principal);
            next.run(request).await
        }
        Ok(None) => {
            let path = request.uri().path();
            if path.starts_with("/api/") || path.starts_with("/_fn/") {
                refuse(&Failure::new(
                    FailureKind::NotSignedIn,
                    "nobody is signed in; open the sign-in link that the server printed",
                ))
            } else {
                Redirect::to("/entrar").into_response()
            }
        }
        Err(failure) => refuse(&failure),
    }
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

#[derive(Deserialize)]
pub struct SignIn {
    token: String,
}

/// `GET /entrar/link?token=…`: trades the one-time token for a session.
pub async fn sign_in(State(house): State<Arc<House>>, Query(query): Query<SignIn>) -> Response {
    match house.metastore.sign_in(&query.token).await {
        Ok(Some(session)) => {
            with_cookie(Redirect::to("/").into_response(), &session, COOKIE_DAYS, house.secure_cookies)
        }
        Ok(None) => Redirect::to("/entrar?link=invalido").into_response(),
        Err(error) => {
            tracing::error!(%error, "could not sign in");
            refuse(&Failure::new(FailureKind::Internal, "the sign-in failed; try the link again"))
        }
    }
}

/// `POST /sair`: ends the session.
pub async fn sign_out(State(house): State<Arc<House>>, headers: HeaderMap) -> Response {
    if let Some(token) = cookie(&headers, COOKIE)
        && let Err(error) = house.metastore.sign_out(token).await
    {
        tracing::error!(%error, "could not sign out");
        return refuse(&Failure::new(FailureKind::Internal, "the sign-out failed; try again"));
    }
    with_cookie(Redirect::to("/entrar").into_response(), "", 0, house.secure_cookies)
}

fn with_cookie(mut response: Response, value: &str, days: u32, secure: bool) -> Response {
    let secure = if secure { "; Secure" } else { "" };
    let cookie = format!(
        "{COOKIE}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={}{secure}",
        u64::from(days) * 24 * 60 * 60
    );
    // Tokens are hexadecimal, so the header is always valid.
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
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
        assert_eq!(cookie(&headers, COOKIE), Some("abc"));
        assert_eq!(cookie(&headers, "session"), None);
    }
}
