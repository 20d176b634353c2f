//! Sheets that a person uploaded: one table, made of one file or of several that follow each other.
//!
//! Does not receive uploads and does not read cells (`files`). Invariant: what is kept of a file is its content's hash, so that a file never
//! changes under its name; the table's columns are those that the person has seen before it was landed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Surroundings;
use super::files::FilesSource;
pub use super::files::look::{Example, Look, LookedAt, Lookup, TOTALS, look};
use crate::column_type::ColumnType;
use crate::errors::ConnectError;
use crate::source::Source;

/// The one stream of a sheet: its rows are in `raw.<source>__linhas`.
pub const STREAM: &str = "linhas";

/// The settings of a source of kind `sheet`, as they are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SheetSettings {
    pub files: Vec<SheetFile>,
    /// Types by the columns' SQL names.
    #[serde(default)]
    pub columns: BTreeMap<String, ColumnType>,
    /// Columns that its pack reads, the one that dates the rows first.
    #[serde(default)]
    pub used: Vec<String>,
}

/// A file of a sheet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SheetFile {
    /// What the person called it; rows are replaced by this name.
    pub name: String,
    /// Hexadecimal SHA-256 of its content.
    pub content: String,
    /// Which sheet, where it is a workbook.
    #[serde(default)]
    pub sheet: Option<String>,
}

/// Where the content of an upload lies.
pub fn path_of(uploads: &Path, content: &str) -> PathBuf {
    uploads.join(content).join("content")
}

/// Opens a sheet over the uploads of these surroundings.
///
/// # Errors
/// `Options` when the settings are wrong, name no file, or there is no folder of uploads.
pub fn open(
    name: &str,
    settings: &serde_json::Value,
    surroundings: &Surroundings,
) -> Result<Arc<dyn Source>, ConnectError> {
    let wrong = |detail: String| ConnectError::Options { source_name: name.to_owned(), detail };
    let settings: SheetSettings =
        serde_json::from_value(settings.clone()).map_err(|error| wrong(error.to_string()))?;
    let uploads = surroundings.uploads().ok_or_else(|| wrong("there is no folder of uploads".to_owned()))?;
    if settings.files.is_empty() {
        return Err(wrong("no file is named; upload the sheet again".to_owned()));
    }
    let is_hash = |text: &str| text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if let Some(file) = settings.files.iter().find(|file| !is_hash(&file.content)) {
        return Err(wrong(format!("`{}` is no content hash; upload `{}` again", file.content, file.name)));
    }
    Ok(Arc::new(FilesSource::of_sheet(name, uploads, &settings)?))
}
