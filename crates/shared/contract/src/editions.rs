//! Editions: which numbered set of tables readers see, and whether anything about it deserves a mark.

use crate::{Failure, Principal, metrics::CheckResult};
use async_trait::async_trait;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditionCard {
    pub number: u64,
    /// RFC 3339, UTC.
    pub published_at: String,
    /// The last day that its data covers.
    pub as_of: NaiveDate,
    pub tables: u32,
}

/// What every page shows about the data behind it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Status {
    pub company: String,
    pub time_zone: String,
    /// Today in the workspace's time zone.
    pub today: NaiveDate,
    pub edition: EditionCard,
    /// The last run did not publish: what held it back. Readers stay on `edition`.
    pub held_back: Option<HeldBack>,
    /// One per metric that is marked; the others are fresh and pass their checks.
    pub marks: Vec<Mark>,
    /// The days off that are no weekends, from three years before the edition's last day to a year after it.
    pub holidays: Vec<NaiveDate>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldBack {
    pub run: String,
    /// RFC 3339, UTC.
    pub at: String,
    pub reason: String,
    pub checks: Vec<CheckResult>,
}

/// Why the figure of a metric deserves caution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    pub metric: String,
    /// Checks that failed in the last run on tables that it comes from.
    pub failed_checks: u32,
    /// The oldest source behind its promise: name, age and promise in minutes.
    pub stale: Option<Stale>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stale {
    pub source: String,
    pub age_minutes: u64,
    pub promised_minutes: u64,
}

#[async_trait]
pub trait Editions: Send + Sync {
    async fn status(&self, principal: &Principal) -> Result<Status, Failure>;
    async fn list(&self, principal: &Principal, limit: u32) -> Result<Vec<EditionCard>, Failure>;
    /// The workspace's, also while nothing is published.
    async fn time_zone(&self, principal: &Principal) -> Result<String, Failure>;
}
