//! Grouping by numbers instead of texts: where a question does nothing with a text column but group by it, the scan hands on a code for
//! each text (`coded_table`), and the texts come back when the groups are made.
//!
//! Hashing and copying the text of every row is most of what grouping by it costs. Invariant: a question has the same answer with and
//! without codes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use deltalake::datafusion::catalog::TableProvider;
use deltalake::datafusion::common::tree_node::{Transformed, TreeNodeRecursion};
use deltalake::datafusion::common::{Column, plan_err};
use deltalake::datafusion::datasource::{provider_as_source, source_as_provider};
use deltalake::datafusion::error::Result;
use deltalake::datafusion::logical_expr::logical_plan::{Aggregate, TableScan, TableScanBuilder};
use deltalake::datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};

use crate::coded_table::{Coded, text_in_dictionaries};
use crate::known::column_of;

/// The optimised plan, with every text column that is only grouped by as codes.
pub(crate) fn grouping_by_codes(plan: LogicalPlan) -> Result<LogicalPlan> {
    each_aggregate(plan, |aggregate, keys| {
        Coded::new(table_below(&aggregate.input)?, keys.values().copied()).map(|coded| Some(Arc::new(coded)))
    })
}

/// The same for questions that read a table together: codes for the columns with which none of them does anything but group by them.
/// `None` where there is no such column.
pub(crate) fn grouping_together_by_codes(
    plans: &[&LogicalPlan],
    table: &Arc<dyn TableProvider>,
) -> Option<(Arc<dyn TableProvider>, Vec<LogicalPlan>)> {
    let mut grouped = BTreeSet::new();
    let mut looked_at = BTreeSet::new();
    for plan in plans {
        let (read, only_grouped) = uses(plan, table);
        looked_at.extend(read.difference(&only_grouped));
        grouped.extend(only_grouped);
    }
    let columns: Vec<usize> = grouped.difference(&looked_at).copied().collect();
    if columns.is_empty() {
        return None;
    }
    let coded = Arc::new(Coded::new(table.clone(), columns).ok()?);
    let plans = plans.iter().map(|plan| {
        let plan = each_aggregate((*plan).clone(), |aggregate, _| {
            Ok(Arc::ptr_eq(table, &table_below(&aggregate.input)?).then(|| coded.clone()))
        })?;
        // Those that group by none of the columns read the same table.
        let plan = plan.transform_up_with_subqueries(|node| match &node {
            LogicalPlan::TableScan(_) if table_below(&node).is_ok_and(|below| Arc::ptr_eq(&below, table)) => {
                reading(&node, &coded).map(Transformed::yes)
            }
            _ => Ok(Transformed::no(node)),
        })?;
        Ok(plan.data)
    });
    let plans = plans.collect::<Result<Vec<_>>>().ok()?;
    Some((coded.codes.clone(), plans))
}

/// The columns of a table that a plan reads, and those of them with which it does nothing but group by them.
fn uses(plan: &LogicalPlan, table: &Arc<dyn TableProvider>) -> (BTreeSet<usize>, BTreeSet<usize>) {
    let (mut read, mut only_grouped) = (BTreeSet::new(), BTreeSet::new());
    let is_it = |plan: &LogicalPlan| table_below(plan).is_ok_and(|below| Arc::ptr_eq(&below, table));
    // The closure never fails.
    let _ = plan.apply_with_subqueries(|node| {
        match node {
            LogicalPlan::TableScan(scan) if is_it(node) => read.extend(columns_of(scan)),
            LogicalPlan::Aggregate(aggregate) if is_it(&aggregate.input) => {
                only_grouped.extend(text_keys(aggregate).into_values());
            }
            _ => {}
        }
        Ok(TreeNodeRecursion::Continue)
    });
    (read, only_grouped)
}

/// The columns that a scan reads, by position.
pub(crate) fn columns_of(scan: &TableScan) -> Vec<usize> {
    scan.projection.clone().unwrap_or_else(|| (0..scan.source.schema().fields().len()).collect())
}

