//! What stewards decide about streams, and secrets that are sealed anew.

use crate::places::on_both;
use contract::changes::{ChangeState, StreamChange};
use metastore::Metastore;
use metastore::secrets::Vault;
use metastore::sources::{SourceRow, StreamState};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

fn source(store: &Metastore) -> SourceRow {
    let sealed = store.seal_secret("crm", "key", "segredo").unwrap();
    SourceRow {
        name: "crm".to_owned(),
        kind: "ploomes".to_owned(),
        params: json!({}),
        secrets: BTreeMap::from([("key".to_owned(), sealed)]),
        promised_minutes: None,
        schedule: None,
    }
}

#[test]
fn how_a_source_stands_is_kept_until_its_settings_change_or_it_is_removed() {
    on_both(|store: Metastore| async move {
        let row = source(&store);
        store.add_source(&row).await.unwrap();
        assert!(store.standing("crm").await.unwrap().reads("deals"));
        let chosen = BTreeSet::from(["deals".to_owned()]);
        store.choose_streams("crm", Some(&chosen)).await.unwrap();
        store.note_offered("crm", &["deals".to_owned(), "users".to_owned()]).await.unwrap();
        store.note_refused("crm", Some("401")).await.unwrap();
        let standing = store.standing("crm").await.unwrap();
        assert!(standing.reads("deals") && !standing.reads("users"));
        assert_eq!((standing.offered.len(), standing.refused.as_deref()), (2, Some("401")));
        store.change_source(&row).await.unwrap();
        let standing = store.standing("crm").await.unwrap();
        assert_eq!((standing.refused, standing.chosen), (None, Some(chosen)));
        store.remove_source("crm").await.unwrap();
        assert!(store.standing("crm").await.unwrap().reads("users"));
    });
}

#[test]
fn a_change_is_accepted_together_with_the_bookmark_that_it_moves() {
    on_both(|store: Metastore| async move {
        let text = |text: &str| text.to_owned();
        let held = StreamChange::Incompatible {
            column: text("total"),
            before: text("integer"),
            after: text("text"),
        };
        let noted = StreamChange::ColumnNew { column: text("canal"), column_type: text("text") };
        store.add_change("crm", "deals", &held, ChangeState::Held).await.unwrap();
        store.add_change("crm", "deals", &noted, ChangeState::Noted).await.unwrap();
        store.add_change("crm", "users", &held, ChangeState::Held).await.unwrap();
        let state = StreamState { state: json!({"cursor": 1}), sequence: 7, pending: None, loaded_at: 3 };
        store.accept_changes("crm", "deals", &state).await.unwrap();
        assert_eq!(store.stream_states("crm").await.unwrap()["deals"], state);
        let open = store.open_changes("crm").await.unwrap();
        let of = |stream: &str| open.iter().find(|open| open.stream == stream).unwrap().accepted_at;
        assert_eq!((open.len(), of("deals"), of("users")), (2, Some(7), None));
        store.settle_changes("crm", "deals", (ChangeState::Accepted, ChangeState::Done)).await.unwrap();
        assert_eq!(store.open_changes("crm").await.unwrap().len(), 1);

        let again = StreamChange::ReadAgain { since: text("2024-01-31") };
        let back = StreamState { state: json!({}), sequence: 8, pending: None, loaded_at: 3 };
        store.rewind_streams("crm", &[(text("deals"), back.clone())], &again).await.unwrap();
        assert_eq!(store.stream_states("crm").await.unwrap()["deals"], back);
        let cards = store.changes("crm", 9).await.unwrap();
        assert_eq!((cards.len(), &cards[0].change, cards[0].stream.as_str()), (4, &again, ""));
    });
}

#[tokio::test]
async fn secrets_are_sealed_anew_all_of_them_or_none() {
    let dir = tempfile::tempdir().unwrap();
    let store = Metastore::open_in(dir.path()).await.unwrap();
    store.add_source(&source(&store)).await.unwrap();
    assert_eq!(store.reseal_secrets().await.unwrap(), 0, "the newest key sealed it");
    let mut vault = Vault::open_in(dir.path()).unwrap();
    vault.add_key(dir.path(), None).unwrap();
    assert_eq!(store.reseal_secrets().await.unwrap(), 1);
    vault.forget_old_keys(dir.path()).unwrap();
    let row = store.sources().await.unwrap().remove(0);
    assert_eq!(store.settings_of(&row).unwrap(), json!({"key": "segredo"}));

    let mut damaged = row.clone();
    damaged.name = "erp".to_owned();
    store.add_source(&damaged).await.unwrap();
    vault.add_key(dir.path(), None).unwrap();
    assert!(store.reseal_secrets().await.is_err(), "a secret of one source opens for no other");
    assert_eq!(store.sources().await.unwrap()[0].secrets, row.secrets, "nothing was stored");
}
