//! `mirante run`: one run of the pipeline.

use crate::config::{Config, Place};
use crate::house::House;
use crate::terminal;
use anyhow::{Result, bail};
use contract::runs::RunState;

#[derive(clap::Args)]
pub struct Run {
    /// Build everything again, even when nothing has changed
    #[arg(long)]
    full_refresh: bool,
}

impl Run {
    pub async fn run(self, place: &Place) -> Result<()> {
        let house = House::open(Config::load(place)?).await?;
        let outcome = house.run_once(self.full_refresh, terminal::progress()).await?;
        for line in &outcome.notes {
            eprintln!("{line}");
        }
        match outcome.state {
            RunState::Published => {
                let number = outcome.edition.unwrap_or_default();
                println!(
                    "published edition {number}: {} rows landed, {} rejected",
                    outcome.rows_landed, outcome.rows_rejected
                );
                Ok(())
            }
            RunState::Unchanged => {
                println!("nothing has changed since edition {}", outcome.edition.unwrap_or_default());
                Ok(())
            }
            _ => bail!("{}", outcome.message.unwrap_or_else(|| "the run did not publish".to_owned())),
        }
    }
}
