//! Credentials of people, where their sessions are held, and what a link is for.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, string, text, text_null};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// The columns that sessions get, each with what older rows would hold.
fn of_sessions() -> [ColumnDef; 3] {
    [
        big_integer("seen_at").default(0).take(),
        // What the browser says of itself.
        text("device").default("").take(),
        string("address").default("").take(),
    ]
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let credentials = Table::create()
            .table("credentials")
            .col(string("user").primary_key().take())
            // In small letters; two people never share one.
            .col(string("email").unique_key().take())
            // PHC string of Argon2id; none until the person has set a password.
            .col(text_null("password"))
            .col(big_integer_null("password_at"))
            .col(big_integer_null("locked_until"))
            // Sealed; none without a second step.
            .col(text_null("totp"))
            // The step of the last code that was taken: none is taken twice.
            .col(big_integer("totp_step"))
            .to_owned();
        manager.create_table(credentials).await?;
        let codes = Table::create()
            .table("recovery_codes")
            .col(string("user"))
            .col(string("code_hash"))
            .primary_key(Index::create().col("user").col("code_hash"))
            .to_owned();
        manager.create_table(codes).await?;
        // Sessions and links from before say neither where they are held nor what for; everybody signs in anew.
        for table in ["sessions", "sign_in_links"] {
            manager.exec_stmt(Query::delete().from_table(table).to_owned()).await?;
        }
        for column in of_sessions() {
            manager.alter_table(Table::alter().table("sessions").add_column(column).to_owned()).await?;
        }
        let purpose = string("purpose").default("sign_in").take();
        manager.alter_table(Table::alter().table("sign_in_links").add_column(purpose).to_owned()).await?;
        let by_person =
            Index::create().name("sessions_by_principal").table("sessions").col("principal").to_owned();
        manager.create_index(by_person).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_index(Index::drop().name("sessions_by_principal").table("sessions").to_owned()).await?;
        for (table, column) in [
            ("sign_in_links", "purpose"),
            ("sessions", "seen_at"),
            ("sessions", "device"),
            ("sessions", "address"),
        ] {
            manager.alter_table(Table::alter().table(table).drop_column(column).to_owned()).await?;
        }
        manager.drop_table(Table::drop().table("recovery_codes").to_owned()).await?;
        manager.drop_table(Table::drop().table("credentials").to_owned()).await
    }
}
