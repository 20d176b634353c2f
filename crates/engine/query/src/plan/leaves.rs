//! Leaves of the plan: which kind of scan gives a measure over a list of spans.
//!
//! Invariant: a stock is read on one day per row, never summed over days; whatever can share the plain scan of its fact does.

use super::references::Reference;
use super::scan::{Aggregate, Base, ConversionBase, Function, Grouping, Needs, Scan, Side};
use super::{Chunk, Columns, Leaf, Node, Path, Planner, Reading};
use crate::AskError;
use crate::catalogue::{Column, Kind, Route};
use crate::resolve::Question;
use crate::semantic::{Aggregation, Conversion, Measure, MeasureUse, Metric, NonAdditive, Reach};
use crate::spans::{self, Spans};
use chrono::NaiveDate;
use kpi::{Cell, Grain, Period};

/// A measure of a fact, ready to be put into a scan.
struct Prepared {
    fact: usize,
    time: Reference,
    function: Function,
    /// Averages: what the sum is divided by.
    weight: Option<Function>,
    conditions: Vec<String>,
    keys: Vec<String>,
    filters: Vec<String>,
    needs: Needs,
    zero: bool,
    fill: Option<Cell>,
}

impl<'a> Planner<'a> {
    pub(super) fn measure(
        &mut self,
        question: &Question,
        metric: &Metric,
        use_: &MeasureUse,
        path: &Path<'a>,
        spans: &Spans,
    ) -> Result<Node, AskError> {
        let (fact, measure) = self.find(metric, use_)?;
        let prepared = self.prepare(question, fact, measure, use_, path)?;
        match &measure.non_additive {
            None => Ok(self.windows(question, prepared, Base::Table(fact), spans)),
            Some(stock) if stock.window_groupings.is_empty() => Ok(self.as_of(prepared, stock, spans)),
            Some(stock) => self.last_of(prepared, stock, spans),
        }
    }

    /// The plain case: each window is a run of buckets. Anything else is a scan by spans.
    fn windows(&mut self, question: &Question, prepared: Prepared, base: Base, spans: &Spans) -> Node {
        let chunks: Vec<&[Option<Period>]> = if spans.len() == question.rows * question.windows() {
            spans.chunks(question.rows).collect()
        } else {
            vec![spans]
        };
        let grids: Option<Vec<Period>> =
            chunks.iter().map(|chunk| spans::grid(chunk, question.grain)).collect();
        let Some(grids) = grids else { return self.by_spans(prepared, base, spans, None) };
        let scan = self.scan(prepared.scan(base, Grouping::Buckets { grain: question.grain, floor: None }));
        let mut start = 0;
        let mut found = Vec::new();
        for (chunk, window) in chunks.iter().zip(grids) {
            let columns = self.columns(scan, &prepared, Some(window));
            let buckets = question.grain.map(|grain| window.buckets(grain)).unwrap_or_default();
            found.push(Chunk { columns, start, buckets, rows: chunk.len() });
            start += chunk.len();
        }
        prepared.leaf(scan, Reading::Grid(found), spans)
    }

    fn by_spans(
        &mut self,
        prepared: Prepared,
        base: Base,
        spans: &Spans,
        last_of: Option<Vec<String>>,
    ) -> Node {
        let grouping = match last_of {
            None => Grouping::Spans(spans.clone()),
            Some(columns) => Grouping::LastOf(spans.clone(), columns),
        };
        let scan = self.scan(prepared.scan(base, grouping));
        let columns = self.columns(scan, &prepared, None);
        prepared.leaf(scan, Reading::Indexed(columns), spans)
    }

    fn as_of(&mut self, prepared: Prepared, stock: &NonAdditive, spans: &Spans) -> Node {
        let wanted = spans.iter().flatten().map(|span| (*span, stock.window_choice)).collect();
        let scan = self.scan(prepared.scan(Base::Table(prepared.fact), Grouping::AsOf(wanted)));
        let columns = self.columns(scan, &prepared, None);
        prepared.leaf(scan, Reading::AsOf(columns, stock.window_choice), spans)
    }

    /// Each group's own last row: balances that are written only when they change.
    fn last_of(
        &mut self,
        mut prepared: Prepared,
        stock: &NonAdditive,
        spans: &Spans,
    ) -> Result<Node, AskError> {
        let mut groups = Vec::new();
        for name in &stock.window_groupings {
            groups.push(self.reference(prepared.fact, name, &mut prepared.needs)?.sql);
        }
        let base = Base::Table(prepared.fact);
        Ok(self.by_spans(prepared, base, spans, Some(groups)))
    }

