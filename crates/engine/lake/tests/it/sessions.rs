//! Sessions: pinned versions, views, what a query may not do, and what its errors say.

use lake::{Lake, LakeError, LakeOptions, LandMode, Relation, Relations, WriteMode};

use crate::rows::{ask, batch, ints, land, newest, open, stream, table, texts, types};

fn view(sql: &str) -> Relation {
    Relation::View { sql: sql.to_string() }
}

#[tokio::test]
async fn session_reads_its_versions_whatever_is_written_later() {
    let dir = tempfile::tempdir().unwrap();
    let lake = open(dir.path()).await;
    land(&lake, "raw.t", "1", LandMode::Append, batch(vec![("id", ints(&[1]))])).await.unwrap();
    let before = newest(&lake).await;
    land(&lake, "raw.t", "2", LandMode::Append, batch(vec![("id", ints(&[2]))])).await.unwrap();
    assert_eq!(ask(&before, "SELECT count(*) FROM raw.t").await, ["1"]);
    assert_eq!(ask(&newest(&lake).await, "SELECT count(*) FROM raw.t").await, ["2"]);
    let both = before.with(table("raw.now"), view("SELECT * FROM raw.t WHERE id = 1"));
    assert_eq!(ask(&both, "SELECT count(*) FROM raw.now").await, ["1"]);
}

#[tokio::test]
async fn views_expand_over_views_and_see_the_session() {
    let dir = tempfile::tempdir().unwrap();
    let lake = open(dir.path()).await;
    let rows = batch(vec![("id", ints(&[1, 2, 3])), ("uf", texts(&["SP", "PR", "SP"]))]);
    land(&lake, "raw.t", "1", LandMode::Append, rows).await.unwrap();
    let session = newest(&lake)
        .await
        .with(table("staging.stg_t"), view("SELECT id, upper(uf) AS uf FROM raw.t"))
        .with(table("marts.by_uf"), view("SELECT uf, count(*) AS n FROM staging.stg_t GROUP BY uf"));
    let sql =
        r#"SELECT b.uf, b.n, a.uf FROM BY_UF b JOIN "mirante"."marts"."by_uf" a ON a.uf = b.uf ORDER BY 1"#;
    assert_eq!(ask(&session, sql).await, ["PR|1|PR", "SP|2|SP"]);
    assert_eq!(types(&session.schema("SELECT * FROM by_uf").await.unwrap()), ["uf Utf8", "n Int64"]);
}

#[tokio::test]
async fn circle_of_views_is_an_error_that_names_it() {
    let dir = tempfile::tempdir().unwrap();
    let lake = open(dir.path()).await;
    let session = lake
        .session(Relations::new())
        .with(table("marts.a"), view("SELECT * FROM marts.b"))
        .with(table("marts.b"), view("SELECT * FROM marts.a"));
    let error = session.query("SELECT * FROM a").await.unwrap_err();
    assert!(matches!(&error, LakeError::ViewCircle { .. }), "{error:?}");
}

#[tokio::test]
async fn query_can_only_ask() {
    let dir = tempfile::tempdir().unwrap();
    let lake = open(dir.path()).await;
    land(&lake, "raw.t", "1", LandMode::Append, batch(vec![("id", ints(&[1]))])).await.unwrap();
    let session = newest(&lake).await.with(table("marts.bad"), view("COPY raw.t TO '/tmp/lake/x.csv'"));
    let hostile = [
        "CREATE TABLE x AS SELECT 1",
        "CREATE EXTERNAL TABLE p STORED AS CSV LOCATION '/etc/passwd'",
        "CREATE VIEW v AS SELECT 1",
        "DROP TABLE raw.t",
        "INSERT INTO raw.t VALUES (2)",
        "DELETE FROM raw.t",
        "COPY (SELECT 1) TO '/tmp/lake/x.csv' STORED AS CSV",
        "EXPLAIN COPY (SELECT 1) TO '/tmp/lake/x.csv' STORED AS CSV",
        "SET datafusion.execution.batch_size = 1",
        "SHOW ALL",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM \"/etc/passwd\"",
        "SELECT * FROM information_schema.tables",
        "SELECT 1; SELECT 2",
        "SELECT * FROM bad",
    ];
    for sql in hostile {
        assert!(session.query(sql).await.is_err(), "{sql}");
    }
    assert_eq!(ask(&session, "SELECT count(*) FROM raw.t").await, ["1"]);
}

