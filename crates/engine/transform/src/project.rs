//! `dbt_project.yml`, `packages.yml` and the vars that a caller sets.
//!
//! Does not read models. Invariant: keys that Mirante does not know are left alone, as dbt does.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use crate::errors::TransformError;
use crate::files::Files;
use crate::yaml::{self, Node};

/// Where models go and what `target` says in Jinja.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// `target.name`, as a profile's output would be called.
    pub name: String,
    /// Schema of models that ask for none.
    pub schema: String,
}

impl Default for Target {
    fn default() -> Target {
        Target { name: "mirante".to_owned(), schema: "main".to_owned() }
    }
}

/// What a caller sets before a project is read.
#[derive(Debug, Clone, Default)]
pub struct LoadOptions {
    /// Win over the vars of `dbt_project.yml`, as `--vars` does.
    pub vars: Map<String, Json>,
    /// What `env_var()` may see. Empty by default: a pack sees the machine's environment only if the caller says so.
    pub env: BTreeMap<String, String>,
    pub target: Target,
}

/// One package's `dbt_project.yml`.
#[derive(Debug, Clone)]
pub(crate) struct Package {
    pub(crate) name: String,
    /// Folder inside the root project; empty for the root itself.
    pub(crate) folder: String,
    pub(crate) model_paths: Vec<String>,
    pub(crate) seed_paths: Vec<String>,
    pub(crate) snapshot_paths: Vec<String>,
    pub(crate) macro_paths: Vec<String>,
    pub(crate) test_paths: Vec<String>,
    /// Config trees by resource type (`models`, `seeds`, `snapshots`, `data_tests`, `sources`).
    pub(crate) trees: BTreeMap<&'static str, Node>,
    pub(crate) vars: Map<String, Json>,
    /// `dispatch: [{macro_namespace, search_order}]`.
    pub(crate) dispatch: BTreeMap<String, Vec<String>>,
}

impl Package {
    /// Reads the package in `folder` of `files`.
    pub(crate) fn read(files: &Files, folder: &str) -> Result<Package, TransformError> {
        let path = join(folder, "dbt_project.yml");
        let Some(text) = files.text(&path)? else {
            let root = if folder.is_empty() { files.name().to_owned() } else { folder.to_owned() };
            return Err(TransformError::NoProject { root });
        };
        let node = yaml::parse(&path, text)?;
        let name = node.required(&path, "name", "the project")?;
        if !name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        {
            return Err(TransformError::Property {
                place: node.get("name").unwrap_or(&node).place(&path),
                message: format!(
                    "project name `{name}` may hold only letters, digits and `_`, and not begin with a digit"
                ),
            });
        }
        let paths = |keys: &[&str], default: &str| -> Vec<String> {
            let found = keys.iter().find_map(|key| node.get(key)).map(Node::texts);
            found.unwrap_or_else(|| vec![default.to_owned()])
        };
        let mut trees = BTreeMap::new();
        for key in ["models", "seeds", "snapshots", "sources"] {
            if let Some(tree) = node.get(key) {
                trees.insert(key, tree.clone());
            }
        }
        if let Some(tree) = node.get("data_tests").or_else(|| node.get("tests")) {
            trees.insert("data_tests", tree.clone());
        }
        Ok(Package {
            folder: folder.to_owned(),
            model_paths: paths(&["model-paths", "source-paths"], "models"),
            seed_paths: paths(&["seed-paths", "data-paths"], "seeds"),
            snapshot_paths: paths(&["snapshot-paths"], "snapshots"),
            macro_paths: paths(&["macro-paths"], "macros"),
            test_paths: paths(&["test-paths"], "tests"),
            vars: vars(node.get("vars"), &path)?,
            dispatch: dispatch(node.get("dispatch")),
            trees,
            name,
        })
    }

    /// A path of the package as a path of the root project.
    pub(crate) fn path(&self, below: &str) -> String {
        join(&self.folder, below)
    }
}

