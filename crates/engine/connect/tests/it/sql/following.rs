//! Tables with a cursor: read whole once, then what has changed, with nothing lost and nothing doubled.

use connect::{LandHint, SqlError};
use serde_json::json;

use super::lake::{Lake, numbers, row};
use super::servers::{Database, both, mariadb, postgres};

/// Orders with a time of their last change, one a second.
async fn orders(database: Database, rows: i64) {
    let of_type = database.either("timestamptz", "datetime");
    database
        .run(&format!("create table pedidos (id int primary key, valor int, alterado {of_type} not null)"))
        .await;
    database.run("create index por_alterado on pedidos (alterado)").await;
    let moment = database.either(
        "timestamptz '2026-01-01 00:00:00Z' + n * interval '1 second'",
        "timestamp '2026-01-01 00:00:00' + interval n second",
    );
    let numbers = database.series(1, rows);
    database.run(&format!("insert into pedidos select n, 1, {moment} from {numbers}")).await;
}

/// A setting with a cursor for the orders.
fn followed(overlap: u64, page_rows: usize) -> serde_json::Value {
    json!({"tables": "pedidos: alterado", "overlap": overlap, "page_rows": page_rows})
}

fn at(database: Database, second: i64) -> String {
    let (minute, second) = (second / 60, second % 60);
    let (hour, minute) = (minute / 60, minute % 60);
    format!("'2026-01-01 {hour:02}:{minute:02}:{second:02}{}'", database.either("Z", ""))
}

#[tokio::test]
async fn changes_come_with_the_next_reading_and_nothing_is_doubled() {
    for database in both().await {
        orders(database, 1_000).await;
        let source = database.source_with(&followed(10, 100));
        let mut lake = Lake::default();
        lake.read(&source, "pedidos").await.unwrap();
        assert_eq!(lake.pieces, [1_000]);
        lake.read(&source, "pedidos").await.unwrap();
        assert_eq!(lake.pieces, [11], "what lies within the overlap");
        lake.read(&source, "pedidos").await.unwrap();
        assert!(lake.pieces.is_empty(), "it is there already");
        database
            .run(&format!(
                "update pedidos set valor = 2, alterado = {} where id in (5, 6)",
                at(database, 1_100)
            ))
            .await;
        database.run(&format!("insert into pedidos values (2000, 3, {})", at(database, 1_101))).await;
        lake.read(&source, "pedidos").await.unwrap();
        assert_eq!(lake.pieces, [14]);
        assert_eq!(lake.values("pedidos", "id"), numbers((1..=1_000).chain([2_000])));
        let changed: Vec<_> = lake.rows("pedidos").into_iter().filter(|row| row["valor"] != "1").collect();
        assert_eq!(changed.iter().map(|row| row["id"].as_str()).collect::<Vec<_>>(), ["5", "6", "2000"]);
        assert!(lake.hints.iter().all(|hint| matches!(hint, LandHint::Merge { key } if key == &["id"])));
    }
}

#[tokio::test]
async fn many_rows_of_one_moment_are_read_over_the_borders_of_pages() {
    for database in both().await {
        orders(database, 10).await;
        let source = database.source_with(&followed(0, 7));
        let mut lake = Lake::default();
        lake.read(&source, "pedidos").await.unwrap();
        let many = database.series(100, 299);
        database.run(&format!("insert into pedidos select n, 2, {} from {many}", at(database, 500))).await;
        lake.read(&source, "pedidos").await.unwrap();
        assert_eq!(lake.pieces, [201], "the last one of before too");
        assert_eq!(lake.values("pedidos", "id"), numbers((1..=10).chain(100..=299)));
    }
}

#[tokio::test]
async fn a_row_that_is_committed_late_is_read_all_the_same() {
    for database in both().await {
        orders(database, 10).await;
        let source = database.source_with(&followed(60, 100));
        let mut late = database.admin().await;
        late.run(&format!("{}; ", database.either("begin", "start transaction"))).await;
        late.run(&format!("insert into pedidos values (77, 7, {})", at(database, 100))).await;
        database.run(&format!("insert into pedidos values (78, 8, {})", at(database, 120))).await;
        let mut lake = Lake::default();
        for _ in 0..2 {
            lake.read(&source, "pedidos").await.unwrap();
        }
        assert_eq!(lake.values("pedidos", "id"), numbers((1..=10).chain([78])));
        late.run("commit").await;
        lake.read(&source, "pedidos").await.unwrap();
        assert_eq!(lake.values("pedidos", "id"), numbers((1..=10).chain([77, 78])));
    }
}

