//! Uploads: what a look at one tells, and that the sheet made of it lands just that.

use std::fmt::Write as _;

use arrow::datatypes::SchemaRef;
use connect::sources::sheet::{Look, LookedAt, Lookup, SheetFile, SheetSettings, look};
use connect::{ColumnType, ConnectError, LandHint, Piece, ReadRequest, Source, StreamState, Surroundings};
use futures::StreamExt;
use sha2::{Digest, Sha256};

use crate::folder::{Folder, Table};
use crate::xlsx::workbook;

/// Keeps contents as the server does.
struct Uploads(Folder);

impl Uploads {
    fn new() -> Uploads {
        Uploads(Folder::new())
    }

    fn keep(&self, content: &[u8]) -> String {
        let id = Sha256::digest(content).iter().fold(String::new(), |mut id, byte| {
            write!(id, "{byte:02x}").unwrap();
            id
        });
        self.0.write(&format!("{id}/content"), content);
        id
    }

    fn look(&self, content: &[u8], columns: &[(&str, ColumnType)]) -> Result<Look, ConnectError> {
        let id = self.keep(content);
        look(&Lookup {
            path: self.0.path(&format!("{id}/content")),
            file: "Vendas".to_owned(),
            sheet: None,
            columns: columns.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect(),
            keep_totals: false,
        })
    }

    fn open(&self, files: &[(&str, &str)], columns: &Look) -> std::sync::Arc<dyn Source> {
        let file = |(name, content): &(&str, &str)| SheetFile {
            name: (*name).to_owned(),
            content: (*content).to_owned(),
            sheet: columns.sheet.clone(),
        };
        let settings = SheetSettings {
            files: files.iter().map(file).collect(),
            columns: columns.columns.iter().map(|column| (column.name.clone(), column.column_type)).collect(),
            used: Vec::new(),
        };
        let surroundings = Surroundings::default().with_uploads(self.0.path(""));
        connect::open("sheet", "vendas", &serde_json::to_value(settings).unwrap(), &surroundings).unwrap()
    }
}

fn read(source: &dyn Source, known: Option<SchemaRef>, since: &StreamState) -> Vec<Piece> {
    let request = ReadRequest { stream: "linhas".to_owned(), known, since: since.clone(), keys: None };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let reading = runtime.block_on(source.read(request)).unwrap();
    assert!(reading.failures.is_empty(), "{}", reading.failures[0]);
    assert!(reading.gone.is_empty());
    futures::executor::block_on(reading.pieces.map(Result::unwrap).collect())
}

fn column<'l>(look: &'l Look, name: &str) -> &'l LookedAt {
    look.columns.iter().find(|column| column.name == name).unwrap()
}

fn examples(column: &LookedAt) -> Vec<(&str, Option<&str>)> {
    column.examples.iter().map(|it| (it.written.as_str(), it.understood.as_deref())).collect()
}

const CSV: &[u8] = b"Relat\xf3rio;;;\nData;Vendedor;Valor (R$);Ativo\n\
    05/01/2026;Jo\xe3o;R$ 1.234,56;Sim\n06/01/2026;Ana;(10,50);N\xe3o\n31/02/2026;Ana;1,00;Sim\n;Total;1.224,06;\n";

#[test]
fn a_look_tells_values_as_written_and_as_understood_and_what_does_not_fit() {
    let uploads = Uploads::new();
    let likely = uploads.look(CSV, &[]).unwrap();
    assert_eq!(column(&likely, "data").likely, ColumnType::Date);
    let look = uploads.look(CSV, &[("data", ColumnType::Date)]).unwrap();
    assert_eq!((look.rows, look.rejected, look.totals), (3, 1, 1));
    let value = column(&look, "valor_r");
    assert_eq!(value.source_name, "Valor (R$)");
    assert_eq!(value.column_type, ColumnType::Decimal { precision: 18, scale: 2 });
    assert_eq!(
        examples(value),
        [
            ("R$ 1.234,56", Some("1234.56")),
            ("(10,50)", Some("-10.50")),
            ("1,00", Some("1.00")),
            ("1.224,06", Some("1224.06"))
        ]
    );
    // Neither the row that repeats the sum nor the one that is rejected.
    assert_eq!((value.total, value.values), (Some((122_406, 2)), 2));
    let date = column(&look, "data");
    assert_eq!((date.column_type, date.misfits), (ColumnType::Date, 1));
    assert_eq!(date.strangers, [(5, "31/02/2026".to_owned())]);
    assert_eq!(date.span, Some((20_458, 20_459)));
    assert_eq!(column(&look, "vendedor").distinct, Some(2));
    assert_eq!(examples(column(&look, "vendedor"))[0], ("João", Some("João")));
}

