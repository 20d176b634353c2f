//! A small lake to check: orders with every kind of flaw, and customers.

use std::sync::Arc;

use check::{Check, Config, Kind};
use lake::arrow::array::{
    ArrayRef, BooleanArray, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use lake::{Lake, LakeOptions, RecordBatchStream, Relations, Session, WriteMode};
use serde_json::Value;

pub(crate) struct Shop {
    pub(crate) session: Session,
    _dir: tempfile::TempDir,
}

pub(crate) async fn shop() -> Shop {
    let dir = tempfile::tempdir().unwrap();
    let lake = Lake::open(dir.path(), LakeOptions::default()).await.unwrap();
    let ids: ArrayRef =
        Arc::new(Int64Array::from(vec![Some(1), Some(2), Some(2), Some(3), Some(3), Some(3), None, None]));
    let status: ArrayRef = Arc::new(StringArray::from(vec![
        Some("won"),
        Some("lost"),
        Some("lost"),
        Some("d'água"),
        None,
        Some("won"),
        Some("open"),
        Some("open"),
    ]));
    let customers: ArrayRef = Arc::new(Int64Array::from(vec![
        Some(10),
        Some(11),
        Some(99),
        Some(99),
        None,
        Some(10),
        Some(98),
        Some(10),
    ]));
    let paid: ArrayRef = Arc::new(BooleanArray::from(vec![true, false, true, true, true, true, true, true]));
    let at: ArrayRef =
        Arc::new(TimestampMicrosecondArray::from_iter_values((0..8i64).map(|i| i * 3_600_000_000)));
    let columns =
        vec![("id", ids), ("status", status), ("customer_id", customers), ("paid", paid), ("loaded_at", at)];
    write(&lake, "marts.orders", columns).await;
    write(&lake, "marts.customers", vec![("id", Arc::new(Int64Array::from(vec![10, 11])))]).await;
    let nothing: ArrayRef = Arc::new(TimestampMicrosecondArray::from(Vec::<i64>::new()));
    write(&lake, "marts.nothing", vec![("loaded_at", nothing)]).await;
    let relations: Relations = lake.latest("marts").await.unwrap();
    Shop { session: lake.session(relations), _dir: dir }
}

async fn write(lake: &Lake, name: &str, columns: Vec<(&str, ArrayRef)>) {
    let columns = columns.into_iter().map(|(name, values)| (name, values, true));
    let rows = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
    let rows = RecordBatchStream::of(rows.schema(), vec![rows]);
    lake.write(&name.parse().unwrap(), rows, WriteMode::Replace).await.unwrap();
}

pub(crate) fn generic(rule: &str, column: &str, arguments: Value) -> Check {
    let Value::Object(arguments) = arguments else { panic!("arguments are an object") };
    Check {
        id: format!("test.shop.{rule}_orders_{column}.0123456789"),
        kind: Kind::Generic { rule: rule.to_string(), arguments },
        relation: Some("marts.orders".parse().unwrap()),
        column: Some(column.to_string()),
        config: Config::default(),
    }
}

pub(crate) fn singular(sql: &str) -> Check {
    Check {
        id: "test.shop.assert_something".to_string(),
        kind: Kind::Singular { sql: sql.to_string() },
        relation: None,
        column: None,
        config: Config::default(),
    }
}
