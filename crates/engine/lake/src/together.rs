//! Several questions in one pass: a table that more than one of them reads is read and decoded once for all.
//!
//! Decides nothing about the answers: each question keeps its own plan, fed by a scan that it shares. Invariant: the answer to a question
//! is the same whichever questions are asked beside it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::SchemaRef;
use deltalake::datafusion::catalog::TableProvider;
use deltalake::datafusion::catalog::streaming::StreamingTable;
use deltalake::datafusion::common::tree_node::{Transformed, TreeNodeRecursion};
use deltalake::datafusion::dataframe::DataFrame;
use deltalake::datafusion::datasource::{provider_as_source, source_as_provider};
use deltalake::datafusion::error::{DataFusionError, Result as PlanResult};
use deltalake::datafusion::execution::{SendableRecordBatchStream, TaskContext};
use deltalake::datafusion::logical_expr::expr_rewriter::unnormalize_cols;
use deltalake::datafusion::logical_expr::utils::{conjunction, disjunction};
use deltalake::datafusion::logical_expr::{
    Expr, LogicalPlan, LogicalPlanBuilder, TableProviderFilterPushDown, TableScan, UNNAMED_TABLE,
};
use deltalake::datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use deltalake::datafusion::physical_plan::streaming::PartitionStream;
use futures::StreamExt;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::codes::{columns_of, grouping_by_codes, grouping_together_by_codes};
use crate::columns::{readable, readable_schema};
use crate::guard::GuardedTable;
use crate::{LakeError, Session};

/// A table with fewer rows is read by each question alone: passing batches around would cost more than it saves.
const WORTH_SHARING: usize = 50_000;
/// Batches that wait for a question; a slow one holds the pass up instead of filling memory.
const WAITING: usize = 2;

/// An answer in memory, with its columns even when it has no rows.
pub type Answered = (SchemaRef, Vec<RecordBatch>);

type Item = PlanResult<RecordBatch>;

/// The pass over one table.
struct Pass {
    provider: Arc<dyn TableProvider>,
    /// Positions of the columns that any question reads.
    columns: Vec<usize>,
    /// For each question, what it skips; a pass reads everything when one of them skips nothing.
    filters: Vec<Vec<Expr>>,
    listeners: Vec<Listener>,
}

/// A question that listens to a pass: where its batches go, one channel per partition, and which of the pass's columns it wants.
struct Listener {
    senders: Vec<mpsc::Sender<Item>>,
    columns: Vec<usize>,
}

impl Session {
    /// Answers several questions, in order; each fails alone. Questions over the same large table share one pass over its files.
    pub async fn together(&self, questions: &[String]) -> Vec<Result<Answered, LakeError>> {
        let engine = &self.lake.rooms.engine;
        let mut plans = Vec::with_capacity(questions.len());
        for question in questions {
            let planned = match self.plan(question).await {
                Ok(frame) => frame.into_optimized_plan().map_err(|error| engine.explain(error)),
                Err(error) => Err(error),
            };
            plans.push(planned);
        }
        let mut passes = Vec::new();
        for group in shared_tables(&plans) {
            passes.push(group.with_codes(&mut plans).split(&mut plans));
        }
        let mut tasks: JoinSet<()> = JoinSet::new();
        for pass in passes {
            let context = self.context.clone();
            tasks.spawn(async move { pass.run(&context).await });
        }
        let answers = plans.into_iter().map(|plan| self.answer(plan));
        // Dropping the set ends the passes when nobody waits for the answers any more.
        let answers = futures::future::join_all(answers).await;
        drop(tasks);
        answers
    }

