//! Balances: read on one day, never summed over days.

use crate::shop::{Shop, cents, open};
use kpi::{Cell, Grain};

/// A balance of three customers on business days of January to March 2026; customer 3 leaves after 10 February.
const BALANCES: &str = "SELECT CAST(day AS DATE) AS day, customer, CAST(value AS DECIMAL(12,2)) AS value FROM (VALUES \
    ('2026-01-15', 'a', '10.00'), ('2026-01-15', 'b', '5.00'), \
    ('2026-01-30', 'a', '11.00'), ('2026-01-30', 'b', '5.00'), ('2026-01-30', 'c', '7.00'), \
    ('2026-02-10', 'a', '12.00'), ('2026-02-10', 'b', '5.00'), ('2026-02-10', 'c', '7.00'), \
    ('2026-02-27', 'a', '12.00'), ('2026-02-27', 'b', '6.00'), \
    ('2026-03-20', 'a', '12.50'), ('2026-03-20', 'b', '6.50')) AS t (day, customer, value)";

/// Balances that are written only when they change.
const CHANGES: &str = "SELECT CAST(day AS DATE) AS day, account, CAST(value AS DECIMAL(12,2)) AS value FROM (VALUES \
    ('2026-01-02', 'x', '100.00'), ('2026-01-20', 'y', '50.00'), ('2026-03-01', 'x', '80.00')) AS t (day, account, value)";

const YAML: &str = r"
semantic_models:
  - name: balances
    model: ref('fct_balances')
    defaults: {agg_time_dimension: day}
    dimensions: [{name: day, type: time, type_params: {time_granularity: day}}, {name: customer, type: categorical}]
    measures:
      - {name: balance, agg: sum, expr: value, non_additive_dimension: {name: day, window_choice: max}}
      - {name: opening, agg: sum, expr: value, non_additive_dimension: {name: day, window_choice: min}}
      - {name: holders, agg: count, expr: customer, non_additive_dimension: {name: day, window_choice: max}}
  - name: changes
    model: ref('fct_changes')
    defaults: {agg_time_dimension: day}
    dimensions: [{name: day, type: time, type_params: {time_granularity: day}}, {name: account, type: categorical}]
    measures:
      - {name: last_known, agg: sum, expr: value, non_additive_dimension: {name: day, window_choice: max, window_groupings: [account]}}
metrics:
  - {name: balance, label: Saldo, type: simple, type_params: {measure: balance}}
  - {name: opening, label: Saldo inicial, type: simple, type_params: {measure: opening}}
  - {name: holders, label: Clientes, type: simple, type_params: {measure: holders}}
  - {name: mean_balance, label: Média, type: ratio, type_params: {numerator: balance, denominator: holders}}
  - {name: last_known, label: Contas, type: simple, type_params: {measure: last_known}}
  - {name: change, label: Variação, type: derived, type_params: {expr: now - before, metrics: [{name: balance, alias: now}, {name: balance, alias: before, offset_window: 1 month}]}}
";

async fn balances() -> Shop {
    open(&[("fct_balances", BALANCES), ("fct_changes", CHANGES)], YAML, "2026-03-25").await
}

fn values(series: Vec<(String, Cell)>) -> Vec<Cell> {
    series.into_iter().map(|(_, cell)| cell).collect()
}

#[tokio::test]
async fn stock_is_as_of_the_end_at_every_grain() {
    let shop = balances().await;
    let series = async |grain, from, to| values(shop.series("balance", grain, from, to).await);
    assert_eq!(
        series(Grain::Month, "2026-01-01", "2026-03-31").await,
        [cents(2_300), cents(1_800), cents(1_900)]
    );
    assert_eq!(series(Grain::Quarter, "2026-01-01", "2026-03-31").await, [cents(1_900)]);
    assert_eq!(series(Grain::Year, "2026-01-01", "2026-12-31").await, [cents(1_900)]);
    // The balance of a day without rows is that of the last day that has some; before the first there is none.
    assert_eq!(
        series(Grain::Day, "2026-01-14", "2026-01-16").await,
        [Cell::Null, cents(1_500), cents(1_500)]
    );
    assert_eq!(
        series(Grain::Week, "2026-02-23", "2026-03-22").await,
        [cents(1_800), cents(1_800), cents(1_800), cents(1_900)]
    );
    // A month that the data has not reached has no balance yet.
    assert_eq!(series(Grain::Month, "2026-03-01", "2026-04-30").await, [cents(1_900), Cell::Null]);
}

#[tokio::test]
async fn stock_total_is_the_last_day_of_the_period() {
    let shop = balances().await;
    assert_eq!(shop.total("balance", "2026-01-01", "2026-03-25").await, cents(1_900));
    assert_eq!(shop.total("balance", "2026-01-01", "2026-02-15").await, cents(2_400));
    assert_eq!(shop.total("balance", "2025-01-01", "2025-02-15").await, Cell::Null);
    assert_eq!(shop.total("opening", "2026-02-01", "2026-03-25").await, cents(2_400));
    assert_eq!(shop.total("mean_balance", "2026-01-01", "2026-02-15").await, Cell::Float(8.0));
}

#[tokio::test]
async fn stock_by_member_uses_the_same_day_for_all() {
    let shop = balances().await;
    // Customer c has rows in February, but none on its last day: gone is not carried over.
    let found = shop.by("balance", "customer", "2026-02-01", "2026-02-28").await;
    assert_eq!(found, [("a".to_owned(), cents(1_200)), ("b".to_owned(), cents(600))]);
}

#[tokio::test]
async fn stock_derived_offset_is_the_change_of_the_balance() {
    let shop = balances().await;
    assert_eq!(
        values(shop.series("change", Grain::Month, "2026-01-01", "2026-03-31").await),
        [Cell::Null, cents(-500), cents(100)]
    );
}

#[tokio::test]
async fn stock_with_groupings_keeps_each_groups_last_row() {
    let shop = balances().await;
    assert_eq!(
        values(shop.series("last_known", Grain::Month, "2026-01-01", "2026-03-31").await),
        [cents(15_000), cents(15_000), cents(13_000)]
    );
    assert_eq!(
        shop.by("last_known", "account", "2026-02-01", "2026-02-28").await,
        [("x".to_owned(), cents(10_000)), ("y".to_owned(), cents(5_000))]
    );
}