#[tokio::test]
async fn growing_numbers_are_followed_too_and_read_again_from_some_numbers_before() {
    for database in both().await {
        database.run("create table eventos (id bigint primary key, nome varchar(9))").await;
        database.run("insert into eventos values (9007199254740993, 'a'), (9007199254740995, 'b')").await;
        let source = database.source_with(&json!({"tables": "eventos: ID", "overlap": 1, "page_rows": 1}));
        let mut lake = Lake::default();
        lake.read(&source, "eventos").await.unwrap();
        database.run("insert into eventos values (9007199254740994, 'late'), (9007199254740996, 'c')").await;
        lake.read(&source, "eventos").await.unwrap();
        assert_eq!(lake.pieces, [3]);
        assert_eq!(lake.values("eventos", "nome"), ["a", "b", "c", "late"]);
        lake.read(&source, "eventos").await.unwrap();
        lake.read(&source, "eventos").await.unwrap();
        assert!(lake.pieces.is_empty());
    }
}

#[tokio::test]
async fn a_first_reading_that_is_killed_goes_on_and_then_brings_what_changed_meanwhile() {
    for database in both().await {
        orders(database, 80_000).await;
        let source = database.source_with(&followed(10, 10_000));
        let mut lake = Lake::default();
        lake.read_some(&source, "pedidos", 1).await.unwrap();
        assert_eq!(lake.pieces, [50_000]);
        database
            .run(&format!("update pedidos set valor = 2, alterado = {} where id = 7", at(database, 80_001)))
            .await;
        lake.read(&source, "pedidos").await.unwrap();
        assert_eq!(lake.pieces, [30_012], "the rest, and the changes");
        assert_eq!(lake.rows("pedidos").len(), 80_000);
        assert_eq!(lake.rows("pedidos").iter().find(|row| row["id"] == "7").unwrap()["valor"], "2");
    }
}

#[tokio::test]
async fn changes_that_fill_several_pieces_are_resumed_between_them() {
    let database = postgres().fresh().await;
    orders(database, 10).await;
    let source = database.source_with(&followed(10, 10_000));
    let mut lake = Lake::default();
    lake.read(&source, "pedidos").await.unwrap();
    database.run("insert into pedidos select n, 2, '2026-02-01' from generate_series(1000, 120999) n").await;
    lake.read_some(&source, "pedidos", 1).await.unwrap();
    assert_eq!(lake.pieces, [50_000]);
    lake.read(&source, "pedidos").await.unwrap();
    assert!(lake.pieces.iter().sum::<usize>() < 80_000, "{:?}", lake.pieces);
    assert_eq!(lake.rows("pedidos").len(), 120_010);
}

#[tokio::test]
async fn rows_without_a_time_are_read_with_each_reading() {
    for database in both().await {
        database
            .run("create table clientes (id int primary key, nome varchar(9), alterado timestamp null)")
            .await;
        database
            .run(&format!("insert into clientes values (1, 'a', null), (2, 'b', {})", at(database, 1)))
            .await;
        let source = database.source_with(&json!({"tables": "clientes: alterado", "overlap": 0}));
        let mut lake = Lake::default();
        lake.read(&source, "clientes").await.unwrap();
        assert_eq!(lake.values("clientes", "id"), ["1", "2"]);
        database.run("insert into clientes values (3, 'c', null)").await;
        lake.read(&source, "clientes").await.unwrap();
        assert_eq!(lake.values("clientes", "id"), ["1", "2", "3"]);
        lake.read(&source, "clientes").await.unwrap();
        assert!(lake.pieces.is_empty());
    }
}

#[tokio::test]
async fn a_time_in_the_future_hides_nothing_that_comes_now() {
    for database in both().await {
        for (table, of_type) in [
            ("um", database.either("timestamptz", "timestamp null")),
            ("dois", "date"),
            ("tres", database.either("timestamp", "datetime")),
        ] {
            let far = if table == "um" { "'2037-01-01'" } else { "'2999-01-01'" };
            database.run(&format!("create table {table} (id int primary key, em {of_type})")).await;
            database.run(&format!("insert into {table} values (1, current_timestamp), (2, {far})")).await;
            let source = database.source_with(&json!({"tables": format!("{table}: em")}));
            let mut lake = Lake::default();
            lake.read(&source, table).await.unwrap();
            database.run(&format!("insert into {table} values (3, current_timestamp)")).await;
            lake.read(&source, table).await.unwrap();
            assert_eq!(lake.values(table, "id"), ["1", "2", "3"], "{table}");
        }
    }
}

