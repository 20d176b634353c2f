//! Any API that answers with lists in JSON, page by page, as it is described by whoever connects it.
//!
//! Knows no system, and finds columns in the records (`found`). Invariant: a stream that is read whole takes the place of its rows only after its
//! last page; one that is read as it changes is merged by its key, and its position moves with the rows before it.

mod answer;
mod api;
mod auth;
mod cursor;
mod declaration;
mod pass;
mod streams;
mod walk;

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;

use self::api::Api;
use self::pass::Pass;
use self::streams::Stream;
use crate::account::Account;
use crate::collecting::{self, Collecting, Mode, Plan};
use crate::errors::ConnectError;
use crate::found::Found;
use crate::http::{HttpError, HttpOptions};
use crate::manners::{Manners, Pace};
use crate::settings::Settings;
use crate::source::{
    Discovery, ReadRequest, Reading, Source, StreamFound, StreamTested, Tested, stream_table,
};
use crate::sources::Surroundings;

pub use declaration::kind;

/// An API.
pub struct HttpJson {
    name: String,
    api: Arc<Api>,
    streams: Vec<Stream>,
    folder: Option<PathBuf>,
}

/// Opens an API. Calls nobody yet.
///
/// # Errors
/// `Options` for a setting that cannot be meant so.
pub fn open(
    name: &str,
    settings: &Settings,
    surroundings: &Surroundings,
) -> Result<Arc<dyn Source>, ConnectError> {
    Ok(Arc::new(HttpJson::new(name, settings, surroundings)?))
}

impl HttpJson {
    /// As [`open`], from the settings as JSON.
    ///
    /// # Errors
    /// As [`open`], and for settings that do not fit the declaration.
    pub fn from_settings(
        name: &str,
        settings: &Value,
        surroundings: &Surroundings,
    ) -> Result<HttpJson, ConnectError> {
        HttpJson::new(name, &Settings::read(&kind(), name, settings)?, surroundings)
    }

    fn new(name: &str, settings: &Settings, surroundings: &Surroundings) -> Result<HttpJson, ConnectError> {
        let streams =
            streams::streams(settings.text("streams")).map_err(|why| settings.refused("streams", &why))?;
        let per_minute = settings.number("per_minute").and_then(|number| u32::try_from(number).ok());
        let manners = Manners { per_minute, burst: 5, at_once: 2, ..Manners::default() };
        let options = HttpOptions { egress: surroundings.egress.clone(), ..HttpOptions::default() };
        let (address, secret) = (settings.text("address"), settings.text("secret").trim());
        let account = Account::new(name, address, secret, options, surroundings.pace(name, manners));
        let folder = surroundings.folder().map(|folder| folder.join("running"));
        Ok(HttpJson { name: name.to_owned(), api: Arc::new(Api::new(settings, account)?), streams, folder })
    }

    /// Asks at another pace than that of the account.
    ///
    /// # Panics
    /// When the source is in use already.
    #[must_use]
    pub fn with_pace(self, pace: Pace) -> HttpJson {
        let api = Arc::into_inner(self.api).expect("nobody uses a source that was just opened");
        HttpJson { api: Arc::new(api.at_pace(pace)), ..self }
    }

    /// A pass through a stream, from where it was left.
    fn pass(&self, stream: &Stream, since: Option<cursor::Position>) -> Pass {
        let parent = stream.for_each.as_ref();
        let parent = parent.and_then(|each| self.streams.iter().find(|other| other.name == each.stream));
        Pass::new(self.api.clone(), stream.clone(), parent.cloned(), since)
    }

    fn found(&self, stream: &Stream, request: Option<&ReadRequest>) -> Found {
        let known = request.and_then(|request| request.known.as_deref());
        Found::new(&self.name, &stream.name, Vec::new(), known, true)
    }

    /// Columns as the first page shows them.
    async fn look(&self, stream: &Stream) -> Result<StreamFound, ConnectError> {
        let mut found = self.found(stream, None);
        for record in self.pass(stream, None).look().await? {
            if let Ok(row) = found.row(&record) {
                found.look(&row)?;
            }
        }
        let shape = found.shape(&stream.path, stream.key.parts())?;
        Ok(StreamFound {
            name: stream.name.clone(),
            table: stream_table(&self.name, &stream.name),
            columns: shape.found(),
            files: Vec::new(),
        })
    }
}

#[async_trait::async_trait]
impl Source for HttpJson {
    fn name(&self) -> &str {
        &self.name
    }

    fn kind(&self) -> &'static str {
        declaration::KIND
    }

    async fn streams(&self) -> Result<Vec<String>, ConnectError> {
        Ok(self.streams.iter().map(|stream| stream.name.clone()).collect())
    }

    /// Reads one page of each stream.
    async fn discover(&self) -> Result<Discovery, ConnectError> {
        let mut discovery = Discovery::default();
        for stream in &self.streams {
            match self.look(stream).await {
                Ok(found) => discovery.streams.push(found),
                Err(error) => discovery.problems.push(error.to_string()),
            }
        }
        Ok(discovery)
    }

    async fn test(&self) -> Result<Tested, ConnectError> {
        let host = self.api.account.http().await?.host().to_owned();
        let mut tested = Tested { facts: vec![("host", host)], ..Tested::default() };
        for stream in &self.streams {
            let (is_empty, problem) = match self.pass(stream, None).look().await {
                Ok(records) => (records.is_empty(), None),
                Err(error) if !is_of_stream(&error) => return Err(error),
                Err(error) => (false, Some(error.to_string())),
            };
            tested.streams.push(StreamTested { name: stream.name.clone(), is_empty, problem });
        }
        Ok(tested)
    }

    async fn read(&self, request: ReadRequest) -> Result<Reading, ConnectError> {
        let stream = self.streams.iter().find(|stream| stream.name == request.stream);
        let known = || self.streams.iter().map(|stream| &stream.name);
        let unknown = || ConnectError::unknown_stream(&self.name, &request.stream, known());
        let stream = stream.ok_or_else(unknown)?;
        if let Some(folder) = &self.folder {
            std::fs::create_dir_all(folder)
                .map_err(|source| ConnectError::Spool { stream: stream.name.clone(), source })?;
        }
        let incremental = stream.incremental.as_ref();
        let state = collecting::state(&request.since);
        let since = incremental.zip(state).and_then(|(it, state)| cursor::of_state(&it.field, state));
        let plan = Plan {
            mode: if incremental.is_some() { Mode::Incremental } else { Mode::FullRefresh },
            key: stream.key.parts().to_vec(),
            place: stream.path.clone(),
            folder: self.folder.clone(),
        };
        let collecting = Collecting::new(self.found(stream, Some(&request)), plan, &request.since);
        Ok(Reading::of(collecting::pieces(self.pass(stream, since), collecting)))
    }
}

/// Whether an error is of one stream, and others may well be read.
fn is_of_stream(error: &ConnectError) -> bool {
    matches!(error, ConnectError::Records { .. })
        || matches!(
            error.http(),
            Some(HttpError::Status { .. } | HttpError::Unexpected { .. } | HttpError::Elsewhere { .. })
        )
}
