//! Delimited text: CSV, TSV and what else separates cells by a character.
//!
//! Does not choose the dialect (`detect`) nor types. Invariant: memory is bounded by one row, and a row by a limit.

use std::io::Read;

use csv::ByteRecord;

use super::detect::{self, Dialect};
use super::options::{Limits, StreamOptions, TextEncoding};
use super::rows::{Format, RowSink, Unit};
use super::{text, unpack};
use crate::cell::{Cell, trimmed};
use crate::errors::ConnectError;

/// Lines that a broken row may swallow before it is certain that a quote was never closed.
const LINES_SWALLOWED: u64 = 100;
/// The raw text of a rejected row is kept up to this many characters.
const RAW_SHOWN: usize = 500;

/// What only a look at the whole file can tell about its encoding.
#[derive(Debug, Clone, Copy, Default)]
pub struct Encoded {
    /// Rows with characters beyond ASCII that are valid UTF-8.
    valid: u64,
    invalid: u64,
}

impl Encoded {
    fn note(&mut self, record: &ByteRecord) {
        let bytes = record.as_slice();
        if bytes.is_ascii() {
            return;
        }
        if std::str::from_utf8(bytes).is_ok() { self.valid += 1 } else { self.invalid += 1 }
    }

    /// UTF-8 with a few broken rows stays UTF-8; text that is broken all over was Windows-1252.
    fn encoding(self) -> TextEncoding {
        if self.invalid == 0 || self.invalid * 20 < self.valid {
            TextEncoding::Utf8
        } else {
            TextEncoding::Windows1252
        }
    }
}

/// Finds dialect and header of a text file from its first bytes. The encoding is still the mark's, if there is one.
pub fn inspect(
    unit: &Unit,
    format: &mut Format,
    options: &StreamOptions,
    limits: &Limits,
) -> Result<Vec<Vec<u8>>, ConnectError> {
    let failed = |source| ConnectError::file(&unit.file, source);
    let raw = unpack::open(&unit.path, &unit.file, format.compression, limits)?;
    let (mut input, encoding) = text::plain(raw, options.encoding).map_err(failed)?;
    let mut sample = vec![0; detect::SAMPLE_BYTES];
    let read = unpack::read_full(&mut input, &mut sample).map_err(failed)?;
    sample.truncate(read);
    let dialect = detect::dialect_of(&sample, read < detect::SAMPLE_BYTES, options);
    format.encoding = encoding;
    format.dialect = Some(dialect);
    header_of(unit, &sample, &dialect, limits)
}

fn header_of(
    unit: &Unit,
    sample: &[u8],
    dialect: &Dialect,
    limits: &Limits,
) -> Result<Vec<Vec<u8>>, ConnectError> {
    let mut reader = detect::reader_of(sample, dialect);
    let mut record = ByteRecord::new();
    let mut number = 0;
    while matches!(reader.read_byte_record(&mut record), Ok(true)) {
        number += 1;
        let line = line_at(dialect, &record, reader.position().line(), number);
        if line < dialect.header_line.unwrap_or(dialect.first_line) || is_blank(&record) {
            continue;
        }
        if record.len() as u64 > limits.columns {
            let (what, limit) = (format!("its {} columns", record.len()), limits.columns);
            return Err(ConnectError::TooLarge { file: unit.file.clone(), what, limit, setting: "columns" });
        }
        let named = dialect.header_line.is_some();
        let mut names: Vec<Vec<u8>> =
            detect::cells_of(&record).map(|cell| if named { cell.to_vec() } else { Vec::new() }).collect();
        // A line that ends with a delimiter has no further column, unless one is named.
        if named
            && names.len() > 1
            && names.last().is_some_and(|last| trimmed(last).is_empty())
            && trailing(&mut reader, names.len())
        {
            names.pop();
        }
        return Ok(names);
    }
    Ok(Vec::new())
}

/// Whether the cell at the end of the header is empty in every row of the sample, too.
fn trailing(reader: &mut csv::Reader<&[u8]>, width: usize) -> bool {
    let mut record = ByteRecord::new();
    while matches!(reader.read_byte_record(&mut record), Ok(true)) {
        if detect::cells_of(&record).nth(width - 1).is_some_and(|cell| !trimmed(cell).is_empty()) {
            return false;
        }
    }
    true
}

fn is_blank(record: &ByteRecord) -> bool {
    record.as_slice().trim_ascii().is_empty()
}

fn line_at(dialect: &Dialect, record: &ByteRecord, next_line: u64, number: u64) -> u64 {
    if dialect.carriage_return { number } else { detect::line_of(record, next_line) }
}

/// Counts what was read since the last whole row.
struct RowBounded<R> {
    input: R,
    since_row: u64,
    most: u64,
}

/// Told by its own kind, so that the row's place can be added where it is known.
#[derive(Debug, thiserror::Error)]
#[error("row too long")]
struct RowTooLong;

impl<R: Read> Read for RowBounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.since_row > self.most {
            return Err(std::io::Error::other(RowTooLong));
        }
        let read = self.input.read(buffer)?;
        self.since_row += read as u64;
        Ok(read)
    }
}

