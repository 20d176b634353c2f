//! All that can be asked for: metrics and dimensions whose every name and expression resolves against the tables of one edition.
//!
//! Answers no query (`run`). Invariant: a catalogue that was built can plan every one of its metrics.

mod compile;
mod definition;
mod joins;
mod meaning;
mod sources;
mod tables;

use crate::filter::Condition;
use crate::semantic::{self, Formula, Measure, MeasureUse, Metric, MetricUse, Place};
use crate::{DefinitionError, MetricsFile};
use compile::Compiler;
use kpi::{Dimension, MetricDefinition};
use lake::{Session, TableName};
use plan::nearest;
use std::collections::BTreeMap;

pub(crate) use joins::{Column, Route, RouteError};
pub(crate) use sources::{Base, ConversionBase, Needs, Side, Source};
pub(crate) use tables::{Kind, Table, words};

/// Metrics and dimensions over the tables of one edition. A clone is cheap enough for one per edition, not per query.
#[derive(Debug, Clone)]
pub struct Catalogue {
    pub(crate) tables: Vec<Table>,
    /// Measure → table and position within it.
    measures: BTreeMap<String, (usize, usize)>,
    metrics: BTreeMap<String, Metric>,
    /// Text of a condition → the condition.
    conditions: BTreeMap<String, Condition>,
    definitions: Vec<MetricDefinition>,
    dimensions: Vec<Dimension>,
    /// What is planned, and what its columns are as SQL.
    planned: plan::Definitions,
    sources: Vec<Source>,
}

impl Catalogue {
    /// Reads the files and checks them against the relations of `session`: every reference, every expression, every metric as a query.
    ///
    /// # Errors
    /// The first mistake, with file, line, subject and remedy.
    pub async fn build(session: &Session, files: &[MetricsFile]) -> Result<Catalogue, DefinitionError> {
        let (models, metrics) = semantic::parse(files)?;
        let mut tables = Vec::new();
        for model in models {
            if let Some(other) = tables.iter().find(|other: &&Table| other.model.name == model.name) {
                return Err(model.place.error(format!(
                    "semantic model `{}` is defined twice; the other one is in {}:{}",
                    model.name, other.model.place.path, other.model.place.line
                )));
            }
            tables.push(tables::inspect(session, model).await?);
        }
        let mut catalogue = Catalogue {
            tables,
            measures: BTreeMap::new(),
            metrics: BTreeMap::new(),
            conditions: BTreeMap::new(),
            definitions: Vec::new(),
            dimensions: Vec::new(),
            planned: plan::Definitions::default(),
            sources: Vec::new(),
        };
        catalogue.collect_measures()?;
        let order: Vec<String> = metrics.iter().map(|metric| metric.name.clone()).collect();
        catalogue.collect_metrics(metrics)?;
        catalogue.dimensions = definition::dimensions(&catalogue.tables);
        for name in &order {
            let metric = &catalogue.metrics[name];
            catalogue.check_metric(metric)?;
            let definition = definition::define(&catalogue, metric)?;
            catalogue.definitions.push(definition);
        }
        catalogue.compile()?;
        crate::run::verify(session, &catalogue, &order).await?;
        Ok(catalogue)
    }

    /// All metrics, in the order of the files.
    pub fn metrics(&self) -> &[MetricDefinition] {
        &self.definitions
    }

    pub fn metric(&self, name: &str) -> Option<&MetricDefinition> {
        self.definitions.iter().find(|definition| definition.name == name)
    }

    /// All categorical dimensions, each once, prominent ones first.
    pub fn dimensions(&self) -> &[Dimension] {
        &self.dimensions
    }

    /// The facts that a metric is computed from; tables joined for a breakdown or a filter are not among them.
    pub fn tables_of(&self, metric: &str) -> Vec<TableName> {
        let mut names: Vec<TableName> = Vec::new();
        for use_ in self.metrics.get(metric).map(|metric| self.measures_of(metric)).unwrap_or_default() {
            if let Some((table, _)) = self.measure(&use_.name)
                && !names.contains(&table.name)
            {
                names.push(table.name.clone());
            }
        }
        names
    }

    /// What each input of a metric is, as its pack says: name and SQL-like text.
    pub fn expressions_of(&self, metric: &str) -> Vec<(String, String)> {
        self.metrics.get(metric).map(|metric| meaning::expressions(self, metric)).unwrap_or_default()
    }

    /// The metrics as they are planned: what a browser needs to ask a slice.
    pub fn planned(&self) -> &plan::Definitions {
        &self.planned
    }

