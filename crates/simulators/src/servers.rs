//! Servers that answer as the company's systems do, over HTTP, with rows of the same company.
//!
//! Meant for development, demonstrations and tests: they listen where they are told, which should be the loopback.
//! Invariant: a server holds no rows of its own; all of them answer from one `World`.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

pub mod certificate;
pub mod misbehaviour;
pub mod odata;
pub mod ploomes;
mod reading;
pub mod sap_b1;
mod serving;
mod table;
pub mod whatsapp;
pub mod world;

pub use certificate::Certificate;
pub use misbehaviour::Misbehaviour;
pub use table::Key;
pub use world::{Change, DealEdit, LedgerRow, World, WorldError};

use serving::Shared;
use table::Table;

/// A system that is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum System {
    Ploomes,
    SapB1,
}

impl System {
    pub const ALL: [System; 2] = [System::Ploomes, System::SapB1];

    /// Names of the entity sets, as in URLs.
    pub fn entities(self) -> impl Iterator<Item = &'static str> {
        self.tables().map(|table| table.name)
    }

    pub(crate) fn tables(self) -> impl Iterator<Item = &'static Table> {
        match self {
            System::Ploomes => ploomes::tables::all(),
            System::SapB1 => sap_b1::tables::all(),
        }
    }

    pub(crate) fn table(self, name: &str) -> Option<&'static Table> {
        self.tables().find(|table| table.name == name)
    }
}

impl fmt::Display for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            System::Ploomes => "Ploomes",
            System::SapB1 => "SAP Business One",
        })
    }
}

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    #[error("cannot listen on `{address}`; give a free port, or 0 for any")]
    Listen { address: SocketAddr, source: std::io::Error },
    #[error("cannot make a certificate")]
    Certificate { source: rcgen::Error },
    #[error("cannot use the certificate")]
    Tls { source: rustls::Error },
}

/// A server that runs until it is stopped or dropped.
#[derive(Debug)]
pub struct Running {
    pub address: SocketAddr,
    /// What the server shows; `None` without TLS.
    pub certificate: Option<Certificate>,
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    task: Option<JoinHandle<()>>,
}

impl Running {
    /// `http://127.0.0.1:1234` or `https://…`, without a slash at the end.
    pub fn url(&self) -> String {
        let scheme = if self.certificate.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// From now on the server misbehaves so.
    pub fn misbehave(&self, misbehaviour: Misbehaviour) {
        self.shared.misbehave(misbehaviour);
    }

    /// How many requests were answered, by path (keys left out) and status; 0 is a connection that was cut.
    pub fn requests(&self) -> BTreeMap<(String, u16), u64> {
        self.shared.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many requests of a path were answered with a status.
    pub fn count(&self, path: &str, status: u16) -> u64 {
        self.requests().get(&(path.to_owned(), status)).copied().unwrap_or_default()
    }

    /// How many requests came in.
    pub fn total(&self) -> u64 {
        self.shared.total()
    }

    /// The server's clock goes on by so much: sessions grow old, and limits are forgotten.
    pub fn pass_time(&self, time: Duration) {
        self.shared.pass_time(time);
    }

    /// Answers what has begun, and ends.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        if let Some(task) = self.task.take() {
            // A task that was aborted or panicked has ended, which is what is wanted.
            let _ = task.await;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }
}
