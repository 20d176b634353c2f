//! Slices: what a browser needs to compute figures by itself.
//!
//! Says nothing of how a slice is laid out (`slice`) or planned (`plan`). Invariant: a principal gets the rows that it may see, and no others.

use crate::{Failure, Principal};
use async_trait::async_trait;
use chrono::NaiveDate;
use plan::Definitions;
use serde::{Deserialize, Serialize};
use slice::Manifest;

/// What can be asked of the slices of an edition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sliced {
    pub edition: u64,
    pub definitions: Definitions,
    /// The last day that the edition's data covers.
    pub covered: NaiveDate,
    /// Every day of the company's calendar that is no business day and no weekend.
    pub days_off: Vec<NaiveDate>,
}

#[async_trait]
pub trait Slices: Send + Sync {
    /// What the slices of the current edition can be asked.
    async fn sliced(&self, principal: &Principal) -> Result<Sliced, Failure>;

    /// The slice of a fact, by its number among the definitions of `edition`; none when the fact is not sliced or the edition is not the
    /// current one any more: then the server is asked.
    async fn manifest(
        &self,
        principal: &Principal,
        edition: u64,
        fact: usize,
    ) -> Result<Option<Manifest>, Failure>;
}
