//! `/hooks/{source}`: where systems send what happens, signed; answered once it is on the disk.
//!
//! Knows no format and no signature (`connect::hooks`). Invariant: no answer tells which sources exist: who cannot sign is refused with the
//! same words whether there is a source or not.

use crate::house::House;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Router, http};
use connect::hooks::{self, Hook};
use connect::inbox::{Inbox, InboxError};
use metastore::sources::SourceRow;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Mutex, Semaphore};

/// Bytes of one delivery; Meta packs up to 1000 changes into one.
const BODY_BYTES: usize = 3 << 20;
/// Bytes of bodies that are in memory at the same time.
const BODIES_BYTES: usize = 96 << 20;
/// What a body of unknown length is counted as.
const UNKNOWN_BYTES: usize = BODY_BYTES;
/// A sender that is slower keeps nobody else waiting.
const BODY_TIME: Duration = Duration::from_secs(10);
/// Longer than any disk that works takes.
const DISK_TIME: Duration = Duration::from_secs(5);
/// Settings are looked up again after so long.
const FRESH: Duration = Duration::from_secs(2);
/// When a sender that we could not serve is to come again, in seconds.
const COME_AGAIN: HeaderValue = HeaderValue::from_static("10");

pub fn routes() -> Router<Arc<House>> {
    Router::new().route("/hooks/{source}", get(handshake).post(deliver))
}

/// The doors of all sources that have one.
pub struct Doors {
    open: Mutex<Open>,
    bodies: Semaphore,
}

#[derive(Default)]
struct Open {
    looked: Option<Instant>,
    doors: HashMap<String, Door>,
}

#[derive(Clone)]
struct Door {
    row: SourceRow,
    hook: Arc<dyn Hook>,
    inbox: Arc<Inbox>,
}

impl Default for Doors {
    fn default() -> Doors {
        Doors { open: Mutex::default(), bodies: Semaphore::new(BODIES_BYTES) }
    }
}

impl Doors {
    /// The door of a source; none for a source that has none, or is not there.
    async fn of(&self, house: &House, source: &str) -> Result<Option<Door>, metastore::MetastoreError> {
        let mut open = self.open.lock().await;
        if open.looked.is_none_or(|looked| looked.elapsed() > FRESH) {
            look(&mut open, house).await?;
        }
        Ok(open.doors.get(source).cloned())
    }
}

/// Opens the doors of sources that are new or were told anew; the others stay as they are.
async fn look(open: &mut Open, house: &House) -> Result<(), metastore::MetastoreError> {
    let Some(inboxes) = &house.surroundings.inboxes else { return Ok(()) };
    let rows = house.metastore.sources().await?;
    let mut doors = HashMap::new();
    for row in rows.into_iter().filter(|row| hooks::has_hook(&row.kind)) {
        if let Some(door) = open.doors.remove(&row.name).filter(|door| door.row == row) {
            doors.insert(row.name.clone(), door);
            continue;
        }
        // One source that cannot be opened keeps no other from taking deliveries.
        let settings = match house.metastore.settings_of(&row) {
            Ok(settings) => settings,
            Err(error) => {
                tracing::error!(source = %row.name, %error, "the source takes no deliveries");
                continue;
            }
        };
        match hooks::open(&row.kind, &row.name, &settings) {
            Ok(Some(hook)) => {
                let inbox = inboxes.of(&row.name);
                doors.insert(row.name.clone(), Door { row, hook, inbox });
            }
            Ok(None) => {}
            Err(error) => tracing::error!(source = %row.name, %error, "the source takes no deliveries"),
        }
    }
    // What is left belongs to sources that were forgotten: what they were sent since then goes, too.
    for (source, door) in std::mem::replace(&mut open.doors, doors) {
        if let Err(error) = std::fs::remove_dir_all(door.inbox.dir())
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(source, %error, "the inbox of a source that was removed is still there");
        }
    }
    open.looked = Some(Instant::now());
    Ok(())
}

