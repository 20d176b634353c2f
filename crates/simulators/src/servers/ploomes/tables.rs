//! The entity sets of the CRM, each with how its rows are made.
//!
//! Rows themselves are made in the modules below. Invariant: Ids are those of the file exports, where these have the entity.

use super::{contacts, custom, deals, lookups, sales};
use crate::company::deals::{LOSS_REASONS, STAGES};
use crate::company::{CHANNELS, SEGMENTS};
use crate::exports::ploomes::{CONTACT, DEAL, LOSS, ORIGIN, PIPELINE, PRODUCT, QUOTE, STAGE};
use crate::servers::System;
use crate::servers::table::{Key, Many, One, Stamp, Table, Unit};
use crate::servers::world::State;

/// The CRM's orders, which the file exports lack.
pub(crate) const ORDER: i64 = 600_000_001;
pub(super) const TASK: i64 = 900_000_001;

pub(crate) fn all() -> std::iter::Copied<std::slice::Iter<'static, &'static Table>> {
    TABLES.iter().copied()
}

static TABLES: [&Table; 21] = [
    &CONTACTS,
    &DEALS,
    &PIPELINES,
    &STAGE_LIST,
    &LOSS_REASON_LIST,
    &DEAL_ORIGINS,
    &CONTACT_ORIGINS,
    &STATUSES,
    &QUOTES,
    &ORDERS,
    &PRODUCTS,
    &TASKS,
    &USERS,
    &FIELDS,
    &FIELD_TYPES,
    &OPTION_TABLES,
    &CITIES,
    &STATES,
    &BUSINESSES,
    &ACCOUNTS,
    &CONTACT_STATUSES,
];

const fn changed(of: fn(&State, u32) -> i64) -> Stamp {
    Stamp { field: "LastUpdateDate", unit: Unit::Milliseconds, of, not_later: Some("CreateDate") }
}

const fn one(name: &'static str, by: &'static str, table: &'static str) -> One {
    One { name, by, table }
}

const OWNER: One = one("Owner", "OwnerId", "Users");
const CONTACT_ONE: One = one("Contact", "ContactId", "Contacts");
const DEAL_ONE: One = one("Deal", "DealId", "Deals");
const PRODUCT_ONE: &[One] = &[one("Product", "ProductId", "Products")];

static CONTACTS: Table = Table {
    system: System::Ploomes,
    name: "Contacts",
    key: "Id",
    stamp: Some(changed(contacts::changed)),
    count: |state| state.company.contacts.len(),
    key_of: |_, position| Key::Number(CONTACT + i64::from(position)),
    row: contacts::contact,
    inline: None,
    one: &[
        OWNER,
        one("City", "CityId", "Cities"),
        one("State", "StateId", "Cities@Countries@States"),
        one("Company", "CompanyId", "Contacts"),
        one("Origin", "OriginId", "Contacts@Origins"),
        one("Status", "StatusId", "Contacts@Status"),
        one("LineOfBusiness", "LineOfBusinessId", "Contacts@LinesOfBusiness"),
    ],
    many: &[
        Many { name: "OtherProperties", rows: custom::of_contact, one: &[] },
        Many { name: "Phones", rows: lookups::nothing, one: &[] },
        Many { name: "Tags", rows: lookups::nothing, one: &[] },
    ],
};

static DEALS: Table = Table {
    system: System::Ploomes,
    name: "Deals",
    key: "Id",
    stamp: Some(changed(deals::changed)),
    count: |state| state.company.deals.len(),
    key_of: |_, position| Key::Number(DEAL + i64::from(position)),
    row: deals::deal,
    inline: None,
    one: &[
        OWNER,
        CONTACT_ONE,
        one("Person", "PersonId", "Contacts"),
        one("Pipeline", "PipelineId", "Deals@Pipelines"),
        one("Stage", "StageId", "Deals@Stages"),
        one("Status", "StatusId", "Deals@Status"),
        one("LossReason", "LossReasonId", "Deals@LossReasons"),
        one("Origin", "OriginId", "Deals@Origins"),
    ],
    many: &[
        Many { name: "OtherProperties", rows: custom::of_deal, one: &[] },
        Many { name: "Products", rows: deals::products, one: PRODUCT_ONE },
        Many { name: "Tags", rows: lookups::nothing, one: &[] },
        Many { name: "Attachments", rows: lookups::nothing, one: &[] },
    ],
};

static QUOTES: Table = Table {
    system: System::Ploomes,
    name: "Quotes",
    key: "Id",
    stamp: Some(changed(sales::quote_changed)),
    count: |state| state.quotes.len(),
    key_of: |_, position| Key::Number(QUOTE + i64::from(position)),
    row: sales::quote,
    inline: None,
    one: &[OWNER, CONTACT_ONE, DEAL_ONE],
    many: &[
        Many { name: "Products", rows: sales::quote_products, one: PRODUCT_ONE },
        Many { name: "Sections", rows: lookups::nothing, one: &[] },
    ],
};

