//! Queries over pinned relations: SQL text in, Arrow batches out.
//!
//! A session opens only the tables that a query names; opened tables are kept for later sessions. Does not write.
//! Invariant: a query can read nothing but the session's relations and change nothing at all.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use deltalake::datafusion::catalog::{
    CatalogProvider, MemoryCatalogProvider, MemoryCatalogProviderList, MemorySchemaProvider, TableProvider,
};
use deltalake::datafusion::dataframe::DataFrame;
use deltalake::datafusion::error::DataFusionError;
use deltalake::datafusion::execution::context::SQLOptions;
use deltalake::datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use deltalake::datafusion::execution::memory_pool::{FairSpillPool, TrackConsumersPool};
use deltalake::datafusion::execution::runtime_env::RuntimeEnvBuilder;
use deltalake::datafusion::execution::session_state::{SessionState, SessionStateBuilder};
use deltalake::datafusion::logical_expr::{Explain, LogicalPlan};
use deltalake::datafusion::physical_optimizer::PhysicalOptimizerRule;
use deltalake::datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use deltalake::datafusion::prelude::{SessionConfig, SessionContext};
use deltalake::delta_datafusion::TableProviderBuilder;
use futures::StreamExt;
use tokio::sync::OnceCell;

use crate::codes::grouping_by_codes;
use crate::columns::{readable, readable_schema};
use crate::known::KnownFromBounds;
use crate::scan::PlainTable;
use crate::sql_errors::sql_error;
use crate::view::Catalogue;
use crate::{
    Lake, LakeError, LakeOptions, RecordBatchStream, Relation, Relations, Sight, TableName, functions,
    percentile,
};

/// The catalog and schema that a name without them belongs to.
pub(crate) const CATALOG: &str = "mirante";
const DEFAULT_SCHEMA: &str = "marts";
/// How many of the largest holders of memory an error names.
const NAMED_CONSUMERS: NonZeroUsize = NonZeroUsize::new(4).expect("not zero");
/// Opened tables that are kept; beyond it, all that no query holds are dropped.
const KEPT: usize = 512;

type Opened = Arc<OnceCell<Arc<dyn TableProvider>>>;

/// What all sessions share: memory and disk limits, settings, functions, opened tables.
pub(crate) struct Engine {
    state: SessionState,
    opened: Mutex<HashMap<(TableName, u64), Opened>>,
    memory_limit: usize,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("memory_limit", &self.memory_limit).finish_non_exhaustive()
    }
}

/// DataFusion's rules without the one that answers sums from statistics: in 55.2 a join hands on its input's exact
/// sum as its own, so that `sum` over a join silently gives the sum from before the join.
fn optimizer_rules() -> Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> {
    let mut rules = PhysicalOptimizer::new().rules;
    rules.retain(|rule| rule.name() != "aggregate_statistics");
    rules
}

