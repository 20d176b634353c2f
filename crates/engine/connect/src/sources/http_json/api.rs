//! Asks an API, and says what its refusals mean.
//!
//! Knows no paging (`walk`). Invariant: no answer and no link leads to another host.

use reqwest::Url;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LINK};
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::auth::Auth;
use crate::account::Account;
use crate::errors::ConnectError;
use crate::http::{Answer, Ask, Http, HttpError};
use crate::settings::Settings;

/// One API.
pub struct Api {
    pub account: Account,
    auth: Auth,
    headers: HeaderMap,
}

/// A good answer.
pub struct Page {
    /// Null where the API says that it has no content.
    pub body: Box<RawValue>,
    /// Values of its headers `Link`.
    pub links: Vec<String>,
    /// What was asked, so that links can be read from there.
    url: Option<Url>,
}

impl Api {
    /// Calls nobody yet.
    ///
    /// # Errors
    /// `Options` for a sign-in or a header that cannot be meant so.
    pub fn new(settings: &Settings, account: Account) -> Result<Api, ConnectError> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        for line in settings.text("headers").lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            let name = HeaderName::from_bytes(name.trim().as_bytes()).ok();
            let value = HeaderValue::from_str(value.trim()).ok().filter(|value| !value.is_empty());
            let (Some(name), Some(value)) = (name, value) else {
                return Err(settings.refused(
                    "headers",
                    "a line is no header; write `Name: value`, such as `Accept-Language: pt-BR`",
                ));
            };
            if ["authorization", "proxy-authorization", "cookie"].contains(&name.as_str()) {
                let detail = format!("`{name}` is a secret; choose `auth` and give it as `secret`");
                return Err(settings.refused("headers", &detail));
            }
            headers.insert(name, value);
        }
        Ok(Api { auth: Auth::of(settings, &account)?, account, headers })
    }

    /// The same API at another pace.
    #[must_use]
    pub fn at_pace(self, pace: crate::manners::Pace) -> Api {
        let account = self.account.at_pace(pace);
        Api { auth: self.auth.beside(&account), account, headers: self.headers }
    }

    /// The answer to one question.
    ///
    /// # Errors
    /// `Open`, or `Http` with a remedy.
    pub async fn page(&self, stream: &str, ask: &Ask) -> Result<Page, ConnectError> {
        let http = self.account.http().await?;
        let mut unsigned = ask.clone();
        for (name, value) in &self.headers {
            unsigned.headers.insert(name.clone(), value.clone());
        }
        let shown = ask.path.split('?').next().unwrap_or_default();
        let sound = |answer: &Answer| match serde_json::from_slice::<IgnoredAny>(&answer.body) {
            // A page for people stays one, however often it is asked for.
            Err(error) if answer.status == 200 && !is_page(answer) => {
                Err(self.account.malformed(shown, &error))
            }
            _ => Ok(()),
        };
        let failed = |error| self.account.failed(stream, explained(error));
        let mut signed = self.auth.sign(stream, unsigned.clone()).await?;
        let mut answer = http.patiently_until(&signed, sound).await.map_err(failed)?;
        if answer.status == 401 && self.auth.forget().await {
            signed = self.auth.sign(stream, unsigned).await?;
            answer = http.patiently_until(&signed, sound).await.map_err(failed)?;
        }
        if !answer.status.is_success() {
            return Err(failed(http.status(&signed, &answer)));
        }
        let body = if answer.status == 204 { b"null".as_slice() } else { &answer.body };
        let body: Box<RawValue> = serde_json::from_slice(body).map_err(|error| {
            failed(if is_page(&answer) {
                let detail = "it is a page of HTML, no JSON: the path or the sign-in is not the API's";
                self.account.unexpected(shown, detail)
            } else {
                self.account.malformed(shown, &error)
            })
        })?;
        let links = answer.headers.get_all(LINK).iter().filter_map(|link| link.to_str().ok());
        let url = http.base().join(&ask.path).ok();
        Ok(Page { body, links: links.map(str::to_owned).collect(), url })
    }
}

impl Page {
    /// A link of this answer as a path of the same host.
    ///
    /// # Errors
    /// `Elsewhere` for one that leads to another host.
    pub fn follow(&self, http: &Http, link: &str) -> Result<String, HttpError> {
        let base = http.base();
        let mut url = self.url.as_ref().unwrap_or(base).join(link).map_err(|error| HttpError::Address {
            url: link.split('?').next().unwrap_or_default().to_owned(),
            detail: error.to_string(),
        })?;
        // Behind a proxy an API may not know that it is asked by https.
        if base.scheme() == "https" && url.scheme() == "http" && url.port().is_none() {
            // Both schemes are of the kind that can be changed into each other.
            let _ = url.set_scheme("https").and_then(|()| url.set_port(base.port()));
        }
        if url.origin() != base.origin() {
            return Err(HttpError::Elsewhere {
                host: http.host().to_owned(),
                to: url.origin().ascii_serialization(),
            });
        }
        Ok(url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path())))
    }
}

/// Whether an answer is meant for a browser.
fn is_page(answer: &Answer) -> bool {
    let kind = answer.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.starts_with("text/html") || answer.body.trim_ascii_start().starts_with(b"<")
}

/// A refusal with its remedy.
fn explained(error: HttpError) -> HttpError {
    let HttpError::Status { host, path, status, detail } = error else { return error };
    let remedy = match status {
        401 => return HttpError::SignIn { host, detail },
        403 => "whose key it is may not read this: give it the right, or leave the stream out",
        404 => "check `address`, and the `path` of the stream",
        429 => "lower `per_minute`; the next sync tries again",
        500.. => "the next sync tries again",
        _ => "check the `path` and the parameters of the stream",
    };
    HttpError::Status { host, path, status, detail: format!("{detail}; {remedy}") }
}
