//! Systems that misbehave, and syncs and a server that are killed (kill -9): in the end raw tables hold exactly what the systems have and sent.
//!
//! `MIRANTE_FAULT_ROUNDS` sets the number of rounds, and `MIRANTE_FAULT_FIRST` the seed of the first, so that a long run can be had in parts. Each
//! round draws from its seed what happens to the business, what goes wrong, and when the sync and the server that takes deliveries die. Rows
//! that only a daily sweep can find (deletions) are the business of `connect`.

use crate::served::Served;
use arrow::array::AsArray;
use lake::{Lake, LakeOptions};
use serde_json::Value;
use simulators::servers::whatsapp::Sender;
use simulators::servers::{DealEdit, Misbehaviour, Running, System, World, ploomes, sap_b1};
use simulators::{Company, Scale};
use std::collections::BTreeMap;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

mod chat;
use chat::{Chat, Sending};

/// Table, entity, its fields that are compared, the first one its key; then the list of its lines and their table.
type Compared =
    (&'static str, System, &'static str, &'static [&'static str], Option<(&'static str, &'static str)>);

const COMPARED: [Compared; 12] = [
    ("crm__deals", System::Ploomes, "Deals", &["Id", "Amount", "StatusId", "StageId", "ContactId"], None),
    ("crm__contacts", System::Ploomes, "Contacts", &["Id", "Name", "CityId"], None),
    ("crm__quotes", System::Ploomes, "Quotes", &["Id", "Amount"], Some(("Products", "crm__quote_products"))),
    ("crm__orders", System::Ploomes, "Orders", &["Id", "Amount"], Some(("Products", "crm__order_products"))),
    ("crm__users", System::Ploomes, "Users", &["Id", "Name"], None),
    (
        "erp__invoices",
        System::SapB1,
        "Invoices",
        &["DocEntry", "DocTotal", "Cancelled"],
        Some(("DocumentLines", "erp__invoice_lines")),
    ),
    (
        "erp__credit_notes",
        System::SapB1,
        "CreditNotes",
        &["DocEntry", "DocTotal"],
        Some(("DocumentLines", "erp__credit_note_lines")),
    ),
    (
        "erp__orders",
        System::SapB1,
        "Orders",
        &["DocEntry", "DocTotal"],
        Some(("DocumentLines", "erp__order_lines")),
    ),
    (
        "erp__deliveries",
        System::SapB1,
        "DeliveryNotes",
        &["DocEntry", "DocTotal"],
        Some(("DocumentLines", "erp__delivery_lines")),
    ),
    (
        "erp__incoming_payments",
        System::SapB1,
        "IncomingPayments",
        &["DocEntry"],
        Some(("PaymentInvoices", "erp__incoming_payment_invoices")),
    ),
    (
        "erp__business_partners",
        System::SapB1,
        "BusinessPartners",
        &["CardCode", "CardName", "SalesPersonCode"],
        None,
    ),
    ("erp__items", System::SapB1, "Items", &["ItemCode", "ItemName"], None),
];

struct Systems {
    served: Served,
    chat: Chat,
    world: Arc<World>,
    crm: Running,
    erp: Running,
    runtime: Runtime,
}

impl Systems {
    fn new() -> Systems {
        let chat = Chat::new();
        let mut served = Served::new(&chat.options);
        // Syncs are the other processes that are killed.
        served.arguments = &["--no-schedule"];
        std::fs::write(
            served.workspace.folder("data").join("mirante.toml"),
            "private_networks = [\"127.0.0.1\"]\n",
        )
        .unwrap();
        let company =
            Company::generate(Scale::new(0.002).unwrap(), 7, "2026-06-30".parse().unwrap()).unwrap();
        let (world, runtime) = (Arc::new(World::new(company)), Runtime::new().unwrap());
        let (crm_options, erp_options) = (ploomes::Options::default(), sap_b1::Options::default());
        let (key, login) = (crm_options.user_key.clone(), erp_options.clone());
        let crm = runtime.block_on(ploomes::start(world.clone(), crm_options)).unwrap();
        let erp = runtime.block_on(sap_b1::start(world.clone(), erp_options)).unwrap();
        let systems = Systems { served, chat, world, crm, erp, runtime };
        let (crm, erp) = (systems.crm.url(), systems.erp.url());
        let fingerprint = &systems.erp.certificate.as_ref().expect("it has its own certificate").fingerprint;
        let sources: [&[&str]; 2] = [
            &["ploomes", "--name", "crm", "--address", &crm, "--user-key", "env:KEY", "--per-minute", "6000"],
            &[
                "sap_b1",
                "--name",
                "erp",
                "--address",
                &erp,
                "--company-db",
                &login.company_db,
                "--user",
                &login.user,
                "--password",
                "env:PASSWORD",
                "--fingerprint",
                fingerprint,
                "--page-size",
                "100",
            ],
        ];
        for source in sources {
            let added = systems
                .served
                .workspace
                .command(&[&["source", "add"], source].concat())
                .env("KEY", &key)
                .env("PASSWORD", &login.password)
                .output()
                .expect("the binary starts");
            assert!(added.status.success(), "{}", said(&added));
        }
        systems
    }

