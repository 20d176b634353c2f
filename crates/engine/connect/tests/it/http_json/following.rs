//! Reading what is new, again and again, and going on after an end in the middle.

use std::sync::{Arc, Mutex};

use connect::LandHint;
use serde_json::{Value, json};

use super::source;
use crate::landing::Table;
use crate::served::{Served, answer, json as told, served};

/// Records with the minute of their last change, which the API keeps sorted by it.
type Records = Arc<Mutex<Vec<(i64, i64)>>>;

fn moment(minute: i64) -> String {
    format!("2026-03-01T10:{minute:02}:00Z")
}

/// An API that gives three records a page from the moment in `since` on, and hangs up at the page `broken_at`.
async fn api(records: &Records, broken_at: Option<usize>) -> Served {
    let records = records.clone();
    served(move |asked| {
        let page = asked.number("page").unwrap();
        if broken_at == Some(page) {
            return answer("500 Oops", "", "{}");
        }
        let mut found = records.lock().unwrap().clone();
        found.sort_by_key(|(id, minute)| (*minute, *id));
        let since = asked.query.get("since").cloned().unwrap_or_default();
        let rows: Vec<Value> = found
            .iter()
            .filter(|(_, minute)| moment(*minute) >= since)
            .skip((page - 1) * 3)
            .take(3)
            .map(|(id, minute)| json!({"id": id, "changed": moment(*minute), "minute": minute}))
            .collect();
        told(&json!({"data": rows}))
    })
    .await
}

fn stream(more: &str) -> String {
    format!(
        "- {{name: orders, path: orders, records: data, key: id, paging: {{by: page}}, \
         incremental: {{field: changed, parameter: since{more}}}}}"
    )
}

fn records(count: i64) -> Records {
    Arc::new(Mutex::new((1..=count).map(|id| (id, id)).collect()))
}

fn sinces(server: &Served) -> Vec<Option<String>> {
    server.asked().iter().map(|asked| asked.query.get("since").cloned()).collect()
}

#[tokio::test]
async fn what_is_new_or_changed_comes_once_and_the_rest_is_not_asked_for() {
    let records = records(7);
    let server = api(&records, None).await;
    let source = source(&server.url, &stream(""));
    let mut table = Table::default();
    let (came, error) = table.sync(&source, "orders").await;
    assert!(error.is_none() && came == 7, "{error:?}");
    // One is new, one has changed, one was committed late within the overlap.
    records.lock().unwrap().extend([(8, 9), (9, 6)]);
    records.lock().unwrap()[1].1 = 10;
    let before = server.asked().len();
    let (_, error) = table.sync(&source, "orders").await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(table.ids("id"), (1..=9).collect::<Vec<_>>());
    assert_eq!(table.rows.iter().find(|row| row["id"] == "2").unwrap()["minute"], "10");
    assert!(table.hints.iter().all(|hint| *hint == LandHint::Merge { key: vec!["id".to_owned()] }));
    assert_eq!(sinces(&server)[0], None);
    assert!(sinces(&server)[before..].iter().all(|since| since.as_deref() == Some("2026-03-01T10:06:00Z")));
    // Nothing new: what the overlap repeats changes nothing.
    let rows = table.rows.len();
    table.sync(&source, "orders").await;
    assert_eq!(table.rows.len(), rows);
}

#[tokio::test]
async fn the_first_reading_may_begin_at_a_day_and_moments_be_told_as_seconds() {
    let server = api(&records(2), None).await;
    let source = source(&server.url, &stream(", since: 2026-03-01, as: seconds, overlap: 0"));
    let mut table = Table::default();
    // The API of this test compares texts: everything is later than a number.
    assert_eq!(table.sync(&source, "orders").await.0, 2);
    assert_eq!(sinces(&server)[0].as_deref(), Some("1772323200"));
    table.sync(&source, "orders").await;
    assert_eq!(sinces(&server).last().unwrap().as_deref(), Some("1772359320"));
}

