//! The streams of a tap: what it discovers, what was chosen, and the catalog that a reading is started with.
//!
//! Runs nothing (`singer`). Invariant: a reading's catalog selects exactly one stream, so that its states and its end are that stream's own.

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
    /// The tap's name for it, as its messages have it.
    pub own: String,
    pub mode: Mode,
    pub key: Vec<String>,
    pub columns: Vec<(String, ColumnType)>,
    /// The tap's own identity of it.
    id: String,
    cursor: Option<String>,
}

/// What a tap discovered.
#[derive(Debug, Clone)]
pub struct Catalog {
    offered: Vec<Value>,
    pub streams: Vec<Stream>,
}

impl Catalog {
    /// # Errors
    /// Says which line of `streams` fits nothing that the tap offers.
    pub fn new(discovered: &Value, choices: &[Choice]) -> Result<Catalog, String> {
        let offered: Vec<Value> = discovered["streams"].as_array().cloned().unwrap_or_default();
        let ids: Vec<&str> = offered.iter().map(id).collect();
        let names = column_names(&ids);
        let streams = if choices.is_empty() {
            offered
                .iter()
                .zip(&names)
                .map(|(offered, name)| stream(name, offered, None))
                .collect::<Result<_, _>>()?
        } else {
            let chosen = |choice: &Choice| match ids
                .iter()
                .zip(&names)
                .position(|(id, name)| [*id, name.as_str()].contains(&choice.name.as_str()))
            {
                Some(at) => stream(&names[at], &offered[at], Some(choice)),
                None => Err(format!("the tap has no stream `{}`; it has {}", choice.name, ids.join(", "))),
            };
            choices.iter().map(chosen).collect::<Result<_, _>>()?
        };
        Ok(Catalog { streams, offered })
    }

    /// The catalog that reads this stream alone.
    pub fn selecting(&self, stream: &Stream) -> Value {
        let streams = self.offered.iter().map(|offered| {
            let selected = id(offered) == stream.id;
            let mut offered = offered.clone();
            select(&mut offered, selected);
            if selected {
                ways(&mut offered, stream);
            }
            offered
        });
        json!({ "streams": streams.collect::<Vec<_>>() })
    }
}

fn id(offered: &Value) -> &str {
    [&offered["tap_stream_id"], &offered["stream"]].into_iter().find_map(Value::as_str).unwrap_or_default()
}

/// What the metadata of a stream says of the stream itself.
fn said<'a>(offered: &'a Value, word: &str) -> &'a Value {
    let metadata = offered["metadata"].as_array().into_iter().flatten();
    let own = metadata.filter(|entry| entry["breadcrumb"].as_array().is_some_and(Vec::is_empty));
    own.map(|entry| &entry["metadata"][word]).find(|value| !value.is_null()).unwrap_or(&Value::Null)
}

fn stream(name: &str, offered: &Value, choice: Option<&Choice>) -> Result<Stream, String> {
    let texts = |value: &Value| {
        value
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let first = |values: [&Value; 3]| values.into_iter().find_map(Value::as_str).map(str::to_owned);
    let cursor = choice.and_then(|choice| choice.cursor.as_ref()).map(|path| path.join("."));
    let cursor = cursor
        .or_else(|| first([&offered["replication_key"], said(offered, "replication-key"), &Value::Null]))
        .or_else(|| texts(said(offered, "valid-replication-keys")).into_iter().next());
    let method = first([
        said(offered, "forced-replication-method"),
        &offered["replication_method"],
        said(offered, "replication-method"),
    ]);
    let mode = match (choice.and_then(|choice| choice.mode), method.as_deref()) {
        (Some(Mode::Incremental), _) if cursor.is_none() && method.as_deref() != Some("LOG_BASED") => {
            return Err(format!("stream `{name}` needs `cursor=` to be read incrementally"));
        }
        (Some(mode), _) => mode,
        (None, Some("FULL_TABLE")) => Mode::FullRefresh,
        (None, Some(_)) => Mode::Incremental,
        (None, None) if cursor.is_some() => Mode::Incremental,
        (None, None) => Mode::FullRefresh,
    };
    let own_key = [&offered["key_properties"], said(offered, "table-key-properties")].map(texts);
    let own_key = own_key.into_iter().find(|key| !key.is_empty());
    let given = choice.and_then(|choice| choice.key.as_ref());
    let given = given.map(|key| key.iter().map(|path| path.join(".")).collect());
    let own = first([&offered["stream"], &offered["tap_stream_id"], &Value::Null]).unwrap_or_default();
    Ok(Stream {
        name: name.to_owned(),
        own,
        mode,
        key: own_key.or(given).unwrap_or_default(),
        columns: json_schema::columns(&offered["schema"]),
        id: id(offered).to_owned(),
        cursor,
    })
}

/// Says of a stream and all its properties whether they are wanted: in the metadata, and as old taps look for it.
fn select(offered: &mut Value, selected: bool) {
    offered["selected"] = selected.into();
    let properties: Vec<String> = offered["schema"]["properties"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, _)| key.clone())
        .collect();
    if !offered["metadata"].is_array() {
        offered["metadata"] = json!([]);
    }
    let wanted = std::iter::once(json!([])).chain(properties.iter().map(|key| json!(["properties", key])));
    let Some(metadata) = offered["metadata"].as_array_mut() else { return };
    for breadcrumb in wanted {
        if !metadata.iter().any(|entry| entry["breadcrumb"] == breadcrumb) {
            metadata.push(json!({"breadcrumb": breadcrumb, "metadata": {}}));
        }
    }
    for entry in metadata {
        if entry["metadata"]["inclusion"] != "unsupported" {
            entry["metadata"]["selected"] = selected.into();
        }
    }
}

