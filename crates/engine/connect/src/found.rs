//! The columns of records whose shape nobody, or not everybody, declares: found by looking at every value.
//!
//! Keeps no values (`spool`). Invariant: a column that is known keeps its name, and its type unless that can widen without losing a value; a
//! key becomes a column with its first value.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use arrow::datatypes::Schema;
use serde_json::value::RawValue;

use crate::cell::{DateOrder, DecimalStyle, Reading};
use crate::column_name::{names_a_code, sql_name};
use crate::column_type::ColumnType;
use crate::errors::{ConnectError, TypeChange};
use crate::json::{JsonCell, JsonRow};
use crate::moment;
use crate::records::{RecordColumn, Shape};
use crate::source::SOURCE_NAME;
use crate::tally::Tally;

/// More columns than this are no table, but names that are data.
const MOST_COLUMNS: usize = 2_000;
/// How JSON writes numbers and dates.
const READING: Reading = Reading { decimal: DecimalStyle::Point, date_order: DateOrder::DayFirst };

/// What is known of a stream's columns, and what its records show.
pub struct Found {
    source: String,
    stream: String,
    /// Columns whose type somebody says.
    declared: Vec<RecordColumn>,
    /// Columns of the table so far; of a key that is not known any more the name stands for it.
    known: Vec<RecordColumn>,
    /// Whether an object within a record becomes columns, one level deep.
    flatten: bool,
    seen: Vec<(String, Tally)>,
    places: HashMap<String, usize>,
    rows: u64,
}

impl Found {
    /// `declared` are keys with their types.
    pub fn new(
        source: &str,
        stream: &str,
        declared: Vec<(String, ColumnType)>,
        known: Option<&Schema>,
        flatten: bool,
    ) -> Found {
        let known = known.map(|schema| schema.fields().iter()).into_iter().flatten();
        let known = known.filter(|field| !field.name().starts_with("_mirante_")).map(|field| RecordColumn {
            key: field.metadata().get(SOURCE_NAME).unwrap_or(field.name()).clone(),
            name: field.name().clone(),
            column_type: ColumnType::of_arrow(field.data_type()),
        });
        let mut found = Found {
            source: source.to_owned(),
            stream: stream.to_owned(),
            declared: Vec::new(),
            known: known.collect(),
            flatten,
            seen: Vec::new(),
            places: HashMap::new(),
            rows: 0,
        };
        found.declare(declared);
        found
    }

    pub fn stream(&self) -> &str {
        &self.stream
    }

    /// Whether an object within a record becomes columns.
    pub fn flattens(&self) -> bool {
        self.flatten
    }

    /// Takes another declaration: a source may change its mind.
    pub fn declare(&mut self, declared: Vec<(String, ColumnType)>) {
        self.declared = declared
            .into_iter()
            .map(|(key, column_type)| RecordColumn { name: String::new(), key, column_type })
            .collect();
    }

    /// Reads a record as an object.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn row<'a>(&self, text: &'a str) -> Result<JsonRow<'a>, serde_json::Error> {
        row(text, self.flatten)
    }

    /// Looks at a record's keys and values.
    ///
    /// # Errors
    /// `Records` when there are more keys than a table has columns.
    pub fn look(&mut self, row: &JsonRow<'_>) -> Result<(), ConnectError> {
        self.rows += 1;
        for (key, raw) in &row.0 {
            if self.declared.iter().any(|column| column.key == **key) {
                continue;
            }
            let cell = JsonCell::of(raw);
            if matches!(cell, JsonCell::Absent) {
                continue;
            }
            let place = match self.places.get(&**key) {
                Some(place) => *place,
                None => self.place(key)?,
            };
            self.seen[place].1.add(self.rows, cell.cell());
        }
        Ok(())
    }

    fn place(&mut self, key: &str) -> Result<usize, ConnectError> {
        if self.seen.len() >= MOST_COLUMNS {
            return Err(ConnectError::Records {
                source_name: self.source.clone(),
                stream: self.stream.clone(),
                detail: format!(
                    "its records have more than {MOST_COLUMNS} different keys; keys that are data belong into a list"
                ),
            });
        }
        let place = self.seen.len();
        self.seen.push((key.to_owned(), Tally::default()));
        self.places.insert(key.to_owned(), place);
        Ok(place)
    }

    /// The columns by what has been seen since the last call. `key` names the keys that tell one record from another.
    ///
    /// # Errors
    /// `TypeChanged` when a known column has become another one.
    pub fn shape(&mut self, place: &str, key: &[String]) -> Result<Shape, ConnectError> {
        let mut columns = Naming::new(&self.known);
        for declared in &self.declared {
            columns.take(&declared.key, declared.column_type);
        }
        for (seen, tally) in &self.seen {
            if tally.values > 0 {
                let known = columns.known(seen).map(|known| known.column_type);
                columns.take(seen, self.type_of(place, seen, tally, known)?);
            }
        }
        // A key that no record has yet is a column all the same: rows are merged by it.
        for key in key {
            if !columns.has(key) {
                let known = columns.known(key).map(|known| known.column_type);
                columns.take(key, known.unwrap_or(ColumnType::Text));
            }
        }
        let columns = columns.all();
        let named = |key: &String| columns.iter().find(|column| column.key == *key);
        let key: Vec<String> =
            key.iter().map(|key| named(key).map_or_else(|| sql_name(key), |it| it.name.clone())).collect();
        let key: Vec<&str> = key.iter().map(String::as_str).collect();
        self.known.clone_from(&columns);
        self.seen.clear();
        self.places.clear();
        self.rows = 0;
        Ok(Shape::new(&self.stream, columns, &key))
    }

    fn type_of(
        &self,
        place: &str,
        key: &str,
        tally: &Tally,
        known: Option<ColumnType>,
    ) -> Result<ColumnType, ConnectError> {
        let counts = tally.read_as(READING);
        let name = sql_name(key);
        let found = match counts.decide() {
            ColumnType::Integer if names_a_code(&name) => ColumnType::Text,
            other => other,
        };
        let Some(known) = known else { return Ok(found) };
        if let Some(wider) = counts.needed(known, found) {
            return Ok(wider);
        }
        if counts.mostly_fit(known) {
            return Ok(known);
        }
        let (row, value) = tally.stranger(known).unwrap_or((1, "its values"));
        let change = TypeChange {
            stream: self.stream.clone(),
            file: place.to_owned(),
            column: name,
            row,
            value: value.to_owned(),
            known,
            found,
        };
        Err(ConnectError::TypeChanged(Box::new(change)))
    }
}

