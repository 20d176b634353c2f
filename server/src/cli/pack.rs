//! `mirante pack`: which packs the workspace runs.

use crate::config::{Config, Place};
use crate::house::House;
use crate::terminal::BadUsage;
use anyhow::{Context, Result};
use clap::Subcommand;
use metastore::packs::{Pack as Row, PackPlace};
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum Pack {
    /// Add a folder with a dbt project, metrics and boards; its files are read at each run
    Add {
        /// The folder that holds `dbt_project.yml`
        directory: PathBuf,
    },
    /// List the packs in the order in which they are built
    List,
    /// Remove a pack; its tables stay in the editions that were published
    Remove { name: String },
}

impl Pack {
    pub async fn run(self, place: &Place) -> Result<()> {
        let house = House::open(Config::load(place)?).await?;
        match self {
            Pack::Add { directory } => add(&house, directory).await,
            Pack::List => {
                for pack in house.metastore.packs().await? {
                    match pack.place {
                        PackPlace::Builtin => println!("{}\t(built in)", pack.name),
                        PackPlace::Directory(path) => println!("{}\t{}", pack.name, path.display()),
                    }
                }
                Ok(())
            }
            Pack::Remove { name } => Ok(house.metastore.remove_pack(&name).await?),
        }
    }
}

async fn add(house: &House, directory: PathBuf) -> Result<()> {
    let directory = directory.canonicalize().map_err(|error| {
        BadUsage(format!(
            "the pack folder `{}` cannot be opened ({error}); name an existing folder",
            directory.display()
        ))
    })?;
    // A pack that cannot be read is refused now, not at the next run.
    let pack = pipeline::packs::load_directory(&directory)
        .with_context(|| format!("the pack in `{}` cannot be added", directory.display()))?;
    let name = pack.name().to_owned();
    house.metastore.add_pack(&Row { name: name.clone(), place: PackPlace::Directory(directory) }).await?;
    println!("added pack `{name}`; `mirante run` builds it");
    Ok(())
}
