//! How sources stand: which streams are read of those that there are, and whether the system lets us in.
//!
//! Apart from `sources`, because syncs write here and people there. Invariant: settings that were changed are tried: what refused the former
//! ones is forgotten with them (`change_source`).

use crate::store::Tried;
use crate::{Metastore, MetastoreError};
use sea_orm::entity::prelude::*;
use sea_orm::{ActiveValue::NotSet, ActiveValue::Set, sea_query::OnConflict};
use std::collections::BTreeSet;

pub(crate) mod entity {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "source_standings")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub source: String,
        pub chosen: Option<String>,
        pub offered: Option<String>,
        pub refused: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// The streams that are read; none for all of them, those that are yet to come included.
    pub chosen: Option<BTreeSet<String>>,
    /// The streams that there are, as the last sync found them, in its order.
    pub offered: Vec<String>,
    /// Why the system let nobody in. Nothing is read by itself until the settings are changed.
    pub refused: Option<String>,
}

impl Standing {
    pub fn reads(&self, stream: &str) -> bool {
        self.chosen.as_ref().is_none_or(|chosen| chosen.contains(stream))
    }
}

impl Metastore {
    pub async fn standing(&self, source: &str) -> Result<Standing, MetastoreError> {
        let found = entity::Entity::find_by_id(source).one(&self.reader).await;
        let Some(row) = found.tried("read how the source stands")? else { return Ok(Standing::default()) };
        let unreadable = |error| MetastoreError::Unreadable {
            what: format!("streams of source `{source}`"),
            source: error,
        };
        Ok(Standing {
            chosen: row.chosen.as_deref().map(serde_json::from_str).transpose().map_err(unreadable)?,
            offered: serde_json::from_str(row.offered.as_deref().unwrap_or("[]")).map_err(unreadable)?,
            refused: row.refused,
        })
    }

    /// Only these streams are read from now on; none for all.
    pub async fn choose_streams(
        &self,
        source: &str,
        chosen: Option<&BTreeSet<String>>,
    ) -> Result<(), MetastoreError> {
        let chosen = Set(chosen.map(|chosen| serde_json::json!(chosen).to_string()));
        let row = entity::ActiveModel { source: Set(source.to_owned()), chosen, ..unset() };
        self.stand(row, entity::Column::Chosen).await
    }

    /// Notes which streams a source has.
    pub async fn note_offered(&self, source: &str, offered: &[String]) -> Result<(), MetastoreError> {
        let offered = Set(Some(serde_json::json!(offered).to_string()));
        let row = entity::ActiveModel { source: Set(source.to_owned()), offered, ..unset() };
        self.stand(row, entity::Column::Offered).await
    }

    /// Notes why the system let nobody in, or that it does.
    pub async fn note_refused(&self, source: &str, refused: Option<&str>) -> Result<(), MetastoreError> {
        let refused = Set(refused.map(str::to_owned));
        let row = entity::ActiveModel { source: Set(source.to_owned()), refused, ..unset() };
        self.stand(row, entity::Column::Refused).await
    }

    async fn stand(&self, row: entity::ActiveModel, column: entity::Column) -> Result<(), MetastoreError> {
        let on_conflict = OnConflict::column(entity::Column::Source).update_column(column).to_owned();
        let inserted = entity::Entity::insert(row).on_conflict(on_conflict);
        inserted.exec_without_returning(&self.writer).await.tried("store how the source stands")?;
        Ok(())
    }
}

fn unset() -> entity::ActiveModel {
    entity::ActiveModel { source: NotSet, chosen: NotSet, offered: NotSet, refused: NotSet }
}
