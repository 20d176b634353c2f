//! `mirante demo`: the invented company Serra Azul Distribuidora, from its systems to its boards.

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
use simulators::{Company, Part, Scale};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use systems::Systems;

mod chat;
mod systems;

const COMPANY: &str = "Serra Azul Distribuidora";
const PACKS: [&str; 4] = ["empresa", "comercial", "operacional", "financeiro"];
/// Sources that are folders of exports, and the folder of each. The CRM's API keeps no history of stages: it was exported once. WhatsApp
/// knows messages and no conversations: those the service desk exports.
const FOLDERS: [(&str, &str); 3] =
    [("ploomes_historico", "ploomes"), ("atendimento", "atendimento"), ("planilhas", "planilhas")];
const EXPORTS: [Part; 3] = [Part::StageHistory, Part::Conversations, Part::Planilhas];
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
    /// Pretend that this is today; a company that is there keeps the day on which it was made
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
        let listener = if self.no_serve { None } else { Some(serve::listen(&mut config).await?) };
        // Its systems are simulated here.
        config.egress = config.egress.and_loopback();
        let house = Arc::new(House::open(config).await?);
        let exports = house.config.data.join("demo");
        let day = match self.made(&exports)? {
            Some(day) => day,
            None => self.today.map_or_else(|| today(&Workspace::default()), Ok)?,
        };
        let workspace = Workspace { company: COMPANY.to_owned(), today: Some(day), ..Workspace::default() };
        house.metastore.set_workspace(&workspace).await?;
        let company = Arc::new(self.make(scale, day, &exports).await?);
        chat::send(&house, &company, &exports).await?;
        let company = Arc::into_inner(company).context("the company is still being sent")?;
        let systems = Systems::start(company).await?;
        systems.register(&house).await?;
        register_folders(&house, &exports).await?;
        register_packs(&house).await?;
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
        if let Some(listener) = listener {
            tokio::spawn(house.jobs.clone().keep_schedule());
            let way_in = serve::by_link_of(&house, "Helena").await?;
            serve::until_stopped(house, listener, &way_in).await?;
        }
        systems.stop().await;
        Ok(())
    }

    /// The day of the company that was made here before.
    ///
    /// # Errors
    /// When it was another company: rows of both would mix.
    fn made(&self, exports: &Path) -> Result<Option<NaiveDate>> {
        let Ok(stamp) = std::fs::read_to_string(exports.join(STAMP)) else { return Ok(None) };
        let stamp: Stamp = serde_json::from_str(&stamp).with_context(|| {
            format!("`{}` is damaged; take another --data", exports.join(STAMP).display())
        })?;
        let same = stamp.same(self.scale, self.seed) && self.today.is_none_or(|today| today == stamp.today);
        if !same {
            bail!(BadUsage(format!(
                "the demo company here was made with --scale {} --seed {} --today {}; leave them as they are, or give another --data",
                stamp.scale, stamp.seed, stamp.today
            )));
        }
        Ok(Some(stamp.today))
    }

    /// The company, its exports written unless they are there.
    async fn make(&self, scale: Scale, day: NaiveDate, exports: &Path) -> Result<Company> {
        let stamp = Stamp { scale: self.scale, seed: self.seed, today: day };
        let (seed, folder) = (self.seed, exports.to_path_buf());
        tokio::task::spawn_blocking(move || {
            let company = Company::generate(scale, seed, day)?;
            if !folder.join(STAMP).exists() {
                write(&company, &folder)?;
                // The stamp comes last: a demo that was interrupted begins again.
                std::fs::write(folder.join(STAMP), serde_json::to_string(&stamp)?)
                    .with_context(|| format!("could not write `{}`", folder.join(STAMP).display()))?;
            }
            Ok(company)
        })
        .await?
    }
}

const STAMP: &str = ".company.json";

/// Which company it is.
#[derive(serde::Serialize, serde::Deserialize)]
struct Stamp {
    scale: f64,
    seed: u64,
    today: NaiveDate,
}

impl Stamp {
    fn same(&self, scale: f64, seed: u64) -> bool {
        self.scale.to_bits() == scale.to_bits() && self.seed == seed
    }
}

fn write(company: &Company, folder: &Path) -> Result<()> {
    let bar = ProgressBar::new(1);
    if let Ok(style) = ProgressStyle::with_template("{elapsed_precise} {bar:32} making the company") {
        bar.set_style(style);
    }
    let mut progress = |done: u64, total: u64| {
        bar.set_length(total);
        bar.set_position(done);
    };
    simulators::write_exports(company, folder, &EXPORTS, &mut progress)
        .with_context(|| format!("could not write the company's exports to `{}`", folder.display()))?;
    bar.finish_and_clear();
    Ok(())
}

/// Adds the folders of exports that an earlier demo has not added yet.
async fn register_folders(house: &House, exports: &Path) -> Result<()> {
    let exports = exports.canonicalize()?;
    let known = house.metastore.sources().await?;
    for (name, folder) in FOLDERS.iter().filter(|(name, _)| !known.iter().any(|source| source.name == *name))
    {
        house
            .metastore
            .add_source(&SourceRow {
                name: (*name).to_owned(),
                kind: "files".to_owned(),
                params: serde_json::json!({ "dir": exports.join(folder), "options": {} }),
                secrets: BTreeMap::new(),
                promised_minutes: Some(PROMISED_MINUTES),
                schedule: None,
            })
            .await?;
    }
    Ok(())
}

async fn register_packs(house: &House) -> Result<()> {
    let known = house.metastore.packs().await?;
    for name in PACKS.iter().filter(|name| !known.iter().any(|pack| pack.name == **name)) {
        house.metastore.add_pack(&Pack { name: (*name).to_owned(), place: PackPlace::Builtin }).await?;
    }
    Ok(())
}
