//! Any table, written as delimited text in any style that is detected, comes back equal.

use proptest::prelude::*;
use proptest::test_runner::Config;

use crate::folder::Folder;

#[derive(Debug, Clone, Copy)]
struct Style {
    delimiter: char,
    comma: bool,
    windows: bool,
    crlf: bool,
    day_first: bool,
    quote_all: bool,
    gzip: bool,
}

/// Text that has a letter, so that it is text in every style.
fn word() -> impl Strategy<Value = Option<String>> {
    proptest::option::of("[a-zA-ZãéçÇõ][a-zA-Zãéç ;,|\"'0-9\t]{0,12}[a-zA-Z]")
}

type Row = (i64, Option<String>, Option<i64>, (i32, u32, u32));

fn row() -> impl Strategy<Value = Row> {
    let day = (1971..2069_i32, 1..=12_u32, 1..=28_u32);
    (-999_999_999..999_999_999_i64, word(), proptest::option::of(-99_999_999_999..99_999_999_999_i64), day)
}

fn style() -> impl Strategy<Value = Style> {
    let delimiter = prop_oneof![Just(';'), Just(','), Just('\t'), Just('|')];
    (delimiter, any::<[bool; 6]>()).prop_map(
        |(delimiter, [comma, windows, crlf, day_first, quote_all, gzip])| Style {
            delimiter,
            comma,
            windows,
            crlf,
            day_first,
            quote_all,
            gzip,
        },
    )
}

fn amount(cents: i64, comma: bool) -> String {
    let (sign, cents) = if cents < 0 { ("-", -cents) } else { ("", cents) };
    let digits = (cents / 100).to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(if comma { '.' } else { ',' });
        }
        grouped.push(digit);
    }
    format!("{sign}{grouped}{}{:02}", if comma { ',' } else { '.' }, cents % 100)
}

fn written(rows: &[Row], style: Style) -> Vec<u8> {
    let cell = |text: &str| {
        let special = text.contains([style.delimiter, '"', '\n']) || text.starts_with('\'');
        if style.quote_all || special {
            format!("\"{}\"", text.replace('"', "\"\""))
        } else {
            text.to_owned()
        }
    };
    let end = if style.crlf { "\r\n" } else { "\n" };
    let header = ["Número", "Descrição", "Valor", "Dia"].map(cell).join(&style.delimiter.to_string());
    let mut text = header + end;
    // Two rows that settle what could be read either way.
    let settling = [
        (1, Some("a".to_owned()), Some(123_456_789), (2026, 1, 31)),
        (2, Some("b".to_owned()), Some(50), (2026, 12, 25)),
    ];
    for (id, name, cents, (year, month, day)) in settling.iter().chain(rows) {
        let date = if style.day_first {
            format!("{day:02}/{month:02}/{year}")
        } else {
            format!("{month}/{day}/{year}")
        };
        let amount = cents.map(|cents| amount(cents, style.comma)).unwrap_or_default();
        let cells = [
            cell(&id.to_string()),
            name.as_deref().map(cell).unwrap_or_default(),
            cell(&amount),
            cell(&date),
        ];
        text += &cells.join(&style.delimiter.to_string());
        text += end;
    }
    let bytes = if style.windows {
        encoding_rs::WINDOWS_1252.encode(&text).0.into_owned()
    } else {
        text.into_bytes()
    };
    if style.gzip { crate::packed::gzip(&bytes) } else { bytes }
}

fn expected((id, name, cents, (year, month, day)): &Row) -> String {
    let name = name.as_deref().unwrap_or("∅");
    let amount = cents.map_or("∅".to_owned(), |cents| {
        format!("{}{}.{:02}", if cents < 0 { "-" } else { "" }, cents.abs() / 100, cents.abs() % 100)
    });
    format!("{id}|{name}|{amount}|{year:04}-{month:02}-{day:02}")
}

proptest! {
    #![proptest_config(Config { cases: 300, failure_persistence: None, ..Config::default() })]

    #[test]
    fn any_table_in_any_style_comes_back_equal(rows in proptest::collection::vec(row(), 0..40), style in style()) {
        let folder = Folder::with(if style.gzip { "t.csv.gz" } else { "t.csv" }, written(&rows, style));
        let table = folder.read("t");
        prop_assert_eq!(table.columns(), ["numero integer", "descricao text", "valor decimal(18,2)", "dia date"]);
        prop_assert!(table.rejects.is_empty(), "{:?}", table.rejects);
        let wanted: Vec<String> = rows.iter().map(expected).collect();
        prop_assert_eq!(&table.rows[2..], &wanted[..]);
    }
}
