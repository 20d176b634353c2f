//! A connector's own declaration of its configuration as the parameters of a form.
//!
//! Shows nothing. Invariant: what may hold a secret becomes a secret, and what the form cannot say stays JSON.

use std::collections::BTreeMap;

use contract::sources::{Parameter, Takes};
use serde_json::{Map, Value};

/// The parameters of a `connectionSpecification`, in the order that it wants. Objects, lists and choices between objects are JSON text; numbers
/// with a fraction are text.
pub fn parameters(specification: &Value) -> Vec<Parameter> {
    let required: Vec<&str> =
        specification["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let properties = specification["properties"].as_object().into_iter().flatten();
    let mut properties: Vec<(&String, &Value)> = properties.collect();
    // The sort is stable: what has no place comes last, in its own order.
    properties.sort_by_key(|(_, property)| property["order"].as_i64().unwrap_or(i64::MAX));
    properties
        .into_iter()
        .map(|(name, property)| parameter(name, property, required.contains(&name.as_str())))
        .collect()
}

fn parameter(name: &str, property: &Value, required: bool) -> Parameter {
    let takes = takes(property);
    let label = property["title"].as_str().unwrap_or(name);
    let mut help = property["description"].as_str().unwrap_or_default().to_owned();
    let examples: Vec<String> = property["examples"].as_array().into_iter().flatten().map(written).collect();
    if !examples.is_empty() {
        let shown = format!(" [{}]", examples.join(", "));
        help.push_str(if help.is_empty() { shown.trim_start() } else { &shown });
    }
    let (label, help) = ((label, label), (help.as_str(), help.as_str()));
    let default = [&property["default"], &property["const"]].into_iter().find(|value| !value.is_null());
    match default.filter(|_| takes != Takes::Secret) {
        Some(default) => Parameter::with_default(name, takes, &written(default), label, help),
        None if required => Parameter::required(name, takes, label, help),
        None => Parameter::optional(name, takes, label, help),
    }
}

fn takes(property: &Value) -> Takes {
    if is_secret(property) {
        return Takes::Secret;
    }
    let words = property["enum"].as_array().map(|words| words.iter().map(written).collect());
    let says = |word: &str, value: &str| property[word] == value;
    let number = |word: &str| property[word].as_i64();
    match (kind(property), words) {
        (_, Some(words)) => Takes::Choice(words),
        ("integer", None) => Takes::Number {
            min: number("minimum").unwrap_or(i64::MIN),
            max: number("maximum").unwrap_or(i64::MAX),
        },
        ("boolean", None) => Takes::Flag,
        ("string", None) if property["multiline"] == true => Takes::Lines,
        ("string", None) if says("format", "uri") || says("format", "url") => Takes::Address,
        ("string" | "number", None) => Takes::Text,
        (_, None) => Takes::Lines,
    }
}

/// The configuration that the texts of such a form make: each value as its property wants it, empty ones left out.
///
/// # Errors
/// Names the property and what it takes; never its value.
pub fn configuration(specification: &Value, typed: &BTreeMap<String, String>) -> Result<Value, String> {
    let mut config = Map::new();
    for (name, text) in typed.iter().filter(|(_, text)| !text.trim().is_empty()) {
        let property = &specification["properties"][name];
        if property.is_null() {
            return Err(format!("`{name}` is nothing that the connector asks for"));
        }
        config.insert(name.clone(), valued(property, text).map_err(|what| format!("`{name}` takes {what}"))?);
    }
    let required = specification["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    match required.into_iter().find(|name| !config.contains_key(*name)) {
        Some(missing) => Err(format!("`{missing}` is missing")),
        None => Ok(Value::Object(config)),
    }
}

fn valued(property: &Value, text: &str) -> Result<Value, &'static str> {
    let trimmed = text.trim();
    let words = property["enum"].as_array().into_iter().flatten();
    if let Some(word) = words.into_iter().find(|word| written(word) == trimmed) {
        return Ok(word.clone());
    }
    match kind(property) {
        "string" => Ok(Value::from(text)),
        "integer" => trimmed.parse::<i64>().map(Value::from).map_err(|_| "a whole number"),
        "number" => trimmed.parse::<f64>().map(Value::from).map_err(|_| "a number, as 1.5"),
        "boolean" => trimmed.parse::<bool>().map(Value::from).map_err(|_| "true or false"),
        _ => serde_json::from_str(trimmed).map_err(|_| "JSON, as the connector documents it"),
    }
}

