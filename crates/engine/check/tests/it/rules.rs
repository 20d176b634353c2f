//! What each rule counts, nulls included. The expected numbers are those of dbt-duckdb over the same rows.

use check::{Status, run};
use serde_json::json;

use crate::shop::{generic, shop};

#[tokio::test]
async fn unique_counts_repeated_values_once_and_ignores_nulls() {
    let shop = shop().await;
    let outcome = run(&shop.session, &generic("unique", "id", json!({}))).await;
    assert_eq!((outcome.status, outcome.failures), (Status::Fail, 2), "{outcome:?}");
    assert_eq!(outcome.message.unwrap(), "Got 2 results, configured to fail if != 0");
    let mut sample = outcome.sample.unwrap();
    sample.rows.sort();
    assert_eq!(sample.columns, ["unique_field", "n_records"]);
    let cell = |text: &str| Some(text.to_string());
    assert_eq!(sample.rows, [[cell("2"), cell("2")], [cell("3"), cell("3")]]);
    // An expression in place of a column, as dbt allows.
    let outcome = run(&shop.session, &generic("unique", "status || '-' || id", json!({}))).await;
    assert_eq!(outcome.failures, 1);
    let outcome = run(&shop.session, &generic("unique", "loaded_at", json!({}))).await;
    assert_eq!((outcome.status, outcome.failures, outcome.sample), (Status::Pass, 0, None));
}

#[tokio::test]
async fn not_null_counts_rows_and_shows_them_whole() {
    let shop = shop().await;
    let outcome = run(&shop.session, &generic("not_null", "id", json!({}))).await;
    assert_eq!((outcome.status, outcome.failures), (Status::Fail, 2), "{outcome:?}");
    let sample = outcome.sample.unwrap();
    assert_eq!(sample.columns, ["id", "status", "customer_id", "paid", "loaded_at"]);
    assert_eq!(sample.rows[0][..2], [None, Some("open".to_string())]);
    assert_eq!(run(&shop.session, &generic("not_null", "paid", json!({}))).await.status, Status::Pass);
}

#[tokio::test]
async fn accepted_values_counts_distinct_values_and_ignores_nulls() {
    let shop = shop().await;
    let cases = [
        ("status", json!({"values": ["won", "lost", "open"]}), 1),
        ("status", json!({"values": ["won", "lost", "open", "d'água"]}), 0),
        ("status", json!({"values": ["won"]}), 3),
        ("id", json!({"values": [1, 2]}), 1),
        ("id", json!({"values": [1, 2, 3], "quote": false}), 0),
        ("paid", json!({"values": [true]}), 1),
        ("paid", json!({"values": [true, false]}), 0),
    ];
    for (column, arguments, failures) in cases {
        let outcome = run(&shop.session, &generic("accepted_values", column, arguments.clone())).await;
        assert_ne!(outcome.status, Status::Error, "{outcome:?}");
        assert_eq!(outcome.failures, failures, "{column} {arguments}");
    }
}

#[tokio::test]
async fn relationships_counts_rows_and_ignores_nulls() {
    let shop = shop().await;
    let arguments = json!({"to": "\"mirante\".\"marts\".\"customers\"", "field": "id"});
    let outcome = run(&shop.session, &generic("relationships", "customer_id", arguments)).await;
    assert_eq!((outcome.status, outcome.failures), (Status::Fail, 3), "{outcome:?}");
}

#[tokio::test]
async fn rule_that_cannot_run_is_an_error_with_the_remedy() {
    let shop = shop().await;
    let cases = [
        (generic("unic", "id", json!({})), "not_null"),
        (generic("accepted_values", "status", json!({})), "`values`"),
        (generic("relationships", "customer_id", json!({"to": "marts.customers"})), "`field`"),
        (generic("unique", "nada", json!({})), "nada"),
    ];
    for (check, part) in cases {
        let outcome = run(&shop.session, &check).await;
        assert_eq!(outcome.status, Status::Error);
        assert!(outcome.status.blocks());
        let message = outcome.message.unwrap();
        assert!(message.contains(part) && message.contains(&check.id), "{message}");
    }
}
