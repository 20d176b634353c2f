//! One account of a system behind HTTP: opened when it is first asked, and its errors told with their place.
//!
//! Knows no system (`sources`). Invariant: nothing that the account was told to hide is in an error.

use std::sync::Arc;

use tokio::sync::OnceCell;

use crate::errors::ConnectError;
use crate::http::{Http, HttpError, HttpOptions};
use crate::manners::Pace;
use crate::secrets::Secrets;

/// An account of a source.
pub struct Account {
    pub source: String,
    address: String,
    options: HttpOptions,
    pace: Pace,
    pub secrets: Arc<Secrets>,
    http: OnceCell<Http>,
}

impl Account {
    /// Calls nobody yet. `secret` appears in no error.
    pub fn new(source: &str, address: &str, secret: &str, options: HttpOptions, pace: Pace) -> Account {
        Account {
            source: source.to_owned(),
            address: address.to_owned(),
            options,
            pace,
            secrets: Arc::new(Secrets::of(&secret.into())),
            http: OnceCell::new(),
        }
    }

    /// The same account at another pace.
    #[must_use]
    pub fn at_pace(&self, pace: Pace) -> Account {
        self.at(&self.address, pace)
    }

    /// What belongs to the same account at another address: where its tokens come from.
    #[must_use]
    pub fn beside(&self, address: &str) -> Account {
        self.at(address, self.pace.clone())
    }

    fn at(&self, address: &str, pace: Pace) -> Account {
        Account {
            source: self.source.clone(),
            address: address.to_owned(),
            options: self.options.clone(),
            pace,
            secrets: self.secrets.clone(),
            http: OnceCell::new(),
        }
    }

    /// The client, which is opened once.
    ///
    /// # Errors
    /// `Open`.
    pub async fn http(&self) -> Result<&Http, ConnectError> {
        let open = || Http::open(&self.address, &self.options, self.pace.clone());
        let opened = self.http.get_or_try_init(open).await;
        opened
            .map_err(|error| ConnectError::Open { source_name: self.source.clone(), error: Box::new(error) })
    }

    pub fn host(&self) -> &str {
        self.http.get().map_or(self.address.as_str(), Http::host)
    }

    pub fn pace(&self) -> &Pace {
        &self.pace
    }

    /// The error of an answer that came, and makes no sense.
    pub fn unexpected(&self, path: &str, detail: &str) -> HttpError {
        let (host, path) = (self.host().to_owned(), path.to_owned());
        HttpError::Unexpected { host, path, detail: detail.to_owned() }
    }

    /// The error of an answer that is no JSON. Says where, never what: an answer may hold anything.
    pub fn malformed(&self, path: &str, error: &serde_json::Error) -> HttpError {
        if error.is_eof() {
            return HttpError::Broken {
                host: self.host().to_owned(),
                detail: "its JSON is cut off".to_owned(),
            };
        }
        let detail = format!("its JSON is wrong at line {}, column {}", error.line(), error.column());
        self.unexpected(path, &detail)
    }

    /// The error with its place. A server may repeat what it was sent: secrets are taken out of its words.
    pub fn failed(&self, stream: &str, error: HttpError) -> ConnectError {
        let error = Box::new(error.retold(|text| self.secrets.hide(text)));
        ConnectError::Http { source_name: self.source.clone(), stream: stream.to_owned(), error }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_is_repeated_in_an_answer_stays_out_of_the_message() {
        let pace = Pace::new(crate::manners::Manners::default());
        let account = Account::new("crm", "https://x", "ABC123", HttpOptions::default(), pace);
        let said = HttpError::Status {
            host: "x".into(),
            path: "Deals".into(),
            status: 400,
            detail: "User-Key ABC123 is odd".into(),
        };
        let message = account.failed("deals", said).to_string();
        assert!(message.contains("User-Key ••• is odd") && !message.contains("ABC123"), "{message}");
    }
}
