//! Ploomes CRM as a source: deals, contacts, quotes, orders, products, tasks and users as they change; the small lists whole; a snapshot
//! of open deals a day.
//!
//! Writes nothing there, and lands nothing here (`pipeline`). Webhooks will be hints only: an entity and an id, fetched and taken in as
//! `changes` takes in a page, while polling stays the source of truth. Invariant: killed anywhere, the next sync goes on from what has been
//! landed; a record that changes between two pages comes with the later one.

mod api;
mod changes;
mod cursor;
mod declaration;
mod entities;
mod fields;
mod layout;
mod lookups;
mod snapshots;
mod sweep;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::NaiveDate;
use serde_json::Value;
use tokio::sync::OnceCell;

use self::api::Api;
use self::changes::Changes;
use self::cursor::Place;
use self::entities::{ENTITIES, Entity, LOOKUPS};
use self::fields::Custom;
use self::layout::Layout;
use self::sweep::{Guards, Mode, Sweep};
use crate::account::Account;
use crate::again::{Again, Rewound};
use crate::clock::Clock;
use crate::errors::ConnectError;
use crate::http::HttpOptions;
use crate::manners::{Manners, Pace};
use crate::settings::Settings;
use crate::source::{
    Discovery, ReadRequest, Reading, SAME_CONTENT, Skipped, Source, StreamFound, StreamState, StreamTested,
    Tested, stream_table,
};
use crate::sources::Surroundings;

pub use declaration::kind;

/// An account of Ploomes, as the owner of the key sees it.
///
/// `streams` names what is read; the lines of quotes and orders come along with them into streams of their own (`quote_products`,
/// `order_products`), one row with `_mirante_deleted` standing for a document without lines. The account's own fields are asked for once
/// per source: a source is opened for one sync.
pub struct Ploomes {
    name: String,
    api: Arc<Api>,
    start: Place,
    guards: Guards,
    clock: Clock,
    /// All fields that the company added.
    fields: OnceCell<Vec<Custom>>,
}

/// Opens an account. Calls nobody yet.
///
/// # Errors
/// `Options` for a setting that cannot be meant so.
pub fn open(
    name: &str,
    settings: &Settings,
    surroundings: &Surroundings,
) -> Result<Arc<dyn Source>, ConnectError> {
    Ok(Arc::new(Ploomes::new(name, settings, surroundings)?))
}

impl Ploomes {
    /// As [`open`], from the settings as JSON.
    ///
    /// # Errors
    /// As [`open`], and for settings that do not fit the declaration.
    pub fn from_settings(
        name: &str,
        settings: &Value,
        surroundings: &Surroundings,
    ) -> Result<Ploomes, ConnectError> {
        Ploomes::new(name, &Settings::read(&kind(), name, settings)?, surroundings)
    }

    fn new(name: &str, settings: &Settings, surroundings: &Surroundings) -> Result<Ploomes, ConnectError> {
        let number = |name: &str, otherwise: i64| settings.number(name).unwrap_or(otherwise) as usize;
        let manners = Manners {
            per_minute: Some(number("per_minute", 110) as u32),
            burst: 5,
            at_once: 2,
            // The pauses between them add up to a minute: the limit is counted by the minute, and no answer says when it ends.
            attempts: 7,
            longest_pause: Duration::from_mins(1),
            ..Manners::default()
        };
        let since = match settings.given("since") {
            None => None,
            Some(text) => Some(text.parse::<NaiveDate>().map_err(|_| {
                settings.refused("since", &format!("`{text}` is no day; write it as 2026-01-31"))
            })?),
        };
        let http = HttpOptions { egress: surroundings.egress.clone(), ..HttpOptions::default() };
        let (address, key) = (settings.text("address"), settings.text("user_key"));
        let key = key.trim();
        let account = Account::new(name, address, key, http, surroundings.pace(name, manners));
        let api = Api::new(account, key, number("page", 300));
        let guards = Guards {
            mode: match settings.text("sweep") {
                "off" => Mode::Off,
                "dry_run" => Mode::DryRun,
                _ => Mode::On,
            },
            floor_percent: number("sweep_floor", 80),
            most: number("sweep_most", 1_000),
            is_partial: since.is_some(),
        };
        Ok(Ploomes {
            name: name.to_owned(),
            api: Arc::new(api.ok_or_else(|| settings.refused("user_key", "it holds signs that no key has"))?),
            start: since.map_or(Place::Start, Place::day),
            guards,
            clock: surroundings.clock,
            fields: OnceCell::new(),
        })
    }

