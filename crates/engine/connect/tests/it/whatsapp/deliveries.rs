//! What is delivered becomes rows once, whatever the order, and leaves the inbox when it has been landed.

use connect::sources::whatsapp::WhatsApp;
use connect::{Source, Surroundings};
use serde_json::{Value, json};
use simulators::servers::whatsapp::{Disorder, Events, Options};
use simulators::{Company, Scale};

use super::landing::{Lake, surroundings};

fn source(surroundings: &Surroundings, more: &Value) -> WhatsApp {
    let mut settings = json!({"app_secret": "s", "verify_token": "t"});
    settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    WhatsApp::from_settings("zap", &settings, surroundings).unwrap()
}

fn events() -> Events {
    let company = Company::generate(Scale::new(0.002).unwrap(), 7, "2026-06-30".parse().unwrap()).unwrap();
    Events::of(&company, &Options::default(), 1500)
}

async fn send(surroundings: &Surroundings, bodies: &[Vec<u8>]) {
    let inbox = surroundings.inboxes.as_ref().unwrap().of("zap");
    for bodies in bodies.chunks(500) {
        let kept = futures::future::join_all(bodies.iter().map(|body| inbox.append("", body))).await;
        assert!(kept.iter().all(Result::is_ok));
    }
}

fn delivery(field: &str, value: &Value) -> Vec<u8> {
    json!({"entry": [{"id": "1", "time": 1_750_000_000, "changes": [{"field": field, "value": value}]}]})
        .to_string()
        .into_bytes()
}

/// A message of the field `messages` with its contact.
fn message(id: &str, at: i64, phone: Option<&str>, user: Option<&str>, name: &str) -> Vec<u8> {
    let mut message =
        json!({"id": id, "timestamp": at.to_string(), "type": "text", "text": {"body": "segredo"}});
    let mut contact = json!({"profile": {"name": name}});
    if let Some(phone) = phone {
        message["from"] = phone.into();
        contact["wa_id"] = phone.into();
    }
    if let Some(user) = user {
        message["from_user_id"] = user.into();
        contact["user_id"] = user.into();
    }
    delivery(
        "messages",
        &json!({"metadata": {"phone_number_id": "9"}, "contacts": [contact], "messages": [message]}),
    )
}

#[tokio::test]
async fn rows_are_the_same_in_any_order_in_any_syncs_and_however_often_they_come() {
    let events = events();
    let account = Options::default().account;
    let plain = Disorder { seed: 1, doubled: 0.0, shuffled: false, batched: 1 }.deliveries(&events, &account);
    let mut tables = Vec::new();
    for (seed, syncs) in [(0, 1), (2, 1), (3, 4), (4, 9)] {
        let disorder = Disorder { seed, doubled: 0.2, shuffled: true, batched: 5 };
        let deliveries = if seed == 0 { plain.clone() } else { disorder.deliveries(&events, &account) };
        let dir = tempfile::tempdir().unwrap();
        let surroundings = surroundings(dir.path());
        let mut lake = Lake::default();
        for part in deliveries.chunks(deliveries.len().div_ceil(syncs)) {
            send(&surroundings, part).await;
            lake.sync(&source(&surroundings, &json!({}))).await;
        }
        assert!(lake.rejects.is_empty(), "{:?}", lake.rejects);
        let pieces = lake.pieces;
        lake.sync(&source(&surroundings, &json!({}))).await;
        assert_eq!(lake.pieces, pieces, "nothing is left to land");
        let left = surroundings.inboxes.as_ref().unwrap().of("zap").after(0).unwrap().count();
        assert_eq!(left, 0, "what has been landed leaves the inbox");
        tables.push(lake.tables);
    }
    let ids: Vec<&String> = tables[0]["messages"].keys().collect();
    assert_eq!(ids, events.messages.keys().collect::<Vec<_>>());
    assert_eq!(tables[0]["statuses"].len(), events.statuses.len());
    assert_eq!(tables[0]["notices"].len(), events.notices);
    for table in &tables[1..] {
        for (stream, rows) in table {
            assert!(rows == &tables[0][stream], "{stream} differs");
        }
        assert_eq!(table.len(), tables[0].len());
    }
}

#[tokio::test]
async fn what_was_not_landed_stays_in_the_inbox() {
    let dir = tempfile::tempdir().unwrap();
    let surroundings = surroundings(dir.path());
    send(&surroundings, &[message("m1", 1_750_000_000, Some("5511"), None, "Ana")]).await;
    let mut lake = Lake::default();
    lake.sync(&source(&surroundings, &json!({}))).await;
    // A sync that was stopped after its first stream.
    let again = source(&surroundings, &json!({}));
    lake.sync_stream(&again, "messages").await;
    again.close().await;
    let inbox = surroundings.inboxes.as_ref().unwrap().of("zap");
    assert_eq!(inbox.after(0).unwrap().count(), 1);
    lake.sync(&source(&surroundings, &json!({}))).await;
    assert_eq!(inbox.after(0).unwrap().count(), 0);
}

