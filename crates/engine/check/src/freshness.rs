//! How old a source's newest row is, judged as `dbt source freshness` judges it.
//!
//! Reads no clock: the caller says what time it is. Invariant: a source without rows is infinitely old.

use chrono::{DateTime, Utc};
use lake::arrow::array::{Array, AsArray};
use lake::arrow::datatypes::{DataType, Date32Type, TimestampMicrosecondType};
use lake::{LakeError, Session, TableName};
use serde::{Deserialize, Serialize};

use crate::{CheckError, Status};

/// dbt's freshness block of a source table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Freshness {
    pub table: TableName,
    /// SQL of a time without time zone in UTC, a time with time zone, or a date.
    pub loaded_at_field: String,
    #[serde(default)]
    pub warn_after: Option<MaxAge>,
    #[serde(default)]
    pub error_after: Option<MaxAge>,
    /// SQL condition: only these rows are looked at.
    #[serde(default)]
    pub filter: Option<String>,
}

/// `{count: 12, period: hour}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaxAge {
    pub count: u32,
    pub period: Period,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Period {
    Minute,
    Hour,
    Day,
}

impl MaxAge {
    fn seconds(self) -> i64 {
        let each = match self.period {
            Period::Minute => 60,
            Period::Hour => 3_600,
            Period::Day => 86_400,
        };
        i64::from(self.count) * each
    }
}

/// What came of a freshness check. Its status is never `Fail`: dbt calls a source that is too old an error.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FreshnessOutcome {
    pub table: TableName,
    pub status: Status,
    /// `None` where the source has no row.
    pub max_loaded_at: Option<DateTime<Utc>>,
    pub snapshotted_at: DateTime<Utc>,
    /// Seconds between the two; `None` where the source has no row.
    pub age_s: Option<i64>,
    /// Why the age could not be told.
    pub message: Option<String>,
    pub sql: String,
}

/// Judges a source at the moment `now`.
pub async fn freshness(session: &Session, of: &Freshness, now: DateTime<Utc>) -> FreshnessOutcome {
    let only = of.filter.as_ref().map(|filter| format!("\nwhere {filter}")).unwrap_or_default();
    let sql =
        format!("select max({}) as max_loaded_at\nfrom {}{only}", of.loaded_at_field, of.table.quoted());
    let mut outcome = FreshnessOutcome {
        table: of.table.clone(),
        status: Status::Error,
        max_loaded_at: None,
        snapshotted_at: now,
        age_s: None,
        message: None,
        sql,
    };
    match newest(session, of, &outcome.sql).await {
        Err(error) => outcome.message = Some(error.to_string()),
        Ok(newest) => {
            outcome.max_loaded_at = newest;
            outcome.age_s = newest.map(|newest| (now - newest).num_seconds());
            let age = newest.map_or(i64::MAX, |newest| (now - newest).num_microseconds().unwrap_or(i64::MAX));
            let exceeds =
                |limit: Option<MaxAge>| limit.is_some_and(|limit| age > limit.seconds() * 1_000_000);
            outcome.status = if exceeds(of.error_after) {
                Status::Error
            } else if exceeds(of.warn_after) {
                Status::Warn
            } else {
                Status::Pass
            };
        }
    }
    outcome
}

async fn newest(session: &Session, of: &Freshness, sql: &str) -> Result<Option<DateTime<Utc>>, CheckError> {
    let failed = |error: LakeError| CheckError::Sql {
        check: format!("freshness of {}", of.table),
        message: error.to_string(),
        line: None,
        column: None,
        source: Box::new(error),
    };
    let batches = session.query(sql).await.map_err(failed)?;
    let Some(column) = batches.iter().find(|batch| batch.num_rows() > 0).map(|batch| batch.column(0)) else {
        return Ok(None);
    };
    let micros = match column.data_type() {
        DataType::Timestamp(_, _) => column
            .as_primitive_opt::<TimestampMicrosecondType>()
            .and_then(|times| times.is_valid(0).then(|| times.value(0))),
        DataType::Date32 => column
            .as_primitive_opt::<Date32Type>()
            .and_then(|days| days.is_valid(0).then(|| i64::from(days.value(0)) * 86_400_000_000)),
        _ => {
            return Err(CheckError::NotATime {
                source_table: of.table.to_string(),
                field: of.loaded_at_field.clone(),
            });
        }
    };
    Ok(micros.and_then(DateTime::from_timestamp_micros))
}
