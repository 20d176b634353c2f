//! One pass through one stream: its lists, page by page, and what they say of how far it has been read.
//!
//! Makes no pieces (`collecting`). Invariant: a state is told only when every record before it was handed over.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use serde_json::Value;

use super::answer;
use super::api::Api;
use super::cursor::{self, Position};
use super::streams::Stream;
use super::walk::{Lost, Walk};
use crate::collecting::{Collecting, Telling, Told};
use crate::errors::ConnectError;
use crate::found::{lookup, row};
use crate::json::JsonCell;

/// A pass.
pub struct Pass {
    api: Arc<Api>,
    stream: Arc<Stream>,
    /// The stream whose records the lists belong to.
    parent: Option<Arc<Stream>>,
    /// JSON texts of the parent records' values that are left; none before they have been asked for.
    left: Option<VecDeque<String>>,
    walk: Option<Walk>,
    /// What each record gets from its parent: an entry of its JSON.
    entry: Option<String>,
    from: Option<Value>,
    high: Option<Position>,
    last: Option<Position>,
    is_sorted: bool,
    /// Whether records came, and any of them with a position.
    came: bool,
    placed: bool,
    /// Keys that came, of a stream that is read whole: pages that shift while they are read give a record twice.
    keys: HashSet<u128>,
    /// The last list that was not there, and whether any was.
    absent: Option<ConnectError>,
    was_there: bool,
}

impl Pass {
    /// A pass that begins at `high`. `parent` is the stream whose records it is read for.
    pub fn new(api: Arc<Api>, stream: Stream, parent: Option<Stream>, high: Option<Position>) -> Pass {
        let incremental = stream.incremental.as_ref();
        let from = incremental.and_then(|it| it.from(high.as_ref()));
        // All parents: their lists change without them.
        let parent = parent.map(|parent| Arc::new(Stream { incremental: None, ..parent }));
        Pass {
            api,
            is_sorted: incremental.is_some_and(|it| it.sorted),
            stream: Arc::new(stream),
            parent,
            left: None,
            walk: None,
            entry: None,
            from,
            high,
            last: None,
            came: false,
            placed: false,
            keys: HashSet::new(),
            absent: None,
            was_there: false,
        }
    }

    /// The first page's records, and nothing more.
    ///
    /// # Errors
    /// As [`Api::page`], and `Records` for an answer that the description does not fit.
    pub async fn look(mut self) -> Result<Vec<String>, ConnectError> {
        let mut some = Vec::new();
        if let Some(parent) = &self.parent {
            self.left = Some(values(&self.api, parent, &self.stream, true).await?);
        }
        self.step(|record| {
            some.push(record.to_owned());
            Ok(())
        })
        .await?;
        Ok(some)
    }

    /// One page; false when there are no more.
    async fn step(
        &mut self,
        mut record: impl FnMut(&str) -> Result<(), ConnectError> + Send,
    ) -> Result<bool, ConnectError> {
        if !self.begin().await? {
            // Lists of which not one was there are no empty ones.
            return match self.absent.take() {
                Some(absent) if !self.was_there => Err(absent),
                _ => Ok(false),
            };
        }
        let Some(walk) = &mut self.walk else { return Ok(false) };
        let entry = self.entry.as_deref();
        let told = |text: &str| match entry {
            Some(entry) => record(&with(text, entry)),
            None => record(text),
        };
        match read(&self.api, &self.stream, walk, told).await {
            Ok(goes_on) => {
                self.was_there = true;
                if !goes_on {
                    self.walk = None;
                }
            }
            // A parent that has gone since, or that has no such list.
            Err(error) if is_absent(&error) && entry.is_some() => {
                self.absent = Some(error);
                self.walk = None;
            }
            Err(error) => return Err(error),
        }
        Ok(true)
    }

    /// Begins the next list, unless one is being read; false when there are no more.
    async fn begin(&mut self) -> Result<bool, ConnectError> {
        if self.walk.is_some() {
            return Ok(true);
        }
        if self.left.is_none() {
            self.left = Some(match &self.parent {
                Some(parent) => values(&self.api, parent, &self.stream, false).await?,
                None => VecDeque::from([String::new()]),
            });
        }
        let Some(value) = self.left.as_mut().and_then(VecDeque::pop_front) else { return Ok(false) };
        let each = self.stream.for_each.as_ref();
        self.entry = each.map(|each| format!("{}:{value}", Value::from(each.key())));
        let plain = serde_json::from_str::<String>(&value).unwrap_or(value);
        let parent = each.map(|_| plain);
        self.walk = Some(Walk::new(self.stream.clone(), parent, self.from.clone()));
        Ok(true)
    }
}

/// JSON texts of the values of a parent's records that `child` is read for, each once; perhaps only the first.
async fn values(
    api: &Api,
    parent: &Arc<Stream>,
    child: &Stream,
    only_first: bool,
) -> Result<VecDeque<String>, ConnectError> {
    let (mut seen, mut values) = (HashSet::new(), VecDeque::new());
    let Some(each) = &child.for_each else { return Ok(values) };
    let mut walk = Walk::new(parent.clone(), None, None);
    loop {
        let goes_on = read(api, parent, &mut walk, |record| {
            let found = row(record, false).ok().and_then(|row| match lookup(&row, &each.field) {
                JsonCell::Text(text) => Some(Value::from(text.as_ref()).to_string()),
                JsonCell::Number(text) => Some(text.to_owned()),
                _ => None,
            });
            if let Some(value) = found.filter(|value| seen.insert(value.clone())) {
                values.push_back(value);
            }
            Ok(())
        })
        .await?;
        if !goes_on || only_first && !values.is_empty() {
            return Ok(values);
        }
    }
}

