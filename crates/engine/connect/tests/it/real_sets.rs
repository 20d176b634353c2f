//! The two real data sets, where they are there.

use std::path::PathBuf;

use connect::{FilesSource, StreamState, sources::files::options::FilesOptions};

use crate::folder::{Table, read};

/// Beside the repository; nothing when this machine does not have them.
fn shared(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/data").join(name);
    if !path.exists() {
        eprintln!("skipped: {} is not there", path.display());
        return None;
    }
    Some(path)
}

fn table(source: &FilesSource, stream: &str) -> Table {
    let reading = read(source, stream, None, &StreamState::default());
    assert!(reading.failures.is_empty(), "{}", reading.failures[0]);
    Table::of(reading.pieces).unwrap()
}

#[test]
fn crm_comes_whole_and_typed() {
    let Some(dir) = shared("crm") else { return };
    let source = FilesSource::new("crm", dir, FilesOptions::default()).unwrap();
    assert_eq!(
        source.streams_now().unwrap(),
        ["accounts", "data_dictionary", "products", "sales_pipeline", "sales_teams"]
    );
    let pipeline = table(&source, "sales_pipeline");
    assert_eq!(
        pipeline.columns(),
        [
            "opportunity_id text",
            "sales_agent text",
            "product text",
            "account text",
            "deal_stage text",
            "engage_date date",
            "close_date date",
            "close_value integer"
        ]
    );
    assert_eq!((pipeline.rows.len(), pipeline.rejects.len()), (8800, 0));
    assert_eq!(
        pipeline.rows[0],
        "1C1I7A6R|Moses Frase|GTX Plus Basic|Cancity|Won|2016-10-20|2017-03-01|1054"
    );
    let won: i64 = pipeline.rows.iter().filter_map(|row| row.rsplit('|').next()?.parse::<i64>().ok()).sum();
    assert_eq!(won, 10_005_534);
    let accounts = table(&source, "accounts");
    assert_eq!(accounts.columns()[3], "revenue decimal(18,2)");
    assert_eq!(accounts.rows.len(), 85);
    assert_eq!(table(&source, "products").rows.len(), 7);
    assert_eq!(table(&source, "sales_teams").rows.len(), 35);
}

#[test]
fn retail_comes_whole_and_typed() {
    let Some(file) = shared("online_retail_uci352.parquet") else { return };
    let source = FilesSource::new("retail", file, FilesOptions::default()).unwrap();
    let retail = table(&source, "online_retail_uci352");
    assert_eq!(
        retail.columns(),
        [
            "invoice_no text",
            "stock_code text",
            "description text",
            "quantity integer",
            "invoice_date timestamp",
            "unit_price float",
            "customer_id integer",
            "country text"
        ]
    );
    assert_eq!((retail.rows.len(), retail.rejects.len()), (240_007, 0));
}
