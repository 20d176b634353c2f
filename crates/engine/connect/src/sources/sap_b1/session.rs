//! The one session that all streams share: signed in when first needed, renewed once when it has expired, signed out at the end.
//!
//! Knows no entity (`catalogue`). Invariant: a refused sign-in is never repeated, because repetition locks the user out.

use std::collections::BTreeMap;

use reqwest::header::{COOKIE, HeaderMap, HeaderValue, SET_COOKIE};
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use tokio::sync::{Mutex, OnceCell};

use super::address::{service_root, trust, with_fingerprint};
use super::answers::{ServiceError, is_sound, unexpected};
use crate::errors::ConnectError;
use crate::http::{Answer, Ask, Http, HttpError, HttpOptions};
use crate::manners::{Manners, Pace};
use crate::settings::Settings;
use crate::sources::Surroundings;

/// The cookie that is the session itself.
const SESSION_COOKIE: &str = "B1SESSION";

/// A company's session, open or not. Its `Debug` shows neither password nor cookies.
pub(super) struct Session {
    root: String,
    options: HttpOptions,
    pace: Pace,
    company: String,
    user: String,
    password: String,
    http: OnceCell<Http>,
    /// Held while somebody signs in, so that the others wait instead of signing in too.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    pass: Option<Pass>,
    /// How many sessions there have been.
    count: u64,
    version: String,
    refused: Option<HttpError>,
}

/// What shows that a request belongs to the session.
#[derive(Clone)]
struct Pass {
    number: u64,
    cookies: BTreeMap<String, String>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown = (&self.root, &self.company, &self.user);
        f.debug_tuple("Session").field(&shown).finish()
    }
}

impl Session {
    pub(super) fn new(
        source: &str,
        settings: &Settings,
        surroundings: &Surroundings,
    ) -> Result<Session, ConnectError> {
        let options = HttpOptions {
            egress: surroundings.egress.clone(),
            trust: trust(settings)?,
            ..HttpOptions::default()
        };
        Ok(Session {
            root: service_root(settings)?,
            options,
            // The Service Layer keeps one process per request under way.
            pace: surroundings.pace(source, Manners { at_once: 4, ..Manners::default() }),
            company: settings.text("company_db").to_owned(),
            user: settings.text("user").to_owned(),
            password: settings.text("password").to_owned(),
            http: OnceCell::new(),
            state: Mutex::default(),
        })
    }

    pub(super) fn company(&self) -> &str {
        &self.company
    }

    pub(super) fn user(&self) -> &str {
        &self.user
    }

    /// Empty until somebody has been asked.
    pub(super) fn host(&self) -> &str {
        self.http.get().map_or("", Http::host)
    }

    /// Signs in if that has not been done, and gives the version that the server says it is.
    pub(super) async fn version(&self) -> Result<String, HttpError> {
        self.pass(None).await?;
        Ok(self.state.lock().await.version.clone())
    }

    pub(super) async fn http(&self) -> Result<&Http, HttpError> {
        self.http.get_or_try_init(|| Http::open(&self.root, &self.options, self.pace.clone())).await
    }

    /// The answer to a question, asked within the session; what is no whole JSON counts as broken off.
    ///
    /// # Errors
    /// `SignIn` when the session cannot be had; otherwise as `Http::patiently`.
    pub(super) async fn ask(&self, ask: &Ask) -> Result<Answer, HttpError> {
        let http = self.http().await?;
        let sound = |answer: &Answer| is_sound(http.host(), ask, answer);
        let first = self.pass(None).await?;
        let answer = http.patiently_until(&first.onto(ask), sound).await?;
        if answer.status != StatusCode::UNAUTHORIZED {
            self.remember(first.number, &answer.headers).await;
            return Ok(answer);
        }
        let renewed = self.pass(Some(first.number)).await?;
        let answer = http.patiently_until(&renewed.onto(ask), sound).await?;
        if answer.status != StatusCode::UNAUTHORIZED {
            self.remember(renewed.number, &answer.headers).await;
            return Ok(answer);
        }
        let said = ServiceError::of(&answer.body);
        let detail = format!("a session that was opened a moment ago is no longer valid: {said}");
        let error = HttpError::SignIn { host: http.host().to_owned(), detail };
        self.state.lock().await.refused = Some(error.clone());
        Err(error)
    }

    /// The pass of the session; a new one where there is none, or only the one that has become `stale`.
    async fn pass(&self, stale: Option<u64>) -> Result<Pass, HttpError> {
        let mut state = self.state.lock().await;
        if let Some(refused) = &state.refused {
            return Err(refused.clone());
        }
        match &state.pass {
            Some(pass) if Some(pass.number) != stale => Ok(pass.clone()),
            _ => {
                state.pass = None;
                self.sign_in(&mut state).await
            }
        }
    }

