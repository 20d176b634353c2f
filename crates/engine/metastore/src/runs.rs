//! Runs and what their checks found.

use crate::store::Tried;
use crate::{Metastore, MetastoreError, now_ms};
use contract::metrics::{CheckResult, CheckStatus};
use contract::runs::{RunCard, RunState};
use sea_orm::entity::prelude::*;
use sea_orm::{ActiveValue::Set, QueryOrder, QuerySelect, sea_query::Expr};

mod entity {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "runs")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        pub started_at: i64,
        pub finished_at: Option<i64>,
        pub state: String,
        pub edition: Option<i64>,
        pub rows_landed: i64,
        pub rows_rejected: i64,
        pub message: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod check_result {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "check_results")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub run: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub name: String,
        pub relation: String,
        pub column: Option<String>,
        pub status: String,
        pub failures: i64,
        pub sample: String,
        pub at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunEnd {
    pub state: RunState,
    pub edition: Option<u64>,
    pub rows_landed: u64,
    pub rows_rejected: u64,
    pub message: Option<String>,
}

fn state_name(state: RunState) -> &'static str {
    match state {
        RunState::Running => "running",
        RunState::Published => "published",
        RunState::Unchanged => "unchanged",
        RunState::HeldBack => "held_back",
        RunState::Failed => "failed",
        RunState::Interrupted => "interrupted",
    }
}

fn state_of(name: &str) -> RunState {
    [RunState::Running, RunState::Published, RunState::Unchanged, RunState::HeldBack, RunState::Failed]
        .into_iter()
        .find(|state| state_name(*state) == name)
        .unwrap_or(RunState::Interrupted)
}

fn status_name(status: CheckStatus) -> &'static str {
    match status {
        CheckStatus::Pass => "pass",
        CheckStatus::Warn => "warn",
        CheckStatus::Fail => "fail",
        CheckStatus::Error => "error",
        CheckStatus::Skipped => "skipped",
    }
}

fn status_of(name: &str) -> CheckStatus {
    [CheckStatus::Pass, CheckStatus::Warn, CheckStatus::Fail, CheckStatus::Skipped]
        .into_iter()
        .find(|status| status_name(*status) == name)
        .unwrap_or(CheckStatus::Error)
}

/// RFC 3339 in UTC, to the second.
pub fn rfc3339(ms: i64) -> String {
    chrono::DateTime::from_timestamp_millis(ms)
        .map(|time| time.format("%Y-%m-%dT%H:%M:%SZ").to_string())
        .unwrap_or_default()
}

impl Metastore {
    /// Records that a run begins. Runs that a dead process left unfinished become `Interrupted`: only one process runs at a time.
    pub async fn begin_run(&self, id: &str) -> Result<(), MetastoreError> {
        entity::Entity::update_many()
            .col_expr(entity::Column::State, Expr::value(state_name(RunState::Interrupted)))
            .col_expr(entity::Column::FinishedAt, Expr::value(now_ms()))
            .filter(entity::Column::State.eq(state_name(RunState::Running)))
            .exec(&self.writer)
            .await
            .tried("close interrupted runs")?;
        entity::Entity::insert(entity::ActiveModel {
            id: Set(id.to_owned()),
            started_at: Set(now_ms()),
            finished_at: Set(None),
            state: Set(state_name(RunState::Running).to_owned()),
            edition: Set(None),
            rows_landed: Set(0),
            rows_rejected: Set(0),
            message: Set(None),
        })
        .exec_without_returning(&self.writer)
        .await
        .tried("record the run")?;
        Ok(())
    }

    pub async fn end_run(&self, id: &str, end: &RunEnd) -> Result<(), MetastoreError> {
        entity::Entity::update_many()
            .col_expr(entity::Column::State, Expr::value(state_name(end.state)))
            .col_expr(entity::Column::FinishedAt, Expr::value(now_ms()))
            .col_expr(entity::Column::Edition, Expr::value(end.edition.map(u64::cast_signed)))
            .col_expr(entity::Column::RowsLanded, Expr::value(end.rows_landed.cast_signed()))
            .col_expr(entity::Column::RowsRejected, Expr::value(end.rows_rejected.cast_signed()))
            .col_expr(entity::Column::Message, Expr::value(end.message.clone()))
            .filter(entity::Column::Id.eq(id))
            .exec(&self.writer)
            .await
            .tried("record the run's end")?;
        Ok(())
    }

    /// The newest runs first.
    pub async fn runs(&self, limit: u32) -> Result<Vec<RunCard>, MetastoreError> {
        let rows = entity::Entity::find()
            .order_by_desc(entity::Column::StartedAt)
            .limit(u64::from(limit))
            .all(&self.reader)
            .await
            .tried("list the runs")?;
        Ok(rows
            .into_iter()
            .map(|row| RunCard {
                id: row.id,
                started_at: rfc3339(row.started_at),
                finished_at: row.finished_at.map(rfc3339),
                state: state_of(&row.state),
                edition: row.edition.map(i64::cast_unsigned),
                rows_landed: row.rows_landed.cast_unsigned(),
                rows_rejected: row.rows_rejected.cast_unsigned(),
                message: row.message,
            })
            .collect())
    }

    /// Stores what the checks of a run found; asked again for the same run, the newer findings replace the older.
    pub async fn record_checks(
        &self,
        run: &str,
        results: &[(CheckResult, serde_json::Value)],
    ) -> Result<(), MetastoreError> {
        check_result::Entity::delete_many()
            .filter(check_result::Column::Run.eq(run))
            .exec(&self.writer)
            .await
            .tried("replace the run's check results")?;
        // A SQLite statement takes a limited number of parameters.
        for chunk in results.chunks(100) {
            let rows = chunk.iter().map(|(result, sample)| check_result::ActiveModel {
                run: Set(run.to_owned()),
                name: Set(result.name.clone()),
                relation: Set(result.table.clone()),
                column: Set(result.column.clone()),
                status: Set(status_name(result.status).to_owned()),
                failures: Set(result.failures.cast_signed()),
                sample: Set(sample.to_string()),
                at: Set(now_ms()),
            });
            check_result::Entity::insert_many(rows)
                .exec_without_returning(&self.writer)
                .await
                .tried("store the run's check results")?;
        }
        Ok(())
    }

    pub async fn check_results(&self, run: &str) -> Result<Vec<CheckResult>, MetastoreError> {
        let rows = check_result::Entity::find()
            .filter(check_result::Column::Run.eq(run))
            .order_by_asc(check_result::Column::Name)
            .all(&self.reader)
            .await
            .tried("read the run's check results")?;
        Ok(rows
            .into_iter()
            .map(|row| CheckResult {
                name: row.name,
                table: row.relation,
                column: row.column,
                status: status_of(&row.status),
                failures: row.failures.cast_unsigned(),
                at: rfc3339(row.at),
            })
            .collect())
    }
}
