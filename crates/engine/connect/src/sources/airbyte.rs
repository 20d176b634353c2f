//! Airbyte connectors as sources: any that installs as a Python package, run without Docker.
//!
//! Installs and starts through `python`, and knows the protocol alone. One process per stream that is read, with a catalog of that stream only:
//! a global state is then each stream's own copy, which holds as long as reading one stream takes nothing from another. Invariant: state advances
//! with the rows that came before it, in one commit; a stream that does not end well takes no other rows' place.

mod catalog;
mod declaration;
mod form;
mod messages;
mod reading;
mod session;

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::OnceCell;

use self::catalog::Stream;
use self::messages::{ConnectionStatus, State};
use self::reading::Reading as StreamReading;
use self::session::Session;
use crate::collecting::{self, Collecting, Mode, Plan};
use crate::errors::ConnectError;
use crate::found::Found;
use crate::settings::Settings;
use crate::source::{Discovery, ReadRequest, Reading, Source, Tested};
use crate::sources::Surroundings;
use crate::sources::python::connector::Connector;
use crate::sources::python::folder::Folder;

pub use declaration::kind;
pub use form::{configuration, parameters};

/// A connector.
///
/// Its catalog is asked for once per source: a source is opened for one sync.
pub struct Airbyte {
    connector: Arc<Connector>,
    manifest: Option<String>,
    streams: OnceCell<Vec<Stream>>,
}

/// Opens a connector. Installs and starts nothing yet.
///
/// # Errors
/// `Options` for a setting that cannot be meant so.
pub fn open(
    name: &str,
    settings: &Settings,
    surroundings: &Surroundings,
) -> Result<Arc<dyn Source>, ConnectError> {
    Ok(Arc::new(Airbyte::new(name, settings, surroundings)?))
}

impl Airbyte {
    /// As [`open`], from the settings as JSON.
    ///
    /// # Errors
    /// As [`open`], and for settings that do not fit the declaration.
    pub fn from_settings(
        name: &str,
        settings: &Value,
        surroundings: &Surroundings,
    ) -> Result<Airbyte, ConnectError> {
        Airbyte::new(name, &Settings::read(&kind(), name, settings)?, surroundings)
    }

    fn new(name: &str, settings: &Settings, surroundings: &Surroundings) -> Result<Airbyte, ConnectError> {
        let connector = Connector::of(name, settings, surroundings, "source-")?;
        let manifest = settings.given("manifest").map(str::to_owned);
        Ok(Airbyte { connector: Arc::new(connector), manifest, streams: OnceCell::new() })
    }

