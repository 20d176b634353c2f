//! Icons and signs: one sprite per document.
//!
//! Draws no charts. Invariant: an icon beside a text is hidden from screen readers; a sign that stands alone has a name.

use super::still::{Html, el};
use kpi::target::Status;
use leptos::prelude::*;

/// The symbols that this product uses, on a grid of 20 (icons) and 12 (signs).
const SPRITE: &str = concat!(
    r#"<symbol id="i-board" viewBox="0 0 20 20"><rect x="3" y="3.5" width="6" height="7" rx="1.2"/><rect x="11" y="3.5" width="6" height="4" rx="1.2"/><rect x="3" y="12.5" width="6" height="4" rx="1.2"/><rect x="11" y="9.5" width="6" height="7" rx="1.2"/></symbol>"#,
    r#"<symbol id="i-calendar" viewBox="0 0 20 20"><rect x="3" y="4" width="14" height="13" rx="2"/><path d="M3 8.2h14M6.8 2.5v3M13.2 2.5v3"/></symbol>"#,
    r#"<symbol id="i-compare" viewBox="0 0 20 20"><path d="M3 7h12l-2.8-2.8M17 13H5l2.8 2.8"/></symbol>"#,
    r#"<symbol id="i-data" viewBox="0 0 20 20"><ellipse cx="10" cy="5" rx="6" ry="2.4"/><path d="M4 5v10c0 1.3 2.7 2.4 6 2.4s6-1.1 6-2.4V5M4 10c0 1.3 2.7 2.4 6 2.4s6-1.1 6-2.4"/></symbol>"#,
    r#"<symbol id="i-people" viewBox="0 0 20 20"><circle cx="7.5" cy="7" r="2.8"/><path d="M2.5 16c.4-3 2.3-4.7 5-4.7s4.6 1.7 5 4.7M13 4.5a2.6 2.6 0 0 1 0 5.1M14.5 11.7c1.7.6 2.7 2 3 4.3"/></symbol>"#,
    r#"<symbol id="i-plus" viewBox="0 0 20 20"><path d="M10 4v12M4 10h12"/></symbol>"#,
    r#"<symbol id="i-down" viewBox="0 0 20 20"><path d="m6 8 4 4 4-4"/></symbol>"#,
    r#"<symbol id="i-up" viewBox="0 0 20 20"><path d="m6 12 4-4 4 4"/></symbol>"#,
    r#"<symbol id="i-filter" viewBox="0 0 20 20"><path d="M3 6h9M15.5 6H17M3 14h1.5M8 14h9"/><circle cx="13.7" cy="6" r="1.8"/><circle cx="6.2" cy="14" r="1.8"/></symbol>"#,
    r#"<symbol id="i-kpi" viewBox="0 0 20 20"><path d="M3.2 14a7.2 7.2 0 1 1 13.6 0"/><path d="m10 11.5 3.2-3.7"/><circle cx="10" cy="12" r="1"/></symbol>"#,
    r#"<symbol id="i-left" viewBox="0 0 20 20"><path d="m12 5-5 5 5 5"/></symbol>"#,
    r#"<symbol id="i-right" viewBox="0 0 20 20"><path d="m8 5 5 5-5 5"/></symbol>"#,
    r#"<symbol id="i-link" viewBox="0 0 20 20"><path d="M8.5 11.5a3 3 0 0 0 4.3 0l2.6-2.6a3 3 0 1 0-4.3-4.3l-1 1M11.5 8.5a3 3 0 0 0-4.3 0l-2.6 2.6a3 3 0 1 0 4.3 4.3l1-1"/></symbol>"#,
    r#"<symbol id="i-lock" viewBox="0 0 20 20"><rect x="4.5" y="9" width="11" height="8" rx="1.5"/><path d="M7 9V6.5a3 3 0 0 1 6 0V9"/></symbol>"#,
    r#"<symbol id="i-search" viewBox="0 0 20 20"><circle cx="9" cy="9" r="5.2"/><path d="m13 13 4 4"/></symbol>"#,
    r#"<symbol id="i-sync" viewBox="0 0 20 20"><path d="M4 8.5A6.3 6.3 0 0 1 15.6 7M16 11.5A6.3 6.3 0 0 1 4.4 13M15.8 3.8V7h-3.2M4.2 16.2V13h3.2"/></symbol>"#,
    r#"<symbol id="i-table" viewBox="0 0 20 20"><rect x="3" y="4" width="14" height="12" rx="1.5"/><path d="M3 8h14M3 12h14M8 8v8"/></symbol>"#,
    r#"<symbol id="i-theme" viewBox="0 0 20 20"><circle cx="10" cy="10" r="6.5"/><path d="M10 3.5v13a6.5 6.5 0 0 0 0-13z" fill="currentColor" stroke="none"/></symbol>"#,
    r#"<symbol id="i-globe" viewBox="0 0 20 20"><circle cx="10" cy="10" r="7"/><path d="M3 10h14M10 3c-5 4.5-5 9.5 0 14M10 3c5 4.5 5 9.5 0 14"/></symbol>"#,
    r#"<symbol id="i-exit" viewBox="0 0 20 20"><path d="M8.5 3.5h-4a1 1 0 0 0-1 1v11a1 1 0 0 0 1 1h4M12.5 13.5 16 10l-3.5-3.5M15.5 10h-8"/></symbol>"#,
    r#"<symbol id="i-upload" viewBox="0 0 20 20"><path d="M10 13V4M6.5 7.2 10 3.7l3.5 3.5M4 16.5h12"/></symbol>"#,
    r#"<symbol id="i-x" viewBox="0 0 20 20"><path d="m5.5 5.5 9 9m0-9-9 9"/></symbol>"#,
    r#"<symbol id="s-bad" viewBox="0 0 12 12"><path d="M6 .3 11.7 6 6 11.7.3 6z" fill="currentColor" stroke="currentColor" stroke-linejoin="round" stroke-width=".6"/><path d="M4.4 4.4l3.2 3.2m0-3.2L4.4 7.6" stroke="var(--surface)" stroke-width="1.3" stroke-linecap="round"/></symbol>"#,
    r#"<symbol id="s-down" viewBox="0 0 12 12"><path d="M6 10 1 2h10z" fill="currentColor" stroke="currentColor" stroke-width="1.5" stroke-linejoin="round"/></symbol>"#,
    r#"<symbol id="s-down-o" viewBox="0 0 12 12"><path d="M6 9.8 1.3 2.2h9.4z" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linejoin="round"/></symbol>"#,
    r#"<symbol id="s-flat" viewBox="0 0 12 12"><path d="M1 7.2c1.5-2.8 3.3-2.6 5-1.2s3.5 1.6 5-1.2" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round"/></symbol>"#,
    r#"<symbol id="s-off" viewBox="0 0 12 12"><circle cx="6" cy="6" r="4.75" fill="none" stroke="currentColor" stroke-width="1.4" stroke-dasharray="2 1.7"/></symbol>"#,
    r#"<symbol id="s-ok" viewBox="0 0 12 12"><circle cx="6" cy="6" r="5.25" fill="currentColor"/><path d="m3.6 6.2 1.7 1.7 3.2-3.6" fill="none" stroke="var(--surface)" stroke-width="1.4" stroke-linecap="round" stroke-linejoin="round"/></symbol>"#,
    r#"<symbol id="s-up" viewBox="0 0 12 12"><path d="M6 2 11 10H1z" fill="currentColor" stroke="currentColor" stroke-width="1.5" stroke-linejoin="round"/></symbol>"#,
    r#"<symbol id="s-up-o" viewBox="0 0 12 12"><path d="M6 2.2 10.7 9.8H1.3z" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linejoin="round"/></symbol>"#,
    r#"<symbol id="s-warn" viewBox="0 0 12 12"><path d="M6 .9 11.6 11H.4z" fill="currentColor" stroke="currentColor" stroke-linejoin="round" stroke-width=".8"/><path d="M6 4.4v3.2M6 9.2v.1" stroke="var(--surface)" stroke-width="1.4" stroke-linecap="round"/></symbol>"#,
);

