//! How a table's columns may change when rows with other columns arrive.
//!
//! New columns appear, empty for the old rows; a type may only widen; anything else is an error. Does not rewrite
//! tables (`landing`, `write`). Invariant: every value of both types has an exact form in the wider type, or its row
//! is refused later by `columns::fit`.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef, TimeUnit};

use crate::columns::decimal;
use crate::{LakeError, TableName};

/// The outcome of [`evolve`].
#[derive(Debug, PartialEq)]
pub(crate) struct Evolution {
    pub(crate) schema: SchemaRef,
    /// The table's schema must be committed anew.
    pub(crate) changed: bool,
    /// A type widened: the old files must be written anew in the same commit, because other engines read them by the
    /// new schema.
    pub(crate) rewrite: bool,
}

/// The schema that holds the table's rows and the new ones. `empty` names the table's columns that hold no value at
/// all: they may take any type.
pub(crate) fn evolve(
    table: &TableName,
    was: &Schema,
    now: &Schema,
    untyped: &HashSet<String>,
    empty: &HashSet<String>,
) -> Result<Evolution, LakeError> {
    let mut evolution = Evolution { schema: Arc::new(was.clone()), changed: false, rewrite: false };
    let mut fields: Vec<FieldRef> = was.fields().to_vec();
    for new in now.fields() {
        let place = fields.iter().position(|old| old.name().eq_ignore_ascii_case(new.name()));
        let Some(place) = place else {
            fields.push(new.clone());
            evolution.changed = true;
            continue;
        };
        let old = fields[place].clone();
        // A column without a single value says nothing about its type.
        if old.data_type() == new.data_type() || untyped.contains(new.name()) {
            continue;
        }
        let wide = match wider(old.data_type(), new.data_type()) {
            Some(wide) => wide,
            None if empty.contains(old.name()) => new.data_type().clone(),
            None => {
                return Err(LakeError::ColumnType {
                    table: table.clone(),
                    column: old.name().clone(),
                    was: Box::new(old.data_type().clone()),
                    now: Box::new(new.data_type().clone()),
                });
            }
        };
        if &wide != old.data_type() {
            let field = Field::new(old.name(), wide, true).with_metadata(old.metadata().clone());
            fields[place] = Arc::new(field);
            evolution.changed = true;
            evolution.rewrite = true;
        }
    }
    if evolution.changed {
        evolution.schema = Arc::new(Schema::new(fields));
    }
    Ok(evolution)
}

/// The columns that came without any type (`Null`), because no row has a value.
pub(crate) fn untyped(given: &Schema) -> HashSet<String> {
    let fields = given.fields().iter().filter(|field| field.data_type() == &DataType::Null);
    fields.map(|field| field.name().clone()).collect()
}

/// The narrowest type that holds both, or `None` when one of them would lose its meaning.
fn wider(a: &DataType, b: &DataType) -> Option<DataType> {
    use DataType as T;
    if let (Some(x), Some(y)) = (whole_digits(a), whole_digits(b)) {
        return Some(if x >= y { a.clone() } else { b.clone() });
    }
    match (a, b) {
        (x, y) if x == y => Some(x.clone()),
        (T::Decimal128(..), _) | (_, T::Decimal128(..)) => {
            let ((whole, scale), (other_whole, other_scale)) = (decimal_digits(a)?, decimal_digits(b)?);
            decimal(whole.max(other_whole), scale.max(other_scale))
        }
        (T::Float32 | T::Float64, T::Float32 | T::Float64) => Some(T::Float64),
        (T::Float32 | T::Float64, whole) | (whole, T::Float32 | T::Float64) => {
            whole_digits(whole).map(|_| T::Float64)
        }
        (T::Date32, T::Timestamp(_, zone)) | (T::Timestamp(_, zone), T::Date32) => {
            Some(T::Timestamp(TimeUnit::Microsecond, zone.clone()))
        }
        _ => None,
    }
}

