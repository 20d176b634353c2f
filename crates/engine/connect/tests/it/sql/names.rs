//! Names that would be something else if they were not quoted.

use serde_json::json;

use super::lake::Lake;
use super::servers::{both, postgres};

#[tokio::test]
async fn tables_and_columns_may_be_called_anything() {
    for database in both().await {
        let quote = |name: &str| {
            if database.is_postgres() {
                format!("\"{}\"", name.replace('"', "\"\""))
            } else {
                format!("`{}`", name.replace('`', "``"))
            }
        };
        let (key, cursor, other) = ("Código \"do' pedido`", "alterado em; --", "preço \\ 'R$'");
        for (table, stream) in [
            ("Pedidos de Venda", "pedidos_de_venda"),
            ("a\"; drop table vitima; --", "a_drop_table_vitima"),
            ("x` where 1=0 --", "x_where_1_0"),
            ("São João: 'filial'", "sao_joao_filial"),
            ("select", "select"),
        ] {
            let text = database.either("text", "varchar(50)");
            database
                .run(&format!(
                    "create table {} ({} varchar(50) primary key, {} {}, {} {text})",
                    quote(table),
                    quote(key),
                    quote(cursor),
                    database.either("timestamp", "datetime"),
                    quote(other)
                ))
                .await;
            for row in [
                "'a''; drop table vitima; --', '2026-01-01', 'x'",
                "'b\"`', '2026-01-02', 'y'",
                "'ção', '2026-01-03', 'z'",
            ] {
                database.run(&format!("insert into {} values ({row})", quote(table))).await;
            }
            let source = database.source_with(
                &json!({"tables": format!("{table}: {cursor}"), "page_rows": 1, "overlap": 86_400}),
            );
            let mut lake = Lake::default();
            for _ in 0..2 {
                lake.read(&source, stream).await.unwrap();
            }
            assert_eq!(lake.values(stream, "codigo_do_pedido"), ["b\"`", "ção", "a'; drop table vitima; --"]);
            assert_eq!(lake.values(stream, "preco_r"), ["x", "y", "z"]);
        }
    }
}

#[tokio::test]
async fn tables_that_differ_in_capitals_alone_have_streams_of_their_own() {
    let database = postgres().fresh().await;
    for (table, n) in [("pedidos", 1), ("Pedidos", 2)] {
        database.run(&format!("create table \"{table}\" (n int)")).await;
        database.run(&format!("insert into \"{table}\" values ({n})")).await;
    }
    let mut lake = Lake::default();
    assert_eq!(lake.sync(&database.source()).await, Vec::<String>::new());
    assert_eq!(
        (lake.values("pedidos", "n"), lake.values("pedidos_2", "n")),
        (vec!["2".to_owned()], vec!["1".to_owned()])
    );
    let mut only = Lake::default();
    assert_eq!(only.sync(&database.source_with(&json!({"tables": "pedidos"}))).await, Vec::<String>::new());
    assert_eq!(only.values("pedidos_2", "n"), ["1"], "asking for fewer renames none");
}

#[tokio::test]
async fn another_schema_is_read_where_it_is_named() {
    let database = postgres().fresh().await;
    database.run("create schema \"Vendas \"\"SP\"\"\"").await;
    database.run("create table \"Vendas \"\"SP\"\"\".notas (id int primary key)").await;
    database.run("insert into \"Vendas \"\"SP\"\"\".notas values (7)").await;
    let settings = json!({"schema": "Vendas \"SP\"", "tables": "notas", "queries": "[dobro]\nselect 2 * id as d from notas"});
    let denied = database.source_with(&settings);
    let error = connect::Source::streams(&denied).await.unwrap_err().to_string();
    assert!(error.contains("no schema `Vendas \"SP\"` that user `leitor` may use"), "{error}");
    database.run("grant usage on schema \"Vendas \"\"SP\"\"\" to leitor; grant select on all tables in schema \"Vendas \"\"SP\"\"\" to leitor").await;
    let mut lake = Lake::default();
    assert_eq!(lake.sync(&database.source_with(&settings)).await, Vec::<String>::new());
    assert_eq!(
        (lake.values("notas", "id"), lake.values("dobro", "d")),
        (vec!["7".to_owned()], vec!["14".to_owned()])
    );
}
