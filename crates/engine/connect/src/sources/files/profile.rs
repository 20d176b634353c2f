//! The first pass over a file: its format, its columns, and what all of their values look like.
//!
//! Does not decide types (`plan`): that takes all files of the stream. Invariant: memory does not grow with the number of rows.

use std::fs;
use std::time::UNIX_EPOCH;

use super::detect;
use super::options::{FormatKind, Limits, StreamOptions};
use super::rows::{Format, RowSink, Unit};
use super::{csv, json_lines, parquet, text, unpack, xlsx};
use crate::batches::guarded;
use crate::cell::shown;
use crate::cell::{Cell, DecimalStyle, trimmed};
use crate::column_name::column_names;
use crate::column_type::ColumnType;
use crate::errors::ConnectError;
use crate::tally::{Evidence, Tally};

/// Size and time of a file: while they stay, so does its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    pub bytes: u64,
    pub modified_ns: i64,
}

/// The stamp of a file now.
pub fn stamp_of(unit: &Unit) -> Result<Stamp, ConnectError> {
    let metadata = fs::metadata(&unit.path).map_err(|source| ConnectError::file(&unit.file, source))?;
    let modified = metadata.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    Ok(Stamp { bytes: metadata.len(), modified_ns: modified.map_or(0, |since| since.as_nanos() as i64) })
}

/// What the first pass found.
#[derive(Debug)]
pub struct Profile {
    pub unit: Unit,
    pub stamp: Stamp,
    pub format: Format,
    /// What the file calls its columns.
    pub source_names: Vec<String>,
    /// Their SQL names.
    pub names: Vec<String>,
    pub columns: Vec<Profiled>,
    pub rows: u64,
    pub ragged: u64,
    pub evidence: Evidence,
}

/// A column of a file.
#[derive(Debug, Default)]
pub struct Profiled {
    pub tally: Tally,
    /// The type that the file itself declares.
    pub declared: Option<ColumnType>,
}

impl Profile {
    /// Names of the columns that have no value.
    pub fn empty_columns(&self) -> Vec<String> {
        let columns = self.names.iter().zip(&self.columns);
        columns
            .filter(|(_, column)| column.declared.is_none() && column.tally.values == 0)
            .map(|(name, _)| name.clone())
            .collect()
    }

    /// How numbers are written where nothing in the stream tells.
    pub fn usual_decimal(&self) -> DecimalStyle {
        match self.format.dialect.map(|it| it.delimiter) {
            // Where a comma separates cells, it cannot stand in numbers without quotes.
            Some(b',') => DecimalStyle::Point,
            _ => DecimalStyle::Comma,
        }
    }
}

/// Reads the file once and counts. `None` when it has neither rows nor a header.
pub fn profile(
    unit: &Unit,
    options: &StreamOptions,
    limits: &Limits,
) -> Result<Option<Profile>, ConnectError> {
    let stamp = stamp_of(unit)?;
    if stamp.bytes == 0 {
        return Ok(None);
    }
    guarded(&unit.file, || profile_content(unit, stamp, options, limits))
}

/// The format as far as the first bytes tell.
pub fn format_of(unit: &Unit, options: &StreamOptions, limits: &Limits) -> Result<Format, ConnectError> {
    let compression = unpack::compression_of(&unit.path, &unit.file)?;
    let mut head = [0; 512];
    let mut input = unpack::open(&unit.path, &unit.file, compression, limits)?;
    let read =
        unpack::read_full(&mut input, &mut head).map_err(|source| ConnectError::file(&unit.file, source))?;
    let head = &head[..read];
    let kind = match options.format {
        Some(kind) => kind,
        None => detect::kind_of(&head[text::marked(head).map_or(0, |(_, length)| length)..], &unit.file)
            .or_else(|error| if text::marked(head).is_some() { Ok(FormatKind::Csv) } else { Err(error) })?,
    };
    Ok(Format { kind, compression, encoding: None, dialect: None, sheet_header: None, sheet_first: 1 })
}

