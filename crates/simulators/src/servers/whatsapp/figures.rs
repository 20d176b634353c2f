//! What the Graph API counts: volumes and costs of days, asked for by field filters.
//!
//! Invariant: days are UTC days; a day has a point per category; what is older than a year is refused.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::events::Events;
use crate::calendar::DAY_SECONDS;

const LOOK_BACK: i64 = 366 * DAY_SECONDS;

/// Name and value of the figures that `fields` asks for; none where it asks for no figures.
pub(super) fn answer(
    events: &Events,
    fields: &str,
    number: &str,
) -> Result<Option<(&'static str, Value)>, &'static str> {
    let name = match fields.split('.').next() {
        Some("analytics") => "analytics",
        Some("pricing_analytics") => "pricing_analytics",
        _ => return Ok(None),
    };
    let given = |what: &str| {
        let (_, rest) = fields.split_once(&format!(".{what}("))?;
        rest.split_once(')').map(|(value, _)| value)
    };
    let second = |what: &str| given(what).and_then(|value| value.parse::<i64>().ok());
    let (Some(start), Some(end)) = (second("start"), second("end")) else {
        return Err("The filters start and end are required.");
    };
    let wanted = if name == "analytics" { "DAY" } else { "DAILY" };
    if given("granularity") != Some(wanted) {
        return Err("The granularity is none of this field.");
    }
    let newest = events.sent.iter().copied().max().unwrap_or(end);
    if end > start + LOOK_BACK || start < newest - LOOK_BACK {
        return Err("The start is more than one year ago.");
    }
    let in_range = |at: &&i64| (start..end).contains(*at);
    let day = |at: i64| at - at.rem_euclid(DAY_SECONDS);
    if name == "analytics" {
        let mut days: BTreeMap<i64, (u64, u64)> = BTreeMap::new();
        events.sent.iter().filter(in_range).for_each(|at| days.entry(day(*at)).or_default().0 += 1);
        events.delivered.iter().filter(in_range).for_each(|at| days.entry(day(*at)).or_default().1 += 1);
        let points: Vec<Value> = days
            .into_iter()
            .map(|(day, (sent, delivered))| json!({ "start": day, "end": day + DAY_SECONDS, "sent": sent, "delivered": delivered }))
            .collect();
        return Ok(Some((
            name,
            json!({ "phone_numbers": [number], "granularity": "DAY", "data_points": points }),
        )));
    }
    let mut days: BTreeMap<(i64, &str), u64> = BTreeMap::new();
    for (category, at) in events.billed.iter().filter(|(_, at)| in_range(&at)) {
        *days.entry((day(*at), category)).or_default() += 1;
    }
    let points: Vec<Value> = days
        .into_iter()
        .map(|((day, category), volume)| {
            json!({
                "start": day, "end": day + DAY_SECONDS, "phone_number": number, "country": "BR",
                "pricing_type": if category == "service" { "FREE_CUSTOMER_SERVICE" } else { "REGULAR" },
                "pricing_category": category.to_uppercase(), "volume": volume, "cost": volume as f64 * price(category),
            })
        })
        .collect();
    Ok(Some((name, json!({ "data": [{ "data_points": points }] }))))
}

/// What a delivered message costs, in the account's currency.
fn price(category: &str) -> f64 {
    match category {
        "marketing" => 0.0625,
        "service" => 0.0,
        _ => 0.0068,
    }
}

impl Events {
    /// Messages sent and delivered on each UTC day from `start` on, both in Unix seconds.
    pub fn volumes(&self, start: i64) -> BTreeMap<i64, (u64, u64)> {
        let mut days: BTreeMap<i64, (u64, u64)> = BTreeMap::new();
        let day = |at: i64| at - at.rem_euclid(DAY_SECONDS);
        self.sent.iter().filter(|at| **at >= start).for_each(|at| days.entry(day(*at)).or_default().0 += 1);
        self.delivered
            .iter()
            .filter(|at| **at >= start)
            .for_each(|at| days.entry(day(*at)).or_default().1 += 1);
        days
    }
}
