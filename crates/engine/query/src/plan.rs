//! Second stage: each metric becomes a tree whose leaves read columns of scans; leaves that can share a scan do.
//!
//! Writes no SQL text of its own (`sql`) and reads nothing (`run`). Invariant: one scan per fact, grouping and filter serves every metric,
//! both windows, and every query of one call.

mod leaves;
mod references;
mod scan;

use crate::AskError;
use crate::catalogue::Catalogue;
use crate::expression::Expression;
use crate::resolve::Question;
use crate::semantic::{Calculation, Formula, Metric, MetricUse, PeriodAggregation, WindowChoice};
use crate::spans::{self, Spans};
use chrono::NaiveDate;
use kpi::{Cell, Grain, Period};
pub(crate) use scan::{Aggregate, Base, ConversionBase, Function, Grouping, Needs, Scan, Side};

/// How a metric comes from scans: one tree for all rows of all windows.
#[derive(Debug)]
pub(crate) enum Node {
    Leaf(Leaf),
    Ratio(Box<Node>, Box<Node>),
    Derived(Expression, Vec<(String, Node)>),
    /// The mean of another tree's rows: for each row here, which rows there.
    Mean(Box<Node>, Vec<std::ops::Range<usize>>),
}

/// A measure as columns of a scan.
#[derive(Debug)]
pub(crate) struct Leaf {
    pub scan: usize,
    pub reading: Reading,
    /// The days of each row.
    pub spans: Spans,
    /// A row without data is zero: sums and counts.
    pub zero: bool,
    pub fill: Option<Cell>,
}

/// Which columns, and how the rows of a scan become rows of an answer.
#[derive(Debug)]
pub(crate) enum Reading {
    /// The scan is grouped by bucket; each window has columns of its own and starts at a row of its own.
    Grid(Vec<Chunk>),
    /// The scan has the row's number.
    Indexed(Columns),
    /// The scan is grouped by day; each row shows the day that stands for it.
    AsOf(Columns, WindowChoice),
    /// The scan is grouped by bucket; each row is the sum of the buckets up to the end of its span, from its start or from the first.
    Running { chunks: Vec<Chunk>, from_first: bool },
}

#[derive(Debug)]
pub(crate) struct Chunk {
    pub columns: Columns,
    /// The first of its rows.
    pub start: usize,
    /// The bucket of each of its rows; empty without a grain.
    pub buckets: Vec<NaiveDate>,
    pub rows: usize,
}

/// Positions among a scan's columns.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Columns {
    pub value: usize,
    /// What the value is divided by: averages.
    pub weight: Option<usize>,
    /// How many rows there were.
    pub presence: usize,
}

/// A question and the trees of its metrics.
#[derive(Debug)]
pub(crate) struct Planned {
    pub question: Question,
    pub nodes: Vec<Node>,
}

/// Collects the scans of all questions of one call.
#[derive(Debug)]
pub(crate) struct Planner<'a> {
    pub catalogue: &'a Catalogue,
    pub scans: Vec<Scan>,
}

/// The filters that lead down to a leaf, outermost first.
type Path<'a> = Vec<&'a String>;

impl<'a> Planner<'a> {
    pub(crate) fn new(catalogue: &'a Catalogue) -> Planner<'a> {
        Planner { catalogue, scans: Vec::new() }
    }

    pub(crate) fn plan(&mut self, question: Question) -> Result<Planned, AskError> {
        let mut nodes = Vec::new();
        for name in &question.metrics {
            let metric = self.metric(name)?;
            nodes.push(self.node(&question, metric, &Vec::new(), &question.spans)?);
        }
        Ok(Planned { question, nodes })
    }

    fn metric(&self, name: &str) -> Result<&'a Metric, AskError> {
        self.catalogue.get(name).ok_or_else(|| AskError::UnknownMetric {
            name: name.to_owned(),
            nearest: self.catalogue.nearest_metric(name),
        })
    }

