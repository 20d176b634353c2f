//! Signed events of any system: what they become, and what is refused when they are set up.

use connect::{Surroundings, hooks};
use serde_json::json;

use crate::whatsapp::landing::{Lake, surroundings};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

#[tokio::test]
async fn events_are_rows_by_their_id_with_the_columns_that_were_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let surroundings = surroundings(dir.path());
    let settings =
        json!({"secret": SECRET, "columns": "total=data.order.total:decimal(18,2)\ncity=data.order.tags.1"});
    let inbox = surroundings.inboxes.as_ref().unwrap().of("loja");
    let order = br#"{"type":"order.paid","timestamp":"2026-11-23T12:00:00Z","data":{"order":{"total":10.50,"tags":["a","Curitiba"]}}}"#;
    let note = |id: &str| json!({"id": id, "timestamp": 1_795_435_200}).to_string();
    for (id, body) in [
        ("e1", &order[..]),
        ("e2", br#"{"type":"ping"}"#),
        ("e1", order),
        ("e3", b"oi"),
        ("e4", br#"{"data":{"order":{"total":"N/D"}}}"#),
        ("e5", b"[1,2]"),
    ] {
        inbox.append(&note(id), body).await.unwrap();
    }
    let mut lake = Lake::default();
    let source = connect::open("webhook", "loja", &settings, &surroundings).unwrap();
    lake.sync(source.as_ref()).await;
    let rows: Vec<String> = lake.tables["events"]
        .values()
        .map(|row| {
            ["id", "type", "timestamp", "sent_at", "total", "city", "data"]
                .map(|name| row[name].as_str())
                .join(" ")
        })
        .collect();
    assert_eq!(
        rows,
        [
            r#"e1 order.paid 2026-11-23T12:00:00Z 2026-11-23T12:00:00Z 10.50 Curitiba {"order":{"total":10.50,"tags":["a","Curitiba"]}}"#,
            r#"e2 ping - 2026-11-23T12:00:00Z - - {"type":"ping"}"#,
            "e5 - - 2026-11-23T12:00:00Z - - [1,2]",
        ]
    );
    lake.rejects.sort();
    assert_eq!(lake.rejects, ["is not a number that fits", "the event was signed, but is no JSON"]);
    lake.sync(source.as_ref()).await;
    assert_eq!(inbox.after(0).unwrap().count(), 0, "what has been landed leaves the inbox");
}

#[test]
fn settings_that_cannot_be_meant_so_are_refused_and_other_kinds_have_no_hook() {
    for (settings, expected) in [
        (json!({}), "`secret` is missing"),
        (json!({"secret": "whsec_ç"}), "whsec_…"),
        (json!({"secret": SECRET, "columns": "total"}), "NAME=PATH"),
        (json!({"secret": SECRET, "columns": "id=data.id"}), "taken"),
        (json!({"secret": SECRET, "columns": "a=x\na=y"}), "there twice"),
        (json!({"secret": SECRET, "columns": "a=x:money"}), "no column type"),
    ] {
        let opened = connect::open("webhook", "loja", &settings, &Surroundings::default());
        let error = opened.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains(expected), "{settings}: {error}");
    }
    assert!(hooks::open("files", "pasta", &json!({})).unwrap().is_none());
    assert!(hooks::open("webhook", "loja", &json!({"secret": SECRET})).unwrap().is_some());
    assert!(hooks::has_hook("whatsapp") && !hooks::has_hook("ploomes"));
}
