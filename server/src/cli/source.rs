//! `mirante source`: where data comes from.

mod declared;
mod governed;

use crate::config::{Config, Place};
use crate::house::House;
use crate::terminal::{self, BadUsage};
use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use contract::sources::Trigger;
use metastore::sources::SourceRow;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

#[derive(Subcommand)]
pub enum Source {
    /// Add a source
    #[command(subcommand)]
    Add(Add),
    /// List the sources
    List,
    /// Show what a source holds: streams, columns with their types, files with their formats
    Show { name: String },
    /// Try the connection of a source out: who answers, and which streams can be read
    Test { name: String },
    /// Read what is new in sources, without building anything: all of them, or those named
    Sync {
        names: Vec<String>,
        /// Read everything since this day again, in the workspace's time zone; rows are merged by their keys, so that none is doubled
        #[arg(long, value_name = "DAY", requires = "names")]
        from: Option<chrono::NaiveDate>,
    },
    /// Show the streams of a source: how many rows each has landed, and whether it is read
    Rows { name: String },
    /// Show how the streams of a source have changed, and decide about changes that hold a stream
    Changes {
        name: String,
        /// Start the table of this stream again, from a whole reading with the next sync
        #[arg(long, value_name = "STREAM")]
        accept: Option<String>,
    },
    /// Change what a source was told: `mirante source set sap password=env:SAP_PASSWORD`, `schedule='every 30m'`, `promise=60`, `streams=deals,contacts` or `streams=all`
    Set {
        name: String,
        /// Secrets as PARAMETER=env:NAME, PARAMETER=file:PATH or PARAMETER=- for standard input
        #[arg(required = true, value_name = "PARAMETER=VALUE")]
        changes: Vec<String>,
    },
    /// Forget a source; what it has landed stays, what was sent to it and not landed yet does not
    Remove { name: String },
}

#[derive(Subcommand)]
pub enum Add {
    /// A folder of CSV, TSV, XLSX, Parquet and JSON-lines files, also gzipped or zstd-compressed
    Files(AddFiles),
    #[command(flatten)]
    Declared(declared::AddDeclared),
}

#[derive(Args)]
pub struct AddFiles {
    /// The source's name, the first part of its tables: raw.<name>__<stream>
    #[arg(long)]
    name: String,
    /// The folder
    #[arg(long, value_name = "DIR")]
    path: PathBuf,
    /// Files of one stream: orders='2026/*.csv'; may be given often
    #[arg(long = "stream", value_name = "NAME=GLOB")]
    streams: Vec<String>,
    /// Formats and column types that detection gets wrong, as JSON; `mirante source show` prints what was detected
    #[arg(long, value_name = "JSON")]
    options: Option<String>,
    /// How old its data may get before readers are told
    #[arg(long, value_name = "MINUTES")]
    promise: Option<u64>,
    /// When it is read: `every 30m`, `manual`, or a cron expression such as `0 6 * * 1-5`
    #[arg(long, value_name = "WHEN")]
    schedule: Option<String>,
}

impl Source {
    pub async fn run(self, place: &Place) -> Result<()> {
        let house = House::open(Config::load(place)?).await?;
        match self {
            Source::Add(Add::Files(files)) => files.run(&house).await,
            Source::Add(Add::Declared(declared)) => declared.run(&house).await,
            Source::List => {
                for source in house.metastore.sources().await? {
                    let place = ["dir", "address"].iter().find_map(|place| source.params[place].as_str());
                    let refused = house.metastore.standing(&source.name).await?.refused;
                    let stopped = if refused.is_some() {
                        "\tsign-in refused: not read until its settings are changed"
                    } else {
                        ""
                    };
                    println!("{}\t{}\t{}{stopped}", source.name, source.kind, place.unwrap_or_default());
                }
                Ok(())
            }
            Source::Show { name } => show(&house, &name).await,
            Source::Test { name } => test(&house, &name).await,
            Source::Sync { names, from } => {
                if let Some(day) = from {
                    governed::read_again(&house, &names, day).await?;
                }
                sync(&house, names).await
            }
            Source::Rows { name } => governed::rows(&house, &name).await,
            Source::Changes { name, accept } => governed::changes(&house, &name, accept.as_deref()).await,
            Source::Set { name, changes } => {
                declared::set(&house, source_named(&house, &name).await?, &changes).await
            }
            Source::Remove { name } => remove(&house, &name).await,
        }
    }
}

