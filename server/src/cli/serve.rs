//! `mirante serve`: the web server, until it is told to stop.

use super::user;
use crate::config::{Config, Place};
use crate::house::House;
use crate::web;
use anyhow::{Context, Result};
use contract::Principal;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

#[derive(clap::Args)]
pub struct Serve {
    /// Address to listen on; port 0 takes a free one
    #[arg(long, env = "MIRANTE_LISTEN", value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
    /// Read no source by schedule; only `mirante run` and people on the page of sources do
    #[arg(long, env = "MIRANTE_NO_SCHEDULE")]
    pub no_schedule: bool,
    /// Who the sign-in link greets
    #[arg(long, default_value = "Administração", value_name = "NAME")]
    pub greet: String,
}

impl Serve {
    pub async fn run(self, place: &Place) -> Result<()> {
        let mut config = Config::load(place)?;
        config.listen = self.listen.unwrap_or(config.listen);
        let house = Arc::new(House::open(config).await?);
        if !self.no_schedule {
            tokio::spawn(house.jobs.clone().keep_schedule());
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
    let token = house.metastore.new_sign_in_link(&administrator(&house, greet).await?).await?;
    let router = web::router(house.clone());
    tokio::spawn(house.jobs.clone().keep_building());
    println!("Mirante: {base}");
    println!("Sign in: {base}/entrar/link?token={token}");
    axum::serve(listener, router).with_graceful_shutdown(stop_signal(house.jobs.stopping.clone())).await?;
    Ok(())
}

/// The id of whoever holds the console, who is made on the first start.
async fn administrator(house: &House, name: &str) -> Result<String> {
    let console = Principal { name: name.to_owned(), ..user::console() };
    if house.metastore.user(&console.id).await?.is_none() {
        house.metastore.add_user(&console).await?;
    }
    Ok(console.id)
}

async fn stop_signal(stopping: CancellationToken) {
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
    // Syncs end where they are, and pages that wait for news are told that there is none.
    stopping.cancel();
    // Open requests may finish, but a client that never ends must not keep the process.
    tokio::spawn(async {
        tokio::time::sleep(std::time::Duration::from_secs(8)).await;
        std::process::exit(0);
    });
}
