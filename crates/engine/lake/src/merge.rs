//! The rows of a table that outlive a change, and the files that must be written anew for it.
//!
//! Does not commit (`landing`, `write`). Invariant: only files that hold a changed row are written anew, unless a
//! column's type widened.

use std::collections::HashSet;
use std::path::PathBuf;

use arrow::array::{Array, AsArray, Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};
use deltalake::datafusion::prelude::{ParquetReadOptions, SessionContext};
use deltalake::kernel::EagerSnapshot;
use deltalake::parquet::arrow::ArrowWriter;
use deltalake::parquet::basic::Compression;
use deltalake::parquet::file::properties::WriterProperties;
use futures::{Stream, StreamExt};

use crate::columns::fit;
use crate::session::scan;
use crate::table_name::quote;
use crate::{Lake, LakeError, RecordBatchStream, TableName};

const FILE: &str = "__mirante_file";
const ROW: &str = "__mirante_row";
/// Beyond so many staged rows a join sorts, which can spill, instead of hashing them in memory.
const HASHED_ROWS: u64 = 2_000_000;

/// Which old rows go.
pub(crate) enum Gone<'a> {
    None,
    /// Rows whose `column` reads as `value`.
    Where {
        column: &'a str,
        value: &'a str,
    },
    /// Rows with the key of a staged row.
    Keys {
        staged: &'a Staged,
        key: &'a [String],
        nulls_match: bool,
    },
}

/// What [`Lake::survivors`] found.
pub(crate) struct Survivors {
    /// The names (without folders) of the files that leave the table.
    pub(crate) files: HashSet<String>,
    /// The rows of those files that stay.
    pub(crate) rows: RecordBatchStream,
}

/// A file's name without its folders.
pub(crate) fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

impl Lake {
    /// Splits the rows of `base`: the files that hold rows to go (all files if `all`), and the rows of those files
    /// that stay.
    pub(crate) async fn survivors(
        &self,
        name: &TableName,
        base: &EagerSnapshot,
        gone: &Gone<'_>,
        all: bool,
    ) -> Result<Survivors, LakeError> {
        let schema = crate::table::schema_of(base);
        let context = self.rooms.engine.workspace()?;
        let (from, matches, stays) = match gone {
            Gone::None => (String::new(), "false".to_string(), "true".to_string()),
            Gone::Where { column, value } => {
                let text = format!("'{}'", value.replace('\'', "''"));
                let column = match schema.field_with_name(column).map(Field::data_type) {
                    Ok(DataType::Utf8) => quote(column),
                    Ok(_) => format!("CAST({} AS VARCHAR)", quote(column)),
                    Err(_) => "CAST(NULL AS VARCHAR)".to_string(),
                };
                (String::new(), format!("{column} = {text}"), format!("{column} IS DISTINCT FROM {text}"))
            }
            Gone::Keys { staged, key, nulls_match } => {
                staged.register(&context, name).await?;
                (format!("JOIN staged s ON {}", same_key(key, *nulls_match)), "true".into(), "true".into())
            }
        };
        let (semi, anti) = match gone {
            Gone::Keys { .. } => (format!("LEFT SEMI {from}"), format!("LEFT ANTI {from}")),
            _ => (String::new(), String::new()),
        };

        let files = if all {
            let files = base.log_data();
            files.iter().map(|file| file_name(&file.path()).to_string()).collect()
        } else if matches!(gone, Gone::None) {
            HashSet::new()
        } else {
            self.register(&context, name, base, None).await?;
            let sql =
                format!("SELECT DISTINCT CAST(o.\"{FILE}\" AS VARCHAR) FROM old o {semi} WHERE {matches}");
            let batches = self.internal(&context, name, &sql).await?;
            names_in(&batches)
        };
        if files.is_empty() {
            return Ok(Survivors { files, rows: RecordBatchStream::of(schema, Vec::new()) });
        }
        self.register(&context, name, base, Some(&files)).await?;
        let columns: Vec<String> = schema.fields().iter().map(|f| format!("o.{}", quote(f.name()))).collect();
        let sql = format!("SELECT {} FROM old o {anti} WHERE {stays}", columns.join(", "));
        let rows = self.internal_stream(&context, name, &sql, schema).await?;
        Ok(Survivors { files, rows })
    }