    pub(super) fn cumulative(
        &mut self,
        question: &Question,
        metric: &Metric,
        use_: &MeasureUse,
        path: &Path<'a>,
        spans: &Spans,
        reach: Reach,
    ) -> Result<Node, AskError> {
        let (fact, measure) = self.find(metric, use_)?;
        let prepared = self.prepare(question, fact, measure, use_, path)?;
        let reached = spans::reach(spans, reach);
        let sums = matches!(
            measure.aggregation,
            Aggregation::Sum | Aggregation::Count | Aggregation::SumBoolean | Aggregation::Average
        );
        let chunks: Vec<&[Option<Period>]> = if reached.len() == question.rows * question.windows() {
            reached.chunks(question.rows).collect()
        } else {
            vec![&reached]
        };
        match running_grain(&chunks) {
            Some((grain, floor)) if sums => Ok(self.running(prepared, &chunks, grain, floor, &reached)),
            _ => Ok(self.by_spans(prepared, Base::Table(fact), &reached, None)),
        }
    }

    fn running(
        &mut self,
        prepared: Prepared,
        chunks: &[&[Option<Period>]],
        grain: Grain,
        floor: Option<NaiveDate>,
        reached: &Spans,
    ) -> Node {
        let scan = self
            .scan(prepared.scan(Base::Table(prepared.fact), Grouping::Buckets { grain: Some(grain), floor }));
        let mut start = 0;
        let mut found = Vec::new();
        for chunk in chunks {
            if let Some(window) = hull(chunk) {
                let columns = self.columns(scan, &prepared, Some(window));
                found.push(Chunk { columns, start, buckets: Vec::new(), rows: chunk.len() });
            }
            start += chunk.len();
        }
        prepared.leaf(scan, Reading::Running { chunks: found, from_first: floor.is_some() }, reached)
    }

    pub(super) fn conversion(
        &mut self,
        question: &Question,
        metric: &Metric,
        conversion: &Conversion,
        path: &Path<'a>,
        spans: &Spans,
    ) -> Result<Node, AskError> {
        let (base_fact, base_measure) = self.find(metric, &conversion.base)?;
        let (other_fact, other_measure) = self.find(metric, &conversion.converted)?;
        let mut prepared = self.prepare(question, base_fact, base_measure, &conversion.base, path)?;
        let mut other_needs = Needs::default();
        let value = column_of(other_measure, &mut other_needs);
        let (mut base_needs, mut constant) = (Needs::default(), Vec::new());
        for (base, other) in &conversion.constant {
            let base = self.reference(base_fact, base, &mut base_needs)?.sql;
            constant.push((base, self.reference(other_fact, other, &mut other_needs)?.sql));
        }
        let base =
            self.side(base_fact, base_measure, &conversion.entity, &conversion.base.filters, base_needs)?;
        let other = self.side(
            other_fact,
            other_measure,
            &conversion.entity,
            &conversion.converted.filters,
            other_needs,
        )?;
        let function = match other_measure.aggregation {
            Aggregation::CountDistinct => Function::CountDistinct("f.m_conversion".to_owned()),
            Aggregation::Sum => Function::Sum("f.m_conversion".to_owned()),
            _ => Function::Count("f.m_conversion".to_owned()),
        };
        // The filters of the base measure have chosen the base events already.
        let own: Vec<&String> = conversion.base.filters.iter().collect();
        let inner: Vec<&String> = path.iter().copied().filter(|text| !own.contains(text)).collect();
        let mut needs = Needs::default();
        let (keys, filters) = self.keys_and_filters(question, base_fact, &mut needs)?;
        prepared.time = self.time(base_fact, base_measure, &mut needs);
        prepared.conditions = self.conditions(base_fact, &inner, &prepared.time, &mut needs)?;
        let window = conversion.window.map(|window| {
            format!(
                "INTERVAL '{} {}'",
                window.count * if window.unit == Grain::Quarter { 3 } else { 1 },
                unit(window.unit)
            )
        });
        let converted = ConversionBase { table: base_fact, base, conversion: other, value, window, constant };
        let prepared =
            Prepared { function, weight: None, keys, filters, needs, zero: true, fill: None, ..prepared };
        Ok(self.windows(question, prepared, Base::Conversion(Box::new(converted)), spans))
    }

    fn side(
        &self,
        fact: usize,
        measure: &Measure,
        entity: &str,
        filters: &[String],
        mut needs: Needs,
    ) -> Result<Side, AskError> {
        let time = self.time(fact, measure, &mut needs);
        let entity = self.reference(fact, entity, &mut needs)?.sql;
        let texts: Vec<&String> = filters.iter().collect();
        let conditions = self.conditions(fact, &texts, &time, &mut needs)?;
        Ok(Side { table: fact, needs, entity, time: time.sql, conditions })
    }

