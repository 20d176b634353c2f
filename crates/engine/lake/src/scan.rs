//! One version of a table as DataFusion reads it: its Parquet files and nothing besides.
//!
//! Does not open snapshots (`table`) or keep what was opened (`session`). delta-rs has a scan of its own, which first adds to every row the
//! file that it came from and then takes it away again: a fifth of a query's time. It still reads the tables that need more than their
//! files, which Mirante never writes. Invariant: the files of the version, all of them unless their bounds say that no row can pass.

use std::collections::BTreeSet;
use std::path::Path as Folder;
use std::sync::Arc;

use arrow::datatypes::{DataType, Date32Type, Field, Schema, SchemaRef};
use async_trait::async_trait;
use chrono::{DateTime, NaiveDate};
use deltalake::datafusion::catalog::{Session, TableProvider};
use deltalake::datafusion::common::pruning::PrunableStatistics;
use deltalake::datafusion::common::stats::Precision;
use deltalake::datafusion::common::{ColumnStatistics, ScalarValue, Statistics, ToDFSchema};
use deltalake::datafusion::config::TableParquetOptions;
use deltalake::datafusion::datasource::TableType;
use deltalake::datafusion::datasource::file_format::parquet::transform_schema_to_view;
use deltalake::datafusion::datasource::listing::PartitionedFile;
use deltalake::datafusion::datasource::physical_plan::parquet::CachedParquetFileReaderFactory;
use deltalake::datafusion::datasource::physical_plan::{
    FileGroup, FileScanConfigBuilder, ParquetFileReaderFactory, ParquetSource,
};
use deltalake::datafusion::datasource::source::DataSourceExec;
use deltalake::datafusion::error::{DataFusionError, Result};
use deltalake::datafusion::execution::object_store::ObjectStoreUrl;
use deltalake::datafusion::logical_expr::utils::conjunction;
use deltalake::datafusion::logical_expr::{Expr, TableProviderFilterPushDown, lit};
use deltalake::datafusion::physical_optimizer::pruning::PruningPredicateBuilder;
use deltalake::datafusion::physical_plan::ExecutionPlan;
use deltalake::datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use deltalake::kernel::EagerSnapshot;
use object_store::ObjectMeta;
use object_store::path::Path;
use serde::Deserialize;
use serde_json::{Map, Value};
use url::Url;

use crate::dictionaries::{Dictionaries, dictionary, in_dictionaries};

/// A table version whose rows are exactly those of its files.
#[derive(Debug)]
pub(crate) struct PlainTable {
    schema: SchemaRef,
    files: Vec<PartitionedFile>,
    /// For each file, between what its values lie, which pruning takes only where it is called exact.
    bounds: Vec<Arc<Statistics>>,
    statistics: Statistics,
    /// The columns whose texts are in dictionaries, as far as the largest file tells.
    in_dictionaries: BTreeSet<String>,
}

impl PlainTable {
    /// The table of `snapshot`, in `folder`; `None` where the files alone are not the rows: partition columns, renamed columns,
    /// deletion vectors.
    pub(crate) fn of(snapshot: &EagerSnapshot, folder: &Folder) -> Result<Option<Self>> {
        let features = snapshot.protocol().reader_features().is_some_and(|features| !features.is_empty());
        let renamed = snapshot.metadata().configuration().contains_key("delta.columnMapping.mode");
        if features || renamed || !snapshot.metadata().partition_columns().is_empty() {
            return Ok(None);
        }
        let root = Url::from_directory_path(folder)
            .map_err(|()| DataFusionError::Internal(format!("{} is no absolute path", folder.display())))?;
        let schema = Arc::new(transform_schema_to_view(&snapshot.arrow_schema()));
        let log = snapshot.log_data();
        let mut files = Vec::with_capacity(log.num_files());
        for file in log.iter() {
            let location =
                root.join(&file.path()).map_err(|error| DataFusionError::External(error.into()))?;
            let size = u64::try_from(file.size()).unwrap_or_default();
            let meta = ObjectMeta {
                location: Path::from_url_path(location.path())?,
                // A file of the lake never changes: its name alone tells whether its footer is known.
                last_modified: DateTime::UNIX_EPOCH,
                size,
                e_tag: None,
                version: None,
            };
            let told =
                file.stats().and_then(|stats| serde_json::from_str::<Told>(&stats).ok()).unwrap_or_default();
            let statistics = Statistics {
                num_rows: told.num_records.map_or(Precision::Absent, Precision::Exact),
                total_byte_size: Precision::Inexact(usize::try_from(size).unwrap_or(usize::MAX)),
                column_statistics: schema.fields().iter().map(|field| told.of(field)).collect(),
            };
            files.push(PartitionedFile::from(meta).with_statistics(Arc::new(statistics)));
        }
        let each = files.iter().filter_map(|file| file.statistics.as_deref());
        let statistics = Statistics::try_merge_iter(each, &schema)?;
        let bounds = files.iter().filter_map(|file| file.statistics.as_deref()).map(as_bounds).collect();
        Ok(Some(Self { schema, files, bounds, statistics, in_dictionaries: BTreeSet::new() }))
    }