impl Engine {
    pub(crate) fn new(dir: &Path, options: &LakeOptions) -> Result<Self, LakeError> {
        let spill = options.spill_dir.clone().unwrap_or_else(|| dir.join(".spill"));
        let spill = own_spill_dir(&spill).map_err(|source| LakeError::Folder { path: spill, source })?;
        let disk = DiskManagerBuilder::default().with_mode(DiskManagerMode::Directories(vec![spill]));
        // What can spill shares fairly what cannot spill leaves: first come, first served would let one sort starve the next.
        let pool = TrackConsumersPool::new(FairSpillPool::new(options.memory_limit), NAMED_CONSUMERS);
        let runtime = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(pool))
            .with_disk_manager_builder(disk)
            .build_arc()
            .map_err(sql_error)?;
        let config = SessionConfig::new()
            .with_target_partitions(options.target_partitions.max(1))
            .with_create_default_catalog_and_schema(false)
            .with_default_catalog_and_schema(CATALOG, DEFAULT_SCHEMA)
            .with_information_schema(false)
            .set_bool("datafusion.sql_parser.collect_spans", true)
            // `cast(x as varchar)` would otherwise give string views, and a join over views that a nested-loop join
            // has passed on took 140 s instead of 1 s on 170k rows: every output batch drags all the buffers of its
            // input along.
            .set_bool("datafusion.sql_parser.map_string_types_to_utf8view", false);
        let mut state = SessionStateBuilder::new()
            .with_config(config)
            .with_runtime_env(runtime)
            .with_default_features()
            .with_optimizer_rule(Arc::new(KnownFromBounds))
            .with_physical_optimizer_rules(optimizer_rules())
            .build();
        functions::register(&mut state).map_err(sql_error)?;
        percentile::register(&mut state).map_err(sql_error)?;
        Ok(Self { state, opened: Mutex::default(), memory_limit: options.memory_limit })
    }

    /// A context without relations of its own.
    pub(crate) fn context(&self) -> SessionContext {
        let catalogs = Arc::new(MemoryCatalogProviderList::new());
        let state = SessionStateBuilder::new_from_existing(self.state.clone()).with_catalog_list(catalogs);
        SessionContext::new_with_state(state.build())
    }

    /// A context with room for the lake's own work: names without a schema are in memory.
    pub(crate) fn workspace(&self) -> Result<SessionContext, LakeError> {
        let context = self.context();
        let catalog = MemoryCatalogProvider::new();
        let schema = Arc::new(MemorySchemaProvider::new());
        catalog.register_schema(DEFAULT_SCHEMA, schema).map_err(sql_error)?;
        context.register_catalog(CATALOG, Arc::new(catalog));
        Ok(context)
    }

    /// Says a DataFusion error as the lake's, with the memory limit that was in force.
    pub(crate) fn explain(&self, error: DataFusionError) -> LakeError {
        match sql_error(error) {
            LakeError::Memory { source, .. } => {
                LakeError::Memory { limit_mb: self.memory_limit >> 20, source }
            }
            other => other,
        }
    }

    /// The table at `version`, opened once for all sessions.
    pub(crate) async fn open(
        &self,
        lake: &Lake,
        name: &TableName,
        version: u64,
    ) -> Result<Arc<dyn TableProvider>, LakeError> {
        let cell = {
            let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
            if opened.len() >= KEPT {
                opened.retain(|_, cell| Arc::strong_count(cell) > 1);
            }
            opened.entry((name.clone(), version)).or_default().clone()
        };
        let provider = cell.get_or_try_init(|| async {
            let snapshot = lake.at_version(name, version).await?;
            let log_store = lake.log_store(name)?;
            let plain =
                PlainTable::of(&snapshot, &lake.table_dir(name)).map_err(|e| LakeError::read(name, e))?;
            if let Some(plain) = plain {
                let plain = plain.with_dictionaries_known(&self.state).await;
                return Ok(Arc::new(plain) as Arc<dyn TableProvider>);
            }
            // The scan takes our settings instead of its own, which evaluate filters row by row while Parquet is decoded: where most
            // rows pass, as in a period of a board, choosing them cost more than reading them.
            let session = Arc::new(self.state.clone());
            let provider =
                scan().with_session(session).with_log_store(log_store).with_eager_snapshot(snapshot).await;
            provider.map_err(|e| LakeError::read(name, e))
        });
        provider.await.cloned()
    }
}

/// The start of a table scan.
pub(crate) fn scan() -> TableProviderBuilder {
    deltalake::delta_datafusion::DeltaScanNext::builder()
}

