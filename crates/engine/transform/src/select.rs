//! dbt's selection: `+stg_deals+1 tag:daily,path:models/marts`.
//!
//! Does not build. Invariant: a word that matches nothing is an error, so that a slip of the pen never builds nothing in silence.

use std::collections::BTreeSet;

use regex::Regex;
use serde_json::{Map, Value as Json};

use crate::errors::{TransformError, did_you_mean};
use crate::graph::Graph;

/// What selectors can see of a node, test, source or exposure.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) id: String,
    /// `model`, `seed`, `snapshot`, `source`, `test`, `exposure`.
    pub(crate) kind: &'static str,
    pub(crate) name: String,
    pub(crate) package: String,
    pub(crate) fqn: Vec<String>,
    pub(crate) file: String,
    pub(crate) tags: Vec<String>,
    pub(crate) settings: Map<String, Json>,
    /// (source, table)
    pub(crate) source: Option<(String, String)>,
    /// `unique` for a generic test; empty for a singular one.
    pub(crate) test: Option<String>,
}

/// How far a `+` reaches: so many steps, or all the way.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
struct Steps(Option<usize>);

/// One word of a selection.
#[derive(Debug, PartialEq, Eq)]
struct Criterion<'t> {
    method: &'t str,
    value: &'t str,
    parents: Option<Steps>,
    children: Option<Steps>,
    /// `@model`: its children, and all that they need.
    childrens_parents: bool,
}

/// Ids that `include` selects (everything, if it is empty) without those that `exclude` selects.
///
/// Tests of what is selected are selected with it.
pub(crate) fn select(
    include: &str,
    exclude: &str,
    items: &[Item],
    graph: &Graph,
) -> Result<BTreeSet<String>, TransformError> {
    let all = || items.iter().map(|item| item.id.clone()).collect();
    let included = if include.trim().is_empty() { all() } else { union(include, items, graph, true)? };
    let excluded = union(exclude, items, graph, false)?;
    Ok(included.difference(&excluded).cloned().collect())
}

fn union(
    text: &str,
    items: &[Item],
    graph: &Graph,
    must_match: bool,
) -> Result<BTreeSet<String>, TransformError> {
    let mut found = BTreeSet::new();
    for word in text.split_whitespace() {
        let mut common: Option<BTreeSet<String>> = None;
        for part in word.split(',').filter(|part| !part.is_empty()) {
            let of_part = one(part, items, graph)?;
            common = Some(match common {
                None => of_part,
                Some(before) => before.intersection(&of_part).cloned().collect(),
            });
        }
        let common = common.unwrap_or_default();
        if common.is_empty() && must_match {
            let names = items.iter().map(|item| item.name.as_str());
            let bare = word.trim_matches(|c: char| c == '+' || c == '@' || c.is_ascii_digit());
            let message = did_you_mean(bare, names, "correct the name");
            return Err(TransformError::Selection {
                text: word.to_owned(),
                message: format!("matches nothing; {message}"),
            });
        }
        found.extend(common);
    }
    with_tests(&mut found, items, graph);
    Ok(found)
}

/// Adds the tests that read something selected.
fn with_tests(found: &mut BTreeSet<String>, items: &[Item], graph: &Graph) {
    let tests: Vec<String> = items
        .iter()
        .filter(|item| item.kind == "test" && graph.parents(&item.id).any(|parent| found.contains(parent)))
        .map(|item| item.id.clone())
        .collect();
    found.extend(tests);
}

fn one(text: &str, items: &[Item], graph: &Graph) -> Result<BTreeSet<String>, TransformError> {
    let criterion = parse(text)?;
    let mut found = BTreeSet::new();
    for item in items {
        if matches(&criterion, item, text)? {
            found.insert(item.id.clone());
        }
    }
    let named: Vec<String> = found.iter().cloned().collect();
    for id in &named {
        if let Some(Steps(steps)) = criterion.parents {
            found.extend(graph.ancestors(id, steps));
        }
        if let Some(Steps(steps)) = criterion.children {
            found.extend(graph.descendants(id, steps));
        }
        if criterion.childrens_parents {
            let down = graph.descendants(id, None);
            found.extend(graph.ancestors(id, None));
            found.extend(down.iter().flat_map(|child| graph.ancestors(child, None)));
            found.extend(down);
        }
    }
    Ok(found)
}

