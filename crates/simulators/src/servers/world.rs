//! The company while it is served: the model behind a lock, what both systems derive from it, and its clock.
//!
//! Does not speak HTTP. Invariant: its clock moves only with changes, so that the same changes in the same order give the same rows.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError, RwLock, RwLockReadGuard};

use serde_json::Value;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::System;
use super::odata::Expand;
use super::table::{Key, Table};
use crate::calendar::Moment;
use crate::company::Company;
use crate::exports::{ploomes as crm, sap_documents};

mod changes;
mod documents;
mod index;
mod payments;

pub use changes::DealEdit;
pub(crate) use index::Index;
pub use payments::Payment;

/// Why a change is not made.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum WorldError {
    #[error("`{system}` has no `{entity}`; see `System::entities`")]
    Entity { system: System, entity: String },
    #[error("there is no {what} `{id}`, or no longer; take one that the ledger tells of")]
    Missing { what: &'static str, id: i64 },
    #[error("{what} `{id}` cannot be changed so: {why}")]
    Refused { what: &'static str, id: i64, why: &'static str },
}

/// A change of the CRM, as its webhooks tell it.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// 2 deal, 4 order.
    pub entity_id: i64,
    pub entity: &'static str,
    /// 1 create, 2 update, 3 delete, 4 win, 5 lose, 6 reopen.
    pub action_id: i64,
    pub action: &'static str,
    pub id: i64,
    pub old: Value,
    pub new: Value,
}

/// A row that a perfect sync must end up with.
#[derive(Debug, Clone, PartialEq)]
pub struct LedgerRow {
    pub key: Key,
    /// The property that tells the last change, as it is written; `None` for entities without.
    pub stamp: Option<String>,
    /// All properties; related rows that only come when expanded included.
    pub fields: Value,
}

/// A review of a quote in the CRM.
#[derive(Debug, Clone)]
pub(crate) struct Quote {
    pub deal: u32,
    pub number: i64,
    pub review: i64,
    pub last: bool,
    pub amount: i64,
    pub seller: u16,
    pub at: Moment,
}

