//! Deals of the CRM with their stage history, and the customers whom won deals bring.
//!
//! Invariant: days pass in order: a deal of an existing customer begins after that customer was won.

use super::places::PLACES;
use super::{Company, EVENTS_CHANNEL, customers, people, places};
use crate::calendar::{self, DAY_SECONDS, Day, Moment};
use crate::random::Rng;

pub const OPEN: u8 = 1;
pub const WON: u8 = 2;
pub const LOST: u8 = 3;
pub const LOSS_REASONS: [&str; 7] = [
    "Preço",
    "Prazo de entrega",
    "Concorrente",
    "Sem retorno",
    "Sem orçamento",
    "Produto indisponível",
    "Fora do perfil",
];
pub const STAGES: [&str; 5] = ["Novo lead", "Qualificado", "Proposta", "Negociação", "Fechamento"];

/// Usual share of each canal among new deals, events aside.
const MIX: [f64; 5] = [0.32, 0.235, 0.21, 0.15, 0.085];
/// How probably a deal of a canal is won in the end.
const WIN: [f64; 6] = [0.10, 0.175, 0.115, 0.14, 0.29, 0.16];
const SEGMENT_WIN: [f64; 6] = [1.0, 1.15, 1.1, 0.9, 1.05, 0.85];
const EVENT_SHARE: f64 = 0.06;
/// Probability factors of a prospect's and of a customer's deal, and how many deals are a customer's.
const PROSPECT_WIN: f64 = 0.5;
const CUSTOMER_WIN: f64 = 1.95;
const CUSTOMER_SHARE: f64 = 0.34;

#[derive(Debug, Clone)]
pub struct Deal {
    pub contact: u32,
    pub channel: u8,
    pub product: u16,
    pub filial: u8,
    pub seller: u16,
    pub event: Option<u8>,
    /// Cents.
    pub amount: i64,
    pub created: Moment,
    pub closed: Option<Moment>,
    pub status: u8,
    /// Position of `LOSS_REASONS`, of a lost deal.
    pub loss: u8,
    /// 1 Vendas, 2 Grandes contas.
    pub pipeline: u8,
    /// When each stage was entered; only the first `stages_reached` count.
    pub stages: [Moment; 5],
    pub stages_reached: u8,
    pub updated: Moment,
}

impl Deal {
    pub fn created_on(&self) -> Day {
        self.created.div_euclid(DAY_SECONDS) as Day
    }

    pub fn closed_on(&self) -> Option<Day> {
        self.closed.map(|closed| closed.div_euclid(DAY_SECONDS) as Day)
    }
}

struct Beginning {
    day: Day,
    channel: u8,
    event: Option<u8>,
    /// A lead of the short form of story `site_form`.
    poor: bool,
}

pub fn generate(company: &mut Company) {
    let mut rng = Rng::new(company.seed, "deals");
    let horizon = company.horizon;
    let days = (horizon.last - horizon.first + 1) as usize;
    let mut begins = beginnings(company, &mut rng);
    begins.sort_by_key(|begin| begin.day);
    let mut wins: Vec<Vec<u32>> = vec![Vec::new(); days];
    let mut next = begins.iter().peekable();
    for day in horizon.first..=horizon.last {
        for deal in std::mem::take(&mut wins[(day - horizon.first) as usize]) {
            let (contact, channel) =
                (company.deals[deal as usize].contact, company.deals[deal as usize].channel);
            if company.contacts[contact as usize].customer.is_none() {
                customers::acquire(company, contact, channel, day, &mut rng);
            }
        }
        while let Some(begin) = next.next_if(|begin| begin.day == day) {
            let deal = deal(company, begin, &mut rng);
            if let (WON, Some(closed)) = (deal.status, deal.closed_on()) {
                // A win of the day itself counts from the next day on.
                let when = (closed.max(day + 1) - horizon.first) as usize;
                if when < days {
                    wins[when].push(company.deals.len() as u32);
                } else {
                    acquire_today(company, &deal, closed, &mut rng);
                }
            }
            company.deals.push(deal);
        }
    }
}

/// A deal won on the last day: its customer exists, though no day follows.
fn acquire_today(company: &mut Company, deal: &Deal, closed: Day, rng: &mut Rng) {
    if company.contacts[deal.contact as usize].customer.is_none() {
        customers::acquire(company, deal.contact, deal.channel, closed, rng);
    }
}

/// How many deals begin on each day, by canal and event.
fn beginnings(company: &Company, rng: &mut Rng) -> Vec<Beginning> {
    let horizon = company.horizon;
    let weight = |day: Day| {
        let by_weekday = [1.0, 1.08, 1.05, 1.0, 0.9, 0.25, 0.12][calendar::weekday(day)];
        let off =
            if calendar::weekday(day) < 5 && !company.calendar.is_business(1, day) { 0.35 } else { 1.0 };
        by_weekday * off * Company::season(day) * (0.78 + 0.44 * horizon.progress(day))
    };
    let total: f64 = (horizon.first..=horizon.last).map(weight).sum();
    let daily = company.sizes.deals * (1.0 - EVENT_SHARE) / total;
    let mut begins = Vec::with_capacity(company.sizes.deals as usize * 11 / 10);
    for day in horizon.first..=horizon.last {
        for (channel, share) in MIX.iter().enumerate() {
            let usual = daily * weight(day) * share;
            let channel = channel as u8;
            let mut push = |count: usize, poor: bool| {
                begins.extend((0..count).map(|_| Beginning { day, channel, event: None, poor }));
            };
            push(rng.poisson(usual), false);
            if channel == 2 && company.stories.site_form.contains(day) {
                push(rng.poisson(2.0 * usual), true);
            }
        }
    }
    let usual = company.sizes.deals * EVENT_SHARE / company.events.len().max(1) as f64;
    for (index, event) in company.events.iter().enumerate() {
        for _ in 0..rng.poisson(usual * event.pull) {
            let after = (rng.unit() * rng.unit() * 46.0) as Day;
            let day = event.from + after;
            if horizon.contains(day) {
                begins.push(Beginning {
                    day,
                    channel: EVENTS_CHANNEL,
                    event: Some(index as u8),
                    poor: false,
                });
            }
        }
    }
    begins
}

