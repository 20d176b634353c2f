//! The streams of a connector: what its catalog offers, what was chosen, and the catalog that a reading is started with.
//!
//! Runs nothing (`session`). Invariant: a reading's catalog has exactly one stream, so that its states and its end are that stream's own.

use serde_json::{Value, json};

use crate::collecting::Mode;
use crate::column_name::column_names;
use crate::column_type::ColumnType;
use crate::sources::python::choice::Choice;
use crate::sources::python::json_schema;

/// A stream as it is read.
#[derive(Debug, Clone)]
pub struct Stream {
    /// Our name for it.
    pub name: String,
    /// The connector's names for it.
    pub own: String,
    pub namespace: Option<String>,
    pub mode: Mode,
    cursor: Vec<String>,
    /// Paths of keys; empty where nothing tells records apart.
    key: Vec<Vec<String>>,
    offered: Value,
}

/// The streams that are read, in order.
///
/// # Errors
/// Says which line of `streams` fits nothing that the connector offers.
pub fn streams(offered: &[Value], choices: &[Choice]) -> Result<Vec<Stream>, String> {
    let named: Vec<Option<&str>> = offered.iter().map(|stream| stream["name"].as_str()).collect();
    let full = |at: usize| {
        let name = named[at].unwrap_or_default();
        let is_alone = named.iter().filter(|other| **other == Some(name)).count() == 1;
        match offered[at]["namespace"].as_str().filter(|_| !is_alone) {
            Some(namespace) => format!("{namespace}_{name}"),
            None => name.to_owned(),
        }
    };
    let full: Vec<String> = (0..offered.len()).map(full).collect();
    let names = column_names(&full);
    let stream = |at: usize, choice: Option<&Choice>| stream(&names[at], &offered[at], choice);
    if choices.is_empty() {
        return (0..offered.len()).map(|at| stream(at, None)).collect();
    }
    let chosen = choices.iter().map(|choice| {
        let same = |at: &usize| {
            [&full[*at], &names[*at]].contains(&&choice.name) || named[*at] == Some(&choice.name)
        };
        match (0..offered.len()).find(same) {
            Some(at) => stream(at, Some(choice)),
            None => Err(format!("the connector has no stream `{}`; it has {}", choice.name, full.join(", "))),
        }
    });
    chosen.collect()
}

fn stream(name: &str, offered: &Value, choice: Option<&Choice>) -> Result<Stream, String> {
    let modes = offered["supported_sync_modes"].as_array().into_iter().flatten();
    let is_offered = modes.filter_map(Value::as_str).any(|mode| mode == "incremental");
    let fixed = offered["source_defined_cursor"].as_bool().unwrap_or_default();
    let own_cursor = path(&offered["default_cursor_field"]);
    let cursor = choice.and_then(|choice| choice.cursor.clone()).filter(|_| !fixed).unwrap_or(own_cursor);
    let mode = match choice.and_then(|choice| choice.mode) {
        Some(Mode::Incremental) if !is_offered => {
            return Err(format!("stream `{name}` cannot be read incrementally; write `full_refresh`"));
        }
        Some(Mode::Incremental) if !fixed && cursor.is_empty() => {
            return Err(format!("stream `{name}` needs `cursor=` to be read incrementally"));
        }
        Some(mode) => mode,
        None if is_offered && (fixed || !cursor.is_empty()) => Mode::Incremental,
        None => Mode::FullRefresh,
    };
    let own_key: Vec<Vec<String>> =
        offered["source_defined_primary_key"].as_array().into_iter().flatten().map(path).collect();
    // What the connector itself says tells its records apart goes before what a person thinks.
    let key = if own_key.is_empty() {
        choice.and_then(|choice| choice.key.clone()).unwrap_or_default()
    } else {
        own_key
    };
    let text = |field: &str| offered[field].as_str().map(str::to_owned);
    Ok(Stream {
        name: name.to_owned(),
        own: text("name").unwrap_or_default(),
        namespace: text("namespace"),
        mode,
        cursor,
        key,
        offered: offered.clone(),
    })
}

