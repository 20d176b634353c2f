//! Events packed into deliveries, some of them twice, in an order that is not theirs.
//!
//! Sends nothing (`sender`). Invariant: every change is in at least one delivery; a copy is the same to the byte.

use serde_json::{Value, json};

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
            deliveries.push(envelope(account, these.to_vec()).to_string().into_bytes());
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

/// Changes as one body; several of them lie in two entries.
pub(super) fn envelope(account: &str, changes: Vec<(String, Value)>) -> Value {
    let changes: Vec<Value> =
        changes.into_iter().map(|(field, value)| json!({ "field": field, "value": value })).collect();
    let (first, second) = changes.split_at(changes.len().div_ceil(2));
    let entries = [first, second].into_iter().filter(|changes| !changes.is_empty());
    let entries: Vec<Value> = entries.map(|changes| json!({ "id": account, "changes": changes })).collect();
    json!({ "object": "whatsapp_business_account", "entry": entries })
}
