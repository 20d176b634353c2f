//! Marketing documents of the ERP: orders, deliveries, invoices, credit notes and their lines.
//!
//! Invariant: the newest row of each document and line is that of the model.

use std::io;

use super::Out;
use super::ploomes::deal_id;
use super::sap::{channel_text, corrected, corrected_month, plan};
use super::stream::{Layout, Line, Stream};
use crate::calendar::{Day, month_of};
use crate::company::invoices::{Invoice, InvoiceState, REASONS, Shipment};
use crate::company::orders::Order;
use crate::company::places::{FILIAIS, PLACES};
use crate::company::{Company, customers, products};
use crate::dirt::{Broken, Dirt};

pub(crate) const ORDER: i64 = 20_001;
pub(crate) const DELIVERY: i64 = 50_001;
pub(crate) const INVOICE: i64 = 30_001;
pub(crate) const CREDIT: i64 = 9_001;

const OINV: &str = "DocEntry DocNum CANCELED DocDate DocDueDate CardCode CardName BPLId SlpCode ShipToState ShipToCity U_Canal \
                    U_Operacao DiscPrcnt DiscSum VatSum TotalExpns DocTotal UpdateDate";
const INV1: &str = "DocEntry LineNum ItemCode Dscription Quantity Price DiscPrcnt LineTotal VatSum U_ICMS U_PIS U_COFINS StockValue \
                    CFOP BaseType BaseEntry BaseLine DocDate UpdateDate";

const fn dirty(date: usize, number: usize) -> Dirt {
    Dirt { doubled: 4, late: 4, broken: Some(Broken { date, number, key: "" }) }
}

const QUIET: Dirt = Dirt { doubled: 3, late: 3, broken: None };

pub(super) fn write(company: &Company, out: &mut Out<'_>) -> io::Result<()> {
    orders(company, out)?;
    order_lines(company, out)?;
    deliveries(company, out)?;
    invoices(company, out)?;
    invoice_lines(company, out)?;
    returns(company, out)
}

pub(crate) fn order_total(company: &Company, order: &Order) -> i64 {
    let lines: i64 = company.order_lines[order.line_range()].iter().map(|line| line.total).sum();
    lines * i64::from(100 - order.discount) / 100
}

pub(crate) fn last_change(order: &Order) -> Day {
    order.fulfilled.unwrap_or(order.day)
}

fn orders(company: &Company, out: &mut Out<'_>) -> io::Result<()> {
    let columns = "DocEntry DocNum CANCELED DocStatus DocDate DocDueDate CardCode BPLId SlpCode ShipToState ShipToCity U_Canal U_DealId \
                   DocTotal UpdateDate";
    let mut stream = Stream::open(out, &plan("ordr", "ORDR", columns, Layout::Folder, dirty(4, 13)))?;
    for (index, order) in company.orders.iter().enumerate() {
        let place = &PLACES[usize::from(order.place)];
        let closed = order.cancelled || order.fulfilled.is_some();
        stream.row(out, order.day, |line| {
            line.int(ORDER + index as i64).int(1001 + index as i64).text(if order.cancelled {
                "Y"
            } else {
                "N"
            });
            line.text(if closed { "C" } else { "O" }).date(order.day).date(order.day + 10);
            line.text(&customers::code(order.customer as usize))
                .int(order.filial.into())
                .int(order.seller.into());
            line.text(place.uf).text(order.city).text(channel_text(
                company,
                order.channel,
                301,
                index as u64,
            ));
            match order.deal {
                Some(deal) => line.int(deal_id(deal)),
                None => line.empty(),
            };
            line.money(order_total(company, order)).date(last_change(order));
        })?;
    }
    stream.finish(out)
}

