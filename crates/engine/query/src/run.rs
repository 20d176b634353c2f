//! Fourth stage: the scans of one call run together, and their batches become cells.
//!
//! Knows nothing of metrics. Invariant: every query of a call is answered from the same session, and a scan that fails only fails the
//! queries that need it.

mod cells;

use crate::catalogue::words;
use crate::errors::ScanError;
use crate::{AskError, Catalogue, DefinitionError, sql};
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use chrono::NaiveDate;
use futures::StreamExt;
use kpi::{Calendar, Engine, Frame, MetricQuery, PeriodSpec};
use lake::{LakeError, Session};
use plan::{Clock, Planned, Planner, Rows, Scan, nearest};
use std::collections::HashMap;
use std::sync::Arc;

/// The result of a scan, shared by all that read it.
pub(crate) type Scanned = Result<Arc<Rows>, Arc<ScanError>>;

/// Answers every query, in order. Queries that read the same fact in the same way share a scan.
pub async fn ask(
    session: &Session,
    catalogue: &Catalogue,
    queries: &[MetricQuery],
    clock: &Clock,
    edition: u64,
) -> Vec<Result<Frame, AskError>> {
    let definitions = catalogue.planned();
    let mut planner = Planner::new(definitions);
    let planned: Vec<Result<Planned, plan::AskError>> =
        queries.iter().map(|query| planner.plan(query, clock, edition)).collect();
    let scans = planner.scans();
    let found = days(session, catalogue, scans).await;
    let days: Vec<&[NaiveDate]> =
        found.iter().map(|days| days.as_ref().map(Vec::as_slice).unwrap_or_default()).collect();
    let results = run(session, catalogue, scans, &days).await;
    let nothing = Rows::default();
    let rows: Vec<&Rows> = results.iter().map(|rows| rows.as_ref().map_or(&nothing, Arc::as_ref)).collect();
    planned
        .into_iter()
        .map(|planned| {
            let planned = planned?;
            let failed = |scan: usize| found[scan].as_ref().err().or_else(|| results[scan].as_ref().err());
            if let Some(error) = planned.scans().into_iter().find_map(failed) {
                return Err(AskError::engine(error.clone()));
            }
            Ok(plan::frame(definitions, &planned, &rows, &days, clock, edition, Engine::Lake)?)
        })
        .collect()
}

/// The days on which each scan of stocks has rows, in order; empty for other scans.
async fn days(
    session: &Session,
    catalogue: &Catalogue,
    scans: &[Scan],
) -> Vec<Result<Vec<NaiveDate>, Arc<ScanError>>> {
    let mut found = Vec::with_capacity(scans.len());
    let mut known: HashMap<String, Result<Vec<NaiveDate>, Arc<ScanError>>> = HashMap::new();
    for scan in scans {
        let Some(last) = scan.looks_up_to() else {
            found.push(Ok(Vec::new()));
            continue;
        };
        let text = sql::days_text(catalogue, scan, last);
        if let Some(days) = known.get(&text) {
            found.push(days.clone());
            continue;
        }
        let days = session
            .query(&text)
            .await
            .map(|batches| cells::days(&batches))
            .map_err(|error| Arc::new(ScanError::Lake(error)));
        if let Err(error) = &days {
            tracing::error!(error = error as &dyn std::error::Error, sql = %text, "scan failed");
        }
        known.insert(text, days.clone());
        found.push(days);
    }
    found
}

async fn run(
    session: &Session,
    catalogue: &Catalogue,
    scans: &[Scan],
    days: &[&[NaiveDate]],
) -> Vec<Scanned> {
    let texts: Vec<String> = scans
        .iter()
        .zip(days)
        .map(|(scan, days)| sql::text(catalogue, scan, &scan.wanted_days(days)))
        .collect();
    let mut distinct: Vec<String> = Vec::new();
    let mut first: HashMap<&str, usize> = HashMap::new();
    for text in &texts {
        first.entry(text).or_insert_with(|| {
            distinct.push(text.clone());
            distinct.len() - 1
        });
    }
    tracing::debug!(sql = ?distinct, "scans");
    let answers = session.together(&distinct).await;
    let mut answers: Vec<_> =
        answers.into_iter().map(|answer| Some(answer.map_err(ScanError::Lake))).collect();
    let mut read: Vec<Option<Scanned>> = vec![None; distinct.len()];
    texts
        .iter()
        .zip(scans)
        .map(|(text, scan)| {
            let at = first[text.as_str()];
            if let Some(answer) = answers[at].take() {
                let rows = answer.and_then(|(schema, batches)| {
                    cells::read(&schema, &batches, scan.keys.len(), scan.is_placed())
                });
                if let Err(error) = &rows {
                    tracing::error!(error = error as &dyn std::error::Error, sql = %text, "scan failed");
                }
                read[at] = Some(rows.map(Arc::new).map_err(Arc::new));
            }
            read[at].clone().unwrap_or_else(|| Err(Arc::new(ScanError::Stopped)))
        })
        .collect()
}

