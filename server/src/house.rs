//! The house as one process holds it: data folder, platform database, lake, the reader of editions, and who answers the pages.
//!
//! Invariant: everything is opened here, once; whoever needs a part takes it from here.

use crate::answers::Answers;
use crate::config::Config;
use crate::jobs::Jobs;
use crate::keeper::Keeper;
use crate::passwords::Passwords;
use crate::reader::Reader;
use crate::slices::Store as Slices;
use crate::throttle::Throttle;
use crate::uploads::Store;
use crate::web::Doors;
use anyhow::{Context, Result};
use chrono::{NaiveDate, Utc};
use chrono_tz::Tz;
use connect::Surroundings;
use connect::inbox::{InboxLimits, Inboxes};
use lake::{Lake, LakeOptions};
use metastore::Metastore;
use metastore::secrets::Vault;
use metastore::settings::Workspace;
use pipeline::{Progress, RunOutcome};
use rust_embed::RustEmbed;
use std::sync::Arc;
use transform::Files;

/// The packs that are shipped with the program; the examples beside them are not.
mod shipped {
    use rust_embed::RustEmbed;

    #[derive(RustEmbed)]
    #[folder = "$CARGO_MANIFEST_DIR/../packs/empresa"]
    pub struct Empresa;

    #[derive(RustEmbed)]
    #[folder = "$CARGO_MANIFEST_DIR/../packs/comercial"]
    pub struct Comercial;

    #[derive(RustEmbed)]
    #[folder = "$CARGO_MANIFEST_DIR/../packs/operacional"]
    pub struct Operacional;

    #[derive(RustEmbed)]
    #[folder = "$CARGO_MANIFEST_DIR/../packs/financeiro"]
    pub struct Financeiro;
}

pub struct House {
    pub config: Config,
    pub metastore: Metastore,
    pub reader: Arc<Reader>,
    /// Whom sources may call, how fast, and what was sent to them.
    pub surroundings: Surroundings,
    pub jobs: Arc<Jobs>,
    pub answers: Answers,
    pub slices: Arc<Slices>,
    pub uploads: Store,
    pub passwords: Passwords,
    pub throttle: Throttle,
    /// Where systems send what happens.
    pub doors: Doors,
    /// Cookies travel over https only.
    pub secure_cookies: bool,
}

impl House {
    /// Opens (and on first use makes) the data folder.
    pub async fn open(config: Config) -> Result<House> {
        let lake_dir = config.data.join("lake");
        std::fs::create_dir_all(&lake_dir).with_context(|| {
            format!(
                "could not make the data folder `{}`; check the path and its permissions",
                config.data.display()
            )
        })?;
        let metastore = match &config.database_url {
            Some(url) => Metastore::open(url, Vault::open_in(&config.data)?).await?,
            None => Metastore::open_in(&config.data).await?,
        };
        let options = LakeOptions { memory_limit: config.memory_bytes, ..LakeOptions::default() };
        let lake = Lake::open(&lake_dir, options).await?;
        let reader = Arc::new(Reader::new(metastore.clone(), lake.clone()));
        // Whole segments leave an inbox, so that a small one needs small ones.
        let mut limits = InboxLimits { total: config.inbox_bytes, ..InboxLimits::default() };
        limits.segment = limits.segment.min(limits.total / 8);
        let inboxes = Inboxes::new(config.data.join("inbox"), limits);
        let surroundings = Surroundings::new(config.egress.clone())
            .with_inboxes(inboxes)
            .in_folder(config.data.join("connectors"))
            .with_uploads(config.data.join("uploads"))
            .kept_by(Arc::new(Keeper(metastore.clone())));
        let jobs = Arc::new(Jobs::new(
            (lake, metastore.clone()),
            surroundings.clone(),
            config.data.join("locks"),
            config.keep_editions,
        ));
        let uploads = Store::new(config.data.join("uploads"));
        let packs = config.data.canonicalize()?.join("packs");
        let slices = Arc::new(Slices::new());
        let answers = Answers::new(
            reader.clone(),
            jobs.clone(),
            slices.clone(),
            door(&config),
            (uploads.clone(), packs),
        );
        let secure_cookies = config.public_url.as_deref().is_some_and(|url| url.starts_with("https://"));
        let doors = Doors::default();
        Ok(House {
            config,
            metastore,
            reader,
            surroundings,
            jobs,
            answers,
            slices,
            uploads,
            passwords: Passwords::new()?,
            throttle: Throttle::default(),
            doors,
            secure_cookies,
        })
    }

    /// One run of the pipeline over all sources and packs.
    pub async fn run_once(&self, full_refresh: bool, progress: Progress) -> Result<RunOutcome> {
        Ok(self.jobs.pipeline().await?.run(full_refresh, &progress).await?)
    }
}

/// The address that others find us at, and whether it is the one that the company gave.
fn door(config: &Config) -> (String, bool) {
    (config.base(), config.public_url.is_some())
}

/// Today in the workspace's time zone, or the day that it pretends to be.
///
/// # Errors
/// When the time zone is none that exists.
pub fn today(workspace: &Workspace) -> Result<NaiveDate> {
    if let Some(today) = workspace.today {
        return Ok(today);
    }
    Ok(Utc::now().with_timezone(&zone(workspace)?).date_naive())
}

/// The workspace's time zone.
///
/// # Errors
/// When it is none that exists.
pub fn zone(workspace: &Workspace) -> Result<Tz> {
    workspace.time_zone.parse().map_err(|_| {
        anyhow::anyhow!("`{}` is no time zone; use a name such as America/Sao_Paulo", workspace.time_zone)
    })
}

/// The files of a pack that is shipped with the program.
pub fn builtin_pack(name: &str) -> Option<Files> {
    fn files<P: RustEmbed>(name: &str) -> Files {
        let files =
            P::iter().filter_map(|path| Some((path.clone().into_owned(), P::get(&path)?.data.into_owned())));
        Files::from_memory(name, files)
    }
    match name {
        "empresa" => Some(files::<shipped::Empresa>(name)),
        "comercial" => Some(files::<shipped::Comercial>(name)),
        "operacional" => Some(files::<shipped::Operacional>(name)),
        "financeiro" => Some(files::<shipped::Financeiro>(name)),
        _ => None,
    }
}