    /// A fact of the definitions, as SQL.
    pub(crate) fn source(&self, fact: usize) -> &Source {
        &self.sources[fact]
    }

    pub(crate) fn get(&self, metric: &str) -> Option<&Metric> {
        self.metrics.get(metric)
    }

    pub(crate) fn measure_position(&self, name: &str) -> Option<(usize, usize)> {
        self.measures.get(name).copied()
    }

    pub(crate) fn measure(&self, name: &str) -> Option<(&Table, &Measure)> {
        let (table, measure) = self.measures.get(name)?;
        let table = &self.tables[*table];
        Some((table, &table.model.measures[*measure]))
    }

    pub(crate) fn condition(&self, text: &str) -> Option<&Condition> {
        self.conditions.get(text)
    }

    pub(crate) fn nearest_metric(&self, name: &str) -> Option<String> {
        nearest(name, self.metrics.keys().map(String::as_str))
    }

    /// All measures that a metric uses, through its inputs; conversion measures after base measures.
    pub(crate) fn measures_of<'a>(&'a self, metric: &'a Metric) -> Vec<&'a MeasureUse> {
        let mut uses = own_measures(metric);
        for input in inputs(metric) {
            uses.extend(
                self.metrics.get(&input.name).map(|metric| self.measures_of(metric)).unwrap_or_default(),
            );
        }
        uses
    }

    /// The tables whose dimensions a metric can be broken down by: those of its measures, except conversion measures.
    pub(crate) fn facts_of(&self, metric: &Metric) -> Vec<usize> {
        let mut facts = match &metric.formula {
            Formula::Simple(measure) | Formula::Cumulative { measure, .. } => vec![measure.name.as_str()],
            Formula::Conversion(conversion) => vec![conversion.base.name.as_str()],
            Formula::Ratio { .. } | Formula::Derived { .. } => Vec::new(),
        }
        .into_iter()
        .filter_map(|name| self.measures.get(name).map(|(table, _)| *table))
        .collect::<Vec<usize>>();
        for input in inputs(metric) {
            facts.extend(
                self.metrics.get(&input.name).map(|metric| self.facts_of(metric)).unwrap_or_default(),
            );
        }
        let mut seen = Vec::new();
        facts.retain(|fact| {
            !seen.contains(fact) && {
                seen.push(*fact);
                true
            }
        });
        facts
    }

    fn compile(&mut self) -> Result<(), DefinitionError> {
        let mut compiler = Compiler::new(self);
        let mut metrics = BTreeMap::new();
        for definition in &self.definitions {
            let metric = &self.metrics[&definition.name];
            let formula = compiler
                .metric(metric)
                .map_err(|error| metric.place.error(format!("metric `{}`: {error}", metric.name)))?;
            let definition = definition.clone();
            metrics.insert(metric.name.clone(), plan::Metric { definition, formula });
        }
        (self.planned, self.sources) = compiler.finish(metrics);
        Ok(())
    }

    fn collect_measures(&mut self) -> Result<(), DefinitionError> {
        for (index, table) in self.tables.iter().enumerate() {
            for (position, measure) in table.model.measures.iter().enumerate() {
                if self.measures.insert(measure.name.clone(), (index, position)).is_some() {
                    return Err(measure.place.error(format!(
                        "measure `{}` is defined twice; names of measures are unique",
                        measure.name
                    )));
                }
            }
        }
        Ok(())
    }

    fn collect_metrics(&mut self, metrics: Vec<Metric>) -> Result<(), DefinitionError> {
        for metric in metrics {
            let named_like_a_column = metric.name.is_empty()
                || !metric.name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
            if named_like_a_column {
                return Err(metric
                    .place
                    .error(format!("metric `{}`: use a-z, 0-9 and _ in names of metrics", metric.name)));
            }
            for text in conditions_of(&metric) {
                let condition = Condition::parse(text).map_err(|why| {
                    metric.place.error(format!("metric `{}`: filter `{text}`: {why}", metric.name))
                })?;
                self.conditions.insert(text.clone(), condition);
            }
            if let Some(other) = self.metrics.get(&metric.name) {
                let message = format!(
                    "metric `{}` is defined twice; the other one is in {}:{}",
                    metric.name, other.place.path, other.place.line
                );
                return Err(metric.place.error(message));
            }
            self.metrics.insert(metric.name.clone(), metric);
        }
        Ok(())
    }

