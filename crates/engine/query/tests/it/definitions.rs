//! Catalogues: what their definitions say, and what is refused.

use crate::shop::{CITIES, COSTS, CUSTOMERS, ORDERS, YAML, files, session, shop};
use kpi::definition::{Additivity, PaceKind};
use kpi::{Format, Grain};
use query::Catalogue;

#[tokio::test]
async fn definitions_follow_from_the_formula() {
    let shop = shop().await;
    let metric = |name: &str| shop.catalogue.metric(name).unwrap().clone();
    let revenue = metric("revenue");
    assert_eq!(
        (revenue.additivity, revenue.pace, revenue.unit.as_str(), revenue.is_kpi),
        (Additivity::Full, PaceKind::Sum, "BRL", true)
    );
    assert_eq!(revenue.dimensions, ["status", "channel", "uf", "city_name", "region"]);
    assert_eq!(
        (metric("customers").additivity, metric("customers").format),
        (Additivity::None, Format::Integer)
    );
    let rate = metric("win_rate");
    assert_eq!(
        (rate.numerator.as_deref(), rate.denominator.as_deref(), rate.format),
        (Some("won"), Some("orders"), Format::Percent)
    );
    assert_eq!(
        (rate.additivity, rate.pace, rate.formula.pt.as_str()),
        (Additivity::None, PaceKind::Level, "Ganhos ÷ Pedidos")
    );
    assert_eq!((metric("won_share").numerator, metric("margin").additivity), (None, Additivity::Full));
    assert_eq!(metric("growth").additivity, Additivity::None);
    // Both facts know channel; only orders know the rest.
    assert_eq!(metric("margin").dimensions, ["channel"]);
    assert_eq!(metric("margin").grain, Grain::Day);
    let tables: Vec<String> = shop.catalogue.tables_of("margin").iter().map(ToString::to_string).collect();
    assert_eq!(tables, ["marts.fct_orders", "marts.fct_costs"]);
    assert_eq!(
        shop.catalogue.expressions_of("win_rate")[1],
        ("won".to_owned(), "count(status = 'won') · marts.fct_orders".to_owned())
    );
}

#[tokio::test]
async fn dimensions_are_listed_once_prominent_first() {
    let shop = shop().await;
    let found: Vec<(&str, &str)> = shop
        .catalogue
        .dimensions()
        .iter()
        .map(|dimension| (dimension.name.as_str(), dimension.label.pt.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            ("channel", "Canal"),
            ("status", "status"),
            ("uf", "uf"),
            ("city_name", "city_name"),
            ("region", "region")
        ]
    );
}

const TABLES: [(&str, &str); 4] =
    [("fct_orders", ORDERS), ("dim_customers", CUSTOMERS), ("dim_cities", CITIES), ("fct_costs", COSTS)];

#[tokio::test]
async fn hash_changes_with_the_meaning_and_with_nothing_else() {
    let (session, _dir) = session(&TABLES).await;
    let hashes = async |yaml: &str| {
        let catalogue =
            Catalogue::build(&session, &files(yaml)).await.unwrap_or_else(|error| panic!("{error}"));
        ["revenue", "avg_ticket", "ads_revenue", "cost"]
            .map(|name| catalogue.metric(name).unwrap().hash.clone())
    };
    let base = hashes(YAML).await;
    let check = async |from: &str, to: &str, changed: [bool; 4]| {
        assert!(YAML.contains(from), "{from}");
        let now = hashes(&YAML.replace(from, to)).await;
        let found: Vec<bool> = base.iter().zip(&now).map(|(a, b)| a != b).collect();
        assert_eq!(found, changed, "{from} → {to}");
    };
    check("label: Receita", "label: Faturamento", [false; 4]).await;
    check("direction: up", "direction: down", [false; 4]).await;
    check(
        "{name: revenue, agg: sum, expr: amount}",
        "{name: revenue, agg: sum, expr: '  amount '}",
        [false; 4],
    )
    .await;
    check(
        "{name: revenue, agg: sum, expr: amount}",
        "{name: revenue, agg: sum, expr: amount * 2}",
        [true, true, true, false],
    )
    .await;
    check("'order__channel') }} = 'Ads'", "'order__channel') }} = 'SDR'", [false, false, true, false]).await;
    check("{name: cost, agg: sum", "{name: cost, agg: max", [false, false, false, true]).await;
}

/// Builds the shop's metrics with one text replaced and expects to hear about it.
async fn refused(session: &lake::Session, from: &str, to: &str, expected: &str) {
    assert!(YAML.contains(from), "{from}");
    let built = Catalogue::build(session, &files(&YAML.replacen(from, to, 1))).await;
    let message = built.err().unwrap_or_else(|| panic!("{to} was accepted")).to_string();
    assert!(message.starts_with("metrics/shop.yml:") && message.contains(expected), "{message}");
}

