//! What stands where figures would: loading, empty, failed, not allowed.
//!
//! Invariant: each says what happened, what it touches and what to do.

use super::icons::icon;
use crate::texts::Texts;
use crate::view_models::Missing;
use contract::Failure;
use contract::failure::FailureKind;
use leptos::prelude::*;

/// Inside a tile.
pub fn missing_tile(missing: &Missing, filtered: Option<String>, here: String, texts: &'static Texts) -> AnyView {
    match missing {
        Missing::Empty(reason) => {
            let reason = reason.clone();
            let title = if filtered.is_some() { texts.nothing_with_filters } else { texts.nothing_in_period };
            view! {
                <div class="empty">
                    {icon("filter")}
                    <b>{title}</b>
                    <p>{reason}</p>
                    {filtered.map(|href| view! { <a class="btn sm" href=href data-noscroll>{texts.clear_filters}</a> })}
                </div>
            }
            .into_any()
        }
        Missing::Failed { reason, retry } => {
            let reason = reason.clone();
            view! {
                <div class="empty">
                    {icon("sync")}
                    <b>{texts.could_not_load}</b>
                    <p>{reason} " " {texts.other_tiles_fine}</p>
                    {retry.then(|| view! { <a class="btn sm" rel="external" href=here>{texts.try_again}</a> })}
                </div>
            }
            .into_any()
        }
        Missing::Forbidden => view! { <div class="empty">{icon("lock")}<b>{texts.forbidden}</b></div> }.into_any(),
    }
}

/// Instead of a whole page.
pub fn failed_page(failure: &Failure, here: String, texts: &'static Texts) -> AnyView {
    crate::calls::set_page_status(failure);
    let (title, reason, action) = match failure.kind {
        FailureKind::NotFound => (texts.not_found, texts.not_found_more.to_owned(), ("/".to_owned(), texts.to_overview)),
        FailureKind::NotSignedIn => (texts.sign_in, texts.sign_in_how.to_owned(), (crate::routes::SIGN_IN.to_owned(), texts.sign_in)),
        FailureKind::NothingPublished => (texts.nothing_published, texts.nothing_published_more.to_owned(), (here, texts.try_again)),
        FailureKind::Unreachable => (texts.could_not_load, texts.offline.to_owned(), (here, texts.try_again)),
        FailureKind::Forbidden => (texts.forbidden, failure.message.clone(), ("/".to_owned(), texts.to_overview)),
        FailureKind::BadRequest | FailureKind::Internal => (texts.could_not_load, failure.message.clone(), (here, texts.try_again)),
    };
    view! {
        <main class="main whole" id="conteudo">
            <div class="page">
                <div class="empty">
                    {icon("sync")}
                    <h1>{title}</h1>
                    <p>{reason}</p>
                    <a class="btn" rel="external" href=action.0>{action.1}</a>
                </div>
            </div>
        </main>
    }
    .into_any()
}

/// While a page is opened in the browser.
pub fn loading_page(texts: &'static Texts) -> AnyView {
    view! {
        <main class="main whole" id="conteudo" aria-busy="true">
            <div class="page">
                <p class="vh" role="status">{texts.loading}</p>
                <div class="kpis">
                    {(0..8).map(|_| view! {
                        <div class="kpi load">
                            <header><i class="sk w4"></i></header>
                            <p class="val"><i class="sk w4"></i></p>
                            <p class="ctx"><i class="sk w6"></i></p>
                            <i class="sk spark-sk"></i>
                            <p class="pace"><i class="sk w3"></i></p>
                        </div>
                    }).collect_view()}
                </div>
            </div>
        </main>
    }
    .into_any()
}
