//! Cumulative metrics: all time, trailing windows, to date.

use crate::shop::{Shop, cents, compared, day, open, text};
use kpi::{Cell, Compare, Grain, MetricQuery, PeriodSpec};

const MOVES: &str = "SELECT CAST(day AS DATE) AS day, who, CAST(value AS DECIMAL(12,2)) AS value FROM (VALUES \
    ('2025-11-30', 'a', '5.00'), ('2025-12-31', 'b', '1.00'), ('2026-01-10', 'a', '10.00'), ('2026-01-31', 'a', '-3.00'), \
    ('2026-02-01', 'b', '2.00'), ('2026-02-28', 'a', '4.00'), ('2026-03-15', 'c', '6.00'), ('2026-03-16', 'a', '-16.00')) AS t (day, who, value)";

const YAML: &str = r"
semantic_models:
  - name: moves
    model: ref('fct_moves')
    defaults: {agg_time_dimension: day}
    dimensions: [{name: day, type: time, type_params: {time_granularity: day}}, {name: who, type: categorical}]
    measures:
      - {name: moved, agg: sum, expr: value}
      - {name: people, agg: count_distinct, expr: who}
      - {name: mean_move, agg: average, expr: value}
metrics:
  - {name: balance, label: Saldo, type: cumulative, type_params: {measure: moved}}
  - {name: year_to_date, label: No ano, type: cumulative, type_params: {measure: moved, cumulative_type_params: {grain_to_date: year}}}
  - {name: month_to_date, label: No mês, type: cumulative, type_params: {measure: moved, cumulative_type_params: {grain_to_date: month}}}
  - {name: two_months, label: Dois meses, type: cumulative, type_params: {measure: moved, cumulative_type_params: {window: 2 months}}}
  - {name: ten_days, label: Dez dias, type: cumulative, type_params: {measure: moved, cumulative_type_params: {window: 10 days}}}
  - {name: active, label: Ativos, type: cumulative, type_params: {measure: people, cumulative_type_params: {window: 31 days}}}
  - {name: ever, label: Alguma vez, type: cumulative, type_params: {measure: people}}
  - {name: mean_ever, label: Média, type: cumulative, type_params: {measure: mean_move}}
  - {name: first_balance, label: Início, type: cumulative, type_params: {measure: moved, cumulative_type_params: {period_agg: first}}}
  - {name: average_balance, label: Médio, type: cumulative, type_params: {measure: moved, cumulative_type_params: {period_agg: average}}}
";

async fn moves() -> Shop {
    open(&[("fct_moves", MOVES)], YAML, "2026-03-20").await
}

async fn values(shop: &Shop, metric: &str, grain: Grain, from: &str, to: &str) -> Vec<Cell> {
    shop.series(metric, grain, from, to).await.into_iter().map(|(_, cell)| cell).collect()
}

const Q1: (&str, &str) = ("2026-01-01", "2026-03-20");

#[tokio::test]
async fn all_time_is_the_running_balance_at_every_grain() {
    let shop = moves().await;
    assert_eq!(
        values(&shop, "balance", Grain::Month, Q1.0, Q1.1).await,
        [cents(1_300), cents(1_900), cents(900)]
    );
    assert_eq!(values(&shop, "balance", Grain::Quarter, Q1.0, Q1.1).await, [cents(900)]);
    assert_eq!(
        values(&shop, "balance", Grain::Day, "2026-01-09", "2026-01-11").await,
        [cents(600), cents(1_600), cents(1_600)]
    );
    assert_eq!(
        values(&shop, "balance", Grain::Week, "2026-03-02", "2026-03-20").await,
        [cents(1_900), cents(2_500), cents(900)]
    );
    assert_eq!(shop.total("balance", "2026-02-10", "2026-02-11").await, cents(1_500));
    assert_eq!(shop.total("balance", "2025-01-01", "2025-02-11").await, cents(0));
    assert_eq!(
        values(&shop, "ever", Grain::Month, Q1.0, Q1.1).await,
        [Cell::Int(2), Cell::Int(2), Cell::Int(3)]
    );
    assert_eq!(shop.total("mean_ever", "2026-01-01", "2026-01-31").await, Cell::Float(13.0 / 4.0));
}

#[tokio::test]
async fn all_time_by_member_hides_balances_that_are_over() {
    let shop = moves().await;
    let found = shop.by("balance", "who", "2026-03-01", "2026-03-20").await;
    assert_eq!(found, [("b".to_owned(), cents(300)), ("c".to_owned(), cents(600))]);
}

#[tokio::test]
async fn to_date_starts_again_with_each_unit() {
    let shop = moves().await;
    assert_eq!(
        values(&shop, "year_to_date", Grain::Month, "2025-11-01", Q1.1).await,
        [cents(500), cents(600), cents(700), cents(1_300), cents(300)]
    );
    assert_eq!(
        values(&shop, "month_to_date", Grain::Day, "2026-01-30", "2026-02-01").await,
        [cents(1_000), cents(700), cents(200)]
    );
    assert_eq!(shop.total("year_to_date", "2026-02-10", "2026-02-15").await, cents(900));
}

#[tokio::test]
async fn windows_trail_the_end_of_each_bucket() {
    let shop = moves().await;
    assert_eq!(
        values(&shop, "two_months", Grain::Month, Q1.0, "2026-02-28").await,
        [cents(800), cents(1_300)]
    );
    assert_eq!(
        values(&shop, "ten_days", Grain::Day, "2026-01-18", "2026-01-20").await,
        [cents(1_000), cents(1_000), cents(0)]
    );
    assert_eq!(
        values(&shop, "active", Grain::Month, Q1.0, Q1.1).await,
        [Cell::Int(1), Cell::Int(2), Cell::Int(2)]
    );
}

#[tokio::test]
async fn period_aggregation_says_which_day_of_a_bucket_counts() {
    let shop = moves().await;
    assert_eq!(
        values(&shop, "first_balance", Grain::Month, Q1.0, Q1.1).await,
        [cents(600), cents(1_500), cents(1_900)]
    );
    let mean = values(&shop, "average_balance", Grain::Month, "2026-01-01", "2026-01-31").await;
    // Nine days at 6, twenty-one at 16, one at 13.
    assert_eq!(mean, [Cell::Float(403.0 / 31.0)]);
}

#[tokio::test]
async fn comparison_of_balances_reads_both_ends() {
    let shop = moves().await;
    let query = MetricQuery {
        by: vec!["who".to_owned()],
        ..compared(&["balance"], PeriodSpec::This { this: Grain::Month }, Compare::PreviousPeriod)
    };
    let frame = shop.ask(&query).await.unwrap();
    // 15 business days by Friday 20 March; the 15th of February (Carnaval on 16 and 17) is Tuesday 24.
    assert_eq!(frame.comparison.unwrap().to(), day("2026-02-24"));
    let expected = [
        [text("a"), cents(0), cents(1_200), cents(-1_200)],
        [text("b"), cents(300), cents(300), cents(0)],
        [text("c"), cents(600), cents(0), cents(600)],
    ];
    assert_eq!(frame.rows, expected);
}
