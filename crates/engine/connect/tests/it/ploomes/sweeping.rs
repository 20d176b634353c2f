//! What is gone, and what only seems to be.

use std::sync::Arc;

use arrow::array::RecordBatch;
use connect::{ConnectError, LandedKeys};
use serde_json::{Value, json};
use simulators::servers::{Misbehaviour, Running, World};

use super::account::{Ids, Lake, assert_streams, day, served, source, source_of, world};
use super::scripted::{page, scripted};

/// A CRM that was read on the first day, and what was landed then.
async fn read_once() -> (Arc<World>, Arc<Running>, Lake) {
    let world = world();
    let running = Arc::new(served(&world).await);
    let mut lake = Lake::default();
    lake.sync_some(&source(&running), &["deals", "orders"]).await;
    (world, running, lake)
}

fn next_day(running: &Running, more: &serde_json::Value) -> connect::sources::ploomes::Ploomes {
    source_of(&running.url(), more).with_today(|| day(2))
}

#[tokio::test]
async fn deleted_records_are_noted_with_their_lines() {
    let (world, running, mut lake) = read_once().await;
    let (deal, order) = (lake.ids("deals")[3], world.order_ids()[2]);
    world.delete_deal(deal).unwrap();
    world.delete_order(order).unwrap();
    let source = next_day(&running, &json!({}));
    assert_eq!(lake.sweep(&source, "deals").await.unwrap().rows, 1);
    lake.sweep(&source, "orders").await.unwrap();
    assert_eq!(lake.deleted("deals")[0]["id"], deal.to_string());
    assert_eq!(lake.deleted("orders")[0]["id"], order.to_string());
    assert_eq!(lake.deleted("order_products")[0]["order_id"], order.to_string());
    assert_streams(&lake, &world, &source, &["deals", "orders"]).await;
}

#[tokio::test]
async fn one_day_has_one_sweep_and_the_first_reading_none() {
    let world = world();
    let running = served(&world).await;
    let mut lake = Lake::default();
    let first = source(&running);
    let sweeps = |running: &Running| running.total();
    lake.sweep(&first, "deals").await.unwrap();
    let after_first = lake.states["deals"].clone();
    assert!(after_first.get("cursor").is_some());

    lake.sweep(&first, "deals").await.unwrap();
    let before = sweeps(&running);
    world.delete_deal(lake.ids("deals")[0]).unwrap();
    lake.sweep(&first, "deals").await.unwrap();
    assert!(lake.deleted("deals").is_empty(), "the day has had its sweep");
    assert!(sweeps(&running) - before <= 3);
    let next = source_of(&running.url(), &json!({})).with_today(|| day(2));
    lake.sweep(&next, "deals").await.unwrap();
    assert_eq!(lake.deleted("deals").len(), 1);
}

/// The next page after the landed keys were asked for is refused.
#[derive(Debug)]
struct ThenRefused(Ids, Arc<Running>);

#[async_trait::async_trait]
impl LandedKeys for ThenRefused {
    async fn keys(
        &self,
        columns: &[&str],
    ) -> Result<Vec<RecordBatch>, Box<dyn std::error::Error + Send + Sync>> {
        self.1.misbehave(Misbehaviour { forbidden_once: true, ..Misbehaviour::default() });
        self.0.keys(columns).await
    }
}

#[tokio::test]
async fn a_page_that_failed_deletes_nothing() {
    let (world, running, mut lake) = read_once().await;
    world.delete_deal(lake.ids("deals")[0]).unwrap();
    let source = next_day(&running, &json!({}));
    let keys = Arc::new(ThenRefused(Ids(lake.ids("deals")), running.clone()));
    let error = lake.sweep_with(&source, "deals", keys).await.unwrap_err();
    assert!(matches!(error, ConnectError::Sweep { .. }), "{error}");
    let message = error.to_string();
    assert!(message.contains("no row was noted as deleted, because `127.0.0.1` answered 403"), "{message}");
    assert!(lake.deleted("deals").is_empty());
    // Not again and again on the same day: the listing is long.
    lake.sweep(&source, "deals").await.unwrap();
    assert!(lake.deleted("deals").is_empty());
    lake.sweep(&source_of(&running.url(), &json!({})).with_today(|| day(3)), "deals").await.unwrap();
    assert_eq!(lake.deleted("deals").len(), 1);
}

