//! Uploads: the finished parts of their pages.
//!
//! Invariant: a refusal that a person can mend is a page of its own, not a failure.

use super::{Called, Json};
use leptos::server;
#[cfg(feature = "ssr")]
use {
    super::answerer,
    super::sources::{posted, telling},
    crate::stills::{Posted, making, upload_columns, uploads},
    contract::uploads::{Refusal, Uploads},
};

/// Where the file is sent.
#[server(name = SendSheet, prefix = "/_fn", endpoint = "uploads/send", input = Json, output = Json)]
pub async fn send() -> Called<String> {
    let (principal, _) = answerer::<dyn Uploads>()?;
    Ok(uploads::page(&posted(), &telling(&principal).await?).0)
}

/// The columns of an upload, of the sheet that is named.
#[server(name = CheckColumns, prefix = "/_fn", endpoint = "uploads/columns", input = Json, output = Json)]
pub async fn columns(id: String, sheet: Option<String>) -> Called<String> {
    let (principal, answers) = answerer::<dyn Uploads>()?;
    let mut posted = posted();
    posted.upload.sheet = posted.upload.sheet.or(sheet);
    let telling = telling(&principal).await?;
    match answers.look(&principal, &id, &posted.upload).await {
        Ok(page) => Ok(upload_columns::page(&page, &posted, &telling).0),
        Err(refusal) => refused(refusal, |posted| uploads::page(posted, &telling).0),
    }
}

/// How a board comes about.
#[server(name = FollowMaking, prefix = "/_fn", endpoint = "uploads/making", input = Json, output = Json)]
pub async fn making(source: String) -> Called<String> {
    let (principal, answers) = answerer::<dyn Uploads>()?;
    let standing = answers.making(&principal, &source).await?;
    Ok(making::page(&standing, &telling(&principal).await?).0)
}

/// What another file would change in a sheet.
#[server(name = CompareSheet, prefix = "/_fn", endpoint = "uploads/compare", input = Json, output = Json)]
pub async fn compare(source: String, id: String) -> Called<String> {
    let (principal, answers) = answerer::<dyn Uploads>()?;
    let telling = telling(&principal).await?;
    match answers.compare(&principal, &source, &id).await {
        Ok(replacement) => Ok(making::comparison(&replacement, &posted(), &telling).0),
        Err(refusal) => refused(refusal, |posted| making::file(&source, posted, &telling).0),
    }
}

#[cfg(feature = "ssr")]
fn refused(refusal: Refusal, page: impl FnOnce(&Posted) -> String) -> Called<String> {
    match refusal {
        Refusal::Failure(failure) => Err(failure.into()),
        refusal => Ok(page(&Posted { refusal: Some(refusal), ..Posted::default() })),
    }
}
