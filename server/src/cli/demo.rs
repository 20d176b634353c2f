//! `mirante demo`: the invented company Serra Azul Distribuidora, from its exports to its boards.

use crate::cli::serve;
use crate::config::{Config, Place};
use crate::house::{House, today};
use crate::terminal::{self, BadUsage};
use anyhow::{Context, Result, bail};
use chrono::NaiveDate;
use contract::runs::RunState;
use indicatif::{ProgressBar, ProgressStyle};
use metastore::packs::{Pack, PackPlace};
use metastore::settings::Workspace;
use metastore::sources::SourceRow;
use simulators::{Company, Scale};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

const COMPANY: &str = "Serra Azul Distribuidora";
const SOURCES: [&str; 4] = ["ploomes", "sap", "whatsapp", "planilhas"];
const PACKS: [&str; 4] = ["empresa", "comercial", "operacional", "financeiro"];
/// A folder of exports is expected to be filled once a day.
const PROMISED_MINUTES: u64 = 26 * 60;

#[derive(clap::Args)]
pub struct Demo {
    /// Size of the company: 1 is about 60,000 deals, 120,000 invoices and 600,000 messages
    #[arg(long, default_value_t = 1.0)]
    scale: f64,
    /// The same seed makes the same company
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Pretend that this is today
    #[arg(long, value_name = "DATE")]
    today: Option<NaiveDate>,
    /// Address to listen on; port 0 takes a free one
    #[arg(long, env = "MIRANTE_LISTEN", value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Make and publish the company, then end instead of serving it
    #[arg(long)]
    no_serve: bool,
}

impl Demo {
    pub async fn run(self, place: &Place) -> Result<()> {
        let scale = Scale::new(self.scale).map_err(|error| BadUsage(error.to_string()))?;
        let mut config = Config::load(place)?;
        config.listen = self.listen.unwrap_or(config.listen);
        let house = Arc::new(House::open(config).await?);
        house
            .metastore
            .set_workspace(&Workspace {
                company: COMPANY.to_owned(),
                today: self.today,
                ..Workspace::default()
            })
            .await?;
        let day = today(&house.metastore.workspace().await?)?;
        let exports = house.config.data.join("demo");
        self.export(scale, day, &exports).await?;
        register(&house, &exports).await?;
        let outcome = house.run_once(false, terminal::progress()).await?;
        match outcome.state {
            RunState::Published => eprintln!(
                "{COMPANY}: {} rows landed, {} rejected, edition {} published",
                outcome.rows_landed,
                outcome.rows_rejected,
                outcome.edition.unwrap_or_default()
            ),
            RunState::Unchanged => {}
            _ => bail!("{}", outcome.message.unwrap_or_else(|| "the run did not publish".to_owned())),
        }
        if self.no_serve {
            return Ok(());
        }
        serve::until_stopped(house, "Helena").await
    }

    /// Writes the company's exports, unless the very same ones are there.
    async fn export(&self, scale: Scale, day: NaiveDate, exports: &Path) -> Result<()> {
        let stamp = format!(
            "scale {} seed {} today {day} version {}\n",
            self.scale,
            self.seed,
            env!("CARGO_PKG_VERSION")
        );
        let stamp_file = exports.join(".company");
        if std::fs::read_to_string(&stamp_file).is_ok_and(|made| made == stamp) {
            return Ok(());
        }
        let (seed, folder) = (self.seed, exports.to_path_buf());
        tokio::task::spawn_blocking(move || write(scale, seed, day, &folder)).await??;
        // The stamp comes last: a demo that was interrupted begins again.
        std::fs::write(&stamp_file, stamp)
            .with_context(|| format!("could not write `{}`", stamp_file.display()))
    }
}

fn write(scale: Scale, seed: u64, day: NaiveDate, folder: &Path) -> Result<()> {
    let bar = ProgressBar::new(1);
    if let Ok(style) = ProgressStyle::with_template("{elapsed_precise} {bar:32} making the company") {
        bar.set_style(style);
    }
    let company = Company::generate(scale, seed, day)?;
    let mut progress = |done: u64, total: u64| {
        bar.set_length(total);
        bar.set_position(done);
    };
    simulators::write_exports(&company, folder, &mut progress)
        .with_context(|| format!("could not write the company's exports to `{}`", folder.display()))?;
    bar.finish_and_clear();
    Ok(())
}

/// Adds sources and packs that an earlier demo has not added yet.
async fn register(house: &House, exports: &Path) -> Result<()> {
    let exports = exports.canonicalize()?;
    let known = house.metastore.sources().await?;
    for name in SOURCES.iter().filter(|name| !known.iter().any(|source| source.name == **name)) {
        house
            .metastore
            .add_source(&SourceRow {
                name: (*name).to_owned(),
                kind: "files".to_owned(),
                params: serde_json::json!({ "dir": exports.join(name), "options": {} }),
                secrets: BTreeMap::new(),
                promised_minutes: Some(PROMISED_MINUTES),
            })
            .await?;
    }
    let known = house.metastore.packs().await?;
    for name in PACKS.iter().filter(|name| !known.iter().any(|pack| pack.name == **name)) {
        house.metastore.add_pack(&Pack { name: (*name).to_owned(), place: PackPlace::Builtin }).await?;
    }
    Ok(())
}
