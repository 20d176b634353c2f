//! What the streams of a source have in the lake, and the rows that did not fit.
//!
//! Invariant: reads raw tables as they are now, not as an edition has them.

use super::{REJECTS, Sources};
use crate::reader::internal;
use contract::Failure;
use contract::sources::{RejectCard, StreamCard, StreamReads};
use lake::arrow::array::{Array, AsArray};
use lake::arrow::datatypes::Int64Type;
use lake::{Relations, TableName};
use metastore::sources::StreamState;
use metastore::standings::Standing;
use pipeline::RAW;
use std::collections::BTreeMap;

impl Sources {
    /// What each stream has in the lake, and the rows that did not fit.
    pub(super) async fn landed(
        &self,
        source: &str,
        states: &BTreeMap<String, StreamState>,
        standing: &Standing,
    ) -> Result<(Vec<StreamCard>, Vec<RejectCard>), Failure> {
        let relations = self.jobs.lake.latest(RAW).await.map_err(|error| internal(&error))?;
        let users = self.reader.users().await?;
        let (mut streams, mut rejects) = (Vec::new(), Vec::new());
        let never = standing.offered.iter().filter(|stream| !states.contains_key(*stream));
        for stream in states.keys().chain(never) {
            let table = TableName::new(RAW, connect::stream_table(source, stream));
            let refused = TableName::new(RAW, connect::rejects_table(source, stream));
            let rejected = self.count(&relations, &refused, "").await?;
            if rejected.is_some_and(|count| count > 0) && rejects.len() < REJECTS {
                rejects.extend(self.rejects(&relations, &refused, stream, REJECTS - rejects.len()).await?);
            }
            let loaded_at = states.get(stream).map_or(0, |state| state.loaded_at);
            let kept = " where not coalesce(\"_mirante_deleted\", false)";
            streams.push(StreamCard {
                name: stream.clone(),
                rows: self.count(&relations, &table, kept).await?,
                rejected,
                loaded_at: (loaded_at > 0).then(|| metastore::runs::rfc3339(loaded_at)),
                reads: match (standing.reads(stream), standing.offered.contains(stream)) {
                    (true, true) => StreamReads::Yes,
                    (false, true) => StreamReads::Resting,
                    (_, false) => StreamReads::Along,
                },
                used_by: users.get(&table.to_string()).cloned().unwrap_or_default(),
                table: table.to_string(),
            });
        }
        Ok((streams, rejects))
    }

    /// Rows of a raw table; none when nothing has been landed.
    async fn count(
        &self,
        relations: &Relations,
        table: &TableName,
        condition: &str,
    ) -> Result<Option<u64>, Failure> {
        if !relations.contains_key(table) {
            return Ok(None);
        }
        let sql = format!("select count(*) from {}{condition}", table.quoted());
        let batches =
            self.jobs.lake.session(relations.clone()).query(&sql).await.map_err(|error| internal(&error))?;
        let count = batches.first().map(|batch| batch.column(0).as_primitive::<Int64Type>().value(0));
        Ok(count.map(i64::cast_unsigned))
    }

    async fn rejects(
        &self,
        relations: &Relations,
        table: &TableName,
        stream: &str,
        limit: usize,
    ) -> Result<Vec<RejectCard>, Failure> {
        let sql = format!(
            "select cast(file as varchar) as a, cast(\"row\" as varchar) as b, cast(\"column\" as varchar) as c, \
             cast(value as varchar) as d, cast(reason as varchar) as e from {} order by _mirante_loaded_at desc, \"row\" limit {limit}",
            table.quoted()
        );
        let batches =
            self.jobs.lake.session(relations.clone()).query(&sql).await.map_err(|error| internal(&error))?;
        let mut cards = Vec::new();
        for batch in batches {
            let text = |column: usize, row: usize| {
                let values =
                    lake::arrow::compute::cast(batch.column(column), &lake::arrow::datatypes::DataType::Utf8);
                let values = values.map_err(|error| internal(&error))?;
                let values = values.as_string::<i32>();
                Ok::<String, Failure>(if values.is_null(row) {
                    String::new()
                } else {
                    values.value(row).to_owned()
                })
            };
            for row in 0..batch.num_rows() {
                cards.push(RejectCard {
                    stream: stream.to_owned(),
                    place: text(0, row)?,
                    row: text(1, row)?,
                    column: text(2, row)?,
                    value: text(3, row)?,
                    reason: text(4, row)?,
                });
            }
        }
        Ok(cards)
    }
}
