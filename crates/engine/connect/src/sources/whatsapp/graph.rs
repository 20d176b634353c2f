//! Asks Meta's Graph API about one account, and says what its refusals mean.
//!
//! Knows no stream (`analytics`). Invariant: the token leaves in one header and appears in no message.

use reqwest::header::{AUTHORIZATION, HeaderValue};
use serde_json::Value;

use crate::account::Account;
use crate::errors::ConnectError;
use crate::http::{Answer, Ask, HttpError, HttpOptions, encoded};
use crate::manners::Pace;
use crate::settings::Settings;

/// One account, by one token.
pub struct Graph {
    account: Account,
    version: String,
    id: String,
    header: HeaderValue,
}

impl Graph {
    /// Calls nobody yet.
    ///
    /// # Errors
    /// `Options` for an id, a version or a token that can be none.
    pub fn new(
        settings: &Settings,
        id: &str,
        token: &str,
        options: HttpOptions,
        pace: Pace,
    ) -> Result<Graph, ConnectError> {
        let version = settings.text("graph_version");
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let is_version = version
            .strip_prefix('v')
            .and_then(|version| version.split_once('.'))
            .is_some_and(|(major, minor)| digits(major) && digits(minor));
        if !is_version {
            return Err(settings.refused("graph_version", "write it as v25.0"));
        }
        if !digits(id) {
            return Err(settings.refused("waba_id", "it is made of digits"));
        }
        let token = token.trim();
        let mut header = HeaderValue::from_str(&format!("Bearer {token}"))
            .map_err(|_| settings.refused("access_token", "it holds signs that no token has"))?;
        header.set_sensitive(true);
        Ok(Graph {
            account: Account::new(settings.source(), settings.text("address"), token, options, pace),
            version: version.to_owned(),
            id: id.to_owned(),
            header,
        })
    }

    /// The same account at another pace.
    #[must_use]
    pub fn at_pace(&self, pace: Pace) -> Graph {
        let (version, id) = (self.version.clone(), self.id.clone());
        Graph { account: self.account.at_pace(pace), version, id, header: self.header.clone() }
    }

    /// What the account is called.
    ///
    /// # Errors
    /// `Open`, or `Http` with the remedy.
    pub async fn account_name(&self) -> Result<String, ConnectError> {
        let answer = self.get("self", "", &[("fields", "name")]).await?;
        Ok(answer["name"].as_str().unwrap_or(&self.id).to_owned())
    }

    /// An answer of the account's node, or of a list below it (`/phone_numbers`).
    ///
    /// # Errors
    /// `Open`, or `Http` with the remedy.
    pub async fn get(
        &self,
        stream: &str,
        below: &str,
        query: &[(&str, &str)],
    ) -> Result<Value, ConnectError> {
        let path = format!("{}/{}{below}?{}", self.version, self.id, encoded(query.iter().copied()));
        let http = self.account.http().await?;
        let ask = Ask::get(path).with(AUTHORIZATION, self.header.clone());
        // What is only too busy comes with 400 as well as with 429.
        let sound = |answer: &Answer| match refusal(answer) {
            Some(said) if is_busy(&said) => Err(http.status(&ask, answer)),
            _ => Ok(()),
        };
        let sound = |answer: &Answer| {
            sound(answer).map_err(|_| HttpError::Broken {
                host: http.host().to_owned(),
                detail: "too many calls (code 4 or 80007): read less often, or wait for an hour".to_owned(),
            })
        };
        let answer = http.patiently_until(&ask, sound).await.map_err(|error| self.failed(stream, error))?;
        if let Some(said) = refusal(&answer) {
            return Err(self.failed(stream, explained(http.host(), &said, http.status(&ask, &answer))));
        }
        if !answer.status.is_success() {
            return Err(self.failed(stream, http.status(&ask, &answer)));
        }
        serde_json::from_slice(&answer.body)
            .map_err(|_| self.failed(stream, self.unexpected(below, "it is no JSON")))
    }

    /// The error of an answer that came, and makes no sense.
    pub fn unexpected(&self, path: &str, detail: &str) -> HttpError {
        self.account.unexpected(&format!("{}{path}", self.id), detail)
    }

    /// The error with its place.
    pub fn failed(&self, stream: &str, error: HttpError) -> ConnectError {
        self.account.failed(stream, error)
    }
}

/// What Graph says of a refusal.
struct Said {
    code: i64,
    message: String,
    is_transient: bool,
}

fn refusal(answer: &Answer) -> Option<Said> {
    if answer.status.is_success() {
        return None;
    }
    let body: Value = serde_json::from_slice(&answer.body).ok()?;
    let error = &body["error"];
    let details = error["error_data"]["details"].as_str().or_else(|| error["message"].as_str());
    Some(Said {
        code: error["code"].as_i64()?,
        message: details.unwrap_or("without a reason").chars().take(300).collect(),
        is_transient: error["is_transient"].as_bool().unwrap_or_default(),
    })
}

/// Whether the same question may be asked again.
fn is_busy(said: &Said) -> bool {
    said.is_transient || matches!(said.code, 1 | 2 | 4 | 17 | 80007 | 130_429 | 131_000 | 131_016)
}

/// The refusal with its remedy.
fn explained(host: &str, said: &Said, error: HttpError) -> HttpError {
    let remedy = match said.code {
        190 => {
            let detail =
                format!("code 190: {}; make a new token of a system user that does not expire", said.message);
            return HttpError::SignIn { host: host.to_owned(), detail };
        }
        10 | 200..=299 => "give the token's user the account and the permission whatsapp_business_management",
        100 => "check `waba_id`, and that `graph_version` still lives",
        _ => "see the code in Meta's list of errors",
    };
    match error {
        HttpError::Status { host, path, status, .. } => HttpError::Status {
            host,
            path,
            status,
            detail: format!("code {}: {}; {remedy}", said.code, said.message),
        },
        other => other,
    }
}