    async fn answer(&self, plan: Result<LogicalPlan, LakeError>) -> Result<Answered, LakeError> {
        let lake = self.lake.clone();
        let plan = grouping_by_codes(plan?).map_err(|error| lake.rooms.engine.explain(error))?;
        let frame = DataFrame::new(self.context.state(), plan);
        let schema = readable_schema(frame.schema().as_arrow());
        let shown = schema.clone();
        // Each answer is a task of its own, so that they use all threads.
        let work = tokio::spawn(async move {
            let engine = &lake.rooms.engine;
            let mut rows = frame.execute_stream().await.map_err(|e| engine.explain(e))?;
            let mut batches = Vec::new();
            while let Some(batch) = rows.next().await {
                let batch = batch.map_err(|e| engine.explain(e))?;
                batches.push(readable(&batch, &shown).map_err(|e| engine.explain(e.into()))?);
            }
            Ok::<_, LakeError>(batches)
        });
        let stopped = |error: tokio::task::JoinError| {
            self.lake.rooms.engine.explain(DataFusionError::External(Box::new(error)))
        };
        let batches = AbortOnDrop(work).wait().await.map_err(stopped)??;
        Ok((schema, batches))
    }
}

/// A task that ends with whoever waits for it.
struct AbortOnDrop<T>(tokio::task::JoinHandle<T>);

impl<T> AbortOnDrop<T> {
    async fn wait(mut self) -> Result<T, tokio::task::JoinError> {
        (&mut self.0).await
    }
}

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A table and the questions that read it together.
struct Group {
    provider: Arc<dyn TableProvider>,
    plans: Vec<usize>,
}

/// The tables that are worth a pass, the largest first; a question joins one pass at most, so that no two passes wait for each other.
fn shared_tables(plans: &[Result<LogicalPlan, LakeError>]) -> Vec<Group> {
    let mut found: Vec<(usize, Group)> = Vec::new();
    for (index, plan) in plans.iter().enumerate() {
        let Ok(plan) = plan else { continue };
        for (provider, scans) in scans_of(plan) {
            // A question that reads the table twice might finish with one reading before it begins the other.
            if scans.len() != 1 || scans[0].fetch.is_some() {
                continue;
            }
            let rows = rows_in(&provider);
            match found.iter_mut().find(|(_, group)| Arc::ptr_eq(&group.provider, &provider)) {
                Some((_, group)) => group.plans.push(index),
                None => found.push((rows, Group { provider, plans: vec![index] })),
            }
        }
    }
    found.sort_by_key(|(rows, _)| std::cmp::Reverse(*rows));
    let mut taken: BTreeSet<usize> = BTreeSet::new();
    let mut groups = Vec::new();
    for (rows, mut group) in found {
        group.plans.retain(|plan| !taken.contains(plan));
        if rows >= WORTH_SHARING && group.plans.len() > 1 {
            taken.extend(&group.plans);
            groups.push(group);
        }
    }
    groups
}

/// How many rows a table has, as far as its files tell; a guard hides it from questions, not from here.
fn rows_in(provider: &Arc<dyn TableProvider>) -> usize {
    if let Some(guarded) = provider.downcast_ref::<GuardedTable>() {
        return rows_in(guarded.inner());
    }
    provider.statistics().and_then(|all| all.num_rows.get_value().copied()).unwrap_or_default()
}

/// The tables that a plan reads, each with its scans.
fn scans_of(plan: &LogicalPlan) -> Vec<(Arc<dyn TableProvider>, Vec<TableScan>)> {
    let mut found: Vec<(Arc<dyn TableProvider>, Vec<TableScan>)> = Vec::new();
    // The closure never fails.
    let _ = plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node
            && let Ok(provider) = source_as_provider(&scan.source)
        {
            match found.iter_mut().find(|(known, _)| Arc::ptr_eq(known, &provider)) {
                Some((_, scans)) => scans.push(scan.clone()),
                None => found.push((provider, vec![scan.clone()])),
            }
        }
        Ok(TreeNodeRecursion::Continue)
    });
    found
}

