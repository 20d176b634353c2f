//! What the pages of uploads send: a file, what is said of its columns, and another file for a sheet that has a board.
//!
//! Makes no markup (`app::stills`) and decides nothing (`answers`). Invariant: a file is written to the disk as it comes and never held; what is
//! refused comes back as a page that says why.

use super::pages;
use super::sources::{telling, told};
use crate::house::House;
use crate::uploads::Kept;
use app::routes;
use app::stills::{Posted, making};
use axum::body::Body;
use axum::extract::multipart::{Field, Multipart, MultipartError};
use axum::extract::{DefaultBodyLimit, FromRequest, Path, Request, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use contract::failure::FailureKind;
use contract::people::SessionId;
use contract::uploads::{MOST_BYTES, Refusal, Role, UploadDraft, ValueKind};
use contract::{Failure, Principal};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What a form has around its file.
const AROUND_BYTES: u64 = 1 << 20;
/// A form says two words of each column.
const FORM_BYTES: usize = 256 << 10;

type Here = State<Arc<House>>;
type Who = Extension<Principal>;

pub fn routes() -> Router<Arc<House>> {
    let most = usize::try_from(MOST_BYTES + AROUND_BYTES).unwrap_or(usize::MAX);
    let files = Router::new()
        .route("/dados/planilha", post(sent))
        .route("/dados/fonte/{name}/arquivo", post(another))
        .layer(DefaultBodyLimit::max(most));
    Router::new()
        .route("/dados/planilha/{id}", post(checked))
        .route("/dados/fonte/{name}/arquivo/{id}", post(replaced))
        .route("/dados/fonte/{name}/painel/ao-vivo", get(making_live))
        .merge(files)
}

async fn sent(State(house): Here, who: Who, request: Request) -> Response {
    let draft = UploadDraft::default();
    let headers = request.headers().clone();
    let looked = async |kept: &Kept| house.answers.uploads.look(&who, &kept.id, &draft).await.map(drop);
    match received(&house, &who, request, looked).await {
        Ok(kept) => Redirect::to(&routes::upload(&kept.id)).into_response(),
        Err(refusal) => again(house.clone(), who.0, (routes::SHEET, &headers), draft, refusal).await,
    }
}

async fn another(State(house): Here, who: Who, Path(name): Path<String>, request: Request) -> Response {
    let headers = request.headers().clone();
    let looked = async |kept: &Kept| house.answers.uploads.compare(&who, &name, &kept.id).await.map(drop);
    match received(&house, &who, request, looked).await {
        Ok(kept) => Redirect::to(&routes::sheet_upload(&name, &kept.id)).into_response(),
        Err(refusal) => {
            let path = routes::source(&name);
            again(house.clone(), who.0, (&path, &headers), UploadDraft::default(), refusal).await
        }
    }
}

/// Keeps the file of a form, if `look` finds nothing wrong with it.
async fn received(
    house: &House,
    who: &Principal,
    request: Request,
    look: impl AsyncFnOnce(&Kept) -> Result<(), Refusal>,
) -> Result<Kept, Refusal> {
    // Nobody else may fill the disk.
    let sources = house.answers.sources.list(who).await?;
    drop(sources);
    house.uploads.sweep(&used(house).await);
    let broken = |error: MultipartError| {
        if error.status() == StatusCode::PAYLOAD_TOO_LARGE { Refusal::TooLarge } else { Refusal::NoFile }
    };
    let mut form = Multipart::from_request(request, &()).await.map_err(|_| Refusal::NoFile)?;
    while let Some(field) = form.next_field().await.map_err(broken)? {
        if field.name() == Some("file") {
            let kept = written(house, field, broken).await?;
            if let Err(refusal) = look(&kept).await {
                if !used(house).await.contains(&kept.id) {
                    house.uploads.remove(&kept.id);
                }
                return Err(refusal);
            }
            return Ok(kept);
        }
    }
    Err(Refusal::NoFile)
}

async fn written(
    house: &House,
    mut field: Field<'_>,
    broken: impl Fn(MultipartError) -> Refusal,
) -> Result<Kept, Refusal> {
    let name = field.file_name().unwrap_or_default().to_owned();
    let mut incoming = house.uploads.begin().map_err(|error| {
        tracing::error!(%error, "the folder of uploads cannot be written to");
        Failure::new(
            FailureKind::Internal,
            "the folder of uploads cannot be written to; check its permissions",
        )
    })?;
    let mut any = false;
    while let Some(chunk) = field.chunk().await.map_err(&broken)? {
        any = true;
        incoming.add(&chunk).await?;
    }
    // A form that is sent without choosing has a field without a name and without bytes.
    if !any && name.is_empty() {
        return Err(Refusal::NoFile);
    }
    incoming.keep(&house.uploads, &name).await
}

/// Uploads that sources are made of.
async fn used(house: &House) -> BTreeSet<String> {
    crate::uploads::contents(&house.metastore.sources().await.unwrap_or_default())
}

async fn checked(State(house): Here, who: Who, Path(id): Path<String>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, FORM_BYTES).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let Some((draft, make)) = read(&body) else { return StatusCode::UNPROCESSABLE_ENTITY.into_response() };
    let path = routes::upload(&id);
    if !make {
        let posted = Posted { upload: draft, ..Posted::default() };
        return pages::page_after(house, page_request(who.0, (&path, &parts.headers)), posted).await;
    }
    match house.answers.uploads.make(&who, &id, &draft).await {
        Ok(source) => Redirect::to(&routes::making(&source)).into_response(),
        Err(refusal) => again(house, who.0, (&path, &parts.headers), draft, refusal).await,
    }
}

