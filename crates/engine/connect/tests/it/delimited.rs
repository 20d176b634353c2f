//! CSV and TSV as they really come.

use std::fmt::Write as _;

use serde_json::json;

use crate::folder::Folder;

#[test]
fn windows_1252_semicolons_and_decimal_commas_are_detected() {
    let text = "Código;Descrição;Preço (R$);Data;Ativo\r\n1;Pão de açúcar;1.234,56;31/12/2025;VERDADEIRO\r\n2;Café;0,50;01/02/2026;FALSO\r\n";
    let bytes: Vec<u8> = encoding_of(text);
    let folder = Folder::with("produtos.csv", bytes);
    let table = folder.read("produtos");
    assert_eq!(
        table.columns(),
        ["codigo integer", "descricao text", "preco_r decimal(18,2)", "data date", "ativo boolean"]
    );
    assert_eq!(table.rows, ["1|Pão de açúcar|1234.56|2025-12-31|true", "2|Café|0.50|2026-02-01|false"]);
    assert_eq!(table.numbers, ["2", "3"]);
    let found = folder.source().discover_now().unwrap();
    let format = &found.streams[0].files[0].format;
    assert_eq!(
        *format,
        json!({"format": "csv", "compression": "none", "encoding": "windows-1252", "delimiter": ";", "quote": "\"",
            "header_row": 1, "decimal": "comma", "date_order": "day_first"})
    );
    assert_eq!(found.streams[0].table, "loja__produtos");
    assert_eq!(found.streams[0].columns[2].source_name, "Preço (R$)");
    assert_eq!(table.schema.field(2).metadata()["mirante.source_name"], "Preço (R$)");
}

fn encoding_of(text: &str) -> Vec<u8> {
    encoding_rs::WINDOWS_1252.encode(text).0.into_owned()
}

#[test]
fn byte_order_mark_is_no_part_of_the_first_name() {
    let table = Folder::with("a.csv", "\u{feff}id,nome\n1,José\n").read("a");
    assert_eq!(table.columns(), ["id integer", "nome text"]);
    assert_eq!(table.rows, ["1|José"]);
}

