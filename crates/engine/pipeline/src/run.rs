//! The run itself, stage after stage.

use crate::build::{self, Made};
use crate::bundle::Bundle;
use crate::land::{LandReport, RAW};
use crate::packs::{self, Builtin};
use crate::sync::hold;
use crate::{Event, PipelineError, Progress, judge, whole};
use async_trait::async_trait;
use chrono::NaiveDate;
use connect::Surroundings;
use contract::runs::RunState;
use lake::{Lake, Relations, Session};
use metastore::Metastore;
use metastore::editions::{EditionRow, NewEdition};
use metastore::runs::RunEnd;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// Looks at what is about to be published: are its metrics and boards sound on these tables?
#[async_trait]
pub trait Examine: Send + Sync {
    /// # Errors
    /// One line that names file, place and remedy.
    async fn examine(&self, session: &Session, bundle: &Bundle) -> Result<Examined, String>;
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examined {
    /// The last day that the data covers.
    pub as_of: NaiveDate,
    /// Metric → hash of its definition.
    pub definitions: BTreeMap<String, String>,
}

/// Runs one workspace.
pub struct Pipeline {
    pub lake: Lake,
    pub metastore: Metastore,
    /// Folder of the files by which processes keep out of each other's way.
    pub locks: PathBuf,
    /// Whom sources may call, and how fast.
    pub surroundings: Surroundings,
    /// The packs that are shipped with the program.
    pub builtin: Builtin,
    pub examine: Arc<dyn Examine>,
    /// What packs may ask for with `var()`, such as `as_of`.
    pub vars: serde_json::Map<String, serde_json::Value>,
    /// How many editions stay readable.
    pub keep_editions: u32,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunOutcome {
    pub run: String,
    pub state: RunState,
    /// The edition that readers see now, new or not.
    pub edition: Option<u64>,
    pub rows_landed: u64,
    pub rows_rejected: u64,
    /// Why it did not publish.
    pub message: Option<String>,
    /// What went well enough, but deserves a look: files that could not be read, checks that warn.
    pub notes: Vec<String>,
}

/// What a run found out on its way.
enum Verdict {
    Published(u64),
    Unchanged(u64),
    HeldBack(String),
}

impl Pipeline {
    /// One run over all sources. `full_refresh` rebuilds incremental models from nothing and publishes even without new rows.
    ///
    /// # Errors
    /// What ended the run; it is also in the list of runs. Rows that were landed stay landed.
    pub async fn run(&self, full_refresh: bool, progress: &Progress) -> Result<RunOutcome, PipelineError> {
        self.recorded(full_refresh, progress, true).await
    }

    /// The stages after landing: what syncs have brought is built, checked and published.
    ///
    /// # Errors
    /// As of `run`.
    pub async fn build(&self, full_refresh: bool, progress: &Progress) -> Result<RunOutcome, PipelineError> {
        self.recorded(full_refresh, progress, false).await
    }

    async fn recorded(
        &self,
        full_refresh: bool,
        progress: &Progress,
        lands: bool,
    ) -> Result<RunOutcome, PipelineError> {
        let _alone = hold(&self.locks, "run")?;
        let run = uuid::Uuid::now_v7().to_string();
        self.metastore.begin_run(&run).await?;
        let mut report = LandReport::default();
        let mut notes = Vec::new();
        let verdict =
            self.stages(&run, full_refresh, progress, lands.then_some(&mut report), &mut notes).await;
        progress(Event::Ended);

        let (state, edition, message) = match &verdict {
            Ok(Verdict::Published(number)) => (RunState::Published, Some(*number), None),
            Ok(Verdict::Unchanged(number)) => (RunState::Unchanged, Some(*number), None),
            Ok(Verdict::HeldBack(message)) => (RunState::HeldBack, None, Some(message.clone())),
            Err(error) => (RunState::Failed, None, Some(whole(error))),
        };
        let end = RunEnd {
            state,
            edition: if state == RunState::Published { edition } else { None },
            rows_landed: report.rows,
            rows_rejected: report.rejected,
            message: message.clone(),
        };
        self.metastore.end_run(&run, &end).await?;
        verdict?;
        notes.splice(0..0, report.problems.into_iter().chain(report.notes));
        Ok(RunOutcome {
            run,
            state,
            edition: match edition {
                Some(number) => Some(number),
                None => self.metastore.current_number().await?,
            },
            rows_landed: report.rows,
            rows_rejected: report.rejected,
            message,
            notes,
        })
    }