/// The sprite; first in the document, once.
pub fn sprite() -> impl IntoView {
    view! { <svg class="sprite" aria-hidden="true" inner_html=SPRITE></svg> }
}

/// The same for a document that only the server makes.
#[cfg(feature = "ssr")]
pub fn sprite_html() -> Html {
    el("svg", &[("class", "sprite"), ("aria-hidden", "true")], Html(SPRITE.to_owned()))
}

/// An icon beside a text.
pub fn icon(name: &'static str) -> impl IntoView {
    let href = format!("#i-{name}");
    view! { <svg class="ic" aria-hidden="true"><use href=href></use></svg> }
}

/// The same in a piece where nothing happens.
pub fn icon_html(name: &str) -> Html {
    use_html("ic", &format!("#i-{name}"))
}

/// A sign beside a text that says the same.
pub fn sign(symbol: &str, class: &str) -> Html {
    use_html(class, &format!("#{symbol}"))
}

fn use_html(class: &str, href: &str) -> Html {
    el("svg", &[("class", class), ("aria-hidden", "true")], el("use", &[("href", href)], ()))
}

/// A sign that stands alone.
pub fn named_sign(symbol: &str, class: &str, name: &str) -> Html {
    el(
        "svg",
        &[("class", class), ("role", "img"), ("aria-label", name)],
        el("use", &[("href", &format!("#{symbol}"))], ()),
    )
}

/// The sign of a status, beside its word.
pub fn status_sign(status: Status) -> Html {
    let (symbol, class) = crate::view_models::verdict::sign(status);
    sign(symbol, class)
}

/// The product's mark.
pub fn mark() -> Html {
    let drawing = (
        el("path", &[("d", "M2.5 19.5 8 9l4 6 4.5-9 5 13.5")], ()),
        el("circle", &[("cx", "16.5"), ("cy", "5.5"), ("r", "2.6")], ()),
    );
    el("svg", &[("class", "mark"), ("viewBox", "0 0 24 24"), ("aria-hidden", "true")], drawing)
}