/// Digits before and after the point.
fn decimal_digits(given: &DataType) -> Option<(i32, i32)> {
    match given {
        DataType::Decimal128(precision, scale) => {
            Some((i32::from(*precision) - i32::from(*scale), i32::from(*scale)))
        }
        whole => Some((whole_digits(whole)?, 0)),
    }
}

/// Decimal digits that any value of a whole-number type fits into.
fn whole_digits(given: &DataType) -> Option<i32> {
    match given {
        DataType::Int8 => Some(3),
        DataType::Int16 => Some(5),
        DataType::Int32 => Some(10),
        DataType::Int64 => Some(19),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(columns: &[(&str, DataType)]) -> Schema {
        Schema::new(columns.iter().map(|(n, t)| Field::new(*n, t.clone(), true)).collect::<Vec<_>>())
    }

    fn after(was: DataType, now: DataType) -> Result<Evolution, LakeError> {
        let none = HashSet::new();
        let (was, now) = (schema(&[("c", was)]), schema(&[("c", now)]));
        evolve(&TableName::new("raw", "t"), &was, &now, &none, &none)
    }

    #[test]
    fn wider_types_replace_narrower_ones_and_rewrite() {
        use DataType as T;
        let utc = T::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        let cases = [
            (T::Int32, T::Int64, T::Int64),
            (T::Int64, T::Decimal128(12, 2), T::Decimal128(21, 2)),
            (T::Decimal128(10, 2), T::Decimal128(12, 4), T::Decimal128(12, 4)),
            (T::Decimal128(10, 2), T::Decimal128(8, 4), T::Decimal128(12, 4)),
            (T::Int64, T::Float64, T::Float64),
            (T::Date32, utc.clone(), utc),
        ];
        for (was, now, wide) in cases {
            let evolution = after(was.clone(), now.clone()).unwrap();
            assert_eq!(evolution.schema.field(0).data_type(), &wide, "{was} then {now}");
            assert!(evolution.changed && evolution.rewrite);
        }
    }

    #[test]
    fn narrower_new_rows_leave_the_table_as_it_is() {
        let evolution = after(DataType::Decimal128(21, 2), DataType::Int64).unwrap();
        assert!(!evolution.changed && !evolution.rewrite);
    }

    #[test]
    fn type_that_means_something_else_is_an_error_naming_both() {
        for (was, now) in [
            (DataType::Utf8, DataType::Int64),
            (DataType::Int64, DataType::Utf8),
            (DataType::Decimal128(10, 2), DataType::Float64),
            (DataType::Boolean, DataType::Int64),
            (DataType::Decimal128(38, 0), DataType::Decimal128(38, 10)),
        ] {
            let error = after(was, now).unwrap_err().to_string();
            assert!(error.contains("`c`") && error.contains("raw.t"), "{error}");
        }
    }

    #[test]
    fn new_column_appears_without_rewriting() {
        let none = HashSet::new();
        let was = schema(&[("a", DataType::Int64)]);
        let now = schema(&[("b", DataType::Utf8)]);
        let evolution = evolve(&TableName::new("raw", "t"), &was, &now, &none, &none).unwrap();
        assert!(evolution.changed && !evolution.rewrite);
        assert_eq!(evolution.schema.fields().len(), 2);
    }

    #[test]
    fn column_without_values_takes_any_type() {
        let (was, now) = (schema(&[("c", DataType::Utf8)]), schema(&[("c", DataType::Int64)]));
        let (none, empty) = (HashSet::new(), HashSet::from(["c".to_string()]));
        let name = TableName::new("raw", "t");
        let evolution = evolve(&name, &was, &now, &none, &empty).unwrap();
        assert_eq!(evolution.schema.field(0).data_type(), &DataType::Int64);
        assert!(!evolve(&name, &now, &was, &empty, &none).unwrap().changed);
    }
}
