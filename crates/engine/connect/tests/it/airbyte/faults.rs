//! Connectors that chatter, fail, hang, change their configuration, or are left behind.

use std::time::Duration;

use connect::{ReadRequest, Source as _, StreamState};
use futures::StreamExt;
use serde_json::{Value, json};

use super::fake::{Fake, Kept, users};
use crate::landing::Table;

async fn failure(steps: &Value) -> String {
    let fake = Fake::new(&users(&json!({})), steps);
    Table::default().sync(&fake.source(), "users").await.1.unwrap().to_string()
}

#[tokio::test]
async fn lines_that_are_no_messages_and_lines_of_megabytes_do_no_harm() {
    let steps = json!([
        {"raw": "Warning: something is deprecated"}, {"raw": "{\"type\": \"RECORD\", \"rec"}, {"raw": ""}, {"raw": "[1, 2]"},
        {"stderr": "noise"}, {"other": {"id": 9}},
        {"count": {"to": 3, "every": 1, "bytes": 3_000_000}}, {"status": "COMPLETE"}
    ]);
    let fake = Fake::new(&users(&json!({})), &steps);
    let mut table = Table::default();
    let (came, error) = table.sync(&fake.source(), "users").await;
    assert_eq!((came, error.map(|error| error.to_string())), (3, None));
    assert_eq!(table.column("text")[2].len(), 3_000_000);
}

#[tokio::test]
async fn failures_are_one_message_without_secrets_that_says_what_to_do() {
    let trace = |kind: &str| {
        json!([{"say": {"type": "TRACE", "trace": {"type": "ERROR", "emitted_at": 1.25, "error": {
            "message": "token s3cr3t-token\nis no good", "stack_trace": "…", "failure_type": kind}}}}, {"exit": 1}])
    };
    let error = failure(&trace("config_error")).await;
    assert!(
        error
            .contains("`loja`, stream `users`: the connector failed: token ••• is no good; correct `config`"),
        "{error}"
    );
    assert!(failure(&trace("transient_error")).await.contains("it may pass"));
    let error =
        failure(&json!([{"stderr": "Traceback"}, {"stderr": "KeyError: 's3cr3t-token'"}, {"exit": 3}])).await;
    assert!(error.contains("it ended with code 3 (KeyError: '•••')"), "{error}");
}

#[tokio::test]
async fn a_connector_that_says_nothing_is_ended() {
    let fake = Fake::new(
        &users(&json!({})),
        &json!([{"record": {"id": 1}}, {"state": 1}, {"spawn": 1}, {"sleep": 600}]),
    );
    let source = fake.source().with_patience(Duration::from_secs(3));
    let mut table = Table::default();
    let (came, error) = table.sync(&source, "users").await;
    let error = error.unwrap().to_string();
    assert!(error.contains("said nothing for 1 min and was ended"), "{error}");
    assert_eq!(came, 1);
    assert_gone(&fake).await;
}

#[tokio::test]
async fn a_reading_that_is_dropped_ends_the_connector_and_what_it_started() {
    let fake = Fake::new(
        &users(&json!({})),
        &json!([{"spawn": 1}, {"count": {"to": 60_000, "every": 1000}}, {"sleep": 600}]),
    );
    let source = fake.source();
    let request =
        ReadRequest { stream: "users".to_owned(), since: StreamState::default(), ..ReadRequest::default() };
    let mut reading = source.read(request).await.unwrap();
    assert!(reading.pieces.next().await.unwrap().is_ok());
    drop(reading);
    assert_gone(&fake).await;
}

const CHILD: &str = "MIRANTE_TEST_READS_UNTIL_KILLED";

/// Plays two parts: the reader that is killed, and whoever kills it.
#[tokio::test]
async fn a_reader_that_is_killed_with_nine_leaves_no_connector_and_no_file_behind() {
    if let Some(settings) = std::env::var_os(CHILD) {
        let given: Value = serde_json::from_str(&settings.into_string().unwrap()).unwrap();
        let surroundings = connect::Surroundings::default().in_folder(given["folder"].as_str().unwrap());
        let source = connect::open("airbyte", "loja", &given["settings"], &surroundings).unwrap();
        Table::default().sync(source.as_ref(), "users").await;
        return;
    }
    let fake = Fake::new(&users(&json!({})), &json!([{"spawn": 1}, {"sleep": 600}]));
    let given = json!({"folder": fake.folder(), "settings": fake.settings(&json!({}))});
    let mut reader = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "airbyte::faults::a_reader_that_is_killed_with_nine_leaves_no_connector_and_no_file_behind",
        ])
        .env(CHILD, given.to_string())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    while std::fs::read_to_string(fake.folder().join("pids")).unwrap_or_default().is_empty() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(alive(&fake) > 0);
    reader.kill().await.unwrap();
    assert_gone(&fake).await;
}

