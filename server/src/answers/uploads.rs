//! Uploads: from a sheet that was sent to a source, a pack and a board.
//!
//! Receives no bytes (`uploads`) and knows no SQL (`pipeline::sheet_pack`). Invariant: only stewards upload; a source without its pack, or a
//! pack without its source, is never left behind.

mod columns;
mod plan;
mod replacing;
mod shown;

use crate::answers::sources::steward;
use crate::house::today;
use crate::jobs::Jobs;
use crate::reader::{Reader, internal};
use crate::uploads::{Kept, Store};
use async_trait::async_trait;
use connect::ColumnType;
use connect::ConnectError;
use connect::sources::sheet::{self, Look, Lookup, SheetFile, SheetSettings};
use contract::failure::FailureKind;
use contract::runs::RunState;
use contract::sources::{SyncState, Trigger};
use contract::uploads::{Making, Refusal, Replacement, Step, UploadDraft, UploadPage};
use contract::{Failure, Principal};
use metastore::packs::{Pack as PackRow, PackPlace};
use metastore::sources::SourceRow;
use pipeline::packs;
use shown::{page, stem, title_of};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Looks that are remembered: a page is looked at again when it is sent.
const REMEMBERED: usize = 6;

pub struct Uploads {
    jobs: Arc<Jobs>,
    reader: Arc<Reader>,
    store: Store,
    /// Where the packs of sheets are written.
    packs: PathBuf,
    looks: Mutex<Vec<(Lookup, Arc<Look>)>>,
    /// Names are found and taken by one at a time.
    naming: tokio::sync::Mutex<()>,
}

/// An upload with everything that is known and said of it.
struct Understood {
    kept: Kept,
    title: String,
    look: Arc<Look>,
    said: Vec<columns::Said>,
    keep_totals: bool,
}

impl Uploads {
    pub fn new(jobs: Arc<Jobs>, reader: Arc<Reader>, store: Store, packs: PathBuf) -> Uploads {
        Uploads { jobs, reader, store, packs, looks: Mutex::default(), naming: tokio::sync::Mutex::new(()) }
    }

    fn kept(&self, id: &str) -> Result<Kept, Failure> {
        let missing =
            || Failure::new(FailureKind::NotFound, "this upload is not here any more; send the file again");
        self.store.find(id).ok_or_else(missing)
    }

    async fn understood(&self, id: &str, draft: &UploadDraft) -> Result<Understood, Refusal> {
        let kept = self.kept(id)?;
        let lookup = Lookup {
            path: kept.path.clone(),
            file: stem(&kept.file).to_owned(),
            sheet: draft.sheet.clone(),
            columns: BTreeMap::new(),
            keep_totals: draft.keep_totals,
        };
        let found = self.look_at(lookup.clone()).await?;
        let said = columns::said(&found, draft);
        let overrides = columns::overrides(&found, &said);
        let look = if overrides.is_empty() {
            found
        } else {
            self.look_at(Lookup { columns: overrides, ..lookup }).await?
        };
        let title = draft.title.as_deref().map(str::trim).filter(|title| !title.is_empty());
        let title = title.map_or_else(
            || title_of(&kept.file, &look),
            |title| title.chars().take(shown::LONGEST_TITLE).collect(),
        );
        Ok(Understood { kept, title, look, said, keep_totals: draft.keep_totals })
    }

    async fn look_at(&self, lookup: Lookup) -> Result<Arc<Look>, Refusal> {
        let known = {
            let looks = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
            looks.iter().find(|(of, _)| *of == lookup).map(|(_, look)| look.clone())
        };
        if let Some(look) = known {
            return Ok(look);
        }
        let (asked, path) = (lookup.clone(), lookup.path.clone());
        let look = tokio::task::spawn_blocking(move || sheet::look(&asked)).await;
        let look = look.map_err(|error| internal(&error))?.map_err(|error| refusal(error, &path))?;
        let look = Arc::new(look);
        let mut looks = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
        if looks.len() >= REMEMBERED {
            looks.remove(0);
        }
        looks.push((lookup, look.clone()));
        Ok(look)
    }

    /// A name that no source, pack, board or table has: `vendas`, or `vendas_2`.
    async fn free_name(&self, title: &str) -> Result<String, Failure> {
        let mut taken: Vec<String> = Vec::new();
        let metastore = &self.jobs.metastore;
        taken.extend(
            metastore.sources().await.map_err(|error| internal(&error))?.into_iter().map(|row| row.name),
        );
        taken.extend(
            metastore.packs().await.map_err(|error| internal(&error))?.into_iter().map(|row| row.name),
        );
        let landed = self.jobs.lake.latest(pipeline::RAW).await.map_err(|error| internal(&error))?;
        taken.extend(
            landed.keys().filter_map(|table| table.name.split_once("__")).map(|(name, _)| name.to_owned()),
        );
        if let Ok(edition) = self.reader.current().await {
            taken.extend(edition.bundle.boards.iter().map(|board| board.id.clone()));
            let tables = edition.relations().keys();
            taken.extend(tables.filter_map(|table| table.name.strip_prefix("fct_")).map(str::to_owned));
        }
        Ok(plan::free_name(title, |name| {
            taken.iter().any(|other| other == name) || self.packs.join(name).exists()
        }))
    }

