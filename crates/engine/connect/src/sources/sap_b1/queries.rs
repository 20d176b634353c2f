//! Questions to an entity: which fields, which rows, in which order, how many at a time.
//!
//! Does not know why rows are wanted (`progress`). Invariant: rows come in the order of their key, and the next page is asked for by the
//! last key, so that rows that change meanwhile move no others across a page's edge.

use std::fmt;

use reqwest::StatusCode;
use reqwest::header::{HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::Reader;
use super::answers::{self, ServiceError};
use crate::http::{Answer, Ask, HttpError};

/// What tells an entity's rows apart: `DocEntry`, or `CardCode`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Key {
    Number(i64),
    Text(String),
}

impl Key {
    pub(super) fn of(raw: &RawValue) -> Option<Key> {
        serde_json::from_str(raw.get()).ok()
    }

    /// As a filter writes it.
    pub(super) fn literal(&self) -> String {
        match self {
            Key::Number(number) => number.to_string(),
            Key::Text(text) => format!("'{}'", text.replace('\'', "''")),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Key::Number(number) => number.fmt(f),
            Key::Text(text) => f.write_str(text),
        }
    }
}

/// A question for one page.
#[derive(Debug, Clone)]
pub(super) struct Question<'a> {
    pub entity: &'a str,
    /// Field that the rows are ordered by.
    pub key: &'a str,
    /// Empty for all.
    pub select: Vec<String>,
    /// All of them hold.
    pub filters: Vec<String>,
    pub rows: usize,
}

impl Question<'_> {
    /// Only rows after this one.
    pub(super) fn after(mut self, key: Option<&Key>) -> Self {
        self.filters.extend(key.map(|key| format!("{} gt {}", self.key, key.literal())));
        self
    }

    /// Only these rows.
    pub(super) fn of(mut self, keys: &[i64]) -> Self {
        let each: Vec<String> = keys.iter().map(|key| format!("{} eq {key}", self.key)).collect();
        self.filters.push(format!("({})", each.join(" or ")));
        self
    }

    pub(super) fn ask(&self) -> Ask {
        let mut options = Vec::new();
        if !self.select.is_empty() {
            options.push(format!("$select={}", encoded(&self.select.join(","))));
        }
        if !self.filters.is_empty() {
            options.push(format!("$filter={}", encoded(&self.filters.join(" and "))));
        }
        options.push(format!("$orderby={}", self.key));
        let size = HeaderValue::from_str(&format!("odata.maxpagesize={}", self.rows));
        let ask = Ask::get(format!("{}?{}", self.entity, options.join("&")));
        match size {
            Ok(size) => ask.with(HeaderName::from_static("prefer"), size),
            Err(_) => ask,
        }
    }
}

/// The question that a page's link stands for: what the link leaves out holds as it was asked before.
pub(super) fn following(ask: &Ask, link: &str) -> Ask {
    let (path, query) = link.split_once('?').unwrap_or((link, ""));
    // Behind a load balancer an absolute link may name another address: only its last part counts.
    let entity = path.rsplit('/').next().unwrap_or_default();
    let (asked_path, asked) = ask.path.split_once('?').unwrap_or((&ask.path, ""));
    let entity = if entity.is_empty() { asked_path } else { entity };
    let name = |option: &str| option.split('=').next().unwrap_or_default().replace("%24", "$");
    let given: Vec<&str> = query.split('&').filter(|option| !option.is_empty()).collect();
    let missing = asked.split('&').filter(|old| given.iter().all(|new| name(new) != name(old)));
    let options: Vec<&str> = given.iter().copied().chain(missing).collect();
    Ask { path: format!("{entity}?{}", options.join("&")), ..ask.clone() }
}

/// Characters that have no meaning of their own within an option stay; all others are encoded.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len() + 16);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~,()/:".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.extend(
                [byte >> 4, byte & 15].map(|half| char::from(b"0123456789ABCDEF"[usize::from(half)])),
            );
        }
    }
    encoded
}

/// The answer with a page of rows; nothing found is a page without any.
pub(super) async fn answer(reader: &Reader, ask: &Ask) -> Result<Answer, HttpError> {
    let mut answer = reader.session.ask(ask).await?;
    if answer.status.is_success() {
        return Ok(answer);
    }
    if answer.status == StatusCode::NOT_FOUND && ServiceError::of(&answer.body).is_nothing_found() {
        answer.body = br#"{"value":[]}"#.to_vec();
        return Ok(answer);
    }
    Err(answers::refusal(reader.session.http().await?, reader.session.user(), ask, &answer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_encoded_and_continue_after_a_key() {
        let question = Question {
            entity: "BusinessPartners",
            key: "CardCode",
            select: ["CardCode", "CardName"].map(str::to_owned).to_vec(),
            filters: vec!["(CreateDate ge '2026-07-01' or UpdateDate ge '2026-07-01')".to_owned()],
            rows: 50,
        };
        let ask = question.after(Some(&Key::Text("D'Ávila & Cia #1".to_owned()))).ask();
        assert_eq!(
            ask.path,
            "BusinessPartners?$select=CardCode,CardName&$filter=(CreateDate%20ge%20%272026-07-01%27%20or%20\
             UpdateDate%20ge%20%272026-07-01%27)%20and%20CardCode%20gt%20%27D%27%27%C3%81vila%20%26%20Cia%20%231%27\
             &$orderby=CardCode"
        );
        assert_eq!(ask.headers.get("prefer").unwrap(), "odata.maxpagesize=50");
    }

    #[test]
    fn links_lead_on_below_the_same_root_and_keep_options() {
        let ask = Ask::get("U_X?$select=Code&$orderby=Code");
        for (link, expected) in [
            ("U_X?$skip=20", "U_X?$skip=20&$select=Code&$orderby=Code"),
            (
                "https://inner:50001/b1s/v1/U_X?%24select=Code&$skip=20",
                "U_X?%24select=Code&$skip=20&$orderby=Code",
            ),
            ("?$skip=20", "U_X?$skip=20&$select=Code&$orderby=Code"),
        ] {
            assert_eq!(following(&ask, link).path, expected);
        }
    }
}