/// A spill folder of this process; those of processes that have died are removed.
fn own_spill_dir(spill: &Path) -> std::io::Result<PathBuf> {
    std::fs::create_dir_all(spill)?;
    for entry in std::fs::read_dir(spill)? {
        let entry = entry?;
        let pid = entry.file_name().to_string_lossy().parse::<u32>();
        if pid.is_ok_and(|pid| !Path::new(&format!("/proc/{pid}")).exists()) {
            match std::fs::remove_dir_all(entry.path()) {
                // Another process that starts at the same moment may remove it first.
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
    let own = spill.join(std::process::id().to_string());
    std::fs::create_dir_all(&own)?;
    Ok(own)
}

/// What a query may be: a plain question. No DDL, no DML or COPY, no SET.
pub(crate) fn only_questions() -> SQLOptions {
    SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false)
}

/// One view of the lake, fixed at the relations it was made with. A clone is the same session.
///
/// Names are `schema.name` or, in schema `marts`, `name` alone; unquoted names are read as lower-case.
#[derive(Clone)]
pub struct Session {
    pub(crate) lake: Lake,
    relations: Arc<Relations>,
    sight: Option<Arc<Sight>>,
    pub(crate) context: SessionContext,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("relations", &self.relations.len()).finish_non_exhaustive()
    }
}

impl Lake {
    /// A session over exactly these relations.
    pub fn session(&self, relations: Relations) -> Session {
        Session::new(self.clone(), Arc::new(relations), None)
    }
}

impl Session {
    fn new(lake: Lake, relations: Arc<Relations>, sight: Option<Arc<Sight>>) -> Session {
        let context = lake.rooms.engine.context();
        let catalogue = Catalogue::new(lake.clone(), relations.clone(), sight.clone());
        context.register_catalog(CATALOG, Arc::new(catalogue));
        Session { lake, relations, sight, context }
    }

    /// The same relations as a reader with this sight has them. Such a session explains no plans.
    pub fn seen_with(&self, sight: Arc<Sight>) -> Session {
        Session::new(self.lake.clone(), self.relations.clone(), Some(sight))
    }

    /// The relations that this session reads.
    pub fn relations(&self) -> &Relations {
        &self.relations
    }

    /// The lake that this session reads from.
    pub fn lake(&self) -> &Lake {
        &self.lake
    }

    /// This session with one more relation, or another meaning of a name.
    pub fn with(&self, name: TableName, relation: Relation) -> Session {
        let mut relations = Relations::clone(&self.relations);
        relations.insert(name, relation);
        Session::new(self.lake.clone(), Arc::new(relations), self.sight.clone())
    }

    /// All rows of the answer, in memory.
    ///
    /// # Errors
    /// [`LakeError::Sql`] with line and column where they are known, [`LakeError::Memory`], [`LakeError::NoVersion`].
    pub async fn query(&self, sql: &str) -> Result<Vec<RecordBatch>, LakeError> {
        let mut rows = self.stream(sql).await?;
        let mut batches = Vec::new();
        while let Some(batch) = rows.next().await {
            batches.push(batch?);
        }
        Ok(batches)
    }

    /// The rows of the answer as they come.
    pub async fn stream(&self, sql: &str) -> Result<RecordBatchStream, LakeError> {
        let frame = self.plan(sql).await?;
        let schema = readable_schema(frame.schema().as_arrow());
        let frame = self.coded(frame).map_err(|e| self.lake.rooms.engine.explain(e))?;
        let rows = frame.execute_stream().await.map_err(|e| self.lake.rooms.engine.explain(e))?;
        let (lake, shown) = (self.lake.clone(), schema.clone());
        let rows = rows.map(move |batch| {
            let engine = &lake.rooms.engine;
            let batch = batch.map_err(|e| engine.explain(e))?;
            readable(&batch, &shown).map_err(|e| engine.explain(e.into()))
        });
        Ok(RecordBatchStream::new(schema, rows))
    }

    /// The columns of the answer; plans the query and runs nothing.
    pub async fn schema(&self, sql: &str) -> Result<SchemaRef, LakeError> {
        Ok(readable_schema(self.plan(sql).await?.schema().as_arrow()))
    }

    /// The same question, optimised, with codes for the texts that it only groups by.
    fn coded(&self, frame: DataFrame) -> Result<DataFrame, DataFusionError> {
        let (state, plan) = frame.into_parts();
        let coded = |plan: &LogicalPlan| grouping_by_codes(state.optimize(plan)?);
        let plan = match plan {
            LogicalPlan::Explain(explain) => {
                LogicalPlan::Explain(Explain { plan: Arc::new(coded(&explain.plan)?), ..explain })
            }
            plan => coded(&plan)?,
        };
        Ok(DataFrame::new(state, plan))
    }

    pub(crate) async fn plan(&self, sql: &str) -> Result<DataFrame, LakeError> {
        let planned = self.context.sql_with_options(sql, only_questions()).await;
        let frame = planned.map_err(|e| self.lake.rooms.engine.explain(e))?;
        // A plan tells of files, and its figures of rows that the reader may not see.
        if self.sight.is_some()
            && matches!(frame.logical_plan(), LogicalPlan::Explain(_) | LogicalPlan::Analyze(_))
        {
            let refused = DataFusionError::Plan("EXPLAIN is for those who may see everything".to_owned());
            return Err(self.lake.rooms.engine.explain(refused));
        }
        Ok(frame)
    }
}
