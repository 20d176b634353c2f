//! Second stage: each metric becomes a tree whose leaves read columns of scans; leaves that can share a scan do.
//!
//! Writes no SQL text of its own (`sql`) and reads nothing (`run`). Invariant: one scan per fact, grouping and filter serves every metric,
//! both windows, and every query of one call.

mod leaves;

use crate::catalogue::{Catalogue, Column, Kind, Route};
use crate::expression::Expression;
use crate::filter::{Condition, Mention};
use crate::resolve::Question;
use crate::semantic::{Calculation, Formula, Metric, MetricUse, PeriodAggregation, WindowChoice};
use crate::spans::{self, Spans};
use crate::{AskError, literal};
use chrono::NaiveDate;
use kpi::{Cell, FilterOp, Grain, Period};
use lake::quote;
use std::collections::BTreeMap;

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

/// One pass over a fact.
#[derive(Debug)]
pub(crate) struct Scan {
    pub base: Base,
    /// SQL of the day that a row belongs to.
    pub time: String,
    pub needs: Needs,
    /// SQL of the members to group by, as text.
    pub keys: Vec<String>,
    /// The query's own filters.
    pub conditions: Vec<String>,
    pub grouping: Grouping,
    pub columns: Vec<Aggregate>,
}

/// Where the rows of a scan come from.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Base {
    Table(usize),
    /// Conversions, each beside the base event that it is credited to.
    Conversion(Box<ConversionBase>),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ConversionBase {
    pub table: usize,
    pub base: Side,
    pub conversion: Side,
    /// SQL of the conversion measure.
    pub value: String,
    /// SQL interval: `INTERVAL '7 day'`.
    pub window: Option<String>,
    /// SQL of base columns and conversion columns that must be equal.
    pub constant: Vec<(String, String)>,
}

/// One side of a conversion: events of an entity.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Side {
    pub table: usize,
    pub needs: Needs,
    /// SQL of the entity and of the day.
    pub entity: String,
    pub time: String,
    pub conditions: Vec<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Grouping {
    /// By bucket of a grain, or in total. Days before `floor` count in its bucket.
    Buckets { grain: Option<Grain>, floor: Option<NaiveDate> },
    /// By the number of the span that a row's day falls into; spans may overlap.
    Spans(Spans),
    /// As `Spans`, with only the last row of each group up to the span's end: SQL of the grouping columns.
    LastOf(Spans, Vec<String>),
    /// By day, on the days that stand for these spans.
    AsOf(Vec<(Period, WindowChoice)>),
}

/// One column of a scan.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Aggregate {
    pub function: Function,
    /// Only rows of these days.
    pub window: Option<Period>,
    /// Only rows of which these hold: the metric's own filters.
    pub conditions: Vec<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Function {
    Rows,
    Sum(String),
    Count(String),
    CountDistinct(String),
    Min(String),
    Max(String),
    Percentile { of: String, percentile: f64, discrete: bool },
}

/// Columns that SQL text refers to, and the joins that bring them.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Needs {
    /// Alias → expression over the fact's table.
    pub own: BTreeMap<String, String>,
    /// Path of entities → join; a path sorts after its own beginning.
    pub joins: BTreeMap<String, Join>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Join {
    /// Alias of the table joined to.
    pub parent: String,
    /// Alias of the key, on both sides.
    pub key: String,
    pub table: usize,
    /// Alias → expression.
    pub columns: BTreeMap<String, String>,
}

impl Needs {
    fn merge(&mut self, other: &Needs) {
        self.own.extend(other.own.iter().map(|(alias, expression)| (alias.clone(), expression.clone())));
        for (path, join) in &other.joins {
            match self.joins.get_mut(path) {
                Some(known) => known.columns.extend(join.columns.iter().map(|(alias, expression)| (alias.clone(), expression.clone()))),
                None => {
                    self.joins.insert(path.clone(), join.clone());
                }
            }
        }
    }
}

/// A column as SQL, and what kind of value it gives.
#[derive(Debug)]
pub(crate) struct Reference {
    pub sql: String,
    pub kind: Kind,
}

impl Reference {
    /// As text for members; the empty text is no value.
    fn member(&self) -> String {
        match self.kind {
            Kind::Text => format!("NULLIF({}, '')", self.sql),
            Kind::Day | Kind::Other => format!("CAST({} AS VARCHAR)", self.sql),
            Kind::Moment => format!("CAST(CAST({} AS DATE) AS VARCHAR)", self.sql),
        }
    }

