//! Columns over several files and runs: known types, widening, missing and new ones.

use std::fmt::Write as _;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use connect::StreamState;
use serde_json::json;

use crate::folder::{Folder, Table, read};

fn known(columns: &[(&str, DataType)]) -> SchemaRef {
    let mut fields: Vec<Field> =
        columns.iter().map(|(name, kind)| Field::new(*name, kind.clone(), true)).collect();
    fields.push(Field::new("_mirante_file", DataType::Utf8, true));
    fields.push(Field::new("_mirante_batch", DataType::Utf8, true));
    Arc::new(Schema::new(fields))
}

fn with_known(text: &str, columns: &[(&str, DataType)]) -> Result<Table, String> {
    let folder = Folder::with("a.csv", text);
    let mut reading = read(&folder.source(), "a", Some(known(columns)), &StreamState::default());
    match reading.failures.pop() {
        Some(failure) => Err(failure.to_string()),
        None => Ok(Table::of(reading.pieces).unwrap()),
    }
}

#[test]
fn placeholders_speak_for_no_type() {
    let mut text = "dia;valor\n".to_owned();
    for day in 1..=20 {
        let _ = writeln!(text, "{day:02}/06/2026;{}", if day == 7 { "N/D" } else { "1,5" });
    }
    let table = Folder::with("a.csv", text).read("a");
    assert_eq!(table.columns(), ["dia date", "valor decimal(18,2)"]);
    assert_eq!(table.rejects, ["8|valor|N/D|is not a number that fits"]);
}

#[test]
fn files_of_one_folder_share_one_schema() {
    let folder = Folder::new();
    folder.write("oinv/OINV_2024.csv", "DocEntry;Total\n1;10\n");
    folder.write("oinv/OINV_2025.csv", "DOCENTRY;TOTAL;Côr\n2;10,555;azul\n");
    let table = folder.read("oinv");
    assert_eq!(table.columns(), ["doc_entry integer", "total decimal(18,3)", "docentry integer", "cor text"]);
    folder.write("oinv/OINV_2025.csv", "DocEntry;total;Côr\n2;10,555;azul\n");
    let table = folder.read("oinv");
    assert_eq!(table.columns(), ["doc_entry integer", "total decimal(18,3)", "cor text"]);
    assert_eq!(table.rows, ["1|10.000|∅", "2|10.555|azul"]);
}

#[test]
fn repeated_and_empty_names_get_their_own() {
    let table = Folder::with("a.csv", "Valor;VALOR;;x\n1;2;3;4\n").read("a");
    assert_eq!(table.columns(), ["valor integer", "valor_2 integer", "column_3 integer", "x integer"]);
}

#[test]
fn known_types_stay_and_misfits_are_rejected() {
    let text = "id;data\n1;N/D\n2;01/02/2026\n3;02/02/2026\n";
    let table = with_known(text, &[("id", DataType::Int64), ("data", DataType::Date32)]).unwrap();
    assert_eq!(table.columns(), ["id integer", "data date"]);
    assert_eq!(table.rows, ["2|2026-02-01", "3|2026-02-02"]);
    assert_eq!(table.rejects, ["2|data|N/D|is not a date"]);
    let table = with_known("id\n007\n12\n", &[("id", DataType::Int64)]).unwrap();
    assert_eq!(table.rows, ["7", "12"]);
    let table = with_known("id\n7\n12\n", &[("id", DataType::Utf8)]).unwrap();
    assert_eq!(table.columns(), ["id text"]);
}

#[test]
fn known_types_widen_where_nothing_is_lost() {
    let decimal = |precision, scale| DataType::Decimal128(precision, scale);
    for (kind, value, expected) in [
        (DataType::Int64, "10,5", "a decimal(21,2)"),
        (decimal(18, 2), "10,5", "a decimal(18,2)"),
        (decimal(18, 2), "10,555", "a decimal(19,3)"),
        (decimal(18, 2), "7", "a decimal(18,2)"),
        (decimal(18, 4), "10,5", "a decimal(18,4)"),
        (decimal(18, 2), "12345678901234567,5", "a decimal(19,2)"),
        (DataType::Date32, "01/02/2026 10:00", "a timestamp"),
        (DataType::Timestamp(TimeUnit::Microsecond, None), "01/02/2026", "a timestamp"),
        (DataType::Float64, "10,5", "a float"),
    ] {
        let table = with_known(&format!("a;b\n{value};x\n"), &[("a", kind)]).unwrap();
        assert_eq!(table.columns()[0], expected, "{value}");
        assert!(table.rejects.is_empty());
    }
}

