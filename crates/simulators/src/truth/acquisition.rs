//! Truth of conversion, win rate, CAC and event ROI.
//!
//! Invariant: a customer is acquired in the month of the first valid sales invoice, and only once.

use super::{NONE, Tally};
use crate::calendar::month_of;
use crate::company::deals::{LOST, WON};
use crate::company::expenses::ACQUISITION_CENTRES;
use crate::company::invoices::InvoiceState;
use crate::company::{Company, EVENTS_CHANNEL};

pub(super) fn count(company: &Company, tally: &mut Tally) {
    conversion(company, tally);
    cac(company, tally);
    event_roi(company, tally);
}

fn conversion(company: &Company, tally: &mut Tally) {
    for deal in &company.deals {
        let contact = &company.contacts[deal.contact as usize];
        let created = deal.created_on();
        if created + 90 <= company.horizon.last {
            let won = deal.status == WON && deal.closed_on().is_some_and(|closed| closed - created <= 90);
            let members = [
                ("canal", u32::from(deal.channel)),
                ("segmento", u32::from(contact.segment)),
                ("uf", u32::from(contact.place)),
            ];
            tally.add_by("lead_conversion_rate", month_of(created), (i64::from(won), 1), &members);
        }
        if let (WON | LOST, Some(closed)) = (deal.status, deal.closed_on()) {
            let members = [("canal", u32::from(deal.channel)), ("filial", u32::from(deal.filial))];
            tally.add_by("win_rate", month_of(closed), (i64::from(deal.status == WON), 1), &members);
        }
    }
}

fn cac(company: &Company, tally: &mut Tally) {
    for posting in company.postings.iter().filter(|posting| posting.centre < ACQUISITION_CENTRES) {
        let members = [
            ("canal", posting.channel.map_or(NONE, u32::from)),
            ("uf", posting.place.map_or(NONE, u32::from)),
        ];
        tally.add_by("cac", month_of(posting.day), (posting.amount, 0), &members);
    }
    let mut seen = vec![false; company.customers.len()];
    // Invoices are in the order of their days.
    for invoice in company.invoices.iter().filter(|invoice| invoice.state == InvoiceState::Valid) {
        let order = company.order_of(invoice);
        if order.bonus || std::mem::replace(&mut seen[order.customer as usize], true) {
            continue;
        }
        let customer = &company.customers[order.customer as usize];
        if customer.migrated.is_none() {
            let place = company.contacts[customer.contact as usize].place;
            let members = [("canal", u32::from(customer.channel)), ("uf", u32::from(place))];
            tally.add_by("cac", month_of(invoice.day), (0, 1), &members);
        }
    }
}

fn event_roi(company: &Company, tally: &mut Tally) {
    let month = |event: usize| month_of(company.events[event].from);
    for posting in &company.postings {
        if let Some(event) = posting.event {
            let members = [("evento", u32::from(event))];
            tally.add_by("event_roi", month(event.into()), (-posting.amount, posting.amount), &members);
        }
    }
    let in_window = |deal: u32| {
        let deal = &company.deals[deal as usize];
        let event = deal.event.filter(|_| deal.channel == EVENTS_CHANNEL && deal.status == WON)?;
        (deal.closed_on()? <= company.events[usize::from(event)].from + 180).then_some(event)
    };
    let mut margin = |order: u32, amount: i64| {
        if let Some(event) = company.orders[order as usize].deal.and_then(in_window) {
            tally.add_by("event_roi", month(event.into()), (amount, 0), &[("evento", u32::from(event))]);
        }
    };
    for invoice in company.invoices.iter().filter(|invoice| invoice.state == InvoiceState::Valid) {
        let shipment = &company.shipments[invoice.shipment as usize];
        let order = &company.orders[shipment.order as usize];
        let lines = &company.shipment_lines[shipment.line_range()];
        margin(shipment.order, lines.iter().map(|line| company.net_sales(order, line) - line.stock).sum());
    }
    for back in &company.returns {
        let order = company.shipments[company.invoices[back.invoice as usize].shipment as usize].order;
        let amount: i64 =
            back.lines.iter().map(|line| line.total - line.icms - line.pis - line.cofins - line.stock).sum();
        margin(order, -amount);
    }
}
