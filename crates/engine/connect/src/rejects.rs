//! Rows that did not fit, kept where a person can see them, with the reason.
//!
//! Does not decide what fits. Invariant: a rejected row is counted even when it has several cells that do not fit.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow::array::{ArrayRef, Int64Builder, RecordBatch, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

/// Column of a rejects table that names the file: what a replaced file's former rejects are found by.
pub const REJECTS_FILE_COLUMN: &str = "file";

/// The rejects of one piece. They are complete when the piece's batches have ended.
#[derive(Debug, Clone)]
pub struct Rejects(Arc<Mutex<Rows>>);

#[derive(Debug, Default)]
struct Rows {
    file: String,
    rejected: u64,
    row: Int64Builder,
    column: StringBuilder,
    value: StringBuilder,
    reason: StringBuilder,
}

/// `file: Utf8, row: Int64, column: Utf8?, value: Utf8?, reason: Utf8`.
pub fn rejects_schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new(REJECTS_FILE_COLUMN, DataType::Utf8, true),
        Field::new("row", DataType::Int64, true),
        Field::new("column", DataType::Utf8, true),
        Field::new("value", DataType::Utf8, true),
        Field::new("reason", DataType::Utf8, true),
    ]))
}

impl Rejects {
    pub(crate) fn new(file: &str) -> Rejects {
        Rejects(Arc::new(Mutex::new(Rows { file: file.to_owned(), ..Rows::default() })))
    }

    fn rows(&self) -> MutexGuard<'_, Rows> {
        // A reader that panicked has left whole entries: each is appended in one go.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds one cell that does not fit. `first` marks the first one of its row.
    pub(crate) fn add(&self, row: u64, column: Option<&str>, value: &str, reason: &str, first: bool) -> u64 {
        let mut rows = self.rows();
        rows.row.append_value(row as i64);
        rows.column.append_option(column);
        rows.value.append_value(value);
        rows.reason.append_value(reason);
        rows.rejected += u64::from(first);
        rows.rejected
    }

    /// How many rows were rejected so far.
    pub fn count(&self) -> u64 {
        self.rows().rejected
    }

    /// One batch of `rejects_schema()`: what was rejected since the last call, one row per cell that did not fit.
    pub fn take(&self) -> RecordBatch {
        let mut rows = self.rows();
        let row: ArrayRef = Arc::new(rows.row.finish());
        let mut file = StringBuilder::new();
        for _ in 0..row.len() {
            file.append_value(&rows.file);
        }
        let columns: Vec<ArrayRef> = vec![
            Arc::new(file.finish()),
            row,
            Arc::new(rows.column.finish()),
            Arc::new(rows.value.finish()),
            Arc::new(rows.reason.finish()),
        ];
        RecordBatch::try_new(rejects_schema(), columns)
            .expect("five columns of one length, of the schema's types")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn take_two_cells_of_one_row_counts_one_row() {
        let rejects = Rejects::new("a.csv");
        rejects.add(7, Some("valor"), "N/D", "is not a whole number", true);
        rejects.add(7, Some("data"), "31/02/2026", "is not a date", false);
        rejects.add(9, None, "x;y", "has 2 cells, the header has 3", true);
        assert_eq!(rejects.count(), 2);
        assert_eq!(rejects.take().num_rows(), 3);
        assert_eq!(rejects.take().num_rows(), 0);
        assert_eq!(rejects.count(), 2);
    }
}
