//! The document that describes the streams of an API: YAML, or JSON, which is YAML too.
//!
//! Asks nobody. Invariant: a description that was accepted can be read without doubt; one that was not is told by stream, key and remedy.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::cursor::{Incremental, VALUE};
use crate::column_name::sql_name;

/// One stream, as it is described.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stream {
    pub name: String,
    /// Below the address; may have a query.
    pub path: String,
    #[serde(default)]
    pub method: Method,
    /// What is posted, beside the parameters.
    #[serde(default)]
    pub body: Map<String, Value>,
    /// Where the list lies in the answer.
    #[serde(default)]
    pub records: Path,
    /// Where the answer tells how many records there are in all.
    pub total: Option<Path>,
    #[serde(default)]
    pub key: Key,
    pub paging: Option<Paging>,
    pub incremental: Option<Incremental>,
    pub for_each: Option<ForEach>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    #[default]
    Get,
    /// Parameters go into the body then.
    Post,
}

/// Keys from the answer's root to a value; none for the root itself, which is written `$`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub struct Path(pub Vec<String>);

impl From<String> for Path {
    fn from(text: String) -> Path {
        let text = text.trim().trim_start_matches('$').trim_start_matches('.');
        Path(text.split('.').filter(|key| !key.is_empty()).map(str::to_owned).collect())
    }
}

impl std::fmt::Display for Path {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_empty() { "$" } else { "" })?;
        f.write_str(&self.0.join("."))
    }
}

/// What tells one record from another: a key, or several together.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Key {
    One(String),
    Several(Vec<String>),
}

impl Default for Key {
    fn default() -> Key {
        Key::Several(Vec::new())
    }
}

impl Key {
    pub fn parts(&self) -> &[String] {
        match self {
            Key::One(key) => std::slice::from_ref(key),
            Key::Several(keys) => keys,
        }
    }
}

/// How the next page is found.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paging {
    pub by: By,
    /// Parameter that takes the page, offset or cursor.
    pub parameter: Option<String>,
    /// Number of the first page.
    pub first: Option<u64>,
    /// Records per page, told to the API as `size_parameter`.
    pub size: Option<u64>,
    pub size_parameter: Option<String>,
    /// Where the answer has the next link or cursor.
    pub at: Option<Path>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// Pages have numbers.
    Page,
    /// So many records are passed over.
    Offset,
    /// The answer holds the next page's address.
    Next,
    /// The header `Link` does (RFC 8288).
    Link,
    /// The answer holds a token that the next question repeats.
    Cursor,
}

impl Paging {
    /// The parameter's name, which every API calls what it likes.
    pub fn parameter(&self) -> &str {
        self.parameter.as_deref().unwrap_or(match self.by {
            By::Page => "page",
            By::Offset => "offset",
            By::Cursor | By::Next | By::Link => "cursor",
        })
    }

    fn check(&self) -> Result<(), &'static str> {
        let has_parameter = matches!(self.by, By::Page | By::Offset | By::Cursor);
        let has_place = matches!(self.by, By::Next | By::Cursor);
        if has_place && self.at.as_ref().is_none_or(|at| at.0.is_empty()) {
            return Err("says not where the answer has its `next` or `cursor`; add `at: meta.next`, say");
        }
        if !has_place && self.at.is_some() {
            return Err("has `at`, which belongs to `by: next` and `by: cursor` alone; take it out");
        }
        if self.first.is_some() && self.by != By::Page {
            return Err("has `first`, which belongs to `by: page` alone; take it out");
        }
        if self.parameter.is_some() && !has_parameter {
            return Err("has `parameter`, but follows links as they come; take it out");
        }
        if self.size.is_some() != self.size_parameter.is_some() {
            return Err(
                "needs `size` and `size_parameter` together, as `size: 100` and `size_parameter: limit`",
            );
        }
        if self.size == Some(0) {
            return Err("has a `size` of 0; give the API's largest, such as 100");
        }
        Ok(())
    }
}

/// A stream that is asked for once per record of another: `path: customers/{id}/orders`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForEach {
    pub stream: String,
    /// Field of the other's records that takes the place of `{field}` in the path.
    pub field: String,
}

impl ForEach {
    /// What stands for the value in the path.
    pub fn place(&self) -> String {
        format!("{{{}}}", self.field)
    }

    /// Key that records get the value under: `customers_id`.
    pub fn key(&self) -> String {
        format!("{}_{}", self.stream, self.field)
    }
}

/// Reads a document.
///
/// # Errors
/// What is wrong, where, and how it is written.
pub fn streams(text: &str) -> Result<Vec<Stream>, String> {
    let options = serde_saphyr::options! { with_snippet: false };
    let streams: Vec<Stream> = serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let said: Vec<String> = error.to_string().split_whitespace().map(str::to_owned).collect();
        format!("{}; write a list such as `- {{name: orders, path: orders, records: data}}`", said.join(" "))
    })?;
    if streams.is_empty() {
        return Err(
            "it describes no stream; write a list such as `- {name: orders, path: orders}`".to_owned()
        );
    }
    for (at, stream) in streams.iter().enumerate() {
        check(stream, &streams, at).map_err(|detail| format!("stream `{}` {detail}", stream.name))?;
    }
    Ok(streams)
}

