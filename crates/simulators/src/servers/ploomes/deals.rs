//! Deals of the CRM.
//!
//! Invariant: nothing in a row moves without its `LastUpdateDate`, although the real `DaysInStage` grows by itself: a ledger could
//! not be compared with a moving target.

use serde_json::{Value, json};

use super::{STAFF_ID, moment, money};
use crate::calendar::{DAY_SECONDS, Moment};
use crate::company::deals::LOST;
use crate::dirt;
use crate::exports::ploomes::{self as crm, CONTACT, DEAL, LOSS, ORIGIN, PIPELINE, PRODUCT, USER};
use crate::servers::odata::instants;
use crate::servers::world::State;

/// Milliseconds of a moment, which the exports cut off.
fn fraction(state: &State, position: u32, at: Moment) -> i64 {
    (dirt::mix(state.company.seed, 801, (u64::from(position) << 34) ^ at as u64) % 1000) as i64
}

pub(super) fn changed(state: &State, position: u32) -> i64 {
    let at = state.company.deals[position as usize].updated;
    instants::utc(at, fraction(state, position, at))
}

pub(super) fn deal(state: &State, position: u32) -> Value {
    let company = &state.company;
    let deal = &company.deals[position as usize];
    let contact = &company.contacts[deal.contact as usize];
    let product = &company.products[usize::from(deal.product)];
    let written = |at: Moment| moment(at, fraction(state, position, at));
    let entered = deal.stages[usize::from(deal.stages_reached) - 1];
    let until = deal.closed.unwrap_or(deal.updated);
    json!({
        "Id": DEAL + i64::from(position),
        "Title": format!("{} - {}", product.name, contact.name),
        "ContactId": CONTACT + i64::from(deal.contact),
        "ContactName": contact.name,
        "PersonId": null,
        "PersonName": null,
        "PipelineId": PIPELINE + i64::from(deal.pipeline),
        "StageId": crm::stage_id(deal.pipeline, deal.stages_reached),
        "StatusId": deal.status,
        "LossReasonId": (deal.status == LOST).then(|| LOSS + i64::from(deal.loss)),
        "OriginId": ORIGIN + i64::from(deal.channel),
        "OwnerId": USER + i64::from(deal.seller),
        "StartDate": written(deal.created),
        "FinishDate": deal.closed.map(written),
        "CurrencyId": 1,
        "Amount": money(deal.amount),
        "StartCurrencyId": 1,
        "StartAmount": money(deal.amount),
        "DealNumber": i64::from(position) + 1,
        "LeadId": null,
        "OriginDealId": null,
        "HasScheduledTasks": false,
        "LastQuoteId": null,
        "WonQuoteId": null,
        "IsLastQuoteApproved": null,
        "LastStageId": null,
        "LastOrderId": null,
        "LastDocumentId": null,
        "DaysInStage": (until - entered).max(0) / DAY_SECONDS,
        "HoursInStage": (until - entered).max(0) / 3600,
        "Length": (until - deal.created).max(0) / DAY_SECONDS,
        "Read": true,
        "CreatorId": STAFF_ID,
        "UpdaterId": USER + i64::from(deal.seller),
        "CreateDate": written(deal.created),
        "LastUpdateDate": written(deal.updated),
    })
}

/// The one product that a deal is about.
pub(super) fn products(state: &State, position: u32) -> Vec<Value> {
    let deal = &state.company.deals[position as usize];
    vec![json!({
        "Id": 110_000_001 + i64::from(position),
        "DealId": DEAL + i64::from(position),
        "ProductId": PRODUCT + i64::from(deal.product),
        "ProductName": state.company.products[usize::from(deal.product)].name,
        "Quantity": 1.0,
        "UnitPrice": money(deal.amount),
        "Discount": 0.0,
        "Total": money(deal.amount),
        "CurrencyId": 1,
    })]
}