/// Everything that rows are made of.
pub struct State {
    pub company: Company,
    /// Local time of the latest change.
    pub now: Moment,
    /// Rises with each change.
    pub version: u64,
    /// Changes made so far: what is drawn for the next one follows from it.
    pub(crate) changes: u64,
    /// When documents were entered and changed while the world ran: (table, position) → moment.
    pub(crate) entered: HashMap<(&'static str, u32), Moment>,
    pub(crate) touched: HashMap<(&'static str, u32), Moment>,
    /// Positions of shipments by number of delivery.
    pub(crate) deliveries: Vec<u32>,
    /// Positions of orders that came from deals: the orders of the CRM.
    pub(crate) sold: Vec<u32>,
    pub(crate) quotes: Vec<Quote>,
    /// Deals with a task to do.
    pub(crate) tasks: Vec<u32>,
    pub(crate) payments: Vec<Payment>,
    /// Cents paid, by position of the invoice.
    pub(crate) paid: HashMap<u32, i64>,
    /// Whether a line of an order has left.
    pub(crate) shipped: Vec<bool>,
    /// (contract, place of the movement) of each version in force for some time, and of each movement.
    pub(crate) versions: Vec<(u32, u8)>,
    pub(crate) movements: Vec<(u32, u8)>,
    indexes: BTreeMap<(System, &'static str), Index>,
}

impl State {
    fn new(company: Company) -> State {
        let deliveries = positions_of_deliveries(&company);
        let sold = (0..company.orders.len() as u32)
            .filter(|&order| company.orders[order as usize].deal.is_some())
            .collect();
        let payments = payments::of(&company);
        let mut paid = HashMap::new();
        for payment in payments.iter().filter(|payment| !payment.cancelled) {
            *paid.entry(payment.invoice).or_default() += payment.amount;
        }
        let (versions, movements) = contract_rows(&company);
        let open = (0..company.deals.len() as u32)
            .filter(|&deal| company.deals[deal as usize].status == crate::company::deals::OPEN);
        let mut state = State {
            // A working day is under way, and changes follow one another within it.
            now: company.horizon.end() + 9 * 3600,
            version: 0,
            changes: 0,
            entered: HashMap::new(),
            touched: HashMap::new(),
            quotes: quotes(&company),
            tasks: open.take(400).collect(),
            shipped: sap_documents::shipped_lines(&company),
            deliveries,
            sold,
            payments,
            paid,
            versions,
            movements,
            indexes: BTreeMap::new(),
            company,
        };
        for system in System::ALL {
            for table in system.tables() {
                let index = Index::new(&state, table);
                state.indexes.insert((system, table.name), index);
            }
        }
        state
    }

    pub(crate) fn index(&self, table: &Table) -> &Index {
        &self.indexes[&(table.system, table.name)]
    }

    /// A change begins: the clock goes on.
    fn begin(&mut self) -> u64 {
        self.now += 61;
        self.version += 1;
        self.changes += 1;
        self.changes
    }
}

/// The company, shared by the servers of its systems.
pub struct World {
    state: RwLock<State>,
    listeners: Mutex<Vec<UnboundedSender<Change>>>,
}

impl World {
    pub fn new(company: Company) -> World {
        World { state: RwLock::new(State::new(company)), listeners: Mutex::default() }
    }

    /// The company as it stands. Do not hold the guard across a request.
    pub fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes of the CRM from now on.
    pub fn listen(&self) -> UnboundedReceiver<Change> {
        let (sender, receiver) = unbounded_channel();
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
        receiver
    }

    fn tell(&self, change: &Change) {
        let mut listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        listeners.retain(|listener| listener.send(change.clone()).is_ok());
    }

    /// Exactly what a perfect sync of an entity must end up with, by key.
    pub fn ledger(&self, system: System, entity: &str) -> Result<Vec<LedgerRow>, WorldError> {
        let table =
            system.table(entity).ok_or_else(|| WorldError::Entity { system, entity: entity.to_owned() })?;
        let state = self.read();
        let everything: Vec<Expand> = table
            .many
            .iter()
            .map(|many| Expand { name: many.name.to_owned(), select: None, expand: Vec::new() })
            .collect();
        let row = |position: u32| {
            let fields = table.render(&state, position, None, &everything).unwrap_or_default();
            let stamp = table.stamp.as_ref().and_then(|stamp| fields[stamp.field].as_str());
            LedgerRow { key: (table.key_of)(&state, position), stamp: stamp.map(str::to_owned), fields }
        };
        Ok(state.index(table).by_key.iter().map(|&position| row(position)).collect())
    }
}

fn positions_of_deliveries(company: &Company) -> Vec<u32> {
    let mut deliveries: Vec<u32> = (0..company.shipments.len() as u32)
        .filter(|&shipment| !company.shipments[shipment as usize].direct)
        .collect();
    deliveries.sort_by_key(|&shipment| company.shipments[shipment as usize].delivery);
    deliveries
}

fn quotes(company: &Company) -> Vec<Quote> {
    let mut quotes = Vec::new();
    let proposed = company.deals.iter().enumerate().filter(|(_, deal)| deal.stages_reached >= 3);
    for (number, (index, deal)) in (1..).zip(proposed) {
        let reviews = crm::reviews(company, index);
        quotes.extend((1..=reviews).map(|review| Quote {
            deal: index as u32,
            number,
            review,
            last: review == reviews,
            amount: crm::quoted(deal, review == reviews),
            seller: deal.seller,
            at: crm::quoted_at(company, deal, review),
        }));
    }
    quotes
}

type Places = Vec<(u32, u8)>;

fn contract_rows(company: &Company) -> (Places, Places) {
    let (mut versions, mut movements) = (Vec::new(), Vec::new());
    for (contract, rows) in company.contracts.iter().map(|contract| &contract.movements).enumerate() {
        for (place, movement) in rows.iter().enumerate() {
            movements.push((contract as u32, place as u8));
            if movement.after > 0 {
                versions.push((contract as u32, place as u8));
            }
        }
    }
    (versions, movements)
}
