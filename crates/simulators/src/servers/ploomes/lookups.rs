//! Short lists of the CRM: pipelines, stages, reasons, origins, users, the account.
//!
//! Invariant: their rows stay as they are while the world runs.

use serde_json::{Value, json};

use super::{moment, whole};
use crate::calendar::Moment;
use crate::company::deals::{LOSS_REASONS, STAGES};
use crate::company::{CHANNELS, people};
use crate::exports::ploomes::{self as crm, LOSS, ORIGIN, PIPELINE, PIPELINES, STAFF, USER};
use crate::servers::odata::instants;
use crate::servers::world::State;

pub(super) const ACCOUNT: i64 = 10_002_001;

pub(super) fn nothing(_: &State, _: u32) -> Vec<Value> {
    Vec::new()
}

/// When the account was set up.
fn founding(state: &State) -> Moment {
    crm::noon(state.company.horizon.first)
}

pub(super) fn founded(state: &State, _: u32) -> i64 {
    instants::utc(founding(state), 0)
}

pub(super) fn pipeline(state: &State, position: u32) -> Value {
    json!({
        "Id": PIPELINE + 1 + i64::from(position),
        "Name": PIPELINES[position as usize],
        "Ordination": 1 + position,
        "Archived": false,
        "Color": "#2F6FED",
        "MayWinDeals": true,
        "MayLoseDeals": true,
        "WinDealOnLastStage": false,
        "LastUpdateDate": moment(founding(state), 0),
    })
}

pub(super) fn stages_of(state: &State, pipeline: u32) -> Vec<Value> {
    (0..STAGES.len() as u32).map(|place| stage(state, pipeline * STAGES.len() as u32 + place)).collect()
}

pub(super) fn stage(_: &State, position: u32) -> Value {
    let (pipeline, place) = (position as usize / STAGES.len(), position as usize % STAGES.len());
    json!({
        "Id": crm::stage_id(pipeline as u8 + 1, place as u8 + 1),
        "Name": STAGES[place],
        "PipelineId": PIPELINE + 1 + whole(pipeline),
        "Ordination": place + 1,
        "LastPipelineStage": place + 1 == STAGES.len(),
    })
}

pub(super) fn loss_reason(state: &State, position: u32) -> Value {
    json!({
        "Id": LOSS + i64::from(position),
        "Name": LOSS_REASONS[position as usize],
        "PipelineId": null,
        "LastUpdateDate": moment(founding(state), 0),
    })
}

pub(super) fn origin(state: &State, position: u32) -> Value {
    json!({
        "Id": ORIGIN + i64::from(position),
        "Name": CHANNELS[position as usize],
        "LastUpdateDate": moment(founding(state), 0),
    })
}

pub(super) fn status(_: &State, position: u32) -> Value {
    let name = ["Em aberto", "Ganho", "Perdido"][position as usize];
    json!({ "Id": 1 + position, "Name": name })
}

pub(super) fn contact_status(_: &State, position: u32) -> Value {
    json!({ "Id": 1 + position, "Name": "Ativo" })
}

pub(super) fn user_id(state: &State, position: u32) -> i64 {
    let sellers = state.company.sellers.len() as i64;
    let position = i64::from(position);
    if position < sellers { USER + position + 1 } else { USER + 90 + position - sellers }
}

fn user_moment(state: &State, position: u32) -> Moment {
    let seller = state.company.sellers.get(position as usize);
    seller.map_or(founding(state), |seller| crm::noon(seller.left.unwrap_or(seller.admitted)))
}

pub(super) fn user_changed(state: &State, position: u32) -> i64 {
    instants::utc(user_moment(state, position), 0)
}

pub(super) fn user(state: &State, position: u32) -> Value {
    let company = &state.company;
    let index = position as usize;
    let (name, email, active) = if let Some(seller) = company.sellers.get(index) {
        (seller.name.clone(), seller.email.clone(), seller.works_on(company.horizon.last))
    } else {
        let number = index - company.sellers.len();
        (STAFF[number].to_owned(), people::email(STAFF[number], 90 + number), true)
    };
    json!({
        "Id": user_id(state, position),
        "Name": name,
        "Email": email,
        "AvatarUrl": null,
        "ProfileId": if index < company.sellers.len() { 3 } else { 1 },
        "Active": active,
        "Suspended": !active,
        "LastLogin": null,
        "LastSeen": null,
        "LastUpdateDate": moment(user_moment(state, position), 0),
    })
}

pub(super) fn account(_: &State, _: u32) -> Value {
    json!({
        "Id": ACCOUNT,
        "Name": "Serra Azul Distribuidora",
        "Register": null,
        "CurrencyId": 1,
        "CultureId": 1,
        "TimeZone": "E. South America Standard Time",
    })
}

/// The user to whom the key belongs.
pub(super) fn myself() -> Value {
    let last = STAFF.len() - 1;
    json!({
        "Id": super::STAFF_ID,
        "Name": STAFF[last],
        "Email": people::email(STAFF[last], 90 + last),
        "AvatarUrl": null,
        "ProfileId": 1,
        "AccountId": ACCOUNT,
        "Account": { "Id": ACCOUNT, "Name": "Serra Azul Distribuidora" },
    })
}
