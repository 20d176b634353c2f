//! What can go wrong between a source and its record batches.
//!
//! Does not know tables or runs. Invariant: every message names the place (file, row, column) and what the person can do.

use std::io;

use crate::column_type::ColumnType;
use crate::http::HttpError;
use crate::inbox::InboxError;
use crate::sources::sql::SqlError;

/// Everything that reading a source can answer instead of rows.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    #[error("folder `{dir}` cannot be read; check that it exists and that its permissions allow reading")]
    Folder { dir: String, source: io::Error },

    #[error("file `{file}` cannot be read; check that it is there and that its permissions allow reading")]
    File { file: String, source: io::Error },

    #[error("options of source `{source_name}`: {detail}")]
    Options { source_name: String, detail: String },

    #[error("source kind `{kind}` is unknown; use one of: {known}")]
    UnknownKind { kind: String, known: String },

    #[error("source `{source_name}` has no stream `{stream}`; it has: {known}")]
    UnknownStream { source_name: String, stream: String, known: String },

    #[error("file `{file}` is not {expected}: {detail}; {remedy}")]
    Format { file: String, expected: &'static str, detail: String, remedy: &'static str },

    #[error("file `{file}` ends too early: {detail}; copy or export it again")]
    Truncated { file: String, detail: String },

    #[error("file `{file}`, row {row}: {detail}; {remedy}")]
    Row { file: String, row: u64, detail: String, remedy: &'static str },

    #[error(
        "file `{file}` is refused: {what} is over the limit of {limit}; if the file is meant to be so, raise `limits.{setting}`"
    )]
    TooLarge { file: String, what: String, limit: u64, setting: &'static str },

    #[error(
        "file `{file}` became empty, although it had rows before; put its content back, or delete it: its former rows stay"
    )]
    BecameEmpty { file: String },

    #[error(
        "file `{}`, row {}: column `{column}` of stream `{stream}` is {} since earlier files, but `{}` makes it {}; \
         correct the file, or set `streams.{stream}.columns.{column}` and load the stream anew",
        .0.file, .0.row, .0.known, .0.value, .0.found, column = .0.column, stream = .0.stream
    )]
    TypeChanged(Box<TypeChange>),

    #[error("file `{file}` changed while it was being read; run again when its writer has finished")]
    ChangedMeanwhile { file: String },

    #[error(
        "file `{file}` could not be understood by its reader ({detail}); export it again or send it with a bug report"
    )]
    ReaderPanicked { file: String, detail: String },

    #[error("column `{column}` of stream `{stream}` could not be built: {detail}")]
    Build { stream: String, column: String, detail: String },

    #[error("source `{source_name}`, stream `{stream}`: {error}")]
    Http { source_name: String, stream: String, error: Box<HttpError> },

    #[error("source `{source_name}` cannot be opened: {error}")]
    Open { source_name: String, error: Box<HttpError> },

    #[error("source `{source_name}`, stream `{stream}`: {error}")]
    Sql { source_name: String, stream: String, error: Box<SqlError> },

    #[error("source `{source_name}` cannot be opened: {error}")]
    OpenSql { source_name: String, error: Box<SqlError> },

    #[error("source `{source_name}`, stream `{stream}`: no row was noted as deleted, because {detail}")]
    Sweep { source_name: String, stream: String, detail: String },

    #[error("source `{source_name}`: {error}")]
    Inbox { source_name: String, error: Box<InboxError> },
    /// `doing` says what it was asked for: `stream `users``, `check`.
    #[error("source `{source_name}`, {doing}: {detail}")]
    Connector { source_name: String, doing: String, detail: String },

    #[error(
        "records of stream `{stream}` could not be kept on disk for a moment; check that the data folder has free space"
    )]
    Spool { stream: String, source: io::Error },

    #[error("source `{source_name}`, stream `{stream}`: {detail}")]
    Records { source_name: String, stream: String, detail: String },

    #[error("the reader was stopped before its end")]
    Stopped,
}

/// A column that no longer is what it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeChange {
    pub stream: String,
    pub file: String,
    pub column: String,
    /// Line or row of the first value that is of another type.
    pub row: u64,
    pub value: String,
    pub known: ColumnType,
    pub found: ColumnType,
}

/// Where a reader is, so that foreign errors become ours with a place.
impl ConnectError {
    pub(crate) fn file(file: &str, source: io::Error) -> Self {
        // Our own limits travel through foreign readers as `io::Error`; take them out again.
        if source.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<ConnectError>) {
            let inner = source.into_inner().expect("checked above that an inner error exists");
            return *inner.downcast::<ConnectError>().expect("checked above that it is ours");
        }
        match source.kind() {
            io::ErrorKind::UnexpectedEof => {
                ConnectError::Truncated { file: file.to_owned(), detail: source.to_string() }
            }
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::Other => {
                ConnectError::Format {
                    file: file.to_owned(),
                    expected: "a whole, readable file",
                    detail: source.to_string(),
                    remedy: "copy or export it again",
                }
            }
            _ => ConnectError::File { file: file.to_owned(), source },
        }
    }

    /// What happened between us and a system behind HTTP, where that is what it is about.
    pub fn http(&self) -> Option<&HttpError> {
        match self {
            ConnectError::Http { error, .. } | ConnectError::Open { error, .. } => Some(error),
            _ => None,
        }
    }

    /// The status of an answer that refuses.
    pub(crate) fn status(&self) -> Option<u16> {
        match self.http() {
            Some(HttpError::Status { status, .. }) => Some(*status),
            _ => None,
        }
    }

    /// The error of a stream that a source does not have; it has those that are `known`.
    pub(crate) fn unknown_stream<S: AsRef<str>>(
        source: &str,
        stream: &str,
        known: impl IntoIterator<Item = S>,
    ) -> ConnectError {
        let known: Vec<String> = known.into_iter().map(|name| name.as_ref().to_owned()).collect();
        let (source_name, stream) = (source.to_owned(), stream.to_owned());
        ConnectError::UnknownStream { source_name, stream, known: known.join(", ") }
    }

    /// Whether the system let nobody in: a wrong key or password, which is no better the next time.
    pub fn is_refused_sign_in(&self) -> bool {
        match self {
            ConnectError::Http { error, .. } | ConnectError::Open { error, .. } => match **error {
                HttpError::SignIn { .. } => true,
                HttpError::Status { status, .. } => status == 401,
                _ => false,
            },
            ConnectError::Sql { error, .. } | ConnectError::OpenSql { error, .. } => {
                matches!(**error, SqlError::SignIn { .. })
            }
            _ => false,
        }
    }

    /// What went wrong with a connector, and what the person can do.
    pub(crate) fn connector(source: &str, doing: &str, detail: &str, remedy: &str) -> ConnectError {
        ConnectError::Connector {
            source_name: source.to_owned(),
            doing: doing.to_owned(),
            detail: format!("{detail}; {remedy}"),
        }
    }

    pub(crate) fn into_io(self) -> io::Error {
        io::Error::other(self)
    }
}
