//! One connector as its source holds it: what it was told, where it is installed, and how it is started.
//!
//! Knows no protocol (`airbyte`, `singer`). Invariant: a configuration that the connector changed is kept before anything else is done with it.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Mutex;

use super::choice::{Choice, choices};
use super::environment::{Environment, Wanted};
use super::folder::Folder;
use super::process::{Process, Run};
use crate::column_type::ColumnType;
use crate::errors::ConnectError;
use crate::found::Found;
use crate::keeping::SettingsKeeper;
use crate::secrets::Secrets;
use crate::settings::Settings;
use crate::source::{StreamFound, StreamTested, Tested, stream_table};
use crate::sources::Surroundings;

const CONFIG: &str = "config";

/// A connector that can be started.
pub struct Connector {
    pub source: String,
    pub wanted: Wanted,
    /// In the order in which they are read; empty for all.
    pub choices: Vec<Choice>,
    pub secrets: Arc<Secrets>,
    command: Option<String>,
    /// How the names of such commands start.
    start: &'static str,
    config: Mutex<Value>,
    patience: Duration,
    place: PathBuf,
    keeper: Option<Arc<dyn SettingsKeeper>>,
}

impl Connector {
    /// From the settings that all kinds of connectors share.
    ///
    /// # Errors
    /// `Options` for a setting that cannot be meant so.
    pub fn of(
        name: &str,
        settings: &Settings,
        surroundings: &Surroundings,
        start: &'static str,
    ) -> Result<Connector, ConnectError> {
        let options = |detail: String| ConnectError::Options { source_name: name.to_owned(), detail };
        let text = |field: &str| settings.text(field).to_owned();
        let wanted = Wanted { package: text("package"), version: text("version"), python: text("python") };
        wanted.check().map_err(|(field, detail)| settings.refused(field, &detail))?;
        // The message of the parser may quote the text, which may be secret.
        let config: Value = serde_json::from_str(settings.text(CONFIG)).map_err(|error| {
            let place = format!("line {}, column {}", error.line(), error.column());
            settings.refused(
                CONFIG,
                &format!("it is no JSON ({place}); write an object such as {{\"token\": \"…\"}}"),
            )
        })?;
        if !config.is_object() {
            return Err(settings.refused(CONFIG, "it is no object such as {\"token\": \"…\"}"));
        }
        let place = surroundings
            .folder()
            .ok_or_else(|| options("there is no data folder to install connectors in".to_owned()))?;
        // Connectors are started in folders of their own, so paths must not depend on ours.
        let place = std::path::absolute(place).map_err(|error| options(error.to_string()))?;
        Ok(Connector {
            source: name.to_owned(),
            wanted,
            choices: choices(settings.text("streams"))
                .map_err(|detail| settings.refused("streams", &detail))?,
            secrets: Arc::new(Secrets::of(&config)),
            command: settings.given("command").map(str::to_owned),
            start,
            config: Mutex::new(config),
            patience: Duration::from_mins(settings.number("patience").unwrap_or(60) as u64),
            place,
            keeper: surroundings.keeper(),
        })
    }

    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Connector {
        Connector { patience, ..self }
    }

    /// Where records wait until they are landed.
    pub fn spools(&self) -> PathBuf {
        self.place.join("running")
    }

    /// Starts the connector, which is installed when it is not yet. `arguments` are made with the path of its configuration.
    ///
    /// # Errors
    /// `Connector` when it cannot be installed or started.
    pub async fn start(
        &self,
        doing: &str,
        arguments: impl FnOnce(&Folder, &Path) -> io::Result<Vec<OsString>>,
    ) -> Result<Process, ConnectError> {
        let environment =
            Environment::ready(&self.source, &self.place.join("environments"), &self.wanted).await?;
        let program = self.program(&environment, doing)?;
        let config = self.config.lock().await.to_string();
        let files = || -> io::Result<(Folder, Vec<OsString>)> {
            let folder = Folder::new(&self.spools())?;
            let config = folder.write("config.json", &config)?;
            let arguments = arguments(&folder, &config)?;
            Ok((folder, arguments))
        };
        let (folder, arguments) = files().map_err(|error| {
            self.failed(
                doing,
                format!("its files cannot be written ({error})"),
                "check the data folder's space and permissions",
            )
        })?;
        Process::start(Run {
            source: &self.source,
            doing: doing.to_owned(),
            python: &environment.python(),
            program: &program,
            arguments,
            folder,
            secrets: self.secrets.clone(),
            patience: self.patience,
        })
    }

    fn program(&self, environment: &Environment, doing: &str) -> Result<PathBuf, ConnectError> {
        let command = self.command.as_deref().or_else(|| environment.command(self.start));
        command.and_then(|command| environment.program(command)).ok_or_else(|| {
            let (package, known) = (&self.wanted.package, environment.commands.join(", "));
            let detail = match command {
                Some(command) => format!("package `{package}` has no command `{command}`; it has {known}"),
                None => format!("it is not clear by which command `{package}` is run; it has {known}"),
            };
            self.failed(doing, detail, "name one in `command`")
        })
    }

    /// The connector has changed its configuration, and the old one may hold no more.
    ///
    /// # Errors
    /// `Connector` when it cannot be kept.
    pub async fn reconfigured(&self, doing: &str, config: Value) -> Result<(), ConnectError> {
        self.secrets.add(&config);
        let text = config.to_string();
        let mut current = self.config.lock().await;
        if *current == config {
            return Ok(());
        }
        *current = config;
        let Some(keeper) = &self.keeper else {
            tracing::warn!(
                source = self.source,
                "the connector changed its configuration, and there is nobody to keep it"
            );
            return Ok(());
        };
        keeper.keep_secret(&self.source, CONFIG, &text).await.map_err(|error| {
            let why = self.secrets.hide(&error.to_string());
            let detail = format!("the connector changed its configuration, which could not be kept ({why})");
            self.failed(
                doing,
                detail,
                "a token that holds only once may be lost: sign in anew and set `config`",
            )
        })
    }

    /// A stream as it would be landed, by the columns that the connector declares.
    ///
    /// # Errors
    /// As [`Found::shape`].
    pub fn found(
        &self,
        stream: &str,
        columns: Vec<(String, ColumnType)>,
        key: &[String],
    ) -> Result<StreamFound, ConnectError> {
        let shape = Found::new(&self.source, stream, columns, None, false).shape(stream, key)?;
        Ok(StreamFound {
            name: stream.to_owned(),
            table: stream_table(&self.source, stream),
            columns: shape.found(),
            files: Vec::new(),
        })
    }

    /// A connector that answers, with these streams.
    pub fn tested(&self, streams: Vec<String>) -> Tested {
        let tested = |name| StreamTested { name, is_empty: false, problem: None };
        let (package, version) = (self.wanted.package.clone(), self.wanted.version.clone());
        Tested {
            facts: vec![("connector", package), ("version", version)],
            warnings: Vec::new(),
            streams: streams.into_iter().map(tested).collect(),
        }
    }

    pub fn failed(&self, doing: &str, detail: String, remedy: &'static str) -> ConnectError {
        ConnectError::connector(&self.source, doing, &detail, remedy)
    }

    /// The error of a `streams` line that fits nothing.
    pub fn refused(&self, detail: String) -> ConnectError {
        ConnectError::Options { source_name: self.source.clone(), detail: format!("`streams`: {detail}") }
    }
}
