//! A company that is served, a source that reads it, and a place where its pieces are landed as the pipeline lands them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use connect::sources::sap_b1::SapB1;
use connect::{
    ColumnType, ConnectError, Egress, Mark, Piece, ReadRequest, Source, StreamFound, StreamState,
    Surroundings,
};
use futures::StreamExt;
use serde_json::{Value, json};
use simulators::servers::sap_b1::{Options, start};
use simulators::servers::{Running, System, World};
use simulators::{Company, Scale};

pub use crate::landing::{Row, sorted};
use crate::landing::{present, put, rows_of};

pub const PASSWORD: &str = "serra-azul";

/// Stream, entity, and stream and name of the list within it, if there is one.
type Stream = (&'static str, &'static str, Option<(&'static str, &'static str)>);

pub const STREAMS: [Stream; 16] = [
    ("invoices", "Invoices", Some(("invoice_lines", "DocumentLines"))),
    ("credit_notes", "CreditNotes", Some(("credit_note_lines", "DocumentLines"))),
    ("orders", "Orders", Some(("order_lines", "DocumentLines"))),
    ("deliveries", "DeliveryNotes", Some(("delivery_lines", "DocumentLines"))),
    ("purchase_invoices", "PurchaseInvoices", Some(("purchase_invoice_lines", "DocumentLines"))),
    ("incoming_payments", "IncomingPayments", Some(("incoming_payment_invoices", "PaymentInvoices"))),
    ("journal_entries", "JournalEntries", Some(("journal_entry_lines", "JournalEntryLines"))),
    ("business_partners", "BusinessPartners", None),
    ("items", "Items", None),
    ("sales_persons", "SalesPersons", None),
    ("profit_centers", "ProfitCenters", None),
    ("business_partner_groups", "BusinessPartnerGroups", None),
    ("item_groups", "ItemGroups", None),
    ("chart_of_accounts", "ChartOfAccounts", None),
    ("projects", "Projects", None),
    ("business_places", "BusinessPlaces", None),
];

/// Orders of the company that are kept: unoptimised, the service would take minutes over all of them.
const ORDERS: usize = 300;

pub fn world() -> Arc<World> {
    let today = "2026-06-30".parse().unwrap();
    let mut company = Company::generate(Scale::new(0.002).unwrap(), 7, today).unwrap();
    keep_the_last(&mut company);
    Arc::new(World::new(company))
}

/// Forgets all but the last orders, with what follows from them.
fn keep_the_last(company: &mut Company) {
    let first = company.orders.len() - ORDERS;
    company.orders.drain(..first);
    let moved = |kept: &mut HashMap<u32, u32>, old: usize| {
        let new = kept.len() as u32;
        kept.insert(old as u32, new);
    };
    let (mut shipments, mut invoices) = (HashMap::new(), HashMap::new());
    for (old, mut shipment) in std::mem::take(&mut company.shipments).into_iter().enumerate() {
        if let Some(order) = shipment.order.checked_sub(first as u32) {
            shipment.order = order;
            company.shipments.push(shipment);
            moved(&mut shipments, old);
        }
    }
    for (old, mut invoice) in std::mem::take(&mut company.invoices).into_iter().enumerate() {
        if let Some(shipment) = shipments.get(&invoice.shipment) {
            invoice.shipment = *shipment;
            company.invoices.push(invoice);
            moved(&mut invoices, old);
        }
    }
    company.returns.retain(|back| invoices.contains_key(&back.invoice));
    for back in &mut company.returns {
        back.invoice = invoices[&back.invoice];
    }
    company.postings.drain(..company.postings.len() - ORDERS);
}

pub async fn served(world: &Arc<World>) -> Running {
    start(world.clone(), Options { tls: false, ..Options::default() }).await.unwrap()
}

pub fn surroundings() -> Surroundings {
    Surroundings::new(Egress::with_networks(["127.0.0.1"]).unwrap())
}

pub fn settings(url: &str) -> Value {
    json!({"address": url, "company_db": "SBO_SERRAAZUL_PRD", "user": "kpi_reader", "password": PASSWORD})
}

pub fn source_of(settings: &Value) -> SapB1 {
    SapB1::from_settings("sap", settings, &surroundings()).unwrap()
}

pub fn source(running: &Running) -> SapB1 {
    source_of(&settings(&running.url()))
}

/// Tables and states, as a run leaves them.
#[derive(Debug, Default, Clone)]
pub struct Lake {
    tables: BTreeMap<String, Vec<Row>>,
    schemas: BTreeMap<String, SchemaRef>,
    states: BTreeMap<String, StreamState>,
    pub pieces: usize,
}

impl Lake {
    /// Reads all streams, as a run does; gives what went wrong.
    pub async fn sync(&mut self, source: &SapB1) -> Vec<ConnectError> {
        self.pieces = 0;
        let mut problems = Vec::new();
        for stream in source.streams().await.unwrap() {
            problems.extend(self.read(source, &stream).await.err());
        }
        source.close().await;
        problems
    }

    pub async fn read(&mut self, source: &SapB1, stream: &str) -> Result<(), ConnectError> {
        self.read_some(source, stream, usize::MAX).await
    }