#[test]
fn an_incompatible_change_is_one_clear_error() {
    let text = "id;data\n1;01/02/2026\n2;amanhã\n3;logo\n4;depois\n5;nunca\n6;talvez\n";
    let message = with_known(text, &[("id", DataType::Int64), ("data", DataType::Date32)]).unwrap_err();
    for part in [
        "`a.csv`, row 3",
        "column `data` of stream `a` is date",
        "`amanhã` makes it text",
        "streams.a.columns.data",
    ] {
        assert!(message.contains(part), "{part} in {message}");
    }
}

#[test]
fn a_changed_file_does_not_stop_the_others() {
    let folder = Folder::new();
    folder.write("v/1.csv", "id;q\na;x\nb;y\nc;z\nd;w\ne;v\n");
    folder.write("v/2.csv", "id;q\nf;7\n");
    let reading = read(
        &folder.source(),
        "v",
        Some(known(&[("id", DataType::Utf8), ("q", DataType::Int64)])),
        &StreamState::default(),
    );
    assert_eq!(reading.failures.len(), 1);
    assert!(reading.failures[0].to_string().contains("`v/1.csv`"));
    assert_eq!(Table::of(reading.pieces).unwrap().rows, ["f|7"]);
}

#[test]
fn missing_columns_are_null_and_new_ones_come_last() {
    let table =
        with_known("novo;id\nx;1\n", &[("id", DataType::Int64), ("velho", DataType::Date32)]).unwrap();
    assert_eq!(table.columns(), ["id integer", "velho date", "novo text"]);
    assert_eq!(table.rows, ["1|∅|x"]);
}

#[test]
fn codes_stay_text_even_without_a_leading_zero() {
    let table = Folder::with(
        "a.csv",
        "cpf;telefone;chave;qtd\n12345678909;11987654321;35260612345678000199550010000012341000012345;3\n",
    )
    .read("a");
    assert_eq!(table.columns(), ["cpf text", "telefone text", "chave text", "qtd integer"]);
}

#[test]
fn the_date_order_of_earlier_files_is_remembered() {
    let folder = Folder::with("v/1.csv", "dia\n10/20/2016\n");
    let source = folder.source();
    let mut state = StreamState::default();
    for piece in read(&source, "v", None, &state.clone()).pieces {
        state.set(piece.mark.clone().unwrap());
        Table::of(vec![piece]).unwrap();
    }
    folder.write("v/2.csv", "dia\n03/04/2016\n");
    let reading = read(&source, "v", Some(known(&[("dia", DataType::Date32)])), &state);
    assert_eq!(Table::of(reading.pieces).unwrap().rows, ["2016-03-04"]);
}

#[test]
fn a_column_without_values_so_far_may_still_take_any_type() {
    let folder = Folder::with("v/1.csv", "id;fim\n1;\n");
    let source = folder.source();
    let mut state = StreamState::default();
    let reading = read(&source, "v", None, &state);
    let schema = reading.pieces[0].schema.clone();
    state.set(reading.pieces[0].mark.clone().unwrap());
    assert_eq!(Table::of(reading.pieces).unwrap().columns(), ["id integer", "fim text"]);
    folder.write("v/2.csv", "id;fim\n2;03/04/2026\n");
    let reading = read(&source, "v", Some(schema.clone()), &state);
    let mark = reading.pieces[0].mark.clone().unwrap();
    assert_eq!(Table::of(reading.pieces).unwrap().columns(), ["id integer", "fim date"]);
    // Once it had values, text is its type.
    state.set(mark);
    folder.write("v/3.csv", "id;fim\n3;05/04/2026\n");
    let reading = read(&source, "v", Some(schema), &state);
    assert_eq!(Table::of(reading.pieces).unwrap().columns(), ["id integer", "fim text"]);
}

#[test]
fn rejects_over_the_limit_are_an_error() {
    let text = "id;a\n1;2\n2;3\n".to_owned() + "x\n";
    let message =
        Folder::with("a.csv", text).failure_with("a", json!({"limits": {"rejects": 0}})).to_string();
    assert!(message.contains("its number of rejected rows is over the limit of 0"), "{message}");
}
