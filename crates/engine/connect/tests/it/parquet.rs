//! Parquet files.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, Float64Array, Int32Array,
    Int64Array, RecordBatch, StringArray, TimestampNanosecondArray, UInt64Array,
};
use arrow::datatypes::Int32Type;
use parquet::arrow::ArrowWriter;
use serde_json::json;

use crate::folder::Folder;

pub fn file_of(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

pub fn people() -> Vec<u8> {
    file_of(vec![
        ("id", Arc::new(Int64Array::from(vec![1]))),
        ("nome", Arc::new(StringArray::from(vec!["Ana"]))),
    ])
}

fn strings(values: &[Option<&str>]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

#[test]
fn declared_types_stay() {
    let dictionary: DictionaryArray<Int32Type> = ["a", "b"].into_iter().collect();
    let bytes = file_of(vec![
        ("Int", Arc::new(Int32Array::from(vec![Some(1), None]))),
        ("big", Arc::new(UInt64Array::from(vec![u64::MAX, 0]))),
        ("float", Arc::new(Float64Array::from(vec![1.5, 2.25]))),
        ("money", Arc::new(Decimal128Array::from(vec![150, 225]).with_precision_and_scale(10, 2).unwrap())),
        ("day", Arc::new(Date32Array::from(vec![0, 1]))),
        (
            "at",
            Arc::new(
                TimestampNanosecondArray::from(vec![1_000_000_000, 2_000_000_000]).with_timezone("-03:00"),
            ),
        ),
        ("ok", Arc::new(BooleanArray::from(vec![true, false]))),
        ("code", strings(&[Some("007"), Some("8")])),
        ("kind", Arc::new(dictionary)),
    ]);
    let table = Folder::with("a.parquet", bytes).read("a");
    assert_eq!(
        table.columns(),
        [
            "int integer",
            "big decimal(38,0)",
            "float float",
            "money decimal(18,2)",
            "day date",
            "at moment",
            "ok boolean",
            "code text",
            "kind text"
        ]
    );
    assert_eq!(
        table.rows,
        [
            "1|18446744073709551615|1.5|1.50|1970-01-01|1970-01-01T00:00:01Z|true|007|a",
            "∅|0|2.25|2.25|1970-01-02|1970-01-01T00:00:02Z|false|8|b"
        ]
    );
    assert_eq!(table.numbers, ["1", "2"]);
}

#[test]
fn text_that_is_all_dates_becomes_timestamps() {
    let days: Vec<Option<&str>> =
        (0..5000).map(|at| Some(if at == 4000 { "6/29/11 19:05" } else { "12/1/10 8:26" })).collect();
    let names: Vec<Option<&str>> = (0..5000).map(|at| if at == 0 { None } else { Some("536365") }).collect();
    let folder = Folder::with(
        "a.parquet",
        file_of(vec![("InvoiceDate", strings(&days)), ("InvoiceNo", strings(&names))]),
    );
    let table = folder.read("a");
    assert_eq!(table.columns(), ["invoice_date timestamp", "invoice_no text"]);
    assert_eq!(table.rows[0], "2010-12-01T08:26:00|∅");
    assert_eq!(table.rows[4000], "2011-06-29T19:05:00|536365");
    let table =
        folder.read_with("a", json!({"all": {"columns": {"InvoiceDate": "text", "InvoiceNo": "integer"}}}));
    assert_eq!(table.columns(), ["invoice_date text", "invoice_no integer"]);
    assert_eq!(table.rows[4000], "6/29/11 19:05|536365");
}

#[test]
fn overridden_types_reject_what_does_not_fit() {
    let bytes = file_of(vec![
        ("v", Arc::new(Float64Array::from(vec![1.5, 0.1 + 0.2, 7.123]))),
        ("n", strings(&[Some("1"), Some("x"), Some("3")])),
    ]);
    let options = json!({"all": {"columns": {"v": "decimal(18,2)", "n": "integer"}}});
    let table = Folder::with("a.parquet", bytes).read_with("a", options);
    assert_eq!(table.rows, ["1.50|1"]);
    assert_eq!(table.rejects, ["2|n|x|is not a whole number", "3|v|7.123|is not a number that fits"]);
}

#[test]
fn broken_files_are_refused() {
    let bytes = people();
    let folder = Folder::with("a.parquet", &bytes[..bytes.len() / 2]);
    folder.write("b.parquet", [&b"PAR1"[..], &[0xff; 40], b"PAR1"].concat());
    for stream in ["a", "b"] {
        let message = folder.failure(stream).to_string();
        assert!(message.contains(&format!("`{stream}.parquet`")), "{message}");
    }
}

#[test]
fn a_million_equal_rows_are_no_bomb_but_gigabytes_are() {
    let same: ArrayRef = Arc::new(Int64Array::from(vec![7; 1_000_000]));
    let folder = Folder::with("a.parquet", file_of(vec![("n", same)]));
    assert_eq!(folder.read("a").rows.len(), 1_000_000);
    let message = folder.failure_with("a", json!({"limits": {"unpacked_bytes": 100}})).to_string();
    assert!(message.contains("limits.unpacked_bytes"), "{message}");
}
