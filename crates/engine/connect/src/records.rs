//! Records that an API gives page by page, gathered into pieces.
//!
//! Asks nobody (`sources`). Invariant: every record ends up in exactly one place, a piece's rows or its rejects.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use crate::batches::Batches;
use crate::cell::{Cell, DateOrder, DecimalStyle, Reading, shown_cell};
use crate::column_builder::{ColumnBuilder, Manner};
use crate::column_name::sql_name;
use crate::column_type::ColumnType;
use crate::errors::ConnectError;
use crate::json::JsonCell;
use crate::rejects::Rejects;
use crate::source::{CLASSIFICATION, ColumnFound, DELETED_COLUMN, LandHint, Mark, Piece, SOURCE_NAME};

/// Most rows of one batch.
const BATCH_ROWS: usize = 16_384;
/// A piece is handed over when it holds so many rows: few enough to stay in memory, many enough that commits are few.
pub const PIECE_ROWS: usize = 50_000;

/// A batch, and a piece, end earlier when their values are this large: rows may hold whole documents.
const BATCH_BYTES: usize = 16 << 20;
const PIECE_BYTES: usize = 64 << 20;

/// How JSON and databases write numbers and dates.
pub const MANNER: Manner = Manner {
    reading: Reading { decimal: DecimalStyle::Point, date_order: DateOrder::DayFirst },
    encoding: encoding_rs::UTF_8,
};

/// One column of a stream of records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordColumn {
    /// Its key in the JSON object; also what the source calls it.
    pub key: String,
    pub name: String,
    pub column_type: ColumnType,
}

impl RecordColumn {
    /// A column whose name follows from its key.
    pub fn new(key: &str, column_type: ColumnType) -> RecordColumn {
        RecordColumn { key: key.to_owned(), name: sql_name(key), column_type }
    }
}

/// What the records of a stream look like.
#[derive(Debug, Clone)]
pub struct Shape {
    pub stream: String,
    pub columns: Vec<RecordColumn>,
    /// Names of the columns that tell one record from another; empty where nothing does.
    pub key: Vec<String>,
    schema: SchemaRef,
}

impl Shape {
    /// The stream's columns, then `_mirante_deleted: Boolean`.
    pub fn new(stream: &str, columns: Vec<RecordColumn>, key: &[&str]) -> Shape {
        let field = |column: &RecordColumn| {
            let named = [(SOURCE_NAME.to_owned(), column.key.clone())];
            Field::new(&column.name, column.column_type.arrow(), true).with_metadata(named.into())
        };
        let mut fields: Vec<Field> = columns.iter().map(field).collect();
        fields.push(Field::new(DELETED_COLUMN, DataType::Boolean, true));
        Shape {
            stream: stream.to_owned(),
            columns,
            key: key.iter().map(|name| (*name).to_owned()).collect(),
            schema: Arc::new(Schema::new(fields)),
        }
    }

    /// The same, the columns with these names marked as `classification`.
    #[must_use]
    pub fn classified(mut self, classification: &str, names: &HashSet<String>) -> Shape {
        let mark = |field: &Arc<Field>| {
            if !names.contains(field.name()) {
                return field.clone();
            }
            let mut metadata = field.metadata().clone();
            metadata.insert(CLASSIFICATION.to_owned(), classification.to_owned());
            Arc::new(field.as_ref().clone().with_metadata(metadata))
        };
        self.schema = Arc::new(Schema::new(self.schema.fields().iter().map(mark).collect::<Vec<_>>()));
        self
    }

    pub fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    pub fn found(&self) -> Vec<ColumnFound> {
        let found = |column: &RecordColumn| ColumnFound {
            name: column.name.clone(),
            source_name: column.key.clone(),
            column_type: column.column_type,
            overridden: false,
            values: 0,
        };
        self.columns.iter().map(found).collect()
    }
}

/// Records of one piece, so far.
pub struct Gathering {
    shape: Arc<Shape>,
    /// Where they come from, for rejects: `Deals`.
    place: String,
    builders: Vec<ColumnBuilder>,
    /// One entry per row: whether it is gone from the source.
    deleted: Vec<bool>,
    bad: Vec<usize>,
    batches: VecDeque<RecordBatch>,
    rejects: Rejects,
    rows: u64,
    /// Bytes of the values, of the piece and of the batch so far.
    bytes: usize,
    batch_bytes: usize,
}

