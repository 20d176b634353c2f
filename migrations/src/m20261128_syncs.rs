//! Syncs, one per time that a source was read, and the schedule that a person gave a source.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, string, text_null};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let syncs = Table::create()
            .table("syncs")
            .col(string("id").primary_key().take())
            .col(string("source"))
            // `schedule`, `person` or `run`.
            .col(string("trigger"))
            .col(big_integer("started_at"))
            .col(big_integer_null("finished_at"))
            .col(string("state"))
            .col(big_integer("rows"))
            .col(big_integer("rejected"))
            .col(text_null("message"))
            .to_owned();
        manager.create_table(syncs).await?;
        let by_source =
            Index::create().name("syncs_by_source").table("syncs").col("source").col("started_at").to_owned();
        manager.create_index(by_source).await?;
        let schedule = Table::alter().table("sources").add_column(text_null("schedule").take()).to_owned();
        manager.alter_table(schedule).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("syncs").to_owned()).await?;
        manager.alter_table(Table::alter().table("sources").drop_column("schedule").to_owned()).await
    }
}
