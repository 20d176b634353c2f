//! One Delta table on disk: opening a version, writing data files, committing a change of its file set.
//!
//! Does not decide what changes (`landing`, `write`, `upkeep`). Invariant: a version comes about by exactly one
//! commit, prepared in full before its one log file is put, so that a crash leaves either the whole version or
//! nothing.

use std::collections::{HashMap, HashSet};
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use deltalake::datafile::writer::{DeltaWriter, WriterConfig};
use deltalake::kernel::engine::arrow_conversion::TryIntoKernel;
use deltalake::kernel::transaction::{CommitBuilder, CommitProperties, TableReference};
use deltalake::kernel::{
    Action, Add, EagerSnapshot, MetadataExt, Protocol, Remove, StructType, Transaction, new_metadata,
};
use deltalake::logstore::{LogStoreRef, StorageConfig, logstore_with};
use deltalake::operations::get_num_idx_cols_and_stats_columns;
use deltalake::parquet::basic::Compression;
use deltalake::parquet::file::properties::WriterProperties;
use deltalake::protocol::DeltaOperation;
use deltalake::{DeltaTable, DeltaTableError};
use futures::{Stream, StreamExt};
use url::Url;

use crate::columns::fit;
use crate::store::off_thread;
use crate::{Lake, LakeError, TableName};

/// Data files roll over at about this size.
const FILE_SIZE: NonZeroU64 = NonZeroU64::new(128 << 20).expect("not zero");
/// Small enough that a table of a few hundred thousand rows is read by several threads.
const ROW_GROUP_ROWS: usize = 128 * 1024;

/// The tables that this process has written or asked about, each with its own lock.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    known: Mutex<HashMap<TableName, Arc<tokio::sync::Mutex<Head>>>>,
}

/// The newest state of a table that this process has seen.
#[derive(Default)]
pub(crate) struct Head {
    table: Option<DeltaTable>,
}

impl std::fmt::Debug for Head {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let version = self.table.as_ref().and_then(DeltaTable::version);
        f.debug_struct("Head").field("version", &version).finish()
    }
}

impl Tables {
    pub(crate) fn head(&self, name: &TableName) -> Arc<tokio::sync::Mutex<Head>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry(name.clone()).or_default().clone()
    }
}

impl Head {
    pub(crate) fn table(&self) -> Option<&DeltaTable> {
        self.table.as_ref()
    }

    /// The newest version on disk, or `None` where no table was ever written.
    pub(crate) async fn newest(
        &mut self,
        lake: &Lake,
        name: &TableName,
    ) -> Result<Option<EagerSnapshot>, LakeError> {
        if newest_version(&lake.table_dir(name))?.is_none() {
            self.table = None;
            return Ok(None);
        }
        let table = match &mut self.table {
            Some(table) => table,
            empty => empty.insert(DeltaTable::new(lake.log_store(name)?)),
        };
        table.update_state().await.map_err(|e| LakeError::read(name, e))?;
        let state = table.snapshot().map_err(|e| LakeError::read(name, e))?;
        Ok(Some(state.snapshot().clone()))
    }
}

/// What one commit does to a table.
pub(crate) struct Change {
    pub(crate) operation: DeltaOperation,
    /// The columns of the version that comes about.
    pub(crate) schema: SchemaRef,
    pub(crate) adds: Vec<Add>,
    pub(crate) removes: Vec<Remove>,
    /// The batch that this commit lands, and the bookmark that moves with it.
    pub(crate) ledger: Vec<Transaction>,
}

impl Lake {
    pub(crate) fn table_dir(&self, name: &TableName) -> PathBuf {
        self.rooms.dir.join(&name.schema).join(&name.name)
    }

    pub(crate) fn log_store(&self, name: &TableName) -> Result<LogStoreRef, LakeError> {
        name.check()?;
        let dir = self.table_dir(name);
        let address = Url::from_directory_path(&dir).map_err(|()| LakeError::Folder {
            path: dir.clone(),
            source: std::io::Error::other("the folder's path is not absolute"),
        })?;
        logstore_with(self.rooms.store.clone(), &address, StorageConfig::default())
            .map_err(|e| LakeError::read(name, e))
    }

