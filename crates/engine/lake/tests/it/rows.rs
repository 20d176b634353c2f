//! Small tables in memory, and the reading back of them, for the other tests.

use std::path::Path;
use std::sync::Arc;

use futures::StreamExt;
use lake::arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use lake::arrow::datatypes::SchemaRef;
use lake::arrow::util::display::{ArrayFormatter, FormatOptions};
use lake::{
    Lake, LakeError, LakeOptions, LandMode, Landed, Landing, RecordBatchStream, Relations, Session, TableName,
};

pub(crate) async fn open(dir: &Path) -> Lake {
    Lake::open(dir, LakeOptions::default()).await.unwrap()
}

pub(crate) fn table(name: &str) -> TableName {
    name.parse().unwrap()
}

pub(crate) fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, c)| (n, c, true))).unwrap()
}

pub(crate) fn ints(values: &[i64]) -> ArrayRef {
    Arc::new(Int64Array::from(values.to_vec()))
}

pub(crate) fn texts(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

pub(crate) fn landing(name: &str, batch_id: &str, mode: LandMode, rows: RecordBatch) -> Landing {
    Landing {
        table: table(name),
        batch_id: batch_id.to_string(),
        once: true,
        bookmark: None,
        anew: false,
        mode,
        schema: rows.schema(),
        rows: futures::stream::iter([Ok(rows)]).boxed(),
    }
}

pub(crate) async fn land(
    lake: &Lake,
    name: &str,
    batch_id: &str,
    mode: LandMode,
    rows: RecordBatch,
) -> Result<Landed, LakeError> {
    lake.land(landing(name, batch_id, mode, rows)).await
}

pub(crate) fn stream(rows: RecordBatch) -> RecordBatchStream {
    RecordBatchStream::of(rows.schema(), vec![rows])
}

/// A session over the newest versions of everything.
pub(crate) async fn newest(lake: &Lake) -> Session {
    let mut relations = Relations::new();
    for schema in ["raw", "staging", "marts"] {
        relations.extend(lake.latest(schema).await.unwrap());
    }
    lake.session(relations)
}

/// All cells as text, one line per row, cells joined by `|`.
pub(crate) async fn ask(session: &Session, sql: &str) -> Vec<String> {
    lines(&session.query(sql).await.unwrap())
}

pub(crate) fn lines(batches: &[RecordBatch]) -> Vec<String> {
    let options = FormatOptions::default().with_null("∅");
    let mut lines = Vec::new();
    for batch in batches {
        let cells: Vec<_> =
            batch.columns().iter().map(|c| ArrayFormatter::try_new(c, &options).unwrap()).collect();
        for row in 0..batch.num_rows() {
            let line: Vec<String> = cells.iter().map(|cell| cell.value(row).to_string()).collect();
            lines.push(line.join("|"));
        }
    }
    lines
}

pub(crate) fn types(schema: &SchemaRef) -> Vec<String> {
    schema.fields().iter().map(|f| format!("{} {}", f.name(), f.data_type())).collect()
}
