//! The second pass over a file: its rows as typed batches, and what does not fit as rejects.
//!
//! Does not decide types (`plan`). Invariant: every row of the file ends up in exactly one place, a batch or the rejects.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Int64Array, RecordBatch, StringArray};
use arrow::compute::filter_record_batch;
use arrow::datatypes::SchemaRef;

use super::options::{FormatKind, Limits, TextEncoding};
use super::plan::{FilePlan, PlannedColumn};
use super::profile::{Profile, is_null_word, stamp_of};
use super::rows::RowSink;
use super::{csv, json_lines, parquet, xlsx};
use crate::batches::BatchSender;
use crate::cell::Cell;
use crate::cell::shown_cell;
use crate::column_builder::{ColumnBuilder, Manner};
use crate::errors::ConnectError;
use crate::rejects::Rejects;

/// Most rows of a batch.
const BATCH_ROWS: usize = 65_536;
/// A batch ends before its text grows beyond this.
const BATCH_BYTES: usize = 64 << 20;

/// Everything that the second pass needs.
pub struct Assembly {
    pub stream: String,
    pub profile: Arc<Profile>,
    pub plan: FilePlan,
    pub columns: Arc<Vec<PlannedColumn>>,
    pub schema: SchemaRef,
    pub null_words: Vec<String>,
    pub limits: Limits,
    pub rejects: Rejects,
}

/// Reads the file into batches.
pub fn assemble(assembly: &Assembly, sender: &mut BatchSender) -> Result<(), ConnectError> {
    let (profile, limits) = (&assembly.profile, &assembly.limits);
    let unit = &profile.unit;
    let mut output = Output { assembly, sender };
    if profile.format.kind == FormatKind::Parquet {
        parquet::scan(unit, &profile.format, limits, |row, batch| output.convert(row, batch))?;
    } else {
        let mut rows = Rows::new(output);
        let width = profile.source_names.len();
        match profile.format.kind {
            FormatKind::Csv => drop(csv::scan(unit, &profile.format, width, limits, &mut rows)?),
            FormatKind::JsonLines => {
                let mut names = profile.source_names.clone();
                json_lines::scan(unit, &profile.format, &mut names, false, limits, &mut rows)?;
            }
            FormatKind::Xlsx | FormatKind::Parquet => {
                let mut opened = xlsx::open(unit, &profile.format, limits)?;
                xlsx::scan(&mut opened, unit, &profile.format, width, &mut rows)?;
            }
        }
        rows.flush()?;
    }
    // Types were decided from the first pass: if the file is another one by now, they may be wrong.
    if stamp_of(unit)? == profile.stamp {
        Ok(())
    } else {
        Err(ConnectError::ChangedMeanwhile { file: unit.file.clone() })
    }
}

struct Output<'a> {
    assembly: &'a Assembly,
    sender: &'a mut BatchSender,
}

impl Output<'_> {
    fn reject(
        &self,
        row: u64,
        column: Option<&str>,
        value: &str,
        reason: &str,
        first: bool,
    ) -> Result<(), ConnectError> {
        let limit = self.assembly.limits.rejects;
        if self.assembly.rejects.add(row, column, value, reason, first) <= limit {
            return Ok(());
        }
        let file = self.assembly.profile.unit.file.clone();
        Err(ConnectError::TooLarge {
            file,
            what: "its number of rejected rows".to_owned(),
            limit,
            setting: "rejects",
        })
    }

    /// Sends the columns with our own two; rows in `bad` are left out.
    fn send(
        &mut self,
        mut columns: Vec<ArrayRef>,
        rows: Int64Array,
        bad: &[usize],
    ) -> Result<(), ConnectError> {
        let count = rows.len();
        let file = self.assembly.profile.unit.file.as_str();
        columns.push(Arc::new(StringArray::from_iter_values(std::iter::repeat_n(file, count))));
        columns.push(Arc::new(rows));
        let failed = |error: arrow::error::ArrowError| ConnectError::Build {
            stream: self.assembly.stream.clone(),
            column: "*".to_owned(),
            detail: error.to_string(),
        };
        let mut batch = RecordBatch::try_new(self.assembly.schema.clone(), columns).map_err(failed)?;
        if !bad.is_empty() {
            let mut keep = vec![true; count];
            for at in bad {
                keep[*at] = false;
            }
            batch = filter_record_batch(&batch, &BooleanArray::from(keep)).map_err(failed)?;
        }
        if batch.num_rows() == 0 { Ok(()) } else { self.sender.send(batch) }
    }

    /// A batch of a file that has types itself.
    fn convert(&mut self, first: u64, batch: &RecordBatch) -> Result<(), ConnectError> {
        let assembly = self.assembly;
        let count = batch.num_rows();
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(assembly.columns.len() + 2);
        let mut unfit: Vec<(usize, &str, String, &'static str)> = Vec::new();
        for (column, source) in assembly.columns.iter().zip(&assembly.plan.columns) {
            let Some((at, reading)) = source else {
                columns.push(arrow::array::new_null_array(&column.column_type.arrow(), count));
                continue;
            };
            let converted =
                parquet::convert(batch.column(*at), column.column_type, *reading, &assembly.null_words);
            let (array, misfits) = converted.map_err(|error| self.placed(error, &column.name))?;
            columns.push(array);
            unfit.extend(
                misfits.into_iter().map(|(row, value, reason)| (row, column.name.as_str(), value, reason)),
            );
        }
        unfit.sort_by_key(|(row, ..)| *row);
        let mut bad: Vec<usize> = Vec::new();
        for (row, column, value, reason) in &unfit {
            let new = bad.last() != Some(row);
            self.reject(first + *row as u64, Some(column), value, reason, new)?;
            if new {
                bad.push(*row);
            }
        }
        let rows = Int64Array::from_iter_values((0..count as i64).map(|at| first as i64 + at));
        self.send(columns, rows, &bad)
    }

    fn placed(&self, error: ConnectError, column: &str) -> ConnectError {
        match error {
            ConnectError::Build { detail, .. } => ConnectError::Build {
                stream: self.assembly.stream.clone(),
                column: column.to_owned(),
                detail,
            },
            other => other,
        }
    }
}

