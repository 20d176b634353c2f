//! Every type at its extremes: what lands is what the server itself writes, or is rejected with its value.

use std::collections::BTreeMap;

use connect::Source;
use serde_json::json;

use super::lake::{Lake, Row};
use super::servers::{Database, mariadb, postgres};

/// Type, type here, and literals each with what lands; empty where nothing does.
type Case<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)]);

/// Makes a table with a column per case and a row per literal, reads it, and compares.
async fn check(database: Database, cases: &[Case<'_>]) {
    let columns: Vec<String> =
        cases.iter().enumerate().map(|(at, (of_type, ..))| format!("c{at} {of_type}")).collect();
    database.run(&format!("create table valores (id bigint primary key, {})", columns.join(", "))).await;
    let mut expected: BTreeMap<i64, Row> = BTreeMap::new();
    for (at, (_, _, literals)) in cases.iter().enumerate() {
        for (row, (literal, lands)) in literals.iter().enumerate() {
            let id = (100 * at + row) as i64;
            database.run(&format!("insert into valores (id, c{at}) values ({id}, {literal})")).await;
            let mut cells = Row::from([("id".to_owned(), id.to_string())]);
            if !lands.is_empty() {
                cells.insert(format!("c{at}"), (*lands).to_owned());
            }
            expected.insert(id, cells);
        }
    }
    let source = database.source();
    let mut lake = Lake::default();
    lake.read(&source, "valores").await.unwrap();
    assert!(lake.rejects.is_empty(), "{:?}", lake.rejects);
    for row in lake.rows("valores") {
        let id: i64 = row["id"].parse().unwrap();
        assert_eq!(row, expected[&id], "{:?}", cases[(id / 100) as usize]);
    }
    assert_eq!(lake.rows("valores").len(), expected.len());
    let found = source.discover().await.unwrap();
    assert!(found.problems.is_empty(), "{:?}", found.problems);
    let types: Vec<String> =
        found.streams[0].columns.iter().skip(1).map(|column| column.column_type.to_string()).collect();
    let wanted: Vec<&str> = cases.iter().map(|(_, here, _)| *here).collect();
    assert_eq!(types, wanted);
    // A query has the same values; only the sizes of its numbers are not told.
    let query = database.source_with(&json!({"queries": "[consulta]\nselect * from valores -- tudo"}));
    lake.read(&query, "consulta").await.unwrap();
    let plain = |row: Row| -> Row {
        let written = |value: String| {
            let is_number =
                value.contains('.') && value.bytes().all(|b| b.is_ascii_digit() || b"-.".contains(&b));
            match value.as_str() {
                // How many bits there are is not told either.
                "true" => "1".to_owned(),
                "false" => "0".to_owned(),
                _ if is_number => value.trim_end_matches('0').trim_end_matches('.').to_owned(),
                _ => value,
            }
        };
        row.into_iter().map(|(name, value)| (name, written(value))).collect()
    };
    // All but the numbers that have more digits before the point than one of unknown size has.
    assert!(
        lake.rejects.iter().all(|(_, value, _)| value.trim_start_matches('-').find('.') > Some(26)),
        "{:?}",
        lake.rejects
    );
    let of_table: Vec<Row> = lake.rows("valores").into_iter().map(plain).collect();
    let of_query: Vec<Row> = lake.rows("consulta").into_iter().map(plain).collect();
    assert_eq!(of_query.len() + lake.rejects.len(), of_table.len());
    for row in of_query {
        assert!(of_table.contains(&row), "{row:?}");
    }
}

#[tokio::test]
async fn values_of_postgres_land_exactly() {
    let database = postgres().fresh().await;
    database.run("create type cor as enum ('azul', 'São João'); create domain dinheiro as numeric(14, 2) check (value > -1000)").await;
    database.run("create domain preco as dinheiro").await;
    let cases: &[Case<'_>] = &[
        ("smallint", "integer", &[("-32768", "-32768"), ("32767", "32767")]),
        (
            "bigint",
            "integer",
            &[
                ("-9223372036854775808", "-9223372036854775808"),
                ("9223372036854775807", "9223372036854775807"),
            ],
        ),
        (
            "numeric(38, 10)",
            "decimal(38,10)",
            &[
                ("-9999999999999999999999999999.9999999999", "-9999999999999999999999999999.9999999999"),
                ("0.0000000001", "0.0000000001"),
            ],
        ),
        ("numeric(5, 2)", "decimal(5,2)", &[("999.99", "999.99"), ("-0.01", "-0.01"), ("null", "")]),
        (
            "numeric(60, 4)",
            "text",
            &[(
                "'12345678901234567890123456789012345678901234567890.1234'",
                "12345678901234567890123456789012345678901234567890.1234",
            )],
        ),
        ("numeric", "decimal(38,12)", &[("1234.5", "1234.500000000000"), ("1.0 / 3", "0.333333333333")]),
        ("preco", "decimal(14,2)", &[("123456789012.34", "123456789012.34")]),
        ("money", "decimal(20,4)", &[("'-1234.56'", "-1234.5600")]),
        (
            "double precision",
            "float",
            &[
                ("1.7976931348623157e308", "1.7976931348623157e308"),
                ("0.1 + 0.2::float8", "0.30000000000000004"),
                ("123456789.123456789", "123456789.12345679"),
                ("'NaN'", "NaN"),
                ("'-Infinity'", "-inf"),
            ],
        ),
        ("real", "float", &[("0.1", "0.1"), ("3.4028235e38", "3.4028235e38")]),
        ("boolean", "boolean", &[("true", "true"), ("false", "false")]),
        (
            "date",
            "date",
            &[
                ("'0001-01-01'", "0001-01-01"),
                ("'9999-12-31'", "9999-12-31"),
                ("'infinity'", ""),
                ("'-infinity'", ""),
            ],
        ),
        (
            "timestamp",
            "timestamp",
            &[
                ("'0001-01-01 00:00:00.000001'", "0001-01-01T00:00:00.000001"),
                ("'9999-12-31 23:59:59.999999'", "9999-12-31T23:59:59.999999"),
                ("'infinity'", ""),
            ],
        ),
        (
            "timestamptz",
            "moment",
            &[
                ("'2026-06-30 23:59:59.5-03'", "2026-07-01T02:59:59.500Z"),
                ("'1890-01-01 00:00:00 America/Sao_Paulo'", "1890-01-01T03:06:28Z"),
            ],
        ),
        ("time", "text", &[("'24:00:00'", "24:00:00"), ("'12:30:00.25'", "12:30:00.25")]),
        ("interval", "text", &[("'1 year 2 days 03:04:05'", "1 year 2 days 03:04:05")]),
        ("text", "text", &[("'  S''ão \n \"x\" \\ €  '", "  S'ão \n \"x\" \\ €  "), ("''", "")]),
        ("char(5)", "text", &[("'ab'", "ab")]),
        ("varchar(10)", "text", &[("'00123'", "00123")]),
        (
            "uuid",
            "text",
            &[("'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")],
        ),
        ("json", "text", &[("'{\"b\": 1.10,  \"a\": null}'", "{\"b\": 1.10,  \"a\": null}")]),
        ("jsonb", "text", &[("'{\"b\":1.10,\"a\":null}'", "{\"a\": null, \"b\": 1.10}")]),
        ("cor", "text", &[("'São João'", "São João")]),
        ("integer[]", "text", &[("'{{1,2},{3,null}}'", "[[1,2],[3,null]]")]),
        ("text[]", "text", &[("array['a,b', 'c\"d']", "[\"a,b\",\"c\\\"d\"]")]),
        ("inet", "text", &[("'10.0.0.1/8'", "10.0.0.1/8")]),
        ("\"char\"", "text", &[("'x'", "x")]),
        ("bit(3)", "text", &[("b'101'", "101")]),
    ];
    check(database, cases).await;
}

#[tokio::test]
async fn values_of_mariadb_land_exactly() {
    let database = mariadb().fresh().await;
    let cases: &[Case<'_>] = &[
        ("tinyint(1)", "integer", &[("1", "1"), ("-128", "-128"), ("5", "5")]),
        ("tinyint unsigned", "integer", &[("255", "255")]),
        ("int unsigned", "integer", &[("4294967295", "4294967295")]),
        ("int(8) zerofill", "integer", &[("42", "42")]),
        ("bigint", "integer", &[("-9223372036854775808", "-9223372036854775808")]),
        ("bigint unsigned", "decimal(20,0)", &[("18446744073709551615", "18446744073709551615")]),
        (
            "decimal(38, 10)",
            "decimal(38,10)",
            &[("-9999999999999999999999999999.9999999999", "-9999999999999999999999999999.9999999999")],
        ),
        (
            "decimal(65, 2)",
            "text",
            &[(
                "123456789012345678901234567890123456789012345678901234567890.12",
                "123456789012345678901234567890123456789012345678901234567890.12",
            )],
        ),
        (
            "double",
            "float",
            &[
                ("1.7976931348623157e308", "1.7976931348623157e308"),
                ("0.1e0 + 0.2e0", "0.30000000000000004"),
                ("123456789.123456789e0", "123456789.12345679"),
            ],
        ),
        ("float", "float", &[("16777215", "16777215.0"), ("0.5", "0.5")]),
        ("bit(1)", "boolean", &[("b'1'", "true"), ("b'0'", "false"), ("null", "")]),
        ("bit(64)", "decimal(20,0)", &[("18446744073709551615", "18446744073709551615")]),
        (
            "date",
            "date",
            &[("'1000-01-01'", "1000-01-01"), ("'9999-12-31'", "9999-12-31"), ("'0000-00-00'", "")],
        ),
        (
            "datetime(6)",
            "timestamp",
            &[("'9999-12-31 23:59:59.999999'", "9999-12-31T23:59:59.999999"), ("'0000-00-00 00:00:00'", "")],
        ),
        ("datetime", "timestamp", &[("'2026-06-30 12:00:00'", "2026-06-30T12:00:00")]),
        (
            "timestamp(3) null",
            "moment",
            &[("'2038-01-19 03:14:07.999'", "2038-01-19T03:14:07.999Z"), ("'0000-00-00'", "")],
        ),
        ("time(3)", "text", &[("'-838:59:59.999'", "-838:59:59.999")]),
        ("year", "integer", &[("2155", "2155"), ("1901", "1901")]),
        ("varchar(50)", "text", &[("'  S''ão \\n € '", "  S'ão \n € "), ("''", ""), ("'a\\0b'", "a\0b")]),
        ("char(5)", "text", &[("'00123'", "00123")]),
        ("longtext", "text", &[("repeat('é', 3)", "ééé")]),
        ("varchar(20) character set latin1", "text", &[("'São João'", "São João")]),
        ("enum('azul', 'São João')", "text", &[("'São João'", "São João")]),
        ("set('a', 'b', 'c')", "text", &[("'c,a'", "a,c")]),
        ("json", "text", &[("'{\"b\": 1.10}'", "{\"b\": 1.10}")]),
        (
            "uuid",
            "text",
            &[("'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")],
        ),
        ("inet6", "text", &[("'2001:db8::ff'", "2001:db8::ff")]),
    ];
    check(database, cases).await;
}

#[tokio::test]
async fn what_has_no_place_in_a_column_is_rejected_with_its_value_and_the_other_rows_land() {
    let database = postgres().fresh().await;
    database.run("create table datas (id int primary key, dia date, em timestamptz, valor numeric)").await;
    database
        .run(
            "insert into datas values (1, '0044-03-15 BC', null, 1), (2, '10000-01-01', null, 1), (3, '2026-01-01', '294276-12-31 00:00Z', 1), \
             (4, null, null, 'NaN'), (5, null, null, 1e30), (6, '2026-01-01', 'infinity', 2)",
        )
        .await;
    let mut lake = Lake::default();
    lake.read(&database.source(), "datas").await.unwrap();
    assert_eq!(lake.values("datas", "id"), ["6"]);
    let mut rejected: Vec<(&str, &str)> =
        lake.rejects.iter().map(|(column, value, _)| (column.as_str(), value.as_str())).collect();
    rejected.sort_unstable();
    assert_eq!(
        rejected,
        [
            ("dia", "0044-03-15 BC"),
            ("dia", "10000-01-01"),
            ("em", "294276-12-31 00:00:00+00"),
            ("valor", "1000000000000000000000000000000.000000000000"),
            ("valor", "NaN"),
        ]
    );
    assert!(lake.rejects.iter().all(|(_, _, reason)| reason.contains("is not a ")), "{:?}", lake.rejects);
    let database = mariadb().fresh().await;
    database.run("create table datas (id int primary key, dia date)").await;
    database.run("insert into datas values (1, '2026-00-00'), (2, '2026-06-30')").await;
    let mut lake = Lake::default();
    lake.read(&database.source(), "datas").await.unwrap();
    assert_eq!(lake.values("datas", "id"), ["2"]);
    assert_eq!(lake.rejects[0].1, "2026-00-00");
}

#[tokio::test]
async fn bytes_are_left_out_with_a_word_and_short_ones_and_keys_are_read_as_digits() {
    let postgres = postgres().fresh().await;
    postgres.run("create table fotos (id bytea primary key, foto bytea, nome text)").await;
    postgres.run("insert into fotos select decode(lpad(to_hex(n), 8, '0'), 'hex'), 'x', n::text from generate_series(1, 25) n").await;
    let mariadb = mariadb().fresh().await;
    mariadb
        .run("create table fotos (id binary(4) primary key, foto mediumblob, nome varchar(9), onde point)")
        .await;
    mariadb
        .run("insert into fotos select unhex(lpad(hex(seq), 8, '0')), 'x', seq, null from seq_1_to_25")
        .await;
    for (database, left_out) in [(postgres, 1), (mariadb, 2)] {
        let source = database.source_with(&json!({"page_rows": 4}));
        let mut lake = Lake::default();
        lake.read(&source, "fotos").await.unwrap();
        let rows = lake.rows("fotos");
        assert_eq!(rows.len(), 25);
        assert_eq!((rows[24]["id"].as_str(), rows[24].len()), ("00000019", 2));
        let problems = source.discover().await.unwrap().problems;
        assert_eq!(problems.len(), left_out, "{problems:?}");
        assert!(problems[0].contains("`foto`") && problems[0].contains("left out"), "{problems:?}");
    }
}
