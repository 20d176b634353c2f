//! What every row format gives and takes: a sink for rows, and the description of a file.
//!
//! Does not know any one format. Invariant: a row is either handed over whole, or rejected with a reason.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::detect::Dialect;
use super::options::{FormatKind, Quote, TextEncoding};
use super::unpack::Compression;
use crate::cell::Cell;
use crate::errors::ConnectError;

/// Takes the rows of a file, one by one.
pub trait RowSink {
    /// The file turns out to have this many columns (so far).
    fn columns(&mut self, count: usize);

    /// A row at line (or row number, starting with 1) `at`. `cell` gives the cell of a column of the header.
    fn row<'c>(&mut self, at: u64, cell: impl Fn(usize) -> Cell<'c>) -> Result<(), ConnectError>;

    /// A row that cannot be handed over, as it stands in the file.
    fn reject(&mut self, at: u64, raw: &str, reason: &str) -> Result<(), ConnectError>;
}

/// One table within a file: the file itself, or a sheet of a workbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// Where the file lies.
    pub path: PathBuf,
    /// Its path relative to the source's folder, with `/`.
    pub file: String,
    /// Which sheet, where the file is a workbook.
    pub sheet: Option<String>,
}

/// The format of a unit, as detected or overridden.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Format {
    pub kind: FormatKind,
    pub compression: Compression,
    /// Of text files.
    pub encoding: Option<TextEncoding>,
    /// Of delimited text.
    pub dialect: Option<Dialect>,
    /// Of sheets: row with the column names, and first row with data, starting with 1.
    pub sheet_header: Option<u64>,
    pub sheet_first: u64,
}

impl Format {
    /// The format in the words of the options.
    pub fn to_json(&self, sheet: Option<&str>) -> Value {
        let mut shown = json!({ "format": self.kind, "compression": self.compression });
        if let Some(encoding) = self.encoding {
            shown["encoding"] = json!(encoding);
        }
        if let Some(dialect) = &self.dialect {
            let delimiter = char::from(dialect.delimiter);
            shown["delimiter"] =
                json!(if delimiter == '\t' { "tab".to_owned() } else { delimiter.to_string() });
            shown["quote"] = json!(String::from(dialect.quote));
            if dialect.backslash && dialect.quote != Quote::None {
                shown["escape"] = json!("backslash");
            }
            shown["header_row"] = json!(dialect.header_line.unwrap_or(0));
        }
        if self.kind == FormatKind::Xlsx {
            shown["sheet"] = json!(sheet);
            shown["header_row"] = json!(self.sheet_header.unwrap_or(0));
        }
        shown
    }
}
