//! Filters and functions of dbt that are no macros: `as_bool`, `fromjson`, `zip`, `set` …
//!
//! Does not know nodes. Invariant: pure functions of their arguments.

use minijinja::value::{Rest, Serde, Value};
use minijinja::{Environment, Error};

use super::failure::fail;

pub(super) fn register(env: &mut Environment<'static>) {
    env.add_filter("as_text", |value: Value| value.to_string());
    env.add_filter("as_native", |value: Value| value);
    env.add_filter("as_bool", |value: Value| as_bool(&value));
    env.add_filter("as_number", |value: Value| as_number(&value));
    env.add_function("tojson", |value: Value| {
        serde_json::to_string(&value).map_err(|error| fail(format!("`tojson`: {error}")))
    });
    env.add_function("fromjson", |text: &str| {
        let parsed: serde_json::Value =
            serde_json::from_str(text).map_err(|error| fail(format!("`fromjson`: {error}")))?;
        Ok::<_, Error>(Value::from(Serde(parsed)))
    });
    env.add_function("set", |values: Value| distinct(&values));
    env.add_function("set_strict", |values: Value| distinct(&values));
    env.add_function("zip", |lists: Rest<Value>| zip(&lists));
    env.add_function("zip_strict", |lists: Rest<Value>| zip(&lists));
}

fn as_bool(value: &Value) -> Result<Value, Error> {
    match value.to_string().to_lowercase().as_str() {
        "true" => Ok(Value::from(true)),
        "false" => Ok(Value::from(false)),
        other => Err(fail(format!("`as_bool`: `{other}` is neither true nor false"))),
    }
}

fn as_number(value: &Value) -> Result<Value, Error> {
    let text = value.to_string();
    if let Ok(whole) = text.parse::<i64>() {
        return Ok(Value::from(whole));
    }
    text.parse::<f64>().map(Value::from).map_err(|_| fail(format!("`as_number`: `{text}` is no number")))
}

fn distinct(values: &Value) -> Result<Value, Error> {
    let mut found: Vec<Value> = Vec::new();
    for value in values.try_iter()? {
        if !found.contains(&value) {
            found.push(value);
        }
    }
    Ok(found.into_iter().collect())
}

fn zip(lists: &[Value]) -> Result<Value, Error> {
    let mut iterators = Vec::new();
    for list in lists {
        iterators.push(list.try_iter()?);
    }
    let mut rows = Vec::new();
    while !iterators.is_empty() {
        let row: Option<Vec<Value>> = iterators.iter_mut().map(Iterator::next).collect();
        let Some(row) = row else { break };
        rows.push(Value::from(row));
    }
    Ok(Value::from(rows))
}
