//! The column types that Delta tables store, and how a batch is made to fit a table's schema.
//!
//! Does not decide whether a table may change (`evolution`). Invariant: a value is carried over exactly or the batch
//! is refused; a value never silently becomes null.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, Float64Array, Int64Array, RecordBatch, RecordBatchOptions, new_null_array,
};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef, TimeUnit};
use arrow::error::ArrowError;

use crate::{LakeError, TableName};

/// The type in which the lake stores and returns values of `given`; `None` for what Delta cannot hold (intervals,
/// unions).
pub(crate) fn storable(given: &DataType) -> Option<DataType> {
    use DataType as T;
    Some(match given {
        T::Null | T::Utf8 | T::LargeUtf8 | T::Utf8View | T::Time32(_) | T::Time64(_) => T::Utf8,
        T::Binary | T::LargeBinary | T::BinaryView | T::FixedSizeBinary(_) => T::Binary,
        T::UInt8 => T::Int16,
        T::UInt16 => T::Int32,
        T::UInt32 | T::UInt64 => T::Int64,
        T::Float16 => T::Float32,
        T::Boolean | T::Int8 | T::Int16 | T::Int32 | T::Int64 | T::Float32 | T::Float64 | T::Date32 => {
            given.clone()
        }
        T::Date64 | T::Timestamp(_, None) => T::Timestamp(TimeUnit::Microsecond, None),
        T::Timestamp(_, Some(_)) => T::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        T::Decimal32(p, s) | T::Decimal64(p, s) | T::Decimal128(p, s) | T::Decimal256(p, s) => {
            decimal(i32::from(*p) - i32::from(*s), i32::from(*s).max(0))?
        }
        T::Dictionary(_, values) => storable(values)?,
        T::RunEndEncoded(_, values) => storable(values.data_type())?,
        T::List(item)
        | T::LargeList(item)
        | T::ListView(item)
        | T::LargeListView(item)
        | T::FixedSizeList(item, _) => {
            T::List(Arc::new(Field::new("element", storable(item.data_type())?, true)))
        }
        T::Struct(fields) => {
            let fields = fields
                .iter()
                .map(|field| Some(Field::new(field.name(), storable(field.data_type())?, true)))
                .collect::<Option<Vec<_>>>()?;
            T::Struct(fields.into())
        }
        _ => return None,
    })
}

/// A decimal with so many digits before and after the point; `None` beyond 38 digits.
pub(crate) fn decimal(whole: i32, scale: i32) -> Option<DataType> {
    let precision = (whole + scale).max(1);
    (precision <= 38).then_some(DataType::Decimal128(precision as u8, scale as i8))
}

/// The columns of `given` as a table stores them: all nullable, with their metadata.
pub(crate) fn storable_schema(table: &TableName, given: &Schema) -> Result<SchemaRef, LakeError> {
    let mut names = HashSet::new();
    let mut fields: Vec<FieldRef> = Vec::with_capacity(given.fields().len());
    for field in given.fields() {
        check_name(table, field.name(), &mut names)?;
        let Some(stored) = storable(field.data_type()) else {
            return Err(LakeError::Unstorable {
                table: table.clone(),
                column: field.name().clone(),
                now: Box::new(field.data_type().clone()),
            });
        };
        let field = Field::new(field.name(), stored, true).with_metadata(field.metadata().clone());
        fields.push(Arc::new(field));
    }
    Ok(Arc::new(Schema::new(fields)))
}

fn check_name(table: &TableName, name: &str, seen: &mut HashSet<String>) -> Result<(), LakeError> {
    let refused = |why| Err(LakeError::ColumnName { table: table.clone(), column: name.to_string(), why });
    if name.is_empty() {
        return refused("it has no name; give it one with AS");
    }
    if name.contains([' ', ',', ';', '{', '}', '(', ')', '\n', '\t', '=']) {
        return refused("Delta allows no spaces or ,;{}()= in names; rename it with AS");
    }
    if !seen.insert(name.to_lowercase()) {
        return refused("another column has the same name, letter case aside; rename one");
    }
    Ok(())
}

/// The same rows with exactly the columns of `schema`: cast where the type differs, null where the column is missing.
pub(crate) fn fit(
    table: &TableName,
    batch: &RecordBatch,
    schema: &SchemaRef,
) -> Result<RecordBatch, LakeError> {
    let given = batch.schema();
    let mut columns = Vec::with_capacity(schema.fields().len());
    for field in schema.fields() {
        let place = given.fields().iter().position(|f| f.name().eq_ignore_ascii_case(field.name()));
        let column = match place {
            Some(index) => cast_exactly(batch.column(index), field.data_type()),
            None => Ok(new_null_array(field.data_type(), batch.num_rows())),
        };
        columns.push(column.map_err(|source| LakeError::Value {
            table: table.clone(),
            column: field.name().clone(),
            into: Box::new(field.data_type().clone()),
            source: Box::new(source),
        })?);
    }
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(schema.clone(), columns, &options)
        .map_err(|source| LakeError::write(table, source))
}

