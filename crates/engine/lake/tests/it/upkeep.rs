//! Upkeep: files get fewer, and every pinned version still reads the same rows.

use std::path::Path;
use std::time::Duration;

use lake::{Lake, LakeOptions, LandMode, Relation, Relations, WriteMode};

use crate::rows::{ask, batch, ints, land, newest, stream, table};

async fn hasty(dir: &Path) -> Lake {
    Lake::open(dir, LakeOptions { grace: Duration::ZERO, ..LakeOptions::default() }).await.unwrap()
}

fn data_files(dir: &Path) -> usize {
    let entries = std::fs::read_dir(dir).unwrap();
    entries.filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|e| e == "parquet")).count()
}

fn at(lake: &Lake, version: u64) -> (lake::Session, Relations) {
    let relations: Relations = [(table("raw.t"), Relation::Table { version })].into();
    (lake.session(relations.clone()), relations)
}

#[tokio::test]
async fn many_small_files_become_few_and_pinned_versions_stay() {
    let dir = tempfile::tempdir().unwrap();
    let lake = hasty(dir.path()).await;
    for number in 0..30i64 {
        let rows = batch(vec![("id", ints(&[number]))]);
        land(&lake, "raw.t", &number.to_string(), LandMode::Append, rows).await.unwrap();
    }
    let (_, pin) = at(&lake, 11);
    let done = lake.upkeep(std::slice::from_ref(&pin)).await.unwrap();
    assert_eq!((done.packed_files, done.checkpoints), (30, 1));
    // The pinned version's twelve, and the packed one.
    assert_eq!(data_files(&dir.path().join("raw/t")), 13);

    let lake = hasty(dir.path()).await;
    assert_eq!(ask(&at(&lake, 11).0, "SELECT count(*), sum(id) FROM raw.t").await, ["12|66"]);
    assert_eq!(ask(&newest(&lake).await, "SELECT count(*), sum(id) FROM raw.t").await, ["30|435"]);
    let again = land(&lake, "raw.t", "3", LandMode::Append, batch(vec![("id", ints(&[3]))])).await.unwrap();
    assert!(again.already, "the ledger survives packing and checkpoints");

    // Without the pin its files and the log before the checkpoint go.
    let done = lake.upkeep(&[]).await.unwrap();
    assert_eq!((done.removed_files, done.removed_logs), (12, 30));
    let lake = hasty(dir.path()).await;
    assert_eq!(ask(&newest(&lake).await, "SELECT count(*), sum(id) FROM raw.t").await, ["30|435"]);
    let again = land(&lake, "raw.t", "3", LandMode::Append, batch(vec![("id", ints(&[3]))])).await.unwrap();
    assert!(again.already, "the ledger survives the removal of the log");
    assert!(
        !land(&lake, "raw.t", "new", LandMode::Append, batch(vec![("id", ints(&[99]))]))
            .await
            .unwrap()
            .already
    );
}

#[tokio::test]
async fn files_that_left_within_the_grace_time_stay() {
    let dir = tempfile::tempdir().unwrap();
    let lake = crate::rows::open(dir.path()).await;
    for number in 0..3i64 {
        let rows = stream(batch(vec![("id", ints(&[number]))]));
        lake.write(&table("raw.t"), rows, WriteMode::Replace).await.unwrap();
    }
    let done = lake.upkeep(&[]).await.unwrap();
    assert_eq!((done.tables, done.removed_files), (1, 0));
    assert_eq!(ask(&at(&lake, 0).0, "SELECT id FROM raw.t").await, ["0"]);
    let done = hasty(dir.path()).await.upkeep(&[]).await.unwrap();
    assert_eq!(done.removed_files, 2);
}

#[tokio::test]
async fn garbage_of_a_killed_write_goes() {
    let dir = tempfile::tempdir().unwrap();
    let lake = hasty(dir.path()).await;
    land(&lake, "raw.t", "1", LandMode::Append, batch(vec![("id", ints(&[1]))])).await.unwrap();
    let table_dir = dir.path().join("raw/t");
    for garbage in ["part-x.parquet", "part-y.parquet#12", "_delta_log/00000000000000000001.json#9"] {
        std::fs::write(table_dir.join(garbage), "half").unwrap();
    }
    lake.upkeep(&[]).await.unwrap();
    assert_eq!(data_files(&table_dir), 1);
    let names = |dir: &Path| -> Vec<String> {
        let entries = std::fs::read_dir(dir).unwrap();
        entries.map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect()
    };
    assert!(
        names(&table_dir).iter().chain(&names(&table_dir.join("_delta_log"))).all(|name| !name.contains('#'))
    );
    assert_eq!(ask(&newest(&lake).await, "SELECT count(*) FROM raw.t").await, ["1"]);
}

#[tokio::test]
async fn model_written_onto_a_version_before_packing_keeps_the_packed_files() {
    let dir = tempfile::tempdir().unwrap();
    let lake = hasty(dir.path()).await;
    let name = table("marts.fct");
    let mut version = None;
    for number in 0..10i64 {
        let rows = stream(batch(vec![("id", ints(&[number]))]));
        version = Some(lake.write(&name, rows, WriteMode::Append { onto: version }).await.unwrap());
    }
    let pin: Relations = [(name.clone(), Relation::Table { version: version.unwrap() })].into();
    assert_eq!(lake.upkeep(&[pin]).await.unwrap().packed_files, 10);
    let rows = stream(batch(vec![("id", ints(&[10]))]));
    lake.write(&name, rows, WriteMode::Append { onto: version }).await.unwrap();
    assert_eq!(ask(&newest(&lake).await, "SELECT count(*), sum(id) FROM fct").await, ["11|55"]);
    lake.upkeep(&[]).await.unwrap();
    assert_eq!(data_files(&dir.path().join("marts/fct")), 2);
}
