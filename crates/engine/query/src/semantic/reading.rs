//! Shapes become what they mean: defaults filled in, small texts (windows, references) understood.
//!
//! Invariant: whatever is wrong is said with file and line.

use super::shapes::{self, Aggregation, EntityKind};
use super::{
    About, Conversion, Dimension, Entity, Formula, Measure, MeasureUse, Metric, MetricUse, MetricsFile,
    Model, Place,
};
use crate::DefinitionError;
use crate::semantic::meta::{MetricMeta, RootMeta};
use kpi::Grain;
use kpi::definition::{Hierarchy, Label, MetricKind};
use plan::{Expression, Offset, Reach, Span};
use serde_saphyr::Spanned;

/// All semantic models and metrics of `files`, in their order.
pub(crate) fn parse(files: &[MetricsFile]) -> Result<(Vec<Model>, Vec<Metric>), DefinitionError> {
    let (mut models, mut metrics) = (Vec::new(), Vec::new());
    for file in files {
        let document: Option<shapes::Document> =
            serde_saphyr::from_str(&file.text).map_err(|error| yaml_error(&file.path, &error))?;
        let Some(document) = document else { continue };
        for model in document.semantic_models.into_iter().flatten() {
            let (model, implied) = read_model(file, model)?;
            models.push(model);
            metrics.extend(implied);
        }
        for metric in document.metrics.into_iter().flatten() {
            metrics.push(read_metric(file, metric)?);
        }
    }
    Ok((models, metrics))
}

fn yaml_error(path: &str, error: &serde_saphyr::Error) -> DefinitionError {
    let location = error.location();
    let (line, column) = location.map_or((1, 1), |location| (location.line(), location.column()));
    let text = error.without_snippet().to_string();
    let message = text.lines().next().unwrap_or_default().to_owned();
    DefinitionError::Yaml { path: path.to_owned(), line, column, message }
}

fn place<T>(file: &MetricsFile, node: &Spanned<T>) -> Place {
    Place { path: file.path.clone(), line: node.referenced.line() }
}

/// A model, and the metrics that its measures with `create_metric: true` imply.
fn read_model(
    file: &MetricsFile,
    node: Spanned<shapes::Model>,
) -> Result<(Model, Vec<Metric>), DefinitionError> {
    let at = place(file, &node);
    let raw = node.value;
    let reference = reference(&raw.model).ok_or_else(|| {
        at.error(format!(
            "semantic model `{}`: `model: {}` is no reference; write ref('table')",
            raw.name, raw.model
        ))
    })?;
    let mut entities: Vec<Entity> = Vec::new();
    for node in raw.entities.into_iter().flatten() {
        let place = place(file, &node);
        let expression = node.value.expr.map_or_else(|| node.value.name.clone(), |expr| expr.0);
        entities.push(Entity { place, name: node.value.name, kind: node.value.kind, expression });
    }
    if let Some(name) = raw.primary_entity.filter(|name| entities.iter().all(|entity| entity.name != *name)) {
        // An entity that has a name but no column: it only prefixes dimensions.
        entities.push(Entity {
            place: at.clone(),
            name,
            kind: EntityKind::Natural,
            expression: "NULL".to_owned(),
        });
    }
    let dimensions = raw
        .dimensions
        .into_iter()
        .flatten()
        .map(|node| read_dimension(file, node))
        .collect::<Result<_, _>>()?;
    let (mut measures, mut implied) = (Vec::new(), Vec::new());
    for node in raw.measures.into_iter().flatten() {
        if node.value.create_metric {
            implied.push(implied_metric(file, &node));
        }
        measures.push(read_measure(file, node)?);
    }
    let time = raw.defaults.and_then(|defaults| defaults.agg_time_dimension);
    let model = Model { place: at, name: raw.name, reference, time, entities, dimensions, measures };
    Ok((model, implied))
}

