//! People, one's own account, and where a workspace begins: the finished parts of their pages.
//!
//! Invariant: what a form brought about is shown by the page that answers it.

use super::{Called, Json};
use leptos::server;
#[cfg(feature = "ssr")]
use {
    super::answerer,
    super::sources::{posted, telling},
    crate::stills::{account, people, start},
    contract::people::{People, SessionId},
    contract::sources::Sources,
    leptos::prelude::use_context,
};

/// Everybody.
#[server(name = ListPeople, prefix = "/_fn", endpoint = "people/list", input = Json, output = Json)]
pub async fn list() -> Called<String> {
    let (principal, answers) = answerer::<dyn People>()?;
    let cards = answers.list(&principal).await?;
    Ok(people::page(&cards, &answers.roles(), &posted(), &telling(&principal).await?).0)
}

/// One person.
#[server(name = ShowPerson, prefix = "/_fn", endpoint = "people/show", input = Json, output = Json)]
pub async fn show(id: String) -> Called<String> {
    let (principal, answers) = answerer::<dyn People>()?;
    let card = answers.show(&principal, &id).await?;
    Ok(people::person(&card, &answers.roles(), &posted(), &telling(&principal).await?).0)
}

/// The asker's own account.
#[server(name = OwnAccount, prefix = "/_fn", endpoint = "people/account", input = Json, output = Json)]
pub async fn account() -> Called<String> {
    let (principal, answers) = answerer::<dyn People>()?;
    let this = use_context::<SessionId>().unwrap_or_default();
    let own = answers.account(&principal, &this).await?;
    Ok(account::page(&own, &posted(), &telling(&principal).await?).0)
}

/// Where a workspace begins.
#[server(name = StartHere, prefix = "/_fn", endpoint = "people/start", input = Json, output = Json)]
pub async fn start() -> Called<String> {
    let (principal, sources) = answerer::<dyn Sources>()?;
    let (_, people) = answerer::<dyn People>()?;
    let kinds = sources.kinds(&principal).await?;
    Ok(start::page(&kinds, people.doors(&principal).people, &telling(&principal).await?).0)
}
