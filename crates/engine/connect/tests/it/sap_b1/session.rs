//! Signing in and out: once, never again after a refusal, and without a trace of the password.

use connect::{HttpError, Source};
use serde_json::json;

use super::company::{Lake, PASSWORD, served, settings, source_of, world};
use super::scripted::{answer_with, door, page, refused, scripted};

#[tokio::test]
async fn a_wrong_password_is_sent_exactly_once_and_never_shown() {
    let world = world();
    let server = served(&world).await;
    let mut given = settings(&server.url());
    given["password"] = json!("not-the-one");
    let source = source_of(&given);
    let problems = Lake::default().sync(&source).await;
    assert_eq!(problems.len(), source.streams().await.unwrap().len(), "each stream says why it was not read");
    assert_eq!((server.count("/b1s/v2/Login", 401), server.total()), (1, 1));
    for problem in problems {
        assert!(matches!(problem.http(), Some(HttpError::SignIn { .. })), "{problem}");
        assert!(!format!("{problem} {problem:?}").contains("not-the-one"), "{problem:?}");
    }
    assert!(!format!("{source:?}").contains("not-the-one"));
}

#[tokio::test]
async fn what_a_server_repeats_of_the_password_is_not_shown() {
    for status in ["401 Unauthorized", "503 Service Unavailable"] {
        let said = "Login failed for kpi_reader/serra-azul";
        let server = scripted(move |_| refused(status, 100_000_027, said)).await;
        let error = Lake::default().read(&server.source(), "orders").await.unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(text.contains("Login failed for kpi_reader/***") && !text.contains(PASSWORD), "{text}");
        assert_eq!(server.asked().len(), 1, "a sign-in is asked for once, whatever comes");
    }
}

#[tokio::test]
async fn a_wrong_company_is_told_apart_from_a_wrong_password() {
    let server = scripted(|_| refused("500 Internal Server Error", 305, "Switch company error: -1102")).await;
    let source = server.source();
    let error = Lake::default().read(&source, "orders").await.unwrap_err().to_string();
    assert!(error.contains("`company_db` `SBO_SERRAAZUL_PRD`") && error.contains("code 305"), "{error}");
    Lake::default().read(&source, "items").await.unwrap_err();
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn a_new_session_that_is_refused_ends_the_source_and_nobody_signs_in_again() {
    let expired = "Invalid session or session already timeout.";
    let server =
        scripted(move |asked| door(asked).unwrap_or_else(|| refused("401 Unauthorized", 301, expired))).await;
    let source = server.source();
    let mut lake = Lake::default();
    let problems = lake.sync(&source).await;
    assert!(problems.iter().all(|it| matches!(it.http(), Some(HttpError::SignIn { .. }))));
    assert_eq!((server.count("Login"), server.count("Invoices")), (2, 2));
    assert_eq!(server.count("Orders"), 0, "one refusal is enough");
}

#[tokio::test]
async fn both_cookies_are_sent_back_and_nothing_is_expected() {
    let server = scripted(|asked| door(asked).unwrap_or_else(|| page(asked, &[]))).await;
    let source = server.source();
    Lake::default().read(&source, "orders").await.unwrap();
    source.close().await;
    let asked = server.asked();
    let paths: Vec<&str> = asked.iter().map(|asked| asked.path.split('?').next().unwrap()).collect();
    assert_eq!(paths, ["Login", "Orders", "Orders", "Logout"]);
    for asked in &asked {
        assert!(!asked.head.contains("\r\nexpect:"), "{}", asked.head);
        let cookies = asked.head.contains("\r\ncookie: b1session=s-1; routeid=.node2");
        assert_eq!(cookies, asked.path != "Login", "{}", asked.head);
    }
    assert_eq!(asked[0].method, "POST");
    assert!(
        asked[1].path.contains("$select=DocEntry,DocNum")
            && asked[1].head.contains("prefer: odata.maxpagesize=5")
    );
}

#[tokio::test]
async fn a_node_that_is_named_later_is_kept_and_a_session_without_cookie_is_taken_from_the_body() {
    let server = scripted(|asked| match asked.path.as_str() {
        "Login" => answer_with("200 OK", "", r#"{"SessionId":"from-body","SessionTimeout":30}"#),
        path if path.starts_with("Orders") => {
            page(asked, &[]).replacen("\r\n", "\r\nset-cookie: ROUTEID=.node7; path=/b1s\r\n", 1)
        }
        _ => page(asked, &[]),
    })
    .await;
    let source = server.source();
    Lake::default().read(&source, "orders").await.unwrap();
    Lake::default().read(&source, "invoices").await.unwrap();
    let asked = server.asked();
    assert!(
        asked[1].head.contains("cookie: b1session=from-body\r\n")
            || asked[1].head.ends_with("b1session=from-body")
    );
    assert!(asked.last().unwrap().head.contains("b1session=from-body; routeid=.node7"));
}