fn join(folder: &str, path: &str) -> String {
    let path = path.trim_start_matches("./");
    if folder.is_empty() { path.to_owned() } else { format!("{folder}/{path}") }
}

fn vars(node: Option<&Node>, path: &str) -> Result<Map<String, Json>, TransformError> {
    let Some(node) = node else { return Ok(Map::new()) };
    match node.json() {
        Json::Object(vars) => Ok(vars),
        _ => Err(TransformError::Property {
            place: node.place(path),
            message: "`vars` must be a map of name to value".to_owned(),
        }),
    }
}

fn dispatch(node: Option<&Node>) -> BTreeMap<String, Vec<String>> {
    let mut orders = BTreeMap::new();
    for item in node.map(Node::items).unwrap_or_default() {
        if let (Some(namespace), Some(order)) = (item.get("macro_namespace"), item.get("search_order")) {
            orders.insert(namespace.scalar().unwrap_or_default(), order.texts());
        }
    }
    orders
}

/// The root and every local package, the root first.
///
/// A package is a folder of `dbt_packages/` (what `dbt deps` makes), or a `local:` of `packages.yml`.
pub(crate) fn packages(files: &Files) -> Result<Vec<Package>, TransformError> {
    let mut found = vec![Package::read(files, "")?];
    let mut folders: Vec<String> =
        files.folders("dbt_packages").into_iter().map(|name| format!("dbt_packages/{name}")).collect();
    for list in ["packages.yml", "dependencies.yml"] {
        let Some(text) = files.text(list)? else { continue };
        let node = yaml::parse(list, text)?;
        for item in node.get("packages").map(Node::items).unwrap_or_default() {
            folders.extend(local_folder(files, list, item)?);
        }
    }
    for folder in folders {
        let package = Package::read(files, &folder)?;
        match found.iter().find(|other| other.name == package.name) {
            Some(other) if other.folder.starts_with("dbt_packages/") || other.folder == package.folder => {}
            Some(other) => {
                return Err(TransformError::Duplicate {
                    name: package.name,
                    first: format!("package `{}`", if other.folder.is_empty() { "." } else { &other.folder }),
                    second: format!("package `{folder}`"),
                });
            }
            None => found.push(package),
        }
    }
    Ok(found)
}

fn local_folder(files: &Files, list: &str, item: &Node) -> Result<Option<String>, TransformError> {
    if let Some(local) = item.get("local") {
        let folder = local.scalar().unwrap_or_default();
        let folder = folder.trim_start_matches("./").trim_end_matches('/').to_owned();
        // `dbt deps` has already put it where packages are.
        let last = folder.rsplit('/').next().unwrap_or_default();
        if files.folders("dbt_packages").iter().any(|there| there == last) {
            return Ok(None);
        }
        if files.bytes(&format!("{folder}/dbt_project.yml")).is_none() {
            return Err(TransformError::Property {
                place: local.place(list),
                message: format!(
                    "local package `{folder}` has no `dbt_project.yml`; put it inside the project"
                ),
            });
        }
        return Ok(Some(folder));
    }
    let Some(named) = ["package", "git", "tarball"].iter().find_map(|key| item.get(key)) else {
        return Ok(None);
    };
    let name = named.scalar().unwrap_or_default();
    let last = name.rsplit('/').next().unwrap_or_default().trim_end_matches(".git").replace('-', "_");
    let there = files
        .folders("dbt_packages")
        .iter()
        .any(|folder| folder.replace('-', "_") == last || last.ends_with(folder.as_str()));
    if there {
        return Ok(None);
    }
    Err(TransformError::Property {
        place: named.place(list),
        message: format!(
            "package `{name}` is not in `dbt_packages/`; run `dbt deps` once and keep that folder with the project"
        ),
    })
}