#[tokio::test]
async fn mistakes_of_models_are_said_with_place_and_remedy() {
    let (session, _dir) = session(&TABLES).await;
    let check = async |from: &str, to: &str, expected: &str| refused(&session, from, to, expected).await;
    check(
        "ref('fct_orders')",
        "ref('fct_order')",
        "semantic model `orders`: there is no table `fct_order`; did you mean ref('fct_orders')?",
    )
    .await;
    check(
        "agg: sum, expr: amount}",
        "agg: sum, expr: amout}",
        ":14: measure `revenue` `amout` is no SQL over `marts.fct_orders`",
    )
    .await;
    check("agg: sum, expr: amount}", "agg: sum, expr: status}", "measure `revenue`: `status` is no number")
        .await;
    check("expr: \"status = 'won'\"", "expr: amount", "measure `won_count`: `amount` is no condition").await;
    check(
        "agg_time_dimension: ordered_at",
        "agg_time_dimension: orderd_at",
        "there is no time dimension `orderd_at`",
    )
    .await;
    check(
        "agg_time_dimension: ordered_at",
        "agg_time_dimension: status",
        "`status` is no dimension of type time",
    )
    .await;
}

#[tokio::test]
async fn mistakes_of_metrics_are_said_with_place_and_remedy() {
    let (session, _dir) = session(&TABLES).await;
    let check = async |from: &str, to: &str, expected: &str| refused(&session, from, to, expected).await;
    check(
        "{measure: order_count}",
        "{measure: orders_count}",
        "metric `orders`: there is no measure `orders_count`; did you mean `order_count`?",
    )
    .await;
    check(
        "denominator: orders}}\n  - {name: avg",
        "denominator: ordrs}}\n  - {name: avg",
        "metric `win_rate`: there is no metric `ordrs`; did you mean `orders`?",
    )
    .await;
    check(
        "numerator: won, ",
        "numerator: won_count, ",
        "`won_count` is a measure, and inputs are metrics; define a simple metric over it",
    )
    .await;
    check(
        "numerator: cost, denominator: revenue",
        "numerator: cost_share, denominator: revenue",
        "metric `cost_share` leads back to itself: cost_share → cost_share",
    )
    .await;
    check("'order__channel') }} = 'Ads'", "'order__chanel') }} = 'Ads'", "metric `ads_revenue`").await;
    check("'order__channel') }} = 'Ads'", "'order__channel' }} = 'Ads'", "metric `ads_revenue`: filter")
        .await;
    check("'order__channel') }} = 'Ads'", "'order__channel') }} == = 'Ads'", "metric `ads_revenue`").await;
    check("- {name: orders, label", "- {name: revenue, label", "metric `revenue` is defined twice").await;
    check("format: money, direction: up", "format: money, directon: up", "unknown field `directon`").await;
    check(
        "format: money, direction: up",
        "format: money, target: {metric: goal}",
        "there is no target metric `goal`",
    )
    .await;
    check(
        "format: money, direction: up",
        "format: money, hierarchy: [region, cidade]",
        "there is no dimension over `orders` `cidade`",
    )
    .await;
    check(
        "{name: status, type: categorical}",
        "{name: status, type: time}",
        "dimension `status`: `status` is no date",
    )
    .await;
}

#[tokio::test]
async fn ambiguous_dimension_asks_for_the_full_name() {
    let (session, _dir) = session(&TABLES).await;
    let yaml = YAML.replace(
        "- {name: customer, type: foreign, expr: customer_id}",
        "- {name: customer, type: foreign, expr: customer_id}\n      - {name: payer, type: foreign, expr: customer_id}",
    ) + "";
    let yaml = yaml.replace(
        "  - name: cities\n",
        "  - name: payers\n    model: ref('dim_customers')\n    entities: [{name: payer, type: primary, expr: customer_key}]\n    dimensions: [{name: uf, type: categorical}]\n  - name: cities\n",
    );
    let catalogue = Catalogue::build(&session, &files(&yaml)).await.unwrap_or_else(|error| panic!("{error}"));
    let dimensions = &catalogue.metric("revenue").unwrap().dimensions;
    assert!(
        dimensions.contains(&"customer__uf".to_owned()) && dimensions.contains(&"payer__uf".to_owned()),
        "{dimensions:?}"
    );
}

#[tokio::test]
async fn planned_definitions_travel_as_text_and_a_part_knows_no_more_than_it_needs() {
    let shop = shop().await;
    let planned = shop.catalogue.planned();
    let text = serde_json::to_string(planned).unwrap();
    assert_eq!(serde_json::from_str::<plan::Definitions>(&text).unwrap(), *planned);

    let part = planned.only(&["sp_revenue", "cost_share"], &["channel"]);
    assert_eq!(part.metrics.keys().collect::<Vec<_>>(), ["cost_share", "sp_revenue"]);
    let of = |name: &str| part.facts.iter().find(|fact| fact.name == name).unwrap();
    assert_eq!(of("orders").dimensions.keys().collect::<Vec<_>>(), ["channel"]);
    assert!(of("customers").columns.is_empty(), "nothing counts customers here");
    let wanted =
        plan::sliced::wanted(&part, planned.facts.iter().position(|fact| fact.name == "orders").unwrap());
    let names: Vec<String> = wanted.iter().map(|(role, column)| role.name(of("orders"), *column)).collect();
    assert_eq!(
        names,
        [
            "day f.\"d_ordered_at\"",
            "member f.\"d_channel\"",
            "flag (\"j_customer\".\"d_uf\" = 'SP')",
            "number f.\"m_revenue\""
        ]
    );
}
