//! What `ref` and `source` may name.
//!
//! Does not know tables' contents. Invariant: an unknown name is answered with the nearest known one.

use std::collections::{BTreeMap, BTreeSet};

use lake::TableName;

use crate::errors::did_you_mean;

/// Every name that `ref` and `source` may mean.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    /// Node name → (package, unique id).
    pub(crate) nodes: BTreeMap<String, Vec<(String, String)>>,
    /// (source, table) → unique id.
    pub(crate) sources: BTreeMap<(String, String), String>,
    /// Unique id → table; complete after parsing.
    pub(crate) relations: BTreeMap<String, TableName>,
}

impl Names {
    pub(crate) fn node(&self, package: Option<&str>, name: &str, caller: &str) -> Result<&str, String> {
        let Some(found) = self.nodes.get(name) else {
            let remedy = did_you_mean(
                name,
                self.nodes.keys().map(String::as_str),
                "add the model, or correct the name",
            );
            return Err(format!("`ref('{name}')` names no model, seed or snapshot; {remedy}"));
        };
        let wanted = |package: &str| found.iter().find(|(own, _)| own == package).map(|(_, id)| id.as_str());
        match package {
            Some(package) => wanted(package).ok_or_else(|| {
                format!(
                    "`ref('{package}', '{name}')`: package `{package}` has no `{name}`; correct the package"
                )
            }),
            None => Ok(wanted(caller).unwrap_or(&found[0].1)),
        }
    }

    pub(crate) fn source(&self, source: &str, table: &str) -> Result<&str, String> {
        if let Some(id) = self.sources.get(&(source.to_owned(), table.to_owned())) {
            return Ok(id);
        }
        let tables: Vec<&str> =
            self.sources.keys().filter(|(own, _)| own == source).map(|(_, table)| table.as_str()).collect();
        if tables.is_empty() {
            let known: BTreeSet<&str> = self.sources.keys().map(|(source, _)| source.as_str()).collect();
            let remedy = did_you_mean(source, known, "declare it under `sources:` of a property file");
            return Err(format!("`source('{source}', '{table}')` names no source; {remedy}"));
        }
        let remedy = did_you_mean(table, tables, "declare it under `tables:` of that source");
        Err(format!("`source('{source}', '{table}')`: source `{source}` has no table `{table}`; {remedy}"))
    }
}

/// `ref('a')`, `ref('pkg', 'a')` or `source('s', 't')` written as plain text in YAML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Named {
    Ref(Option<String>, String),
    Source(String, String),
}

pub(crate) fn named_in(text: &str) -> Option<Named> {
    let text = text.trim();
    let (function, rest) = text.split_once('(')?;
    let inside = rest.trim_end().strip_suffix(')')?;
    let parts: Option<Vec<String>> = inside
        .split(',')
        .map(|part| {
            let part = part.trim();
            let quote = part.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
            Some(part.strip_prefix(quote)?.strip_suffix(quote)?.to_owned())
        })
        .collect();
    match (function.trim(), parts?.as_slice()) {
        ("ref", [name]) => Some(Named::Ref(None, name.clone())),
        ("ref", [package, name]) => Some(Named::Ref(Some(package.clone()), name.clone())),
        ("source", [source, table]) => Some(Named::Source(source.clone(), table.clone())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_in_yaml_text_is_understood() {
        assert_eq!(named_in("ref('a')"), Some(Named::Ref(None, "a".into())));
        assert_eq!(named_in(r#" ref("p", "a") "#), Some(Named::Ref(Some("p".into()), "a".into())));
        assert_eq!(named_in("source('s', 't')"), Some(Named::Source("s".into(), "t".into())));
        assert_eq!(named_in("metric('a')"), None);
        assert_eq!(named_in("ref(a)"), None);
    }
}