#[tokio::test]
async fn an_empty_table_has_a_table_all_the_same_and_is_followed_from_its_first_row_on() {
    for database in both().await {
        orders(database, 1).await;
        database.run("delete from pedidos").await;
        let source = database.source_with(&followed(10, 100));
        let mut lake = Lake::default();
        lake.read(&source, "pedidos").await.unwrap();
        assert_eq!((lake.rows("pedidos").len(), lake.pieces.len()), (0, 1));
        lake.read(&source, "pedidos").await.unwrap();
        assert!(lake.pieces.is_empty());
        database.run(&format!("insert into pedidos values (1, 1, {})", at(database, 1))).await;
        lake.read(&source, "pedidos").await.unwrap();
        assert_eq!(lake.values("pedidos", "id"), ["1"]);
    }
}

#[tokio::test]
async fn a_new_column_comes_with_the_values_of_all_rows_and_a_dropped_one_changes_nothing() {
    for database in both().await {
        orders(database, 10).await;
        let mut lake = Lake::default();
        lake.read(&database.source_with(&followed(0, 100)), "pedidos").await.unwrap();
        database.run("alter table pedidos add canal varchar(9) default 'loja'").await;
        lake.read(&database.source_with(&followed(0, 100)), "pedidos").await.unwrap();
        assert_eq!(lake.values("pedidos", "canal").len(), 10);
        database.run("alter table pedidos drop column valor").await;
        lake.read(&database.source_with(&followed(0, 100)), "pedidos").await.unwrap();
        assert!(lake.pieces.iter().sum::<usize>() <= 1, "{:?}", lake.pieces);
    }
}

#[tokio::test]
async fn a_column_that_became_something_else_makes_all_rows_come_anew() {
    for database in both().await {
        orders(database, 10).await;
        let mut lake = Lake::default();
        lake.read(&database.source_with(&followed(0, 100)), "pedidos").await.unwrap();
        database
            .run(database.either(
                "alter table pedidos alter valor type text using 'v' || valor",
                "alter table pedidos modify valor varchar(9)",
            ))
            .await;
        lake.read(&database.source_with(&followed(0, 100)), "pedidos").await.unwrap();
        assert_eq!((&lake.hints[..], &lake.pieces[..]), (&[LandHint::ReplaceAll][..], &[10][..]));
        database.run(&format!("insert into pedidos values (11, 'x', {})", at(database, 100))).await;
        lake.read(&database.source_with(&followed(0, 100)), "pedidos").await.unwrap();
        assert_eq!(lake.pieces, [2], "and changes are followed on");
        assert_eq!(lake.values("pedidos", "id"), numbers(1..=11));
    }
}

#[tokio::test]
async fn a_query_with_key_and_cursor_is_followed_as_a_table_is() {
    for database in both().await {
        orders(database, 100).await;
        let queries = "[grandes]\nkey: numero\ncursor: quando\nselect id as numero, alterado as quando from pedidos where id > 50";
        let source = database.source_with(&json!({"queries": queries, "overlap": 0, "page_rows": 9}));
        let mut lake = Lake::default();
        lake.read(&source, "grandes").await.unwrap();
        assert_eq!(lake.values("grandes", "numero"), numbers(51..=100));
        database.run(&format!("insert into pedidos values (101, 1, {})", at(database, 101))).await;
        lake.read(&source, "grandes").await.unwrap();
        assert_eq!(lake.pieces, [2]);
        let empty =
            "[vazios]\nkey: k\ncursor: quando\nselect nullif(id, 7) as k, alterado as quando from pedidos";
        let error = lake.read(&database.source_with(&json!({"queries": empty})), "vazios").await.unwrap_err();
        assert!(error.to_string().contains("no value in `key`"), "{error}");
    }
}

#[tokio::test]
async fn a_table_that_was_dropped_between_two_readings_is_a_problem_of_its_own() {
    for database in [postgres().fresh().await, mariadb().fresh().await] {
        orders(database, 10).await;
        database.run("create table outra (id int primary key)").await;
        let source = database.source_with(&json!({"tables": "pedidos: alterado\noutra"}));
        let mut lake = Lake::default();
        assert_eq!(lake.sync(&source).await, Vec::<String>::new());
        database.run("drop table pedidos").await;
        let error = lake.read(&source, "pedidos").await.unwrap_err();
        assert!(
            matches!(&error, connect::ConnectError::Sql { error, .. } if matches!(**error, SqlError::Gone { .. })),
            "{error}"
        );
        database.run("insert into outra values (1)").await;
        let problems = lake.sync(&database.source_with(&json!({"tables": "pedidos: alterado\noutra"}))).await;
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].contains("no table or view `pedidos`; there are `outra`"), "{problems:?}");
        assert_eq!((lake.rows("pedidos").len(), lake.rows("outra")), (10, vec![row("id=1")]));
    }
}
