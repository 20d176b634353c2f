//! What becomes of records: columns, rejects, lists per parent, and tables that are read whole.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use connect::{LandHint, Source as _};
use serde_json::json;

use super::{rows, source};
use crate::landing::Table;
use crate::served::{answer, json as told, served};

#[tokio::test]
async fn columns_are_found_and_objects_become_columns() {
    let server = served(|_| {
        answer(
            "200 OK",
            "",
            r#"[{"id":1,"total":10.10,"at":"2026-03-01T10:00:00-03:00","buyer":{"name":"Ana","uf":"SP"},"tags":["a"]}]"#,
        )
    })
    .await;
    let source = source(&server.url, "- {name: orders, path: orders}");
    let mut table = Table::default();
    table.sync(&source, "orders").await;
    let row = &table.rows[0];
    let of = |name: &str| row[name].as_str();
    assert_eq!(
        (of("total"), of("at"), of("buyer_name"), of("buyer_uf"), of("tags")),
        ("10.10", "2026-03-01T13:00:00Z", "Ana", "SP", r#"["a"]"#)
    );
    let found = source.discover().await.unwrap();
    let names: Vec<&str> = found.streams[0].columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["id", "total", "at", "buyer_name", "buyer_uf", "tags"]);
    assert_eq!(found.streams[0].table, "api__orders");
}

#[tokio::test]
async fn a_record_that_is_no_object_is_a_reject_and_the_others_land() {
    let server = served(|_| told(&json!([{"id": 1}, 7, "x", null, [1], {"id": 2}]))).await;
    let mut table = Table::default();
    let (came, error) = table.sync(&source(&server.url, "- {name: orders, path: orders}"), "orders").await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!((came, table.ids("id"), table.rejected.len()), (2, vec![1, 2], 4));
    assert!(
        table.rejected.iter().all(|reason| reason.starts_with("is no JSON object")),
        "{:?}",
        table.rejected
    );
}

#[tokio::test]
async fn a_list_without_cursor_takes_the_place_of_all_rows_and_only_when_it_changed() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    let server = served(move |_| {
        let call = counted.fetch_add(1, Ordering::SeqCst);
        told(&json!(if call < 2 { rows(1..=3) } else { rows(2..=3) }))
    })
    .await;
    let source = source(&server.url, "- {name: orders, path: orders, key: id}");
    let mut table = Table::default();
    for expected in [vec![1, 2, 3], vec![1, 2, 3], vec![2, 3]] {
        let (_, error) = table.sync(&source, "orders").await;
        assert!(error.is_none(), "{error:?}");
        assert_eq!(table.ids("id"), expected);
    }
    assert_eq!(
        table.hints,
        [LandHint::ReplaceAll, LandHint::ReplaceAll],
        "the second reading brought nothing"
    );
}

#[tokio::test]
async fn an_empty_answer_and_a_null_list_are_no_records() {
    for empty in [answer("204 No Content", "", ""), told(&json!({"data": null})), told(&json!({"data": []}))]
    {
        let shown = empty.clone();
        let server = served(move |_| shown.clone()).await;
        let records = if empty.contains("204") { "$" } else { "data" };
        let streams = format!("- {{name: orders, path: orders, records: {records}}}");
        let source = source(&server.url, &streams);
        let (came, error) = Table::default().sync(&source, "orders").await;
        assert!(error.is_none() && came == 0, "{empty}: {error:?}");
        assert!(source.test().await.unwrap().streams[0].is_empty);
    }
}

const ORDERS_OF_CUSTOMERS: &str = "
- {name: customers, path: customers, records: data, key: code, paging: {by: page}}
- name: orders
  path: customers/{code}/orders
  key: [customers_code, id]
  for_each: {stream: customers, field: code}
";

#[tokio::test]
async fn lists_per_parent_carry_their_parent_and_one_that_is_not_there_is_passed_over() {
    let server = served(|asked| match (asked.path.as_str(), asked.number("page")) {
        ("/api/customers", Some(1)) => told(&json!({"data": [{"code": "a/1"}, {"code": "b"}]})),
        ("/api/customers", Some(2)) => told(&json!({"data": [{"code": "c"}, {"code": "b"}]})),
        ("/api/customers", _) => told(&json!({"data": []})),
        ("/api/customers/a/1/orders", _) => told(&json!([{"id": 1}, {}])),
        ("/api/customers/b/orders", _) => told(&json!([{"id": 1}, {"id": 2}])),
        _ => answer("404 Not Found", "", "{}"),
    })
    .await;
    let mut table = Table::default();
    let (came, error) = table.sync(&source(&server.url, ORDERS_OF_CUSTOMERS), "orders").await;
    assert!(error.is_none(), "{error:?}");
    let mut pairs: Vec<(&str, &str)> =
        table.column("customers_code").into_iter().zip(table.column("id")).collect();
    pairs.sort_unstable();
    assert_eq!((came, pairs), (4, vec![("a/1", ""), ("a/1", "1"), ("b", "1"), ("b", "2")]));
    assert!(
        server.asked().iter().any(|asked| asked.head.contains("/customers/a%2f1/orders")),
        "values are escaped"
    );
}

#[tokio::test]
async fn lists_of_which_none_is_there_are_an_error() {
    let server = served(|asked| match (asked.path.as_str(), asked.number("page")) {
        ("/api/customers", Some(1)) => told(&json!({"data": [{"code": 1}, {"code": 2}]})),
        ("/api/customers", _) => told(&json!({"data": []})),
        _ => answer("404 Not Found", "", "{}"),
    })
    .await;
    let (_, error) = Table::default().sync(&source(&server.url, ORDERS_OF_CUSTOMERS), "orders").await;
    let error = error.unwrap().to_string();
    assert!(error.contains("answered 404") && error.contains("the `path` of the stream"), "{error}");
}
