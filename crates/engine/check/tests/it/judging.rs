//! Severity, thresholds, where, limit, fail_calc and stored failures.

use check::{Check, Config, Severity, Status, run, run_all};
use lake::Relation;
use lake::arrow::array::AsArray;
use lake::arrow::datatypes::Int64Type;
use serde_json::json;

use crate::shop::{generic, shop, singular};

fn with(check: Check, change: impl FnOnce(&mut Config)) -> Check {
    let mut check = check;
    change(&mut check.config);
    check
}

#[tokio::test]
async fn severity_and_thresholds_follow_dbt() {
    let shop = shop().await;
    // Two rows fail.
    let check = || generic("not_null", "id", json!({}));
    let cases: [(&str, &str, Severity, Status); 8] = [
        ("!= 0", "!= 0", Severity::Error, Status::Fail),
        ("!= 0", "!= 0", Severity::Warn, Status::Warn),
        ("!= 0", ">10", Severity::Error, Status::Warn),
        (">1", ">1", Severity::Error, Status::Fail),
        (">2", ">2", Severity::Error, Status::Pass),
        (">5", "!= 0", Severity::Error, Status::Fail),
        (">5", "!= 0", Severity::Warn, Status::Pass),
        ("between 2 and 3", "> 3", Severity::Error, Status::Warn),
    ];
    for (warn_if, error_if, severity, status) in cases {
        let check = with(check(), |config| {
            config.severity = severity;
            config.warn_if = warn_if.to_string();
            config.error_if = error_if.to_string();
        });
        let outcome = run(&shop.session, &check).await;
        assert_eq!(
            (outcome.status, outcome.failures),
            (status, 2),
            "{warn_if} {error_if} {severity:?}: {outcome:?}"
        );
    }
}

#[tokio::test]
async fn where_narrows_the_relation_before_the_rule() {
    let shop = shop().await;
    let check = with(generic("unique", "id", json!({})), |c| {
        c.only_where = Some("status = 'won' -- só ganhas".into());
    });
    let outcome = run(&shop.session, &check).await;
    assert_eq!(outcome.status, Status::Pass, "{outcome:?}");
    let check =
        with(generic("not_null", "id", json!({})), |c| c.only_where = Some("status <> 'open'".into()));
    assert_eq!(run(&shop.session, &check).await.failures, 0);
}

#[tokio::test]
async fn limit_bounds_what_is_counted() {
    let shop = shop().await;
    let check =
        with(generic("relationships", "customer_id", json!({"to": "marts.customers", "field": "id"})), |c| {
            c.limit = Some(2);
            c.error_if = "> 2".to_string();
        });
    let outcome = run(&shop.session, &check).await;
    assert_eq!((outcome.status, outcome.failures), (Status::Warn, 2), "{outcome:?}");
    assert_eq!(outcome.sample.unwrap().rows.len(), 2);
}

#[tokio::test]
async fn fail_calc_makes_the_number() {
    let shop = shop().await;
    let sum =
        |column| with(generic("unique", column, json!({})), |c| c.fail_calc = "sum(n_records)".to_string());
    assert_eq!(run(&shop.session, &sum("id")).await.failures, 5);
    // No failing row, so the sum is null: not a pass but an error, as in dbt.
    let outcome = run(&shop.session, &sum("loaded_at")).await;
    assert_eq!(outcome.status, Status::Error);
    assert!(outcome.message.unwrap().contains("sum(n_records)"));
}

#[tokio::test]
async fn singular_test_fails_on_every_row_it_returns() {
    let shop = shop().await;
    let sql =
        "with won as (select * from marts.orders where status = 'won')\nselect * from won where paid; -- fim";
    let outcome = run(&shop.session, &singular(sql)).await;
    assert_eq!(outcome.status, Status::Error, "a statement after the end is refused: {outcome:?}");
    let sql =
        "with won as (select * from marts.orders where status = 'won')\nselect * from won where paid -- fim";
    let outcome = run(&shop.session, &singular(sql)).await;
    assert_eq!((outcome.status, outcome.failures), (Status::Fail, 2), "{outcome:?}");
    let outcome = run(&shop.session, &singular("select 1 from marts.orders where id > 5;")).await;
    assert_eq!(outcome.status, Status::Pass, "{outcome:?}");
}

#[tokio::test]
async fn error_in_singular_sql_is_placed_in_its_own_lines() {
    let shop = shop().await;
    let outcome = run(&shop.session, &singular("select *\nfrom marts.orders\nwhere valor < 0")).await;
    assert_eq!((outcome.status, outcome.place), (Status::Error, Some((3, Some(7)))), "{outcome:?}");
}

#[tokio::test]
async fn stored_failures_are_a_table_with_whole_rows() {
    let shop = shop().await;
    let check = with(generic("not_null", "id", json!({})), |c| c.store_failures = true);
    let outcome = run(&shop.session, &check).await;
    let (table, version) = outcome.stored.unwrap();
    assert_eq!(table.to_string(), "dbt_test__audit.not_null_orders_id");
    let session = shop.session.with(table, Relation::Table { version });
    let sql = "select count(*) from dbt_test__audit.not_null_orders_id where status = 'open' and id is null";
    let rows = session.query(sql).await.unwrap();
    assert_eq!(rows[0].column(0).as_primitive::<Int64Type>().value(0), 2);
    // A run without failures leaves an empty table, not the old one.
    let check = with(generic("not_null", "id", json!({})), |c| {
        c.store_failures = true;
        c.only_where = Some("id > 0".to_string());
    });
    let (table, version) = run(&shop.session, &check).await.stored.unwrap();
    let rows = shop.session.with(table, Relation::Table { version }).query(sql).await.unwrap();
    assert_eq!(rows[0].column(0).as_primitive::<Int64Type>().value(0), 0);
}

#[tokio::test]
async fn outcomes_come_in_the_order_of_the_checks() {
    let shop = shop().await;
    let checks: Vec<Check> =
        ["id", "status", "paid", "customer_id"].map(|column| generic("not_null", column, json!({}))).into();
    let outcomes = run_all(&shop.session, &checks).await;
    let failures: Vec<u64> = outcomes.iter().map(|outcome| outcome.failures).collect();
    assert_eq!(failures, [2, 1, 0, 1]);
    assert!(outcomes.iter().zip(&checks).all(|(outcome, check)| outcome.check == check.id));
}
