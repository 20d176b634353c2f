//! `mirante serve`: the web server, until it is told to stop.

use crate::config::{Config, Place};
use crate::house::House;
use crate::web;
use anyhow::{Context, Result};
use contract::Principal;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

#[derive(clap::Args)]
pub struct Serve {
    /// Address to listen on; port 0 takes a free one
    #[arg(long, env = "MIRANTE_LISTEN", value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
    /// Run the pipeline every so many minutes while serving; without it, only `mirante run` does
    #[arg(long, env = "MIRANTE_RUN_EVERY", value_name = "MINUTES", value_parser = clap::value_parser!(u32).range(1..))]
    pub run_every: Option<u32>,
    /// Who the sign-in link greets
    #[arg(long, default_value = "Administração", value_name = "NAME")]
    pub greet: String,
}

impl Serve {
    pub async fn run(self, place: &Place) -> Result<()> {
        let mut config = Config::load(place)?;
        config.listen = self.listen.unwrap_or(config.listen);
        let house = Arc::new(House::open(config).await?);
        if let Some(minutes) = self.run_every {
            tokio::spawn(run_every(house.clone(), minutes));
        }
        until_stopped(house, &self.greet).await
    }
}

/// Serves until SIGINT or SIGTERM, then finishes open requests.
pub async fn until_stopped(house: Arc<House>, greet: &str) -> Result<()> {
    let listener = tokio::net::TcpListener::bind(house.config.listen).await.with_context(|| {
        format!("could not listen on {}; is another server there? try --listen", house.config.listen)
    })?;
    let address = listener.local_addr()?;
    let base = house.config.public_url.clone().unwrap_or_else(|| format!("http://{address}"));
    let token = house.metastore.new_sign_in_link(&administrator(greet)).await?;
    let router = web::router(house.clone());
    println!("Mirante: {base}");
    println!("Sign in: {base}/entrar/link?token={token}");
    axum::serve(listener, router).with_graceful_shutdown(stop_signal()).await?;
    Ok(())
}

/// Runs again and again; what goes wrong is in the log and in the list of runs, and the next run tries again.
async fn run_every(house: Arc<House>, minutes: u32) {
    let mut ticks = tokio::time::interval(std::time::Duration::from_secs(u64::from(minutes) * 60));
    // After a run that took longer than the interval, one run is due and not all that were missed.
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let house = house.clone();
        // A thread of its own, so that no page waits behind a long model.
        let run = tokio::task::spawn_blocking(move || {
            tokio::runtime::Handle::current().block_on(house.run_once(false, Arc::new(|_| {})))
        });
        match run.await {
            Ok(Ok(outcome)) => {
                tracing::info!(state = ?outcome.state, edition = outcome.edition, rows = outcome.rows_landed, "run ended");
            }
            Ok(Err(error)) => tracing::error!(error = %crate::terminal::one_line(&error), "run failed"),
            Err(error) => tracing::error!(%error, "run broke off"),
        }
    }
}

fn administrator(name: &str) -> Principal {
    Principal {
        id: "administrator".to_owned(),
        name: name.to_owned(),
        roles: vec!["administrador".to_owned()],
        attributes: BTreeMap::new(),
    }
}

async fn stop_signal() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending::<()>().await,
        }
    };
    tokio::select! { () = interrupt => {}, () = terminate => {} }
    // Open requests may finish, but a client that never ends must not keep the process.
    tokio::spawn(async {
        tokio::time::sleep(std::time::Duration::from_secs(8)).await;
        std::process::exit(0);
    });
}
