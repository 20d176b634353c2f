//! What a reader with a sight gets: its rows, its masks, and nothing else by any way of asking.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lake::arrow::array::{ArrayRef, StringArray};
use lake::{Condition, LakeError, LandMode, Mask, Part, Relation, Session, Sight};

use crate::rows::{ask, batch, ints, land, lines, newest, open, table, texts};

/// Words that only stand in rows or values that the reader may not see.
const SECRETS: [&str; 4] = ["SEGREDO", "777777", "98765432100", "segredo@"];

/// Branch A has three sales, branch B one more with a text that is no number, a value that no other has, and a null branch has one.
async fn sales(dir: &std::path::Path) -> Session {
    let lake = open(dir).await;
    let branches: ArrayRef =
        Arc::new(StringArray::from(vec![Some("A"), Some("A"), Some("A"), Some("B"), None]));
    let rows = batch(vec![
        ("id", ints(&[1, 2, 3, 4, 5])),
        ("branch", branches),
        ("note", texts(&["10", "20", "30", "SEGREDO", "SEGREDO"])),
        ("value", ints(&[10, 20, 30, 777_777, 777_777])),
        ("zero", ints(&[1, 1, 1, 0, 0])),
    ]);
    land(&lake, "marts.fct_sales", "1", LandMode::Append, rows).await.unwrap();
    let people = batch(vec![
        ("branch", texts(&["A", "B"])),
        ("email", texts(&["ana@exemplo.com", "segredo@exemplo.com"])),
        ("cpf", texts(&["12345678909", "98765432100"])),
        ("pay", ints(&[5, 777_777])),
    ]);
    land(&lake, "marts.dim_people", "1", LandMode::Append, people).await.unwrap();
    land(&lake, "raw.erp", "1", LandMode::Append, batch(vec![("x", texts(&["SEGREDO"]))])).await.unwrap();
    let session = newest(&lake).await;
    let view = |sql: &str| Relation::View { sql: sql.to_string() };
    session
        .with(table("marts.v_sales"), view("select *, value * 2 as double from marts.fct_sales"))
        .with(table("marts.v_raw"), view("select x as branch, cast(x as int) as n from raw.erp"))
        .with(table("marts.v_all"), view("select count(*) as n from raw.erp"))
        .with(
            table("marts.v_guarded"),
            view("select branch, cast(note as varchar) as note from marts.fct_sales"),
        )
}

/// Branch A only; of people the pay hidden, address and tax id masked.
fn sight() -> Arc<Sight> {
    let mine = || Some(Condition::In("branch".to_owned(), BTreeSet::from(["A".to_owned()])));
    let masks = BTreeMap::from([
        ("email".to_owned(), Mask::Email),
        ("cpf".to_owned(), Mask::TaxId),
        ("pay".to_owned(), Mask::Hidden),
    ]);
    Arc::new(Sight {
        schemas: BTreeSet::from(["marts".to_owned()]),
        parts: BTreeMap::from([
            (table("marts.fct_sales"), Part { rows: mine(), masks: BTreeMap::new() }),
            (table("marts.v_guarded"), Part { rows: mine(), masks: BTreeMap::new() }),
            // Its own condition fails on what it must not tell.
            (
                table("marts.v_raw"),
                Part {
                    rows: Some(Condition::In("n".to_owned(), BTreeSet::from(["1".to_owned()]))),
                    masks: BTreeMap::new(),
                },
            ),
            (table("marts.dim_people"), Part { rows: None, masks }),
        ]),
    })
}

