//! What every source is: streams that can be discovered, and read since a known state.
//!
//! Does not know any particular system (`sources`), nor where rows go (`lake`).
//! Invariant: reading the same content of the same state gives the same batch ids, so that landing it again changes nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use serde::{Deserialize, Serialize};

use crate::again::{Again, Rewound};
use crate::batches::Batches;
use crate::column_type::ColumnType;
use crate::errors::ConnectError;
use crate::rejects::Rejects;

/// Column of every landed row: the file or page that it came from.
pub const FILE_COLUMN: &str = "_mirante_file";
/// Column of every landed row: its place there; in a text file or a sheet the line or row number, starting with 1.
pub const ROW_COLUMN: &str = "_mirante_row";
/// Column of a landed row: whether the source has the record no more. The lake adds it where a piece does not bring it.
pub const DELETED_COLUMN: &str = "_mirante_deleted";
/// Reason of a `Skipped` file that was touched, but holds what it held.
pub const SAME_CONTENT: &str = "its content is the same";
/// Key of Arrow field metadata: what the source itself calls the column.
pub const SOURCE_NAME: &str = "mirante.source_name";
/// Key of Arrow field metadata: how the column is classified; `restrito` for what the source itself marks as sensitive.
pub const CLASSIFICATION: &str = "mirante.classification";

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

    /// Tries the connection out: who answers, and what may be read. Asks as little as it can, and leaves nothing open.
    ///
    /// # Errors
    /// `Open` and `Http` when the system itself cannot be reached or refuses us.
    async fn test(&self) -> Result<Tested, ConnectError>;

    /// What is new in a stream.
    async fn read(&self, request: ReadRequest) -> Result<Reading, ConnectError>;

    /// The state from which `stream`, landed as `since` tells, is read again. Without a cursor everything is.
    ///
    /// # Errors
    /// As [`Source::streams`], where the system has to be asked how the stream is read.
    async fn rewound(
        &self,
        stream: &str,
        since: &StreamState,
        again: Again,
    ) -> Result<Rewound, ConnectError> {
        let _ = (stream, since, again);
        Ok(Rewound::Whole(StreamState::default()))
    }

    /// Ends what the source holds open: a session, say. Called once, after the last stream.
    async fn close(&self) {}
}

/// What a look at a system brought.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tested {
    /// What it says of itself and of us, by name: `account`, `user`, `version`.
    pub facts: Vec<(&'static str, String)>,
    /// What keeps rows from being seen, and what to do.
    pub warnings: Vec<String>,
    pub streams: Vec<StreamTested>,
}

/// Whether a stream can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamTested {
    pub name: String,
    /// It may be read, but holds nothing that we see.
    pub is_empty: bool,
    /// Why it cannot be read, and what to do.
    pub problem: Option<String>,
}

impl Tested {
    pub fn fact(&self, name: &str) -> Option<&str> {
        self.facts.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }
}

/// What to read.
#[derive(Debug, Clone, Default)]
pub struct ReadRequest {
    pub stream: String,
    /// Schema of the stream's table so far; columns that start with `_mirante_` are ignored.
    pub known: Option<SchemaRef>,
    /// What has been landed already, as former pieces told.
    pub since: StreamState,
    /// Keys of the rows that have been landed; without them deletions are not looked for.
    pub keys: Option<Arc<dyn LandedKeys>>,
}

/// The keys of a stream's rows, as the caller has them. Asked when a source looks for what it has no more.
#[async_trait::async_trait]
pub trait LandedKeys: Send + Sync + std::fmt::Debug {
    /// Exactly these columns of all rows that are not noted as deleted, in any order. Empty when nothing has been landed.
    async fn keys(
        &self,
        columns: &[&str],
    ) -> Result<Vec<RecordBatch>, Box<dyn std::error::Error + Send + Sync>>;
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
    /// A row takes the place of the one with the same key; of several the last wins.
    Merge { key: Vec<String> },
    /// The rows take the place of all rows with one of their keys, however many there are of each: the lines of documents.
    ReplaceKeys { key: Vec<String> },
    /// The rows take the place of all rows.
    ReplaceAll,
}

/// Pieces as they come; the next one is not asked for before the last one has been landed.
pub type Pieces = futures::stream::BoxStream<'static, Result<Piece, ConnectError>>;

/// Everything new of a stream.
pub struct Reading<P = Pieces> {
    /// In the order in which they are to be landed. An error ends them: what came before it stands.
    pub pieces: P,
    /// What could not be read; the other pieces stand without it, and it is tried again next time.
    pub failures: Vec<ConnectError>,
    /// What was looked at and needs no landing: `state.set` these too, so that it is not looked at again.
    pub skipped: Vec<Skipped>,
    /// What the state knows, but the source has no more. Its rows stay.
    pub gone: Vec<String>,
    /// How many were unchanged.
    pub unchanged: usize,
}

impl<P> std::fmt::Debug for Reading<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let skipped = self.skipped.len();
        f.debug_struct("Reading")
            .field("failures", &self.failures)
            .field("skipped", &skipped)
            .finish_non_exhaustive()
    }
}

impl Reading<Vec<Piece>> {
    /// The same reading, its pieces one after the other.
    pub fn in_turn(self) -> Reading {
        use futures::StreamExt;
        Reading {
            pieces: futures::stream::iter(self.pieces.into_iter().map(Ok)).boxed(),
            failures: self.failures,
            skipped: self.skipped,
            gone: self.gone,
            unchanged: self.unchanged,
        }
    }
}

impl Reading {
    /// A reading that is nothing but its pieces.
    pub fn of(pieces: Pieces) -> Reading {
        Reading { pieces, failures: Vec::new(), skipped: Vec::new(), gone: Vec::new(), unchanged: 0 }
    }
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
    /// Of files: path relative to the source's folder, with `/`; also the value of `_mirante_file`. Otherwise what was asked for.
    pub file: String,
    /// Names this landing for ever. Of files: hexadecimal digest of stream, file, content and the number of this landing.
    pub batch_id: String,
    pub hint: LandHint,
    /// The stream's columns, all nullable; of files then `_mirante_file: Utf8` and `_mirante_row: Int64`.
    pub schema: SchemaRef,
    /// At most 65,536 rows each.
    pub batches: Batches,
    /// Complete when `batches` has ended.
    pub rejects: Rejects,
    /// Holds from the moment on that the piece has been landed. None for what only stands with a later piece: lines before their document.
    pub mark: Option<Mark>,
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
