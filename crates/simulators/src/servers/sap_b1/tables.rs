//! The entity sets of the ERP, each with how its rows are made.
//!
//! Rows themselves are made in the modules below. Invariant: keys are those of the file exports, where these have the entity.

use serde_json::Value;

use super::{contracts, documents, journal, masters};
use crate::company::expenses::{ACCOUNTS, COST_CENTRES};
use crate::company::places::FILIAIS;
use crate::company::products::FAMILIES;
use crate::company::{SEGMENTS, contracts as contract_codes, customers, events, products};
use crate::exports::sap_documents::{CREDIT, DELIVERY, INVOICE, ORDER};
use crate::servers::System;
use crate::servers::table::{Inline, Key, Stamp, Table, Unit};
use crate::servers::world::State;

/// Payments, which the file exports lack.
pub(crate) const PAYMENT: i64 = 40_001;
pub(crate) const JOURNAL: i64 = 100_001;
pub(super) const GROUP: i64 = 100;

pub(crate) fn all() -> std::iter::Copied<std::slice::Iter<'static, &'static Table>> {
    TABLES.iter().copied()
}

static TABLES: [&Table; 19] = [
    &INVOICES,
    &CREDIT_NOTES,
    &ORDERS,
    &DELIVERY_NOTES,
    &PAYMENTS,
    &PURCHASES,
    &ENTRIES,
    &PARTNERS,
    &PARTNER_GROUPS,
    &ITEMS,
    &ITEM_GROUPS,
    &SALES_PERSONS,
    &CENTRES,
    &PLACES,
    &PROJECTS,
    &CHART,
    &CONTRACTS,
    &VERSIONS,
    &MOVEMENTS,
];

/// An entity set of the ERP: no relations, for lines are part of their document.
const fn table(
    name: &'static str,
    key: &'static str,
    count: fn(&State) -> usize,
    key_of: fn(&State, u32) -> Key,
    row: fn(&State, u32) -> Value,
) -> Table {
    Table {
        system: System::SapB1,
        name,
        key,
        stamp: None,
        count,
        key_of,
        row,
        inline: None,
        one: &[],
        many: &[],
    }
}

const fn changed(of: fn(&State, u32) -> i64, created: &'static str) -> Stamp {
    Stamp { field: "UpdateDate", unit: Unit::Days, of, not_later: Some(created) }
}

const fn lines(rows: fn(&State, u32) -> Vec<Value>) -> Inline {
    Inline { name: "DocumentLines", rows }
}

static INVOICES: Table = Table {
    stamp: Some(changed(documents::invoice_changed, "CreationDate")),
    inline: Some(lines(documents::of_invoice)),
    ..table(
        "Invoices",
        "DocEntry",
        |state| state.company.invoices.len(),
        |_, position| Key::Number(INVOICE + i64::from(position)),
        documents::invoice,
    )
};

static CREDIT_NOTES: Table = Table {
    stamp: Some(changed(documents::credit_changed, "CreationDate")),
    inline: Some(lines(documents::of_credit_note)),
    ..table(
        "CreditNotes",
        "DocEntry",
        |state| state.company.returns.len(),
        |_, position| Key::Number(CREDIT + i64::from(position)),
        documents::credit_note,
    )
};

static ORDERS: Table = Table {
    stamp: Some(changed(documents::order_changed, "CreationDate")),
    inline: Some(lines(documents::of_order)),
    ..table(
        "Orders",
        "DocEntry",
        |state| state.company.orders.len(),
        |_, position| Key::Number(ORDER + i64::from(position)),
        documents::order,
    )
};

static DELIVERY_NOTES: Table = Table {
    stamp: Some(changed(documents::delivery_changed, "CreationDate")),
    inline: Some(lines(documents::of_delivery)),
    ..table(
        "DeliveryNotes",
        "DocEntry",
        |state| state.deliveries.len(),
        |_, position| Key::Number(DELIVERY + i64::from(position)),
        documents::delivery,
    )
};

static PAYMENTS: Table = table(
    "IncomingPayments",
    "DocEntry",
    |state| state.payments.len(),
    |_, position| Key::Number(PAYMENT + i64::from(position)),
    journal::payment,
);

/// Empty: this company books what it buys in the journal, and has no documents of purchase.
static PURCHASES: Table = table(
    "PurchaseInvoices",
    "DocEntry",
    |_| 0,
    |_, position| Key::Number(i64::from(position)),
    |_, _| Value::Null,
);

static ENTRIES: Table = table(
    "JournalEntries",
    "JdtNum",
    |state| state.company.postings.len(),
    |_, position| Key::Number(JOURNAL + i64::from(position)),
    journal::entry,
);

static PARTNERS: Table = Table {
    stamp: Some(changed(masters::partner_changed, "CreateDate")),
    ..table(
        "BusinessPartners",
        "CardCode",
        |state| state.company.customers.len(),
        |_, position| Key::Text(customers::code(position as usize)),
        masters::partner,
    )
};

static PARTNER_GROUPS: Table = table(
    "BusinessPartnerGroups",
    "Code",
    |_| SEGMENTS.len(),
    |_, position| Key::Number(GROUP + i64::from(position)),
    masters::partner_group,
);

static ITEMS: Table = Table {
    stamp: Some(changed(masters::item_changed, "CreateDate")),
    ..table(
        "Items",
        "ItemCode",
        |state| state.company.products.len(),
        |_, position| Key::Text(products::code(position as usize)),
        masters::item,
    )
};

static ITEM_GROUPS: Table = table(
    "ItemGroups",
    "Number",
    |_| FAMILIES.len(),
    |_, position| Key::Number(GROUP + i64::from(position)),
    masters::item_group,
);

static SALES_PERSONS: Table = table(
    "SalesPersons",
    "SalesEmployeeCode",
    |state| state.company.sellers.len(),
    |_, position| Key::Number(1 + i64::from(position)),
    masters::sales_person,
);

static CENTRES: Table = table(
    "ProfitCenters",
    "CenterCode",
    |_| COST_CENTRES.len(),
    |_, position| Key::Text(COST_CENTRES[position as usize].0.to_owned()),
    masters::centre,
);

static PLACES: Table = table(
    "BusinessPlaces",
    "BPLID",
    |_| FILIAIS.len(),
    |_, position| Key::Number(1 + i64::from(position)),
    masters::place,
);

static PROJECTS: Table = table(
    "Projects",
    "Code",
    |state| state.company.events.len(),
    |_, position| Key::Text(events::code(position as usize)),
    masters::project,
);

static CHART: Table = table(
    "ChartOfAccounts",
    "Code",
    |_| ACCOUNTS.len(),
    |_, position| Key::Text(ACCOUNTS[position as usize].0.to_owned()),
    masters::account,
);

static CONTRACTS: Table = table(
    "U_CONTRATOS",
    "Code",
    |state| state.company.contracts.len(),
    |_, position| Key::Text(contract_codes::code(position as usize)),
    contracts::contract,
);

static VERSIONS: Table =
    table("U_VIGENCIAS", "Code", |state| state.versions.len(), contracts::version_key, contracts::version);

static MOVEMENTS: Table = table(
    "U_MOVIMENTOS",
    "Code",
    |state| state.movements.len(),
    contracts::movement_key,
    contracts::movement,
);
