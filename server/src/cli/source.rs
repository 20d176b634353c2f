//! `mirante source`: where data comes from.

mod declared;

use crate::config::{Config, Place};
use crate::house::House;
use crate::terminal::BadUsage;
use anyhow::Result;
use clap::{Args, Subcommand};
use metastore::sources::SourceRow;
use std::collections::BTreeMap;
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum Source {
    /// Add a source
    #[command(subcommand)]
    Add(Add),
    /// List the sources
    List,
    /// Show what a source holds: streams, columns with their types, files with their formats
    Show { name: String },
    /// Forget a source; what it has landed stays
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
}

impl Source {
    pub async fn run(self, place: &Place) -> Result<()> {
        let house = House::open(Config::load(place)?).await?;
        match self {
            Source::Add(Add::Files(files)) => files.run(&house).await,
            Source::Add(Add::Declared(declared)) => declared.run(&house).await,
            Source::List => {
                for source in house.metastore.sources().await? {
                    println!(
                        "{}\t{}\t{}",
                        source.name,
                        source.kind,
                        ["dir", "address"]
                            .iter()
                            .find_map(|place| source.params[place].as_str())
                            .unwrap_or_default()
                    );
                }
                Ok(())
            }
            Source::Show { name } => show(&house, &name).await,
            Source::Remove { name } => Ok(house.metastore.remove_source(&name).await?),
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
        };
        house.metastore.add_source(&row).await?;
        println!("added source `{}`; `mirante source show {}` tells what it holds", row.name, row.name);
        Ok(())
    }
}

async fn show(house: &House, name: &str) -> Result<()> {
    let row =
        house.metastore.sources().await?.into_iter().find(|source| source.name == name).ok_or_else(|| {
            BadUsage(format!("there is no source `{name}`; `mirante source list` names them"))
        })?;
    let found =
        connect::open(&row.kind, &row.name, &house.metastore.settings_of(&row)?, &house.surroundings)?
            .discover()
            .await?;
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