static ORDERS: Table = Table {
    system: System::Ploomes,
    name: "Orders",
    key: "Id",
    stamp: Some(changed(sales::order_changed)),
    count: |state| state.sold.len(),
    key_of: |_, position| Key::Number(ORDER + i64::from(position)),
    row: sales::order,
    inline: None,
    one: &[OWNER, CONTACT_ONE, DEAL_ONE],
    many: &[
        Many { name: "OtherProperties", rows: custom::of_order, one: &[] },
        Many { name: "Products", rows: sales::order_products, one: PRODUCT_ONE },
        Many { name: "Sections", rows: lookups::nothing, one: &[] },
    ],
};

static PRODUCTS: Table = Table {
    system: System::Ploomes,
    name: "Products",
    key: "Id",
    stamp: Some(changed(lookups::founded)),
    count: |state| state.company.products.len() + 12,
    key_of: |_, position| Key::Number(PRODUCT + i64::from(position)),
    row: sales::product,
    inline: None,
    one: &[],
    many: &[],
};

static TASKS: Table = Table {
    system: System::Ploomes,
    name: "Tasks",
    key: "Id",
    stamp: Some(changed(sales::task_changed)),
    count: |state| state.tasks.len(),
    key_of: |_, position| Key::Number(TASK + i64::from(position)),
    row: sales::task,
    inline: None,
    one: &[CONTACT_ONE, DEAL_ONE],
    many: &[Many { name: "Users", rows: sales::task_users, one: &[one("User", "UserId", "Users")] }],
};

static USERS: Table = Table {
    system: System::Ploomes,
    name: "Users",
    key: "Id",
    stamp: Some(changed(lookups::user_changed)),
    count: |state| state.company.sellers.len() + crate::exports::ploomes::STAFF.len(),
    key_of: |state, position| Key::Number(lookups::user_id(state, position)),
    row: lookups::user,
    inline: None,
    one: &[],
    many: &[Many { name: "OtherProperties", rows: custom::of_user, one: &[] }],
};

/// A short list, which is read as a whole.
const fn list(
    name: &'static str,
    count: fn(&State) -> usize,
    key_of: fn(&State, u32) -> Key,
    row: fn(&State, u32) -> serde_json::Value,
) -> Table {
    Table {
        system: System::Ploomes,
        name,
        key: "Id",
        stamp: None,
        count,
        key_of,
        row,
        inline: None,
        one: &[],
        many: &[],
    }
}

static PIPELINES: Table = Table {
    stamp: Some(changed(lookups::founded)),
    many: &[Many { name: "Stages", rows: lookups::stages_of, one: &[] }],
    ..list(
        "Deals@Pipelines",
        |_| 2,
        |_, position| Key::Number(PIPELINE + 1 + i64::from(position)),
        lookups::pipeline,
    )
};

static STAGE_LIST: Table = Table {
    one: &[one("Pipeline", "PipelineId", "Deals@Pipelines")],
    ..list(
        "Deals@Stages",
        |_| STAGES.len() * 2,
        |_, position| Key::Number(STAGE + 1 + i64::from(position)),
        lookups::stage,
    )
};

static LOSS_REASON_LIST: Table = Table {
    stamp: Some(changed(lookups::founded)),
    ..list(
        "Deals@LossReasons",
        |_| LOSS_REASONS.len(),
        |_, position| Key::Number(LOSS + i64::from(position)),
        lookups::loss_reason,
    )
};

const fn origins(name: &'static str) -> Table {
    Table {
        stamp: Some(changed(lookups::founded)),
        ..list(
            name,
            |_| CHANNELS.len(),
            |_, position| Key::Number(ORIGIN + i64::from(position)),
            lookups::origin,
        )
    }
}

static DEAL_ORIGINS: Table = origins("Deals@Origins");
static CONTACT_ORIGINS: Table = origins("Contacts@Origins");

const fn numbered(_: &State, position: u32) -> Key {
    Key::Number(1 + position as i64)
}

static STATUSES: Table = list("Deals@Status", |_| 3, numbered, lookups::status);
static CONTACT_STATUSES: Table = list("Contacts@Status", |_| 1, numbered, lookups::contact_status);
static FIELDS: Table = Table {
    one: &[one("Type", "TypeId", "Fields@Types")],
    ..list(
        "Fields",
        |_| custom::field_count(),
        |_, position| Key::Number(custom::FIELD + i64::from(position)),
        custom::field,
    )
};
static FIELD_TYPES: Table =
    list("Fields@Types", |_| custom::TYPES.len(), custom::type_key, custom::field_type);
static OPTION_TABLES: Table = Table {
    many: &[Many { name: "Options", rows: custom::options, one: &[] }],
    ..list("Fields@OptionsTables", |_| 1, custom::options_key, custom::options_table)
};
static CITIES: Table = Table {
    one: &[one("State", "StateId", "Cities@Countries@States")],
    ..list("Cities", |_| contacts::city_count(), contacts::city_key, contacts::city)
};
static STATES: Table =
    list("Cities@Countries@States", |_| crate::company::places::PLACES.len(), numbered, contacts::state_row);
static BUSINESSES: Table =
    list("Contacts@LinesOfBusiness", |_| SEGMENTS.len(), contacts::business_key, contacts::business);
static ACCOUNTS: Table = list("Account", |_| 1, |_, _| Key::Number(lookups::ACCOUNT), lookups::account);
