//! What is remembered of a file that was landed, and the name of each landing.
//!
//! Does not compare files (`files`). Invariant: a mark says everything that decides whether a file is to be read again.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::options::StreamOptions;
use super::unpack;
use crate::source::{Mark, StreamState};
use crate::tally::Evidence;

/// What is kept of a file that was landed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileMark {
    pub bytes: u64,
    pub modified_ns: i64,
    /// SHA-256 of the file as it lies there.
    pub content: String,
    /// Digest of the options that it was read with.
    pub options: String,
    /// How many times it was landed before: a content that comes back is a new landing.
    pub generation: u32,
    pub rows: u64,
    #[serde(default)]
    pub evidence: Evidence,
    /// Columns without any value.
    #[serde(default)]
    pub empty: Vec<String>,
}

/// The mark as the caller keeps it.
pub fn mark_of(file: &str, mark: &FileMark) -> Mark {
    Mark { key: file.to_owned(), value: serde_json::to_value(mark).unwrap_or_default() }
}

/// The marks of files that are all to be read again: each landing gets another number than those before, so that it is none of them.
pub fn forgotten(since: &StreamState) -> StreamState {
    let mut state = StreamState::default();
    for file in since.keys() {
        let known = since.get(file).and_then(|mark| serde_json::from_value::<FileMark>(mark.clone()).ok());
        if let Some(known) = known {
            let evidence = Evidence::default();
            let (content, options, empty) = Default::default();
            state.set(mark_of(file, &FileMark { content, options, empty, evidence, ..known }));
        }
    }
    state
}

/// Digest of the options: other options read other rows.
pub fn digest_of(options: &StreamOptions) -> String {
    let json = serde_json::to_string(options).unwrap_or_default();
    unpack::hex(&Sha256::digest(json.as_bytes())[..8])
}

/// Names a landing: the same content, options and generation of a file give the same id.
pub fn batch_id(source: &str, stream: &str, file: &str, mark: &FileMark) -> String {
    let mut digest = Sha256::new();
    for part in [source, stream, file, &mark.content, &mark.options, &mark.generation.to_string()] {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    }
    unpack::hex(&digest.finalize()[..16])
}