/// Says how the stream is to be read.
fn ways(offered: &mut Value, stream: &Stream) {
    let method = match (stream.mode, offered["replication_method"].as_str()) {
        (Mode::FullRefresh, _) => "FULL_TABLE",
        (Mode::Incremental, Some("LOG_BASED")) => "LOG_BASED",
        (Mode::Incremental, _) => "INCREMENTAL",
    };
    offered["replication_method"] = method.into();
    if let Some(cursor) = &stream.cursor {
        offered["replication_key"] = cursor.as_str().into();
    }
    for entry in offered["metadata"].as_array_mut().into_iter().flatten() {
        if entry["breadcrumb"].as_array().is_some_and(Vec::is_empty) {
            entry["metadata"]["replication-method"] = method.into();
            if let Some(cursor) = &stream.cursor {
                entry["metadata"]["replication-key"] = cursor.as_str().into();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::python::choice::choices;

    fn discovered() -> Value {
        json!({"streams": [
            {"tap_stream_id": "public-Users", "stream": "Users", "key_properties": ["id"], "replication_key": "at",
                "schema": {"properties": {"id": {"type": "integer"}, "at": {"type": "string", "format": "date-time"}, "raw": {}}},
                "metadata": [{"breadcrumb": ["properties", "raw"], "metadata": {"inclusion": "unsupported"}}]},
            {"tap_stream_id": "log", "stream": "log", "schema": {"properties": {"a": {"type": "integer"}}},
                "metadata": [{"breadcrumb": [], "metadata": {"table-key-properties": ["a"], "forced-replication-method": "FULL_TABLE"}}]}
        ]})
    }

    #[test]
    fn streams_are_read_as_the_tap_says() {
        let catalog = Catalog::new(&discovered(), &[]).unwrap();
        let read: Vec<_> = catalog
            .streams
            .iter()
            .map(|it| (it.name.as_str(), it.own.as_str(), it.mode, it.key.join("+")))
            .collect();
        assert_eq!(
            read,
            [
                ("public_users", "Users", Mode::Incremental, "id".to_owned()),
                ("log", "log", Mode::FullRefresh, "a".to_owned())
            ]
        );
    }

    #[test]
    fn one_stream_is_selected_with_all_that_it_can_send() {
        let catalog = Catalog::new(&discovered(), &choices("public-Users").unwrap()).unwrap();
        let selecting = catalog.selecting(&catalog.streams[0]);
        let of = |stream: usize, breadcrumb: Value| {
            let entries = selecting["streams"][stream]["metadata"].as_array().unwrap();
            entries.iter().find(|entry| entry["breadcrumb"] == breadcrumb).unwrap()["metadata"].clone()
        };
        assert_eq!(
            of(0, json!([])),
            json!({"selected": true, "replication-method": "INCREMENTAL", "replication-key": "at"})
        );
        assert_eq!(of(0, json!(["properties", "id"])), json!({"selected": true}));
        assert_eq!(of(0, json!(["properties", "raw"])), json!({"inclusion": "unsupported"}));
        assert_eq!(
            (of(1, json!([]))["selected"].clone(), of(1, json!(["properties", "a"]))["selected"].clone()),
            (json!(false), json!(false))
        );
    }

    #[test]
    fn choices_that_fit_nothing_say_why() {
        for (text, expected) in [("orders", "no stream `orders`"), ("log: incremental", "needs `cursor=`")] {
            let error = Catalog::new(&discovered(), &choices(text).unwrap()).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }
}
