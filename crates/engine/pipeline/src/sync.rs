//! One sync: what is new in one source becomes rows of raw tables, and the list of syncs tells how it went.
//!
//! Decides when nothing (`schedule`) and builds nothing (`run`). Invariant: of a source at most one sync is under way on this machine,
//! whichever process it is in; dropped in the middle it loses nothing, because a bookmark moves only with its rows.

use crate::land::{LandReport, SOURCES_AT_ONCE, land_source};
use crate::{Pipeline, PipelineError, Progress, whole};
use contract::sources::{SyncState, Trigger};
use futures::StreamExt;
use metastore::sources::SourceRow;
use metastore::syncs::SyncEnd;
use std::fs::{File, TryLockError};
use std::path::Path;
use tokio_util::sync::CancellationToken;

/// Problems that a sync's message names; the rest is counted.
const NAMED: usize = 5;

impl Pipeline {
    /// Lands what is new in the source of that name, and records the sync. `stop` ends it early; what has been landed by then stays.
    ///
    /// # Errors
    /// `NoSource`, `Busy`, and what concerns the workspace (the lake, the platform database); what concerns the source alone is a
    /// problem in the report.
    pub async fn sync(
        &self,
        name: &str,
        trigger: Trigger,
        progress: &Progress,
        stop: &CancellationToken,
    ) -> Result<LandReport, PipelineError> {
        let rows = self.metastore.sources().await?;
        let row = rows.into_iter().find(|row| row.name == name);
        let row = row.ok_or(PipelineError::NoSource { name: name.to_owned() })?;
        self.sync_row(&row, trigger, (progress, stop)).await
    }

    /// Syncs all sources, some at a time.
    pub(crate) async fn sync_all(&self, progress: &Progress) -> Result<LandReport, PipelineError> {
        let rows = self.metastore.sources().await?;
        let never = &CancellationToken::new();
        let each = rows
            .into_iter()
            .map(|row| async move { self.sync_unless_refused(&row, (progress, never)).await });
        let mut reports = futures::stream::iter(each).buffered(SOURCES_AT_ONCE);
        let mut report = LandReport::default();
        while let Some(landed) = reports.next().await {
            match landed {
                Ok(landed) => report.add(landed),
                // Whoever reads it brings the same rows.
                Err(busy @ PipelineError::Busy { .. }) => report.notes.push(busy.to_string()),
                Err(error) => return Err(error),
            }
        }
        Ok(report)
    }

    /// A password that was refused is not tried again and again: that locks accounts.
    async fn sync_unless_refused(
        &self,
        row: &SourceRow,
        watched: (&Progress, &CancellationToken),
    ) -> Result<LandReport, PipelineError> {
        let Some(why) = self.metastore.standing(&row.name).await?.refused else {
            return self.sync_row(row, Trigger::Run, watched).await;
        };
        let remedy = format!(
            "it is not read until its settings are changed (`mirante source set {0} …`) or somebody tries again \
             (`mirante source sync {0}`)",
            row.name
        );
        Ok(LandReport { problems: vec![format!("{why}; {remedy}")], ..LandReport::default() })
    }

    async fn sync_row(
        &self,
        row: &SourceRow,
        trigger: Trigger,
        watched: (&Progress, &CancellationToken),
    ) -> Result<LandReport, PipelineError> {
        let _alone = hold(&self.locks, &format!("source {}", row.name))?;
        let id = uuid::Uuid::now_v7().to_string();
        self.metastore.begin_sync(&id, &row.name, trigger).await?;
        let mut report = LandReport::default();
        let landed = self.land(row, watched, &mut report).await;
        self.metastore.end_sync(&id, &end_of(&report, landed.as_ref())).await?;
        if landed.is_some() {
            self.metastore.note_refused(&row.name, report.refused.as_deref()).await?;
        }
        landed.unwrap_or(Ok(()))?;
        Ok(report)
    }

    async fn land(
        &self,
        row: &SourceRow,
        watched: (&Progress, &CancellationToken),
        report: &mut LandReport,
    ) -> Option<Result<(), PipelineError>> {
        let problem = |error: &dyn std::error::Error| format!("source `{}`: {}", row.name, whole(error));
        let settings = match self.metastore.settings_of(row) {
            Ok(settings) => settings,
            Err(error) => {
                report.problems.push(problem(&error));
                return Some(Ok(()));
            }
        };
        match connect::open(&row.kind, &row.name, &settings, &self.surroundings) {
            Ok(source) => land_source(&self.lake, &self.metastore, source.as_ref(), watched, report).await,
            Err(error) => {
                report.problems.push(problem(&error));
                Some(Ok(()))
            }
        }
    }
}

/// `landed` is none when somebody stopped it.
fn end_of(report: &LandReport, landed: Option<&Result<(), PipelineError>>) -> SyncEnd {
    let (state, message) = match landed {
        None => (SyncState::Cancelled, None),
        Some(Err(error)) => (SyncState::Failed, Some(whole(error))),
        Some(Ok(())) if report.problems.is_empty() => (SyncState::Done, None),
        Some(Ok(())) if report.pieces == 0 => (SyncState::Failed, Some(said(&report.problems))),
        Some(Ok(())) => (SyncState::Partial, Some(said(&report.problems))),
    };
    SyncEnd { state, rows: report.rows, rejected: report.rejected, message }
}

fn said(problems: &[String]) -> String {
    let mut said = problems.iter().take(NAMED).cloned().collect::<Vec<_>>().join("; ");
    if problems.len() > NAMED {
        said.push_str(&format!("; and {} more", problems.len() - NAMED));
    }
    said
}

/// Keeps other processes (and other tasks of this one) from doing `what` for as long as the answer lives.
///
/// # Errors
/// `Busy` when somebody is at it.
pub(crate) fn hold(folder: &Path, what: &str) -> Result<File, PipelineError> {
    let path = folder.join(format!("{}.lock", what.replace(' ', "-")));
    let failed = |source| PipelineError::Lock { path: path.clone(), source };
    std::fs::create_dir_all(folder).map_err(failed)?;
    let file = File::options().create(true).append(true).open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(PipelineError::Busy { what: what.to_owned() }),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_holds_the_other_is_refused_until_it_is_let_go() {
        let folder = tempfile::tempdir().unwrap();
        let held = hold(folder.path(), "source crm").unwrap();
        let refused = hold(folder.path(), "source crm").unwrap_err();
        assert!(refused.to_string().contains("source crm is at work"), "{refused}");
        hold(folder.path(), "source erp").unwrap();
        drop(held);
        hold(folder.path(), "source crm").unwrap();
    }

    #[test]
    fn sync_with_problems_is_partial_and_without_any_piece_failed() {
        let problems: Vec<String> = (1..=7).map(|number| format!("problem {number}")).collect();
        let end = end_of(
            &LandReport { pieces: 1, rows: 9, problems: problems.clone(), ..LandReport::default() },
            Some(&Ok(())),
        );
        assert_eq!((end.state, end.rows), (SyncState::Partial, 9));
        let message = end.message.unwrap();
        assert!(message.ends_with("problem 5; and 2 more"), "{message}");
        let end = end_of(&LandReport { problems, ..LandReport::default() }, Some(&Ok(())));
        assert_eq!(end.state, SyncState::Failed);
        assert_eq!(end_of(&LandReport::default(), Some(&Ok(()))).state, SyncState::Done);
        assert_eq!(end_of(&LandReport::default(), None).state, SyncState::Cancelled);
    }
}
