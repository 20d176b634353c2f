//! Sessions, as hashes: who is signed in, where, and until when.
//!
//! Does not check how somebody proved who they are (`sign_in`, `credentials`); cookies are `server`'s. Invariant: a session ends after twelve
//! hours without a request, after thirty days, with its person, or when it is ended; from then on it names nobody.

use crate::sign_in::{hash, new_token};
use crate::store::Tried;
use crate::{Metastore, MetastoreError, now_ms};
use contract::Principal;
use sea_orm::entity::prelude::*;
use sea_orm::{ActiveValue::Set, ConnectionTrait, QueryOrder, QuerySelect};

pub(crate) mod entity {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "sessions")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub token_hash: String,
        pub principal: String,
        pub created_at: i64,
        pub expires_at: i64,
        pub seen_at: i64,
        pub device: String,
        pub address: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

const LONGEST_MS: i64 = 30 * 24 * 60 * 60 * 1000;
const IDLE_MS: i64 = 12 * 60 * 60 * 1000;
/// Being seen is written down at most so often.
const NOTED_MS: i64 = 60 * 1000;
/// What a browser says of itself may be long.
const DEVICE_LETTERS: usize = 300;

/// Where a session is held.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Device {
    /// What the browser says of itself.
    pub agent: String,
    /// The address that its requests come from.
    pub address: String,
}

/// A session without what would let somebody use it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// Names the session and signs nobody in.
    pub id: String,
    pub user: String,
    /// Milliseconds since 1970, as are the others.
    pub created_at: i64,
    pub seen_at: i64,
    pub device: Device,
}

fn is_alive(row: &entity::Model, now: i64) -> bool {
    row.expires_at > now && row.seen_at + IDLE_MS > now
}

/// Begins a session on `connection` and gives its token.
pub(crate) async fn begin(
    connection: &impl ConnectionTrait,
    user: &str,
    device: &Device,
) -> Result<String, DbErr> {
    let (token, now) = (new_token(), now_ms());
    entity::Entity::insert(entity::ActiveModel {
        token_hash: Set(hash(&token)),
        principal: Set(user.to_owned()),
        created_at: Set(now),
        expires_at: Set(now + LONGEST_MS),
        seen_at: Set(now),
        device: Set(device.agent.chars().take(DEVICE_LETTERS).collect()),
        address: Set(device.address.clone()),
    })
    .exec_without_returning(connection)
    .await?;
    Ok(token)
}

/// Ends what a person holds on `connection`, but for the session with the id `except`.
pub(crate) async fn end_all(
    connection: &impl ConnectionTrait,
    user: &str,
    except: Option<&str>,
) -> Result<(), DbErr> {
    let mut ended = entity::Entity::delete_many().filter(entity::Column::Principal.eq(user));
    if let Some(except) = except {
        ended = ended.filter(entity::Column::TokenHash.ne(except));
    }
    ended.exec(connection).await.map(drop)
}

impl Metastore {
    /// Begins a session of the person and gives its token.
    pub async fn begin_session(&self, user: &str, device: &Device) -> Result<String, MetastoreError> {
        begin(&self.writer, user, device).await.tried("begin a session")
    }

    /// Who holds this session, as they are now, and the session's id; `None` when it is unknown or over, or the person was removed. Notes that the
    /// session was seen, and from where.
    pub async fn holder(
        &self,
        session: &str,
        address: &str,
    ) -> Result<Option<(Principal, String)>, MetastoreError> {
        let what = "read the session";
        let row = entity::Entity::find_by_id(hash(session)).one(&self.reader).await.tried(what)?;
        let now = now_ms();
        let Some(row) = row.filter(|row| is_alive(row, now)) else { return Ok(None) };
        let Some(principal) = self.user(&row.principal).await? else { return Ok(None) };
        if row.seen_at + NOTED_MS <= now || (row.address != address && !address.is_empty()) {
            let mut seen = entity::ActiveModel { seen_at: Set(now), ..Default::default() };
            if !address.is_empty() {
                seen.address = Set(address.to_owned());
            }
            entity::Entity::update_many()
                .set(seen)
                .filter(entity::Column::TokenHash.eq(&row.token_hash))
                .exec(&self.writer)
                .await
                .tried("note that a session was seen")?;
        }
        Ok(Some((principal, row.token_hash)))
    }

    /// Who holds the session with this id, as they are now, without noting that it was seen: for streams that were opened with it.
    pub async fn holder_of(&self, id: &str) -> Result<Option<Principal>, MetastoreError> {
        let row = entity::Entity::find_by_id(id).one(&self.reader).await.tried("read the session")?;
        match row.filter(|row| is_alive(row, now_ms())) {
            Some(row) => self.user(&row.principal).await,
            None => Ok(None),
        }
    }

    /// The living sessions of a person, or of everybody; the last seen first.
    pub async fn sessions(&self, user: Option<&str>) -> Result<Vec<SessionRow>, MetastoreError> {
        let mut rows = entity::Entity::find().order_by_desc(entity::Column::SeenAt).limit(10_000);
        if let Some(user) = user {
            rows = rows.filter(entity::Column::Principal.eq(user));
        }
        let now = now_ms();
        let rows = rows.all(&self.reader).await.tried("list the sessions")?;
        let row = |row: entity::Model| SessionRow {
            id: row.token_hash,
            user: row.principal,
            created_at: row.created_at,
            seen_at: row.seen_at,
            device: Device { agent: row.device, address: row.address },
        };
        Ok(rows.into_iter().filter(|row| is_alive(row, now)).map(row).collect())
    }

    /// Ends one session of this person.
    ///
    /// # Errors
    /// `Missing` when the person holds no such session.
    pub async fn end_session(&self, user: &str, id: &str) -> Result<(), MetastoreError> {
        let ended = entity::Entity::delete_many()
            .filter(entity::Column::Principal.eq(user))
            .filter(entity::Column::TokenHash.eq(id))
            .exec(&self.writer)
            .await
            .tried("end a session")?;
        match ended.rows_affected {
            0 => Err(MetastoreError::Missing { kind: "session", name: id.to_owned() }),
            _ => Ok(()),
        }
    }

    /// Ends all sessions of this person, but for the one with the id `except`.
    pub async fn end_sessions(&self, user: &str, except: Option<&str>) -> Result<(), MetastoreError> {
        end_all(&self.writer, user, except).await.tried("end the sessions")
    }

    pub async fn sign_out(&self, session: &str) -> Result<(), MetastoreError> {
        entity::Entity::delete_by_id(hash(session)).exec(&self.writer).await.tried("sign out")?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(created_at: i64, seen_at: i64) -> entity::Model {
        entity::Model {
            token_hash: String::new(),
            principal: String::new(),
            created_at,
            expires_at: created_at + LONGEST_MS,
            seen_at,
            device: String::new(),
            address: String::new(),
        }
    }

    #[test]
    fn a_session_ends_after_half_a_day_unseen_and_after_thirty_days_in_any_case() {
        let hour = 60 * 60 * 1000;
        assert!(is_alive(&seen(0, 5 * hour), 16 * hour));
        assert!(!is_alive(&seen(0, 5 * hour), 17 * hour));
        let month = 30 * 24 * hour;
        assert!(is_alive(&seen(0, month - hour), month - 1));
        assert!(!is_alive(&seen(0, month - hour), month));
    }
}
