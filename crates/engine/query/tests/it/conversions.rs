//! Conversions: base events that are followed by another event of the same entity.

use crate::shop::{Shop, day, open};
use kpi::{Cell, FilterOp, Grain, MetricQuery, Role};

const VISITS: &str = "SELECT CAST(day AS DATE) AS day, CAST(who AS INT) AS who, channel, product FROM (VALUES \
    ('2026-01-01', 1, 'Ads', 'p'), ('2026-01-05', 1, 'Site', 'p'), ('2026-01-02', 2, 'Ads', 'q'), ('2026-01-31', 3, 'Ads', 'p'), \
    ('2026-02-01', 4, 'Site', 'p'), ('2026-02-01', NULL, 'Site', 'p')) AS t (day, who, channel, product)";

const BUYS: &str = "SELECT CAST(day AS DATE) AS day, CAST(who AS INT) AS who, product, large FROM (VALUES \
    ('2026-01-06', 1, 'p', true), ('2026-01-07', 1, 'q', false), ('2026-01-20', 2, 'q', true), ('2026-02-02', 3, 'p', false), \
    ('2026-01-15', 4, 'p', true), ('2026-02-05', NULL, 'p', true)) AS t (day, who, product, large)";

const YAML: &str = r#"
semantic_models:
  - name: visits
    model: ref('fct_visits')
    defaults: {agg_time_dimension: day}
    entities: [{name: person, type: foreign, expr: who}]
    dimensions: [{name: day, type: time, type_params: {time_granularity: day}}, {name: channel, type: categorical}, {name: product, type: categorical}]
    measures: [{name: visits, agg: count, expr: 1}]
  - name: buys
    model: ref('fct_buys')
    defaults: {agg_time_dimension: day}
    entities: [{name: person, type: foreign, expr: who}]
    dimensions: [{name: day, type: time, type_params: {time_granularity: day}}, {name: product, type: categorical}, {name: large, type: categorical}]
    measures: [{name: buys, agg: count, expr: 1}]
metrics:
  - {name: bought, label: Compraram, type: conversion, type_params: {conversion_type_params: {entity: person, calculation: conversions, base_measure: visits, conversion_measure: buys}}}
  - {name: in_a_week, label: Em 7 dias, type: conversion, type_params: {conversion_type_params: {entity: person, calculation: conversions, base_measure: visits, conversion_measure: buys, window: 7 days}}}
  - {name: rate, label: Taxa, type: conversion, type_params: {conversion_type_params: {entity: person, base_measure: visits, conversion_measure: buys, window: 7 days}}}
  - {name: same_product, label: Mesmo produto, type: conversion, type_params: {conversion_type_params: {entity: person, calculation: conversions, base_measure: visits, conversion_measure: buys, constant_properties: [{base_property: product, conversion_property: product}]}}}
  - {name: large_ones, label: Grandes, type: conversion, type_params: {conversion_type_params: {entity: person, calculation: conversions, base_measure: visits, conversion_measure: {name: buys, filter: "{{ Dimension('person__large') }}"}}}}
  - {name: of_ads, label: De Ads, type: conversion, type_params: {conversion_type_params: {entity: person, calculation: conversions, base_measure: {name: visits, filter: "{{ Dimension('channel') }} = 'Ads'"}, conversion_measure: buys}}}
"#;

async fn funnel() -> Shop {
    open(&[("fct_visits", VISITS), ("fct_buys", BUYS)], &YAML.replace("person__large", "large"), "2026-02-28")
        .await
}

const ALL: (&str, &str) = ("2026-01-01", "2026-02-28");

#[tokio::test]
async fn conversions_count_once_beside_the_latest_base_event() {
    let shop = funnel().await;
    // Person 4 bought before the visit, and people without an id are nobody.
    assert_eq!(shop.total("bought", ALL.0, ALL.1).await, Cell::Int(4));
    // Person 2 took eighteen days.
    assert_eq!(shop.total("in_a_week", ALL.0, ALL.1).await, Cell::Int(3));
    assert_eq!(shop.total("rate", ALL.0, ALL.1).await, Cell::Float(3.0 / 6.0));
    assert_eq!(shop.total("same_product", ALL.0, ALL.1).await, Cell::Int(3));
    assert_eq!(shop.total("large_ones", ALL.0, ALL.1).await, Cell::Int(2));
    // Both purchases of person 1 follow the visit from Ads, too.
    assert_eq!(shop.total("of_ads", ALL.0, ALL.1).await, Cell::Int(4));
}

#[tokio::test]
async fn conversions_belong_to_the_day_and_members_of_the_base_event() {
    let shop = funnel().await;
    assert_eq!(
        shop.by("bought", "channel", ALL.0, ALL.1).await,
        [("Ads".to_owned(), Cell::Int(2)), ("Site".to_owned(), Cell::Int(2))]
    );
    let months = shop.series("rate", Grain::Month, ALL.0, ALL.1).await;
    // The purchase of 2 February belongs to the visit of 31 January.
    assert_eq!(
        months.into_iter().map(|(_, cell)| cell).collect::<Vec<_>>(),
        [Cell::Float(0.75), Cell::Float(0.0)]
    );
    let query = MetricQuery {
        filters: vec![crate::shop::only("channel", FilterOp::In, &["Site"])],
        ..MetricQuery::total(["bought"], crate::shop::between(ALL.0, ALL.1))
    };
    assert_eq!(shop.ask(&query).await.unwrap().single("bought", Role::Value), Some(&Cell::Int(2)));
    assert_eq!(shop.clock.covered, day("2026-02-28"));
}