/// Reads one page of a list; false when it was the last.
async fn read(
    api: &Api,
    stream: &Stream,
    walk: &mut Walk,
    mut record: impl FnMut(&str) -> Result<(), ConnectError> + Send,
) -> Result<bool, ConnectError> {
    let account = &api.account;
    let lost = |lost: Lost| match lost {
        Lost::Told(detail) => {
            ConnectError::Records { source_name: account.source.clone(), stream: stream.name.clone(), detail }
        }
        Lost::Away(error) => account.failed(&stream.name, error),
    };
    let page = match api.page(&stream.name, &walk.ask()).await {
        Ok(page) => page,
        Err(error) if is_absent(&error) && walk.may_be_behind() => {
            return walk.whole().map(|()| false).map_err(lost);
        }
        Err(error) => return Err(error),
    };
    let records = answer::records(&page.body, &stream.records).map_err(|told| lost(Lost::Told(told)))?;
    let goes_on = walk.advance(account.http().await?, &page, &records).map_err(lost)?;
    if !goes_on {
        walk.whole().map_err(lost)?;
    }
    records.iter().try_for_each(|raw| record(raw.get()))?;
    Ok(goes_on)
}

/// A record with another entry at its beginning; what is no object stays as it is, and is rejected.
fn with(record: &str, entry: &str) -> String {
    match record.strip_prefix('{') {
        Some(rest) if rest.trim_start().starts_with('}') => format!("{{{entry}}}"),
        Some(rest) => format!("{{{entry},{rest}"),
        None => record.to_owned(),
    }
}

fn is_absent(error: &ConnectError) -> bool {
    error.status() == Some(404)
}

/// What a record says of itself.
struct Seen {
    position: Option<Position>,
    /// Digest of its key.
    key: Option<u128>,
}

fn seen(stream: &Stream, record: &str) -> Seen {
    let Ok(row) = row(record, false) else { return Seen { position: None, key: None } };
    let position = stream.incremental.as_ref().and_then(|it| Position::of(&lookup(&row, &it.field)));
    let parts = stream.key.parts();
    let whole = !parts.is_empty() && stream.incremental.is_none();
    let key = whole.then(|| {
        use sha2::{Digest, Sha256};
        let mut digest = Sha256::new();
        for part in parts {
            let cell = lookup(&row, part);
            let text = match &cell {
                JsonCell::Text(text) => text.as_ref(),
                JsonCell::Number(text) | JsonCell::Nested(text) => text,
                JsonCell::Boolean(_) | JsonCell::Absent => return None,
            };
            digest.update((text.len() as u64).to_le_bytes());
            digest.update(text);
        }
        let digest: [u8; 32] = digest.finalize().into();
        Some(u128::from_le_bytes(std::array::from_fn(|at| digest[at])))
    });
    Seen { position, key: key.flatten() }
}

#[async_trait::async_trait]
impl Telling for Pass {
    async fn next(&mut self, collecting: &mut Collecting) -> Result<Told, ConnectError> {
        let stream = self.stream.clone();
        let (mut high, mut last, mut is_sorted) = (self.high.take(), self.last.take(), self.is_sorted);
        let (mut came, mut placed, mut keys) = (self.came, self.placed, std::mem::take(&mut self.keys));
        let goes_on = self
            .step(|record| {
                came = true;
                let seen = seen(&stream, record);
                if seen.key.is_some_and(|key| !keys.insert(key)) {
                    return Ok(());
                }
                if let Some(position) = seen.position {
                    placed = true;
                    is_sorted &= last.as_ref().is_none_or(|last| position >= *last);
                    if high.as_ref().is_none_or(|high| position > *high) {
                        high = Some(position.clone());
                    }
                    last = Some(position);
                }
                collecting.record(record)
            })
            .await;
        (self.high, self.last, self.came, self.placed, self.keys) = (high, last, came, placed, keys);
        let goes_on = goes_on?;
        if self.is_sorted && !is_sorted {
            tracing::warn!(
                stream = stream.name,
                "its records do not come sorted, as `sorted: true` says; take it out"
            );
            self.is_sorted = false;
        }
        let vouched = self.high.as_ref().filter(|_| self.is_sorted || !goes_on);
        let piece = match (&stream.incremental, vouched) {
            (Some(incremental), Some(high)) => collecting.state(cursor::state(&incremental.field, high))?,
            _ => None,
        };
        // After a piece the end comes with the next step, which finds no page.
        Ok(if piece.is_none() && !goes_on { Told::End } else { Told::of(piece) })
    }

    async fn end(self) -> Result<(), ConnectError> {
        match &self.stream.incremental {
            Some(incremental) if self.came && !self.placed => Err(ConnectError::Records {
                source_name: self.api.account.source.clone(),
                stream: self.stream.name.clone(),
                detail: format!(
                    "no record has a value in `{0}`, so that it would be read from the beginning each time; correct `field` of `incremental`",
                    incremental.field
                ),
            }),
            _ => Ok(()),
        }
    }
}
