//! Lines of marketing documents.
//!
//! Invariant: `UnitPrice` is before and `Price` after the discount of the line, and `LineTotal` is before that of the header.

use serde_json::{Value, json};

use super::super::money;
use super::item;
use crate::company::orders::{Order, OrderLine};
use crate::exports::sap_documents::{self as files, CREDIT, DELIVERY, INVOICE, ORDER};
use crate::servers::world::State;

struct Line<'a> {
    entry: i64,
    number: usize,
    order: &'a Order,
    item: (String, &'a str),
    quantity: i64,
    open: i64,
    /// Cents of a unit, and per cent of it.
    price: i64,
    discount: u8,
    /// Cents of the line.
    total: i64,
    tax: i64,
    /// ICMS, PIS, COFINS and CMV, of what has left.
    inside: Option<[i64; 4]>,
    cfop: Option<i64>,
    /// Object type, document and line.
    base: Option<(i64, i64, i64)>,
}

fn line(line: &Line<'_>) -> Value {
    let price = line.price * i64::from(100 - line.discount) / 100;
    let inside = |place: usize| line.inside.map(|amounts| money(amounts[place]));
    let stock = line.inside.map_or(0, |amounts| amounts[3]);
    let (base_type, base_entry, base_line) =
        line.base.map_or((-1, None, None), |(kind, entry, line)| (kind, Some(entry), Some(line)));
    json!({
        "LineNum": line.number,
        "ItemCode": line.item.0,
        "ItemDescription": line.item.1,
        "Quantity": line.quantity as f64,
        "InventoryQuantity": line.quantity as f64,
        "Price": money(price),
        "UnitPrice": money(line.price),
        "DiscountPercent": f64::from(line.discount),
        "Currency": "R$",
        "Rate": 0.0,
        "LineTotal": money(line.total),
        "RowTotalFC": 0.0,
        "RowTotalSC": money(line.total),
        "GrossTotal": money(line.total + line.tax),
        "TaxTotal": money(line.tax),
        "GrossProfit": money(line.total - stock),
        "GrossProfitFC": 0.0,
        "GrossProfitSC": money(line.total - stock),
        "GrossProfitTotalBasePrice": line.inside.map(|_| money(stock)),
        "WarehouseCode": format!("{:02}", line.order.filial),
        "SalesPersonCode": line.order.seller,
        "AccountCode": "3.1.1.01",
        "CostingCode": null,
        "CostingCode2": null,
        "CostingCode3": null,
        "CostingCode4": null,
        "CostingCode5": null,
        "ProjectCode": null,
        "LineStatus": if line.open > 0 { "bost_Open" } else { "bost_Close" },
        "RemainingOpenQuantity": line.open as f64,
        "OpenAmount": if line.open > 0 { money(line.total) } else { 0.0 },
        "OpenAmountFC": 0.0,
        "OpenAmountSC": if line.open > 0 { money(line.total) } else { 0.0 },
        "BaseType": base_type,
        "BaseEntry": base_entry,
        "BaseLine": base_line,
        "Usage": if line.order.bonus { 20 } else { 10 },
        "CFOPCode": line.cfop.map(|cfop| cfop.to_string()),
        "CSTCode": null,
        "NCMCode": null,
        "TaxCode": null,
        "FreeOfChargeBP": "tNO",
        "LineType": null,
        "DocEntry": line.entry,
        "U_ICMS": inside(0),
        "U_PIS": inside(1),
        "U_COFINS": inside(2),
    })
}

pub(in super::super) fn of_order(state: &State, position: u32) -> Vec<Value> {
    let company = &state.company;
    let order = &company.orders[position as usize];
    let numbered = order.line_range().enumerate();
    numbered
        .map(|(place, number)| {
            let ordered = &company.order_lines[number];
            let open = !order.cancelled && !state.shipped[number];
            line(&Line {
                entry: ORDER + i64::from(position),
                number: place,
                order,
                item: item(company, number as u32),
                quantity: ordered.quantity.into(),
                open: if open { ordered.quantity.into() } else { 0 },
                price: ordered.price,
                discount: ordered.discount,
                total: ordered.total,
                tax: 0,
                inside: None,
                cfop: None,
                base: None,
            })
        })
        .collect()
}

pub(in super::super) fn of_delivery(state: &State, position: u32) -> Vec<Value> {
    let company = &state.company;
    let shipment = &company.shipments[state.deliveries[position as usize] as usize];
    let order = &company.orders[shipment.order as usize];
    let numbered = shipment.line_range().enumerate();
    numbered
        .map(|(place, number)| {
            let order_line = company.shipment_lines[number].order_line;
            let ordered: &OrderLine = &company.order_lines[order_line as usize];
            line(&Line {
                entry: DELIVERY + i64::from(position),
                number: place,
                order,
                item: item(company, order_line),
                quantity: ordered.quantity.into(),
                open: 0,
                price: ordered.price,
                discount: ordered.discount,
                total: ordered.total,
                tax: 0,
                inside: None,
                cfop: None,
                base: Some((17, ORDER + i64::from(shipment.order), i64::from(order_line - order.first_line))),
            })
        })
        .collect()
}

pub(in super::super) fn of_invoice(state: &State, position: u32) -> Vec<Value> {
    let company = &state.company;
    let invoice = &company.invoices[position as usize];
    let shipment = &company.shipments[invoice.shipment as usize];
    let order = &company.orders[shipment.order as usize];
    let numbered = company.shipment_lines[shipment.line_range()].iter().enumerate();
    numbered
        .map(|(place, sold)| {
            let ordered = &company.order_lines[sold.order_line as usize];
            let factor = files::times(invoice, place);
            let base = if shipment.direct {
                let line = i64::from(sold.order_line - order.first_line);
                (17, ORDER + i64::from(shipment.order), line)
            } else {
                (15, files::delivery_entry(shipment), place as i64)
            };
            line(&Line {
                entry: INVOICE + i64::from(position),
                number: place,
                order,
                item: item(company, sold.order_line),
                quantity: i64::from(ordered.quantity) * factor,
                open: 0,
                price: ordered.price,
                discount: ordered.discount,
                total: ordered.total * factor,
                tax: sold.ipi * factor,
                inside: Some([sold.icms, sold.pis, sold.cofins, sold.stock].map(|cents| cents * factor)),
                cfop: Some(files::cfop(order)),
                base: Some(base),
            })
        })
        .collect()
}

pub(in super::super) fn of_credit_note(state: &State, position: u32) -> Vec<Value> {
    let company = &state.company;
    let back = &company.returns[position as usize];
    let shipment = &company.shipments[company.invoices[back.invoice as usize].shipment as usize];
    let order = &company.orders[shipment.order as usize];
    let numbered = back.lines.iter().enumerate();
    numbered
        .map(|(place, returned)| {
            let sold = &company.shipment_lines[shipment.first_line as usize + usize::from(returned.line)];
            let ordered = &company.order_lines[sold.order_line as usize];
            line(&Line {
                entry: CREDIT + i64::from(position),
                number: place,
                order,
                item: item(company, sold.order_line),
                quantity: returned.quantity.into(),
                open: 0,
                price: ordered.price,
                discount: ordered.discount,
                total: returned.total,
                tax: returned.ipi,
                inside: Some([returned.icms, returned.pis, returned.cofins, returned.stock]),
                cfop: None,
                base: Some((13, INVOICE + i64::from(back.invoice), returned.line.into())),
            })
        })
        .collect()
}
