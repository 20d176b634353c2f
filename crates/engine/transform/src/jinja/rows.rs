//! Query results and moments as templates see them (`run_query(…).columns[0].values()`, `run_started_at.strftime(…)`).
//!
//! Does not run queries (`scope`). Invariant: a value prints as SQL would take it; decimals keep every digit.

use std::fmt;
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{
    DataType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, Schema,
};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use chrono::{DateTime, Datelike, Timelike, Utc};
use minijinja::value::{Enumerator, Object, ObjectRepr, Value};
use minijinja::{Error, State};

use super::failure::fail;

/// A result, in the shape that dbt's templates know from agate.
#[derive(Debug)]
pub(super) struct Rows {
    names: Arc<Vec<String>>,
    rows: Vec<Arc<Vec<Value>>>,
}

impl Rows {
    pub(super) fn new(schema: &Schema, batches: &[RecordBatch]) -> Result<Rows, Error> {
        let names = Arc::new(schema.fields().iter().map(|field| field.name().clone()).collect());
        let mut rows = Vec::new();
        for batch in batches {
            for row in 0..batch.num_rows() {
                let cells: Result<Vec<Value>, Error> =
                    batch.columns().iter().map(|column| cell(column.as_ref(), row)).collect();
                rows.push(Arc::new(cells?));
            }
        }
        Ok(Rows { names, rows })
    }

    fn row(&self, cells: &Arc<Vec<Value>>) -> Value {
        Value::from_object(Row { names: self.names.clone(), cells: cells.clone() })
    }

    fn column(&self, at: usize) -> Value {
        Value::from_object(ResultColumn {
            name: self.names[at].clone(),
            cells: self.rows.iter().map(|row| row[at].clone()).collect(),
        })
    }
}

fn cell(column: &dyn Array, row: usize) -> Result<Value, Error> {
    if column.is_null(row) {
        return Ok(Value::from(()));
    }
    Ok(match column.data_type() {
        DataType::Boolean => Value::from(column.as_boolean().value(row)),
        DataType::Int8 => Value::from(column.as_primitive::<Int8Type>().value(row)),
        DataType::Int16 => Value::from(column.as_primitive::<Int16Type>().value(row)),
        DataType::Int32 => Value::from(column.as_primitive::<Int32Type>().value(row)),
        DataType::Int64 => Value::from(column.as_primitive::<Int64Type>().value(row)),
        DataType::Float32 => Value::from(f64::from(column.as_primitive::<Float32Type>().value(row))),
        DataType::Float64 => Value::from(column.as_primitive::<Float64Type>().value(row)),
        _ => {
            let options = FormatOptions::default();
            let shown =
                ArrayFormatter::try_new(column, &options).and_then(|shown| shown.value(row).try_to_string());
            Value::from(shown.map_err(|error| fail(error.to_string()))?)
        }
    })
}

impl Object for Rows {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        Some(match key.as_str()? {
            "rows" => self.rows.iter().map(|row| self.row(row)).collect(),
            "columns" => (0..self.names.len()).map(|at| self.column(at)).collect(),
            "column_names" => self.names.iter().cloned().map(Value::from).collect(),
            _ => return None,
        })
    }

    /// Iterating gives the rows, as agate does.
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Iterable
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.rows.iter().map(|row| self.row(row)).collect())
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        _: &[Value],
    ) -> Result<Value, Error> {
        match method {
            "print_table" => Ok(Value::from("")),
            _ => Err(fail(format!(
                "a result has no `{method}()`; it has `rows`, `columns` and `column_names`"
            ))),
        }
    }
}

#[derive(Debug)]
struct Row {
    names: Arc<Vec<String>>,
    cells: Arc<Vec<Value>>,
}

impl Object for Row {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        if let Some(at) = key.as_usize() {
            return self.cells.get(at).cloned();
        }
        let name = key.as_str()?;
        let at = self.names.iter().position(|known| known.eq_ignore_ascii_case(name))?;
        self.cells.get(at).cloned()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.cells.len())
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        _: &[Value],
    ) -> Result<Value, Error> {
        match method {
            "values" => Ok(self.cells.iter().cloned().collect()),
            "keys" => Ok(self.names.iter().cloned().map(Value::from).collect()),
            _ => Err(fail(format!("a row has no `{method}()`; use `row[0]`, `row.name` or `row.values()`"))),
        }
    }
}

#[derive(Debug)]
struct ResultColumn {
    name: String,
    cells: Vec<Value>,
}

impl Object for ResultColumn {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match key.as_str() {
            Some("name") => Some(Value::from(self.name.clone())),
            _ => self.cells.get(key.as_usize()?).cloned(),
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.cells.len())
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        _: &[Value],
    ) -> Result<Value, Error> {
        match method {
            "values" => Ok(self.cells.iter().cloned().collect()),
            _ => Err(fail(format!("a result's column has no `{method}()`; use `values()`"))),
        }
    }
}

/// A moment of this run; the same for all its models, so that a run can be repeated.
#[derive(Debug)]
pub(super) struct Moment(pub(super) DateTime<Utc>);

impl Object for Moment {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        Some(match key.as_str()? {
            "year" => Value::from(self.0.year()),
            "month" => Value::from(self.0.month()),
            "day" => Value::from(self.0.day()),
            "hour" => Value::from(self.0.hour()),
            "minute" => Value::from(self.0.minute()),
            "second" => Value::from(self.0.second()),
            _ => return None,
        })
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        match (method, args) {
            ("strftime", [format]) => {
                use std::fmt::Write;
                let mut text = String::new();
                let format = format.to_string();
                write!(text, "{}", self.0.format(&format))
                    .map_err(|_| fail(format!("`strftime` does not understand `{format}`")))?;
                Ok(Value::from(text))
            }
            ("isoformat", []) => Ok(Value::from(self.0.format("%Y-%m-%dT%H:%M:%S%.6f+00:00").to_string())),
            ("date", []) => Ok(Value::from(self.0.format("%Y-%m-%d").to_string())),
            ("astimezone" | "replace", _) => Ok(Value::from_dyn_object(self.clone())),
            _ => Err(fail(format!("a moment has no `{method}()`; use `strftime('%Y-%m-%d')`"))),
        }
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%Y-%m-%d %H:%M:%S%.6f+00:00"))
    }
}

/// `modules.datetime.datetime.now()` and `modules.datetime.date.today()`, both the start of the run.
#[derive(Debug)]
pub(super) struct Modules(pub(super) DateTime<Utc>);

impl Object for Modules {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        matches!(key.as_str()?, "datetime" | "date").then(|| Value::from_dyn_object(self.clone()))
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        _: &[Value],
    ) -> Result<Value, Error> {
        match method {
            "now" | "utcnow" => Ok(Value::from_object(Moment(self.0))),
            "today" => Ok(Value::from(self.0.format("%Y-%m-%d").to_string())),
            _ => Err(fail(format!("`modules.datetime` has no `{method}()` here; use `run_started_at`"))),
        }
    }
}