/// How many of the processes that the connector told of are alive.
fn alive(fake: &Fake) -> usize {
    let pids = std::fs::read_to_string(fake.folder().join("pids")).unwrap();
    let is_alive = |pid: &&str| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // A zombie is dead, only not yet buried.
        stat.rsplit(')').next().is_some_and(|rest| !rest.is_empty() && !rest.trim_start().starts_with('Z'))
    };
    pids.split(' ').filter(is_alive).count()
}

/// Waits until nothing is left; the test's own limit ends it otherwise.
async fn assert_gone(fake: &Fake) {
    let gone = async {
        while alive(fake) > 0 || fake.runs() > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let left = tokio::time::timeout(Duration::from_secs(60), gone).await;
    assert!(left.is_ok(), "{} processes and {} folders are left", alive(fake), fake.runs());
}

fn changing() -> Value {
    json!([
        {"say": {"type": "CONTROL", "control": {"type": "CONNECTOR_CONFIG", "emitted_at": 1.5, "connectorConfig": {"config": {"place": "PLACE", "token": "rotated-token"}}}}},
        {"record": {"id": 1}}, {"state": 1},
        {"say": {"type": "TRACE", "trace": {"type": "ERROR", "emitted_at": 1, "error": {"message": "rotated-token was seen"}}}}
    ])
}

fn placed(fake: &Fake) -> Value {
    let steps = changing().to_string().replace("PLACE", fake.folder().to_str().unwrap());
    serde_json::from_str(&steps).unwrap()
}

#[tokio::test]
async fn a_changed_configuration_is_kept_used_and_hidden() {
    let fake = Fake::new(&users(&json!({})), &json!([]));
    fake.then(&users(&json!({})), &placed(&fake));
    let source = fake.source();
    let error = Table::default().sync(&source, "users").await.1.unwrap().to_string();
    assert!(error.contains("••• was seen"), "{error}");
    let kept = fake.kept.values.lock().unwrap().clone();
    assert_eq!(kept.len(), 1);
    assert!(kept[0].starts_with("loja.config={") && kept[0].contains("\"rotated-token\""), "{}", kept[0]);
    Table::default().sync(&source, "users").await;
    assert_eq!(fake.seen("read")[1]["config"]["token"], "rotated-token");
    assert_eq!(fake.kept.values.lock().unwrap().len(), 1, "the same configuration is kept once");
}

#[tokio::test]
async fn a_changed_configuration_that_cannot_be_kept_ends_the_stream() {
    let mut fake = Fake::new(&users(&json!({})), &json!([]));
    fake.kept = std::sync::Arc::new(Kept { refuses: true, ..Kept::default() });
    fake.then(&users(&json!({})), &placed(&fake));
    let (came, error) = Table::default().sync(&fake.source(), "users").await;
    let error = error.unwrap().to_string();
    assert!(came == 0 && error.contains("could not be kept (the disk is full)"), "{error}");
}

#[tokio::test]
async fn a_look_says_who_answers_and_why_not() {
    let fake = Fake::new(&users(&json!({})), &json!([]));
    let tested = fake.source().test().await.unwrap();
    assert_eq!((tested.fact("connector"), tested.streams[0].name.as_str()), (Some("fake"), "users"));
    let spec = fake.source().specification().await.unwrap();
    assert!(connect::sources::airbyte::parameters(&spec)[0].is_secret());
    fake.script(&json!({"streams": [], "steps": [], "check": {"status": "FAILED", "message": "401 for s3cr3t-token"}}));
    let error = fake.source().test().await.unwrap_err().to_string();
    assert!(error.contains("finds no connection: 401 for •••"), "{error}");
}

#[tokio::test]
async fn settings_that_cannot_be_meant_are_refused_without_showing_them() {
    let fake = Fake::new(&users(&json!({})), &json!([]));
    for (more, expected) in [
        (json!({"config": "{\"token\": s3cr3t}"}), "`config`: it is no JSON (line 1, column 11)"),
        (json!({"config": "[1]"}), "`config`: it is no object"),
        (json!({"package": "--pre"}), "`package`: `--pre` is no name"),
        (json!({"streams": "users: often"}), "`streams`: `often`"),
    ] {
        let error = connect::open("airbyte", "loja", &fake.settings(&more), &fake.surroundings())
            .err()
            .unwrap()
            .to_string();
        assert!(error.contains(expected) && !error.contains("s3cr3t"), "{error}");
    }
    let error = fake.source_with(&json!({"streams": "orders"})).streams().await.unwrap_err().to_string();
    assert!(error.contains("`streams`: the connector has no stream `orders`; it has users"), "{error}");
}
