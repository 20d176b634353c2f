//! Rows and states go together, whatever ends a sync.

use arrow::datatypes::{DataType, TimeUnit};
use connect::{LandHint, Source as _};
use serde_json::json;

use super::fake::{Fake, users};
use crate::landing::Table;

fn merge() -> LandHint {
    LandHint::Merge { key: vec!["id".to_owned()] }
}

#[tokio::test]
async fn a_second_sync_starts_from_the_state_that_came_with_the_rows() {
    let fake =
        Fake::new(&users(&json!({})), &json!([{"count": {"to": 10, "every": 5}}, {"status": "COMPLETE"}]));
    let mut table = Table::default();
    assert_eq!(table.sync(&fake.source(), "users").await.0, 10);
    fake.then(&users(&json!({})), &json!([{"count": {"to": 12, "every": 1}}, {"status": "COMPLETE"}]));
    let (came, error) = table.sync(&fake.source(), "users").await;
    assert_eq!((came, error.map(|error| error.to_string())), (2, None));
    assert_eq!(table.ids("id"), (1..=12).collect::<Vec<_>>());
    let seen = fake.seen("read");
    assert_eq!(seen[0]["state"], json!(null));
    assert_eq!(seen[1]["state"][0]["stream"]["stream_state"], json!({"at": 10}));
    let configured = &seen[1]["catalog"]["streams"];
    assert_eq!(configured.as_array().unwrap().len(), 1);
    assert_eq!(configured[0]["destination_sync_mode"], "append_dedup");
    assert_eq!((seen[0]["modes"].clone(), fake.runs()), (json!(["0o600", "0o600"]), 0));
    let environment: Vec<&str> =
        seen[0]["environment"].as_array().unwrap().iter().filter_map(|it| it.as_str()).collect();
    assert!(
        environment.contains(&"HOME") && !environment.iter().any(|name| name.starts_with("CARGO")),
        "{environment:?}"
    );
}

#[tokio::test]
async fn an_idle_source_brings_no_piece() {
    let fake = Fake::new(&users(&json!({})), &json!([{"record": {"id": 1}}, {"state": 1}]));
    let mut table = Table::default();
    table.sync(&fake.source(), "users").await;
    fake.then(&users(&json!({})), &json!([{"state": 1}, {"status": "COMPLETE"}]));
    table.sync(&fake.source(), "users").await;
    assert_eq!(table.hints, [merge()]);
}

#[tokio::test]
async fn a_connector_that_is_killed_goes_on_from_its_last_state_without_loss_or_doubles() {
    // Without a key nothing but the state keeps rows from coming twice.
    let stream = users(&json!({"source_defined_primary_key": null}));
    let killed = json!([{"count": {"to": 7, "every": 5}}, {"kill": 1}]);
    let fake = Fake::new(&stream, &killed);
    let mut table = Table::default();
    let (came, error) = table.sync(&fake.source(), "users").await;
    let error = error.unwrap().to_string();
    assert_eq!(came, 5, "what the last state vouches for");
    assert!(error.contains("stream `users`: the connector failed: it was killed by signal 9"), "{error}");
    fake.then(&stream, &json!([{"count": {"to": 12, "every": 5}}, {"state": 12}]));
    let (came, error) = table.sync(&fake.source(), "users").await;
    assert_eq!((came, error.map(|error| error.to_string())), (7, None));
    assert_eq!(table.ids("id"), (1..=12).collect::<Vec<_>>());
    assert_eq!(table.hints, [LandHint::ReplaceAll, LandHint::Append]);
}

#[tokio::test]
async fn a_reader_that_is_killed_between_pieces_goes_on_from_what_it_landed() {
    let stream = users(&json!({"source_defined_primary_key": null}));
    let fake =
        Fake::new(&stream, &json!([{"count": {"to": 120_000, "every": 1000}}, {"status": "COMPLETE"}]));
    let mut table = Table::default();
    assert_eq!(table.sync_some(&fake.source(), "users", 1).await.0, 50_000);
    assert_eq!(table.sync(&fake.source(), "users").await.0, 70_000);
    assert_eq!(table.ids("id"), (1..=120_000).collect::<Vec<_>>());
    assert_eq!(table.hints.len(), 3);
}

