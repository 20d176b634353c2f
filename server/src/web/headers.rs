//! The headers that keep a page safe in a browser.
//!
//! Invariant: every answer carries a policy; a page's names the one nonce of that answer.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

/// For answers that are no pages: nothing in them may load or run anything.
const NOTHING: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

const ALWAYS: [(HeaderName, HeaderValue); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), microphone=(), geolocation=(), payment=()"),
    ),
];

/// The policy of a page whose inline scripts carry `nonce`.
///
/// Style attributes are allowed because charts carry their data in custom properties; style elements are not.
pub fn page_policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self'; \
         style-src-attr 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; \
         worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
}

/// The policy of a page that runs no script at all.
pub const SCRIPTLESS: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; manifest-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The policy of the stand-in for pages, which is kept on devices and so can have no nonce: its scripts are files of this site.
pub const STAND_IN: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; \
     manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The policy of the worker itself, which asks this site for whatever a page of it asks for.
pub const WORKER: &str = "default-src 'self'; frame-ancestors 'none'";

/// Has the browser forget what pages have kept on the device. The worker asks for no page and is not told so: it clears by itself
/// and stays, so that there is a stand-in for the next page too.
pub fn forget(asked: &HeaderMap, answer: &mut Response) {
    if asked.get("sec-fetch-mode").is_some_and(|mode| mode == "navigate") {
        answer
            .headers_mut()
            .insert(HeaderName::from_static("clear-site-data"), HeaderValue::from_static("\"storage\""));
    }
}

/// Adds the headers that every answer carries.
pub async fn add(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        headers.entry(name).or_insert(value);
    }
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(NOTHING);
    // Whatever does not say otherwise belongs to one person and one moment.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_the_device_forget_and_the_worker_is_left_alone() {
        for (mode, told) in [("navigate", true), ("cors", false)] {
            let asked = HeaderMap::from_iter([(
                HeaderName::from_static("sec-fetch-mode"),
                HeaderValue::from_static(mode),
            )]);
            let mut answer = Response::default();
            forget(&asked, &mut answer);
            assert_eq!(
                answer.headers().get("clear-site-data").is_some_and(|what| what == "\"storage\""),
                told,
                "{mode}"
            );
        }
    }
}