/// Gives keys the names of columns: a known one keeps its own.
struct Naming<'k> {
    known: &'k [RecordColumn],
    claimed: HashSet<&'k str>,
    taken: HashSet<String>,
    columns: Vec<RecordColumn>,
}

impl<'k> Naming<'k> {
    fn new(known: &'k [RecordColumn]) -> Naming<'k> {
        let taken = known.iter().map(|column| column.name.clone()).collect();
        Naming { known, claimed: HashSet::new(), taken, columns: Vec::new() }
    }

    /// The known column that a key belongs to: of the same key, else of the same name.
    fn known(&self, key: &str) -> Option<&'k RecordColumn> {
        let free = |column: &&RecordColumn| !self.claimed.contains(column.name.as_str());
        let same = self.known.iter().filter(free).find(|column| column.key == key);
        let name = sql_name(key);
        same.or_else(|| {
            self.known.iter().filter(free).find(|column| column.name == name && column.key == name)
        })
    }

    fn take(&mut self, key: &str, column_type: ColumnType) {
        let name = if let Some(known) = self.known(key) {
            self.claimed.insert(&known.name);
            known.name.clone()
        } else {
            let base =
                Some(sql_name(key)).filter(|name| !name.is_empty()).unwrap_or_else(|| "column".to_owned());
            let mut copies = std::iter::once(base.clone()).chain((2..).map(|copy| format!("{base}_{copy}")));
            copies.find(|name| !self.taken.contains(name)).unwrap_or(base)
        };
        self.taken.insert(name.clone());
        self.columns.push(RecordColumn { key: key.to_owned(), name, column_type });
    }

    fn has(&self, key: &str) -> bool {
        self.columns.iter().any(|column| column.key == key)
    }

    /// What came, and what is known and did not come: a record without a value empties it.
    fn all(mut self) -> Vec<RecordColumn> {
        let left = self.known.iter().filter(|column| !self.claimed.contains(column.name.as_str()));
        self.columns.extend(left.cloned());
        self.columns
    }
}

/// A record's text as an object; with `flatten` an object within becomes `outer.inner`.
///
/// # Errors
/// What is wrong with the text.
pub fn row(text: &str, flatten: bool) -> Result<JsonRow<'_>, serde_json::Error> {
    let row: JsonRow<'_> = serde_json::from_str(text)?;
    if !flatten || !row.0.iter().any(|(_, raw)| raw.get().starts_with('{')) {
        return Ok(row);
    }
    let mut flat: Vec<(Cow<'_, str>, &RawValue)> = Vec::with_capacity(row.0.len() + 8);
    for (key, raw) in row.0 {
        match within(raw) {
            Some(inner) => {
                flat.extend(
                    inner.0.into_iter().map(|(part, raw)| (Cow::Owned(format!("{key}.{part}")), raw)),
                );
            }
            None => flat.push((key, raw)),
        }
    }
    Ok(JsonRow(flat))
}

fn within(raw: &RawValue) -> Option<JsonRow<'_>> {
    raw.get().starts_with('{').then(|| serde_json::from_str(raw.get()).ok()).flatten()
}

/// The value of a key, or of a path of keys with dots between them.
pub fn lookup<'a>(row: &JsonRow<'a>, key: &str) -> JsonCell<'a> {
    if let Some(raw) = row.get(key) {
        return JsonCell::of(raw);
    }
    let Some((outer, inner)) = key.split_once('.') else { return JsonCell::Absent };
    row.get(outer).and_then(within).map_or(JsonCell::Absent, |row| lookup(&row, inner))
}

/// The value as its column wants it, where systems are careless: a moment without an offset is in UTC, and a time of day that has one is told
/// in UTC.
pub fn told(cell: JsonCell<'_>, column_type: ColumnType) -> JsonCell<'_> {
    let (JsonCell::Text(text), ColumnType::Moment | ColumnType::Timestamp) = (&cell, column_type) else {
        return cell;
    };
    let Some(written) = moment::written(text.trim().as_bytes()) else { return cell };
    let text = match (column_type, written.has_offset(), written.has_time()) {
        (ColumnType::Moment, false, true) => format!("{}Z", text.trim()),
        (ColumnType::Moment, false, false) => format!("{}T00:00:00Z", text.trim()),
        (ColumnType::Timestamp, true, _) => {
            match chrono::DateTime::parse_from_rfc3339(&text.trim().replacen(' ', "T", 1)) {
                Ok(at) => at.naive_utc().format("%Y-%m-%dT%H:%M:%S%.6f").to_string(),
                Err(_) => return cell,
            }
        }
        _ => return cell,
    };
    JsonCell::Text(Cow::Owned(text))
}

#[cfg(test)]
mod tests;
