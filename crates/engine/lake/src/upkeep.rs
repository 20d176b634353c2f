//! Upkeep: many small files packed into few, checkpoints, and the removal of what no reader can reach any more.
//!
//! What may be read is not delta-rs's retention by age but the pins of editions and backups, so the file sets of all
//! pinned versions are computed here. Does not know editions (`pipeline`). Invariant: every pinned version reads the
//! same rows before and after.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use deltalake::kernel::{Add, EagerSnapshot};
use deltalake::protocol::{DeltaOperation, checkpoints};
use futures::TryStreamExt;

use crate::merge::file_name;
use crate::session::scan;
use crate::store::off_thread;
use crate::table::{Change, Head, commit_version, newest_version, removes, schema_of};
use crate::{Lake, LakeError, RecordBatchStream, Relation, Relations, TableName};

/// Files below this size are packed together…
const SMALL: i64 = 32 << 20;
/// …as soon as a table has so many of them.
const MANY: usize = 8;
/// A reader replays at most so many commits.
const CHECKPOINT_EVERY: u64 = 20;
/// What delta-rs calls our packing commits in the log.
const PACKED: &str = "OPTIMIZE";

/// What one upkeep did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Upkeep {
    /// Tables looked at.
    pub tables: usize,
    /// Small files that were packed into larger ones.
    pub packed_files: usize,
    pub checkpoints: usize,
    /// Data files removed, and their bytes.
    pub removed_files: usize,
    pub freed_bytes: u64,
    /// Log files removed.
    pub removed_logs: usize,
}

impl Lake {
    /// Tidies every table. `pins` are the relations of all editions, backups and runs that must stay readable; the
    /// newest version of each table, and whatever changed within the grace time, stay readable too.
    pub async fn upkeep(&self, pins: &[Relations]) -> Result<Upkeep, LakeError> {
        let mut done = Upkeep::default();
        for name in self.table_names()? {
            let _permit = self.rooms.lock.acquire().await?;
            let head = self.rooms.tables.head(&name);
            let mut head = head.lock().await;
            let Some(mut newest) = head.newest(self, &name).await? else { continue };
            done.tables += 1;
            if let Some(packed) = self.pack(&name, &newest).await? {
                done.packed_files += packed;
                if let Some(after) = head.newest(self, &name).await? {
                    newest = after;
                }
            }
            let mut versions = pinned(&name, pins);
            versions.insert(newest.version());
            self.remove_files(&name, &versions, &mut done).await?;
            self.tidy_log(&name, &head, &versions, &mut done).await?;
        }
        self.remove_staging()?;
        Ok(done)
    }

    /// The newest versions of all tables of a schema.
    pub async fn latest(&self, schema: &str) -> Result<Relations, LakeError> {
        let names = self.table_names()?.into_iter().filter(|name| name.schema == schema);
        let mut relations = Relations::new();
        for name in names {
            let dir = self.table_dir(&name);
            let version = off_thread(move || Ok(newest_version(&dir))).await;
            let version =
                version.map_err(|source| LakeError::Folder { path: self.table_dir(&name), source })??;
            if let Some(version) = version {
                relations.insert(name, Relation::Table { version });
            }
        }
        Ok(relations)
    }

    /// All names of tables that the folder holds.
    fn table_names(&self) -> Result<BTreeSet<TableName>, LakeError> {
        let mut names = BTreeSet::new();
        for schema in folders(&self.rooms.dir)? {
            for table in folders(&schema)? {
                let name =
                    TableName::new(file_name(&schema.to_string_lossy()), file_name(&table.to_string_lossy()));
                if name.check().is_ok() && table.join("_delta_log").is_dir() {
                    names.insert(name);
                }
            }
        }
        Ok(names)
    }

