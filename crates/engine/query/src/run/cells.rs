//! Arrow batches as cells.
//!
//! Invariant: an integer or decimal of a batch is the same integer or decimal in its cell.

use crate::errors::ScanError;
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, Decimal128Type, Float64Type, Int64Type, Schema};
use arrow::temporal_conversions::date32_to_datetime;
use chrono::NaiveDate;
use kpi::Cell;
use plan::{Place, Row, Rows};

/// Reads keys, then the place if the scan has one, then one cell per aggregate.
pub(crate) fn read(
    schema: &Schema,
    batches: &[RecordBatch],
    keys: usize,
    placed: bool,
) -> Result<Rows, ScanError> {
    let first_value = keys + usize::from(placed);
    let mut found = Rows {
        rows: Vec::new(),
        zeros: schema.fields()[first_value..].iter().map(|field| zero(field.data_type())).collect(),
    };
    for batch in batches {
        let texts = (0..keys)
            .map(|index| converted(batch.column(index), &DataType::Utf8))
            .collect::<Result<Vec<ArrayRef>, _>>()?;
        let places = if placed { places(batch.column(keys))? } else { vec![Place::Whole; batch.num_rows()] };
        let mut columns = Vec::with_capacity(batch.num_columns() - first_value);
        for column in &batch.columns()[first_value..] {
            columns.push(cells(column)?.into_iter());
        }
        for (row, place) in places.into_iter().enumerate() {
            let key = texts
                .iter()
                .map(|texts| texts.is_valid(row).then(|| texts.as_string::<i32>().value(row).to_owned()))
                .collect();
            let cells = columns.iter_mut().map(|column| column.next().unwrap_or(Cell::Null)).collect();
            found.rows.push(Row { key, place, cells });
        }
    }
    Ok(found)
}

/// The days of a one-column answer, in order.
pub(crate) fn days(batches: &[RecordBatch]) -> Vec<NaiveDate> {
    let of = |batch: &RecordBatch| places(batch.column(0)).unwrap_or_default();
    let mut days: Vec<NaiveDate> = batches
        .iter()
        .flat_map(of)
        .filter_map(|place| if let Place::Day(day) = place { Some(day) } else { None })
        .collect();
    days.sort_unstable();
    days
}

fn places(column: &ArrayRef) -> Result<Vec<Place>, ScanError> {
    if column.data_type().is_integer() {
        let numbers = converted(column, &DataType::Int64)?;
        let numbers = numbers.as_primitive::<Int64Type>();
        return Ok(numbers
            .iter()
            .map(|number| number.map_or(Place::Nowhere, |number| Place::Number(number as usize)))
            .collect());
    }
    let days = converted(column, &DataType::Date32)?;
    Ok(days
        .as_primitive::<Date32Type>()
        .iter()
        .map(|day| day.and_then(date).map_or(Place::Nowhere, Place::Day))
        .collect())
}

fn date(days: i32) -> Option<NaiveDate> {
    date32_to_datetime(days).map(|moment| moment.date())
}

fn converted(column: &ArrayRef, to: &DataType) -> Result<ArrayRef, ScanError> {
    cast(column, to).map_err(|_| ScanError::ColumnType { kind: column.data_type().to_string() })
}

fn zero(kind: &DataType) -> Cell {
    match kind {
        DataType::Decimal32(_, scale) | DataType::Decimal64(_, scale) | DataType::Decimal128(_, scale)
            if *scale > 0 =>
        {
            Cell::Decimal { unscaled: 0, scale: scale.unsigned_abs() }
        }
        kind if kind.is_floating() => Cell::Float(0.0),
        _ => Cell::Int(0),
    }
}

fn cells(column: &ArrayRef) -> Result<Vec<Cell>, ScanError> {
    let kind = column.data_type();
    Ok(match kind {
        DataType::Null => vec![Cell::Null; column.len()],
        DataType::Boolean => {
            column.as_boolean().iter().map(|value| value.map_or(Cell::Null, Cell::Bool)).collect()
        }
        DataType::Decimal32(_, scale) | DataType::Decimal64(_, scale) | DataType::Decimal128(_, scale) => {
            let scale = (*scale).max(0);
            let wide = converted(column, &DataType::Decimal128(38, scale))?;
            let cell = |unscaled: i128| match (scale, i64::try_from(unscaled)) {
                (0, Ok(value)) => Cell::Int(value),
                _ => Cell::Decimal { unscaled, scale: scale.unsigned_abs() },
            };
            wide.as_primitive::<Decimal128Type>().iter().map(|value| value.map_or(Cell::Null, cell)).collect()
        }
        DataType::UInt64 => {
            let wide = converted(column, &DataType::Decimal128(38, 0))?;
            cells(&wide)?
        }
        kind if kind.is_integer() => {
            let wide = converted(column, &DataType::Int64)?;
            wide.as_primitive::<Int64Type>().iter().map(|value| value.map_or(Cell::Null, Cell::Int)).collect()
        }
        kind if kind.is_floating() => {
            let wide = converted(column, &DataType::Float64)?;
            wide.as_primitive::<Float64Type>().iter().map(|value| value.map_or(Cell::Null, number)).collect()
        }
        DataType::Date32 | DataType::Date64 | DataType::Timestamp(..) => {
            let days = converted(column, &DataType::Date32)?;
            days.as_primitive::<Date32Type>()
                .iter()
                .map(|day| day.and_then(date).map_or(Cell::Null, Cell::Date))
                .collect()
        }
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
            let texts = converted(column, &DataType::Utf8)?;
            texts
                .as_string::<i32>()
                .iter()
                .map(|text| text.map_or(Cell::Null, |text| Cell::Text(text.to_owned())))
                .collect()
        }
        kind => return Err(ScanError::ColumnType { kind: kind.to_string() }),
    })
}

/// What is no number is no value: it could not be shown or sent.
fn number(value: f64) -> Cell {
    if value.is_finite() { Cell::Float(value) } else { Cell::Null }
}
