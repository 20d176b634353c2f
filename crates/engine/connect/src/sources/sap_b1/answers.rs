//! What the Service Layer answers: pages of rows, and errors in their two shapes.
//!
//! Asks nothing (`queries`). Invariant: version 1 and version 2 of the service are read alike.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::http::{Answer, Ask, Http, HttpError};

/// The code of "no matching records found".
const NOTHING_FOUND: &str = "-2028";

/// A page of an entity: its rows as they came, and where the next one is.
#[derive(Deserialize)]
pub(super) struct Page<'a> {
    #[serde(borrow)]
    pub value: Vec<&'a RawValue>,
    /// Relative to the service's root, as a rule.
    #[serde(default, rename = "@odata.nextLink", alias = "odata.nextLink")]
    pub next: Option<String>,
}

/// What the service says about a failure.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ServiceError {
    pub code: String,
    pub message: String,
}

impl ServiceError {
    /// From `{"error": {"code": …, "message": …}}`: the code is a number or a text, the message a text or an object with one.
    pub(super) fn of(body: &[u8]) -> ServiceError {
        let json: Value = serde_json::from_slice(body).unwrap_or_default();
        let error = &json["error"];
        let code = match &error["code"] {
            Value::String(code) => code.clone(),
            Value::Number(code) => code.to_string(),
            _ => String::new(),
        };
        let message = error["message"]["value"].as_str().or(error["message"].as_str()).unwrap_or_default();
        let words: Vec<&str> = message.split_whitespace().collect();
        ServiceError { code, message: words.join(" ").chars().take(300).collect() }
    }

    pub(super) fn is_known(&self) -> bool {
        !self.code.is_empty() || !self.message.is_empty()
    }

    /// An entity without rows is answered so by some versions.
    pub(super) fn is_nothing_found(&self) -> bool {
        self.code == NOTHING_FOUND
    }
}

impl std::fmt::Display for ServiceError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let message = if self.message.is_empty() { "without a reason" } else { self.message.as_str() };
        if self.code.is_empty() { f.write_str(message) } else { write!(f, "{message} (code {})", self.code) }
    }
}

/// Whether a good answer is a whole JSON text. A page for people is sound: asking again would not make another of it.
pub(super) fn is_sound(host: &str, ask: &Ask, answer: &Answer) -> Result<(), HttpError> {
    if !answer.status.is_success() {
        return Ok(());
    }
    match serde_json::from_slice::<serde::de::IgnoredAny>(&answer.body) {
        Ok(_) => Ok(()),
        Err(_) if answer.body.trim_ascii_start().starts_with(b"<") => Ok(()),
        Err(error) if error.is_eof() => {
            Err(HttpError::Broken { host: host.to_owned(), detail: format!("JSON without an end: {error}") })
        }
        Err(error) => Err(unexpected(host, ask, &format!("no JSON: {error}"))),
    }
}

/// The page that an answer holds.
pub(super) fn page<'a>(host: &str, ask: &Ask, answer: &'a Answer) -> Result<Page<'a>, HttpError> {
    serde_json::from_slice(&answer.body)
        .map_err(|error| unexpected(host, ask, &format!("no page of rows: {error}")))
}

pub(super) fn unexpected(host: &str, ask: &Ask, detail: &str) -> HttpError {
    HttpError::Unexpected { host: host.to_owned(), path: entity(ask).to_owned(), detail: detail.to_owned() }
}

/// The error that an answer with a refusing status is, with what a person can do about it.
pub(super) fn refusal(http: &Http, user: &str, ask: &Ask, answer: &Answer) -> HttpError {
    let said = ServiceError::of(&answer.body);
    let status = answer.status.as_u16();
    let lower = said.message.to_lowercase();
    let detail = match status {
        404 if !said.is_known() => return unexpected(http.host(), ask, "it is not there"),
        404 => format!("{said}; this version may not have it"),
        _ if status == 403 || lower.contains("permi") || lower.contains("authori") => {
            format!("{said}; give user `{user}` the authorisation to read it")
        }
        400 if lower.contains("propert") => format!("{said}; check `custom_fields`"),
        _ if said.is_known() && !answer.status.is_redirection() => said.to_string(),
        _ => return http.status(ask, answer),
    };
    HttpError::Status { host: http.host().to_owned(), path: entity(ask).to_owned(), status, detail }
}

/// The field among those asked for that a refusal says does not exist.
pub(super) fn absent_field<'a>(error: &'a HttpError, asked: &[String]) -> Option<&'a str> {
    let HttpError::Status { status: 400, detail, .. } = error else { return None };
    let mut words = detail.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.find(|word| asked.iter().any(|field| field == word))
}

/// The path without its query, which may hold what is nobody's business.
fn entity(ask: &Ask) -> &str {
    ask.path.split('?').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_read_in_both_shapes() {
        for (body, expected) in [
            (
                r#"{"error":{"code":-1102,"message":{"lang":"en-us","value":"No such field"}}}"#,
                "No such field (code -1102)",
            ),
            (r#"{"error":{"code":"-2039","message":"Bad\n query"}}"#, "Bad query (code -2039)"),
            ("<html>", "without a reason"),
        ] {
            assert_eq!(ServiceError::of(body.as_bytes()).to_string(), expected);
        }
        assert!(ServiceError::of(br#"{"error":{"code":-2028,"message":""}}"#).is_nothing_found());
    }

    #[test]
    fn absent_fields_are_found_in_a_refusal() {
        let refusal = |status, detail: &str| HttpError::Status {
            host: "erp".to_owned(),
            path: "ProfitCenters".to_owned(),
            status,
            detail: detail.to_owned(),
        };
        let asked = ["CenterCode", "GroupCode"].map(str::to_owned);
        let refused = refusal(400, "Property 'GroupCode' of 'ProfitCenter' is invalid (code -1000)");
        assert_eq!(absent_field(&refused, &asked), Some("GroupCode"));
        assert_eq!(absent_field(&refusal(400, "syntax error"), &asked), None);
        assert_eq!(absent_field(&refusal(403, "no GroupCode for you"), &asked), None);
    }

    #[test]
    fn pages_are_read_in_both_versions() {
        for body in [
            r#"{"value":[{"a":1}],"odata.nextLink":"X?$skip=1"}"#,
            r#"{"value":[{"a":1}],"@odata.nextLink":"X?$skip=1"}"#,
        ] {
            let page: Page<'_> = serde_json::from_str(body).unwrap();
            assert_eq!((page.value.len(), page.next.as_deref()), (1, Some("X?$skip=1")));
        }
        let last: Page<'_> = serde_json::from_str(r#"{"odata.metadata":"x","value":[]}"#).unwrap();
        assert!(last.next.is_none());
    }
}
