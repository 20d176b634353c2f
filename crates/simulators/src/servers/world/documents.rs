//! What is entered in the ERP while the world runs: orders, invoices and their cancellation, payments, postings.
//!
//! Invariant: a document is never deleted; cancelling makes a second one.

use std::sync::{PoisonError, RwLockWriteGuard};

use super::changes::{live, table};
use super::{Payment, State, World, WorldError};
use crate::company::customers;
use crate::company::expenses::Posting;
use crate::company::invoices::{Invoice, InvoiceState, push_shipment};
use crate::company::orders::{Order, OrderLine};
use crate::dirt;
use crate::exports::sap_documents::{self, INVOICE, ORDER};
use crate::servers::System;
use crate::servers::sap_b1::tables::{JOURNAL, PAYMENT};
use crate::servers::table::Key;

impl World {
    pub(super) fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// A customer (`C00001`) orders, from a deal of the CRM or on its own. Returns the DocEntry.
    pub fn post_order(&self, card_code: &str, deal_id: Option<i64>) -> Result<i64, WorldError> {
        let mut state = self.write();
        let partners = table(System::SapB1, "BusinessPartners");
        let number = card_code.trim_start_matches('C').parse().unwrap_or_default();
        let customer = partners
            .find(&state, &Key::Text(card_code.to_owned()))
            .ok_or(WorldError::Missing { what: "customer", id: number })?;
        let deal = deal_id.map(|id| live(&state, table(System::Ploomes, "Deals"), "deal", id)).transpose()?;
        let drawn = dirt::mix(state.company.seed, 601, state.begin());
        new_order(&mut state, customer, deal, drawn);
        let position = state.company.orders.len() as u32 - 1;
        let now = state.now;
        state.entered.insert(("Orders", position), now);
        if deal.is_some() {
            state.sold.push(position);
            state.index_added(table(System::Ploomes, "Orders"));
        }
        state.index_added(table(System::SapB1, "Orders"));
        Ok(ORDER + i64::from(position))
    }

    /// An open order is invoiced as a whole, without a delivery. Returns the DocEntry of the invoice.
    pub fn post_invoice(&self, order_entry: i64) -> Result<i64, WorldError> {
        let mut state = self.write();
        let orders = table(System::SapB1, "Orders");
        let order = live(&state, orders, "order", order_entry)?;
        let refused = |why| WorldError::Refused { what: "order", id: order_entry, why };
        let known = &state.company.orders[order as usize];
        if known.cancelled || known.fulfilled.is_some() {
            return Err(refused("it is closed; take an open one"));
        }
        if state.shipped[known.line_range()].iter().any(|shipped| *shipped) {
            return Err(refused("part of it has been delivered; take one of which nothing has left"));
        }
        state.begin();
        let (today, lines) = (state.today(), usize::from(state.company.orders[order as usize].lines));
        push_shipment(&mut state.company, order as usize, today, true, 0..lines);
        let shipment = state.company.shipments.len() as u32 - 1;
        state.company.orders[order as usize].fulfilled = Some(today);
        let range = state.company.orders[order as usize].line_range();
        state.shipped[range].fill(true);
        state.touch("Orders", order);
        let invoice =
            Invoice { shipment, day: today, state: InvoiceState::Valid, tenfold: false, freight: 0 };
        Ok(INVOICE + i64::from(state.enter_invoice(invoice)))
    }

    /// Cancels an invoice that nobody has paid. Returns the DocEntry of the document that cancels it.
    pub fn cancel_invoice(&self, entry: i64) -> Result<i64, WorldError> {
        let mut state = self.write();
        let number = live(&state, table(System::SapB1, "Invoices"), "invoice", entry)?;
        let refused = |why| WorldError::Refused { what: "invoice", id: entry, why };
        let invoice = state.company.invoices[number as usize].clone();
        if invoice.state != InvoiceState::Valid {
            return Err(refused("it is part of a cancellation already"));
        }
        if state.paid.get(&number).is_some_and(|paid| *paid > 0) {
            return Err(refused("it is paid; cancel the payment first"));
        }
        if state.company.returns.iter().any(|back| back.invoice == number) {
            return Err(refused("goods came back for it"));
        }
        state.begin();
        state.company.invoices[number as usize].state = InvoiceState::Cancelled;
        state.touch("Invoices", number);
        let mirror = Invoice { state: InvoiceState::Cancelling, ..invoice };
        Ok(INVOICE + i64::from(state.enter_invoice(mirror)))
    }

    /// An invoice is paid in full. The invoice's `UpdateDate` stays, which the ERP leaves open. Returns the DocEntry.
    pub fn pay_invoice(&self, entry: i64) -> Result<i64, WorldError> {
        let mut state = self.write();
        let invoice = live(&state, table(System::SapB1, "Invoices"), "invoice", entry)?;
        let known = state.company.invoices[invoice as usize].clone();
        if known.state != InvoiceState::Valid || state.paid.get(&invoice).is_some_and(|paid| *paid > 0) {
            let why = "it is cancelled or paid; take a valid one that is not";
            return Err(WorldError::Refused { what: "invoice", id: entry, why });
        }
        state.begin();
        let amount = sap_documents::amounts(&state.company, &known, false).total;
        let day = state.today();
        state.payments.push(Payment { day, invoice, amount, means: 0, cancelled: false });
        state.paid.insert(invoice, amount);
        state.index_added(table(System::SapB1, "IncomingPayments"));
        Ok(PAYMENT + state.payments.len() as i64 - 1)
    }

