//! Slices: what can be asked of them, and their manifests.

use crate::reader::Reader;
use crate::slices::Store;
use async_trait::async_trait;
use chrono::NaiveDate;
use contract::slices::Sliced;
use contract::{Failure, Principal};
use kpi::Period;
use slice::Manifest;
use std::sync::Arc;

pub struct Slices {
    pub reader: Arc<Reader>,
    pub store: Arc<Store>,
}

/// The years that the server's own calendar knows.
fn every_year() -> Option<Period> {
    Period::new(NaiveDate::from_ymd_opt(1990, 1, 1)?, NaiveDate::from_ymd_opt(2100, 12, 31)?).ok()
}

#[async_trait]
impl contract::slices::Slices for Slices {
    async fn sliced(&self, _: &Principal) -> Result<Sliced, Failure> {
        let edition = self.reader.current().await?;
        Ok(Sliced {
            edition: edition.number,
            definitions: edition.sliced(),
            covered: edition.clock.covered,
            days_off: every_year().map(|years| edition.clock.calendar.days_off(years)).unwrap_or_default(),
        })
    }

    async fn manifest(
        &self,
        principal: &Principal,
        edition: u64,
        fact: usize,
    ) -> Result<Option<Manifest>, Failure> {
        let current = self.reader.current().await?;
        if current.number != edition {
            return Ok(None);
        }
        Ok(self.store.slice(&current, principal, fact).await?.map(|built| built.manifest.clone()))
    }
}