#[tokio::test]
async fn a_stream_that_ends_incomplete_takes_no_other_rows_place() {
    let whole = users(&json!({"supported_sync_modes": ["full_refresh"]}));
    let fake =
        Fake::new(&whole, &json!([{"record": {"id": 1}}, {"record": {"id": 2}}, {"status": "COMPLETE"}]));
    let mut table = Table::default();
    table.sync(&fake.source(), "users").await;
    fake.then(&whole, &json!([{"record": {"id": 3}}, {"status": "INCOMPLETE"}]));
    let error = table.sync(&fake.source(), "users").await.1.unwrap().to_string();
    assert!(error.contains("INCOMPLETE"), "{error}");
    assert_eq!(table.ids("id"), [1, 2]);
    fake.then(&whole, &json!([{"record": {"id": 3}}, {"status": "COMPLETE"}]));
    for _ in 0..2 {
        table.sync(&fake.source(), "users").await;
    }
    assert_eq!((table.ids("id"), table.hints.len()), (vec![3], 2), "the same records again are no piece");
}

#[tokio::test]
async fn global_and_old_states_go_back_as_they_came() {
    let global = json!({"type": "GLOBAL", "global": {"shared_state": {"lsn": 7}, "stream_states": []}});
    let old = json!({"data": {"users": {"at": 3}}});
    for (state, expected) in [(&global, json!([global])), (&old, json!({"users": {"at": 3}}))] {
        let steps = json!([{"record": {"id": 1}}, {"say": {"type": "STATE", "state": state}}]);
        let fake = Fake::new(&users(&json!({})), &steps);
        let mut table = Table::default();
        table.sync(&fake.source(), "users").await;
        table.sync(&fake.source(), "users").await;
        assert_eq!(fake.seen("read")[1]["state"], expected);
    }
}

#[tokio::test]
async fn values_become_what_the_schema_says_and_others_are_rejected_with_a_reason() {
    let stream = users(&json!({"json_schema": {"properties": {
        "id": {"type": ["null", "integer"]}, "price": {"type": "number"}, "day": {"type": "string", "format": "date"},
        "at": {"type": "string", "format": "date-time", "airbyte_type": "timestamp_with_timezone"},
        "local": {"type": "string", "format": "date-time", "airbyte_type": "timestamp_without_timezone"},
        "tags": {"type": "array"}, "live": {"type": "boolean"}}}}));
    let steps = json!([
        {"record": {"id": 1, "price": 1.5, "day": "2026-01-31", "at": "2005-02-17T02:37:06.283117", "local": "2026-01-31T10:00:00", "tags": [1], "live": true, "extra": 7}},
        {"record": {"id": "x"}}, {"record": {"price": 1}}, {"record": {"id": 2, "_ab_cdc_deleted_at": "2026-01-01T00:00:00Z"}},
        {"state": 1}, {"status": "COMPLETE"}
    ]);
    let fake = Fake::new(&stream, &steps);
    let mut table = Table::default();
    let (_, error) = table.sync(&fake.source(), "users").await;
    assert!(error.is_none(), "{error:?}");
    let row = &table.rows[0];
    let value = |name: &str| row.get(name).map(String::as_str);
    assert_eq!((value("tags"), value("price"), value("extra")), (Some("[1]"), Some("1.5"), Some("7")));
    assert_eq!(value("at"), Some("2005-02-17T02:37:06.283117Z"));
    assert_eq!(table.types["at"], DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())));
    assert_eq!(table.types["local"], DataType::Timestamp(TimeUnit::Microsecond, None));
    assert_eq!((&table.types["day"], &table.types["live"]), (&DataType::Date32, &DataType::Boolean));
    assert_eq!(table.rejected, ["is not a whole number", "has no value in its key `id`"]);
    assert_eq!(table.rows[1].get("_mirante_deleted").map(String::as_str), Some("true"));
    let found = fake.source().discover().await.unwrap();
    assert_eq!(found.streams[0].table, "loja__users");
}
