//! Why a call was not answered, in words for the person who asked.
//!
//! Invariant: `message` says what, where and the remedy, and carries no data that the principal may not see.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    pub kind: FailureKind,
    pub message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// The question is wrong; asking again will not help.
    BadRequest,
    NotSignedIn,
    Forbidden,
    NotFound,
    /// No edition has been published yet.
    NothingPublished,
    /// The server could not be reached: the sign of being offline.
    Unreachable,
    Internal,
}

impl Failure {
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Failure {
        Failure { kind, message: message.into() }
    }
}
