//! Fields of the CRM, and the values of those that the company added itself: `OtherProperties`.
//!
//! Invariant: a field's key is the same in every company, so that a pack can name it.

use serde_json::{Value, json};

use super::{contacts, tables};
use crate::company::events;
use crate::exports::ploomes::{self as crm, CONTACT, DEAL};
use crate::exports::sap_documents;
use crate::servers::table::Key;
use crate::servers::world::State;

pub(super) const FIELD: i64 = 10_005_001;
const OPTION: i64 = 822_001;
const EVENTS_TABLE: i64 = 50_301;

/// (Id, name, native type).
pub(super) const TYPES: [(i64, &str, &str); 6] = [
    (1, "Texto simples", "String"),
    (2, "Texto longo", "BigString"),
    (4, "Número inteiro", "Integer"),
    (5, "Moeda", "Decimal"),
    (7, "Lista de opções", "Integer"),
    (8, "Data", "DateTime"),
];

/// What a field is: (EntityId, Key, Name, TypeId, sensitive).
type Field = (i64, &'static str, &'static str, i64, bool);

/// The EntityId of users is not in the public manual: 11 is ours.
const USER_ENTITY: i64 = 11;

const DYNAMIC: [Field; 7] = [
    (1, "contact_6B2E5C1A-94D7-4F3B-8A10-2C7E9D5F4B61", "CodigoSAP", 1, false),
    (2, "deal_42A8540F-2007-4BCE-84E7-CD4ABAB354FE", "ProdutoCodigo", 1, false),
    (2, "deal_9D1F7B34-5E62-4C8A-B0F3-71A2E6C84D15", "Filial", 4, false),
    (2, "deal_C3E85A90-1B47-4D2E-9F66-0A8D3B5C7E29", "EventoCodigo", 7, false),
    (4, "order_0F4D6A82-7C39-4E15-A2B8-5D9E1C3F7046", "PedidoSAP", 4, false),
    (USER_ENTITY, "user_E7A91C56-3D08-4B7F-8E24-B6F5D2A0931C", "CodigoVendedor", 4, false),
    (USER_ENTITY, "user_18C5F0D3-A64B-4297-9E7D-4F3B8A1C6E52", "Filial", 4, false),
];

const NATIVE: [Field; 12] = [
    (1, "contact_name", "Nome", 1, true),
    (1, "contact_legal_name", "Razão social", 1, true),
    (1, "contact_cnpj", "CNPJ", 1, false),
    (1, "contact_cpf", "CPF", 1, true),
    (1, "contact_email", "E-mail", 1, true),
    (1, "contact_city", "Cidade", 7, false),
    (2, "deal_title", "Título", 1, false),
    (2, "deal_amount", "Valor", 5, false),
    (2, "deal_finish_date", "Data de término", 8, false),
    (4, "order_amount", "Valor", 5, false),
    (6, "quote_amount", "Valor", 5, false),
    (10, "product_code", "Código", 1, false),
];

/// What a field of a row holds.
enum Held {
    Text(String),
    Whole(i64),
    Choice(i64, String),
}

pub(super) fn field_count() -> usize {
    DYNAMIC.len() + NATIVE.len()
}

pub(super) fn field(_: &State, position: u32) -> Value {
    let position = position as usize;
    let dynamic = position < DYNAMIC.len();
    let (entity, key, name, kind, sensitive) =
        if dynamic { DYNAMIC[position] } else { NATIVE[position - DYNAMIC.len()] };
    json!({
        "Id": FIELD + position as i64,
        "Key": key,
        "Name": name,
        "EntityId": entity,
        "TypeId": kind,
        "OptionsTableId": (dynamic && kind == 7).then_some(EVENTS_TABLE),
        "Multiple": false,
        "Required": false,
        "IsSensitiveData": sensitive,
        "Dynamic": dynamic,
    })
}

pub(super) fn type_key(_: &State, position: u32) -> Key {
    Key::Number(TYPES[position as usize].0)
}

pub(super) fn field_type(_: &State, position: u32) -> Value {
    let (id, name, native) = TYPES[position as usize];
    json!({ "Id": id, "Name": name, "NativeType": native })
}

pub(super) fn options_key(_: &State, _: u32) -> Key {
    Key::Number(EVENTS_TABLE)
}

pub(super) fn options_table(_: &State, _: u32) -> Value {
    json!({ "Id": EVENTS_TABLE, "Name": "Eventos" })
}

pub(super) fn options(state: &State, _: u32) -> Vec<Value> {
    let option = |index: usize| json!({ "Id": OPTION + index as i64, "Name": events::code(index) });
    (0..state.company.events.len()).map(option).collect()
}

pub(super) fn of_contact(state: &State, position: u32) -> Vec<Value> {
    let held = contacts::card_code(state, position).map(Held::Text);
    properties("ContactId", CONTACT + i64::from(position), [(0, held)])
}

pub(super) fn of_deal(state: &State, position: u32) -> Vec<Value> {
    let deal = &state.company.deals[position as usize];
    let event = deal.event.map(usize::from);
    let values = [
        (1, Some(Held::Text(crm::product_code(&state.company, position as usize)))),
        (2, Some(Held::Whole(deal.filial.into()))),
        (3, event.map(|event| Held::Choice(OPTION + event as i64, events::code(event)))),
    ];
    properties("DealId", DEAL + i64::from(position), values)
}

pub(super) fn of_order(state: &State, position: u32) -> Vec<Value> {
    let entry = sap_documents::ORDER + i64::from(state.sold[position as usize]);
    properties("OrderId", tables::ORDER + i64::from(position), [(4, Some(Held::Whole(entry)))])
}

pub(super) fn of_user(state: &State, position: u32) -> Vec<Value> {
    let seller = state.company.sellers.get(position as usize);
    let code = seller.map(|_| Held::Whole(i64::from(position) + 1));
    let filial = seller.map_or(1, |seller| seller.filial);
    let values = [(5, code), (6, Some(Held::Whole(filial.into())))];
    properties("UserId", super::lookups::user_id(state, position), values)
}

/// The fields of a row that hold something.
fn properties(
    owner: &str,
    owner_id: i64,
    values: impl IntoIterator<Item = (usize, Option<Held>)>,
) -> Vec<Value> {
    let filled = values.into_iter().filter_map(|(field, held)| held.map(|held| (field, held)));
    filled.map(|(field, held)| property(owner, owner_id, field, held)).collect()
}

fn property(owner: &str, owner_id: i64, field: usize, held: Held) -> Value {
    let (text, whole, choice) = match held {
        Held::Text(text) => (Some(text), None, None),
        Held::Whole(number) => (None, Some(number), None),
        // The number of an option comes twice, as the systems of this vendor do.
        Held::Choice(id, name) => (None, Some(id), Some((id, name))),
    };
    json!({
        "Id": owner_id * 10 + field as i64,
        "FieldId": FIELD + field as i64,
        "FieldKey": DYNAMIC[field].1,
        owner: owner_id,
        "StringValue": text,
        "BigStringValue": null,
        "IntegerValue": whole,
        "DecimalValue": null,
        "DateTimeValue": null,
        "BoolValue": null,
        "ObjectValueId": choice.as_ref().map(|(id, _)| *id),
        "ObjectValueName": choice.map(|(_, name)| name),
        "UserValueId": null,
        "UserValueName": null,
    })
}