#[tokio::test]
async fn guard_shows_the_readers_rows_and_masks_by_every_way_of_asking() {
    let dir = tempfile::tempdir().unwrap();
    let all = sales(dir.path()).await;
    let mine = all.seen_with(sight());
    let cases = [
        ("SELECT count(*), sum(value), max(value) FROM fct_sales", vec!["3|60|30"]),
        ("SELECT branch, count(*) FROM fct_sales GROUP BY 1", vec!["A|3"]),
        ("SELECT count(*) FROM fct_sales WHERE value > 100 OR branch IS NULL", vec!["0"]),
        ("SELECT count(*) FROM fct_sales WHERE cast(note AS INT) >= 10", vec!["3"]),
        ("SELECT sum(10 / zero) FROM fct_sales", vec!["30"]),
        ("SELECT sum(double) FROM v_sales", vec!["120"]),
        ("SELECT count(*) FROM v_guarded WHERE cast(note AS INT) > 0", vec!["3"]),
        ("SELECT id FROM fct_sales WHERE branch = 'B' OR id = 2 ORDER BY 1 LIMIT 3", vec!["2"]),
        ("WITH w AS (SELECT * FROM fct_sales) SELECT count(*) FROM w a JOIN w b ON a.id = b.id", vec!["3"]),
        ("SELECT (SELECT max(value) FROM fct_sales), 1", vec!["30|1"]),
        (
            "SELECT email, cpf, pay FROM dim_people ORDER BY branch",
            vec!["a***@exemplo.com|*********09|∅", "s***@exemplo.com|*********00|∅"],
        ),
        (
            "SELECT count(*) FROM dim_people WHERE email = 'segredo@exemplo.com' OR pay = 777777 OR cpf LIKE '987%'",
            vec!["0"],
        ),
        (
            "SELECT count(*), count(pay), max(cpf) FROM dim_people WHERE email LIKE '%@%'",
            vec!["2|0|*********09"],
        ),
        // A filter that fails on one hidden row only would tell that there is such a row.
        ("SELECT count(*) FROM fct_sales WHERE 1000 / (value - 777777) < 1", vec!["3"]),
        ("SELECT count(*) FROM dim_people WHERE email = 's***@exemplo.com'", vec!["1"]),
        (
            "SELECT count(*) FROM dim_people WHERE pay IS NULL AND cpf IN ('*********00', '98765432100')",
            vec!["1"],
        ),
        ("SELECT n FROM v_all", vec!["1"]),
    ];
    for (sql, expected) in cases {
        assert_eq!(ask(&mine, sql).await, expected, "{sql}");
        let together = mine.together(&[sql.to_owned(), sql.to_owned()]).await;
        for answer in together {
            assert_eq!(lines(&answer.unwrap().1), expected, "{sql}");
        }
    }
    assert_eq!(ask(&all, "SELECT count(*), max(value) FROM fct_sales").await, ["5|777777"]);
}

#[tokio::test]
async fn guard_lets_nothing_out_by_errors_or_plans() {
    let dir = tempfile::tempdir().unwrap();
    let mine = sales(dir.path()).await.seen_with(sight());
    let corpus = [
        "SELECT * FROM fct_sales WHERE cast(note AS INT) = 1",
        "SELECT cast(note AS INT) FROM fct_sales",
        "SELECT 1000 / (value - 777777) FROM fct_sales",
        "SELECT cast(email AS INT) FROM dim_people",
        "SELECT cast(cpf AS DATE) FROM dim_people",
        "SELECT arrow_cast(note, 'Int32') FROM fct_sales WHERE branch <> 'A'",
        "WITH w AS (SELECT cast(note AS INT) AS n FROM fct_sales WHERE value > 30) SELECT * FROM w",
        "SELECT * FROM (SELECT *, row_number() OVER (ORDER BY value DESC) AS r FROM fct_sales OFFSET 0) WHERE cast(note AS INT) > 0",
        "SELECT string_agg(note, ',') FROM fct_sales",
        "SELECT * FROM fct_sales a, fct_sales b WHERE a.note = b.note AND cast(b.note AS INT) < 0",
        "SELECT note FROM fct_sales UNION ALL SELECT cpf FROM dim_people UNION ALL SELECT note FROM v_guarded",
        "SELECT n FROM v_raw",
        "SELECT n FROM v_raw WHERE n > 0",
        "EXPLAIN SELECT * FROM fct_sales",
        "EXPLAIN ANALYZE SELECT count(*) FROM fct_sales",
        "EXPLAIN VERBOSE SELECT * FROM v_sales",
        "EXPLAIN ANALYZE SELECT * FROM v_all",
        "DESCRIBE raw.erp",
        "SELECT * FROM raw.erp",
        "SELECT * FROM mirante.raw.erp",
        "SELECT * FROM information_schema.tables",
        "SHOW TABLES",
        "SELECT max(value), min(note) FROM v_sales",
        "SELECT approx_distinct(note), min(note), max(note) FROM fct_sales",
        "SELECT * FROM fct_sales ORDER BY value DESC LIMIT 1",
        "SELECT array_agg(value) FROM v_sales WHERE value > 30",
        "SELECT regexp_replace(note, '.*', '\\0') FROM fct_sales WHERE note LIKE 'S%'",
        "COPY fct_sales TO '/tmp/out.csv'",
        "CREATE EXTERNAL TABLE t STORED AS PARQUET LOCATION '/'",
    ];
    for sql in corpus {
        let said = match mine.query(sql).await {
            Ok(batches) => lines(&batches).join("\n"),
            Err(error) => whole(&error),
        };
        assert!(
            sql.contains("raw.") || sql.contains("information_schema") || !said.contains("not found"),
            "{sql}: {said}"
        );
        for secret in SECRETS.iter().chain(&[".parquet"]) {
            assert!(!said.contains(secret), "{sql}: {said}");
        }
    }
}

