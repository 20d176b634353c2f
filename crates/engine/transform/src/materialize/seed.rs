//! A seed: a CSV file of the project as a table, with the types that its values have.
//!
//! Does not read data sources (`connect`). Invariant: a value is taken whole or the seed fails at its row; none becomes null in silence.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use lake::{Lake, RecordBatchStream, Relation, WriteMode};

use crate::build::Made;
use crate::errors::{Place, TransformError, did_you_mean};
use crate::node::{Node, Seed};

/// A CSV file, read as text.
struct Sheet {
    columns: Vec<String>,
    /// By column; none where the file has nothing or `null`.
    values: Vec<Vec<Option<String>>>,
    /// Line of each row in the file.
    lines: Vec<usize>,
}

pub(super) async fn build(lake: &Lake, node: &Node, settings: &Seed) -> Result<Made, TransformError> {
    let sheet = read(node, settings)?;
    let batch = typed(node, settings, &sheet)?;
    let rows = batch.num_rows() as u64;
    let stream = RecordBatchStream::of(batch.schema(), vec![batch]);
    let version = lake
        .write(&node.relation, stream, WriteMode::Replace)
        .await
        .map_err(|error| TransformError::Lake { node: node.name.clone(), source: Box::new(error) })?;
    Ok(Made { relation: Relation::Table { version }, rows: Some(rows) })
}

fn wrong(node: &Node, line: Option<usize>, message: impl Into<String>) -> TransformError {
    TransformError::Seed {
        seed: node.name.clone(),
        place: match line {
            Some(line) => Place::line(node.file.clone(), line),
            None => node.place(),
        },
        message: message.into(),
    }
}

fn read(node: &Node, settings: &Seed) -> Result<Sheet, TransformError> {
    if node.raw_code.contains('\u{fffd}') {
        let line = node.raw_code.lines().position(|line| line.contains('\u{fffd}')).map(|at| at + 1);
        return Err(wrong(node, line, "is not UTF-8 text; save it as UTF-8"));
    }
    let text = node.raw_code.strip_prefix('\u{feff}').unwrap_or(&node.raw_code);
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(settings.delimiter as u8)
        .flexible(true)
        .from_reader(text.as_bytes());
    let bad = |error: &csv::Error| {
        let line = error.position().map(|position| position.line() as usize);
        wrong(node, line, format!("not CSV: {error}"))
    };
    let header = reader.headers().map_err(|error| bad(&error))?.clone();
    if header.is_empty() || header.iter().all(|name| name.trim().is_empty()) {
        return Err(wrong(node, Some(1), "is empty; its first line must name the columns"));
    }
    let mut columns = Vec::new();
    let mut seen = BTreeSet::new();
    for name in &header {
        let name = name.trim().to_lowercase();
        if name.is_empty() {
            return Err(wrong(node, Some(1), "a column has no name; give each one a name in the first line"));
        }
        if !seen.insert(name.clone()) {
            return Err(wrong(node, Some(1), format!("two columns are called `{name}`; rename one")));
        }
        columns.push(name);
    }
    let mut sheet = Sheet { values: vec![Vec::new(); columns.len()], columns, lines: Vec::new() };
    for record in reader.records() {
        let record = record.map_err(|error| bad(&error))?;
        let line = record.position().map_or(0, |position| position.line() as usize);
        if record.len() != sheet.columns.len() {
            return Err(wrong(
                node,
                Some(line),
                format!(
                    "this row has {} values and the first line names {} columns; correct the row (quote values that hold `{}`)",
                    record.len(),
                    sheet.columns.len(),
                    settings.delimiter
                ),
            ));
        }
        sheet.lines.push(line);
        for (column, value) in sheet.values.iter_mut().zip(&record) {
            let nothing = value.trim().is_empty() || value.trim().eq_ignore_ascii_case("null");
            column.push((!nothing).then(|| value.to_owned()));
        }
    }
    Ok(sheet)
}

fn typed(node: &Node, settings: &Seed, sheet: &Sheet) -> Result<RecordBatch, TransformError> {
    for column in settings.column_types.keys() {
        if !sheet.columns.contains(&column.to_lowercase()) {
            let names = sheet.columns.iter().map(String::as_str);
            let remedy = did_you_mean(column, names, "correct the name");
            return Err(wrong(
                node,
                None,
                format!("`column_types` names `{column}`, which the file has not; {remedy}"),
            ));
        }
    }
    let mut fields = Vec::new();
    let mut arrays: Vec<ArrayRef> = Vec::new();
    for (name, values) in sheet.columns.iter().zip(&sheet.values) {
        let asked = settings.column_types.iter().find(|(column, _)| column.eq_ignore_ascii_case(name));
        let data_type = match asked {
            Some((_, text)) => sql_type(text).ok_or_else(|| {
                wrong(node, None, format!("column `{name}` cannot have the type `{text}`; use varchar, bigint, numeric(18,2), double, date, timestamp or boolean"))
            })?,
            None => inferred(values),
        };
        arrays.push(cast(node, sheet, name, values, &data_type)?);
        fields.push(Field::new(name, data_type, true));
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)
        .map_err(|error| wrong(node, None, error.to_string()))
}