    /// Packs the small files if there are many; returns how many were.
    async fn pack(&self, name: &TableName, newest: &EagerSnapshot) -> Result<Option<usize>, LakeError> {
        let small: HashSet<String> = newest
            .log_data()
            .iter()
            .filter(|file| file.size() < SMALL)
            .map(|file| file.path().to_string())
            .collect();
        if small.len() < MANY {
            return Ok(None);
        }
        let read = |e| LakeError::read(name, e);
        let provider = scan()
            .with_log_store(self.log_store(name)?)
            .with_eager_snapshot(newest.clone())
            .with_file_paths(small.iter().cloned())
            .await
            .map_err(read)?;
        let schema = schema_of(newest);
        let context = self.rooms.engine.workspace()?;
        let rows = context.read_table(provider).map_err(read)?.execute_stream().await.map_err(read)?;
        let table = name.clone();
        let rows = RecordBatchStream::new(schema.clone(), rows.map_err(move |e| LakeError::read(&table, e)));
        let (adds, _) = self.write_files(name, &schema, rows).await?;
        let change = Change {
            operation: DeltaOperation::Optimize { predicate: None, target_size: SMALL },
            schema,
            adds: adds.into_iter().map(|add| Add { data_change: false, ..add }).collect(),
            removes: removes(newest, false, |path| small.contains(path)),
            ledger: Vec::new(),
        };
        self.commit(name, Some(newest), change).await?;
        Ok(Some(small.len()))
    }

