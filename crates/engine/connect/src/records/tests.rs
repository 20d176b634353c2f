//! Tests of gathering records into pieces.

use arrow::array::{Array, AsArray};
use arrow::datatypes::{Date32Type, Decimal128Type, Int64Type, TimestampMicrosecondType};
use futures::StreamExt;

use super::*;
use crate::json::JsonRow;

fn shape() -> Arc<Shape> {
    let money = ColumnType::Decimal { precision: 18, scale: 2 };
    let columns = vec![
        RecordColumn::new("Id", ColumnType::Integer),
        RecordColumn::new("Amount", money),
        RecordColumn::new("DocDate", ColumnType::Date),
        RecordColumn::new("LastUpdateDate", ColumnType::Moment),
    ];
    Arc::new(Shape::new("deals", columns, &["id"]))
}

async fn only_batch(piece: Piece) -> RecordBatch {
    let batches: Vec<_> = piece.batches.map(Result::unwrap).collect().await;
    assert_eq!(batches.len(), 1);
    batches.into_iter().next().unwrap()
}

#[tokio::test]
async fn records_become_typed_rows_and_what_does_not_fit_is_rejected() {
    let mut gathering = Gathering::new(shape(), "Deals");
    for record in [
        r#"{"Id":1,"Amount":1500.1,"DocDate":"2026-07-01T00:00:00Z","LastUpdateDate":"2026-03-20T15:37:10.183-03:00","Other":{"a":1}}"#,
        r#"{"Id":2,"Amount":null,"DocDate":"2026-07-02"}"#,
        r#"{"Id":"x","Amount":"N/D"}"#,
    ] {
        let record = serde_json::from_str::<JsonRow<'_>>(record).unwrap();
        gathering.push_with(|key| record.get(key).map_or(JsonCell::Absent, JsonCell::of)).unwrap();
    }
    gathering.push_deleted(&[Cell::Number("7")]).unwrap();
    gathering.reject("{", "is no JSON object");
    let piece = gathering.piece(LandHint::Append, None).unwrap();
    let rejects = piece.rejects.clone();
    let batch = only_batch(piece).await;
    assert_eq!(batch.column(0).as_primitive::<Int64Type>().values(), &[1, 2, 7]);
    assert_eq!(batch.column(1).as_primitive::<Decimal128Type>().value(0), 150_010);
    assert!(batch.column(1).is_null(1));
    assert_eq!(batch.column(2).as_primitive::<Date32Type>().value(0), 20_635);
    assert_eq!(batch.column(3).as_primitive::<TimestampMicrosecondType>().value(0), 1_774_031_830_183_000);
    let deleted: Vec<_> = batch.column(4).as_boolean().iter().flatten().collect();
    assert_eq!(deleted, [false, false, true]);
    assert_eq!(rejects.count(), 2);
    assert_eq!(rejects.take().num_rows(), 3);
}

#[test]
fn columns_are_named_as_files_name_them() {
    let names: Vec<String> = shape().columns.iter().map(|column| column.name.clone()).collect();
    assert_eq!(names, ["id", "amount", "doc_date", "last_update_date"]);
}
