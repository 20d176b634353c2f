//! Workbooks, as people and programs save them, and as nobody should.

use std::io::{Cursor, Write};
use std::time::Instant;

use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook};
use serde_json::json;
use zip::write::SimpleFileOptions;

use crate::folder::Folder;

/// A workbook of texts.
pub fn workbook(rows: &[&[&str]]) -> Vec<u8> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for (row, cells) in rows.iter().enumerate() {
        for (column, text) in cells.iter().enumerate() {
            sheet.write_string(row as u32, column as u16, *text).unwrap();
        }
    }
    workbook.save_to_buffer().unwrap()
}

fn day(text: &str) -> ExcelDateTime {
    ExcelDateTime::parse_from_str(text).unwrap()
}

#[test]
fn typed_cells_formulas_and_dates_are_read() {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet().set_name("Metas").unwrap();
    let (date, time) =
        (Format::new().set_num_format("dd/mm/yyyy"), Format::new().set_num_format("dd/mm/yyyy hh:mm"));
    let clock = Format::new().set_num_format("hh:mm");
    for (column, name) in ["KPI", "Mês", "Meta", "Em", "Ativo", "Dobro", "Hora", "CEP"].iter().enumerate() {
        sheet.write_string(0, column as u16, *name).unwrap();
    }
    for (row, (name, month, goal)) in
        [("mrr", "2026-01-01", 1_500_000.0), ("cac", "2026-02-01", 0.15)].iter().enumerate()
    {
        let row = row as u32 + 1;
        sheet.write_string(row, 0, *name).unwrap();
        sheet.write_datetime_with_format(row, 1, day(month), &date).unwrap();
        sheet.write_number(row, 2, *goal).unwrap();
        sheet.write_datetime_with_format(row, 3, day("2026-06-30T08:26:00"), &time).unwrap();
        sheet.write_boolean(row, 4, row == 1).unwrap();
        sheet
            .write_formula(
                row,
                5,
                Formula::new(format!("=C{}*2", row + 1)).set_result((goal * 2.0).to_string()),
            )
            .unwrap();
        sheet.write_number_with_format(row, 6, 0.354_166_666_666_667, &clock).unwrap();
        sheet.write_string(row, 7, "01310100").unwrap();
    }
    let folder = Folder::with("metas.xlsx", workbook.save_to_buffer().unwrap());
    let table = folder.read("metas");
    assert_eq!(
        table.columns(),
        [
            "kpi text",
            "mes date",
            "meta decimal(18,2)",
            "em timestamp",
            "ativo boolean",
            "dobro decimal(18,2)",
            "hora text",
            "cep text"
        ]
    );
    assert_eq!(
        table.rows,
        [
            "mrr|2026-01-01|1500000.00|2026-06-30T08:26:00|true|3000000.00|08:30:00|01310100",
            "cac|2026-02-01|0.15|2026-06-30T08:26:00|false|0.30|08:30:00|01310100"
        ]
    );
    assert_eq!(table.numbers, ["2", "3"]);
}

#[test]
fn titles_above_the_header_are_passed_over() {
    let bytes = workbook(&[
        &["Metas 2026"],
        &[],
        &["KPI", "Indicador", "Meta"],
        &["mrr", "MRR", "1.234,56"],
        &["", "", ""],
    ]);
    let folder = Folder::with("metas.xlsx", bytes);
    let table = folder.read("metas");
    assert_eq!(table.columns(), ["kpi text", "indicador text", "meta decimal(18,2)"]);
    assert_eq!(table.rows, ["mrr|MRR|1234.56"]);
    assert_eq!(table.numbers, ["4"]);
    let table = folder.read_with("metas", json!({"all": {"header_row": 4}}));
    assert!(table.rows.is_empty());
}

#[test]
fn every_filled_visible_sheet_is_a_stream() {
    let mut workbook = Workbook::new();
    for (name, value) in [("Vazia", ""), ("Vendas", "a"), ("Custos Fixos", "b"), ("Oculta", "c")] {
        let sheet = workbook.add_worksheet().set_name(name).unwrap();
        if !value.is_empty() {
            sheet.write_string(0, 0, "x").unwrap();
            sheet.write_string(1, 0, value).unwrap();
        }
        sheet.set_hidden(name == "Oculta");
    }
    let folder = Folder::with("caixa.xlsx", workbook.save_to_buffer().unwrap());
    assert_eq!(folder.source().streams_now().unwrap(), ["caixa", "caixa_custos_fixos"]);
    assert_eq!(folder.read("caixa").rows, ["a"]);
    assert_eq!(folder.read("caixa_custos_fixos").rows, ["b"]);
    assert_eq!(folder.read_with("caixa", json!({"streams": {"caixa": {"sheet": "Oculta"}}})).rows, ["c"]);
    let message = folder.failure_with("caixa", json!({"all": {"sheet": "Nada"}})).to_string();
    assert!(message.contains("no sheet `Nada`, but `Vazia`, `Vendas`"), "{message}");
}

