//! A temporary folder of files, read as a source, with the rows as text that a test can compare.
//!
//! Does not judge. Invariant: what a test sees went through the same door as everything else.

use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, SchemaRef, TimeUnit, TimestampMicrosecondType};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use connect::{
    ConnectError, FilesSource, Piece, ReadRequest, Reading, StreamState,
    sources::files::options::FilesOptions,
};
use serde_json::{Value, json};

pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn new() -> Folder {
        Folder(tempfile::tempdir().unwrap())
    }

    pub fn with(file: &str, content: impl AsRef<[u8]>) -> Folder {
        let folder = Folder::new();
        folder.write(file, content);
        folder
    }

    pub fn path(&self, file: &str) -> PathBuf {
        self.0.path().join(file)
    }

    pub fn write(&self, file: &str, content: impl AsRef<[u8]>) {
        let path = self.path(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    pub fn source(&self) -> FilesSource {
        self.source_with(json!({}))
    }

    pub fn source_with(&self, options: impl Into<Value>) -> FilesSource {
        FilesSource::new("loja", self.0.path(), FilesOptions::from_json("loja", &options.into()).unwrap())
            .unwrap()
    }

    /// Reads a stream that nothing is known of yet.
    pub fn read(&self, stream: &str) -> Table {
        self.read_with(stream, json!({}))
    }

    pub fn read_with(&self, stream: &str, options: Value) -> Table {
        let reading = read(&self.source_with(options), stream, None, &StreamState::default());
        assert!(reading.failures.is_empty(), "{}", reading.failures[0]);
        Table::of(reading.pieces).unwrap()
    }

    /// The one error that reading a stream gives, from either pass.
    pub fn failure(&self, stream: &str) -> ConnectError {
        self.failure_with(stream, json!({}))
    }

    pub fn failure_with(&self, stream: &str, options: Value) -> ConnectError {
        let mut reading = read(&self.source_with(options), stream, None, &StreamState::default());
        match reading.failures.pop() {
            Some(failure) => failure,
            None => Table::of(reading.pieces).expect_err("the file was read without an error"),
        }
    }
}

pub fn read(
    source: &FilesSource,
    stream: &str,
    known: Option<SchemaRef>,
    since: &StreamState,
) -> Reading<Vec<Piece>> {
    let request = ReadRequest { stream: stream.to_owned(), known, since: since.clone(), keys: None };
    source.read_now(&request).unwrap()
}

/// What pieces held, as text.
#[derive(Debug)]
pub struct Table {
    pub schema: SchemaRef,
    /// Cells of a row joined by `|`, without our own columns; `∅` for null.
    pub rows: Vec<String>,
    /// `_mirante_row` of each row.
    pub numbers: Vec<String>,
    /// `row|column|value|reason`.
    pub rejects: Vec<String>,
    pub batches: usize,
}

impl Table {
    pub fn of(pieces: Vec<Piece>) -> Result<Table, ConnectError> {
        let schema = pieces
            .first()
            .map_or_else(|| arrow::datatypes::Schema::empty().into(), |piece| piece.schema.clone());
        let mut table =
            Table { schema, rows: Vec::new(), numbers: Vec::new(), rejects: Vec::new(), batches: 0 };
        for piece in pieces {
            let (rejects, schema, file) = (piece.rejects, piece.schema, piece.file);
            for batch in piece.batches.blocking() {
                let batch = batch?;
                assert_eq!(batch.schema(), schema);
                table.batches += 1;
                let last = batch.num_columns() - 1;
                for cells in texts(&batch) {
                    assert_eq!(cells[last - 1], file);
                    table.numbers.push(cells[last].clone());
                    table.rows.push(cells[..last - 1].join("|"));
                }
            }
            table.rejects.extend(texts(&rejects.take()).into_iter().map(|cells| cells[1..].join("|")));
        }
        Ok(table)
    }

    /// `name type` of each column that is not ours.
    pub fn columns(&self) -> Vec<String> {
        let fields = self.schema.fields().iter().filter(|field| !field.name().starts_with("_mirante_"));
        fields.map(|field| format!("{} {}", field.name(), short(field.data_type()))).collect()
    }
}

fn short(data_type: &DataType) -> String {
    match data_type {
        DataType::Utf8 => "text".to_owned(),
        DataType::Int64 => "integer".to_owned(),
        DataType::Decimal128(precision, scale) => format!("decimal({precision},{scale})"),
        DataType::Float64 => "float".to_owned(),
        DataType::Boolean => "boolean".to_owned(),
        DataType::Date32 => "date".to_owned(),
        DataType::Timestamp(TimeUnit::Microsecond, None) => "timestamp".to_owned(),
        DataType::Timestamp(TimeUnit::Microsecond, Some(zone)) if &**zone == "UTC" => "moment".to_owned(),
        other => panic!("a column of type {other}"),
    }
}

fn without_zone(column: &ArrayRef) -> ArrayRef {
    match column.data_type() {
        DataType::Timestamp(TimeUnit::Microsecond, Some(_)) => Arc::new(
            column
                .as_primitive::<TimestampMicrosecondType>()
                .clone()
                .with_data_type(DataType::Timestamp(TimeUnit::Microsecond, None)),
        ),
        _ => column.clone(),
    }
}

fn texts(batch: &RecordBatch) -> Vec<Vec<String>> {
    let options = FormatOptions::default().with_null("∅");
    // Formatting with a zone by its name needs a database of zones, which we do not link.
    let plain: Vec<ArrayRef> = batch.columns().iter().map(without_zone).collect();
    let columns: Vec<ArrayFormatter<'_>> =
        plain.iter().map(|column| ArrayFormatter::try_new(column, &options).unwrap()).collect();
    (0..batch.num_rows())
        .map(|row| {
            let cell = |(at, column): (usize, &ArrayFormatter<'_>)| {
                let zone = if plain[at].data_type() == batch.column(at).data_type() { "" } else { "Z" };
                if batch.column(at).is_null(row) {
                    "∅".to_owned()
                } else {
                    format!("{}{zone}", column.value(row))
                }
            };
            columns.iter().enumerate().map(cell).collect()
        })
        .collect()
}
