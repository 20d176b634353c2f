//! Landing: exactly once, in five modes, with columns that change.

use std::sync::Arc;

use futures::StreamExt;
use lake::arrow::array::{
    ArrayRef, Date32Array, Decimal128Array, Float64Array, Int64Array, NullArray, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use lake::{Bookmark, LakeError, LandMode, Landing};

use crate::rows::{ask, batch, ints, land, landing, newest, open, table, texts, types};

#[tokio::test]
async fn land_same_batch_twice_keeps_one_copy() {
    let dir = tempfile::tempdir().unwrap();
    let lake = open(dir.path()).await;
    let rows = batch(vec![("id", ints(&[1, 2])), ("uf", texts(&["SP", "PR"]))]);
    let first = land(&lake, "raw.deals", "a", LandMode::Append, rows.clone()).await.unwrap();
    assert_eq!((first.version, first.rows, first.already), (0, 2, false));
    let second = land(&lake, "raw.deals", "a", LandMode::Append, rows.clone()).await.unwrap();
    assert_eq!((second.version, second.rows, second.already), (0, 2, true));
    // Another process, another stream, another batch.
    let lake = open(dir.path()).await;
    assert!(land(&lake, "raw.deals", "a", LandMode::Append, rows.clone()).await.unwrap().already);
    assert!(!land(&lake, "raw.other", "a", LandMode::Append, rows.clone()).await.unwrap().already);
    assert!(!land(&lake, "raw.deals", "b", LandMode::Append, rows).await.unwrap().already);
    let session = newest(&lake).await;
    assert_eq!(
        ask(&session, "SELECT count(*), count(DISTINCT _mirante_batch) FROM raw.deals").await,
        ["4|2"]
    );
    let sql =
        "SELECT DISTINCT _mirante_deleted, _mirante_loaded_at > now() - interval '1 hour' FROM raw.deals";
    assert_eq!(ask(&session, sql).await, ["false|true"]);
}

#[tokio::test]
async fn land_same_batch_at_once_from_two_tasks_keeps_one_copy() {
    let dir = tempfile::tempdir().unwrap();
    let (one, other) = (open(dir.path()).await, open(dir.path()).await);
    let rows = batch(vec![("id", ints(&[1, 2, 3]))]);
    let (a, b, c) = tokio::join!(
        land(&one, "raw.t", "x", LandMode::Append, rows.clone()),
        land(&other, "raw.t", "x", LandMode::Append, rows.clone()),
        land(&one, "raw.t", "x", LandMode::Append, rows.clone()),
    );
    let fresh = [a, b, c].into_iter().filter(|landed| !landed.as_ref().unwrap().already).count();
    assert_eq!(fresh, 1);
    assert_eq!(ask(&newest(&one).await, "SELECT count(*) FROM raw.t").await, ["3"]);
}

#[tokio::test]
async fn merge_replaces_rows_by_key_and_the_last_of_a_batch_wins() {
    let dir = tempfile::tempdir().unwrap();
    let lake = open(dir.path()).await;
    let merge = || LandMode::Merge { key: vec!["id".to_string()] };
    let rows = batch(vec![("id", ints(&[1, 2, 3])), ("v", texts(&["a", "b", "c"]))]);
    land(&lake, "raw.t", "1", merge(), rows).await.unwrap();
    let rows = batch(vec![("id", ints(&[2, 4, 2])), ("v", texts(&["x", "y", "z"]))]);
    let landed = land(&lake, "raw.t", "2", merge(), rows).await.unwrap();
    assert_eq!((landed.version, landed.rows), (1, 3));
    let all = ask(&newest(&lake).await, "SELECT id, v FROM raw.t ORDER BY id").await;
    assert_eq!(all, ["1|a", "2|z", "3|c", "4|y"]);
}

#[tokio::test]
async fn merge_by_two_columns_takes_a_missing_part_as_equal() {
    let dir = tempfile::tempdir().unwrap();
    let lake = open(dir.path()).await;
    let merge = || LandMode::Merge { key: vec!["a".to_string(), "b".to_string()] };
    let b: ArrayRef = Arc::new(Int64Array::from(vec![None, Some(7)]));
    let rows = batch(vec![("a", ints(&[1, 1])), ("b", b.clone()), ("v", texts(&["old", "old"]))]);
    land(&lake, "raw.t", "1", merge(), rows).await.unwrap();
    let b: ArrayRef = Arc::new(Int64Array::from(vec![None]));
    let rows = batch(vec![("a", ints(&[1])), ("b", b), ("v", texts(&["new"]))]);
    land(&lake, "raw.t", "2", merge(), rows).await.unwrap();
    let all = ask(&newest(&lake).await, "SELECT a, b, v FROM raw.t ORDER BY b NULLS FIRST").await;
    assert_eq!(all, ["1|∅|new", "1|7|old"]);
}

#[tokio::test]
async fn merge_of_rows_without_a_key_is_refused_and_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let lake = open(dir.path()).await;
    let merge = |key: &str| LandMode::Merge { key: vec![key.to_string()] };
    let rows = batch(vec![("id", ints(&[1]))]);
    land(&lake, "raw.t", "1", merge("id"), rows.clone()).await.unwrap();
    let nulls: ArrayRef = Arc::new(Int64Array::from(vec![Some(2), None, None]));
    let error = land(&lake, "raw.t", "2", merge("id"), batch(vec![("id", nulls)])).await.unwrap_err();
    assert!(matches!(&error, LakeError::NullKey { rows: 2, .. }), "{error}");
    let error = land(&lake, "raw.t", "3", merge("nope"), rows).await.unwrap_err();
    assert!(matches!(&error, LakeError::NoKey { .. }), "{error}");
    assert_eq!(ask(&newest(&lake).await, "SELECT count(*) FROM raw.t").await, ["1"]);
}

