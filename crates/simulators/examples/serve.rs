//! Serves the demo company: `cargo run -p simulators --example serve -- [SCALE [SEED [TODAY]]]`.
//!
//! Prints where each system listens and how to log in, and runs until it is interrupted. Writes nothing.
//! Invariant: it listens on the loopback only.

use std::sync::Arc;

use chrono::NaiveDate;
use simulators::servers::{World, ploomes, sap_b1};
use simulators::{Company, Scale};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let scale = Scale::new(arguments.next().map_or(Ok(0.05), |text| text.parse())?)?;
    let seed = arguments.next().map_or(Ok(7), |text| text.parse())?;
    let today: NaiveDate = arguments
        .next()
        .as_deref()
        .unwrap_or("2026-06-30")
        .parse()
        .map_err(|_| "give TODAY as aaaa-mm-dd")?;
    let world = Arc::new(World::new(Company::generate(scale, seed, today)?));
    let crm_options = ploomes::Options::default();
    let erp_options = sap_b1::Options::default();
    let crm = ploomes::start(Arc::clone(&world), crm_options.clone()).await?;
    let erp = sap_b1::start(world, erp_options.clone()).await?;
    println!("Ploomes           {}", crm.url());
    println!("  User-Key        {}", crm_options.user_key);
    println!("SAP Business One  {}/b1s/v2", erp.url());
    println!("  CompanyDB       {}", erp_options.company_db);
    println!("  UserName        {}", erp_options.user);
    println!("  Password        {}", erp_options.password);
    if let Some(certificate) = &erp.certificate {
        println!("  SHA-256         {}", certificate.fingerprint);
        print!("{}", certificate.pem);
    }
    tokio::signal::ctrl_c().await?;
    crm.stop().await;
    erp.stop().await;
    Ok(())
}