    fn misbehave(&self, misbehaviour: &Misbehaviour) {
        self.crm.misbehave(misbehaviour.clone());
        self.erp.misbehave(misbehaviour.clone());
    }

    /// Days pass, deals are edited, invoices posted, paid and cancelled.
    fn do_business(&self, draw: &mut Draw) {
        self.world.advance(1 + draw.below(3) as u32).expect("days pass");
        for _ in 0..draw.below(6) {
            let deals = self.world.ledger(System::Ploomes, "Deals").expect("there are deals");
            let deal = deals[draw.below(deals.len() as u64) as usize].fields["Id"].as_i64().expect("an id");
            // A deal that is won cannot be edited so; others can.
            let _ = self.world.edit_deal(deal, DealEdit::Amount(1 + draw.below(9_000_000).cast_signed()));
        }
        let invoices = self.world.ledger(System::SapB1, "Invoices").expect("there are invoices");
        let invoice =
            invoices[draw.below(invoices.len() as u64) as usize].fields["DocEntry"].as_i64().expect("an id");
        let _ = self.world.pay_invoice(invoice);
        let invoice =
            invoices[draw.below(invoices.len() as u64) as usize].fields["DocEntry"].as_i64().expect("an id");
        let _ = self.world.cancel_invoice(invoice);
    }

    fn sync(&self) -> Command {
        self.served.workspace.command(&["source", "sync"])
    }

    /// A sync that is killed after `patience`, unless it ends before.
    fn killed_sync(&self, patience: Duration) {
        let mut child =
            self.sync().stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary starts");
        let started = Instant::now();
        while started.elapsed() < patience && child.try_wait().expect("it can be asked").is_none() {
            std::thread::sleep(Duration::from_millis(5));
        }
        let _ = child.kill();
        child.wait().expect("it ends");
    }

    /// Syncs until one has nothing to complain of, as a schedule does.
    fn sync_to_the_end(&self) {
        let mut last = String::new();
        for _ in 0..5 {
            let output = self.sync().output().expect("the binary starts");
            if output.status.success() {
                return;
            }
            last = said(&output);
        }
        panic!("five syncs in good weather did not come to an end: {last}");
    }

    fn assert_raw_is_what_the_systems_have(&self, round: u64) {
        self.runtime.block_on(async {
            let lake = Lake::open(&self.served.workspace.lake(), LakeOptions::default())
                .await
                .expect("the lake opens");
            for (table, system, entity, fields, lines) in COMPARED {
                let ledger = self.world.ledger(system, entity).expect("a ledger");
                let expected: BTreeMap<String, Vec<String>> = ledger
                    .iter()
                    .map(|row| {
                        let mut values = fields.iter().map(|field| shown(&row.fields[*field]));
                        (values.next().unwrap_or_default(), values.collect())
                    })
                    .collect();
                let found = rows(&lake, table, fields).await;
                assert_eq!(found.len(), expected.len(), "round {round}: rows of {table}");
                for (key, values) in &expected {
                    assert_eq!(found.get(key), Some(values), "round {round}: {table} {key}");
                }
                if let Some((list, table)) = lines {
                    let expected: usize =
                        ledger.iter().map(|row| row.fields[list].as_array().map_or(0, Vec::len)).sum();
                    assert_eq!(count(&lake, table).await, expected, "round {round}: rows of {table}");
                }
            }
        });
        self.served.assert_raw_is_what_was_told(&self.runtime, &self.chat.told, &self.chat.options);
    }

    /// Deliveries of what is new begin, to a server that may not be there.
    fn send(&mut self, draw: &mut Draw) -> Sending {
        let mut sender = Sender::new(&self.served.url("/hooks/zap"), &self.chat.options.app_secret);
        sender.breaks = 1 + draw.below(12) as usize;
        let deliveries = Arc::new(self.chat.deliveries(draw));
        let (total, copy) = (deliveries.len(), sender.clone());
        let sent = self.runtime.spawn(async move { copy.deliver_all(deliveries, 8).await });
        Sending { sender, total, sent }
    }

    /// The server dies while deliveries come; a sync reads what it left, and dies as well.
    fn kill(&mut self, sending: &Sending, draw: &mut Draw, patience: Duration) {
        let part = draw.below(sending.total as u64) as usize;
        while sending.sender.progress() < part && !sending.sent.is_finished() {
            std::thread::sleep(Duration::from_millis(1));
        }
        self.served.kill();
        self.killed_sync(patience);
        self.served.start();
    }