/// Brings a piece the rest of its rows while it is being landed.
#[async_trait::async_trait]
pub trait Refill: Send + 'static {
    /// Pushes some more rows; false when there are no more.
    async fn refill(&mut self, gathering: &mut Gathering) -> Result<bool, ConnectError>;
}

impl Gathering {
    pub fn new(shape: Arc<Shape>, place: &str) -> Gathering {
        let builders = shape.columns.iter().map(|column| ColumnBuilder::new(column.column_type)).collect();
        Gathering {
            shape,
            place: place.to_owned(),
            builders,
            deleted: Vec::new(),
            bad: Vec::new(),
            batches: VecDeque::new(),
            rejects: Rejects::new(place),
            rows: 0,
            bytes: 0,
            batch_bytes: 0,
        }
    }

    pub fn rows(&self) -> usize {
        self.rows as usize
    }

    pub fn is_full(&self) -> bool {
        self.rows() >= PIECE_ROWS || self.is_heavy()
    }

    /// Whether its values fill a piece, however few rows they are of.
    pub fn is_heavy(&self) -> bool {
        self.bytes >= PIECE_BYTES
    }

    /// Adds a record whose values `cell` knows by key.
    pub fn push_with<'a>(&mut self, cell: impl Fn(&str) -> JsonCell<'a>) -> Result<(), ConnectError> {
        self.push(false, |column| cell(&column.key))
    }

    /// Adds a record whose values `cell` knows by column; `deleted` where it is no more than a note that it is gone.
    pub fn push<'a>(
        &mut self,
        deleted: bool,
        cell: impl Fn(&RecordColumn) -> JsonCell<'a>,
    ) -> Result<(), ConnectError> {
        self.rows += 1;
        let shape = self.shape.clone();
        let mut fits = true;
        for (at, column) in shape.columns.iter().enumerate() {
            let value = cell(column);
            fits &= self.push_cell(at, column, fitted(value.cell(), column.column_type), fits);
        }
        self.end_row(deleted, fits)
    }

    /// The rejects, which go on growing with the records.
    pub fn rejects(&self) -> Rejects {
        self.rejects.clone()
    }

    /// Batches that are complete; all that there is when `whole`.
    pub fn take(&mut self, whole: bool) -> Result<Vec<RecordBatch>, ConnectError> {
        if whole {
            self.flush()?;
        }
        Ok(std::mem::take(&mut self.batches).into())
    }

    /// Adds a record whose values come in the order of the shape's columns.
    pub fn push_cells<'a>(&mut self, cell: impl Fn(usize) -> Cell<'a>) -> Result<(), ConnectError> {
        self.rows += 1;
        let shape = self.shape.clone();
        let mut fits = true;
        for (at, column) in shape.columns.iter().enumerate() {
            fits &= self.push_cell(at, column, cell(at), fits);
        }
        self.end_row(false, fits)
    }

    /// Adds one value; false when it does not fit, which is noted. `first` marks the first such value of its row.
    fn push_cell(&mut self, at: usize, column: &RecordColumn, value: Cell<'_>, first: bool) -> bool {
        if let Cell::Raw(bytes) = value {
            self.batch_bytes += bytes.len();
        } else if let Cell::Text(text) = value {
            self.batch_bytes += text.len();
        }
        let Err(reason) = self.builders[at].push(value, &MANNER) else { return true };
        let shown = shown_cell(value, encoding_rs::UTF_8);
        self.rejects.add(self.rows, Some(&column.name), &shown, reason, first);
        false
    }

    /// Notes that the source has the record with this key no more; the other columns stay empty.
    pub fn push_deleted(&mut self, key: &[Cell<'_>]) -> Result<(), ConnectError> {
        self.rows += 1;
        let shape = self.shape.clone();
        let mut fits = true;
        for (builder, column) in self.builders.iter_mut().zip(&shape.columns) {
            let at = shape.key.iter().position(|name| *name == column.name);
            let value = at.and_then(|at| key.get(at)).copied().unwrap_or(Cell::Empty);
            fits &= builder.push(value, &MANNER).is_ok();
        }
        self.end_row(true, fits)
    }

    /// Keeps what cannot be read as a record at all.
    pub fn reject(&mut self, raw: &str, reason: &str) {
        self.rows += 1;
        self.rejects.add(self.rows, None, &crate::cell::shown(raw.as_bytes()), reason, true);
    }

    fn end_row(&mut self, deleted: bool, fits: bool) -> Result<(), ConnectError> {
        if !fits {
            self.bad.push(self.deleted.len());
        }
        self.deleted.push(deleted);
        if self.deleted.len() >= BATCH_ROWS || self.batch_bytes >= BATCH_BYTES {
            self.flush()
        } else {
            Ok(())
        }
    }

    fn flush(&mut self) -> Result<(), ConnectError> {
        self.bytes += std::mem::take(&mut self.batch_bytes);
        if self.deleted.is_empty() {
            return Ok(());
        }
        let failed = |error: arrow::error::ArrowError| ConnectError::Build {
            stream: self.shape.stream.clone(),
            column: "*".to_owned(),
            detail: error.to_string(),
        };
        let mut columns: Vec<ArrayRef> = self.builders.iter_mut().map(ColumnBuilder::finish).collect();
        let deleted = std::mem::take(&mut self.deleted);
        let count = deleted.len();
        columns.push(Arc::new(BooleanArray::from(deleted)));
        let mut batch = RecordBatch::try_new(self.shape.schema.clone(), columns).map_err(failed)?;
        let bad = std::mem::take(&mut self.bad);
        if !bad.is_empty() {
            let mut keep = vec![true; count];
            for at in bad {
                keep[at] = false;
            }
            batch = filter_record_batch(&batch, &BooleanArray::from(keep)).map_err(failed)?;
        }
        if batch.num_rows() > 0 {
            self.batches.push_back(batch);
        }
        Ok(())
    }

    /// What was gathered, as one piece.
    pub fn piece(mut self, hint: LandHint, mark: Option<Mark>) -> Result<Piece, ConnectError> {
        self.flush()?;
        let batches = Batches::ready(self.batches.into());
        Ok(of_shape(&self.shape, self.place, hint, mark, (batches, self.rejects)))
    }

    /// What was gathered and all that `rest` brings, as one piece; in memory there are never more than a few batches of it.
    pub fn growing_piece(self, hint: LandHint, mark: Option<Mark>, rest: impl Refill) -> Piece {
        let (shape, place, rejects) = (self.shape.clone(), self.place.clone(), self.rejects.clone());
        let rows = futures::stream::try_unfold((self, Some(rest)), |(mut gathering, mut rest)| async move {
            loop {
                if let Some(batch) = gathering.batches.pop_front() {
                    return Ok(Some((batch, (gathering, rest))));
                }
                let Some(more) = &mut rest else { return Ok(None) };
                if !more.refill(&mut gathering).await? {
                    gathering.flush()?;
                    rest = None;
                }
            }
        });
        of_shape(&shape, place, hint, mark, (Batches::coming(rows), rejects))
    }
}

fn of_shape(
    shape: &Shape,
    place: String,
    hint: LandHint,
    mark: Option<Mark>,
    (batches, rejects): (Batches, Rejects),
) -> Piece {
    Piece {
        stream: shape.stream.clone(),
        // Records may come again as they were: whether they have been landed is for the bookmark to say, not for their content.
        batch_id: uuid::Uuid::now_v7().to_string(),
        hint,
        schema: shape.schema.clone(),
        batches,
        rejects,
        mark,
        file: place,
    }
}

/// A value as its column wants it: a day that comes with midnight behind it is a day all the same.
fn fitted(cell: Cell<'_>, column_type: ColumnType) -> Cell<'_> {
    match (cell, column_type) {
        (Cell::Text(text), ColumnType::Date) => match text.split_once('T') {
            Some((day, time)) if time.starts_with("00:00:00") => Cell::Text(day),
            _ => cell,
        },
        _ => cell,
    }
}

#[cfg(test)]
mod tests;
