//! Syncs: each time that a source was read, why, and what came of it.
//!
//! Knows neither connectors nor the lake. Invariant: of one source at most one sync is running; what a dead process left unfinished
//! becomes `Interrupted` when the next one begins.

use crate::runs::rfc3339;
use crate::store::Tried;
use crate::{Metastore, MetastoreError, now_ms};
use contract::sources::{SyncCard, SyncState, Trigger};
use sea_orm::entity::prelude::*;
use sea_orm::{ActiveValue::Set, QueryOrder, QuerySelect, sea_query::Expr};

mod entity {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "syncs")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        pub source: String,
        pub trigger: String,
        pub started_at: i64,
        pub finished_at: Option<i64>,
        pub state: String,
        pub rows: i64,
        pub rejected: i64,
        pub message: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// How a sync ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncEnd {
    pub state: SyncState,
    pub rows: u64,
    pub rejected: u64,
    pub message: Option<String>,
}

fn state_of(name: &str) -> SyncState {
    SyncState::ALL.into_iter().find(|state| state.word() == name).unwrap_or(SyncState::Interrupted)
}

fn trigger_of(name: &str) -> Trigger {
    Trigger::ALL.into_iter().find(|trigger| trigger.word() == name).unwrap_or(Trigger::Run)
}

impl Metastore {
    /// Records that a source is being read.
    pub async fn begin_sync(&self, id: &str, source: &str, trigger: Trigger) -> Result<(), MetastoreError> {
        self.interrupt(Some(source)).await?;
        entity::Entity::insert(entity::ActiveModel {
            id: Set(id.to_owned()),
            source: Set(source.to_owned()),
            trigger: Set(trigger.word().to_owned()),
            started_at: Set(now_ms()),
            finished_at: Set(None),
            state: Set(SyncState::Running.word().to_owned()),
            rows: Set(0),
            rejected: Set(0),
            message: Set(None),
        })
        .exec_without_returning(&self.writer)
        .await
        .tried("record the sync")?;
        Ok(())
    }

    pub async fn end_sync(&self, id: &str, end: &SyncEnd) -> Result<(), MetastoreError> {
        entity::Entity::update_many()
            .col_expr(entity::Column::State, Expr::value(end.state.word()))
            .col_expr(entity::Column::FinishedAt, Expr::value(now_ms()))
            .col_expr(entity::Column::Rows, Expr::value(end.rows.cast_signed()))
            .col_expr(entity::Column::Rejected, Expr::value(end.rejected.cast_signed()))
            .col_expr(entity::Column::Message, Expr::value(end.message.clone()))
            .filter(entity::Column::Id.eq(id))
            .exec(&self.writer)
            .await
            .tried("record the sync's end")?;
        Ok(())
    }

    /// What dead processes left running, of one source or of all: nobody reads there any more.
    pub async fn interrupt(&self, source: Option<&str>) -> Result<(), MetastoreError> {
        let mut update = entity::Entity::update_many()
            .col_expr(entity::Column::State, Expr::value(SyncState::Interrupted.word()))
            .col_expr(entity::Column::FinishedAt, Expr::value(now_ms()))
            .filter(entity::Column::State.eq(SyncState::Running.word()));
        if let Some(source) = source {
            update = update.filter(entity::Column::Source.eq(source));
        }
        update.exec(&self.writer).await.tried("close interrupted syncs")?;
        Ok(())
    }

    /// Syncs, newest first: of one source or of all, those that began at `since` (milliseconds since 1970) or later.
    pub async fn syncs(
        &self,
        source: Option<&str>,
        since: i64,
        limit: u64,
    ) -> Result<Vec<SyncCard>, MetastoreError> {
        let mut select = entity::Entity::find().filter(entity::Column::StartedAt.gte(since));
        if let Some(source) = source {
            select = select.filter(entity::Column::Source.eq(source));
        }
        let rows = select
            .order_by_desc(entity::Column::StartedAt)
            .order_by_desc(entity::Column::Id)
            .limit(limit)
            .all(&self.reader)
            .await
            .tried("list the syncs")?;
        Ok(rows.into_iter().map(card).collect())
    }

    /// When the last sync that brought everything ended, and when the last one of any outcome began; milliseconds since 1970.
    pub async fn last_syncs(&self, source: &str) -> Result<(Option<i64>, Option<i64>), MetastoreError> {
        let of_source = || entity::Entity::find().filter(entity::Column::Source.eq(source));
        let whole = of_source()
            .filter(entity::Column::State.eq(SyncState::Done.word()))
            .order_by_desc(entity::Column::FinishedAt)
            .one(&self.reader)
            .await
            .tried("find the last sync")?;
        let last = of_source()
            .order_by_desc(entity::Column::StartedAt)
            .one(&self.reader)
            .await
            .tried("find the last sync")?;
        Ok((whole.and_then(|row| row.finished_at), last.map(|row| row.started_at)))
    }
}

fn card(row: entity::Model) -> SyncCard {
    SyncCard {
        id: row.id,
        source: row.source,
        trigger: trigger_of(&row.trigger),
        started_at: rfc3339(row.started_at),
        finished_at: row.finished_at.map(rfc3339),
        seconds: row.finished_at.map(|end| (end - row.started_at).max(0).cast_unsigned() / 1000),
        state: state_of(&row.state),
        rows: row.rows.cast_unsigned(),
        rejected: row.rejected.cast_unsigned(),
        message: row.message,
    }
}
