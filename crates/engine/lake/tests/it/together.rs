//! Questions asked together: the same answers as alone, whatever stands beside them.

use std::sync::Arc;

use lake::arrow::array::{ArrayRef, Date32Array, Int64Array, RecordBatch, StringArray};
use lake::arrow::util::pretty::pretty_format_batches;
use lake::{LakeError, LandMode, Session};

use crate::rows::{batch, ints, land, newest, open, texts};

/// A table large enough to be shared, in several files, and a small one beside it.
async fn sales(dir: &std::path::Path) -> Session {
    let lake = open(dir).await;
    for part in 0..4i64 {
        let ids: Vec<i64> = (part * 50_000..(part + 1) * 50_000).collect();
        let channels =
            StringArray::from_iter_values(ids.iter().map(|id| ["Ads", "Site", "SDR"][*id as usize % 3]));
        let sellers =
            StringArray::from_iter_values(ids.iter().map(|id| format!("Pessoa número {}", id % 977)));
        let days = Date32Array::from_iter_values(ids.iter().map(|id| 20_000 + (id / 500) as i32));
        let rows = batch(vec![
            ("id", ints(&ids)),
            ("day", Arc::new(days) as ArrayRef),
            ("channel", Arc::new(channels)),
            ("seller", Arc::new(sellers)),
            ("value", Arc::new(Int64Array::from_iter_values(ids.iter().map(|id| id % 1_000)))),
        ]);
        land(&lake, "raw.sales", &part.to_string(), LandMode::Append, rows).await.unwrap();
    }
    let names = batch(vec![("channel", texts(&["Ads", "Site"])), ("owner", texts(&["Ana", "Rui"]))]);
    land(&lake, "raw.channels", "1", LandMode::Append, names).await.unwrap();
    newest(&lake).await
}

const QUESTIONS: [&str; 12] = [
    "SELECT sum(value), count(*) FROM raw.sales",
    "SELECT channel, sum(value) FROM raw.sales GROUP BY 1 ORDER BY 1",
    "SELECT day, count(*) FROM raw.sales WHERE day BETWEEN DATE '2024-10-10' AND DATE '2024-11-20' GROUP BY 1 ORDER BY 1",
    "SELECT seller, sum(value) AS v FROM raw.sales WHERE channel = 'Ads' GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 7",
    "SELECT count(DISTINCT seller) FROM raw.sales WHERE channel <> 'SDR'",
    "SELECT c.owner, sum(s.value) FROM raw.sales s LEFT JOIN raw.channels c ON s.channel = c.channel GROUP BY 1 ORDER BY 1",
    "SELECT c.owner, max(s.day) FROM raw.channels c JOIN raw.sales s ON s.channel = c.channel GROUP BY 1 ORDER BY 1",
    "SELECT a.channel, count(*) FROM raw.sales a JOIN raw.sales b ON a.id = b.id + 1 GROUP BY 1 ORDER BY 1",
    "SELECT sum(value) FROM raw.sales WHERE day > DATE '2100-01-01'",
    "SELECT id FROM raw.sales LIMIT 0",
    "SELECT owner FROM raw.channels ORDER BY 1",
    "SELECT id, seller FROM raw.sales WHERE id IN (7, 123456, 199999) ORDER BY 1",
];

fn shown(batches: &[RecordBatch]) -> String {
    pretty_format_batches(batches).unwrap().to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn together_every_question_gets_the_answer_that_it_gets_alone() {
    let dir = tempfile::tempdir().unwrap();
    let session = sales(dir.path()).await;
    let questions: Vec<String> = QUESTIONS.map(String::from).into();
    let together = session.together(&questions).await;
    assert_eq!(together.len(), questions.len());
    for (question, answer) in questions.iter().zip(together) {
        let (schema, batches) = answer.unwrap_or_else(|error| panic!("{question}: {error}"));
        let alone = session.query(question).await.unwrap();
        assert_eq!(schema, session.schema(question).await.unwrap(), "{question}");
        assert!(batches.iter().all(|batch| batch.schema() == schema), "{question}");
        assert_eq!(shown(&batches), shown(&alone), "{question}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn together_a_question_that_fails_fails_alone() {
    let dir = tempfile::tempdir().unwrap();
    let session = sales(dir.path()).await;
    let questions = [
        "SELECT sum(value) FROM raw.sales",
        "SELECT nothing FROM raw.sales",
        "SELECT sum(1000 / (value - value)) FROM raw.sales",
        "DROP TABLE raw.sales",
        "SELECT count(*) FROM raw.sales",
    ]
    .map(String::from);
    let answers = session.together(&questions).await;
    let count = |at: usize| shown(&answers[at].as_ref().unwrap().1);
    assert!(count(0).contains("99900000") && count(4).contains("200000"), "{} {}", count(0), count(4));
    for at in [1, 2, 3] {
        assert!(matches!(&answers[at], Err(LakeError::Sql { .. })), "{}: {:?}", questions[at], answers[at]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn together_nobody_waits_when_the_asker_has_gone() {
    let dir = tempfile::tempdir().unwrap();
    let session = sales(dir.path()).await;
    let questions: Vec<String> = QUESTIONS.map(String::from).into();
    for wait_us in [0, 50, 500, 5_000] {
        let asked = session.together(&questions);
        // The asker goes at some moment of the work; whatever it had begun must not hold later questions up.
        drop(tokio::time::timeout(std::time::Duration::from_micros(wait_us), asked).await);
    }
    let answers = session.together(&questions).await;
    assert!(answers.iter().all(Result::is_ok));
}