    /// Asks once, whatever comes.
    async fn sign_in(&self, state: &mut State) -> Result<Pass, HttpError> {
        let http = self.http().await?;
        let ask = Ask::post(
            "Login",
            &serde_json::json!({
                "CompanyDB": self.company, "UserName": self.user, "Password": self.password,
            }),
        );
        let answer = match http.once(&ask).await {
            Ok(answer) => answer,
            Err(error) => return Err(with_fingerprint(&self.root, &self.options, error).await),
        };
        if !answer.status.is_success() {
            let error = self.refusal(http, &ask, &answer);
            if matches!(error, HttpError::SignIn { .. }) {
                state.refused = Some(error.clone());
            }
            return Err(error);
        }
        let opened: Opened = serde_json::from_slice(&answer.body)
            .map_err(|error| unexpected(http.host(), &ask, &format!("no session: {error}")))?;
        let mut cookies = cookies(&answer.headers);
        cookies.entry(SESSION_COOKIE.to_owned()).or_insert(opened.session);
        state.count += 1;
        state.version = opened.version.unwrap_or_default();
        let pass = Pass { number: state.count, cookies };
        state.pass = Some(pass.clone());
        Ok(pass)
    }

    /// Why there is no session, as a person can act on it.
    fn refusal(&self, http: &Http, ask: &Ask, answer: &Answer) -> HttpError {
        let said = ServiceError::of(&answer.body);
        let host = http.host().to_owned();
        match answer.status.as_u16() {
            404 if !said.is_known() => unexpected(&host, ask, "there is no sign-in at this address"),
            _ if said.message.to_ascii_lowercase().contains("company") => {
                let detail =
                    format!("{said}; check that `company_db` `{}` is the database's name", self.company);
                HttpError::SignIn { host, detail: self.without_password(&detail) }
            }
            400..=499 => HttpError::SignIn { host, detail: self.without_password(&said.to_string()) },
            _ => match http.status(ask, answer) {
                HttpError::Status { host, path, status, detail } => {
                    HttpError::Status { host, path, status, detail: self.without_password(&detail) }
                }
                error => error,
            },
        }
    }

    /// Whatever a server repeats of what it was sent, the password does not come back to light.
    fn without_password(&self, text: &str) -> String {
        if self.password.is_empty() { text.to_owned() } else { text.replace(&self.password, "***") }
    }

    /// Keeps what the load balancer says later about the node that holds the session.
    async fn remember(&self, number: u64, headers: &HeaderMap) {
        let given = cookies(headers);
        if given.is_empty() {
            return;
        }
        if let Some(pass) = self.state.lock().await.pass.as_mut().filter(|pass| pass.number == number) {
            pass.cookies.extend(given);
        }
    }

    /// Frees the session on the server, if there is one. What goes wrong there frees it later, by itself.
    pub(super) async fn sign_out(&self) {
        let Some(pass) = self.state.lock().await.pass.take() else { return };
        let Ok(http) = self.http().await else { return };
        let ask =
            Ask { method: Method::POST, path: "Logout".to_owned(), headers: HeaderMap::new(), body: None };
        if let Err(error) = http.once(&pass.onto(&ask)).await {
            tracing::debug!(host = http.host(), %error, "could not sign out");
        }
    }
}

impl Pass {
    fn onto(&self, ask: &Ask) -> Ask {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let Ok(mut value) = HeaderValue::from_str(&cookies.join("; ")) else { return ask.clone() };
        value.set_sensitive(true);
        ask.clone().with(COOKIE, value)
    }
}

/// A session as the server hands it out.
#[derive(Deserialize)]
struct Opened {
    #[serde(rename = "SessionId")]
    session: String,
    #[serde(rename = "Version")]
    version: Option<String>,
}

/// Names and values of the cookies that are set. Read by hand: the session's has no path and ends with a semicolon, which strict readers
/// drop in silence.
fn cookies(headers: &HeaderMap) -> BTreeMap<String, String> {
    let pair = |value: &HeaderValue| {
        let text = value.to_str().ok()?;
        let (name, value) = text.split(';').next()?.split_once('=')?;
        let (name, value) = (name.trim(), value.trim());
        (!name.is_empty() && !value.is_empty()).then(|| (name.to_owned(), value.to_owned()))
    };
    headers.get_all(SET_COOKIE).iter().filter_map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_read_without_path_and_with_a_trailing_semicolon() {
        let mut headers = HeaderMap::new();
        for value in
            ["B1SESSION=ac79-e1;HttpOnly;", "ROUTEID=.node3; path=/b1s", "nonsense", "EMPTY=; path=/"]
        {
            headers.append(SET_COOKIE, HeaderValue::from_static(value));
        }
        let pass = Pass { number: 1, cookies: cookies(&headers) };
        let ask = pass.onto(&Ask::get("Invoices"));
        assert_eq!(ask.headers.get(COOKIE).unwrap(), "B1SESSION=ac79-e1; ROUTEID=.node3");
        assert!(!format!("{ask:?}").contains("ac79"));
    }
}
