//! The days that each row of an answer stands for, and how they move for offsets and cumulative metrics.
//!
//! Reads no data. Invariant: a list of spans keeps its length and order: the i-th span is the i-th row, window after window.

use crate::{Offset, Reach, Span};
use chrono::{Days, Months, NaiveDate, TimeDelta};
use kpi::comparison::{self, Alignment};
use kpi::{Grain, Period};

/// One row's days; `None` where a comparison has no such row.
pub type Spans = Vec<Option<Period>>;

/// Before all data.
const BEGINNING: NaiveDate = NaiveDate::from_ymd_opt(1900, 1, 1).expect("a day that exists");

/// The rows of a period: its buckets, cut at its ends, or the whole period when there is no grain.
pub(crate) fn rows(period: Period, grain: Option<Grain>) -> Spans {
    match grain {
        None => vec![Some(period)],
        Some(grain) => period.buckets(grain).into_iter().map(|start| bucket(period, grain, start)).collect(),
    }
}

fn bucket(period: Period, grain: Grain, start: NaiveDate) -> Option<Period> {
    Period::new(start.max(period.from()), grain.end(start).min(period.to())).ok()
}

/// The rows of a comparison, beside those of `period`.
pub(crate) fn beside(period: Period, other: Period, grain: Option<Grain>) -> Spans {
    let Some(grain) = grain else { return vec![Some(other)] };
    match comparison::alignment(period, other, grain) {
        Alignment::Ordinal => {
            let mut spans = rows(other, Some(grain));
            spans.resize(period.buckets(grain).len(), None);
            spans
        }
        Alignment::Shifted { days } => {
            let back = TimeDelta::days(days);
            rows(period, Some(grain))
                .into_iter()
                .map(|span| clip(span?.from() - back, span?.to() - back, other))
                .collect()
        }
    }
}

fn clip(from: NaiveDate, to: NaiveDate, within: Period) -> Option<Period> {
    Period::new(from.max(within.from()), to.min(within.to())).ok()
}

/// The spans of a metric input that looks back.
pub(crate) fn offset(spans: &Spans, offset: Offset) -> Spans {
    let moved = |span: Period| match offset {
        Offset::StartOf(grain) => Period::new(grain.start(span.from()), grain.start(span.from())).ok(),
        Offset::Back(by) => Period::new(back(span.from(), by), back_end(span.to(), by)).ok(),
    };
    spans.iter().map(|span| span.and_then(moved)).collect()
}

/// The spans of a cumulative metric: up to the same last day.
pub(crate) fn reach(spans: &Spans, reach: Reach) -> Spans {
    let from = |to: NaiveDate| match reach {
        Reach::All => BEGINNING,
        Reach::ToDate(grain) => grain.start(to),
        Reach::Window(by) => back_end(to, by) + Days::new(1),
    };
    spans
        .iter()
        .map(|span| span.and_then(|span| Period::new(from(span.to()).max(BEGINNING), span.to()).ok()))
        .collect()
}

fn months(span: Span) -> Option<Months> {
    match span.unit {
        Grain::Day | Grain::Week => None,
        Grain::Month => Some(Months::new(span.count)),
        Grain::Quarter => Some(Months::new(span.count * 3)),
        Grain::Year => Some(Months::new(span.count * 12)),
    }
}

fn back(day: NaiveDate, by: Span) -> NaiveDate {
    let moved = match months(by) {
        Some(months) => day.checked_sub_months(months),
        None => {
            day.checked_sub_days(Days::new(u64::from(by.count) * if by.unit == Grain::Week { 7 } else { 1 }))
        }
    };
    moved.unwrap_or(BEGINNING)
}

/// As `back`, and the end of a month stays the end of a month: the month before 30 April ends on 31 March.
fn back_end(day: NaiveDate, by: Span) -> NaiveDate {
    let moved = back(day, by);
    if months(by).is_some() && Grain::Month.end(day) == day { Grain::Month.end(moved) } else { moved }
}

