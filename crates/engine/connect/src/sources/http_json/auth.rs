//! How a question to an API shows who asks.
//!
//! Asks nothing but tokens (`api`). Invariant: a secret leaves in one header or one parameter, and appears in no message.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Url;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::account::Account;
use crate::errors::ConnectError;
use crate::http::{Answer, Ask, HttpError, encoded, escaped};
use crate::settings::Settings;

/// A token is renewed so long before its end.
const MARGIN: Duration = Duration::from_secs(30);

/// The way that was chosen.
pub enum Auth {
    None,
    Header(HeaderName, HeaderValue),
    /// Name and value of a parameter.
    Query(String, String),
    OAuth(Box<OAuth>),
}

/// Client credentials (RFC 6749, 4.4).
pub struct OAuth {
    /// Where tokens come from.
    door: Account,
    path: String,
    client: String,
    secret: String,
    scope: String,
    token: Mutex<Option<Token>>,
}

struct Token {
    header: HeaderValue,
    ends: Option<Instant>,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    expires_in: Option<u64>,
}

impl Auth {
    /// # Errors
    /// `Options` for what is missing, or cannot be sent.
    pub fn of(settings: &Settings, account: &Account) -> Result<Auth, ConnectError> {
        let way = settings.text("auth");
        let secret = settings.text("secret").trim();
        if way != "none" && secret.is_empty() {
            return Err(settings.refused("secret", &format!("`auth` is {way}, which needs one")));
        }
        let user = || match settings.given("user") {
            Some(user) => Ok(user),
            None => Err(settings.refused("user", &format!("`auth` is {way}, which needs one"))),
        };
        let sensitive = |text: &str| {
            let mut value = HeaderValue::from_str(text)
                .map_err(|_| settings.refused("secret", "it holds signs that no header can carry"))?;
            value.set_sensitive(true);
            Ok::<HeaderValue, ConnectError>(value)
        };
        Ok(match way {
            "bearer" => Auth::Header(AUTHORIZATION, sensitive(&format!("Bearer {secret}"))?),
            "header" => {
                let name = settings.given("secret_name").unwrap_or("X-API-Key");
                let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| {
                    settings.refused("secret_name", "it is no name of a header, such as X-API-Key")
                })?;
                Auth::Header(name, sensitive(secret)?)
            }
            "query" => {
                account.secrets.add(&escaped(secret).into());
                let name = settings.given("secret_name").unwrap_or("api_key");
                Auth::Query(name.to_owned(), secret.to_owned())
            }
            "basic" => {
                let both = STANDARD.encode(format!("{}:{secret}", user()?));
                account.secrets.add(&both.as_str().into());
                Auth::Header(AUTHORIZATION, sensitive(&format!("Basic {both}"))?)
            }
            "oauth2" => {
                let wanted = |detail: &str| settings.refused("token_address", detail);
                let address = settings
                    .given("token_address")
                    .ok_or_else(|| wanted("`auth` is oauth2, which needs the address of its tokens"))?;
                let mut address = Url::parse(address)
                    .map_err(|_| wanted("it is no address, such as https://login.company.com/oauth/token"))?;
                // The door is the host alone: the base of a client ends with a slash, and a token's address does not.
                let path = address.path().to_owned();
                address.set_path("");
                Auth::OAuth(Box::new(OAuth {
                    door: account.beside(address.as_str()),
                    path,
                    client: user()?.to_owned(),
                    secret: secret.to_owned(),
                    scope: settings.text("scope").to_owned(),
                    token: Mutex::new(None),
                }))
            }
            _ => Auth::None,
        })
    }

    /// The same at the pace of another account.
    #[must_use]
    pub fn beside(self, account: &Account) -> Auth {
        match self {
            Auth::OAuth(oauth) => {
                let door = oauth.door.at_pace(account.pace().clone());
                Auth::OAuth(Box::new(OAuth { door, ..*oauth }))
            }
            other => other,
        }
    }

    /// The question with what shows who asks.
    ///
    /// # Errors
    /// `Open` and `Http` when there is no token to be had.
    pub async fn sign(&self, stream: &str, mut ask: Ask) -> Result<Ask, ConnectError> {
        match self {
            Auth::None => Ok(ask),
            Auth::Header(name, value) => Ok(ask.with(name.clone(), value.clone())),
            Auth::Query(name, value) => {
                // A next link may carry it already.
                let (_, query) = ask.path.split_once('?').unwrap_or_default();
                if !query.split('&').any(|pair| pair.split('=').next() == Some(name)) {
                    let joint = if ask.path.contains('?') { '&' } else { '?' };
                    ask.path = format!("{}{joint}{}", ask.path, encoded([(name.as_str(), value.as_str())]));
                }
                Ok(ask)
            }
            Auth::OAuth(oauth) => Ok(ask.with(AUTHORIZATION, oauth.token(stream).await?)),
        }
    }

    /// Forgets a token that was refused; false where there is none to forget.
    pub async fn forget(&self) -> bool {
        match self {
            Auth::OAuth(oauth) => oauth.token.lock().await.take().is_some(),
            _ => false,
        }
    }
}

