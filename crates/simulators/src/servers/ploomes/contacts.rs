//! Contacts of the CRM with their cities, states and lines of business.
//!
//! Invariant: a city in its second spelling is a city of its own, as it is in an account whose clerks may add cities.

use serde_json::{Value, json};

use super::{STAFF_ID, moment, whole};
use crate::company::places::PLACES;
use crate::company::{SEGMENTS, customers};
use crate::dirt;
use crate::exports::ploomes::{self as crm, CONTACT, ORIGIN, USER};
use crate::servers::odata::instants;
use crate::servers::table::Key;
use crate::servers::world::State;

const CITY: i64 = 20_001;
const BUSINESS: i64 = 10_000_501;

pub(super) fn changed(state: &State, position: u32) -> i64 {
    instants::utc(crm::noon(crm::contact_changed(&state.company, position as usize)), 0)
}

pub(super) fn contact(state: &State, position: u32) -> Value {
    let company = &state.company;
    let index = position as usize;
    let contact = &company.contacts[index];
    let city = city_number(contact.place, contact.city) * 2 + i64::from(crm::hurried(company, index));
    json!({
        "Id": CONTACT + i64::from(position),
        "TypeId": 1,
        "Name": contact.name,
        "LegalName": crm::legal_name(company, index),
        "Register": contact.cnpj,
        "CNPJ": contact.cnpj,
        "CPF": null,
        "Email": null,
        "StatusId": 1,
        "OriginId": ORIGIN + i64::from(contact.channel),
        "OwnerId": USER + i64::from(contact.owner),
        "CompanyId": null,
        "LineOfBusinessId": BUSINESS + i64::from(contact.segment),
        "NumberOfEmployeesId": null,
        "CityId": CITY + city,
        "StateId": 1 + i64::from(contact.place),
        "CountryId": 76,
        "ZipCode": null,
        "CNAECode": null,
        "CNAEName": null,
        "Birthday": null,
        "LastDealId": null,
        "LastOrderId": null,
        "LastInteractionRecordId": null,
        "CreatorId": STAFF_ID,
        "UpdaterId": USER + i64::from(contact.owner),
        "Key": format!("{:016X}", dirt::mix(company.seed, 811, u64::from(position))),
        "CreateDate": moment(crm::noon(contact.created), 0),
        "LastUpdateDate": moment(crm::noon(crm::contact_changed(company, index)), 0),
    })
}

/// Code of the customer in the ERP, if the contact is one.
pub(super) fn card_code(state: &State, position: u32) -> Option<String> {
    let customer = state.company.contacts[position as usize].customer?;
    Some(customers::code(customer as usize))
}

/// Place of a city among all of them.
fn city_number(place: u8, name: &str) -> i64 {
    let before: usize = PLACES[..usize::from(place)].iter().map(|place| place.cities.len()).sum();
    let rank = PLACES[usize::from(place)].cities.iter().position(|city| *city == name);
    (before + rank.unwrap_or_default()) as i64
}

pub(super) fn city_count() -> usize {
    PLACES.iter().map(|place| place.cities.len()).sum::<usize>() * 2
}

pub(super) fn city_key(_: &State, position: u32) -> Key {
    Key::Number(CITY + i64::from(position))
}

pub(super) fn city(_: &State, position: u32) -> Value {
    let places = PLACES.iter().enumerate();
    let mut cities = places.flat_map(|(place, at)| at.cities.iter().map(move |city| (place, *city)));
    let (place, city) = cities.nth(position as usize / 2).unwrap_or_default();
    let name = if position.is_multiple_of(2) { city.to_owned() } else { dirt::other_city(city) };
    json!({ "Id": CITY + i64::from(position), "Name": name, "StateId": whole(place) + 1, "CountryId": 76 })
}

pub(super) fn state_row(_: &State, position: u32) -> Value {
    let uf = PLACES[position as usize].uf;
    json!({ "Id": 1 + i64::from(position), "Short": uf, "Name": uf, "CountryId": 76 })
}

pub(super) fn business_key(_: &State, position: u32) -> Key {
    Key::Number(BUSINESS + i64::from(position))
}

pub(super) fn business(_: &State, position: u32) -> Value {
    json!({ "Id": BUSINESS + i64::from(position), "Name": SEGMENTS[position as usize] })
}
