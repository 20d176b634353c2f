//! Parquet files: columns that already have types.
//!
//! Does not guess numbers in text columns: who writes Parquet means its types. Only dates, which many a tool writes as text, are recognised.
//! Invariant: a value that cannot take the column's type is rejected with its row, never nulled.

use std::fs::File;

use ::parquet::arrow::ProjectionMask;
use ::parquet::arrow::arrow_reader::{ParquetRecordBatchReaderBuilder, RowSelection};
use ::parquet::errors::ParquetError;
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Float64Type};
use arrow::util::display::{ArrayFormatter, FormatOptions};

use super::options::{Limits, StreamOptions};
use super::profile::{Profiled, is_null_word};
use super::rows::{Format, Unit};
use super::unpack;
use crate::cell::{Cell, DateOrder, DecimalStyle, Reading};
use crate::column_builder::{ColumnBuilder, Manner};
use crate::column_type::{ColumnType, NARROW};
use crate::errors::ConnectError;
use crate::tally::Tally;

/// Most rows of a batch.
const BATCH_ROWS: usize = 65_536;
/// Bytes of a batch, roughly.
const BATCH_BYTES: i64 = 64 << 20;
/// Below this size no ratio is suspicious.
const RATIO_FROM: u64 = 256 << 20;

fn unreadable(file: &str, error: impl std::fmt::Display) -> ConnectError {
    let detail = error.to_string();
    if detail.contains("EOF") || detail.contains("Invalid Parquet file. Corrupt footer") {
        return ConnectError::Truncated { file: file.to_owned(), detail };
    }
    ConnectError::Format {
        file: file.to_owned(),
        expected: "a readable Parquet file",
        detail,
        remedy: "write or copy it again",
    }
}

type Builder = ParquetRecordBatchReaderBuilder<File>;

/// Opens a file whose declared sizes are within the limits.
fn open(unit: &Unit, format: &Format, limits: &Limits) -> Result<(Builder, unpack::Seekable), ConnectError> {
    let bytes = unpack::open_seekable(&unit.path, &unit.file, format.compression, limits)?;
    let handle = bytes.handle(&unit.file)?;
    let packed = handle.metadata().map_err(|source| ConnectError::file(&unit.file, source))?.len();
    let builder = Builder::try_new(handle).map_err(|error: ParquetError| unreadable(&unit.file, error))?;
    let groups = builder.metadata().row_groups();
    let unpacked: i64 =
        groups.iter().map(|group| group.total_byte_size().max(0)).fold(0, i64::saturating_add);
    let rows: i64 = groups.iter().map(|group| group.num_rows().max(0)).fold(0, i64::saturating_add);
    let by_ratio = packed.saturating_mul(limits.unpacked_ratio).max(RATIO_FROM);
    let (limit, setting) = if by_ratio < limits.unpacked_bytes {
        (by_ratio, "unpacked_ratio")
    } else {
        (limits.unpacked_bytes, "unpacked_bytes")
    };
    if unpacked as u64 > limit {
        let what = "its unpacked size in bytes".to_owned();
        return Err(ConnectError::TooLarge { file: unit.file.clone(), what, limit, setting });
    }
    let width = builder.schema().fields().len() as u64;
    if width > limits.columns {
        let (what, limit) = (format!("its {width} columns"), limits.columns);
        return Err(ConnectError::TooLarge { file: unit.file.clone(), what, limit, setting: "columns" });
    }
    let row_bytes = (unpacked / rows.max(1)).max(1);
    let batch_rows = usize::try_from(BATCH_BYTES / row_bytes).unwrap_or(BATCH_ROWS).clamp(1, BATCH_ROWS);
    Ok((builder.with_batch_size(batch_rows), bytes))
}

