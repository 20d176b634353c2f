//! Master data of the ERP: partners, items, sellers, cost centres, filiais, projects, accounts.
//!
//! Invariant: a column of the house keeps its name, `U_…`; a column of the system has the name of its metadata.

use serde_json::{Value, json};

use super::tables::GROUP;
use super::{money, time_of, yes};
use crate::company::expenses::{ACCOUNTS, COST_CENTRES};
use crate::company::places::{FILIAIS, PLACES};
use crate::company::products::{FAMILIES, code};
use crate::company::{SEGMENTS, customers, events};
use crate::exports::sap::{channel_text, opened, partner_city};
use crate::servers::odata::instants::{date, time};
use crate::servers::table::day_of;
use crate::servers::world::State;

pub(super) fn partner_changed(state: &State, position: u32) -> i64 {
    let since = state.company.customers[position as usize].since;
    state.touched.get(&("BusinessPartners", position)).map_or(i64::from(since), |at| day_of(*at))
}

pub(super) fn partner(state: &State, position: u32) -> Value {
    let company = &state.company;
    let index = position as usize;
    let customer = &company.customers[index];
    let contact = &company.contacts[customer.contact as usize];
    let segment = SEGMENTS[usize::from(contact.segment)];
    let uf = PLACES[usize::from(contact.place)].uf;
    json!({
        "CardCode": customers::code(index),
        "CardName": contact.legal_name,
        "CardType": "cCustomer",
        "GroupCode": GROUP + i64::from(contact.segment),
        "SalesPersonCode": customer.seller,
        "FederalTaxID": contact.cnpj,
        "CreditLimit": 0.0,
        "CurrentAccountBalance": 0.0,
        "OpenOrdersBalance": 0.0,
        "OpenDeliveryNotesBalance": 0.0,
        "City": partner_city(company, index),
        "County": null,
        "Country": "BR",
        "BillToState": uf,
        "ShipToState": uf,
        "EmailAddress": null,
        "Phone1": null,
        "Cellular": null,
        "Valid": "tYES",
        "Frozen": "tNO",
        "Industry": null,
        "DefaultBranch": customer.filial,
        "CreateDate": date(customer.since),
        "CreateTime": time(time_of(state, "", position)),
        "UpdateDate": date(partner_changed(state, position) as i32),
        "UpdateTime": time(time_of(state, "BusinessPartners", position)),
        "U_Segmento": segment,
        "U_Canal": channel_text(company, customer.channel, 202, position.into()),
        "U_PrimeiraCompra": customer.migrated.map(date),
        "BPAddresses": [],
        "BPBranchAssignment": [{ "BPCode": customers::code(index), "BPLID": customer.filial, "DisabledForBP": "tNO" }],
        "BPFiscalTaxIDCollection": [{ "Address": "", "TaxId0": contact.cnpj, "TaxId4": null, "CNAECode": -1 }],
    })
}

pub(super) fn partner_group(_: &State, position: u32) -> Value {
    json!({
        "Code": GROUP + i64::from(position),
        "Name": format!("Clientes {}", SEGMENTS[position as usize]),
        "Type": "bbpgt_CustomerGroup",
    })
}

pub(super) fn item_changed(state: &State, _: u32) -> i64 {
    state.company.horizon.last.into()
}

pub(super) fn item(state: &State, position: u32) -> Value {
    let company = &state.company;
    let product = &company.products[position as usize];
    let (first, last) = (company.horizon.first, company.horizon.last);
    let cost = money(product.cost(last, first, &company.stories));
    json!({
        "ItemCode": code(position as usize),
        "ItemName": product.name,
        "ItemsGroupCode": GROUP + i64::from(product.family),
        "BarCode": null,
        "QuantityOnStock": 0.0,
        "QuantityOrderedByCustomers": 0.0,
        "QuantityOrderedFromVendors": 0.0,
        "AvgStdPrice": cost,
        "MovingAveragePrice": cost,
        "Valid": yes(!product.retired),
        "Frozen": yes(product.retired),
        "InventoryItem": "tYES",
        "SalesItem": "tYES",
        "PurchaseItem": "tYES",
        "NCMCode": -1,
        "DefaultWarehouse": "01",
        "CreateDate": date(first),
        "CreateTime": "08:00:00",
        "UpdateDate": date(last),
        "UpdateTime": time(time_of(state, "Items", position)),
        "U_Linha": product.name.rsplit(' ').next(),
        "ItemPrices": [{
            "PriceList": 1,
            "Price": money(product.price(last, first, &company.stories)),
            "Currency": "R$",
        }],
        "ItemWarehouseInfoCollection": [],
    })
}

pub(super) fn item_group(_: &State, position: u32) -> Value {
    json!({ "Number": GROUP + i64::from(position), "GroupName": FAMILIES[position as usize] })
}

pub(super) fn sales_person(state: &State, position: u32) -> Value {
    let seller = &state.company.sellers[position as usize];
    json!({
        "SalesEmployeeCode": 1 + position,
        "SalesEmployeeName": seller.name,
        "Active": yes(seller.works_on(state.company.horizon.last)),
        "Locked": "tNO",
        "EmployeeID": null,
        "Email": seller.email,
        "U_BPLId": seller.filial,
        "U_Admissao": date(seller.admitted),
        "U_Desligamento": seller.left.map(date),
        "U_Perfil": if seller.hunter { "Hunter" } else { "Farmer" },
    })
}

pub(super) fn centre(state: &State, position: u32) -> Value {
    let (code, name, area) = COST_CENTRES[position as usize];
    json!({
        "CenterCode": code,
        "CenterName": name,
        "InWhichDimension": 1,
        "Effectivefrom": date(state.company.horizon.first),
        "Active": "tYES",
        "U_Area": area,
    })
}

pub(super) fn place(state: &State, position: u32) -> Value {
    let (number, name, city, uf) = FILIAIS[position as usize];
    json!({
        "BPLID": number,
        "BPLName": name,
        "FederalTaxID": null,
        "Disabled": "tNO",
        "MainBPL": yes(number == 1),
        "City": city,
        "State": uf,
        "Country": "BR",
        "U_Abertura": date(opened(&state.company, number)),
    })
}

pub(super) fn project(state: &State, position: u32) -> Value {
    let event = &state.company.events[position as usize];
    json!({
        "Code": events::code(position as usize),
        "Name": event.name,
        "ValidFrom": date(event.from),
        "ValidTo": date(event.to),
        "Active": "tYES",
        "U_Tipo": event.kind,
        "U_Cidade": event.city,
        "U_UF": PLACES[usize::from(event.place)].uf,
    })
}

pub(super) fn account(_: &State, position: u32) -> Value {
    let (code, name, group) = ACCOUNTS[position as usize];
    json!({
        "Code": code,
        "Name": name,
        "Balance": 0.0,
        "ActiveAccount": "tYES",
        "FatherAccountKey": code.rsplit_once('.').map(|(father, _)| father),
        "AccountType": if code.starts_with('4') { "at_Expenses" } else { "at_Other" },
        "U_GrupoDRE": group,
    })
}