    /// Writes the pack, and makes sure that it can be built beside the others before anybody hears of it.
    async fn write_pack(&self, name: &str, files: BTreeMap<String, String>) -> Result<PathBuf, Failure> {
        let folder = self.packs.join(name);
        let written = write(&folder, &files).map_err(|error| internal(error.as_ref()));
        let checked = match written {
            Ok(()) => self.check_pack(&folder).await,
            Err(failure) => Err(failure),
        };
        if let Err(failure) = checked {
            let _ = std::fs::remove_dir_all(&folder);
            return Err(failure);
        }
        Ok(folder)
    }

    async fn check_pack(&self, folder: &Path) -> Result<(), Failure> {
        let pack = packs::load_directory(folder).map_err(|error| internal(&error))?;
        let pipeline = self.jobs.pipeline().await.map_err(|error| internal(error.as_ref()))?;
        let mut all = match packs::load_all(&self.jobs.metastore, &pipeline.builtin).await {
            Ok(all) => all,
            Err(pipeline::PipelineError::NoPack) => Vec::new(),
            Err(error) => return Err(internal(&error)),
        };
        all.push(pack);
        packs::project(&all, pipeline.vars).map_err(|error| internal(&error))?;
        Ok(())
    }

    async fn sheet(&self, name: &str) -> Result<(SourceRow, SheetSettings), Failure> {
        let missing = || Failure::new(FailureKind::NotFound, format!("there is no sheet `{name}`"));
        let rows = self.jobs.metastore.sources().await.map_err(|error| internal(&error))?;
        let row = rows.into_iter().find(|row| row.name == name && row.kind == "sheet").ok_or_else(missing)?;
        let settings = serde_json::from_value(row.params.clone()).map_err(|error| internal(&error))?;
        Ok((row, settings))
    }
}

#[async_trait]
impl contract::uploads::Uploads for Uploads {
    async fn look(
        &self,
        principal: &Principal,
        id: &str,
        draft: &UploadDraft,
    ) -> Result<UploadPage, Refusal> {
        steward(principal)?;
        Ok(page(&self.understood(id, draft).await?))
    }

    async fn make(&self, principal: &Principal, id: &str, draft: &UploadDraft) -> Result<String, Refusal> {
        steward(principal)?;
        let understood = self.understood(id, draft).await?;
        let workspace = self.jobs.metastore.workspace().await.map_err(|error| internal(&error))?;
        let yesterday = kpi::period::day_before(today(&workspace).map_err(|error| internal(error.as_ref()))?);
        let covered = self.reader.current().await.ok().map(|edition| edition.row.as_of);
        let _alone = self.naming.lock().await;
        let name = self.free_name(&understood.title).await?;
        let plan = plan::plan(&understood, &name, (yesterday, covered))?;
        let folder = self.write_pack(&name, pipeline::sheet_pack::files(&plan)).await?;
        let row = source_row(&name, &understood, plan::used(&plan))?;
        let metastore = &self.jobs.metastore;
        let undo = |failure: Failure| {
            let _ = std::fs::remove_dir_all(&folder);
            Refusal::Failure(failure)
        };
        metastore.add_source(&row).await.map_err(|error| undo(internal(&error)))?;
        let pack = PackRow { name: name.clone(), place: PackPlace::Directory(folder.clone()) };
        if let Err(error) = metastore.add_pack(&pack).await {
            metastore.remove_source(&name).await.map_err(|error| internal(&error))?;
            return Err(undo(internal(&error)));
        }
        self.jobs.sync(&name, Trigger::Person);
        Ok(name)
    }

    async fn making(&self, principal: &Principal, source: &str) -> Result<Making, Failure> {
        steward(principal)?;
        self.sheet(source).await?;
        let running = self.jobs.running().remove(source);
        let metastore = &self.jobs.metastore;
        let last =
            metastore.syncs(Some(source), 0, 1).await.map_err(|error| internal(&error))?.into_iter().next();
        let (rows, rejected) = last.as_ref().map_or((0, 0), |sync| (sync.rows, sync.rejected));
        let step = match (&running, &last) {
            (Some(_), _) | (None, None) => Step::Reading,
            (None, Some(sync)) => match sync.state {
                SyncState::Running => Step::Reading,
                SyncState::Failed | SyncState::Cancelled | SyncState::Interrupted => {
                    Step::Failed(sync.message.clone().unwrap_or_default())
                }
                SyncState::Done | SyncState::Partial => {
                    self.built(source, sync.finished_at.as_deref().unwrap_or_default()).await?
                }
            },
        };
        let rows = running.map_or(rows, |running| running.rows);
        Ok(Making { source: source.to_owned(), step, rows, rejected })
    }

