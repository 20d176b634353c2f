//! Marketing documents: orders, deliveries, invoices, credit notes, which share one type, with their lines inside.
//!
//! Invariant: a document's amounts are those of the newest rows of the file exports, to the cent.

use serde_json::{Value, json};

use super::{money, time_of};
use crate::calendar::Day;
use crate::company::invoices::{InvoiceState, REASONS};
use crate::company::orders::Order;
use crate::company::places::{FILIAIS, PLACES};
use crate::company::{Company, customers, products};
use crate::exports::ploomes::deal_id;
use crate::exports::sap::{channel_text, corrected, corrected_month};
use crate::exports::sap_documents::{self as files, CREDIT, DELIVERY, INVOICE, ORDER};
use crate::servers::odata::instants::{date, time};
use crate::servers::table::day_of;
use crate::servers::world::State;

mod lines;

pub(super) use lines::{of_credit_note, of_delivery, of_invoice, of_order};

/// Days after an order on which it is wanted.
const ORDER_TERM: Day = 10;
const INVOICE_TERM: Day = 28;

/// What the header of a document is made of.
struct Head<'a> {
    table: &'static str,
    object: &'static str,
    entry: i64,
    number: i64,
    day: Day,
    due: Day,
    created: Day,
    changed: Day,
    order: &'a Order,
    /// Cents.
    total: i64,
    vat: i64,
    discount: i64,
    discount_percent: u8,
    paid: i64,
    freight: i64,
    cancelled: &'static str,
    cancel_status: &'static str,
    open: bool,
    /// Columns of the house: U_Canal, U_Operacao, U_DealId, U_Motivo.
    house: [Value; 4],
}

/// The day of the last change: of a change while the world ran, or else `usual`.
fn changed_on(state: &State, table: &'static str, position: u32, usual: Day) -> Day {
    let at = state.touched.get(&(table, position)).or_else(|| state.entered.get(&(table, position)));
    at.map_or(usual, |at| day_of(*at) as Day)
}

fn created_on(state: &State, table: &'static str, position: u32, usual: Day) -> Day {
    state.entered.get(&(table, position)).map_or(usual, |at| day_of(*at) as Day)
}

fn invoice_change(state: &State, position: u32) -> Day {
    let index = position as usize;
    let company = &state.company;
    // What came while the world ran was never exported, and never corrected.
    let fresh = state.entered.contains_key(&("Invoices", position));
    let usual = if !fresh && corrected(company, index) {
        corrected_month(company).1
    } else {
        company.invoices[index].day
    };
    changed_on(state, "Invoices", position, usual)
}

pub(super) fn invoice_changed(state: &State, position: u32) -> i64 {
    invoice_change(state, position).into()
}

fn order_change(state: &State, position: u32) -> Day {
    changed_on(state, "Orders", position, files::last_change(&state.company.orders[position as usize]))
}

pub(super) fn order_changed(state: &State, position: u32) -> i64 {
    order_change(state, position).into()
}

pub(super) fn delivery_changed(state: &State, position: u32) -> i64 {
    state.company.shipments[state.deliveries[position as usize] as usize].day.into()
}

pub(super) fn credit_changed(state: &State, position: u32) -> i64 {
    state.company.returns[position as usize].day.into()
}

