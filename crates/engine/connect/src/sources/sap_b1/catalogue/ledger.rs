//! Incoming payments and journal entries, which keep no date of change.
//!
//! Invariant: the amount of a payment is the sum of its columns `cash_sum`, `transfer_sum`, `bill_of_exchange_amount`, `check_sum` and
//! `credit_sum`; the service has no total.

use super::{DATE, Declared, DeclaredLines, Entity, Fields, Flag, Follow, NUMBER, TEXT, WHOLE, Whole};
use crate::sources::sap_b1::custom::CustomFields;

const PAYMENT: Fields = &[
    (WHOLE, "DocEntry DocNum"),
    (TEXT, "DocType"),
    (DATE, "DocDate DueDate TaxDate"),
    (TEXT, "CardCode CardName DocCurrency"),
    (NUMBER, "DocRate CashSum TransferSum"),
    (DATE, "TransferDate"),
    (TEXT, "TransferAccount"),
    (NUMBER, "BillOfExchangeAmount PaymentChecks/CheckSum PaymentCreditCards/CreditSum"),
    (WHOLE, "BPLID"),
    (TEXT, "Cancelled CancelStatus"),
];

const PAID_INVOICE: Fields = &[
    (WHOLE, "LineNum DocEntry"),
    (TEXT, "InvoiceType"),
    (NUMBER, "SumApplied AppliedFC DiscountPercent"),
    (WHOLE, "InstallmentId"),
    (DATE, "LinkDate"),
];

const ENTRY: Fields = &[
    (WHOLE, "JdtNum Number"),
    (DATE, "ReferenceDate DueDate TaxDate"),
    (TEXT, "Memo Reference Reference2 Reference3 TransactionCode ProjectCode OriginalJournal"),
    (WHOLE, "Original"),
    (DATE, "StornoDate"),
];

const ENTRY_LINE: Fields = &[
    (WHOLE, "Line_ID"),
    (TEXT, "AccountCode ShortName ContraAccount"),
    (NUMBER, "Debit Credit FCDebit FCCredit"),
    (TEXT, "FCCurrency"),
    (NUMBER, "DebitSys CreditSys"),
    (TEXT, "CostingCode CostingCode2 CostingCode3 CostingCode4 CostingCode5 ProjectCode"),
    (WHOLE, "BPLID"),
    (TEXT, "LineMemo"),
];

pub(super) fn entities(custom: &CustomFields) -> Vec<Entity> {
    vec![payments().entity(custom), journal().entity(custom)]
}

fn payments() -> Declared {
    Declared {
        stream: "incoming_payments",
        path: "IncomingPayments",
        key: "DocEntry",
        fields: PAYMENT,
        lines: Some(DeclaredLines {
            stream: "incoming_payment_invoices",
            list: "PaymentInvoices",
            // `DocEntry` of such a line is that of the invoice.
            parent: "payment_doc_entry",
            number: "LineNum",
            fields: PAID_INVOICE,
        }),
        follow: Follow {
            days: &["DocDate"],
            numbered: true,
            dated: Some("DocDate"),
            flag: Some(Flag { field: "Cancelled", word: "tYES", changing: false }),
            whole: Whole::First,
        },
    }
}

/// What is posted is never taken back but by another entry, which has a number of its own.
fn journal() -> Declared {
    Declared {
        stream: "journal_entries",
        path: "JournalEntries",
        key: "JdtNum",
        fields: ENTRY,
        lines: Some(DeclaredLines {
            stream: "journal_entry_lines",
            list: "JournalEntryLines",
            parent: "jdt_num",
            number: "Line_ID",
            fields: ENTRY_LINE,
        }),
        follow: Follow {
            days: &["ReferenceDate"],
            numbered: true,
            dated: Some("ReferenceDate"),
            flag: None,
            whole: Whole::First,
        },
    }
}
