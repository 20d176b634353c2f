//! The types of columns that a JSON Schema declares.
//!
//! Looks at no record. Invariant: what may be of several types is text, so that every value fits.

use serde_json::{Map, Value};

use crate::column_type::{ColumnType, united};

/// The properties of a stream's schema with the types of their columns, in their order.
pub fn columns(schema: &Value) -> Vec<(String, ColumnType)> {
    let properties = schema["properties"].as_object().into_iter().flatten();
    properties.map(|(key, property)| (key.clone(), type_of(property).unwrap_or(ColumnType::Text))).collect()
}

/// The type at a path of keys; text where nothing is said.
pub fn type_at(schema: &Value, path: &[String]) -> ColumnType {
    let property = path.iter().fold(schema, |within, key| &within["properties"][key]);
    type_of(property).unwrap_or(ColumnType::Text)
}

/// None for what may only be null, or is not said.
fn type_of(property: &Value) -> Option<ColumnType> {
    let Value::Object(property) = property else { return None };
    let choices = ["oneOf", "anyOf"].iter().find_map(|word| property.get(*word)).and_then(Value::as_array);
    if let Some(choices) = choices {
        return choices
            .iter()
            .filter(|choice| !is_null(choice))
            .map(|choice| type_of(choice).unwrap_or(ColumnType::Text))
            .reduce(united);
    }
    let named: Vec<&str> = match property.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => return None,
    };
    named.into_iter().filter(|name| *name != "null").map(|name| of_name(name, property)).reduce(united)
}

fn is_null(choice: &Value) -> bool {
    choice["type"] == "null"
}

fn of_name(name: &str, property: &Map<String, Value>) -> ColumnType {
    let says = |word: &str| property.get(word).and_then(Value::as_str).unwrap_or_default();
    match (name, says("format"), says("airbyte_type")) {
        ("integer", _, _) | ("number", _, "integer") => ColumnType::Integer,
        ("number", _, _) => ColumnType::Float,
        ("boolean", _, _) => ColumnType::Boolean,
        ("string", "date", _) => ColumnType::Date,
        ("string", "date-time", "timestamp_without_timezone") => ColumnType::Timestamp,
        ("string", "date-time", _) => ColumnType::Moment,
        _ => ColumnType::Text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn types_of_a_schema_become_types_of_columns() {
        for (property, expected) in [
            (json!({"type": "integer"}), ColumnType::Integer),
            (json!({"type": ["null", "integer"]}), ColumnType::Integer),
            (json!({"type": "number"}), ColumnType::Float),
            (json!({"type": "number", "airbyte_type": "integer"}), ColumnType::Integer),
            (json!({"type": ["integer", "number"]}), ColumnType::Float),
            (json!({"type": ["string", "integer"]}), ColumnType::Text),
            (json!({"type": "boolean"}), ColumnType::Boolean),
            (json!({"type": "string", "format": "date"}), ColumnType::Date),
            (json!({"type": "string", "format": "date-time"}), ColumnType::Moment),
            (
                json!({"type": "string", "format": "date-time", "airbyte_type": "timestamp_without_timezone"}),
                ColumnType::Timestamp,
            ),
            (json!({"type": "string", "format": "time"}), ColumnType::Text),
            (json!({"type": "object"}), ColumnType::Text),
            (json!({"oneOf": [{"type": "null"}, {"type": "string", "format": "date"}]}), ColumnType::Date),
            (json!({"anyOf": [{"type": "integer"}, {"type": "object"}]}), ColumnType::Text),
            (json!({"$ref": "#/x"}), ColumnType::Text),
            (json!(true), ColumnType::Text),
        ] {
            let schema = json!({"properties": {"a": property}});
            assert_eq!(columns(&schema), [("a".to_owned(), expected)], "{schema}");
        }
        let nested = json!({"properties": {"a": {"properties": {"b": {"type": "integer"}}}}});
        assert_eq!(type_at(&nested, &["a".to_owned(), "b".to_owned()]), ColumnType::Integer);
    }
}