async fn handshake(
    State(house): State<Arc<House>>,
    Path(source): Path<String>,
    request: Request,
) -> Response {
    match house.doors.of(&house, &source).await {
        Ok(Some(door)) => match door.hook.handshake(request.uri().query().unwrap_or_default()) {
            Ok(challenge) => {
                ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], challenge).into_response()
            }
            Err(refused) => {
                tracing::warn!(source, %refused, "a handshake was refused");
                refuse(StatusCode::FORBIDDEN)
            }
        },
        Ok(None) => refuse(StatusCode::FORBIDDEN),
        Err(error) => unable(&error),
    }
}

async fn deliver(State(house): State<Arc<House>>, Path(source): Path<String>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let (body, _held) = match read(&house.doors, &parts.headers, body).await {
        Ok(read) => read,
        Err(answer) => return answer,
    };
    let door = match house.doors.of(&house, &source).await {
        Ok(Some(door)) => door,
        Ok(None) => return refuse(StatusCode::UNAUTHORIZED),
        Err(error) => return unable(&error),
    };
    let accepted = match door.hook.accept(&parts.headers, &body) {
        Ok(accepted) => accepted,
        Err(refused) => {
            tracing::warn!(source, %refused, "a delivery was refused");
            count(&source, "refused");
            return refuse(StatusCode::UNAUTHORIZED);
        }
    };
    let kept = tokio::time::timeout(DISK_TIME, door.inbox.append(&accepted.note, &accepted.body)).await;
    let counts = door.inbox.figures();
    metrics::gauge!("mirante_inbox_bytes", "source" => source.clone()).set(counts.bytes as f64);
    metrics::counter!("mirante_inbox_syncs_total", "source" => source.clone()).absolute(counts.syncs);
    match kept {
        Ok(Ok(_)) => {
            count(&source, "accepted");
            StatusCode::OK.into_response()
        }
        Ok(Err(error @ InboxError::TooLarge { .. })) => {
            tracing::warn!(source, %error, "a delivery was refused");
            count(&source, "refused");
            StatusCode::PAYLOAD_TOO_LARGE.into_response()
        }
        Ok(Err(error)) => {
            count(&source, "put_off");
            unable(&error)
        }
        Err(_) => {
            count(&source, "put_off");
            tracing::error!(
                source,
                "the disk took more than {DISK_TIME:?} for a delivery; its sender comes again"
            );
            come_again()
        }
    }
}

/// The body, and the right to have it in memory.
async fn read<'a>(
    doors: &'a Doors,
    headers: &http::HeaderMap,
    body: Body,
) -> Result<(axum::body::Bytes, tokio::sync::SemaphorePermit<'a>), Response> {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let length = length.unwrap_or(UNKNOWN_BYTES);
    if length > BODY_BYTES {
        return Err(StatusCode::PAYLOAD_TOO_LARGE.into_response());
    }
    let held = doors.bodies.try_acquire_many(length as u32).map_err(|_| come_again())?;
    match tokio::time::timeout(BODY_TIME, to_bytes(body, length)).await {
        Ok(Ok(body)) => Ok((body, held)),
        Ok(Err(_)) => Err(StatusCode::PAYLOAD_TOO_LARGE.into_response()),
        Err(_) => Err(StatusCode::REQUEST_TIMEOUT.into_response()),
    }
}

fn refuse(status: StatusCode) -> Response {
    (status, "refused\n").into_response()
}

/// What is wrong on our side is for the log; the sender keeps what it has and comes again.
fn unable(error: &dyn std::error::Error) -> Response {
    tracing::error!(%error, "a delivery could not be taken; its sender comes again");
    come_again()
}

fn come_again() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, COME_AGAIN)]).into_response()
}

fn count(source: &str, outcome: &'static str) {
    metrics::counter!("mirante_hook_deliveries_total", "source" => source.to_owned(), "outcome" => outcome)
        .increment(1);
}
