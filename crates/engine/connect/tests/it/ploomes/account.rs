//! A CRM that is served, a source that reads it, and a place where its pieces are landed as the pipeline lands them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use arrow::array::{Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema};
use chrono::NaiveDate;
use connect::sources::ploomes::Ploomes;
use connect::{
    ColumnType, ConnectError, Egress, LandedKeys, Manners, Pace, Piece, ReadRequest, Source, StreamFound,
    StreamState, Surroundings,
};
use futures::StreamExt;
use serde_json::{Value, json};
use simulators::servers::ploomes::{Options, start};
use simulators::servers::{LedgerRow, Running, System, World};
use simulators::{Company, Scale};

pub use crate::landing::{Row, sorted};
use crate::landing::{present, put, rows_of};

/// Stream, entity, and the stream of its lines, if it has some.
pub const STREAMS: [(&str, &str, Option<&str>); 10] = [
    ("pipelines", "Deals@Pipelines", None),
    ("stages", "Deals@Stages", None),
    ("loss_reasons", "Deals@LossReasons", None),
    ("origins", "Deals@Origins", None),
    ("users", "Users", None),
    ("contacts", "Contacts", None),
    ("products", "Products", None),
    ("deals", "Deals", None),
    ("quotes", "Quotes", Some("quote_products")),
    ("orders", "Orders", Some("order_products")),
];

pub fn key() -> String {
    Options::default().user_key
}

pub fn world() -> Arc<World> {
    let today = "2026-06-30".parse().unwrap();
    Arc::new(World::new(Company::generate(Scale::new(0.001).unwrap(), 7, today).unwrap()))
}

pub async fn served(world: &Arc<World>) -> Running {
    start(world.clone(), Options::default()).await.unwrap()
}

pub fn day(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 7, day).unwrap()
}

/// A source that is as patient as one may be, and never sleeps.
pub fn source_of(url: &str, more: &Value) -> Ploomes {
    let mut settings = json!({"address": url, "user_key": key()});
    settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let surroundings = Surroundings::new(Egress::with_networks(["127.0.0.1"]).unwrap());
    let manners = Manners { attempts: 30, longest_pause: Duration::from_millis(2), ..Manners::default() };
    Ploomes::from_settings("crm", &settings, &surroundings)
        .unwrap()
        .with_pace(Pace::new(manners))
        .with_today(|| day(1))
}

pub fn source(running: &Running) -> Ploomes {
    source_of(&running.url(), &json!({}))
}

/// Tables and states, as runs leave them.
#[derive(Debug, Default, Clone)]
pub struct Lake {
    tables: BTreeMap<String, Vec<Row>>,
    pub states: BTreeMap<String, StreamState>,
    pub rejected: u64,
}

/// What one reading brought.
#[derive(Debug, Default)]
pub struct Brought {
    pub pieces: usize,
    pub rows: usize,
}

impl Lake {
    /// Reads all streams, as a run does.
    pub async fn sync(&mut self, source: &Ploomes) -> Brought {
        let streams = source.streams().await.unwrap();
        self.sync_some(source, &streams).await
    }

    pub async fn sync_some(&mut self, source: &Ploomes, streams: &[impl AsRef<str>]) -> Brought {
        let mut brought = Brought::default();
        for stream in streams {
            let more = self.read(source, stream.as_ref()).await.unwrap();
            brought.pieces += more.pieces;
            brought.rows += more.rows;
        }
        brought
    }

    pub async fn read(&mut self, source: &Ploomes, stream: &str) -> Result<Brought, ConnectError> {
        let request = self.request(stream, None);
        self.land_all(source, request, usize::MAX).await
    }

    /// Reads as a run does that also looks for deletions.
    pub async fn sweep(&mut self, source: &Ploomes, stream: &str) -> Result<Brought, ConnectError> {
        let keys: Arc<dyn LandedKeys> = Arc::new(Ids(self.ids(stream)));
        self.sweep_with(source, stream, keys).await
    }