impl OAuth {
    async fn token(&self, stream: &str) -> Result<HeaderValue, ConnectError> {
        let mut token = self.token.lock().await;
        if let Some(known) =
            token.as_ref().filter(|known| known.ends.is_none_or(|ends| ends > Instant::now()))
        {
            return Ok(known.header.clone());
        }
        // Most systems take client and secret in the body, the others as a basic sign-in.
        let mut answer = self.ask(stream, false).await?;
        if matches!(answer.status.as_u16(), 400 | 401) {
            answer = self.ask(stream, true).await?;
        }
        let http = self.door.http().await?;
        let refused = |detail: String| {
            let detail = format!("no token: {detail}");
            self.door.failed(stream, HttpError::SignIn { host: http.host().to_owned(), detail })
        };
        if !answer.status.is_success() {
            return Err(match http.status(&Ask::get(self.path.as_str()), &answer) {
                HttpError::Status { status, detail, .. } => refused(format!("{status}, {detail}")),
                other => self.door.failed(stream, other),
            });
        }
        let granted: Granted = serde_json::from_slice(&answer.body)
            .map_err(|_| refused("`token_address` answers without `access_token`".to_owned()))?;
        self.door.secrets.add(&json!(granted.access_token));
        let mut header = HeaderValue::from_str(&format!("Bearer {}", granted.access_token))
            .map_err(|_| refused("its `access_token` holds signs that no header can carry".to_owned()))?;
        header.set_sensitive(true);
        let lasts = granted.expires_in.map(|seconds| Duration::from_secs(seconds).saturating_sub(MARGIN));
        let ends = lasts.and_then(|lasts| Instant::now().checked_add(lasts));
        *token = Some(Token { header: header.clone(), ends });
        Ok(header)
    }

    async fn ask(&self, stream: &str, basic: bool) -> Result<Answer, ConnectError> {
        let mut form = vec![("grant_type", "client_credentials")];
        if !self.scope.is_empty() {
            form.push(("scope", &self.scope));
        }
        if !basic {
            form.extend([("client_id", self.client.as_str()), ("client_secret", self.secret.as_str())]);
        }
        let mut ask = Ask::post(self.path.as_str(), &json!(null))
            .with(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        ask.body = Some(encoded(form).into_bytes());
        if basic {
            let both = STANDARD.encode(format!("{}:{}", escaped(&self.client), escaped(&self.secret)));
            self.door.secrets.add(&both.as_str().into());
            // Base64 is made of signs that a header can carry.
            if let Ok(value) = HeaderValue::from_str(&format!("Basic {both}")) {
                ask = ask.with(AUTHORIZATION, value);
            }
        }
        let http = self.door.http().await?;
        http.patiently(&ask).await.map_err(|error| self.door.failed(stream, error))
    }
}
