//! Data tests as `check` receives them: which rule, on what, and the SQL that selects the failing rows.
//!
//! Invariant: a test's SQL runs on what the project built.

use transform::{Severity, TestKind};

use crate::shop::Shop;

const SCHEMA: &str = "models:
  - name: orders
    columns:
      - name: id
        data_tests: [unique, not_null]
      - name: status
        data_tests:
          - accepted_values: {arguments: {values: [open, won]}, config: {severity: warn, where: \"id > 1\", limit: 10}}
          - relationships: {to: ref('states'), field: name}
          - even_length:
              arguments: {least: \"{{ var('least', 2) }}\"}
";

async fn shop() -> Shop {
    let mut shop = Shop::new(&[
        ("models/orders.sql", "select * from (values (1, 'open'), (1, 'lost'), (2, 'lost'), (null, 'won')) as t(id, status)"),
        ("models/states.sql", "select * from (values ('open'), ('won')) as t(name)"),
        ("models/schema.yml", SCHEMA),
        (
            "tests/generic/even.sql",
            "{% test even_length(model, column_name, least) %}select * from {{ model }} where length({{ column_name }}) % 2 = 1 or length({{ column_name }}) < {{ least }}{% endtest %}",
        ),
        ("tests/no_lost.sql", "{{ config(severity='warn', error_if='> 5') }}\nselect * from {{ ref('orders') }} where status = 'lost';\n"),
    ])
    .await;
    shop.built("resource_type:model").await;
    shop
}

#[tokio::test(flavor = "multi_thread")]
async fn tests_tell_rule_table_column_and_limits() {
    let shop = shop().await;
    let project = shop.load().unwrap();
    let names: Vec<&str> = project.tests.values().map(|test| test.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "accepted_values_orders_status__open__won",
            "even_length_orders_status___var_least_2_",
            "no_lost",
            "not_null_orders_id",
            "relationships_orders_status__name__ref_states_",
            "unique_orders_id"
        ]
    );
    let by_name = |name: &str| project.tests.values().find(|test| test.name.starts_with(name)).unwrap();
    let accepted = by_name("accepted");
    assert_eq!(accepted.relation.as_ref().unwrap().to_string(), "marts.orders");
    assert_eq!(accepted.column.as_deref(), Some("status"));
    assert_eq!((accepted.config.severity, accepted.config.limit), (Severity::Warn, Some(10)));
    assert_eq!(accepted.config.where_sql.as_deref(), Some("id > 1"));
    let TestKind::Generic { test, package, arguments } = &by_name("relationships").kind else { panic!() };
    assert_eq!((test.as_str(), package.as_str()), ("relationships", "dbt"));
    assert_eq!(arguments["to"], "marts.states");
    assert_eq!(by_name("relationships").depends_on, ["model.shop.orders", "model.shop.states"]);
    let TestKind::Generic { arguments, .. } = &by_name("even").kind else { panic!() };
    assert_eq!(arguments["least"], 2);
    let singular = by_name("no_lost");
    assert_eq!(singular.kind, TestKind::Singular);
    assert_eq!(singular.config.error_if, "> 5");
}

#[tokio::test(flavor = "multi_thread")]
async fn test_sql_selects_the_failing_rows() {
    let shop = shop().await;
    let project = shop.load().unwrap();
    let session = shop.lake.session(shop.relations.clone());
    let mut counts = Vec::new();
    for test in project.tests.values() {
        let sql = project.test_sql(test, &session, &shop.context).await.unwrap();
        let count = shop.rows(&format!("select count(*) from (\n{sql}\n) as failing")).await;
        counts.push(format!("{} {}", test.name.split('_').next().unwrap(), count[0]));
    }
    // accepted_values looks at id > 1 only: one `lost`.
    assert_eq!(counts, ["accepted 1", "even 1", "no 2", "not 1", "relationships 2", "unique 1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn source_tests_and_freshness_are_known() {
    let yml = "sources:\n  - name: crm\n    schema: raw\n    freshness: {error_after: {count: 2, period: day}, filter: not deleted}\n    config: {loaded_at_field: at}\n    tables:\n      - name: deals\n        columns: [{name: id, tests: [not_null]}]\n";
    let shop = Shop::new(&[("models/s.yml", yml)]).await;
    let project = shop.load().unwrap();
    let source = &project.sources["source.shop.crm.deals"];
    assert_eq!(source.loaded_at_field.as_deref(), Some("at"));
    let freshness = source.freshness.as_ref().unwrap();
    assert_eq!(freshness.error_after.as_ref().unwrap().count, 2);
    assert_eq!(freshness.filter.as_deref(), Some("not deleted"));
    let test = project.tests.values().next().unwrap();
    assert_eq!(test.name, "not_null_source_crm_deals_id");
    assert_eq!(test.relation.as_ref().unwrap().to_string(), "raw.deals");
}