async fn replaced(
    State(house): Here,
    who: Who,
    Path((name, id)): Path<(String, String)>,
    headers: HeaderMap,
    body: String,
) -> Response {
    let append =
        url::form_urlencoded::parse(body.as_bytes()).any(|(key, value)| key == "act" && value == "append");
    match house.answers.uploads.replace(&who, &name, &id, append).await {
        Ok(()) => Redirect::to(&routes::making(&name)).into_response(),
        Err(refusal) => {
            let path = routes::sheet_upload(&name, &id);
            again(house, who.0, (&path, &headers), UploadDraft::default(), refusal).await
        }
    }
}

async fn making_live(
    State(house): Here,
    who: Who,
    Extension(session): Extension<SessionId>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response {
    if let Err(failure) = house.answers.uploads.making(&who, &name).await {
        return super::session::refuse(&failure);
    }
    let lang = pages::preferences_of(&house, &headers).await.lang;
    told(house, session, move |house, who| {
        let name = name.clone();
        async move {
            let standing = house.answers.uploads.making(&who, &name).await.ok()?;
            Some(making::page(&standing, &telling(&house, &who, lang).await?).0)
        }
    })
    .into_response()
}

/// The page at `path` with what was refused.
async fn again(
    house: Arc<House>,
    who: Principal,
    at: (&str, &HeaderMap),
    upload: UploadDraft,
    refusal: Refusal,
) -> Response {
    if let Refusal::Failure(failure) = &refusal {
        return super::session::refuse(failure);
    }
    let posted = Posted { upload, refusal: Some(refusal), ..Posted::default() };
    let mut page = pages::page_after(house, page_request(who, at), posted).await;
    if page.status().is_success() {
        *page.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    page
}

/// A request for the page that a form stood on.
fn page_request(who: Principal, (path, headers): (&str, &HeaderMap)) -> Request {
    let mut request = Request::new(Body::empty());
    *request.method_mut() = Method::GET;
    *request.uri_mut() = path.parse().unwrap_or_default();
    *request.headers_mut() = headers.clone();
    request.extensions_mut().insert(who);
    request
}

/// The pairs of the form of columns: `title`, `sheet`, `totals`, `k.<column>`, `r.<column>` and `act`.
fn read(body: &[u8]) -> Option<(UploadDraft, bool)> {
    let (mut draft, mut make) = (UploadDraft::default(), false);
    for (key, value) in url::form_urlencoded::parse(body) {
        match key.as_ref() {
            "title" => draft.title = Some(value.into_owned()),
            "sheet" => draft.sheet = Some(value.into_owned()),
            "totals" => draft.keep_totals = value == "keep",
            "act" => make = value == "make",
            key => {
                if let Some(column) = key.strip_prefix("k.") {
                    let kind = ValueKind::ALL.into_iter().find(|kind| kind.word() == value)?;
                    draft.kinds.insert(column.to_owned(), kind);
                } else if let Some(column) = key.strip_prefix("r.") {
                    let role = Role::ALL.into_iter().find(|role| role.word() == value)?;
                    draft.roles.insert(column.to_owned(), role);
                }
            }
        }
    }
    Some((draft, make))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn form_of_columns_says_kind_and_role_of_each() {
        let (draft, make) = read(b"title=Vendas&k.valor=money&r.valor=sum&totals=keep&act=make").unwrap();
        assert!(make && draft.keep_totals);
        assert_eq!(draft.title.as_deref(), Some("Vendas"));
        assert_eq!((draft.kinds["valor"], draft.roles["valor"]), (ValueKind::Money, Role::Sum));
        assert!(read(b"k.valor=euro").is_none() && read(b"r.valor=max").is_none());
    }
}
