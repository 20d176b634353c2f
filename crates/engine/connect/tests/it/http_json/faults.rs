//! APIs that refuse, break, or answer something else.

use connect::{ConnectError, HttpError, Source as _};
use serde_json::json;

use super::source;
use crate::landing::Table;
use crate::served::{answer, json as told, served};

const STREAMS: &str = "- {name: orders, path: 'orders?token=hidden', records: data.items}";

/// The error of a reading that is answered so, and how often it was asked.
async fn refused(said: String) -> (ConnectError, usize) {
    let server = served(move |_| said.clone()).await;
    let mut table = Table::default();
    let (_, error) = table.sync(&source(&server.url, STREAMS), "orders").await;
    assert!(table.rows.is_empty() && table.state.is_empty());
    (error.unwrap(), server.asked().len())
}

#[tokio::test]
async fn every_refusal_has_one_diagnosis_and_is_asked_as_often_as_it_makes_sense() {
    let page = "<!DOCTYPE html><html><body>Sign in</body></html>";
    for (said, times, expected) in [
        (
            answer("401 No", "", r#"{"message":"bad key"}"#),
            1,
            "refused the sign-in (bad key); check user, password or key",
        ),
        (
            answer("403 No", "", r#"{"message":"no"}"#),
            1,
            "answered 403 to `orders`: no; whose key it is may not read this",
        ),
        (
            answer("404 No", "", r#"{"error":"nope"}"#),
            1,
            "answered 404 to `orders`: nope; check `address`, and the `path`",
        ),
        (
            answer("422 No", "", r#"{"detail":"bad page"}"#),
            1,
            "answered 422 to `orders`: bad page; check the `path` and the parameters",
        ),
        (
            answer("302 Go", "location: https://login.example.com/\r\n", ""),
            1,
            "leads to `https://login.example.com/`",
        ),
        (answer("429 Busy", "", "{}"), 2, "answered 429 to `orders`: {}; lower `per_minute`"),
        (
            answer("503 Down", "", r#"{"message":"down"}"#),
            2,
            "answered 503 to `orders`: down; the next sync tries again",
        ),
        (answer("200 OK", "content-type: text/html\r\n", page), 1, "it is a page of HTML, no JSON"),
        (answer("200 OK", "", page), 1, "it is a page of HTML, no JSON"),
        (answer("200 OK", "", r#"{"data":{"items":[{"id":1}"#), 2, "its JSON is cut off"),
        (answer("200 OK", "", "{\"data\":\n {items}}"), 2, "its JSON is wrong at line 2, column 3"),
        (answer("200 OK", "", ""), 2, "its JSON is cut off"),
        (
            told(&json!({"data": {"rows": []}})),
            1,
            "`records: data.items` leads nowhere: `data` has no `items`, but `rows`",
        ),
        (told(&json!([{"id": 1}])), 1, "the answer is a list, no object; give the path of the list, `$`"),
        (
            told(&json!({"data": {"items": {"id": 1}}})),
            1,
            "`records: data.items` is no list: `items` is an object with `id`",
        ),
        (told(&json!({"data": {"items": "x"}})), 1, "`items` is a text"),
    ] {
        let (error, asked) = refused(said).await;
        let text = error.to_string();
        assert!(text.contains(expected), "{expected}: {text}");
        assert!(text.starts_with("source `api`, stream `orders`: ") && !text.contains('\n'), "{text}");
        assert!(!text.contains("hidden"), "a query is nobody's business: {text}");
        assert_eq!(asked, times, "{text}");
    }
}

#[tokio::test]
async fn busy_and_broken_answers_are_waited_out() {
    let calls = std::sync::atomic::AtomicUsize::new(0);
    let server = served(move |_| match calls.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
        0 => answer("429 Busy", "retry-after: 0\r\n", "{}"),
        _ => told(&json!({"data": {"items": [{"id": 1}]}})),
    })
    .await;
    let (came, error) = Table::default().sync(&source(&server.url, STREAMS), "orders").await;
    assert!(error.is_none() && came == 1, "{error:?}");
}

#[tokio::test]
async fn a_test_tells_each_streams_problem_and_fails_where_nobody_may_sign_in() {
    let streams =
        "- {name: orders, path: orders}\n- {name: gone, path: gone}\n- {name: wrapped, path: wrapped}";
    let server = served(|asked| match asked.path.as_str() {
        "/api/orders" => told(&json!([{"id": 1}])),
        "/api/wrapped" => told(&json!({"data": []})),
        _ => answer("404 No", "", "{}"),
    })
    .await;
    let tested = source(&server.url, streams).test().await.unwrap();
    assert_eq!(tested.fact("host"), Some("127.0.0.1"));
    let problems: Vec<Option<&str>> = tested.streams.iter().map(|stream| stream.problem.as_deref()).collect();
    assert!(problems[0].is_none() && !tested.streams[0].is_empty);
    assert!(problems[1].unwrap().contains("404") && problems[2].unwrap().contains("`data`"), "{problems:?}");
    let found = source(&server.url, streams).discover().await.unwrap();
    assert_eq!((found.streams.len(), found.problems.len()), (1, 2));

    let server = served(|_| answer("401 No", "", "{}")).await;
    let error = source(&server.url, streams).test().await.unwrap_err();
    assert!(matches!(error.http(), Some(HttpError::SignIn { .. })), "{error}");
}

#[tokio::test]
async fn inner_addresses_are_called_only_where_they_are_allowed() {
    let server = served(|_| told(&json!([]))).await;
    let given = super::settings(&server.url, STREAMS);
    let source = connect::open("http_json", "api", &given, &connect::Surroundings::default()).unwrap();
    let (_, error) = Table::default().sync(source.as_ref(), "orders").await;
    assert!(error.unwrap().to_string().contains("`private_networks`"));
    let request = connect::ReadRequest { stream: "nothing".into(), ..Default::default() };
    let error = source.read(request).await.unwrap_err().to_string();
    assert!(error.contains("has no stream `nothing`; it has: orders"), "{error}");
    assert!(server.asked().is_empty());
}
