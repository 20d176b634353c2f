//! JSON lines: one object per line, its keys are the columns.
//!
//! Does not flatten: a list or object within becomes its JSON text. Invariant: numbers keep every digit.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read};

use super::options::{Limits, StreamOptions, TextEncoding};
use super::rows::{Format, RowSink, Unit};
use super::{text, unpack};
use crate::cell::{Cell, shown};
use crate::errors::ConnectError;
use crate::json::{JsonCell, JsonRow};

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
        let row = match serde_json::from_slice::<JsonRow<'_>>(&line) {
            Ok(row) => row,
            Err(error) => {
                sink.reject(number, &shown(line.trim_ascii()), &format!("is no JSON object: {error}"))?;
                continue;
            }
        };
        let mut cells: Vec<JsonCell<'_>> = Vec::with_capacity(names.len());
        cells.resize_with(names.len(), || JsonCell::Absent);
        for (key, raw) in row.0 {
            match columns.get(&*key) {
                Some(column) => cells[*column] = JsonCell::of(raw),
                None if grow => {
                    if names.len() as u64 >= limits.columns {
                        return Err(too_many(unit, limits));
                    }
                    columns.insert(key.clone().into_owned(), names.len());
                    names.push(key.into_owned());
                    cells.push(JsonCell::of(raw));
                    sink.columns(names.len());
                }
                None => {}
            }
        }
        sink.row(number, |column| cells.get(column).map_or(Cell::Empty, JsonCell::cell))?;
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
