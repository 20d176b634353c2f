//! The ERP over HTTP: a Service Layer with both versions of its API, sessions in cookies, and a certificate of its own.
//!
//! Follows the public behaviour of SAP Business One 10; README.md §10 tells what is left out. Invariant: `/b1s/v1` and `/b1s/v2` show
//! the same rows, and differ in annotations, dates and errors only.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::certificate;
use super::misbehaviour::{Faults, Misbehaviour};
use super::odata::{Dates, ODataError, Query};
use super::reading::{self, Memory, Page};
use super::serving::{self, Answer, Handler, Refusal, Request, Shared};
use super::table::{Key, Table};
use super::world::{State, World};
use super::{Running, ServerError, System};
use crate::calendar::DAY_SECONDS;
use crate::dirt;

mod contracts;
mod documents;
mod envelope;
mod journal;
mod masters;
mod sessions;
pub(crate) mod tables;

use envelope::Version;
use sessions::Sessions;

/// How the server starts.
#[derive(Debug, Clone)]
pub struct Options {
    /// Port 0 takes a free one; the real one listens on 50000.
    pub address: SocketAddr,
    pub company_db: String,
    pub user: String,
    pub password: String,
    /// With a self-signed certificate, or in the clear.
    pub tls: bool,
    /// Minutes without a request after which a session ends.
    pub session_minutes: u64,
    /// Rows of a page when the client does not say.
    pub page_size: usize,
    pub misbehaviour: Misbehaviour,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            company_db: "SBO_SERRAAZUL_PRD".to_owned(),
            user: "kpi_reader".to_owned(),
            password: "serra-azul".to_owned(),
            tls: true,
            session_minutes: 30,
            page_size: 20,
            misbehaviour: Misbehaviour::default(),
        }
    }
}

/// Starts the server on the runtime of the caller.
pub async fn start(world: Arc<World>, options: Options) -> Result<Running, ServerError> {
    let shared = Arc::new(Shared::new(options.misbehaviour.clone()));
    let tls = if options.tls { Some(certificate::make()?) } else { None };
    let clock = Arc::clone(&shared);
    serving::start(options.address, tls, shared, move |address| {
        let idle = Duration::from_secs(options.session_minutes * 60);
        let (memory, sessions) = (Memory::default(), Sessions::new(idle));
        Arc::new(Server { world, options, clock, sessions, memory, address })
    })
    .await
}

struct Server {
    world: Arc<World>,
    options: Options,
    clock: Arc<Shared>,
    sessions: Sessions,
    memory: Memory,
    address: SocketAddr,
}

fn money(cents: i64) -> f64 {
    cents as f64 / 100.0
}

fn yes(truth: bool) -> &'static str {
    if truth { "tYES" } else { "tNO" }
}

/// Seconds since midnight at which a row was last changed; of the model's rows, which know days only, an invented one.
fn time_of(state: &State, table: &'static str, position: u32) -> i64 {
    let at = state.touched.get(&(table, position)).or_else(|| state.entered.get(&(table, position)));
    match at {
        Some(at) => at.rem_euclid(DAY_SECONDS),
        None => 8 * 3600 + (dirt::mix(state.company.seed, 821, position.into()) % 36_000) as i64,
    }
}

impl Handler for Server {
    fn answer(&self, request: &Request, faults: &Faults) -> Answer {
        if request.path == "/ping/" || request.path.starts_with("/ping/") {
            // Answered by the web server, outside the Service Layer.
            return Answer::text(200, "application/json", r#"{"message":"pong","sender":"load balancer"}"#);
        }
        let Some((version, resource)) = Version::split(&request.path) else {
            return Answer::text(404, "text/html", "<html><body><h1>404 Not Found</h1></body></html>");
        };
        if resource == "Login" && request.method == "POST" {
            return self.login(version, request);
        }
        if faults.expired {
            self.sessions.end(request);
        }
        if !self.sessions.renews(request, self.clock.clock()) {
            return version.expired();
        }
        match (request.method.as_str(), resource) {
            ("POST", "Logout") => {
                self.sessions.end(request);
                Answer::empty(204)
            }
            ("GET", resource) => self.read(version, resource, request, faults),
            _ => version.error(405, -1000, "This simulator only reads."),
        }
    }

    fn refuse(&self, refusal: Refusal, request: &Request) -> Answer {
        let version = Version::split(&request.path).map_or(Version::V1, |(version, _)| version);
        match refusal {
            Refusal::Throttled => Answer::text(503, "text/html", "<html><h1>Service Unavailable</h1></html>"),
            Refusal::Forbidden => version.error(403, -5002, "You are not permitted to perform this action."),
            Refusal::Server(500) => version.error(500, -1, "Internal error (-1) occurred"),
            Refusal::Server(status) => {
                Answer::text(status, "text/html", format!("<html><body><h1>{status}</h1></body></html>"))
            }
        }
    }

    /// A careful client never tries a login twice, for fear of locking the user.
    fn spares(&self, request: &Request) -> bool {
        request.path.ends_with("/Login") || request.path.ends_with("/Logout")
    }

    fn refuses_expect(&self) -> bool {
        true
    }
}

impl Server {
    fn login(&self, version: Version, request: &Request) -> Answer {
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let given = ["CompanyDB", "UserName", "Password"].map(|name| body[name].as_str().unwrap_or_default());
        let known = [&self.options.company_db, &self.options.user, &self.options.password];
        if given.iter().zip(known).any(|(given, known)| given != known) {
            return version.error(401, 100_000_027, "Login failed");
        }
        let (session, route) = self.sessions.begin(self.clock.clock());
        let mut answer = json!({ "SessionId": session, "Version": "1000190", "SessionTimeout": self.options.session_minutes });
        version.annotate(&mut answer, "context", self.context(version, "B1Sessions/@Element").into());
        let mut answer = version.json(200, &answer);
        // As its load balancer and the Service Layer write them: no path, and a semicolon at the end.
        answer.headers.push(("set-cookie", format!("B1SESSION={session};HttpOnly;")));
        answer.headers.push(("set-cookie", format!("ROUTEID={route}; path=/b1s")));
        answer
    }

