//! JSON lines: one object per line, its keys are the columns.
//!
//! Does not flatten: a list or object within becomes its JSON text. Invariant: numbers keep every digit.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::io::{BufRead, BufReader, Read};

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::options::{Limits, StreamOptions, TextEncoding};
use super::rows::{Format, RowSink, Unit};
use super::{text, unpack};
use crate::cell::Cell;
use crate::cell::shown;
use crate::errors::ConnectError;

/// A value of an object, borrowed from its line where it can be.
enum JsonCell<'a> {
    Absent,
    Text(Cow<'a, str>),
    Number(&'a str),
    Boolean(bool),
    Nested(&'a str),
}

struct Entries<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> serde::Deserialize<'de> for Entries<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Entries<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object such as {\"id\": 1}")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Entries<'de>, M::Error> {
                let mut entries = Vec::new();
                while let Some(key) = map.next_key::<Key<'de>>()? {
                    entries.push((key.0, map.next_value()?));
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// A key that is borrowed unless it has escapes.
struct Key<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> serde::Deserialize<'de> for Key<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Name;
        impl<'de> Visitor<'de> for Name {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Name)
    }
}

fn cell_of(raw: &RawValue) -> JsonCell<'_> {
    let json = raw.get();
    match json.as_bytes().first() {
        Some(b'"') => match serde_json::from_str::<Key<'_>>(json) {
            Ok(Key(text)) => JsonCell::Text(text),
            Err(_) => JsonCell::Nested(json),
        },
        Some(b't') => JsonCell::Boolean(true),
        Some(b'f') => JsonCell::Boolean(false),
        Some(b'n') | None => JsonCell::Absent,
        Some(b'{' | b'[') => JsonCell::Nested(json),
        Some(_) => JsonCell::Number(json),
    }
}

/// Hands every object of the file to `sink`. Keys that are not yet in `names` become further columns when `grow`, else they are left out.
pub fn scan(
    unit: &Unit,
    format: &Format,
    names: &mut Vec<String>,
    grow: bool,
    limits: &Limits,
    sink: &mut impl RowSink,
) -> Result<(), ConnectError> {
    let failed = |source| ConnectError::file(&unit.file, source);
    let raw = unpack::open(&unit.path, &unit.file, format.compression, limits)?;
    let (input, _) = text::plain(raw, format.encoding).map_err(failed)?;
    let mut input = BufReader::with_capacity(256 << 10, input);
    let mut columns: HashMap<String, usize> = names.iter().cloned().zip(0..).collect();
    let (mut line, mut number) = (Vec::new(), 0);
    sink.columns(names.len());
    loop {
        line.clear();
        number += 1;
        let read = (&mut input).take(limits.row_bytes + 1).read_until(b'\n', &mut line).map_err(failed)?;
        if read == 0 {
            return Ok(());
        }
        if read as u64 > limits.row_bytes {
            return Err(too_long(unit, number, limits));
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        let entries = match serde_json::from_slice::<Entries<'_>>(&line) {
            Ok(Entries(entries)) => entries,
            Err(error) => {
                sink.reject(number, &shown(line.trim_ascii()), &format!("is no JSON object: {error}"))?;
                continue;
            }
        };
        let mut cells: Vec<JsonCell<'_>> = Vec::with_capacity(names.len());
        cells.resize_with(names.len(), || JsonCell::Absent);
        for (key, raw) in entries {
            match columns.get(&*key) {
                Some(column) => cells[*column] = cell_of(raw),
                None if grow => {
                    if names.len() as u64 >= limits.columns {
                        return Err(too_many(unit, limits));
                    }
                    columns.insert(key.clone().into_owned(), names.len());
                    names.push(key.into_owned());
                    cells.push(cell_of(raw));
                    sink.columns(names.len());
                }
                None => {}
            }
        }
        sink.row(number, |column| match cells.get(column) {
            None | Some(JsonCell::Absent) => Cell::Empty,
            Some(JsonCell::Text(text)) => Cell::Text(text),
            Some(JsonCell::Nested(text)) => Cell::Text(text),
            Some(JsonCell::Number(text)) => Cell::Number(text),
            Some(JsonCell::Boolean(value)) => Cell::Boolean(*value),
        })?;
    }
}

fn too_long(unit: &Unit, row: u64, limits: &Limits) -> ConnectError {
    ConnectError::Row {
        file: unit.file.clone(),
        row,
        detail: format!("the line has more than {} bytes", limits.row_bytes),
        remedy: "write one object per line, or raise `limits.row_bytes`",
    }
}

fn too_many(unit: &Unit, limits: &Limits) -> ConnectError {
    let what = "its number of different keys".to_owned();
    ConnectError::TooLarge { file: unit.file.clone(), what, limit: limits.columns, setting: "columns" }
}

/// The encoding of the file: UTF-8 unless it has a mark of UTF-16.
pub fn inspect(
    unit: &Unit,
    format: &mut Format,
    options: &StreamOptions,
    limits: &Limits,
) -> Result<(), ConnectError> {
    let raw = unpack::open(&unit.path, &unit.file, format.compression, limits)?;
    let (_, encoding) =
        text::plain(raw, options.encoding).map_err(|source| ConnectError::file(&unit.file, source))?;
    format.encoding = Some(encoding.unwrap_or(TextEncoding::Utf8));
    Ok(())
}
