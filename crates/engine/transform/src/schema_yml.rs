//! Property files (`schema.yml` and its kin): models, columns, data tests, sources, seeds, snapshots, exposures.
//!
//! Does not join properties with models (`load`) or write test SQL (`data_tests`).
//! Invariant: keys of later dbt versions are left alone; a key that is read and wrong is pointed at.

use serde::Serialize;
use serde_json::{Map, Value as Json};

use crate::errors::{Place, TransformError};
use crate::yaml::{self, Node, Tree};

/// A column as a property file describes it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Column {
    pub name: String,
    pub description: String,
    pub data_type: Option<String>,
    pub tags: Vec<String>,
    pub meta: Map<String, Json>,
}

/// What a property file says about one model, seed, snapshot or singular test.
#[derive(Debug, Clone)]
pub(crate) struct Patch {
    pub(crate) name: String,
    pub(crate) place: Place,
    pub(crate) description: String,
    pub(crate) columns: Vec<Column>,
    pub(crate) settings: Vec<(String, Json)>,
    pub(crate) tests: Vec<TestDecl>,
    /// `relation:` of a snapshot that is defined in YAML.
    pub(crate) relation: Option<String>,
}

/// One entry of `data_tests`.
#[derive(Debug, Clone)]
pub(crate) struct TestDecl {
    /// `unique`, or `package.name`.
    pub(crate) test: String,
    /// A name of its own, if the author gave one.
    pub(crate) name: Option<String>,
    pub(crate) description: String,
    pub(crate) column: Option<String>,
    pub(crate) arguments: Map<String, Json>,
    pub(crate) settings: Vec<(String, Json)>,
    pub(crate) place: Place,
}

/// How late a source's newest row may be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Freshness {
    pub warn_after: Option<Age>,
    pub error_after: Option<Age>,
    /// SQL condition: only rows that fulfil it count.
    pub filter: Option<String>,
}

/// `{count: 12, period: hour}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Age {
    pub count: u64,
    pub period: AgeUnit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AgeUnit {
    Minute,
    Hour,
    Day,
}

/// One table of a source, with what it inherits from the source.
#[derive(Debug, Clone)]
pub(crate) struct SourceDecl {
    pub(crate) source: String,
    pub(crate) table: String,
    pub(crate) schema: String,
    pub(crate) identifier: String,
    pub(crate) description: String,
    pub(crate) source_description: String,
    pub(crate) loaded_at_field: Option<String>,
    pub(crate) loaded_at_query: Option<String>,
    pub(crate) freshness: Option<Freshness>,
    pub(crate) columns: Vec<Column>,
    pub(crate) tests: Vec<TestDecl>,
    pub(crate) settings: Vec<(String, Json)>,
    pub(crate) place: Place,
}

/// A use of models outside the project (a board, a notebook).
#[derive(Debug, Clone)]
pub(crate) struct ExposureDecl {
    pub(crate) name: String,
    pub(crate) depends_on: Vec<String>,
    pub(crate) raw: Json,
    pub(crate) place: Place,
}

/// Everything of one property file.
#[derive(Debug, Default)]
pub(crate) struct Properties {
    pub(crate) models: Vec<Patch>,
    pub(crate) seeds: Vec<Patch>,
    pub(crate) snapshots: Vec<Patch>,
    pub(crate) singular_tests: Vec<Patch>,
    pub(crate) sources: Vec<SourceDecl>,
    pub(crate) exposures: Vec<ExposureDecl>,
}

pub(crate) fn parse(file: &str, text: &str) -> Result<Properties, TransformError> {
    let root = yaml::parse(file, text)?;
    if root.is_null() {
        return Ok(Properties::default());
    }
    if !root.is_map() {
        return Err(TransformError::Property {
            place: root.place(file),
            message: "a property file is a map with keys such as `models:` or `sources:`".to_owned(),
        });
    }
    let mut found = Properties::default();
    for item in list(&root, "models", file)? {
        found.models.push(patch(file, item, "model")?);
    }
    for item in list(&root, "seeds", file)? {
        found.seeds.push(patch(file, item, "seed")?);
    }
    for item in list(&root, "snapshots", file)? {
        found.snapshots.push(patch(file, item, "snapshot")?);
    }
    for item in list(&root, "data_tests", file)? {
        found.singular_tests.push(patch(file, item, "data test")?);
    }
    for item in list(&root, "sources", file)? {
        source(file, item, &mut found.sources)?;
    }
    for item in list(&root, "exposures", file)? {
        found.exposures.push(exposure(file, item)?);
    }
    Ok(found)
}