fn cast(
    node: &Node,
    sheet: &Sheet,
    name: &str,
    values: &[Option<String>],
    data_type: &DataType,
) -> Result<ArrayRef, TransformError> {
    let text = matches!(data_type, DataType::Utf8);
    let plain: StringArray = values
        .iter()
        .map(|value| value.as_deref().map(|value| if text { value } else { value.trim() }))
        .collect();
    let plain: ArrayRef = Arc::new(plain);
    let options = CastOptions { safe: true, ..CastOptions::default() };
    let cast = cast_with_options(&plain, data_type, &options)
        .map_err(|error| wrong(node, None, format!("column `{name}`: {error}")))?;
    // A safe cast turns what does not fit into null: find the first such row and say so.
    if let Some(row) = (0..values.len()).find(|row| plain.is_valid(*row) && cast.is_null(*row)) {
        let value = values[row].as_deref().unwrap_or_default();
        return Err(wrong(
            node,
            Some(sheet.lines[row]),
            format!(
                "column `{name}`: `{value}` is no {data_type}; correct the value, or set another type in `column_types`"
            ),
        ));
    }
    Ok(cast)
}

/// The narrowest type that holds all values, as agate finds it: whole numbers, decimals, dates, timestamps, truth values, text.
fn inferred(values: &[Option<String>]) -> DataType {
    let all = |fits: fn(&str) -> bool| values.iter().flatten().all(|value| fits(value.trim()));
    if all(|value| value.parse::<i64>().is_ok()) {
        return DataType::Int64;
    }
    if all(is_decimal) {
        let scale = values
            .iter()
            .flatten()
            .filter_map(|value| value.trim().split_once('.'))
            .map(|(_, f)| f.len())
            .max();
        let whole = values
            .iter()
            .flatten()
            .map(|value| {
                value.trim().trim_start_matches(['-', '+']).split('.').next().unwrap_or_default().len()
            })
            .max();
        let (scale, whole) = (scale.unwrap_or(0), whole.unwrap_or(0));
        if scale + whole <= 38 {
            return DataType::Decimal128(38, scale as i8);
        }
    }
    if all(|value| value.parse::<f64>().is_ok_and(f64::is_finite)) {
        return DataType::Float64;
    }
    if all(|value| value.len() == 10 && chrono::NaiveDate::parse_from_str(value, "%Y-%m-%d").is_ok()) {
        return DataType::Date32;
    }
    if all(is_moment) {
        return DataType::Timestamp(TimeUnit::Microsecond, None);
    }
    if all(|value| value.eq_ignore_ascii_case("true") || value.eq_ignore_ascii_case("false")) {
        return DataType::Boolean;
    }
    DataType::Utf8
}

fn is_decimal(value: &str) -> bool {
    let digits = value.strip_prefix(['-', '+']).unwrap_or(value);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    number(whole) && number(fraction)
}

fn is_moment(value: &str) -> bool {
    ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f"]
        .iter()
        .any(|format| chrono::NaiveDateTime::parse_from_str(value, format).is_ok())
}

/// The Arrow type of a SQL type's name; none if it is not known.
fn sql_type(text: &str) -> Option<DataType> {
    let text = text.trim().to_lowercase();
    let (name, arguments) = match text.split_once('(') {
        Some((name, rest)) => (name.trim(), Some(rest.trim_end_matches(')').to_owned())),
        None => (text.as_str(), None),
    };
    Some(match name {
        "varchar" | "text" | "string" | "char" | "bpchar" | "character varying" | "nvarchar" => {
            DataType::Utf8
        }
        "bigint" | "int8" | "long" => DataType::Int64,
        "integer" | "int" | "int4" => DataType::Int32,
        "smallint" | "int2" => DataType::Int16,
        "tinyint" => DataType::Int8,
        "double" | "float8" | "double precision" | "float" | "float64" => DataType::Float64,
        "real" | "float4" => DataType::Float32,
        "boolean" | "bool" => DataType::Boolean,
        "date" => DataType::Date32,
        "timestamp" | "datetime" | "timestamp_ntz" | "timestamp without time zone" => {
            DataType::Timestamp(TimeUnit::Microsecond, None)
        }
        "timestamptz" | "timestamp with time zone" => {
            DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
        }
        "numeric" | "decimal" | "number" => {
            let arguments = arguments.unwrap_or_else(|| "18,3".to_owned());
            let mut parts = arguments.split(',').map(|part| part.trim().parse::<u8>().ok());
            let precision = parts.next().flatten().filter(|precision| (1..=38).contains(precision))?;
            let scale = match parts.next() {
                Some(scale) => scale.filter(|scale| *scale <= precision)?,
                None => 0,
            };
            DataType::Decimal128(precision, i8::try_from(scale).ok()?)
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(values: &[&str], expected: &DataType) {
        let values: Vec<Option<String>> =
            values.iter().map(|value| (!value.is_empty()).then(|| (*value).to_owned())).collect();
        assert_eq!(inferred(&values), *expected, "{values:?}");
    }

    #[test]
    fn inferred_is_the_narrowest_type() {
        check(&["1", "", "-20"], &DataType::Int64);
        check(&["1", "2.50"], &DataType::Decimal128(38, 2));
        check(&["1e3", "2.50"], &DataType::Float64);
        check(&["2026-01-31", ""], &DataType::Date32);
        check(&["2026-01-31 10:00:00"], &DataType::Timestamp(TimeUnit::Microsecond, None));
        check(&["True", "false"], &DataType::Boolean);
        check(&["2026-01-31", "x"], &DataType::Utf8);
        check(&["", ""], &DataType::Int64);
    }

    #[test]
    fn sql_type_of_known_names() {
        assert_eq!(sql_type("NUMERIC(10, 2)"), Some(DataType::Decimal128(10, 2)));
        assert_eq!(sql_type("varchar(20)"), Some(DataType::Utf8));
        assert_eq!(sql_type("decimal(99)"), None);
        assert_eq!(sql_type("money"), None);
    }
}
