//! Landing: a batch of a stream becomes rows of a raw table, exactly once.
//!
//! The batch id travels in the commit itself, as a Delta `txn` action, and is looked up under the table's lock before
//! anything is written: Delta alone would let the same id commit twice. Does not read sources (`connect`). Invariant:
//! landing a batch again changes nothing.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use deltalake::kernel::{EagerSnapshot, Transaction};
use deltalake::protocol::{DeltaOperation, SaveMode};
use futures::StreamExt;
use futures::stream::BoxStream;

use crate::columns::storable_schema;
use crate::evolution::{Evolution, evolve, untyped};
use crate::merge::{Gone, Survivors, file_name};
use crate::table::{Change, empty_columns, removes, schema_of};
use crate::{Lake, LakeError, RowsError, TableName};

const BATCH: &str = "_mirante_batch";
const LOADED_AT: &str = "_mirante_loaded_at";
const DELETED: &str = "_mirante_deleted";

/// A batch of a stream on its way into the lake.
pub struct Landing {
    pub table: TableName,
    /// Names this batch of this table; its rows carry it.
    pub batch_id: String,
    /// Whether the table keeps the id for ever, so that the same id is never landed twice. Without it, landing the same rows again has to be
    /// harmless: by their keys, or because a bookmark has moved with them.
    pub once: bool,
    pub mode: LandMode,
    /// Whether the table starts again: all rows go, and no type of theirs binds those that come.
    pub anew: bool,
    /// The columns that `rows` bring. A column of type `Null` has no type yet and takes the table's.
    pub schema: SchemaRef,
    pub rows: BoxStream<'static, Result<RecordBatch, RowsError>>,
    /// What moves forward with these rows and only with them.
    pub bookmark: Option<Bookmark>,
}

/// A number that a table's commits carry, so that whoever reads a source knows how far it has got, whatever happened since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bookmark {
    /// Whose number it is.
    pub name: String,
    /// Greater than the one before.
    pub sequence: i64,
}

impl Bookmark {
    fn ledger_id(name: &str) -> String {
        format!("mirante/bookmark/{name}")
    }
}

/// What becomes of the rows that are already there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LandMode {
    /// They stay.
    Append,
    /// They stay, except those whose key comes again. Within the batch the last row of a key wins; a missing part of
    /// a key equals a missing part.
    Merge { key: Vec<String> },
    /// They stay, except those with a key of the batch; the batch's rows all stay, however many there are of a key.
    ReplaceKeys { key: Vec<String> },
    /// They all go.
    Replace,
    /// Those go whose `column` reads as `value`: all rows of one file, say.
    ReplaceWhere { column: String, value: String },
}

/// The outcome of [`Lake::land`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Landed {
    /// The table's version that holds the batch: the one just made, or for a batch landed earlier the newest.
    pub version: u64,
    /// Rows that the batch brought.
    pub rows: u64,
    /// The batch had been landed before; nothing was changed and its rows were not read.
    pub already: bool,
    /// How the columns of a table that was there changed.
    pub columns: Vec<ColumnChange>,
}

/// A column that is new, or of a wider type than before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnChange {
    pub column: String,
    /// None for a new one.
    pub before: Option<DataType>,
    pub after: DataType,
}

impl Lake {
    /// Lands a batch in one commit. What is acknowledged survives a power cut.
    ///
    /// # Errors
    /// On every error the table is as it was, and the same batch may be landed again.
    pub async fn land(&self, landing: Landing) -> Result<Landed, LakeError> {
        let name = landing.table.clone();
        name.check()?;
        let _permit = self.rooms.lock.acquire().await?;
        let head = self.rooms.tables.head(&name);
        let mut head = head.lock().await;
        let base = head.newest(self, &name).await?;
        let ledger_id = format!("mirante/batch/{}", landing.batch_id);

        if let Some(base) = base.as_ref().filter(|_| landing.once) {
            let log_store = self.log_store(&name)?;
            let known = base.transaction_version(log_store.as_ref(), &ledger_id).await;
            if let Some(rows) = known.map_err(|e| LakeError::read(&name, e))? {
                // Whoever landed it may have died between making the commit visible and syncing its name.
                self.sync_log(&name).await?;
                return Ok(Landed {
                    version: base.version(),
                    rows: rows as u64,
                    already: true,
                    columns: Vec::new(),
                });
            }
        }
        let (bookmark, once) = (landing.bookmark.clone(), landing.once);
        let (mut change, rows) = self.landing_change(base.as_ref(), landing).await?;
        change.ledger.extend(once.then(|| Transaction::new(ledger_id, rows as i64)));
        change
            .ledger
            .extend(bookmark.map(|mark| Transaction::new(Bookmark::ledger_id(&mark.name), mark.sequence)));
        let columns = base.as_ref().map_or_else(Vec::new, |base| changed(&schema_of(base), &change.schema));
        let version = self.commit(&name, base.as_ref(), change).await?;
        tracing::info!(table = %name, rows, version, "landed {rows} rows in `{name}`");
        Ok(Landed { version, rows, already: false, columns })
    }