    fn check_metric(&self, metric: &Metric) -> Result<(), DefinitionError> {
        self.check_inputs(metric, &mut vec![metric.name.as_str()])?;
        for use_ in own_measures(metric) {
            if !self.measures.contains_key(&use_.name) {
                let hint = nearest(&use_.name, self.measures.keys().map(String::as_str));
                return Err(unknown(&metric.place, &metric.name, "measure", &use_.name, hint));
            }
        }
        if let Some(kpi::target::Target::Metric(target)) = &metric.about.target
            && !self.metrics.contains_key(target)
        {
            return Err(unknown(
                &metric.place,
                &metric.name,
                "target metric",
                target,
                self.nearest_metric(target),
            ));
        }
        let levels = metric.about.hierarchies.iter().flat_map(|hierarchy| &hierarchy.levels);
        for dimension in levels.chain(metric.about.dimensions.iter().flatten()) {
            for fact in self.facts_of(metric) {
                self.route(fact, dimension)
                    .map_err(|error| self.route_error(&metric.place, &metric.name, dimension, fact, error))?;
            }
        }
        Ok(())
    }

    /// Every input exists and none leads back to a metric on the way to it.
    fn check_inputs<'a>(
        &'a self,
        metric: &'a Metric,
        path: &mut Vec<&'a str>,
    ) -> Result<(), DefinitionError> {
        for input in inputs(metric) {
            let Some(next) = self.metrics.get(&input.name) else {
                let nearest = self.nearest_metric(&input.name);
                let mut error = unknown(&metric.place, &metric.name, "metric", &input.name, nearest);
                if let (DefinitionError::Meaning { message, .. }, true) =
                    (&mut error, self.measures.contains_key(&input.name))
                {
                    *message = format!(
                        "metric `{}`: `{}` is a measure, and inputs are metrics; define a simple metric over it",
                        metric.name, input.name
                    );
                }
                return Err(error);
            };
            if path.contains(&next.name.as_str()) {
                return Err(metric.place.error(format!(
                    "metric `{}` leads back to itself: {} → {}",
                    next.name,
                    path.join(" → "),
                    next.name
                )));
            }
            path.push(&next.name);
            self.check_inputs(next, path)?;
            path.pop();
        }
        Ok(())
    }

    /// Words for a dimension that a definition names and its fact does not have.
    pub(crate) fn route_error(
        &self,
        place: &Place,
        metric: &str,
        dimension: &str,
        fact: usize,
        error: RouteError,
    ) -> DefinitionError {
        match error {
            RouteError::Ambiguous(choices) => place.error(format!(
                "metric `{metric}`: dimension `{dimension}` could mean {}; write one of these",
                choices.join(" or ")
            )),
            RouteError::Unknown => {
                let known = self.reachable(fact);
                let hint = nearest(dimension, known.iter().map(String::as_str));
                unknown(
                    place,
                    metric,
                    &format!("dimension over `{}`", self.tables[fact].model.name),
                    dimension,
                    hint,
                )
            }
        }
    }
}

/// The metrics that a metric is made of.
pub(crate) fn inputs(metric: &Metric) -> Vec<&MetricUse> {
    match &metric.formula {
        Formula::Ratio { numerator, denominator } => vec![numerator, denominator],
        Formula::Derived { inputs, .. } => inputs.iter().collect(),
        Formula::Simple(_) | Formula::Cumulative { .. } | Formula::Conversion(_) => Vec::new(),
    }
}

/// The measures that a metric itself names.
fn own_measures(metric: &Metric) -> Vec<&MeasureUse> {
    match &metric.formula {
        Formula::Simple(measure) | Formula::Cumulative { measure, .. } => vec![measure],
        Formula::Conversion(conversion) => vec![&conversion.base, &conversion.converted],
        Formula::Ratio { .. } | Formula::Derived { .. } => Vec::new(),
    }
}

/// All conditions that a metric's own text holds.
fn conditions_of(metric: &Metric) -> Vec<&String> {
    let of_measures = own_measures(metric).into_iter().flat_map(|measure| &measure.filters);
    let of_inputs = inputs(metric).into_iter().flat_map(|input| &input.filters);
    metric.filters.iter().chain(of_measures).chain(of_inputs).collect()
}

fn unknown(place: &Place, metric: &str, what: &str, name: &str, nearest: Option<String>) -> DefinitionError {
    let hint = nearest.map_or_else(String::new, |nearest| format!("; did you mean `{nearest}`?"));
    place.error(format!("metric `{metric}`: there is no {what} `{name}`{hint}"))
}
