//! The keys of landed rows, for sources that look for what they have no more.
//!
//! Invariant: of a table that is not there, there are none.

use crate::RAW;
use arrow::array::RecordBatch;
use async_trait::async_trait;
use connect::LandedKeys;
use lake::{Lake, RowsError, TableName, quote};

/// The keys of the rows that a raw table holds.
#[derive(Debug)]
pub(super) struct Keys {
    pub lake: Lake,
    pub table: TableName,
}

#[async_trait]
impl LandedKeys for Keys {
    async fn keys(&self, columns: &[&str]) -> Result<Vec<RecordBatch>, RowsError> {
        let relations = self.lake.latest(RAW).await?;
        if !relations.contains_key(&self.table) {
            return Ok(Vec::new());
        }
        let columns: Vec<String> = columns.iter().map(|column| quote(column)).collect();
        let sql = format!(
            "select {} from {} where not coalesce({}, false)",
            columns.join(", "),
            self.table.quoted(),
            quote(connect::DELETED_COLUMN)
        );
        Ok(self.lake.session(relations).query(&sql).await?)
    }
}
