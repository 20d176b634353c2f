//! Events packed into deliveries, some of them twice, in an order that is not theirs.
//!
//! Sends nothing (`sender`). Invariant: every change is in at least one delivery; a copy is the same to the byte.

use serde::Serialize;
use serde_json::Value;

use super::events::Events;
use crate::dirt;
use crate::random::Rng;

/// The body of one request.
pub type Delivery = Vec<u8>;

/// How far deliveries are from what one would wish.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Disorder {
    pub seed: u64,
    /// Share of deliveries that come again.
    pub doubled: f64,
    /// Whether they come in any order.
    pub shuffled: bool,
    /// Most changes of one delivery.
    pub batched: u64,
}

impl Disorder {
    /// All deliveries of the events.
    pub fn deliveries(&self, events: &Events, account: &str) -> Vec<Delivery> {
        let mut rng = Rng::new(self.seed, "whatsapp deliveries");
        let mut deliveries = Vec::new();
        let mut rest = events.changes.as_slice();
        while !rest.is_empty() {
            let draw = dirt::mix(self.seed, 811, deliveries.len() as u64);
            // Most deliveries have one change.
            let many = draw.is_multiple_of(8) && self.batched > 1;
            let count = if many { 2 + (draw >> 8) % (self.batched - 1) } else { 1 };
            let (these, others) = rest.split_at((count as usize).min(rest.len()));
            rest = others;
            deliveries.push(envelope(account, these));
        }
        for index in 0..deliveries.len() {
            if rng.chance(self.doubled) {
                deliveries.push(deliveries[index].clone());
            }
        }
        if self.shuffled {
            for last in (1..deliveries.len()).rev() {
                deliveries.swap(last, rng.below(last + 1));
            }
        }
        deliveries
    }
}

/// Deliveries of so many changes, in the order in which they happened: how a sender catches up.
pub fn in_order(events: &Events, account: &str, changes: usize) -> Vec<Delivery> {
    events.changes.chunks(changes.max(1)).map(|changes| envelope(account, changes)).collect()
}

#[derive(Serialize)]
struct Envelope<'a> {
    object: &'static str,
    entry: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    id: &'a str,
    changes: Vec<Told<'a>>,
}

#[derive(Serialize)]
struct Told<'a> {
    field: &'a str,
    value: &'a Value,
}

/// Changes as one body; several of them lie in two entries.
pub(super) fn envelope(account: &str, changes: &[(String, Value)]) -> Delivery {
    let (first, second) = changes.split_at(changes.len().div_ceil(2));
    let entries = [first, second].into_iter().filter(|changes| !changes.is_empty());
    let entry = entries.map(|changes| Entry {
        id: account,
        changes: changes.iter().map(|(field, value)| Told { field, value }).collect(),
    });
    let envelope = Envelope { object: "whatsapp_business_account", entry: entry.collect() };
    serde_json::to_vec(&envelope).expect("JSON can be written as JSON")
}
