//! Sources, packs, runs and editions.

use crate::places::on_both;
use contract::metrics::{CheckResult, CheckStatus};
use contract::runs::RunState;
use metastore::editions::NewEdition;
use metastore::packs::{Pack, PackPlace};
use metastore::runs::RunEnd;
use metastore::settings::Workspace;
use metastore::sources::{SourceRow, StreamState};
use metastore::{Metastore, MetastoreError};
use std::collections::BTreeMap;

fn edition(run: &str) -> NewEdition {
    NewEdition {
        run: run.to_owned(),
        as_of: "2026-06-29".parse().unwrap(),
        relations: serde_json::json!({ "marts.fct": { "kind": "table", "version": 3 } }),
        bundle: serde_json::json!({ "çã": "é" }),
        definitions: BTreeMap::from([("mrr".to_owned(), "abc".to_owned())]),
    }
}

#[test]
fn publish_numbers_editions_and_keeps_the_first_sight_of_a_definition() {
    on_both(|store: Metastore| async move {
        assert_eq!(store.current_number().await.unwrap(), None);
        assert_eq!(store.publish(&edition("a")).await.unwrap(), 1);
        let since = store.definition_since("mrr", "abc").await.unwrap().unwrap();
        assert_eq!(store.publish(&edition("b")).await.unwrap(), 2);
        assert_eq!(store.definition_since("mrr", "abc").await.unwrap(), Some(since));
        assert_eq!(store.definition_since("mrr", "other").await.unwrap(), None);

        let current = store.edition(None).await.unwrap().unwrap();
        assert_eq!((current.number, current.run.as_str()), (2, "b"));
        assert_eq!(current.relations, edition("b").relations);
        assert_eq!(current.bundle, edition("b").bundle);
        assert_eq!(store.edition(Some(1)).await.unwrap().unwrap().run, "a");
        assert_eq!(store.edition(Some(9)).await.unwrap(), None);

        assert_eq!(store.forget_editions_before(1).await.unwrap(), 1);
        let left: Vec<u64> = store.editions(10).await.unwrap().iter().map(|row| row.number).collect();
        assert_eq!(left, [2]);
        assert_eq!(store.publish(&edition("c")).await.unwrap(), 3);
    });
}

#[test]
fn begin_run_after_a_crash_marks_the_unfinished_one() {
    on_both(|store: Metastore| async move {
        store.begin_run("first").await.unwrap();
        store.begin_run("second").await.unwrap();
        let end = RunEnd {
            state: RunState::HeldBack,
            edition: None,
            rows_landed: 7,
            rows_rejected: 1,
            message: Some("check `x` failed".to_owned()),
        };
        store.end_run("second", &end).await.unwrap();
        let runs = store.runs(10).await.unwrap();
        let state = |id: &str| runs.iter().find(|run| run.id == id).unwrap().state;
        assert_eq!(state("first"), RunState::Interrupted);
        assert_eq!(state("second"), RunState::HeldBack);
        let second = runs.iter().find(|run| run.id == "second").unwrap();
        assert_eq!((second.rows_landed, second.rows_rejected), (7, 1));
        assert!(second.finished_at.is_some());
    });
}

#[test]
fn record_checks_twice_keeps_the_newer_findings() {
    on_both(|store: Metastore| async move {
        let result = |name: &str, status| {
            let result = CheckResult {
                name: name.to_owned(),
                table: "marts.fct".to_owned(),
                column: Some("id".to_owned()),
                status,
                failures: 3,
                at: String::new(),
            };
            (result, serde_json::json!([["1", "é"]]))
        };
        let many: Vec<_> = (0..250).map(|n| result(&format!("check {n:03}"), CheckStatus::Pass)).collect();
        store.record_checks("run", &many).await.unwrap();
        store.record_checks("run", &[result("only", CheckStatus::Warn)]).await.unwrap();
        let read = store.check_results("run").await.unwrap();
        assert_eq!(read.len(), 1);
        assert_eq!((read[0].name.as_str(), read[0].status, read[0].failures), ("only", CheckStatus::Warn, 3));
    });
}

