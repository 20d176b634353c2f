//! Contacts of the CRM, and the contacts that became customers.
//!
//! Invariant: a customer's card number follows the order of acquisition.

use super::people;
use super::{Company, places};
use crate::calendar::Day;
use crate::random::Rng;

/// A firm in the CRM: prospect or customer.
#[derive(Debug, Clone)]
pub struct Contact {
    pub name: String,
    pub legal_name: String,
    pub cnpj: String,
    pub segment: u8,
    pub place: u8,
    pub city: &'static str,
    pub channel: u8,
    pub owner: u16,
    pub created: Day,
    pub customer: Option<u32>,
}

#[derive(Debug, Clone)]
pub struct Customer {
    pub contact: u32,
    pub channel: u8,
    pub seller: u16,
    pub filial: u8,
    pub since: Day,
    /// Day of the first purchase in the old system.
    pub migrated: Option<Day>,
    /// How often it buys, 1–6.
    pub weight: u8,
    /// From this day on it buys nothing more.
    pub lost_on: Day,
}

/// `C00001`.
pub fn code(index: usize) -> String {
    format!("C{:05}", index + 1)
}

/// A new contact in a UF drawn by weight; the North-East weighs more once Recife is open.
pub fn contact(
    company: &mut Company,
    channel: u8,
    day: Day,
    at: Option<(u8, &'static str)>,
    rng: &mut Rng,
) -> u32 {
    let recife_opens = company.stories.recife_opens;
    let open_months = f64::from((day - recife_opens).max(0)) / 30.0;
    let boost = 1.0 + (open_months / 8.0).min(1.5);
    let (place, city) = at.unwrap_or_else(|| {
        let weights = places::PLACES
            .each_ref()
            .map(|place| if place.region == "Nordeste" { place.weight * boost } else { place.weight });
        let place = rng.weighted(&weights);
        let cities = places::PLACES[place].cities;
        let shares: Vec<f64> = (0..cities.len()).map(|rank| 1.0 / (rank + 1) as f64).collect();
        (place as u8, cities[rng.weighted(&shares)])
    });
    let segment = rng.weighted(&[0.26, 0.22, 0.16, 0.12, 0.10, 0.14]) as u8;
    let (name, legal_name) = people::firm(rng, segment);
    let filial = places::filial_of(&places::PLACES[usize::from(place)], day, recife_opens);
    let owner = people::seller_for(&company.sellers, filial, day, rng);
    let number = company.contacts.len() as u32;
    let cnpj = people::cnpj(number);
    company.contacts.push(Contact {
        name,
        legal_name,
        cnpj,
        segment,
        place,
        city,
        channel,
        owner,
        created: day,
        customer: None,
    });
    number
}

/// Makes a customer of a contact.
pub fn acquire(company: &mut Company, contact: u32, channel: u8, day: Day, rng: &mut Rng) -> u32 {
    let number = company.customers.len() as u32;
    let place = &places::PLACES[usize::from(company.contacts[contact as usize].place)];
    let filial = places::filial_of(place, day, company.stories.recife_opens);
    let seller = people::seller_for(&company.sellers, filial, day, rng);
    let weight = [1, 1, 1, 2, 2, 3, 4, 6][rng.below(8)];
    let lost_on = if rng.chance(0.25) { day + rng.between(120, 1200) as Day } else { Day::MAX };
    company.customers.push(Customer {
        contact,
        channel,
        seller,
        filial,
        since: day,
        migrated: None,
        weight,
        lost_on,
    });
    company.contacts[contact as usize].customer = Some(number);
    number
}

/// The customers brought over from the old system.
pub fn migrate(company: &mut Company) {
    let mut rng = Rng::new(company.seed, "migrated");
    let first = company.horizon.first;
    for _ in 0..company.sizes.migrated_customers {
        let bought = first - rng.between(20, 2000) as Day;
        let channel = rng.weighted(&[0.15, 0.2, 0.2, 0.15, 0.25, 0.05]) as u8;
        let contact = contact(company, channel, first - 1, None, &mut rng);
        company.contacts[contact as usize].created = bought - rng.between(5, 90) as Day;
        let customer = acquire(company, contact, channel, first - 1, &mut rng) as usize;
        company.customers[customer].migrated = Some(bought);
    }
}