impl Group {
    /// Codes for the texts that no question of the group does anything with but group by them.
    fn with_codes(mut self, plans: &mut [Result<LogicalPlan, LakeError>]) -> Self {
        let own = self.plans.iter().map(|index| plans[*index].as_ref().ok()).collect::<Option<Vec<_>>>();
        let coded = own.and_then(|own| grouping_together_by_codes(&own, &self.provider));
        if let Some((table, coded)) = coded {
            for (index, plan) in self.plans.iter().zip(coded) {
                plans[*index] = Ok(plan);
            }
            self.provider = table;
        }
        self
    }

    /// Puts a listening table into each plan, and gives the pass that they listen to.
    fn split(self, plans: &mut [Result<LogicalPlan, LakeError>]) -> Pass {
        let mut scans: Vec<(usize, TableScan)> = Vec::new();
        for index in &self.plans {
            let Ok(plan) = &plans[*index] else { continue };
            let own = scans_of(plan).into_iter().find(|(provider, _)| Arc::ptr_eq(provider, &self.provider));
            scans.extend(own.and_then(|(_, mut scans)| scans.pop()).map(|scan| (*index, scan)));
        }
        let columns: BTreeSet<usize> = scans.iter().flat_map(|(_, scan)| columns_of(scan)).collect();
        let columns = columns.into_iter().collect();
        let mut pass =
            Pass { provider: self.provider.clone(), columns, filters: Vec::new(), listeners: Vec::new() };
        let partitions = channels();
        for (index, scan) in scans {
            let (senders, receivers) = (0..partitions).map(|_| mpsc::channel(WAITING)).unzip();
            let listening = listening(&scan, receivers, &self.provider);
            let replaced = match (listening, &plans[index]) {
                (Ok(listening), Ok(plan)) => replace(plan, &self.provider, &listening),
                // Left as it was, the question reads the table by itself.
                _ => continue,
            };
            let Ok(plan) = replaced else { continue };
            plans[index] = Ok(plan);
            let positions = columns_of(&scan);
            let columns =
                positions.iter().filter_map(|at| pass.columns.iter().position(|column| column == at));
            pass.listeners.push(Listener { senders, columns: columns.collect() });
            pass.filters.push(scan.filters);
        }
        pass
    }
}

/// Channels per question: as many as threads read files at once.
fn channels() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from)
}

/// A table like the scanned one, whose rows come through `receivers`; filters that only the table applied are applied above it.
fn listening(
    scan: &TableScan,
    receivers: Vec<mpsc::Receiver<Item>>,
    provider: &Arc<dyn TableProvider>,
) -> PlanResult<LogicalPlan> {
    let schema: SchemaRef = Arc::new(scan.projected_schema.as_arrow().clone());
    let partitions = receivers
        .into_iter()
        .map(|receiver| {
            let heard = Heard { schema: schema.clone(), receiver: Mutex::new(Some(receiver)) };
            Arc::new(heard) as Arc<dyn PartitionStream>
        })
        .collect();
    let table = Arc::new(StreamingTable::try_new(schema, partitions)?);
    let mut plan = LogicalPlanBuilder::scan(scan.table_name.clone(), provider_as_source(table), None)?;
    let asked: Vec<&Expr> = scan.filters.iter().collect();
    let support = provider.supports_filters_pushdown(&asked)?;
    let exact =
        scan.filters.iter().zip(support).filter(|(_, how)| *how == TableProviderFilterPushDown::Exact);
    if let Some(condition) = conjunction(exact.map(|(filter, _)| filter.clone())) {
        plan = plan.filter(condition)?;
    }
    plan.build()
}

fn replace(
    plan: &LogicalPlan,
    provider: &Arc<dyn TableProvider>,
    listening: &LogicalPlan,
) -> PlanResult<LogicalPlan> {
    let replaced = plan.clone().transform_up_with_subqueries(|node| {
        let is_it = match &node {
            LogicalPlan::TableScan(scan) => {
                source_as_provider(&scan.source).is_ok_and(|known| Arc::ptr_eq(&known, provider))
            }
            _ => false,
        };
        Ok(if is_it { Transformed::yes(listening.clone()) } else { Transformed::no(node) })
    })?;
    Ok(replaced.data)
}

