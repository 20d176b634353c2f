//! Truth of net sales, gross margin, average ticket and order lead time.
//!
//! Invariant: only valid sales invoices and their returns count; each at its own date.

use std::collections::BTreeMap;

use super::{NONE, Tally};
use crate::calendar::month_of;
use crate::company::Company;
use crate::company::invoices::InvoiceState;
use crate::company::orders::Order;

pub(super) fn count(company: &Company, tally: &mut Tally) {
    for invoice in company.invoices.iter().filter(|invoice| invoice.state == InvoiceState::Valid) {
        let shipment = &company.shipments[invoice.shipment as usize];
        let order = &company.orders[shipment.order as usize];
        if order.bonus {
            continue;
        }
        let month = month_of(invoice.day);
        tally.add("avg_ticket", month, "", NONE, (0, 1));
        for line in &company.shipment_lines[shipment.line_range()] {
            let product = company.order_lines[line.order_line as usize].product;
            sold(company, tally, month, order, product, company.net_sales(order, line), line.stock);
        }
    }
    for back in &company.returns {
        let invoice = &company.invoices[back.invoice as usize];
        let shipment = &company.shipments[invoice.shipment as usize];
        let order = &company.orders[shipment.order as usize];
        for line in &back.lines {
            let source = &company.shipment_lines[shipment.first_line as usize + usize::from(line.line)];
            let product = company.order_lines[source.order_line as usize].product;
            let net = line.total - line.icms - line.pis - line.cofins;
            sold(company, tally, month_of(back.day), order, product, -net, -line.stock);
        }
    }
    for ((metric, ..), figure) in &mut tally.0 {
        if *metric == "net_sales" {
            figure.1 = 1;
        }
    }
    lead_time(company, tally);
}

fn sold(company: &Company, tally: &mut Tally, month: i32, order: &Order, product: u16, net: i64, cost: i64) {
    let family = company.products[usize::from(product)].family;
    let (canal, uf, filial) = (
        ("canal", u32::from(order.channel)),
        ("uf", u32::from(order.place)),
        ("filial", u32::from(order.filial)),
    );
    let members = [canal, uf, filial, ("produto", u32::from(product)), ("familia", u32::from(family))];
    tally.add_by("gross_margin_pct", month, (net - cost, net), &members);
    tally.add_by("net_sales", month, (net, 0), &[canal, uf, filial]);
    tally.add("avg_ticket", month, "", NONE, (net, 0));
}

fn lead_time(company: &Company, tally: &mut Tally) {
    let mut days: BTreeMap<i32, Vec<i64>> = BTreeMap::new();
    let mut open = 0;
    for order in company.orders.iter().filter(|order| !order.cancelled) {
        let Some(fulfilled) = order.fulfilled else {
            open += 1;
            continue;
        };
        let taken = i64::from(company.calendar.between(order.filial, order.day, fulfilled));
        let members = [("uf", u32::from(order.place)), ("filial", u32::from(order.filial))];
        tally.add_by("order_lead_time_mean", month_of(fulfilled), (taken, 1), &members);
        days.entry(month_of(fulfilled)).or_default().push(taken);
    }
    tally.add("open_orders", company.horizon.last_month(), "", NONE, (open, 1));
    for (month, mut taken) in days {
        taken.sort_unstable();
        let middle = taken[(taken.len() - 1) / 2] + taken[taken.len() / 2];
        tally.add("order_lead_time", month, "", NONE, (middle, 2));
        // Linear interpolation at position 0,9 × (n − 1).
        let position = (taken.len() - 1) * 9;
        let (below, part) = (position / 10, (position % 10) as i64);
        let above = taken[(below + 1).min(taken.len() - 1)];
        tally.add("order_lead_time_p90", month, "", NONE, (taken[below] * (10 - part) + above * part, 10));
    }
}
