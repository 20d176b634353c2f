//! Every way in which APIs lead from page to page.

use serde_json::{Value, json};

use super::{rows, source};
use crate::landing::Table;
use crate::served::{Asked, Served, answer, json as told, served};

/// Reads the stream `orders` of seven records, and gives what was asked.
async fn seven(server: &Served, stream: &str) -> Vec<String> {
    let source = source(&server.url, &format!("- {{name: orders, path: orders, {stream}}}"));
    let mut table = Table::default();
    let (came, error) = table.sync(&source, "orders").await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!((came, table.ids("id")), (7, (1..=7).collect()));
    let shown = |asked: &Asked| {
        let query: Vec<String> = asked.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("{}?{}", asked.path, query.join("&"))
    };
    server.asked().iter().map(shown).collect()
}

/// Three records from the one behind `skip`.
fn three(skip: usize) -> Vec<Value> {
    rows(skip + 1..=(skip + 3).min(7))
}

#[tokio::test]
async fn one_list_is_asked_for_once() {
    let server = served(|_| told(&json!(rows(1..=7)))).await;
    assert_eq!(seven(&server, "records: $").await, ["/api/orders?"]);
}

#[tokio::test]
async fn pages_are_counted_until_an_empty_one() {
    let server = served(|asked| {
        let page = asked.number("page").unwrap();
        told(&json!({"data": {"items": three((page - 1) * 3)}}))
    })
    .await;
    let asked =
        seven(&server, "records: data.items, paging: {by: page, size: 500, size_parameter: per_page}").await;
    let expected: Vec<String> = (1..=4).map(|page| format!("/api/orders?page={page}&per_page=500")).collect();
    assert_eq!(asked, expected, "a page below the size that was asked for proves nothing");
}