    /// The bookmark as the table's newest version carries it; none when it carries none, or there is no table.
    pub async fn bookmark(&self, table: &TableName, name: &str) -> Result<Option<i64>, LakeError> {
        let head = self.rooms.tables.head(table);
        let mut head = head.lock().await;
        let Some(newest) = head.newest(self, table).await? else { return Ok(None) };
        let log_store = self.log_store(table)?;
        let known = newest.transaction_version(log_store.as_ref(), &Bookmark::ledger_id(name)).await;
        let known = known.map_err(|e| LakeError::read(table, e))?;
        if known.is_some() {
            // Whoever committed it may have died before its name was durable; from here on it counts.
            self.sync_log(table).await?;
        }
        Ok(known)
    }

    /// Writes the files of a landing and says what its commit will do.
    async fn landing_change(
        &self,
        base: Option<&EagerSnapshot>,
        landing: Landing,
    ) -> Result<(Change, u64), LakeError> {
        let name = landing.table;
        let evolution = landing_columns(&name, base, &landing.schema, (&landing.mode, landing.anew))?;
        let source = name.clone();
        let rows = landing.rows.map(move |batch| match batch {
            Ok(batch) => Ok(batch),
            Err(error) => Err(LakeError::Rows { table: source.clone(), source: error }),
        });
        let rows = rows.map(stamp(&name, landing.batch_id));

        let (gone, staged);
        let (adds, count) = match &landing.mode {
            LandMode::Merge { key } | LandMode::ReplaceKeys { key } => {
                staged = self.stage(&name, &evolution.schema, rows).await?;
                let without = self.rows_without_key(&name, &staged, key).await?;
                if without > 0 {
                    return Err(LakeError::NullKey { table: name, key: key.join(", "), rows: without });
                }
                gone = Gone::Keys { staged: &staged, key, nulls_match: true };
                let repeated = matches!(landing.mode, LandMode::Merge { .. })
                    && self.repeats(&name, &staged, key).await?;
                let last = self.staged_rows(&name, &staged, repeated.then_some(key)).await?;
                let (adds, _) = self.write_files(&name, &evolution.schema, last).await?;
                (adds, staged.rows)
            }
            other => {
                gone = match other {
                    LandMode::ReplaceWhere { column, value } => Gone::Where { column, value },
                    _ => Gone::None,
                };
                self.write_files(&name, &evolution.schema, rows).await?
            }
        };
        let mut change = Change {
            operation: operation(&landing.mode),
            schema: evolution.schema.clone(),
            adds,
            removes: Vec::new(),
            ledger: Vec::new(),
        };
        if let Some(base) = base {
            if landing.anew || landing.mode == LandMode::Replace {
                change.removes = removes(base, true, |_| true);
            } else {
                let Survivors { files, rows } = self.survivors(&name, base, &gone, evolution.rewrite).await?;
                let (kept, _) = self.write_files(&name, &evolution.schema, rows).await?;
                change.adds.extend(kept);
                change.removes = removes(base, true, |path| files.contains(file_name(path)));
            }
        }
        Ok((change, count))
    }
}

fn operation(mode: &LandMode) -> DeltaOperation {
    let (mode, predicate) = match mode {
        LandMode::Append => (SaveMode::Append, None),
        LandMode::Merge { key } | LandMode::ReplaceKeys { key } => {
            (SaveMode::Overwrite, Some(format!("same {}", key.join(", "))))
        }
        LandMode::Replace => (SaveMode::Overwrite, None),
        LandMode::ReplaceWhere { column, value } => {
            (SaveMode::Overwrite, Some(format!("{column} = '{value}'")))
        }
    };
    DeltaOperation::Write { mode, partition_by: None, predicate }
}