/// All batches of an answer, and its columns even when it has no rows.
async fn rows_of(session: &Session, sql: &str) -> Result<(SchemaRef, Vec<RecordBatch>), LakeError> {
    let mut stream = session.stream(sql).await?;
    let mut batches = Vec::new();
    while let Some(batch) = stream.next().await {
        batches.push(batch?);
    }
    Ok((stream.schema(), batches))
}

/// The members of a dimension that have data, most frequent first; the empty text last, when some rows have no value. At most 1,000.
///
/// Counted in the tables that hold the dimension.
///
/// # Errors
/// `UnknownDimension`, `Engine`.
pub async fn members(
    session: &Session,
    catalogue: &Catalogue,
    dimension: &str,
) -> Result<Vec<String>, AskError> {
    const MOST: usize = 1_000;
    let name = dimension.rsplit("__").next().unwrap_or(dimension);
    let mut counts: HashMap<String, i64> = HashMap::new();
    let mut known = false;
    for table in 0..catalogue.tables.len() {
        let Some(text) = sql::members_text(catalogue, table, name, MOST) else { continue };
        known = true;
        let (schema, batches) = rows_of(session, &text)
            .await
            .map_err(|error| AskError::engine(Arc::new(ScanError::Lake(error))))?;
        let rows =
            cells::read(&schema, &batches, 1, false).map_err(|error| AskError::engine(Arc::new(error)))?;
        for row in rows.rows {
            let count = row.cells[0].exact().map_or(0, |(count, _)| count as i64);
            *counts.entry(row.key[0].clone().unwrap_or_default()).or_default() += count;
        }
    }
    if !known {
        let names = catalogue.dimensions().iter().map(|dimension| dimension.name.as_str());
        let nearest = nearest(dimension, names);
        return Err(plan::AskError::UnknownDimension { name: dimension.to_owned(), nearest }.into());
    }
    let mut members: Vec<(String, i64)> = counts.into_iter().collect();
    members
        .sort_by(|a, b| a.0.is_empty().cmp(&b.0.is_empty()).then(b.1.cmp(&a.1)).then_with(|| a.0.cmp(&b.0)));
    Ok(members.into_iter().map(|(member, _)| member).take(MOST).collect())
}

/// Plans every metric over the session's tables without reading them.
pub(crate) async fn verify(
    session: &Session,
    catalogue: &Catalogue,
    metrics: &[String],
) -> Result<(), DefinitionError> {
    let day = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap_or_default();
    let clock = Clock { covered: day, calendar: Calendar::default() };
    let mut planner = Planner::new(catalogue.planned());
    let mut users: Vec<&String> = Vec::new();
    for name in metrics {
        let Some(metric) = catalogue.get(name) else { continue };
        let query = MetricQuery::total([name.as_str()], PeriodSpec::Between { from: day, to: day });
        let planned = planner.plan(&query, &clock, 0);
        planned.map_err(|error| metric.place.error(format!("metric `{name}`: {error}")))?;
        users.resize(planner.scans().len(), name);
    }
    for (scan, user) in planner.scans().iter().zip(users) {
        if session.schema(&sql::text(catalogue, scan, &[day])).await.is_ok() {
            continue;
        }
        culprit(session, catalogue, metrics, &clock).await?;
        // No metric alone is at fault; then the scan's first user is as good as any.
        if let (Some(metric), Err(error)) =
            (catalogue.get(user), session.schema(&sql::text(catalogue, scan, &[day])).await)
        {
            return Err(metric.place.error(format!("metric `{user}`: {}", words(&error))));
        }
    }
    Ok(())
}

/// Plans each metric by itself and points at the first that is no SQL.
async fn culprit(
    session: &Session,
    catalogue: &Catalogue,
    metrics: &[String],
    clock: &Clock,
) -> Result<(), DefinitionError> {
    for name in metrics {
        let Some(metric) = catalogue.get(name) else { continue };
        let query = MetricQuery::total(
            [name.as_str()],
            PeriodSpec::Between { from: clock.covered, to: clock.covered },
        );
        let mut planner = Planner::new(catalogue.planned());
        if planner.plan(&query, clock, 0).is_err() {
            continue;
        }
        for scan in planner.scans() {
            if let Err(error) = session.schema(&sql::text(catalogue, scan, &[clock.covered])).await {
                return Err(metric
                    .place
                    .error(format!("metric `{name}` is no SQL over its table: {}", words(&error))));
            }
        }
    }
    Ok(())
}
