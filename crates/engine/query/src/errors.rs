//! What can be wrong with a definition, and with reading what a question needs.
//!
//! Does not decide how an error is answered (`server`). Invariant: an `AskError` shows no SQL and no data.

use lake::LakeError;
use std::sync::Arc;

/// A metrics file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DefinitionError {
    #[error("{path}:{line}:{column}: {message}")]
    Yaml { path: String, line: u64, column: u64, message: String },

    /// `message` names the subject and the remedy.
    #[error("{path}:{line}: {message}")]
    Meaning { path: String, line: u64, message: String },

    #[error("{path}:{line}: {subject} is no SQL over `{table}`: {message}")]
    Sql {
        path: String,
        line: u64,
        subject: String,
        table: String,
        message: String,
        #[source]
        source: Box<LakeError>,
    },
}

/// A question that has no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The question itself is wrong, so that asking again does not help.
    #[error(transparent)]
    Question(#[from] plan::AskError),

    /// The cause is for the log; the text of a database error can hold data.
    #[error("the query could not be computed from the tables of this edition; see the server's log")]
    Engine {
        #[source]
        source: Arc<ScanError>,
    },

    #[error(
        "the query needs more memory than the server gives to one query; shorten the period or add a filter"
    )]
    Memory {
        #[source]
        source: Arc<ScanError>,
    },
}

/// Why a scan has no rows to give; several queries may wait for it.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    #[error("the lake could not run it")]
    Lake(#[source] LakeError),
    #[error("a column of type {kind} is none that a metric can have; cast it in the model")]
    ColumnType { kind: String },
    #[error("it stopped without an answer")]
    Stopped,
}

impl AskError {
    /// True when the question itself is wrong, so that asking again does not help.
    pub fn is_bad_request(&self) -> bool {
        !matches!(self, AskError::Engine { .. })
    }

    pub(crate) fn engine(source: Arc<ScanError>) -> AskError {
        if matches!(*source, ScanError::Lake(LakeError::Memory { .. })) {
            AskError::Memory { source }
        } else {
            AskError::Engine { source }
        }
    }
}
