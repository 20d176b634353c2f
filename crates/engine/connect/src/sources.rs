//! The kinds of sources: one line here and one file in `sources/` per kind.
//!
//! Does not read anything. Invariant: options are checked before a source exists.

pub mod files;

use std::sync::Arc;

use crate::errors::ConnectError;
use crate::source::Source;

/// The kinds that `open` knows.
pub const KINDS: [&str; 1] = ["files"];

/// Opens a source of a kind with its name and its settings as JSON (`files`: `{"dir": "…", "options": {…}}`).
pub fn open(kind: &str, name: &str, settings: &serde_json::Value) -> Result<Arc<dyn Source>, ConnectError> {
    match kind {
        "files" => Ok(Arc::new(files::FilesSource::from_settings(name, settings)?)),
        _ => Err(ConnectError::UnknownKind { kind: kind.to_owned(), known: KINDS.join(", ") }),
    }
}
