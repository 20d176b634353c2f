//! A whole document that only the server makes: its head, and a page in it.
//!
//! Pages with the frame are documents of `app::shell`. Invariant: it runs no script but what its caller puts into the head.

use super::entry::Page;
use crate::components::icons;
use crate::components::still::{Html, Piece, all, el};
use crate::preferences::Preferences;

/// The document of a page that runs no script; `build` names the folder of the style sheet.
pub fn document(page: &Page, preferences: Preferences, build: &str) -> String {
    with_head(page, preferences, build, ())
}

/// The same, with more in its head.
pub(super) fn with_head(page: &Page, preferences: Preferences, build: &str, more: impl Piece) -> String {
    let meta = |name: &str, content: &str| el("meta", &[("name", name), ("content", content)], ());
    let link = |rel: &str, href: &str| el("link", &[("rel", rel), ("href", href)], ());
    let head = (
        el("meta", &[("charset", "utf-8")], ()),
        meta("viewport", "width=device-width, initial-scale=1, viewport-fit=cover"),
        el("title", &[], format!("{} · Mirante", page.title)),
        link("stylesheet", &format!("/pkg/{build}/mirante.css")),
        link("icon", "/icon.svg"),
        link("apple-touch-icon", "/icon-192.png"),
        link("manifest", "/manifest.webmanifest"),
        (meta("robots", "noindex"), more),
    );
    let attributes =
        [("lang", preferences.lang.tag()), ("data-theme", preferences.theme.attribute().unwrap_or_default())];
    let body = el("body", &[], (icons::sprite_html(), Html(page.body.0.clone())));
    let html = el("html", &attributes, (el("head", &[], head), body));
    format!("<!DOCTYPE html>{}", all(html).0)
}
