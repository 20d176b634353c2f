//! Settings of the workspace: company, time zone, language.

use crate::store::Tried;
use crate::{Metastore, MetastoreError};
use sea_orm::entity::prelude::*;
use sea_orm::{ActiveValue::Set, ConnectionTrait, sea_query::OnConflict};
use serde::{Deserialize, Serialize};

mod entity {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "settings")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub name: String,
        pub value: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workspace {
    pub company: String,
    /// IANA name; days and buckets are in it.
    pub time_zone: String,
    /// `pt-BR` or `en`, for whoever has chosen none; where there is none, the browser's.
    #[serde(default)]
    pub language: Option<String>,
    /// Pretend that this is today: for demonstrations and repeatable tests.
    pub today: Option<chrono::NaiveDate>,
}

impl Default for Workspace {
    fn default() -> Workspace {
        Workspace {
            company: "Mirante".to_owned(),
            time_zone: "America/Sao_Paulo".to_owned(),
            language: None,
            today: None,
        }
    }
}

const WORKSPACE: &str = "workspace";

impl Metastore {
    pub async fn workspace(&self) -> Result<Workspace, MetastoreError> {
        let row = entity::Entity::find_by_id(WORKSPACE)
            .one(&self.reader)
            .await
            .tried("read the workspace's settings")?;
        row.map_or_else(
            || Ok(Workspace::default()),
            |row| {
                serde_json::from_str(&row.value)
                    .map_err(|source| MetastoreError::Unreadable { what: "settings".to_owned(), source })
            },
        )
    }

    pub async fn set_workspace(&self, workspace: &Workspace) -> Result<(), MetastoreError> {
        store(&self.writer, workspace).await
    }
}

/// Stores the settings on `connection`.
pub(crate) async fn store(
    connection: &impl ConnectionTrait,
    workspace: &Workspace,
) -> Result<(), MetastoreError> {
    let value = serde_json::to_string(workspace)
        .map_err(|source| MetastoreError::Unreadable { what: "settings".to_owned(), source })?;
    entity::Entity::insert(entity::ActiveModel { name: Set(WORKSPACE.to_owned()), value: Set(value) })
        .on_conflict(OnConflict::column(entity::Column::Name).update_column(entity::Column::Value).to_owned())
        .exec_without_returning(connection)
        .await
        .tried("store the workspace's settings")?;
    Ok(())
}
