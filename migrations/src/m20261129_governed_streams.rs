//! What stewards decide about streams: which are read, what changed in their columns, and what a source waits for.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, string, text, text_null};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let standings = Table::create()
            .table("source_standings")
            .col(string("source").primary_key().take())
            // Names of the streams that are read; null for all of them.
            .col(text_null("chosen"))
            // Names of the streams that there are, as the last sync found them.
            .col(text_null("offered"))
            // Why the system let nobody in; null when it did.
            .col(text_null("refused"))
            .to_owned();
        manager.create_table(standings).await?;
        let changes = Table::create()
            .table("stream_changes")
            .col(string("id").primary_key().take())
            .col(string("source"))
            // Empty for what concerns all of them.
            .col(string("stream"))
            .col(big_integer("at"))
            .col(text("change"))
            // `noted`, `held`, `accepted`, `done` or `withdrawn`.
            .col(string("state"))
            // Of an accepted one: the bookmark's number when it was accepted.
            .col(big_integer_null("sequence"))
            .to_owned();
        manager.create_table(changes).await?;
        let by_source = Index::create()
            .name("stream_changes_by_source")
            .table("stream_changes")
            .col("source")
            .col("at")
            .to_owned();
        manager.create_index(by_source).await?;
        let shapes = Table::create()
            .table("stream_shapes")
            .col(string("source"))
            .col(string("stream"))
            .col(text("shape"))
            .primary_key(Index::create().col("source").col("stream"))
            .to_owned();
        manager.create_table(shapes).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["source_standings", "stream_changes", "stream_shapes"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}
