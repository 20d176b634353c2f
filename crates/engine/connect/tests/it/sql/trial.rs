//! A test of a connection: who is there, what may be read, and what to do better.

use connect::Source;
use serde_json::json;

use super::lake::Lake;
use super::servers::{both, source_of};

#[tokio::test]
async fn a_test_tells_version_user_and_what_can_be_read() {
    for database in both().await {
        database.run("create table cheia (id int primary key, em date)").await;
        database.run("insert into cheia values (1, '2026-01-01')").await;
        database.run("create table vazia (id int)").await;
        let queries =
            "[boa]\nselect 1 as n\n[ruim]\nselect nada from cheia\n[dupla]\nselect id, id from cheia";
        let settings = json!({"tables": "cheia: em\nvazia\ncheia2\nvazia: id", "queries": queries});
        let tested = database.source_with(&settings).test().await.unwrap();
        let version = tested.fact("version").unwrap();
        assert!(version.starts_with(database.either("PostgreSQL 1", "MariaDB 1")), "{version}");
        assert_eq!(tested.fact("user"), Some("leitor"));
        assert_eq!((tested.fact("access"), tested.fact("encrypted")), (Some("read-only"), Some("yes")));
        let told = |name: &str| tested.streams.iter().find(|stream| stream.name == name).unwrap();
        assert!(!told("cheia").is_empty && told("cheia").problem.is_none());
        assert!(told("vazia").is_empty && told("vazia").problem.is_none());
        assert!(!told("boa").is_empty && told("boa").problem.is_none());
        assert!(told("ruim").problem.as_ref().unwrap().contains("nada"));
        assert!(told("cheia2").problem.as_ref().unwrap().contains("there are `cheia`, `vazia`"));
        assert!(told("dupla").problem.is_some());
        let told = tested.warnings.join("\n");
        assert!(told.contains("no index that begins with `em`") && told.contains("may be empty"), "{told}");
    }
}

#[tokio::test]
async fn who_may_write_is_told_how_to_make_a_user_who_may_not() {
    for database in both().await {
        database.run("create table t (n int)").await;
        if database.is_postgres() {
            database.run("grant select, insert on t to dono").await;
        }
        let mut settings = database.settings();
        settings["user"] = "dono".into();
        let tested = source_of(&settings).test().await.unwrap();
        assert_eq!(tested.fact("access"), Some("may write"));
        let told = tested.warnings.join("\n");
        let expected = database.either(
            "grant select on all tables in schema \"public\" to mirante",
            "grant select, show view on `loja",
        );
        assert!(told.contains(expected), "{told}");
    }
}

#[tokio::test]
async fn tables_that_may_not_be_read_are_named_and_columns_that_may_not_are_left_out() {
    for database in both().await {
        for table in ["aberta", "fechada", "parte"] {
            database
                .run(&format!("create table {table} (id int primary key, salario int, nome varchar(9))"))
                .await;
            database.run(&format!("insert into {table} values (1, 2, 'c')")).await;
        }
        let whom = database.either("cego", "'cego'@'%'");
        database.run(&format!("grant select on aberta to {whom}")).await;
        database.run(&format!("grant select (id, nome) on parte to {whom}")).await;
        let mut settings = database.settings();
        settings["user"] = "cego".into();
        let source = source_of(&settings);
        assert_eq!(source.streams().await.unwrap(), ["aberta", "parte"]);
        let mut lake = Lake::default();
        assert_eq!(lake.sync(&source).await, Vec::<String>::new());
        assert_eq!(lake.rows("parte")[0].keys().collect::<Vec<_>>(), ["id", "nome"]);
        let told = source.test().await.unwrap().warnings.join("\n");
        assert!(
            told.contains("`parte` is read without some columns: `salario`") || !database.is_postgres(),
            "{told}"
        );
        settings["tables"] = "aberta\nfechada".into();
        let problems = Lake::default().sync(&source_of(&settings)).await;
        assert_eq!(problems.len(), 1, "{problems:?}");
        // MariaDB does not show what may not be read.
        let expected = database.either("may not read it (`fechada`); grant it", "no table or view `fechada`");
        assert!(problems[0].contains(expected), "{problems:?}");
        // What is taken away between two readings is told by the server.
        let source = source_of(&settings);
        source.streams().await.unwrap();
        database.run(&format!("revoke select on aberta from {whom}")).await;
        let error = Lake::default().read(&source, "aberta").await.unwrap_err().to_string();
        assert!(error.contains("`cego` may not read it"), "{error}");
    }
}