    /// The same, knowing which columns are in dictionaries.
    pub(crate) async fn with_dictionaries_known(mut self, state: &dyn Session) -> Self {
        let largest = self.files.iter().max_by_key(|file| file.object_meta.size).cloned();
        let Some((largest, files)) = largest.zip(readers(state).ok()) else { return self };
        // A file that cannot be read says so when a question reads it.
        if let Ok(mut file) = files.create_reader(0, largest, None, &ExecutionPlanMetricsSet::new())
            && let Ok(metadata) = file.get_metadata(None).await
        {
            self.in_dictionaries = in_dictionaries(&metadata);
        }
        self
    }
}

/// Opens files, remembering their footers.
fn readers(state: &dyn Session) -> Result<CachedParquetFileReaderFactory> {
    let store = state.runtime_env().object_store(ObjectStoreUrl::local_filesystem())?;
    let footers = state.runtime_env().cache_manager.get_file_metadata_cache();
    Ok(CachedParquetFileReaderFactory::new(store, footers))
}

impl PlainTable {
    /// Whether no row of any file is without a value in this column.
    pub(crate) fn never_null(&self, column: &str) -> bool {
        self.all(column, |statistics| statistics.null_count == Precision::Exact(0))
    }

    /// Whether no row of any file has a text without a letter in this column.
    pub(crate) fn never_blank(&self, column: &str) -> bool {
        // Nothing sorts before the blank text, and a bound that was cut short is not longer than the text it stands for.
        let least = |statistics: &ColumnStatistics| {
            let least = statistics.min_value.get_value().and_then(|value| value.try_as_str().flatten());
            least.is_some_and(|text| !text.is_empty())
        };
        self.all(column, least)
    }

    /// The position of a text column that is in dictionaries.
    pub(crate) fn text_in_dictionaries(&self, column: &str) -> Option<usize> {
        let (position, field) = self.schema.column_with_name(column)?;
        let coded = *field.data_type() == DataType::Utf8View && self.in_dictionaries.contains(column);
        coded.then_some(position)
    }

    /// The files in which a row may pass all filters; all files where that cannot be told.
    fn worth_reading(&self, state: &dyn Session, filters: &[Expr]) -> Vec<PartitionedFile> {
        // Of no files DataFusion warns that it knows no bounds.
        if self.files.is_empty() {
            return Vec::new();
        }
        let passing = self.passing(state, filters).unwrap_or_else(|_| vec![true; self.files.len()]);
        self.files.iter().zip(passing).filter(|(_, passes)| *passes).map(|(file, _)| file.clone()).collect()
    }

    fn passing(&self, state: &dyn Session, filters: &[Expr]) -> Result<Vec<bool>> {
        let filter = conjunction(filters.iter().cloned()).unwrap_or_else(|| lit(true));
        let filter = state.create_physical_expr(filter, &self.schema.clone().to_dfschema()?)?;
        let filter =
            PruningPredicateBuilder::new().with_file_schema(self.schema.clone()).try_build(filter)?;
        filter.prune(&PrunableStatistics::new(self.bounds.clone(), self.schema.clone()))
    }