/// The table's columns after the landing: what it has, what comes, and the lake's own three at the end.
fn landing_columns(
    name: &TableName,
    base: Option<&EagerSnapshot>,
    given: &Schema,
    (mode, anew): (&LandMode, bool),
) -> Result<Evolution, LakeError> {
    if let LandMode::Merge { key } | LandMode::ReplaceKeys { key } = mode {
        let absent = key.iter().find(|column| given.index_of(column).is_err());
        if let Some(absent) = absent.cloned().or_else(|| key.is_empty().then(String::new)) {
            return Err(LakeError::NoKey { table: name.clone(), key: absent });
        }
    }
    let own = [
        Field::new(BATCH, DataType::Utf8, true),
        Field::new(LOADED_AT, DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), true),
        Field::new(DELETED, DataType::Boolean, true),
    ];
    let theirs = given.fields().iter().filter(|field| own.iter().all(|o| o.name() != field.name()));
    let mut fields: Vec<_> = theirs.cloned().collect();
    fields.extend(own.into_iter().map(Arc::new));
    let stored = storable_schema(name, &Schema::new(fields))?;
    let Some(base) = base else {
        return Ok(Evolution { schema: stored, changed: true, rewrite: false });
    };
    let untyped = untyped(given);
    let was = schema_of(base);
    match anew {
        // Nothing old stays, so nothing old binds the types; columns that no longer come stay for the models that
        // name them.
        true => {
            let everything = was.fields().iter().map(|field| field.name().clone()).collect();
            let mut evolution = evolve(name, &was, &stored, &untyped, &everything)?;
            let fields = evolution.schema.fields().iter().map(|field| {
                let now = stored.field_with_name(field.name());
                match now {
                    Ok(now) if !untyped.contains(now.name()) => Arc::new(now.clone()),
                    _ => field.clone(),
                }
            });
            evolution.schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
            Ok(evolution)
        }
        false => evolve(name, &was, &stored, &untyped, &empty_columns(base)),
    }
}

fn changed(was: &Schema, now: &Schema) -> Vec<ColumnChange> {
    let change = |field: &Arc<Field>| {
        let before = was.field_with_name(field.name()).ok().map(|old| old.data_type().clone());
        let after = field.data_type().clone();
        (before.as_ref() != Some(&after)).then(|| ColumnChange {
            column: field.name().clone(),
            before,
            after,
        })
    };
    now.fields().iter().filter_map(change).collect()
}

/// Gives each batch the lake's own columns. A source that knows of deletions brings `_mirante_deleted` itself.
fn stamp(
    name: &TableName,
    batch_id: String,
) -> impl FnMut(Result<RecordBatch, LakeError>) -> Result<RecordBatch, LakeError> + Send + 'static {
    let now = chrono::DateTime::<chrono::Utc>::from(std::time::SystemTime::now()).timestamp_micros();
    let name = name.clone();
    move |batch| {
        let batch = batch?;
        let rows = batch.num_rows();
        let mut columns: Vec<(String, ArrayRef)> = Vec::with_capacity(batch.num_columns() + 3);
        for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
            if field.name() != BATCH && field.name() != LOADED_AT {
                columns.push((field.name().clone(), column.clone()));
            }
        }
        let batches = StringArray::from_iter_values(std::iter::repeat_n(&batch_id, rows));
        let loaded = TimestampMicrosecondArray::from_value(now, rows).with_timezone("UTC");
        columns.push((BATCH.to_string(), Arc::new(batches)));
        columns.push((LOADED_AT.to_string(), Arc::new(loaded)));
        if !columns.iter().any(|(column, _)| column == DELETED) {
            columns.push((DELETED.to_string(), Arc::new(BooleanArray::from(vec![false; rows]))));
        }
        let columns = columns.into_iter().map(|(column, values)| (column, values, true));
        RecordBatch::try_from_iter_with_nullable(columns).map_err(|e| LakeError::write(&name, e))
    }
}
