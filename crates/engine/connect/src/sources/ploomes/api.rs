//! Asks the API of one account: its key, its pages, and what its refusals mean.
//!
//! Knows no entity (`entities`). Invariant: the key leaves in one header and appears in no message; no answer leads to another host.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use reqwest::header::{ACCEPT, HeaderName, HeaderValue};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::account::Account;
use crate::errors::ConnectError;
use crate::http::{Answer, Ask, HttpError, encoded};
use crate::manners::Pace;

/// How long everybody waits after a refusal: it may be a firewall that finds us too busy.
const REFUSED_PAUSE: Duration = Duration::from_secs(15);

/// One account, by one key.
pub struct Api {
    pub account: Account,
    header: HeaderValue,
    /// Rows that a page may have.
    pub page: usize,
    /// Rows of the largest page that came.
    largest: AtomicUsize,
}

/// One answer to a listing.
pub struct Page {
    pub rows: Vec<Box<RawValue>>,
    /// The query of the next page, where the server names one.
    pub next: Option<String>,
}

#[derive(Deserialize)]
struct Envelope<R> {
    value: Vec<R>,
    #[serde(rename = "@odata.nextLink", default)]
    next: Option<String>,
}

impl Api {
    /// Calls nobody yet. None when the key cannot be sent in a header.
    pub fn new(account: Account, key: &str, page: usize) -> Option<Api> {
        let mut header = HeaderValue::from_str(key).ok()?;
        header.set_sensitive(true);
        Some(Api { account, header, page, largest: AtomicUsize::new(0) })
    }

    /// The same account at another pace.
    #[must_use]
    pub fn at_pace(&self, pace: Pace) -> Api {
        let (account, header) = (self.account.at_pace(pace), self.header.clone());
        Api { account, header, page: self.page, largest: AtomicUsize::new(0) }
    }

    /// One page of a listing.
    ///
    /// # Errors
    /// `Open`, or `Http` that names the stream.
    pub async fn list(&self, stream: &str, path: &str, query: &[(&str, &str)]) -> Result<Page, ConnectError> {
        let top = self.page.to_string();
        let query = encoded(query.iter().copied().chain([("$top", top.as_str())]));
        self.follow(stream, path, &query).await
    }

    /// Every row of a listing that has no order of its own to go by.
    ///
    /// # Errors
    /// As [`Api::list`].
    pub async fn list_all(
        &self,
        stream: &str,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<Vec<Box<RawValue>>, ConnectError> {
        let mut rows: Vec<Box<RawValue>> = Vec::new();
        let mut page = self.list(stream, path, query).await?;
        loop {
            // Who does not know `$skip` gives everything at once, and gives it again.
            let again =
                page.rows.first().is_some_and(|first| rows.iter().any(|row| row.get() == first.get()));
            let count = if again { 0 } else { page.rows.len() };
            let next = page.next.take();
            if !again {
                rows.append(&mut page.rows);
            }
            page = match next.filter(|_| !again) {
                Some(next) => self.follow(stream, path, &next).await?,
                None if self.is_last(count) => return Ok(rows),
                None => {
                    let skip = rows.len().to_string();
                    let query: Vec<_> = query.iter().copied().chain([("$skip", skip.as_str())]).collect();
                    self.list(stream, path, &query).await?
                }
            };
        }
    }

    /// Whether a listing has any row.
    ///
    /// # Errors
    /// As [`Api::list`].
    pub async fn has_rows(&self, stream: &str, path: &str) -> Result<bool, ConnectError> {
        let query = encoded([("$select", "Id"), ("$top", "1")]);
        Ok(!self.follow(stream, path, &query).await?.rows.is_empty())
    }

    /// A single object, whether it comes bare or as the only one of a listing.
    ///
    /// # Errors
    /// As [`Api::list`].
    pub async fn object(
        &self,
        stream: &str,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<Box<RawValue>, ConnectError> {
        let whole = |body: &[u8]| serde_json::from_slice::<IgnoredAny>(body).map(|_| ());
        let body = self.ask(stream, path, &encoded(query.iter().copied()), whole).await?;
        if let Ok(Envelope { mut value, .. }) = serde_json::from_slice::<Envelope<Box<RawValue>>>(&body)
            && !value.is_empty()
        {
            return Ok(value.swap_remove(0));
        }
        serde_json::from_slice(&body)
            .map_err(|error| self.account.failed(stream, self.account.malformed(path, &error)))
    }

    /// Whether a page of so many rows is the last one: the server has shown that it gives more at a time. What it clamps `$top` to is
    /// not documented, so that a page below the asked size proves nothing.
    pub fn is_last(&self, rows: usize) -> bool {
        let before = self.largest.fetch_max(rows, Ordering::Relaxed);
        rows == 0 || rows < before
    }

    /// The error of an answer that came, and makes no sense.
    pub fn unexpected(&self, stream: &str, path: &str, detail: &str) -> ConnectError {
        self.account.failed(stream, self.account.unexpected(path, detail))
    }

    async fn follow(&self, stream: &str, path: &str, query: &str) -> Result<Page, ConnectError> {
        let listing = |body: &[u8]| serde_json::from_slice::<Envelope<IgnoredAny>>(body).map(|_| ());
        let body = self.ask(stream, path, query, listing).await?;
        let Envelope { value, next } = serde_json::from_slice::<Envelope<Box<RawValue>>>(&body)
            .map_err(|error| self.account.failed(stream, self.account.malformed(path, &error)))?;
        // Its host is a shard that nobody checked: only the query counts.
        let next = next.and_then(|link| link.split_once('?').map(|(_, query)| query.to_owned()));
        Ok(Page { rows: value, next })
    }

    /// The body of a good answer that `sound` finds whole.
    async fn ask(
        &self,
        stream: &str,
        path: &str,
        query: &str,
        sound: impl Fn(&[u8]) -> Result<(), serde_json::Error>,
    ) -> Result<Vec<u8>, ConnectError> {
        let http = self.account.http().await?;
        let ask = Ask::get(if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") })
            .with(HeaderName::from_static("user-key"), self.header.clone())
            .with(ACCEPT, HeaderValue::from_static("application/json"));
        let sound = |answer: &Answer| {
            if !answer.status.is_success() {
                return Ok(());
            }
            sound(&answer.body).map_err(|error| self.account.malformed(path, &error))
        };
        let answer =
            http.patiently_until(&ask, sound).await.map_err(|error| self.account.failed(stream, error))?;
        if answer.status.is_success() {
            return Ok(answer.body);
        }
        let error = match (answer.status.as_u16(), http.status(&ask, &answer)) {
            (401, HttpError::Status { host, detail, .. }) => HttpError::SignIn { host, detail },
            (403, HttpError::Status { host, path, status, detail }) => {
                let pace = self.account.pace();
                pace.wait_for(REFUSED_PAUSE.min(pace.manners().longest_pause));
                let detail = format!(
                    "{detail}; the key's user may not read this, or the system finds us too busy: check the user's profile, \
                     then lower `per_minute`"
                );
                HttpError::Status { host, path, status, detail }
            }
            (_, error) => error,
        };
        Err(self.account.failed(stream, error))
    }
}
