//! The second step of signing in: the sealed secret of codes, which of them were taken, and recovery codes as hashes.
//!
//! Computes no codes (`server`). Invariant: no code is taken twice, by whomever and however many at once.

use crate::credentials::entity as credential;
use crate::sign_in::{self, Purpose, hash};
use crate::store::Tried;
use crate::{Metastore, MetastoreError, sessions};
use sea_orm::entity::prelude::*;
use sea_orm::{ActiveValue::Set, ConnectionTrait, TransactionTrait};

pub(crate) mod entity {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "recovery_codes")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub user: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub code_hash: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A secret is sealed for its person alone.
fn sealed_for(user: &str) -> String {
    format!("second step of {user}")
}

/// Takes the second step away on `connection`.
pub(crate) async fn remove(connection: &impl ConnectionTrait, user: &str) -> Result<(), DbErr> {
    entity::Entity::delete_many().filter(entity::Column::User.eq(user)).exec(connection).await?;
    credential::Entity::update_many()
        .set(credential::ActiveModel { totp: Set(None), ..Default::default() })
        .filter(credential::Column::User.eq(user))
        .exec(connection)
        .await
        .map(drop)
}

impl Metastore {
    /// From now on a code of this secret is asked for, or one of the recovery codes. `step` is of the code that proved that the person has the secret.
    ///
    /// # Errors
    /// `Missing` when the person has no e-mail.
    pub async fn set_second_step(
        &self,
        user: &str,
        secret: &str,
        step: u64,
        recovery: &[String],
    ) -> Result<(), MetastoreError> {
        let what = "store the second step";
        let sealed = self.vault.seal(&sealed_for(user), secret)?;
        let transaction = self.writer.begin().await.tried(what)?;
        remove(&transaction, user).await.tried(what)?;
        let done = credential::Entity::update_many()
            .set(credential::ActiveModel {
                totp: Set(Some(sealed)),
                totp_step: Set(step.cast_signed()),
                ..Default::default()
            })
            .filter(credential::Column::User.eq(user))
            .exec(&transaction)
            .await
            .tried(what)?;
        if done.rows_affected == 0 {
            return Err(MetastoreError::Missing { kind: "person with an e-mail", name: user.to_owned() });
        }
        let codes = recovery
            .iter()
            .map(|code| entity::ActiveModel { user: Set(user.to_owned()), code_hash: Set(hash(code)) });
        entity::Entity::insert_many(codes).exec_without_returning(&transaction).await.tried(what)?;
        transaction.commit().await.tried(what)
    }

    /// The secret of the person's codes; `None` without a second step.
    pub async fn second_step(&self, user: &str) -> Result<Option<String>, MetastoreError> {
        let row =
            credential::Entity::find_by_id(user).one(&self.reader).await.tried("read the second step")?;
        let sealed = row.and_then(|row| row.totp);
        Ok(sealed.map(|sealed| self.vault.open(&sealed_for(user), &sealed)).transpose()?)
    }

    /// Takes the code of this step; whether it was not taken before, nor a later one.
    pub async fn take_step(&self, user: &str, step: u64) -> Result<bool, MetastoreError> {
        let done = credential::Entity::update_many()
            .set(credential::ActiveModel { totp_step: Set(step.cast_signed()), ..Default::default() })
            .filter(credential::Column::User.eq(user))
            .filter(credential::Column::Totp.is_not_null())
            .filter(credential::Column::TotpStep.lt(step.cast_signed()))
            .exec(&self.writer)
            .await
            .tried("take a code")?;
        Ok(done.rows_affected == 1)
    }

    /// Takes a recovery code; whether there was such a one.
    pub async fn take_recovery_code(&self, user: &str, code: &str) -> Result<bool, MetastoreError> {
        let done = entity::Entity::delete_many()
            .filter(entity::Column::User.eq(user))
            .filter(entity::Column::CodeHash.eq(hash(code)))
            .exec(&self.writer)
            .await
            .tried("take a recovery code")?;
        Ok(done.rows_affected == 1)
    }

    /// How many recovery codes are left.
    pub async fn recovery_codes_left(&self, user: &str) -> Result<u64, MetastoreError> {
        use sea_orm::PaginatorTrait;
        let codes = entity::Entity::find().filter(entity::Column::User.eq(user));
        codes.count(&self.reader).await.tried("count the recovery codes")
    }

    /// The password alone is enough again.
    pub async fn remove_second_step(&self, user: &str) -> Result<(), MetastoreError> {
        let what = "remove the second step";
        let transaction = self.writer.begin().await.tried(what)?;
        remove(&transaction, user).await.tried(what)?;
        transaction.commit().await.tried(what)
    }

    /// Seals every secret anew that the newest key did not seal; says how many those were.
    pub async fn reseal_second_steps(&self) -> Result<usize, MetastoreError> {
        let what = "seal the second steps anew";
        let mut resealed = 0;
        loop {
            let rows = credential::Entity::find().filter(credential::Column::Totp.is_not_null());
            let rows = rows.all(&self.reader).await.tried(what)?;
            let stale = rows.into_iter().filter_map(|row| Some((row.user, row.totp?)));
            let stale: Vec<_> = stale.filter(|(_, sealed)| !self.vault.is_fresh(sealed)).collect();
            if stale.is_empty() {
                return Ok(resealed);
            }
            for (user, sealed) in stale {
                let place = sealed_for(&user);
                let fresh = self.vault.seal(&place, &self.vault.open(&place, &sealed)?)?;
                let done = credential::Entity::update_many()
                    .set(credential::ActiveModel { totp: Set(Some(fresh)), ..Default::default() })
                    .filter(credential::Column::User.eq(&user))
                    // Somebody who changes it meanwhile is looked at again.
                    .filter(credential::Column::Totp.eq(&sealed))
                    .exec(&self.writer)
                    .await
                    .tried(what)?;
                resealed += usize::from(done.rows_affected == 1);
            }
        }
    }

    /// Trades what the right password gave for a session, once a code was taken; `None` when it is over.
    pub async fn finish_sign_in(
        &self,
        token: &str,
        device: &sessions::Device,
    ) -> Result<Option<String>, MetastoreError> {
        let what = "sign in";
        let transaction = self.writer.begin().await.tried(what)?;
        let Some(user) = sign_in::use_up(&transaction, token, Purpose::SecondStep).await.tried(what)? else {
            return Ok(None);
        };
        let session = sessions::begin(&transaction, &user, device).await.tried(what)?;
        transaction.commit().await.tried(what)?;
        Ok(Some(session))
    }
}
