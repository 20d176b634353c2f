//! The CRM over HTTP: OData with a `User-Key`, pages of at most 300 rows, and webhooks.
//!
//! Follows the public behaviour of Ploomes; README.md §9 tells what is left out. Invariant: an answer never names the host that was
//! called, but that of a shard.

use std::net::SocketAddr;
use std::sync::Arc;

use serde_json::{Value, json};

use super::misbehaviour::{Faults, Misbehaviour};
use super::odata::{Dates, ODataError, Query};
use super::reading::{self, Memory};
use super::serving::{self, Answer, Handler, Refusal, Request, Shared};
use super::table::{Key, Table};
use super::world::{DealEdit, World, WorldError};
use super::{Running, ServerError, System};
use crate::calendar::Moment;
use crate::exports::ploomes::{STAFF, USER};
use crate::servers::odata::instants;

mod contacts;
mod custom;
mod deals;
mod lookups;
mod sales;
pub(crate) mod tables;
mod webhooks;

use webhooks::Webhooks;

/// Rows of a page, however many were asked for.
pub const PAGE: usize = 300;

const SHARD: &str = "https://public6-api2.ploomes.com";
const JSON: &str = "application/json; odata.metadata=minimal; odata.streaming=true; charset=utf-8";
/// The integration user, who also brought the data in.
const STAFF_ID: i64 = USER + 90 + STAFF.len() as i64 - 1;

/// How the server starts.
#[derive(Debug, Clone)]
pub struct Options {
    /// Port 0 takes a free one.
    pub address: SocketAddr,
    pub user_key: String,
    pub misbehaviour: Misbehaviour,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            user_key: "5E1A2B3C4D5F60718293A4B5C6D7E8F90A1B2C3D4E5F60718293A4B5C6D7E8F9".to_owned(),
            misbehaviour: Misbehaviour::default(),
        }
    }
}

/// Starts the server on the runtime of the caller.
pub async fn start(world: Arc<World>, options: Options) -> Result<Running, ServerError> {
    let shared = Arc::new(Shared::new(options.misbehaviour));
    let webhooks = Arc::new(Webhooks::default());
    let changes = world.listen();
    let hooks = Arc::clone(&webhooks);
    let running = serving::start(options.address, None, shared, |address| {
        let memory = Memory::default();
        Arc::new(Server { world, user_key: options.user_key, webhooks, memory, address })
    })
    .await?;
    // Ends when the world does, or when the server's table of webhooks is gone.
    tokio::spawn(webhooks::deliver(changes, Arc::downgrade(&hooks)));
    Ok(running)
}

struct Server {
    world: Arc<World>,
    user_key: String,
    webhooks: Arc<Webhooks>,
    memory: Memory,
    address: SocketAddr,
}

fn money(cents: i64) -> f64 {
    cents as f64 / 100.0
}

fn moment(at: Moment, milliseconds: i64) -> String {
    instants::local(at, milliseconds)
}

/// A count as the number of a JSON value.
fn whole(count: usize) -> i64 {
    count as i64
}

/// An error as OData tells it.
fn refused(status: u16, message: &str) -> Answer {
    Answer::json(status, JSON, &json!({ "error": { "code": "", "message": message } }))
}

/// An error as ASP.NET tells it.
fn failed(status: u16, message: &str) -> Answer {
    Answer::json(status, "application/json; charset=utf-8", &json!({ "Message": message }))
}

fn misread(error: &ODataError) -> Answer {
    match error {
        // Its firewall takes such queries for an attack.
        ODataError::Lambda => blocked(),
        error => refused(400, &format!("The query specified in the URI is not valid. {error}")),
    }
}

fn blocked() -> Answer {
    Answer::text(403, "text/html", "<html><head><title>403 Forbidden</title></head></html>")
}

fn not_changed(error: &WorldError) -> Answer {
    match error {
        WorldError::Missing { .. } | WorldError::Entity { .. } => refused(404, &error.to_string()),
        WorldError::Refused { .. } => refused(400, &error.to_string()),
    }
}

fn context(entity: &str) -> String {
    format!("{SHARD}/$metadata#{entity}")
}

/// `Deals(12)/Win` → (`Deals`, 12, `Win`).
fn parts(path: &str) -> (&str, Option<&str>, Option<&str>) {
    let path = path.trim_start_matches('/');
    let (first, action) = path.split_once('/').map_or((path, None), |(first, rest)| (first, Some(rest)));
    match first.strip_suffix(')').and_then(|first| first.split_once('(')) {
        Some((name, key)) => (name, Some(key), action),
        None => (first, None, action),
    }
}