#[tokio::test]
async fn fewer_than_plausible_deletes_nothing() {
    let (world, running, mut lake) = read_once().await;
    let ids = lake.ids("orders");
    let gone = ids.len() / 4 + 1;
    for order in &ids[..gone] {
        world.delete_order(*order).unwrap();
    }
    let error = lake.sweep(&next_day(&running, &json!({})), "orders").await.unwrap_err();
    assert!(error.to_string().contains(&format!("only {} of {}", ids.len() - gone, ids.len())), "{error}");
    assert_eq!((lake.deleted("orders").len(), lake.ids("orders").len()), (0, ids.len()));
    let lower = source_of(&running.url(), &json!({"sweep_floor": 50})).with_today(|| day(3));
    lake.sweep(&lower, "orders").await.unwrap();
    assert_eq!(lake.deleted("orders").len(), gone);
}

#[tokio::test]
async fn deletions_of_one_day_are_capped_and_the_rest_comes_later() {
    let (world, running, mut lake) = read_once().await;
    for deal in &lake.ids("deals")[..3] {
        world.delete_deal(*deal).unwrap();
    }
    lake.sweep(&next_day(&running, &json!({"sweep_most": 2})), "deals").await.unwrap();
    assert_eq!(lake.deleted("deals").len(), 2);
    let third = source_of(&running.url(), &json!({"sweep_most": 2})).with_today(|| day(3));
    lake.sweep(&third, "deals").await.unwrap();
    assert_eq!(lake.deleted("deals").len(), 3);
}

#[tokio::test]
async fn sweeps_that_are_off_or_dry_change_nothing() {
    let (world, running, mut lake) = read_once().await;
    world.delete_deal(lake.ids("deals")[0]).unwrap();
    let mut asked = Vec::new();
    for mode in ["off", "dry_run"] {
        let before = running.total();
        let brought = lake.sweep(&next_day(&running, &json!({"sweep": mode})), "deals").await.unwrap();
        assert_eq!(brought.rows, 0, "{mode}");
        asked.push(running.total() - before);
    }
    assert!(asked[0] < asked[1], "{asked:?}");
    assert!(lake.deleted("deals").is_empty());
}

#[tokio::test]
async fn records_that_were_hidden_from_the_key_come_back() {
    let (world, running, mut lake) = read_once().await;
    // Of a few records nobody knows: they had been noted as deleted while the key could not see them.
    let ids = lake.ids("deals");
    let hidden = [ids[1], ids[2], ids[ids.len() / 2]];
    let known: Vec<i64> = ids.iter().copied().filter(|id| !hidden.contains(id)).collect();
    let source = source_of(&running.url(), &json!({"page": 4})).with_today(|| day(2));
    let brought = lake.sweep_with(&source, "deals", Arc::new(Ids(known))).await.unwrap();
    assert_eq!(brought.rows, hidden.len());
    assert_streams(&lake, &world, &source, &["deals", "orders"]).await;
}

#[tokio::test]
async fn keys_are_listed_to_the_last_one_however_small_the_pages() {
    let rows: Vec<Value> =
        (1..=7).map(|id| json!({"Id": id, "LastUpdateDate": "2026-03-20T15:37:10.183-03:00"})).collect();
    let server =
        scripted(move |target| page(target, if target.starts_with("Fields") { &[] } else { &rows }, 3)).await;
    let mut lake = Lake::default();
    lake.read(&source_of(&server.url, &json!({})), "deals").await.unwrap();
    let next = source_of(&server.url, &json!({"sweep_floor": 0})).with_today(|| day(2));
    assert_eq!(lake.sweep(&next, "deals").await.unwrap().rows, 0);
    assert_eq!(lake.states["deals"].get("sweep").unwrap()["day"], "2026-07-02");
}
