//! An incremental table: new rows join those of the version that the run started from.
//!
//! Does not decide which rows are new (the model's own `is_incremental()` does). Invariant: no column is lost or added unless the model says
//! `on_schema_change`.

use arrow::datatypes::Schema;
use lake::{Lake, WriteMode, quote};

use super::{quoted, table, typed_null, wrong};
use crate::build::{Compiled, Made};
use crate::errors::TransformError;
use crate::node::{Incremental, IncrementalStrategy, Node, OnSchemaChange};

pub(super) async fn build(
    lake: &Lake,
    node: &Node,
    settings: &Incremental,
    compiled: &Compiled,
) -> Result<Made, TransformError> {
    let sql = compiled.sql();
    if !compiled.incremental {
        return table::build(lake, node, compiled).await;
    }
    let failed = |error| compiled.failed(node, error);
    let given = compiled.session.schema(sql).await.map_err(failed)?;
    let new = names(&given);
    for key in &settings.unique_key {
        if !new.contains(key) {
            return Err(wrong(
                node,
                format!("the model gives no column `{key}`, its `unique_key`; select it, or correct the key"),
            ));
        }
    }
    let here = format!("select * from {}", node.relation.quoted());
    let old = names(&*compiled.session.schema(&here).await.map_err(failed)?);
    let change = change(node, settings.on_schema_change, &old, &new)?;
    let merge = settings.strategy == IncrementalStrategy::Merge;
    if let Change::Drop { columns } = &change {
        let all = rewritten(node, settings, sql, (&old, &given), columns, merge);
        return table::write(lake, node, compiled, &all, WriteMode::Replace).await;
    }
    let projected;
    let sql = match &change {
        Change::Take { columns } if *columns != new => {
            projected = format!("select {} from (\n{sql}\n) as new_rows", quoted(columns));
            &projected
        }
        _ => sql,
    };
    let onto = compiled.onto;
    let mode = if merge {
        WriteMode::Merge { key: settings.unique_key.clone(), onto }
    } else {
        WriteMode::Append { onto }
    };
    table::write(lake, node, compiled, sql, mode).await
}

/// Which columns are written.
enum Change {
    /// These of the new rows; a column that is new to the table is added to it.
    Take { columns: Vec<String> },
    /// The table is written anew with these, for it loses some.
    Drop { columns: Vec<String> },
}

fn change(
    node: &Node,
    on_change: OnSchemaChange,
    old: &[String],
    new: &[String],
) -> Result<Change, TransformError> {
    let added: Vec<String> = new.iter().filter(|column| !old.contains(column)).cloned().collect();
    let gone: Vec<String> = old.iter().filter(|column| !new.contains(column)).cloned().collect();
    let take = |columns: &[String]| Ok(Change::Take { columns: columns.to_vec() });
    match on_change {
        OnSchemaChange::Ignore if !gone.is_empty() => Err(wrong(
            node,
            format!(
                "the model no longer gives {}; select it again, set `on_schema_change`, or run with full refresh",
                listed(&gone)
            ),
        )),
        OnSchemaChange::Ignore => {
            take(&new.iter().filter(|column| old.contains(column)).cloned().collect::<Vec<_>>())
        }
        OnSchemaChange::Fail if added.is_empty() && gone.is_empty() => take(new),
        OnSchemaChange::Fail => Err(wrong(
            node,
            format!(
                "the columns changed (new: {}; gone: {}); run with full refresh, or set another `on_schema_change`",
                listed(&added),
                listed(&gone)
            ),
        )),
        OnSchemaChange::SyncAllColumns if !gone.is_empty() => {
            let kept = old.iter().filter(|column| new.contains(column));
            Ok(Change::Drop { columns: kept.chain(&added).cloned().collect() })
        }
        OnSchemaChange::AppendNewColumns | OnSchemaChange::SyncAllColumns => take(new),
    }
}

fn listed(columns: &[String]) -> String {
    if columns.is_empty() {
        return "none".to_owned();
    }
    columns.iter().map(|column| format!("`{column}`")).collect::<Vec<_>>().join(", ")
}

/// The whole table in its new columns: what stays of the old rows, and the new ones.
fn rewritten(
    node: &Node,
    settings: &Incremental,
    sql: &str,
    (old, given): (&[String], &Schema),
    columns: &[String],
    merge: bool,
) -> String {
    let kept: Vec<String> = columns
        .iter()
        .map(|column| {
            if old.contains(column) {
                format!("old_rows.{}", quote(column))
            } else {
                typed_null(given, column)
            }
        })
        .collect();
    let same: Vec<String> = settings
        .unique_key
        .iter()
        .map(|key| format!("new_rows.{key} = old_rows.{key}", key = quote(key)))
        .collect();
    let unless = if merge {
        format!("\nwhere not exists (select 1 from (\n{sql}\n) as new_rows where {})", same.join(" and "))
    } else {
        String::new()
    };
    format!(
        "select {} from (\n{sql}\n) as new_rows\nunion all\nselect {} from {} as old_rows{unless}",
        quoted(columns),
        kept.join(", "),
        node.relation.quoted(),
    )
}

fn names(schema: &Schema) -> Vec<String> {
    schema.fields().iter().map(|field| field.name().clone()).collect()
}
