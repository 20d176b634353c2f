//! The demo company's CRM and ERP, simulated on the loopback, and the sources that read them.
//!
//! Invariant: sources are told anew where the systems listen each time, because ports and certificates last as long as the process.

use crate::house::House;
use anyhow::Result;
use metastore::sources::SourceRow;
use serde_json::{Value, json};
use simulators::Company;
use simulators::servers::{Running, World, ploomes, sap_b1};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What the company has added to its ERP, as the source `sap` is told.
const CUSTOM_FIELDS: &str = "business_partners: U_Segmento U_Canal U_PrimeiraCompra:date
business_places: U_Abertura:date
items: U_Linha
orders: U_Canal U_DealId:integer
invoices: U_Canal U_Operacao
invoice_lines: U_ICMS:decimal U_PIS:decimal U_COFINS:decimal
credit_notes: U_Canal U_Motivo
credit_note_lines: U_ICMS:decimal U_PIS:decimal U_COFINS:decimal
profit_centers: U_Area
projects: U_Tipo U_Cidade U_UF
journal_entry_lines: U_Canal U_UF";
const USER_TABLES: &str = "U_CONTRATOS U_VIGENCIAS U_MOVIMENTOS";

/// The running systems.
pub struct Systems {
    crm: Running,
    erp: Running,
    user_key: String,
    erp_login: sap_b1::Options,
}

impl Systems {
    /// Starts both on free ports of the loopback.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn start(company: Company) -> Result<Systems> {
        let world = tokio::task::spawn_blocking(move || Arc::new(World::new(company))).await?;
        let (crm, erp_login) = (ploomes::Options::default(), sap_b1::Options::default());
        Ok(Systems {
            user_key: crm.user_key.clone(),
            crm: ploomes::start(world.clone(), crm).await?,
            erp: sap_b1::start(world, erp_login.clone()).await?,
            erp_login,
        })
    }

    /// Tells the sources where the systems are, and adds them where they are not there yet.
    pub async fn register(&self, house: &House) -> Result<()> {
        // The simulated systems bear more than the real ones allow.
        let crm = json!({ "address": self.crm.url(), "per_minute": "6000" });
        put(house, "ploomes", "ploomes", crm, &[("user_key", &self.user_key)]).await?;
        let erp = json!({
            "address": self.erp.url(),
            "company_db": self.erp_login.company_db,
            "user": self.erp_login.user,
            "fingerprint": self.erp.certificate.as_ref().map(|certificate| &certificate.fingerprint),
            "custom_fields": CUSTOM_FIELDS,
            "user_tables": USER_TABLES,
            "page_size": "500",
        });
        put(house, "sap", "sap_b1", erp, &[("password", &self.erp_login.password)]).await
    }

    pub async fn stop(self) {
        self.crm.stop().await;
        self.erp.stop().await;
    }
}

/// Tells a source what it is to know, and adds it where it is not there yet.
pub async fn put(
    house: &House,
    name: &str,
    kind: &str,
    params: Value,
    secrets: &[(&str, &str)],
) -> Result<()> {
    let mut sealed = BTreeMap::new();
    for (parameter, secret) in secrets {
        sealed.insert((*parameter).to_owned(), house.metastore.seal_secret(name, parameter, secret)?);
    }
    let promised = connect::kinds().into_iter().find(|known| known.kind == kind);
    let row = SourceRow {
        name: name.to_owned(),
        kind: kind.to_owned(),
        params,
        secrets: sealed,
        promised_minutes: promised.map(|kind| kind.promised_minutes),
        schedule: None,
    };
    if house.metastore.sources().await?.iter().any(|known| known.name == name) {
        return Ok(house.metastore.change_source(&row).await?);
    }
    Ok(house.metastore.add_source(&row).await?)
}
