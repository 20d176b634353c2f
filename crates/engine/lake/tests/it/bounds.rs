//! What the bounds of files make needless: plans get shorter, answers stay.

use std::sync::Arc;

use lake::arrow::array::{ArrayRef, StringArray};
use lake::{LandMode, Session};

use crate::rows::{ask, batch, ints, land, newest, open};

/// `raw.full` has a text and a number in every row; `raw.holes` has a blank text in its first file and a null in its second.
async fn tables(dir: &std::path::Path) -> Session {
    let lake = open(dir).await;
    let texts = |texts: &[Option<&str>]| Arc::new(StringArray::from(texts.to_vec())) as ArrayRef;
    for (part, names) in [[Some("b"), Some("a")], [Some("c"), Some("a")]].iter().enumerate() {
        let rows = batch(vec![("name", texts(names)), ("n", ints(&[1, 2]))]);
        land(&lake, "raw.full", &part.to_string(), LandMode::Append, rows).await.unwrap();
    }
    for (part, names) in [[Some("a"), Some("")], [Some("b"), None]].iter().enumerate() {
        let rows = batch(vec![("name", texts(names)), ("n", ints(&[10, 20]))]);
        land(&lake, "raw.holes", &part.to_string(), LandMode::Append, rows).await.unwrap();
    }
    newest(&lake).await
}

async fn plan(session: &Session, sql: &str) -> String {
    ask(session, &format!("EXPLAIN {sql}")).await.join("\n")
}

#[tokio::test]
async fn bounds_text_that_is_never_blank_is_grouped_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let session = tables(dir.path()).await;
    let asked = |table: &str| {
        format!(
            "SELECT NULLIF(f.k, '') AS k, SUM(f.n) AS n FROM (SELECT (name) AS k, n FROM raw.{table}) AS f WHERE f.n > 0 GROUP BY 1 ORDER BY 1"
        )
    };
    assert!(plan(&session, &asked("full")).await.contains("gby=[k@0 "));
    assert_eq!(ask(&session, &asked("full")).await, ["a|4", "b|1", "c|1"]);
    assert!(plan(&session, &asked("holes")).await.contains("gby=[nullif(k@0,"));
    assert_eq!(ask(&session, &asked("holes")).await, ["a|10", "b|10", "∅|40"]);
}

#[tokio::test]
async fn bounds_column_without_nulls_is_not_read_to_be_counted() {
    let dir = tempfile::tempdir().unwrap();
    let session = tables(dir.path()).await;
    let full = "SELECT COUNT(name) AS c, SUM(n) AS n FROM raw.full";
    assert!(plan(&session, full).await.contains("TableScan: raw.full projection=[n]"));
    assert_eq!(ask(&session, full).await, ["4|6"]);
    let holes = "SELECT COUNT(name) AS c, SUM(n) AS n FROM raw.holes";
    assert!(plan(&session, holes).await.contains("TableScan: raw.holes projection=[name, n]"));
    assert_eq!(ask(&session, holes).await, ["3|60"]);
    let distinct = "SELECT COUNT(DISTINCT name) AS c, COUNT(name) FILTER (WHERE n > 1) AS d FROM raw.full";
    assert_eq!(ask(&session, distinct).await, ["3|2"]);
}

#[tokio::test]
async fn bounds_side_of_a_join_that_need_not_match_has_nulls() {
    let dir = tempfile::tempdir().unwrap();
    let session = tables(dir.path()).await;
    let sql = |join: &str| {
        format!(
            "SELECT COUNT(f.n) AS c, COUNT(h.n) AS d FROM raw.holes h {join} raw.full f ON f.name = h.name"
        )
    };
    // "a" meets two rows, "b" one; the blank and the null meet none.
    assert_eq!(ask(&session, &sql("JOIN")).await, ["3|3"]);
    assert_eq!(ask(&session, &sql("LEFT JOIN")).await, ["3|5"]);
    assert_eq!(ask(&session, &sql("RIGHT JOIN")).await, ["4|3"]);
    assert_eq!(ask(&session, &sql("FULL JOIN")).await, ["4|5"]);
}

#[tokio::test]
async fn bounds_file_that_cannot_have_a_row_is_not_read() {
    let dir = tempfile::tempdir().unwrap();
    let session = tables(dir.path()).await;
    let one = plan(&session, "SELECT n FROM raw.full WHERE name = 'c'").await;
    assert_eq!(one.matches(".parquet").count(), 1, "{one}");
    let both = plan(&session, "SELECT n FROM raw.full WHERE name = 'a'").await;
    assert_eq!(both.matches(".parquet").count(), 2, "{both}");
}