    /// Whether all commits after `version`, up to `newest`, only packed files.
    pub(crate) fn only_packed(&self, name: &TableName, version: u64, newest: u64) -> Result<bool, LakeError> {
        let log = self.table_dir(name).join("_delta_log");
        for commit in version + 1..=newest {
            let path = log.join(format!("{commit:020}.json"));
            let text = match std::fs::read_to_string(&path) {
                Ok(text) => text,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
                Err(source) => return Err(LakeError::Folder { path, source }),
            };
            let packed = actions(&text).any(|action| action["commitInfo"]["operation"] == PACKED);
            if !packed {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Removes data files that none of `versions` holds and that no version held within the grace time.
    async fn remove_files(
        &self,
        name: &TableName,
        versions: &BTreeSet<u64>,
        done: &mut Upkeep,
    ) -> Result<(), LakeError> {
        let mut needed = HashSet::new();
        for version in versions {
            let snapshot = self.at_version(name, *version).await?;
            needed.extend(snapshot.log_data().iter().map(|file| file_name(&file.path()).to_string()));
        }
        let (dir, grace) = (self.table_dir(name), self.rooms.options.grace);
        for file in old_files(&dir.join("_delta_log"), Duration::ZERO)? {
            // Recent commits tell which files left the table a moment ago: a reader may still hold the version before.
            if commit_version(&file.name).is_some() && !file.is_older_than(grace) {
                let text = std::fs::read_to_string(&file.path)
                    .map_err(|source| LakeError::Folder { path: file.path.clone(), source })?;
                let paths = actions(&text).filter_map(|a| Some(a["remove"]["path"].as_str()?.to_string()));
                needed.extend(paths.map(|path| file_name(&path).to_string()));
            }
        }
        for file in old_files(&dir, grace)? {
            let is_data = Path::new(&file.name).extension().is_some_and(|e| e == "parquet");
            if (is_data && !needed.contains(&file.name)) || is_staged(&file.name) {
                file.remove()?;
                done.removed_files += 1;
                done.freed_bytes += file.size;
            }
        }
        Ok(())
    }

    /// Writes a checkpoint when it is due, and removes log files that no pinned version is read through.
    async fn tidy_log(
        &self,
        name: &TableName,
        head: &Head,
        versions: &BTreeSet<u64>,
        done: &mut Upkeep,
    ) -> Result<(), LakeError> {
        let (log, grace) = (self.table_dir(name).join("_delta_log"), self.rooms.options.grace);
        let (Some(oldest), Some(newest)) = (versions.first(), versions.last()) else { return Ok(()) };
        let mut known: BTreeSet<u64> = old_files(&log, Duration::ZERO)?
            .iter()
            .filter_map(|file| checkpoint_version(&file.name))
            .collect();
        let last = known.last().copied();
        if last.map_or(newest + 1 >= CHECKPOINT_EVERY, |last| newest - last >= CHECKPOINT_EVERY)
            && let Some(table) = head.table()
        {
            let written = checkpoints::create_checkpoint(table, None).await;
            written.map_err(|e| LakeError::write(name, e))?;
            known.insert(*newest);
            done.checkpoints += 1;
        }
        // Without a checkpoint at or before the oldest version, all commits are needed.
        let start = known.range(..=oldest).next_back().copied().unwrap_or_default();
        for file in old_files(&log, grace)? {
            let version = file.name.get(..20).and_then(|digits| digits.parse::<u64>().ok());
            if version.is_some_and(|version| version < start) || is_staged(&file.name) {
                file.remove()?;
                done.removed_logs += 1;
            }
        }
        Ok(())
    }

    /// Removes staging files that a killed process left.
    fn remove_staging(&self) -> Result<(), LakeError> {
        for file in old_files(&self.rooms.dir.join(".staging"), self.rooms.options.grace)? {
            file.remove()?;
        }
        Ok(())
    }
}

fn pinned(name: &TableName, pins: &[Relations]) -> BTreeSet<u64> {
    let versions = pins.iter().filter_map(|relations| match relations.get(name) {
        Some(Relation::Table { version }) => Some(*version),
        _ => None,
    });
    versions.collect()
}

/// The actions of one commit file.
fn actions(text: &str) -> impl Iterator<Item = serde_json::Value> {
    text.lines().filter_map(|line| serde_json::from_str(line).ok())
}

/// `00000000000000000040.checkpoint.parquet` → 40.
fn checkpoint_version(name: &str) -> Option<u64> {
    let (digits, rest) = name.split_once('.')?;
    let is_checkpoint = rest.starts_with("checkpoint.") && !is_staged(name);
    (digits.len() == 20 && is_checkpoint).then(|| digits.parse().ok()).flatten()
}

/// A file that never got its name: `<name>#<number>`.
fn is_staged(name: &str) -> bool {
    name.rsplit_once('#')
        .is_some_and(|(_, number)| !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit()))
}

struct OldFile {
    name: String,
    path: PathBuf,
    size: u64,
    age: Duration,
}

impl OldFile {
    fn is_older_than(&self, age: Duration) -> bool {
        self.age >= age
    }

    fn remove(&self) -> Result<(), LakeError> {
        std::fs::remove_file(&self.path)
            .map_err(|source| LakeError::Folder { path: self.path.clone(), source })
    }
}

/// The plain files of a folder that were last changed at least `age` ago; none where there is no folder.
fn old_files(dir: &Path, age: Duration) -> Result<Vec<OldFile>, LakeError> {
    let failed = |source| LakeError::Folder { path: dir.to_path_buf(), source };
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(failed(source)),
    };
    let now = SystemTime::now();
    let mut files = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed)?;
        let about = entry.metadata().map_err(failed)?;
        let changed = about.modified().map_err(failed)?;
        let file = OldFile {
            name: entry.file_name().to_string_lossy().into_owned(),
            path: entry.path(),
            size: about.len(),
            age: now.duration_since(changed).unwrap_or_default(),
        };
        if about.is_file() && file.is_older_than(age) {
            files.push(file);
        }
    }
    Ok(files)
}

/// The folders in a folder, hidden ones aside.
fn folders(dir: &Path) -> Result<Vec<PathBuf>, LakeError> {
    let failed = |source| LakeError::Folder { path: dir.to_path_buf(), source };
    let mut folders = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        if !hidden && entry.file_type().map_err(failed)?.is_dir() {
            folders.push(entry.path());
        }
    }
    Ok(folders)
}
