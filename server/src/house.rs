//! The house as one process holds it: data folder, platform database, lake, the reader of editions, and who answers the pages.
//!
//! Invariant: everything is opened here, once; whoever needs a part takes it from here.

use crate::answers::Answers;
use crate::config::Config;
use crate::examine::Examiner;
use crate::keeper::Keeper;
use crate::reader::Reader;
use anyhow::{Context, Result};
use chrono::{NaiveDate, Utc};
use chrono_tz::Tz;
use connect::Surroundings;
use lake::{Lake, LakeOptions};
use metastore::Metastore;
use metastore::secrets::Vault;
use metastore::settings::Workspace;
use pipeline::{Pipeline, Progress, RunOutcome};
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
    pub lake: Lake,
    pub reader: Arc<Reader>,
    /// Whom sources may call, and how fast.
    pub surroundings: Surroundings,
    pub answers: Answers,
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
        let answers = Answers::new(reader.clone());
        let secure_cookies = config.public_url.as_deref().is_some_and(|url| url.starts_with("https://"));
        let surroundings = Surroundings::new(config.egress.clone())
            .in_folder(config.data.join("connectors"))
            .kept_by(Arc::new(Keeper(metastore.clone())));
        Ok(House { config, metastore, lake, reader, surroundings, answers, secure_cookies })
    }

    /// One run of the pipeline over all sources and packs.
    pub async fn run_once(&self, full_refresh: bool, progress: Progress) -> Result<RunOutcome> {
        let workspace = self.metastore.workspace().await?;
        let yesterday = kpi::period::day_before(today(&workspace)?);
        let mut vars = serde_json::Map::new();
        vars.insert("as_of".to_owned(), yesterday.to_string().into());
        // The exports of a system have other tables than the system itself, and packs may know both.
        let kinds =
            self.metastore.sources().await?.into_iter().map(|source| (source.name, source.kind.into()));
        vars.insert("source_kinds".to_owned(), serde_json::Value::Object(kinds.collect()));
        let pipeline = Pipeline {
            lake: self.lake.clone(),
            metastore: self.metastore.clone(),
            surroundings: self.surroundings.clone(),
            builtin: Arc::new(builtin_pack),
            examine: Arc::new(Examiner { yesterday }),
            vars,
            keep_editions: self.config.keep_editions,
        };
        Ok(pipeline.run(full_refresh, &progress).await?)
    }
}

/// Today in the workspace's time zone, or the day that it pretends to be.
///
/// # Errors
/// When the time zone is none that exists.
pub fn today(workspace: &Workspace) -> Result<NaiveDate> {
    if let Some(today) = workspace.today {
        return Ok(today);
    }
    let zone: Tz = workspace.time_zone.parse().map_err(|_| {
        anyhow::anyhow!("`{}` is no time zone; use a name such as America/Sao_Paulo", workspace.time_zone)
    })?;
    Ok(Utc::now().with_timezone(&zone).date_naive())
}

/// The files of a pack that is shipped with the program.
fn builtin_pack(name: &str) -> Option<Files> {
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
