//! Tests of uploads through the house: from a sheet in memory to the figures of its board.
//!
//! Invariant: sums are worked out here again, apart from the product.

use crate::config::Config;
use crate::house::House;
use crate::uploads::Kept;
use contract::Principal;
use contract::uploads::{Refusal, Role, Step, UploadDraft};
use kpi::{Cell, MetricQuery, PeriodSpec};
use std::sync::Arc;
use std::time::Duration;

fn steward() -> Principal {
    Principal {
        id: "ana".to_owned(),
        name: "Ana".to_owned(),
        roles: vec!["curador".to_owned()],
        attributes: std::collections::BTreeMap::new(),
    }
}

async fn house(folder: &std::path::Path) -> Arc<House> {
    let config = Config {
        data: folder.to_owned(),
        database_url: None,
        memory_bytes: 256 << 20,
        listen: ([127, 0, 0, 1], 0).into(),
        public_url: None,
        keep_editions: 3,
        egress: connect::Egress::default(),
        inbox_bytes: 16 << 20,
    };
    Arc::new(House::open(config).await.unwrap())
}

async fn sent(house: &House, name: &str, content: &str) -> Kept {
    let mut incoming = house.uploads.begin().unwrap();
    incoming.add(content.as_bytes()).await.unwrap();
    incoming.keep(&house.uploads, name).await.unwrap()
}

/// Builds as a server does, and waits for the board.
async fn built(house: &Arc<House>, source: &str) -> String {
    let building = tokio::spawn(house.jobs.clone().keep_building());
    loop {
        match house.answers.uploads.making(&steward(), source).await.unwrap().step {
            Step::Ready(board) => {
                building.abort();
                return board;
            }
            Step::Failed(why) => panic!("{why}"),
            Step::Reading | Step::Building => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn total(house: &House, metric: &str) -> Cell {
    let period =
        PeriodSpec::Between { from: "2025-01-01".parse().unwrap(), to: "2026-12-31".parse().unwrap() };
    let query = MetricQuery { compare: kpi::Compare::None, ..MetricQuery::total([metric], period) };
    let frame = house.answers.metrics.ask(&steward(), &[query]).await.unwrap().remove(0).unwrap();
    frame.rows[0][frame.index(metric, kpi::Role::Value).unwrap()].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn sheet_with_hostile_names_and_two_hundred_columns_becomes_a_board_with_exact_sums() {
    let folder = tempfile::tempdir().unwrap();
    let house = house(folder.path()).await;
    let mut names = vec![
        "Data",
        "order",
        "ORDER",
        "select",
        "Preço/Un. \"x\"",
        "{{ env_var('HOME') }}",
        "",
        "dia",
        "group by",
    ];
    let wide: Vec<String> = (names.len()..200).map(|at| format!("Coluna número {at}")).collect();
    names.extend(wide.iter().map(String::as_str));
    let quoted: Vec<String> = names.iter().map(|name| format!("\"{}\"", name.replace('"', "\"\""))).collect();
    let mut content = quoted.join(";") + "\n";
    let mut expected = 0_i128;
    for row in 0..40_i128 {
        let cents = 10_001 + row * 777;
        expected += cents;
        content += &format!("{:02}/03/2026;{};a{row};{};1,5;x", row % 28 + 1, row % 3, row % 2);
        content += &format!(";{},{:02};\"d;{}\";7", cents / 100, cents % 100, row % 4);
        content += &";1".repeat(191);
        content += "\n";
    }
    let kept = sent(&house, "Órdens'; drop table x --.csv", &content).await;
    let uploads = &house.answers.uploads;
    let mut draft = UploadDraft::default();
    for (column, role) in [
        ("column_7", Role::Sum),
        ("order", Role::Dimension),
        ("dia", Role::Dimension),
        ("group_by", Role::Mean),
    ] {
        draft.roles.insert(column.to_owned(), role);
    }
    let page = uploads.look(&steward(), &kept.id, &draft).await.unwrap();
    assert_eq!((page.columns.len(), page.rows, page.rejected), (200, 40, 0));
    let source = uploads.make(&steward(), &kept.id, &draft).await.unwrap();
    assert_eq!(source, "ordens_drop_table_x");
    let board = built(&house, &source).await;
    let board = house.answers.boards.open(&steward(), &board).await.unwrap();
    assert!(board.filters.contains(&format!("{source}_order")), "{:?}", board.filters);
    let sum = total(&house, &format!("{source}_column_7")).await;
    assert_eq!(sum.number().map(|value| (value * 100.0).round() as i128), Some(expected));
    assert_eq!(total(&house, &format!("{source}_registros")).await.number(), Some(40.0));

    // It is an ordinary pack, that a person may read and edit.
    let packs = house.metastore.packs().await.unwrap();
    assert_eq!(packs.iter().map(|pack| pack.name.as_str()).collect::<Vec<_>>(), [source.as_str()]);
    assert!(house.config.data.join("packs").join(&source).join("dbt_project.yml").is_file());

    // A second sheet of the same name takes another.
    let again = uploads.make(&steward(), &kept.id, &draft).await.unwrap();
    assert_eq!(again, "ordens_drop_table_x_2");
    house.answers.sources.remove(&steward(), &source).await.unwrap();
    assert!(house.uploads.find(&kept.id).is_some(), "the other sheet is made of it");
    house.answers.sources.remove(&steward(), &again).await.unwrap();
    assert_eq!(house.uploads.find(&kept.id), None);
    assert_eq!(house.metastore.packs().await.unwrap(), []);
}

#[tokio::test]
async fn only_stewards_upload_and_a_sheet_without_a_date_stores_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let house = house(folder.path()).await;
    let kept = sent(&house, "x.csv", "a;b\nx;1\ny;2\n").await;
    let uploads = &house.answers.uploads;
    let draft = UploadDraft::default();
    assert_eq!(uploads.make(&steward(), &kept.id, &draft).await, Err(Refusal::NoDate));
    assert_eq!(house.metastore.sources().await.unwrap(), []);
    assert!(!house.config.data.join("packs").exists());
    let reader = Principal { roles: vec!["leitor".to_owned()], ..steward() };
    assert!(matches!(uploads.look(&reader, &kept.id, &draft).await, Err(Refusal::Failure(_))));
    assert!(matches!(uploads.make(&reader, &kept.id, &draft).await, Err(Refusal::Failure(_))));
    assert!(matches!(uploads.look(&steward(), "../x", &draft).await, Err(Refusal::Failure(_))));
}