/// Hands every row of the file to `sink`; `width` is the number of columns of the header.
pub fn scan(
    unit: &Unit,
    format: &Format,
    width: usize,
    limits: &Limits,
    sink: &mut impl RowSink,
) -> Result<Encoded, ConnectError> {
    let failed = |source| ConnectError::file(&unit.file, source);
    let Some(dialect) = &format.dialect else { return Ok(Encoded::default()) };
    let raw = unpack::open(&unit.path, &unit.file, format.compression, limits)?;
    let (input, _) = text::plain(raw, format.encoding).map_err(failed)?;
    let mut reader = detect::reader_of(RowBounded { input, since_row: 0, most: limits.row_bytes }, dialect);
    let first = dialect.header_line.map_or(dialect.first_line, |line| line + 1);
    let (mut record, mut number, mut last_line, mut encoded) = (ByteRecord::new(), 0, 0, Encoded::default());
    sink.columns(width);
    loop {
        match reader.read_byte_record(&mut record) {
            Ok(true) => {}
            Ok(false) => return Ok(encoded),
            Err(error) => return Err(row_error(unit, last_line + 1, limits, error)),
        }
        reader.get_mut().since_row = 0;
        number += 1;
        let next_line = reader.position().line();
        let line = line_at(dialect, &record, next_line, number);
        last_line = line;
        // The header and the titles above it count too: in many a file they have the only accents.
        encoded.note(&record);
        if line < first || is_blank(&record) {
            continue;
        }
        match oddity(&record, width, limits) {
            None => {
                let last = record.len() - 1;
                sink.row(line, |column| match record.get(column) {
                    Some(cell) if column == last => raw_cell(cell.strip_suffix(b"\r").unwrap_or(cell)),
                    Some(cell) => raw_cell(cell),
                    None => Cell::Empty,
                })?;
            }
            Some(_) if next_line.saturating_sub(line) > LINES_SWALLOWED && !dialect.carriage_return => {
                return Err(unclosed(unit, line, next_line - line));
            }
            Some(reason) => sink.reject(line, &raw_text(&record, dialect, format), &reason)?,
        }
    }
}

fn raw_cell(cell: &[u8]) -> Cell<'_> {
    if cell.is_empty() { Cell::Empty } else { Cell::Raw(cell) }
}

/// Why a row cannot be handed over; `None` for a good one.
fn oddity(record: &ByteRecord, width: usize, limits: &Limits) -> Option<String> {
    if record.as_slice().len() as u64 > limits.cell_bytes
        && let Some(cell) = record.iter().find(|cell| cell.len() as u64 > limits.cell_bytes)
    {
        return Some(format!(
            "has a cell of {} bytes, more than the limit `cell_bytes` of {}",
            cell.len(),
            limits.cell_bytes
        ));
    }
    let surplus = || detect::cells_of(record).skip(width).any(|cell| !trimmed(cell).is_empty());
    (record.len() < width || (record.len() > width && surplus()))
        .then(|| format!("has {} cells, the header has {width}", record.len()))
}

fn row_error(unit: &Unit, row: u64, limits: &Limits, error: csv::Error) -> ConnectError {
    match error.into_kind() {
        csv::ErrorKind::Io(source)
            if source.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<RowTooLong>) =>
        {
            ConnectError::Row {
                file: unit.file.clone(),
                row,
                detail: format!("the row has more than {} bytes", limits.row_bytes),
                remedy: "close the quote that opens there, set `quote` to `none`, or raise `limits.row_bytes`",
            }
        }
        csv::ErrorKind::Io(source) => ConnectError::file(&unit.file, source),
        other => ConnectError::Row {
            file: unit.file.clone(),
            row,
            detail: format!("{other:?}"),
            remedy: "correct the row",
        },
    }
}

fn unclosed(unit: &Unit, row: u64, lines: u64) -> ConnectError {
    ConnectError::Row {
        file: unit.file.clone(),
        row,
        detail: format!("a quote opens here and takes {lines} lines into one cell"),
        remedy: "close the quote, or set `quote` to `none`",
    }
}

fn raw_text(record: &ByteRecord, dialect: &Dialect, format: &Format) -> String {
    let mut raw = Vec::new();
    for (at, cell) in detect::cells_of(record).enumerate() {
        if at > 0 {
            raw.push(dialect.delimiter);
        }
        raw.extend_from_slice(&cell[..cell.len().min(RAW_SHOWN)]);
        if raw.len() > RAW_SHOWN {
            break;
        }
    }
    raw.truncate(RAW_SHOWN);
    let encoding = format.encoding.map_or(encoding_rs::UTF_8, TextEncoding::of_cells);
    encoding.decode_without_bom_handling(&raw).0.into_owned()
}

/// The encoding of a whole file, after it was scanned.
pub fn settle_encoding(format: &mut Format, encoded: Encoded) {
    format.encoding = Some(format.encoding.unwrap_or_else(|| encoded.encoding()));
}

/// The header's names, decoded.
pub fn names_of(header: &[Vec<u8>], format: &Format) -> Vec<String> {
    let encoding = format.encoding.map_or(encoding_rs::UTF_8, TextEncoding::of_cells);
    let clean =
        |name: &Vec<u8>| encoding.decode_without_bom_handling(name).0.trim().chars().take(200).collect();
    header.iter().map(clean).collect()
}
