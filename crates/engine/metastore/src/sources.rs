//! Sources and how far each of their streams has been read.

use crate::store::Tried;
use crate::{Metastore, MetastoreError, changes, now_ms, standings};
use sea_orm::entity::prelude::*;
use sea_orm::{
    ActiveValue::Set,
    QueryOrder, TransactionTrait,
    sea_query::{Expr, OnConflict},
};
use std::collections::BTreeMap;

mod entity {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "sources")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub name: String,
        pub kind: String,
        pub params: String,
        pub promised_minutes: Option<i64>,
        pub added_at: i64,
        pub secrets: Option<String>,
        pub schedule: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod stream {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "stream_states")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub source: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub stream: String,
        pub state: String,
        pub loaded_at: i64,
        pub sequence: i64,
        pub pending: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceRow {
    /// The first part of its raw tables: `raw.<name>__<stream>`.
    pub name: String,
    /// Which connector reads it: `files`.
    pub kind: String,
    pub params: serde_json::Value,
    /// What nobody may see, sealed: parameter → sealed text.
    pub secrets: BTreeMap<String, String>,
    /// How old its data may get before readers are told.
    pub promised_minutes: Option<u64>,
    /// When it is read, in the words of `pipeline::Schedule`; without it, often enough to keep its promise.
    pub schedule: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamState {
    /// The connector's own bookmark.
    pub state: serde_json::Value,
    /// How often it has moved; the lake's commits carry the same number.
    pub sequence: i64,
    /// What the bookmark will be once the lake carries the next number.
    pub pending: Option<serde_json::Value>,
    /// When rows last arrived; milliseconds since 1970, UTC.
    pub loaded_at: i64,
}

impl Metastore {
    pub async fn sources(&self) -> Result<Vec<SourceRow>, MetastoreError> {
        let rows = entity::Entity::find()
            .order_by_asc(entity::Column::Name)
            .all(&self.reader)
            .await
            .tried("list the sources")?;
        rows.into_iter()
            .map(|row| {
                let unreadable = |source| MetastoreError::Unreadable {
                    what: format!("parameters of source `{}`", row.name),
                    source,
                };
                let secrets = row.secrets.as_deref().unwrap_or("{}");
                Ok(SourceRow {
                    params: serde_json::from_str(&row.params).map_err(unreadable)?,
                    secrets: serde_json::from_str(secrets).map_err(unreadable)?,
                    name: row.name,
                    kind: row.kind,
                    schedule: row.schedule,
                    promised_minutes: row.promised_minutes.and_then(|minutes| u64::try_from(minutes).ok()),
                })
            })
            .collect()
    }

    /// Seals every secret anew that the newest key did not seal; says how many those were. All of them are opened before any is stored, and a
    /// source that was changed meanwhile is looked at again.
    pub async fn reseal_secrets(&self) -> Result<usize, MetastoreError> {
        let mut resealed = 0;
        loop {
            let mut stale = Vec::new();
            for source in self.sources().await? {
                let mut secrets = source.secrets.clone();
                for (parameter, sealed) in
                    secrets.iter_mut().filter(|(_, sealed)| !self.vault.is_fresh(sealed))
                {
                    let what = secret_of(&source.name, parameter);
                    *sealed = self.vault.seal(&what, &self.vault.open(&what, sealed)?)?;
                }
                if secrets != source.secrets {
                    stale.push((source, secrets));
                }
            }
            if stale.is_empty() {
                return Ok(resealed);
            }
            const WHAT: &str = "seal the secrets anew";
            let all = self.writer.begin().await.tried(WHAT)?;
            for (source, secrets) in stale {
                let text = |secrets: &BTreeMap<String, String>| serde_json::json!(secrets).to_string();
                let done = entity::Entity::update_many()
                    .col_expr(entity::Column::Secrets, Expr::value(text(&secrets)))
                    .filter(entity::Column::Name.eq(&source.name))
                    .filter(entity::Column::Secrets.eq(text(&source.secrets)))
                    .exec(&all)
                    .await
                    .tried(WHAT)?;
                let changed =
                    secrets.iter().filter(|(name, sealed)| source.secrets.get(*name) != Some(sealed));
                resealed += if done.rows_affected == 1 { changed.count() } else { 0 };
            }
            all.commit().await.tried(WHAT)?;
        }
    }

    /// A secret of a source as it is stored.
    pub fn seal_secret(&self, source: &str, parameter: &str, secret: &str) -> Result<String, MetastoreError> {
        Ok(self.vault.seal(&secret_of(source, parameter), secret)?)
    }

    /// Everything that the connector is told, its secrets opened. For its eyes only.
    pub fn settings_of(&self, source: &SourceRow) -> Result<serde_json::Value, MetastoreError> {
        let mut settings = source.params.clone();
        for (parameter, sealed) in &source.secrets {
            settings[parameter] = self.vault.open(&secret_of(&source.name, parameter), sealed)?.into();
        }
        Ok(settings)
    }

    /// # Errors
    /// `Exists` when a source of that name was added before.
    pub async fn add_source(&self, source: &SourceRow) -> Result<(), MetastoreError> {
        if self.sources().await?.iter().any(|other| other.name == source.name) {
            return Err(MetastoreError::Exists { kind: "source", name: source.name.clone() });
        }
        entity::Entity::insert(entity::ActiveModel {
            name: Set(source.name.clone()),
            kind: Set(source.kind.clone()),
            params: Set(source.params.to_string()),
            promised_minutes: Set(stored(source.promised_minutes)),
            added_at: Set(now_ms()),
            secrets: Set(Some(serde_json::json!(source.secrets).to_string())),
            schedule: Set(source.schedule.clone()),
        })
        .exec_without_returning(&self.writer)
        .await
        .tried("add the source")?;
        Ok(())
    }

    /// Replaces what the connector of a source is told, its promise and its schedule; its bookmarks stay.
    ///
    /// # Errors
    /// `Missing` when there is no such source.
    pub async fn change_source(&self, source: &SourceRow) -> Result<(), MetastoreError> {
        let done = entity::Entity::update_many()
            .col_expr(entity::Column::Kind, Expr::value(source.kind.clone()))
            .col_expr(entity::Column::Params, Expr::value(source.params.to_string()))
            .col_expr(entity::Column::Secrets, Expr::value(serde_json::json!(source.secrets).to_string()))
            .col_expr(entity::Column::PromisedMinutes, Expr::value(stored(source.promised_minutes)))
            .col_expr(entity::Column::Schedule, Expr::value(source.schedule.clone()))
            .filter(entity::Column::Name.eq(&source.name))
            .exec(&self.writer)
            .await
            .tried("change the source")?;
        self.note_refused(&source.name, None).await?;
        match done.rows_affected {
            0 => Err(MetastoreError::Missing { kind: "source", name: source.name.clone() }),
            _ => Ok(()),
        }
    }

    /// Forgets the source and its bookmarks; what it has landed stays in the lake.
    ///
    /// # Errors
    /// `Missing` when there is no such source.
    pub async fn remove_source(&self, name: &str) -> Result<(), MetastoreError> {
        let done = entity::Entity::delete_by_id(name).exec(&self.writer).await.tried("remove the source")?;
        if done.rows_affected == 0 {
            return Err(MetastoreError::Missing { kind: "source", name: name.to_owned() });
        }
        const WHAT: &str = "forget the source's bookmarks";
        let of_source = stream::Entity::delete_many().filter(stream::Column::Source.eq(name));
        of_source.exec(&self.writer).await.tried(WHAT)?;
        let changes = changes::entity::Entity::delete_many();
        changes.filter(changes::entity::Column::Source.eq(name)).exec(&self.writer).await.tried(WHAT)?;
        let shapes = changes::shape::Entity::delete_many();
        shapes.filter(changes::shape::Column::Source.eq(name)).exec(&self.writer).await.tried(WHAT)?;
        standings::entity::Entity::delete_by_id(name).exec(&self.writer).await.tried(WHAT)?;
        Ok(())
    }

    /// The bookmarks of a source by stream.
    pub async fn stream_states(&self, source: &str) -> Result<BTreeMap<String, StreamState>, MetastoreError> {
        let rows = stream::Entity::find()
            .filter(stream::Column::Source.eq(source))
            .all(&self.reader)
            .await
            .tried("read the source's bookmarks")?;
        rows.into_iter()
            .map(|row| {
                let read = |text: &str| {
                    serde_json::from_str(text).map_err(|source| MetastoreError::Unreadable {
                        what: format!("bookmark of stream `{}`", row.stream),
                        source,
                    })
                };
                let (state, pending) = (read(&row.state)?, row.pending.as_deref().map(read).transpose()?);
                let (sequence, loaded_at) = (row.sequence, row.loaded_at);
                Ok((row.stream, StreamState { state, sequence, pending, loaded_at }))
            })
            .collect()
    }

    /// Stores how far a stream has been read, and what will hold once the lake carries the next number.
    pub async fn set_stream_state(
        &self,
        source: &str,
        stream: &str,
        state: &StreamState,
    ) -> Result<(), MetastoreError> {
        store_state(&self.writer, source, stream, state).await
    }
}

/// As [`Metastore::set_stream_state`], as a part of something larger.
pub(crate) async fn store_state(
    database: &impl ConnectionTrait,
    source: &str,
    stream: &str,
    state: &StreamState,
) -> Result<(), MetastoreError> {
    stream::Entity::insert(stream::ActiveModel {
        source: Set(source.to_owned()),
        stream: Set(stream.to_owned()),
        state: Set(state.state.to_string()),
        loaded_at: Set(state.loaded_at),
        sequence: Set(state.sequence),
        pending: Set(state.pending.as_ref().map(ToString::to_string)),
    })
    .on_conflict(
        OnConflict::columns([stream::Column::Source, stream::Column::Stream])
            .update_columns([
                stream::Column::State,
                stream::Column::LoadedAt,
                stream::Column::Sequence,
                stream::Column::Pending,
            ])
            .to_owned(),
    )
    .exec_without_returning(database)
    .await
    .tried("store the stream's bookmark")?;
    Ok(())
}

/// Minutes as the database keeps them; more than two million years are as good as never.
fn stored(minutes: Option<u64>) -> Option<i64> {
    minutes.map(|minutes| minutes.min(1 << 40).cast_signed())
}

/// What a secret is sealed for.
fn secret_of(source: &str, parameter: &str) -> String {
    format!("source `{source}`, `{parameter}`")
}