#[test]
fn types_that_are_chosen_are_held_against_the_values() {
    let uploads = Uploads::new();
    let look = uploads
        .look(
            CSV,
            &[("vendedor", ColumnType::Integer), ("data", ColumnType::Text), ("ativo", ColumnType::Boolean)],
        )
        .unwrap();
    assert_eq!((look.rows, look.rejected), (0, 4));
    let seller = column(&look, "vendedor");
    assert_eq!((seller.detected, seller.column_type), (ColumnType::Text, ColumnType::Integer));
    assert_eq!((seller.misfits, seller.strangers.len()), (4, 3));
    assert_eq!(examples(seller)[0], ("João", None));
    assert_eq!(column(&look, "data").misfits, 0);
    assert_eq!(examples(column(&look, "ativo")), [("Sim", Some("true")), ("Não", Some("false"))]);
}

#[test]
fn what_is_landed_is_what_the_look_has_told() {
    let uploads = Uploads::new();
    let book = workbook(&[
        &["Vendas de maio"],
        &["Order", "order", "", "Preço"],
        &["1", "a", "x", "1.000,5"],
        &["2", "b", "", "0,25"],
    ]);
    let look = uploads.look(&book, &[]).unwrap();
    let names: Vec<&str> = look.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["order", "order_2", "column_3", "preco"]);
    let content = uploads.keep(&book);
    let source = uploads.open(&[("Vendas", &content)], &look);
    let table = Table::of(read(source.as_ref(), None, &StreamState::default())).unwrap();
    assert_eq!(table.rows.len() as u64, look.rows);
    assert_eq!(column(&look, "preco").total, Some((100_075, 2)));
}

#[test]
fn rows_of_a_file_that_a_sheet_no_longer_has_go_with_it() {
    let uploads = Uploads::new();
    let (old, new) =
        (b"data;v\n01/01/2026;1\n".as_slice(), b"data;v\n01/02/2026;2\n02/02/2026;3\n".as_slice());
    let look = uploads.look(old, &[]).unwrap();
    let (old, new) = (uploads.keep(old), uploads.keep(new));
    let (mut state, mut schema) = (StreamState::default(), None);
    let mut land = |files: &[(&str, &str)]| -> Vec<(String, LandHint, usize)> {
        let source = uploads.open(files, &look);
        let mut landed = Vec::new();
        for piece in read(source.as_ref(), schema.clone(), &state) {
            schema = Some(piece.schema.clone());
            state.set(piece.mark.clone().unwrap());
            let (file, hint) = (piece.file.clone(), piece.hint.clone());
            let rows = piece.batches.blocking().map(|batch| batch.unwrap().num_rows()).sum();
            landed.push((file, hint, rows));
        }
        landed
    };
    let replaced =
        |file: &str| LandHint::Replace { column: "_mirante_file".to_owned(), value: file.to_owned() };
    let named = |file: &str, hint, rows| (file.to_owned(), hint, rows);
    assert_eq!(
        land(&[("a", &old), ("b", &new)]),
        [named("a", LandHint::Append, 1), named("b", LandHint::Append, 2)]
    );
    assert_eq!(land(&[("a", &new)]), [named("a", replaced("a"), 2), named("b", replaced("b"), 0)]);
    assert_eq!(land(&[("a", &new)]), []);
    // One that comes back is landed again.
    assert_eq!(land(&[("a", &new), ("b", &new)]), [named("b", replaced("b"), 2)]);
}

#[test]
fn uploads_that_are_no_table_are_refused() {
    let uploads = Uploads::new();
    let refused = |content: &[u8], part: &str| {
        let error = uploads.look(content, &[]).unwrap_err().to_string();
        assert!(error.contains("`Vendas`") && error.contains(part), "{error}");
    };
    refused(b"a;b\n", "no rows");
    refused(b"\n\n", "it is empty");
    refused(&[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1], "protected by a password");
    refused(b"%PDF-1.7\n\x00\x01\x02", "zero bytes");
    refused(b"<html><body>", "HTML or XML");
    refused(b"PAR1\x15\x04", "another kind");
    refused(b"PK\x03\x04garbage", "a readable workbook");
    let wide: String = (0..501).map(|at| format!("c{at};")).collect();
    refused(format!("{wide}\n{}\n", "1;".repeat(501)).as_bytes(), "502 columns");
}

#[test]
fn settings_of_a_sheet_name_contents_and_nothing_outside() {
    let surroundings = Surroundings::default().with_uploads("/nowhere");
    let open = |content: &str| {
        let settings = serde_json::json!({"files": [{"name": "x", "content": content}]});
        connect::open("sheet", "x", &settings, &surroundings).map(drop)
    };
    assert!(open(&"a".repeat(64)).is_ok());
    assert!(open("../../etc/passwd").unwrap_err().to_string().contains("is no content hash"));
    let none = serde_json::json!({"files": []});
    assert!(connect::open("sheet", "x", &none, &surroundings).is_err());
}
