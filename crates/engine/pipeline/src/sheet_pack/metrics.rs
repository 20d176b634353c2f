//! The metrics of a sheet's pack, as MetricFlow writes them: one per measure, and how many rows there are.
//!
//! Invariant: names are prefixed with the sheet's, so that two sheets with a column `valor` live in one workspace.

use super::{Measure, SheetPlan, Shown, quoted};
use std::fmt::Write;

pub fn metrics(plan: &SheetPlan) -> String {
    let SheetPlan { name, title, .. } = plan;
    let (day, rows) = (plan.day(), plan.rows_metric());
    let mut yaml = format!(
        "version: 2

semantic_models:
  - name: {name}
    label: {title}
    description: {description}
    model: ref('fct_{name}')
    primary_entity: {name}_linha
    defaults:
      agg_time_dimension: {day_name}
    dimensions:
      - {{name: {day_name}, type: time, expr: {day}, label: {day_label}, type_params: {{time_granularity: day}}}}
",
        title = quoted(title),
        description = quoted(&format!("{title}, da planilha {}.", plan.file)),
        day_name = plan.own(&day),
        day_label = quoted(&plan.date.label),
    );
    for (at, dimension) in plan.dimensions.iter().enumerate() {
        let prominent =
            if at < super::FILTERS { ", config: {meta: {mirante: {prominent: true}}}" } else { "" };
        let _ = writeln!(
            yaml,
            "      - {{name: {}, type: categorical, expr: '\"{}\"', label: {}{prominent}}}",
            plan.own(&dimension.column),
            dimension.column,
            quoted(&dimension.label)
        );
    }
    yaml.push_str("    measures:\n");
    for measure in &plan.measures {
        let aggregation = if measure.mean { "average" } else { "sum" };
        let (metric, column) = (plan.own(&measure.column), &measure.column);
        let _ = writeln!(yaml, "      - {{name: {metric}, agg: {aggregation}, expr: '\"{column}\"'}}");
    }
    let _ = write!(yaml, "      - {{name: {rows}, agg: count, expr: {day}}}\n\nmetrics:\n");
    for measure in &plan.measures {
        yaml.push_str(&of_measure(plan, measure));
    }
    yaml.push_str(&metric(
        plan,
        &rows,
        ("Registros", "Rows"),
        (
            &format!("Quantas linhas da planilha {title} têm data."),
            &format!("How many rows of {title} have a date."),
        ),
        ("linhas com data", "rows with a date"),
        "integer",
    ));
    yaml
}

fn of_measure(plan: &SheetPlan, measure: &Measure) -> String {
    let label = &measure.label;
    let (doing_pt, doing_en, sign) =
        if measure.mean { ("Média", "Mean", "média de") } else { ("Soma", "Sum", "Σ") };
    let shown = match measure.shown {
        // A mean of whole numbers has a fraction.
        Shown::Integer if measure.mean => "{number: {decimals: 2}}".to_owned(),
        Shown::Integer => "integer".to_owned(),
        Shown::Decimal(decimals) => format!("{{number: {{decimals: {}}}}}", decimals.min(4)),
        Shown::Money => "money".to_owned(),
    };
    let sign_en = if measure.mean { "mean of" } else { "Σ" };
    metric(
        plan,
        &plan.own(&measure.column),
        (label, label),
        (
            &format!("{doing_pt} de {label} da planilha {}.", plan.title),
            &format!("{doing_en} of {label} in {}.", plan.title),
        ),
        (&format!("{sign} {label}"), &format!("{sign_en} {label}")),
        &shown,
    )
}

fn metric(
    plan: &SheetPlan,
    name: &str,
    (label, label_en): (&str, &str),
    (description, description_en): (&str, &str),
    (formula, formula_en): (&str, &str),
    shown: &str,
) -> String {
    let dimensions: Vec<String> = plan.dimensions.iter().map(|one| plan.own(&one.column)).collect();
    format!(
        "  - name: {name}
    label: {label}
    description: {description}
    type: simple
    type_params: {{measure: {name}}}
    config:
      meta:
        mirante:
          kpi: true
          label_en: {label_en}
          description_en: {description_en}
          formula: {formula}
          formula_en: {formula_en}
          direction: none
          format: {shown}
          grain: day
          classification: interno
          dimensions: [{dimensions}]

",
        label = quoted(label),
        label_en = quoted(label_en),
        description = quoted(description),
        description_en = quoted(description_en),
        formula = quoted(formula),
        formula_en = quoted(formula_en),
        dimensions = dimensions.join(", "),
    )
}