/// The table within `ref('pack', 'table')`.
fn reference(text: &str) -> Option<String> {
    let inner = text.trim().strip_prefix("ref(")?.strip_suffix(')')?;
    let name = inner.split(',').next_back()?.trim();
    let name = name.strip_prefix(['\'', '"'])?.strip_suffix(['\'', '"'])?;
    (!name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_')).then(|| name.to_owned())
}

fn read_dimension(
    file: &MetricsFile,
    node: Spanned<shapes::Dimension>,
) -> Result<Dimension, DefinitionError> {
    let place = place(file, &node);
    let raw = node.value;
    let grain = match raw.type_params.and_then(|params| params.time_granularity).as_deref() {
        None | Some("nanosecond" | "microsecond" | "millisecond" | "second" | "minute" | "hour") => {
            Grain::Day
        }
        Some(name) => Grain::parse(name).ok_or_else(|| {
            place.error(format!(
                "dimension `{}`: `{name}` is no time_granularity; use day, week, month, quarter or year",
                raw.name
            ))
        })?,
    };
    let meta = raw.config.and_then(|config| config.meta).and_then(|meta| meta.mirante).unwrap_or_default();
    let label = meta.label.or(raw.label).map(|pt| Label { pt, en: meta.label_en });
    let expression = raw.expr.map_or_else(|| raw.name.clone(), |expr| expr.0);
    Ok(Dimension {
        place,
        name: raw.name,
        kind: raw.kind,
        expression,
        label,
        prominent: meta.prominent,
        grain,
    })
}

fn read_measure(file: &MetricsFile, node: Spanned<shapes::Measure>) -> Result<Measure, DefinitionError> {
    let place = place(file, &node);
    let raw = node.value;
    let params = raw
        .agg_params
        .unwrap_or(shapes::AggregationParams { percentile: None, use_discrete_percentile: false });
    let percentile = match (raw.agg, params.percentile) {
        (Aggregation::Percentile, Some(percentile)) if (0.0..=1.0).contains(&percentile) => percentile,
        (Aggregation::Percentile, _) => {
            return Err(place.error(format!(
                "measure `{}`: a percentile needs `agg_params: {{percentile: 0.9}}` between 0 and 1",
                raw.name
            )));
        }
        _ => 0.5,
    };
    let expression = raw.expr.map_or_else(|| raw.name.clone(), |expr| expr.0);
    Ok(Measure {
        place,
        name: raw.name,
        aggregation: raw.agg,
        expression,
        percentile,
        discrete: params.use_discrete_percentile,
        time: raw.agg_time_dimension,
        non_additive: raw.non_additive_dimension,
    })
}

fn implied_metric(file: &MetricsFile, node: &Spanned<shapes::Measure>) -> Metric {
    let raw = &node.value;
    let label = Label { pt: raw.label.clone().unwrap_or_else(|| raw.name.clone()), en: None };
    let description = Label { pt: raw.description.clone().unwrap_or_default(), en: None };
    Metric {
        place: place(file, node),
        pack: file.pack.clone(),
        name: raw.name.clone(),
        kind: MetricKind::Simple,
        formula: Formula::Simple(MeasureUse {
            name: raw.name.clone(),
            filters: Vec::new(),
            fill_nulls_with: None,
        }),
        filters: Vec::new(),
        about: About { label, description, ..About::default() },
    }
}

fn read_metric(file: &MetricsFile, node: Spanned<shapes::Metric>) -> Result<Metric, DefinitionError> {
    let at = place(file, &node);
    let raw = node.value;
    let formula = read_formula(&at, &raw.name, raw.kind, raw.type_params)?;
    let meta = raw.config.and_then(|config| config.meta).and_then(|meta| meta.mirante).unwrap_or_default();
    let about = about(&raw.name, raw.label, raw.description, meta);
    let filters = raw.filter.map(shapes::Filters::into_vec).unwrap_or_default();
    Ok(Metric { place: at, pack: file.pack.clone(), name: raw.name, kind: raw.kind, formula, filters, about })
}

fn about(name: &str, label: Option<String>, description: Option<String>, meta: MetricMeta) -> About {
    let short = meta.hierarchy.map(|levels| Hierarchy {
        name: "hierarchy".to_owned(),
        root: Label { pt: "Total".to_owned(), en: None },
        levels,
    });
    let long = meta.hierarchies.into_iter().map(|hierarchy| Hierarchy {
        name: hierarchy.name,
        root: hierarchy.root.map_or_else(|| Label { pt: "Total".to_owned(), en: None }, RootMeta::into_label),
        levels: hierarchy.levels,
    });
    About {
        label: Label { pt: label.unwrap_or_else(|| name.to_owned()), en: meta.label_en },
        description: Label { pt: description.unwrap_or_default(), en: meta.description_en },
        formula: Label { pt: meta.formula.unwrap_or_default(), en: meta.formula_en },
        time_note: Label { pt: meta.time_note.unwrap_or_default(), en: meta.time_note_en },
        direction: meta.direction,
        format: meta.format,
        unit: meta.unit,
        owner: meta.owner,
        steward: meta.steward,
        classification: meta.classification.map(|classification| classification.name()),
        hierarchies: short.into_iter().chain(long).collect(),
        dimensions: meta.dimensions,
        target: meta.target,
        thresholds: meta.thresholds,
        pace: meta.pace,
        grain: meta.grain,
        is_kpi: meta.kpi,
    }
}

fn read_formula(
    at: &Place,
    name: &str,
    kind: MetricKind,
    params: shapes::TypeParams,
) -> Result<Formula, DefinitionError> {
    let missing = |what: &str| at.error(format!("metric `{name}`: type_params lacks `{what}`"));
    Ok(match kind {
        MetricKind::Simple => Formula::Simple(measure_use(params.measure.ok_or_else(|| missing("measure"))?)),
        MetricKind::Ratio => Formula::Ratio {
            numerator: metric_use(at, name, params.numerator.ok_or_else(|| missing("numerator"))?)?,
            denominator: metric_use(at, name, params.denominator.ok_or_else(|| missing("denominator"))?)?,
        },
        MetricKind::Derived => {
            let text = params.expr.ok_or_else(|| missing("expr"))?.0;
            let expression = Expression::parse(&text)
                .map_err(|why| at.error(format!("metric `{name}`: expr `{text}`: {why}")))?;
            let inputs: Vec<MetricUse> = params
                .metrics
                .ok_or_else(|| missing("metrics"))?
                .into_iter()
                .map(|input| metric_use(at, name, input))
                .collect::<Result<_, _>>()?;
            if let Some(unknown) =
                expression.names().into_iter().find(|used| inputs.iter().all(|input| input.alias != *used))
            {
                let hint = plan::nearest(unknown, inputs.iter().map(|input| input.alias.as_str()));
                let hint = hint.map_or_else(String::new, |hint| format!("; did you mean `{hint}`?"));
                return Err(at.error(format!(
                    "metric `{name}`: expr uses `{unknown}`, which `metrics` does not list{hint}"
                )));
            }
            Formula::Derived { expression, text, inputs }
        }
        MetricKind::Cumulative => {
            let cumulative = params.cumulative_type_params.unwrap_or_default();
            let window = cumulative.window.or(params.window);
            let to_date = cumulative.grain_to_date.or(params.grain_to_date);
            let reach = match (window, to_date) {
                (None, None) => Reach::All,
                (Some(window), None) => Reach::Window(span(at, name, &window)?),
                (None, Some(text)) => Reach::ToDate(grain(at, name, &text)?),
                (Some(_), Some(_)) => {
                    return Err(
                        at.error(format!("metric `{name}`: `window` and `grain_to_date` exclude each other"))
                    );
                }
            };
            Formula::Cumulative {
                measure: measure_use(params.measure.ok_or_else(|| missing("measure"))?),
                reach,
                period: cumulative.period_agg,
            }
        }
        MetricKind::Conversion => read_conversion(at, name, params)?,
    })
}

fn read_conversion(at: &Place, name: &str, params: shapes::TypeParams) -> Result<Formula, DefinitionError> {
    let conversion = params
        .conversion_type_params
        .ok_or_else(|| at.error(format!("metric `{name}`: type_params lacks `conversion_type_params`")))?;
    let window = conversion.window.map(|window| span(at, name, &window)).transpose()?;
    let constant = conversion
        .constant_properties
        .into_iter()
        .map(|pair| (pair.base_property, pair.conversion_property))
        .collect();
    Ok(Formula::Conversion(Box::new(Conversion {
        entity: conversion.entity,
        calculation: conversion.calculation,
        base: measure_use(conversion.base_measure),
        converted: measure_use(conversion.conversion_measure),
        window,
        constant,
    })))
}

fn measure_use(input: shapes::MeasureInput) -> MeasureUse {
    match input {
        shapes::MeasureInput::Name(name) => MeasureUse { name, filters: Vec::new(), fill_nulls_with: None },
        shapes::MeasureInput::Full { name, filter, fill_nulls_with } => MeasureUse {
            name,
            filters: filter.map(shapes::Filters::into_vec).unwrap_or_default(),
            fill_nulls_with,
        },
    }
}

fn metric_use(at: &Place, metric: &str, input: shapes::MetricInput) -> Result<MetricUse, DefinitionError> {
    Ok(match input {
        shapes::MetricInput::Name(name) => {
            MetricUse { alias: name.clone(), name, filters: Vec::new(), offset: None }
        }
        shapes::MetricInput::Full { name, alias, filter, offset_window, offset_to_grain } => {
            let offset = match (offset_window, offset_to_grain) {
                (None, None) => None,
                (Some(window), None) => Some(Offset::Back(span(at, metric, &window)?)),
                (None, Some(text)) => Some(Offset::StartOf(grain(at, metric, &text)?)),
                (Some(_), Some(_)) => {
                    return Err(at.error(format!(
                        "metric `{metric}`: `offset_window` and `offset_to_grain` exclude each other"
                    )));
                }
            };
            let filters = filter.map(shapes::Filters::into_vec).unwrap_or_default();
            MetricUse { alias: alias.unwrap_or_else(|| name.clone()), name, filters, offset }
        }
    })
}

fn grain(at: &Place, metric: &str, text: &str) -> Result<Grain, DefinitionError> {
    Grain::parse(text).ok_or_else(|| {
        at.error(format!("metric `{metric}`: `{text}` is no grain; use day, week, month, quarter or year"))
    })
}

/// `7 days`, `1 month`.
fn span(at: &Place, metric: &str, text: &str) -> Result<Span, DefinitionError> {
    let parse = || {
        let (count, unit) = text.trim().split_once(' ')?;
        let unit = unit.trim();
        let count: u32 = count.parse().ok().filter(|count| (1..=10_000).contains(count))?;
        Some(Span { count, unit: Grain::parse(unit.strip_suffix('s').unwrap_or(unit))? })
    };
    parse().ok_or_else(|| at.error(format!("metric `{metric}`: `{text}` is no span of time; write a number and a unit, as in `7 days` or `1 month`")))
}