    pub async fn sweep_with(
        &mut self,
        source: &Ploomes,
        stream: &str,
        keys: Arc<dyn LandedKeys>,
    ) -> Result<Brought, ConnectError> {
        let request = self.request(stream, Some(keys));
        self.land_all(source, request, usize::MAX).await
    }

    /// Lands the first pieces and is killed then.
    pub async fn read_some(
        &mut self,
        source: &Ploomes,
        stream: &str,
        most: usize,
    ) -> Result<Brought, ConnectError> {
        let request = self.request(stream, None);
        self.land_all(source, request, most).await
    }

    fn request(&self, stream: &str, keys: Option<Arc<dyn LandedKeys>>) -> ReadRequest {
        let since = self.states.get(stream).cloned().unwrap_or_default();
        ReadRequest { stream: stream.to_owned(), since, keys, ..ReadRequest::default() }
    }

    async fn land_all(
        &mut self,
        source: &Ploomes,
        request: ReadRequest,
        most: usize,
    ) -> Result<Brought, ConnectError> {
        let stream = request.stream.clone();
        let mut reading = source.read(request).await?;
        let mut brought = Brought::default();
        let mut ended = Ok(());
        for _ in 0..most {
            let Some(piece) = reading.pieces.next().await else { break };
            match piece {
                Ok(piece) => {
                    let mark = piece.mark.clone();
                    brought.rows += self.land(piece).await;
                    brought.pieces += 1;
                    if let Some(mark) = mark {
                        self.states.entry(stream.clone()).or_default().set(mark);
                    }
                }
                Err(error) => {
                    ended = Err(error);
                    break;
                }
            }
        }
        for skipped in reading.skipped {
            self.states.entry(stream.clone()).or_default().set(skipped.mark);
        }
        ended.map(|()| brought)
    }

    async fn land(&mut self, piece: Piece) -> usize {
        let batches: Vec<RecordBatch> = piece.batches.map(Result::unwrap).collect().await;
        self.rejected += piece.rejects.count();
        let rows: Vec<Row> = batches.iter().flat_map(rows_of).collect();
        let brought = rows.len();
        put(self.tables.entry(piece.stream).or_default(), rows, &piece.hint);
        brought
    }

    /// Rows that are there, in an order of their own.
    pub fn rows(&self, stream: &str) -> Vec<Row> {
        present(self.tables.get(stream).map_or(&[], Vec::as_slice))
    }

    /// Rows that are noted as deleted.
    pub fn deleted(&self, stream: &str) -> Vec<Row> {
        let rows = self.tables.get(stream).into_iter().flatten();
        sorted(rows.filter(|row| row["_mirante_deleted"] == "true").cloned().collect())
    }

    pub fn ids(&self, stream: &str) -> Vec<i64> {
        self.rows(stream).iter().map(|row| row["id"].parse().unwrap()).collect()
    }

    pub fn row(&self, stream: &str, id: i64) -> Row {
        let id = id.to_string();
        let rows = self.rows(stream);
        rows.into_iter().find(|row| row["id"] == id).unwrap_or_else(|| panic!("`{stream}` has no {id}"))
    }
}

/// Ids that were landed.
#[derive(Debug)]
pub struct Ids(pub Vec<i64>);

#[async_trait::async_trait]
impl LandedKeys for Ids {
    async fn keys(
        &self,
        columns: &[&str],
    ) -> Result<Vec<RecordBatch>, Box<dyn std::error::Error + Send + Sync>> {
        assert_eq!(columns, ["id"]);
        let schema = Arc::new(Schema::new(vec![Field::new("id", DataType::Int64, true)]));
        let ids = Arc::new(Int64Array::from(self.0.clone()));
        Ok(vec![RecordBatch::try_new(schema, vec![ids])?])
    }
}

/// Compares all tables with what the CRM has.
pub async fn assert_whole(lake: &Lake, world: &World, source: &Ploomes) {
    assert_streams(lake, world, source, &STREAMS.map(|(stream, _, _)| stream)).await;
}

