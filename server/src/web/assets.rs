//! Static files: embedded in the release binary, read from their folder in a development build.
//!
//! Knows no user: everything here may be read by anyone. Invariant: what lies under `/pkg/` is named by its content and may be
//! kept for ever; everything else is asked for again.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use rust_embed::{EmbeddedFile, RustEmbed};
use std::fmt::Write;

/// The engine has the policy of its own script, not the page's: it computes, and talks to this house.
const ENGINE_POLICY: &str =
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; frame-ancestors 'none'";

#[derive(RustEmbed)]
#[folder = "$MIRANTE_SITE_DIR"]
struct Site;

/// The folder of this build's scripts and styles under `/pkg/`; `none` when the server was built without a site.
pub fn build_id() -> String {
    Site::get("build-id")
        .map_or_else(|| "none".to_owned(), |file| String::from_utf8_lossy(&file.data).trim().to_owned())
}

/// A text file as it is; `None` when there is none.
pub fn text(path: &str) -> Option<String> {
    Site::get(path).map(|file| String::from_utf8_lossy(&file.data).into_owned())
}

/// What a page of this build needs besides itself: paths, each with the hash of what the file holds.
pub fn of_the_app() -> Vec<(String, [u8; 32])> {
    let belongs = |path: &str| {
        let is_encoded = path.ends_with(".br") || path.ends_with(".gz");
        (path.starts_with("pkg/") && !is_encoded)
            || path.ends_with(".woff2")
            || ["icon.svg", "icon-192.png"].contains(&path)
    };
    let paths = Site::iter().filter(|path| belongs(path));
    let mut files: Vec<_> = paths
        .filter_map(|path| Some((format!("/{path}"), Site::get(&path)?.metadata.sha256_hash())))
        .collect();
    files.sort();
    files
}

/// The file at `path`, in the best encoding that the browser takes; `None` when there is none.
pub fn answer(path: &str, request: &HeaderMap) -> Option<Response<Body>> {
    let path = path.strip_prefix('/')?;
    // Only names that the build wrote can be found, so a path cannot leave the site.
    if path.is_empty()
        || path == "build-id"
        || path.split('/').any(|part| part.is_empty() || part.starts_with('.'))
    {
        return None;
    }
    let (file, encoding) = encoded(path, request)?;
    let tag = tag(&file);
    let mut response = Response::builder()
        .header(header::CONTENT_TYPE, content_type(path))
        .header(header::VARY, "accept-encoding")
        .header(header::ETAG, &tag)
        .header(
            header::CACHE_CONTROL,
            if path.starts_with("pkg/") {
                "public, max-age=31536000, immutable"
            } else {
                "public, max-age=3600"
            },
        );
    if path.ends_with("/engine.js") {
        response = response.header(header::CONTENT_SECURITY_POLICY, ENGINE_POLICY);
    }
    if let Some(encoding) = encoding {
        response = response.header(header::CONTENT_ENCODING, encoding);
    }
    let known = request.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    if known.is_some_and(|known| known.split(',').any(|one| one.trim() == tag)) {
        return response.status(StatusCode::NOT_MODIFIED).body(Body::empty()).ok();
    }
    response.body(Body::from(file.data.into_owned())).ok()
}

fn encoded(path: &str, request: &HeaderMap) -> Option<(EmbeddedFile, Option<HeaderValue>)> {
    let plain = Site::get(path)?;
    let accepted =
        request.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let takes = |name: &str| {
        accepted.split(',').any(|part| part.split(';').next().is_some_and(|part| part.trim() == name))
    };
    for (name, suffix) in [("br", "br"), ("gzip", "gz")] {
        if takes(name)
            && let Some(file) = Site::get(&format!("{path}.{suffix}"))
        {
            return Some((file, Some(HeaderValue::from_static(name))));
        }
    }
    Some((plain, None))
}

fn tag(file: &EmbeddedFile) -> String {
    let mut tag = String::from("\"");
    for byte in &file.metadata.sha256_hash()[..8] {
        // Writing to a string cannot fail.
        let _ = write!(tag, "{byte:02x}");
    }
    tag.push('"');
    tag
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "webmanifest" => "application/manifest+json",
        "txt" => "text/plain; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answer_outside_the_site_is_none() {
        for path in [
            "",
            "/",
            "/../Cargo.toml",
            "/pkg/../../etc/passwd",
            "//etc/passwd",
            "/build-id",
            "/.git/config",
            "/pkg",
        ] {
            assert!(answer(path, &HeaderMap::new()).is_none(), "{path}");
        }
    }
}