    fn send_to_the_end(&self, sending: Sending) {
        let sent = self.runtime.block_on(sending.sent).expect("sending ends");
        assert_eq!((sent.taken, sent.given_up), (sending.total, 0), "deliveries taken, given up");
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A value of the ledger as text; money in cents, because both sides write it their own way.
fn shown(value: &Value) -> String {
    match value {
        Value::Number(number) if number.is_f64() => cents(number.as_f64().unwrap_or_default()),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn cents(amount: f64) -> String {
    format!("{} cents", (amount * 100.0).round() as i64)
}

/// Key → the other fields of the rows that are not noted as deleted. A key that comes twice fails.
async fn rows(lake: &Lake, table: &str, fields: &[&str]) -> BTreeMap<String, Vec<String>> {
    let raw = lake.latest("raw").await.expect("raw tables");
    let columns: Vec<String> = fields
        .iter()
        .map(|field| format!("coalesce(cast({} as varchar), '')", lake::quote(&connect::sql_name(field))))
        .collect();
    let money: Vec<bool> = fields.iter().map(|field| matches!(*field, "Amount" | "DocTotal")).collect();
    let sql = format!(
        "select {} from raw.{} where not coalesce(_mirante_deleted, false)",
        columns.join(", "),
        lake::quote(table)
    );
    let mut found = BTreeMap::new();
    for batch in lake.session(raw).query(&sql).await.expect("raw rows can be read") {
        let columns: Vec<_> = batch
            .columns()
            .iter()
            .map(|column| arrow::compute::cast(column, &arrow::datatypes::DataType::Utf8).expect("text"))
            .collect();
        for row in 0..batch.num_rows() {
            let mut values = columns.iter().zip(&money).map(|(column, money)| {
                let text = column.as_string::<i32>().value(row);
                if *money { cents(text.parse().expect("an amount")) } else { text.to_owned() }
            });
            let key = values.next().unwrap_or_default();
            let twice = found.insert(key.clone(), values.collect());
            assert!(twice.is_none(), "{table} has {key} twice");
        }
    }
    found
}

async fn count(lake: &Lake, table: &str) -> usize {
    let raw = lake.latest("raw").await.expect("raw tables");
    let sql = format!("select 1 from raw.{} where not coalesce(_mirante_deleted, false)", lake::quote(table));
    let batches = lake.session(raw).query(&sql).await.expect("raw rows can be read");
    batches.iter().map(arrow::array::RecordBatch::num_rows).sum()
}

/// Numbers that follow from a seed alone.
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    /// One time in three a misfortune of up to `most`.
    fn misfortune(&mut self, most: f64) -> f64 {
        if self.below(3) == 0 { most * self.below(1000) as f64 / 1000.0 } else { 0.0 }
    }
}

fn weather(draw: &mut Draw, seed: u64) -> Misbehaviour {
    Misbehaviour {
        seed,
        latency_ms: 0..1 + draw.below(20),
        server_error: draw.misfortune(0.05),
        drop_connection: draw.misfortune(0.05),
        malformed_json: draw.misfortune(0.05),
        throttle: (draw.below(6) == 0).then_some(600),
        expire_session: draw.misfortune(0.1),
        page_shift: draw.misfortune(0.3),
        forbidden_once: draw.below(8) == 0,
        ..Misbehaviour::default()
    }
}

#[test]
fn syncs_that_are_killed_and_systems_that_misbehave_leave_raw_as_the_systems_are() {
    let setting = |name: &str| std::env::var(name).ok().and_then(|number| number.parse::<u64>().ok());
    let rounds = setting("MIRANTE_FAULT_ROUNDS").unwrap_or(5);
    let first = setting("MIRANTE_FAULT_FIRST").unwrap_or(0);
    let mut systems = Systems::new();
    systems.served.start();
    let started = Instant::now();
    for round in 0..rounds {
        let mut draw = Draw((first + round) * 7919 + 1);
        if round > 0 {
            systems.do_business(&mut draw);
        }
        systems.misbehave(&weather(&mut draw, round));
        let sending = systems.send(&mut draw);
        for _ in 0..=draw.below(2) {
            // The first sync takes long, later ones little.
            let most = if round == 0 { 6_000 } else { 2_500 };
            let patience = Duration::from_millis(50 + draw.below(most));
            systems.kill(&sending, &mut draw, patience);
        }
        systems.misbehave(&Misbehaviour::default());
        systems.send_to_the_end(sending);
        systems.sync_to_the_end();
        systems.assert_raw_is_what_the_systems_have(round);
    }
    println!("{rounds} rounds from seed {first} in {} s", started.elapsed().as_secs());
}