    async fn compare(&self, principal: &Principal, source: &str, id: &str) -> Result<Replacement, Refusal> {
        steward(principal)?;
        let (_, settings) = self.sheet(source).await?;
        let (kept, look) = self.held_against(&settings, id).await?;
        Ok(replacing::compare(source, &settings, &kept, &look))
    }

    async fn replace(
        &self,
        principal: &Principal,
        source: &str,
        id: &str,
        append: bool,
    ) -> Result<(), Refusal> {
        steward(principal)?;
        let (row, settings) = self.sheet(source).await?;
        let (kept, look) = self.held_against(&settings, id).await?;
        let compared = replacing::compare(source, &settings, &kept, &look);
        if compared.breaks {
            return Err(Refusal::MissingColumns(compared.missing));
        }
        let files = replacing::files(&settings, &kept, &look, append)?;
        let settings = SheetSettings { files, ..settings };
        let params = serde_json::to_value(&settings).map_err(|error| internal(&error))?;
        let changed = SourceRow { params, ..row };
        self.jobs.metastore.change_source(&changed).await.map_err(|error| internal(&error))?;
        self.jobs.sync(source, Trigger::Person);
        Ok(())
    }
}

impl Uploads {
    /// How the build stands that follows a sync which ended at `since`.
    async fn built(&self, board: &str, since: &str) -> Result<Step, Failure> {
        let runs = self.jobs.metastore.runs(1).await.map_err(|error| internal(&error))?;
        // RFC 3339 in UTC sorts as text.
        let Some(run) = runs.into_iter().find(|run| run.started_at.as_str() >= since) else {
            return Ok(Step::Building);
        };
        let board_of =
            |edition: Arc<crate::reader::OpenEdition>| edition.board(board).map(|board| board.id.clone());
        Ok(match run.state {
            RunState::Running => Step::Building,
            RunState::Published | RunState::Unchanged => {
                match self.reader.current().await.ok().and_then(board_of) {
                    Some(board) => Step::Ready(board),
                    None => Step::Failed("its pack has no board any more; see the pack's files".to_owned()),
                }
            }
            RunState::HeldBack | RunState::Failed | RunState::Interrupted => {
                Step::Failed(run.message.unwrap_or_default())
            }
        })
    }

    /// A new file, read with the types that the sheet has.
    async fn held_against(&self, settings: &SheetSettings, id: &str) -> Result<(Kept, Arc<Look>), Refusal> {
        let kept = self.kept(id)?;
        let lookup = Lookup {
            path: kept.path.clone(),
            file: stem(&kept.file).to_owned(),
            sheet: settings.files.first().and_then(|file| file.sheet.clone()),
            columns: settings.columns.clone(),
            keep_totals: true,
        };
        let look = self.look_at(lookup).await?;
        Ok((kept, look))
    }
}

fn source_row(name: &str, understood: &Understood, used: Vec<String>) -> Result<SourceRow, Failure> {
    let types = understood.look.columns.iter().map(|column| (column.name.clone(), column.column_type));
    let settings = SheetSettings {
        files: vec![SheetFile {
            name: stem(&understood.kept.file).to_owned(),
            content: understood.kept.id.clone(),
            sheet: understood.look.sheet.clone(),
        }],
        columns: types.collect::<BTreeMap<String, ColumnType>>(),
        used,
    };
    Ok(SourceRow {
        name: name.to_owned(),
        kind: "sheet".to_owned(),
        params: serde_json::to_value(&settings).map_err(|error| internal(&error))?,
        secrets: BTreeMap::new(),
        promised_minutes: None,
        // It changes when somebody sends another file.
        schedule: Some("manual".to_owned()),
    })
}

fn refusal(error: ConnectError, path: &Path) -> Refusal {
    tracing::info!(%error, path = %path.display(), "an upload cannot be read");
    match error {
        ConnectError::Format { detail, .. } if detail.contains("protected") => Refusal::Protected,
        ConnectError::Format { detail, .. } if detail == "it is empty" || detail.contains("no rows") => {
            Refusal::Empty
        }
        ConnectError::Format { expected: "a readable workbook", detail, .. } => Refusal::Unreadable(detail),
        ConnectError::Format { .. } => Refusal::NotATable,
        ConnectError::File { .. } | ConnectError::Folder { .. } => internal(&error).into(),
        error => Refusal::Unreadable(error.to_string()),
    }
}

/// Writes all files, in a folder of another name until they are whole.
fn write(folder: &Path, files: &BTreeMap<String, String>) -> anyhow::Result<()> {
    let half = folder.with_extension("half");
    let _ = std::fs::remove_dir_all(&half);
    for (path, text) in files {
        let path = half.join(path);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(path, text)?;
    }
    Ok(std::fs::rename(half, folder)?)
}

#[cfg(test)]
mod tests;