/// The error with all that caused it, as a log would have it.
fn whole(error: &LakeError) -> String {
    let mut said = format!("{error} {error:?}");
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        said.push_str(&format!(" {error} {error:?}"));
        cause = error.source();
    }
    said
}

#[tokio::test]
async fn guard_hidden_table_answers_as_a_missing_one() {
    let dir = tempfile::tempdir().unwrap();
    let mine = sales(dir.path()).await.seen_with(sight());
    let of = |error: LakeError| error.to_string();
    let hidden = of(mine.query("SELECT * FROM raw.erp").await.unwrap_err());
    let missing = of(mine.query("SELECT * FROM raw.nix").await.unwrap_err());
    assert_eq!(hidden.replace("erp", "nix"), missing);
}

#[tokio::test]
async fn guard_that_speaks_of_a_missing_column_shows_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let all = sales(dir.path()).await;
    for part in [
        Part { rows: Some(Condition::IsNull("nix".to_owned())), masks: BTreeMap::new() },
        Part { rows: None, masks: BTreeMap::from([("nix".to_owned(), Mask::Hidden)]) },
    ] {
        let sight = Sight {
            schemas: BTreeSet::from(["marts".to_owned()]),
            parts: BTreeMap::from([(table("marts.fct_sales"), part)]),
        };
        let error = all.seen_with(Arc::new(sight)).query("SELECT 1 FROM fct_sales").await.unwrap_err();
        assert!(error.to_string().contains("nix"), "{error}");
    }
}

#[tokio::test]
async fn guard_of_nothing_and_of_negations_shows_no_row_whose_condition_is_not_true() {
    let dir = tempfile::tempdir().unwrap();
    let all = sales(dir.path()).await;
    let is = |value: &str| Condition::In("branch".to_owned(), BTreeSet::from([value.to_owned()]));
    let cases = [
        (Condition::Any(vec![]), "0"),
        (Condition::All(vec![]), "5"),
        (Condition::In("branch".to_owned(), BTreeSet::new()), "0"),
        (Condition::Not(Box::new(is("A"))), "1"),
        (Condition::Any(vec![is("B"), Condition::IsNull("branch".to_owned())]), "2"),
        (Condition::In("id".to_owned(), BTreeSet::from(["1".to_owned(), "x".to_owned()])), "1"),
        (Condition::All(vec![is("A"), Condition::Not(Box::new(Condition::IsNull("id".to_owned())))]), "3"),
    ];
    for (rows, expected) in cases {
        let part = Part { rows: Some(rows.clone()), masks: BTreeMap::new() };
        let sight = Sight {
            schemas: BTreeSet::from(["marts".to_owned()]),
            parts: BTreeMap::from([(table("marts.fct_sales"), part)]),
        };
        let seen = ask(&all.seen_with(Arc::new(sight)), "SELECT count(*) FROM fct_sales").await;
        assert_eq!(seen, [expected], "{rows:?}");
    }
}