    fn context(&self, version: Version, entity: &str) -> String {
        let scheme = if self.options.tls { "https" } else { "http" };
        format!("{scheme}://{}/b1s/{}/$metadata#{entity}", self.address, version.name())
    }

    fn read(&self, version: Version, resource: &str, request: &Request, faults: &Faults) -> Answer {
        let (name, counts) = match resource.strip_suffix("/$count") {
            Some(name) => (name, true),
            None => (resource, false),
        };
        let (name, key) = match name.strip_suffix(')').and_then(|name| name.split_once('(')) {
            Some((name, key)) => (name, Some(key)),
            None => (name, None),
        };
        let Some(table) = System::SapB1.table(name) else {
            return version.error(404, -1000, "Unrecognized resource path.");
        };
        let query = match Query::parse(&request.query, Dates::Quoted) {
            Ok(query) => query,
            Err(error) => return version.error(400, -1000, &error.to_string()),
        };
        if let (Some(drawn), None) = (faults.shift, key) {
            // A world in which nothing can change stays as it is.
            let _ = self.world.shift(System::SapB1, drawn);
        }
        match key {
            Some(key) => self.single(version, table, key, &query),
            None => self.page(version, table, request, query, counts),
        }
    }

    fn single(&self, version: Version, table: &'static Table, key: &str, query: &Query) -> Answer {
        let state = self.world.read();
        let key = match key.strip_prefix('\'').and_then(|key| key.strip_suffix('\'')) {
            Some(text) => Key::Text(text.replace("''", "'")),
            None => match key.parse() {
                Ok(number) => Key::Number(number),
                Err(_) => return version.error(400, -1000, "The key is not valid."),
            },
        };
        let Some(position) = table.find(&state, &key) else {
            return version.error(404, -2028, "No matching records found (ODBC -2028)");
        };
        match row(version, table, &state, position, query) {
            Ok(mut row) => {
                let context = self.context(version, &format!("{}/@Element", table.name));
                version.annotate(&mut row, "context", context.into());
                version.json(200, &row)
            }
            Err(error) => version.error(400, -1000, &error.to_string()),
        }
    }

    fn page(
        &self,
        version: Version,
        table: &'static Table,
        request: &Request,
        mut query: Query,
        counts: bool,
    ) -> Answer {
        let state = self.world.read();
        if let Err(error) = reading::check(table, &state, &query) {
            return version.error(400, -1000, &error.to_string());
        }
        let fold = request.header("b1s-caseinsensitive") == Some("true");
        let wants_total = query.count || counts;
        query.count = wants_total;
        let size = page_size(request, self.options.page_size);
        let size = size.min(query.top.unwrap_or(usize::MAX));
        let Page { positions, more, total } =
            reading::page(table, &state, &query, (query.skip, size), fold, &self.memory);
        if counts {
            return Answer::text(200, "text/plain", total.to_string());
        }
        let rows: Result<Vec<Value>, _> =
            positions.iter().map(|&position| row(version, table, &state, position, &query)).collect();
        let rows = match rows {
            Ok(rows) => rows,
            Err(error) => return version.error(400, -1000, &error.to_string()),
        };
        let mut answer = json!({});
        version.annotate(&mut answer, "context", self.context(version, table.name).into());
        if wants_total {
            version.annotate(&mut answer, "count", version.count(total));
        }
        answer["value"] = rows.into();
        let left = query.top.map(|top| top - positions.len().min(top));
        if more && left != Some(0) {
            let next = envelope::next_link(table.name, &request.query, query.skip + positions.len(), left);
            version.annotate(&mut answer, "nextLink", next.into());
        }
        version.json(200, &answer)
    }
}

/// A row in the manner of a version.
fn row(
    version: Version,
    table: &'static Table,
    state: &State,
    position: u32,
    query: &Query,
) -> Result<Value, ODataError> {
    let mut row = table.render(state, position, query.select.as_deref(), &query.expand)?;
    let changed = table.stamp_of(state, position) * DAY_SECONDS + time_of(state, table.name, position);
    let tag = dirt::mix(changed as u64, u64::from(position), 841);
    version.annotate(&mut row, "etag", format!("W/\"{tag:016X}\"").into());
    version.date(&mut row);
    Ok(row)
}

/// Rows of a page: as the client prefers, and all of them for 0.
fn page_size(request: &Request, usual: usize) -> usize {
    let preferred = request.header("prefer").and_then(|prefer| {
        prefer.split([',', ';']).find_map(|part| part.trim().strip_prefix("odata.maxpagesize="))
    });
    let wanted =
        preferred.or_else(|| request.header("b1s-pagesize")).and_then(|size| size.trim().parse().ok());
    match wanted {
        Some(0) => usize::MAX,
        Some(size) => size,
        None => usual,
    }
}
