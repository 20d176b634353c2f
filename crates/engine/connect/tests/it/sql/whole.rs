//! Tables without a key, views and queries: one piece that takes the place of all rows.

use arrow::array::RecordBatch;
use connect::{ConnectError, LandHint, ReadRequest, Source, SqlError};
use futures::StreamExt;
use serde_json::json;

use super::lake::{Lake, numbers};
use super::servers::{Database, both, mariadb, postgres};

async fn filled(database: Database, rows: i64) {
    database.run("create table vendas (n int, texto varchar(40))").await;
    let numbers = database.series(1, rows);
    database.run(&format!("insert into vendas select n, concat('linha ', n) from {numbers}")).await;
}

#[tokio::test]
async fn a_table_larger_than_a_piece_is_one_piece_all_the_same_and_its_batches_are_small() {
    for (database, rows) in [(postgres().fresh().await, 300_000), (mariadb().fresh().await, 120_000)] {
        filled(database, rows).await;
        let mut lake = Lake::default();
        lake.read(&database.source_with(&json!({"page_rows": 20_000})), "vendas").await.unwrap();
        assert_eq!((&lake.pieces[..], &lake.hints[..]), (&[rows as usize][..], &[LandHint::ReplaceAll][..]));
        assert_eq!(lake.values("vendas", "n"), numbers(1..=rows));
        assert!(lake.largest < 4 << 20, "{}", lake.largest);
    }
}

#[tokio::test]
async fn rows_that_are_the_same_are_kept_as_often_as_they_are_there() {
    for database in both().await {
        filled(database, 3).await;
        database.run("insert into vendas values (1, 'linha 1'), (1, 'linha 1')").await;
        let mut lake = Lake::default();
        lake.read(&database.source(), "vendas").await.unwrap();
        assert_eq!(lake.values("vendas", "n"), ["1", "1", "1", "2", "3"]);
        lake.read(&database.source(), "vendas").await.unwrap();
        assert!(lake.pieces.is_empty(), "nothing has changed");
    }
}

#[tokio::test]
async fn a_connection_that_is_lost_in_the_middle_of_a_piece_ends_it_with_an_error() {
    for database in both().await {
        filled(database, 90_000).await;
        // More than what waits between the two anyway.
        let wide = database
            .source_with(&json!({"queries": "[largas]\nselect n, repeat('x', 900) as texto from vendas"}));
        let request = ReadRequest { stream: "largas".to_owned(), ..ReadRequest::default() };
        let piece = wide.read(request).await.unwrap().pieces.next().await.unwrap().unwrap();
        let name = database.name();
        let sessions = database.either(
            "select pid::text from pg_stat_activity where usename = 'leitor' and query like 'fetch%' and datname = ",
            "select cast(id as char) from information_schema.processlist where user = 'leitor' and db = ",
        );
        let kill = database.either("select pg_terminate_backend", "kill ");
        for session in database.texts(&format!("{sessions}'{name}'")).await.into_iter().flatten() {
            database.run(&format!("{kill}({session})")).await;
        }
        let ends: Vec<_> = piece.batches.collect().await;
        let rows: usize = ends.iter().flatten().map(RecordBatch::num_rows).sum();
        let error = ends.into_iter().find_map(Result::err).unwrap();
        assert!(
            matches!(&error, ConnectError::Sql { error, .. } if matches!(**error, SqlError::Lost { .. })),
            "{error}"
        );
        assert!((49_000..90_000).contains(&rows), "{rows}");
        let mut lake = Lake::default();
        lake.read(&wide, "largas").await.unwrap();
        assert_eq!(lake.pieces, [90_000]);
    }
}

#[tokio::test]
async fn views_and_queries_are_read_as_tables_are() {
    for database in both().await {
        filled(database, 10).await;
        database.run("create view pares as select n, texto from vendas where n % 2 = 0").await;
        let queries = "[soma]\nselect count(*) as linhas, sum(n) as total, 'a;b' as \"Nome, da Soma\"\nfrom vendas -- todas\n;\n\
                       [grandes]\nkey: N\nselect n, texto from vendas where n > 7";
        let queries = if database.is_postgres() { queries.to_owned() } else { queries.replace('"', "`") };
        let source = database.source_with(&json!({"tables": "pares", "queries": queries}));
        let mut lake = Lake::default();
        assert_eq!(lake.sync(&source).await, Vec::<String>::new());
        assert_eq!(lake.values("pares", "n"), ["2", "4", "6", "8", "10"]);
        assert_eq!(lake.values("grandes", "n"), ["8", "9", "10"]);
        let soma = &lake.rows("soma")[0];
        assert_eq!((soma["linhas"].as_str(), soma["nome_da_soma"].as_str()), ("10", "a;b"));
        assert_eq!(soma["total"].trim_end_matches('0').trim_end_matches('.'), "55");
        database.run("delete from vendas where n = 9").await;
        lake.read(&source, "grandes").await.unwrap();
        assert_eq!(lake.values("grandes", "n"), ["8", "10"]);
    }
}

#[tokio::test]
async fn a_table_that_became_empty_is_not_believed_unless_a_person_says_so() {
    for database in both().await {
        filled(database, 10).await;
        let mut lake = Lake::default();
        lake.read(&database.source(), "vendas").await.unwrap();
        database.run("delete from vendas").await;
        let error = lake.read(&database.source(), "vendas").await.unwrap_err().to_string();
        assert!(error.contains("only 0 of 10") && error.contains("`sweep_floor`"), "{error}");
        assert_eq!(lake.rows("vendas").len(), 10);
        lake.read(&database.source_with(&json!({"sweep_floor": 0})), "vendas").await.unwrap();
        assert!(lake.rows("vendas").is_empty());
    }
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_ended_by_the_server_and_the_others_go_on() {
    for (database, slow) in [
        (postgres().fresh().await, "select n, pg_sleep(5)::text as s from vendas"),
        (mariadb().fresh().await, "select n, sleep(5) as s from vendas"),
    ] {
        filled(database, 10).await;
        database.run(&format!("create view lenta as {slow}")).await;
        let source = database.source_with(&json!({"statement_timeout": 1}));
        let mut lake = Lake::default();
        let problems = lake.sync(&source).await;
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(
            problems[0].contains("`lenta`")
                && problems[0].contains("longer than 1 s; raise `statement_timeout`"),
            "{problems:?}"
        );
        assert_eq!(lake.rows("vendas").len(), 10);
    }
}

#[tokio::test]
async fn a_query_that_would_write_is_refused_by_the_server() {
    let database = postgres().fresh().await;
    filled(database, 3).await;
    let mut settings = database.settings();
    settings["user"] = "postgres".into();
    settings["queries"] = "[apaga]\nwith x as (delete from vendas returning n) select n from x".into();
    settings["tables"] = "vendas".into();
    let source = super::servers::source_of(&settings);
    let problems = Lake::default().sync(&source).await;
    assert_eq!(problems.len(), 1, "{problems:?}");
    settings["queries"] = "[muda]\nselect nextval('conta') as n".into();
    database.run("create sequence conta").await;
    let problems = Lake::default().sync(&super::servers::source_of(&settings)).await;
    assert!(problems[0].contains("read-only transaction"), "{problems:?}");
    assert_eq!(database.texts("select count(*)::text from vendas").await, [Some("3".to_owned())]);
    // Two statements are none.
    settings["queries"] =
        "[dois]\nselect 1 as n) as t; delete from vendas; select * from (select 1 as n".into();
    let problems = Lake::default().sync(&super::servers::source_of(&settings)).await;
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(database.texts("select count(*)::text from vendas").await, [Some("3".to_owned())]);
}
