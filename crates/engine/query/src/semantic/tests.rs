//! Reading of the YAML that dbt's documentation shows, and the words for what is wrong with it.

use super::*;
use plan::WindowChoice;

fn read(text: &str) -> Result<(Vec<Model>, Vec<Metric>), DefinitionError> {
    parse(&[MetricsFile {
        pack: "sales".to_owned(),
        path: "metrics/sales.yml".to_owned(),
        text: text.to_owned(),
    }])
}

const ORDERS: &str = r#"
version: 2
models:
  - name: time_spine
    time_spine: {standard_granularity_column: date_day}
semantic_models:
  - name: orders
    model: ref('orders')
    defaults: {agg_time_dimension: ordered_at}
    entities:   [{name: order_id, type: primary, expr: id}, {name: customer, type: foreign, expr: customer_id}]
    dimensions:
      - {name: ordered_at, type: time, type_params: {time_granularity: day}}
      - {name: status, type: categorical, config: {meta: {mirante: {label: Situação, label_en: Status, prominent: true}, other: 1}}}
    measures:
      - {name: revenue, agg: sum, expr: amount}
      - {name: order_count, agg: count, expr: 1, create_metric: true}
      - {name: won_count, agg: sum_boolean, expr: "status = 'won'"}
      - {name: p90, agg: percentile, expr: amount, agg_params: {percentile: 0.9, use_discrete_percentile: true}}
      - {name: balance, agg: sum, expr: amount, non_additive_dimension: {name: ordered_at, window_choice: max}}
metrics:
  - {name: revenue,  label: Receita, type: simple, type_params: {measure: revenue}}
  - name: win_rate
    label: Taxa
    type: ratio
    type_params: {numerator: {name: won, filter: "{{ Dimension('order_id__status') }} = 'won'"}, denominator: order_count}
    config:
      meta:
        mirante:
          direction: up
          format: percent
          target: {value: 0.15}
          thresholds: {good: 0.15, attention: 0.1}
          hierarchies: [{name: geografia, root: {pt: Brasil, en: Brazil}, levels: [uf, cidade]}]
          kpi: true
  - {name: rev_delta, label: Delta, type: derived, type_params: {expr: "rev - prev", metrics: [{name: revenue, alias: rev}, {name: revenue, alias: prev, offset_window: 1 month}]}}
  - {name: revenue_mtd, label: MTD, type: cumulative, type_params: {measure: revenue, cumulative_type_params: {grain_to_date: month}}}
  - {name: conv, label: Conv, type: conversion, type_params: {conversion_type_params: {entity: customer, calculation: conversion_rate, base_measure: visits, conversion_measure: {name: buys}, window: 7 days}}}
"#;

#[test]
fn parse_reads_the_legacy_spec() {
    let (models, metrics) = read(ORDERS).unwrap();
    let orders = &models[0];
    assert_eq!((orders.name.as_str(), orders.reference.as_str(), orders.place.line), ("orders", "orders", 7));
    assert_eq!(orders.entities[0].expression, "id");
    assert_eq!(orders.dimensions[1].label.as_ref().unwrap().en.as_deref(), Some("Status"));
    assert!(orders.dimensions[1].prominent);
    assert_eq!(orders.measures[1].expression, "1");
    assert!(orders.measures[3].discrete);
    assert_eq!(orders.measures[4].non_additive.as_ref().unwrap().window_choice, WindowChoice::Max);
    let names: Vec<&str> = metrics.iter().map(|metric| metric.name.as_str()).collect();
    assert_eq!(names, ["order_count", "revenue", "win_rate", "rev_delta", "revenue_mtd", "conv"]);
    let rate = &metrics[2];
    assert_eq!(rate.about.format, Some(Format::Percent));
    assert_eq!(rate.about.hierarchies[0].root.en.as_deref(), Some("Brazil"));
    assert!(matches!(&rate.formula, Formula::Ratio { numerator, .. } if numerator.filters.len() == 1));
    assert!(
        matches!(&metrics[3].formula, Formula::Derived { inputs, .. } if inputs[1].offset == Some(Offset::Back(Span { count: 1, unit: Grain::Month })))
    );
    assert!(matches!(&metrics[4].formula, Formula::Cumulative { reach: Reach::ToDate(Grain::Month), .. }));
    assert!(
        matches!(&metrics[5].formula, Formula::Conversion(conversion) if conversion.window == Some(Span { count: 7, unit: Grain::Day }))
    );
}

#[test]
fn parse_file_without_metrics_is_empty() {
    for text in ["", "# nothing\n", "version: 2\n", "models: [{name: a}]\n"] {
        let (models, metrics) = read(text).unwrap();
        assert!(models.is_empty() && metrics.is_empty());
    }
}

#[test]
fn parse_mistake_names_the_place_and_the_remedy() {
    let check = |text: &str, expected: &str| {
        let message = read(text).err().unwrap().to_string();
        assert!(message.starts_with("metrics/sales.yml:") && message.contains(expected), "{message}");
    };
    check("metrics:\n  - {name: a, type: simple\n", ":");
    check(
        "metrics:\n  - {name: a, type: simple, type_params: {}}\n",
        ":2: metric `a`: type_params lacks `measure`",
    );
    check("metrics:\n  - {name: a, type: sinple, type_params: {}}\n", "unknown variant `sinple`");
    check(
        "metrics:\n  - name: a\n    type: simple\n    type_params: {measure: m}\n    config:\n      meta:\n        mirante:\n          directoin: up\n",
        "metrics/sales.yml:8:11: unknown field `directoin`",
    );
    check(
        "metrics:\n  - {name: a, type: derived, type_params: {expr: revenu - 1, metrics: [revenue]}}\n",
        ":2: metric `a`: expr uses `revenu`, which `metrics` does not list; did you mean `revenue`?",
    );
    check(
        "metrics:\n  - {name: a, type: derived, type_params: {expr: 'b -', metrics: [b]}}\n",
        "metric `a`: expr `b -`: expected a metric, a number or `(` and found the end",
    );
    check(
        "metrics:\n  - {name: a, type: cumulative, type_params: {measure: m, cumulative_type_params: {window: a week}}}\n",
        "metric `a`: `a week` is no span of time",
    );
    check(
        "semantic_models:\n  - {name: a, model: orders}\n",
        ":2: semantic model `a`: `model: orders` is no reference; write ref('table')",
    );
}

#[test]
fn parse_reads_every_pack_of_this_repository() {
    fn collect(dir: &std::path::Path, found: &mut Vec<MetricsFile>) {
        for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                collect(&path, found);
            } else if path.extension().is_some_and(|end| end == "yml")
                && path.parent().is_some_and(|parent| parent.ends_with("metrics"))
            {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push(MetricsFile { pack: "pack".to_owned(), path: path.display().to_string(), text });
            }
        }
    }
    let mut files = Vec::new();
    collect(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../packs"), &mut files);
    for file in &files {
        let (models, metrics) = parse(std::slice::from_ref(file)).unwrap_or_else(|error| panic!("{error}"));
        assert!(!models.is_empty() && !metrics.is_empty(), "{}", file.path);
    }
}