fn order_lines(company: &Company, out: &mut Out<'_>) -> io::Result<()> {
    let shipped = shipped_lines(company);
    let columns = "DocEntry LineNum ItemCode Quantity OpenQty Price LineTotal DocDate UpdateDate";
    let mut stream = Stream::open(out, &plan("rdr1", "RDR1", columns, Layout::Folder, QUIET))?;
    for (index, order) in company.orders.iter().enumerate() {
        for (place, number) in order.line_range().enumerate() {
            let ordered = &company.order_lines[number];
            let open = if order.cancelled || shipped[number] { 0 } else { ordered.quantity };
            stream.row(out, order.day, |line| {
                line.int(ORDER + index as i64)
                    .int(place as i64)
                    .text(&products::code(ordered.product.into()));
                line.int(ordered.quantity.into()).int(open.into()).money(ordered.price).money(ordered.total);
                line.date(order.day).date(last_change(order));
            })?;
        }
    }
    stream.finish(out)
}

pub(crate) fn shipped_lines(company: &Company) -> Vec<bool> {
    let mut shipped = vec![false; company.order_lines.len()];
    for line in &company.shipment_lines {
        shipped[line.order_line as usize] = true;
    }
    shipped
}

/// Deliveries by their number.
pub(crate) fn by_number(company: &Company) -> Vec<&Shipment> {
    let mut deliveries: Vec<&Shipment> =
        company.shipments.iter().filter(|shipment| !shipment.direct).collect();
    deliveries.sort_by_key(|shipment| shipment.delivery);
    deliveries
}

pub(crate) fn delivery_entry(shipment: &Shipment) -> i64 {
    DELIVERY + i64::from(shipment.delivery) - 1
}

fn deliveries(company: &Company, out: &mut Out<'_>) -> io::Result<()> {
    let deliveries = by_number(company);
    let columns = "DocEntry DocNum CANCELED DocDate CardCode BPLId ShipToState UpdateDate";
    let mut stream = Stream::open(out, &plan("odln", "ODLN", columns, Layout::Folder, QUIET))?;
    for shipment in &deliveries {
        let order = &company.orders[shipment.order as usize];
        stream.row(out, shipment.day, |line| {
            line.int(delivery_entry(shipment))
                .int(5000 + i64::from(shipment.delivery))
                .text("N")
                .date(shipment.day);
            line.text(&customers::code(order.customer as usize)).int(order.filial.into());
            line.text(PLACES[usize::from(order.place)].uf).date(shipment.day);
        })?;
    }
    stream.finish(out)?;
    let columns = "DocEntry LineNum ItemCode Quantity BaseType BaseEntry BaseLine DocDate UpdateDate";
    let mut stream = Stream::open(out, &plan("dln1", "DLN1", columns, Layout::Folder, QUIET))?;
    for shipment in &deliveries {
        let order = &company.orders[shipment.order as usize];
        for (place, number) in shipment.line_range().enumerate() {
            let order_line = company.shipment_lines[number].order_line;
            let ordered = &company.order_lines[order_line as usize];
            stream.row(out, shipment.day, |line| {
                line.int(delivery_entry(shipment))
                    .int(place as i64)
                    .text(&products::code(ordered.product.into()));
                line.int(ordered.quantity.into()).int(17).int(ORDER + i64::from(shipment.order));
                line.int(i64::from(order_line - order.first_line)).date(shipment.day).date(shipment.day);
            })?;
        }
    }
    stream.finish(out)
}

/// How a row of an invoice is written: as it is, or as it wrongly was before its month was corrected.
#[derive(Clone, Copy)]
struct Edition {
    wrong: bool,
    updated: Day,
}

/// The editions of an invoice in the first export and in the corrected one.
fn editions(company: &Company, number: usize) -> (Edition, Option<Edition>) {
    let day = company.invoices[number].day;
    let (month, corrected_on) = corrected_month(company);
    if corrected(company, number) {
        (Edition { wrong: true, updated: day }, Some(Edition { wrong: false, updated: corrected_on }))
    } else {
        let same = Edition { wrong: false, updated: day };
        (same, (month_of(day) == month).then_some(same))
    }
}

/// Ten times the quantity in the first line of an invoice that was typed so.
pub(crate) fn times(invoice: &Invoice, place: usize) -> i64 {
    if invoice.tenfold && place == 0 { 10 } else { 1 }
}

/// Cents of an invoice.
pub(crate) struct Amounts {
    pub discount: i64,
    pub ipi: i64,
    pub total: i64,
}

