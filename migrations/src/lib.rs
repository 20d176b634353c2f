//! The schema of the platform database, one file per change, the same on SQLite and PostgreSQL.
//!
//! Holds no queries (`metastore`). Invariant: a migration that has been released is never edited; times are integers of
//! milliseconds since 1970 in UTC, JSON is text, keys are text or 64-bit integers.

pub use sea_orm_migration::prelude::MigratorTrait;
use sea_orm_migration::prelude::*;

mod m20261123_main_job;
mod m20261124_bookmarks;
mod m20261128_syncs;
mod m20261128_users;
mod m20261129_governed_streams;
mod m20261130_accounts;

pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261123_main_job::Migration),
            Box::new(m20261124_bookmarks::Migration),
            Box::new(m20261128_syncs::Migration),
            Box::new(m20261128_users::Migration),
            Box::new(m20261129_governed_streams::Migration),
            Box::new(m20261130_accounts::Migration),
        ]
    }
}