fn parse(text: &str) -> Result<Criterion<'_>, TransformError> {
    let wrong =
        |message: &str| TransformError::Selection { text: text.to_owned(), message: message.to_owned() };
    let childrens_parents = text.starts_with('@');
    let mut rest = text.strip_prefix('@').unwrap_or(text);
    let mut parents = None;
    let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    if let Some(after) = rest[digits..].strip_prefix('+') {
        parents = Some(Steps(rest[..digits].parse().ok()));
        rest = after;
    }
    let mut children = None;
    let digits = rest.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    if let Some(before) = rest[..digits].strip_suffix('+') {
        children = Some(Steps(rest[digits..].parse().ok()));
        rest = before;
    }
    if childrens_parents && children.is_some() {
        return Err(wrong("`@` already takes the children; leave out the `+` behind the name"));
    }
    if rest.is_empty() {
        return Err(wrong("there is no name in it; write for example `+stg_deals` or `tag:daily`"));
    }
    let (method, value) = match rest.split_once(':') {
        Some((method, value)) => (method, value),
        None if rest.contains('/') => ("path", rest),
        None if rest.contains('.') && ends_like_file(rest) => ("file", rest),
        None => ("fqn", rest),
    };
    Ok(Criterion { method, value, parents, children, childrens_parents })
}

fn ends_like_file(text: &str) -> bool {
    [".sql", ".csv", ".yml", ".yaml"].iter().any(|ending| text.ends_with(ending))
}

const METHODS: [&str; 10] = [
    "fqn",
    "tag",
    "path",
    "file",
    "source",
    "resource_type",
    "package",
    "test_type",
    "test_name",
    "exposure",
];

fn matches(criterion: &Criterion, item: &Item, text: &str) -> Result<bool, TransformError> {
    let value = criterion.value;
    Ok(match criterion.method {
        "fqn" => fqn_matches(value, item),
        "tag" => item.tags.iter().any(|tag| glob(value, tag)),
        "path" => path_matches(value, &item.file),
        "file" => {
            let file = item.file.rsplit('/').next().unwrap_or_default();
            glob(value, file) || file.rsplit_once('.').is_some_and(|(stem, _)| stem == value)
        }
        "source" => {
            item.source.as_ref().is_some_and(|(source, table)| source_matches(value, item, source, table))
        }
        "resource_type" => item.kind == value,
        "package" => glob(value, &item.package) || value == "this",
        "test_type" => match (value, &item.test) {
            ("generic", Some(test)) => !test.is_empty(),
            ("singular", Some(test)) => test.is_empty(),
            ("data", Some(_)) => true,
            _ => false,
        },
        "test_name" => item.test.as_ref().is_some_and(|test| !test.is_empty() && glob(value, test)),
        "exposure" => item.kind == "exposure" && glob(value, &item.name),
        method => {
            let Some(path) = method.strip_prefix("config.") else {
                let message = did_you_mean(method, METHODS, "use tag:, path:, source: or config.<key>:");
                return Err(TransformError::Selection {
                    text: text.to_owned(),
                    message: format!("`{method}:` is not supported; {message}"),
                });
            };
            config_matches(path, value, &item.settings)
        }
    })
}

/// The node's name, or its path from the left (with or without the package), with `*` inside parts.
fn fqn_matches(value: &str, item: &Item) -> bool {
    if item.kind == "source" || item.kind == "exposure" {
        return false;
    }
    if glob(value, &item.name) {
        return true;
    }
    let wanted: Vec<&str> = value.split('.').collect();
    let begins = |fqn: &[String]| {
        wanted.len() <= fqn.len() && wanted.iter().zip(fqn).all(|(wanted, part)| glob(wanted, part))
    };
    begins(&item.fqn) || item.fqn.get(1..).is_some_and(begins)
}

fn path_matches(value: &str, file: &str) -> bool {
    let value = value.trim_start_matches("./").trim_end_matches('/');
    glob(value, file) || file.strip_prefix(value).is_some_and(|rest| rest.starts_with('/'))
}

fn source_matches(value: &str, item: &Item, source: &str, table: &str) -> bool {
    match value.split('.').collect::<Vec<_>>().as_slice() {
        [wanted] => glob(wanted, source),
        [wanted, of_table] => glob(wanted, source) && glob(of_table, table),
        [package, wanted, of_table] => {
            glob(package, &item.package) && glob(wanted, source) && glob(of_table, table)
        }
        _ => false,
    }
}

fn config_matches(path: &str, value: &str, settings: &Map<String, Json>) -> bool {
    let mut keys = path.split('.');
    let mut found = keys.next().and_then(|key| settings.get(key));
    for key in keys {
        found = found.and_then(|inner| inner.get(key));
    }
    let same = |json: &Json| match json {
        Json::String(text) => glob(value, text),
        Json::Null => false,
        other => value.eq_ignore_ascii_case(&other.to_string()),
    };
    match found {
        Some(Json::Array(items)) => items.iter().any(same),
        Some(Json::Object(map)) => map.contains_key(value),
        Some(json) => same(json),
        None => false,
    }
}

