//! PostgreSQL, MySQL and MariaDB as a source: tables, views and queries, whole or as they change.
//!
//! Writes nothing there, and lands nothing here (`pipeline`). Invariant: each stream is read in a session of its own, which the server holds to
//! reading, so that a slow or broken table never stops another.

mod access;
mod asked;
mod catalogue;
mod declaration;
mod engine;
mod errors;
mod mysql;
mod passage;
mod postgres;
mod progress;
mod rows;
mod session;
mod statements;
mod streams;
mod sweep;
mod trial;
mod whole;

use std::sync::Arc;

use chrono::NaiveDate;
use serde_json::Value;
use tokio::sync::OnceCell;

use self::access::Access;
use self::asked::Query;
use self::catalogue::{Catalogue, Plan};
use self::passage::Passage;
use self::progress::{PROGRESS, Progress};
use self::session::Session;
use self::streams::{Stream, fits};
use self::sweep::{Guards, Mode, Sweep};
use crate::again::{Again, Rewound};
use crate::clock::Clock;
use crate::errors::ConnectError;
use crate::settings::Settings;
use crate::source::{
    Discovery, ReadRequest, Reading, SAME_CONTENT, Skipped, Source, StreamFound, StreamState, Tested,
    stream_table,
};
use crate::sources::Surroundings;

pub use declaration::kind;
pub use errors::SqlError;

/// A database.
///
/// A table with a key and no cursor is read whole, in pieces that merge by key; with a cursor it is read whole once, and what changed from then
/// on. What has no key, and every query without a cursor, is one piece that takes the place of all rows.
#[derive(Debug)]
pub struct Sql {
    name: String,
    reader: Arc<Reader>,
    tables: Vec<String>,
    queries: Vec<Query>,
    /// Asked for once per source: a source is opened for one sync.
    catalogue: OnceCell<Catalogue>,
    clock: Clock,
}

/// What all readings of one source share.
#[derive(Debug)]
struct Reader {
    source: String,
    access: Access,
    guards: Guards,
    page_rows: usize,
    /// How far back from the cursor's last value changes are read: seconds, or units.
    overlap: u64,
}

impl Reader {
    fn failed(&self, stream: &str, error: SqlError) -> ConnectError {
        let error = Box::new(error);
        ConnectError::Sql { source_name: self.source.clone(), stream: stream.to_owned(), error }
    }
}

/// Opens a database. Calls nobody yet.
///
/// # Errors
/// `Options` for a setting that cannot be meant so.
pub fn open(
    name: &str,
    settings: &Settings,
    surroundings: &Surroundings,
) -> Result<Arc<dyn Source>, ConnectError> {
    Ok(Arc::new(Sql::new(name, settings, surroundings)?))
}

impl Sql {
    /// As [`open`], from the settings as JSON.
    ///
    /// # Errors
    /// As [`open`], and for settings that do not fit the declaration.
    pub fn from_settings(
        name: &str,
        settings: &Value,
        surroundings: &Surroundings,
    ) -> Result<Sql, ConnectError> {
        Sql::new(name, &Settings::read(&kind(), name, settings)?, surroundings)
    }

    fn new(name: &str, settings: &Settings, surroundings: &Surroundings) -> Result<Sql, ConnectError> {
        let number = |name: &str, otherwise: i64| settings.number(name).unwrap_or(otherwise) as u64;
        let guards = Guards {
            mode: match settings.text("sweep") {
                "off" => Mode::Off,
                "dry_run" => Mode::DryRun,
                _ => Mode::On,
            },
            floor_percent: number("sweep_floor", 80),
            most: number("sweep_most", 10_000) as usize,
        };
        let reader = Reader {
            source: name.to_owned(),
            access: Access::new(settings, &surroundings.egress)?,
            guards,
            page_rows: number("page_rows", 10_000) as usize,
            overlap: number("overlap", 1_000),
        };
        Ok(Sql {
            name: name.to_owned(),
            reader: Arc::new(reader),
            tables: asked::tables(settings),
            queries: asked::queries(settings)?,
            catalogue: OnceCell::new(),
            clock: surroundings.clock,
        })
    }

    /// Takes another clock for the days of sweeps.
    #[must_use]
    pub fn with_today(self, today: fn() -> NaiveDate) -> Sql {
        Sql { clock: Clock::Told(today), ..self }
    }

    fn opened(&self, error: SqlError) -> ConnectError {
        ConnectError::OpenSql { source_name: self.name.clone(), error: Box::new(error) }
    }

    async fn load(&self, session: &mut Session) -> Result<Catalogue, SqlError> {
        Catalogue::load(session, &self.reader.access.schema, &self.tables, &self.queries).await
    }

    async fn catalogue(&self) -> Result<&Catalogue, ConnectError> {
        let load = || async {
            let mut session = self.reader.access.connect().await?;
            let catalogue = self.load(&mut session).await?;
            session.close().await;
            Ok(catalogue)
        };
        self.catalogue.get_or_try_init(load).await.map_err(|error| self.opened(error))
    }