fn list<'a>(node: &'a Node, key: &str, file: &str) -> Result<&'a [Node], TransformError> {
    match node.get(key) {
        None => Ok(&[]),
        Some(Node { value: Tree::List(items), .. }) => Ok(items),
        Some(other) => Err(TransformError::Property {
            place: other.place(file),
            message: format!("`{key}` must be a list; begin each entry with `- `"),
        }),
    }
}

fn patch(file: &str, node: &Node, what: &str) -> Result<Patch, TransformError> {
    let name = node.required(file, "name", &format!("this {what}"))?;
    let mut tests = tests_of(file, node, None)?;
    let columns = columns(file, node, &mut tests)?;
    let mut settings = settings(node);
    if let Some(docs) = node.get("meta") {
        settings.push(("meta".to_owned(), docs.json()));
    }
    if let Some(tags) = node.get("tags") {
        settings.push(("tags".to_owned(), tags.json()));
    }
    Ok(Patch {
        place: node.place(file),
        description: text_of(node, "description"),
        relation: node.get("relation").and_then(Node::scalar),
        name,
        columns,
        settings,
        tests,
    })
}

fn text_of(node: &Node, key: &str) -> String {
    node.get(key).and_then(Node::scalar).unwrap_or_default().trim().to_owned()
}

fn settings(node: &Node) -> Vec<(String, Json)> {
    let Some(config) = node.get("config") else { return Vec::new() };
    config.entries().map(|(key, value)| (key.trim_start_matches('+').to_owned(), value.json())).collect()
}

fn columns(file: &str, node: &Node, tests: &mut Vec<TestDecl>) -> Result<Vec<Column>, TransformError> {
    let mut columns = Vec::new();
    for item in list(node, "columns", file)? {
        let name = item.required(file, "name", "this column")?;
        tests.extend(tests_of(file, item, Some(&name))?);
        let config = item.get("config");
        let meta = item.get("meta").or_else(|| config.and_then(|config| config.get("meta")));
        let tags = item.get("tags").or_else(|| config.and_then(|config| config.get("tags")));
        columns.push(Column {
            description: text_of(item, "description"),
            data_type: item.get("data_type").and_then(Node::scalar),
            tags: tags.map(Node::texts).unwrap_or_default(),
            meta: match meta.map(Node::json) {
                Some(Json::Object(meta)) => meta,
                _ => Map::new(),
            },
            name,
        });
    }
    Ok(columns)
}

fn tests_of(file: &str, node: &Node, column: Option<&str>) -> Result<Vec<TestDecl>, TransformError> {
    let mut found = Vec::new();
    for key in ["data_tests", "tests"] {
        for item in list(node, key, file)? {
            found.push(test(file, item, column)?);
        }
    }
    Ok(found)
}

/// Keys of a test that configure it instead of being passed to it.
const TEST_SETTINGS: [&str; 13] = [
    "severity",
    "where",
    "limit",
    "warn_if",
    "error_if",
    "fail_calc",
    "store_failures",
    "store_failures_as",
    "enabled",
    "tags",
    "meta",
    "schema",
    "alias",
];

fn test(file: &str, node: &Node, column: Option<&str>) -> Result<TestDecl, TransformError> {
    let place = node.place(file);
    let wrong =
        |message: &str| TransformError::Property { place: node.place(file), message: message.to_owned() };
    let mut decl = TestDecl {
        test: String::new(),
        name: None,
        description: String::new(),
        column: column.map(str::to_owned),
        arguments: Map::new(),
        settings: Vec::new(),
        place,
    };
    if let Some(name) = node.text() {
        name.clone_into(&mut decl.test);
        return Ok(decl);
    }
    let entries: Vec<(&str, &Node)> = node.entries().collect();
    let body = match entries.as_slice() {
        [] => {
            return Err(wrong(
                "a data test is a name, or a name with arguments: `- unique` or `- accepted_values: {…}`",
            ));
        }
        // The form with `test_name` beside `name`.
        _ if node.get("test_name").is_some() => {
            decl.test = node.required(file, "test_name", "this data test")?;
            node
        }
        [(name, body)] => {
            (*name).clone_into(&mut decl.test);
            body
        }
        _ => return Err(wrong("this data test has several names; indent its arguments below its name")),
    };
    if !body.is_null() && !body.is_map() {
        return Err(TransformError::Property {
            place: body.place(file),
            message: format!("arguments of `{}` must be a map, such as `arguments: {{…}}`", decl.test),
        });
    }
    for (key, value) in body.entries() {
        match key {
            "name" => decl.name = value.scalar(),
            "test_name" => {}
            "description" => decl.description = value.scalar().unwrap_or_default(),
            "config" => decl.settings.extend(settings(body)),
            "arguments" => {
                for (key, value) in value.entries() {
                    decl.arguments.insert(key.to_owned(), value.json());
                }
            }
            key if TEST_SETTINGS.contains(&key) => decl.settings.push((key.to_owned(), value.json())),
            key => {
                decl.arguments.insert(key.to_owned(), value.json());
            }
        }
    }
    Ok(decl)
}