#[test]
fn sources_and_packs_are_added_once_and_removed_once() {
    on_both(|store: Metastore| async move {
        let source = SourceRow {
            name: "crm".to_owned(),
            kind: "files".to_owned(),
            params: serde_json::json!({ "dir": "/x" }),
            secrets: BTreeMap::from([(
                "key".to_owned(),
                store.seal_secret("crm", "key", "segredo").unwrap(),
            )]),
            promised_minutes: Some(15),
            schedule: None,
        };
        store.add_source(&source).await.unwrap();
        assert!(matches!(
            store.add_source(&source).await,
            Err(MetastoreError::Exists { kind: "source", .. })
        ));
        let read = store.sources().await.unwrap();
        assert!(!format!("{read:?}").contains("segredo"));
        assert_eq!(
            store.settings_of(&read[0]).unwrap(),
            serde_json::json!({ "dir": "/x", "key": "segredo" })
        );
        assert_eq!(read, [source]);

        let state = |value: i64| StreamState {
            state: serde_json::json!({ "a.csv": value }),
            sequence: value,
            pending: (value > 1).then(|| serde_json::json!({ "a.csv": value + 1 })),
            loaded_at: value,
        };
        store.set_stream_state("crm", "deals", &state(1)).await.unwrap();
        store.set_stream_state("crm", "deals", &state(2)).await.unwrap();
        assert_eq!(
            store.stream_states("crm").await.unwrap(),
            BTreeMap::from([("deals".to_owned(), state(2))])
        );
        store.remove_source("crm").await.unwrap();
        assert!(matches!(store.remove_source("crm").await, Err(MetastoreError::Missing { .. })));
        assert!(store.stream_states("crm").await.unwrap().is_empty());

        let pack = Pack { name: "vendas".to_owned(), place: PackPlace::Directory("/p".into()) };
        store.add_pack(&pack).await.unwrap();
        store.add_pack(&Pack { name: "base".to_owned(), place: PackPlace::Builtin }).await.unwrap();
        assert!(matches!(store.add_pack(&pack).await, Err(MetastoreError::Exists { kind: "pack", .. })));
        assert_eq!(store.packs().await.unwrap().len(), 2);
        store.remove_pack("vendas").await.unwrap();
        assert!(matches!(store.remove_pack("vendas").await, Err(MetastoreError::Missing { .. })));
    });
}

#[test]
fn workspace_settings_are_replaced_whole() {
    on_both(|store: Metastore| async move {
        assert_eq!(store.workspace().await.unwrap(), Workspace::default());
        let workspace = Workspace {
            company: "Serra Azul".to_owned(),
            today: Some("2026-06-30".parse().unwrap()),
            ..Workspace::default()
        };
        store.set_workspace(&workspace).await.unwrap();
        store.set_workspace(&workspace).await.unwrap();
        assert_eq!(store.workspace().await.unwrap(), workspace);
    });
}

#[test]
fn syncs_are_listed_newest_first_and_a_dead_one_is_interrupted_by_the_next() {
    use contract::sources::{SyncState, Trigger};
    use metastore::syncs::SyncEnd;
    on_both(|store: Metastore| async move {
        assert_eq!(store.last_syncs("crm").await.unwrap(), (None, None));
        store.begin_sync("1", "crm", Trigger::Schedule).await.unwrap();
        store.begin_sync("2", "erp", Trigger::Run).await.unwrap();
        store.begin_sync("3", "crm", Trigger::Person).await.unwrap();
        let end = SyncEnd { state: SyncState::Done, rows: 7, rejected: 1, message: None };
        store.end_sync("3", &end).await.unwrap();
        let of = |syncs: Vec<contract::sources::SyncCard>| -> Vec<(String, SyncState)> {
            syncs.into_iter().map(|sync| (sync.id, sync.state)).collect()
        };
        let crm = store.syncs(Some("crm"), 0, 10).await.unwrap();
        assert_eq!((crm[0].rows, crm[0].rejected, crm[0].trigger), (7, 1, Trigger::Person));
        assert_eq!(of(crm), [("3".to_owned(), SyncState::Done), ("1".to_owned(), SyncState::Interrupted)]);
        assert_eq!(
            of(store.syncs(Some("erp"), 0, 10).await.unwrap()),
            [("2".to_owned(), SyncState::Running)]
        );
        let (whole, last) = store.last_syncs("crm").await.unwrap();
        assert!(whole.is_some() && last.is_some());
        store.interrupt(None).await.unwrap();
        assert_eq!(
            of(store.syncs(Some("erp"), 0, 10).await.unwrap()),
            [("2".to_owned(), SyncState::Interrupted)]
        );
        assert_eq!(store.syncs(None, i64::MAX, 10).await.unwrap(), []);
    });
}
