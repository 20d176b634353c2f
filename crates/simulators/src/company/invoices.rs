//! Shipments of orders, their invoices (with the cancelled pairs), and returns.
//!
//! Invariant: a valid invoice belongs to exactly one shipment, and its lines' amounts are whole cents, header discount included.

use super::places::PLACES;
use super::{Company, orders, places};
use crate::calendar::Day;
use crate::random::Rng;

/// Goods that leave together: a delivery, or a direct invoice.
#[derive(Debug, Clone)]
pub struct Shipment {
    pub order: u32,
    pub day: Day,
    pub direct: bool,
    pub first_line: u32,
    pub lines: u8,
    /// Position + 1 among the deliveries; 0 when direct.
    pub delivery: u32,
}

impl Shipment {
    pub fn line_range(&self) -> std::ops::Range<usize> {
        self.first_line as usize..self.first_line as usize + usize::from(self.lines)
    }
}

/// Amounts in cents.
#[derive(Debug, Clone)]
pub struct ShipmentLine {
    pub order_line: u32,
    pub ipi: i64,
    pub icms: i64,
    pub pis: i64,
    pub cofins: i64,
    /// CMV of the line.
    pub stock: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvoiceState {
    Valid,
    Cancelled,
    /// The document that cancels it.
    Cancelling,
}

#[derive(Debug, Clone)]
pub struct Invoice {
    pub shipment: u32,
    pub day: Day,
    pub state: InvoiceState,
    /// Its first line was typed with ten times the quantity, which is why it was cancelled.
    pub tenfold: bool,
    pub freight: i64,
}

#[derive(Debug, Clone)]
pub struct Return {
    pub invoice: u32,
    pub day: Day,
    pub reason: u8,
    pub lines: Vec<ReturnLine>,
}

/// Amounts in cents, the header discount taken off.
#[derive(Debug, Clone)]
pub struct ReturnLine {
    /// Position among the invoice's lines.
    pub line: u8,
    pub quantity: u32,
    pub total: i64,
    pub ipi: i64,
    pub icms: i64,
    pub pis: i64,
    pub cofins: i64,
    pub stock: i64,
}

pub const REASONS: [&str; 4] = ["Avaria", "Produto errado", "Desistência", "Defeito"];

impl Company {
    /// Cents of a line after the header discount of its order.
    pub(crate) fn net_of_discount(&self, order: &orders::Order, line: &ShipmentLine) -> i64 {
        self.order_lines[line.order_line as usize].total * i64::from(100 - order.discount) / 100
    }

    /// Net sales of a line: the header discount and the embedded taxes taken off.
    pub(crate) fn net_sales(&self, order: &orders::Order, line: &ShipmentLine) -> i64 {
        self.net_of_discount(order, line) - line.icms - line.pis - line.cofins
    }