    /// Lands the first pieces and is killed then.
    pub async fn read_some(&mut self, source: &SapB1, stream: &str, most: usize) -> Result<(), ConnectError> {
        let request = ReadRequest {
            stream: stream.to_owned(),
            known: self.schemas.get(stream).cloned(),
            since: self.states.get(stream).cloned().unwrap_or_default(),
            ..ReadRequest::default()
        };
        let mut reading = source.read(request).await?;
        for _ in 0..most {
            let Some(piece) = reading.pieces.next().await else { break };
            let piece = piece?;
            let mark = piece.mark.clone();
            self.land(piece).await?;
            if let Some(mark) = mark {
                self.states.entry(stream.to_owned()).or_default().set(mark);
            }
        }
        Ok(())
    }

    async fn land(&mut self, piece: Piece) -> Result<(), ConnectError> {
        self.pieces += 1;
        let batches: Vec<RecordBatch> = piece.batches.map(Result::unwrap).collect().await;
        assert_eq!(piece.rejects.count(), 0, "{:?}", piece.rejects.take());
        let rows: Vec<Row> = batches.iter().flat_map(rows_of).collect();
        put(self.tables.entry(piece.stream.clone()).or_default(), rows, &piece.hint);
        self.schemas.insert(piece.stream, piece.schema);
        Ok(())
    }

    /// Rows that are there, in an order of their own.
    pub fn rows(&self, stream: &str) -> Vec<Row> {
        let table = self.tables.get(stream).unwrap_or_else(|| panic!("`{stream}` was never landed"));
        present(table)
    }

    pub fn all_tables(&self) -> BTreeMap<String, Vec<Row>> {
        self.tables.keys().map(|stream| (stream.clone(), self.rows(stream))).collect()
    }

    /// The table is dropped; what was noted of it stays.
    pub fn drop_table(&mut self, stream: &str) {
        self.tables.remove(stream);
        self.schemas.remove(stream);
    }

    /// What is looked at once a day was last looked at long ago.
    pub fn let_a_day_pass(&mut self) {
        for state in self.states.values_mut() {
            let mut value = state.get("progress").cloned().unwrap();
            if value.get("swept").is_some_and(|swept| !swept.is_null()) {
                value["swept"] = "2026-06-01".into();
                state.set(Mark { key: "progress".to_owned(), value });
            }
        }
    }
}

/// Everything that a perfect sync has, by stream.
pub async fn expected(world: &World, source: &SapB1) -> BTreeMap<String, Vec<Row>> {
    let found = source.discover().await.unwrap().streams;
    let columns = |stream: &str| found.iter().find(|found| found.name == stream).unwrap();
    let mut expected = BTreeMap::new();
    for (stream, entity, lines) in STREAMS {
        let ledger = world.ledger(System::SapB1, entity).unwrap();
        let records: Vec<Row> =
            ledger.iter().map(|row| expected_row(columns(stream), &row.fields, &Value::Null)).collect();
        expected.insert(stream.to_owned(), sorted(records));
        if let Some((stream, list)) = lines {
            let of = |record: &Value| -> Vec<Row> {
                let lines = record[list].as_array().cloned().unwrap_or_default();
                lines.iter().map(|line| expected_row(columns(stream), line, record)).collect()
            };
            expected
                .insert(stream.to_owned(), sorted(ledger.iter().flat_map(|row| of(&row.fields)).collect()));
        }
    }
    expected
}

/// A record of the ledger as its table has it.
pub fn expected_row(found: &StreamFound, record: &Value, above: &Value) -> Row {
    let mut row = Row::from([("_mirante_deleted".to_owned(), "false".to_owned())]);
    for column in &found.columns {
        let value = match column.source_name.split_once('/') {
            Some(("..", field)) => above[field].clone(),
            Some((list, field)) if record[list].is_array() => {
                let entries = record[list].as_array().unwrap();
                json!(
                    entries
                        .iter()
                        .map(|entry| entry[field].as_f64().unwrap())
                        .fold(0.0, |sum, part| sum + part)
                )
            }
            Some((object, field)) => record[object][field].clone(),
            None => record[&column.source_name].clone(),
        };
        let text = match (&value, column.column_type) {
            (Value::Null, _) => continue,
            (Value::Number(number), ColumnType::Decimal { .. }) => format!("{:.6}", number.as_f64().unwrap()),
            (Value::String(text), ColumnType::Date) => text[..10].to_owned(),
            (Value::String(text), _) => text.clone(),
            (other, _) => other.to_string(),
        };
        if !text.is_empty() {
            row.insert(column.name.clone(), text);
        }
    }
    row
}

/// Compares table by table.
pub fn assert_same(found: &BTreeMap<String, Vec<Row>>, expected: &BTreeMap<String, Vec<Row>>) {
    for (stream, expected) in expected {
        assert_rows(stream, &found[stream], expected);
    }
}

/// Shows the first difference alone.
pub fn assert_rows(stream: &str, found: &[Row], expected: &[Row]) {
    let different = found.iter().zip(expected).find(|(one, other)| one != other);
    let (one, other) = different.unzip();
    let only = |one: Option<&Row>, other: Option<&Row>| -> Row {
        let lacks = |entry: &(&String, &String)| other.and_then(|other| other.get(entry.0)) != Some(entry.1);
        one.into_iter().flatten().filter(lacks).map(|(name, value)| (name.clone(), value.clone())).collect()
    };
    let shown = format!("{stream}: found {:?}, expected {:?}", only(one, other), only(other, one));
    assert_eq!(found.len(), expected.len(), "{shown}");
    assert!(different.is_none(), "{shown}");
}