impl AddFiles {
    async fn run(self, house: &House) -> Result<()> {
        let dir = self.path.canonicalize().map_err(|error| {
            BadUsage(format!(
                "the folder `{}` cannot be opened ({error}); name an existing folder",
                self.path.display()
            ))
        })?;
        let mut options: serde_json::Value = match &self.options {
            None => serde_json::json!({}),
            Some(text) => serde_json::from_str(text)
                .map_err(|error| BadUsage(format!("--options is no JSON: {error}")))?,
        };
        for stream in &self.streams {
            let Some((name, glob)) = stream.split_once('=') else {
                return Err(BadUsage(format!("--stream `{stream}` needs the form NAME=GLOB")).into());
            };
            options["streams"][name]["files"] = glob.into();
        }
        let params = serde_json::json!({ "dir": dir, "options": options });
        let source = connect::open("files", &self.name, &params, &house.surroundings)
            .map_err(|error| BadUsage(error.to_string()))?;
        let row = SourceRow {
            name: source.name().to_owned(),
            kind: source.kind().to_owned(),
            params,
            secrets: BTreeMap::new(),
            promised_minutes: self.promise,
            schedule: self.schedule.as_deref().map(declared::scheduled).transpose()?,
        };
        house.metastore.add_source(&row).await?;
        println!("added source `{}`; `mirante source show {}` tells what it holds", row.name, row.name);
        Ok(())
    }
}

/// Forgets a source, and with it what it was sent and no run has landed yet.
async fn remove(house: &House, name: &str) -> Result<()> {
    house.metastore.remove_source(name).await?;
    let Some(inboxes) = &house.surroundings.inboxes else { return Ok(()) };
    let inbox = inboxes.of(name);
    match std::fs::remove_dir_all(inbox.dir()) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            bail!(
                "the source is forgotten, but its inbox `{}` is still there ({error}); remove it",
                inbox.dir().display()
            )
        }
        _ => Ok(()),
    }
}

async fn source_named(house: &House, name: &str) -> Result<SourceRow> {
    let found = house.metastore.sources().await?.into_iter().find(|source| source.name == name);
    let missing = || BadUsage(format!("there is no source `{name}`; `mirante source list` names them"));
    Ok(found.ok_or_else(missing)?)
}

async fn opened(house: &House, name: &str) -> Result<Arc<dyn connect::Source>> {
    let row = source_named(house, name).await?;
    Ok(connect::open(&row.kind, &row.name, &house.metastore.settings_of(&row)?, &house.surroundings)?)
}

/// Prints what a look at the source brings; fails when a stream cannot be read.
async fn test(house: &House, name: &str) -> Result<()> {
    let tested = opened(house, name).await?.test().await?;
    for (fact, value) in &tested.facts {
        println!("{fact}\t{value}");
    }
    for warning in &tested.warnings {
        println!("warning\t{warning}");
    }
    let mut refused = 0;
    for stream in &tested.streams {
        let state = match (&stream.problem, stream.is_empty) {
            (Some(problem), _) => problem.as_str(),
            (None, true) => "empty",
            (None, false) => "ok",
        };
        println!("{}\t{state}", stream.name);
        refused += usize::from(stream.problem.is_some());
    }
    match refused {
        0 => Ok(()),
        _ => bail!(
            "{refused} of {} streams of source `{name}` cannot be read; the list says why",
            tested.streams.len()
        ),
    }
}

/// One after the other; what goes wrong with one does not keep the next from being read.
async fn sync(house: &House, names: Vec<String>) -> Result<()> {
    let names = match names.is_empty() {
        true => house.metastore.sources().await?.into_iter().map(|source| source.name).collect(),
        false => names,
    };
    let (pipeline, mut gaps) = (house.jobs.pipeline().await?, 0);
    for name in &names {
        let report =
            pipeline.sync(name, Trigger::Run, &terminal::progress(), &CancellationToken::new()).await?;
        for line in report.problems.iter().chain(&report.notes) {
            eprintln!("{line}");
        }
        println!("{name}\t{} rows landed, {} rejected", report.rows, report.rejected);
        gaps += usize::from(!report.problems.is_empty());
    }
    match gaps {
        0 => Ok(()),
        _ => bail!("{gaps} of {} sources were not read to their end; the lines above say why", names.len()),
    }
}

async fn show(house: &House, name: &str) -> Result<()> {
    let source = opened(house, name).await?;
    let found = source.discover().await;
    source.close().await;
    let found = found?;
    for stream in &found.streams {
        println!("{} → raw.{}", stream.name, stream.table);
        for column in &stream.columns {
            let fixed = if column.overridden { " (fixed by options)" } else { "" };
            println!("  {}: {}{fixed}, {} values", column.name, column.column_type, column.values);
        }
        for file in &stream.files {
            println!("  file {}: {} rows, {}", file.path, file.rows, file.format);
        }
    }
    for ignored in &found.ignored {
        println!("ignored {}: {}", ignored.path, ignored.reason);
    }
    for problem in &found.problems {
        println!("problem: {problem}");
    }
    Ok(())
}
