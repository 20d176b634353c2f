//! Packs: which folders of models, checks, metrics and boards the workspace runs.

use crate::store::Tried;
use crate::{Metastore, MetastoreError, now_ms};
use sea_orm::entity::prelude::*;
use sea_orm::{ActiveValue::Set, QueryOrder};
use std::path::PathBuf;

mod entity {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "packs")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub name: String,
        pub kind: String,
        pub directory: Option<String>,
        pub added_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PackPlace {
    /// Shipped inside the binary.
    Builtin,
    /// A folder that its authors edit; each run reads it afresh.
    Directory(PathBuf),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pack {
    pub name: String,
    pub place: PackPlace,
}

impl Metastore {
    /// The packs in the order in which they were added.
    pub async fn packs(&self) -> Result<Vec<Pack>, MetastoreError> {
        let rows = entity::Entity::find()
            .order_by_asc(entity::Column::AddedAt)
            .order_by_asc(entity::Column::Name)
            .all(&self.reader)
            .await
            .tried("list the packs")?;
        Ok(rows
            .into_iter()
            .map(|row| Pack {
                name: row.name,
                place: row.directory.map_or(PackPlace::Builtin, |path| PackPlace::Directory(path.into())),
            })
            .collect())
    }

    /// # Errors
    /// `Exists` when a pack of that name was added before.
    pub async fn add_pack(&self, pack: &Pack) -> Result<(), MetastoreError> {
        if self.packs().await?.iter().any(|other| other.name == pack.name) {
            return Err(MetastoreError::Exists { kind: "pack", name: pack.name.clone() });
        }
        let (kind, directory) = match &pack.place {
            PackPlace::Builtin => ("builtin", None),
            PackPlace::Directory(path) => ("directory", Some(path.display().to_string())),
        };
        entity::Entity::insert(entity::ActiveModel {
            name: Set(pack.name.clone()),
            kind: Set(kind.to_owned()),
            directory: Set(directory),
            added_at: Set(now_ms()),
        })
        .exec_without_returning(&self.writer)
        .await
        .tried("add the pack")?;
        Ok(())
    }

    /// # Errors
    /// `Missing` when there is no such pack.
    pub async fn remove_pack(&self, name: &str) -> Result<(), MetastoreError> {
        let done = entity::Entity::delete_by_id(name).exec(&self.writer).await.tried("remove the pack")?;
        if done.rows_affected == 0 {
            return Err(MetastoreError::Missing { kind: "pack", name: name.to_owned() });
        }
        Ok(())
    }
}
