//! What happens in the CRM while the world runs, and the passing of days.
//!
//! Documents of the ERP change in `documents`. Invariant: each change is drawn from the seed and the number of changes before it.

use serde_json::Value;

use super::{Change, State, World, WorldError};
use crate::calendar::{DAY_SECONDS, Moment};
use crate::company::deals::{Deal, LOSS_REASONS, LOST, OPEN, STAGES, WON};
use crate::dirt;
use crate::exports::ploomes::{CONTACT, DEAL, USER};
use crate::servers::System;
use crate::servers::ploomes::tables::ORDER;
use crate::servers::table::{Key, Table};

/// A change of a deal. All of them move its `LastUpdateDate`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DealEdit {
    /// Cents.
    Amount(i64),
    /// Id of a user who sells.
    Owner(i64),
    /// 1–5, of an open deal.
    Stage(u8),
    Win,
    /// Position of the reason of loss.
    Lose(u8),
    Reopen,
}

impl DealEdit {
    fn action(self) -> (i64, &'static str) {
        match self {
            DealEdit::Amount(_) | DealEdit::Owner(_) | DealEdit::Stage(_) => (2, "Update"),
            DealEdit::Win => (4, "Win"),
            DealEdit::Lose(_) => (5, "Lose"),
            DealEdit::Reopen => (6, "Reopen"),
        }
    }
}

pub(super) fn table(system: System, name: &str) -> &'static Table {
    system.table(name).expect("the name is that of a table of this system")
}

/// Position of a row that is there.
pub(super) fn live(state: &State, table: &Table, what: &'static str, id: i64) -> Result<u32, WorldError> {
    table.find(state, &Key::Number(id)).ok_or(WorldError::Missing { what, id })
}

impl World {
    /// A deal of a contact begins, of `amount` cents. Returns its Id.
    pub fn create_deal(&self, contact_id: i64, amount: i64) -> Result<i64, WorldError> {
        let change = {
            let mut state = self.write();
            let contact = live(&state, table(System::Ploomes, "Contacts"), "contact", contact_id)?;
            let drawn = state.begin();
            let deal = new_deal(&state, contact, amount, drawn);
            state.company.deals.push(deal);
            let deals = table(System::Ploomes, "Deals");
            state.index_added(deals);
            let position = state.company.deals.len() as u32 - 1;
            let new = (deals.row)(&state, position);
            deal_change((1, "Create"), DEAL + i64::from(position), Value::Null, new)
        };
        self.tell(&change);
        Ok(change.id)
    }

    /// Changes a deal.
    pub fn edit_deal(&self, id: i64, edit: DealEdit) -> Result<(), WorldError> {
        let change = {
            let mut state = self.write();
            let deals = table(System::Ploomes, "Deals");
            let position = live(&state, deals, "deal", id)?;
            let refused = |why| WorldError::Refused { what: "deal", id, why };
            let old = (deals.row)(&state, position);
            let mut deal = state.company.deals[position as usize].clone();
            apply(&mut deal, edit, state.company.sellers.len(), state.now + 61).map_err(refused)?;
            state.begin();
            state.company.deals[position as usize] = deal;
            state.index_moved(deals, position);
            deal_change(edit.action(), id, old, (deals.row)(&state, position))
        };
        self.tell(&change);
        Ok(())
    }

    /// A deal is deleted: it just stops coming.
    pub fn delete_deal(&self, id: i64) -> Result<(), WorldError> {
        self.delete("Deals", "deal", id, 2, "Deal")
    }

    /// An order of the CRM is deleted; that of the ERP stays.
    pub fn delete_order(&self, id: i64) -> Result<(), WorldError> {
        self.delete("Orders", "order", id, 4, "Order")
    }

    fn delete(
        &self,
        name: &str,
        what: &'static str,
        id: i64,
        entity_id: i64,
        entity: &'static str,
    ) -> Result<(), WorldError> {
        let change = {
            let mut state = self.write();
            let table = table(System::Ploomes, name);
            let position = live(&state, table, what, id)?;
            state.begin();
            let old = (table.row)(&state, position);
            state.index_removed(table, position);
            Change { entity_id, entity, action_id: 3, action: "Delete", id, old, new: Value::Null }
        };
        self.tell(&change);
        Ok(())
    }

