//! Second stage: each metric becomes a tree whose leaves read columns of scans; leaves that can share a scan do.
//!
//! Reads nothing. Invariant: one scan per fact, grouping and filter serves every metric, both windows, and every query of one call.

mod leaves;

use crate::expression::Expression;
use crate::resolve::{self, Clock, Question};
use crate::scan::{Aggregate, Grouping, Scan};
use crate::spans::{self, Spans};
use crate::{AskError, Definitions, Formula, Input, Measure, PeriodAggregation, Reach, WindowChoice};
use chrono::NaiveDate;
use kpi::{Cell, Grain, MetricQuery, Period};

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
pub struct Planned {
    pub(crate) question: Question,
    pub(crate) nodes: Vec<Node>,
}

/// Collects the scans of all questions of one call.
#[derive(Debug)]
pub struct Planner<'a> {
    definitions: &'a Definitions,
    scans: Vec<Scan>,
}

impl Planned {
    /// The numbers of the scans that it takes to answer.
    pub fn scans(&self) -> Vec<usize> {
        let mut found = Vec::new();
        self.nodes.iter().for_each(|node| node.scans(&mut found));
        found.sort_unstable();
        found.dedup();
        found
    }
}

impl Node {
    fn scans(&self, found: &mut Vec<usize>) {
        match self {
            Node::Leaf(leaf) => found.push(leaf.scan),
            Node::Ratio(above, below) => {
                above.scans(found);
                below.scans(found);
            }
            Node::Derived(_, inputs) => inputs.iter().for_each(|(_, input)| input.scans(found)),
            Node::Mean(inner, _) => inner.scans(found),
        }
    }
}

impl<'a> Planner<'a> {
    pub fn new(definitions: &'a Definitions) -> Planner<'a> {
        Planner { definitions, scans: Vec::new() }
    }

    /// Plans one more query of the call, to be answered from `edition`.
    ///
    /// # Errors
    /// Whatever cannot be answered; then the scans are as before.
    pub fn plan(&mut self, query: &MetricQuery, clock: &Clock, edition: u64) -> Result<Planned, AskError> {
        let question = resolve::resolve(query, self.definitions, clock, edition)?;
        let definitions = self.definitions;
        let formula = |name: &String| definitions.metrics.get(name).map(|metric| &metric.formula);
        let nodes = question
            .metrics
            .iter()
            .filter_map(formula)
            .map(|formula| self.formula(&question, formula, &question.spans))
            .collect();
        Ok(Planned { question, nodes })
    }

    /// The scans that answer everything that was planned.
    pub fn scans(&self) -> &[Scan] {
        &self.scans
    }

    fn formula(&mut self, question: &Question, formula: &Formula, spans: &Spans) -> Node {
        match formula {
            Formula::Measure(measure) => self.measure(question, measure, spans),
            Formula::Ratio(above, below) => {
                let above = self.input(question, above, spans);
                Node::Ratio(Box::new(above), Box::new(self.input(question, below, spans)))
            }
            Formula::Derived { expression, inputs } => {
                let inputs = inputs
                    .iter()
                    .map(|(alias, input)| (alias.clone(), self.input(question, input, spans)))
                    .collect();
                Node::Derived(expression.clone(), inputs)
            }
            Formula::Cumulative { measure, reach, period } => {
                self.by_bucket(question, measure, *reach, *period, spans)
            }
        }
    }

    fn input(&mut self, question: &Question, input: &Input, spans: &Spans) -> Node {
        match input.offset {
            None => self.formula(question, &input.formula, spans),
            Some(offset) => self.formula(question, &input.formula, &spans::offset(spans, offset)),
        }
    }

    /// A cumulative metric over buckets that may be longer than the days it is defined for.
    fn by_bucket(
        &mut self,
        question: &Question,
        measure: &Measure,
        reach: Reach,
        period: Option<PeriodAggregation>,
        spans: &Spans,
    ) -> Node {
        let longer = question.grain.is_some_and(|grain| grain > Grain::Day);
        match period.filter(|_| longer) {
            None | Some(PeriodAggregation::Last) => self.cumulative(question, measure, spans, reach),
            Some(PeriodAggregation::First) => {
                let first = spans
                    .iter()
                    .map(|span| span.and_then(|span| Period::new(span.from(), span.from()).ok()))
                    .collect();
                self.cumulative(question, measure, &first, reach)
            }
            Some(PeriodAggregation::Average) => {
                let (days, ranges) = days_of(spans);
                Node::Mean(Box::new(self.cumulative(question, measure, &days, reach)), ranges)
            }
        }
    }

    /// The position of a scan that groups and filters like this one, which is added if there is none yet.
    fn scan(&mut self, scan: Scan) -> usize {
        match self.scans.iter().position(|known| known.is_like(&scan)) {
            None => {
                self.scans.push(scan);
                self.scans.len() - 1
            }
            Some(index) => {
                if let (Grouping::AsOf(known), Grouping::AsOf(wanted)) =
                    (&mut self.scans[index].grouping, scan.grouping)
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