/// Casts, and refuses a cast that would change a value.
fn cast_exactly(column: &ArrayRef, into: &DataType) -> Result<ArrayRef, ArrowError> {
    let from = column.data_type();
    if from == into {
        return Ok(column.clone());
    }
    let options = CastOptions { safe: false, ..CastOptions::default() };
    let cast = cast_with_options(column, into, &options)?;
    if matches!((from, into), (DataType::Int64, DataType::Float64)) {
        check_integers(column, &cast)?;
    }
    if cast.null_count() > 0 && cast.null_count() != column.logical_null_count() {
        return Err(ArrowError::CastError(format!("a value of type {from} is not a {into}")));
    }
    Ok(cast)
}

/// Whole numbers beyond 2^53 have no exact float: refuse them rather than round them.
fn check_integers(before: &ArrayRef, after: &ArrayRef) -> Result<(), ArrowError> {
    let (Some(before), Some(after)) =
        (before.as_any().downcast_ref::<Int64Array>(), after.as_any().downcast_ref::<Float64Array>())
    else {
        return Ok(());
    };
    for (whole, float) in before.iter().zip(after.iter()) {
        if let (Some(whole), Some(float)) = (whole, float)
            && float as i128 != i128::from(whole)
        {
            return Err(ArrowError::CastError(format!("{whole} has no exact floating-point form")));
        }
    }
    Ok(())
}

/// Rows as readers of the lake get them: the types that [`storable`] gives, or the column as it is where that has none.
pub(crate) fn readable_schema(given: &Schema) -> SchemaRef {
    let fields = given.fields().iter().map(|field| {
        let stored = match field.data_type() {
            DataType::Null => DataType::Null,
            other => storable(other).unwrap_or_else(|| other.clone()),
        };
        Field::new(field.name(), stored, true).with_metadata(field.metadata().clone())
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// One query result batch in the types of [`readable_schema`]; columns are taken by position, as names may repeat.
pub(crate) fn readable(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let columns = batch
        .columns()
        .iter()
        .zip(schema.fields())
        .map(|(column, field)| cast_exactly(column, field.data_type()))
        .collect::<Result<Vec<_>, _>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(schema.clone(), columns, &options)
}

#[cfg(test)]
mod tests {
    use arrow::array::{AsArray, DictionaryArray, StringViewArray, TimestampNanosecondArray, UInt64Array};
    use arrow::datatypes::Int32Type;

    use super::*;

    fn table() -> TableName {
        TableName::new("raw", "t")
    }

    fn fitted(column: ArrayRef) -> Result<RecordBatch, LakeError> {
        let given = Schema::new(vec![Field::new("c", column.data_type().clone(), true)]);
        let batch = RecordBatch::try_new(Arc::new(given.clone()), vec![column]).unwrap();
        fit(&table(), &batch, &storable_schema(&table(), &given)?)
    }

    #[test]
    fn text_of_any_layout_is_stored_as_utf8() {
        let view: ArrayRef = Arc::new(StringViewArray::from(vec![Some("ação"), None]));
        let dictionary: DictionaryArray<Int32Type> = vec![Some("ação"), None].into_iter().collect();
        for column in [view, Arc::new(dictionary)] {
            let batch = fitted(column).unwrap();
            assert_eq!(batch.column(0).as_string::<i32>().value(0), "ação");
            assert!(batch.column(0).is_null(1));
        }
    }

    #[test]
    fn nanoseconds_are_stored_as_microseconds() {
        let batch = fitted(Arc::new(TimestampNanosecondArray::from(vec![1_500]))).unwrap();
        assert_eq!(batch.schema().field(0).data_type(), &DataType::Timestamp(TimeUnit::Microsecond, None));
    }

    #[test]
    fn number_that_does_not_fit_is_an_error_naming_the_column() {
        let error = fitted(Arc::new(UInt64Array::from(vec![u64::MAX]))).unwrap_err();
        assert!(error.to_string().contains("`c`"), "{error}");
    }

    #[test]
    fn whole_number_without_exact_float_is_an_error() {
        let into: DataType = DataType::Float64;
        let exact: ArrayRef = Arc::new(Int64Array::from(vec![1 << 53]));
        assert!(cast_exactly(&exact, &into).is_ok());
        let inexact: ArrayRef = Arc::new(Int64Array::from(vec![(1 << 53) + 1]));
        assert!(cast_exactly(&inexact, &into).is_err());
    }

    #[test]
    fn columns_equal_but_for_letter_case_are_refused() {
        let given =
            Schema::new(vec![Field::new("uf", DataType::Utf8, true), Field::new("UF", DataType::Utf8, true)]);
        assert!(matches!(storable_schema(&table(), &given), Err(LakeError::ColumnName { .. })));
    }
}