    /// The table as it was at `version`.
    pub(crate) async fn at_version(
        &self,
        name: &TableName,
        version: u64,
    ) -> Result<EagerSnapshot, LakeError> {
        let log_store = self.log_store(name)?;
        EagerSnapshot::try_new(log_store.as_ref(), Some(version))
            .await
            .map_err(|source| LakeError::NoVersion { table: name.clone(), version, source: Box::new(source) })
    }

    /// Writes the rows as data files that no version names yet, in the columns of `schema`.
    ///
    /// Returns the files and the number of rows. On an error nothing is committed; what was already written is
    /// garbage for upkeep.
    pub(crate) async fn write_files(
        &self,
        name: &TableName,
        schema: &SchemaRef,
        rows: impl Stream<Item = Result<RecordBatch, LakeError>> + Send,
    ) -> Result<(Vec<Add>, u64), LakeError> {
        let (columns, with_stats) = get_num_idx_cols_and_stats_columns(None, HashMap::new());
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
            .build();
        let config = WriterConfig::new(
            schema.clone(),
            Vec::new(),
            Some(properties),
            Some(FILE_SIZE),
            None,
            columns,
            with_stats,
        );
        let mut writer = DeltaWriter::new(self.log_store(name)?.object_store(None), config);
        let mut count = 0;
        let mut rows = std::pin::pin!(rows);
        while let Some(batch) = rows.next().await {
            let written = match batch.and_then(|batch| fit(name, &batch, schema)) {
                Ok(batch) => {
                    count += batch.num_rows() as u64;
                    writer.write(&batch).await.map_err(|e| LakeError::write(name, e))
                }
                Err(error) => Err(error),
            };
            if let Err(error) = written {
                if let Err(second) = writer.abort().await {
                    tracing::warn!(table = %name, error = %second, "could not remove a half-written file of `{name}`");
                }
                return Err(error);
            }
        }
        let files = writer.close().await.map_err(|e| LakeError::write(name, e))?;
        Ok((files, count))
    }

    /// Commits `change` on top of `base`, which must be the newest version, or on nothing. Returns the new version.
    pub(crate) async fn commit(
        &self,
        name: &TableName,
        base: Option<&EagerSnapshot>,
        change: Change,
    ) -> Result<u64, LakeError> {
        let failed = |e| LakeError::commit(name, e);
        let mut actions = schema_actions(base, &change.schema).map_err(failed)?;
        actions.extend(change.removes.into_iter().map(Action::Remove));
        actions.extend(change.adds.into_iter().map(Action::Add));
        // Checkpoints and log cleanup belong to upkeep, which knows what is pinned.
        let properties = CommitProperties::default()
            .with_max_retries(0)
            .with_create_checkpoint(false)
            .with_cleanup_expired_logs(Some(false))
            .with_application_transactions(change.ledger);
        let base = base.map(|snapshot| snapshot as &dyn TableReference);
        let prepared = CommitBuilder::from(properties)
            .with_actions(actions)
            .build(base, self.log_store(name)?, change.operation)
            .into_prepared_commit_future()
            .await
            .map_err(failed)?;
        // The rest of delta-rs's commit future only reads the version back; its failure would deny a commit that stands.
        Ok(prepared.await.map_err(failed)?.version)
    }

    /// Makes sure that the commits this process can see are on the disk, whoever wrote them and however that process
    /// ended.
    pub(crate) async fn sync_log(&self, name: &TableName) -> Result<(), LakeError> {
        let (disk, log) = (self.rooms.options.disk.clone(), self.table_dir(name).join("_delta_log"));
        let path = log.clone();
        let synced = off_thread(move || disk.sync_dir(&log)).await;
        synced.map_err(|source| LakeError::Folder { path, source })
    }
}

