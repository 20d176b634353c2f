//! A service that fails, breaks off, forgets sessions; and syncs that are stopped.

use std::time::Duration;

use connect::Source;
use serde_json::json;
use simulators::servers::Misbehaviour;

use super::company::{Lake, assert_rows, assert_same, expected, served, settings, source, source_of, world};

#[tokio::test]
async fn sessions_that_end_in_the_middle_are_renewed_and_nothing_is_lost() {
    let world = world();
    let server = served(&world).await;
    server.misbehave(Misbehaviour { expire_session: 0.15, seed: 3, ..Misbehaviour::default() });
    let mut lake = Lake::default();
    let mut syncs = 0;
    // Where even a new session is forgotten at once, the sync ends, and the next one goes on.
    while syncs == 0 || !lake.sync(&source(&server)).await.is_empty() {
        syncs += 1;
        assert!(syncs < 50, "{:?}", server.requests());
    }
    server.misbehave(Misbehaviour::default());
    assert!(server.count("/b1s/v2/Login", 200) > syncs, "{:?}", server.requests());
    assert_same(&lake.all_tables(), &expected(&world, &source(&server)).await);
}

#[tokio::test]
async fn a_session_that_was_idle_for_long_is_renewed_once() {
    let world = world();
    let server = served(&world).await;
    let source = source(&server);
    let mut lake = Lake::default();
    lake.read(&source, "items").await.unwrap();
    server.pass_time(Duration::from_mins(31));
    lake.read(&source, "invoices").await.unwrap();
    assert_eq!(server.count("/b1s/v2/Login", 200), 2);
    assert_rows("invoices", &lake.rows("invoices"), &expected(&world, &source).await["invoices"]);
}

#[tokio::test]
async fn errors_of_the_server_broken_connections_and_half_answers_are_waited_out() {
    let world = world();
    let server = served(&world).await;
    let mut given = settings(&server.url());
    given["page_size"] = json!(50);
    let source = source_of(&given);
    server.misbehave(Misbehaviour {
        server_error: 0.1,
        drop_connection: 0.1,
        malformed_json: 0.1,
        seed: 11,
        ..Misbehaviour::default()
    });
    let mut lake = Lake::default();
    lake.read(&source, "invoices").await.unwrap();
    let path = "/b1s/v2/Invoices";
    let failed: u64 = [0, 500, 502, 503, 504].iter().map(|status| server.count(path, *status)).sum();
    assert!(failed > 0, "{:?}", server.requests());
    server.misbehave(Misbehaviour::default());
    let expected = expected(&world, &source).await;
    for stream in ["invoices", "invoice_lines"] {
        assert_rows(stream, &lake.rows(stream), &expected[stream]);
    }
}

#[tokio::test]
async fn what_may_not_be_read_is_told_and_the_other_streams_are_read() {
    let world = world();
    let server = served(&world).await;
    let source = source(&server);
    // Signs in first, so that the refusal meets a question for rows.
    Lake::default().read(&source, "items").await.unwrap();
    server.misbehave(Misbehaviour { forbidden_once: true, ..Misbehaviour::default() });
    let mut lake = Lake::default();
    let problems = lake.sync(&source).await;
    assert_eq!(problems.len(), 1, "{problems:?}");
    let text = problems[0].to_string();
    assert!(
        text.contains("stream `invoices`") && text.contains("give user `kpi_reader` the authorisation"),
        "{text}"
    );
    assert!(lake.rows("orders").len() > 10);
}

#[tokio::test]
async fn a_sync_killed_between_lines_and_documents_goes_on_to_the_same_end() {
    let world = world();
    let server = served(&world).await;
    let source = source(&server);
    for stream in ["invoices", "incoming_payments", "journal_entries"] {
        let mut lake = Lake::default();
        lake.read_some(&source, stream, 1).await.unwrap();
        lake.read(&source, stream).await.unwrap();
        let expected = expected(&world, &source).await;
        for (table, found) in lake.all_tables() {
            assert_rows(&table, &found, &expected[&table]);
        }
    }
    source.close().await;
}
