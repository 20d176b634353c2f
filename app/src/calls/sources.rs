//! Sources: the finished parts of their pages.
//!
//! Invariant: what a page is sent with and what it is told later come from the same functions of `stills`.

use super::{Called, Json};
use leptos::server;
#[cfg(feature = "ssr")]
use {
    super::answerer,
    crate::stills::{Posted, Telling, source_form, source_page, sources},
    contract::Principal,
    contract::editions::Editions,
    contract::sources::Sources,
    leptos::prelude::use_context,
};

/// The list.
#[server(name = ListSources, prefix = "/_fn", endpoint = "sources/list", input = Json, output = Json)]
pub async fn list() -> Called<String> {
    let (principal, answers) = answerer::<dyn Sources>()?;
    let cards = answers.list(&principal).await?;
    Ok(sources::page(&cards, &telling(&principal).await?, chrono::Utc::now().timestamp_millis()).0)
}

/// One source: what is told anew while its page is open, and the rest.
#[server(name = ShowSource, prefix = "/_fn", endpoint = "sources/show", input = Json, output = Json)]
pub async fn show(name: String) -> Called<(String, String)> {
    let (principal, answers) = answerer::<dyn Sources>()?;
    let page = answers.show(&principal, &name).await?;
    let telling = telling(&principal).await?;
    Ok((source_page::standing(&page, &telling).0, source_page::rest(&page, &posted(), &telling).0))
}

/// The kinds to choose from, or the form of one.
#[server(name = NewSource, prefix = "/_fn", endpoint = "sources/new", input = Json, output = Json)]
pub async fn new(kind: Option<String>) -> Called<String> {
    let (principal, answers) = answerer::<dyn Sources>()?;
    let kinds = answers.kinds(&principal).await?;
    let telling = telling(&principal).await?;
    let Some(kind) = kind else { return Ok(source_form::kinds(&kinds, &telling).0) };
    let kind = kinds.into_iter().find(|known| known.kind == kind).ok_or_else(not_found)?;
    Ok(source_form::form(&kind, None, &posted(), &telling).0)
}

/// The form that changes what a source was told.
#[server(name = ChangeSource, prefix = "/_fn", endpoint = "sources/settings", input = Json, output = Json)]
pub async fn settings(name: String) -> Called<String> {
    let (principal, answers) = answerer::<dyn Sources>()?;
    let page = answers.show(&principal, &name).await?;
    let kinds = answers.kinds(&principal).await?;
    let kind = kinds.into_iter().find(|known| known.kind == page.card.kind).ok_or_else(not_found)?;
    Ok(source_form::form(&kind, Some(&page), &posted(), &telling(&principal).await?).0)
}

#[cfg(feature = "ssr")]
fn not_found() -> contract::Failure {
    contract::Failure::new(contract::failure::FailureKind::NotFound, "there is no such source")
}

/// What came of a form that was just sent.
#[cfg(feature = "ssr")]
fn posted() -> Posted {
    use_context::<Posted>().unwrap_or_default()
}

#[cfg(feature = "ssr")]
async fn telling(principal: &Principal) -> Called<Telling> {
    let preferences = use_context::<crate::preferences::Preferences>().unwrap_or_default();
    let (_, editions) = answerer::<dyn Editions>()?;
    let time_zone = editions.time_zone(principal).await?;
    Ok(Telling { lang: preferences.lang, time_zone })
}
