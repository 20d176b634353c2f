//! What a metric means, and nothing else about it: the text that is hashed, and the expressions that people read.
//!
//! Invariant: labels, targets and owners do not change the hash; expressions, filters, tables and inputs do.

use super::Catalogue;
use crate::filter::Mention;
use crate::semantic::{Aggregation, Calculation, Formula, MeasureUse, Metric, MetricUse};
use plan::{Offset, PeriodAggregation, Reach, Span, WindowChoice};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// Hexadecimal SHA-256 of the canonical meaning.
pub(super) fn hash(catalogue: &Catalogue, metric: &Metric) -> String {
    let digest = Sha256::digest(meaning(catalogue, metric).to_string());
    digest.iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn meaning(catalogue: &Catalogue, metric: &Metric) -> Value {
    let input = |input: &MetricUse| {
        let inner = catalogue.get(&input.name).map(|metric| meaning(catalogue, metric));
        json!({"metric": inner, "filters": filters(catalogue, metric, &input.filters), "offset": input.offset.map(offset)})
    };
    let measure = |use_: &MeasureUse| measure(catalogue, metric, use_);
    let formula = match &metric.formula {
        Formula::Simple(one) => json!({"simple": measure(one)}),
        Formula::Ratio { numerator, denominator } => json!({"ratio": [input(numerator), input(denominator)]}),
        Formula::Derived { expression, inputs, .. } => {
            let inputs: Vec<Value> = inputs.iter().map(|one| json!([one.alias, input(one)])).collect();
            json!({"derived": format!("{expression:?}"), "inputs": inputs})
        }
        Formula::Cumulative { measure: one, reach: far, period } => {
            json!({"cumulative": measure(one), "reach": reach(*far), "period": period.map(period_name)})
        }
        Formula::Conversion(conversion) => json!({
            "conversion": [measure(&conversion.base), measure(&conversion.converted)],
            "entity": conversion.entity,
            "rate": conversion.calculation == Calculation::ConversionRate,
            "window": conversion.window.map(span),
            "constant": conversion.constant,
        }),
    };
    json!({"formula": formula, "filters": filters(catalogue, metric, &metric.filters)})
}

fn measure(catalogue: &Catalogue, metric: &Metric, use_: &MeasureUse) -> Value {
    let Some((table, measure)) = catalogue.measure(&use_.name) else { return Value::Null };
    let time = catalogue.measure_position(&use_.name).and_then(|(_, position)| table.time_of(position));
    let stock = measure
        .non_additive
        .as_ref()
        .map(|stock| json!([stock.window_choice == WindowChoice::Max, stock.window_groupings]));
    json!({
        "table": table.name.to_string(),
        "aggregation": name(measure.aggregation),
        "expression": tidy(&measure.expression),
        "percentile": (measure.aggregation == Aggregation::Percentile).then_some((measure.percentile, measure.discrete)),
        "time": time.map(|time| tidy(&table.model.dimensions[time].expression)),
        "stock": stock,
        "filters": filters(catalogue, metric, &use_.filters),
        "fill": use_.fill_nulls_with,
    })
}

/// Conditions with every mention as the expression that it stands for.
fn filters(catalogue: &Catalogue, metric: &Metric, texts: &[String]) -> Vec<String> {
    let facts = catalogue.facts_of(metric);
    let expression = |name: &str| {
        let route = facts.iter().find_map(|fact| Some((*fact, catalogue.route(*fact, name).ok()?)));
        let Some((fact, route)) = route else { return name.to_owned() };
        let table = &catalogue.tables[route.hops.last().map_or(fact, |hop| hop.table)];
        let text = match route.column {
            super::Column::Dimension(index) => &table.model.dimensions[index].expression,
            super::Column::Entity(index) => &table.model.entities[index].expression,
        };
        format!("{}[{}]", table.name, tidy(text))
    };
    let readable = |text: &String| {
        let condition = catalogue.condition(text)?;
        let sql: Result<String, std::convert::Infallible> = condition.sql(|mention| {
            Ok(match mention {
                Mention::Column(name) => expression(name),
                Mention::Time(name, grain) => format!("{} by {}", expression(name), grain.name()),
            })
        });
        sql.ok().map(|sql| tidy(&sql))
    };
    texts.iter().filter_map(readable).collect()
}

/// Spacing does not change what SQL means, except within quotes.
fn tidy(sql: &str) -> String {
    if sql.contains(['\'', '"']) {
        sql.trim().to_owned()
    } else {
        sql.split_whitespace().collect::<Vec<&str>>().join(" ")
    }
}

fn offset(offset: Offset) -> Value {
    match offset {
        Offset::Back(back) => span(back),
        Offset::StartOf(grain) => json!({"start_of": grain.name()}),
    }
}

fn reach(reach: Reach) -> Value {
    match reach {
        Reach::All => json!("all"),
        Reach::Window(window) => span(window),
        Reach::ToDate(grain) => json!({"to_date": grain.name()}),
    }
}

fn span(span: Span) -> Value {
    json!([span.count, span.unit.name()])
}

fn period_name(period: PeriodAggregation) -> &'static str {
    match period {
        PeriodAggregation::First => "first",
        PeriodAggregation::Last => "last",
        PeriodAggregation::Average => "average",
    }
}

fn name(aggregation: Aggregation) -> &'static str {
    match aggregation {
        Aggregation::Sum => "sum",
        Aggregation::Min => "min",
        Aggregation::Max => "max",
        Aggregation::Count => "count",
        Aggregation::CountDistinct => "count_distinct",
        Aggregation::SumBoolean => "sum_boolean",
        Aggregation::Average => "average",
        Aggregation::Median => "median",
        Aggregation::Percentile => "percentile",
    }
}

/// The metric and its inputs, each once: name and SQL-like text.
pub(super) fn expressions(catalogue: &Catalogue, metric: &Metric) -> Vec<(String, String)> {
    let mut found = Vec::new();
    collect(catalogue, metric, &mut found);
    found
}

fn collect(catalogue: &Catalogue, metric: &Metric, found: &mut Vec<(String, String)>) {
    if found.iter().any(|(name, _)| *name == metric.name) {
        return;
    }
    let of = |use_: &MeasureUse| {
        let conditions: Vec<String> =
            use_.filters.iter().chain(&metric.filters).map(|filter| tidy(filter)).collect();
        let text = catalogue.measure(&use_.name).map_or_else(String::new, |(table, measure)| {
            match measure.aggregation {
                Aggregation::SumBoolean => format!("count({}) · {}", measure.expression, table.name),
                Aggregation::Percentile => {
                    format!("percentile {}({}) · {}", measure.percentile, measure.expression, table.name)
                }
                aggregation => format!("{}({}) · {}", name(aggregation), measure.expression, table.name),
            }
        });
        if conditions.is_empty() { text } else { format!("{text} · {}", conditions.join(" and ")) }
    };
    let text = match &metric.formula {
        Formula::Simple(measure) => of(measure),
        Formula::Ratio { numerator, denominator } => format!("{} ÷ {}", numerator.name, denominator.name),
        Formula::Derived { text, .. } => text.clone(),
        Formula::Cumulative { measure, reach: far, .. } => format!("{} · {}", of(measure), reach(*far)),
        Formula::Conversion(conversion) => {
            format!("{} → {} · {}", of(&conversion.base), of(&conversion.converted), conversion.entity)
        }
    };
    found.push((metric.name.clone(), text));
    for input in super::inputs(metric) {
        if let Some(input) = catalogue.get(&input.name) {
            collect(catalogue, input, found);
        }
    }
}