#[tokio::test]
async fn what_is_new_may_be_asked_for_in_a_language_of_the_apis_own() {
    let server = served(|_| told(&json!({"data": [{"id": 1, "changed": moment(5)}]}))).await;
    let streams = "- {name: orders, path: orders, records: data, key: id, \
                   incremental: {field: changed, parameter: $filter, template: 'changed ge {value}', overlap: 0}}";
    let source = source(&server.url, streams);
    let mut table = Table::default();
    table.sync(&source, "orders").await;
    table.sync(&source, "orders").await;
    let filters: Vec<_> = server.asked().iter().map(|asked| asked.query.get("$filter").cloned()).collect();
    assert_eq!(filters, [None, Some("changed ge 2026-03-01T10:05:00Z".to_owned())]);
}

#[tokio::test]
async fn a_reading_that_breaks_off_lands_nothing_and_begins_again() {
    let records = records(7);
    let broken = api(&records, Some(3)).await;
    let mut table = Table::default();
    let (came, error) = table.sync(&source(&broken.url, &stream("")), "orders").await;
    assert!(error.unwrap().to_string().contains("answered 500") && came == 0);
    assert!(table.state.is_empty(), "nothing vouches for the end of the list");
    let server = api(&records, None).await;
    table.sync(&source(&server.url, &stream("")), "orders").await;
    assert_eq!((table.ids("id"), &sinces(&server)[0]), ((1..=7).collect(), &None));
}

#[tokio::test]
async fn a_sorted_reading_that_breaks_off_keeps_its_pages_and_goes_on_from_there() {
    let records = records(7);
    let broken = api(&records, Some(3)).await;
    let sorted = stream(", sorted: true");
    let mut table = Table::default();
    let (came, error) = table.sync(&source(&broken.url, &sorted), "orders").await;
    assert!(error.unwrap().to_string().contains("answered 500"));
    assert_eq!((came, table.ids("id")), (6, (1..=6).collect()));
    let server = api(&records, None).await;
    table.sync(&source(&server.url, &sorted), "orders").await;
    assert_eq!(table.ids("id"), (1..=7).collect::<Vec<_>>());
    assert_eq!(sinces(&server)[0].as_deref(), Some("2026-03-01T10:05:00Z"));
}

#[tokio::test]
async fn a_reading_that_is_called_sorted_and_is_not_vouches_for_nothing_before_its_end() {
    let server = served(|asked| match asked.number("page").unwrap() {
        1 => told(&json!({"data": [{"id": 1, "changed": moment(9)}]})),
        2 => told(&json!({"data": [{"id": 2, "changed": moment(3)}]})),
        _ => answer("500 Oops", "", "{}"),
    })
    .await;
    let mut table = Table::default();
    let (_, error) = table.sync(&source(&server.url, &stream(", sorted: true")), "orders").await;
    assert!(error.is_some());
    assert!(!table.ids("id").contains(&2));
}

#[tokio::test]
async fn a_stream_that_is_killed_before_its_piece_is_landed_gives_it_again() {
    let records = records(7);
    let server = api(&records, None).await;
    let source = source(&server.url, &stream(", sorted: true"));
    let mut table = Table::default();
    table.sync_some(&source, "orders", 0).await;
    assert!(table.rows.is_empty() && table.state.is_empty());
    table.sync(&source, "orders").await;
    // Its rows are in, its mark is not: as a store that lost a commit would have it.
    let state = std::mem::take(&mut table.state);
    table.sync(&source, "orders").await;
    assert_eq!((table.ids("id"), &table.state), ((1..=7).collect(), &state));
}

#[tokio::test]
async fn another_cursor_begins_anew_and_one_that_no_record_has_is_an_error() {
    let server = api(&records(4), None).await;
    let mut table = Table::default();
    table.sync(&source(&server.url, &stream("")), "orders").await;
    let other = stream("").replace("field: changed", "field: minute");
    table.sync(&source(&server.url, &other), "orders").await;
    assert_eq!(sinces(&server)[2], None, "{:?}", sinces(&server));
    let wrong = stream("").replace("field: changed", "field: modified");
    let (_, error) = Table::default().sync(&source(&server.url, &wrong), "orders").await;
    let error = error.unwrap().to_string();
    assert!(error.contains("no record has a value in `modified`"), "{error}");
}
