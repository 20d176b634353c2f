//! The same seed gives the same bytes, and the full company has the sizes that the page of the issue asks for.

use std::collections::BTreeMap;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::{company, write};

/// Hash of each file by its path under `dir`.
fn hashes(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut hashes = BTreeMap::new();
    let mut folders = vec![dir.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(dir).unwrap().display().to_string();
                hashes.insert(name, Sha256::digest(std::fs::read(&path).unwrap()).to_vec());
            }
        }
    }
    hashes
}

fn written(seed: u64) -> BTreeMap<String, Vec<u8>> {
    let dir = tempfile::tempdir().unwrap();
    write(&company(0.02, seed), dir.path());
    hashes(dir.path())
}

#[test]
fn same_seed_gives_the_same_bytes_and_another_seed_does_not() {
    let (first, again, other) = (written(7), written(7), written(8));
    assert_eq!(first, again);
    assert_eq!(first.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
    let equal: Vec<&String> = first.keys().filter(|name| first[*name] == other[*name]).collect();
    let fixed = [
        "stages",
        "origins",
        "pipelines",
        "loss_reasons",
        "queues",
        "oact",
        "oprc",
        "obpl",
        "feriados",
        "de_para",
    ];
    assert!(equal.iter().all(|name| fixed.iter().any(|fixed| name.contains(fixed))), "{equal:?}");
}

#[test]
fn full_company_has_its_sizes() {
    let company = company(1.0, 7);
    let near = |what: &str, count: usize, wanted: f64| {
        assert!((count as f64 / wanted - 1.0).abs() < 0.08, "{what}: {count}, not about {wanted}");
    };
    near("deals", company.deals.len(), 60_000.0);
    near("customers", company.customers.len(), 3_000.0);
    near("sellers", company.sellers.len(), 40.0);
    near("products", company.products.len(), 400.0);
    near("events", company.events.len(), 40.0);
    near("invoices", company.invoices.len(), 120_000.0);
    let lines: usize = company
        .invoices
        .iter()
        .map(|invoice| usize::from(company.shipments[invoice.shipment as usize].lines))
        .sum();
    near("invoice lines", lines, 350_000.0);
    near("messages", company.messages.len() + company.campaigns.len(), 600_000.0);
    let ufs: std::collections::BTreeSet<u8> = company.orders.iter().map(|order| order.place).collect();
    assert_eq!(ufs.len(), 27);
}

#[test]
fn full_company_has_believable_figures() {
    let company = company(1.0, 7);
    let truth = company.truth();
    let value = |metric: &str, month: &str| {
        let (numerator, denominator) = truth.get(metric, month, "", "");
        numerator as f64 / denominator as f64
    };
    let within = |what: &str, value: f64, range: std::ops::Range<f64>| {
        assert!(range.contains(&value), "{what} is {value}");
    };
    within("conversion", value("lead_conversion_rate", "2026-02"), 0.10..0.18);
    within("CAC in cents", value("cac", "2026-05"), 40_000.0..70_000.0);
    within("MRR in cents", value("mrr", "2026-06"), 23_000_000.0..27_000_000.0);
    within("SLA", value("whatsapp_sla", "2026-06"), 0.88..0.93);
    within("lead time", value("order_lead_time", "2026-06"), 4.0..6.1);
    within("margin", value("gross_margin_pct", "2026-06"), 0.58..0.63);
    let mature = truth
        .rows
        .iter()
        .filter(|row| row.metric == "event_roi" && row.dimension.is_empty() && *row.month < *"2026-01");
    let (gain, cost) = mature.fold((0, 0), |sum, row| (sum.0 + row.numerator, sum.1 + row.denominator));
    within("event ROI", gain as f64 / cost as f64, 2.0..3.5);
}

#[test]
fn any_today_makes_a_company() {
    for today in ["2024-02-29", "2026-01-01", "2026-03-01", "2027-12-31"] {
        let day = chrono::NaiveDate::parse_from_str(today, "%Y-%m-%d").unwrap();
        let company = simulators::Company::generate(simulators::Scale::new(0.02).unwrap(), 3, day).unwrap();
        let dir = tempfile::tempdir().unwrap();
        write(&company, dir.path());
        assert!(company.deals.iter().all(|deal| deal.updated < company.horizon.end()), "{today}");
        assert!(!company.truth().rows.is_empty());
    }
}

#[test]
fn impossible_company_is_refused() {
    assert!(simulators::Scale::new(0.0).is_err());
    assert!(simulators::Scale::new(f64::NAN).is_err());
    let today = chrono::NaiveDate::from_ymd_opt(1999, 1, 1).unwrap();
    assert!(simulators::Company::generate(simulators::Scale::default(), 7, today).is_err());
}