/// What the folders of `tree` (`models:` in `dbt_project.yml`) say for a node, from the general to the particular.
///
/// `+key` is always a setting; a bare key is one unless it names the next folder or holds a map.
pub(crate) fn tree_settings(tree: &Node, fqn: &[String]) -> Vec<(String, Json)> {
    let mut settings = Vec::new();
    let mut level = Some(tree);
    let mut rest = fqn;
    while let Some(node) = level {
        let next = rest.first();
        for (key, value) in node.entries() {
            if let Some(key) = key.strip_prefix('+') {
                settings.push((key.to_owned(), value.json()));
            } else if !value.is_map() && next.is_none_or(|next| next != key) {
                settings.push((key.to_owned(), value.json()));
            }
        }
        level = next.and_then(|next| node.get(next)).filter(|node| node.is_map());
        rest = rest.get(1..).unwrap_or_default();
    }
    settings
}

/// Vars of a package: the root's for that package win over the root's own, and these over the package's own.
pub(crate) fn vars_for(root: &Package, package: &Package, options: &LoadOptions) -> Map<String, Json> {
    let mut vars = plain(&package.vars, &package.name);
    if root.name != package.name {
        vars.extend(plain(&root.vars, &package.name));
    }
    vars.extend(options.vars.clone());
    vars
}

fn plain(vars: &Map<String, Json>, package: &str) -> Map<String, Json> {
    let mut all = vars.clone();
    if let Some(Json::Object(own)) = vars.get(package) {
        all.extend(own.clone());
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(text: &str) -> Package {
        Package::read(&Files::from_memory("p", [("dbt_project.yml", text)]), "").unwrap()
    }

    #[test]
    fn tree_settings_particular_comes_after_general() {
        let package = package(
            "name: shop\nmodels:\n  +materialized: view\n  shop:\n    marts:\n      +materialized: table\n      schema: marts\n      finance:\n        +tags: [daily]\n",
        );
        let fqn: Vec<String> = ["shop", "marts", "finance", "fct"].map(String::from).to_vec();
        let found = tree_settings(&package.trees["models"], &fqn);
        let text: Vec<String> = found.iter().map(|(key, value)| format!("{key}={value}")).collect();
        assert_eq!(
            text,
            ["materialized=\"view\"", "materialized=\"table\"", "schema=\"marts\"", "tags=[\"daily\"]"]
        );
    }

    #[test]
    fn vars_caller_wins_over_package_scope_over_general() {
        let root = package("name: shop\nvars: {a: 1, b: 1, c: 1, shop: {b: 2, c: 2}}\n");
        let options =
            LoadOptions { vars: serde_json::from_str(r#"{"c": 3}"#).unwrap(), ..LoadOptions::default() };
        let vars = vars_for(&root, &root, &options);
        assert_eq!((&vars["a"], &vars["b"], &vars["c"]), (&Json::from(1), &Json::from(2), &Json::from(3)));
    }

    #[test]
    fn package_without_name_is_pointed_at() {
        let files = Files::from_memory("p", [("dbt_project.yml", "version: 1.0\n")]);
        let error = Package::read(&files, "").unwrap_err();
        assert_eq!(error.to_string(), "dbt_project.yml:1:1: the project has no `name`; add one");
    }

    #[test]
    fn packages_missing_hub_package_says_what_to_run() {
        let files = Files::from_memory(
            "p",
            [
                ("dbt_project.yml", "name: shop\n"),
                ("packages.yml", "packages:\n  - package: dbt-labs/dbt_utils\n    version: 1.0.0\n"),
            ],
        );
        assert_eq!(
            packages(&files).unwrap_err().to_string(),
            "packages.yml:2:14: package `dbt-labs/dbt_utils` is not in `dbt_packages/`; run `dbt deps` once and keep that folder with the project"
        );
    }

    #[test]
    fn packages_local_is_read_after_the_root() {
        let files = Files::from_memory(
            "p",
            [
                ("dbt_project.yml", "name: shop\n"),
                ("packages.yml", "packages:\n  - local: ./tools\n"),
                ("tools/dbt_project.yml", "name: tools\n"),
            ],
        );
        let names: Vec<String> = packages(&files).unwrap().into_iter().map(|package| package.name).collect();
        assert_eq!(names, ["shop", "tools"]);
    }
}
