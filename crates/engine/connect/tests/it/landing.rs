//! A place where pieces of a stream are landed as the pipeline lands them: rows and mark in one step.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{Array, RecordBatch};
use arrow::datatypes::{DataType, SchemaRef};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use connect::{ConnectError, LandHint, Piece, ReadRequest, Source, StreamState};
use futures::StreamExt;

/// Values by column, without those that are null.
pub type Row = BTreeMap<String, String>;

/// One stream's table, rejects and state.
#[derive(Debug, Default, Clone)]
pub struct Table {
    pub rows: Vec<Row>,
    pub types: BTreeMap<String, DataType>,
    pub hints: Vec<LandHint>,
    pub rejected: Vec<String>,
    pub state: StreamState,
    pub schema: Option<SchemaRef>,
}

impl Table {
    /// Reads what is new and lands it. How many rows came, and the error that ended it.
    pub async fn sync(&mut self, source: &dyn Source, stream: &str) -> (usize, Option<ConnectError>) {
        self.sync_some(source, stream, usize::MAX).await
    }

    /// The same, and is killed after so many pieces.
    pub async fn sync_some(
        &mut self,
        source: &dyn Source,
        stream: &str,
        most: usize,
    ) -> (usize, Option<ConnectError>) {
        let request = ReadRequest {
            stream: stream.to_owned(),
            known: self.schema.clone(),
            since: self.state.clone(),
            ..ReadRequest::default()
        };
        let mut reading = match source.read(request).await {
            Ok(reading) => reading,
            Err(error) => return (0, Some(error)),
        };
        let mut came = 0;
        for _ in 0..most {
            match reading.pieces.next().await {
                None => return (came, None),
                Some(Err(error)) => return (came, Some(error)),
                Some(Ok(piece)) => match self.land(piece).await {
                    Ok(rows) => came += rows,
                    Err(error) => return (came, Some(error)),
                },
            }
        }
        (came, None)
    }

    async fn land(&mut self, piece: Piece) -> Result<usize, ConnectError> {
        let Piece { batches, rejects, hint, mark, schema, .. } = piece;
        let batches: Vec<RecordBatch> =
            batches.collect::<Vec<_>>().await.into_iter().collect::<Result<_, _>>()?;
        let rows: Vec<Row> = batches.iter().flat_map(rows_of).collect();
        let came = rows.len();
        put(&mut self.rows, rows, &hint);
        for field in schema.fields() {
            self.types.insert(field.name().clone(), field.data_type().clone());
        }
        self.schema = Some(schema);
        self.hints.push(hint);
        let reasons = rejects.take();
        self.rejected.extend(rows_of(&reasons).into_iter().filter_map(|mut row| row.remove("reason")));
        if let Some(mark) = mark {
            self.state.set(mark);
        }
        // The state survives as JSON.
        self.state = serde_json::from_str(&serde_json::to_string(&self.state).unwrap()).unwrap();
        Ok(came)
    }

    pub fn column(&self, name: &str) -> Vec<&str> {
        self.rows.iter().map(|row| row.get(name).map_or("", String::as_str)).collect()
    }

    /// The column's values in order, each once, so that a doubled row shows.
    pub fn ids(&self, name: &str) -> Vec<i64> {
        let mut ids: Vec<i64> = self.column(name).iter().map(|id| id.parse().unwrap()).collect();
        ids.sort_unstable();
        ids
    }
}

/// Lands rows as the lake does.
pub fn put(table: &mut Vec<Row>, rows: Vec<Row>, hint: &LandHint) {
    let of = |row: &Row, key: &[String]| -> Vec<Option<String>> {
        key.iter().map(|name| row.get(name).cloned()).collect()
    };
    match hint {
        LandHint::Append => table.extend(rows),
        LandHint::ReplaceAll => *table = rows,
        LandHint::Merge { key } => {
            // Of several the last wins.
            let mut last: BTreeMap<_, Row> = BTreeMap::new();
            for row in rows {
                last.insert(of(&row, key), row);
            }
            table.retain(|old| !last.contains_key(&of(old, key)));
            table.extend(last.into_values());
        }
        LandHint::ReplaceKeys { key } => {
            let new: BTreeSet<_> = rows.iter().map(|row| of(row, key)).collect();
            table.retain(|old| !new.contains(&of(old, key)));
            table.extend(rows);
        }
        LandHint::Replace { column, value } => {
            table.retain(|old| old.get(column) != Some(value));
            table.extend(rows);
        }
    }
}

/// Rows that are there, those that are noted as deleted left out, in an order of their own.
pub fn present(table: &[Row]) -> Vec<Row> {
    sorted(table.iter().filter(|row| row["_mirante_deleted"] == "false").cloned().collect())
}

pub fn sorted(mut rows: Vec<Row>) -> Vec<Row> {
    rows.sort();
    rows
}

pub fn rows_of(batch: &RecordBatch) -> Vec<Row> {
    let options = FormatOptions::default();
    let mut rows = vec![Row::new(); batch.num_rows()];
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        // Zones by name are not compiled in: a moment is shown as it is kept, in UTC.
        let (column, zone) = match field.data_type() {
            DataType::Timestamp(unit, Some(_)) => {
                (&arrow::compute::cast(column, &DataType::Timestamp(*unit, None)).unwrap(), "Z")
            }
            _ => (column, ""),
        };
        let shown = ArrayFormatter::try_new(column, &options).unwrap();
        for (at, row) in rows.iter_mut().enumerate().filter(|(at, _)| column.is_valid(*at)) {
            row.insert(field.name().clone(), format!("{}{zone}", shown.value(at)));
        }
    }
    rows
}