    /// Takes another clock for the days of snapshots and sweeps.
    #[must_use]
    pub fn with_today(self, today: fn() -> NaiveDate) -> Ploomes {
        Ploomes { clock: Clock::Told(today), ..self }
    }

    /// Asks at another pace than that of the account.
    #[must_use]
    pub fn with_pace(self, pace: Pace) -> Ploomes {
        Ploomes { api: Arc::new(self.api.at_pace(pace)), ..self }
    }

    /// The company's own fields of an entity; asked for once.
    async fn custom(&self, entity: &Entity) -> Result<Vec<Custom>, ConnectError> {
        let all = self.fields.get_or_try_init(|| fields::all(&self.api, entity.stream)).await?;
        Ok(entity.custom(all))
    }

    async fn changes(&self, entity: &'static Entity, request: ReadRequest) -> Result<Reading, ConnectError> {
        let custom = self.custom(entity).await?;
        let resumed = cursor::resumed(request.since.get(cursor::CURSOR));
        let sweep = self.sweep(&request, resumed.place.is_some());
        let begun = sweep.as_ref().map(|sweep| Skipped {
            file: entity.path.to_owned(),
            reason: SAME_CONTENT.to_owned(),
            mark: sweep::mark(&sweep.day),
        });
        let changes = Changes::new(self.api.clone(), entity, &custom, resumed, self.start, sweep);
        Ok(Reading { skipped: begun.into_iter().collect(), ..Reading::of(changes.pieces()) })
    }

    /// The sweep that is due: one a day, and none on the day of the first reading.
    fn sweep(&self, request: &ReadRequest, is_resumed: bool) -> Option<Sweep> {
        let keys = request.keys.clone().filter(|_| is_resumed && self.guards.mode != Mode::Off)?;
        let day = self.clock.today().to_string();
        let last = request.since.get(sweep::SWEEP).and_then(|mark| mark["day"].as_str());
        last.is_none_or(|last| last < day.as_str()).then_some(Sweep { keys, guards: self.guards, day })
    }

    async fn options(&self, since: &StreamState) -> Result<Reading, ConnectError> {
        let mut fields = Vec::new();
        for entity in &ENTITIES {
            fields.extend(self.custom(entity).await?.into_iter().map(|field| (entity.stream, field)));
        }
        let tables = fields::options(&self.api, lookups::OPTIONS).await?;
        lookups::options(&fields, &tables, since)
    }

    fn found(&self, layout: &Layout) -> StreamFound {
        let shape = &layout.shape;
        let table = stream_table(&self.name, &shape.stream);
        StreamFound { name: shape.stream.clone(), table, columns: shape.found(), files: Vec::new() }
    }
}

#[async_trait::async_trait]
impl Source for Ploomes {
    fn name(&self) -> &str {
        &self.name
    }

