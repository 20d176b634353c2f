//! People, with their roles and attributes; sessions and links name a person instead of carrying a copy of one.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, string, text};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let users = Table::create()
            .table("users")
            .col(string("id").primary_key().take())
            .col(text("name"))
            // JSON: a list of names.
            .col(text("roles"))
            // JSON: name → list of values.
            .col(text("attributes"))
            .col(big_integer("created_at"))
            .col(big_integer_null("removed_at"))
            .to_owned();
        manager.create_table(users).await?;
        // What they hold is no id; everybody signs in anew.
        for table in ["sessions", "sign_in_links"] {
            manager.exec_stmt(Query::delete().from_table(table).to_owned()).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("users").to_owned()).await
    }
}
