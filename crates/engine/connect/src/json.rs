//! JSON objects as rows of cells, borrowed from the text that they came in.
//!
//! Does not flatten: a list or object within becomes its JSON text. Invariant: numbers keep every digit.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::cell::Cell;

/// A value of an object, borrowed from its line where it can be.
pub enum JsonCell<'a> {
    Absent,
    Text(Cow<'a, str>),
    Number(&'a str),
    Boolean(bool),
    Nested(&'a str),
}

/// An object: its keys in their order, each with its value as it is written.
pub struct JsonRow<'a>(pub Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> serde::Deserialize<'de> for JsonRow<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = JsonRow<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object such as {\"id\": 1}")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<JsonRow<'de>, M::Error> {
                let mut entries = Vec::new();
                while let Some(key) = map.next_key::<Key<'de>>()? {
                    entries.push((key.0, map.next_value()?));
                }
                Ok(JsonRow(entries))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// A key that is borrowed unless it has escapes.
struct Key<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> serde::Deserialize<'de> for Key<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Name;
        impl<'de> Visitor<'de> for Name {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Name)
    }
}

impl<'a> JsonRow<'a> {
    /// The value of a key; none when it is missing or null.
    pub fn get(&self, key: &str) -> Option<&'a RawValue> {
        self.0
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| *value)
            .filter(|value| value.get() != "null")
    }
}

impl<'a> JsonCell<'a> {
    pub fn of(raw: &'a RawValue) -> JsonCell<'a> {
        let json = raw.get();
        match json.as_bytes().first() {
            Some(b'"') => match serde_json::from_str::<Key<'_>>(json) {
                Ok(Key(text)) => JsonCell::Text(text),
                Err(_) => JsonCell::Nested(json),
            },
            Some(b't') => JsonCell::Boolean(true),
            Some(b'f') => JsonCell::Boolean(false),
            Some(b'n') | None => JsonCell::Absent,
            Some(b'{' | b'[') => JsonCell::Nested(json),
            Some(_) => JsonCell::Number(json),
        }
    }

    /// The value as a reader hands it over.
    pub fn cell(&self) -> Cell<'_> {
        match self {
            JsonCell::Absent => Cell::Empty,
            JsonCell::Text(text) => Cell::Text(text),
            JsonCell::Nested(text) => Cell::Text(text),
            JsonCell::Number(text) => Cell::Number(text),
            JsonCell::Boolean(value) => Cell::Boolean(*value),
        }
    }
}