    fn kind(&self) -> &'static str {
        declaration::KIND
    }

    async fn streams(&self) -> Result<Vec<String>, ConnectError> {
        let lookups = LOOKUPS.iter().map(|lookup| lookup.stream);
        let entities = ENTITIES.iter().map(|entity| entity.stream);
        let all = lookups.chain([lookups::OPTIONS]).chain(entities).chain([snapshots::SNAPSHOTS]);
        Ok(all.map(str::to_owned).collect())
    }

    /// Columns as they are declared, and the account's own fields; reads no rows.
    async fn discover(&self) -> Result<Discovery, ConnectError> {
        let mut discovery = Discovery::default();
        discovery.streams.extend(LOOKUPS.iter().map(|lookup| self.found(&lookups::layout(lookup))));
        discovery.streams.push(self.found(&lookups::options_layout()));
        let problem = self.custom(&ENTITIES[0]).await.err();
        if let Some(error @ ConnectError::Open { .. }) = problem {
            return Err(error);
        }
        discovery.problems.extend(problem.map(|error| error.to_string()));
        for entity in &ENTITIES {
            let custom = entity.custom(self.fields.get().map_or(&[], Vec::as_slice));
            let layout = Layout::new(entity.stream, entity.columns, &["id"], &custom, &BTreeMap::new());
            discovery.streams.push(self.found(&layout));
            discovery
                .streams
                .extend(entity.lines.iter().map(|lines| self.found(&changes::lines_layout(lines))));
        }
        discovery.streams.push(self.found(&snapshots::layout()));
        Ok(discovery)
    }

    /// Whose key it is, and what it can see. Asks once per stream.
    async fn test(&self) -> Result<Tested, ConnectError> {
        const STREAM: &str = "self";
        let expanded = [("$expand", "Account,Profile")];
        let answer = match self.api.object(STREAM, "Self", &expanded).await {
            Err(error) if error.status() == Some(400) => self.api.object(STREAM, "Self", &[]).await?,
            other => other?,
        };
        let owner: Value = serde_json::from_str(answer.get()).unwrap_or_default();
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let user = text(&owner["Name"]).or_else(|| text(&owner["Email"]));
        let user = user.ok_or_else(|| self.api.unexpected(STREAM, "Self", "it names nobody"))?;
        let account =
            text(&owner["Account"]["Name"]).or_else(|| owner["AccountId"].as_i64().map(|id| id.to_string()));
        let mut tested = Tested {
            facts: account.map(|account| ("account", account)).into_iter().chain([("user", user)]).collect(),
            ..Tested::default()
        };
        if owner["Profile"]["Administrator"].as_bool() == Some(false) {
            tested.warnings.push(
                "the key's owner is no administrator, so that records are missing; \
                 take the key of an integration user with the administrator profile"
                    .to_owned(),
            );
        }
        for entity in &ENTITIES {
            let (is_empty, problem) = match self.api.has_rows(entity.stream, entity.path).await {
                Ok(has_rows) => (!has_rows, None),
                Err(error) => (false, Some(error.to_string())),
            };
            tested.streams.push(StreamTested { name: entity.stream.to_owned(), is_empty, problem });
        }
        Ok(tested)
    }

    async fn read(&self, request: ReadRequest) -> Result<Reading, ConnectError> {
        if let Some(entity) = ENTITIES.iter().find(|entity| entity.stream == request.stream) {
            return self.changes(entity, request).await;
        }
        if let Some(lookup) = LOOKUPS.iter().find(|lookup| lookup.stream == request.stream) {
            return lookups::read(&self.api, lookup, &request.since).await;
        }
        match request.stream.as_str() {
            lookups::OPTIONS => self.options(&request.since).await,
            snapshots::SNAPSHOTS => snapshots::read(&self.api, self.clock.today(), &request.since).await,
            _ => Err(ConnectError::unknown_stream(&self.name, &request.stream, self.streams().await?)),
        }
    }

    /// Lists are read whole anyway; how deals stood on a day gone by is nowhere to be read.
    async fn rewound(
        &self,
        stream: &str,
        since: &StreamState,
        again: Again,
    ) -> Result<Rewound, ConnectError> {
        if stream == snapshots::SNAPSHOTS {
            return Ok(Rewound::Never);
        }
        if ENTITIES.iter().all(|entity| entity.stream != stream) {
            return Ok(Rewound::Whole(StreamState::default()));
        }
        let at = match again {
            Again::Since(beginning) => Some(beginning.at.timestamp_micros()),
            Again::Whole => None,
        };
        let mut state = since.clone();
        if let Some(mark) = cursor::rewound(since.get(cursor::CURSOR), self.start, at) {
            state.set(mark);
        }
        Ok(match again {
            Again::Since(_) => Rewound::Since(state),
            Again::Whole => Rewound::Whole(state),
        })
    }
}
