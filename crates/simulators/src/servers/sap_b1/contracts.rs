//! The contracts, which the company keeps in three user tables.
//!
//! User tables have a Code, a Name, and columns that begin with `U_`. Invariant: codes have a fixed width, so that they sort.

use serde_json::{Value, json};

use super::money;
use crate::company::contracts::{PLANS, code};
use crate::company::customers;
use crate::exports::sap::{period_name, updated};
use crate::servers::odata::instants::date;
use crate::servers::table::Key;
use crate::servers::world::State;

pub(super) fn contract(state: &State, position: u32) -> Value {
    let company = &state.company;
    let contract = &company.contracts[position as usize];
    let (plan, kind) = PLANS[usize::from(contract.plan)];
    let ended = contract.ends_on().is_some_and(|end| end < company.horizon.last);
    let code = code(position as usize);
    json!({
        "Code": code,
        "Name": code,
        "U_CardCode": customers::code(contract.customer as usize),
        "U_Produto": plan,
        "U_Tipo": kind,
        "U_Periodicidade": period_name(contract.period),
        "U_DataInicio": date(contract.movements[0].day),
        "U_DataFim": contract.ends_on().map(date),
        "U_Status": if ended { "Encerrado" } else { "Ativo" },
        "U_SlpCode": contract.seller,
        "U_UpdateDate": date(updated(company, contract, contract.movements.len() - 1)),
    })
}

fn version_code(state: &State, position: u32) -> String {
    let (contract, place) = state.versions[position as usize];
    format!("{}-{:02}", code(contract as usize), place + 1)
}

pub(super) fn version_key(state: &State, position: u32) -> Key {
    Key::Text(version_code(state, position))
}

pub(super) fn version(state: &State, position: u32) -> Value {
    let (number, place) = state.versions[position as usize];
    let place = usize::from(place);
    let contract = &state.company.contracts[number as usize];
    let movement = &contract.movements[place];
    let next = contract.movements.get(place + 1);
    let known = if next.is_some() { place + 1 } else { place };
    let code_of = version_code(state, position);
    json!({
        "Code": code_of,
        "Name": code_of,
        "U_ContratoId": code(number as usize),
        "U_Sequencia": place + 1,
        "U_VigenciaInicio": date(movement.day),
        "U_VigenciaFim": next.map(|next| date(next.day - 1)),
        "U_Periodicidade": period_name(contract.period),
        "U_ValorPeriodo": money(movement.after * i64::from(contract.period)),
        "U_UpdateDate": date(updated(&state.company, contract, known)),
    })
}

pub(super) fn movement_key(_: &State, position: u32) -> Key {
    Key::Text(format!("{:08}", position + 1))
}

pub(super) fn movement(state: &State, position: u32) -> Value {
    let (number, place) = state.movements[position as usize];
    let movement = &state.company.contracts[number as usize].movements[usize::from(place)];
    let code_of = format!("{:08}", position + 1);
    json!({
        "Code": code_of,
        "Name": code_of,
        "U_MovimentoId": position + 1,
        "U_ContratoId": code(number as usize),
        "U_Data": date(movement.day),
        "U_Tipo": movement.kind.name(),
        "U_ValorMensalAnterior": money(movement.before),
        "U_ValorMensalNovo": money(movement.after),
        "U_Delta": money(movement.after - movement.before),
    })
}
