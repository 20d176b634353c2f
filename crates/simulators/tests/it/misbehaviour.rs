//! Faults befall requests as asked, and the same ones each time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use simulators::servers::{Misbehaviour, System};

use crate::calling::{Crm, Erp, send, world};

/// What came of forty requests in a row: the status, 0 for none, 1 for a body that is no JSON.
async fn outcomes(misbehaviour: Misbehaviour) -> Vec<u16> {
    let crm = Crm::start(world()).await;
    crm.server.misbehave(misbehaviour);
    let mut outcomes = Vec::new();
    for _ in 0..40 {
        outcomes.push(match send(crm.request(reqwest::Method::GET, "Deals?$top=3")).await {
            Err(_) => 0,
            Ok(reply) if reply.status == 200 && serde_json::from_str::<Value>(&reply.text).is_err() => 1,
            Ok(reply) => reply.status,
        });
    }
    outcomes
}

#[tokio::test]
async fn faults_follow_from_seed_and_number() {
    let bad = |seed| Misbehaviour {
        seed,
        server_error: 0.2,
        drop_connection: 0.2,
        malformed_json: 0.2,
        ..Misbehaviour::default()
    };
    let (first, again, other) = (outcomes(bad(3)).await, outcomes(bad(3)).await, outcomes(bad(4)).await);
    assert_eq!(first, again);
    assert_ne!(first, other);
    for wanted in [0, 1, 200] {
        assert!(first.contains(&wanted), "{wanted}: {first:?}");
    }
    assert!(first.iter().any(|status| (500..=504).contains(status)), "{first:?}");
    assert_eq!(outcomes(Misbehaviour::default()).await, vec![200; 40]);
}

#[tokio::test]
async fn throttle_refuses_without_a_word_until_the_minute_is_over() {
    let crm = Crm::start(world()).await;
    crm.server.misbehave(Misbehaviour { throttle: Some(3), ..Misbehaviour::default() });
    for _ in 0..3 {
        assert_eq!(crm.get("Users?$top=1").await.status, 200);
    }
    let refused = crm.get("Users?$top=1").await;
    assert_eq!((refused.status, refused.text.as_str()), (429, ""));
    assert!(refused.headers.get("retry-after").is_none());
    crm.server.pass_time(Duration::from_mins(1));
    assert_eq!(crm.get("Users?$top=1").await.status, 200);
    assert_eq!(crm.server.count("/Users", 429), 1);
    assert_eq!(crm.server.total(), 5);
}

#[tokio::test]
async fn forbidden_comes_once_and_latency_each_time() {
    let crm = Crm::start(world()).await;
    crm.server.misbehave(Misbehaviour {
        forbidden_once: true,
        latency_ms: 40..60,
        ..Misbehaviour::default()
    });
    let start = Instant::now();
    assert_eq!(crm.get("Users?$top=1").await.status, 403);
    assert_eq!(crm.get("Users?$top=1").await.status, 200);
    assert!(start.elapsed() >= Duration::from_millis(80));
}

#[tokio::test]
async fn rows_move_between_two_pages() {
    let world = world();
    let crm = Crm::start(Arc::clone(&world)).await;
    let before = world.ledger(System::Ploomes, "Deals").unwrap().len();
    crm.server.misbehave(Misbehaviour { page_shift: 1.0, ..Misbehaviour::default() });
    for skip in [0, 300] {
        crm.rows(&format!("Deals?$orderby=LastUpdateDate,Id&$top=300&$skip={skip}")).await;
    }
    assert_eq!(world.ledger(System::Ploomes, "Deals").unwrap().len(), before + 2);
}

#[tokio::test]
async fn session_is_forgotten_but_a_login_is_spared() {
    let erp = Erp::start(world()).await;
    erp.server.misbehave(Misbehaviour { expire_session: 1.0, server_error: 1.0, ..Misbehaviour::default() });
    assert_eq!(erp.login("v2").await.status, 200);
    assert!((500..=504).contains(&erp.get("v2/Orders?$top=1").await.status));
    erp.server.misbehave(Misbehaviour { expire_session: 1.0, ..Misbehaviour::default() });
    assert_eq!(erp.get("v2/Orders?$top=1").await.status, 401);
    erp.server.misbehave(Misbehaviour { throttle: Some(0), ..Misbehaviour::default() });
    assert_eq!(erp.get("v2/Orders?$top=1").await.status, 503);
    erp.server.misbehave(Misbehaviour::default());
    assert_eq!(erp.get("v2/Orders?$top=1").await.status, 401);
}
