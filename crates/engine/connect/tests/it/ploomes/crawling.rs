//! Everything at once, and everything again.

use connect::Source;
use serde_json::json;
use simulators::servers::Misbehaviour;

use super::account::{Lake, STREAMS, assert_streams, assert_whole, served, source, source_of, world};

#[tokio::test]
async fn full_crawl_holds_exactly_what_the_crm_holds() {
    let world = world();
    let running = served(&world).await;
    let (mut lake, source) = (Lake::default(), source(&running));
    lake.sync(&source).await;
    assert_whole(&lake, &world, &source).await;
    assert_eq!(lake.rejected, 0);
    assert!(
        lake.rows("deals").iter().any(|row| row.contains_key("evento_codigo_id")),
        "custom fields come along"
    );
    assert!(lake.rows("users").iter().any(|row| row.contains_key("codigo_vendedor")));
    assert_eq!(lake.rows("options").len(), 40);
    assert_eq!(lake.rows("options")[0]["entity"], "deals");
    assert!(!lake.rows("tasks").is_empty());
}

#[tokio::test]
async fn small_pages_give_the_same_rows_even_where_a_page_has_one_moment() {
    let world = world();
    let running = served(&world).await;
    let source = source_of(&running.url(), &json!({"page": 7}));
    let mut lake = Lake::default();
    lake.sync(&source).await;
    assert_whole(&lake, &world, &source).await;
    // All products have one date: without a way through it, the first page would come for ever.
    let products = lake.rows("products");
    assert!(
        products.len() > 7
            && products.iter().all(|row| row["last_update_date"] == products[0]["last_update_date"])
    );
}

#[tokio::test]
async fn second_sync_without_changes_lands_nothing_and_asks_little() {
    let world = world();
    let running = served(&world).await;
    let mut lake = Lake::default();
    lake.sync(&source(&running)).await;
    let before = running.total();
    let (again, states) = (source(&running), lake.states.clone());
    let brought = lake.sync(&again).await;
    assert_eq!((brought.pieces, brought.rows), (0, 0));
    assert_eq!(lake.states, states);
    let asked = running.total() - before;
    assert!(asked <= 3 * again.streams().await.unwrap().len() as u64, "{asked} requests");
}

#[tokio::test]
async fn rows_that_move_while_pages_are_read_are_not_lost() {
    let world = world();
    let running = served(&world).await;
    let source = source_of(&running.url(), &json!({"page": 20}));
    running.misbehave(Misbehaviour { page_shift: 1.0, seed: 3, ..Misbehaviour::default() });
    let mut lake = Lake::default();
    let brought = lake.read(&source, "deals").await.unwrap();
    running.misbehave(Misbehaviour::default());
    assert!(brought.rows > lake.rows("deals").len(), "changed deals came twice");
    // What changed after the last page comes now; the rest must have come before.
    lake.read(&source, "deals").await.unwrap();
    assert_streams(&lake, &world, &source, &["deals"]).await;
}

#[tokio::test]
async fn reading_killed_between_lines_and_documents_goes_on_without_doubles() {
    let world = world();
    let running = served(&world).await;
    let source = source(&running);
    for killed_after in 0..3 {
        let mut lake = Lake::default();
        let streams = ["quotes", "orders"];
        for stream in streams {
            lake.read_some(&source, stream, killed_after).await.unwrap();
        }
        lake.sync_some(&source, &streams).await;
        assert_streams(&lake, &world, &source, &streams).await;
    }
}

#[tokio::test]
async fn streams_are_discovered_with_all_their_columns_and_none_of_their_rows() {
    let world = world();
    let running = served(&world).await;
    let source = source(&running);
    let found = source.discover().await.unwrap();
    assert!(found.problems.is_empty(), "{:?}", found.problems);
    let names: Vec<&str> = found.streams.iter().map(|stream| stream.name.as_str()).collect();
    for (stream, _, lines) in STREAMS {
        assert!(names.contains(&stream) && lines.is_none_or(|lines| names.contains(&lines)), "{stream}");
    }
    let deals = found.streams.iter().find(|stream| stream.name == "deals").unwrap();
    assert_eq!(deals.table, "crm__deals");
    let event: Vec<(&str, String)> = deals
        .columns
        .iter()
        .filter(|column| column.name.starts_with("evento"))
        .map(|column| (column.name.as_str(), column.column_type.to_string()))
        .collect();
    assert_eq!(event, [("evento_codigo_id", "integer".to_owned()), ("evento_codigo", "text".to_owned())]);
    assert!(
        running.requests().keys().all(|(path, _)| path.starts_with("/Fields")),
        "{:?}",
        running.requests()
    );
}
