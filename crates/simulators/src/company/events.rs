//! The forty events: fairs, congresses, workshops, roadshows and webinars.
//!
//! Costs are posted by `expenses`. Invariant: an event's cost is the sum of its cost items.

use super::{Company, MONTHS, places};
use crate::calendar::{self, Day};
use crate::random::Rng;

pub const KINDS: [&str; 5] = ["Feira", "Congresso", "Workshop", "Roadshow", "Webinar"];
pub const COST_ITEMS: [&str; 5] = ["Estande", "Viagens", "Brindes", "Mídia", "Equipe"];
const EVENTS: usize = 40;

#[derive(Debug, Clone)]
pub struct Event {
    pub name: String,
    pub kind: &'static str,
    /// Index into `PLACES`, and the city in it.
    pub place: u8,
    pub city: &'static str,
    pub from: Day,
    pub to: Day,
    /// Cents, by `COST_ITEMS`.
    pub costs: [i64; 5],
    pub budget: i64,
    pub audience: i64,
    /// Deals expected, relative to a usual event.
    pub pull: f64,
    /// Factor of the probability that a deal is won.
    pub quality: f64,
}

/// `EV001`.
pub fn code(index: usize) -> String {
    format!("EV{:03}", index + 1)
}

struct Plan {
    kind: usize,
    cost: f64,
    pull: f64,
    quality: f64,
}

const PLANS: [Plan; 5] = [
    Plan { kind: 0, cost: 12_000.0, pull: 1.7, quality: 1.0 },
    Plan { kind: 1, cost: 10_800.0, pull: 1.35, quality: 1.05 },
    Plan { kind: 2, cost: 5_400.0, pull: 0.75, quality: 1.25 },
    Plan { kind: 3, cost: 6_800.0, pull: 0.85, quality: 1.0 },
    Plan { kind: 4, cost: 2_300.0, pull: 0.5, quality: 0.7 },
];

/// Kinds take turns, so that no month pays for two fairs.
const TURN: [usize; 8] = [4, 2, 0, 2, 1, 4, 3, 2];

pub fn generate(company: &Company) -> Vec<Event> {
    let mut rng = Rng::new(company.seed, "events");
    let mut events: Vec<Event> = (0..EVENTS).map(|index| event(company, index, &mut rng)).collect();
    events.sort_by_key(|event| event.from);
    events
}

fn event(company: &Company, index: usize, rng: &mut Rng) -> Event {
    let stories = &company.stories;
    // No month is without an event.
    let month_at =
        |index: usize| company.horizon.first_month() + (index as i32 * MONTHS + MONTHS - 1) / EVENTS as i32;
    let month = month_at(index);
    let planned = company.calendar.after(1, calendar::month_start(month) + rng.between(3, 18) as Day, 0);
    let from = planned.min(company.horizon.last);
    let by_weight: Vec<f64> = places::PLACES.iter().map(|place| place.weight).collect();
    let place = rng.weighted(&by_weight) as u8;
    let plan = &PLANS[TURN[index % TURN.len()]];
    let city = *rng.pick(places::PLACES[usize::from(place)].cities);
    let year = calendar::civil(from).0;
    let mut event = Event {
        name: format!("{} {city} {year}", KINDS[plan.kind]),
        kind: KINDS[plan.kind],
        place,
        city,
        from,
        to: from + [3, 2, 0, 1, 0][plan.kind],
        costs: [0; 5],
        budget: 0,
        audience: (plan.pull * 220.0 * rng.lognormal(1.0, 0.3)) as i64,
        pull: plan.pull * rng.lognormal(1.0, 0.12),
        quality: plan.quality,
    };
    let mut cost = plan.cost * rng.lognormal(1.0, 0.15);
    if index % 9 == 4 {
        (event.place, event.city) = (1, "Curitiba");
        event.name = format!("Workshop Curitiba {year}-{}", index / 9 + 1);
        event.kind = KINDS[2];
        (event.to, event.pull, event.quality, cost) = (from, 1.0, 1.45, 5_200.0);
    }
    let expo = calendar::month_of(stories.expo);
    if month == expo && month_at(index - 1) < expo {
        (event.place, event.city) = (3, "Caxias do Sul");
        event.name = format!("Expo Serra {}", calendar::civil(stories.expo).0);
        event.kind = KINDS[0];
        (event.from, event.to) = (stories.expo, stories.expo + 3);
        (event.pull, event.quality, cost) = (0.5, 0.3, 3.0 * 12_000.0);
    }
    split_cost(&mut event, cost * 100.0 * company.sizes.deal_share, rng);
    event
}

fn split_cost(event: &mut Event, cents: f64, rng: &mut Rng) {
    let shares: Vec<f64> =
        [0.38, 0.18, 0.1, 0.16, 0.18].iter().map(|share| share * (0.8 + 0.4 * rng.unit())).collect();
    let sum: f64 = shares.iter().sum();
    for (cost, share) in event.costs.iter_mut().zip(shares) {
        *cost = (cents * share / sum / 100.0) as i64 * 100 + 100;
    }
    let total: i64 = event.costs.iter().sum();
    event.budget = (total as f64 * (0.9 + 0.2 * rng.unit()) / 10_000.0) as i64 * 10_000 + 10_000;
}
