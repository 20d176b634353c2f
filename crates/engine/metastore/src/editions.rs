//! Editions: the numbered sets of tables that readers see, and since when each definition has been what it is.

use crate::runs::rfc3339;
use crate::store::Tried;
use crate::{Metastore, MetastoreError, now_ms};
use chrono::NaiveDate;
use sea_orm::entity::prelude::*;
use sea_orm::{ActiveValue::Set, QueryOrder, QuerySelect, TransactionTrait, sea_query::OnConflict};
use std::collections::BTreeMap;

mod entity {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "editions")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i64,
        pub run: String,
        pub published_at: i64,
        pub as_of: String,
        pub relations: String,
        pub bundle: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod definition {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "definitions")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub metric: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub hash: String,
        pub first_seen_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A published edition. `relations` and `bundle` are opaque here: `pipeline` writes them and reads them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditionRow {
    pub number: u64,
    pub run: String,
    /// Milliseconds since 1970, UTC.
    pub published_at: i64,
    pub as_of: NaiveDate,
    /// Which version of which table.
    pub relations: serde_json::Value,
    /// The definitions that belong to those tables: metrics, boards, lineage.
    pub bundle: serde_json::Value,
}

impl EditionRow {
    pub fn published_rfc3339(&self) -> String {
        rfc3339(self.published_at)
    }
}

/// What a run wants to publish.
#[derive(Debug, Clone)]
pub struct NewEdition {
    pub run: String,
    pub as_of: NaiveDate,
    pub relations: serde_json::Value,
    pub bundle: serde_json::Value,
    /// Metric → hash of its definition.
    pub definitions: BTreeMap<String, String>,
}

impl Metastore {
    /// Publishes: from the moment this answers, readers see the new edition, whole.
    pub async fn publish(&self, new: &NewEdition) -> Result<u64, MetastoreError> {
        let what = "publish the edition";
        let transaction = self.writer.begin().await.tried(what)?;
        let last = entity::Entity::find()
            .select_only()
            .column(entity::Column::Number)
            .order_by_desc(entity::Column::Number)
            .into_tuple::<i64>()
            .one(&transaction)
            .await
            .tried(what)?;
        let number = last.unwrap_or(0) + 1;
        entity::Entity::insert(entity::ActiveModel {
            number: Set(number),
            run: Set(new.run.clone()),
            published_at: Set(now_ms()),
            as_of: Set(new.as_of.to_string()),
            relations: Set(new.relations.to_string()),
            bundle: Set(new.bundle.to_string()),
        })
        .exec_without_returning(&transaction)
        .await
        .tried(what)?;
        for (metric, hash) in &new.definitions {
            definition::Entity::insert(definition::ActiveModel {
                metric: Set(metric.clone()),
                hash: Set(hash.clone()),
                first_seen_at: Set(now_ms()),
            })
            .on_conflict(
                OnConflict::columns([definition::Column::Metric, definition::Column::Hash])
                    .do_nothing()
                    .to_owned(),
            )
            .exec_without_returning(&transaction)
            .await
            .tried(what)?;
        }
        transaction.commit().await.tried(what)?;
        Ok(number.cast_unsigned())
    }

    /// The current edition, or the one of that number.
    pub async fn edition(&self, number: Option<u64>) -> Result<Option<EditionRow>, MetastoreError> {
        let query = match number {
            Some(number) => entity::Entity::find_by_id(number.cast_signed()),
            None => entity::Entity::find().order_by_desc(entity::Column::Number),
        };
        query.one(&self.reader).await.tried("read the edition")?.map(row).transpose()
    }

    /// The newest editions first.
    pub async fn editions(&self, limit: u32) -> Result<Vec<EditionRow>, MetastoreError> {
        let rows = entity::Entity::find()
            .order_by_desc(entity::Column::Number)
            .limit(u64::from(limit))
            .all(&self.reader)
            .await
            .tried("list the editions")?;
        rows.into_iter().map(row).collect()
    }

    /// Number of the current edition: cheap enough to ask on every request.
    pub async fn current_number(&self) -> Result<Option<u64>, MetastoreError> {
        let number = entity::Entity::find()
            .select_only()
            .column(entity::Column::Number)
            .order_by_desc(entity::Column::Number)
            .into_tuple::<i64>()
            .one(&self.reader)
            .await
            .tried("read the current edition's number")?;
        Ok(number.map(i64::cast_unsigned))
    }

    /// Forgets all but the newest `keep` editions, so that upkeep may free their files.
    pub async fn forget_editions_before(&self, keep: u32) -> Result<u64, MetastoreError> {
        let Some(current) = self.current_number().await? else { return Ok(0) };
        let done = entity::Entity::delete_many()
            .filter(entity::Column::Number.lte(current.cast_signed() - i64::from(keep)))
            .exec(&self.writer)
            .await
            .tried("forget old editions")?;
        Ok(done.rows_affected)
    }

    /// When the definition with this hash was first published; milliseconds since 1970, UTC.
    pub async fn definition_since(&self, metric: &str, hash: &str) -> Result<Option<i64>, MetastoreError> {
        let row = definition::Entity::find_by_id((metric.to_owned(), hash.to_owned()))
            .one(&self.reader)
            .await
            .tried("read when the definition changed")?;
        Ok(row.map(|row| row.first_seen_at))
    }
}

fn row(row: entity::Model) -> Result<EditionRow, MetastoreError> {
    let unreadable = |source| MetastoreError::Unreadable { what: format!("edition {}", row.number), source };
    Ok(EditionRow {
        number: row.number.cast_unsigned(),
        published_at: row.published_at,
        as_of: row.as_of.parse().map_err(|_| unreadable(serde::de::Error::custom("`as_of` is no date")))?,
        relations: serde_json::from_str(&row.relations).map_err(unreadable)?,
        bundle: serde_json::from_str(&row.bundle).map_err(unreadable)?,
        run: row.run,
    })
}
