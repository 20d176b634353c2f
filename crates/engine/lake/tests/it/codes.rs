//! Texts that are only grouped by are read as codes: the answers are those of the texts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lake::arrow::array::{ArrayRef, Date32Array, Int64Array, StringArray};
use lake::{Condition, LandMode, Mask, Part, Session, Sight};

use crate::rows::{ask, batch, ints, land, lines, newest, open, table};

const ROWS: i64 = 40_000;

/// Three files: the first lacks column `uf`, the second meets texts in another order; `unique` has a text per row, too many for a dictionary.
async fn sales(dir: &std::path::Path) -> Session {
    let lake = open(dir).await;
    for part in 0..3i64 {
        let ids: Vec<i64> = (part * ROWS..(part + 1) * ROWS).collect();
        let of = |each: &dyn Fn(i64) -> Option<String>| {
            Arc::new(ids.iter().map(|id| each(*id)).collect::<StringArray>()) as ArrayRef
        };
        let channel = |id: i64| {
            let names =
                [Some("Indicações"), Some(""), None, Some("Ads"), Some("anúncio muito comprido no site")];
            names[((id + part) % 5) as usize].map(str::to_owned)
        };
        let mut columns = vec![
            ("id", ints(&ids)),
            (
                "day",
                Arc::new(Date32Array::from_iter_values(ids.iter().map(|id| 20_000 + (id / 700) as i32)))
                    as ArrayRef,
            ),
            ("channel", of(&channel)),
            ("seller", of(&|id| Some(format!("Pessoa {}", id % 90)))),
            ("unique", of(&|id| Some(format!("pedido número {id} da loja do centro")))),
            ("value", Arc::new(Int64Array::from_iter_values(ids.iter().map(|id| id % 1_000)))),
        ];
        if part > 0 {
            columns.push(("uf", of(&|id| (id % 7 > 0).then(|| format!("UF{}", (id * id) % 27)))));
        }
        land(&lake, "raw.sales", &part.to_string(), LandMode::Append, batch(columns)).await.unwrap();
    }
    newest(&lake).await
}

/// `KEY` stands for a column that is grouped by.
const QUESTIONS: [&str; 15] = [
    "SELECT KEY AS k, sum(value), count(*) FROM raw.sales GROUP BY 1 ORDER BY 1",
    "SELECT KEY AS k, count(*) FROM raw.sales WHERE day > DATE '2024-12-01' GROUP BY 1 ORDER BY 1",
    "SELECT f.k, sum(f.v) FROM (SELECT (KEY) AS k, (value) AS v, day FROM raw.sales) AS f WHERE f.day < DATE '2025-01-01' GROUP BY 1 ORDER BY 1",
    "SELECT KEY AS k, date_trunc('month', day) AS m, sum(value), count(DISTINCT id % 100) FROM raw.sales GROUP BY 1, 2 ORDER BY 1, 2",
    "SELECT KEY AS k, max(value) AS v FROM raw.sales GROUP BY 1 HAVING KEY > 'I' ORDER BY 2 DESC, 1 LIMIT 5",
    "SELECT count(*), count(k) FROM (SELECT KEY AS k FROM raw.sales GROUP BY 1)",
    "SELECT DISTINCT KEY AS k FROM raw.sales ORDER BY 1 LIMIT 50",
    "SELECT count(DISTINCT KEY) FROM raw.sales",
    "SELECT KEY AS k, min(KEY) FROM raw.sales GROUP BY 1 ORDER BY 1",
    "SELECT KEY AS k, count(*) FILTER (WHERE KEY <> 'Ads') FROM raw.sales GROUP BY 1 ORDER BY 1",
    "SELECT a.k, a.n, b.n FROM (SELECT KEY AS k, count(*) AS n FROM raw.sales GROUP BY 1) a JOIN (SELECT KEY AS k, sum(value) AS n FROM raw.sales GROUP BY 1) b ON a.k = b.k ORDER BY 1",
    "SELECT KEY AS k, count(*) FROM raw.sales GROUP BY ROLLUP (KEY, date_trunc('year', day)) ORDER BY 1, 2",
    "SELECT id FROM raw.sales WHERE id < 9 AND KEY IN (SELECT KEY FROM raw.sales GROUP BY 1) ORDER BY 1",
    "SELECT k, max(l) FROM (SELECT KEY AS k, upper(KEY) AS l FROM raw.sales) GROUP BY 1 ORDER BY 1",
    "SELECT KEY AS k, sum(value) FROM raw.sales WHERE id < 0 GROUP BY 1",
];

