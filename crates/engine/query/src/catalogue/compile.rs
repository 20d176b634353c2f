//! From metrics as their authors write them to the definitions that are planned: names become columns, filters come down to the measures.
//!
//! Runs no query. Invariant: definitions and sources have the same facts with the same columns.

use super::sources::{Base, ConversionBase, Held, Join, Needs, Side, Source};
use super::{Catalogue, Column, Kind, Route};
use crate::filter::{Condition, Mention};
use crate::semantic::{
    Aggregation, Calculation, Conversion, Formula, Measure, MeasureUse, Metric, MetricUse, NonAdditive,
};
use kpi::Grain;
use lake::quote;
use plan::{AskError, Definitions, Fact, Function, Input, Stock};
use std::collections::BTreeMap;

/// Collects the facts of all metrics.
pub(super) struct Compiler<'a> {
    catalogue: &'a Catalogue,
    facts: Vec<Fact>,
    sources: Vec<Source>,
}

/// The filters that lead down to a measure, outermost first.
type Path<'a> = Vec<&'a String>;

impl<'a> Compiler<'a> {
    /// Every table is a fact, also those that only lend their dimensions.
    pub(super) fn new(catalogue: &'a Catalogue) -> Compiler<'a> {
        let mut compiler = Compiler { catalogue, facts: Vec::new(), sources: Vec::new() };
        for (index, table) in catalogue.tables.iter().enumerate() {
            let names = catalogue.names(index);
            compiler.facts.push(Fact {
                name: table.model.name.clone(),
                columns: Vec::new(),
                dimensions: BTreeMap::new(),
                ambiguous: names.ambiguous,
            });
            compiler.sources.push(Source { base: Base::Table(index), columns: Vec::new() });
            for (name, route) in names.routes {
                let held = compiler.follow(index, &route);
                let column = compiler.column(index, held);
                compiler.facts[index].dimensions.insert(name, column);
            }
        }
        compiler
    }

    pub(super) fn finish(self, metrics: BTreeMap<String, plan::Metric>) -> (Definitions, Vec<Source>) {
        let dimensions = self.catalogue.dimensions.iter().map(|dimension| dimension.name.clone()).collect();
        (Definitions { facts: self.facts, metrics, dimensions }, self.sources)
    }

    /// # Errors
    /// `UnknownDimension`, `UnknownMetric`: what a condition names and the fact does not have.
    pub(super) fn metric(&mut self, metric: &'a Metric) -> Result<plan::Formula, AskError> {
        self.formula(metric, &Vec::new())
    }

    fn formula(&mut self, metric: &'a Metric, path: &Path<'a>) -> Result<plan::Formula, AskError> {
        let mut path = path.clone();
        path.extend(&metric.filters);
        Ok(match &metric.formula {
            Formula::Simple(use_) => plan::Formula::Measure(self.measure(metric, use_, &path)?),
            Formula::Ratio { numerator, denominator } => {
                let above = self.input(numerator, &path)?;
                plan::Formula::Ratio(Box::new(above), Box::new(self.input(denominator, &path)?))
            }
            Formula::Derived { expression, inputs, .. } => {
                let inputs = inputs
                    .iter()
                    .map(|input| Ok((input.alias.clone(), self.input(input, &path)?)))
                    .collect::<Result<_, AskError>>()?;
                plan::Formula::Derived { expression: expression.clone(), inputs }
            }
            Formula::Cumulative { measure, reach, period } => plan::Formula::Cumulative {
                measure: plan::Measure { stock: None, ..self.measure(metric, measure, &path)? },
                reach: *reach,
                period: *period,
            },
            Formula::Conversion(conversion) => {
                let converted = plan::Formula::Measure(self.conversion(metric, conversion, &path)?);
                if conversion.calculation == Calculation::Conversions {
                    return Ok(converted);
                }
                let base = plan::Formula::Measure(self.measure(metric, &conversion.base, &path)?);
                let whole = |formula| Box::new(Input { formula, offset: None });
                plan::Formula::Ratio(whole(converted), whole(base))
            }
        })
    }

    fn input(&mut self, input: &'a MetricUse, path: &Path<'a>) -> Result<Input, AskError> {
        let mut path = path.clone();
        path.extend(&input.filters);
        let metric = self.catalogue.get(&input.name).ok_or_else(|| unknown(&input.name))?;
        Ok(Input { formula: self.formula(metric, &path)?, offset: input.offset })
    }

    fn measure(
        &mut self,
        metric: &Metric,
        use_: &'a MeasureUse,
        path: &Path<'a>,
    ) -> Result<plan::Measure, AskError> {
        let (fact, measure) = self.find(metric, use_)?;
        let mut texts = path.clone();
        texts.extend(&use_.filters);
        let time = self.time(fact, measure);
        let mut conditions = self.conditions(fact, fact, &texts, &time)?;
        let time = self.column(fact, time);
        let value = self.column(fact, value_of(measure));
        let (function, weight) = match measure.aggregation {
            Aggregation::Sum => (Function::Sum(value), None),
            Aggregation::Count => (Function::Count(value), None),
            Aggregation::CountDistinct => (Function::CountDistinct(value), None),
            Aggregation::Min => (Function::Min(value), None),
            Aggregation::Max => (Function::Max(value), None),
            Aggregation::Average => (Function::Sum(value), Some(Function::Count(value))),
            Aggregation::SumBoolean => {
                conditions.push(value);
                (Function::Rows, None)
            }
            Aggregation::Median | Aggregation::Percentile => {
                let (percentile, discrete) = (measure.percentile, measure.discrete);
                (Function::Percentile { of: value, percentile, discrete }, None)
            }
        };
        let zero = matches!(
            measure.aggregation,
            Aggregation::Sum | Aggregation::Count | Aggregation::CountDistinct | Aggregation::SumBoolean
        );
        let stock = measure.non_additive.as_ref().map(|stock| self.stock(fact, stock)).transpose()?;
        Ok(plan::Measure {
            fact,
            time,
            function,
            weight,
            conditions,
            stock,
            zero,
            fill: use_.fill_nulls_with,
        })
    }

    fn stock(&mut self, fact: usize, stock: &NonAdditive) -> Result<Stock, AskError> {
        let mut groups = Vec::new();
        for name in &stock.window_groupings {
            let held = self.reference(fact, name)?;
            groups.push(self.column(fact, held));
        }
        Ok(Stock { choice: stock.window_choice, groups })
    }

    fn conversion(
        &mut self,
        metric: &Metric,
        conversion: &'a Conversion,
        path: &Path<'a>,
    ) -> Result<plan::Measure, AskError> {
        let (base_fact, base_measure) = self.find(metric, &conversion.base)?;
        let (other_fact, other_measure) = self.find(metric, &conversion.converted)?;
        let value = value_of(other_measure);
        let (mut base_needs, mut other_needs) = (Needs::default(), value.needs);
        let mut constant = Vec::new();
        for (base, other) in &conversion.constant {
            let (base, other) = (self.reference(base_fact, base)?, self.reference(other_fact, other)?);
            base_needs.merge(&base.needs);
            other_needs.merge(&other.needs);
            constant.push((base.sql, other.sql));
        }
        let entity = &conversion.entity;
        let base = self.side(base_fact, base_measure, entity, &conversion.base.filters, base_needs)?;
        let other =
            self.side(other_fact, other_measure, entity, &conversion.converted.filters, other_needs)?;
        let window = conversion.window.map(|window| {
            let months = if window.unit == Grain::Quarter { 3 } else { 1 };
            let unit = if window.unit == Grain::Quarter { Grain::Month } else { window.unit };
            format!("INTERVAL '{} {}'", window.count * months, unit.name())
        });
        let table = base_fact;
        let joined = ConversionBase { table, base, conversion: other, value: value.sql, window, constant };
        let fact = self.conversions(metric, joined);
        // The filters of the base measure have chosen the base events already.
        let own: Vec<&String> = conversion.base.filters.iter().collect();
        let inner: Path<'a> = path.iter().copied().filter(|text| !own.contains(text)).collect();
        let time = self.time(base_fact, base_measure);
        let conditions = self.conditions(fact, base_fact, &inner, &time)?;
        let time = self.column(fact, time);
        let sql = "f.m_conversion".to_owned();
        let value = self.column(fact, Held { sql, kind: Kind::Other, needs: Needs::default() });
        let function = match other_measure.aggregation {
            Aggregation::CountDistinct => Function::CountDistinct(value),
            Aggregation::Sum => Function::Sum(value),
            _ => Function::Count(value),
        };
        let (weight, stock, fill) = (None, None, None);
        Ok(plan::Measure { fact, time, function, weight, conditions, stock, zero: true, fill })
    }

    /// The fact of these conversions, which knows the dimensions of its base events.
    fn conversions(&mut self, metric: &Metric, joined: ConversionBase) -> usize {
        let table = joined.table;
        let base = Base::Conversion(Box::new(joined));
        if let Some(known) = self.sources.iter().position(|source| source.base == base) {
            return known;
        }
        let mut fact = self.facts[table].clone();
        fact.name = format!("{} of {}", metric.name, fact.name);
        let columns = self.sources[table].columns.clone();
        self.facts.push(fact);
        self.sources.push(Source { base, columns });
        self.sources.len() - 1
    }

    fn side(
        &self,
        fact: usize,
        measure: &Measure,
        entity: &str,
        filters: &[String],
        mut needs: Needs,
    ) -> Result<Side, AskError> {
        let time = self.time(fact, measure);
        let entity = self.reference(fact, entity)?;
        needs.merge(&time.needs);
        needs.merge(&entity.needs);
        let mut conditions = Vec::new();
        for condition in filters.iter().filter_map(|text| self.catalogue.condition(text)) {
            let held = self.condition(fact, condition, &time)?;
            needs.merge(&held.needs);
            if !conditions.contains(&held.sql) {
                conditions.push(held.sql);
            }
        }
        Ok(Side { table: fact, needs, entity: entity.sql, time: time.sql, conditions })
    }

    fn find(&self, metric: &Metric, use_: &MeasureUse) -> Result<(usize, &'a Measure), AskError> {
        let (table, position) =
            self.catalogue.measure_position(&use_.name).ok_or_else(|| unknown(&metric.name))?;
        Ok((table, &self.catalogue.tables[table].model.measures[position]))
    }

    /// The columns of conditions over the table `table`, whose own time is `time`; they are columns of `fact`.
    fn conditions(
        &mut self,
        fact: usize,
        table: usize,
        texts: &[&String],
        time: &Held,
    ) -> Result<Vec<usize>, AskError> {
        let mut found = Vec::new();
        for condition in texts.iter().filter_map(|text| self.catalogue.condition(text)) {
            let held = self.condition(table, condition, time)?;
            let column = self.column(fact, held);
            if !found.contains(&column) {
                found.push(column);
            }
        }
        Ok(found)
    }

    fn condition(&self, table: usize, condition: &Condition, time: &Held) -> Result<Held, AskError> {
        let mut needs = Needs::default();
        let sql = condition.sql(|mention| {
            let (name, grain) = match mention {
                Mention::Column(name) => (name, None),
                Mention::Time(name, grain) => (name, Some(*grain)),
            };
            let held = if name == kpi::frame::TIME { time.clone() } else { self.reference(table, name)? };
            needs.merge(&held.needs);
            Ok::<String, AskError>(match grain {
                None => held.sql,
                Some(Grain::Day) => format!("CAST({} AS DATE)", held.sql),
                Some(grain) => format!("period_start('{}', {})", grain.name(), held.sql),
            })
        })?;
        Ok(Held { sql, kind: Kind::Other, needs })
    }

    /// The day that a measure counts on.
    fn time(&self, fact: usize, measure: &Measure) -> Held {
        let table = &self.catalogue.tables[fact];
        let position = table
            .model
            .measures
            .iter()
            .position(|other| other.name == measure.name)
            .and_then(|position| table.time_of(position));
        // The catalogue refuses measures without a time.
        let index = position.unwrap_or_default();
        if table.kinds[index] == Kind::Day {
            return self.follow(fact, &Route { hops: Vec::new(), column: Column::Dimension(index) });
        }
        let dimension = &table.model.dimensions[index];
        own(&format!("t_{}", dimension.name), &format!("CAST({} AS DATE)", dimension.expression), Kind::Day)
    }

    /// The column that `name` means to a fact.
    fn reference(&self, fact: usize, name: &str) -> Result<Held, AskError> {
        let unknown = |_| AskError::UnknownDimension { name: name.to_owned(), nearest: None };
        let route = self.catalogue.route(fact, name).map_err(unknown)?;
        Ok(self.follow(fact, &route))
    }

    fn follow(&self, fact: usize, route: &Route) -> Held {
        let mut needs = Needs::default();
        let mut path = String::new();
        let mut parent = "f".to_owned();
        let mut table = fact;
        for hop in &route.hops {
            let key = entity_alias(&hop.entity);
            let expression = |table: usize| {
                let table = &self.catalogue.tables[table];
                table
                    .entity(&hop.entity)
                    .map_or_else(|| "NULL".to_owned(), |index| table.model.entities[index].expression.clone())
            };
            needs.columns_of(&path).insert(key.clone(), expression(table));
            path = if path.is_empty() { hop.entity.clone() } else { format!("{path}__{}", hop.entity) };
            let columns = BTreeMap::from([(key.clone(), expression(hop.table))]);
            needs.joins.insert(path.clone(), Join { parent, key, table: hop.table, columns });
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
        needs.columns_of(&path).insert(alias, expression);
        Held { sql, kind, needs }
    }

    /// The number of a column of a fact, which is added if it is not there yet.
    fn column(&mut self, fact: usize, held: Held) -> usize {
        let columns = &mut self.sources[fact].columns;
        columns.iter().position(|known| known.sql == held.sql).unwrap_or_else(|| {
            let joins = held.needs.joins.keys().cloned().collect();
            self.facts[fact].columns.push(plan::Column { name: held.sql.clone(), joins });
            columns.push(held);
            columns.len() - 1
        })
    }
}

fn unknown(metric: &str) -> AskError {
    AskError::UnknownMetric { name: metric.to_owned(), nearest: None }
}

/// A measure's expression, as a column of the fact.
fn value_of(measure: &Measure) -> Held {
    own(&format!("m_{}", measure.name), &measure.expression, Kind::Other)
}

fn own(alias: &str, expression: &str, kind: Kind) -> Held {
    let needs =
        Needs { own: BTreeMap::from([(alias.to_owned(), expression.to_owned())]), joins: BTreeMap::new() };
    Held { sql: format!("f.{}", quote(alias)), kind, needs }
}

fn entity_alias(entity: &str) -> String {
    format!("e_{entity}")
}
