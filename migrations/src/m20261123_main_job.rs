//! Sources, packs, runs, editions, check results, definitions and sign-in: what the main job needs.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, string, string_null, text, text_null};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        // SQLite would otherwise keep half a schema after a crash.
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in tables() {
            manager.create_table(table).await?;
        }
        manager
            .create_index(
                Index::create().name("check_results_by_run").table("check_results").col("run").to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in [
            "sessions",
            "sign_in_links",
            "definitions",
            "check_results",
            "editions",
            "runs",
            "stream_states",
            "sources",
            "packs",
            "settings",
        ] {
            manager.drop_table(Table::drop().table(name).to_owned()).await?;
        }
        Ok(())
    }
}

fn key(name: &'static str) -> ColumnDef {
    string(name).primary_key().take()
}

fn tables() -> Vec<TableCreateStatement> {
    vec![
        Table::create().table("settings").col(key("name")).col(text("value")).to_owned(),
        Table::create()
            .table("packs")
            .col(key("name"))
            // `builtin` or `directory`.
            .col(string("kind"))
            .col(text_null("directory"))
            .col(big_integer("added_at"))
            .to_owned(),
        Table::create()
            .table("sources")
            .col(key("name"))
            .col(string("kind"))
            .col(text("params"))
            .col(big_integer_null("promised_minutes"))
            .col(big_integer("added_at"))
            .to_owned(),
        Table::create()
            .table("stream_states")
            .col(string("source"))
            .col(string("stream"))
            .col(text("state"))
            .col(big_integer("loaded_at"))
            .primary_key(Index::create().col("source").col("stream"))
            .to_owned(),
        Table::create()
            .table("runs")
            .col(key("id"))
            .col(big_integer("started_at"))
            .col(big_integer_null("finished_at"))
            .col(string("state"))
            .col(big_integer_null("edition"))
            .col(big_integer("rows_landed"))
            .col(big_integer("rows_rejected"))
            .col(text_null("message"))
            .to_owned(),
        Table::create()
            .table("editions")
            .col(big_integer("number").primary_key().take())
            .col(string("run"))
            .col(big_integer("published_at"))
            // ISO date.
            .col(string("as_of"))
            .col(text("relations"))
            .col(text("bundle"))
            .to_owned(),
        Table::create()
            .table("check_results")
            .col(string("run"))
            .col(string("name"))
            .col(string("relation"))
            .col(string_null("column"))
            .col(string("status"))
            .col(big_integer("failures"))
            .col(text("sample"))
            .col(big_integer("at"))
            .primary_key(Index::create().col("run").col("name"))
            .to_owned(),
        Table::create()
            .table("definitions")
            .col(string("metric"))
            .col(string("hash"))
            .col(big_integer("first_seen_at"))
            .primary_key(Index::create().col("metric").col("hash"))
            .to_owned(),
        Table::create()
            .table("sign_in_links")
            .col(key("token_hash"))
            .col(text("principal"))
            .col(big_integer("expires_at"))
            .to_owned(),
        Table::create()
            .table("sessions")
            .col(key("token_hash"))
            .col(text("principal"))
            .col(big_integer("created_at"))
            .col(big_integer("expires_at"))
            .to_owned(),
    ]
}
