//! The example packs reach the golden figures, which DuckDB computed from the raw files without the packs.

use crate::workspace::{Workspace, root, shared_data};
use std::collections::{BTreeMap, BTreeSet};

/// Ratios may differ by this share: both sides divide the same exact numbers.
const RATIO: f64 = 1e-9;

struct Golden {
    metric: String,
    grain: String,
    period: String,
    dimension: String,
    member: String,
    value: String,
    /// Ratios and medians are floats; everything else is exact.
    is_ratio: bool,
}

fn golden(pack: &str) -> Vec<Golden> {
    let path = root().join(format!("packs/examples/{pack}/expected/{pack}.csv"));
    let mut reader = csv::Reader::from_path(&path).expect("the golden figures are there");
    reader
        .records()
        .map(|record| {
            let record = record.expect("well-formed CSV");
            let field = |index: usize| record.get(index).unwrap_or_default().to_owned();
            Golden {
                metric: field(0),
                grain: field(1),
                period: field(2),
                dimension: field(3),
                member: field(4),
                is_ratio: !field(6).is_empty(),
                value: field(7),
            }
        })
        .collect()
}

/// The answer of `mirante query` as (bucket, member) → metric → text.
fn answer(
    workspace: &Workspace,
    metrics: &[&str],
    dimension: &str,
    grain: &str,
    (from, to): (&str, &str),
) -> BTreeMap<(String, String), BTreeMap<String, String>> {
    let metrics_list = metrics.join(",");
    let mut arguments =
        vec!["query", "--metric", &metrics_list, "--from", from, "--to", to, "--format", "csv"];
    if !dimension.is_empty() {
        arguments.extend(["--by", dimension]);
    }
    if !grain.is_empty() {
        arguments.extend(["--grain", grain]);
    }
    let text = workspace.succeeds(&arguments);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().expect("a header").clone();
    let mut rows = BTreeMap::new();
    for record in reader.records() {
        let record = record.expect("well-formed CSV");
        let named: BTreeMap<&str, &str> = header.iter().zip(record.iter()).collect();
        let bucket = named.get("metric_time").copied().unwrap_or_default().to_owned();
        let member = named.get(dimension).copied().unwrap_or_default().to_owned();
        let values = metrics.iter().map(|metric| ((*metric).to_owned(), named[metric].to_owned())).collect();
        rows.insert((bucket, member), values);
    }
    rows
}

/// Every golden figure is met, and no figure is there that the golden ones lack (zeros and gaps aside).
fn check(workspace: &Workspace, pack: &str) {
    let golden = golden(pack);
    assert!(golden.len() > 1000, "the golden figures are few: {}", golden.len());
    let metrics: BTreeSet<&str> = golden.iter().map(|one| one.metric.as_str()).collect();
    let metrics: Vec<&str> = metrics.into_iter().collect();
    let shapes: BTreeSet<(&str, &str)> =
        golden.iter().map(|one| (one.dimension.as_str(), one.grain.as_str())).collect();
    // All of the data: from the first to the last golden day.
    let days = golden.iter().filter(|one| one.grain == "day").map(|one| one.period.as_str());
    let span = (days.clone().min().unwrap_or_default(), days.max().unwrap_or_default());
    let mut compared = 0;
    for (dimension, grain) in shapes {
        let ours = answer(workspace, &metrics, dimension, grain, span);
        for one in golden.iter().filter(|one| one.dimension == dimension && one.grain == grain) {
            let place = format!("{} by `{dimension}` {grain} {} `{}`", one.metric, one.period, one.member);
            let ours = ours
                .get(&(one.period.clone(), one.member.clone()))
                .and_then(|row| row.get(&one.metric))
                .unwrap_or_else(|| panic!("no row for {place}"));
            assert!(equal(ours, one), "{place}: ours {ours}, golden {}", one.value);
            compared += 1;
        }
    }
    println!("{pack}: {compared} figures compared");
}

fn equal(ours: &str, golden: &Golden) -> bool {
    if ours.is_empty() || golden.value.is_empty() {
        return ours.is_empty() && golden.value.is_empty();
    }
    match (ours.parse::<f64>(), golden.value.parse::<f64>()) {
        (Ok(ours), Ok(expected)) if golden.is_ratio => {
            (ours - expected).abs() <= RATIO * expected.abs().max(1.0)
        }
        _ => plain(ours) == plain(&golden.value),
    }
}

/// One spelling of an exact number: without trailing zeros after the point.
fn plain(number: &str) -> &str {
    if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number }
}

#[test]
fn crm_reaches_the_golden_figures_at_every_grain_and_dimension() {
    if let Some(files) = shared_data("crm") {
        let workspace = Workspace::new();
        workspace.run_pack("packs/examples/crm", "crm", &files);
        check(&workspace, "crm");
    }
}

#[test]
fn retail_reaches_the_golden_figures_at_every_grain_and_dimension() {
    if let Some(file) = shared_data("online_retail_uci352.parquet") {
        let workspace = Workspace::new();
        let files = workspace.folder("retail");
        std::fs::copy(&file, files.join("online_retail_uci352.parquet")).expect("the file can be copied");
        workspace.run_pack("packs/examples/retail", "retail", &files);
        check(&workspace, "retail");
    }
}