/// What an invoice comes to; `wrong` before its month was corrected.
pub(crate) fn amounts(company: &Company, invoice: &Invoice, wrong: bool) -> Amounts {
    let shipment = &company.shipments[invoice.shipment as usize];
    let order = &company.orders[shipment.order as usize];
    let (mut total, mut ipi) = (0, 0);
    for (place, sold) in company.shipment_lines[shipment.line_range()].iter().enumerate() {
        let factor = times(invoice, place);
        total += line_total(company.order_lines[sold.order_line as usize].total, wrong) * factor;
        ipi += sold.ipi * factor;
    }
    let discount = total * i64::from(order.discount) / 100;
    Amounts { discount, ipi, total: total - discount + ipi + invoice.freight }
}

fn invoices(company: &Company, out: &mut Out<'_>) -> io::Result<()> {
    let layout = plan("oinv", "OINV", OINV, Layout::Folder, dirty(3, 17));
    let mut stream = Stream::open(out, &layout)?;
    let label = format!("{}_reexportacao", crate::calendar::month_label(corrected_month(company).0));
    let mut again =
        Stream::open_extra(out, &super::stream::Plan { dirt: Dirt::default(), ..layout }, &label)?;
    for (number, invoice) in company.invoices.iter().enumerate() {
        let (first, second) = editions(company, number);
        stream.row(out, invoice.day, |line| invoice_row(company, number, invoice, first, line))?;
        if let Some(second) = second {
            again.row(out, invoice.day, |line| invoice_row(company, number, invoice, second, line))?;
        }
    }
    stream.finish(out)?;
    again.finish(out)
}

fn invoice_row(company: &Company, number: usize, invoice: &Invoice, edition: Edition, line: &mut Line<'_>) {
    let shipment = &company.shipments[invoice.shipment as usize];
    let order = &company.orders[shipment.order as usize];
    let customer = &company.customers[order.customer as usize];
    let Amounts { discount, ipi, total } = amounts(company, invoice, edition.wrong);
    let channel = if edition.wrong { (order.channel + 1) % 6 } else { order.channel };
    line.int(INVOICE + number as i64).int(70_001 + number as i64);
    line.text(match invoice.state {
        InvoiceState::Valid => "N",
        InvoiceState::Cancelled => "Y",
        InvoiceState::Cancelling => "C",
    });
    line.date(invoice.day).date(invoice.day + 28).text(&customers::code(order.customer as usize));
    line.text(&company.contacts[customer.contact as usize].legal_name)
        .int(order.filial.into())
        .int(order.seller.into());
    line.text(PLACES[usize::from(order.place)].uf).text(order.city).text(channel_text(
        company,
        channel,
        302,
        number as u64,
    ));
    line.text(if order.bonus { "Bonificação" } else { "Venda" })
        .int(order.discount.into())
        .money(discount)
        .money(ipi);
    line.money(invoice.freight).money(total).date(edition.updated);
}

/// A line typed wrongly was a tenth too high.
fn line_total(total: i64, wrong: bool) -> i64 {
    if wrong { total + total / 10 } else { total }
}

fn invoice_lines(company: &Company, out: &mut Out<'_>) -> io::Result<()> {
    let layout = plan("inv1", "INV1", INV1, Layout::Folder, dirty(17, 7));
    let mut stream = Stream::open(out, &layout)?;
    let label = format!("{}_reexportacao", crate::calendar::month_label(corrected_month(company).0));
    let mut again =
        Stream::open_extra(out, &super::stream::Plan { dirt: Dirt::default(), ..layout }, &label)?;
    for (number, invoice) in company.invoices.iter().enumerate() {
        let (first, second) = editions(company, number);
        for place in 0..usize::from(company.shipments[invoice.shipment as usize].lines) {
            stream.row(out, invoice.day, |line| invoice_line(company, number, place, first, line))?;
            if let Some(second) = second {
                again.row(out, invoice.day, |line| invoice_line(company, number, place, second, line))?;
            }
        }
    }
    stream.finish(out)?;
    again.finish(out)
}