/// The days from the first to the last of `spans` when they are, in order and without gaps, the buckets of `grain` cut at those two
/// days: then grouping by bucket gives every row at once.
pub(crate) fn grid(spans: &[Option<Period>], grain: Option<Grain>) -> Option<Period> {
    let some: Vec<Period> = spans.iter().map_while(|span| *span).collect();
    if some.is_empty() || spans[some.len()..].iter().any(Option::is_some) {
        return None;
    }
    let whole = Period::new(some[0].from(), some[some.len() - 1].to()).ok()?;
    let expected = rows(whole, grain);
    (expected.len() == some.len() && expected.iter().zip(&some).all(|(a, b)| *a == Some(*b))).then_some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(text: &str) -> Period {
        let (from, to) = text.split_once("..").unwrap();
        Period::new(from.parse().unwrap(), to.parse().unwrap()).unwrap()
    }

    fn spans(texts: &[&str]) -> Spans {
        texts.iter().map(|text| (!text.is_empty()).then(|| span(text))).collect()
    }

    #[test]
    fn rows_are_buckets_cut_at_the_ends() {
        let expected = spans(&["2026-01-10..2026-01-31", "2026-02-01..2026-02-28", "2026-03-01..2026-03-05"]);
        assert_eq!(rows(span("2026-01-10..2026-03-05"), Some(Grain::Month)), expected);
        assert_eq!(grid(&expected, Some(Grain::Month)), Some(span("2026-01-10..2026-03-05")));
    }

    #[test]
    fn beside_keeps_the_length() {
        let found = beside(span("2026-03-01..2026-03-04"), span("2026-02-01..2026-02-02"), Some(Grain::Day));
        assert_eq!(found, spans(&["2026-02-01..2026-02-01", "2026-02-02..2026-02-02", "", ""]));
        assert_eq!(grid(&found, Some(Grain::Day)), Some(span("2026-02-01..2026-02-02")));
        let shifted =
            beside(span("2026-10-24..2026-11-05"), span("2026-10-11..2026-10-23"), Some(Grain::Week));
        assert_eq!(
            shifted,
            spans(&["2026-10-11..2026-10-12", "2026-10-13..2026-10-19", "2026-10-20..2026-10-23"])
        );
        assert_eq!(grid(&shifted, Some(Grain::Week)), None);
    }

    #[test]
    fn offset_by_months_keeps_whole_months_whole() {
        let month = Offset::Back(Span { count: 1, unit: Grain::Month });
        assert_eq!(offset(&spans(&["2026-04-01..2026-04-30"]), month), spans(&["2026-03-01..2026-03-31"]));
        assert_eq!(offset(&spans(&["2026-03-01..2026-03-31"]), month), spans(&["2026-02-01..2026-02-28"]));
        assert_eq!(
            offset(&spans(&["2026-04-01..2026-04-12", ""]), month),
            spans(&["2026-03-01..2026-03-12", ""])
        );
        assert_eq!(
            offset(&spans(&["2026-04-05..2026-04-12"]), Offset::StartOf(Grain::Month)),
            spans(&["2026-04-01..2026-04-01"])
        );
    }

    #[test]
    fn reach_ends_where_the_row_ends() {
        let rows = spans(&["2026-04-01..2026-04-30"]);
        assert_eq!(reach(&rows, Reach::ToDate(Grain::Quarter)), spans(&["2026-04-01..2026-04-30"]));
        assert_eq!(reach(&rows, Reach::ToDate(Grain::Year)), spans(&["2026-01-01..2026-04-30"]));
        assert_eq!(
            reach(&rows, Reach::Window(Span { count: 7, unit: Grain::Day })),
            spans(&["2026-04-24..2026-04-30"])
        );
        assert_eq!(
            reach(&rows, Reach::Window(Span { count: 2, unit: Grain::Month })),
            spans(&["2026-03-01..2026-04-30"])
        );
        assert_eq!(reach(&rows, Reach::All), spans(&["1900-01-01..2026-04-30"]));
    }
}
