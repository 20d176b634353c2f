//! The app as a device has it installed: its worker, and the stand-in that the worker shows for pages that cannot be had.
//!
//! Writes neither (`public/sw.js`, `app::stills::installed`). Invariant: both are the same whoever asks, but for language and theme, and
//! the worker's bytes change whenever anything that it keeps does.

use super::pages::preferences_of;
use super::{assets, headers};
use crate::house::House;
use app::preferences::Preferences;
use app::stills::installed::stand_in;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use locale::Lang;
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::sync::Arc;

pub fn routes() -> Router<Arc<House>> {
    Router::new().route("/sw.js", get(worker)).route("/sem-conexao", get(without_signal))
}

/// `GET /sw.js`: the worker, told its version and what belongs to it.
async fn worker() -> Response {
    let Some(script) = assets::text("sw.js") else { return StatusCode::NOT_FOUND.into_response() };
    let files = assets::of_the_app();
    let script = written(&script, &files, &assets::build_id());
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/javascript; charset=utf-8")),
        // A kept worker would keep everything else.
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(headers::WORKER)),
    ];
    (headers, script).into_response()
}

/// The script with its first line; `files` are paths and what they hold, as hashes.
fn written(script: &str, files: &[(String, [u8; 32])], build: &str) -> String {
    let mut digest = Sha256::new();
    digest.update(script);
    for lang in [Lang::PtBr, Lang::En] {
        digest.update(stand_in(Preferences { lang, ..Preferences::default() }, build));
    }
    for (path, hash) in files {
        digest.update(path);
        digest.update(hash);
    }
    let version = digest.finalize().iter().take(6).fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    });
    let paths: Vec<&str> = files.iter().map(|(path, _)| path.as_str()).collect();
    format!("const VERSION = {version:?}, ASSETS = {};\n{script}", serde_json::json!(paths))
}

/// `GET /sem-conexao`: the stand-in, in the language and theme of whoever asks.
async fn without_signal(State(house): State<Arc<House>>, headers: HeaderMap) -> Response {
    let document = stand_in(preferences_of(&house, &headers).await, &assets::build_id());
    let policy = HeaderValue::from_static(headers::STAND_IN);
    ([(header::CONTENT_SECURITY_POLICY, policy)], Html(document)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_is_another_one_when_anything_that_it_keeps_is() {
        let files = |hash| vec![("/icon.svg".to_owned(), [hash; 32])];
        let first = written("go();", &files(1), "abc");
        assert!(first.ends_with(", ASSETS = [\"/icon.svg\"];\ngo();"), "{first}");
        assert_eq!(first, written("go();", &files(1), "abc"));
        for other in [
            written("stop();", &files(1), "abc"),
            written("go();", &files(2), "abc"),
            written("go();", &files(1), "abd"),
        ] {
            assert_ne!(first.split_once(", ").unwrap().0, other.split_once(", ").unwrap().0, "{other}");
        }
    }
}