/// Builds batches out of rows of cells.
struct Rows<'a> {
    output: Output<'a>,
    builders: Vec<(ColumnBuilder, Option<(usize, Manner)>)>,
    numbers: Vec<i64>,
    bad: Vec<usize>,
    bytes: usize,
}

impl<'a> Rows<'a> {
    fn new(output: Output<'a>) -> Rows<'a> {
        let assembly = output.assembly;
        let encoding = assembly.profile.format.encoding.map_or(encoding_rs::UTF_8, TextEncoding::of_cells);
        let builder = |(column, source): (&PlannedColumn, &Option<(usize, crate::cell::Reading)>)| {
            let manner = source.map(|(at, reading)| (at, Manner { reading, encoding }));
            (ColumnBuilder::new(column.column_type), manner)
        };
        let builders = assembly.columns.iter().zip(&assembly.plan.columns).map(builder).collect();
        Rows { output, builders, numbers: Vec::with_capacity(1024), bad: Vec::new(), bytes: 0 }
    }

    fn flush(&mut self) -> Result<(), ConnectError> {
        if self.numbers.is_empty() {
            return Ok(());
        }
        let columns = self.builders.iter_mut().map(|(builder, _)| builder.finish()).collect();
        let numbers = Int64Array::from(std::mem::take(&mut self.numbers));
        let bad = std::mem::take(&mut self.bad);
        self.bytes = 0;
        self.output.send(columns, numbers, &bad)
    }
}

impl RowSink for Rows<'_> {
    fn columns(&mut self, _count: usize) {}

    fn row<'c>(&mut self, at: u64, cell: impl Fn(usize) -> Cell<'c>) -> Result<(), ConnectError> {
        let assembly = self.output.assembly;
        let mut fits = true;
        for (index, (builder, source)) in self.builders.iter_mut().enumerate() {
            let Some((column, manner)) = source else {
                builder.push_null();
                continue;
            };
            let mut value = cell(*column);
            if is_null_word(&value, &assembly.null_words) {
                value = Cell::Empty;
            }
            match value {
                Cell::Raw(bytes) => self.bytes += bytes.len(),
                Cell::Text(text) => self.bytes += text.len(),
                _ => {}
            }
            if let Err(reason) = builder.push(value, manner) {
                let name = assembly.columns[index].name.as_str();
                self.output.reject(at, Some(name), &shown_cell(value, manner.encoding), reason, fits)?;
                fits = false;
            }
        }
        if !fits {
            self.bad.push(self.numbers.len());
        }
        self.numbers.push(at as i64);
        if self.numbers.len() >= BATCH_ROWS || self.bytes >= BATCH_BYTES { self.flush() } else { Ok(()) }
    }

    fn reject(&mut self, at: u64, raw: &str, reason: &str) -> Result<(), ConnectError> {
        self.output.reject(at, None, raw, reason, true)
    }
}
