//! Settings of the process: flags, then `MIRANTE_*` of the environment, then `mirante.toml` in the data folder.
//!
//! What belongs to the company (its name, its time zone) is in the platform database. Invariant: an unknown key is an error that names
//! it, so that a misspelt setting never passes in silence.

use anyhow::{Context, Result, anyhow, bail};
use connect::Egress;
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// What every command takes.
#[derive(Debug, Clone, clap::Args)]
pub struct Place {
    /// Folder of everything: lake, platform database, settings
    #[arg(long, global = true, env = "MIRANTE_DATA", default_value = "./mirante-data", value_name = "DIR")]
    pub data: PathBuf,
    /// Platform database instead of SQLite in the data folder: postgres://…
    #[arg(long, global = true, env = "MIRANTE_DATABASE_URL", hide_env_values = true, value_name = "URL")]
    pub database_url: Option<String>,
    /// Memory in MB that queries may hold before they spill to disk; by default a quarter of the machine's
    #[arg(long, global = true, env = "MIRANTE_MEMORY_MB", value_name = "MB")]
    pub memory_mb: Option<usize>,
}

/// `mirante.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    database_url: Option<String>,
    memory_mb: Option<usize>,
    listen: Option<SocketAddr>,
    public_url: Option<String>,
    keep_editions: Option<u32>,
    private_networks: Option<Vec<String>>,
    inbox_mb: Option<u64>,
}

/// The settings as they hold for this process.
#[derive(Debug, Clone)]
pub struct Config {
    pub data: PathBuf,
    pub database_url: Option<String>,
    pub memory_bytes: usize,
    pub listen: SocketAddr,
    /// What people type; cookies are `Secure` when it is https.
    pub public_url: Option<String>,
    /// How many editions stay readable.
    pub keep_editions: u32,
    /// Whom sources may call besides the public internet.
    pub egress: Egress,
    /// How much of what systems send a source may wait on the disk until a run lands it.
    pub inbox_bytes: u64,
}

impl Config {
    /// Reads `mirante.toml` where there is one; what `place` says wins.
    pub fn load(place: &Place) -> Result<Config> {
        let file = read(&place.data.join("mirante.toml"))?;
        let memory_mb = place.memory_mb.or(file.memory_mb).unwrap_or_else(default_memory_mb);
        if memory_mb < 64 {
            bail!("memory of {memory_mb} MB is too little; give at least 64");
        }
        let networks = file.private_networks.unwrap_or_default();
        let egress = Egress::with_networks(networks.iter().map(String::as_str))
            .map_err(|error| anyhow!("`private_networks` in mirante.toml: {error}"))?;
        Ok(Config {
            egress,
            inbox_bytes: file.inbox_mb.unwrap_or(2048).max(16) << 20,
            data: place.data.clone(),
            database_url: place.database_url.clone().or(file.database_url),
            memory_bytes: memory_mb << 20,
            listen: file.listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 3000))),
            public_url: file.public_url,
            keep_editions: file.keep_editions.unwrap_or(30).max(1),
        })
    }
}

impl Config {
    /// The address that people find us at, without a slash at its end.
    pub fn base(&self) -> String {
        match &self.public_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => format!("http://{}", self.listen),
        }
    }
}

/// A quarter of the machine's memory, at least 1 GB: DataFusion counts buffers that batches share once per batch, so that its accounts
/// run far ahead of what is really held.
fn default_memory_mb() -> usize {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let total = text
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:")?.trim().strip_suffix(" kB")?.parse::<usize>().ok());
    total.map_or(1024, |kb| (kb / 1024 / 4).max(1024))
}

fn read(path: &Path) -> Result<File> {
    match std::fs::read_to_string(path) {
        Ok(text) => toml::from_str(&text).with_context(|| format!("`{}` cannot be read", path.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(File::default()),
        Err(error) => Err(error).with_context(|| format!("`{}` cannot be read", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_with_an_unknown_key_is_refused_by_name() {
        let error = toml::from_str::<File>("lisen = \"127.0.0.1:1\"").unwrap_err();
        assert!(error.to_string().contains("lisen"), "{error}");
    }
}