    async fn stages(
        &self,
        run: &str,
        full_refresh: bool,
        progress: &Progress,
        report: Option<&mut LandReport>,
        notes: &mut Vec<String>,
    ) -> Result<Verdict, PipelineError> {
        let packs = packs::load_all(&self.metastore, &self.builtin).await?;
        let project = packs::project(&packs, self.vars.clone())?;
        if let Some(report) = report {
            progress(Event::Step("landing"));
            *report = self.sync_all(progress).await?;
        }

        let last = self.metastore.edition(None).await?;
        let inputs = packs::inputs_hash(&packs, &self.vars);
        let base = self.base(last.as_ref()).await?;
        if !full_refresh
            && let Some(last) = &last
            && self.is_current(last, &base, &inputs)?
        {
            return Ok(Verdict::Unchanged(last.number));
        }

        // Before the tables are named and not after: a compacted table is a new version, which would look like news to the next run.
        self.upkeep(notes).await;
        let base = self.base(last.as_ref()).await?;
        progress(Event::Step("building"));
        let made = build::build_all(&self.lake, &project, base, full_refresh, progress).await?;
        let session = self.lake.session(made.relations.clone());
        let bundle = packs::bundle(&packs, &project, inputs)?;

        progress(Event::Step("checking"));
        let judged = judge::judge_all(&self.lake, &project, &made.relations, progress).await?;
        self.metastore.record_checks(run, &judged.results).await?;
        notes.extend(judged.warnings);
        if let Some(message) = judged.blocking {
            return Ok(Verdict::HeldBack(message));
        }

        progress(Event::Step("publishing"));
        let examined = self
            .examine
            .examine(&session, &bundle)
            .await
            .map_err(|message| PipelineError::Definitions { message })?;
        let number = self.publish(run, &made, &bundle, examined).await?;
        self.forget_old_editions(notes).await;
        Ok(Verdict::Published(number))
    }

    /// What a run builds on: the last edition's tables, and the newest raw ones, which stand by themselves.
    async fn base(&self, last: Option<&EditionRow>) -> Result<Relations, PipelineError> {
        let mut base = match last {
            Some(last) => relations_of(last)?,
            None => Relations::new(),
        };
        base.retain(|name, _| name.schema != RAW);
        base.extend(self.lake.latest(RAW).await?);
        Ok(base)
    }

    /// Whether the last edition already is what a run would make: same raw versions, same packs.
    fn is_current(&self, last: &EditionRow, base: &Relations, inputs: &str) -> Result<bool, PipelineError> {
        let raw = |relations: &Relations| -> Relations {
            relations
                .iter()
                .filter(|(name, _)| name.schema == RAW)
                .map(|(name, relation)| (name.clone(), relation.clone()))
                .collect()
        };
        Ok(raw(&relations_of(last)?) == raw(base) && bundle_of(last)?.inputs == inputs)
    }

    async fn publish(
        &self,
        run: &str,
        made: &Made,
        bundle: &Bundle,
        examined: Examined,
    ) -> Result<u64, PipelineError> {
        let encode = |source| PipelineError::Encode { source };
        let new = NewEdition {
            run: run.to_owned(),
            as_of: examined.as_of,
            relations: serde_json::to_value(&made.relations).map_err(encode)?,
            bundle: serde_json::to_value(bundle).map_err(encode)?,
            definitions: examined.definitions,
        };
        Ok(self.metastore.publish(&new).await?)
    }

    /// The edition is out already, so trouble here is a note and tried again next time.
    async fn forget_old_editions(&self, notes: &mut Vec<String>) {
        if let Err(error) = self.metastore.forget_editions_before(self.keep_editions).await {
            tracing::warn!(%error, "old editions were not forgotten");
            notes.push(format!("old editions: {}", whole(&error)));
        }
    }

    /// Compacts tables and frees what no edition needs. A run does well without, so trouble here is a note and tried again next time.
    async fn upkeep(&self, notes: &mut Vec<String>) {
        if let Err(error) = self.try_upkeep().await {
            tracing::warn!(%error, "upkeep failed");
            notes.push(format!("upkeep: {}", whole(&error)));
        }
    }

    async fn try_upkeep(&self) -> Result<(), PipelineError> {
        let pins = self
            .metastore
            .editions(self.keep_editions)
            .await?
            .iter()
            .map(relations_of)
            .collect::<Result<Vec<_>, _>>()?;
        self.lake.upkeep(&pins).await?;
        Ok(())
    }
}

/// Which version of which table the edition means.
///
/// # Errors
/// `Decode` when the edition was written by a version that this one does not understand.
pub fn relations_of(edition: &EditionRow) -> Result<Relations, PipelineError> {
    serde_json::from_value(edition.relations.clone())
        .map_err(|source| PipelineError::Decode { number: edition.number, source })
}

/// The definitions of the edition.
///
/// # Errors
/// `Decode` when the edition was written by a version that this one does not understand.
pub fn bundle_of(edition: &EditionRow) -> Result<Bundle, PipelineError> {
    serde_json::from_value(edition.bundle.clone())
        .map_err(|source| PipelineError::Decode { number: edition.number, source })
}
