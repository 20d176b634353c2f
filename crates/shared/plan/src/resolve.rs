//! First stage: the words of a query become days, rows and known names.
//!
//! Does not decide how anything is computed (`plan`). Invariant: what cannot be answered is refused here, before any table is read.

use crate::errors::nearest;
use crate::spans::{self, Spans};
use crate::{AskError, Definitions};
use chrono::NaiveDate;
use kpi::{Calendar, Compare, Filter, Grain, MetricDefinition, MetricQuery, Order, Period, comparison};

/// What time it is in the data.
#[derive(Debug, Clone)]
pub struct Clock {
    /// The last day that the edition's data covers.
    pub covered: NaiveDate,
    /// Whose business days comparisons align.
    pub calendar: Calendar,
}

/// Rows that a query may ask for at most, and that an answer may have.
pub(crate) const MAX_ROWS: usize = 100_000;
/// Time buckets that an answer may have.
const MAX_BUCKETS: usize = 5_000;

/// A query whose every name is known.
#[derive(Debug)]
pub(crate) struct Question {
    pub metrics: Vec<String>,
    pub by: Vec<String>,
    pub filters: Vec<Filter>,
    pub grain: Option<Grain>,
    pub period: Period,
    pub comparison: Option<Period>,
    pub partial_from: Option<chrono::NaiveDate>,
    /// The rows of the period, then those of the comparison beside them.
    pub spans: Spans,
    /// How many rows a member has: `spans` holds this many per window.
    pub rows: usize,
    pub order: Vec<Order>,
    pub limit: Option<usize>,
}

impl Question {
    /// How many windows there are: the period, and the comparison when one was asked for.
    pub(crate) fn windows(&self) -> usize {
        1 + usize::from(self.comparison.is_some())
    }
}

pub(crate) fn resolve(
    query: &MetricQuery,
    definitions: &Definitions,
    clock: &Clock,
    edition: u64,
) -> Result<Question, AskError> {
    if let Some(asked) = query.edition.filter(|asked| *asked != edition) {
        return Err(AskError::Edition { asked, edition });
    }
    let metrics = each_once(&query.metrics);
    let by = each_once(&query.by);
    if metrics.is_empty() {
        return Err(AskError::NoMetric);
    }
    for name in &metrics {
        let definition = definitions.metric(name).ok_or_else(|| unknown_metric(definitions, name))?;
        check_grain(definition, query.grain)?;
        for dimension in by.iter().chain(query.filters.iter().map(|filter| &filter.dimension)) {
            check_dimension(definitions, name, dimension)?;
        }
    }
    if let Some(filter) = query.filters.iter().find(|filter| filter.values.is_empty()) {
        return Err(AskError::EmptyFilter { dimension: filter.dimension.clone() });
    }
    let limit = match query.limit {
        Some(limit) if limit == 0 || limit as usize > MAX_ROWS => {
            return Err(AskError::Limit { limit, max: MAX_ROWS as u32 });
        }
        limit => limit.map(|limit| limit as usize),
    };
    for order in &query.order {
        check_order(&order.by, &metrics, &by, query)?;
    }
    let period = query.period.resolve(clock.covered)?;
    // Weeks of last year are whole weeks: the same dates would cut them on other days.
    let by_week = query.grain == Some(Grain::Week) && query.compare == Compare::SamePeriodLastYear;
    let other = comparison::window(
        query.period,
        query.compare,
        query.match_weekday || by_week,
        clock.covered,
        &clock.calendar,
    )?;
    let mut all = rows(period, query.grain)?;
    let count = all.len();
    if let Some(other) = other {
        all.extend(spans::beside(period, other, query.grain));
    }
    Ok(Question {
        metrics,
        by,
        filters: query.filters.clone(),
        grain: query.grain,
        period,
        comparison: other,
        partial_from: comparison::partial_from(query.period, query.grain, clock.covered)?,
        spans: all,
        rows: count,
        order: query.order.clone(),
        limit,
    })
}

fn rows(period: Period, grain: Option<Grain>) -> Result<Spans, AskError> {
    if let Some(grain) = grain {
        let days_each = match grain {
            Grain::Day => 1,
            Grain::Week => 7,
            Grain::Month => 28,
            Grain::Quarter => 90,
            Grain::Year => 365,
        };
        let buckets = usize::try_from((period.days() + days_each - 1) / days_each).unwrap_or(usize::MAX);
        if buckets > MAX_BUCKETS {
            return Err(AskError::TooManyBuckets { buckets, grain: grain.name(), max: MAX_BUCKETS });
        }
    }
    Ok(spans::rows(period, grain))
}

fn each_once(names: &[String]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for name in names {
        if !found.contains(name) {
            found.push(name.clone());
        }
    }
    found
}

fn check_grain(definition: &MetricDefinition, asked: Option<Grain>) -> Result<(), AskError> {
    match asked {
        Some(asked) if asked < definition.grain => Err(AskError::TooFine {
            metric: definition.name.clone(),
            finest: definition.grain.name(),
            asked: asked.name(),
        }),
        _ => Ok(()),
    }
}

fn check_dimension(definitions: &Definitions, name: &str, dimension: &str) -> Result<(), AskError> {
    let Some(metric) = definitions.metrics.get(name) else { return Ok(()) };
    for measure in metric.formula.measures() {
        let fact = &definitions.facts[measure.fact];
        if fact.dimensions.contains_key(dimension) {
            continue;
        }
        return Err(match fact.ambiguous.get(dimension) {
            Some(choices) => AskError::Ambiguous {
                metric: name.to_owned(),
                dimension: dimension.to_owned(),
                choices: choices.join(" or "),
            },
            None => unreachable(definitions, &metric.definition, dimension),
        });
    }
    Ok(())
}

fn unreachable(definitions: &Definitions, metric: &MetricDefinition, dimension: &str) -> AskError {
    let last = dimension.rsplit("__").next().unwrap_or(dimension);
    if !definitions.facts.iter().any(|fact| fact.dimensions.contains_key(last)) {
        let names = definitions.dimensions.iter().map(String::as_str);
        return AskError::UnknownDimension { name: dimension.to_owned(), nearest: nearest(dimension, names) };
    }
    let known = if metric.dimensions.is_empty() { "none".to_owned() } else { metric.dimensions.join(", ") };
    AskError::Unreachable { metric: metric.name.clone(), dimension: dimension.to_owned(), known }
}

pub(crate) fn unknown_metric(definitions: &Definitions, name: &str) -> AskError {
    AskError::UnknownMetric {
        name: name.to_owned(),
        nearest: nearest(name, definitions.metrics.keys().map(String::as_str)),
    }
}

fn check_order(name: &str, metrics: &[String], by: &[String], query: &MetricQuery) -> Result<(), AskError> {
    let (metric, suffix) =
        name.split_once('.').map_or((name, None), |(metric, suffix)| (metric, Some(suffix)));
    let known = match suffix {
        None => {
            metrics.iter().chain(by).any(|other| other == name)
                || (name == kpi::frame::TIME && query.grain.is_some())
        }
        Some("comparison" | "delta" | "delta_percent") => {
            !query.compare.is_none() && metrics.iter().any(|other| other == metric)
        }
        Some(_) => false,
    };
    if known { Ok(()) } else { Err(AskError::Order { by: name.to_owned() }) }
}
