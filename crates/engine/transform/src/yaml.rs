//! YAML as a tree that remembers lines, so that a wrong property can be pointed at.
//!
//! Does not know any property. Invariant: every node has the place where it begins.

use serde::Deserialize;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde_json::Value as Json;
use serde_saphyr::{DuplicateKeyPolicy, Spanned};

use crate::errors::{Place, TransformError};

/// One YAML value and where it begins.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) value: Tree,
    pub(crate) line: usize,
    pub(crate) column: usize,
}

#[derive(Debug, Clone)]
pub(crate) enum Tree {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Tree, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Node, D::Error> {
        let spanned = Spanned::<Tree>::deserialize(deserializer)?;
        Ok(Node {
            line: spanned.referenced.line() as usize,
            column: spanned.referenced.column() as usize,
            value: spanned.value,
        })
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str("any YAML value")
    }
    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }
    fn visit_none<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }
    fn visit_some<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        Tree::deserialize(deserializer)
    }
    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Bool(value))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Int(value))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(i64::try_from(value).map_or_else(|_| Tree::Text(value.to_string()), Tree::Int))
    }
    fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
        Ok(Tree::Float(value))
    }
    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Text(value.to_owned()))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Tree, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Tree::List(items))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            entries.push((key, map.next_value()?));
        }
        Ok(Tree::Map(entries))
    }
}

/// Reads one document. An empty file is `Null`.
pub(crate) fn parse(file: &str, text: &str) -> Result<Node, TransformError> {
    if text.lines().all(|line| {
        let line = line.trim_start();
        line.is_empty() || line.starts_with('#') || line == "---"
    }) {
        return Ok(Node { value: Tree::Null, line: 1, column: 1 });
    }
    let options = serde_saphyr::options! {
        duplicate_keys: DuplicateKeyPolicy::Error,
        with_snippet: false,
        // `N`, `y` and `on` are text: an answer of a survey must not become false.
        strict_booleans: true,
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let place = match error.location() {
            Some(at) => Place::at(file, at.line() as usize, at.column() as usize),
            None => Place::file(file),
        };
        TransformError::Yaml { place, message: message_of(&error) }
    })
}

/// The parser's words without its own copy of the place.
fn message_of(error: &serde_saphyr::Error) -> String {
    let text = error.without_snippet().to_string();
    let first = text.lines().next().unwrap_or("not YAML").trim();
    let cut = first.find(" at line ").or_else(|| first.find(" (line ")).unwrap_or(first.len());
    let head = first[..cut].trim_end_matches(':');
    let head = match head.split_once(": ") {
        Some((place, rest)) if place.starts_with("line ") || place.starts_with("error") => rest,
        _ => head,
    };
    head.to_owned()
}

impl Node {
    pub(crate) fn place(&self, file: &str) -> Place {
        Place::at(file, self.line, self.column)
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.entries().find(|(name, _)| *name == key).map(|(_, node)| node).filter(|node| !node.is_null())
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self.value, Tree::Null)
    }

    /// The pairs of a map; nothing for any other value.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&str, &Node)> {
        let entries = match &self.value {
            Tree::Map(entries) => entries.as_slice(),
            _ => &[],
        };
        entries.iter().map(|(key, node)| (key.as_str(), node))
    }

    /// The items of a list; nothing for any other value.
    pub(crate) fn items(&self) -> &[Node] {
        match &self.value {
            Tree::List(items) => items,
            _ => &[],
        }
    }

    pub(crate) fn is_map(&self) -> bool {
        matches!(self.value, Tree::Map(_))
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Tree::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Text of any scalar: dbt reads `version: 1.0` and `version: "1.0"` alike.
    pub(crate) fn scalar(&self) -> Option<String> {
        match &self.value {
            Tree::Text(text) => Some(text.clone()),
            Tree::Int(value) => Some(value.to_string()),
            Tree::Float(value) => Some(value.to_string()),
            Tree::Bool(value) => Some(value.to_string()),
            _ => None,
        }
    }

    /// One text, or a list of texts.
    pub(crate) fn texts(&self) -> Vec<String> {
        match &self.value {
            Tree::List(items) => items.iter().filter_map(Node::scalar).collect(),
            _ => self.scalar().into_iter().collect(),
        }
    }

    pub(crate) fn json(&self) -> Json {
        match &self.value {
            Tree::Null => Json::Null,
            Tree::Bool(value) => Json::Bool(*value),
            Tree::Int(value) => Json::from(*value),
            Tree::Float(value) => Json::from(*value),
            Tree::Text(text) => Json::from(text.clone()),
            Tree::List(items) => items.iter().map(Node::json).collect(),
            Tree::Map(entries) => entries
                .iter()
                .map(|(key, node)| (key.clone(), node.json()))
                .collect::<serde_json::Map<_, _>>()
                .into(),
        }
    }

    /// The text under `key`, or an error that says what needs it.
    pub(crate) fn required(&self, file: &str, key: &str, what: &str) -> Result<String, TransformError> {
        self.get(key).and_then(Node::scalar).ok_or_else(|| TransformError::Property {
            place: self.place(file),
            message: format!("{what} has no `{key}`; add one"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_keeps_types_order_and_places() {
        let node = parse("a.yml", "b: [1, 2.5, yes, 'x']\na:\n  c: true\n  d:\n").unwrap();
        assert_eq!(node.json().to_string(), r#"{"b":[1,2.5,"yes","x"],"a":{"c":true,"d":null}}"#);
        let inner = node.get("a").unwrap().get("c").unwrap();
        assert_eq!((inner.line, inner.column), (3, 6));
    }

    #[test]
    fn parse_bad_yaml_names_the_line() {
        let error = parse("models/schema.yml", "models:\n  - name: a\n   columns: [\n").unwrap_err();
        let place = error.place().unwrap();
        assert_eq!(place.file, "models/schema.yml");
        assert!(place.line.is_some_and(|line| line >= 2), "{error}");
    }

    #[test]
    fn parse_repeated_key_is_an_error() {
        let error = parse("a.yml", "name: a\nname: b\n").unwrap_err();
        assert_eq!(error.place().unwrap().line, Some(2), "{error}");
    }

    #[test]
    fn parse_only_comments_is_null() {
        assert!(parse("a.yml", "# nothing\n---\n").unwrap().is_null());
    }
}
