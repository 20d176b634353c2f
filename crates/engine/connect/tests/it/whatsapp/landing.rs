//! A place where pieces are landed as the pipeline lands them: by key, the bookmark with the rows.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::sync::{Arc, Mutex};

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::TimestampMicrosecondType;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use chrono::{DateTime, SecondsFormat};
use connect::inbox::{InboxLimits, Inboxes};
use connect::{Egress, LandHint, LandedKeys, ReadRequest, Source, StreamState, Surroundings};
use futures::StreamExt;

pub fn surroundings(dir: &Path) -> Surroundings {
    let inboxes = Inboxes::new(dir.to_owned(), InboxLimits { segment: 4096, ..InboxLimits::default() });
    Surroundings::new(Egress::public().and_loopback()).with_inboxes(inboxes)
}

/// Tables, by stream.
#[derive(Default)]
pub struct Lake {
    pub tables: BTreeMap<String, BTreeMap<String, BTreeMap<String, String>>>,
    /// Reason of each reject.
    pub rejects: Vec<String>,
    pub pieces: usize,
    batches: HashMap<String, Arc<Mutex<Vec<RecordBatch>>>>,
    states: HashMap<String, StreamState>,
}

#[derive(Debug)]
struct Keys(Arc<Mutex<Vec<RecordBatch>>>);

#[async_trait::async_trait]
impl LandedKeys for Keys {
    async fn keys(
        &self,
        columns: &[&str],
    ) -> Result<Vec<RecordBatch>, Box<dyn std::error::Error + Send + Sync>> {
        let batches = self.0.lock().unwrap();
        let project = |batch: &RecordBatch| {
            let places: Vec<usize> =
                columns.iter().map(|name| batch.schema().index_of(name).unwrap()).collect();
            batch.project(&places).unwrap()
        };
        Ok(batches.iter().map(project).collect())
    }
}

impl Lake {
    /// One sync of all streams.
    pub async fn sync(&mut self, source: &dyn Source) {
        for stream in source.streams().await.unwrap() {
            self.sync_stream(source, &stream).await;
        }
        source.close().await;
    }

    pub async fn sync_stream(&mut self, source: &dyn Source, stream: &str) {
        let landed = self.batches.entry(stream.to_owned()).or_default().clone();
        let since = self.states.entry(stream.to_owned()).or_default().clone();
        let request = ReadRequest {
            stream: stream.to_owned(),
            known: None,
            since,
            keys: Some(Arc::new(Keys(landed.clone()))),
        };
        let mut reading = source.read(request).await.unwrap();
        let state = self.states.entry(stream.to_owned()).or_default();
        while let Some(piece) = reading.pieces.next().await {
            let piece = piece.unwrap();
            self.pieces += 1;
            let LandHint::Merge { key } = piece.hint else { panic!("{stream} is merged by key") };
            let batches: Vec<RecordBatch> = piece.batches.map(Result::unwrap).collect().await;
            let batch = concat_batches(&piece.schema, &batches).unwrap();
            let table = self.tables.entry(stream.to_owned()).or_default();
            for row in rows(&batch) {
                let key: Vec<&str> = key.iter().map(|name| row[name.as_str()].as_str()).collect();
                table.insert(key.join("|"), row);
            }
            // Only contacts are asked for what is landed: the newest version of each wins there, too.
            let mut kept = landed.lock().unwrap();
            *kept = newest(&kept, &batch, &key);
            let rejects = piece.rejects.take();
            self.rejects.extend(rows(&rejects).into_iter().map(|row| row["reason"].clone()));
            state.set(piece.mark.unwrap());
        }
        reading.skipped.into_iter().for_each(|skipped| state.set(skipped.mark));
    }

    pub fn column(&self, stream: &str, name: &str) -> BTreeMap<String, String> {
        let table = self.tables.get(stream).into_iter().flatten();
        table.map(|(key, row)| (key.clone(), row[name].clone())).collect()
    }
}

/// Old rows without those whose key comes again, and the new ones.
fn newest(old: &[RecordBatch], new: &RecordBatch, key: &[String]) -> Vec<RecordBatch> {
    let keys = |batch: &RecordBatch| -> Vec<String> {
        rows(batch)
            .into_iter()
            .map(|row| key.iter().map(|name| row[name].as_str()).collect::<Vec<_>>().join("|"))
            .collect()
    };
    let coming: HashSet<String> = keys(new).into_iter().collect();
    let mut kept: Vec<RecordBatch> = old
        .iter()
        .map(|batch| {
            let stays: Vec<bool> = keys(batch).iter().map(|key| !coming.contains(key)).collect();
            arrow::compute::filter_record_batch(batch, &stays.into()).unwrap()
        })
        .collect();
    kept.push(new.clone());
    kept
}

/// Rows as texts by column; `-` for nothing.
fn rows(batch: &RecordBatch) -> Vec<BTreeMap<String, String>> {
    let schema = batch.schema();
    let columns: Vec<Vec<String>> = batch.columns().iter().map(texts).collect();
    let row = |at: usize| {
        schema
            .fields()
            .iter()
            .zip(&columns)
            .map(|(field, column)| (field.name().clone(), column[at].clone()))
            .collect()
    };
    (0..batch.num_rows()).map(row).collect()
}

fn texts(column: &ArrayRef) -> Vec<String> {
    if let Some(moments) = column.as_primitive_opt::<TimestampMicrosecondType>() {
        let shown =
            |at| DateTime::from_timestamp_micros(at).unwrap().to_rfc3339_opts(SecondsFormat::Secs, true);
        return moments.iter().map(|at| at.map_or("-".to_owned(), shown)).collect();
    }
    let options = FormatOptions::default().with_null("-");
    let (length, column) = (column.len(), ArrayFormatter::try_new(column, &options).unwrap());
    (0..length).map(|at| column.value(at).to_string()).collect()
}
