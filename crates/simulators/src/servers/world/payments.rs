//! Incoming payments, which the model does not have: each valid sale is paid about when it is due.
//!
//! Invariant: a payment settles one invoice in full, and those of one company are always the same.

use super::State;
use crate::calendar::{DAY_SECONDS, Day};
use crate::company::Company;
use crate::company::invoices::InvoiceState;
use crate::dirt;
use crate::exports::sap_documents;

/// Money received for an invoice.
#[derive(Debug, Clone)]
pub struct Payment {
    pub day: Day,
    /// Position of the invoice.
    pub invoice: u32,
    /// Cents.
    pub amount: i64,
    /// 0 bank transfer, 1 boleto, 2 cash.
    pub means: u8,
    pub cancelled: bool,
}

/// Days after the invoice on which it falls due.
pub(crate) const TERM: Day = 28;

pub(super) fn of(company: &Company) -> Vec<Payment> {
    let mut payments: Vec<Payment> = company
        .invoices
        .iter()
        .enumerate()
        .filter(|(_, invoice)| invoice.state == InvoiceState::Valid && !company.order_of(invoice).bonus)
        .filter_map(|(number, invoice)| {
            let drawn = dirt::mix(company.seed, 401, number as u64);
            // Early payers, those on the day, late ones; one in two hundred never pays.
            let delay = [-5, -1, 0, 0, 0, 1, 2, 4, 11, 26][(drawn % 10) as usize];
            let day = invoice.day + TERM + delay;
            let pays = !(drawn / 10).is_multiple_of(200) && day <= company.horizon.last;
            pays.then(|| Payment {
                day,
                invoice: number as u32,
                amount: sap_documents::amounts(company, invoice, false).total,
                means: [0, 0, 1, 1, 1, 2][(drawn / 2000 % 6) as usize],
                cancelled: (drawn / 12_000).is_multiple_of(400),
            })
        })
        .collect();
    payments.sort_by_key(|payment| (payment.day, payment.invoice));
    payments
}

impl State {
    pub(crate) fn today(&self) -> Day {
        self.now.div_euclid(DAY_SECONDS) as Day
    }
}
