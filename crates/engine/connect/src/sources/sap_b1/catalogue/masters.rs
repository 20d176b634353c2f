//! Master data: partners and items, which keep a date of change, and small lists that do not.
//!
//! Invariant: what can be deleted there is read whole again and again, so that it goes here too.

use super::{DATE, Declared, Entity, Fields, Follow, NUMBER, TEXT, WHOLE, Whole};
use crate::sources::sap_b1::custom::CustomFields;

const PARTNER: Fields = &[
    (TEXT, "CardCode CardName CardType"),
    (WHOLE, "GroupCode SalesPersonCode"),
    (TEXT, "FederalTaxID"),
    (NUMBER, "CreditLimit CurrentAccountBalance OpenOrdersBalance OpenDeliveryNotesBalance"),
    (TEXT, "City County Country BillToState ShipToState EmailAddress Phone1 Cellular Valid Frozen"),
    (WHOLE, "Industry DefaultBranch"),
    (DATE, "CreateDate UpdateDate"),
    (TEXT, "CreateTime UpdateTime"),
];

const ITEM: Fields = &[
    (TEXT, "ItemCode ItemName"),
    (WHOLE, "ItemsGroupCode"),
    (TEXT, "BarCode"),
    (NUMBER, "QuantityOnStock QuantityOrderedByCustomers QuantityOrderedFromVendors"),
    (NUMBER, "AvgStdPrice MovingAveragePrice"),
    (TEXT, "Valid Frozen InventoryItem SalesItem PurchaseItem"),
    (WHOLE, "NCMCode"),
    (TEXT, "DefaultWarehouse"),
    (DATE, "CreateDate UpdateDate"),
    (TEXT, "CreateTime UpdateTime"),
];

const SALES_PERSON: Fields = &[
    (WHOLE, "SalesEmployeeCode"),
    (TEXT, "SalesEmployeeName Active Locked"),
    (WHOLE, "EmployeeID"),
    (TEXT, "Email"),
];

const PROFIT_CENTER: Fields =
    &[(TEXT, "CenterCode CenterName"), (WHOLE, "InWhichDimension"), (TEXT, "Active")];

const PARTNER_GROUP: Fields = &[(WHOLE, "Code"), (TEXT, "Name Type")];

const ITEM_GROUP: Fields = &[(WHOLE, "Number"), (TEXT, "GroupName")];

const ACCOUNT: Fields = &[(TEXT, "Code Name AccountType ActiveAccount FatherAccountKey")];

const PROJECT: Fields = &[(TEXT, "Code Name"), (DATE, "ValidFrom ValidTo"), (TEXT, "Active")];

const PLACE: Fields = &[(WHOLE, "BPLID"), (TEXT, "BPLName FederalTaxID Disabled MainBPL City State")];

const CHANGED: Follow = Follow {
    days: &["CreateDate", "UpdateDate"],
    numbered: false,
    dated: None,
    flag: None,
    whole: Whole::Daily,
};

const SMALL: Follow = Follow { days: &[], numbered: false, dated: None, flag: None, whole: Whole::Always };

pub(super) fn entities(custom: &CustomFields) -> Vec<Entity> {
    [
        ("business_partners", "BusinessPartners", "CardCode", PARTNER, CHANGED),
        ("items", "Items", "ItemCode", ITEM, CHANGED),
        ("sales_persons", "SalesPersons", "SalesEmployeeCode", SALES_PERSON, SMALL),
        ("profit_centers", "ProfitCenters", "CenterCode", PROFIT_CENTER, SMALL),
        ("business_partner_groups", "BusinessPartnerGroups", "Code", PARTNER_GROUP, SMALL),
        ("item_groups", "ItemGroups", "Number", ITEM_GROUP, SMALL),
        ("chart_of_accounts", "ChartOfAccounts", "Code", ACCOUNT, SMALL),
        ("projects", "Projects", "Code", PROJECT, SMALL),
        ("business_places", "BusinessPlaces", "BPLID", PLACE, SMALL),
    ]
    .into_iter()
    .map(|(stream, path, key, fields, follow)| {
        Declared { stream, path, key, fields, lines: None, follow }.entity(custom)
    })
    .collect()
}