#[tokio::test]
async fn merge_touches_only_files_that_hold_a_changed_row() {
    let dir = tempfile::tempdir().unwrap();
    let lake = open(dir.path()).await;
    let merge = || LandMode::Merge { key: vec!["id".to_string()] };
    for batch_number in 0..3i64 {
        let rows = batch(vec![("id", ints(&[batch_number * 10, batch_number * 10 + 1]))]);
        land(&lake, "raw.t", &batch_number.to_string(), merge(), rows).await.unwrap();
    }
    land(&lake, "raw.t", "again", merge(), batch(vec![("id", ints(&[10]))])).await.unwrap();
    let commit = dir.path().join("raw/t/_delta_log/00000000000000000003.json");
    let commit = std::fs::read_to_string(commit).unwrap();
    let count = |action: &str| commit.lines().filter(|line| line.starts_with(action)).count();
    assert_eq!((count("{\"remove\""), count("{\"add\"")), (1, 2), "{commit}");
    assert_eq!(ask(&newest(&lake).await, "SELECT count(*) FROM raw.t").await, ["6"]);
}

#[tokio::test]
async fn replace_where_exchanges_the_rows_of_one_file() {
    let dir = tempfile::tempdir().unwrap();
    let lake = open(dir.path()).await;
    let of = |file: &str| LandMode::ReplaceWhere { column: "_file".to_string(), value: file.to_string() };
    let rows = |file: &str, ids: &[i64]| {
        let files = vec![file; ids.len()];
        batch(vec![("id", ints(ids)), ("_file", texts(&files))])
    };
    land(&lake, "raw.t", "1", of("jan.csv"), rows("jan.csv", &[1, 2])).await.unwrap();
    land(&lake, "raw.t", "2", of("fev's.csv"), rows("fev's.csv", &[3, 4])).await.unwrap();
    land(&lake, "raw.t", "3", of("jan.csv"), rows("jan.csv", &[1, 5, 6])).await.unwrap();
    land(&lake, "raw.t", "4", of("fev's.csv"), rows("fev's.csv", &[7])).await.unwrap();
    let all = ask(&newest(&lake).await, "SELECT _file, id FROM raw.t ORDER BY id").await;
    assert_eq!(all, ["jan.csv|1", "jan.csv|5", "jan.csv|6", "fev's.csv|7"]);
}