    /// Cancels a payment: nothing tells of it but the payment itself.
    pub fn cancel_payment(&self, entry: i64) -> Result<(), WorldError> {
        let mut state = self.write();
        let payment = live(&state, table(System::SapB1, "IncomingPayments"), "payment", entry)?;
        if state.payments[payment as usize].cancelled {
            let why = "it is cancelled already";
            return Err(WorldError::Refused { what: "payment", id: entry, why });
        }
        state.begin();
        state.payments[payment as usize].cancelled = true;
        let invoice = state.payments[payment as usize].invoice;
        state.paid.remove(&invoice);
        Ok(())
    }

    /// A customer is given to another seller (1–40).
    pub fn move_customer(&self, card_code: &str, seller: u16) -> Result<(), WorldError> {
        let mut state = self.write();
        let partners = table(System::SapB1, "BusinessPartners");
        let id = card_code.trim_start_matches('C').parse().unwrap_or_default();
        let missing = WorldError::Missing { what: "customer", id };
        let customer = partners.find(&state, &Key::Text(card_code.to_owned())).ok_or(missing)?;
        if seller == 0 || usize::from(seller) > state.company.sellers.len() {
            return Err(WorldError::Missing { what: "seller", id: seller.into() });
        }
        state.begin();
        state.company.customers[customer as usize].seller = seller;
        state.touch("BusinessPartners", customer);
        Ok(())
    }

    /// An expense of `amount` cents of marketing is posted. Returns the JdtNum.
    pub fn post_expense(&self, amount: i64) -> i64 {
        let mut state = self.write();
        state.begin();
        let day = state.today();
        state.company.postings.push(Posting {
            day,
            account: 2,
            contra: 1,
            centre: 0,
            amount,
            channel: Some(0),
            place: Some(0),
            event: None,
            filial: 1,
            memo: "Anúncios",
        });
        state.index_added(table(System::SapB1, "JournalEntries"));
        JOURNAL + state.company.postings.len() as i64 - 1
    }

    /// An order is entered and invoiced, and now and then something is taken back.
    pub(super) fn shift_documents(&self, drawn: u64) -> Result<(), WorldError> {
        let customers = self.read().company.customers.len() as u64;
        if customers == 0 {
            return Ok(());
        }
        let customer = (drawn % customers) as usize;
        let order = self.post_order(&customers::code(customer), None)?;
        let invoice = self.post_invoice(order)?;
        match drawn / customers % 4 {
            0 => self.cancel_invoice(invoice).map(|_| ()),
            1 => self.pay_invoice(invoice).map(|_| ()),
            2 => self.move_customer(&customers::code(customer), 1 + (drawn >> 32) as u16 % 40),
            _ => {
                self.post_expense(1000 + (drawn >> 40) as i64 % 100_000);
                Ok(())
            }
        }
    }
}

impl State {
    /// A row's last change is now.
    fn touch(&mut self, name: &'static str, position: u32) {
        self.touched.insert((name, position), self.now);
        self.index_moved(table(System::SapB1, name), position);
    }

    fn enter_invoice(&mut self, invoice: Invoice) -> u32 {
        self.company.invoices.push(invoice);
        let number = self.company.invoices.len() as u32 - 1;
        self.entered.insert(("Invoices", number), self.now);
        self.index_added(table(System::SapB1, "Invoices"));
        number
    }
}

fn new_order(state: &mut State, customer: u32, deal: Option<u32>, drawn: u64) {
    let buyer = &state.company.customers[customer as usize];
    let contact = &state.company.contacts[buyer.contact as usize];
    let (place, city, seller) = (contact.place, contact.city, buyer.seller);
    let channel = deal.map_or(buyer.channel, |deal| state.company.deals[deal as usize].channel);
    let (filial, day) = (buyer.filial, state.today());
    let first_line = state.company.order_lines.len() as u32;
    let lines = 1 + (drawn % 3) as u8;
    for line in 0..lines {
        let number = (drawn >> (8 * line)) as usize % state.company.products.len();
        let known = &state.company.products[number];
        let price =
            known.price(state.company.horizon.last, state.company.horizon.first, &state.company.stories);
        let quantity = 1 + (drawn >> (16 + line)) as u32 % 20;
        let total = price * i64::from(quantity);
        state.company.order_lines.push(OrderLine {
            product: number as u16,
            quantity,
            price,
            discount: 0,
            total,
        });
        state.shipped.push(false);
    }
    state.company.orders.push(Order {
        day,
        customer,
        deal,
        channel,
        seller,
        filial,
        place,
        city,
        first_line,
        lines,
        discount: 0,
        bonus: false,
        cancelled: false,
        fulfilled: None,
    });
}