impl Pass {
    /// Reads the table and hands every batch to every listener. Its errors reach them all.
    async fn run(self, context: &deltalake::datafusion::prelude::SessionContext) {
        let streams = match self.streams(context).await {
            Ok(streams) => streams,
            Err(error) => {
                let error = Arc::new(error);
                for sender in self.listeners.iter().flat_map(|listener| &listener.senders) {
                    // A listener that has gone wants no error either.
                    drop(sender.send(Err(DataFusionError::Shared(error.clone()))).await);
                }
                return;
            }
        };
        let channels = self.listeners.first().map_or(1, |listener| listener.senders.len());
        let listeners = Arc::new(self.listeners);
        let mut readers = JoinSet::new();
        for (partition, stream) in streams.into_iter().enumerate() {
            readers.spawn(tell(stream, listeners.clone(), partition % channels));
        }
        drop(listeners);
        while readers.join_next().await.is_some() {}
    }

    async fn streams(
        &self,
        context: &deltalake::datafusion::prelude::SessionContext,
    ) -> PlanResult<Vec<SendableRecordBatchStream>> {
        let source = provider_as_source(self.provider.clone());
        let mut plan = LogicalPlanBuilder::scan(UNNAMED_TABLE, source, Some(self.columns.clone()))?;
        // What no question wants is not read: row groups whose statistics exclude it are skipped.
        let each = self.filters.iter().map(|filters| conjunction(unnormalize_cols(filters.clone())));
        if let Some(any) = each.collect::<Option<Vec<Expr>>>().and_then(disjunction) {
            plan = plan.filter(any)?;
        }
        let frame = DataFrame::new(context.state(), plan.build()?);
        frame.execute_stream_partitioned().await
    }
}

/// Hands the batches of one partition on, until nobody listens.
async fn tell(mut stream: SendableRecordBatchStream, listeners: Arc<Vec<Listener>>, channel: usize) {
    while let Some(batch) = stream.next().await {
        let batch = batch.map_err(Arc::new);
        let mut heard = false;
        for listener in listeners.iter() {
            let sender = &listener.senders[channel];
            if sender.is_closed() {
                continue;
            }
            let item = match &batch {
                Ok(batch) => batch.project(&listener.columns).map_err(DataFusionError::from),
                Err(error) => Err(DataFusionError::Shared(error.clone())),
            };
            heard |= sender.send(item).await.is_ok();
        }
        if batch.is_err() || !heard {
            return;
        }
    }
}

/// One partition of a listening table. It can be heard once.
struct Heard {
    schema: SchemaRef,
    receiver: Mutex<Option<mpsc::Receiver<Item>>>,
}

impl std::fmt::Debug for Heard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Heard")
    }
}

impl PartitionStream for Heard {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let receiver = self.receiver.lock().unwrap_or_else(PoisonError::into_inner).take();
        let schema = self.schema.clone();
        let Some(receiver) = receiver else {
            let twice = DataFusionError::Internal("a shared scan was started twice".to_owned());
            return Box::pin(RecordBatchStreamAdapter::new(schema, futures::stream::iter([Err(twice)])));
        };
        let items = futures::stream::unfold(receiver, |mut receiver| async move {
            let item = receiver.recv().await?;
            Some((item, receiver))
        });
        let fitted = schema.clone();
        // The pass's nullability and metadata may differ from the plan's; the values are the same.
        let items = items.map(move |item| {
            let batch: RecordBatch = item?;
            let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
            Ok(RecordBatch::try_new_with_options(fitted.clone(), batch.columns().to_vec(), &options)?)
        });
        Box::pin(RecordBatchStreamAdapter::new(schema, items))
    }
}