#[tokio::test]
async fn a_page_behind_the_last_may_be_answered_with_404() {
    let server = served(|asked| match asked.number("p").unwrap() {
        page @ 0..=2 => told(&json!(three(page * 3))),
        _ => answer("404 Not Found", "", r#"{"detail":"Invalid page."}"#),
    })
    .await;
    assert_eq!(seven(&server, "paging: {by: page, parameter: p, first: 0}").await.len(), 4);
}

#[tokio::test]
async fn offsets_grow_by_what_came_and_end_with_the_total() {
    let server =
        served(|asked| told(&json!({"rows": three(asked.number("skip").unwrap()), "meta": {"count": "7"}})))
            .await;
    let asked =
        seven(&server, "records: rows, total: meta.count, paging: {by: offset, parameter: skip}").await;
    assert_eq!(asked, ["/api/orders?skip=0", "/api/orders?skip=3", "/api/orders?skip=6"]);
}

#[tokio::test]
async fn links_in_the_answer_are_followed_whole_relative_or_as_a_query() {
    let server = served(|asked| {
        let at = asked.number("at").unwrap_or(0);
        let next = match at {
            0 => json!(format!(
                "http://{}/api/orders?at=3",
                asked.head.split_once("host: ").unwrap().1.lines().next().unwrap()
            )),
            3 => json!("?at=6"),
            _ => Value::Null,
        };
        told(&json!({"results": three(at), "paging": {"next": next}}))
    })
    .await;
    let asked = seven(&server, "records: results, paging: {by: next, at: paging.next}").await;
    assert_eq!(asked, ["/api/orders?", "/api/orders?at=3", "/api/orders?at=6"]);
}

#[tokio::test]
async fn links_in_the_header_are_followed() {
    let server = served(|asked| {
        let at = asked.number("at").unwrap_or(0);
        let link = if at < 6 {
            format!("link: </api/orders?at=0>; rel=\"first\", </api/orders?at={}>; rel=\"next\"\r\n", at + 3)
        } else {
            String::new()
        };
        answer("200 OK", &link, &json!(three(at)).to_string())
    })
    .await;
    let asked = seven(&server, "paging: {by: link, size: 3, size_parameter: n}").await;
    assert_eq!(asked, ["/api/orders?n=3", "/api/orders?at=3", "/api/orders?at=6"]);
}

#[tokio::test]
async fn cursors_of_the_answer_become_parameters() {
    let server = served(|asked| {
        let at = asked.query.get("after").map_or(0, |after| after[3..].parse().unwrap());
        let next = if at < 6 { json!(format!("c=&{}", at + 3)) } else { json!("") };
        told(&json!({"data": three(at), "cursor": next}))
    })
    .await;
    let asked = seven(&server, "records: data, paging: {by: cursor, at: cursor, parameter: after}").await;
    assert_eq!(asked, ["/api/orders?", "/api/orders?after=c=&3", "/api/orders?after=c=&6"]);
}

#[tokio::test]
async fn posted_questions_carry_their_parameters_in_the_body() {
    let server = served(|asked| {
        let body = asked.json();
        assert_eq!((asked.method.as_str(), &body["filter"]), ("POST", &json!({"open": true})));
        told(&json!(three(body["page"]["offset"].as_u64().unwrap() as usize)))
    })
    .await;
    let stream = "method: POST, body: {filter: {open: true}}, \
                  paging: {by: offset, parameter: page.offset, size: 3, size_parameter: page.limit}";
    seven(&server, stream).await;
    assert_eq!(server.asked()[1].json()["page"], json!({"limit": 3, "offset": 3}));
}

#[tokio::test]
async fn a_record_that_comes_twice_because_pages_shift_is_there_once() {
    let server = served(|asked| {
        told(&json!(match asked.number("offset").unwrap() {
            0 => rows(1..=4),
            4 => rows(4..=7),
            _ => Vec::new(),
        }))
    })
    .await;
    seven(&server, "key: id, paging: {by: offset}").await;
}

#[tokio::test]
async fn a_page_that_comes_again_is_an_error_and_lands_nothing() {
    for paging in ["by: page", "by: offset", "by: cursor, at: next", "by: next, at: next"] {
        let server = served(|_| told(&json!({"data": rows(1..=3), "next": "again"}))).await;
        let streams = format!("- {{name: orders, path: orders, records: data, paging: {{{paging}}}}}");
        let mut table = Table::default();
        let (_, error) = table.sync(&source(&server.url, &streams), "orders").await;
        let error = error.unwrap().to_string();
        assert!(error.contains("`api`, stream `orders`: page 2 holds the same records"), "{error}");
        assert!(error.contains("check `paging`"), "{error}");
        assert_eq!((table.rows.len(), server.asked().len()), (0, 2), "{paging}");
    }
}

#[tokio::test]
async fn a_cursor_that_comes_again_is_an_error() {
    let server = served(|asked| {
        let at = asked.number("cursor").unwrap_or(0);
        told(&json!({"data": rows(at + 1..=at + 1), "next": (at + 1) % 3}))
    })
    .await;
    let streams = "- {name: orders, path: orders, records: data, paging: {by: cursor, at: next}}";
    let (_, error) = Table::default().sync(&source(&server.url, streams), "orders").await;
    let error = error.unwrap().to_string();
    assert!(error.contains("page 4 leads back to where the reading has been"), "{error}");
    assert_eq!(server.asked().len(), 4);
}

#[tokio::test]
async fn a_list_that_stays_behind_its_total_is_told_and_takes_no_rows_place() {
    let server = served(|asked| {
        let items = if asked.number("page") == Some(1) { rows(1..=3) } else { Vec::new() };
        told(&json!({"data": items, "total": 5}))
    })
    .await;
    let streams = "- {name: orders, path: orders, records: data, total: total, paging: {by: page}}";
    let mut table = Table::default();
    let (came, error) = table.sync(&source(&server.url, streams), "orders").await;
    let error = error.unwrap().to_string();
    assert!(error.contains("the API counts 5 records (`total`), and gave 3"), "{error}");
    assert_eq!((came, table.rows.len()), (0, 0));
}

#[tokio::test]
async fn links_never_leave_the_host() {
    let other = served(|_| told(&json!([]))).await;
    for next in [other.url.clone(), "//example.com/x".to_owned(), "https://example.com/api/orders".to_owned()]
    {
        let shown = next.clone();
        let server = served(move |_| told(&json!({"data": rows(1..=3), "next": shown}))).await;
        let streams = "- {name: orders, path: orders, records: data, paging: {by: next, at: next}}";
        let (_, error) = Table::default().sync(&source(&server.url, streams), "orders").await;
        let error = error.unwrap().to_string();
        assert!(error.contains("leads to `"), "{next}: {error}");
        assert_eq!(server.asked().len(), 1);
    }
    assert!(other.asked().is_empty());
}