#[tokio::test]
async fn replace_exchanges_all_rows_and_only_a_table_that_starts_again_changes_types() {
    let dir = tempfile::tempdir().unwrap();
    let lake = open(dir.path()).await;
    let rows = batch(vec![("id", ints(&[1])), ("gone", texts(&["x"]))]);
    land(&lake, "raw.t", "1", LandMode::Replace, rows).await.unwrap();
    let other = batch(vec![("id", texts(&["A1"]))]);
    let refused = land(&lake, "raw.t", "2", LandMode::Replace, other.clone()).await.unwrap_err();
    assert!(matches!(refused, LakeError::ColumnType { .. }), "{refused}");
    assert_eq!(ask(&newest(&lake).await, "SELECT id, gone FROM raw.t").await, ["1|x"]);
    let anew = Landing {
        table: table("raw.t"),
        batch_id: "2".to_string(),
        once: true,
        mode: LandMode::Merge { key: vec!["id".to_string()] },
        anew: true,
        schema: other.schema(),
        rows: futures::stream::iter([Ok(other.clone()), Ok(other)]).boxed(),
        bookmark: None,
    };
    lake.land(anew).await.unwrap();
    assert_eq!(ask(&newest(&lake).await, "SELECT id, gone FROM raw.t").await, ["A1|∅"]);
}

#[tokio::test]
async fn empty_batch_makes_the_table_and_is_remembered() {
    let dir = tempfile::tempdir().unwrap();
    let lake = open(dir.path()).await;
    let rows = batch(vec![("id", ints(&[]))]);
    assert!(!land(&lake, "raw.t", "1", LandMode::Append, rows.clone()).await.unwrap().already);
    assert!(land(&lake, "raw.t", "1", LandMode::Append, rows).await.unwrap().already);
    assert_eq!(ask(&newest(&lake).await, "SELECT count(*) FROM raw.t").await, ["0"]);
}

#[tokio::test]
async fn rows_that_stop_with_an_error_leave_the_table_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let lake = open(dir.path()).await;
    let rows = batch(vec![("id", ints(&[1, 2]))]);
    land(&lake, "raw.t", "1", LandMode::Append, rows.clone()).await.unwrap();
    let broken = Landing {
        table: table("raw.t"),
        batch_id: "2".to_string(),
        once: true,
        bookmark: None,
        anew: false,
        mode: LandMode::Append,
        schema: rows.schema(),
        rows: futures::stream::iter([Ok(rows.clone()), Err("the file ends in row 3".into())]).boxed(),
    };
    let error = lake.land(broken).await.unwrap_err();
    assert!(matches!(&error, LakeError::Rows { .. }), "{error}");
    assert_eq!(ask(&newest(&lake).await, "SELECT count(*) FROM raw.t").await, ["2"]);
    assert!(!land(&lake, "raw.t", "2", LandMode::Append, rows).await.unwrap().already);
    assert_eq!(ask(&newest(&lake).await, "SELECT count(*) FROM raw.t").await, ["4"]);
}

#[tokio::test]
async fn new_columns_appear_and_missing_ones_are_null() {
    let dir = tempfile::tempdir().unwrap();
    let lake = open(dir.path()).await;
    let rows = batch(vec![("id", ints(&[1])), ("canal", texts(&["Ads"]))]);
    land(&lake, "raw.t", "1", LandMode::Append, rows).await.unwrap();
    let rows = batch(vec![("uf", texts(&["SP"])), ("id", ints(&[2]))]);
    land(&lake, "raw.t", "2", LandMode::Append, rows).await.unwrap();
    let all = ask(&newest(&lake).await, "SELECT id, canal, uf FROM raw.t ORDER BY id").await;
    assert_eq!(all, ["1|Ads|∅", "2|∅|SP"]);
}

async fn after(first: ArrayRef, second: ArrayRef) -> Result<(Vec<String>, Vec<String>), LakeError> {
    let dir = tempfile::tempdir().unwrap();
    let lake = open(dir.path()).await;
    land(&lake, "raw.t", "1", LandMode::Append, batch(vec![("v", first)])).await?;
    land(&lake, "raw.t", "2", LandMode::Append, batch(vec![("v", second)])).await?;
    let session = newest(&lake).await;
    let rows = ask(&session, "SELECT v FROM raw.t ORDER BY _mirante_batch, v").await;
    Ok((types(&session.schema("SELECT v FROM raw.t").await?), rows))
}