/// The type, without the one that only says that it may be left out.
fn kind(property: &Value) -> &str {
    match &property["type"] {
        Value::String(kind) => kind,
        Value::Array(kinds) => {
            let mut kinds = kinds.iter().filter_map(Value::as_str).filter(|kind| *kind != "null");
            match (kinds.next(), kinds.next()) {
                (Some(kind), None) => kind,
                _ => "",
            }
        }
        _ => "",
    }
}

/// Whether it, or anything within it, is marked as a secret.
fn is_secret(property: &Value) -> bool {
    match property {
        Value::Object(entries) => {
            entries.get("airbyte_secret") == Some(&Value::Bool(true)) || entries.values().any(is_secret)
        }
        Value::Array(values) => values.iter().any(is_secret),
        _ => false,
    }
}

fn written(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_typed_becomes_the_configuration_that_the_connector_wants() {
        let specification = json!({
            "required": ["token", "count"],
            "properties": {
                "token": {"type": "string", "airbyte_secret": true},
                "count": {"type": ["null", "integer"]},
                "rate": {"type": "number"},
                "live": {"type": "boolean"},
                "size": {"enum": [1, 2]},
                "auth": {"type": "object", "properties": {"key": {"type": "string", "airbyte_secret": true}}},
                "file": {"type": "string", "multiline": true}
            }
        });
        let made = |typed: &[(&str, &str)]| {
            let typed = typed.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
            configuration(&specification, &typed)
        };
        let whole = [
            ("token", " s "),
            ("count", "7"),
            ("rate", "1.5"),
            ("live", "true"),
            ("size", "2"),
            ("auth", "{\"key\": \"k\"}"),
            ("file", "{\"a\": 1}"),
        ];
        let expected = json!({"token": " s ", "count": 7, "rate": 1.5, "live": true, "size": 2, "auth": {"key": "k"}, "file": "{\"a\": 1}"});
        assert_eq!(made(&whole), Ok(expected));
        assert_eq!(
            made(&[("token", "s"), ("count", " "), ("live", "")]),
            Err("`count` is missing".to_owned())
        );
        for (name, text, what) in [
            ("count", "topsecret", "`count` takes a whole number"),
            ("auth", "topsecret", "`auth` takes JSON"),
            ("other", "topsecret", "`other` is nothing"),
        ] {
            let error = made(&[("token", "s"), ("count", "1"), (name, text)]).unwrap_err();
            assert!(error.starts_with(what) && !error.contains("topsecret"), "{error}");
        }
    }

    #[test]
    fn a_specification_becomes_a_form() {
        let form = parameters(&json!({
            "required": ["api_key", "start_date", "credentials", "count"],
            "properties": {
                "notes": {"type": "string", "multiline": true},
                "count": {"type": "integer", "minimum": 1, "default": 1000, "order": 2, "title": "Count"},
                "api_key": {"type": "string", "airbyte_secret": true, "order": 0, "default": "x"},
                "start_date": {"type": ["null", "string"], "order": 1, "description": "First day.", "examples": ["2026-01-01"]},
                "region": {"type": "string", "enum": ["eu", "us"], "default": "eu"},
                "live": {"type": "boolean"},
                "url": {"type": "string", "format": "uri"},
                "rate": {"type": "number"},
                "credentials": {"oneOf": [{"type": "object", "properties": {"token": {"type": "string", "airbyte_secret": true}}}]},
                "filters": {"type": "array", "items": {"type": "string"}}
            }
        }));
        let of = |name: &str| form.iter().find(|parameter| parameter.name == name).unwrap();
        let names: Vec<&str> = form.iter().map(|parameter| parameter.name.as_str()).collect();
        assert_eq!(names[..3], ["api_key", "start_date", "count"]);
        assert_eq!(names[3..], ["notes", "region", "live", "url", "rate", "credentials", "filters"]);
        assert_eq!(
            (of("api_key").takes.clone(), of("api_key").required, of("api_key").default.clone()),
            (Takes::Secret, true, None)
        );
        assert_eq!(of("count").takes, Takes::Number { min: 1, max: i64::MAX });
        assert_eq!(
            (of("count").required, of("count").default.as_deref(), of("count").label.pt.as_str()),
            (false, Some("1000"), "Count")
        );
        assert_eq!(of("start_date").help.pt, "First day. [2026-01-01]");
        assert_eq!(of("region").takes, Takes::Choice(vec!["eu".into(), "us".into()]));
        assert_eq!(of("credentials").takes, Takes::Secret);
        for (name, takes) in [
            ("notes", Takes::Lines),
            ("live", Takes::Flag),
            ("url", Takes::Address),
            ("rate", Takes::Text),
            ("filters", Takes::Lines),
        ] {
            assert_eq!(of(name).takes, takes, "{name}");
        }
    }
}
