//! Leaves of the plan: which kind of scan gives a measure over a list of spans.
//!
//! Invariant: a stock is read on one day per row, never summed over days; whatever can share the plain scan of its fact does.

use super::{Chunk, Columns, Leaf, Node, Planner, Reading};
use crate::resolve::Question;
use crate::scan::{Aggregate, Grouping, Scan, Test};
use crate::spans::{self, Spans};
use crate::{Function, Measure, Reach, Stock};
use chrono::NaiveDate;
use kpi::{Cell, Grain, Period};
use std::collections::BTreeSet;

impl Planner<'_> {
    pub(super) fn measure(&mut self, question: &Question, measure: &Measure, spans: &Spans) -> Node {
        match &measure.stock {
            None => self.windows(question, measure, spans),
            Some(stock) if stock.groups.is_empty() => self.as_of(question, measure, stock, spans),
            Some(stock) => {
                self.by_spans(question, measure, spans, Grouping::LastOf(spans.clone(), stock.groups.clone()))
            }
        }
    }

    /// The plain case: each window is a run of buckets. Anything else is a scan by spans.
    fn windows(&mut self, question: &Question, measure: &Measure, spans: &Spans) -> Node {
        let chunks = chunks(question, spans);
        let grids: Option<Vec<Period>> =
            chunks.iter().map(|chunk| spans::grid(chunk, question.grain)).collect();
        let Some(grids) = grids else {
            return self.by_spans(question, measure, spans, Grouping::Spans(spans.clone()));
        };
        let grouping = Grouping::Buckets { grain: question.grain, floor: None };
        let scan = self.scan_of(question, measure, grouping);
        let mut start = 0;
        let mut found = Vec::new();
        for (chunk, window) in chunks.iter().zip(grids) {
            let columns = self.columns(scan, measure, Some(window));
            let buckets = question.grain.map(|grain| window.buckets(grain)).unwrap_or_default();
            found.push(Chunk { columns, start, buckets, rows: chunk.len() });
            start += chunk.len();
        }
        leaf(measure, scan, Reading::Grid(found), spans)
    }

    fn by_spans(
        &mut self,
        question: &Question,
        measure: &Measure,
        spans: &Spans,
        grouping: Grouping,
    ) -> Node {
        let scan = self.scan_of(question, measure, grouping);
        let columns = self.columns(scan, measure, None);
        leaf(measure, scan, Reading::Indexed(columns), spans)
    }

    fn as_of(&mut self, question: &Question, measure: &Measure, stock: &Stock, spans: &Spans) -> Node {
        let wanted = spans.iter().flatten().map(|span| (*span, stock.choice)).collect();
        let scan = self.scan_of(question, measure, Grouping::AsOf(wanted));
        let columns = self.columns(scan, measure, None);
        leaf(measure, scan, Reading::AsOf(columns, stock.choice), spans)
    }

    pub(super) fn cumulative(
        &mut self,
        question: &Question,
        measure: &Measure,
        spans: &Spans,
        reach: Reach,
    ) -> Node {
        let reached = spans::reach(spans, reach);
        let adds_up = matches!(measure.function, Function::Sum(_) | Function::Count(_) | Function::Rows);
        let chunks = chunks(question, &reached);
        match running_grain(&chunks).filter(|_| adds_up) {
            Some((grain, floor)) => self.running(question, measure, &chunks, grain, floor, &reached),
            None => self.by_spans(question, measure, &reached, Grouping::Spans(reached.clone())),
        }
    }

    fn running(
        &mut self,
        question: &Question,
        measure: &Measure,
        chunks: &[&[Option<Period>]],
        grain: Grain,
        floor: Option<NaiveDate>,
        reached: &Spans,
    ) -> Node {
        let scan = self.scan_of(question, measure, Grouping::Buckets { grain: Some(grain), floor });
        let mut start = 0;
        let mut found = Vec::new();
        for chunk in chunks {
            if let Some(window) = hull(chunk) {
                let columns = self.columns(scan, measure, Some(window));
                found.push(Chunk { columns, start, buckets: Vec::new(), rows: chunk.len() });
            }
            start += chunk.len();
        }
        leaf(measure, scan, Reading::Running { chunks: found, from_first: floor.is_some() }, reached)
    }

    /// The scan of a measure's fact that groups and filters as the question does.
    fn scan_of(&mut self, question: &Question, measure: &Measure, grouping: Grouping) -> usize {
        let fact = &self.definitions.facts[measure.fact];
        // `resolve` has refused names that the fact does not know.
        let column = |name: &String| fact.dimensions.get(name).copied();
        let keys: Vec<usize> = question.by.iter().filter_map(column).collect();
        let mut filters: Vec<Test> = question
            .filters
            .iter()
            .filter_map(|filter| Some(Test::new(column(&filter.dimension)?, filter)))
            .collect();
        filters.sort();
        let groups = measure.stock.iter().flat_map(|stock| &stock.groups);
        let value = measure.function.of().into_iter().chain(measure.conditions.iter().copied());
        let joins: BTreeSet<String> = std::iter::once(measure.time)
            .chain(keys.iter().copied())
            .chain(filters.iter().map(|test| test.column))
            .chain(groups.copied())
            .chain(value)
            .flat_map(|column| fact.columns[column].joins.iter().cloned())
            .collect();
        let (fact, time, columns) = (measure.fact, measure.time, Vec::new());
        self.scan(Scan { fact, time, keys, filters, grouping, columns, joins })
    }

    fn columns(&mut self, scan: usize, measure: &Measure, window: Option<Period>) -> Columns {
        let mut add = |function: Function| {
            self.column(scan, Aggregate { function, window, conditions: measure.conditions.clone() })
        };
        Columns {
            value: add(measure.function.clone()),
            weight: measure.weight.clone().map(&mut add),
            presence: add(Function::Rows),
        }
    }
}

