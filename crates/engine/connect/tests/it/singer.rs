//! A real Singer tap from PyPI, as it is.

use std::sync::{Arc, Mutex};

use arrow::datatypes::DataType;
use connect::{LandHint, Source};
use serde_json::{Value, json};

use crate::landing::Table;
use crate::orders::{older_python, orders, shop, surroundings};

fn tap(python: &str, url: &str, choice: &str) -> Arc<dyn Source> {
    let stream = json!({"name": "orders", "path": "/orders", "records_path": "$.data[*]", "primary_keys": ["id"],
        "replication_key": "updated_at", "start_date": "2026-01-01T00:00:00Z"});
    let config = json!({"api_url": url, "streams": [stream]}).to_string();
    let settings: Value = json!({"package": "tap-rest-api-msdk", "version": "1.4.2", "python": python, "config": config, "streams": choice});
    connect::open("singer", "loja", &settings, &surroundings()).unwrap()
}

#[tokio::test]
async fn a_tap_is_read_twice_without_a_doubled_row() {
    let python = older_python();
    let rows = Arc::new(Mutex::new(orders(1, 30)));
    let shop = shop(rows.clone()).await;
    let mut table = Table::default();
    let (came, error) = table.sync(tap(python, &shop.url, "").as_ref(), "orders").await;
    assert_eq!((came, error.map(|error| error.to_string())), (30, None));
    let state = serde_json::to_string(&table.state).unwrap();
    assert!(state.contains("replication_key_value") && state.contains("2026-02-04T10:00:00Z"), "{state}");
    rows.lock().unwrap().extend(orders(31, 33));
    let (_, error) = table.sync(tap(python, &shop.url, "").as_ref(), "orders").await;
    assert_eq!(error.map(|error| error.to_string()), None);
    assert_eq!(table.ids("id"), (1..=33).collect::<Vec<_>>());
    assert_eq!(table.hints, vec![LandHint::Merge { key: vec!["id".to_owned()] }; 2]);
    assert_eq!((&table.types["id"], &table.types["total"]), (&DataType::Int64, &DataType::Float64));

    let whole = tap(python, &shop.url, "orders: full_refresh");
    rows.lock().unwrap().truncate(5);
    for _ in 0..2 {
        table.sync(whole.as_ref(), "orders").await;
    }
    assert_eq!((table.ids("id"), table.hints.len()), ((1..=5).collect::<Vec<_>>(), 3));
}

#[tokio::test]
async fn a_tap_that_fails_says_why() {
    let python = older_python();
    let error = tap(python, "http://127.0.0.1:1", "").streams().await.unwrap_err().to_string();
    assert!(error.contains("source `loja`, discovery: the tap failed:"), "{error}");
}
