//! A table: all rows, anew on every run.
//!
//! Does not keep what was there. Invariant: readers see the old rows until all the new ones are written.

use std::sync::atomic::Ordering;

use lake::{Lake, Relation, WriteMode};

use super::counted;
use crate::build::{Compiled, Made};
use crate::errors::TransformError;
use crate::node::Node;

pub(super) async fn build(lake: &Lake, node: &Node, compiled: &Compiled) -> Result<Made, TransformError> {
    write(lake, node, compiled, compiled.sql(), WriteMode::Replace).await
}

/// Runs `sql` and writes what it gives.
pub(super) async fn write(
    lake: &Lake,
    node: &Node,
    compiled: &Compiled,
    sql: &str,
    mode: WriteMode,
) -> Result<Made, TransformError> {
    let failed = |error| compiled.failed(node, error);
    let (rows, count) = counted(compiled.session.stream(sql).await.map_err(failed)?);
    let version = lake.write(&node.relation, rows, mode).await.map_err(failed)?;
    Ok(Made { relation: Relation::Table { version }, rows: Some(count.load(Ordering::Relaxed)) })
}