impl Handler for Server {
    fn answer(&self, request: &Request, faults: &Faults) -> Answer {
        if request.header("user-key") != Some(self.user_key.as_str()) {
            return failed(401, "Authorization has been denied for this request.");
        }
        let (name, key, action) = parts(&request.path);
        match (request.method.as_str(), name, key, action) {
            ("GET", "Self", None, None) => {
                let me = json!({ "@odata.context": context("Users"), "value": [lookups::myself()] });
                Answer::json(200, JSON, &me)
            }
            (_, "Webhooks" | "Webhooks@Actions", _, None) => self.webhooks.answer(request, name, key),
            ("GET", _, _, None) => match System::Ploomes.table(name) {
                Some(table) => self.rows(table, key, request, faults),
                None => unknown(request),
            },
            ("POST", "Deals", Some(key), Some(action)) => self.act(key, action, &request.body),
            _ if System::Ploomes.table(name).is_some() => {
                failed(405, "The requested resource does not support this http method.")
            }
            _ => unknown(request),
        }
    }

    fn refuse(&self, refusal: Refusal, _: &Request) -> Answer {
        match refusal {
            Refusal::Throttled => Answer::empty(429),
            Refusal::Forbidden => blocked(),
            Refusal::Server(500) => failed(500, "An error has occurred."),
            Refusal::Server(status) => {
                Answer::text(status, "text/html", format!("<html><body><h1>{status}</h1></body></html>"))
            }
        }
    }

    fn spares(&self, _: &Request) -> bool {
        false
    }

    fn refuses_expect(&self) -> bool {
        false
    }
}

fn unknown(request: &Request) -> Answer {
    failed(404, &format!("No HTTP resource was found that matches the request URI '{}'.", request.path))
}

impl Server {
    fn rows(&self, table: &'static Table, key: Option<&str>, request: &Request, faults: &Faults) -> Answer {
        let query = match Query::parse(&request.query, Dates::Unquoted) {
            Ok(query) => query,
            Err(error) => return misread(&error),
        };
        if let (Some(drawn), None) = (faults.shift, key) {
            // A world in which nothing can change stays as it is.
            let _ = self.world.shift(System::Ploomes, drawn);
        }
        let answer = match key {
            Some(key) => self.single(table, key, &query),
            None => self.page(table, &query, &request.query),
        };
        answer.map_or_else(|error| misread(&error), |value| Answer::json(value.0, JSON, &value.1))
    }

    /// One row: for even Ids in an envelope, for odd ones bare, since clients must take both.
    fn single(&self, table: &'static Table, key: &str, query: &Query) -> Result<(u16, Value), ODataError> {
        let state = self.world.read();
        let id = key.parse().map_err(|_| ODataError::Syntax { option: "$filter", at: key.to_owned() })?;
        let Some(position) = table.find(&state, &Key::Number(id)) else {
            let error = json!({ "error": { "code": "", "message": "The resource was not found." } });
            return Ok((404, error));
        };
        let row = table.render(&state, position, query.select.as_deref(), &query.expand)?;
        let context = context(&format!("{}/$entity", table.name));
        if id % 2 == 0 {
            return Ok((200, json!({ "@odata.context": context, "value": [row] })));
        }
        let mut bare = serde_json::Map::from_iter([("@odata.context".to_owned(), Value::from(context))]);
        if let Value::Object(row) = row {
            bare.extend(row);
        }
        Ok((200, Value::Object(bare)))
    }

    fn page(&self, table: &'static Table, query: &Query, raw: &str) -> Result<(u16, Value), ODataError> {
        let state = self.world.read();
        reading::check(table, &state, query)?;
        let size = query.top.unwrap_or(PAGE).min(PAGE);
        let page = reading::page(table, &state, query, (query.skip, size), false, &self.memory);
        let rows = page
            .positions
            .iter()
            .map(|&position| table.render(&state, position, query.select.as_deref(), &query.expand))
            .collect::<Result<Vec<Value>, ODataError>>()?;
        let mut answer = json!({ "@odata.context": context(table.name), "value": rows });
        if page.more && query.top.is_none() {
            // The one place where the server names itself: a link to a shard would lead tests out of the house.
            let kept = raw.split('&').filter(|pair| {
                !pair.is_empty() && !pair.starts_with("$skip=") && !pair.starts_with("%24skip=")
            });
            let mut query_of_next: Vec<String> = kept.map(str::to_owned).collect();
            query_of_next.push(format!("$skip={}", query.skip + size));
            let link = format!("http://{}/{}?{}", self.address, table.name, query_of_next.join("&"));
            answer["@odata.nextLink"] = link.into();
        }
        Ok((200, answer))
    }

    /// `POST /Deals(12)/Win`, `/Lose` with an optional `LossReasonId`, `/Reopen`.
    fn act(&self, key: &str, action: &str, body: &[u8]) -> Answer {
        let Ok(id) = key.parse::<i64>() else { return refused(400, "The key is not a number.") };
        let edit = match action {
            "Win" => DealEdit::Win,
            "Reopen" => DealEdit::Reopen,
            "Lose" => {
                let body: Value = serde_json::from_slice(body).unwrap_or_default();
                let first = crate::exports::ploomes::LOSS;
                let reason = body["LossReasonId"].as_i64().unwrap_or(first) - first;
                DealEdit::Lose(reason.clamp(0, i64::from(u8::MAX)) as u8)
            }
            _ => return failed(404, "No action was found."),
        };
        match self.world.edit_deal(id, edit) {
            Ok(()) => Answer::empty(204),
            Err(error) => not_changed(&error),
        }
    }
}
