//! Rows that are gone: found by their keys, once a day, and believed only where that is plausible.

use chrono::NaiveDate;
use connect::sources::sql::Sql;
use serde_json::{Value, json};

use super::lake::{Lake, numbers};
use super::servers::{Database, both};

fn days() -> [fn() -> NaiveDate; 2] {
    [|| "2026-07-01".parse().unwrap(), || "2026-07-02".parse().unwrap()]
}

async fn read_once(database: Database) -> Lake {
    database
        .run(database.either(
            "create table itens (codigo varchar(20), em timestamp, filial smallint, primary key (codigo, filial))",
            "create table itens (codigo varchar(20), em datetime, filial smallint, primary key (codigo, filial))",
        ))
        .await;
    let numbers = database.series(1, 100);
    database
        .run(&format!("insert into itens select concat('nº ', n), '2026-01-01', n % 2 from {numbers}"))
        .await;
    let mut lake = Lake::default();
    lake.read(&source(database, &json!({})), "itens").await.unwrap();
    lake
}

fn source(database: Database, more: &Value) -> Sql {
    let mut settings = json!({"tables": "itens: em", "page_rows": 30});
    for (name, value) in more.as_object().unwrap() {
        settings[name] = value.clone();
    }
    database.source_with(&settings).with_today(days()[0])
}

#[tokio::test]
async fn deleted_rows_are_noted_once_a_day() {
    for database in both().await {
        let mut lake = read_once(database).await;
        database.run("delete from itens where codigo in ('nº 7', 'nº 8')").await;
        lake.read(&source(database, &json!({})), "itens").await.unwrap();
        assert_eq!((lake.gone("itens"), lake.rows("itens").len()), (2, 98));
        database.run("delete from itens where codigo = 'nº 9'").await;
        lake.read(&source(database, &json!({})), "itens").await.unwrap();
        assert_eq!(lake.gone("itens"), 2, "it was compared today");
        lake.read(&source(database, &json!({})).with_today(days()[1]), "itens").await.unwrap();
        assert_eq!(lake.gone("itens"), 3);
        database.run("insert into itens values ('nº 7', '2026-01-02', 1)").await;
        lake.read(&source(database, &json!({})), "itens").await.unwrap();
        assert_eq!((lake.gone("itens"), lake.rows("itens").len()), (2, 98), "it came back");
    }
}

#[tokio::test]
async fn too_few_rows_are_no_answer_and_the_next_comparison_is_another_days() {
    for database in both().await {
        let mut lake = read_once(database).await;
        database.run("delete from itens where filial = 1").await;
        let error = lake.read(&source(database, &json!({})), "itens").await.unwrap_err().to_string();
        assert!(error.contains("only 50 of 100 known rows") && error.contains("`sweep_floor`"), "{error}");
        assert_eq!(lake.gone("itens"), 0);
        lake.read(&source(database, &json!({"sweep": "dry_run", "sweep_floor": 0})), "itens").await.unwrap();
        assert_eq!(lake.gone("itens"), 0);
        let lowered = json!({"sweep_floor": 40, "sweep_most": 30});
        lake.read(&source(database, &lowered).with_today(days()[1]), "itens").await.unwrap();
        assert_eq!(lake.gone("itens"), 30, "the rest another day");
    }
}

#[tokio::test]
async fn rows_that_nobody_has_are_read_again() {
    for database in both().await {
        let mut lake = read_once(database).await;
        database.run("update itens set em = '2026-05-05' where codigo = 'nº 1'").await;
        lake.read(&source(database, &json!({"sweep": "off"})), "itens").await.unwrap();
        lake.forget("itens", "codigo", "nº 42");
        lake.read(&source(database, &json!({"sweep": "off"})), "itens").await.unwrap();
        assert_eq!(lake.rows("itens").len(), 99);
        lake.read(&source(database, &json!({})), "itens").await.unwrap();
        assert_eq!(lake.rows("itens").len(), 100);
        assert_eq!(lake.gone("itens"), 0);
    }
}

#[tokio::test]
async fn a_large_table_without_a_cursor_is_compared_after_its_rows() {
    for database in both().await {
        database.run("create table grande (id bigint primary key)").await;
        let numbers_of = database.series(1, 60_000);
        database.run(&format!("insert into grande select n * 1000000007.0 from {numbers_of}")).await;
        let source = || database.source_with(&json!({"tables": "grande"}));
        let mut lake = Lake::default();
        lake.read(&source(), "grande").await.unwrap();
        database.run("delete from grande where id = 59999 * 1000000007.0").await;
        lake.read(&source(), "grande").await.unwrap();
        assert_eq!((lake.gone("grande"), lake.rows("grande").len()), (1, 59_999));
        database.run("delete from grande where id > 5 * 1000000007.0").await;
        let error = lake.read(&source(), "grande").await.unwrap_err().to_string();
        assert!(error.contains("only 5 of 59999"), "{error}");
        database.run("insert into grande select n from (select 1 as n union select 2) x").await;
        lake.read(&database.source_with(&json!({"tables": "grande", "sweep_floor": 0})), "grande")
            .await
            .unwrap();
        assert_eq!(lake.values("grande", "id"), numbers((1..=2).chain((1..=5).map(|n| n * 1_000_000_007))));
    }
}
