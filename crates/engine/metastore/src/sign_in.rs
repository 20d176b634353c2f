//! Links that work once, as hashes: whoever reads this database can sign in as nobody.
//!
//! Does not make or compare tokens for anyone but itself; sessions are `sessions`', passwords `credentials`'. Invariant: a link works once, for what
//! it was made for, and not after its time.

use crate::sessions::{self, Device};
use crate::store::Tried;
use crate::{Metastore, MetastoreError, now_ms};
use sea_orm::entity::prelude::*;
use sea_orm::{ActiveValue::Set, ConnectionTrait, TransactionTrait};
use sha2::{Digest, Sha256};

mod entity {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "sign_in_links")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub token_hash: String,
        pub principal: String,
        pub expires_at: i64,
        pub purpose: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Signs the person in.
    SignIn,
    /// Lets the person set a password: the first one, or another instead of a forgotten one.
    Password,
    /// Somebody whose password was right has yet to tell a code.
    SecondStep,
    /// Lets whoever sees the console set the workspace up; nobody's.
    SetUp,
}

impl Purpose {
    fn name(self) -> &'static str {
        match self {
            Purpose::SignIn => "sign_in",
            Purpose::Password => "password",
            Purpose::SecondStep => "second_step",
            Purpose::SetUp => "set_up",
        }
    }

    /// How long a link holds. An invitation waits for somebody to read their mail.
    pub fn days(self) -> i64 {
        self.span_ms() / DAY_MS
    }

    fn span_ms(self) -> i64 {
        match self {
            Purpose::SignIn | Purpose::SetUp => DAY_MS,
            Purpose::Password => 7 * DAY_MS,
            Purpose::SecondStep => 10 * 60 * 1000,
        }
    }
}

/// 256 bits from the system's generator, in hexadecimal.
pub(crate) fn new_token() -> String {
    let mut token = String::with_capacity(64);
    for _ in 0..2 {
        token.push_str(&uuid::Uuid::new_v4().simple().to_string());
    }
    token
}

pub(crate) fn hash(token: &str) -> String {
    Sha256::digest(token.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn found(
    connection: &impl ConnectionTrait,
    token: &str,
    purpose: Purpose,
) -> Result<Option<entity::Model>, DbErr> {
    let row = entity::Entity::find_by_id(hash(token)).one(connection).await?;
    Ok(row.filter(|row| row.purpose == purpose.name() && row.expires_at > now_ms()))
}

/// Uses the link up on `connection`; whose it was, or `None` when it is unknown, used, over or for something else.
pub(crate) async fn use_up(
    connection: &impl ConnectionTrait,
    token: &str,
    purpose: Purpose,
) -> Result<Option<String>, DbErr> {
    let Some(row) = found(connection, token, purpose).await? else { return Ok(None) };
    // Whoever deletes it has it: of two at once one finds nothing to delete.
    let gone = entity::Entity::delete_by_id(row.token_hash).exec(connection).await?;
    Ok((gone.rows_affected == 1).then_some(row.principal))
}

/// Takes all links of a person away on `connection`.
pub(crate) async fn withdraw(connection: &impl ConnectionTrait, user: &str) -> Result<(), DbErr> {
    entity::Entity::delete_many().filter(entity::Column::Principal.eq(user)).exec(connection).await.map(drop)
}

impl Metastore {
    /// A one-time token of the person with this id. Earlier links of the same person for the same purpose stop working.
    pub async fn new_link(&self, user: &str, purpose: Purpose) -> Result<String, MetastoreError> {
        let what = "make a link";
        let token = new_token();
        entity::Entity::delete_many()
            .filter(entity::Column::Principal.eq(user))
            .filter(entity::Column::Purpose.eq(purpose.name()))
            .exec(&self.writer)
            .await
            .tried(what)?;
        entity::Entity::insert(entity::ActiveModel {
            token_hash: Set(hash(&token)),
            principal: Set(user.to_owned()),
            expires_at: Set(now_ms() + purpose.span_ms()),
            purpose: Set(purpose.name().to_owned()),
        })
        .exec_without_returning(&self.writer)
        .await
        .tried(what)?;
        Ok(token)
    }

    /// Whose link this is, without using it up; `None` when it would not work.
    pub async fn look_at_link(
        &self,
        token: &str,
        purpose: Purpose,
    ) -> Result<Option<String>, MetastoreError> {
        Ok(found(&self.reader, token, purpose).await.tried("read a link")?.map(|row| row.principal))
    }

    /// Trades a link's token for a session's token; `None` when the link does not work.
    pub async fn sign_in(&self, token: &str, device: &Device) -> Result<Option<String>, MetastoreError> {
        let what = "sign in";
        let transaction = self.writer.begin().await.tried(what)?;
        let Some(user) = use_up(&transaction, token, Purpose::SignIn).await.tried(what)? else {
            return Ok(None);
        };
        let session = sessions::begin(&transaction, &user, device).await.tried(what)?;
        transaction.commit().await.tried(what)?;
        Ok(Some(session))
    }
}
