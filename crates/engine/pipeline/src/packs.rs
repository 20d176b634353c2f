//! Packs as a run sees them: folders of files put together into one dbt project, with their metrics and boards.
//!
//! Does not build (`build`) and does not understand metrics (`query`). Invariant: the packs of a workspace are one project, a root of
//! nothing but the schema rule with each pack as one of its packages, so that a model that two packs need is built once.

use crate::bundle::{Bundle, LineageNode, MetricsText};
use crate::{PipelineError, access};
use contract::boards::Board;
use contract::metrics::Layer;
use metastore::Metastore;
use metastore::packs::PackPlace;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;
use transform::{Files, LoadOptions, Project};

/// Finds the files of a pack that is shipped with the program.
pub type Builtin = Arc<dyn Fn(&str) -> Option<Files> + Send + Sync>;

/// The root project's name; no pack may have it.
const ROOT: &str = "mirante_workspace";

/// dbt's own rule would write `main_marts`; packs carry the same macro for dbt Core.
const SCHEMA_RULE: &str = "{% macro generate_schema_name(custom_schema_name, node) -%}\n\
    {{ custom_schema_name | trim if custom_schema_name else target.schema }}\n\
    {%- endmacro %}\n";

/// A pack's files and its name.
#[derive(Debug, Clone)]
pub struct Pack {
    name: String,
    files: Files,
}

impl Pack {
    /// The name in its `dbt_project.yml`.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn new(files: Files) -> Result<Pack, PipelineError> {
        #[derive(Deserialize)]
        struct Named {
            name: String,
        }
        let place = files.name().to_owned();
        let wrong = |source| PipelineError::Pack { pack: place.clone(), source: Box::new(source) };
        let text = files
            .text("dbt_project.yml")
            .map_err(wrong)?
            .ok_or_else(|| PipelineError::NoProject { path: files.name().into() })?;
        let named: Named = serde_saphyr::from_str(text).map_err(|error| PipelineError::Board {
            pack: files.name().to_owned(),
            path: "dbt_project.yml".to_owned(),
            message: error.to_string(),
        })?;
        Ok(Pack { name: named.name, files })
    }
}

/// Reads the pack in a folder.
///
/// # Errors
/// `NoProject` without a `dbt_project.yml`; otherwise what is wrong with the files.
pub fn load_directory(directory: &Path) -> Result<Pack, PipelineError> {
    let files = Files::from_dir(directory).map_err(|source| PipelineError::Pack {
        pack: directory.display().to_string(),
        source: Box::new(source),
    })?;
    let pack = Pack::new(files)?;
    // Whatever is wrong is said now, not when the pack is run.
    boards(&pack)?;
    Ok(pack)
}

/// All packs of the workspace, with the local packages that they name and nobody has added.
///
/// # Errors
/// `NoPack` when there is none; otherwise what cannot be read.
pub async fn load_all(metastore: &Metastore, builtin: &Builtin) -> Result<Vec<Pack>, PipelineError> {
    let mut packs: Vec<Pack> = Vec::new();
    let mut needed = Vec::new();
    for row in metastore.packs().await? {
        let pack = match &row.place {
            PackPlace::Builtin => Pack::new(
                builtin(&row.name).ok_or_else(|| PipelineError::NoBuiltin { name: row.name.clone() })?,
            )?,
            PackPlace::Directory(path) => {
                let pack = load_directory(path)?;
                needed.extend(local_packages(&pack).into_iter().map(|local| path.join(local)));
                pack
            }
        };
        packs.push(pack);
    }
    while let Some(path) = needed.pop() {
        let pack = load_directory(&path)?;
        if !packs.iter().any(|known| known.name == pack.name) {
            needed.extend(local_packages(&pack).into_iter().map(|local| path.join(local)));
            packs.push(pack);
        }
    }
    if packs.is_empty() { Err(PipelineError::NoPack) } else { Ok(packs) }
}

/// The folders that `packages.yml` names with `local:`.
fn local_packages(pack: &Pack) -> Vec<String> {
    #[derive(Deserialize)]
    struct Packages {
        #[serde(default)]
        packages: Vec<Package>,
    }
    #[derive(Deserialize)]
    struct Package {
        local: Option<String>,
    }
    let Ok(Some(text)) = pack.files.text("packages.yml") else { return Vec::new() };
    let packages: Packages = serde_saphyr::from_str(text).unwrap_or(Packages { packages: Vec::new() });
    packages.packages.into_iter().filter_map(|package| package.local).collect()
}