    fn membership(&self, members: &[String], negated: bool) -> String {
        match self.kind {
            // The column itself, so that a scan can skip what cannot match.
            Kind::Text => literal::membership(&self.sql, &format!("{0} IS NULL OR {0} = ''", self.sql), members, negated),
            _ => literal::membership(&self.member(), &format!("{} IS NULL", self.sql), members, negated),
        }
    }
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
        self.catalogue.get(name).ok_or_else(|| AskError::UnknownMetric { name: name.to_owned(), nearest: self.catalogue.nearest_metric(name) })
    }

    fn node(&mut self, question: &Question, metric: &'a Metric, path: &Path<'a>, spans: &Spans) -> Result<Node, AskError> {
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
                let buckets = if question.grain.is_some_and(|grain| grain > Grain::Day) { *period } else { None };
                match buckets {
                    None | Some(PeriodAggregation::Last) => self.cumulative(question, metric, measure, &path, spans, *reach),
                    Some(PeriodAggregation::First) => {
                        let first = spans.iter().map(|span| span.and_then(|span| Period::new(span.from(), span.from()).ok())).collect();
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

    fn input(&mut self, question: &Question, input: &'a MetricUse, path: &Path<'a>, spans: &Spans) -> Result<Node, AskError> {
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
                if let (Grouping::AsOf(known), Grouping::AsOf(wanted)) = (&mut known.grouping, scan.grouping) {
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

    /// The SQL of the members to group by and of the query's filters.
    fn keys_and_filters(&self, question: &Question, fact: usize, needs: &mut Needs) -> Result<(Vec<String>, Vec<String>), AskError> {
        let mut keys = Vec::new();
        for name in &question.by {
            keys.push(self.reference(fact, name, needs)?.member());
        }
        let mut conditions = Vec::new();
        for filter in &question.filters {
            let reference = self.reference(fact, &filter.dimension, needs)?;
            conditions.push(reference.membership(&filter.values, filter.op == FilterOp::NotIn));
        }
        conditions.sort();
        Ok((keys, conditions))
    }

    /// The SQL of conditions over a fact whose own time is `time`.
    fn conditions(&self, fact: usize, texts: &[&String], time: &Reference, needs: &mut Needs) -> Result<Vec<String>, AskError> {
        let mut found: Vec<String> = Vec::new();
        for text in texts {
            let Some(condition) = self.catalogue.condition(text) else { continue };
            let sql = self.condition(fact, condition, time, needs)?;
            if !found.contains(&sql) {
                found.push(sql);
            }
        }
        Ok(found)
    }

    fn condition(&self, fact: usize, condition: &Condition, time: &Reference, needs: &mut Needs) -> Result<String, AskError> {
        condition.sql(|mention| {
            let (name, grain) = match mention {
                Mention::Column(name) => (name, None),
                Mention::Time(name, grain) => (name, Some(*grain)),
            };
            let sql = if name == kpi::frame::TIME { time.sql.clone() } else { self.reference(fact, name, needs)?.sql };
            Ok(match grain {
                None => sql,
                Some(Grain::Day) => format!("CAST({sql} AS DATE)"),
                Some(grain) => format!("CAST(date_trunc('{}', {sql}) AS DATE)", grain.name()),
            })
        })
    }

    /// The column that `name` means to a fact; what it takes to read it goes into `needs`.
    fn reference(&self, fact: usize, name: &str, needs: &mut Needs) -> Result<Reference, AskError> {
        let unknown = |_| AskError::UnknownDimension { name: name.to_owned(), nearest: None };
        let route = self.catalogue.route(fact, name).map_err(unknown)?;
        Ok(self.follow(fact, &route, needs))
    }

    fn follow(&self, fact: usize, route: &Route, needs: &mut Needs) -> Reference {
        let mut path = String::new();
        let mut parent = "f".to_owned();
        let mut table = fact;
        for hop in &route.hops {
            let key = entity_alias(&hop.entity);
            let expression = |table: usize| {
                let table = &self.catalogue.tables[table];
                table.entity(&hop.entity).map_or_else(|| "NULL".to_owned(), |index| table.model.entities[index].expression.clone())
            };
            columns_of(needs, &path).insert(key.clone(), expression(table));
            path = if path.is_empty() { hop.entity.clone() } else { format!("{path}__{}", hop.entity) };
            let join = needs.joins.entry(path.clone()).or_insert_with(|| Join {
                parent: parent.clone(),
                key: key.clone(),
                table: hop.table,
                columns: BTreeMap::new(),
            });
            join.columns.insert(key, expression(hop.table));
            parent = quote(&format!("j_{path}"));
            table = hop.table;
        }
        let target = &self.catalogue.tables[table];
        let (alias, expression, kind) = match route.column {
            Column::Dimension(index) => {
                let dimension = &target.model.dimensions[index];
                (format!("d_{}", dimension.name), dimension.expression.clone(), target.kinds[index])
            }
            Column::Entity(index) => {
                let entity = &target.model.entities[index];
                (entity_alias(&entity.name), entity.expression.clone(), target.entity_kinds[index])
            }
        };
        let sql = format!("{parent}.{}", quote(&alias));
        columns_of(needs, &path).insert(alias, expression);
        Reference { sql, kind }
    }
}

fn entity_alias(entity: &str) -> String {
    format!("e_{entity}")
}

/// The columns needed of the fact itself (`path` empty) or of a table joined to it.
fn columns_of<'n>(needs: &'n mut Needs, path: &str) -> &'n mut BTreeMap<String, String> {
    match needs.joins.get_mut(path) {
        Some(join) => &mut join.columns,
        None => &mut needs.own,
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
                days.extend(span.from().iter_days().take_while(|day| *day <= span.to()).map(|day| Period::new(day, day).ok()));
            }
            start..days.len()
        })
        .collect();
    (days, ranges)
}
