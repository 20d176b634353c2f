//! `mirante serve`: the web server, until it is told to stop.

use super::user;
use crate::config::{Config, Place};
use crate::house::House;
use crate::web;
use anyhow::{Context, Result};
use app::routes;
use contract::Principal;
use metastore::sign_in::Purpose;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

#[derive(clap::Args)]
pub struct Serve {
    /// Address to listen on; port 0 takes a free one
    #[arg(long, env = "MIRANTE_LISTEN", value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
    /// Read no source by schedule; only `mirante run` and people on the page of sources do
    #[arg(long, env = "MIRANTE_NO_SCHEDULE")]
    pub no_schedule: bool,
}

impl Serve {
    pub async fn run(self, place: &Place) -> Result<()> {
        let mut config = Config::load(place)?;
        config.listen = self.listen.unwrap_or(config.listen);
        let listener = listen(&mut config).await?;
        let house = Arc::new(House::open(config).await?);
        if !self.no_schedule {
            tokio::spawn(house.jobs.clone().keep_schedule());
        }
        let way = way_in(&house).await?;
        until_stopped(house, listener, &way).await
    }
}

/// Takes the address, and tells the settings which one it is: links name it.
pub async fn listen(config: &mut Config) -> Result<TcpListener> {
    let listener = TcpListener::bind(config.listen).await.with_context(|| {
        format!("could not listen on {}; is another server there? try --listen", config.listen)
    })?;
    config.listen = listener.local_addr()?;
    Ok(listener)
}

/// Says `way_in` and serves until SIGINT or SIGTERM, then finishes open requests.
pub async fn until_stopped(house: Arc<House>, listener: TcpListener, way_in: &str) -> Result<()> {
    let base = house.config.base();
    let router = web::router(house.clone());
    tokio::spawn(house.jobs.clone().keep_building());
    match house.config.public_url {
        Some(_) => println!("Mirante: {base}, listening on {}", house.config.listen),
        None => println!("Mirante: {base}"),
    }
    println!("{way_in}");
    // The address of whoever asks is told to whoever answers.
    let router = router.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, router).with_graceful_shutdown(stop_signal(house.jobs.stopping.clone())).await?;
    Ok(())
}

/// How the first person comes in, or whoever holds the console, as one line.
async fn way_in(house: &House) -> Result<String> {
    let base = house.config.base();
    if !house.metastore.has_people().await? {
        let token = house.metastore.new_set_up_link().await?;
        return Ok(format!("Set up: {base}{}", routes::set_up(&token)));
    }
    if house.metastore.user(user::CONSOLE).await?.is_some() {
        return by_link(house).await;
    }
    Ok(format!("Sign in: {base}{}", routes::SIGN_IN))
}

/// A link for whoever holds the console.
async fn by_link(house: &House) -> Result<String> {
    let token = house.metastore.new_link(user::CONSOLE, Purpose::SignIn).await?;
    Ok(format!("Sign in: {}/entrar/link?token={token}", house.config.base()))
}

/// The same; whoever it is, is made on the first start and greeted by this name.
pub async fn by_link_of(house: &House, name: &str) -> Result<String> {
    if house.metastore.user(user::CONSOLE).await?.is_none() {
        house.metastore.add_user(&Principal { name: name.to_owned(), ..user::console() }).await?;
    }
    by_link(house).await
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