    /// Reads the table with the columns at these positions as dictionaries.
    pub(crate) fn scan_with_dictionaries(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
        dictionaries: &[usize],
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let options = TableParquetOptions {
            global: state.config_options().execution.parquet.clone(),
            ..Default::default()
        };
        let mut fields: Vec<_> = self.schema.fields().iter().cloned().collect();
        for position in dictionaries {
            fields[*position] = Arc::new(fields[*position].as_ref().clone().with_data_type(dictionary()));
        }
        let columns = dictionaries.iter().map(|position| fields[*position].name().clone()).collect();
        let files = readers(state)?;
        let files: Arc<dyn ParquetFileReaderFactory> = if dictionaries.is_empty() {
            Arc::new(files)
        } else {
            Arc::new(Dictionaries { files, columns: Arc::new(columns) })
        };
        // The filters reach the source later, by the physical optimiser, which gives it those that arise while the query runs too.
        let source = ParquetSource::new(Arc::new(Schema::new(fields)))
            .with_table_parquet_options(options)
            .with_parquet_file_reader_factory(files);
        let groups = FileGroup::new(self.worth_reading(state, filters))
            .split_files(state.config_options().execution.target_partitions);
        let config = FileScanConfigBuilder::new(ObjectStoreUrl::local_filesystem(), Arc::new(source))
            .with_file_groups(groups)
            .with_statistics(self.statistics.clone())
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }

    fn all(&self, column: &str, holds: impl Fn(&ColumnStatistics) -> bool) -> bool {
        let Ok(index) = self.schema.index_of(column) else { return false };
        let all = |file: &PartitionedFile| {
            file.statistics.as_ref().is_some_and(|all| holds(&all.column_statistics[index]))
        };
        self.files.iter().all(all)
    }
}

/// What the log tells of a file, as the Delta protocol writes it.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Told {
    num_records: Option<usize>,
    min_values: Map<String, Value>,
    max_values: Map<String, Value>,
    null_count: Map<String, Value>,
}

impl Told {
    fn of(&self, field: &Field) -> ColumnStatistics {
        let bound = |values: &Map<String, Value>| {
            match values.get(field.name()).and_then(|value| bound(field.data_type(), value)) {
                // A text may have been cut.
                Some(text @ ScalarValue::Utf8View(_)) => Precision::Inexact(text),
                bound => bound.map_or(Precision::Absent, Precision::Exact),
            }
        };
        let nulls = self.null_count.get(field.name()).and_then(Value::as_u64);
        ColumnStatistics {
            null_count: nulls.map_or(Precision::Absent, |nulls| Precision::Exact(nulls as usize)),
            min_value: bound(&self.min_values),
            max_value: bound(&self.max_values),
            ..ColumnStatistics::new_unknown()
        }
    }
}

/// The same with every least and greatest value called exact.
fn as_bounds(statistics: &Statistics) -> Arc<Statistics> {
    let mut bounds = statistics.clone();
    for column in &mut bounds.column_statistics {
        for value in [&mut column.min_value, &mut column.max_value] {
            if let Precision::Inexact(bound) = value {
                *value = Precision::Exact(bound.clone());
            }
        }
    }
    Arc::new(bounds)
}

/// Only of types whose bounds the log keeps exactly, or cut to a text that still is a bound.
fn bound(data_type: &DataType, value: &Value) -> Option<ScalarValue> {
    let whole = || value.as_i64();
    Some(match data_type {
        DataType::Int16 => ScalarValue::from(i16::try_from(whole()?).ok()?),
        DataType::Int32 => ScalarValue::from(i32::try_from(whole()?).ok()?),
        DataType::Int64 => ScalarValue::from(whole()?),
        DataType::Date32 => {
            let day: NaiveDate = value.as_str()?.parse().ok()?;
            ScalarValue::Date32(Some(Date32Type::from_naive_date(day)))
        }
        DataType::Utf8View => ScalarValue::Utf8View(Some(value.as_str()?.to_owned())),
        _ => return None,
    })
}

#[async_trait]
impl TableProvider for PlainTable {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn statistics(&self) -> Option<Statistics> {
        Some(self.statistics.clone())
    }

    /// Every filter leaves out what its bounds rule out, and no filter is taken over.
    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        self.scan_with_dictionaries(state, projection, filters, limit, &[])
    }
}
