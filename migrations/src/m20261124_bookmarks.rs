//! Bookmarks that move in the same commit as their rows (a number that the lake carries too, and what holds once it has moved), and the
//! sealed secrets of sources.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, text_null};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // SQLite takes one change per statement.
        for column in [big_integer("sequence").default(0).take(), text_null("pending").take()] {
            let table = Table::alter().table("stream_states").add_column(column).to_owned();
            manager.alter_table(table).await?;
        }
        let table = Table::alter().table("sources").add_column(text_null("secrets").take()).to_owned();
        manager.alter_table(table).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in ["sequence", "pending"] {
            let table = Table::alter().table("stream_states").drop_column(column).to_owned();
            manager.alter_table(table).await?;
        }
        manager.alter_table(Table::alter().table("sources").drop_column("secrets").to_owned()).await
    }
}