fn deal(company: &mut Company, begin: &Beginning, rng: &mut Rng) -> Deal {
    let day = begin.day;
    let contact = choose_contact(company, begin, rng);
    let known = &company.contacts[contact as usize];
    let filial = places::filial_of(&PLACES[usize::from(known.place)], day, company.stories.recife_opens);
    let customer = known.customer.is_some();
    let mut win = WIN[usize::from(begin.channel)] * SEGMENT_WIN[usize::from(known.segment)];
    win *= if customer { CUSTOMER_WIN } else { PROSPECT_WIN };
    win *= company.stories.win_factor(filial, day) * (0.95 + 0.1 * company.horizon.progress(day));
    if let Some(event) = begin.event {
        win *= company.events[usize::from(event)].quality;
    }
    if begin.poor {
        win = 0.025;
    }
    let product = popular_product(company.products.len(), rng);
    let seller = people::seller_for(&company.sellers, filial, day, rng);
    let created = Moment::from(day) * DAY_SECONDS + 7 * 3600 + rng.between(0, 13 * 3600 - 1);
    let amount = (rng.lognormal(3000.0, 0.85).clamp(180.0, 60_000.0) * 100.0) as i64;
    let mut deal = Deal {
        contact,
        channel: begin.channel,
        product,
        filial,
        seller,
        event: begin.event,
        amount,
        created,
        closed: None,
        status: OPEN,
        loss: 0,
        pipeline: if amount > 1_200_000 { 2 } else { 1 },
        stages: [created; 5],
        stages_reached: 1,
        updated: created,
    };
    let won = rng.chance(win);
    run_course(&mut deal, company.horizon.end(), won, rng);
    deal
}

/// Closes the deal when its course ends before `end`, and fills its stages.
fn run_course(deal: &mut Deal, end: Moment, won: bool, rng: &mut Rng) {
    let cycle = if won {
        rng.lognormal(21.0, 0.85).clamp(0.0, 230.0)
    } else {
        rng.lognormal(27.0, 0.9).clamp(1.0, 300.0)
    };
    let forgotten = !won && rng.chance(0.02);
    let last_day = Moment::from(deal.created_on()) + cycle as Moment;
    let closing =
        (last_day * DAY_SECONDS + 8 * 3600 + rng.between(0, 10 * 3600 - 1)).max(deal.created + 3600);
    let reached = if won { 5 } else { 1 + rng.weighted(&[0.44, 0.28, 0.17, 0.11]) as u8 };
    let loss = rng.weighted(&[0.24, 0.1, 0.17, 0.26, 0.12, 0.04, 0.07]) as u8;
    let mut cuts: Vec<f64> = (1..reached).map(|_| rng.unit()).collect();
    cuts.sort_by(f64::total_cmp);
    let late_edit = rng.chance(0.1).then(|| rng.between(1, 60) * DAY_SECONDS + rng.between(0, 40_000));
    let closed = closing < end && !forgotten;
    deal.stages_reached = 1;
    for (index, cut) in cuts.iter().enumerate() {
        let entry = deal.created + ((closing - deal.created) as f64 * cut) as Moment;
        if entry < end {
            deal.stages[index + 1] = entry;
            deal.stages_reached = index as u8 + 2;
        }
    }
    deal.updated = deal.stages[usize::from(deal.stages_reached) - 1];
    if closed {
        deal.status = if won { WON } else { LOST };
        deal.loss = loss;
        deal.closed = Some(closing);
        deal.updated = closing;
    }
    if let Some(edit) = late_edit {
        deal.updated = (deal.updated + edit).min(end - 1);
    }
}

fn choose_contact(company: &mut Company, begin: &Beginning, rng: &mut Rng) -> u32 {
    let draw = rng.unit();
    if !begin.poor && begin.event.is_none() {
        if draw < CUSTOMER_SHARE && !company.customers.is_empty() {
            return company.customers[rng.below(company.customers.len())].contact;
        }
        let known = company.contacts.len();
        if draw > 0.93 && known > 0 {
            // A prospect who comes back: one of the latest.
            return (known - 1 - rng.below(known.min(2000))) as u32;
        }
    }
    if begin.event.is_some() && draw < CUSTOMER_SHARE && !company.customers.is_empty() {
        return company.customers[rng.below(company.customers.len())].contact;
    }
    let at = begin.event.filter(|_| rng.chance(0.5)).map(|event| {
        let event = &company.events[usize::from(event)];
        (event.place, event.city)
    });
    customers::contact(company, begin.channel, begin.day, at, rng)
}

/// A product by popularity: the first of the list sell most.
pub fn popular_product(count: usize, rng: &mut Rng) -> u16 {
    let draw = rng.unit();
    (draw * draw * count as f64) as u16
}