    /// The stream of this name, with its columns.
    async fn stream(&self, name: &str) -> Result<Arc<Stream>, ConnectError> {
        let plans = &self.catalogue().await?.plans;
        let failed = |error| self.reader.failed(name, error);
        match plans.iter().find(|plan| plan.name() == name) {
            Some(Plan::Table { planned, .. }) => planned.clone().map_err(failed),
            Some(Plan::Query(query)) => {
                let mut session = self.reader.access.connect().await.map_err(failed)?;
                let described = catalogue::described(&mut session, query).await.map_err(failed)?;
                session.close().await;
                Ok(described)
            }
            None => Err(ConnectError::unknown_stream(&self.name, name, plans.iter().map(Plan::name))),
        }
    }

    /// The sweep that is due: one a day, and none with the first reading.
    fn sweep(&self, request: &ReadRequest) -> Option<Sweep> {
        let guards = self.reader.guards;
        let is_later = request.since.get(PROGRESS).is_some() && request.known.is_some();
        let keys = request.keys.clone().filter(|_| is_later && guards.mode != Mode::Off)?;
        let day = self.clock.today().to_string();
        let last = request.since.get(sweep::SWEEP).and_then(|mark| mark["day"].as_str());
        last.is_none_or(|last| last < day.as_str()).then_some(Sweep { keys, guards, day })
    }
}

#[async_trait::async_trait]
impl Source for Sql {
    fn name(&self) -> &str {
        &self.name
    }

    fn kind(&self) -> &'static str {
        declaration::KIND
    }

    async fn streams(&self) -> Result<Vec<String>, ConnectError> {
        Ok(self.catalogue().await?.plans.iter().map(|plan| plan.name().to_owned()).collect())
    }

    /// Columns as the catalogue has them; reads no rows.
    async fn discover(&self) -> Result<Discovery, ConnectError> {
        let mut session = self.reader.access.connect().await.map_err(|error| self.opened(error))?;
        let catalogue = self.load(&mut session).await.map_err(|error| self.opened(error))?;
        let mut discovery = Discovery::default();
        for plan in &catalogue.plans {
            match trial::planned(&mut session, plan).await {
                Ok(stream) => {
                    let columns = stream.shape().found();
                    let table = stream_table(&self.name, &stream.name);
                    discovery.problems.extend(stream.left_out.iter().map(|reason| {
                        format!(
                            "source `{}`, stream `{}`: column {reason} and is left out",
                            self.name, stream.name
                        )
                    }));
                    discovery.streams.push(StreamFound {
                        name: stream.name.clone(),
                        table,
                        columns,
                        files: Vec::new(),
                    });
                }
                Err(error) => discovery.problems.push(self.reader.failed(plan.name(), error).to_string()),
            }
        }
        session.close().await;
        Ok(discovery)
    }

    async fn test(&self) -> Result<Tested, ConnectError> {
        let trying = async {
            let mut session = self.reader.access.connect().await?;
            let catalogue = self.load(&mut session).await?;
            let tested = trial::tried(&mut session, &self.reader.access.schema, &catalogue).await?;
            session.close().await;
            Ok(tested)
        };
        trying.await.map_err(|error| self.opened(error))
    }

    async fn read(&self, request: ReadRequest) -> Result<Reading, ConnectError> {
        let stream = self.stream(&request.stream).await?;
        let known = request.known.as_ref();
        let mut progress = Progress::resumed(request.since.get(PROGRESS), &stream, known.is_some());
        let can_stay = known.is_none_or(|known| fits(&stream.shape(), known));
        if !can_stay {
            progress = progress.anew();
        }
        let is_paged = !stream.key.is_empty() && (stream.cursor.is_some() || !stream.is_query);
        if !can_stay || !is_paged {
            return Ok(Reading::of(whole::pieces(self.reader.clone(), stream, progress)));
        }
        let sweep = self.sweep(&request);
        let begun = sweep.as_ref().map(|sweep| Skipped {
            file: stream.title.clone(),
            reason: SAME_CONTENT.to_owned(),
            mark: sweep::mark(&sweep.day),
        });
        let passage = Passage::new(self.reader.clone(), stream, progress, sweep);
        Ok(Reading { skipped: begun.into_iter().collect(), ..Reading::of(passage.pieces()) })
    }

    /// By the cursor, where it tells a time.
    async fn rewound(
        &self,
        stream: &str,
        since: &StreamState,
        again: Again,
    ) -> Result<Rewound, ConnectError> {
        let stream = self.stream(stream).await?;
        let mut progress = Progress::resumed(since.get(PROGRESS), &stream, true);
        let mut state = since.clone();
        let goes_back = match again {
            Again::Since(beginning) => progress.back_to(&stream, beginning.at),
            Again::Whole => false,
        };
        if goes_back {
            state.set(progress.mark());
            return Ok(Rewound::Since(state));
        }
        state.set(progress.anew().mark());
        Ok(Rewound::Whole(state))
    }
}
