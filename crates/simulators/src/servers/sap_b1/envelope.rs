//! How the two versions of the API wrap rows and errors: annotations of OData 3 and 4, dates, links.
//!
//! Invariant: what is inside an envelope is the same in both versions.

use serde_json::{Map, Value, json};

use crate::servers::odata::instants;
use crate::servers::serving::Answer;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    V1,
    V2,
}

impl Version {
    /// Version and resource of a path, which is case-sensitive.
    pub(super) fn split(path: &str) -> Option<(Version, &str)> {
        let rest = path.strip_prefix("/b1s/")?;
        let (version, resource) = rest.split_once('/')?;
        match version {
            "v1" => Some((Version::V1, resource)),
            "v2" => Some((Version::V2, resource)),
            _ => None,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Version::V1 => "v1",
            Version::V2 => "v2",
        }
    }

    /// Name of an annotation; the context of OData 4 was the metadata of OData 3.
    fn annotation(self, name: &str) -> String {
        match (self, name) {
            (Version::V1, "context") => "odata.metadata".to_owned(),
            (Version::V1, name) => format!("odata.{name}"),
            (Version::V2, name) => format!("@odata.{name}"),
        }
    }

    /// Adds an annotation; all but the link to the next page stand first.
    pub(super) fn annotate(self, object: &mut Value, name: &str, value: Value) {
        let Value::Object(map) = object else { return };
        if name == "nextLink" {
            map.insert(self.annotation(name), value);
            return;
        }
        let mut first = Map::with_capacity(map.len() + 1);
        let annotations: Vec<String> = map.keys().filter(|key| key.contains("odata.")).cloned().collect();
        for key in annotations {
            if let Some(value) = map.shift_remove(&key) {
                first.insert(key, value);
            }
        }
        first.insert(self.annotation(name), value);
        first.append(map);
        *map = first;
    }

    /// A count: text in OData 3, a number in OData 4.
    pub(super) fn count(self, total: usize) -> Value {
        match self {
            Version::V1 => total.to_string().into(),
            Version::V2 => total.into(),
        }
    }

    pub(super) fn json(self, status: u16, value: &Value) -> Answer {
        let content = match self {
            Version::V1 => "application/json;odata=minimalmetadata;charset=utf-8",
            Version::V2 => "application/json;odata.metadata=minimal;charset=utf-8",
        };
        let mut answer = Answer::json(status, content, value);
        let version = if self == Version::V1 { "3.0" } else { "4.0" };
        answer.headers.push(("odata-version", version.to_owned()));
        answer
    }

    /// An error: with a number and an object in version 1, with two texts in version 2.
    pub(super) fn error(self, status: u16, code: i64, message: &str) -> Answer {
        let error = match self {
            Version::V1 => json!({ "code": code, "message": { "lang": "en-us", "value": message } }),
            Version::V2 => json!({ "code": code.to_string(), "message": message }),
        };
        self.json(status, &json!({ "error": error }))
    }

    pub(super) fn expired(self) -> Answer {
        self.error(401, 301, "Invalid session or session already timeout.")
    }

    /// Version 2 writes a date with a time that means nothing.
    pub(super) fn date(self, value: &mut Value) {
        if self == Version::V1 {
            return;
        }
        match value {
            Value::String(text) if text.len() == 10 && instants::parse_date(text).is_some() => {
                text.push_str("T00:00:00Z");
            }
            Value::Array(values) => values.iter_mut().for_each(|value| self.date(value)),
            Value::Object(map) => map.values_mut().for_each(|value| self.date(value)),
            _ => {}
        }
    }
}

/// A relative link that keeps the options, with `$skip` and what is left of `$top`.
pub(super) fn next_link(entity: &str, raw: &str, skip: usize, left: Option<usize>) -> String {
    let named = |pair: &&str, name: &str| {
        pair.split('=').next().is_some_and(|key| key == format!("${name}") || key == format!("%24{name}"))
    };
    let kept = raw.split('&').filter(|pair| !pair.is_empty() && !named(pair, "skip") && !named(pair, "top"));
    let mut options: Vec<String> = kept.map(str::to_owned).collect();
    if let Some(left) = left {
        options.push(format!("$top={left}"));
    }
    options.push(format!("$skip={skip}"));
    format!("{entity}?{}", options.join("&"))
}