/// Names, columns and number of rows. Text columns are looked at as long as they may still hold dates.
pub fn profile(
    unit: &Unit,
    format: &Format,
    options: &StreamOptions,
    limits: &Limits,
) -> Result<(Vec<String>, Vec<Profiled>, u64), ConnectError> {
    let (builder, _bytes) = open(unit, format, limits)?;
    let fields = builder.schema().fields().clone();
    let names: Vec<String> = fields.iter().map(|field| field.name().clone()).collect();
    let rows = builder.metadata().file_metadata().num_rows().max(0) as u64;
    let mut columns: Vec<Profiled> = fields
        .iter()
        .map(|field| Profiled { tally: Tally::declared(rows), declared: Some(declared(field.data_type())) })
        .collect();
    let mut candidates: Vec<usize> =
        (0..fields.len()).filter(|at| is_text(fields[*at].data_type())).collect();
    let mut tallies: Vec<Tally> = vec![Tally::default(); fields.len()];
    let mut first = 0;
    // Most text columns are settled after a few rows; only those that still look like dates are read on.
    for span in [1024, u64::MAX] {
        candidates.retain(|at| may_be_dates(&tallies[*at], rows));
        if candidates.is_empty() || first >= rows {
            break;
        }
        let (builder, _bytes) = open(unit, format, limits)?;
        let mask = ProjectionMask::roots(builder.parquet_schema(), candidates.iter().copied());
        let take = (rows - first).min(span);
        let selection = RowSelection::from_consecutive_ranges(
            std::iter::once(first as usize..(first + take) as usize),
            rows as usize,
        );
        let reader = builder.with_projection(mask).with_row_selection(selection).build();
        for batch in reader.map_err(|error| unreadable(&unit.file, error))? {
            let batch = batch.map_err(|error| unreadable(&unit.file, error))?;
            for (column, at) in batch.columns().iter().zip(&candidates) {
                if may_be_dates(&tallies[*at], rows) {
                    tally_text(column, first, &mut tallies[*at], options)?;
                }
            }
            first += batch.num_rows() as u64;
        }
    }
    for at in candidates {
        if may_be_dates(&tallies[at], rows) && tallies[at].values > 0 {
            columns[at] = Profiled { tally: std::mem::take(&mut tallies[at]), declared: None };
        }
    }
    Ok((names, columns, rows))
}

/// The type of a column of the file; small decimals get room, so that the next file does not widen them by a digit.
fn declared(data_type: &DataType) -> ColumnType {
    match ColumnType::of_arrow(data_type) {
        ColumnType::Decimal { precision, scale } => {
            ColumnType::Decimal { precision: precision.max(NARROW), scale }
        }
        other => other,
    }
}

fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, values) => is_text(values),
        _ => false,
    }
}

fn may_be_dates(tally: &Tally, rows: u64) -> bool {
    tally.not_dates() * 1000 <= rows * 5
}

fn tally_text(
    column: &ArrayRef,
    first: u64,
    tally: &mut Tally,
    options: &StreamOptions,
) -> Result<(), ConnectError> {
    let words = cast(column, &DataType::Utf8)?;
    for (at, value) in words.as_string::<i32>().iter().enumerate() {
        let Some(text) = value else { continue };
        let cell = Cell::Text(text);
        if !is_null_word(&cell, &options.null_words) {
            tally.add(first + at as u64 + 1, cell);
        }
    }
    Ok(())
}

fn cast(column: &ArrayRef, data_type: &DataType) -> Result<ArrayRef, ConnectError> {
    let options = CastOptions { safe: true, format_options: FormatOptions::default() };
    cast_with_options(column, data_type, &options).map_err(|error| ConnectError::Build {
        stream: String::new(),
        column: String::new(),
        detail: error.to_string(),
    })
}

/// Hands every batch of the file over, with the number of its first row, starting with 1.
pub fn scan(
    unit: &Unit,
    format: &Format,
    limits: &Limits,
    mut take: impl FnMut(u64, &RecordBatch) -> Result<(), ConnectError>,
) -> Result<(), ConnectError> {
    let (builder, _bytes) = open(unit, format, limits)?;
    let reader = builder.build().map_err(|error| unreadable(&unit.file, error))?;
    let mut row = 1;
    for batch in reader {
        let batch = batch.map_err(|error| unreadable(&unit.file, error))?;
        take(row, &batch)?;
        row += batch.num_rows() as u64;
    }
    Ok(())
}

