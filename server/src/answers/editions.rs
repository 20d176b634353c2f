//! Which edition readers see, and what about it deserves a mark.

use super::sources;
use crate::house;
use crate::reader::{OpenEdition, Reader, internal};
use async_trait::async_trait;
use contract::editions::{EditionCard, HeldBack, Mark, Stale, Status};
use contract::metrics::{CheckResult, CheckStatus};
use contract::runs::RunState;
use contract::{Failure, Principal};
use kpi::Period;
use lake::TableName;
use metastore::editions::EditionRow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How far back the calendar goes that pages compute business days with.
const CALENDAR_YEARS: i32 = 3;

pub struct Editions {
    pub reader: Arc<Reader>,
}

#[async_trait]
impl contract::editions::Editions for Editions {
    async fn status(&self, _: &Principal) -> Result<Status, Failure> {
        let edition = self.reader.current().await?;
        let metastore = self.reader.metastore();
        let workspace = metastore.workspace().await.map_err(|error| internal(&error))?;
        let today = house::today(&workspace).map_err(|error| internal(error.as_ref()))?;
        let held_back = self.held_back().await?;
        let stale = self.stale().await?;
        let failed: &[CheckResult] = held_back.as_ref().map_or(&[], |held| &held.checks);
        Ok(Status {
            company: workspace.company,
            time_zone: workspace.time_zone,
            today,
            edition: card(&edition.row),
            marks: marks(&edition, failed, &stale),
            held_back,
            holidays: holidays(&edition),
        })
    }

    async fn list(&self, _: &Principal, limit: u32) -> Result<Vec<EditionCard>, Failure> {
        let rows = self.reader.metastore().editions(limit).await.map_err(|error| internal(&error))?;
        Ok(rows.iter().map(card).collect())
    }

    async fn time_zone(&self, _: &Principal) -> Result<String, Failure> {
        let workspace = self.reader.metastore().workspace().await.map_err(|error| internal(&error))?;
        Ok(workspace.time_zone)
    }
}

impl Editions {
    /// What held the newest run back, when that run did not publish because of its checks.
    async fn held_back(&self) -> Result<Option<HeldBack>, Failure> {
        let metastore = self.reader.metastore();
        let runs = metastore.runs(1).await.map_err(|error| internal(&error))?;
        let Some(run) = runs.into_iter().find(|run| run.state == RunState::HeldBack) else { return Ok(None) };
        let checks = metastore.check_results(&run.id).await.map_err(|error| internal(&error))?;
        Ok(Some(HeldBack {
            at: run.finished_at.unwrap_or(run.started_at),
            run: run.id,
            reason: run.message.unwrap_or_default(),
            checks: checks
                .into_iter()
                .filter(|check| matches!(check.status, CheckStatus::Fail | CheckStatus::Error))
                .collect(),
        }))
    }

    /// Raw tables whose source is behind its promise.
    async fn stale(&self) -> Result<BTreeMap<String, Stale>, Failure> {
        let metastore = self.reader.metastore();
        let mut stale = BTreeMap::new();
        for source in metastore.sources().await.map_err(|error| internal(&error))? {
            let Some(promised) = source.promised_minutes else { continue };
            let streams = metastore.stream_states(&source.name).await.map_err(|error| internal(&error))?;
            let (whole, _) = metastore.last_syncs(&source.name).await.map_err(|error| internal(&error))?;
            let freshness = sources::freshness(whole, &streams, Some(promised));
            if let (true, Some(age)) = (freshness.is_late(), freshness.age_minutes) {
                for stream in streams.keys() {
                    let table = TableName::new(pipeline::RAW, connect::stream_table(&source.name, stream))
                        .to_string();
                    let source = source.name.clone();
                    stale.insert(table, Stale { source, age_minutes: age, promised_minutes: promised });
                }
            }
        }
        Ok(stale)
    }
}

/// One mark for each metric that comes from a table with a failed check or from a late source.
fn marks(edition: &OpenEdition, failed: &[CheckResult], stale: &BTreeMap<String, Stale>) -> Vec<Mark> {
    if failed.is_empty() && stale.is_empty() {
        return Vec::new();
    }
    let mut marks = Vec::new();
    for metric in edition.catalogue.metrics() {
        let roots: Vec<String> =
            edition.catalogue.tables_of(&metric.name).iter().map(ToString::to_string).collect();
        let upstream = edition.bundle.upstream(&roots);
        let has = |table: &str| upstream.iter().any(|node| node.relation == table);
        let failed_checks = failed.iter().filter(|check| has(&check.table)).count();
        let oldest = stale
            .iter()
            .filter(|(table, _)| has(table))
            .map(|(_, stale)| stale)
            .max_by_key(|stale| stale.age_minutes);
        if failed_checks > 0 || oldest.is_some() {
            marks.push(Mark {
                metric: metric.name.clone(),
                failed_checks: u32::try_from(failed_checks).unwrap_or(u32::MAX),
                stale: oldest.cloned(),
            });
        }
    }
    marks
}

fn holidays(edition: &OpenEdition) -> Vec<chrono::NaiveDate> {
    use chrono::Datelike;
    let year = edition.row.as_of.year();
    let bounds = (
        chrono::NaiveDate::from_ymd_opt(year - CALENDAR_YEARS, 1, 1),
        chrono::NaiveDate::from_ymd_opt(year + 1, 12, 31),
    );
    match bounds {
        (Some(from), Some(to)) => {
            Period::new(from, to).map(|period| edition.clock.calendar.days_off(period)).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

fn card(row: &EditionRow) -> EditionCard {
    EditionCard {
        number: row.number,
        published_at: row.published_rfc3339(),
        as_of: row.as_of,
        tables: u32::try_from(row.relations.as_object().map_or(0, serde_json::Map::len)).unwrap_or(u32::MAX),
    }
}
