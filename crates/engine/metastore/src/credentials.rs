//! How people prove who they are: their e-mail, the hash of their password, and until when they are locked out.
//!
//! Hashes and compares nothing (`server`). Invariant: one e-mail belongs to one person, and whoever gets another password has no session from
//! before it.

use crate::sessions::{self, Device};
use crate::sign_in::{self, Purpose};
use crate::store::Tried;
use crate::users;
use crate::{Metastore, MetastoreError, now_ms};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ConnectionTrait, SqlErr, TransactionTrait};

pub(crate) mod entity {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "credentials")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub user: String,
        pub email: String,
        pub password: Option<String>,
        pub password_at: Option<i64>,
        pub locked_until: Option<i64>,
        pub totp: Option<String>,
        pub totp_step: i64,
    }

    impl std::fmt::Debug for Model {
        /// Without what is secret.
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.debug_struct("Model").field("user", &self.user).finish_non_exhaustive()
        }
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The credential of one person.
#[derive(Clone)]
pub struct Credential {
    pub user: String,
    pub email: String,
    /// A PHC string; `None` until the person has set a password.
    pub password: Option<String>,
    pub is_locked: bool,
    /// A code is asked for after the password.
    pub has_second_step: bool,
}

impl std::fmt::Debug for Credential {
    /// Without the password, which is nobody's to read.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credential").field("user", &self.user).finish_non_exhaustive()
    }
}

impl From<entity::Model> for Credential {
    fn from(row: entity::Model) -> Credential {
        Credential {
            user: row.user,
            email: row.email,
            password: row.password,
            has_second_step: row.totp.is_some(),
            is_locked: row.locked_until.is_some_and(|until| until > now_ms()),
        }
    }
}

/// E-mails are compared in this form.
pub fn plain_email(email: &str) -> String {
    email.trim().to_lowercase()
}

/// Gives the person an e-mail on `connection`.
pub(crate) async fn set_email(
    connection: &impl ConnectionTrait,
    user: &str,
    email: &str,
) -> Result<(), MetastoreError> {
    let email = plain_email(email);
    let row = entity::ActiveModel {
        user: Set(user.to_owned()),
        email: Set(email.clone()),
        password: Set(None),
        password_at: Set(None),
        locked_until: Set(None),
        totp: Set(None),
        totp_step: Set(0),
    };
    let known = OnConflict::column(entity::Column::User).update_column(entity::Column::Email).to_owned();
    match entity::Entity::insert(row).on_conflict(known).exec_without_returning(connection).await {
        Err(error) if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) => {
            Err(MetastoreError::Exists { kind: "person with the e-mail", name: email })
        }
        done => done.tried("store the e-mail").map(drop),
    }
}

/// Gives the person another password on `connection`; what they held before ends, but for the session with the id `except`.
pub(crate) async fn set_password(
    connection: &impl ConnectionTrait,
    user: &str,
    password: &str,
    except: Option<&str>,
) -> Result<(), MetastoreError> {
    let what = "store the password";
    let done = entity::Entity::update_many()
        .set(entity::ActiveModel {
            password: Set(Some(password.to_owned())),
            password_at: Set(Some(now_ms())),
            locked_until: Set(None),
            ..Default::default()
        })
        .filter(entity::Column::User.eq(user))
        .exec(connection)
        .await
        .tried(what)?;
    if done.rows_affected == 0 {
        return Err(MetastoreError::Missing { kind: "person with an e-mail", name: user.to_owned() });
    }
    sessions::end_all(connection, user, except).await.tried(what)?;
    sign_in::withdraw(connection, user).await.tried(what)
}

impl Metastore {
    pub async fn credentials(&self) -> Result<Vec<Credential>, MetastoreError> {
        let rows = entity::Entity::find().all(&self.reader).await.tried("list the credentials")?;
        Ok(rows.into_iter().map(Credential::from).collect())
    }

    pub async fn credential(&self, user: &str) -> Result<Option<Credential>, MetastoreError> {
        let row = entity::Entity::find_by_id(user).one(&self.reader).await.tried("read the credential")?;
        Ok(row.map(Credential::from))
    }

    pub async fn credential_with(&self, email: &str) -> Result<Option<Credential>, MetastoreError> {
        let row = entity::Entity::find()
            .filter(entity::Column::Email.eq(plain_email(email)))
            .one(&self.reader)
            .await
            .tried("read the credential")?;
        Ok(row.map(Credential::from))
    }

    /// # Errors
    /// `Exists` when it is somebody else's.
    pub async fn set_email(&self, user: &str, email: &str) -> Result<(), MetastoreError> {
        set_email(&self.writer, user, email).await
    }

    /// Stores the hash of another password. All other sessions of the person end, and their links stop working.
    ///
    /// # Errors
    /// `Missing` when the person has no e-mail.
    pub async fn set_password(
        &self,
        user: &str,
        password: &str,
        except: Option<&str>,
    ) -> Result<(), MetastoreError> {
        let what = "store the password";
        let transaction = self.writer.begin().await.tried(what)?;
        set_password(&transaction, user, password, except).await?;
        transaction.commit().await.tried(what)
    }

    /// Nobody signs in with this person's password for `seconds`.
    pub async fn lock(&self, user: &str, seconds: u64) -> Result<(), MetastoreError> {
        let until = now_ms().saturating_add_unsigned(seconds.saturating_mul(1000));
        entity::Entity::update_many()
            .set(entity::ActiveModel { locked_until: Set(Some(until)), ..Default::default() })
            .filter(entity::Column::User.eq(user))
            .exec(&self.writer)
            .await
            .tried("lock a person out")?;
        Ok(())
    }

    /// Trades a link for a password: stores its hash and, when it is told, the name that the person is greeted by. The token of a session, or
    /// none for somebody who has a second step to take; `None` altogether when the link does not work.
    pub async fn accept(
        &self,
        token: &str,
        name: Option<&str>,
        password: &str,
        device: &Device,
    ) -> Result<Option<Option<String>>, MetastoreError> {
        let what = "set a password";
        let transaction = self.writer.begin().await.tried(what)?;
        let Some(user) = sign_in::use_up(&transaction, token, Purpose::Password).await.tried(what)? else {
            return Ok(None);
        };
        if let Some(name) = name {
            users::rename(&transaction, &user, name).await.tried(what)?;
        }
        set_password(&transaction, &user, password, None).await?;
        let row = entity::Entity::find_by_id(&user).one(&transaction).await.tried(what)?;
        let session = match row.is_some_and(|row| row.totp.is_some()) {
            true => None,
            false => Some(sessions::begin(&transaction, &user, device).await.tried(what)?),
        };
        transaction.commit().await.tried(what)?;
        Ok(Some(session))
    }
}
