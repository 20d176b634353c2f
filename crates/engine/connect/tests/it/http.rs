//! The HTTP client against servers that behave and servers that do not, over real sockets.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use connect::{Ask, Egress, Http, HttpError, HttpOptions, Manners, Pace};
use tokio::net::TcpListener;

use crate::served::{Served, answer, served};

/// What the server sends to the first, second … request; the last answer stands for all further ones. Then it hangs up.
async fn serve(answers: Vec<String>) -> Served {
    let counted = AtomicUsize::new(0);
    served(move |_| answers[counted.fetch_add(1, Ordering::SeqCst).min(answers.len() - 1)].clone()).await
}

async fn client(server: &Served) -> Http {
    let options = HttpOptions {
        egress: Egress::with_networks(["127.0.0.1"]).unwrap(),
        answer_bytes: 10_000,
        timeout: Duration::from_secs(5),
        ..HttpOptions::default()
    };
    let manners = Manners { attempts: 3, longest_pause: Duration::from_secs(2), ..Manners::default() };
    Http::open(&format!("{}/api", server.url), &options, Pace::new(manners)).await.unwrap()
}

#[tokio::test]
async fn busy_and_broken_answers_are_asked_for_again() {
    let broken = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"half".to_owned();
    let server = serve(vec![answer("503 Busy", "", ""), broken, answer("200 OK", "", "{}")]).await;
    let found = client(&server).await.patiently(&Ask::get("Deals?$top=1")).await.unwrap();
    assert_eq!((found.status.as_u16(), found.body.as_slice()), (200, b"{}".as_slice()));
    assert_eq!(server.asked().len(), 3);
}

#[tokio::test]
async fn answers_that_the_caller_finds_unsound_are_asked_for_again() {
    let server = serve(vec![answer("200 OK", "", "{\"value\":["), answer("200 OK", "", "{}")]).await;
    let sound = |answer: &connect::Answer| match serde_json::from_slice::<serde_json::Value>(&answer.body) {
        Ok(_) => Ok(()),
        Err(error) => Err(HttpError::Broken { host: "erp".into(), detail: error.to_string() }),
    };
    let found = client(&server).await.patiently_until(&Ask::get("Deals"), sound).await.unwrap();
    assert_eq!(found.body, b"{}");
}

#[tokio::test]
async fn retry_after_is_kept() {
    let server = serve(vec![answer("429 Slow", "retry-after: 1\r\n", ""), answer("200 OK", "", "{}")]).await;
    let started = Instant::now();
    client(&server).await.patiently(&Ask::get("Deals")).await.unwrap();
    assert!(started.elapsed() >= Duration::from_millis(950), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_wait_longer_than_our_patience_ends_the_request_and_holds_for_the_next() {
    let server = serve(vec![answer("429 Slow", "retry-after: 3600\r\n", "{\"Message\":\"quota\"}")]).await;
    let http = client(&server).await;
    let started = Instant::now();
    let error = http.patiently(&Ask::get("Deals")).await.unwrap_err();
    assert!(matches!(&error, HttpError::Status { status: 429, detail, .. } if detail == "quota"), "{error}");
    assert!(started.elapsed() < Duration::from_secs(2));
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn what_stays_an_error_is_told_after_the_last_try() {
    let server = serve(vec![answer("500 Oops", "", "{\"error\":{\"message\":\"no space\"}}")]).await;
    let error = client(&server).await.patiently(&Ask::get("Deals?$filter=secret")).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("answered 500 to `Deals`: no space") && !text.contains("secret"), "{text}");
    assert_eq!(server.asked().len(), 3);
}

#[tokio::test]
async fn refusals_are_answers_and_asked_once() {
    let server = serve(vec![answer("403 Forbidden", "", "{\"Message\":\"no\"}")]).await;
    let http = client(&server).await;
    let found = http.patiently(&Ask::get("Deals")).await.unwrap();
    assert_eq!(found.status.as_u16(), 403);
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let inner = serve(vec![answer("200 OK", "", "secret")]).await;
    let server = serve(vec![answer("302 Found", &format!("location: {}\r\n", inner.url), "")]).await;
    let http = client(&server).await;
    let ask = Ask::get("Deals");
    let found = http.patiently(&ask).await.unwrap();
    let error = http.status(&ask, &found);
    assert!(matches!(&error, HttpError::Elsewhere { to, .. } if *to == inner.url), "{error}");
    assert_eq!(inner.asked().len(), 0);
}

#[tokio::test]
async fn paths_of_an_answer_lead_to_no_other_host() {
    let server = serve(vec![answer("200 OK", "", "{}")]).await;
    let http = client(&server).await;
    for elsewhere in ["https://example.com/x", "//example.com/x", "http://127.0.0.1:1/x"] {
        let error = http.once(&Ask::get(elsewhere)).await.unwrap_err();
        assert!(matches!(error, HttpError::Elsewhere { .. }), "{elsewhere}: {error}");
    }
    assert_eq!(server.asked().len(), 0);
}

#[tokio::test]
async fn an_answer_beyond_its_limit_is_not_read() {
    let server = serve(vec![answer("200 OK", "", &"x".repeat(20_000))]).await;
    let error = client(&server).await.patiently(&Ask::get("Deals")).await.unwrap_err();
    assert!(matches!(error, HttpError::TooLarge { .. }), "{error}");
}

#[tokio::test]
async fn nobody_there_is_unreachable_and_then_left_alone() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let options =
        HttpOptions { egress: Egress::with_networks(["127.0.0.1"]).unwrap(), ..HttpOptions::default() };
    let pace = Pace::new(Manners { attempts: 1, ..Manners::default() });
    let http = Http::open(&base, &options, pace).await.unwrap();
    for _ in 0..3 {
        let error = http.patiently(&Ask::get("Deals")).await.unwrap_err();
        assert!(matches!(error, HttpError::Unreachable { .. }), "{error}");
    }
    let error = http.patiently(&Ask::get("Deals")).await.unwrap_err();
    assert!(matches!(error, HttpError::Resting { .. }), "{error}");
}

#[tokio::test]
async fn a_server_that_says_nothing_is_slow() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let options = HttpOptions {
        egress: Egress::with_networks(["127.0.0.1"]).unwrap(),
        timeout: Duration::from_millis(200),
        ..HttpOptions::default()
    };
    let pace = Pace::new(Manners { attempts: 1, ..Manners::default() });
    let http = Http::open(&base, &options, pace).await.unwrap();
    let error = http.patiently(&Ask::get("Deals")).await.unwrap_err();
    assert!(matches!(error, HttpError::Slow { .. }), "{error}");
    drop(listener);
}