/// A value that does not fit: its place in the batch, what it is, and why.
pub type Unfit = (usize, String, &'static str);

/// The column in the wanted type, and the values that do not fit, which are null in it.
pub fn convert(
    column: &ArrayRef,
    wanted: ColumnType,
    reading: Reading,
    null_words: &[String],
) -> Result<(ArrayRef, Vec<Unfit>), ConnectError> {
    let source = column.data_type();
    let own = ColumnType::of_arrow(source);
    if is_text(source) && (wanted != ColumnType::Text || !null_words.is_empty()) {
        let words = cast(column, &DataType::Utf8)?;
        let cells = words.as_string::<i32>().iter().map(|it| it.map_or(Cell::Empty, Cell::Text));
        return Ok(build(cells, wanted, reading, null_words));
    }
    if wanted == ColumnType::Text {
        return Ok((as_text(column)?, Vec::new()));
    }
    if own == ColumnType::Float && wanted != ColumnType::Float {
        let floats = cast(column, &DataType::Float64)?;
        let cells = floats.as_primitive::<Float64Type>().iter().map(|it| it.map_or(Cell::Empty, Cell::Float));
        return Ok(build(cells, wanted, reading, null_words));
    }
    if own == wanted
        || own.widened(wanted) == Some(wanted)
        || (own == ColumnType::Integer && wanted == ColumnType::Float)
    {
        let cast = cast(column, &wanted.arrow())?;
        let unfit = (0..column.len()).filter(|at| cast.is_null(*at) && !column.is_null(*at));
        let unfit = unfit.map(|at| (at, display(column, at), "does not fit the column's type")).collect();
        return Ok((cast, unfit));
    }
    // The options ask for a type that the file does not have: read its values as if they were written out.
    let words = as_text(column)?;
    let cells =
        words.as_string::<i32>().iter().map(|it| it.map_or(Cell::Empty, |text| Cell::Raw(text.as_bytes())));
    let plain = Reading { decimal: DecimalStyle::Point, date_order: DateOrder::DayFirst };
    Ok(build(cells, wanted, plain, null_words))
}

fn build<'c>(
    cells: impl Iterator<Item = Cell<'c>>,
    wanted: ColumnType,
    reading: Reading,
    null_words: &[String],
) -> (ArrayRef, Vec<Unfit>) {
    let manner = Manner { reading, encoding: encoding_rs::UTF_8 };
    let (mut builder, mut unfit) = (ColumnBuilder::new(wanted), Vec::new());
    for (at, cell) in cells.enumerate() {
        let cell = if is_null_word(&cell, null_words) { Cell::Empty } else { cell };
        if let Err(reason) = builder.push(cell, &manner) {
            unfit.push((at, crate::cell::shown_cell(cell, encoding_rs::UTF_8), reason));
        }
    }
    (builder.finish(), unfit)
}

/// Any column as text: bytes in hexadecimal, lists and structures as they print.
fn as_text(column: &ArrayRef) -> Result<ArrayRef, ConnectError> {
    if is_text(column.data_type()) || !(column.data_type().is_nested() || is_bytes(column.data_type())) {
        return cast(column, &DataType::Utf8);
    }
    let mut builder = arrow::array::StringBuilder::new();
    for at in 0..column.len() {
        if column.is_null(at) { builder.append_null() } else { builder.append_value(display(column, at)) }
    }
    Ok(std::sync::Arc::new(builder.finish()))
}

fn is_bytes(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_)
    )
}

fn display(column: &ArrayRef, at: usize) -> String {
    let options = FormatOptions::default().with_display_error(true);
    ArrayFormatter::try_new(column, &options)
        .map_or_else(|error| error.to_string(), |it| it.value(at).to_string())
}
