//! Tables without a key, views and queries: one piece that takes the place of all rows.

use connect::{ConnectError, LandHint, SqlError};
use serde_json::json;

use super::lake::{Lake, numbers};
use super::servers::{Database, both, mariadb, postgres};

async fn filled(database: Database, rows: i64) {
    database.run("create table vendas (n int, texto varchar(40))").await;
    let numbers = match database.is_postgres() {
        true => format!("generate_series(1, {rows}) as n"),
        false => format!("(select seq as n from seq_1_to_{rows}) x"),
    };
    database.run(&format!("insert into vendas select n, concat('linha ', n) from {numbers}")).await;
}

#[tokio::test]
async fn a_table_larger_than_a_piece_is_one_piece_all_the_same_and_its_batches_are_small() {
    for database in both().await {
        filled(database, 300_000).await;
        let mut lake = Lake::default();
        for _ in 0..2 {
            lake.read(&database.source_with(&json!({"page_rows": 20_000})), "vendas").await.unwrap();
            assert_eq!((&lake.pieces[..], &lake.hints[..]), (&[300_000][..], &[LandHint::ReplaceAll][..]));
        }
        assert_eq!(lake.values("vendas", "n"), numbers(1..=300_000));
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
async fn a_connection_that_is_lost_in_the_middle_leaves_the_rows_that_were_there() {
    for database in both().await {
        filled(database, 300_000).await;
        let mut lake = Lake::default();
        lake.read(&database.source(), "vendas").await.unwrap();
        let before = lake.clone();
        let list = match database.is_postgres() {
            true => format!(
                "select pid::text from pg_stat_activity where datname = '{}' and usename = 'leitor' and query like 'fetch%'",
                database.name()
            ),
            false => format!(
                "select cast(id as char) from information_schema.processlist where db = '{}' and info like 'select %as t'",
                database.name()
            ),
        };
        let killed = async {
            let session = loop {
                if let Some(Some(session)) = database.texts(&list).await.pop() {
                    break session;
                }
            };
            match database.is_postgres() {
                true => database.run(&format!("select pg_terminate_backend({session})")).await,
                false => database.run(&format!("kill {session}")).await,
            }
        };
        database.run("update vendas set texto = 'outra'").await;
        let source = database.source_with(&json!({"page_rows": 100}));
        let (read, ()) = tokio::join!(lake.read(&source, "vendas"), killed);
        let error = read.unwrap_err();
        assert!(matches!(&error, ConnectError::Sql { error: SqlError::Lost { .. }, .. }), "{error}");
        assert_eq!(lake.rows("vendas"), before.rows("vendas"));
        lake.read(&source, "vendas").await.unwrap();
        assert!(lake.rows("vendas").iter().all(|row| row["texto"] == "outra"));
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