/// The same question over texts that no file has, and of which there can be no codes.
fn over_texts(question: &str, key: &str) -> String {
    question.replace("KEY", &format!("({key} || '')"))
}

fn over_codes(question: &str, key: &str) -> String {
    question.replace("KEY", key)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn codes_give_the_answers_of_their_texts() {
    let dir = tempfile::tempdir().unwrap();
    let session = sales(dir.path()).await;
    for key in ["channel", "uf", "\"unique\""] {
        // Of the column without codes there are as many groups as rows: a few questions tell.
        let questions = if key == "\"unique\"" { &QUESTIONS[..2] } else { &QUESTIONS[..] };
        for question in questions {
            let (coded, plain) = (over_codes(question, key), over_texts(question, key));
            assert_eq!(ask(&session, &coded).await, ask(&session, &plain).await, "{coded}");
        }
    }
}

#[tokio::test]
async fn codes_are_read_where_a_text_is_only_grouped_by() {
    let dir = tempfile::tempdir().unwrap();
    let session = sales(dir.path()).await;
    let coded = async |sql: &str| ask(&session, &format!("EXPLAIN {sql}")).await.join("\n").contains("code(");
    assert!(
        coded("SELECT channel, sum(value) FROM raw.sales WHERE day > DATE '2024-12-01' GROUP BY 1").await
    );
    assert!(
        coded("SELECT f.k, sum(f.v) FROM (SELECT channel AS k, value AS v FROM raw.sales) AS f GROUP BY 1")
            .await
    );
    assert!(coded("SELECT NULLIF((seller), '') AS k, sum(value) FROM raw.sales GROUP BY 1").await);
    // Looked at, or not in dictionaries.
    assert!(!coded("SELECT channel, sum(value) FROM raw.sales WHERE channel <> 'Ads' GROUP BY 1").await);
    assert!(!coded("SELECT channel, max(channel) FROM raw.sales GROUP BY 1").await);
    assert!(!coded("SELECT upper(channel), sum(value) FROM raw.sales GROUP BY 1").await);
    assert!(!coded("SELECT channel FROM raw.sales").await);
    assert!(!coded("SELECT \"unique\", sum(value) FROM raw.sales GROUP BY 1").await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn codes_are_shared_by_questions_that_are_asked_together() {
    let dir = tempfile::tempdir().unwrap();
    let session = sales(dir.path()).await;
    let together = [
        over_codes(QUESTIONS[0], "channel"),
        over_codes(QUESTIONS[3], "channel"),
        over_codes(QUESTIONS[1], "uf"),
        // Looks at the UF, so that nobody may have codes for it.
        "SELECT count(*) FROM raw.sales WHERE uf = 'UF1'".to_owned(),
        "SELECT sum(value) FROM raw.sales".to_owned(),
    ];
    let answers = session.together(&together).await;
    for (question, answer) in together.iter().zip(answers) {
        let (_, batches) = answer.unwrap();
        assert_eq!(lines(&batches), ask(&session, question).await, "{question}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn codes_stay_behind_the_guard() {
    let dir = tempfile::tempdir().unwrap();
    let seen = Part {
        rows: Some(Condition::In("uf".to_owned(), ["UF1", "UF7"].map(str::to_owned).into())),
        masks: BTreeMap::from([("seller".to_owned(), Mask::Name)]),
    };
    let sight = Sight {
        schemas: BTreeSet::from(["raw".to_owned()]),
        parts: BTreeMap::from([(table("raw.sales"), seen)]),
    };
    let session = sales(dir.path()).await.seen_with(Arc::new(sight));
    for key in ["channel", "uf", "seller"] {
        for question in &QUESTIONS[..4] {
            let (coded, plain) = (over_codes(question, key), over_texts(question, key));
            let answer = ask(&session, &coded).await;
            assert!(!answer.is_empty(), "{coded}");
            assert_eq!(answer, ask(&session, &plain).await, "{coded}");
        }
    }
    assert_eq!(ask(&session, "SELECT uf FROM raw.sales GROUP BY 1 ORDER BY 1").await, ["UF1", "UF7"]);
    let initials = ask(&session, "SELECT seller FROM raw.sales GROUP BY 1 ORDER BY 1").await;
    assert_eq!(initials, (1..9).map(|digit| format!("P. {digit}.")).collect::<Vec<_>>());
}
