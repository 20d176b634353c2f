//! Contracts with their periods of validity and the movements of MRR.
//!
//! Invariant: the movements up to a day sum to the monthly value of the versions in force on that day.

use super::{Company, MONTHS, people};
use crate::calendar::{self, Day};
use crate::random::{Rng, exp};
use crate::stories::{EDUCATION, EDUCATION_LOSS};

pub const PLANS: [(&str, &str); 5] = [
    ("Locação de Equipamentos", "Locação"),
    ("Manutenção Preventiva", "Manutenção"),
    ("Reposição Programada", "Assinatura"),
    ("Monitoramento Remoto", "Assinatura"),
    ("Suporte Premium", "Manutenção"),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MovementKind {
    New,
    Expansion,
    /// The yearly adjustment; counts as expansion.
    Adjustment,
    Contraction,
    Churn,
}

impl MovementKind {
    pub fn name(self) -> &'static str {
        match self {
            MovementKind::New => "Novo",
            MovementKind::Expansion => "Expansão",
            MovementKind::Adjustment => "Reajuste",
            MovementKind::Contraction => "Contração",
            MovementKind::Churn => "Cancelamento",
        }
    }
}

/// Monthly values in cents.
#[derive(Debug, Clone)]
pub struct Movement {
    pub day: Day,
    pub kind: MovementKind,
    pub before: i64,
    pub after: i64,
}

#[derive(Debug, Clone)]
pub struct Contract {
    pub customer: u32,
    pub plan: u8,
    /// Months of a billing period: 1, 3, 6 or 12.
    pub period: u8,
    pub seller: u16,
    /// In order of day; the first is `New`.
    pub movements: Vec<Movement>,
}

impl Contract {
    /// Monthly value in cents on a day.
    pub fn monthly(&self, day: Day) -> i64 {
        self.movements.iter().rev().find(|movement| movement.day <= day).map_or(0, |movement| movement.after)
    }

    fn latest(&self) -> i64 {
        self.movements.last().map_or(0, |movement| movement.after)
    }

    /// Last day in force, once known.
    pub fn ends_on(&self) -> Option<Day> {
        self.movements.last().filter(|last| last.kind == MovementKind::Churn).map(|last| last.day - 1)
    }

    fn change(&mut self, day: Day, kind: MovementKind, after: i64) {
        let before = self.latest();
        self.movements.push(Movement { day, kind, before, after });
    }
}

/// `CT00001`.
pub fn code(index: usize) -> String {
    format!("CT{:05}", index + 1)
}

/// Planned MRR in cents at the end of the `month`-th month, −1 being the end of what was before.
fn path(month: i32) -> f64 {
    // ln(260 / 88) = 1.08333, over 36 months; the rival's raid takes 10 of them.
    8_800_000.0 * exp(1.08333 * f64::from(month + 1) / f64::from(MONTHS))
}

pub fn generate(company: &Company) -> Vec<Contract> {
    let mut rng = Rng::new(company.seed, "contracts");
    let first = company.horizon.first;
    let mut contracts = Vec::new();
    let mut total = 0;
    while (total as f64) < path(-1) {
        let start = first - rng.between(5, 1400) as Day;
        let contract = new_contract(company, start, first, &mut rng);
        total += contract.latest();
        contracts.push(contract);
    }
    // What was sold beyond a month's plan, which the next month need not sell.
    let mut ahead = total as f64 - path(-1);
    for month in 0..MONTHS {
        let month_number = company.horizon.first_month() + month;
        let usual_change = live_through(company, month_number, &mut contracts, &mut rng);
        let needed = path(month) - path(month - 1) - usual_change as f64 - ahead;
        let wanted = needed + path(month) * 0.012 * (rng.unit() - 0.5);
        let mut sold = 0;
        while (sold as f64) < wanted {
            let day = calendar::month_start(month_number) + rng.between(0, 27) as Day;
            let contract = new_contract(company, day, day, &mut rng);
            sold += contract.latest();
            // Those of the days to come are not signed yet.
            if day <= company.horizon.last {
                contracts.push(contract);
            }
        }
        ahead = sold as f64 - needed;
    }
    contracts.sort_by_key(|contract| contract.movements[0].day);
    contracts
}

fn new_contract(company: &Company, start: Day, known_on: Day, rng: &mut Rng) -> Contract {
    let known = company.customers.partition_point(|customer| customer.since <= known_on).max(1);
    let customer = rng.below(known) as u32;
    let plan = rng.weighted(&[0.3, 0.24, 0.2, 0.14, 0.12]) as u8;
    let typical = [420.0, 260.0, 210.0, 160.0, 300.0][usize::from(plan)] * company.sizes.contract_value;
    let monthly = (rng.lognormal(typical, 0.5) as i64).max(20) * 100;
    let period = [1, 1, 1, 1, 1, 1, 3, 3, 6, 12][rng.below(10)];
    let filial = company.customers[customer as usize].filial;
    let seller = people::seller_for(&company.sellers, filial, known_on, rng);
    let movements = vec![Movement { day: start, kind: MovementKind::New, before: 0, after: monthly }];
    Contract { customer, plan, period, seller, movements }
}

/// One month of the contracts in force. Returns the usual change in cents, the rival's raid left out.
fn live_through(company: &Company, month: i32, contracts: &mut [Contract], rng: &mut Rng) -> i64 {
    let january = month.rem_euclid(12) == 0;
    let raid = company.stories.edu_churn.contains(calendar::month_start(month));
    let (mut usual, mut schools) = (0, 0);
    for contract in contracts.iter_mut() {
        let before = contract.latest();
        let day = calendar::month_start(month) + rng.between(0, 27) as Day;
        let draw = rng.unit();
        let size = rng.unit();
        if before == 0 || contract.movements[0].day >= calendar::month_start(month) {
            continue;
        }
        let segment =
            company.contacts[company.customers[contract.customer as usize].contact as usize].segment;
        if raid && segment == EDUCATION {
            schools += 1;
        }
        // Exactly the share, so that the story shows in small companies too.
        if raid && segment == EDUCATION && (schools * EDUCATION_LOSS).rem_euclid(100) < EDUCATION_LOSS {
            contract.change(day, MovementKind::Churn, 0);
            continue;
        }
        let whole = |factor: f64| ((before as f64 * factor / 100.0 + 0.5) as i64).max(1) * 100;
        let old = contract.movements[0].day < calendar::month_start(month) - 180;
        let (kind, after) = if draw < 0.012 {
            (MovementKind::Churn, 0)
        } else if draw < 0.040 {
            (MovementKind::Expansion, whole(1.1 + 0.4 * size))
        } else if draw < 0.050 {
            (MovementKind::Contraction, whole(0.6 + 0.3 * size))
        } else if january && old {
            (MovementKind::Adjustment, whole(1.045))
        } else {
            continue;
        };
        if after == before {
            continue;
        }
        // Changes of the days to come are not known yet; only churns are announced ahead.
        if day <= company.horizon.last || kind == MovementKind::Churn {
            contract.change(day, kind, after);
            usual += after - before;
        }
    }
    usual
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_runs_from_88_to_260_thousand() {
        assert!((path(-1) - 8_800_000.0).abs() < 1.0);
        assert!((path(35) - 26_000_000.0).abs() < 60_000.0);
    }
}