    /// Lets whole days pass, with a little business on each.
    pub fn advance(&self, days: u32) -> Result<(), WorldError> {
        for _ in 0..days {
            let (seed, today) = {
                let mut state = self.write();
                let tomorrow = Moment::from(state.today() + 1);
                state.now = tomorrow * DAY_SECONDS + 9 * 3600;
                state.version += 1;
                (state.company.seed, state.today())
            };
            for nth in 0..4 {
                self.shift(System::Ploomes, dirt::mix(seed, 501, u64::from(today.unsigned_abs()) * 8 + nth))?;
                self.shift(System::SapB1, dirt::mix(seed, 502, u64::from(today.unsigned_abs()) * 8 + nth))?;
            }
        }
        Ok(())
    }

    /// A change such as happens while somebody else reads: a row that exists is changed, and a new one comes.
    pub(crate) fn shift(&self, system: System, drawn: u64) -> Result<(), WorldError> {
        if system == System::SapB1 {
            return self.shift_documents(drawn);
        }
        let (deal, contact, edit) = {
            let state = self.read();
            let (Some(&deal), Some(&contact)) = (
                pick(&state.index(table(System::Ploomes, "Deals")).by_key, drawn),
                pick(&state.index(table(System::Ploomes, "Contacts")).by_key, drawn >> 20),
            ) else {
                return Ok(());
            };
            let known = &state.company.deals[deal as usize];
            let edit = match (known.status, drawn % 5) {
                (OPEN, 0) => DealEdit::Win,
                (OPEN, 1) => DealEdit::Lose((drawn >> 30) as u8 % LOSS_REASONS.len() as u8),
                _ => DealEdit::Amount(known.amount + 100),
            };
            (DEAL + i64::from(deal), CONTACT + i64::from(contact), edit)
        };
        self.edit_deal(deal, edit)?;
        self.create_deal(contact, 10_000 + (drawn >> 40) as i64 % 900_000).map(|_| ())
    }

    /// Ids of the CRM's orders that are there.
    pub fn order_ids(&self) -> Vec<i64> {
        let state = self.read();
        let orders = table(System::Ploomes, "Orders");
        state.index(orders).by_key.iter().map(|&position| ORDER + i64::from(position)).collect()
    }
}

/// One of the last thousand, so that what is being read is hit.
fn pick(positions: &[u32], drawn: u64) -> Option<&u32> {
    let recent = positions.len().min(1000);
    if recent == 0 { None } else { positions.get(positions.len() - 1 - (drawn % recent as u64) as usize) }
}

fn deal_change((action_id, action): (i64, &'static str), id: i64, old: Value, new: Value) -> Change {
    Change { entity_id: 2, entity: "Deal", action_id, action, id, old, new }
}

fn new_deal(state: &State, contact: u32, amount: i64, drawn: u64) -> Deal {
    let known = &state.company.contacts[contact as usize];
    let drawn = dirt::mix(state.company.seed, 503, drawn);
    let seller = known.owner;
    Deal {
        contact,
        channel: (drawn % 5) as u8,
        product: (drawn / 5 % state.company.products.len() as u64) as u16,
        filial: state.company.sellers[usize::from(seller) - 1].filial,
        seller,
        event: None,
        amount,
        created: state.now,
        closed: None,
        status: OPEN,
        loss: 0,
        pipeline: if amount > 1_200_000 { 2 } else { 1 },
        stages: [state.now; 5],
        stages_reached: 1,
        updated: state.now,
    }
}

fn apply(deal: &mut Deal, edit: DealEdit, sellers: usize, now: Moment) -> Result<(), &'static str> {
    match edit {
        DealEdit::Amount(amount) => deal.amount = amount,
        DealEdit::Owner(user) => {
            let seller = user - USER;
            if !(1..=sellers as i64).contains(&seller) {
                return Err("the owner must be a user who sells");
            }
            deal.seller = seller as u16;
        }
        DealEdit::Stage(stage) => {
            if deal.status != OPEN || stage == 0 || usize::from(stage) > STAGES.len() {
                return Err("only an open deal changes its stage, to one of 1 to 5");
            }
            reach(deal, stage, now);
        }
        DealEdit::Win | DealEdit::Lose(_) => {
            if deal.status != OPEN {
                return Err("it is closed; reopen it first");
            }
            deal.closed = Some(now);
            if let DealEdit::Lose(reason) = edit {
                deal.status = LOST;
                deal.loss = reason % LOSS_REASONS.len() as u8;
            } else {
                deal.status = WON;
                reach(deal, STAGES.len() as u8, now);
            }
        }
        DealEdit::Reopen => {
            deal.status = OPEN;
            deal.closed = None;
        }
    }
    deal.updated = now;
    Ok(())
}

fn reach(deal: &mut Deal, stage: u8, now: Moment) {
    for passed in deal.stages_reached..stage {
        deal.stages[usize::from(passed)] = now;
    }
    deal.stages_reached = stage;
}
