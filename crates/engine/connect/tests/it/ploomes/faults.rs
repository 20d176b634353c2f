//! A CRM that is busy, broken, or refuses.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use connect::HttpError;
use connect::Source as _;
use serde_json::json;
use simulators::servers::{Misbehaviour, Running};

use super::account::{Lake, assert_streams, assert_whole, key, served, source, source_of, world};

#[tokio::test]
async fn errors_cut_connections_and_garbled_answers_are_waited_out() {
    let world = world();
    let running = served(&world).await;
    let source = source_of(&running.url(), &json!({"page": 40}));
    running.misbehave(Misbehaviour {
        seed: 11,
        server_error: 0.2,
        drop_connection: 0.15,
        malformed_json: 0.15,
        ..Misbehaviour::default()
    });
    let mut lake = Lake::default();
    lake.sync(&source).await;
    running.misbehave(Misbehaviour::default());
    assert_whole(&lake, &world, &source).await;
    let failed: u64 =
        running.requests().iter().filter(|((_, status), _)| *status != 200).map(|(_, count)| count).sum();
    assert!(failed > 10, "{failed}");
}

#[tokio::test]
async fn too_many_requests_are_asked_again_later() {
    let world = world();
    let running = Arc::new(served(&world).await);
    running.misbehave(Misbehaviour { throttle: Some(10), ..Misbehaviour::default() });
    let source = source_of(&running.url(), &json!({"page": 60}));
    let refused = |running: &Running| -> u64 {
        running.requests().iter().filter(|((_, status), _)| *status == 429).map(|(_, count)| count).sum()
    };
    let done = Arc::new(AtomicBool::new(false));
    let (clock, ended) = (running.clone(), done.clone());
    let minutes = tokio::spawn(async move {
        let mut seen = 0;
        while !ended.load(Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_millis(1)).await;
            // The minute is over as soon as somebody was refused.
            if refused(&clock) > seen {
                seen = refused(&clock);
                clock.pass_time(Duration::from_mins(1));
            }
        }
    });
    let mut lake = Lake::default();
    lake.sync_some(&source, &["contacts", "deals"]).await;
    done.store(true, Ordering::SeqCst);
    minutes.await.unwrap();
    assert!(refused(&running) > 3, "{}", refused(&running));
    running.misbehave(Misbehaviour::default());
    assert_streams(&lake, &world, &source, &["contacts", "deals"]).await;
}

#[tokio::test]
async fn a_refusal_stops_its_stream_at_once_and_the_next_reading_goes_on() {
    let world = world();
    let running = served(&world).await;
    let source = source(&running);
    let mut lake = Lake::default();
    lake.read(&source, "contacts").await.unwrap();
    let before = running.total();
    running.misbehave(Misbehaviour { forbidden_once: true, ..Misbehaviour::default() });
    let error = lake.read(&source, "deals").await.unwrap_err();
    assert_eq!(running.total() - before, 1, "asked once");
    assert!(matches!(error.http(), Some(HttpError::Status { status: 403, .. })), "{error}");
    let message = error.to_string();
    assert!(
        message.contains("`crm`, stream `deals`") && message.contains("check the user's profile"),
        "{message}"
    );
    lake.read(&source, "deals").await.unwrap();
    assert_streams(&lake, &world, &source, &["deals"]).await;
}

#[tokio::test]
async fn a_refusal_in_the_middle_keeps_what_was_landed() {
    let world = world();
    let running = served(&world).await;
    let source = source(&running);
    let mut lake = Lake::default();
    lake.read(&source, "deals").await.unwrap();
    let before = lake.rows("deals");
    world.advance(1).unwrap();
    running.misbehave(Misbehaviour { forbidden_once: true, ..Misbehaviour::default() });
    lake.read(&source, "deals").await.unwrap_err();
    assert_eq!(lake.rows("deals"), before);
    lake.read(&source, "deals").await.unwrap();
    assert_streams(&lake, &world, &source, &["deals"]).await;
}

#[tokio::test]
async fn a_wrong_key_is_a_sign_in_that_failed_and_is_not_told() {
    let world = world();
    let running = served(&world).await;
    let wrong = "FEDCBA9876543210";
    let source = source_of(&running.url(), &json!({"user_key": wrong}));
    let error = Lake::default().read(&source, "deals").await.unwrap_err();
    assert!(matches!(error.http(), Some(HttpError::SignIn { .. })), "{error}");
    let test = source.test().await.unwrap_err();
    for message in [error.to_string(), test.to_string(), format!("{error:?}"), format!("{test:?}")] {
        assert!(!message.contains(wrong) && !message.contains(&key()), "{message}");
    }
    assert_eq!(running.total(), 2, "a key is not tried again and again");
}

#[tokio::test]
async fn an_address_that_nobody_has_is_told_at_opening() {
    let source = source_of("http://127.0.0.1:1", &json!({}));
    let error = Lake::default().read(&source, "pipelines").await.unwrap_err();
    assert!(matches!(error.http(), Some(HttpError::Unreachable { .. })), "{error}");
    let inner = connect::open(
        "ploomes",
        "crm",
        &json!({"address": "http://127.0.0.1:1", "user_key": "A"}),
        &connect::Surroundings::default(),
    );
    let request = connect::ReadRequest { stream: "deals".into(), ..Default::default() };
    let error = inner.unwrap().read(request).await.map(|_| ()).unwrap_err();
    assert!(matches!(error.http(), Some(HttpError::Private { .. })), "{error}");
}
