//! Real connectors from PyPI, as they are.

use std::sync::{Arc, Mutex};

use arrow::datatypes::DataType;
use connect::sources::airbyte::Airbyte;
use connect::{ColumnType, LandHint, Source as _};
use serde_json::{Value, json};

use crate::landing::Table;
use crate::orders::{older_python, orders, shop, surroundings};
use crate::served::{answer, served};

fn declarative(url: &str) -> Airbyte {
    let config = json!({"base_url": url, "token": "s3cr3t-token"}).to_string();
    let manifest = include_str!("orders.yaml");
    let settings =
        json!({"package": "airbyte-cdk", "version": "7.39.1", "manifest": manifest, "config": config});
    Airbyte::from_settings("loja", &settings, &surroundings()).unwrap()
}

#[tokio::test]
async fn a_manifest_of_ours_reads_an_api_twice_without_a_doubled_row() {
    let rows = Arc::new(Mutex::new(orders(1, 120)));
    let shop = shop(rows.clone()).await;
    let source = declarative(&shop.url);
    assert_eq!(source.streams().await.unwrap(), ["orders"]);
    let mut table = Table::default();
    let (came, error) = table.sync(&source, "orders").await;
    assert_eq!((came, error.map(|error| error.to_string())), (120, None));
    // One is new, and one has changed.
    rows.lock().unwrap().extend(orders(121, 121));
    rows.lock().unwrap()[6] = json!({"id": 7, "total": 99.5, "updated_at": "2026-02-14T00:00:00Z"});
    let asked = shop.asked().len();
    let (came, error) = table.sync(&declarative(&shop.url), "orders").await;
    assert_eq!(error.map(|error| error.to_string()), None);
    assert!(came < 10, "only what is new and what the connector overlaps: {came}");
    assert!(shop.asked()[asked..].iter().all(|asked| asked.target.contains("since=2026-02-13")));
    assert_eq!(table.ids("id"), (1..=121).collect::<Vec<_>>());
    let changed = table.rows.iter().find(|row| row["id"] == "7").unwrap();
    assert_eq!((changed["total"].as_str(), &table.types["total"]), ("99.5", &DataType::Float64));
    assert!(table.hints.iter().all(|hint| *hint == LandHint::Merge { key: vec!["id".to_owned()] }));
}

#[tokio::test]
async fn a_look_at_a_manifest_tells_its_columns_and_what_is_wrong() {
    let shop = shop(Arc::new(Mutex::new(orders(1, 2)))).await;
    let source = declarative(&shop.url);
    source.test().await.unwrap();
    let found = source.discover().await.unwrap();
    assert_eq!(found.streams[0].columns[2].column_type, ColumnType::Moment);
    let refusing = served(|_| answer("401 No", "", r#"{"message":"who are you, s3cr3t-token?"}"#)).await;
    let error = declarative(&refusing.url).test().await.unwrap_err().to_string();
    assert!(error.contains("source `loja`, check:") && !error.contains("s3cr3t"), "{error}");
}

#[tokio::test]
async fn the_faker_is_read_twice_without_a_doubled_row() {
    let python = older_python();
    let faker = |updated: bool| {
        let config = json!({"count": 200, "seed": 1, "records_per_slice": 100, "always_updated": updated, "parallelism": 1});
        let settings: Value = json!({"package": "airbyte-source-faker", "version": "7.2.1", "python": python,
            "config": config.to_string(), "streams": "users\nproducts: full_refresh"});
        Airbyte::from_settings("faker", &settings, &surroundings()).unwrap()
    };
    let source = faker(false);
    assert_eq!(source.streams().await.unwrap(), ["users", "products"]);
    let (mut users, mut products) = (Table::default(), Table::default());
    assert_eq!(users.sync(&source, "users").await.0, 200);
    assert_eq!(products.sync(&source, "products").await.0, 100);
    assert!(users.column("address")[0].starts_with("{\"street_number\":"));
    // What it has told it does not tell again, unless it is made to.
    for (updated, expected) in [(false, 0), (true, 200)] {
        let (came, error) = users.sync(&faker(updated), "users").await;
        assert_eq!((came, error.map(|error| error.to_string())), (expected, None));
        assert_eq!(users.ids("id"), (1..=200).collect::<Vec<_>>());
    }
    products.sync(&faker(false), "products").await;
    assert_eq!(products.ids("id").len(), 100);
    assert_eq!(products.hints[0], LandHint::ReplaceAll);
}

#[tokio::test]
async fn a_package_that_is_not_there_is_an_error_and_no_environment() {
    let settings = json!({"package": "airbyte-cdk", "version": "0.0.0.1", "python": "python3"});
    let source = Airbyte::from_settings("loja", &settings, &surroundings()).unwrap();
    for _ in 0..2 {
        let error = source.streams().await.unwrap_err().to_string();
        assert!(
            error.contains("installing `airbyte-cdk` 0.0.0.1: ERROR:")
                && error.contains("check package and version"),
            "{error}"
        );
    }
}