fn profile_content(
    unit: &Unit,
    stamp: Stamp,
    options: &StreamOptions,
    limits: &Limits,
) -> Result<Option<Profile>, ConnectError> {
    let mut format = format_of(unit, options, limits)?;
    let mut counter = Counter { null_words: options.null_words.clone(), ..Counter::default() };
    let source_names = match format.kind {
        FormatKind::Csv => {
            let header = csv::inspect(unit, &mut format, options, limits)?;
            let encoded = csv::scan(unit, &format, header.len(), limits, &mut counter)?;
            csv::settle_encoding(&mut format, encoded);
            csv::names_of(&header, &format)
        }
        FormatKind::JsonLines => {
            json_lines::inspect(unit, &mut format, options, limits)?;
            let mut names = Vec::new();
            json_lines::scan(unit, &format, &mut names, true, limits, &mut counter)?;
            names
        }
        FormatKind::Xlsx => {
            let mut opened = xlsx::open(unit, &format, limits)?;
            let names = xlsx::inspect(&mut opened, unit, &mut format, options, limits)?;
            xlsx::scan(&mut opened, unit, &format, names.len(), &mut counter)?;
            names
        }
        FormatKind::Parquet => {
            let (names, columns, rows) = parquet::profile(unit, &format, options, limits)?;
            (counter.columns, counter.rows) = (columns, rows);
            names
        }
    };
    if source_names.is_empty() {
        return Ok(None);
    }
    counter.judge(unit, source_names.len())?;
    let mut evidence = Evidence::default();
    counter.columns.iter().for_each(|column| evidence.add(column.tally.evidence()));
    let names = column_names(&source_names);
    let Counter { columns, rows, ragged, .. } = counter;
    Ok(Some(Profile {
        unit: unit.clone(),
        stamp,
        format,
        source_names,
        names,
        columns,
        rows,
        ragged,
        evidence,
    }))
}

/// Counts rows and tallies their cells.
#[derive(Default)]
struct Counter {
    columns: Vec<Profiled>,
    rows: u64,
    ragged: u64,
    first_ragged: Option<(u64, String, String)>,
    null_words: Vec<String>,
}

impl RowSink for Counter {
    fn columns(&mut self, count: usize) {
        self.columns.resize_with(count, Profiled::default);
    }

    fn row<'c>(&mut self, at: u64, cell: impl Fn(usize) -> Cell<'c>) -> Result<(), ConnectError> {
        self.rows += 1;
        for (index, column) in self.columns.iter_mut().enumerate() {
            let cell = cell(index);
            if !is_null_word(&cell, &self.null_words) {
                column.tally.add(at, cell);
            }
        }
        Ok(())
    }

    fn reject(&mut self, at: u64, raw: &str, reason: &str) -> Result<(), ConnectError> {
        self.ragged += 1;
        if self.first_ragged.is_none() {
            self.first_ragged = Some((at, shown(raw.as_bytes()), reason.to_owned()));
        }
        Ok(())
    }
}

/// Whether the options say that this text means "no value".
pub fn is_null_word(cell: &Cell<'_>, null_words: &[String]) -> bool {
    if null_words.is_empty() {
        return false;
    }
    let bytes = match cell {
        Cell::Raw(bytes) => bytes,
        Cell::Text(text) => text.as_bytes(),
        _ => return false,
    };
    null_words.iter().any(|word| word.as_bytes().eq_ignore_ascii_case(trimmed(bytes)))
}

impl Counter {
    /// A file most of whose rows do not fit was understood wrongly; its rows are not garbage.
    fn judge(&mut self, unit: &Unit, width: usize) -> Result<(), ConnectError> {
        const FEW: u64 = 5;
        if let Some((row, raw, reason)) = &self.first_ragged
            && self.ragged > self.rows
            && self.ragged >= FEW
        {
            return Err(ConnectError::Row {
                file: unit.file.clone(),
                row: *row,
                detail: format!(
                    "`{raw}` {reason}, and so it is with {} of {} rows",
                    self.ragged,
                    self.rows + self.ragged
                ),
                remedy: "check `delimiter`, `quote` and `header_row` of the stream",
            });
        }
        self.columns.resize_with(width, Profiled::default);
        Ok(())
    }
}
