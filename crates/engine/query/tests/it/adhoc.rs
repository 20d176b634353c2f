//! Temporary.
use crate::shop::session;
use query::{Catalogue, MetricsFile};

#[tokio::test]
async fn adhoc_packs_build() {
    let marts = std::fs::read_to_string("/tmp/query/marts.txt").unwrap();
    for (tag, packs) in [("demo", vec!["empresa", "comercial", "operacional", "financeiro"]), ("crm", vec!["examples/crm"]), ("retail", vec!["examples/retail"])] {
        let tables: Vec<(&str, &str)> = marts.lines().filter_map(|line| { let mut p = line.split('\t'); (p.next() == Some(tag)).then(|| (p.next().unwrap(), p.next().unwrap())) }).collect();
        let (session, _dir) = session(&tables).await;
        let mut files = Vec::new();
        for pack in packs {
            for entry in std::fs::read_dir(format!("/work/main/packs/{pack}/metrics")).unwrap().flatten() {
                files.push(MetricsFile { pack: pack.into(), path: entry.path().display().to_string(), text: std::fs::read_to_string(entry.path()).unwrap() });
            }
        }
        let start = std::time::Instant::now();
        match Catalogue::build(&session, &files).await {
            Ok(catalogue) => {
                eprintln!("{tag}: {} metrics, {} dimensions in {:?}", catalogue.metrics().len(), catalogue.dimensions().len(), start.elapsed());
                for metric in catalogue.metrics() { eprintln!("  {} {:?} {:?} {:?} {:?} {}", metric.name, metric.additivity, metric.pace, metric.format, metric.dimensions, metric.formula.pt); }
            }
            Err(error) => panic!("{tag}: {error}"),
        }
    }
}
