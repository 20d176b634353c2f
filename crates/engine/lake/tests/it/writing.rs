//! Models: replace, append and merge, each onto the version that the run started from.

use std::sync::Arc;

use lake::arrow::array::{ArrayRef, Int64Array};
use lake::{LakeError, Relation, WriteMode};

use crate::rows::{ask, batch, ints, lines, newest, open, stream, table, texts, types};

#[tokio::test]
async fn replace_makes_one_version_per_write_and_old_versions_stay_readable() {
    let dir = tempfile::tempdir().unwrap();
    let lake = open(dir.path()).await;
    let name = table("marts.fct");
    let v0 = lake.write(&name, stream(batch(vec![("id", ints(&[1, 2]))])), WriteMode::Replace).await.unwrap();
    let v1 =
        lake.write(&name, stream(batch(vec![("other", texts(&["x"]))])), WriteMode::Replace).await.unwrap();
    assert_eq!((v0, v1), (0, 1));
    let at = |version| lake.session([(name.clone(), Relation::Table { version })].into());
    assert_eq!(ask(&at(0), "SELECT * FROM fct ORDER BY id").await, ["1", "2"]);
    assert_eq!(ask(&at(1), "SELECT * FROM marts.fct").await, ["x"]);
}

#[tokio::test]
async fn append_builds_on_the_edition_and_not_on_a_failed_run() {
    let dir = tempfile::tempdir().unwrap();
    let lake = open(dir.path()).await;
    let name = table("marts.fct");
    let rows = |ids: &[i64]| stream(batch(vec![("id", ints(ids))]));
    let edition = lake.write(&name, rows(&[1]), WriteMode::Replace).await.unwrap();
    // A run that fails later, so that no edition names its version.
    lake.write(&name, rows(&[2]), WriteMode::Append { onto: Some(edition) }).await.unwrap();
    let next = lake.write(&name, rows(&[3]), WriteMode::Append { onto: Some(edition) }).await.unwrap();
    assert_eq!(next, 2);
    assert_eq!(ask(&newest(&lake).await, "SELECT id FROM fct ORDER BY id").await, ["1", "3"]);
    // After a replacement that failed, the rows of the edition come back.
    lake.write(&name, rows(&[9]), WriteMode::Replace).await.unwrap();
    lake.write(&name, rows(&[4]), WriteMode::Append { onto: Some(next) }).await.unwrap();
    assert_eq!(ask(&newest(&lake).await, "SELECT id FROM fct ORDER BY id").await, ["1", "3", "4"]);
}

#[tokio::test]
async fn merge_follows_sql_equality_and_keeps_equal_new_rows() {
    let dir = tempfile::tempdir().unwrap();
    let lake = open(dir.path()).await;
    let name = table("marts.fct");
    let rows = |ids: Vec<Option<i64>>, v: &[&str]| {
        let ids: ArrayRef = Arc::new(Int64Array::from(ids));
        stream(batch(vec![("id", ids), ("v", texts(v))]))
    };
    let merge = |onto| WriteMode::Merge { key: vec!["id".to_string()], onto };
    let first = rows(vec![Some(1), Some(2), None], &["a", "b", "c"]);
    lake.write(&name, first, merge(None)).await.unwrap();
    let second = rows(vec![Some(2), Some(2), None], &["x", "y", "z"]);
    lake.write(&name, second, merge(None)).await.unwrap();
    let all = ask(&newest(&lake).await, "SELECT id, v FROM fct ORDER BY v").await;
    assert_eq!(all, ["1|a", "∅|c", "2|x", "2|y", "∅|z"]);
}

#[tokio::test]
async fn query_result_written_as_a_model_keeps_plain_types() {
    let dir = tempfile::tempdir().unwrap();
    let lake = open(dir.path()).await;
    lake.write(&table("staging.t"), stream(batch(vec![("id", ints(&[2, 1]))])), WriteMode::Replace)
        .await
        .unwrap();
    let sql = "SELECT row_number() OVER (ORDER BY id) AS n, 'ok' AS text, now() AS at, \
               cast('2026-01-31' AS date) AS day, sum(id) OVER () * 1.5 AS half, \
               arrow_cast('2026-01-01T10:00:00.123456', 'Timestamp(Nanosecond, None)') AS local FROM staging.t";
    let rows = newest(&lake).await.stream(sql).await.unwrap();
    lake.write(&table("marts.m"), rows, WriteMode::Replace).await.unwrap();
    let session = newest(&lake).await;
    let columns = types(&session.schema("SELECT * FROM m").await.unwrap());
    let expected =
        ["n Int64", "text Utf8", "at Timestamp(µs)", "day Date32", "half Float64", "local Timestamp(µs)"];
    assert_eq!(columns, expected);
    let row = &lines(&session.query("SELECT n, text, day, half, local FROM m ORDER BY n").await.unwrap())[0];
    assert_eq!(row, "1|ok|2026-01-31|4.5|2026-01-01T10:00:00.123456");
}

#[tokio::test]
async fn column_that_delta_cannot_store_is_named_with_the_remedy() {
    let dir = tempfile::tempdir().unwrap();
    let lake = open(dir.path()).await;
    let rows = newest(&lake).await.stream("SELECT interval '1 day' AS wait").await.unwrap();
    let error = lake.write(&table("marts.m"), rows, WriteMode::Replace).await.unwrap_err();
    assert!(matches!(&error, LakeError::Unstorable { .. }), "{error}");
    let rows = newest(&lake).await.stream("SELECT 1 + 1").await.unwrap();
    let error = lake.write(&table("marts.m"), rows, WriteMode::Replace).await.unwrap_err();
    assert!(matches!(&error, LakeError::ColumnName { .. }), "{error}");
    assert!(error.to_string().contains("AS"), "{error}");
}

#[tokio::test]
async fn column_without_a_type_takes_the_one_that_the_table_has() {
    let dir = tempfile::tempdir().unwrap();
    let lake = open(dir.path()).await;
    let name = table("marts.m");
    lake.write(&name, stream(batch(vec![("id", ints(&[1]))])), WriteMode::Replace).await.unwrap();
    let rows = newest(&lake).await.stream("SELECT NULL AS id").await.unwrap();
    lake.write(&name, rows, WriteMode::Append { onto: None }).await.unwrap();
    assert_eq!(ask(&newest(&lake).await, "SELECT id FROM m ORDER BY id").await, ["1", "∅"]);
}
