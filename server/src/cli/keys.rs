//! `mirante keys`: the key that seals what sources were told in secret, and second steps of signing in.
//!
//! Never prints a key. Invariant: the old key is forgotten only when nothing is sealed with it any more; stopped before that, both open.

use crate::config::{Config, Place};
use crate::terminal::BadUsage;
use anyhow::Result;
use clap::Subcommand;
use metastore::Metastore;
use metastore::secrets::Vault;
use std::io::Read;

#[derive(Subcommand)]
pub enum Keys {
    /// Seal every secret anew with another key, and forget the old one; a server that is running need not be stopped
    Rotate {
        /// The new key, 64 hexadecimal digits: env:NAME, file:PATH or - for standard input; without it one is made
        #[arg(long, value_name = "env:NAME|file:PATH|-")]
        key: Option<String>,
    },
}

impl Keys {
    pub async fn run(self, place: &Place) -> Result<()> {
        let Keys::Rotate { key } = self;
        let config = Config::load(place)?;
        let mut vault = Vault::open_in(&config.data)?;
        if vault.is_from_environment() {
            if key.is_some() {
                let why = "MIRANTE_SECRET_KEY is set: put the new key there, before the old one and a comma, and leave --key out";
                return Err(BadUsage(why.to_owned()).into());
            }
            if vault.count() < 2 {
                let why = "MIRANTE_SECRET_KEY holds one key; put the new one before it, a comma between, and rotate then";
                return Err(BadUsage(why.to_owned()).into());
            }
        } else {
            vault.add_key(&config.data, key.as_deref().map(given).transpose()?.as_deref())?;
        }
        let metastore = match &config.database_url {
            Some(url) => Metastore::open(url, vault.clone()).await?,
            None => Metastore::open_in(&config.data).await?,
        };
        let count = metastore.reseal_secrets().await? + metastore.reseal_second_steps().await?;
        metastore.close().await?;
        let rest = if vault.is_from_environment() {
            "take the old key out of MIRANTE_SECRET_KEY now"
        } else {
            vault.forget_old_keys(&config.data)?;
            "the old key opens nothing any more; copy secret.key to where its backup lies"
        };
        println!("sealed {count} secrets with the new key; {rest}");
        Ok(())
    }
}

fn given(place: &str) -> Result<String> {
    if let Some(variable) = place.strip_prefix("env:") {
        return Ok(std::env::var(variable)
            .map_err(|_| BadUsage(format!("--key: the environment has no variable `{variable}`")))?);
    }
    if let Some(path) = place.strip_prefix("file:") {
        return Ok(std::fs::read_to_string(path)
            .map_err(|error| BadUsage(format!("--key: `{path}` cannot be read ({error})")))?);
    }
    if place != "-" {
        let why = "--key takes env:NAME, file:PATH or - for standard input; arguments can be read by everybody on this machine";
        return Err(BadUsage(why.to_owned()).into());
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    Ok(text)
}
