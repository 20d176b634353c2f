//! What every source is: streams that can be discovered, and read since a known state.
//!
//! Does not know any particular system (`sources`), nor where rows go (`lake`).
//! Invariant: reading the same content of the same state gives the same batch ids, so that landing it again changes nothing.

use std::collections::BTreeMap;

use arrow::datatypes::SchemaRef;
use serde::{Deserialize, Serialize};

use crate::batches::Batches;
use crate::column_type::ColumnType;
use crate::errors::ConnectError;
use crate::rejects::Rejects;

/// Column of every landed row: the file or page that it came from.
pub const FILE_COLUMN: &str = "_mirante_file";
/// Column of every landed row: its place there; in a text file or a sheet the line or row number, starting with 1.
pub const ROW_COLUMN: &str = "_mirante_row";
/// Reason of a `Skipped` file that was touched, but holds what it held.
pub const SAME_CONTENT: &str = "its content is the same";
/// Key of Arrow field metadata: what the source itself calls the column.
pub const SOURCE_NAME: &str = "mirante.source_name";

/// A source: a folder of files, later a system behind HTTP.
#[async_trait::async_trait]
pub trait Source: Send + Sync {
    /// The name that the person gave it, SQL-safe; part of its tables' names.
    fn name(&self) -> &str;

    /// Which kind it is: the word in `mirante source add <kind>`.
    fn kind(&self) -> &'static str;

    /// Names of its streams, without reading their rows.
    async fn streams(&self) -> Result<Vec<String>, ConnectError>;

    /// Everything a person wants to see before the first run: formats, columns, types. Reads whole files.
    async fn discover(&self) -> Result<Discovery, ConnectError>;

    /// What is new in a stream.
    async fn read(&self, request: ReadRequest) -> Result<Reading, ConnectError>;
}

/// What to read.
#[derive(Debug, Clone)]
pub struct ReadRequest {
    pub stream: String,
    /// Schema of the stream's table so far; columns that start with `_mirante_` are ignored.
    pub known: Option<SchemaRef>,
    /// What has been landed already, as former pieces told.
    pub since: StreamState,
}

/// What has been landed of one stream: a mark per file (or cursor). Kept by the caller as JSON; its content is the source's own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StreamState(BTreeMap<String, serde_json::Value>);

/// One entry of a `StreamState`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    pub key: String,
    pub value: serde_json::Value,
}

impl StreamState {
    pub fn get(&self, key: &str) -> Option<&serde_json::Value> {
        self.0.get(key)
    }

    /// Notes that what the mark stands for has been landed.
    pub fn set(&mut self, mark: Mark) {
        self.0.insert(mark.key, mark.value);
    }

    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// How a piece meets the rows that are there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LandHint {
    /// The rows are new, and the table too.
    Append,
    /// The rows take the place of those with `value` in `column`, if there are any.
    Replace { column: String, value: String },
}

/// Everything new of a stream.
#[derive(Debug)]
pub struct Reading {
    /// In the order in which they are to be landed. All have the same schema.
    pub pieces: Vec<Piece>,
    /// What could not be read; the other pieces stand without it, and it is tried again next time.
    pub failures: Vec<ConnectError>,
    /// What was looked at and needs no landing: `state.set` these too, so that it is not looked at again.
    pub skipped: Vec<Skipped>,
    /// What the state knows, but the source has no more. Its rows stay.
    pub gone: Vec<String>,
    /// How many were unchanged.
    pub unchanged: usize,
}

/// A file (or page) without rows to land.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    pub file: String,
    pub reason: String,
    pub mark: Mark,
}

/// What is landed in one go: the rows of one file.
#[derive(Debug)]
pub struct Piece {
    pub stream: String,
    /// Path relative to the source's folder, with `/`; also the value of `_mirante_file`.
    pub file: String,
    /// Hexadecimal digest of stream, file, content and the number of this landing.
    pub batch_id: String,
    pub hint: LandHint,
    /// The stream's columns, then `_mirante_file: Utf8` and `_mirante_row: Int64`. All nullable.
    pub schema: SchemaRef,
    /// At most 65,536 rows each.
    pub batches: Batches,
    /// Complete when `batches` has ended.
    pub rejects: Rejects,
    /// `state.set` this when the piece has been landed.
    pub mark: Mark,
}

/// What a source has to offer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Discovery {
    pub streams: Vec<StreamFound>,
    /// Files that belong to no stream, with the reason.
    pub ignored: Vec<Ignored>,
    /// Files that belong to a stream but could not be read: whole messages.
    pub problems: Vec<String>,
}

/// A stream as it would be landed now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StreamFound {
    pub name: String,
    /// Name of its table in schema `raw`.
    pub table: String,
    pub columns: Vec<ColumnFound>,
    pub files: Vec<FileFound>,
}

/// A column as it would be landed now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnFound {
    pub name: String,
    /// What the source calls it.
    pub source_name: String,
    pub column_type: ColumnType,
    /// Whether the options fixed the type.
    pub overridden: bool,
    /// How many values it has, over all files.
    pub values: u64,
}

/// A file of a stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FileFound {
    pub path: String,
    pub bytes: u64,
    pub rows: u64,
    /// Rows whose number of cells does not fit the header.
    pub ragged: u64,
    /// Its format as it was detected or overridden: an object of the names that the options use.
    pub format: serde_json::Value,
}

/// A file that is no stream's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ignored {
    pub path: String,
    pub reason: String,
}

/// Table of a stream in schema `raw`: `<source>__<stream>`.
pub fn stream_table(source: &str, stream: &str) -> String {
    format!("{source}__{stream}")
}

/// Table of a stream's rejects in schema `raw`: `<source>__<stream>__rejects`.
pub fn rejects_table(source: &str, stream: &str) -> String {
    format!("{source}__{stream}__rejects")
}