fn invoice_line(company: &Company, number: usize, place: usize, edition: Edition, line: &mut Line<'_>) {
    let invoice = &company.invoices[number];
    let shipment = &company.shipments[invoice.shipment as usize];
    let order = &company.orders[shipment.order as usize];
    let sold = &company.shipment_lines[shipment.first_line as usize + place];
    let ordered = &company.order_lines[sold.order_line as usize];
    let factor = times(invoice, place);
    line.int(INVOICE + number as i64).int(place as i64).text(&products::code(ordered.product.into()));
    line.text(&company.products[usize::from(ordered.product)].name)
        .int(i64::from(ordered.quantity) * factor)
        .money(ordered.price);
    line.int(ordered.discount.into())
        .money(line_total(ordered.total, edition.wrong) * factor)
        .money(sold.ipi * factor);
    line.money(sold.icms * factor)
        .money(sold.pis * factor)
        .money(sold.cofins * factor)
        .money(sold.stock * factor);
    line.int(cfop(order));
    if shipment.direct {
        line.int(17)
            .int(ORDER + i64::from(shipment.order))
            .int(i64::from(sold.order_line - order.first_line));
    } else {
        line.int(15).int(delivery_entry(shipment)).int(place as i64);
    }
    line.date(invoice.day).date(edition.updated);
}

pub(crate) fn cfop(order: &Order) -> i64 {
    let home = FILIAIS[usize::from(order.filial) - 1].3;
    match (PLACES[usize::from(order.place)].uf == home, order.bonus) {
        (true, false) => 5102,
        (false, false) => 6102,
        (true, true) => 5910,
        (false, true) => 6910,
    }
}

fn returns(company: &Company, out: &mut Out<'_>) -> io::Result<()> {
    let columns = "DocEntry DocNum CANCELED DocDate CardCode BPLId SlpCode ShipToState U_Canal DocTotal U_Motivo UpdateDate";
    let mut stream = Stream::open(out, &plan("orin", "ORIN", columns, Layout::Folder, QUIET))?;
    for (index, back) in company.returns.iter().enumerate() {
        let order = company.order_of(&company.invoices[back.invoice as usize]);
        let total: i64 = back.lines.iter().map(|line| line.total + line.ipi).sum();
        stream.row(out, back.day, |line| {
            line.int(CREDIT + index as i64).int(3001 + index as i64).text("N").date(back.day);
            line.text(&customers::code(order.customer as usize))
                .int(order.filial.into())
                .int(order.seller.into());
            line.text(PLACES[usize::from(order.place)].uf).text(channel_text(
                company,
                order.channel,
                303,
                index as u64,
            ));
            line.money(total).text(REASONS[usize::from(back.reason)]).date(back.day);
        })?;
    }
    stream.finish(out)?;
    let columns = "DocEntry LineNum ItemCode Quantity LineTotal VatSum U_ICMS U_PIS U_COFINS StockValue BaseType BaseEntry BaseLine \
                   DocDate UpdateDate";
    let mut stream = Stream::open(out, &plan("rin1", "RIN1", columns, Layout::Folder, QUIET))?;
    for (index, back) in company.returns.iter().enumerate() {
        let shipment = &company.shipments[company.invoices[back.invoice as usize].shipment as usize];
        for (place, returned) in back.lines.iter().enumerate() {
            let sold = &company.shipment_lines[shipment.first_line as usize + usize::from(returned.line)];
            let product = company.order_lines[sold.order_line as usize].product;
            stream.row(out, back.day, |line| {
                line.int(CREDIT + index as i64)
                    .int(place as i64)
                    .text(&products::code(product.into()))
                    .int(returned.quantity.into());
                line.money(returned.total)
                    .money(returned.ipi)
                    .money(returned.icms)
                    .money(returned.pis)
                    .money(returned.cofins);
                line.money(returned.stock)
                    .int(13)
                    .int(INVOICE + i64::from(back.invoice))
                    .int(returned.line.into());
                line.date(back.day).date(back.day);
            })?;
        }
    }
    stream.finish(out)
}
