//! A table of which a reader sees a part: the one place where rows are held back and values masked.
//!
//! Does not decide what is held back (`sight`). Every question of a session with a sight reads guarded tables through here, whatever its
//! text, view or plan. Invariant: nothing that comes from a question is computed on a row or value that the reader may not see, except
//! comparisons of unmasked columns with constants, which cannot fail and whose outcome nobody learns; and neither statistics nor file
//! names nor errors of what lies below come out.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use deltalake::datafusion::catalog::{Session, TableProvider};
use deltalake::datafusion::common::tree_node::TreeNodeRecursion;
use deltalake::datafusion::datasource::{TableType, provider_as_source};
use deltalake::datafusion::error::{DataFusionError, Result};
use deltalake::datafusion::execution::{SendableRecordBatchStream, TaskContext};
use deltalake::datafusion::logical_expr::utils::conjunction;
use deltalake::datafusion::logical_expr::{
    BinaryExpr, Expr, LogicalPlanBuilder, Operator, TableProviderFilterPushDown, UNNAMED_TABLE,
};
use deltalake::datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use deltalake::datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use deltalake::datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use deltalake::datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties,
};
use futures::StreamExt;

use crate::TableName;
use crate::sight::Part;

/// A table or view behind its guard.
#[derive(Debug)]
pub(crate) struct GuardedTable {
    name: TableName,
    inner: Arc<dyn TableProvider>,
    part: Part,
}

impl GuardedTable {
    /// # Errors
    /// When the part speaks of columns that the table does not have: then nobody can say what may be seen, and nothing is.
    pub(crate) fn new(name: TableName, inner: Arc<dyn TableProvider>, part: Part) -> Result<Self> {
        let guarded = Self { name, inner, part };
        guarded.plan(None, &[], None)?;
        if let Some(missing) =
            guarded.part.masks.keys().find(|column| guarded.schema().index_of(column).is_err())
        {
            let table = &guarded.name;
            return Err(DataFusionError::Plan(format!(
                "a policy masks `{missing}`, which `{table}` does not have"
            )));
        }
        Ok(guarded)
    }

    /// The table itself, for what the lake does with it besides answering.
    pub(crate) fn inner(&self) -> &Arc<dyn TableProvider> {
        &self.inner
    }

    /// The same guard over a table whose unmasked columns, where the guard does not look at them, may have other types.
    ///
    /// # Errors
    /// As [`GuardedTable::new`].
    pub(crate) fn over(&self, inner: Arc<dyn TableProvider>) -> Result<Self> {
        Self::new(self.name.clone(), inner, self.part.clone())
    }

    /// Whether the guard does more with a column than hand it on.
    pub(crate) fn looks_at(&self, column: &str) -> bool {
        self.part.masks.contains_key(column)
            || self.part.rows.as_ref().is_some_and(|condition| condition.looks_at(column))
    }

    /// The rows and columns that are seen.
    fn plan(
        &self,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<LogicalPlanBuilder> {
        let mut plan = LogicalPlanBuilder::scan(UNNAMED_TABLE, provider_as_source(self.inner.clone()), None)?;
        if let Some(condition) = &self.part.rows {
            let condition = condition.over(plan.schema())?;
            plan = plan.filter(condition)?;
        }
        if let Some(filter) = conjunction(filters.iter().cloned()) {
            plan = plan.filter(filter)?;
        }
        let schema = self.inner.schema();
        let every: Vec<usize> = (0..schema.fields().len()).collect();
        let columns = projection
            .unwrap_or(&every)
            .iter()
            .map(|index| self.part.shown(schema.field(*index).name(), plan.schema()));
        let columns = columns.collect::<Result<Vec<Expr>>>()?;
        // A projection onto nothing still counts rows.
        plan.project(columns)?.limit(0, limit)
    }
}

#[async_trait]
impl TableProvider for GuardedTable {
    fn schema(&self) -> SchemaRef {
        self.inner.schema()
    }

    fn table_type(&self) -> TableType {
        TableType::View
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        let how = |filter: &&Expr| {
            if is_harmless(filter, &self.part) {
                TableProviderFilterPushDown::Inexact
            } else {
                TableProviderFilterPushDown::Unsupported
            }
        };
        Ok(filters.iter().map(how).collect())
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let told = |error: DataFusionError| self.hide(error);
        let plan = self.plan(projection, filters, limit).and_then(LogicalPlanBuilder::build).map_err(told)?;
        let inner = state.create_physical_plan(&plan).await.map_err(told)?;
        Ok(Arc::new(GuardedScan::new(self.name.clone(), inner)))
    }
}

impl GuardedTable {
    fn hide(&self, error: DataFusionError) -> DataFusionError {
        hidden(&self.name, error)
    }
}

/// Comparisons of unmasked columns with constants, and what `AND` and `OR` make of them: no cast, no arithmetic, nothing that could fail.
fn is_harmless(filter: &Expr, part: &Part) -> bool {
    let plain = |expression: &Expr| matches!(expression, Expr::Column(column) if !part.masks.contains_key(&column.name));
    let constant = |expression: &Expr| matches!(expression, Expr::Literal(..));
    match filter {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::And | Operator::Or, right }) => {
            is_harmless(left, part) && is_harmless(right, part)
        }
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
            compares(*op) && (plain(left) && constant(right) || constant(left) && plain(right))
        }
        Expr::InList(list) => plain(&list.expr) && list.list.iter().all(constant),
        Expr::Between(between) => plain(&between.expr) && constant(&between.low) && constant(&between.high),
        Expr::IsNull(inner) | Expr::IsNotNull(inner) => plain(inner),
        _ => false,
    }
}

fn compares(op: Operator) -> bool {
    matches!(
        op,
        Operator::Eq | Operator::NotEq | Operator::Lt | Operator::LtEq | Operator::Gt | Operator::GtEq
    )
}

/// What the asker learns of an error below: that there was one. Lack of memory is told, because it says nothing of the rows.
fn hidden(table: &TableName, error: DataFusionError) -> DataFusionError {
    if let DataFusionError::ResourcesExhausted(_) = error.find_root() {
        return error;
    }
    tracing::error!(%table, %error, "a guarded table could not be read");
    DataFusionError::Execution(format!("`{table}` could not be read"))
}

/// The scan: a leaf, so that no rule of the optimiser moves anything below it or looks into it.
#[derive(Debug)]
struct GuardedScan {
    name: TableName,
    inner: Arc<dyn ExecutionPlan>,
    properties: Arc<PlanProperties>,
}

impl GuardedScan {
    fn new(name: TableName, inner: Arc<dyn ExecutionPlan>) -> Self {
        let partitions = inner.properties().partitioning.partition_count();
        let properties = PlanProperties::new(
            EquivalenceProperties::new(inner.schema()),
            Partitioning::UnknownPartitioning(partitions),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Self { name, inner, properties: Arc::new(properties) }
    }
}

impl DisplayAs for GuardedScan {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "GuardedScan: {}", self.name)
    }
}

impl ExecutionPlan for GuardedScan {
    fn name(&self) -> &'static str {
        "GuardedScan"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(self: Arc<Self>, _: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let name = self.name.clone();
        let rows = self.inner.execute(partition, context).map_err(|error| hidden(&name, error))?;
        let rows = rows.map(move |batch| batch.map_err(|error| hidden(&name, error)));
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.inner.schema(), rows)))
    }
}
