//! From page to page through one list.
//!
//! Asks nobody (`api`). Invariant: it ends: a page or a cursor that comes again is an error, and a list that stays behind what the API counts is
//! one too.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::value::RawValue;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::answer;
use super::api::Page;
use super::streams::{By, Method, Stream};
use crate::http::{Ask, Http, HttpError, encoded, escaped};

/// Why there is no next page, although there should be.
pub enum Lost {
    /// In words, with a remedy.
    Told(String),
    Away(HttpError),
}

/// Where a list goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Turn {
    Start,
    /// Number of a page or of records, or a cursor.
    At(Value),
    /// Path and query, as the API gave them.
    Link(String),
}

/// One list, being read.
pub struct Walk {
    stream: Arc<Stream>,
    /// Value of the parent record that the list belongs to.
    parent: Option<String>,
    /// What the parameter of `incremental` is told.
    from: Option<Value>,
    turn: Turn,
    pages: u64,
    records: u64,
    total: Option<u64>,
    last_page: Option<[u8; 32]>,
    turns: HashSet<[u8; 32]>,
}

impl Walk {
    pub fn new(stream: Arc<Stream>, parent: Option<String>, from: Option<Value>) -> Walk {
        Walk {
            stream,
            parent,
            from,
            turn: Turn::Start,
            pages: 0,
            records: 0,
            total: None,
            last_page: None,
            turns: HashSet::new(),
        }
    }

    /// Whether the page that was asked for is one behind the last, which some APIs answer with 404.
    pub fn may_be_behind(&self) -> bool {
        self.pages > 0 && self.stream.paging.as_ref().is_some_and(|paging| paging.by == By::Page)
    }

    /// The question for the next page.
    pub fn ask(&self) -> Ask {
        let stream = &self.stream;
        let mut path = stream.path.trim_start_matches('/').to_owned();
        if let (Some(each), Some(value)) = (&stream.for_each, &self.parent) {
            path = path.replace(&each.place(), &escaped(value));
        }
        let mut parameters: Vec<(&str, Value)> = Vec::new();
        match &self.turn {
            Turn::Link(link) => path.clone_from(link),
            turn => {
                if let (Some(incremental), Some(from)) = (&stream.incremental, &self.from) {
                    parameters.push((&incremental.parameter, from.clone()));
                }
                if let Some(paging) = &stream.paging {
                    if let (Some(size), Some(name)) = (paging.size, &paging.size_parameter) {
                        parameters.push((name, size.into()));
                    }
                    let first = match paging.by {
                        By::Page => Some(paging.first.unwrap_or(1).into()),
                        By::Offset => Some(0.into()),
                        By::Next | By::Link | By::Cursor => None,
                    };
                    let at = if let Turn::At(at) = turn { Some(at.clone()) } else { first };
                    parameters.extend(at.map(|at| (paging.parameter(), at)));
                }
            }
        }
        if stream.method == Method::Post {
            return Ask::post(path, &posted(&stream.body, parameters));
        }
        let texts: Vec<(&str, String)> =
            parameters.into_iter().map(|(name, value)| (name, plain(&value))).collect();
        let query = encoded(texts.iter().map(|(name, value)| (*name, value.as_str())));
        if !query.is_empty() {
            path.push(if path.contains('?') { '&' } else { '?' });
            path.push_str(&query);
        }
        Ask::get(path)
    }

    /// Takes in a page. False when it was the last.
    ///
    /// # Errors
    /// As [`Lost`].
    pub fn advance(&mut self, http: &Http, page: &Page, records: &[&RawValue]) -> Result<bool, Lost> {
        self.pages += 1;
        self.records += records.len() as u64;
        let total = self.stream.total.as_ref().and_then(|path| answer::text(&page.body, path));
        self.total = total.and_then(|total| total.parse().ok()).or(self.total);
        let digest = digest(records.iter().map(|record| record.get()));
        if !records.is_empty() && self.last_page.replace(digest) == Some(digest) {
            return Err(Lost::Told(format!(
                "page {} holds the same records as the one before, so that there would be no end; check `paging`, or take it out where the API \
                 gives everything at once",
                self.pages
            )));
        }
        let Some(turn) = self.next(http, page, records.is_empty())? else { return Ok(false) };
        let name = match &turn {
            Turn::Link(link) => link.clone(),
            other => format!("{other:?}"),
        };
        if !self.turns.insert(self::digest([name.as_str()])) {
            return Err(Lost::Told(format!(
                "page {} leads back to where the reading has been, so that there would be no end; check `parameter` and `at` of `paging`",
                self.pages
            )));
        }
        self.turn = turn;
        Ok(true)
    }

    fn next(&self, http: &Http, page: &Page, is_empty: bool) -> Result<Option<Turn>, Lost> {
        let Some(paging) = &self.stream.paging else { return Ok(None) };
        let told = || paging.at.as_ref().and_then(|at| answer::text(&page.body, at));
        let link = |link: String| page.follow(http, &link).map(Turn::Link).map_err(Lost::Away);
        let is_whole = is_empty || self.total.is_some_and(|total| self.records >= total);
        match paging.by {
            // A short page proves nothing: who asks for 500 may be given 100. Only an empty one is the end.
            By::Page | By::Offset if is_whole => Ok(None),
            By::Page => Ok(Some(Turn::At((paging.first.unwrap_or(1) + self.pages).into()))),
            By::Offset => Ok(Some(Turn::At(self.records.into()))),
            By::Cursor => Ok(told().map(|cursor| Turn::At(cursor.into()))),
            By::Next => told().map(link).transpose(),
            By::Link => answer::next_link(page.links.iter().map(String::as_str)).map(link).transpose(),
        }
    }

    /// After the last page: whether as many records came as the API counts.
    ///
    /// # Errors
    /// Both figures, with the remedy.
    pub fn whole(&self) -> Result<(), Lost> {
        match (self.total, &self.stream.total) {
            (Some(total), Some(path)) if self.records < total => Err(Lost::Told(format!(
                "the API counts {total} records (`{path}`), and gave {}; check `paging`, and that `total` counts this list; the next sync tries \
                 again",
                self.records
            ))),
            _ => Ok(()),
        }
    }
}

/// Parameters put into a body; dots in a name lead into objects.
fn posted(body: &Map<String, Value>, parameters: Vec<(&str, Value)>) -> Value {
    let mut body = Value::Object(body.clone());
    for (name, value) in parameters {
        let mut place = &mut body;
        for key in name.split('.') {
            if !place.is_object() {
                *place = Value::Object(Map::new());
            }
            place = &mut place[key];
        }
        *place = value;
    }
    body
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn digest<'a>(texts: impl IntoIterator<Item = &'a str>) -> [u8; 32] {
    let mut digest = Sha256::new();
    for text in texts {
        digest.update((text.len() as u64).to_le_bytes());
        digest.update(text);
    }
    digest.finalize().into()
}
