//! Sign-in links and sessions, as hashes: whoever reads this database can sign in as nobody.
//!
//! Does not make or compare tokens for anyone but itself; cookies are `server`'s. Invariant: a link works once.

use crate::store::Tried;
use crate::{Metastore, MetastoreError, now_ms};
use contract::Principal;
use sea_orm::ActiveValue::Set;
use sea_orm::TransactionTrait;
use sea_orm::entity::prelude::*;
use sha2::{Digest, Sha256};

mod link {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "sign_in_links")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub token_hash: String,
        pub principal: String,
        pub expires_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod session {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "sessions")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub token_hash: String,
        pub principal: String,
        pub created_at: i64,
        pub expires_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

const LINK_MS: i64 = 24 * 60 * 60 * 1000;
const SESSION_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// 256 bits from the system's generator, in hexadecimal.
fn new_token() -> String {
    let mut token = String::with_capacity(64);
    for _ in 0..2 {
        token.push_str(&uuid::Uuid::new_v4().simple().to_string());
    }
    token
}

fn hash(token: &str) -> String {
    Sha256::digest(token.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Metastore {
    /// A one-time token that signs the person with this id in within a day. Earlier links for the same person stop working.
    pub async fn new_sign_in_link(&self, user: &str) -> Result<String, MetastoreError> {
        let what = "make a sign-in link";
        let token = new_token();
        link::Entity::delete_many()
            .filter(link::Column::Principal.eq(user))
            .exec(&self.writer)
            .await
            .tried(what)?;
        link::Entity::insert(link::ActiveModel {
            token_hash: Set(hash(&token)),
            principal: Set(user.to_owned()),
            expires_at: Set(now_ms() + LINK_MS),
        })
        .exec_without_returning(&self.writer)
        .await
        .tried(what)?;
        Ok(token)
    }

    /// Trades a link's token for a session's token; `None` when the link is unknown, used or expired.
    pub async fn sign_in(&self, token: &str) -> Result<Option<String>, MetastoreError> {
        let what = "sign in";
        let transaction = self.writer.begin().await.tried(what)?;
        let Some(row) = link::Entity::find_by_id(hash(token)).one(&transaction).await.tried(what)? else {
            return Ok(None);
        };
        link::Entity::delete_by_id(row.token_hash).exec(&transaction).await.tried(what)?;
        let session = (row.expires_at > now_ms()).then(new_token);
        if let Some(session) = &session {
            session::Entity::insert(session::ActiveModel {
                token_hash: Set(hash(session)),
                principal: Set(row.principal),
                created_at: Set(now_ms()),
                expires_at: Set(now_ms() + SESSION_MS),
            })
            .exec_without_returning(&transaction)
            .await
            .tried(what)?;
        }
        transaction.commit().await.tried(what)?;
        Ok(session)
    }

    /// Who holds this session, as they are now; `None` when it is unknown or expired, or the person was removed.
    pub async fn principal(&self, session: &str) -> Result<Option<Principal>, MetastoreError> {
        let what = "read the session";
        let row = session::Entity::find_by_id(hash(session)).one(&self.reader).await.tried(what)?;
        match row.filter(|row| row.expires_at > now_ms()) {
            Some(row) => self.user(&row.principal).await,
            None => Ok(None),
        }
    }

    pub async fn sign_out(&self, session: &str) -> Result<(), MetastoreError> {
        session::Entity::delete_by_id(hash(session)).exec(&self.writer).await.tried("sign out")?;
        Ok(())
    }
}