fn source(file: &str, node: &Node, found: &mut Vec<SourceDecl>) -> Result<(), TransformError> {
    let name = node.required(file, "name", "this source")?;
    let schema = node.get("schema").and_then(Node::scalar).unwrap_or_else(|| name.clone());
    let inherited = freshness(file, node)?;
    for item in list(node, "tables", file)? {
        let table = item.required(file, "name", &format!("this table of source `{name}`"))?;
        let mut tests = tests_of(file, item, None)?;
        let columns = columns(file, item, &mut tests)?;
        let own = |key: &str| either(item, key).or_else(|| either(node, key)).and_then(Node::scalar);
        let mut all = settings(node);
        for (holder, key) in [(node, "tags"), (item, "tags"), (node, "meta"), (item, "meta")] {
            all.extend(holder.get(key).map(|value| (key.to_owned(), value.json())));
        }
        all.extend(settings(item));
        found.push(SourceDecl {
            source: name.clone(),
            schema: schema.clone(),
            identifier: item.get("identifier").and_then(Node::scalar).unwrap_or_else(|| table.clone()),
            description: text_of(item, "description"),
            source_description: text_of(node, "description"),
            loaded_at_field: own("loaded_at_field"),
            loaded_at_query: own("loaded_at_query"),
            freshness: freshness(file, item)?.unwrap_or_else(|| inherited.clone().flatten()),
            settings: all,
            place: item.place(file),
            columns,
            tests,
            table,
        });
    }
    Ok(())
}

/// A key of the node itself or, since dbt 1.10, of its `config`.
fn either<'a>(node: &'a Node, key: &str) -> Option<&'a Node> {
    node.get(key).or_else(|| node.get("config").and_then(|config| config.get(key)))
}

/// `None`: says nothing. `Some(None)`: `freshness: null`, which switches an inherited one off.
#[expect(clippy::option_option, reason = "saying nothing and saying null differ")]
fn freshness(file: &str, node: &Node) -> Result<Option<Option<Freshness>>, TransformError> {
    let holders = [Some(node), node.get("config")];
    let Some(said) = holders
        .into_iter()
        .flatten()
        .find_map(|holder| holder.entries().find(|(key, _)| *key == "freshness").map(|(_, value)| value))
    else {
        return Ok(None);
    };
    if said.is_null() {
        return Ok(Some(None));
    }
    Ok(Some(Some(Freshness {
        warn_after: age(file, said.get("warn_after"))?,
        error_after: age(file, said.get("error_after"))?,
        filter: said.get("filter").and_then(Node::scalar),
    })))
}

fn age(file: &str, node: Option<&Node>) -> Result<Option<Age>, TransformError> {
    let Some(node) = node else { return Ok(None) };
    let wrong = |place: &Node, message: &str| TransformError::Property {
        place: place.place(file),
        message: message.to_owned(),
    };
    let Some(count) = node.get("count") else { return Ok(None) };
    let count_value = match count.value {
        Tree::Int(value) => u64::try_from(value).ok(),
        _ => None,
    };
    let Some(count) = count_value else {
        return Err(wrong(count, "`count` must be a whole number, not negative"));
    };
    let period = match node.get("period").and_then(Node::text) {
        Some("minute") => AgeUnit::Minute,
        Some("hour") => AgeUnit::Hour,
        Some("day") => AgeUnit::Day,
        _ => return Err(wrong(node, "`period` must be minute, hour or day")),
    };
    Ok(Some(Age { count, period }))
}

fn exposure(file: &str, node: &Node) -> Result<ExposureDecl, TransformError> {
    Ok(ExposureDecl {
        name: node.required(file, "name", "this exposure")?,
        depends_on: node.get("depends_on").map(Node::texts).unwrap_or_default(),
        raw: node.json(),
        place: node.place(file),
    })
}

#[cfg(test)]
mod tests;
