//! The one HTTP client of all sources: guarded, paced, patient, and bounded in size and time.
//!
//! Knows no system's meaning of an answer (`sources`). Invariant: a name is resolved once and its addresses are checked before the first
//! byte is sent; no redirect is followed; no answer is read beyond its limit.

mod errors;
mod query;
mod trust;

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER};
use reqwest::{Client, Method, StatusCode, Url};

pub use errors::HttpError;
pub use query::{encoded, escaped};
pub use trust::Trust;

use crate::egress::Egress;
use crate::manners::{Pace, Resting, pause};

/// What a client is held to.
#[derive(Debug, Clone)]
pub struct HttpOptions {
    pub egress: Egress,
    pub trust: Trust,
    /// For one request, from the first byte sent to the last byte read.
    pub timeout: Duration,
    /// The largest answer, in bytes.
    pub answer_bytes: usize,
}

impl Default for HttpOptions {
    fn default() -> HttpOptions {
        HttpOptions {
            egress: Egress::public(),
            trust: Trust::Authorities,
            timeout: Duration::from_mins(2),
            answer_bytes: 64 << 20,
        }
    }
}

/// One request below the client's base address.
#[derive(Debug, Clone)]
pub struct Ask {
    pub method: Method,
    /// Path and query, relative to the base: `Deals?$top=300`.
    pub path: String,
    pub headers: HeaderMap,
    pub body: Option<Vec<u8>>,
}

impl Ask {
    pub fn get(path: impl Into<String>) -> Ask {
        Ask { method: Method::GET, path: path.into(), headers: HeaderMap::new(), body: None }
    }

    pub fn post(path: impl Into<String>, json: &serde_json::Value) -> Ask {
        let body = Some(json.to_string().into_bytes());
        Ask { method: Method::POST, path: path.into(), headers: HeaderMap::new(), body }
            .with(reqwest::header::CONTENT_TYPE, HeaderValue::from_static("application/json"))
    }

    #[must_use]
    pub fn with(mut self, name: HeaderName, value: HeaderValue) -> Ask {
        self.headers.insert(name, value);
        self
    }

    /// The path without its query, for messages: a query may hold what is nobody's business.
    fn shown(&self) -> &str {
        self.path.split('?').next().unwrap_or_default()
    }
}

/// An answer, read whole.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

/// A client for one system at one address. A clone is the same client.
#[derive(Debug, Clone)]
pub struct Http {
    client: Client,
    base: Url,
    host: String,
    timeout: Duration,
    answer_bytes: usize,
    pace: Pace,
}