/// One dbt project of all packs. `vars` win over what the packs say.
///
/// # Errors
/// `Pack` with file, line and remedy.
pub fn project(
    packs: &[Pack],
    vars: serde_json::Map<String, serde_json::Value>,
) -> Result<Project, PipelineError> {
    let mut files = Files::from_memory(
        "packs",
        [
            ("dbt_project.yml".to_owned(), format!("name: {ROOT}\nversion: '1.0'\nmacro-paths: [macros]\n")),
            ("macros/generate_schema_name.sql".to_owned(), SCHEMA_RULE.to_owned()),
        ],
    );
    for pack in packs {
        for path in pack.files.paths() {
            // The packages that a pack brings along are packs of their own here.
            if path != "packages.yml"
                && !path.starts_with("dbt_packages/")
                && let Some(bytes) = pack.files.bytes(path)
            {
                files.insert(format!("dbt_packages/{}/{path}", pack.name), bytes);
            }
        }
    }
    let options = LoadOptions { vars, ..LoadOptions::default() };
    let names: Vec<&str> = packs.iter().map(Pack::name).collect();
    Project::load(&files, &options)
        .map_err(|source| PipelineError::Pack { pack: names.join("`, `"), source: Box::new(source) })
}

/// The definitions that an edition carries.
///
/// # Errors
/// `Board` when a board cannot be read, `Access` when a rule cannot.
pub fn bundle(packs: &[Pack], project: &Project, inputs: String) -> Result<Bundle, PipelineError> {
    let mut bundle =
        Bundle { inputs, lineage: lineage(project), rules: access::rules(project)?, ..Bundle::default() };
    let mut ids = BTreeSet::new();
    for pack in packs {
        bundle.metrics.extend(metrics(pack)?);
        for board in boards(pack)? {
            if !ids.insert(board.id.clone()) {
                return Err(PipelineError::Board {
                    pack: pack.name.clone(),
                    path: board.id.clone(),
                    message: "there is another board with this id; rename one of them".to_owned(),
                });
            }
            bundle.boards.push(board);
        }
    }
    Ok(bundle)
}

const YAML: [&str; 2] = [".yml", ".yaml"];

fn metrics(pack: &Pack) -> Result<Vec<MetricsText>, PipelineError> {
    let mut texts = Vec::new();
    for folder in ["metrics", "models"] {
        for path in pack.files.below(folder, &YAML) {
            let text = text(pack, path)?;
            if folder == "metrics" || text.contains("semantic_models:") || text.contains("\nmetrics:") {
                texts.push(MetricsText {
                    pack: pack.name.clone(),
                    path: path.to_owned(),
                    text: text.to_owned(),
                });
            }
        }
    }
    Ok(texts)
}

fn boards(pack: &Pack) -> Result<Vec<Board>, PipelineError> {
    let mut boards = Vec::new();
    for path in pack.files.below("boards", &YAML) {
        let board = serde_saphyr::from_str(text(pack, path)?).map_err(|error| PipelineError::Board {
            pack: pack.name.clone(),
            path: path.to_owned(),
            message: error.to_string().lines().map(str::trim).collect::<Vec<_>>().join(" "),
        })?;
        boards.push(board);
    }
    Ok(boards)
}

fn text<'a>(pack: &'a Pack, path: &str) -> Result<&'a str, PipelineError> {
    let text = pack.files.text(path);
    let text =
        text.map_err(|source| PipelineError::Pack { pack: pack.name.clone(), source: Box::new(source) })?;
    Ok(text.unwrap_or_default())
}

fn lineage(project: &Project) -> Vec<LineageNode> {
    let mut relation_of: BTreeMap<&str, String> = BTreeMap::new();
    for (id, node) in &project.nodes {
        relation_of.insert(id, node.relation.to_string());
    }
    for (id, source) in &project.sources {
        relation_of.insert(id, source.relation.to_string());
    }
    let checks = |id: &str| {
        let count = project.tests.values().filter(|test| test.attached.as_deref() == Some(id)).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    };
    let parents = |ids: &[String]| {
        ids.iter().filter_map(|id| relation_of.get(id.as_str()).cloned()).collect::<Vec<String>>()
    };
    let nodes = project.nodes.iter().map(|(id, node)| LineageNode {
        relation: node.relation.to_string(),
        layer: if node.relation.schema == "marts" { Layer::Marts } else { Layer::Staging },
        description: node.description.clone(),
        parents: parents(&node.depends_on),
        checks: checks(id),
    });
    let sources = project.sources.iter().map(|(id, source)| LineageNode {
        relation: source.relation.to_string(),
        layer: Layer::Raw,
        description: source.description.clone(),
        parents: Vec::new(),
        checks: checks(id),
    });
    nodes.chain(sources).collect()
}

/// A hash of everything that the packs' files and vars say.
pub fn inputs_hash(packs: &[Pack], vars: &serde_json::Map<String, serde_json::Value>) -> String {
    let mut digest = Sha256::new();
    let mut add = |bytes: &[u8]| {
        digest.update((bytes.len() as u64).to_le_bytes());
        digest.update(bytes);
    };
    add(env!("CARGO_PKG_VERSION").as_bytes());
    for (name, value) in vars {
        add(name.as_bytes());
        add(value.to_string().as_bytes());
    }
    for pack in packs {
        add(pack.name.as_bytes());
        for path in pack.files.paths() {
            add(path.as_bytes());
            add(pack.files.bytes(path).unwrap_or_default());
        }
    }
    let mut hash = String::with_capacity(64);
    for byte in digest.finalize() {
        // Writing to a string cannot fail.
        let _ = write!(hash, "{byte:02x}");
    }
    hash
}
