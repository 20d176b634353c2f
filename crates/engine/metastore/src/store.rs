//! Connecting: one writer and a pool of readers on SQLite, one pool on PostgreSQL, migrated at start.
//!
//! Invariant: on SQLite only one connection ever writes, so that no write fails for a lock held by another of ours.

use crate::secrets::{SecretError, Vault};
use migrations::{Migrator, MigratorTrait};
use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{ConnectOptions, Database, DatabaseConnection, DbErr};
use std::path::Path;
use std::time::Duration;

#[derive(Debug, thiserror::Error)]
pub enum MetastoreError {
    #[error(
        "could not open the platform database `{url}`; check the path, its permissions and MIRANTE_DATABASE_URL"
    )]
    Open { url: String, source: DbErr },
    #[error(
        "could not bring the platform database to this version's schema; restore the backup or run the version that wrote it"
    )]
    Migrate { source: DbErr },
    #[error("could not {what}")]
    Query { what: String, source: DbErr },
    #[error(
        "the platform database holds {what} that this version cannot read; was it written by a newer version?"
    )]
    Unreadable { what: String, source: serde_json::Error },
    #[error("there is already a {kind} `{name}`; choose another name or remove that one first")]
    Exists { kind: &'static str, name: String },
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error("there is no {kind} `{name}`")]
    Missing { kind: &'static str, name: String },
}

/// Turns a database error into ours, naming what was tried.
pub(crate) trait Tried<T> {
    fn tried(self, what: &str) -> Result<T, MetastoreError>;
}

impl<T> Tried<T> for Result<T, DbErr> {
    fn tried(self, what: &str) -> Result<T, MetastoreError> {
        self.map_err(|source| MetastoreError::Query { what: what.to_owned(), source })
    }
}

#[derive(Clone)]
pub struct Metastore {
    pub(crate) writer: DatabaseConnection,
    pub(crate) reader: DatabaseConnection,
    pub(crate) vault: Vault,
}

impl Metastore {
    /// Opens (and creates) the SQLite database `mirante.db` in `data`.
    pub async fn open_in(data: &Path) -> Result<Metastore, MetastoreError> {
        let url = format!("sqlite://{}?mode=rwc", data.join("mirante.db").display());
        Metastore::open(&url, Vault::open_in(data)?).await
    }

    /// Opens the database at `url` (`sqlite://…` or `postgres://…`) and migrates it; `vault` seals what is secret in it.
    pub async fn open(url: &str, vault: Vault) -> Result<Metastore, MetastoreError> {
        let sqlite = url.starts_with("sqlite:");
        let writer = connect(url, if sqlite { 1 } else { 8 }).await?;
        Migrator::up(&writer, None).await.map_err(|source| MetastoreError::Migrate { source })?;
        let reader = if sqlite { connect(url, 4).await? } else { writer.clone() };
        Ok(Metastore { writer, reader, vault })
    }

    /// Closes the connections; SQLite then folds its log into the database file.
    pub async fn close(self) -> Result<(), MetastoreError> {
        self.reader.close().await.tried("close the platform database")?;
        self.writer.close().await.tried("close the platform database")
    }
}

async fn connect(url: &str, connections: u32) -> Result<DatabaseConnection, MetastoreError> {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .sqlx_logging(false)
        .acquire_timeout(Duration::from_secs(30))
        .map_sqlx_sqlite_opts(|options| {
            options
                .journal_mode(SqliteJournalMode::Wal)
                // NORMAL loses acknowledged commits at a power cut.
                .synchronous(SqliteSynchronous::Full)
                .foreign_keys(true)
                .busy_timeout(Duration::from_secs(30))
        });
    Database::connect(options)
        .await
        .map_err(|source| MetastoreError::Open { url: without_password(url), source })
}

fn without_password(url: &str) -> String {
    match (url.find("://"), url.rfind('@')) {
        (Some(scheme), Some(at)) if scheme + 3 < at => format!("{}://…{}", &url[..scheme], &url[at..]),
        _ => url.to_owned(),
    }
}

/// Milliseconds since 1970, UTC.
pub fn now_ms() -> i64 {
    chrono::Utc::now().timestamp_millis()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_of_a_bad_url_hides_the_password() {
        assert_eq!(without_password("postgres://ana:segredo@db/x"), "postgres://…@db/x");
        assert_eq!(without_password("sqlite:///tmp/x.db"), "sqlite:///tmp/x.db");
    }
}