impl Http {
    /// Resolves the address, checks it, and makes a client that will call nobody else.
    ///
    /// # Errors
    /// [`HttpError::Address`], [`HttpError::Unresolved`], [`HttpError::Private`], [`HttpError::Setup`].
    pub async fn open(base: &str, options: &HttpOptions, pace: Pace) -> Result<Http, HttpError> {
        let base = address(base)?;
        let host = base.host_str().unwrap_or_default().to_owned();
        let addresses = resolve(&base, &host).await?;
        let allowed: Vec<SocketAddr> =
            addresses.iter().copied().filter(|address| options.egress.allows(address.ip())).collect();
        if allowed.is_empty() {
            let found = addresses.first().map_or(IpAddr::from([0, 0, 0, 0]), SocketAddr::ip);
            return Err(HttpError::Private { host, address: found });
        }
        let client = Client::builder()
            .user_agent(concat!("mirante/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .connect_timeout(Duration::from_secs(20))
            .timeout(options.timeout)
            .pool_idle_timeout(Duration::from_secs(20))
            .resolve_to_addrs(&host, &allowed);
        let client = options.trust.apply(client)?;
        let client =
            client.build().map_err(|source| HttpError::Setup { detail: errors::deepest(&source) })?;
        Ok(Http { client, base, host, timeout: options.timeout, answer_bytes: options.answer_bytes, pace })
    }

    pub fn host(&self) -> &str {
        &self.host
    }

    pub fn base(&self) -> &Url {
        &self.base
    }

    /// The answer to one request, whatever its status; asked once.
    ///
    /// # Errors
    /// Everything but a status.
    pub async fn once(&self, ask: &Ask) -> Result<Answer, HttpError> {
        let _turn = self.pace.turn().await.map_err(|Resting(rest)| self.resting(rest))?;
        self.exchange(ask).await
    }

    /// The answer to a question that may be asked again: busy, broken off and failing answers are waited out.
    ///
    /// # Errors
    /// As [`Http::once`], and [`HttpError::Status`] for what stays an error of the server. Other statuses are answers.
    pub async fn patiently(&self, ask: &Ask) -> Result<Answer, HttpError> {
        self.patiently_until(ask, |_| Ok(())).await
    }

    /// The same; an answer that `sound` refuses counts as broken off.
    pub async fn patiently_until(
        &self,
        ask: &Ask,
        sound: impl Fn(&Answer) -> Result<(), HttpError>,
    ) -> Result<Answer, HttpError> {
        let manners = self.pace.manners();
        let mut attempt = 0;
        loop {
            attempt += 1;
            let outcome = self.once(ask).await;
            let (error, asked) = match outcome {
                Ok(answer) if is_busy(answer.status) => (self.status(ask, &answer), retry_after(&answer)),
                Ok(answer) => match sound(&answer) {
                    Ok(()) => {
                        self.pace.succeeded();
                        return Ok(answer);
                    }
                    Err(error) => (error, None),
                },
                Err(error) if error.is_passing() => (error, None),
                Err(error) => return Err(error),
            };
            // A pause longer than we wait in one sync is kept, but not waited for here.
            let too_long = asked.filter(|asked| *asked > manners.longest_pause);
            if let Some(asked) = too_long {
                self.pace.wait_for(asked);
            }
            if attempt >= manners.attempts || too_long.is_some() {
                self.pace.failed();
                return Err(error);
            }
            let pause = pause(attempt, asked, manners.longest_pause, chance());
            tracing::debug!(host = %self.host, path = ask.shown(), attempt, %error, "asking again in {pause:?}");
            if asked.is_some() {
                self.pace.wait_for(pause);
            } else {
                tokio::time::sleep(pause).await;
            }
        }
    }

    /// The error that an answer with a refusing status is.
    pub fn status(&self, ask: &Ask, answer: &Answer) -> HttpError {
        if answer.status.is_redirection() {
            let to =
                answer.headers.get(LOCATION).and_then(|to| to.to_str().ok()).unwrap_or("another address");
            return HttpError::Elsewhere { host: self.host.clone(), to: errors::one_line(to.as_bytes()) };
        }
        HttpError::Status {
            host: self.host.clone(),
            path: ask.shown().to_owned(),
            status: answer.status.as_u16(),
            detail: errors::said(&answer.body),
        }
    }

    fn resting(&self, rest: Duration) -> HttpError {
        HttpError::Resting { host: self.host.clone(), seconds: rest.as_secs().max(1) }
    }

    async fn exchange(&self, ask: &Ask) -> Result<Answer, HttpError> {
        let url = self
            .base
            .join(&ask.path)
            .map_err(|error| HttpError::Address { url: ask.shown().to_owned(), detail: error.to_string() })?;
        if url.origin() != self.base.origin() {
            return Err(HttpError::Elsewhere {
                host: self.host.clone(),
                to: url.origin().ascii_serialization(),
            });
        }
        let mut request = self.client.request(ask.method.clone(), url).headers(ask.headers.clone());
        if let Some(body) = &ask.body {
            request = request.body(body.clone());
        }
        let failed = |error: reqwest::Error| errors::of_reqwest(&error, &self.host, self.timeout);
        let mut response = request.send().await.map_err(failed)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > self.answer_bytes {
                return Err(HttpError::TooLarge {
                    host: self.host.clone(),
                    path: ask.shown().to_owned(),
                    limit_mb: self.answer_bytes >> 20,
                });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, headers, body })
    }
}

fn address(text: &str) -> Result<Url, HttpError> {
    let refused = |detail: &str| HttpError::Address { url: text.to_owned(), detail: detail.to_owned() };
    let mut url = Url::parse(text.trim()).map_err(|error| refused(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(refused("only http and https are spoken"));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(refused("it names no host"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused("a user and password belong into their own fields"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(refused("it ends before `?` and `#`"));
    }
    // Paths are joined to the base: without the slash the last part would be replaced.
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Ok(url)
}

async fn resolve(base: &Url, host: &str) -> Result<Vec<SocketAddr>, HttpError> {
    let port = base.port_or_known_default().unwrap_or(443);
    let literal = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = literal.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let unresolved = |detail: String| HttpError::Unresolved { host: host.to_owned(), detail };
    let found: Vec<SocketAddr> =
        tokio::net::lookup_host((host, port)).await.map_err(|error| unresolved(error.to_string()))?.collect();
    if found.is_empty() { Err(unresolved("the answer is empty".to_owned())) } else { Ok(found) }
}

fn is_busy(status: StatusCode) -> bool {
    matches!(status.as_u16(), 429 | 500 | 502 | 503 | 504)
}

/// Seconds, or a date of HTTP.
fn retry_after(answer: &Answer) -> Option<Duration> {
    let text = answer.headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let until = chrono::DateTime::parse_from_rfc2822(text).ok()?;
    let now = chrono::DateTime::<chrono::Utc>::from(std::time::SystemTime::now());
    (until.to_utc() - now).to_std().ok()
}

/// From 0 to 1. Only spreads pauses, so it need not be unpredictable.
fn chance() -> f64 {
    use std::hash::{BuildHasher, RandomState};
    (RandomState::new().hash_one(0) >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_checked_and_closed_with_a_slash() {
        assert_eq!(
            address(" https://erp.example.com:50000/b1s/v2 ").unwrap().as_str(),
            "https://erp.example.com:50000/b1s/v2/"
        );
        for wrong in [
            "erp",
            "ftp://erp.example.com",
            "file:///etc/passwd",
            "https://u:p@erp.example.com",
            "https://a.example?x=1",
            "https://",
        ] {
            assert!(matches!(address(wrong), Err(HttpError::Address { .. })), "{wrong}");
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let answer = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, value.parse().unwrap());
            retry_after(&Answer { status: StatusCode::TOO_MANY_REQUESTS, headers, body: Vec::new() })
        };
        assert_eq!(answer("7"), Some(Duration::from_secs(7)));
        assert!(answer("Wed, 01 Jan 2200 00:00:00 GMT").is_some());
        assert_eq!(answer("Wed, 01 Jan 2020 00:00:00 GMT"), None);
        assert_eq!(answer("soon"), None);
    }

    #[tokio::test]
    async fn private_addresses_are_refused_before_anything_is_sent() {
        for inner in [
            "http://127.0.0.1:1",
            "http://[::1]:1",
            "http://169.254.169.254/latest",
            "http://localhost:1",
            "http://2130706433:1",
        ] {
            let opened =
                Http::open(inner, &HttpOptions::default(), Pace::new(crate::manners::Manners::default()))
                    .await;
            assert!(matches!(opened, Err(HttpError::Private { .. })), "{inner}: {opened:?}");
        }
    }
}