#[tokio::test]
async fn column_widens_and_keeps_every_value() {
    let money = |values: Vec<i128>, precision, scale| -> ArrayRef {
        Arc::new(Decimal128Array::from(values).with_precision_and_scale(precision, scale).unwrap())
    };
    let (types, rows) = after(ints(&[1, i64::MAX]), money(vec![150], 10, 2)).await.unwrap();
    assert_eq!(types, ["v Decimal128(21, 2)"]);
    assert_eq!(rows, ["1.00", "9223372036854775807.00", "1.50"]);

    let (types, rows) = after(money(vec![150], 10, 2), money(vec![12345], 8, 4)).await.unwrap();
    assert_eq!((types, rows), (vec!["v Decimal128(12, 4)".into()], vec!["1.5000".into(), "1.2345".into()]));

    let (types, rows) = after(ints(&[1]), Arc::new(Float64Array::from(vec![2.5]))).await.unwrap();
    assert_eq!((types, rows), (vec!["v Float64".into()], vec!["1.0".into(), "2.5".into()]));

    let day: ArrayRef = Arc::new(Date32Array::from(vec![20_000]));
    let time: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![1_500_000]));
    let (types, rows) = after(day, time).await.unwrap();
    assert_eq!(types, ["v Timestamp(µs)"]);
    assert_eq!(rows, ["2024-10-04T00:00:00", "1970-01-01T00:00:01.500"]);
}

#[tokio::test]
async fn column_that_changes_its_meaning_is_an_error_with_both_types() {
    let error = after(texts(&["a"]), ints(&[1])).await.unwrap_err().to_string();
    for part in ["`v`", "`raw.t`", "Utf8", "Int64"] {
        assert!(error.contains(part), "{error}");
    }
}

#[tokio::test]
async fn column_without_values_so_far_takes_the_type_that_comes() {
    let nothing: ArrayRef = Arc::new(NullArray::new(2));
    let (types, rows) = after(nothing.clone(), ints(&[7])).await.unwrap();
    assert_eq!((types, rows), (vec!["v Int64".into()], vec!["∅".into(), "∅".into(), "7".into()]));
    let (types, rows) = after(ints(&[7]), nothing).await.unwrap();
    assert_eq!((types, rows), (vec!["v Int64".into()], vec!["7".into(), "∅".into(), "∅".into()]));
}

#[tokio::test]
async fn widening_merge_and_replace_where_keep_the_other_rows() {
    let dir = tempfile::tempdir().unwrap();
    let lake = open(dir.path()).await;
    let merge = || LandMode::Merge { key: vec!["id".to_string()] };
    let rows = batch(vec![("id", ints(&[1, 2])), ("v", ints(&[10, 20]))]);
    land(&lake, "raw.t", "1", merge(), rows).await.unwrap();
    let floats: ArrayRef = Arc::new(Float64Array::from(vec![2.5]));
    land(&lake, "raw.t", "2", merge(), batch(vec![("id", ints(&[2])), ("v", floats)])).await.unwrap();
    let all = ask(&newest(&lake).await, "SELECT id, v FROM raw.t ORDER BY id").await;
    assert_eq!(all, ["1|10.0", "2|2.5"]);
}

