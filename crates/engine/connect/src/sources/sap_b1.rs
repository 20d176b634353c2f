//! SAP Business One as a source, read through its Service Layer: documents with their lines, payments, ledger and master data.
//!
//! Writes nothing there, and lands nothing here (`pipeline`). Invariant: all streams share one session, which is signed out of at the end.

mod address;
mod answers;
mod catalogue;
mod crawl;
mod custom;
mod declaration;
mod fields;
mod progress;
mod queries;
mod session;
mod tables;
mod trial;

use std::sync::Arc;

use chrono::NaiveDate;
use futures::StreamExt;

use self::catalogue::{Entity, Lines, Whole};
use self::crawl::Crawl;
use self::progress::{PROGRESS, Progress, days_back};
use self::session::Session;
use crate::again::{Again, Rewound};
use crate::column_name::sql_name;
use crate::errors::ConnectError;
use crate::http::HttpError;
use crate::records::Shape;
use crate::settings::Settings;
use crate::source::{
    Discovery, Mark, ReadRequest, Reading, Source, StreamFound, StreamState, Tested, stream_table,
};
use crate::sources::Surroundings;

pub use declaration::kind;

/// A company of a SAP Business One installation.
///
/// `streams` names what is read; the lines of documents come along with their documents into tables of their own, which `discover` lists
/// right after them: reading `invoices` brings `invoices` and `invoice_lines`.
#[derive(Debug)]
pub struct SapB1 {
    name: String,
    entities: Vec<Arc<Entity>>,
    /// Names of user tables, as `U_CONTRATOS`.
    tables: Vec<String>,
    reader: Arc<Reader>,
}

/// What all streams of one source share.
#[derive(Debug)]
struct Reader {
    source: String,
    session: Session,
    asking: Asking,
}

/// What the settings say about reading.
#[derive(Debug, Clone, Copy)]
struct Asking {
    /// The first crawl brings documents of this day and later, and older ones that are open.
    first_day: Option<NaiveDate>,
    page_rows: usize,
    /// Days back from the newest entry that are read again where changes leave no date.
    reread_days: u64,
}

impl Reader {
    fn failed(&self, stream: &str, error: HttpError) -> ConnectError {
        ConnectError::Http {
            source_name: self.source.clone(),
            stream: stream.to_owned(),
            error: Box::new(error),
        }
    }
}

/// Opens a company. Calls nobody yet.
///
/// # Errors
/// `Options` for a setting that cannot be meant so.
pub fn open(
    name: &str,
    settings: Settings,
    surroundings: &Surroundings,
) -> Result<Arc<dyn Source>, ConnectError> {
    Ok(Arc::new(SapB1::new(name, &settings, surroundings)?))
}

impl SapB1 {
    /// As [`open`], with what only this kind can do; `settings` as they are kept.
    ///
    /// # Errors
    /// As [`open`].
    pub fn from_settings(
        name: &str,
        settings: &serde_json::Value,
        surroundings: &Surroundings,
    ) -> Result<SapB1, ConnectError> {
        SapB1::new(name, &Settings::read(&kind(), name, settings)?, surroundings)
    }

    fn new(name: &str, settings: &Settings, surroundings: &Surroundings) -> Result<SapB1, ConnectError> {
        let custom = custom::fields(settings)?;
        let tables = custom::tables(settings)?;
        let entities = catalogue::entities(&custom);
        if let Some(unknown) = custom.keys().find(|stream| !knows(&entities, stream)) {
            let known: Vec<&str> = entities.iter().flat_map(Entity::streams).collect();
            let detail = format!("there is no stream `{unknown}`; there are {}", known.join(", "));
            return Err(settings.refused("custom_fields", &detail));
        }
        let asking = Asking {
            first_day: custom::first_day(settings)?,
            page_rows: settings.number("page_size").unwrap_or(100) as usize,
            reread_days: settings.number("reread_days").unwrap_or(3) as u64,
        };
        let session = Session::new(name, settings, surroundings)?;
        Ok(SapB1 {
            name: name.to_owned(),
            entities: entities.into_iter().map(Arc::new).collect(),
            tables,
            reader: Arc::new(Reader { source: name.to_owned(), session, asking }),
        })
    }