#[tokio::test]
async fn sql_error_tells_line_and_column() {
    let dir = tempfile::tempdir().unwrap();
    let lake = open(dir.path()).await;
    land(&lake, "raw.t", "1", LandMode::Append, batch(vec![("id", ints(&[1]))])).await.unwrap();
    let session = newest(&lake).await;
    let cases = [
        ("SELECT id,\n  valor\nFROM raw.t", Some(2), Some(3), "valor"),
        ("SELECT id\nFORM raw.t", Some(2), None, "raw"),
        ("SELECT id FROM\n raw.nada", Some(2), Some(2), "nada"),
        ("SELECT\n nada(id) FROM raw.t", Some(2), Some(2), "nada"),
    ];
    for (sql, at_line, at_column, part) in cases {
        match session.query(sql).await.unwrap_err() {
            LakeError::Sql { message, line, column, .. } => {
                assert!(message.contains(part), "{message}");
                assert_eq!(line, at_line, "{sql}: {message}");
                if at_column.is_some() {
                    assert_eq!(column, at_column, "{sql}: {message}");
                }
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn version_that_is_not_there_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let lake = open(dir.path()).await;
    land(&lake, "raw.t", "1", LandMode::Append, batch(vec![("id", ints(&[1]))])).await.unwrap();
    let session = lake.session([(table("raw.t"), Relation::Table { version: 7 })].into());
    let error = session.query("SELECT * FROM raw.t").await.unwrap_err();
    assert!(matches!(&error, LakeError::NoVersion { version: 7, .. }), "{error:?}");
}

#[tokio::test]
async fn question_too_large_for_the_memory_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let options = LakeOptions { memory_limit: 4 << 20, target_partitions: 2, ..LakeOptions::default() };
    let lake = Lake::open(dir.path(), options).await.unwrap();
    let session = lake.session(Relations::new());
    let sql = "SELECT count(*) FROM (SELECT DISTINCT a.value * 1000003 + b.value AS v \
               FROM range(0, 3000) a CROSS JOIN range(0, 3000) b) t JOIN range(0, 2000000) r ON r.value = t.v";
    match session.query(sql).await {
        Err(LakeError::Memory { limit_mb: 4, .. }) => {}
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn functions_of_dbt_macros_are_there() {
    let dir = tempfile::tempdir().unwrap();
    let lake = open(dir.path()).await;
    let session = lake.session(Relations::new());
    let sql = "SELECT datediff('month', cast('2026-01-31' AS date), cast('2026-03-01' AS date)), \
               dateadd('day', -1, cast('2026-03-01' AS timestamp)), last_day(cast('2026-02-03' AS date)), \
               strip_accents('Indicações'), datediff('day', NULL, now()), \
               split_part('a-b-c', '-', 2), try_cast('x' AS int), string_agg(v, ',' ORDER BY v), md5('a'), \
               median(n), date_trunc('month', cast('2026-02-03' AS date)) FROM (VALUES ('b', 1), ('a', 2)) t(v, n)";
    let expected = "2|2026-02-28T00:00:00|2026-02-28|Indicacoes|∅|b|∅|a,b|0cc175b9c0f1b6a831c399e269772661|1.5|2026-02-01";
    let found = ask(&session, sql).await;
    assert_eq!(found[0].replace("2026-02-01T00:00:00", "2026-02-01"), expected);
}

#[tokio::test]
async fn names_of_other_schemas_are_not_known_by_a_bare_name() {
    let dir = tempfile::tempdir().unwrap();
    let lake = open(dir.path()).await;
    let rows = || stream(batch(vec![("id", ints(&[1]))]));
    lake.write(&table("staging.s"), rows(), WriteMode::Replace).await.unwrap();
    lake.write(&table("marts.m"), rows(), WriteMode::Replace).await.unwrap();
    let session = newest(&lake).await;
    assert_eq!(ask(&session, "SELECT id FROM m").await, ["1"]);
    assert!(session.query("SELECT id FROM s").await.is_err());
}

#[tokio::test]
async fn sum_over_a_join_counts_every_joined_row() {
    let dir = tempfile::tempdir().unwrap();
    let lake = open(dir.path()).await;
    land(&lake, "raw.one", "1", LandMode::Append, batch(vec![("k", ints(&[1, 2, 3]))])).await.unwrap();
    land(&lake, "raw.many", "1", LandMode::Append, batch(vec![("k", ints(&[1, 1, 2]))])).await.unwrap();
    let sql =
        "select sum(o.n) from (select k, 1 as n from raw.one) as o left join raw.many as m on o.k = m.k";
    assert_eq!(ask(&newest(&lake).await, sql).await, ["4"]);
}

#[tokio::test]
async fn filters_skip_row_groups_and_choose_rows_after_decoding() {
    let dir = tempfile::tempdir().unwrap();
    let lake = open(dir.path()).await;
    land(&lake, "raw.one", "1", LandMode::Append, batch(vec![("k", ints(&[1, 2, 3]))])).await.unwrap();
    let plan = ask(&newest(&lake).await, "explain select sum(k) from raw.one where k > 1").await.join("\n");
    assert!(plan.contains("FilterExec") && plan.contains("pruning_predicate"), "{plan}");
}
