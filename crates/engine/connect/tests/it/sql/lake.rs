//! A place where pieces are landed as the pipeline lands them.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::sync::{Arc, Mutex};

use arrow::array::{Array, AsArray, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use connect::sources::sql::Sql;
use connect::{ConnectError, LandHint, LandedKeys, Mark, Piece, ReadRequest, Source, StreamState};
use futures::StreamExt;

pub use crate::landing::Row;
use crate::landing::{present, put, rows_of, sorted};

/// Tables, rejects and states, as runs leave them.
#[derive(Debug, Default, Clone)]
pub struct Lake {
    tables: BTreeMap<String, Vec<Row>>,
    pub schemas: BTreeMap<String, SchemaRef>,
    pub states: BTreeMap<String, StreamState>,
    /// Column, value and reason of what was rejected.
    pub rejects: Vec<(String, String, String)>,
    /// What the last reading brought: rows of each piece.
    pub pieces: Vec<usize>,
    pub hints: Vec<LandHint>,
    /// Bytes of the largest batch that came.
    pub largest: usize,
    /// The rows of the stream that is being read, as they are now.
    now: Arc<Mutex<Vec<Row>>>,
}

impl Lake {
    /// Reads all streams, as a run does; gives what went wrong.
    pub async fn sync(&mut self, source: &Sql) -> Vec<String> {
        let mut problems = Vec::new();
        for stream in source.streams().await.unwrap() {
            problems.extend(self.read(source, &stream).await.err().map(|error| error.to_string()));
        }
        source.close().await;
        problems
    }

    pub async fn read(&mut self, source: &Sql, stream: &str) -> Result<(), ConnectError> {
        self.read_some(source, stream, usize::MAX).await
    }

    /// Lands the first pieces and is killed then.
    pub async fn read_some(&mut self, source: &Sql, stream: &str, most: usize) -> Result<(), ConnectError> {
        (self.pieces, self.hints) = (Vec::new(), Vec::new());
        self.now = Arc::new(Mutex::new(self.tables.get(stream).cloned().unwrap_or_default()));
        let request = ReadRequest {
            stream: stream.to_owned(),
            known: self.schemas.get(stream).cloned(),
            since: self.states.get(stream).cloned().unwrap_or_default(),
            keys: Some(Arc::new(Keys(self.now.clone()))),
        };
        let mut reading = source.read(request).await?;
        for _ in 0..most {
            let Some(piece) = reading.pieces.next().await else { break };
            let piece = piece?;
            let mark = piece.mark.clone();
            self.land(piece).await?;
            if let Some(mark) = mark {
                self.note(stream, mark);
            }
        }
        if most == usize::MAX {
            for skipped in reading.skipped {
                self.note(stream, skipped.mark);
            }
        }
        Ok(())
    }

    fn note(&mut self, stream: &str, mark: Mark) {
        self.states.entry(stream.to_owned()).or_default().set(mark);
    }

    /// All or nothing, as the lake does.
    async fn land(&mut self, piece: Piece) -> Result<(), ConnectError> {
        let (mut new, mut batches) = (Vec::new(), piece.batches);
        while let Some(batch) = batches.next().await {
            let batch = batch?;
            self.largest = self.largest.max(batch.get_array_memory_size());
            new.extend(rows_of(&batch));
        }
        let rejects = piece.rejects.take();
        let text = |column: usize, row: usize| {
            let column = rejects.column(column).as_string::<i32>();
            if column.is_null(row) { String::new() } else { column.value(row).to_owned() }
        };
        self.rejects.extend((0..rejects.num_rows()).map(|row| (text(2, row), text(3, row), text(4, row))));
        self.pieces.push(new.len());
        self.hints.push(piece.hint.clone());
        self.schemas.insert(piece.stream.clone(), piece.schema);
        let table = self.tables.entry(piece.stream).or_default();
        put(table, new, &piece.hint);
        self.now.lock().unwrap().clone_from(table);
        Ok(())
    }

    /// Rows that are there, without the mark of those that are gone, in an order of their own.
    pub fn rows(&self, stream: &str) -> Vec<Row> {
        let table = self.tables.get(stream).unwrap_or_else(|| panic!("`{stream}` was never landed"));
        let mut rows = present(table);
        rows.iter_mut().for_each(|row| drop(row.remove("_mirante_deleted")));
        sorted(rows)
    }

    pub fn gone(&self, stream: &str) -> usize {
        self.tables[stream].iter().filter(|row| row["_mirante_deleted"] == "true").count()
    }

    /// The values of a column, in their order.
    pub fn values(&self, stream: &str, column: &str) -> Vec<String> {
        let rows = self.rows(stream);
        let mut values: Vec<String> = rows.iter().filter_map(|row| row.get(column).cloned()).collect();
        values.sort_by(|one, other| (one.len(), one).cmp(&(other.len(), other)));
        values
    }

    /// A row is lost, as if it had never come.
    pub fn forget(&mut self, stream: &str, column: &str, value: &str) {
        let table = self.tables.get_mut(stream).unwrap();
        let before = table.len();
        table.retain(|row| row.get(column).map(String::as_str) != Some(value));
        assert_eq!(table.len() + 1, before);
    }
}

/// Keys as texts, two batches of them: a source turns them into what it has itself.
#[derive(Debug)]
struct Keys(Arc<Mutex<Vec<Row>>>);

#[async_trait::async_trait]
impl LandedKeys for Keys {
    async fn keys(&self, columns: &[&str]) -> Result<Vec<RecordBatch>, Box<dyn Error + Send + Sync>> {
        let rows = self.0.lock().unwrap();
        let there: Vec<&Row> = rows.iter().filter(|row| row["_mirante_deleted"] == "false").collect();
        let schema = Schema::new(
            columns.iter().map(|name| Field::new(*name, DataType::Utf8, true)).collect::<Vec<_>>(),
        );
        let batch = |rows: &[&Row]| {
            let column = |name: &&str| -> Arc<dyn Array> {
                Arc::new(rows.iter().map(|row| row.get(*name).cloned()).collect::<StringArray>())
            };
            RecordBatch::try_new(Arc::new(schema.clone()), columns.iter().map(column).collect())
        };
        let (one, other) = there.split_at(there.len() / 2);
        Ok(vec![batch(one)?, batch(other)?])
    }
}

/// A row as a test writes it: `id=1 valor=2.50`.
pub fn row(text: &str) -> Row {
    text.split_whitespace()
        .map(|cell| cell.split_once('=').unwrap())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// Whole numbers as texts.
pub fn numbers(range: impl IntoIterator<Item = i64>) -> Vec<String> {
    let mut numbers: Vec<String> =
        range.into_iter().map(|number| number.to_string()).collect::<BTreeSet<_>>().into_iter().collect();
    numbers.sort_by(|one, other| (one.len(), one).cmp(&(other.len(), other)));
    numbers
}
