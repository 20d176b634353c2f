//! What stands where figures would: loading, empty, failed, not allowed.
//!
//! Invariant: each says what happened, what it touches and what to do.

use super::icons::icon_html;
use super::still::{Html, el};
use crate::texts::Texts;
use crate::view_models::Missing;
use contract::Failure;
use contract::failure::FailureKind;
use leptos::prelude::*;

/// Inside a tile.
pub fn missing_tile(
    missing: &Missing,
    filtered: Option<String>,
    here: String,
    texts: &'static Texts,
) -> Html {
    let (symbol, title, reason) = match missing {
        Missing::Empty(reason) if filtered.is_some() => {
            ("filter", texts.nothing_with_filters, reason.clone())
        }
        Missing::Empty(reason) => ("filter", texts.nothing_in_period, reason.clone()),
        Missing::Failed { reason, .. } => {
            ("sync", texts.could_not_load, format!("{reason} {}", texts.other_tiles_fine))
        }
        Missing::Forbidden => ("lock", texts.forbidden, String::new()),
    };
    let action = match missing {
        Missing::Empty(_) => filtered.map(|href| (href, texts.clear_filters, "")),
        Missing::Failed { retry: true, .. } => Some((here, texts.try_again, "external")),
        _ => None,
    };
    let link = |(href, name, rel): (String, &'static str, &str)| {
        el("a", &[("class", "btn sm"), ("href", &href), ("rel", rel), ("data-noscroll", "true")], name)
    };
    el(
        "div",
        &[("class", "empty")],
        (icon_html(symbol), el("b", &[], title), el("p", &[], reason), action.map(link)),
    )
}

/// Instead of a whole page.
pub fn failed_page(failure: &Failure, here: String, texts: &'static Texts) -> AnyView {
    crate::calls::set_page_status(failure);
    let (title, reason, action) = match failure.kind {
        FailureKind::NotFound => {
            (texts.not_found, texts.not_found_more.to_owned(), ("/".to_owned(), texts.to_overview))
        }
        FailureKind::NotSignedIn => {
            (texts.sign_in, texts.sign_in_how.to_owned(), (crate::routes::SIGN_IN.to_owned(), texts.sign_in))
        }
        FailureKind::NothingPublished => {
            (texts.nothing_published, texts.nothing_published_more.to_owned(), (here, texts.try_again))
        }
        FailureKind::Unreachable => (texts.could_not_load, texts.offline.to_owned(), (here, texts.try_again)),
        FailureKind::Forbidden => {
            (texts.forbidden, failure.message.clone(), ("/".to_owned(), texts.to_overview))
        }
        FailureKind::BadRequest | FailureKind::Internal => {
            (texts.could_not_load, failure.message.clone(), (here, texts.try_again))
        }
    };
    let link = el("a", &[("class", "btn"), ("rel", "external"), ("href", &action.0)], action.1);
    let said = el(
        "div",
        &[("class", "empty")],
        (icon_html("sync"), el("h1", &[], title), el("p", &[], reason), link),
    );
    let html = el("div", &[("class", "page")], said).0;
    view! { <main class="main whole" id="conteudo" inner_html=html></main> }.into_any()
}

/// While a page is opened in the browser.
pub fn loading_page(texts: &'static Texts) -> AnyView {
    let card = "<div class=\"kpi load\"><header><i class=\"sk w4\"></i></header><p class=\"val\"><i class=\"sk w4\"></i></p>\
                <p class=\"ctx\"><i class=\"sk w6\"></i></p><i class=\"sk spark-sk\"></i><p class=\"pace\"><i class=\"sk w3\"></i></p></div>";
    let cards = card.repeat(8);
    let said = el("p", &[("class", "vh"), ("role", "status")], texts.loading);
    let html = el("div", &[("class", "page")], (said, el("div", &[("class", "kpis")], Html(cards)))).0;
    view! { <main class="main whole" id="conteudo" aria-busy="true" inner_html=html></main> }.into_any()
}
