//! Quotes, orders, products and tasks of the CRM.
//!
//! Invariant: an order of the CRM is one of the ERP that came from a deal, with the amount that the ERP knows.

use serde_json::{Value, json};

use super::tables::{ORDER, TASK};
use super::{STAFF_ID, moment, money};
use crate::calendar::{DAY_SECONDS, Moment};
use crate::exports::ploomes::{self as crm, CONTACT, DEAL, PRODUCT, QUOTE, USER};
use crate::exports::sap_documents;
use crate::servers::odata::instants;
use crate::servers::world::State;

pub(super) fn quote_changed(state: &State, position: u32) -> i64 {
    instants::utc(state.quotes[position as usize].at, 0)
}

pub(super) fn quote(state: &State, position: u32) -> Value {
    let quote = &state.quotes[position as usize];
    let deal = &state.company.deals[quote.deal as usize];
    let id = QUOTE + i64::from(position);
    // The reviews of a quote stand side by side, the current one last.
    let last = state.quotes[position as usize..].iter().position(|other| other.last).unwrap_or_default();
    json!({
        "Id": id,
        "QuoteNumber": quote.number,
        "ReviewNumber": quote.review,
        "LastReview": quote.last,
        "LastReviewId": id + last as i64,
        "DealId": DEAL + i64::from(quote.deal),
        "ContactId": CONTACT + i64::from(deal.contact),
        "ContactName": state.company.contacts[deal.contact as usize].name,
        "OwnerId": USER + i64::from(quote.seller),
        "Date": moment(quote.at, 0),
        "ExpirationDate": moment(quote.at + 15 * DAY_SECONDS, 0),
        "Amount": money(quote.amount),
        "Discount": 0.0,
        "CurrencyId": 1,
        "ApprovalStatusId": null,
        "ExternallyAccepted": null,
        "PaymentMethod": null,
        "FreightCost": null,
        "Key": null,
        "DocumentUrl": null,
        "CreatorId": USER + i64::from(quote.seller),
        "CreateDate": moment(quote.at, 0),
        "LastUpdateDate": moment(quote.at, 0),
    })
}

pub(super) fn quote_products(state: &State, position: u32) -> Vec<Value> {
    let quote = &state.quotes[position as usize];
    let product = state.company.deals[quote.deal as usize].product;
    vec![json!({
        "Id": 810_000_001 + i64::from(position),
        "QuoteId": QUOTE + i64::from(position),
        "ProductId": PRODUCT + i64::from(product),
        "ProductName": state.company.products[usize::from(product)].name,
        "Quantity": 1.0,
        "UnitPrice": money(quote.amount),
        "Discount": 0.0,
        "Total": money(quote.amount),
        "CurrencyId": 1,
    })]
}

/// When an order was entered: at noon of its day, unless it came while the world ran.
fn ordered(state: &State, position: u32) -> Moment {
    let order = state.sold[position as usize];
    let noon = crm::noon(state.company.orders[order as usize].day);
    state.entered.get(&("Orders", order)).copied().unwrap_or(noon)
}

pub(super) fn order_changed(state: &State, position: u32) -> i64 {
    instants::utc(ordered(state, position), 0)
}

pub(super) fn order(state: &State, position: u32) -> Value {
    let company = &state.company;
    let order = &company.orders[state.sold[position as usize] as usize];
    let contact = company.customers[order.customer as usize].contact;
    let at = moment(ordered(state, position), 0);
    json!({
        "Id": ORDER + i64::from(position),
        "OrderNumber": i64::from(position) + 1,
        "Date": at,
        "DealId": order.deal.map(|deal| DEAL + i64::from(deal)),
        "ContactId": CONTACT + i64::from(contact),
        "ContactName": company.contacts[contact as usize].name,
        "StageId": null,
        "OwnerId": USER + i64::from(order.seller),
        "Amount": money(sap_documents::order_total(company, order)),
        "Discount": f64::from(order.discount),
        "CurrencyId": 1,
        "OriginQuoteId": null,
        "ApprovalStatusId": null,
        "Commission": null,
        "CommissionAmount": null,
        "CreatorId": USER + i64::from(order.seller),
        "CreateDate": at,
        "LastUpdateDate": at,
    })
}

pub(super) fn order_products(state: &State, position: u32) -> Vec<Value> {
    let company = &state.company;
    let order = &company.orders[state.sold[position as usize] as usize];
    let lines = order.line_range().map(|number| (number, &company.order_lines[number]));
    lines
        .map(|(number, line)| {
            json!({
                "Id": 610_000_001 + number as i64,
                "OrderId": ORDER + i64::from(position),
                "ProductId": PRODUCT + i64::from(line.product),
                "ProductName": company.products[usize::from(line.product)].name,
                "Quantity": f64::from(line.quantity),
                "UnitPrice": money(line.price),
                "Discount": f64::from(line.discount),
                "Total": money(line.total),
                "CurrencyId": 1,
            })
        })
        .collect()
}

pub(super) fn product(state: &State, position: u32) -> Value {
    let company = &state.company;
    let count = company.products.len();
    let again = position as usize >= count;
    let index = if again { (position as usize - count) * 31 % count } else { position as usize };
    let (name, code) = crm::registered_as(company, index, again);
    let product = &company.products[index];
    let price = product.price(company.horizon.last, company.horizon.first, &company.stories);
    // All came in one import: more than a page of rows with one date.
    let at = moment(crm::noon(company.horizon.first), 0);
    json!({
        "Id": PRODUCT + i64::from(position),
        "Name": name,
        "Code": code,
        "GroupId": null,
        "FamilyId": null,
        "MeasurementUnit": "UN",
        "UnitPrice": money(price),
        "CurrencyId": 1,
        "Suspended": product.retired,
        "CreatorId": STAFF_ID,
        "CreateDate": at,
        "LastUpdateDate": at,
    })
}

pub(super) fn task_changed(state: &State, position: u32) -> i64 {
    instants::utc(state.company.deals[state.tasks[position as usize] as usize].created, 0)
}

pub(super) fn task(state: &State, position: u32) -> Value {
    let number = state.tasks[position as usize];
    let deal = &state.company.deals[number as usize];
    json!({
        "Id": TASK + i64::from(position),
        "Title": "Retornar contato",
        "Description": null,
        "TypeId": 1,
        "ContactId": CONTACT + i64::from(deal.contact),
        "DealId": DEAL + i64::from(number),
        "DateTime": moment(deal.created + 3 * DAY_SECONDS, 0),
        "EndTime": null,
        "NoTime": false,
        "Finished": false,
        "FinishDate": null,
        "FinisherId": null,
        "CreatorId": STAFF_ID,
        "CreateDate": moment(deal.created, 0),
        "LastUpdateDate": moment(deal.created, 0),
    })
}

pub(super) fn task_users(state: &State, position: u32) -> Vec<Value> {
    let deal = &state.company.deals[state.tasks[position as usize] as usize];
    vec![json!({ "TaskId": TASK + i64::from(position), "UserId": USER + i64::from(deal.seller) })]
}