#[tokio::test]
async fn many_batches_in_one_landing_are_all_there() {
    let dir = tempfile::tempdir().unwrap();
    let lake = open(dir.path()).await;
    let name = |i: i64| format!("cliente {i}");
    let batches: Vec<_> = (0..40i64)
        .map(|part| {
            let ids: Vec<i64> = (part * 1000..(part + 1) * 1000).collect();
            let names = StringArray::from_iter_values(ids.iter().map(|i| name(*i)));
            Ok(batch(vec![("id", ints(&ids)), ("name", Arc::new(names))]))
        })
        .collect();
    let schema = batches[0].as_ref().unwrap().schema();
    let landing = Landing {
        table: table("raw.t"),
        batch_id: "1".to_string(),
        once: true,
        bookmark: None,
        anew: false,
        mode: LandMode::Append,
        schema,
        rows: futures::stream::iter(batches.into_iter().map(|b: Result<_, LakeError>| b.map_err(Into::into)))
            .boxed(),
    };
    assert_eq!(lake.land(landing).await.unwrap().rows, 40_000);
    let sql = "SELECT count(*), sum(id), max(name) FROM raw.t";
    assert_eq!(ask(&newest(&lake).await, sql).await, ["40000|799980000|cliente 9999"]);
}

#[tokio::test]
async fn bookmark_moves_with_its_rows_and_survives_upkeep() {
    let dir = tempfile::tempdir().unwrap();
    let lake = open(dir.path()).await;
    assert_eq!(lake.bookmark(&table("raw.t"), "crm/deals").await.unwrap(), None);
    let at = |sequence: i64, rows: RecordBatch| {
        let bookmark = Bookmark { name: "crm/deals".to_string(), sequence };
        let merge = LandMode::Merge { key: vec!["id".to_string()] };
        Landing { once: false, bookmark: Some(bookmark), ..landing("raw.t", "any", merge, rows) }
    };
    for sequence in 1..=12 {
        lake.land(at(sequence, batch(vec![("id", ints(&[sequence, 0]))]))).await.unwrap();
    }
    let broken = Landing {
        rows: futures::stream::iter([Err("the source went away".into())]).boxed(),
        ..at(13, batch(vec![("id", ints(&[13]))]))
    };
    assert!(lake.land(broken).await.is_err());
    assert_eq!(lake.bookmark(&table("raw.t"), "crm/deals").await.unwrap(), Some(12));
    assert_eq!(lake.bookmark(&table("raw.t"), "crm/quotes").await.unwrap(), None);
    lake.upkeep(&[]).await.unwrap();
    let reopened = open(dir.path()).await;
    assert_eq!(reopened.bookmark(&table("raw.t"), "crm/deals").await.unwrap(), Some(12));
    assert_eq!(ask(&newest(&reopened).await, "SELECT count(*) FROM raw.t").await, ["13"]);
}

#[tokio::test]
async fn replace_keys_takes_all_rows_of_a_key_and_keeps_all_that_come() {
    let dir = tempfile::tempdir().unwrap();
    let lake = open(dir.path()).await;
    let lines =
        |entries: &[i64], items: &[&str]| batch(vec![("entry", ints(entries)), ("item", texts(items))]);
    let mode = || LandMode::ReplaceKeys { key: vec!["entry".to_string()] };
    land(&lake, "raw.lines", "1", mode(), lines(&[1, 1, 2], &["a", "b", "c"])).await.unwrap();
    land(&lake, "raw.lines", "2", mode(), lines(&[1, 3, 3], &["d", "e", "e"])).await.unwrap();
    let sql = "SELECT entry, item FROM raw.lines ORDER BY 1, 2";
    assert_eq!(ask(&newest(&lake).await, sql).await, ["1|d", "2|c", "3|e", "3|e"]);
}

#[tokio::test]
async fn a_landing_without_rows_moves_its_bookmark_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let lake = open(dir.path()).await;
    let merge = || LandMode::Merge { key: vec!["id".to_string()] };
    land(&lake, "raw.t", "1", merge(), batch(vec![("id", ints(&[1]))])).await.unwrap();
    let bookmark = Bookmark { name: "erp/payments".to_string(), sequence: 1 };
    let empty = Landing {
        once: false,
        bookmark: Some(bookmark),
        ..landing("raw.t", "2", merge(), batch(vec![("id", ints(&[]))]))
    };
    assert_eq!(lake.land(empty).await.unwrap().rows, 0);
    assert_eq!(lake.bookmark(&table("raw.t"), "erp/payments").await.unwrap(), Some(1));
    assert_eq!(ask(&newest(&lake).await, "SELECT count(*) FROM raw.t").await, ["1"]);
}