    fn node(
        &mut self,
        question: &Question,
        metric: &'a Metric,
        path: &Path<'a>,
        spans: &Spans,
    ) -> Result<Node, AskError> {
        let mut path = path.clone();
        path.extend(&metric.filters);
        match &metric.formula {
            Formula::Simple(measure) => self.measure(question, metric, measure, &path, spans),
            Formula::Ratio { numerator, denominator } => {
                let numerator = self.input(question, numerator, &path, spans)?;
                let denominator = self.input(question, denominator, &path, spans)?;
                Ok(Node::Ratio(Box::new(numerator), Box::new(denominator)))
            }
            Formula::Derived { expression, inputs, .. } => {
                let inputs = inputs
                    .iter()
                    .map(|input| Ok((input.alias.clone(), self.input(question, input, &path, spans)?)))
                    .collect::<Result<_, AskError>>()?;
                Ok(Node::Derived(expression.clone(), inputs))
            }
            Formula::Cumulative { measure, reach, period } => {
                let buckets =
                    if question.grain.is_some_and(|grain| grain > Grain::Day) { *period } else { None };
                match buckets {
                    None | Some(PeriodAggregation::Last) => {
                        self.cumulative(question, metric, measure, &path, spans, *reach)
                    }
                    Some(PeriodAggregation::First) => {
                        let first = spans
                            .iter()
                            .map(|span| span.and_then(|span| Period::new(span.from(), span.from()).ok()))
                            .collect();
                        self.cumulative(question, metric, measure, &path, &first, *reach)
                    }
                    Some(PeriodAggregation::Average) => {
                        let (days, ranges) = days_of(spans);
                        let node = self.cumulative(question, metric, measure, &path, &days, *reach)?;
                        Ok(Node::Mean(Box::new(node), ranges))
                    }
                }
            }
            Formula::Conversion(conversion) => {
                let converted = self.conversion(question, metric, conversion, &path, spans)?;
                if conversion.calculation == Calculation::Conversions {
                    return Ok(converted);
                }
                let base = self.measure(question, metric, &conversion.base, &path, spans)?;
                Ok(Node::Ratio(Box::new(converted), Box::new(base)))
            }
        }
    }

    fn input(
        &mut self,
        question: &Question,
        input: &'a MetricUse,
        path: &Path<'a>,
        spans: &Spans,
    ) -> Result<Node, AskError> {
        let mut path = path.clone();
        path.extend(&input.filters);
        let metric = self.metric(&input.name)?;
        match input.offset {
            None => self.node(question, metric, &path, spans),
            Some(offset) => self.node(question, metric, &path, &spans::offset(spans, offset)),
        }
    }

    /// The position of a scan that groups and filters like this one, which is added if there is none yet.
    fn scan(&mut self, scan: Scan) -> usize {
        let joins = |needs: &Needs| needs.joins.keys().cloned().collect::<Vec<String>>();
        let same = |other: &Scan| {
            // Joins are part of the identity: a fact that is joined to a table with a doubled key must not spoil metrics that need no join.
            let grouping = match (&other.grouping, &scan.grouping) {
                (Grouping::AsOf(_), Grouping::AsOf(_)) => true,
                (a, b) => a == b,
            };
            grouping
                && other.base == scan.base
                && other.time == scan.time
                && other.keys == scan.keys
                && other.conditions == scan.conditions
                && joins(&other.needs) == joins(&scan.needs)
        };
        match self.scans.iter().position(same) {
            None => {
                self.scans.push(scan);
                self.scans.len() - 1
            }
            Some(index) => {
                let known = &mut self.scans[index];
                known.needs.merge(&scan.needs);
                if let (Grouping::AsOf(known), Grouping::AsOf(wanted)) = (&mut known.grouping, scan.grouping)
                {
                    known.extend(wanted);
                }
                index
            }
        }
    }

    fn column(&mut self, scan: usize, aggregate: Aggregate) -> usize {
        let columns = &mut self.scans[scan].columns;
        columns.iter().position(|known| *known == aggregate).unwrap_or_else(|| {
            columns.push(aggregate);
            columns.len() - 1
        })
    }
}

/// Every day of every span as a row of its own, and which days each span has.
fn days_of(spans: &Spans) -> (Spans, Vec<std::ops::Range<usize>>) {
    let mut days: Spans = Vec::new();
    let ranges = spans
        .iter()
        .map(|span| {
            let start = days.len();
            if let Some(span) = span {
                days.extend(
                    span.from()
                        .iter_days()
                        .take_while(|day| *day <= span.to())
                        .map(|day| Period::new(day, day).ok()),
                );
            }
            start..days.len()
        })
        .collect();
    (days, ranges)
}