fn head(state: &State, position: u32, head: Head<'_>) -> Value {
    let company = &state.company;
    let order = head.order;
    let customer = &company.customers[order.customer as usize];
    let expenses = if head.freight == 0 {
        json!([])
    } else {
        json!([{ "LineNum": 0, "ExpenseCode": 1, "LineTotal": money(head.freight), "TaxSum": 0.0 }])
    };
    let amounts = amounts(&head);
    let [channel, operation, deal, reason] = head.house;
    let cancelled_on = (head.cancel_status != "csNo").then(|| date(head.changed));
    let mut row = json!({
        "DocEntry": head.entry,
        "DocNum": head.number,
        "DocType": "dDocument_Items",
        "DocDate": date(head.day),
        "DocDueDate": date(head.due),
        "TaxDate": date(head.day),
        "CardCode": customers::code(order.customer as usize),
        "CardName": company.contacts[customer.contact as usize].legal_name,
        "NumAtCard": null,
        "DocCurrency": "R$",
        "DocRate": 1.0,
        "SalesPersonCode": order.seller,
        "BPL_IDAssignedToInvoice": order.filial,
        "BPLName": FILIAIS[usize::from(order.filial) - 1].1,
        "Series": 1,
        "SequenceCode": -1,
        "SequenceSerial": null,
        "SequenceModel": null,
        "SeriesString": null,
        "DocumentStatus": if head.open { "bost_Open" } else { "bost_Close" },
        "Cancelled": head.cancelled,
        "CancelStatus": head.cancel_status,
        "CancelDate": cancelled_on,
        "ClosingDate": null,
        "CreationDate": date(head.created),
        "DocTime": time(time_of(state, "", position)),
        "UpdateDate": date(head.changed),
        "UpdateTime": time(time_of(state, head.table, position)),
        "Project": null,
        "Comments": null,
        "TransNum": null,
        "DocObjectCode": head.object,
        "ReserveInvoice": "tNO",
        "FederalTaxID": company.contacts[customer.contact as usize].cnpj,
        "U_Canal": channel,
        "U_Operacao": operation,
        "U_DealId": deal,
        "U_Motivo": reason,
        "TaxExtension": { "TaxId0": company.contacts[customer.contact as usize].cnpj, "TaxId4": null },
        "AddressExtension": {
            "ShipToState": PLACES[usize::from(order.place)].uf,
            "ShipToCity": order.city,
            "ShipToCountry": "BR",
        },
        "DocumentAdditionalExpenses": expenses,
        "DocumentInstallments": [{
            "InstallmentId": 1,
            "DueDate": date(head.due),
            "Percentage": 100.0,
            "Total": money(head.total),
        }],
    });
    if let (Value::Object(row), Value::Object(amounts)) = (&mut row, amounts) {
        row.extend(amounts);
    }
    row
}

/// What a document comes to, in the local currency, in no foreign one, and in that of the system, which is the local one.
fn amounts(head: &Head<'_>) -> Value {
    json!({
        "DocTotal": money(head.total),
        "DocTotalFc": 0.0,
        "DocTotalSys": money(head.total),
        "VatSum": money(head.vat),
        "VatSumFc": 0.0,
        "VatSumSys": money(head.vat),
        "DiscountPercent": f64::from(head.discount_percent),
        "TotalDiscount": money(head.discount),
        "TotalDiscountFC": 0.0,
        "TotalDiscountSC": money(head.discount),
        "WTAmount": 0.0,
        "WTAmountFC": 0.0,
        "WTAmountSC": 0.0,
        "DownPaymentAmount": 0.0,
        "PaidToDate": money(head.paid),
        "PaidToDateFC": 0.0,
        "PaidToDateSys": money(head.paid),
    })
}

fn channel(company: &Company, order: &Order, stream: u64, position: u32) -> Value {
    channel_text(company, order.channel, stream, position.into()).into()
}

pub(super) fn order(state: &State, position: u32) -> Value {
    let company = &state.company;
    let order = &company.orders[position as usize];
    let gross: i64 = company.order_lines[order.line_range()].iter().map(|line| line.total).sum();
    let total = files::order_total(company, order);
    head(
        state,
        position,
        Head {
            table: "Orders",
            object: "oOrders",
            entry: ORDER + i64::from(position),
            number: 1001 + i64::from(position),
            day: order.day,
            due: order.day + ORDER_TERM,
            created: created_on(state, "Orders", position, order.day),
            changed: order_change(state, position),
            order,
            total,
            vat: 0,
            discount: gross - total,
            discount_percent: order.discount,
            paid: 0,
            freight: 0,
            cancelled: if order.cancelled { "tYES" } else { "tNO" },
            cancel_status: if order.cancelled { "csYes" } else { "csNo" },
            open: !order.cancelled && order.fulfilled.is_none(),
            house: [
                channel(company, order, 301, position),
                Value::Null,
                order.deal.map(deal_id).into(),
                Value::Null,
            ],
        },
    )
}

