//! What changed in the streams of sources, and where they start again.
//!
//! Decides nothing (`pipeline`). Invariant: a stream's bookmark and the decision that moved it are stored in one step.

use crate::runs::rfc3339;
use crate::sources::StreamState;
use crate::store::Tried;
use crate::{Metastore, MetastoreError, now_ms};
use contract::changes::{ChangeCard, ChangeState, StreamChange};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue::Set, QueryOrder, QuerySelect, TransactionTrait};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub(crate) mod entity {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "stream_changes")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        pub source: String,
        pub stream: String,
        pub at: i64,
        pub change: String,
        pub state: String,
        pub sequence: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod shape {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "stream_shapes")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub source: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub stream: String,
        pub shape: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What a stream was like when it was landed last, beyond what its table tells.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamShape {
    /// Columns that its rows were merged by; empty when they were not.
    pub key: Vec<String>,
    /// Columns that came with it; of files none, because each may have others.
    pub columns: Vec<String>,
}

/// A change that is still of consequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenChange {
    pub stream: String,
    pub change: StreamChange,
    /// When it was accepted: the number of the stream's bookmark at that moment.
    pub accepted_at: Option<i64>,
}

impl Metastore {
    /// Changes of a source, newest first.
    pub async fn changes(&self, source: &str, limit: u64) -> Result<Vec<ChangeCard>, MetastoreError> {
        let rows = entity::Entity::find()
            .filter(entity::Column::Source.eq(source))
            .order_by_desc(entity::Column::At)
            .order_by_desc(entity::Column::Id)
            .limit(limit)
            .all(&self.reader)
            .await
            .tried("list the changes of the source")?;
        let card = |row: entity::Model| {
            Ok(ChangeCard {
                change: read(&row.change)?,
                state: state_of(&row.state),
                at: rfc3339(row.at),
                id: row.id,
                stream: row.stream,
            })
        };
        rows.into_iter().map(card).collect()
    }

    /// What is held or accepted of a source.
    pub async fn open_changes(&self, source: &str) -> Result<Vec<OpenChange>, MetastoreError> {
        let open = [ChangeState::Held, ChangeState::Accepted].map(ChangeState::word);
        let rows = entity::Entity::find()
            .filter(entity::Column::Source.eq(source))
            .filter(entity::Column::State.is_in(open))
            .all(&self.reader)
            .await
            .tried("list the changes of the source")?;
        let open = |row: entity::Model| {
            Ok(OpenChange { change: read(&row.change)?, accepted_at: row.sequence, stream: row.stream })
        };
        rows.into_iter().map(open).collect()
    }

    pub async fn add_change(
        &self,
        source: &str,
        stream: &str,
        change: &StreamChange,
        state: ChangeState,
    ) -> Result<(), MetastoreError> {
        let row = row(source, stream, change, state);
        let added = entity::Entity::insert(row).exec_without_returning(&self.writer).await;
        added.tried("note a change of the stream")?;
        Ok(())
    }

    /// Gives the changes of a stream that are in one state another.
    pub async fn settle_changes(
        &self,
        source: &str,
        stream: &str,
        (from, to): (ChangeState, ChangeState),
    ) -> Result<(), MetastoreError> {
        self.moved(source, stream, (from, to), None)
            .exec(&self.writer)
            .await
            .tried("settle the changes of the stream")?;
        Ok(())
    }

    fn moved(
        &self,
        source: &str,
        stream: &str,
        (from, to): (ChangeState, ChangeState),
        sequence: Option<i64>,
    ) -> sea_orm::UpdateMany<entity::Entity> {
        entity::Entity::update_many()
            .col_expr(entity::Column::State, Expr::value(to.word()))
            .col_expr(entity::Column::Sequence, Expr::value(sequence))
            .filter(entity::Column::Source.eq(source))
            .filter(entity::Column::Stream.eq(stream))
            .filter(entity::Column::State.eq(from.word()))
    }

    /// Accepts what is held of a stream: its bookmark is `state` from now on, and its table starts again.
    pub async fn accept_changes(
        &self,
        source: &str,
        stream: &str,
        state: &StreamState,
    ) -> Result<(), MetastoreError> {
        const WHAT: &str = "accept the changes of the stream";
        let both = self.writer.begin().await.tried(WHAT)?;
        let from_to = (ChangeState::Held, ChangeState::Accepted);
        self.moved(source, stream, from_to, Some(state.sequence)).exec(&both).await.tried(WHAT)?;
        crate::sources::store_state(&both, source, stream, state).await?;
        both.commit().await.tried(WHAT)
    }

    /// Moves the bookmarks of several streams, and notes why: all of it or nothing.
    pub async fn rewind_streams(
        &self,
        source: &str,
        states: &[(String, StreamState)],
        why: &StreamChange,
    ) -> Result<(), MetastoreError> {
        const WHAT: &str = "move the bookmarks of the source";
        let all = self.writer.begin().await.tried(WHAT)?;
        for (stream, state) in states {
            crate::sources::store_state(&all, source, stream, state).await?;
        }
        let note = row(source, "", why, ChangeState::Noted);
        entity::Entity::insert(note).exec_without_returning(&all).await.tried(WHAT)?;
        all.commit().await.tried(WHAT)
    }

    /// The shapes of a source's streams.
    pub async fn stream_shapes(&self, source: &str) -> Result<BTreeMap<String, StreamShape>, MetastoreError> {
        let rows = shape::Entity::find().filter(shape::Column::Source.eq(source)).all(&self.reader).await;
        let rows = rows.tried("read the shapes of the source's streams")?;
        rows.into_iter().map(|row| Ok((row.stream, read(&row.shape)?))).collect()
    }

    pub async fn set_stream_shape(
        &self,
        source: &str,
        stream: &str,
        shape: &StreamShape,
    ) -> Result<(), MetastoreError> {
        let row = shape::ActiveModel {
            source: Set(source.to_owned()),
            stream: Set(stream.to_owned()),
            shape: Set(serde_json::json!(shape).to_string()),
        };
        let key = OnConflict::columns([shape::Column::Source, shape::Column::Stream])
            .update_column(shape::Column::Shape)
            .to_owned();
        let stored = shape::Entity::insert(row).on_conflict(key).exec_without_returning(&self.writer).await;
        stored.tried("store the shape of the stream")?;
        Ok(())
    }
}

fn row(source: &str, stream: &str, change: &StreamChange, state: ChangeState) -> entity::ActiveModel {
    entity::ActiveModel {
        id: Set(uuid::Uuid::now_v7().to_string()),
        source: Set(source.to_owned()),
        stream: Set(stream.to_owned()),
        at: Set(now_ms()),
        change: Set(serde_json::json!(change).to_string()),
        state: Set(state.word().to_owned()),
        sequence: Set(None),
    }
}

fn state_of(word: &str) -> ChangeState {
    ChangeState::ALL.into_iter().find(|state| state.word() == word).unwrap_or(ChangeState::Noted)
}

fn read<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, MetastoreError> {
    serde_json::from_str(text)
        .map_err(|source| MetastoreError::Unreadable { what: "a change of a stream".to_owned(), source })
}