fn check(stream: &Stream, streams: &[Stream], at: usize) -> Result<(), String> {
    let name = &stream.name;
    if name.is_empty() || sql_name(name) != *name {
        return Err(format!("has a name that is not SQL-safe; use `{}`", sql_name(name)));
    }
    if streams[..at].iter().any(|other| other.name == *name) {
        return Err("is there twice; give one of them another name".to_owned());
    }
    if stream.path.contains("://") || stream.path.starts_with("//") {
        return Err("has a `path` with a host; write what follows the address, such as `orders`".to_owned());
    }
    if !stream.body.is_empty() && stream.method != Method::Post {
        return Err("has a `body`, which only `method: POST` sends".to_owned());
    }
    if let Some(paging) = &stream.paging {
        paging.check().map_err(|detail| format!("`paging` {detail}"))?;
    }
    if let Some(incremental) = &stream.incremental {
        if stream.key.parts().is_empty() {
            return Err("is `incremental` without a `key`: records that come again would be doubled; name what tells them apart, such as \
                        `key: id`"
                .to_owned());
        }
        if incremental.template.as_ref().is_some_and(|template| !template.contains(VALUE)) {
            return Err(format!("has a `template` without `{VALUE}`; put it where the value goes"));
        }
        if incremental.sorted && stream.for_each.is_some() {
            return Err(
                "is `sorted` and `for_each`: lists one after the other have no order; take `sorted` out"
                    .to_owned(),
            );
        }
    }
    let Some(each) = &stream.for_each else { return Ok(()) };
    let parent = streams.iter().find(|other| other.name == each.stream && other.name != *name);
    match parent {
        None => {
            Err(format!("is `for_each` of `{}`, which is no other stream here; describe it", each.stream))
        }
        Some(parent) if parent.for_each.is_some() => {
            Err(format!("is `for_each` of `{}`, which is one itself; only one level is read", each.stream))
        }
        Some(_) if !stream.path.contains(&each.place()) => Err(format!(
            "is `for_each`, but its `path` has no `{}`; put it where the value goes",
            each.place()
        )),
        Some(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_yaml_or_json() {
        let yaml = "- name: orders\n  path: orders?status=all\n  records: data.items\n  key: [id, line]\n  \
                    paging: {by: cursor, at: meta.next, size: 50, size_parameter: limit}\n  \
                    incremental: {field: updated_at, parameter: since, since: 2024-01-01, as: date}\n";
        let json = r#"[{"name": "orders", "path": "orders?status=all", "records": "data.items", "key": ["id", "line"],
            "paging": {"by": "cursor", "at": "meta.next", "size": 50, "size_parameter": "limit"},
            "incremental": {"field": "updated_at", "parameter": "since", "since": "2024-01-01", "as": "date"}}]"#;
        let (one, other) = (streams(yaml).unwrap(), streams(json).unwrap());
        assert_eq!(one, other);
        assert_eq!(one[0].records.to_string(), "data.items");
        assert_eq!(one[0].key.parts(), ["id", "line"]);
        assert_eq!(streams("- {name: a, path: a, key: id, records: $}").unwrap()[0].records, Path::default());
    }

    #[test]
    fn the_example_of_the_documentation_is_one() {
        let page = include_str!("../../../../../../docs/http_json.md");
        let example = page.split("```yaml").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
        let names: Vec<String> = streams(example).unwrap().into_iter().map(|stream| stream.name).collect();
        assert_eq!(names, ["products", "orders", "items", "visits"]);
    }

    #[test]
    fn documents_that_cannot_be_meant_so_are_told_by_stream_and_remedy() {
        let streams_of = |text: &str| streams(text).unwrap_err();
        for (text, expected) in [
            ("[]", "describes no stream"),
            ("name: orders", "write a list such as"),
            ("- {name: orders}", "missing field `path`"),
            ("- {name: orders, path: o, pagination: {by: page}}", "unknown field `pagination`"),
            ("- {name: orders, path: o, paging: {by: pages}}", "unknown variant `pages`"),
            ("- {name: Orders 1, path: o}", "use `orders_1`"),
            ("- {name: a, path: o}\n- {name: a, path: o}", "stream `a` is there twice"),
            ("- {name: a, path: 'https://x/o'}", "has a `path` with a host"),
            ("- {name: a, path: o, body: {x: 1}}", "only `method: POST` sends"),
            ("- {name: a, path: o, paging: {by: next}}", "stream `a` `paging` says not where"),
            ("- {name: a, path: o, paging: {by: link, at: x}}", "`at`, which belongs to"),
            ("- {name: a, path: o, paging: {by: link, parameter: x}}", "follows links"),
            ("- {name: a, path: o, paging: {by: offset, first: 1}}", "`first`, which belongs to"),
            ("- {name: a, path: o, paging: {by: page, size: 5}}", "`size` and `size_parameter` together"),
            ("- {name: a, path: o, paging: {by: page, size: 0, size_parameter: n}}", "`size` of 0"),
            ("- {name: a, path: o, incremental: {field: x, parameter: y}}", "without a `key`"),
            (
                "- {name: a, path: o, key: id, incremental: {field: x, parameter: y, template: 'x ge'}}",
                "without `{value}`",
            ),
            ("- {name: a, path: 'b/{id}', for_each: {stream: b, field: id}}", "no other stream here"),
            ("- {name: b, path: b}\n- {name: a, path: b, for_each: {stream: b, field: id}}", "has no `{id}`"),
            (
                "- {name: b, path: b}\n- {name: c, path: 'b/{id}', for_each: {stream: b, field: id}}\n\
                 - {name: d, path: 'c/{id}', for_each: {stream: c, field: id}}",
                "only one level",
            ),
            (
                "- {name: b, path: b}\n- {name: a, path: 'b/{id}', key: id, for_each: {stream: b, field: id}, \
                 incremental: {field: x, parameter: y, sorted: true}}",
                "take `sorted` out",
            ),
        ] {
            let error = streams_of(text);
            assert!(error.contains(expected), "{text}: {error}");
            assert!(!error.contains('\n'), "{error}");
        }
        assert!(streams_of("- name: a\n  path: [").contains("line"), "the place is told");
    }
}
