//! Journal entries and incoming payments: what tells no date of change.
//!
//! Invariant: the lines of an entry balance.

use serde_json::{Value, json};

use super::tables::{JOURNAL, PAYMENT};
use super::{money, yes};
use crate::company::expenses::{ACCOUNTS, COST_CENTRES, channel_name};
use crate::company::places::{FILIAIS, PLACES};
use crate::company::{customers, events};
use crate::exports::sap::channel_text;
use crate::exports::sap_documents::INVOICE;
use crate::servers::odata::instants::date;
use crate::servers::world::State;

pub(super) fn entry(state: &State, position: u32) -> Value {
    let company = &state.company;
    let posting = &company.postings[position as usize];
    let (account, contra) =
        (ACCOUNTS[usize::from(posting.account)].0, ACCOUNTS[usize::from(posting.contra)].0);
    let (plus, minus) = (posting.amount.max(0), (-posting.amount).max(0));
    let project = posting.event.map(|event| events::code(event.into()));
    let channel = match posting.channel {
        Some(channel) => channel_text(company, channel, 203, position.into()),
        None => channel_name(posting),
    };
    let uf = posting.place.map(|place| PLACES[usize::from(place)].uf);
    let line = |number: i64, account: &str, contra: &str, debit: i64, credit: i64| {
        let expense = number == 0;
        json!({
            "Line_ID": number,
            "AccountCode": account,
            "ShortName": account,
            "ContraAccount": contra,
            "Debit": money(debit),
            "Credit": money(credit),
            "FCDebit": 0.0,
            "FCCredit": 0.0,
            "FCCurrency": null,
            "DebitSys": money(debit),
            "CreditSys": money(credit),
            "CostingCode": expense.then(|| COST_CENTRES[usize::from(posting.centre)].0),
            "CostingCode2": null,
            "CostingCode3": null,
            "CostingCode4": null,
            "CostingCode5": null,
            "ProjectCode": project.as_ref().filter(|_| expense),
            "BPLID": posting.filial,
            "LineMemo": posting.memo,
            "U_Canal": Some(channel).filter(|text| expense && !text.is_empty()),
            "U_UF": uf.filter(|_| expense),
        })
    };
    let day = date(posting.day);
    json!({
        "JdtNum": JOURNAL + i64::from(position),
        "Number": JOURNAL + i64::from(position),
        "ReferenceDate": day,
        "DueDate": day,
        "TaxDate": day,
        "Memo": posting.memo,
        "Reference": null,
        "Reference2": null,
        "Reference3": null,
        "TransactionCode": null,
        "ProjectCode": project,
        "OriginalJournal": "ttJournalEntry",
        "Original": JOURNAL + i64::from(position),
        "StornoDate": null,
        "JournalEntryLines": [
            line(0, account, contra, plus, minus),
            line(1, contra, account, minus, plus),
        ],
    })
}

pub(super) fn payment(state: &State, position: u32) -> Value {
    let company = &state.company;
    let payment = &state.payments[position as usize];
    let order = company.order_of(&company.invoices[payment.invoice as usize]);
    let contact = company.customers[order.customer as usize].contact;
    let by = |means: u8| money(if payment.means == means { payment.amount } else { 0 });
    let transfer = payment.means == 0;
    let day = date(payment.day);
    json!({
        "DocEntry": PAYMENT + i64::from(position),
        "DocNum": 10_001 + i64::from(position),
        "DocType": "rCustomer",
        "DocDate": day,
        "DueDate": day,
        "TaxDate": day,
        "CardCode": customers::code(order.customer as usize),
        "CardName": company.contacts[contact as usize].legal_name,
        "DocCurrency": "R$",
        "DocRate": 0.0,
        "CashSum": by(2),
        "TransferSum": by(0),
        "TransferDate": transfer.then_some(&day),
        "TransferAccount": transfer.then_some("1.1.1.02"),
        "BillOfExchangeAmount": by(1),
        "PaymentChecks": [],
        "PaymentCreditCards": [],
        "BPLID": order.filial,
        "BPLName": FILIAIS[usize::from(order.filial) - 1].1,
        "Cancelled": yes(payment.cancelled),
        "CancelStatus": if payment.cancelled { "csYes" } else { "csNo" },
        "JournalRemarks": "Contas a receber",
        "PaymentInvoices": [{
            "LineNum": 0,
            "DocEntry": INVOICE + i64::from(payment.invoice),
            "InvoiceType": "it_Invoice",
            "SumApplied": money(payment.amount),
            "AppliedFC": 0.0,
            "DiscountPercent": 0.0,
            "InstallmentId": 1,
            "LinkDate": day,
        }],
    })
}
