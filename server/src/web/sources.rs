//! What the pages of sources send and are told: forms, deeds, and what is new while a page is open.
//!
//! Makes no markup (`app::stills`) and decides nothing (`answers`). Invariant: a form that is refused comes back as it was typed, without
//! its secrets; a deed is done by a form and never by a link.

mod decisions;

use super::pages;
use crate::house::House;
use app::routes;
use app::stills::{Posted, Telling, source_page, sources};
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use contract::failure::FailureKind;
use contract::people::SessionId;
use contract::sources::{Parameter, SourceDraft};
use contract::{Failure, Principal};
use futures::Stream;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

/// A form is a few texts; the longest is a certificate or a query.
const FORM_BYTES: usize = 256 << 10;
/// News are told at most so often.
const TELL_EVERY: Duration = Duration::from_millis(400);
/// And without news so often, because ages grow.
const TELL_ANYWAY: Duration = Duration::from_secs(30);

pub fn routes() -> Router<Arc<House>> {
    Router::new()
        .route("/dados/nova/{kind}", post(added))
        .route("/dados/fonte/{name}/ajustes", post(changed))
        .route("/dados/fonte/{name}/sincronizar", post(sync))
        .route("/dados/fonte/{name}/parar", post(stop))
        .route("/dados/fonte/{name}/remover", post(removed))
        .merge(decisions::routes())
        .route("/dados/ao-vivo", get(list_live))
        .route("/dados/fonte/{name}/ao-vivo", get(source_live))
}

type Here = State<Arc<House>>;
type Who = Extension<Principal>;

/// A form as it was sent.
struct Sent {
    draft: SourceDraft,
    act: Act,
}

/// What is to be done with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Save,
    Test,
    /// Tells what the connector asks for.
    Wants,
}

async fn added(State(house): Here, who: Who, Path(kind): Path<String>, request: Request) -> Response {
    sent(house, who.0, request, |draft| draft.kind = kind, false).await
}

async fn changed(State(house): Here, who: Who, Path(name): Path<String>, request: Request) -> Response {
    let known = match house.answers.sources.show(&who, &name).await {
        Ok(known) => known,
        Err(failure) => return super::session::refuse(&failure),
    };
    let tell = |draft: &mut SourceDraft| {
        draft.kind = known.card.kind;
        draft.name = name;
    };
    sent(house, who.0, request, tell, true).await
}

/// Tests or stores what a form tells; then goes to the source's page, or shows the form again.
async fn sent(
    house: Arc<House>,
    who: Principal,
    request: Request,
    tell: impl FnOnce(&mut SourceDraft),
    known: bool,
) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, FORM_BYTES).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let Some(mut sent) = read(&body) else { return StatusCode::UNPROCESSABLE_ENTITY.into_response() };
    tell(&mut sent.draft);
    let answers = &house.answers.sources;
    let mut posted = Posted::default();
    let done = match sent.act {
        Act::Wants => answers.wants(&who, &sent.draft).await.map(|wants| posted.wants = Some(wants)),
        Act::Test => answers.test(&who, &sent.draft).await.map(|trial| posted.trial = Some(trial)),
        Act::Save if known => answers.change(&who, &sent.draft).await,
        Act::Save => answers.add(&who, &sent.draft).await,
    };
    match done {
        Ok(()) if sent.act == Act::Save => {
            return Redirect::to(&routes::source(&sent.draft.name)).into_response();
        }
        Ok(()) => {}
        Err(failure) if failure.kind == FailureKind::BadRequest => posted.refused = Some(failure.message),
        Err(failure) => return super::session::refuse(&failure),
    }
    let status = if posted.refused.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let mut shown = sent.draft;
    if posted.wants.is_none() && !shown.fields.is_empty() {
        posted.wants = answers.wants(&who, &shown).await.ok();
    }
    forget_secrets(&mut shown, posted.wants.as_deref().unwrap_or_default());
    posted.draft = Some(shown);
    let mut request = Request::from_parts(parts, Body::empty());
    *request.method_mut() = axum::http::Method::GET;
    let mut page = pages::page_after(house, request, posted).await;
    *page.status_mut() = status;
    page
}

/// The pairs of a form: `name`, `promise`, `schedule`, `act`, `p.<parameter>`, and `c.<what a connector asks for>`.
fn read(body: &[u8]) -> Option<Sent> {
    let mut draft = SourceDraft {
        kind: String::new(),
        name: String::new(),
        promised_minutes: None,
        schedule: None,
        streams: None,
        fields: std::collections::BTreeMap::new(),
        values: std::collections::BTreeMap::new(),
    };
    let mut act = Act::Save;
    draft.streams = decisions::chosen(body);
    for (key, value) in url::form_urlencoded::parse(body) {
        // Browsers send the lines of a text with both characters.
        let value = value.replace("\r\n", "\n");
        match key.as_ref() {
            "name" => draft.name = value.trim().to_owned(),
            "promise" if value.trim().is_empty() => {}
            "promise" => draft.promised_minutes = Some(value.trim().parse().ok()?),
            "schedule" => draft.schedule = Some(value),
            "act" if value == "test" => act = Act::Test,
            "act" if value == "wants" => act = Act::Wants,
            key => {
                if let Some(parameter) = key.strip_prefix("p.") {
                    draft.values.insert(parameter.to_owned(), value);
                } else if let Some(field) = key.strip_prefix("c.") {
                    draft.fields.insert(field.to_owned(), value);
                }
            }
        }
    }
    Some(Sent { draft, act })
}

