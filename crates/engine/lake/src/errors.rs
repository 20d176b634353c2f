//! What can go wrong in the lake, said with the table's name and the remedy.
//!
//! Does not decide who sees a message. Invariant: a foreign error is always kept as the source.

use std::path::PathBuf;

use deltalake::DeltaTableError;
use deltalake::arrow::datatypes::DataType;
use deltalake::datafusion::error::DataFusionError;

use crate::TableName;

/// An error of whoever feeds rows into the lake.
pub type RowsError = Box<dyn std::error::Error + Send + Sync>;

#[derive(Debug, thiserror::Error)]
pub enum LakeError {
    #[error(
        "`{name}` is not a table name; use `schema.name` with a-z, 0-9 and _ only, not starting with a digit"
    )]
    TableName { name: String },

    #[error(
        "the lake has no table `{table}` at version {version}; it was removed or never written: run again"
    )]
    NoVersion {
        table: TableName,
        version: u64,
        #[source]
        source: Box<DeltaTableError>,
    },

    #[error("could not read the lake folder `{}`", path.display())]
    Folder { path: PathBuf, source: std::io::Error },

    #[error("another process is writing to the lake `{}`; wait for it to finish or stop it", path.display())]
    Busy { path: PathBuf },

    #[error(
        "the disk that holds table `{table}` is full; free some space and run again (nothing of this batch was kept)"
    )]
    DiskFull {
        table: TableName,
        #[source]
        source: RowsError,
    },

    #[error("could not write to table `{table}`; nothing of this batch was kept")]
    Write {
        table: TableName,
        #[source]
        source: RowsError,
    },

    #[error("could not commit to table `{table}`; the table is unchanged")]
    Commit {
        table: TableName,
        #[source]
        source: Box<DeltaTableError>,
    },

    #[error("could not read table `{table}`")]
    Read {
        table: TableName,
        #[source]
        source: RowsError,
    },

    #[error("the rows for table `{table}` stopped with an error")]
    Rows {
        table: TableName,
        #[source]
        source: RowsError,
    },

    #[error(
        "column `{column}` of table `{table}` is {was} and the new rows bring {now}; \
         state the column's type in the source's options, or land the stream into a new table"
    )]
    ColumnType { table: TableName, column: String, was: Box<DataType>, now: Box<DataType> },

    #[error(
        "column `{column}` of table `{table}`: a value does not fit {into}; correct the value or state a wider type"
    )]
    Value {
        table: TableName,
        column: String,
        into: Box<DataType>,
        #[source]
        source: Box<deltalake::arrow::error::ArrowError>,
    },

    #[error(
        "column `{column}` of table `{table}` has type {now}, which Delta tables do not store; cast it in the SQL"
    )]
    Unstorable { table: TableName, column: String, now: Box<DataType> },

    #[error("table `{table}` cannot have a column `{column}`: {why}")]
    ColumnName { table: TableName, column: String, why: &'static str },

    #[error("table `{table}` is merged by `{key}`, and the new rows have no such column; correct the key")]
    NoKey { table: TableName, key: String },

    #[error(
        "{rows} rows for table `{table}` have no value in their key `{key}`; give them one or choose another key"
    )]
    NullKey { table: TableName, key: String, rows: u64 },

    /// `line` and `column` count from 1 in the SQL text that was given.
    #[error("{message}")]
    Sql {
        message: String,
        line: Option<u64>,
        column: Option<u64>,
        #[source]
        source: Box<DataFusionError>,
    },

    #[error("view `{table}` refers to itself through {path}; break the circle")]
    ViewCircle { table: TableName, path: String },

    #[error(
        "the query needs more memory than the {limit_mb} MB it may use; narrow it, or raise the memory limit"
    )]
    Memory {
        limit_mb: usize,
        #[source]
        source: Box<DataFusionError>,
    },
}

impl LakeError {
    /// Whether the full disk is the cause: the caller may wait and try again.
    pub fn is_disk_full(&self) -> bool {
        matches!(self, LakeError::DiskFull { .. })
    }

    pub(crate) fn write(table: &TableName, source: impl Into<RowsError>) -> Self {
        let (table, source) = (table.clone(), source.into());
        if has_no_space(source.as_ref()) {
            LakeError::DiskFull { table, source }
        } else {
            LakeError::Write { table, source }
        }
    }

    pub(crate) fn commit(table: &TableName, source: DeltaTableError) -> Self {
        if has_no_space(&source) {
            LakeError::DiskFull { table: table.clone(), source: Box::new(source) }
        } else {
            LakeError::Commit { table: table.clone(), source: Box::new(source) }
        }
    }

    pub(crate) fn read(table: &TableName, source: impl Into<RowsError>) -> Self {
        LakeError::Read { table: table.clone(), source: source.into() }
    }
}

/// Whether an I/O error of the kind "no space left" or "quota exceeded" lies in the chain of causes.
fn has_no_space(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(one) = cause {
        if let Some(io) = one.downcast_ref::<std::io::Error>()
            && matches!(
                io.kind(),
                std::io::ErrorKind::StorageFull
                    | std::io::ErrorKind::QuotaExceeded
                    | std::io::ErrorKind::FileTooLarge
            )
        {
            return true;
        }
        cause = one.source();
    }
    // Some layers keep only the text of their cause.
    error.to_string().contains("No space left on device")
}
