//! A whole document that runs no script: its head, and a page in it.
//!
//! Pages with the frame are documents of `shell`. Invariant: it loads the style sheet of the build and nothing else that is executed.

use super::entry::Page;
use crate::components::icons;
use crate::components::still::{Html, all, el};
use crate::preferences::Preferences;

/// The document of a page; `build` names the folder of the style sheet.
pub fn document(page: &Page, preferences: Preferences, build: &str) -> String {
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
        meta("robots", "noindex"),
    );
    let attributes =
        [("lang", preferences.lang.tag()), ("data-theme", preferences.theme.attribute().unwrap_or_default())];
    let body = el("body", &[], (icons::sprite_html(), Html(page.body.0.clone())));
    let html = el("html", &attributes, (el("head", &[], head), body));
    format!("<!DOCTYPE html>{}", all(html).0)
}
