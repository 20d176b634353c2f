//! A view: SQL that runs when it is read.
//!
//! Does not run it. Invariant: a view that is made can be planned.

use lake::Relation;

use crate::build::{Compiled, Made};
use crate::errors::TransformError;
use crate::node::Node;

pub(super) async fn build(node: &Node, compiled: &Compiled) -> Result<Made, TransformError> {
    let sql = compiled.sql();
    compiled.session.schema(sql).await.map_err(|error| compiled.failed(node, error))?;
    Ok(Made { relation: Relation::View { sql: sql.to_owned() }, rows: None })
}
