//! What models write: a table replaced, appended to, or merged by key, in one commit.
//!
//! A run builds on the versions that its edition names, not on what a failed run left behind. Does not run the
//! model's SQL (`transform`). Invariant: the new version holds the rows of the version it was written onto, changed
//! as the mode says, and nothing else.

use std::collections::HashSet;

use deltalake::kernel::{Add, EagerSnapshot};
use deltalake::protocol::{DeltaOperation, SaveMode};

use crate::columns::storable_schema;
use crate::evolution::{Evolution, evolve, untyped};
use crate::merge::{Gone, Survivors, file_name};
use crate::table::{Change, empty_columns, files, removes, schema_of};
use crate::{Lake, LakeError, RecordBatchStream, TableName};

/// What becomes of the rows that are already there.
///
/// `onto` is the version that the rows are added to: the one that the run started from. `None` is the newest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WriteMode {
    /// They all go, and the table takes the new rows' columns and types as they are.
    Replace,
    /// They stay.
    Append { onto: Option<u64> },
    /// They stay, except those whose key comes again. As in SQL and in dbt, a missing key equals nothing, and equal
    /// keys within the new rows all stay.
    Merge { key: Vec<String>, onto: Option<u64> },
}

impl Lake {
    /// Writes a model's rows and returns the table's new version.
    ///
    /// # Errors
    /// On every error the table is as it was.
    pub async fn write(
        &self,
        table: &TableName,
        rows: RecordBatchStream,
        mode: WriteMode,
    ) -> Result<u64, LakeError> {
        table.check()?;
        let _permit = self.rooms.lock.acquire().await?;
        let head = self.rooms.tables.head(table);
        let mut head = head.lock().await;
        let newest = head.newest(self, table).await?;
        let onto = match &mode {
            WriteMode::Replace => None,
            WriteMode::Append { onto } | WriteMode::Merge { onto, .. } => match (&newest, onto) {
                (Some(newest), Some(version)) => Some(self.base(table, newest, *version).await?),
                (Some(newest), None) => Some(newest.clone()),
                (None, _) => None,
            },
        };
        let (schema, kept, adds) = self.written(table, onto.as_ref(), rows, &mode).await?;

        // Bring the newest file set to the wanted one: kept files of the base, and the new ones.
        let now: HashSet<String> = newest.iter().flat_map(files).map(|add| add.path).collect();
        let wanted: HashSet<String> = kept.iter().map(|add| add.path.clone()).collect();
        let returning = kept.into_iter().filter(|add| !now.contains(&add.path));
        let change = Change {
            operation: operation(&mode),
            schema,
            adds: returning.map(|add| Add { data_change: true, ..add }).chain(adds).collect(),
            removes: newest.as_ref().map(|n| removes(n, true, |p| !wanted.contains(p))).unwrap_or_default(),
            ledger: Vec::new(),
        };
        let version = self.commit(table, newest.as_ref(), change).await?;
        tracing::info!(table = %table, version, "wrote `{table}`");
        Ok(version)
    }

    /// The version to write onto; a newer one that only packed the same rows into other files is as good, and better
    /// packed.
    async fn base(
        &self,
        table: &TableName,
        newest: &EagerSnapshot,
        version: u64,
    ) -> Result<EagerSnapshot, LakeError> {
        if newest.version() == version || self.only_packed(table, version, newest.version())? {
            return Ok(newest.clone());
        }
        self.at_version(table, version).await
    }

    /// Writes the new files; returns the columns, the files of the base that stay, and the new ones.
    async fn written(
        &self,
        table: &TableName,
        base: Option<&EagerSnapshot>,
        rows: RecordBatchStream,
        mode: &WriteMode,
    ) -> Result<(arrow::datatypes::SchemaRef, Vec<Add>, Vec<Add>), LakeError> {
        let given = storable_schema(table, &rows.schema())?;
        let Evolution { schema, rewrite, .. } = match base {
            Some(base) => {
                let untyped = untyped(&rows.schema());
                evolve(table, &schema_of(base), &given, &untyped, &empty_columns(base))?
            }
            None => Evolution { schema: given.clone(), changed: true, rewrite: false },
        };
        let staged;
        let (gone, mut adds) = match mode {
            WriteMode::Merge { key, .. } => {
                let absent = key.iter().find(|column| given.index_of(column).is_err());
                if let Some(absent) = absent.cloned().or_else(|| key.is_empty().then(String::new)) {
                    return Err(LakeError::NoKey { table: table.clone(), key: absent });
                }
                staged = self.stage(table, &schema, rows).await?;
                let new = self.staged_rows(table, &staged, None).await?;
                let (adds, _) = self.write_files(table, &schema, new).await?;
                (Gone::Keys { staged: &staged, key, nulls_match: false }, adds)
            }
            _ => (Gone::None, self.write_files(table, &schema, rows).await?.0),
        };
        let Some(base) = base else { return Ok((schema, Vec::new(), adds)) };
        let Survivors { files: leaving, rows } = self.survivors(table, base, &gone, rewrite).await?;
        let (rewritten, _) = self.write_files(table, &schema, rows).await?;
        adds.extend(rewritten);
        let kept = files(base).into_iter().filter(|add| !leaving.contains(file_name(&add.path)));
        Ok((schema, kept.collect(), adds))
    }
}

fn operation(mode: &WriteMode) -> DeltaOperation {
    let (mode, predicate) = match mode {
        WriteMode::Replace => (SaveMode::Overwrite, None),
        WriteMode::Append { .. } => (SaveMode::Append, None),
        WriteMode::Merge { key, .. } => (SaveMode::Overwrite, Some(format!("same {}", key.join(", ")))),
    };
    DeltaOperation::Write { mode, partition_by: None, predicate }
}