    /// Takes another patience than the settings say, to the second.
    ///
    /// # Panics
    /// When the source is in use already.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Airbyte {
        let connector = Arc::into_inner(self.connector).expect("nobody uses a source that was just opened");
        Airbyte { connector: Arc::new(connector.with_patience(patience)), ..self }
    }

    /// The connector's own declaration of its configuration, a JSON Schema; [`parameters`] makes a form of it. Of a manifest the runtime tells
    /// only what it wants itself: the manifest's own part `spec` is the declaration then.
    ///
    /// # Errors
    /// `Connector`.
    pub async fn specification(&self) -> Result<Value, ConnectError> {
        let mut spec = None;
        // It is the only message that is read as a whole, and only here.
        let mut session = self.session("spec", |_, _| Ok(Vec::new())).await?;
        while let Some(line) = session.raw().await? {
            if let Ok(mut message) = serde_json::from_slice::<Value>(line)
                && message["type"] == "SPEC"
            {
                spec = Some(message["spec"]["connectionSpecification"].take());
            }
        }
        session.end().await?;
        spec.ok_or_else(|| self.silent("spec", "SPEC"))
    }

    async fn session(
        &self,
        verb: &str,
        more: impl FnOnce(&Folder, &Path) -> io::Result<Vec<OsString>>,
    ) -> Result<Session, ConnectError> {
        self.session_for(verb, verb, more).await
    }

    async fn session_for(
        &self,
        verb: &str,
        doing: &str,
        more: impl FnOnce(&Folder, &Path) -> io::Result<Vec<OsString>>,
    ) -> Result<Session, ConnectError> {
        let arguments = |folder: &Folder, config: &Path| {
            let mut arguments = vec![OsString::from(verb)];
            arguments.extend(more(folder, config)?);
            if let Some(manifest) = &self.manifest {
                arguments.extend(["--manifest-path".into(), folder.write("manifest.yaml", manifest)?.into()]);
            }
            Ok(arguments)
        };
        let process = self.connector.start(doing, arguments).await?;
        Ok(Session::new(self.connector.clone(), doing, process))
    }

    async fn catalog(&self) -> Result<&Vec<Stream>, ConnectError> {
        let ask = || async {
            let mut session = self.session("discover", with_config).await?;
            let mut offered = None;
            loop {
                match session.next().await? {
                    (false, _) => break,
                    (true, message) => offered = message.and_then(|message| message.catalog).or(offered),
                }
            }
            session.end().await?;
            let offered = offered.ok_or_else(|| self.silent("discover", "CATALOG"))?;
            catalog::streams(&offered.streams, &self.connector.choices)
                .map_err(|detail| self.connector.refused(detail))
        };
        self.streams.get_or_try_init(ask).await
    }

    async fn check(&self) -> Result<(), ConnectError> {
        let mut session = self.session("check", with_config).await?;
        let mut status: Option<ConnectionStatus> = None;
        loop {
            match session.next().await? {
                (false, _) => break,
                (true, message) => status = message.and_then(|message| message.connection_status).or(status),
            }
        }
        let ended = session.end().await;
        match status {
            Some(status) if status.status == "SUCCEEDED" => ended,
            Some(status) => {
                let said = self.connector.secrets.hide(&status.message.unwrap_or_default());
                let detail = format!("the connector finds no connection: {said}");
                Err(self.connector.failed("check", detail, "correct `config`"))
            }
            None => Err(ended.err().unwrap_or_else(|| self.silent("check", "CONNECTION_STATUS"))),
        }
    }

    fn silent(&self, doing: &str, what: &str) -> ConnectError {
        let detail = format!("the connector ended without {what}");
        self.connector.failed(doing, detail, "check that the package is an Airbyte source connector")
    }

    async fn stream(&self, name: &str) -> Result<Stream, ConnectError> {
        let streams = self.catalog().await?;
        let known = || streams.iter().map(|stream| &stream.name);
        let found = streams.iter().find(|stream| stream.name == name).cloned();
        found.ok_or_else(|| ConnectError::unknown_stream(&self.connector.source, name, known()))
    }
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "one of several ways to make arguments, others of which write files"
)]
fn with_config(_: &Folder, config: &Path) -> io::Result<Vec<OsString>> {
    Ok(vec!["--config".into(), config.into()])
}

#[async_trait::async_trait]
impl Source for Airbyte {
    fn name(&self) -> &str {
        &self.connector.source
    }

    fn kind(&self) -> &'static str {
        declaration::KIND
    }

    async fn streams(&self) -> Result<Vec<String>, ConnectError> {
        Ok(self.catalog().await?.iter().map(|stream| stream.name.clone()).collect())
    }

    /// Columns as the connector declares them; reads no rows.
    async fn discover(&self) -> Result<Discovery, ConnectError> {
        let found = |stream: &Stream| self.connector.found(&stream.name, stream.columns(), &stream.key());
        let streams = self.catalog().await?.iter().map(found).collect::<Result<_, _>>()?;
        Ok(Discovery { streams, ..Discovery::default() })
    }

    async fn test(&self) -> Result<Tested, ConnectError> {
        self.check().await?;
        Ok(self.connector.tested(self.streams().await?))
    }

    async fn read(&self, request: ReadRequest) -> Result<Reading, ConnectError> {
        let stream = self.stream(&request.stream).await?;
        let state = match stream.mode {
            Mode::Incremental => collecting::state(&request.since),
            Mode::FullRefresh => None,
        };
        let arguments = |folder: &Folder, config: &Path| {
            let mut arguments = with_config(folder, config)?;
            let catalog = folder.write("catalog.json", &stream.configured().to_string())?;
            arguments.extend(["--catalog".into(), catalog.into()]);
            if let Some(state) = state {
                arguments.extend(["--state".into(), folder.write("state.json", &State::file(state))?.into()]);
            }
            Ok(arguments)
        };
        let doing = format!("stream `{}`", stream.name);
        let session = self.session_for("read", &doing, arguments).await?;
        let source = &self.connector.source;
        let found = Found::new(source, &stream.name, stream.columns(), request.known.as_deref(), false);
        let plan = Plan {
            mode: stream.mode,
            key: stream.key(),
            place: stream.own.clone(),
            folder: Some(self.connector.spools()),
        };
        let collecting = Collecting::new(found, plan, &request.since);
        Ok(Reading::of(collecting::pieces(StreamReading { stream, session }, collecting)))
    }
}