/// Unix file patterns: `*`, `?`, `[abc]`.
fn glob(pattern: &str, text: &str) -> bool {
    if !pattern.contains(['*', '?', '[']) {
        return pattern == text;
    }
    let mut regex = String::from("^");
    let mut in_class = false;
    for c in pattern.chars() {
        match c {
            '*' if !in_class => regex.push_str(".*"),
            '?' if !in_class => regex.push('.'),
            '[' => {
                in_class = true;
                regex.push('[');
            }
            ']' => {
                in_class = false;
                regex.push(']');
            }
            '!' if in_class && regex.ends_with('[') => regex.push('^'),
            '-' if in_class => regex.push('-'),
            c => regex.push_str(&regex::escape(&c.to_string())),
        }
    }
    regex.push('$');
    Regex::new(&regex).is_ok_and(|regex| regex.is_match(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(kind: &'static str, fqn: &str, tags: &[&str], materialized: &str) -> Item {
        let fqn: Vec<String> = fqn.split('.').map(str::to_owned).collect();
        let name = fqn.last().unwrap().clone();
        let mut settings = Map::new();
        settings.insert("materialized".into(), materialized.into());
        Item {
            id: name.clone(),
            kind,
            file: format!("models/{}.sql", fqn[1..].join("/")),
            source: (kind == "source").then(|| ("crm".to_owned(), name.clone())),
            test: (kind == "test").then(|| "unique".to_owned()),
            package: fqn[0].clone(),
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            name,
            fqn,
            settings,
        }
    }

    /// deals → stg → fct → rep; acc → stg_acc → fct; test `u` on stg
    fn shop() -> (Vec<Item>, Graph) {
        let items = vec![
            item("source", "shop.deals", &[], ""),
            item("source", "shop.acc", &[], ""),
            item("model", "shop.staging.stg", &["daily"], "view"),
            item("model", "shop.staging.stg_acc", &[], "view"),
            item("model", "shop.marts.fct", &["daily", "kpi"], "table"),
            item("model", "shop.marts.rep", &["kpi"], "table"),
            item("test", "shop.staging.u", &[], ""),
        ];
        let edges = [
            ("deals", vec![]),
            ("acc", vec![]),
            ("stg", vec!["deals"]),
            ("stg_acc", vec!["acc"]),
            ("fct", vec!["stg", "stg_acc"]),
            ("rep", vec!["fct"]),
            ("u", vec!["stg"]),
        ];
        let edges = edges.map(|(id, reads)| (id.to_owned(), reads.into_iter().map(str::to_owned).collect()));
        (items, Graph::new(edges).unwrap())
    }

    fn check(include: &str, exclude: &str, expected: &str) {
        let (items, graph) = shop();
        let found = match select(include, exclude, &items, &graph) {
            Ok(found) => found.into_iter().collect::<Vec<_>>().join(" "),
            Err(error) => error.to_string(),
        };
        assert_eq!(found, expected, "--select `{include}` --exclude `{exclude}`");
    }

    #[test]
    fn selection_table() {
        check("", "", "acc deals fct rep stg stg_acc u");
        check("fct", "", "fct");
        check("stg", "", "stg u");
        check("+fct", "", "acc deals fct stg stg_acc u");
        check("1+fct", "", "fct stg stg_acc u");
        check("fct+", "", "fct rep");
        check("stg+1", "", "fct stg u");
        check("1+fct+1", "", "fct rep stg stg_acc u");
        check("@stg", "", "acc deals fct rep stg stg_acc u");
        check("tag:daily", "", "fct stg u");
        check("tag:daily,tag:kpi", "", "fct");
        check("tag:daily tag:kpi", "", "fct rep stg u");
        check("tag:d*", "", "fct stg u");
        check("path:models/marts", "", "fct rep");
        check("models/staging/stg.sql", "", "stg u");
        check("stg.sql", "", "stg u");
        check("source:crm+", "", "acc deals fct rep stg stg_acc u");
        check("source:crm.acc+1", "", "acc stg_acc");
        check("config.materialized:table", "", "fct rep");
        check("staging", "", "stg stg_acc u");
        check("shop.marts.*", "", "fct rep");
        check("stg*", "", "stg stg_acc u");
        check("test_name:unique", "", "u");
        check("test_type:generic", "", "u");
        check("resource_type:source", "", "acc deals");
        check("", "tag:daily", "acc deals rep stg_acc");
        check("+rep", "source:crm fct", "rep stg stg_acc u");
        check("+rep", "nothing", "acc deals fct rep stg stg_acc u");
    }

    #[test]
    fn selection_wrong_says_why() {
        check("fcd", "", "selection `fcd`: matches nothing; did you mean `fct`?");
        check("tag:daily,rep", "", "selection `tag:daily,rep`: matches nothing; correct the name");
        check("tags:daily", "", "selection `tags:daily`: `tags:` is not supported; did you mean `tag`?");
        check(
            "+",
            "",
            "selection `+`: there is no name in it; write for example `+stg_deals` or `tag:daily`",
        );
        check(
            "@a+",
            "",
            "selection `@a+`: `@` already takes the children; leave out the `+` behind the name",
        );
    }
}
