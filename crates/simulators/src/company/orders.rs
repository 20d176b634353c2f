//! Orders: those of won deals, and the customers' repeat orders.
//!
//! Invariant: orders are in the order of their days, so that the position + 1 can be the DocEntry.

use super::deals::{self, popular_product};
use super::places::PLACES;
use super::{Company, places};
use crate::calendar::{self, Day};
use crate::random::Rng;

#[derive(Debug, Clone)]
pub struct Order {
    pub day: Day,
    pub customer: u32,
    pub deal: Option<u32>,
    pub channel: u8,
    pub seller: u16,
    pub filial: u8,
    pub place: u8,
    pub city: &'static str,
    pub first_line: u32,
    pub lines: u8,
    /// Header discount of its invoices, per cent: 0, 5 or 10.
    pub discount: u8,
    pub bonus: bool,
    pub cancelled: bool,
    /// Set by `invoices`: last fulfilment, when everything was delivered.
    pub fulfilled: Option<Day>,
}

impl Order {
    pub fn line_range(&self) -> std::ops::Range<usize> {
        self.first_line as usize..self.first_line as usize + usize::from(self.lines)
    }
}

#[derive(Debug, Clone)]
pub struct OrderLine {
    pub product: u16,
    pub quantity: u32,
    /// Cents.
    pub price: i64,
    /// Line discount, per cent.
    pub discount: u8,
    /// Cents after the line discount.
    pub total: i64,
}

pub fn generate(company: &mut Company) {
    let mut rng = Rng::new(company.seed, "orders");
    let horizon = company.horizon;
    let days = (horizon.last - horizon.first + 1) as usize;
    let mut won: Vec<Vec<u32>> = vec![Vec::new(); days];
    for (number, deal) in company.deals.iter().enumerate() {
        if let (deals::WON, Some(closed)) = (deal.status, deal.closed_on()) {
            let day = closed + i32::from(number % 3 == 0);
            if day <= horizon.last {
                won[(day - horizon.first) as usize].push(number as u32);
            }
        }
    }
    let weights: Vec<f64> = (horizon.first..=horizon.last).map(|day| demand(company, day)).collect();
    let daily = company.sizes.repeat_orders / weights.iter().sum::<f64>();
    let go_live = company.calendar.after(1, horizon.first, 0);
    let mut pool: Vec<u32> = Vec::new();
    let mut known = 0;
    for day in horizon.first..=horizon.last {
        let index = (day - horizon.first) as usize;
        for &deal in &won[index] {
            from_deal(company, deal, day, &mut rng);
        }
        // The orders open in the old system were entered again on the first business day.
        let brought = if day == go_live { 4.5 } else { 0.0 };
        for _ in 0..rng.poisson(daily * (weights[index] + brought)) {
            if let Some(customer) = buyer(company, &pool, day, &mut rng) {
                repeat(company, customer, day, &mut rng);
            }
        }
        // Customers join the pool after their first order can have been placed.
        while known < company.customers.len() && company.customers[known].since < day {
            let customer = &company.customers[known];
            let boost = 1 + usize::from(in_north_east(company, known));
            pool.extend(std::iter::repeat_n(known as u32, usize::from(customer.weight) * boost));
            known += 1;
        }
    }
}

/// Repeat orders of a day relative to an average day.
fn demand(company: &Company, day: Day) -> f64 {
    let by_weekday = [1.05, 1.1, 1.08, 1.02, 0.95, 0.12, 0.02][calendar::weekday(day)];
    let off = if calendar::weekday(day) < 5 && !company.calendar.is_business(1, day) { 0.06 } else { 1.0 };
    let friday = if company.stories.in_black_friday(day) { 2.2 } else { 1.0 };
    by_weekday * off * friday * Company::season(day) * (0.72 + 0.56 * company.horizon.progress(day))
}

fn buyer(company: &Company, pool: &[u32], day: Day, rng: &mut Rng) -> Option<u32> {
    if pool.is_empty() {
        // The first day: only the customers of the old system are there.
        return (!company.customers.is_empty()).then(|| rng.below(company.sizes.migrated_customers) as u32);
    }
    // Customers of the North-East buy half as often until the filial Recife has settled.
    let open_days = f64::from((day - company.stories.recife_opens).max(0));
    let willing = (0.5 + open_days / 500.0).min(1.0);
    for _ in 0..12 {
        let customer = *rng.pick(pool);
        let willing = !in_north_east(company, customer as usize) || rng.chance(willing);
        if willing && company.customers[customer as usize].lost_on > day {
            return Some(customer);
        }
    }
    None
}

fn in_north_east(company: &Company, customer: usize) -> bool {
    let contact = &company.contacts[company.customers[customer].contact as usize];
    PLACES[usize::from(contact.place)].region == "Nordeste"
}

fn repeat(company: &mut Company, customer: u32, day: Day, rng: &mut Rng) {
    let usual = company.customers[customer as usize].channel;
    let channel = if rng.chance(0.7) { usual } else { [1, 1, 2, 2, 3][rng.below(5)] };
    let wanted = rng.lognormal(1150.0, 0.7) * 100.0;
    place_order(company, customer, None, channel, day, wanted, rng);
}

fn from_deal(company: &mut Company, number: u32, day: Day, rng: &mut Rng) {
    let deal = &company.deals[number as usize];
    let (channel, amount) = (deal.channel, deal.amount as f64);
    if let Some(customer) = company.contacts[deal.contact as usize].customer {
        place_order(company, customer, Some(number), channel, day, amount, rng);
    }
}

/// An order of about `wanted` cents.
fn place_order(
    company: &mut Company,
    customer: u32,
    deal: Option<u32>,
    channel: u8,
    day: Day,
    wanted: f64,
    rng: &mut Rng,
) {
    let buyer = &company.customers[customer as usize];
    let contact = &company.contacts[buyer.contact as usize];
    let (place, city) = (contact.place, contact.city);
    let filial = places::filial_of(&PLACES[usize::from(place)], day, company.stories.recife_opens);
    let seller = super::people::seller_for(&company.sellers, filial, day, rng);
    let discount = if company.stories.in_black_friday(day) {
        [10, 10, 10, 10, 10, 10, 5, 5, 5, 0][rng.below(10)]
    } else {
        [0, 0, 0, 0, 0, 0, 0, 0, 5, 10][rng.below(10)]
    };
    let bonus = deal.is_none() && rng.chance(0.012);
    let lines = 1 + rng.weighted(&[0.23, 0.24, 0.2, 0.14, 0.09, 0.06, 0.04]);
    let first_line = company.order_lines.len() as u32;
    for index in 0..lines {
        let product = match deal {
            Some(deal) if index == 0 => company.deals[deal as usize].product,
            _ => popular_product(company.products.len(), rng),
        };
        let price =
            company.products[usize::from(product)].price(day, company.horizon.first, &company.stories);
        let share = wanted / lines as f64 * (0.6 + 0.8 * rng.unit());
        let quantity = ((share / price as f64 + 0.5) as u32).max(1);
        let line_discount = if discount == 0 && rng.chance(0.12) { [5, 10][rng.below(2)] } else { 0 };
        let total = price * i64::from(quantity) * i64::from(100 - line_discount) / 100;
        company.order_lines.push(OrderLine {
            product,
            quantity,
            price,
            discount: line_discount as u8,
            total,
        });
    }
    let cancelled = deal.is_none() && rng.chance(0.015);
    company.orders.push(Order {
        day,
        customer,
        deal,
        channel,
        seller,
        filial,
        place,
        city,
        first_line,
        lines: lines as u8,
        discount,
        bonus,
        cancelled,
        fulfilled: None,
    });
}