pub(super) fn delivery(state: &State, position: u32) -> Value {
    let company = &state.company;
    let shipment = &company.shipments[state.deliveries[position as usize] as usize];
    let order = &company.orders[shipment.order as usize];
    let sold = &company.shipment_lines[shipment.line_range()];
    let gross: i64 = sold.iter().map(|line| company.order_lines[line.order_line as usize].total).sum();
    let total = gross * i64::from(100 - order.discount) / 100;
    head(
        state,
        position,
        Head {
            table: "DeliveryNotes",
            object: "oDeliveryNotes",
            entry: DELIVERY + i64::from(position),
            number: 5001 + i64::from(position),
            day: shipment.day,
            due: shipment.day,
            created: shipment.day,
            changed: shipment.day,
            order,
            total,
            vat: 0,
            discount: gross - total,
            discount_percent: order.discount,
            paid: 0,
            freight: 0,
            cancelled: "tNO",
            cancel_status: "csNo",
            open: false,
            house: [const { Value::Null }; 4],
        },
    )
}

pub(super) fn invoice(state: &State, position: u32) -> Value {
    let company = &state.company;
    let invoice = &company.invoices[position as usize];
    let order = company.order_of(invoice);
    let amounts = files::amounts(company, invoice, false);
    let paid = state.paid.get(&position).copied().unwrap_or_default();
    let (cancelled, cancel_status) = match invoice.state {
        InvoiceState::Valid => ("tNO", "csNo"),
        InvoiceState::Cancelled => ("tYES", "csYes"),
        // The second document is not itself cancelled: who asks for `Cancelled` alone counts it.
        InvoiceState::Cancelling => ("tNO", "csCancellation"),
    };
    head(
        state,
        position,
        Head {
            table: "Invoices",
            object: "oInvoices",
            entry: INVOICE + i64::from(position),
            number: 70_001 + i64::from(position),
            day: invoice.day,
            due: invoice.day + INVOICE_TERM,
            created: created_on(state, "Invoices", position, invoice.day),
            changed: invoice_change(state, position),
            order,
            total: amounts.total,
            vat: amounts.ipi,
            discount: amounts.discount,
            discount_percent: order.discount,
            paid,
            freight: invoice.freight,
            cancelled,
            cancel_status,
            open: invoice.state == InvoiceState::Valid && !order.bonus && paid < amounts.total,
            house: [
                channel(company, order, 302, position),
                if order.bonus { "Bonificação" } else { "Venda" }.into(),
                Value::Null,
                Value::Null,
            ],
        },
    )
}

pub(super) fn credit_note(state: &State, position: u32) -> Value {
    let company = &state.company;
    let back = &company.returns[position as usize];
    let order = company.order_of(&company.invoices[back.invoice as usize]);
    let vat: i64 = back.lines.iter().map(|line| line.ipi).sum();
    let total: i64 = back.lines.iter().map(|line| line.total).sum();
    head(
        state,
        position,
        Head {
            table: "CreditNotes",
            object: "oCreditNotes",
            entry: CREDIT + i64::from(position),
            number: 3001 + i64::from(position),
            day: back.day,
            due: back.day,
            created: back.day,
            changed: back.day,
            order,
            total: total + vat,
            vat,
            discount: 0,
            discount_percent: 0,
            paid: 0,
            freight: 0,
            cancelled: "tNO",
            cancel_status: "csNo",
            open: false,
            house: [
                channel(company, order, 303, position),
                Value::Null,
                Value::Null,
                REASONS[usize::from(back.reason)].into(),
            ],
        },
    )
}

/// Code of the product of an order line.
fn item(company: &Company, order_line: u32) -> (String, &str) {
    let product = usize::from(company.order_lines[order_line as usize].product);
    (products::code(product), &company.products[product].name)
}