fn leaf(measure: &Measure, scan: usize, reading: Reading, spans: &Spans) -> Node {
    let cell = |value: f64| if value.fract() == 0.0 { Cell::Int(value as i64) } else { Cell::Float(value) };
    Node::Leaf(Leaf { scan, reading, spans: spans.clone(), zero: measure.zero, fill: measure.fill.map(cell) })
}

/// The spans of each window, or all of them when they are those of days instead of rows.
fn chunks<'s>(question: &Question, spans: &'s Spans) -> Vec<&'s [Option<Period>]> {
    if spans.len() == question.rows * question.windows() {
        spans.chunks(question.rows).collect()
    } else {
        vec![spans]
    }
}

/// From the first to the last day of some spans.
fn hull(spans: &[Option<Period>]) -> Option<Period> {
    let from = spans.iter().flatten().map(|span| span.from()).min()?;
    let to = spans.iter().flatten().map(|span| span.to()).max()?;
    Period::new(from, to).ok()
}

/// The widest buckets of which every span is a whole number, and the day before which buckets need not be told apart.
fn running_grain(chunks: &[&[Option<Period>]]) -> Option<(Grain, Option<NaiveDate>)> {
    let all = || chunks.iter().flat_map(|chunk| chunk.iter().flatten());
    let beginning = all().map(|span| span.from()).min()?;
    // Spans that all begin at the same day reach back to the beginning: what lies before the first end is one sum.
    let first_end = all().map(|span| span.to()).min()?;
    let same_start = all().all(|span| span.from() == beginning);
    [Grain::Year, Grain::Quarter, Grain::Month, Grain::Week, Grain::Day].into_iter().find_map(|grain| {
        let fits = chunks.iter().all(|chunk| {
            let last = hull(chunk).map(Period::to);
            chunk.iter().flatten().all(|span| {
                let starts = same_start || grain.start(span.from()) == span.from();
                starts && (grain.end(span.to()) == span.to() || Some(span.to()) == last)
            })
        });
        fits.then(|| (grain, same_start.then(|| grain.start(first_end))))
    })
}