    fn found(&self, shape: &Shape) -> StreamFound {
        StreamFound {
            name: shape.stream.clone(),
            table: stream_table(&self.name, &shape.stream),
            columns: shape.found(),
            files: Vec::new(),
        }
    }
}

fn knows(entities: &[Entity], stream: &str) -> bool {
    entities.iter().flat_map(Entity::streams).any(|known| known == stream)
}

#[async_trait::async_trait]
impl Source for SapB1 {
    fn name(&self) -> &str {
        &self.name
    }

    fn kind(&self) -> &'static str {
        declaration::KIND
    }

    async fn streams(&self) -> Result<Vec<String>, ConnectError> {
        let entities = self.entities.iter().map(|entity| entity.stream().to_owned());
        Ok(entities.chain(self.tables.iter().map(|table| sql_name(table))).collect())
    }

    /// Tables and columns as they are declared; only the columns of user tables have to be asked for.
    async fn discover(&self) -> Result<Discovery, ConnectError> {
        let mut discovery = Discovery::default();
        for entity in &self.entities {
            discovery.streams.push(self.found(&entity.shape));
            discovery.streams.extend(entity.lines.iter().map(|Lines { shape, .. }| self.found(shape)));
        }
        for table in &self.tables {
            match tables::look(&self.reader, table).await {
                Ok(shape) => discovery.streams.push(self.found(&shape)),
                Err(error) => discovery.problems.push(error.to_string()),
            }
        }
        self.close().await;
        Ok(discovery)
    }

    async fn test(&self) -> Result<Tested, ConnectError> {
        self.try_out().await
    }

    async fn read(&self, request: ReadRequest) -> Result<Reading, ConnectError> {
        let ReadRequest { stream, known, since, .. } = request;
        // Without a table nothing of it is there any more, whatever a mark says.
        let kept = since.get(PROGRESS).filter(|_| known.is_some());
        if let Some(entity) = self.entities.iter().find(|entity| entity.stream() == stream) {
            let asked = entity.asked(self.reader.asking.first_day);
            let progress = Progress::resumed(kept, asked);
            let crawl = Crawl::new(self.reader.clone(), entity.clone(), progress, known.is_none());
            return Ok(Reading::of(crawl.pieces()));
        }
        if let Some(table) = self.tables.iter().find(|table| sql_name(table) == stream) {
            let piece = tables::read(self.reader.clone(), table.clone(), kept.cloned());
            return Ok(Reading::of(futures::stream::once(piece).filter_map(ended).boxed()));
        }
        Err(ConnectError::unknown_stream(&self.name, &stream, self.streams().await?))
    }

    /// What changes without leaving a day is read whole; so are user tables.
    async fn rewound(
        &self,
        stream: &str,
        since: &StreamState,
        again: Again,
    ) -> Result<Rewound, ConnectError> {
        let entity = self.entities.iter().find(|entity| entity.stream() == stream);
        let (Some(entity), Some(kept)) = (entity, since.get(PROGRESS)) else {
            return Ok(Rewound::Whole(StreamState::default()));
        };
        let has_days = !entity.follow.days.is_empty() && entity.follow.whole != Whole::Always;
        let day = match again {
            Again::Since(beginning) if has_days => Some(beginning.day),
            _ => None,
        };
        let back = days_back(&entity.follow, self.reader.asking.reread_days);
        let progress = Progress::resumed(Some(kept), entity.asked(self.reader.asking.first_day));
        let failed = |error: serde_json::Error| ConnectError::Records {
            source_name: self.name.clone(),
            stream: stream.to_owned(),
            detail: format!("how far it has been read cannot be written down ({error})"),
        };
        let value = progress.back_to(day, back).mark().map_err(failed)?;
        let mut state = since.clone();
        state.set(Mark { key: PROGRESS.to_owned(), value });
        Ok(if day.is_some() { Rewound::Since(state) } else { Rewound::Whole(state) })
    }

    async fn close(&self) {
        self.reader.session.sign_out().await;
    }
}

/// Nothing at all where nothing has changed.
async fn ended<T, E>(outcome: Result<Option<T>, E>) -> Option<Result<T, E>> {
    outcome.transpose()
}
