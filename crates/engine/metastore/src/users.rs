//! People: their names, roles and attributes.
//!
//! Does not sign anybody in (`sign_in`) and does not know what a role may do (`policy`). Invariant: whoever was removed is nobody at the
//! next request, and an id is never given to somebody else.

use std::collections::BTreeMap;

use contract::Principal;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ConnectionTrait, QueryOrder, TransactionTrait};

use crate::store::Tried;
use crate::{Metastore, MetastoreError, credentials, now_ms, second_step, sessions, sign_in};

pub(crate) mod entity {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "users")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        pub name: String,
        pub roles: String,
        pub attributes: String,
        pub created_at: i64,
        pub removed_at: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The principal of a row; `None` when the person was removed.
pub(crate) fn principal_of(row: entity::Model) -> Result<Option<Principal>, MetastoreError> {
    if row.removed_at.is_some() {
        return Ok(None);
    }
    let unreadable = |source| MetastoreError::Unreadable { what: format!("user `{}`", row.id), source };
    Ok(Some(Principal {
        roles: serde_json::from_str::<Vec<String>>(&row.roles).map_err(unreadable)?,
        attributes: serde_json::from_str::<BTreeMap<String, Vec<String>>>(&row.attributes)
            .map_err(unreadable)?,
        id: row.id,
        name: row.name,
    }))
}

fn row_of(user: &Principal) -> Result<entity::ActiveModel, MetastoreError> {
    let unreadable = |source| MetastoreError::Unreadable { what: format!("user `{}`", user.id), source };
    Ok(entity::ActiveModel {
        id: Set(user.id.clone()),
        name: Set(user.name.clone()),
        roles: Set(serde_json::to_string(&user.roles).map_err(unreadable)?),
        attributes: Set(serde_json::to_string(&user.attributes).map_err(unreadable)?),
        created_at: Set(now_ms()),
        removed_at: Set(None),
    })
}

/// Gives the person another name on `connection`.
pub(crate) async fn rename(connection: &impl ConnectionTrait, id: &str, name: &str) -> Result<(), DbErr> {
    entity::Entity::update_many()
        .set(entity::ActiveModel { name: Set(name.to_owned()), ..Default::default() })
        .filter(entity::Column::Id.eq(id))
        .exec(connection)
        .await
        .map(drop)
}

/// Adds the person on `connection`.
pub(crate) async fn add(connection: &impl ConnectionTrait, user: &Principal) -> Result<(), MetastoreError> {
    let added = entity::Entity::insert(row_of(user)?)
        .on_conflict(OnConflict::column(entity::Column::Id).do_nothing().to_owned())
        .exec_without_returning(connection)
        .await;
    match added {
        Ok(1) => Ok(()),
        Ok(_) | Err(DbErr::RecordNotInserted) => {
            Err(MetastoreError::Exists { kind: "user", name: user.id.clone() })
        }
        Err(error) => Err(error).tried("add the user"),
    }
}

impl Metastore {
    /// Everybody who has not been removed, by id.
    pub async fn users(&self) -> Result<Vec<Principal>, MetastoreError> {
        let rows = entity::Entity::find()
            .order_by_asc(entity::Column::Id)
            .all(&self.reader)
            .await
            .tried("list the users")?;
        rows.into_iter().filter_map(|row| principal_of(row).transpose()).collect()
    }

    pub async fn user(&self, id: &str) -> Result<Option<Principal>, MetastoreError> {
        let row = entity::Entity::find_by_id(id).one(&self.reader).await.tried("read the user")?;
        row.map_or(Ok(None), principal_of)
    }

    /// # Errors
    /// `Exists` when somebody has or had this id.
    pub async fn add_user(&self, user: &Principal) -> Result<(), MetastoreError> {
        add(&self.writer, user).await
    }

    /// Adds a person who signs in with this e-mail, once they have set a password.
    ///
    /// # Errors
    /// `Exists` when somebody has or had this id, or has this e-mail.
    pub async fn invite_user(&self, user: &Principal, email: &str) -> Result<(), MetastoreError> {
        let what = "add the user";
        let transaction = self.writer.begin().await.tried(what)?;
        add(&transaction, user).await?;
        credentials::set_email(&transaction, &user.id, email).await?;
        transaction.commit().await.tried(what)
    }

    /// Whether somebody has or had this id.
    pub async fn is_id_taken(&self, id: &str) -> Result<bool, MetastoreError> {
        Ok(entity::Entity::find_by_id(id).one(&self.reader).await.tried("read the user")?.is_some())
    }

    /// Gives the person another name, other roles and other attributes, from their next request on.
    ///
    /// # Errors
    /// `Missing` when there is no such person.
    pub async fn change_user(&self, user: &Principal) -> Result<(), MetastoreError> {
        let row = row_of(user)?;
        let done = entity::Entity::update_many()
            .set(entity::ActiveModel { created_at: sea_orm::ActiveValue::NotSet, ..row })
            .filter(entity::Column::Id.eq(&user.id))
            .filter(entity::Column::RemovedAt.is_null())
            .exec(&self.writer)
            .await
            .tried("change the user")?;
        if done.rows_affected == 0 {
            return Err(MetastoreError::Missing { kind: "user", name: user.id.clone() });
        }
        Ok(())
    }

    /// Removes the person; their sessions, links and credentials go with them.
    ///
    /// # Errors
    /// `Missing` when there is no such person.
    pub async fn remove_user(&self, id: &str) -> Result<(), MetastoreError> {
        let what = "remove the user";
        let transaction = self.writer.begin().await.tried(what)?;
        let done = entity::Entity::update_many()
            .set(entity::ActiveModel { removed_at: Set(Some(now_ms())), ..Default::default() })
            .filter(entity::Column::Id.eq(id))
            .filter(entity::Column::RemovedAt.is_null())
            .exec(&transaction)
            .await
            .tried(what)?;
        if done.rows_affected == 0 {
            return Err(MetastoreError::Missing { kind: "user", name: id.to_owned() });
        }
        second_step::remove(&transaction, id).await.tried(what)?;
        credentials::entity::Entity::delete_by_id(id).exec(&transaction).await.tried(what)?;
        sessions::end_all(&transaction, id, None).await.tried(what)?;
        sign_in::withdraw(&transaction, id).await.tried(what)?;
        transaction.commit().await.tried(what)
    }
}
