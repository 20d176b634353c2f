//! Tables as templates see them, and `adapter`.
//!
//! Does not read rows. Invariant: a relation prints as quoted SQL, so that any name is one identifier.

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::DataType;
use lake::{TableName, quote};
use minijinja::value::{Object, ObjectRepr, Value};
use minijinja::{Error, State};

use super::failure::fail;
use super::scope::Scope;
use super::{ADAPTER, dispatch};

/// What `ref`, `source` and `this` give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RelationValue {
    pub(super) table: TableName,
}

/// A table, to pass to a macro.
pub(crate) fn relation_value(table: &TableName) -> Value {
    Value::from_object(RelationValue { table: table.clone() })
}

impl Object for RelationValue {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        Some(match key.as_str()? {
            "schema" => Value::from(self.table.schema.clone()),
            "identifier" | "name" | "table" => Value::from(self.table.name.clone()),
            "database" => Value::from(""),
            "is_table" => Value::from(true),
            "is_view" | "is_cte" => Value::from(false),
            "type" => Value::from("table"),
            _ => return None,
        })
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        _: &[Value],
    ) -> Result<Value, Error> {
        match method {
            "include" | "quote" | "without_identifier" | "incorporate" => {
                Ok(Value::from_dyn_object(self.clone()))
            }
            "render" => Ok(Value::from(self.table.quoted())),
            _ => Err(fail(format!(
                "a relation has no `{method}()`; it has `schema`, `identifier` and `render()`"
            ))),
        }
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.table.quoted())
    }
}

/// `adapter.dispatch`, `adapter.get_columns_in_relation`, …
pub(super) struct Adapter {
    pub(super) scope: Arc<Scope>,
}

impl fmt::Debug for Adapter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("adapter")
    }
}

impl Object for Adapter {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call_method(
        self: &Arc<Self>,
        state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        let text = |at: usize| args.get(at).and_then(Value::as_str);
        match method {
            "dispatch" => self.dispatch(state, args),
            "type" => Ok(Value::from(ADAPTER)),
            "quote" => Ok(Value::from(quote(text(0).unwrap_or_default()))),
            "get_columns_in_relation" => self.columns(args),
            "get_relation" => {
                let named = args.last().filter(|last| last.is_kwargs());
                let part = |at: usize, key: &str| {
                    named
                        .and_then(|named| named.get_attr(key).ok())
                        .and_then(|value| value.as_str().map(str::to_owned))
                        .or_else(|| text(at).map(str::to_owned))
                };
                let (Some(schema), Some(name)) = (part(1, "schema"), part(2, "identifier")) else {
                    return Err(fail("`adapter.get_relation` takes database, schema and identifier"));
                };
                let table = TableName::new(schema, name);
                Ok(if self.scope.exists(&table) {
                    Value::from_object(RelationValue { table })
                } else {
                    Value::from(())
                })
            }
            "check_schema_exists" => Ok(Value::from(true)),
            _ => Err(fail(format!("`adapter.{method}` is not available here; use SQL or a macro instead"))),
        }
    }
}

impl Adapter {
    fn dispatch(&self, state: &mut State, args: &[Value]) -> Result<Value, Error> {
        let named = args.last().filter(|last| last.is_kwargs());
        let attribute = |key: &str| {
            named.and_then(|named| named.get_attr(key).ok()).filter(|found| !found.is_undefined())
        };
        let text = |at: usize| args.get(at).filter(|value| !value.is_kwargs()).cloned();
        let name = text(0).or_else(|| attribute("macro_name"));
        let namespace = text(1).or_else(|| attribute("macro_namespace"));
        let Some(name) = name.as_ref().and_then(Value::as_str) else {
            return Err(fail("`adapter.dispatch` takes the name of a macro: `adapter.dispatch('cents')`"));
        };
        let Some(macros) = &self.scope.world.macros else {
            return Err(fail("`adapter.dispatch` cannot be called in a property file"));
        };
        dispatch::dispatch(macros, state, name, namespace.as_ref().and_then(Value::as_str))
    }

    fn columns(&self, args: &[Value]) -> Result<Value, Error> {
        let Some(relation) = args.first().and_then(|value| value.downcast_object_ref::<RelationValue>())
        else {
            return Err(fail("`adapter.get_columns_in_relation` takes a relation: `ref('stg_deals')`"));
        };
        let columns = self.scope.columns(&relation.table)?;
        Ok(columns
            .into_iter()
            .map(|(name, data_type)| Value::from_object(ColumnValue { name, data_type }))
            .collect())
    }
}

/// A column of an existing table.
#[derive(Debug)]
struct ColumnValue {
    name: String,
    data_type: DataType,
}

impl Object for ColumnValue {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        Some(match key.as_str()? {
            "name" | "column" => Value::from(self.name.clone()),
            "quoted" => Value::from(quote(&self.name)),
            "dtype" | "data_type" => Value::from(sql_type(&self.data_type)),
            _ => return None,
        })
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        _: &[Value],
    ) -> Result<Value, Error> {
        let data_type = &self.data_type;
        let text = matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
        Ok(Value::from(match method {
            "is_string" => text,
            "is_number" => data_type.is_numeric(),
            "is_integer" => data_type.is_integer(),
            "is_float" => data_type.is_floating(),
            "is_numeric" => matches!(data_type, DataType::Decimal128(..) | DataType::Decimal256(..)),
            _ => return Err(fail(format!("a column has no `{method}()`"))),
        }))
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// The SQL name of an Arrow type, as a cast would write it.
pub(crate) fn sql_type(data_type: &DataType) -> String {
    match data_type {
        DataType::Boolean => "boolean".to_owned(),
        DataType::Int8 => "tinyint".to_owned(),
        DataType::Int16 => "smallint".to_owned(),
        DataType::Int32 => "integer".to_owned(),
        DataType::Int64 => "bigint".to_owned(),
        DataType::Float32 => "real".to_owned(),
        DataType::Float64 => "double".to_owned(),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "varchar".to_owned(),
        DataType::Date32 | DataType::Date64 => "date".to_owned(),
        DataType::Timestamp(_, None) => "timestamp(6)".to_owned(),
        DataType::Timestamp(_, Some(_)) => "timestamp(6) with time zone".to_owned(),
        DataType::Decimal128(precision, scale) => format!("decimal({precision},{scale})"),
        other => other.to_string(),
    }
}
