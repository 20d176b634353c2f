//! What the bounds of a table's files make needless in a plan: `nullif(x, '')` where no text is blank is `x`, and `count(x)` where nothing is
//! null is `count(*)`, for which `x` need not even be read.
//!
//! Decides nothing about which files are read (`scan`). Invariant: a plan gives the same answer before and after.

use deltalake::datafusion::common::tree_node::{Transformed, TreeNode};
use deltalake::datafusion::common::{Column, JoinType, ScalarValue};
use deltalake::datafusion::datasource::source_as_provider;
use deltalake::datafusion::error::Result;
use deltalake::datafusion::functions::core::nullif;
use deltalake::datafusion::functions_aggregate::count::count_udaf;
use deltalake::datafusion::logical_expr::expr::AggregateFunction;
use deltalake::datafusion::logical_expr::expr_rewriter::NamePreserver;
use deltalake::datafusion::logical_expr::utils::COUNT_STAR_EXPANSION;
use deltalake::datafusion::logical_expr::{Expr, LogicalPlan};
use deltalake::datafusion::optimizer::{OptimizerConfig, OptimizerRule};

use crate::scan::PlainTable;

/// The rule; it comes last, when filters and casts stand where they stay.
#[derive(Debug)]
pub(crate) struct KnownFromBounds;

impl OptimizerRule for KnownFromBounds {
    fn name(&self) -> &str {
        "known_from_bounds"
    }

    fn rewrite(&self, plan: LogicalPlan, _: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        plan.transform_up_with_subqueries(|node| {
            let columns: Vec<Known> = node.inputs().into_iter().flat_map(known).collect();
            if columns.is_empty()
                || !node.expressions().iter().any(|expression| shorter_within(expression, &columns))
            {
                return Ok(Transformed::no(node));
            }
            let names = NamePreserver::new(&node);
            let shortened = node.map_expressions(|expression| {
                let name = names.save(&expression);
                let shortened = expression.transform_up(|part| {
                    Ok(shorter(&part, &columns).map_or_else(|| Transformed::no(part), Transformed::yes))
                })?;
                Ok(shortened.update_data(|expression| name.restore(expression)))
            })?;
            shortened.map_data(LogicalPlan::recompute_schema)
        })
    }
}

/// A column and what is known of each of its values.
struct Known {
    column: Column,
    never_null: bool,
    /// No text without a letter.
    never_blank: bool,
}

/// What is known of the columns of a plan; of many nothing.
fn known(plan: &LogicalPlan) -> Vec<Known> {
    match plan {
        LogicalPlan::TableScan(scan) => {
            let Ok(provider) = source_as_provider(&scan.source) else { return Vec::new() };
            let Some(table) = provider.downcast_ref::<PlainTable>() else { return Vec::new() };
            let columns = scan.projected_schema.columns().into_iter();
            let known = columns.map(|column| Known {
                never_null: table.never_null(&column.name),
                never_blank: table.never_blank(&column.name),
                column,
            });
            known.collect()
        }
        LogicalPlan::SubqueryAlias(alias) => {
            // The same columns in the same order, under another name.
            let named = alias.schema.columns().into_iter().zip(alias.input.schema().columns());
            renamed(known(&alias.input), named)
        }
        LogicalPlan::Projection(projection) => {
            let named = projection.schema.columns().into_iter().zip(&projection.expr);
            let named = named.filter_map(|(name, expression)| Some((name, column_of(expression)?.clone())));
            renamed(known(&projection.input), named)
        }
        LogicalPlan::Filter(_)
        | LogicalPlan::Sort(_)
        | LogicalPlan::Limit(_)
        | LogicalPlan::Repartition(_) => plan.inputs().into_iter().flat_map(known).collect(),
        LogicalPlan::Join(join) => {
            // A side that need not match gives nulls where it does not.
            let (left, right) = match join.join_type {
                JoinType::Inner => (false, false),
                JoinType::Left => (false, true),
                JoinType::Right => (true, false),
                _ => (true, true),
            };
            let side = |plan: &LogicalPlan, loses: bool| {
                known(plan)
                    .into_iter()
                    .map(move |known| Known { never_null: known.never_null && !loses, ..known })
            };
            side(&join.left, left).chain(side(&join.right, right)).collect()
        }
        _ => Vec::new(),
    }
}

/// The known columns under their new names.
fn renamed(before: Vec<Known>, names: impl Iterator<Item = (Column, Column)>) -> Vec<Known> {
    let of = |(column, old): (Column, Column)| {
        let Known { never_null, never_blank, .. } = *before.iter().find(|known| known.column == old)?;
        Some(Known { column, never_null, never_blank })
    };
    names.filter_map(of).collect()
}

/// The column that an expression passes on as it is.
pub(crate) fn column_of(expression: &Expr) -> Option<&Column> {
    match expression {
        Expr::Column(column) => Some(column),
        Expr::Alias(alias) => column_of(&alias.expr),
        _ => None,
    }
}

fn shorter_within(expression: &Expr, known: &[Known]) -> bool {
    expression.exists(|part| Ok(shorter(part, known).is_some())).unwrap_or_default()
}

/// What the expression comes to; `None` when it stays.
fn shorter(expression: &Expr, known: &[Known]) -> Option<Expr> {
    let of = |column: &Column| known.iter().find(|known| &known.column == column);
    match expression {
        Expr::ScalarFunction(call) if call.func == nullif() => match call.args.as_slice() {
            [Expr::Column(column), Expr::Literal(blank, _)] if is_blank(blank) && of(column)?.never_blank => {
                Some(Expr::Column(column.clone()))
            }
            _ => None,
        },
        Expr::AggregateFunction(call) if call.func == count_udaf() && !call.params.distinct => {
            match call.params.args.as_slice() {
                [Expr::Column(column)] if of(column)?.never_null => {
                    let mut params = call.params.clone();
                    params.args = vec![Expr::Literal(COUNT_STAR_EXPANSION, None)];
                    Some(Expr::AggregateFunction(AggregateFunction { func: call.func.clone(), params }))
                }
                _ => None,
            }
        }
        _ => None,
    }
}

fn is_blank(value: &ScalarValue) -> bool {
    value.try_as_str().flatten().is_some_and(str::is_empty)
}
