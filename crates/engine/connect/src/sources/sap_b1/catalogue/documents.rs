//! Marketing documents: invoices, credit notes, orders, deliveries and purchase invoices, which share one form.
//!
//! Invariant: a document and its lines come from one answer, so that a table of lines never holds those of another version.

use super::{DATE, Declared, DeclaredLines, Entity, Fields, Flag, Follow, NUMBER, TEXT, WHOLE, Whole};
use crate::sources::sap_b1::custom::CustomFields;

const DOCUMENT: Fields = &[
    (WHOLE, "DocEntry DocNum"),
    (TEXT, "DocType"),
    (DATE, "DocDate DocDueDate TaxDate"),
    (TEXT, "CardCode CardName NumAtCard FederalTaxID"),
    (WHOLE, "SalesPersonCode BPL_IDAssignedToInvoice"),
    (TEXT, "BPLName"),
    (WHOLE, "Series SequenceCode SequenceSerial"),
    (TEXT, "SequenceModel SeriesString DocCurrency"),
    (NUMBER, "DocRate DocTotal DocTotalFc DocTotalSys VatSum VatSumFc VatSumSys"),
    (NUMBER, "DiscountPercent TotalDiscount TotalDiscountFC TotalDiscountSC WTAmount WTAmountFC WTAmountSC"),
    (NUMBER, "DownPaymentAmount PaidToDate PaidToDateFC PaidToDateSys"),
    (TEXT, "DocumentStatus Cancelled CancelStatus"),
    (DATE, "CancelDate ClosingDate CreationDate UpdateDate"),
    (TEXT, "UpdateTime DocTime Project Comments"),
    (WHOLE, "TransNum"),
    (TEXT, "DocObjectCode ReserveInvoice"),
    (TEXT, "AddressExtension/ShipToCity AddressExtension/ShipToState AddressExtension/ShipToCountry"),
];

const LINE: Fields = &[
    (WHOLE, "LineNum"),
    (TEXT, "ItemCode ItemDescription"),
    (NUMBER, "Quantity InventoryQuantity Price UnitPrice DiscountPercent"),
    (TEXT, "Currency"),
    (NUMBER, "Rate LineTotal RowTotalFC RowTotalSC GrossTotal TaxTotal"),
    (NUMBER, "GrossProfit GrossProfitFC GrossProfitSC GrossProfitTotalBasePrice"),
    (TEXT, "WarehouseCode"),
    (WHOLE, "SalesPersonCode"),
    (
        TEXT,
        "AccountCode CostingCode CostingCode2 CostingCode3 CostingCode4 CostingCode5 ProjectCode LineStatus",
    ),
    (NUMBER, "RemainingOpenQuantity OpenAmount OpenAmountFC OpenAmountSC"),
    (WHOLE, "BaseType BaseEntry BaseLine Usage"),
    (TEXT, "CFOPCode CSTCode"),
    (WHOLE, "NCMCode"),
    (TEXT, "TaxCode FreeOfChargeBP LineType"),
];

/// Payments and follow-up documents move what is open of a document, and need not touch its date of change.
const FOLLOW: Follow = Follow {
    days: &["CreationDate", "UpdateDate"],
    numbered: false,
    dated: Some("DocDate"),
    flag: Some(Flag { field: "DocumentStatus", word: "bost_Open", changing: true }),
    whole: Whole::First,
};

pub(super) fn entities(custom: &CustomFields) -> Vec<Entity> {
    [
        ("invoices", "Invoices", "invoice_lines"),
        ("credit_notes", "CreditNotes", "credit_note_lines"),
        ("orders", "Orders", "order_lines"),
        ("deliveries", "DeliveryNotes", "delivery_lines"),
        ("purchase_invoices", "PurchaseInvoices", "purchase_invoice_lines"),
    ]
    .into_iter()
    .map(|(stream, path, lines)| {
        let lines = DeclaredLines {
            stream: lines,
            list: "DocumentLines",
            parent: "doc_entry",
            number: "LineNum",
            fields: LINE,
        };
        Declared { stream, path, key: "DocEntry", fields: DOCUMENT, lines: Some(lines), follow: FOLLOW }
            .entity(custom)
    })
    .collect()
}