    /// Registers the table as `old`, all of it or some files.
    async fn register(
        &self,
        context: &SessionContext,
        name: &TableName,
        base: &EagerSnapshot,
        only: Option<&HashSet<String>>,
    ) -> Result<(), LakeError> {
        let mut provider = scan()
            .with_log_store(self.log_store(name)?)
            .with_eager_snapshot(base.clone())
            .with_file_column(FILE);
        if let Some(only) = only {
            let files = base.log_data();
            let paths: Vec<String> = files.iter().map(|file| file.path().to_string()).collect();
            provider =
                provider.with_file_paths(paths.into_iter().filter(|path| only.contains(file_name(path))));
        }
        let read = |e| LakeError::read(name, e);
        let provider = provider.await.map_err(read)?;
        context.deregister_table("old").map_err(read)?;
        context.register_table("old", provider).map_err(read)?;
        Ok(())
    }

    /// Runs the lake's own SQL, whose errors are not the caller's.
    async fn internal(
        &self,
        context: &SessionContext,
        name: &TableName,
        sql: &str,
    ) -> Result<Vec<RecordBatch>, LakeError> {
        let frame = context.sql(sql).await.map_err(|e| LakeError::read(name, e))?;
        frame.collect().await.map_err(|e| self.rows_error(name, e))
    }

    pub(crate) async fn internal_stream(
        &self,
        context: &SessionContext,
        name: &TableName,
        sql: &str,
        schema: SchemaRef,
    ) -> Result<RecordBatchStream, LakeError> {
        let frame = context.sql(sql).await.map_err(|e| LakeError::read(name, e))?;
        let rows = frame.execute_stream().await.map_err(|e| self.rows_error(name, e))?;
        let (lake, table) = (self.clone(), name.clone());
        Ok(RecordBatchStream::new(
            schema,
            rows.map(move |batch| batch.map_err(|e| lake.rows_error(&table, e))),
        ))
    }

    fn rows_error(
        &self,
        name: &TableName,
        error: deltalake::datafusion::error::DataFusionError,
    ) -> LakeError {
        match self.rooms.engine.explain(error) {
            LakeError::Sql { source, .. } => LakeError::read(name, source),
            other => other,
        }
    }

    /// Writes the new rows, in the columns of `schema`, to a file outside the table where a join can read them again.
    pub(crate) async fn stage(
        &self,
        name: &TableName,
        schema: &SchemaRef,
        rows: impl Stream<Item = Result<RecordBatch, LakeError>> + Send,
    ) -> Result<Staged, LakeError> {
        let failed = |e: std::io::Error| LakeError::write(name, e);
        let dir = self.rooms.dir.join(".staging");
        std::fs::create_dir_all(&dir).map_err(failed)?;
        let path = dir.join(format!("{}.parquet", uuid::Uuid::new_v4()));
        let mut fields = schema.fields().to_vec();
        fields.push(Field::new(ROW, DataType::Int64, false).into());
        let columns: SchemaRef = Schema::new(fields).into();
        let file = std::fs::File::create(&path).map_err(failed)?;
        let mut staged = Staged { path, rows: 0, schema: schema.clone() };
        let properties = WriterProperties::builder().set_compression(Compression::LZ4_RAW).build();
        let written = |e| LakeError::write(name, e);
        let mut writer = ArrowWriter::try_new(file, columns.clone(), Some(properties)).map_err(written)?;
        let mut rows = std::pin::pin!(rows);
        while let Some(batch) = rows.next().await {
            let batch = fit(name, &batch?, schema)?;
            let first = staged.rows as i64;
            staged.rows += batch.num_rows() as u64;
            let mut values = batch.columns().to_vec();
            values.push(std::sync::Arc::new(Int64Array::from_iter_values(first..staged.rows as i64)));
            let batch =
                RecordBatch::try_new(columns.clone(), values).map_err(|e| LakeError::write(name, e))?;
            writer.write(&batch).map_err(written)?;
        }
        writer.close().map_err(written)?;
        Ok(staged)
    }