#[test]
fn a_lone_far_cell_costs_nothing_and_is_told() {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for (row, text) in ["nome", "Ana", "Rui"].iter().enumerate() {
        sheet.write_string(row as u32, 0, *text).unwrap();
    }
    sheet.write_string(1_048_575, 16_383, "longe").unwrap();
    let folder = Folder::with("a.xlsx", workbook.save_to_buffer().unwrap());
    let started = Instant::now();
    let table = folder.read("a");
    assert!(started.elapsed().as_secs() < 20);
    assert_eq!(table.rows, ["Ana", "Rui"]);
    assert_eq!(table.rejects, ["1048576|∅|longe|has a cell in column 16384, the header has 1"]);
}

#[test]
fn error_values_are_rejected_when_few() {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.write_string(0, 0, "valor").unwrap();
    for row in 1..=300 {
        sheet.write_number(row, 0, f64::from(row) / 4.0).unwrap();
    }
    sheet.write_formula(301, 0, Formula::new("=NA()").set_result("#N/A")).unwrap();
    let table = Folder::with("a.xlsx", workbook.save_to_buffer().unwrap()).read("a");
    assert_eq!(table.columns(), ["valor decimal(18,2)"]);
    assert_eq!(table.rows.len(), 300);
    assert_eq!(table.rejects, ["302|valor|#N/A|is not a number that fits"]);
}

/// A workbook whose parts are given; the rest is as small as it can be.
fn crafted(sheet: &[u8], strings: &[u8]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    let parts: [(&str, &[u8]); 6] = [
        ("[Content_Types].xml", br#"<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>"#),
        ("_rels/.rels", br#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#),
        ("xl/_rels/workbook.xml.rels", br#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#),
        ("xl/workbook.xml", br#"<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>"#),
        ("xl/sharedStrings.xml", strings),
        ("xl/worksheets/sheet1.xml", sheet),
    ];
    for (name, bytes) in parts {
        archive.start_file(name, options).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn sheet(rows: &str) -> String {
    format!(
        r#"<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{rows}</sheetData></worksheet>"#
    )
}

const STRINGS: &[u8] = br#"<?xml version="1.0"?><sst uniqueCount="1"><si><t>nome</t></si></sst>"#;

#[test]
fn a_crafted_workbook_is_read_when_it_is_harmless() {
    let rows = r#"<row r="1"><c r="A1" t="s"><v>0</v></c></row><row r="2"><c r="A2" t="inlineStr"><is><t>Ana</t></is></c></row>"#;
    let table = Folder::with("a.xlsx", crafted(sheet(rows).as_bytes(), STRINGS)).read("a");
    assert_eq!(table.rows, ["Ana"]);
}

#[test]
fn zip_bombs_are_refused_quickly() {
    let bomb = sheet(
        &format!("<row><c t=\"inlineStr\"><is><t>{}</t></is></c></row>", "x".repeat(50_000)).repeat(1500),
    );
    let bytes = crafted(bomb.as_bytes(), STRINGS);
    assert!(bytes.len() < 1 << 20);
    let started = Instant::now();
    let message = Folder::with("a.xlsx", bytes).failure("a").to_string();
    assert!(message.contains("limits.unpacked_ratio"), "{message}");
    assert!(started.elapsed().as_secs() < 20);
}

#[test]
fn enormous_cells_and_lying_counts_are_refused() {
    let cell = format!("<sst uniqueCount=\"1\"><si><t>{}</t></si></sst>", "x".repeat(3 << 20));
    let message =
        Folder::with("a.xlsx", crafted(sheet("").as_bytes(), cell.as_bytes())).failure("a").to_string();
    assert!(message.contains("limits.cell_bytes"), "{message}");
    let lie = b"<sst uniqueCount=\"99999999999999\"><si><t>nome</t></si></sst>";
    let message = Folder::with("a.xlsx", crafted(sheet("").as_bytes(), lie)).failure("a").to_string();
    assert!(message.contains("declares more shared strings than it has"), "{message}");
}

#[test]
fn rows_out_of_order_and_truncated_workbooks_are_refused() {
    let rows = r#"<row r="5"><c r="A5"><v>1</v></c></row><row r="2"><c r="A2"><v>1</v></c></row>"#;
    let message = Folder::with("a.xlsx", crafted(sheet(rows).as_bytes(), STRINGS)).failure("a").to_string();
    assert!(message.contains("row 2 comes after a later one"), "{message}");
    let whole = workbook(&[&["a", "b"], &["1", "2"]]);
    let message = Folder::with("a.xlsx", &whole[..whole.len() / 2]).failure("a").to_string();
    assert!(message.contains("`a.xlsx` is not a readable workbook"), "{message}");
}
