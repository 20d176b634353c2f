//! Small lists that are read whole: pipelines, stages, reasons, origins, and the options of the company's own fields.
//!
//! Does not read what has a date to go by (`changes`). Invariant: a list that has not changed is not landed again.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::api::Api;
use super::entities::{Columns, Lookup};
use super::fields::{Custom, Options};
use super::layout::{Layout, Record};
use crate::column_type::ColumnType;
use crate::errors::ConnectError;
use crate::json::JsonCell;
use crate::records::Gathering;
use crate::source::{LandHint, Mark, Piece, Reading, StreamState};

/// Key of the mark.
const CONTENT: &str = "content";

/// The stream of the options of all fields, and its columns.
pub const OPTIONS: &str = "options";
const OPTIONS_COLUMNS: Columns = &[
    ("Entity", ColumnType::Text),
    ("FieldKey", ColumnType::Text),
    ("OptionId", ColumnType::Integer),
    ("Name", ColumnType::Text),
];

pub fn layout(lookup: &Lookup) -> Layout {
    Layout::new(lookup.stream, lookup.columns, &["id"], &[], &BTreeMap::new())
}

pub fn options_layout() -> Layout {
    Layout::new(OPTIONS, OPTIONS_COLUMNS, &["field_key", "option_id"], &[], &BTreeMap::new())
}

/// Reads a list.
///
/// # Errors
/// As [`Api::list`]; and `Http` when a list that had rows has none.
pub async fn read(api: &Api, lookup: &Lookup, since: &StreamState) -> Result<Reading, ConnectError> {
    let mut query = vec![("$orderby", "Id")];
    query.extend(lookup.within.map(|(collection, _)| ("$expand", collection)));
    let mut outcome = Err(api.unexpected(lookup.stream, lookup.stream, "nobody was asked"));
    for path in lookup.paths {
        outcome = api.list_all(lookup.stream, path, &query).await;
        if !outcome.as_ref().is_err_and(|error| error.status() == Some(404)) {
            break;
        }
    }
    let rows = outcome?;
    let mut list = List::new(layout(lookup), lookup.paths[0]);
    for raw in &rows {
        match lookup.within {
            None => list.push(Record::of(raw), raw)?,
            Some((collection, parent)) => {
                let record = Record::of(raw);
                let id = record.as_ref().and_then(|record| record.get("Id"));
                let (Some(record), Some(id)) = (&record, id) else {
                    list.push(None, raw)?;
                    continue;
                };
                for child in record.within(collection).unwrap_or_default() {
                    list.push(Record::child(child, parent, id), child)?;
                }
            }
        }
    }
    // Nobody deletes all pipelines at once; a key that lost its permissions gets an empty list.
    if list.gathering.rows() == 0 && since.get(CONTENT).is_some() {
        return Err(api.unexpected(
            lookup.stream,
            lookup.paths[0],
            "it lists nothing where it listed something before",
        ));
    }
    list.reading(since)
}

/// The options of fields, each with the stream of its entity.
///
/// # Errors
/// `Build` when rows cannot be made.
pub fn options(
    fields: &[(&str, Custom)],
    tables: &[Options],
    since: &StreamState,
) -> Result<Reading, ConnectError> {
    let mut list = List::new(options_layout(), "Fields@OptionsTables");
    for (entity, field) in fields {
        let of_field = tables.iter().filter(|(table, _)| field.options == Some(*table));
        for (id, name) in of_field.flat_map(|(_, options)| options) {
            let text = |text: &str| JsonCell::Text(text.to_owned().into());
            list.add(|key| match key {
                "Entity" => text(entity),
                "FieldKey" => text(&field.key),
                "OptionId" => text(&id.to_string()),
                _ => text(name),
            })?;
        }
    }
    list.reading(since)
}

/// A list on its way, with the digest of its content.
struct List {
    layout: Layout,
    gathering: Gathering,
    digest: Sha256,
}

impl List {
    fn new(layout: Layout, place: &str) -> List {
        let gathering = Gathering::new(layout.shape.clone(), place);
        List { layout, gathering, digest: Sha256::new() }
    }

    fn push(&mut self, record: Option<Record<'_>>, raw: &RawValue) -> Result<(), ConnectError> {
        let Some(record) = record.filter(|record| record.id().is_some()) else {
            self.digest.update(raw.get());
            self.gathering.reject(raw.get(), "has no Id");
            return Ok(());
        };
        let layout = &self.layout;
        add(&mut self.gathering, &mut self.digest, layout, |key| layout.cell(&record, key))
    }

    fn add<'a>(&mut self, cell: impl Fn(&str) -> JsonCell<'a>) -> Result<(), ConnectError> {
        add(&mut self.gathering, &mut self.digest, &self.layout, cell)
    }

    fn reading(self, since: &StreamState) -> Result<Reading, ConnectError> {
        // A column that is new makes the same rows another content.
        let names: Vec<&str> = self.layout.shape.columns.iter().map(|column| column.name.as_str()).collect();
        let content = format!("{}/{}", hex(&self.digest.finalize()), names.join(","));
        let is_known = since.get(CONTENT).and_then(serde_json::Value::as_str) == Some(content.as_str());
        let mut pieces: Vec<Piece> = Vec::new();
        if !is_known && self.gathering.rows() + since.keys().count() > 0 {
            let mark = Mark { key: CONTENT.to_owned(), value: content.into() };
            pieces.push(self.gathering.piece(LandHint::ReplaceAll, Some(mark))?);
        }
        let reading = Reading {
            pieces,
            failures: Vec::new(),
            skipped: Vec::new(),
            gone: Vec::new(),
            unchanged: usize::from(is_known),
        };
        Ok(reading.in_turn())
    }
}

fn add<'a>(
    gathering: &mut Gathering,
    digest: &mut Sha256,
    layout: &Layout,
    cell: impl Fn(&str) -> JsonCell<'a>,
) -> Result<(), ConnectError> {
    for column in &layout.shape.columns {
        // Each value with its kind and its length, so that no two rows read alike.
        let (kind, text) = match cell(&column.key) {
            JsonCell::Absent => ('-', String::new()),
            JsonCell::Text(text) => ('t', text.into_owned()),
            JsonCell::Number(text) | JsonCell::Nested(text) => ('n', text.to_owned()),
            JsonCell::Boolean(flag) => ('b', flag.to_string()),
        };
        digest.update(format!("{kind}{}:{text}", text.len()));
    }
    gathering.push_with(cell)
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
