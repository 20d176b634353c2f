//! How a question shows who asks, and what is never shown.

use base64::Engine as _;
use connect::Source as _;
use serde_json::{Value, json};

use super::{settings, source_of};
use crate::landing::Table;
use crate::served::{Asked, answer, json as told, served};

const SECRET: &str = "s3cr3t+key/9";
const STREAMS: &str = "- {name: orders, path: 'orders?open=1', paging: {by: link}}";

/// The requests of a reading with these settings.
async fn asked(more: &Value) -> Vec<Asked> {
    let server = served(|asked| {
        let next = if asked.query.contains_key("page") { "" } else { "link: <orders?page=2>; rel=next\r\n" };
        answer("200 OK", next, &json!([{"id": asked.number("page")}]).to_string())
    })
    .await;
    let mut given = settings(&server.url, STREAMS);
    given.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let (came, error) = Table::default().sync(&source_of(&given), "orders").await;
    assert!(error.is_none() && came > 0, "{error:?}");
    server.asked()
}

#[tokio::test]
async fn secrets_go_where_they_are_asked_for_with_every_page() {
    let basic = base64::engine::general_purpose::STANDARD.encode(format!("ana:{SECRET}")).to_lowercase();
    for (more, expected) in [
        (json!({"auth": "bearer", "secret": SECRET}), format!("authorization: bearer {SECRET}")),
        (json!({"auth": "header", "secret": SECRET}), format!("x-api-key: {SECRET}")),
        (json!({"auth": "header", "secret_name": "Token", "secret": SECRET}), format!("\r\ntoken: {SECRET}")),
        (json!({"auth": "basic", "user": "ana", "secret": SECRET}), format!("authorization: basic {basic}")),
        (json!({"headers": "X-Company: 7\nAccept-Language: pt-BR"}), "accept-language: pt-br".to_owned()),
    ] {
        let asked = asked(&more).await;
        assert_eq!(asked.len(), 2);
        assert!(asked.iter().all(|asked| asked.head.contains(&expected)), "{expected}: {}", asked[0].head);
        assert!(asked.iter().all(|asked| asked.head.contains("accept: application/json")));
    }
    let asked = asked(&json!({"auth": "query", "secret_name": "key", "secret": SECRET})).await;
    let queries: Vec<_> =
        asked.iter().map(|asked| (asked.query.get("key").cloned(), asked.query.len())).collect();
    assert_eq!(queries, [(Some(SECRET.to_owned()), 2), (Some(SECRET.to_owned()), 2)]);
}

#[tokio::test]
async fn a_token_is_fetched_once_renewed_when_it_is_refused_and_asked_for_as_the_system_wants_it() {
    let server = served(|asked| {
        let form =
            ["grant_type=client_credentials", "scope=read"].iter().all(|part| asked.body.contains(part));
        match asked.path.as_str() {
            // This one takes no client in the body.
            "/token" if asked.head.contains("authorization: basic") && form => {
                told(&json!({"access_token": "t-one", "token_type": "bearer", "expires_in": 3600}))
            }
            "/token" => answer("401 Unauthorized", "", r#"{"error":"invalid_client"}"#),
            _ if asked.head.contains("authorization: bearer t-one") => match asked.number("page").unwrap() {
                page @ 1..=2 => told(&json!([{"id": page}])),
                _ => told(&json!([])),
            },
            _ => answer("401 Unauthorized", "", "{}"),
        }
    })
    .await;
    let mut given = settings(&server.url, "- {name: orders, path: orders, paging: {by: page}}");
    let more = json!({
        "auth": "oauth2", "user": "client", "secret": SECRET, "scope": "read",
        "token_address": format!("{}/token", server.url)
    });
    given.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let (came, error) = Table::default().sync(&source_of(&given), "orders").await;
    assert!(error.is_none() && came == 2, "{error:?}");
    let tokens = server.asked().iter().filter(|asked| asked.path == "/token").count();
    assert_eq!(tokens, 2, "once in the body, once as a basic sign-in, and then for all pages");
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_and_a_refused_client_is_a_sign_in() {
    let server = served(|asked| match asked.path.as_str() {
        "/token" => told(&json!({"access_token": "stale-token"})),
        _ => answer("401 Unauthorized", "", r#"{"message":"stale-token is over"}"#),
    })
    .await;
    let oauth = |url: &str| {
        let mut given = settings(url, STREAMS);
        given["auth"] = json!("oauth2");
        given["user"] = json!("client");
        given["secret"] = json!(SECRET);
        given["token_address"] = json!(format!("{url}/token"));
        given
    };
    let error = source_of(&oauth(&server.url)).test().await.unwrap_err().to_string();
    assert!(error.contains("refused the sign-in") && !error.contains("stale-token"), "{error}");
    assert_eq!(server.asked().iter().filter(|asked| asked.path == "/token").count(), 2);

    let server =
        served(|asked| answer("400 Bad", "", &json!({"error": format!("no {}", asked.body)}).to_string()))
            .await;
    let error = source_of(&oauth(&server.url)).test().await.unwrap_err().to_string();
    assert!(error.contains("no token: 400"), "{error}");
    assert!(!error.contains("s3cr3t"), "{error}");
}

#[tokio::test]
async fn secrets_are_in_no_error_whatever_the_server_repeats() {
    for more in [
        json!({"auth": "bearer", "secret": SECRET}),
        json!({"auth": "query", "secret": SECRET}),
        json!({"auth": "basic", "user": "ana", "secret": SECRET}),
    ] {
        let server = served(|asked| {
            let line = asked.head.lines().next().unwrap().to_owned();
            // Heads are noted in small letters; the token itself is told as it is.
            let body = json!({"message": format!("{line} {} {SECRET}", asked.head.len())});
            answer("403 Forbidden", "", &body.to_string())
        })
        .await;
        let mut given = settings(&server.url, STREAMS);
        given.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let source = source_of(&given);
        let (_, error) = Table::default().sync(&source, "orders").await;
        let error = error.unwrap();
        for text in [error.to_string(), format!("{error:?}")] {
            assert!(!text.contains(SECRET), "{text}");
        }
        assert!(error.to_string().contains("answered 403"), "{error}");
    }
}

#[test]
fn settings_that_cannot_be_meant_so_are_refused_at_opening() {
    let surroundings = connect::Surroundings::default();
    for (more, expected) in [
        (json!({"auth": "bearer"}), "`secret`: `auth` is bearer, which needs one"),
        (json!({"auth": "basic", "secret": SECRET}), "`user`: `auth` is basic, which needs one"),
        (json!({"auth": "oauth2", "user": "x", "secret": SECRET}), "`token_address`"),
        (json!({"auth": "header", "secret": SECRET, "secret_name": "a b"}), "`secret_name`"),
        (json!({"auth": "bearer", "secret": "a\nb"}), "`secret`: it holds signs"),
        (json!({"headers": "Authorization: Bearer abc"}), "choose `auth`"),
        (json!({"headers": "nonsense"}), "write `Name: value`"),
        (json!({"streams": "- {name: orders}"}), "`streams`: "),
    ] {
        let mut given = settings("https://api.example.com", STREAMS);
        given.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let error =
            connect::open("http_json", "api", &given, &surroundings).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains(expected) && error.contains("`api`"), "{error}");
        assert!(!error.contains(SECRET) && !error.contains('\n'), "{error}");
    }
}
