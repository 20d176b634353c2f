//! What came of a check.
//!
//! Invariant: `Pass` means that the SQL ran and its number was judged.

use std::time::Duration;

use lake::TableName;
use serde::{Deserialize, Serialize};

/// dbt's statuses of a data test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Pass,
    Warn,
    Fail,
    /// The check could not run.
    Error,
}

impl Status {
    /// Whether it keeps an edition from being published.
    pub fn blocks(self) -> bool {
        matches!(self, Status::Fail | Status::Error)
    }
}

/// Failing rows as text; `None` is null.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<Option<String>>>,
}

/// The outcome of one check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The check's id.
    pub check: String,
    pub status: Status,
    /// What `fail_calc` made of the failing rows; also when the check passes because so many are allowed. 0 on an error.
    pub failures: u64,
    /// Why it did not pass, in dbt's words where dbt has some.
    pub message: Option<String>,
    /// The SQL whose rows are failures.
    pub sql: String,
    /// Up to 20 failing rows, when the check did not pass.
    pub sample: Option<Sample>,
    /// Where all failing rows are kept, with the version of that table.
    pub stored: Option<(TableName, u64)>,
    /// For an error in the SQL: line and column in `sql`, from 1.
    pub place: Option<(u64, Option<u64>)>,
    pub elapsed: Duration,
}
