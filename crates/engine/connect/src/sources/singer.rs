//! Singer taps as sources: any that installs as a Python package.
//!
//! Installs and starts through `python`, and knows the protocol alone. One process per stream that is read, which selects that stream only; the
//! state of a tap is one object, and each stream keeps its own copy. Invariant: state advances with the rows that came before it, in one commit;
//! a table that is read whole and does not end well takes no other rows' place.

mod catalog;
mod declaration;
mod messages;
mod reading;

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use tokio::sync::OnceCell;

use self::catalog::{Catalog, Stream};
use self::reading::Reading as StreamReading;
use crate::collecting::{self, Collecting, Mode, Plan};
use crate::errors::ConnectError;
use crate::found::Found;
use crate::settings::Settings;
use crate::source::{Discovery, ReadRequest, Reading, Source, Tested};
use crate::sources::Surroundings;
use crate::sources::python::connector::Connector;
use crate::sources::python::folder::Folder;

pub use declaration::kind;

/// A tap.
///
/// Its catalog is asked for once per source: a source is opened for one sync.
pub struct Singer {
    connector: Arc<Connector>,
    /// `--catalog`, or `--properties` of old taps.
    flag: String,
    catalog: OnceCell<Catalog>,
}

/// Opens a tap. Installs and starts nothing yet.
///
/// # Errors
/// `Options` for a setting that cannot be meant so.
pub fn open(
    name: &str,
    settings: &Settings,
    surroundings: &Surroundings,
) -> Result<Arc<dyn Source>, ConnectError> {
    let connector = Arc::new(Connector::of(name, settings, surroundings, "tap-")?);
    Ok(Arc::new(Singer {
        connector,
        flag: format!("--{}", settings.text("catalog_flag")),
        catalog: OnceCell::new(),
    }))
}

impl Singer {
    async fn catalog(&self) -> Result<&Catalog, ConnectError> {
        let ask = || async {
            const DOING: &str = "discovery";
            let arguments = |_: &Folder, config: &Path| {
                Ok(vec![OsString::from("--config"), config.into(), "--discover".into()])
            };
            let mut process = self.connector.start(DOING, arguments).await?;
            // One object, written over many lines by most taps.
            let mut text = Vec::new();
            while process.advance().await? {
                text.extend_from_slice(process.line());
                text.push(b'\n');
            }
            reading::ended(&self.connector, DOING, process).await?;
            let discovered: Value = serde_json::from_slice(&text).map_err(|error| {
                let detail = format!("what the tap discovered is no JSON ({error})");
                self.connector.failed(DOING, detail, "check that the package is a Singer tap with discovery")
            })?;
            Catalog::new(&discovered, &self.connector.choices)
                .map_err(|detail| self.connector.refused(detail))
        };
        self.catalog.get_or_try_init(ask).await
    }
}

#[async_trait::async_trait]
impl Source for Singer {
    fn name(&self) -> &str {
        &self.connector.source
    }

    fn kind(&self) -> &'static str {
        declaration::KIND
    }

    async fn streams(&self) -> Result<Vec<String>, ConnectError> {
        Ok(self.catalog().await?.streams.iter().map(|stream| stream.name.clone()).collect())
    }

    /// Columns as the tap declares them; reads no rows.
    async fn discover(&self) -> Result<Discovery, ConnectError> {
        let found = |stream: &Stream| self.connector.found(&stream.name, stream.columns.clone(), &stream.key);
        let streams = self.catalog().await?.streams.iter().map(found).collect::<Result<_, _>>()?;
        Ok(Discovery { streams, ..Discovery::default() })
    }

    /// Singer has no check but discovery.
    async fn test(&self) -> Result<Tested, ConnectError> {
        Ok(self.connector.tested(self.streams().await?))
    }

    async fn read(&self, request: ReadRequest) -> Result<Reading, ConnectError> {
        let catalog = self.catalog().await?;
        let stream = catalog.streams.iter().find(|stream| stream.name == request.stream).cloned();
        let known = || catalog.streams.iter().map(|stream| &stream.name);
        let unknown = || ConnectError::unknown_stream(&self.connector.source, &request.stream, known());
        let stream = stream.ok_or_else(unknown)?;
        let state = match stream.mode {
            Mode::Incremental => collecting::state(&request.since),
            Mode::FullRefresh => None,
        };
        let arguments = |folder: &Folder, config: &Path| {
            let selecting = folder.write("catalog.json", &catalog.selecting(&stream).to_string())?;
            let mut arguments: Vec<OsString> =
                vec!["--config".into(), config.into(), self.flag.as_str().into(), selecting.into()];
            if let Some(state) = state {
                arguments.extend(["--state".into(), folder.write("state.json", state)?.into()]);
            }
            Ok(arguments)
        };
        let process = self.connector.start(&format!("stream `{}`", stream.name), arguments).await?;
        let (source, columns) = (&self.connector.source, stream.columns.clone());
        let found = Found::new(source, &stream.name, columns, request.known.as_deref(), false);
        let plan = Plan {
            mode: stream.mode,
            key: stream.key.clone(),
            place: stream.own.clone(),
            folder: Some(self.connector.spools()),
        };
        let collecting = Collecting::new(found, plan, &request.since);
        let reading = StreamReading { connector: self.connector.clone(), stream, process };
        Ok(Reading::of(collecting::pieces(reading, collecting)))
    }
}