fn path(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

impl Stream {
    /// Whether a record or a state is this stream's.
    pub fn is(&self, name: &str, namespace: Option<&str>) -> bool {
        let filled = |namespace: Option<&str>| namespace.unwrap_or_default().to_owned();
        // Connectors that know no namespaces leave them out on one side or on both.
        self.own == name && (namespace.is_none() || filled(namespace) == filled(self.namespace.as_deref()))
    }

    /// The columns that the connector declares, a part of a nested key as a column of its own.
    pub fn columns(&self) -> Vec<(String, ColumnType)> {
        let schema = &self.offered["json_schema"];
        let nested = self.key.iter().filter(|path| path.len() > 1);
        let nested = nested.map(|path| (path.join("."), json_schema::type_at(schema, path)));
        json_schema::columns(schema).into_iter().chain(nested).collect()
    }

    /// The keys of records, dots between the parts of a path.
    pub fn key(&self) -> Vec<String> {
        self.key.iter().map(|path| path.join(".")).collect()
    }

    /// The configured catalog that reads this stream alone.
    pub fn configured(&self) -> Value {
        let (sync, destination) = match (self.mode, self.key.is_empty()) {
            (Mode::FullRefresh, _) => ("full_refresh", "overwrite"),
            (Mode::Incremental, true) => ("incremental", "append"),
            (Mode::Incremental, false) => ("incremental", "append_dedup"),
        };
        json!({"streams": [{
            "stream": self.offered,
            "sync_mode": sync,
            "destination_sync_mode": destination,
            "cursor_field": self.cursor,
            "primary_key": self.key,
            "generation_id": 1,
            "minimum_generation_id": 0,
            "sync_id": 1,
        }]})
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::python::choice::choices;

    fn offered() -> Vec<Value> {
        vec![
            json!({"name": "Users", "json_schema": {"properties": {"id": {"type": "integer"}}}, "supported_sync_modes": ["full_refresh", "incremental"],
                "source_defined_cursor": true, "source_defined_primary_key": [["id"]]}),
            json!({"name": "log", "namespace": "a", "json_schema": {}, "supported_sync_modes": ["full_refresh"]}),
            json!({"name": "log", "namespace": "b", "json_schema": {}, "supported_sync_modes": ["full_refresh", "incremental"]}),
        ]
    }

    #[test]
    fn streams_are_named_apart_and_read_as_well_as_they_can_be() {
        let streams = streams(&offered(), &[]).unwrap();
        let read: Vec<_> = streams.iter().map(|stream| (stream.name.as_str(), stream.mode)).collect();
        assert_eq!(
            read,
            [("users", Mode::Incremental), ("a_log", Mode::FullRefresh), ("b_log", Mode::FullRefresh)]
        );
        let configured = &streams[0].configured()["streams"][0];
        assert_eq!(configured["destination_sync_mode"], "append_dedup");
        assert_eq!(configured["primary_key"], json!([["id"]]));
        assert!(
            streams[0].is("Users", None)
                && streams[1].is("log", Some("a"))
                && !streams[1].is("log", Some("b"))
        );
    }

    #[test]
    fn choices_fit_the_catalog_or_say_why_not() {
        let chosen = |text: &str| streams(&offered(), &choices(text).unwrap());
        let picked = chosen("b_log: incremental, cursor=meta.at, key=meta.id\nUsers: full_refresh").unwrap();
        assert_eq!((picked[0].name.as_str(), picked[0].key()), ("b_log", vec!["meta.id".to_owned()]));
        assert_eq!(picked[0].columns(), [("meta.id".to_owned(), ColumnType::Text)]);
        assert_eq!(picked[1].mode, Mode::FullRefresh);
        for (text, expected) in [
            ("orders", "no stream `orders`; it has Users, a_log, b_log"),
            ("a_log: incremental", "cannot be read incrementally"),
            ("b_log: incremental", "needs `cursor=`"),
        ] {
            let error = chosen(text).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }
}
