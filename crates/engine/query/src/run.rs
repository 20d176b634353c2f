//! Fourth stage: the scans of one call run together, and their batches become cells.
//!
//! Knows nothing of metrics. Invariant: every query of a call is answered from the same session, and a scan that fails only fails the
//! queries that need it.

mod cells;

use crate::assemble;
use crate::catalogue::words;
use crate::errors::{ScanError, nearest};
use crate::plan::{Grouping, Leaf, Node, Planned, Planner, Scan};
use crate::resolve::resolve;
use crate::semantic::WindowChoice;
use crate::{AskError, Catalogue, DefinitionError, sql};
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
pub(crate) use cells::{Place, Row, Rows};
use chrono::NaiveDate;
use futures::StreamExt;
use kpi::{Calendar, Frame, MetricQuery, Period, PeriodSpec};
use lake::{LakeError, Session};
use std::collections::HashMap;
use std::sync::Arc;

/// What time it is in the data.
#[derive(Debug, Clone)]
pub struct Clock {
    /// The last day that the edition's data covers.
    pub covered: NaiveDate,
    /// Whose business days comparisons align.
    pub calendar: Calendar,
}

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
    let mut planner = Planner::new(catalogue);
    let planned: Vec<Result<Planned, AskError>> = queries
        .iter()
        .map(|query| resolve(query, catalogue, clock, edition).and_then(|question| planner.plan(question)))
        .collect();
    let scans = planner.scans;
    let found = days(session, catalogue, &scans).await;
    let days: Vec<Vec<NaiveDate>> =
        found.iter().map(|days| days.as_ref().cloned().unwrap_or_default()).collect();
    let mut results = run(session, catalogue, &scans, &days).await;
    for (result, days) in results.iter_mut().zip(found) {
        if let Err(error) = days {
            *result = Err(error);
        }
    }
    planned
        .into_iter()
        .map(|planned| {
            let planned = planned?;
            let mut used = Vec::new();
            planned.nodes.iter().for_each(|node| scans_of(node, &mut used));
            if let Some(error) = used.into_iter().find_map(|scan| results[scan].as_ref().err()) {
                return Err(AskError::engine(error.clone()));
            }
            assemble::frame(catalogue, &planned, &results, &days, clock, edition)
        })
        .collect()
}

pub(crate) fn scans_of(node: &Node, found: &mut Vec<usize>) {
    match node {
        Node::Leaf(Leaf { scan, .. }) => found.push(*scan),
        Node::Ratio(above, below) => {
            scans_of(above, found);
            scans_of(below, found);
        }
        Node::Derived(_, inputs) => inputs.iter().for_each(|(_, input)| scans_of(input, found)),
        Node::Mean(inner, _) => scans_of(inner, found),
    }
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
        let Grouping::AsOf(wanted) = &scan.grouping else {
            found.push(Ok(Vec::new()));
            continue;
        };
        let last = wanted.iter().map(|(span, _)| span.to()).max().unwrap_or_default();
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

/// The day that stands for a span: the last one up to its end, even before its start, or the first one within it.
pub(crate) fn day_for(days: &[NaiveDate], span: Period, choice: WindowChoice) -> Option<NaiveDate> {
    match choice {
        WindowChoice::Max => {
            days.partition_point(|day| *day <= span.to()).checked_sub(1).map(|index| days[index])
        }
        WindowChoice::Min => {
            days.get(days.partition_point(|day| *day < span.from())).copied().filter(|day| *day <= span.to())
        }
    }
}

async fn run(
    session: &Session,
    catalogue: &Catalogue,
    scans: &[Scan],
    days: &[Vec<NaiveDate>],
) -> Vec<Scanned> {
    let texts: Vec<String> = scans
        .iter()
        .zip(days)
        .map(|(scan, days)| sql::text(catalogue, scan, &wanted_days(scan, days)))
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
                    cells::read(&schema, &batches, scan.keys.len(), is_placed(scan))
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

/// The days that a scan of stocks reads.
fn wanted_days(scan: &Scan, days: &[NaiveDate]) -> Vec<NaiveDate> {
    let Grouping::AsOf(wanted) = &scan.grouping else { return Vec::new() };
    let mut chosen: Vec<NaiveDate> =
        wanted.iter().filter_map(|(span, choice)| day_for(days, *span, *choice)).collect();
    chosen.sort_unstable();
    chosen.dedup();
    chosen
}

fn is_placed(scan: &Scan) -> bool {
    !matches!(scan.grouping, Grouping::Buckets { grain: None, .. })
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
        return Err(AskError::UnknownDimension {
            name: dimension.to_owned(),
            nearest: nearest(dimension, names),
        });
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
    let mut planner = Planner::new(catalogue);
    let mut users: Vec<&String> = Vec::new();
    for name in metrics {
        let Some(metric) = catalogue.get(name) else { continue };
        let query = MetricQuery::total([name.as_str()], PeriodSpec::Between { from: day, to: day });
        let planned = resolve(&query, catalogue, &clock, 0).and_then(|question| planner.plan(question));
        planned.map_err(|error| metric.place.error(format!("metric `{name}`: {error}")))?;
        users.resize(planner.scans.len(), name);
    }
    for (scan, user) in planner.scans.iter().zip(users) {
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
        let mut planner = Planner::new(catalogue);
        if resolve(&query, catalogue, clock, 0).and_then(|question| planner.plan(question)).is_err() {
            continue;
        }
        for scan in &planner.scans {
            if let Err(error) = session.schema(&sql::text(catalogue, scan, &[clock.covered])).await {
                return Err(metric
                    .place
                    .error(format!("metric `{name}` is no SQL over its table: {}", words(&error))));
            }
        }
    }
    Ok(())
}