#[test]
fn utf16_from_excel_is_read() {
    let text = "id\tnome\r\n1\tJosé\r\n";
    let bytes: Vec<u8> =
        [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    assert_eq!(Folder::with("a.txt", bytes).read("a").rows, ["1|José"]);
}

#[test]
fn american_dates_with_times_are_read_by_evidence() {
    let text = "InvoiceNo,InvoiceDate,UnitPrice\n536365,12/1/10 8:26,2.55\n536366,6/29/11 19:05,3.39\n";
    let table = Folder::with("a.csv", text).read("a");
    assert_eq!(table.columns(), ["invoice_no integer", "invoice_date timestamp", "unit_price decimal(18,2)"]);
    assert_eq!(table.rows, ["536365|2010-12-01T08:26:00|2.55", "536366|2011-06-29T19:05:00|3.39"]);
}

#[test]
fn ambiguous_dates_are_day_first_unless_the_options_say_otherwise() {
    let folder = Folder::with("a.csv", "dia\n03/04/2026\n");
    assert_eq!(folder.read("a").rows, ["2026-04-03"]);
    assert_eq!(folder.read_with("a", json!({"all": {"date_order": "month_first"}})).rows, ["2026-03-04"]);
}

#[test]
fn quoted_cells_keep_delimiters_quotes_and_newlines() {
    let table =
        Folder::with("a.csv", "id;nota\r\n1;\"linha 1\r\nlinha \"\"2\"\"; fim\"\r\n2;\"x\"\r\n").read("a");
    assert_eq!(table.rows, ["1|linha 1\r\nlinha \"2\"; fim", "2|x"]);
    assert_eq!(table.numbers, ["2", "4"]);
}

#[test]
fn backslash_escapes_are_detected() {
    let table = Folder::with("a.csv", "id,nota\n1,\"a \\\"b\\\", c\"\n2,\"d\"\n").read("a");
    assert_eq!(table.rows, ["1|a \"b\", c", "2|d"]);
}

#[test]
fn ragged_rows_are_rejected_and_the_others_kept() {
    let text = "id;valor;data\n1;10,5;01/02/2026\n2;3\n3;4,5;02/02/2026;x\n4;5,5;03/02/2026;\nTotal de registros: 4\n\n";
    let table = Folder::with("a.csv", text).read("a");
    assert_eq!(table.rows, ["1|10.50|2026-02-01", "4|5.50|2026-02-03"]);
    assert_eq!(
        table.rejects,
        [
            "3|∅|2;3|has 2 cells, the header has 3",
            "4|∅|3;4,5;02/02/2026;x|has 4 cells, the header has 3",
            "6|∅|Total de registros: 4|has 1 cells, the header has 3"
        ]
    );
}

#[test]
fn few_misfits_are_rejected_with_every_reason_and_the_type_stays() {
    let mut text = "id;valor;data\n".to_owned();
    for id in 0..1000 {
        let _ = writeln!(text, "{id};{id},25;{:02}/06/2026", id % 28 + 1);
    }
    text += "1000;N/D;31/02/2026\n";
    let table = Folder::with("a.csv", text).read("a");
    assert_eq!(table.columns(), ["id integer", "valor decimal(18,2)", "data date"]);
    assert_eq!(table.rows.len(), 1000);
    assert_eq!(
        table.rejects,
        [
            "1002|valor|N/D|is not a number that fits",
            "1002|data|31/02/2026|is a day that the calendar does not have"
        ]
    );
}

#[test]
fn a_late_surprise_does_not_fail_the_column() {
    let mut text = "id,codigo\n".to_owned();
    for id in 0..100_000 {
        let _ = writeln!(text, "{id},{id}");
    }
    text += "100000,0012\n";
    let table = Folder::with("a.csv", text).read("a");
    assert_eq!(table.columns(), ["id integer", "codigo text"]);
    assert_eq!(table.rows.len(), 100_001);
    assert_eq!(table.batches, 2);
    assert_eq!(table.rows[100_000], "100000|0012");
}

#[test]
fn misfits_that_are_null_words_become_null() {
    let folder = Folder::with("a.csv", "id;valor\n1;N/D\n2;3,5\n3;n/d\n");
    let table = folder.read_with("a", json!({"streams": {"a": {"null_words": ["N/D"]}}}));
    assert_eq!(table.columns(), ["id integer", "valor decimal(18,2)"]);
    assert_eq!(table.rows, ["1|∅", "2|3.50", "3|∅"]);
}

#[test]
fn titles_above_the_header_and_missing_headers_are_found() {
    let table = Folder::with(
        "a.csv",
        "Relatório de metas;;\nEmitido em 01/02/2026;;\n\nkpi;mes;meta\nmrr;01/01/2026;10,5\n",
    )
    .read("a");
    assert_eq!(table.rows, ["mrr|2026-01-01|10.50"]);
    assert_eq!(table.numbers, ["5"]);
    let table = Folder::with("b.csv", "1;Ana;2,5\n2;Rui;3,5\n").read("b");
    assert_eq!(table.columns(), ["column_1 integer", "column_2 text", "column_3 decimal(18,2)"]);
    assert_eq!(table.numbers, ["1", "2"]);
}

#[test]
fn excels_own_separator_line_is_obeyed() {
    let table = Folder::with("a.csv", "sep=|\r\nid|nome\r\n1|a;b;c\r\n").read("a");
    assert_eq!(table.rows, ["1|a;b;c"]);
}

#[test]
fn overrides_win_over_what_is_detected() {
    let folder = Folder::with("a.csv", "id;valor;cep\n1;1.234;1310\n");
    let table = folder.read("a");
    assert_eq!(table.columns(), ["id integer", "valor integer", "cep text"]);
    let options =
        json!({"streams": {"a": {"decimal": "point", "columns": {"CEP": "integer", "id": "text"}}}});
    let table = folder.read_with("a", options);
    assert_eq!(table.columns(), ["id text", "valor decimal(18,3)", "cep integer"]);
    assert_eq!(table.rows, ["1|1.234|1310"]);
    let table = folder.read_with("a", json!({"all": {"delimiter": ","}}));
    assert_eq!(table.rows, ["1;1.234;1310"]);
}

#[test]
fn latitude_with_a_point_beside_decimal_commas_is_read_by_its_own_evidence() {
    let table = Folder::with("a.csv", "id;lat;valor\n1;-23.5505;10,50\n2;-3.71722;1.234,00\n").read("a");
    assert_eq!(table.rows, ["1|-23.55050|10.50", "2|-3.71722|1234.00"]);
}

#[test]
fn offsets_come_out_in_utc() {
    let table = Folder::with("a.csv", "at\n2026-06-30T10:00:00-03:00\n2026-06-30T10:00:00Z\n").read("a");
    assert_eq!(table.columns(), ["at moment"]);
    assert_eq!(table.rows, ["2026-06-30T13:00:00Z", "2026-06-30T10:00:00Z"]);
}

#[test]
fn few_broken_characters_in_utf8_are_rejected_where_they_stand() {
    let mut bytes = b"id,nome\n".to_vec();
    for id in 0..100 {
        bytes.extend(format!("{id},São João\n").bytes());
    }
    bytes.extend(b"100,S\xe3o\n");
    let table = Folder::with("a.csv", bytes).read("a");
    assert_eq!(table.rows.len(), 100);
    assert_eq!(table.rejects.len(), 1);
    assert!(
        table.rejects[0].starts_with("102|nome|") && table.rejects[0].ends_with("is not valid UTF-8 text")
    );
}

#[test]
fn a_huge_line_is_refused_with_its_place() {
    let mut text = "id;nota\n1;ok\n2;".to_owned();
    text.push_str(&"x".repeat(3 << 20));
    let message = Folder::with("a.csv", text)
        .failure_with("a", json!({"limits": {"row_bytes": 1_048_576}}))
        .to_string();
    assert!(message.contains("`a.csv`, row 3: the row has more than 1048576 bytes"), "{message}");
}

#[test]
fn an_enormous_cell_is_rejected_and_the_others_kept() {
    let text = format!("id;nota\n1;ok\n2;{}\n3;ok\n", "x".repeat(2 << 20));
    let table = Folder::with("a.csv", text).read("a");
    assert_eq!(table.rows, ["1|ok", "3|ok"]);
    assert!(table.rejects[0].contains("has a cell of 2097152 bytes"), "{}", table.rejects[0]);
}

#[test]
fn an_unclosed_quote_is_an_error_with_its_place() {
    let mut text = "id;nota;fim\n1;ok;x\n2;\"aberta;x\n".to_owned();
    text.push_str(&"3;ok;x\n".repeat(5000));
    let message = Folder::with("a.csv", text).failure("a").to_string();
    assert!(
        message.contains("row 3: a quote opens here") && message.contains("`quote` to `none`"),
        "{message}"
    );
}

#[test]
fn the_wrong_delimiter_is_an_error_and_not_a_heap_of_rejects() {
    let text = "a;b\n1,2;3;4,5;6\n".to_owned() + &"1,2;3;4,5;6\n".repeat(50);
    let message = Folder::with("a.csv", text)
        .failure_with("a", json!({"all": {"delimiter": ";", "header_row": 1}}))
        .to_string();
    assert!(message.contains("row 2") && message.contains("check `delimiter`"), "{message}");
}

#[test]
fn binary_files_are_refused_with_a_remedy() {
    let message = Folder::with("a.csv", b"abc\0\x01\x02def".repeat(10)).failure("a").to_string();
    assert!(message.contains("`a.csv` is not a text file") && message.contains("export it as"), "{message}");
    let message = Folder::with("a.xlsx", "no workbook").failure("a").to_string();
    assert!(message.contains("is not a workbook"), "{message}");
}