fn forget_secrets(draft: &mut SourceDraft, wants: &[Parameter]) {
    let kind = connect::kinds().into_iter().find(|kind| kind.kind == draft.kind);
    draft.values.retain(|name, _| {
        kind.as_ref().and_then(|kind| kind.parameter(name)).is_some_and(|parameter| !parameter.is_secret())
    });
    draft.fields.retain(|name, _| {
        wants.iter().find(|field| field.name == *name).is_some_and(|field| !field.is_secret())
    });
}

async fn sync(State(house): Here, who: Who, Path(name): Path<String>, headers: HeaderMap) -> Response {
    let done = house.answers.sources.sync(&who, &name).await;
    back(done, &headers, &name)
}

async fn stop(State(house): Here, who: Who, Path(name): Path<String>, headers: HeaderMap) -> Response {
    let done = house.answers.sources.cancel(&who, &name).await;
    back(done, &headers, &name)
}

async fn removed(State(house): Here, who: Who, Path(name): Path<String>) -> Response {
    match house.answers.sources.remove(&who, &name).await {
        Ok(()) => Redirect::to(routes::SOURCES).into_response(),
        Err(failure) => super::session::refuse(&failure),
    }
}

/// To the page that the form stood on: the list or the source's own.
fn back(done: Result<(), Failure>, headers: &HeaderMap, name: &str) -> Response {
    if let Err(failure) = done {
        return super::session::refuse(&failure);
    }
    let from = headers.get(header::REFERER).and_then(|value| value.to_str().ok());
    let from_list =
        from.and_then(|from| url::Url::parse(from).ok()).is_some_and(|from| from.path() == routes::SOURCES);
    let next = if from_list { routes::SOURCES.to_owned() } else { routes::source(name) };
    Redirect::to(&next).into_response()
}

async fn list_live(
    State(house): Here,
    who: Who,
    Extension(session): Extension<SessionId>,
    headers: HeaderMap,
) -> Response {
    if let Err(failure) = house.answers.sources.list(&who).await {
        return super::session::refuse(&failure);
    }
    let lang = pages::preferences_of(&house, &headers).await.lang;
    told(house, session, move |house, who| async move {
        let cards = house.answers.sources.list(&who).await.ok()?;
        let telling = telling(&house, &who, lang).await?;
        Some(sources::page(&cards, &telling, metastore::now_ms()).0)
    })
    .into_response()
}

async fn source_live(
    State(house): Here,
    who: Who,
    Extension(session): Extension<SessionId>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response {
    if let Err(failure) = house.answers.sources.show(&who, &name).await {
        return super::session::refuse(&failure);
    }
    let lang = pages::preferences_of(&house, &headers).await.lang;
    told(house, session, move |house, who| {
        let name = name.clone();
        async move {
            let page = house.answers.sources.show(&who, &name).await.ok()?;
            Some(source_page::standing(&page, &telling(&house, &who, lang).await?).0)
        }
    })
    .into_response()
}

pub(super) async fn telling(house: &House, who: &Principal, lang: locale::Lang) -> Option<Telling> {
    Some(Telling { lang, time_zone: house.answers.editions.time_zone(who).await.ok()? })
}

/// What `tell` says to whoever holds the session, again whenever there is news, until the session ends, there is nothing to say, the reader goes or
/// the process ends.
pub(super) fn told<F, T>(
    house: Arc<House>,
    session: SessionId,
    tell: F,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>>
where
    F: Fn(Arc<House>, Principal) -> T + Send + 'static,
    T: Future<Output = Option<String>> + Send,
{
    let news = house.jobs.news();
    let stream = futures::stream::unfold(
        (house, session, tell, news, false),
        |(house, session, tell, mut news, again)| async move {
            let stopping = house.jobs.stopping.clone();
            if again {
                let wait = async {
                    let _ = tokio::time::timeout(TELL_ANYWAY, news.changed()).await;
                    tokio::time::sleep(TELL_EVERY).await;
                    news.borrow_and_update();
                };
                stopping.run_until_cancelled(wait).await?;
            } else {
                news.borrow_and_update();
            }
            let who = house.metastore.holder_of(&session.0).await.ok()??;
            let text = tell(house.clone(), who).await?;
            // An event's lines end at either character.
            let event = Event::default().data(text.replace('\r', ""));
            Some((Ok(event), (house, session, tell, news, true)))
        },
    );
    Sse::new(stream).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)))
}