/// Compares the tables of these streams, and of their lines, one by one, so that a difference is short.
pub async fn assert_streams(lake: &Lake, world: &World, source: &Ploomes, streams: &[&str]) {
    let found = source.discover().await.unwrap().streams;
    let columns = |stream: &str| found.iter().find(|found| found.name == stream).unwrap();
    for (stream, entity, lines) in STREAMS.iter().filter(|(stream, _, _)| streams.contains(stream)) {
        let mut ledger = world.ledger(System::Ploomes, entity).unwrap();
        if *stream == "contacts" {
            relate(world, &mut ledger);
        }
        let records = ledger.iter().map(|row| expected(columns(stream), &row.fields)).collect();
        assert_same(stream, &lake.rows(stream), &sorted(records));
        if let Some(stream) = lines {
            let lines = ledger.iter().flat_map(|row| row.fields["Products"].as_array().unwrap());
            let lines = lines.map(|line| expected(columns(stream), line)).collect();
            assert_same(stream, &lake.rows(stream), &sorted(lines));
        }
    }
}

/// Puts the related records that columns are taken from into their contacts.
fn relate(world: &World, contacts: &mut [LedgerRow]) {
    for (relation, reference, entity) in [
        ("City", "CityId", "Cities"),
        ("State", "StateId", "Cities@Countries@States"),
        ("LineOfBusiness", "LineOfBusinessId", "Contacts@LinesOfBusiness"),
    ] {
        let records = world.ledger(System::Ploomes, entity).unwrap();
        for contact in contacts.iter_mut() {
            let related = records.iter().find(|row| row.fields["Id"] == contact.fields[reference]);
            contact.fields[relation] = related.unwrap().fields.clone();
        }
    }
}

fn assert_same(stream: &str, found: &[Row], expected: &[Row]) {
    let different = found.iter().zip(expected).find(|(one, other)| one != other);
    assert_eq!(found.len(), expected.len(), "{stream}: rows; first difference {different:#?}");
    assert!(different.is_none(), "{stream}: {different:#?}");
    assert!(!found.is_empty(), "{stream} is empty");
}

/// A record of the ledger as its table has it.
fn expected(found: &StreamFound, record: &Value) -> Row {
    let mut row = Row::from([("_mirante_deleted".to_owned(), "false".to_owned())]);
    for column in &found.columns {
        // `City/Name` is the name of the city that comes along.
        let value = record.pointer(&format!("/{}", column.source_name)).cloned().unwrap_or_default();
        let value = if value.is_null() { custom(record, &column.source_name) } else { value };
        let text = match (&value, column.column_type) {
            (Value::Null, _) => continue,
            (Value::Number(number), ColumnType::Decimal { .. }) => format!("{:.6}", number.as_f64().unwrap()),
            (Value::String(text), ColumnType::Moment) => {
                let at = chrono::DateTime::parse_from_rfc3339(text).unwrap().to_utc();
                at.format("%Y-%m-%dT%H:%M:%S%.fZ").to_string()
            }
            (Value::String(text), _) => text.clone(),
            (other, _) => other.to_string(),
        };
        if !text.is_empty() {
            row.insert(column.name.clone(), text);
        }
    }
    row
}

/// The value of one of the company's own fields.
fn custom(record: &Value, key: &str) -> Value {
    let (key, is_id) = key.strip_suffix(".id").map_or((key, false), |key| (key, true));
    let Some(properties) = record["OtherProperties"].as_array() else { return Value::Null };
    let property = properties.iter().find(|property| property["FieldKey"] == key);
    let names: &[&str] = if is_id {
        &["ObjectValueId"]
    } else {
        &["ObjectValueName", "StringValue", "IntegerValue", "DecimalValue"]
    };
    let value = property
        .and_then(|property| names.iter().map(|name| &property[*name]).find(|value| !value.is_null()));
    value.cloned().unwrap_or_default()
}
