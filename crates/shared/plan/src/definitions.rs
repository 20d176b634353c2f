//! Metrics with every name and expression resolved: which columns of which facts, put together how.
//!
//! Holds no SQL but as the names of columns. Invariant: whatever a definition refers to by number is there, so that every metric can be planned.

use crate::Expression;
use kpi::{Grain, MetricDefinition};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// All that can be asked for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Definitions {
    pub facts: Vec<Fact>,
    pub metrics: BTreeMap<String, Metric>,
    /// Every dimension, also those that no metric of these reaches.
    pub dimensions: Vec<String>,
}

/// Rows that metrics count: a table and what is joined to it, or conversions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    pub name: String,
    pub columns: Vec<Column>,
    /// Every name that a query may use, short or full, and its column.
    pub dimensions: BTreeMap<String, usize>,
    /// Names that could mean several columns, and the full names that tell them apart.
    pub ambiguous: BTreeMap<String, Vec<String>>,
}

/// Something that a fact's rows have: a member, a day, a number, or whether a condition holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Unique within the fact, and the same in every edition as long as its meaning is.
    pub name: String,
    /// The tables that have to be joined to read it, by the path of entities that leads there.
    pub joins: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    pub definition: MetricDefinition,
    pub formula: Formula,
}

/// What a metric is computed from, its inputs included. All filters on the way down stand at the measures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Formula {
    Measure(Measure),
    Cumulative { measure: Measure, reach: Reach, period: Option<PeriodAggregation> },
    Ratio(Box<Input>, Box<Input>),
    Derived { expression: Expression, inputs: Vec<(String, Input)> },
}

/// A metric within another one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Input {
    pub formula: Formula,
    pub offset: Option<Offset>,
}

/// An aggregate of a fact's rows. Numbers of columns are those of the fact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    pub fact: usize,
    /// The day that a row counts on.
    pub time: usize,
    pub function: Function,
    /// Averages: what the value is divided by.
    pub weight: Option<Function>,
    /// Conditions that all hold for the rows that count.
    pub conditions: Vec<usize>,
    pub stock: Option<Stock>,
    /// A row of an answer without data is zero: sums and counts.
    pub zero: bool,
    /// What a row of an answer without data shows instead.
    pub fill: Option<f64>,
}

/// A measure that must not be summed over time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stock {
    pub choice: WindowChoice,
    /// Columns whose own last day counts, instead of the fact's.
    pub groups: Vec<usize>,
}

/// How rows become a value; each takes the number of a column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Function {
    Rows,
    Sum(usize),
    Count(usize),
    CountDistinct(usize),
    Min(usize),
    Max(usize),
    Percentile { of: usize, percentile: f64, discrete: bool },
}

impl Function {
    /// The column that it takes.
    pub fn of(&self) -> Option<usize> {
        match self {
            Function::Rows => None,
            Function::Sum(of)
            | Function::Count(of)
            | Function::CountDistinct(of)
            | Function::Min(of)
            | Function::Max(of)
            | Function::Percentile { of, .. } => Some(*of),
        }
    }
}

/// Which day of a period stands for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WindowChoice {
    /// MetricFlow's default: the balance at the start.
    #[default]
    Min,
    Max,
}

/// What a cumulative metric shows for a bucket that is longer than a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PeriodAggregation {
    First,
    Last,
    Average,
}

/// How far back a cumulative metric reaches from the end of a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    All,
    Window(Span),
    ToDate(Grain),
}

/// How far back an input looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Offset {
    Back(Span),
    StartOf(Grain),
}

/// `7 days`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Span {
    pub count: u32,
    pub unit: Grain,
}

impl Definitions {
    pub fn metric(&self, name: &str) -> Option<&MetricDefinition> {
        self.metrics.get(name).map(|metric| &metric.definition)
    }

    /// The part that these metrics need, with only these dimensions to group and filter by. Numbers of facts and columns stay.
    pub fn only(&self, metrics: &[&str], dimensions: &[&str]) -> Definitions {
        let metrics: BTreeMap<String, Metric> = metrics
            .iter()
            .filter_map(|name| self.metrics.get_key_value(*name))
            .map(|(name, metric)| (name.clone(), metric.clone()))
            .collect();
        let mut needed = vec![false; self.facts.len()];
        metrics.values().flat_map(|metric| metric.formula.measures()).for_each(|one| needed[one.fact] = true);
        let part = |(fact, needed): (&Fact, bool)| {
            let mut fact = fact.clone();
            fact.dimensions.retain(|name, _| needed && dimensions.contains(&name.as_str()));
            fact.ambiguous.retain(|name, _| needed && dimensions.contains(&name.as_str()));
            if !needed {
                fact.columns.clear();
            }
            fact
        };
        Definitions {
            facts: self.facts.iter().zip(needed).map(part).collect(),
            metrics,
            dimensions: self.dimensions.clone(),
        }
    }
}

impl Formula {
    /// All measures, in the order of the formula.
    pub fn measures(&self) -> Vec<&Measure> {
        match self {
            Formula::Measure(measure) | Formula::Cumulative { measure, .. } => vec![measure],
            Formula::Ratio(above, below) => {
                let mut found = above.formula.measures();
                found.extend(below.formula.measures());
                found
            }
            Formula::Derived { inputs, .. } => {
                inputs.iter().flat_map(|(_, input)| input.formula.measures()).collect()
            }
        }
    }
}
