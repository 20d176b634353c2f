//! What everyone but the engine sees of a metric.
//!
//! Invariant: a kind of number that an author leaves open follows from the formula, never from the name.

use super::{Catalogue, Table, inputs, meaning};
use crate::DefinitionError;
use crate::semantic::{Aggregation, Calculation, DimensionKind, Formula, Metric};
use kpi::definition::{Additivity, Label, PaceKind};
use kpi::{Dimension, Format, Grain, MetricDefinition};
use plan::Reach;

pub(super) fn define(catalogue: &Catalogue, metric: &Metric) -> Result<MetricDefinition, DefinitionError> {
    let about = &metric.about;
    let additivity = additivity(catalogue, metric);
    let (numerator, denominator) = match &metric.formula {
        Formula::Ratio { numerator, denominator } if plain(numerator) && plain(denominator) => {
            (Some(numerator.name.clone()), Some(denominator.name.clone()))
        }
        _ => (None, None),
    };
    let format = about.format.unwrap_or_else(|| format(catalogue, metric));
    let finest = catalogue
        .measures_of(metric)
        .into_iter()
        .filter_map(|measure| time_grain(catalogue, &measure.name))
        .max();
    let finest = finest.unwrap_or(Grain::Day);
    let grain = about.grain.unwrap_or(finest);
    if grain < finest {
        let message = format!(
            "metric `{}`: grain {} is finer than its data, which is by {}",
            metric.name,
            grain.name(),
            finest.name()
        );
        return Err(metric.place.error(message));
    }
    Ok(MetricDefinition {
        name: metric.name.clone(),
        label: about.label.clone(),
        description: about.description.clone(),
        kind: metric.kind,
        additivity,
        numerator,
        denominator,
        formula: if about.formula.pt.is_empty() { formula(catalogue, metric) } else { about.formula.clone() },
        format,
        unit: about.unit.clone().unwrap_or_else(|| unit(format).to_owned()),
        direction: about.direction,
        target: about.target.clone(),
        thresholds: about.thresholds,
        pace: about.pace.unwrap_or(if additivity == Additivity::Full {
            PaceKind::Sum
        } else {
            PaceKind::Level
        }),
        dimensions: about.dimensions.clone().unwrap_or_else(|| common_dimensions(catalogue, metric)),
        hierarchies: about.hierarchies.clone(),
        grain,
        time_note: about.time_note.clone(),
        owner: about.owner.clone(),
        steward: about.steward.clone(),
        classification: about.classification.map(str::to_owned),
        is_kpi: about.is_kpi,
        hash: meaning::hash(catalogue, metric),
        pack: metric.pack.clone(),
    })
}

/// A numerator that is filtered or moved is no metric that can be asked for by its name.
fn plain(input: &crate::semantic::MetricUse) -> bool {
    input.filters.is_empty() && input.offset.is_none()
}

fn time_grain(catalogue: &Catalogue, measure: &str) -> Option<Grain> {
    let (table, position) = catalogue.measure_position(measure)?;
    let table = &catalogue.tables[table];
    Some(table.model.dimensions[table.time_of(position)?].grain)
}

pub(crate) fn additivity(catalogue: &Catalogue, metric: &Metric) -> Additivity {
    let of_measure = |name: &str| {
        let Some((_, measure)) = catalogue.measure(name) else { return Additivity::None };
        let sums =
            matches!(measure.aggregation, Aggregation::Sum | Aggregation::Count | Aggregation::SumBoolean);
        match (sums, &measure.non_additive) {
            (true, None) => Additivity::Full,
            (true, Some(_)) => Additivity::Stock,
            (false, _) => Additivity::None,
        }
    };
    match &metric.formula {
        Formula::Simple(measure) => of_measure(&measure.name),
        Formula::Cumulative { measure, reach, .. } => match (of_measure(&measure.name), reach) {
            (Additivity::Full, Reach::All | Reach::Window(_) | Reach::ToDate(_)) => Additivity::Stock,
            _ => Additivity::None,
        },
        Formula::Derived { expression, inputs, .. }
            if expression.is_linear() && inputs.iter().all(|input| input.offset.is_none()) =>
        {
            let kinds: Vec<Additivity> = inputs
                .iter()
                .filter_map(|input| catalogue.get(&input.name))
                .map(|input| additivity(catalogue, input))
                .collect();
            match kinds.split_first() {
                Some((first, rest)) if rest.iter().all(|other| other == first) => *first,
                _ => Additivity::None,
            }
        }
        Formula::Conversion(conversion) if conversion.calculation == Calculation::Conversions => {
            Additivity::Full
        }
        Formula::Ratio { .. } | Formula::Derived { .. } | Formula::Conversion(_) => Additivity::None,
    }
}