fn each_aggregate(
    plan: LogicalPlan,
    choose: impl Fn(&Aggregate, &BTreeMap<usize, usize>) -> Result<Option<Arc<Coded>>>,
) -> Result<LogicalPlan> {
    let coded = plan.transform_up_with_subqueries(|node| {
        if let LogicalPlan::Aggregate(aggregate) = &node {
            let keys = text_keys(aggregate);
            if !keys.is_empty()
                && let Some(table) = choose(aggregate, &keys)?
            {
                return over(aggregate, &keys, &table).map(Transformed::yes);
            }
        }
        Ok(Transformed::no(node))
    })?;
    Ok(coded.data)
}

/// The keys that are columns in dictionaries and nothing else in the question; each key's place, and its column's in the table.
fn text_keys(aggregate: &Aggregate) -> BTreeMap<usize, usize> {
    let keys = aggregate.group_expr.iter().enumerate().filter_map(|(at, key)| {
        let column = column_of(key)?;
        let others = aggregate.group_expr.iter().enumerate().filter(|(other, _)| *other != at);
        let mut others = others.map(|(_, key)| key).chain(&aggregate.aggr_expr);
        let looked_at = others.any(|other| other.column_refs().contains(column));
        (!looked_at)
            .then(|| only_passed_on(&aggregate.input, column))
            .flatten()
            .map(|position| (at, position))
    });
    keys.collect()
}

/// The position in its table of a text column that everything between the table and here hands on and does not look at.
fn only_passed_on(plan: &LogicalPlan, column: &Column) -> Option<usize> {
    match plan {
        LogicalPlan::TableScan(scan) => {
            // No such table takes a filter over: what its scan mentions stands above it too.
            text_in_dictionaries(&source_as_provider(&scan.source).ok()?, &column.name)
        }
        LogicalPlan::SubqueryAlias(alias) => {
            let position = alias.schema.index_of_column(column).ok()?;
            only_passed_on(&alias.input, &alias.input.schema().columns()[position])
        }
        LogicalPlan::Projection(projection) => {
            let position = projection.schema.index_of_column(column).ok()?;
            let below = column_of(&projection.expr[position])?;
            let uses = projection.expr.iter().filter(|expression| expression.column_refs().contains(below));
            if uses.count() > 1 {
                return None;
            }
            only_passed_on(&projection.input, below)
        }
        LogicalPlan::Filter(filter) => {
            let looked_at = filter.predicate.column_refs().contains(column);
            (!looked_at).then(|| only_passed_on(&filter.input, column))?
        }
        _ => None,
    }
}

/// The table of a plan that hands columns on.
fn table_below(plan: &LogicalPlan) -> Result<Arc<dyn TableProvider>> {
    match (plan, plan.inputs().as_slice()) {
        (LogicalPlan::TableScan(scan), _) => source_as_provider(&scan.source),
        (_, [input]) => table_below(input),
        _ => plan_err!("no single table is below {}", plan.display()),
    }
}

/// The same groups, by codes of `table`, with their texts.
fn over(aggregate: &Aggregate, keys: &BTreeMap<usize, usize>, table: &Coded) -> Result<LogicalPlan> {
    let input = Arc::new(reading(&aggregate.input, table)?);
    let grouped = Aggregate::try_new(input, aggregate.group_expr.clone(), aggregate.aggr_expr.clone())?;
    let columns = aggregate.schema.iter().enumerate().map(|(at, (qualifier, field))| {
        let column = Expr::Column(Column::new(qualifier.cloned(), field.name()));
        match keys.get(&at).and_then(|position| table.text_of_code(*position)) {
            Some(text) => text.call(vec![column]).alias_qualified(qualifier.cloned(), field.name()),
            None => column,
        }
    });
    let columns: Vec<Expr> = columns.collect();
    LogicalPlanBuilder::from(LogicalPlan::Aggregate(grouped)).project(columns)?.build()
}

/// A plan that hands columns on, over `table`.
fn reading(plan: &LogicalPlan, table: &Coded) -> Result<LogicalPlan> {
    if let LogicalPlan::TableScan(scan) = plan {
        let scan = TableScanBuilder::new(scan.table_name.clone(), provider_as_source(table.codes.clone()))
            .with_projection(scan.projection.clone())
            .with_filters(scan.filters.clone())
            .with_fetch(scan.fetch)
            .build()?;
        return Ok(LogicalPlan::TableScan(scan));
    }
    let inputs = plan.inputs().into_iter().map(|input| reading(input, table));
    plan.with_new_exprs(plan.expressions(), inputs.collect::<Result<_>>()?)
}