#[tokio::test]
async fn texts_are_kept_only_where_the_company_asks_for_them() {
    let dir = tempfile::tempdir().unwrap();
    let surroundings = surroundings(dir.path());
    let history =
        json!({"history": [{"threads": [{"messages": [{"id": "h", "text": {"body": "segredo"}}]}]}]});
    send(
        &surroundings,
        &[message("m1", 1_750_000_000, Some("5511"), None, "Ana"), delivery("history", &history)],
    )
    .await;
    let (mut without, mut with) = (Lake::default(), Lake::default());
    for stream in ["messages", "notices"] {
        without.sync_stream(&source(&surroundings, &json!({})), stream).await;
        with.sync_stream(&source(&surroundings, &json!({"store_text": "true"})), stream).await;
    }
    assert!(!format!("{:?}", without.tables).contains("segredo"));
    assert_eq!(with.column("messages", "text")["m1"], "segredo");
    assert!(format!("{:?}", with.tables["notices"]).contains("segredo"));
    assert_eq!(without.tables["notices"].len(), 1);
}

#[tokio::test]
async fn contacts_know_the_newest_name_and_a_number_that_is_withheld_later() {
    let told = [
        message("m1", 1_750_000_000, Some("5511"), Some("BR.1"), "Ana"),
        message("m2", 1_750_000_200, None, Some("BR.1"), "Ana Lima"),
        message("m3", 1_750_000_100, Some("5511"), Some("BR.1"), "Aninha"),
        message("m4", 1_750_000_000, Some("5512"), None, "Bia"),
    ];
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 0, 3, 2]] {
        let dir = tempfile::tempdir().unwrap();
        let surroundings = surroundings(dir.path());
        let mut lake = Lake::default();
        for at in order {
            send(&surroundings, &told[at..=at]).await;
            lake.sync(&source(&surroundings, &json!({}))).await;
        }
        let column = |name| lake.column("contacts", name).into_values().collect::<Vec<_>>();
        assert_eq!(column("contact_id"), ["5512", "BR.1"]);
        assert_eq!(column("profile_name"), ["Bia", "Ana Lima"]);
        assert_eq!(column("wa_id"), ["5512", "5511"]);
        assert_eq!(column("last_seen_at"), ["2025-06-15T15:06:40Z", "2025-06-15T15:10:00Z"]);
        assert_eq!(lake.column("messages", "contact_id")["m2"], "BR.1");
    }
}

#[tokio::test]
async fn what_does_not_fit_is_a_reject_with_its_reason_and_keeps_nothing_else_back() {
    let dir = tempfile::tempdir().unwrap();
    let surroundings = surroundings(dir.path());
    let odd = json!({"messages": [
        {"timestamp": "1", "type": "text"},
        {"id": "m1", "timestamp": "ontem", "type": "text"},
        {"id": "m2", "timestamp": "1750000000", "type": "holograma", "holograma": {"x": 1}},
    ]});
    let bodies = [
        b"{\"entry\":".to_vec(),
        b"[]".to_vec(),
        delivery("messages", &odd),
        delivery("messages", &json!({"news": 1})),
    ];
    send(&surroundings, &bodies).await;
    let mut lake = Lake::default();
    lake.sync(&source(&surroundings, &json!({}))).await;
    assert_eq!(
        lake.column("messages", "type").into_iter().collect::<Vec<_>>(),
        [("m2".to_owned(), "holograma".to_owned())]
    );
    let mut reasons = lake.rejects.clone();
    reasons.sort();
    assert_eq!(reasons.len(), 4, "{reasons:?}");
    assert!(
        reasons.iter().filter(|reason| reason.contains("is no JSON of the form")).count() == 2,
        "{reasons:?}"
    );
    assert!(reasons.iter().any(|reason| reason.contains("has no id")), "{reasons:?}");
    assert_eq!(lake.tables["notices"].len(), 1, "what nobody knows yet is kept");
}

#[tokio::test]
async fn numbers_that_are_not_asked_for_are_left_out() {
    let dir = tempfile::tempdir().unwrap();
    let surroundings = surroundings(dir.path());
    send(&surroundings, &[message("m1", 1_750_000_000, Some("5511"), None, "Ana")]).await;
    let (mut ours, mut theirs) = (Lake::default(), Lake::default());
    ours.sync_stream(&source(&surroundings, &json!({"phone_number_ids": "8, 9"})), "messages").await;
    theirs.sync_stream(&source(&surroundings, &json!({"phone_number_ids": "8"})), "messages").await;
    assert_eq!((ours.tables.len(), theirs.tables.len()), (1, 0));
}
