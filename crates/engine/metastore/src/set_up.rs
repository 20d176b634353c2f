//! The first run: a workspace with nobody in it gets its name and its first person, once.
//!
//! Checks nothing of what it is told (`server`). Invariant: only while nobody is in it, and only through a link of the console.

use crate::sessions::{self, Device};
use crate::settings::{self, Workspace};
use crate::sign_in::{self, Purpose};
use crate::store::Tried;
use crate::users::entity;
use crate::{Metastore, MetastoreError, credentials, users};
use contract::Principal;
use sea_orm::TransactionTrait;
use sea_orm::entity::prelude::*;
use sea_orm::{ConnectionTrait, PaginatorTrait};

/// Set-up links are nobody's.
const NOBODY: &str = "";

/// The first person of a workspace.
pub struct First<'a> {
    pub person: &'a Principal,
    pub email: &'a str,
    /// A PHC string.
    pub password: &'a str,
}

async fn has_people(connection: &impl ConnectionTrait) -> Result<bool, DbErr> {
    let people = entity::Entity::find().filter(entity::Column::RemovedAt.is_null());
    Ok(people.count(connection).await? > 0)
}

impl Metastore {
    pub async fn has_people(&self) -> Result<bool, MetastoreError> {
        has_people(&self.reader).await.tried("count the people")
    }

    /// A one-time token with which somebody sets the workspace up; earlier ones stop working.
    pub async fn new_set_up_link(&self) -> Result<String, MetastoreError> {
        self.new_link(NOBODY, Purpose::SetUp).await
    }

    /// Whether this token would set the workspace up.
    pub async fn may_set_up(&self, token: &str) -> Result<bool, MetastoreError> {
        Ok(self.look_at_link(token, Purpose::SetUp).await?.is_some() && !self.has_people().await?)
    }

    /// Names the workspace and adds its first person, all or nothing. The token of their session; `None` when the link does not work or
    /// somebody is here already.
    ///
    /// # Errors
    /// `Exists` when somebody who was removed had the person's id.
    pub async fn set_up(
        &self,
        token: &str,
        workspace: &Workspace,
        first: &First<'_>,
        device: &Device,
    ) -> Result<Option<String>, MetastoreError> {
        let what = "set the workspace up";
        let transaction = self.writer.begin().await.tried(what)?;
        if sign_in::use_up(&transaction, token, Purpose::SetUp).await.tried(what)?.is_none()
            || has_people(&transaction).await.tried(what)?
        {
            return Ok(None);
        }
        let id = &first.person.id;
        users::add(&transaction, first.person).await?;
        credentials::set_email(&transaction, id, first.email).await?;
        credentials::set_password(&transaction, id, first.password, None).await?;
        settings::store(&transaction, workspace).await?;
        let session = sessions::begin(&transaction, id, device).await.tried(what)?;
        transaction.commit().await.tried(what)?;
        Ok(Some(session))
    }
}