fn format(catalogue: &Catalogue, metric: &Metric) -> Format {
    match &metric.formula {
        Formula::Ratio { .. } => Format::Percent,
        Formula::Conversion(conversion) if conversion.calculation == Calculation::ConversionRate => {
            Format::Percent
        }
        Formula::Conversion(_) => Format::Integer,
        Formula::Simple(measure) | Formula::Cumulative { measure, .. } => {
            match catalogue.measure(&measure.name).map(|(_, measure)| measure.aggregation) {
                Some(Aggregation::Count | Aggregation::CountDistinct | Aggregation::SumBoolean) => {
                    Format::Integer
                }
                _ => Format::Number { decimals: 2 },
            }
        }
        Formula::Derived { .. } => Format::Number { decimals: 2 },
    }
}

fn unit(format: Format) -> &'static str {
    match format {
        Format::Money => "BRL",
        Format::Percent => "%",
        Format::Times => "x",
        Format::Minutes => "minute",
        Format::Hours => "hour",
        Format::Days => "day",
        Format::BusinessDays => "business_day",
        Format::Text | Format::Integer | Format::Number { .. } => "",
    }
}

/// Dimensions that every fact of the metric reaches, in the order of the first.
fn common_dimensions(catalogue: &Catalogue, metric: &Metric) -> Vec<String> {
    let facts = catalogue.facts_of(metric);
    let Some((first, rest)) = facts.split_first() else { return Vec::new() };
    let mut names = catalogue.reachable(*first);
    names.retain(|name| rest.iter().all(|fact| catalogue.route(*fact, name).is_ok()));
    names
}

/// The formula in words, from the labels of what it is made of.
fn formula(catalogue: &Catalogue, metric: &Metric) -> Label {
    let both = |text: String| Label { pt: text.clone(), en: Some(text) };
    let label = |name: &str| {
        catalogue
            .get(name)
            .map_or_else(|| Label { pt: name.to_owned(), en: None }, |metric| metric.about.label.clone())
    };
    let join = |operator: &str, labels: Vec<Label>| {
        let english = |label: &Label| label.en.clone().unwrap_or_else(|| label.pt.clone());
        let pt: Vec<&str> = labels.iter().map(|label| label.pt.as_str()).collect();
        Label {
            pt: pt.join(operator),
            en: Some(labels.iter().map(english).collect::<Vec<String>>().join(operator)),
        }
    };
    match &metric.formula {
        Formula::Ratio { .. } => {
            join(" ÷ ", inputs(metric).into_iter().map(|input| label(&input.name)).collect())
        }
        Formula::Conversion(conversion) => {
            both(format!("{} → {}", conversion.base.name, conversion.converted.name))
        }
        Formula::Simple(_) | Formula::Cumulative { .. } | Formula::Derived { .. } => both(
            meaning::expressions(catalogue, metric)
                .into_iter()
                .next()
                .map(|(_, text)| text)
                .unwrap_or_default(),
        ),
    }
}

/// All categorical dimensions by their short names; the first table that labels one names it.
pub(super) fn dimensions(tables: &[Table]) -> Vec<Dimension> {
    let mut found: Vec<Dimension> = Vec::new();
    let mut labelled: Vec<String> = Vec::new();
    for dimension in tables
        .iter()
        .flat_map(|table| &table.model.dimensions)
        .filter(|dimension| dimension.kind == DimensionKind::Categorical)
    {
        let label = dimension.label.clone();
        match found.iter_mut().find(|other| other.name == dimension.name) {
            Some(other) => {
                other.prominent |= dimension.prominent;
                if let (Some(label), false) = (&label, labelled.contains(&dimension.name)) {
                    other.label = label.clone();
                }
            }
            None => found.push(Dimension {
                name: dimension.name.clone(),
                label: label.clone().unwrap_or_else(|| Label { pt: dimension.name.clone(), en: None }),
                prominent: dimension.prominent,
            }),
        }
        if label.is_some() {
            labelled.push(dimension.name.clone());
        }
    }
    found.sort_by_key(|dimension| !dimension.prominent);
    found
}
