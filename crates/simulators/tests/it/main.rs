//! Behaviour of the demo company: it repeats itself, has its sizes, tells its stories, its exports lead back to the truth, and its servers
//! behave as the real systems.
//!
//! Reads the exports with a parser of its own, by the rules of README.md alone. Invariant: no test needs the engine.

mod calling;
mod dirt;
mod exports;
mod ledger;
mod misbehaviour;
mod odata;
mod ploomes;
mod reading;
mod reconcile;
mod repeat;
mod sap_b1;
mod stories;
mod whatsapp;

use std::path::Path;

use simulators::{Company, Part, Scale, write_exports};

/// A company of the last day of June 2026.
fn company(scale: f64, seed: u64) -> Company {
    let today = chrono::NaiveDate::from_ymd_opt(2026, 6, 30).unwrap();
    Company::generate(Scale::new(scale).unwrap(), seed, today).unwrap()
}

fn write(company: &Company, dir: &Path) {
    write_exports(company, dir, &Part::ALL, &mut |_, _| {}).unwrap();
}