    fn find(&self, metric: &Metric, use_: &MeasureUse) -> Result<(usize, &'a Measure), AskError> {
        let unknown = || AskError::UnknownMetric { name: metric.name.clone(), nearest: None };
        let (table, position) = self.catalogue.measure_position(&use_.name).ok_or_else(unknown)?;
        Ok((table, &self.catalogue.tables[table].model.measures[position]))
    }

    fn prepare(
        &self,
        question: &Question,
        fact: usize,
        measure: &Measure,
        use_: &MeasureUse,
        path: &Path<'a>,
    ) -> Result<Prepared, AskError> {
        let mut needs = Needs::default();
        let time = self.time(fact, measure, &mut needs);
        let (keys, filters) = self.keys_and_filters(question, fact, &mut needs)?;
        let mut texts: Vec<&String> = path.clone();
        texts.extend(&use_.filters);
        let mut conditions = self.conditions(fact, &texts, &time, &mut needs)?;
        let value = column_of(measure, &mut needs);
        let (function, weight) = match measure.aggregation {
            Aggregation::Sum => (Function::Sum(value), None),
            Aggregation::Count => (Function::Count(value), None),
            Aggregation::CountDistinct => (Function::CountDistinct(value), None),
            Aggregation::Min => (Function::Min(value), None),
            Aggregation::Max => (Function::Max(value), None),
            Aggregation::Average => (Function::Sum(value.clone()), Some(Function::Count(value))),
            Aggregation::SumBoolean => {
                conditions.push(value);
                (Function::Rows, None)
            }
            Aggregation::Median | Aggregation::Percentile => (
                Function::Percentile {
                    of: value,
                    percentile: measure.percentile,
                    discrete: measure.discrete,
                },
                None,
            ),
        };
        let zero = matches!(
            measure.aggregation,
            Aggregation::Sum | Aggregation::Count | Aggregation::CountDistinct | Aggregation::SumBoolean
        );
        let fill = use_
            .fill_nulls_with
            .map(|value| if value.fract() == 0.0 { Cell::Int(value as i64) } else { Cell::Float(value) });
        Ok(Prepared { fact, time, function, weight, conditions, keys, filters, needs, zero, fill })
    }

    /// The SQL of the day that a measure counts on.
    fn time(&self, fact: usize, measure: &Measure, needs: &mut Needs) -> Reference {
        let table = &self.catalogue.tables[fact];
        let position = table
            .model
            .measures
            .iter()
            .position(|other| other.name == measure.name)
            .and_then(|position| table.time_of(position));
        // The catalogue refuses measures without a time.
        let index = position.unwrap_or_default();
        let dimension = &table.model.dimensions[index];
        if table.kinds[index] == Kind::Day {
            return self.follow(fact, &Route { hops: Vec::new(), column: Column::Dimension(index) }, needs);
        }
        let alias = format!("t_{}", dimension.name);
        needs.own.insert(alias.clone(), format!("CAST({} AS DATE)", dimension.expression));
        Reference { sql: format!("f.{}", lake::quote(&alias)), kind: Kind::Day }
    }

    fn columns(&mut self, scan: usize, prepared: &Prepared, window: Option<Period>) -> Columns {
        let mut add = |function: Function| {
            self.column(scan, Aggregate { function, window, conditions: prepared.conditions.clone() })
        };
        Columns {
            value: add(prepared.function.clone()),
            weight: prepared.weight.clone().map(&mut add),
            presence: add(Function::Rows),
        }
    }
}

impl Prepared {
    fn scan(&self, base: Base, grouping: Grouping) -> Scan {
        Scan {
            base,
            time: self.time.sql.clone(),
            needs: self.needs.clone(),
            keys: self.keys.clone(),
            conditions: self.filters.clone(),
            grouping,
            columns: Vec::new(),
        }
    }

    fn leaf(self, scan: usize, reading: Reading, spans: &Spans) -> Node {
        Node::Leaf(Leaf { scan, reading, spans: spans.clone(), zero: self.zero, fill: self.fill })
    }
}

/// The SQL of a measure's expression, as a column of the fact.
fn column_of(measure: &Measure, needs: &mut Needs) -> String {
    let alias = format!("m_{}", measure.name);
    needs.own.insert(alias.clone(), measure.expression.clone());
    format!("f.{}", lake::quote(&alias))
}

fn unit(grain: Grain) -> &'static str {
    if grain == Grain::Quarter { Grain::Month.name() } else { grain.name() }
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