    pub(crate) fn order_of(&self, invoice: &Invoice) -> &orders::Order {
        &self.orders[self.shipments[invoice.shipment as usize].order as usize]
    }
}

pub fn generate(company: &mut Company) {
    let mut rng = Rng::new(company.seed, "shipments");
    for order in 0..company.orders.len() {
        if !company.orders[order].cancelled {
            ship(company, order, &mut rng);
        }
    }
    number_deliveries(company);
    let mut rng = Rng::new(company.seed, "invoices");
    invoice(company, &mut rng);
    give_back(company, &mut rng);
}

/// Ships an order in one or two parts; what lies after the last day does not happen.
fn ship(company: &mut Company, number: usize, rng: &mut Rng) {
    let last = company.horizon.last;
    let order = company.orders[number].clone();
    let place = &PLACES[usize::from(order.place)];
    let usual = places::usual_days(place, order.filial);
    let noise = [-1, 0, 0, 0, 1, 1, 1, 2, 2, 4][rng.below(10)]
        + if rng.chance(0.04) { rng.between(3, 9) as i32 } else { 0 };
    let planned = company.calendar.after(order.filial, order.day, (usual + noise).max(1));
    // The delay is felt by what would have left in the bad days.
    let delay = company.stories.delay(place, planned, usual);
    let day = company.calendar.after(order.filial, planned - 1, 1 + delay);
    let lost = order.deal.is_none() && rng.chance(0.002) && last - order.day < 75;
    let direct = rng.chance(0.12);
    let split = !direct && order.lines > 1 && rng.chance(0.085);
    let first_part =
        if split { 1 + rng.below(usize::from(order.lines) - 1) } else { usize::from(order.lines) };
    let second_day = company.calendar.after(order.filial, day, rng.between(1, 6) as i32);
    if lost || day > last {
        return;
    }
    push_shipment(company, number, day, direct, 0..first_part);
    if !split {
        company.orders[number].fulfilled = Some(day);
    } else if second_day <= last {
        push_shipment(company, number, second_day, direct, first_part..usize::from(order.lines));
        company.orders[number].fulfilled = Some(second_day);
    }
}

/// The part `part` of an order's lines leaves on a day.
pub(crate) fn push_shipment(
    company: &mut Company,
    number: usize,
    day: Day,
    direct: bool,
    part: std::ops::Range<usize>,
) {
    let order = &company.orders[number];
    let (first_order_line, home) =
        (order.first_line as usize, places::FILIAIS[usize::from(order.filial) - 1].3);
    let place = &PLACES[usize::from(order.place)];
    let near = matches!(place.region, "Sul" | "Sudeste") && place.uf != "ES";
    let icms_rate = if place.uf == home {
        180
    } else if near {
        120
    } else {
        70
    };
    let discount = i64::from(order.discount);
    let first_line = company.shipment_lines.len() as u32;
    for index in part.clone() {
        let order_line = first_order_line + index;
        let line = &company.order_lines[order_line];
        let product = &company.products[usize::from(line.product)];
        let base = line.total * (100 - discount) / 100;
        let part_of = |rate: i64, unit: i64| (base * rate + unit / 2) / unit;
        company.shipment_lines.push(ShipmentLine {
            order_line: order_line as u32,
            ipi: part_of(product.ipi, 1000),
            icms: part_of(icms_rate, 1000),
            pis: part_of(165, 10_000),
            cofins: part_of(760, 10_000),
            stock: product.cost(day, company.horizon.first, &company.stories) * i64::from(line.quantity),
        });
    }
    company.shipments.push(Shipment {
        order: number as u32,
        day,
        direct,
        first_line,
        lines: part.len() as u8,
        delivery: 0,
    });
}

/// Deliveries are numbered by day.
fn number_deliveries(company: &mut Company) {
    let mut by_day: Vec<usize> =
        (0..company.shipments.len()).filter(|&index| !company.shipments[index].direct).collect();
    by_day.sort_by_key(|&index| company.shipments[index].day);
    for (position, index) in by_day.into_iter().enumerate() {
        company.shipments[index].delivery = position as u32 + 1;
    }
}

fn invoice(company: &mut Company, rng: &mut Rng) {
    let last = company.horizon.last;
    let mut invoices = Vec::with_capacity(company.shipments.len() * 102 / 100);
    for (index, shipment) in company.shipments.iter().enumerate() {
        let filial = company.orders[shipment.order as usize].filial;
        let later = !shipment.direct && rng.chance(0.15);
        let day = if later { company.calendar.after(filial, shipment.day, 1) } else { shipment.day };
        let wrong = rng.chance(0.008);
        let freight = if rng.chance(0.4) { rng.between(1500, 18_000) } else { 0 };
        if day > last {
            continue;
        }
        let mut push = |state| {
            let tenfold = state != InvoiceState::Valid;
            invoices.push(Invoice { shipment: index as u32, day, state, tenfold, freight });
        };
        if wrong {
            push(InvoiceState::Cancelled);
            push(InvoiceState::Cancelling);
        }
        push(InvoiceState::Valid);
    }
    invoices.sort_by_key(|invoice| invoice.day);
    company.invoices = invoices;
}

fn give_back(company: &mut Company, rng: &mut Rng) {
    let last = company.horizon.last;
    let mut returns = Vec::new();
    for (number, invoice) in company.invoices.iter().enumerate() {
        let (returned, later) = (rng.chance(0.022), rng.between(3, 25) as Day);
        let order = company.order_of(invoice);
        if !returned || invoice.state != InvoiceState::Valid || order.bonus {
            continue;
        }
        let day = company.calendar.after(order.filial, invoice.day + later, 0);
        if day > last {
            continue;
        }
        let range = company.shipments[invoice.shipment as usize].line_range();
        let whole = rng.chance(0.4);
        let only = rng.below(range.len());
        let lines = range
            .enumerate()
            .filter(|(position, _)| whole || *position == only)
            .map(|(position, line)| return_line(company, order, position, line, whole, rng))
            .collect();
        returns.push(Return { invoice: number as u32, day, reason: rng.below(REASONS.len()) as u8, lines });
    }
    returns.sort_by_key(|back| back.day);
    company.returns = returns;
}

fn return_line(
    company: &Company,
    order: &orders::Order,
    position: usize,
    line: usize,
    whole: bool,
    rng: &mut Rng,
) -> ReturnLine {
    let sold = &company.shipment_lines[line];
    let of = i64::from(company.order_lines[sold.order_line as usize].quantity);
    let quantity = if whole { of } else { rng.between(1, of) };
    let part = |amount: i64| (amount * quantity + of / 2) / of;
    ReturnLine {
        line: position as u8,
        quantity: quantity as u32,
        total: part(company.net_of_discount(order, sold)),
        ipi: part(sold.ipi),
        icms: part(sold.icms),
        pis: part(sold.pis),
        cofins: part(sold.cofins),
        stock: part(sold.stock),
    }
}
