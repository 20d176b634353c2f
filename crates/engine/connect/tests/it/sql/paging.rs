//! Tables with a key and no cursor: page by page, in pieces, from wherever a reading was broken off.

use connect::{LandHint, ReadRequest, Source};
use futures::StreamExt;
use serde_json::json;

use super::lake::{Lake, numbers};
use super::servers::{Database, both, postgres};

/// More rows than one piece takes.
const ROWS: i64 = 120_000;

async fn filled(database: Database, rows: i64) {
    database
        .run(database.either(
            "create table notas (numero int, serie varchar(3), valor numeric(12, 2), primary key (serie, numero))",
            "create table notas (numero int, serie varchar(3), valor decimal(12, 2), primary key (serie, numero))",
        ))
        .await;
    let insert =
        "insert into notas select n, case when n % 3 = 0 then 'B''1' else 'a\"é' end, n / 100.0 from";
    let numbers = database.series(1, rows);
    database.run(&format!("{insert} {numbers}")).await;
}

#[tokio::test]
async fn every_row_of_a_composite_key_comes_once_whatever_the_size_of_a_page() {
    for database in both().await {
        filled(database, 60).await;
        for page_rows in [1, 7, 20, 60, 5_000] {
            let mut lake = Lake::default();
            lake.read(&database.source_with(&json!({"page_rows": page_rows})), "notas").await.unwrap();
            assert_eq!(lake.values("notas", "numero"), numbers(1..=60), "{page_rows}");
            assert_eq!((&lake.pieces[..], &lake.hints[..]), (&[60][..], &[LandHint::ReplaceAll][..]));
        }
    }
}

#[tokio::test]
async fn a_table_that_has_not_changed_is_not_landed_again() {
    for database in both().await {
        filled(database, 50).await;
        let mut lake = Lake::default();
        for _ in 0..2 {
            lake.read(&database.source(), "notas").await.unwrap();
        }
        assert!(lake.pieces.is_empty());
        database.run("update notas set valor = 7 where numero = 3").await;
        database.run("delete from notas where numero = 4").await;
        lake.read(&database.source(), "notas").await.unwrap();
        assert_eq!((lake.pieces.len(), lake.rows("notas").len()), (1, 49));
    }
}

#[tokio::test]
async fn a_reading_that_is_killed_goes_on_behind_its_last_piece() {
    for database in both().await {
        filled(database, ROWS).await;
        let source = database.source();
        let mut lake = Lake::default();
        lake.read_some(&source, "notas", 1).await.unwrap();
        assert_eq!(lake.pieces, [50_000]);
        // What a killed process forgets is everything but the marks that came with its pieces.
        let source = database.source_with(&json!({"page_rows": 9_000}));
        lake.read_some(&source, "notas", 1).await.unwrap();
        lake.read(&source, "notas").await.unwrap();
        assert!(lake.pieces.iter().sum::<usize>() < 25_000, "{:?}", lake.pieces);
        assert_eq!(lake.rows("notas").len(), ROWS as usize);
        assert_eq!(lake.values("notas", "numero"), numbers(1..=ROWS));
        assert!(
            lake.hints
                .iter()
                .all(|hint| matches!(hint, LandHint::Merge { key } if key == &["serie", "numero"]))
        );
    }
}

#[tokio::test]
async fn pages_of_one_reading_agree_though_others_write_meanwhile() {
    for database in both().await {
        filled(database, ROWS).await;
        let source = database.source();
        let mut lake = Lake::default();
        let mut reading =
            source.read(ReadRequest { stream: "notas".to_owned(), ..Default::default() }).await.unwrap();
        let first = reading.pieces.next().await.unwrap().unwrap();
        drop(first);
        database.run("update notas set valor = -1").await;
        let mut changed = 0;
        while let Some(piece) = reading.pieces.next().await {
            let batches: Vec<_> = piece.unwrap().batches.map(Result::unwrap).collect().await;
            let rows = batches.iter().flat_map(crate::landing::rows_of);
            changed += rows.filter(|row| row["valor"] == "-1.00").count();
        }
        assert_eq!(changed, 0);
        lake.read(&source, "notas").await.unwrap();
        assert!(lake.values("notas", "valor").iter().all(|valor| valor == "-1.00"));
    }
}

#[tokio::test]
async fn rows_as_large_as_documents_come_in_smaller_pieces() {
    let database = postgres().fresh().await;
    database.run("create table laudos (id int primary key, texto text)").await;
    database
        .run("insert into laudos select n, repeat(md5(n::text), 32768) from generate_series(1, 200) n")
        .await;
    let mut lake = Lake::default();
    lake.read(&database.source(), "laudos").await.unwrap();
    assert_eq!(lake.rows("laudos").len(), 200);
    assert_eq!(lake.pieces, [64, 64, 64, 8], "a megabyte each");
    assert!(lake.largest < 40 << 20, "{}", lake.largest);
}

#[tokio::test]
async fn rows_are_told_apart_by_a_unique_index_where_there_is_no_primary_key() {
    for database in both().await {
        database
            .run("create table itens (codigo varchar(9) not null, apelido varchar(9), nome varchar(9))")
            .await;
        database.run("create unique index por_apelido on itens (apelido)").await;
        database.run("create unique index por_codigo on itens (codigo)").await;
        database.run("insert into itens values ('a', null, 'x'), ('b', null, 'y'), ('c', 'z', 'z')").await;
        let source = database.source_with(&json!({"page_rows": 1, "tables": "itens: nome"}));
        let mut lake = Lake::default();
        lake.read(&source, "itens").await.unwrap();
        assert_eq!(lake.values("itens", "codigo"), ["a", "b", "c"]);
        assert!(matches!(&lake.hints[0], LandHint::Merge { key } if key == &["codigo"]));
    }
}
