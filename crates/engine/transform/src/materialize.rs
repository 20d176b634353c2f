//! How rendered SQL, or a seed's CSV, becomes a relation of the lake.
//!
//! Does not render or order. Invariant: one write per node, so that a table is the old one or the new one.

mod incremental;
mod seed;
mod snapshot;
mod table;
mod view;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::datatypes::Schema;
use futures::StreamExt;
use lake::{Lake, RecordBatchStream};

use crate::build::{Compiled, Made, RunContext};
use crate::errors::TransformError;
use crate::jinja::sql_type;
use crate::node::{Materialized, Node};

/// Builds one node; `compiled` is there for all but seeds.
pub(crate) async fn node(
    lake: &Lake,
    node: &Node,
    compiled: Option<&Compiled>,
    context: &RunContext,
) -> Result<Made, TransformError> {
    match (&node.materialized, compiled) {
        (Materialized::Seed(settings), _) => seed::build(lake, node, settings).await,
        (Materialized::View, Some(compiled)) => view::build(node, compiled).await,
        (Materialized::Table, Some(compiled)) => table::build(lake, node, compiled).await,
        (Materialized::Incremental(settings), Some(compiled)) => {
            incremental::build(lake, node, settings, compiled).await
        }
        (Materialized::Snapshot(settings), Some(compiled)) => {
            snapshot::build(lake, node, settings, compiled, context.now).await
        }
        (_, None) => unreachable!("only seeds have no SQL"),
    }
}

/// The same rows, and how many have passed.
fn counted(rows: RecordBatchStream) -> (RecordBatchStream, Arc<AtomicU64>) {
    let count = Arc::new(AtomicU64::new(0));
    let (schema, counter) = (rows.schema(), count.clone());
    let rows = rows.inspect(move |batch| {
        if let Ok(batch) = batch {
            counter.fetch_add(batch.num_rows() as u64, Ordering::Relaxed);
        }
    });
    (RecordBatchStream::new(schema, rows), count)
}

/// An error about what the node's SQL gives.
fn wrong(node: &Node, message: impl Into<String>) -> TransformError {
    TransformError::Materialize { node: node.name.clone(), place: node.place(), message: message.into() }
}

/// A null that has the type of a column, so that a union can tell it.
fn typed_null(schema: &Schema, column: &str) -> String {
    match schema.field_with_name(column) {
        Ok(field) if !field.data_type().is_nested() => {
            format!("cast(null as {})", sql_type(field.data_type()))
        }
        _ => "null".to_owned(),
    }
}

/// `"a", "b"`
fn quoted(columns: &[String]) -> String {
    columns.iter().map(|column| lake::quote(column)).collect::<Vec<_>>().join(", ")
}