    /// The staged rows; of rows with equal keys only the one that came last, if `last_of` names the key.
    pub(crate) async fn staged_rows(
        &self,
        name: &TableName,
        staged: &Staged,
        last_of: Option<&Vec<String>>,
    ) -> Result<RecordBatchStream, LakeError> {
        let context = self.rooms.engine.workspace()?;
        staged.register(&context, name).await?;
        let columns: Vec<String> = staged.schema.fields().iter().map(|f| quote(f.name())).collect();
        let columns = columns.join(", ");
        let sql = match last_of {
            None => format!("SELECT {columns} FROM staged"),
            Some(key) => {
                let key: Vec<String> = key.iter().map(|column| quote(column)).collect();
                let key = key.join(", ");
                format!(
                    "SELECT {columns} FROM (SELECT *, row_number() OVER \
                     (PARTITION BY {key} ORDER BY \"{ROW}\" DESC) AS \"__rank\" FROM staged) WHERE \"__rank\" = 1"
                )
            }
        };
        self.internal_stream(&context, name, &sql, staged.schema.clone()).await
    }

    /// How many staged rows have no value in any column of the key.
    pub(crate) async fn rows_without_key(
        &self,
        name: &TableName,
        staged: &Staged,
        key: &[String],
    ) -> Result<u64, LakeError> {
        let absent: Vec<String> = key.iter().map(|column| format!("{} IS NULL", quote(column))).collect();
        let sql = format!("SELECT count(*) FROM staged WHERE {}", absent.join(" AND "));
        self.count_staged(name, staged, &sql).await
    }

    /// Whether two staged rows have the same key. Asked first, because finding the last row of each key sorts them all.
    pub(crate) async fn repeats(
        &self,
        name: &TableName,
        staged: &Staged,
        key: &[String],
    ) -> Result<bool, LakeError> {
        let key: Vec<String> = key.iter().map(|column| quote(column)).collect();
        let sql = format!("SELECT count(*) FROM (SELECT DISTINCT {} FROM staged)", key.join(", "));
        Ok(self.count_staged(name, staged, &sql).await? < staged.rows)
    }

    async fn count_staged(&self, name: &TableName, staged: &Staged, sql: &str) -> Result<u64, LakeError> {
        let context = self.rooms.engine.workspace()?;
        staged.register(&context, name).await?;
        let batches = self.internal(&context, name, sql).await?;
        Ok(batches.first().map_or(0, |batch| batch.column(0).as_primitive::<Int64Type>().value(0) as u64))
    }
}

/// New rows in a file of their own, removed when dropped.
pub(crate) struct Staged {
    path: PathBuf,
    pub(crate) rows: u64,
    schema: SchemaRef,
}

impl Staged {
    async fn register(&self, context: &SessionContext, name: &TableName) -> Result<(), LakeError> {
        if self.rows > HASHED_ROWS {
            let state = context.state_ref();
            state.write().config_mut().options_mut().optimizer.prefer_hash_join = false;
        }
        let path = self.path.to_string_lossy();
        let registered = context.register_parquet("staged", path, ParquetReadOptions::default()).await;
        registered.map_err(|e| LakeError::read(name, e))
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::warn!(%error, path = %self.path.display(), "could not remove a staging file; upkeep will");
        }
    }
}

fn same_key(key: &[String], nulls_match: bool) -> String {
    let sign = if nulls_match { "IS NOT DISTINCT FROM" } else { "=" };
    let pairs: Vec<String> = key.iter().map(|c| format!("(o.{0} {sign} s.{0})", quote(c))).collect();
    pairs.join(" AND ")
}

fn names_in(batches: &[RecordBatch]) -> HashSet<String> {
    let mut names = HashSet::new();
    for batch in batches {
        let column = batch.column(0);
        let texts: Vec<Option<&str>> = match column.data_type() {
            DataType::Utf8View => column.as_string_view().iter().collect(),
            _ => column.as_string::<i32>().iter().collect(),
        };
        names.extend(texts.into_iter().flatten().map(|path| file_name(path).to_string()));
    }
    names
}