/// Protocol and metadata actions, as far as the new columns need them.
fn schema_actions(base: Option<&EagerSnapshot>, schema: &SchemaRef) -> Result<Vec<Action>, DeltaTableError> {
    let columns: StructType = schema.as_ref().try_into_kernel()?;
    let Some(base) = base else {
        // Old versions stay readable until upkeep finds that nothing pins them: no other engine may clean the log by age.
        let settings = [("delta.enableExpiredLogCleanup", "false")];
        let metadata = new_metadata(&columns, Vec::<String>::new(), settings)?;
        return Ok(vec![Action::Protocol(protocol(schema)?), Action::Metadata(metadata)]);
    };
    let mut actions = Vec::new();
    if base.schema().as_ref() != &columns {
        if has_local_time(schema) && base.protocol().writer_features().is_none() {
            actions.push(Action::Protocol(protocol(schema)?));
        }
        actions.push(Action::Metadata(base.metadata().clone().with_schema(&columns)?));
    }
    Ok(actions)
}

/// The oldest protocol that can hold the columns, so that as many engines as possible read the table.
fn protocol(schema: &Schema) -> Result<Protocol, DeltaTableError> {
    let plain = serde_json::json!({ "minReaderVersion": 1, "minWriterVersion": 2 });
    let with_features = serde_json::json!({
        "minReaderVersion": 3,
        "minWriterVersion": 7,
        "readerFeatures": ["timestampNtz"],
        "writerFeatures": ["timestampNtz", "appendOnly", "invariants"],
    });
    let protocol = if has_local_time(schema) { with_features } else { plain };
    serde_json::from_value(protocol).map_err(|e| DeltaTableError::Generic(e.to_string()))
}

/// Timestamps without a time zone need a table feature of their own.
fn has_local_time(schema: &Schema) -> bool {
    fn holds(given: &arrow::datatypes::DataType) -> bool {
        use arrow::datatypes::DataType as T;
        match given {
            T::Timestamp(_, None) => true,
            T::List(item) => holds(item.data_type()),
            T::Struct(fields) => fields.iter().any(|field| holds(field.data_type())),
            _ => false,
        }
    }
    schema.fields().iter().any(|field| holds(field.data_type()))
}

/// The newest committed version by the names in the log folder; `None` where there is no table.
pub(crate) fn newest_version(table_dir: &Path) -> Result<Option<u64>, LakeError> {
    let log = table_dir.join("_delta_log");
    let entries = match std::fs::read_dir(&log) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(LakeError::Folder { path: log, source }),
    };
    let mut newest = None;
    for entry in entries {
        let entry = entry.map_err(|source| LakeError::Folder { path: log.clone(), source })?;
        newest = newest.max(commit_version(&entry.file_name().to_string_lossy()));
    }
    Ok(newest)
}

/// `00000000000000000012.json` → 12.
pub(crate) fn commit_version(file_name: &str) -> Option<u64> {
    let digits = file_name.strip_suffix(".json")?;
    (digits.len() == 20).then(|| digits.parse().ok()).flatten()
}

/// All files of a version.
pub(crate) fn files(snapshot: &EagerSnapshot) -> Vec<Add> {
    #[expect(deprecated, reason = "delta-rs offers no other way to put a file of an older version back")]
    let adds = snapshot.log_data().iter().map(|file| file.add_action()).collect();
    adds
}

/// Remove actions for the files that `gone` picks.
pub(crate) fn removes(
    snapshot: &EagerSnapshot,
    data_change: bool,
    gone: impl Fn(&str) -> bool,
) -> Vec<Remove> {
    let files = snapshot.log_data();
    let picked = files.iter().filter(|file| gone(&file.path()));
    picked.map(|file| file.remove_action(data_change)).collect()
}

/// The columns that hold no value in any row of this version, by the files' statistics.
pub(crate) fn empty_columns(snapshot: &EagerSnapshot) -> HashSet<String> {
    let mut empty: HashSet<String> =
        snapshot.arrow_schema().fields().iter().map(|field| field.name().clone()).collect();
    for file in snapshot.log_data().iter() {
        let stats = file.stats().and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok());
        let Some(stats) = stats else { return HashSet::new() };
        let rows = &stats["numRecords"];
        empty.retain(|column| rows.is_number() && &stats["nullCount"][column.as_str()] == rows);
    }
    empty
}

/// The Arrow columns of a version, as [`crate::columns::storable_schema`] would give them.
pub(crate) fn schema_of(snapshot: &EagerSnapshot) -> SchemaRef {
    crate::columns::readable_schema(&snapshot.arrow_schema())
}
