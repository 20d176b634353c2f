//! From files to a [`Project`]: read, parse, settle the settings, name the tables, join the tests, order.
//!
//! Does not build tables (`build`). Invariant: a project that loads has no unknown name, no circle and no setting out of place.

mod docs;
mod found;
mod settle;
mod tests_of;

pub(crate) use tests_of::inner_call;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use chrono::DateTime;
use lake::TableName;
use serde_json::{Map, Value as Json};

use crate::data_tests::TestNode;
use crate::errors::TransformError;
use crate::files::Files;
use crate::graph::Graph;
use crate::jinja::{Base, Engine, Names, Phase, Scope, Subject, World};
use crate::node::{Exposure, Node, NodeKind, Source};
use crate::project::{self, LoadOptions, Package, Target};
use crate::select::{self, Item};

/// A dbt project, understood and ready to build.
#[derive(Debug, Clone)]
pub struct Project {
    pub name: String,
    pub target: Target,
    /// By unique id.
    pub nodes: BTreeMap<String, Arc<Node>>,
    /// By unique id.
    pub sources: BTreeMap<String, Source>,
    /// By unique id.
    pub tests: BTreeMap<String, TestNode>,
    pub exposures: Vec<Exposure>,
    /// What was passed over, for a person to read.
    pub warnings: Vec<String>,
    pub graph: Graph,
    pub(crate) engine: Engine,
    pub(crate) names: Arc<Names>,
    pub(crate) env: Arc<BTreeMap<String, String>>,
    /// Package name → its vars.
    pub(crate) vars: BTreeMap<String, Arc<Map<String, Json>>>,
}

/// Unique ids that a run covers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    pub ids: BTreeSet<String>,
}

impl Selection {
    pub fn contains(&self, id: &str) -> bool {
        self.ids.contains(id)
    }
}

impl Project {
    /// Reads the project in `files`. Nothing of the lake is needed.
    pub fn load(files: &Files, options: &LoadOptions) -> Result<Project, TransformError> {
        let packages = project::packages(files)?;
        let vars = packages
            .iter()
            .map(|package| {
                let vars = project::vars_for(&packages[0], package, options);
                (package.name.clone(), Arc::new(vars))
            })
            .collect();
        let found = found::gather(files, &packages)?;
        let mut loader = Loader {
            world: World {
                names: Arc::new(found.names()?),
                macros: Some(found.engine.macros().clone()),
                env: Arc::new(options.env.clone()),
                target: options.target.clone(),
                project: packages[0].name.clone(),
                now: DateTime::UNIX_EPOCH,
                invocation: String::new(),
            },
            engine: found.engine.clone(),
            packages,
            vars,
            warnings: found.warnings.clone(),
        };
        loader.finish(&found)
    }

    /// Reads the project in the folder `dir`.
    pub fn load_dir(dir: &Path, options: &LoadOptions) -> Result<Project, TransformError> {
        Project::load(&Files::from_dir(dir)?, options)
    }

    /// The ids that `include` names (all, if empty) without those of `exclude`; dbt's `--select` and `--exclude`.
    pub fn select(&self, include: &str, exclude: &str) -> Result<Selection, TransformError> {
        let ids = select::select(include, exclude, &self.items(), &self.graph)?;
        Ok(Selection { ids })
    }

    /// The node that makes `table`.
    pub fn node_of(&self, table: &TableName) -> Option<&Arc<Node>> {
        self.nodes.values().find(|node| node.relation == *table)
    }

    /// Every table and view that the project makes: what an edition holds of it.
    pub fn makes(&self) -> BTreeSet<TableName> {
        self.nodes.values().map(|node| node.relation.clone()).collect()
    }

    fn items(&self) -> Vec<Item> {
        let nodes = self.nodes.values().map(|node| Item {
            id: node.id.clone(),
            kind: node.kind.word(),
            name: node.name.clone(),
            package: node.package.clone(),
            fqn: node.fqn.clone(),
            file: node.file.clone(),
            tags: node.tags.clone(),
            settings: node.settings.clone(),
            source: None,
            test: None,
        });
        let sources = self.sources.values().map(|source| Item {
            id: source.id.clone(),
            kind: "source",
            name: source.table.clone(),
            package: source.package.clone(),
            fqn: vec![source.package.clone(), source.source.clone(), source.table.clone()],
            file: source.place.file.clone(),
            tags: source.tags.clone(),
            settings: Map::new(),
            source: Some((source.source.clone(), source.table.clone())),
            test: None,
        });
        let tests = self.tests.values().map(|test| Item {
            id: test.id.clone(),
            kind: "test",
            name: test.name.clone(),
            package: test.package.clone(),
            fqn: test.fqn.clone(),
            file: test.place.file.clone(),
            tags: test.tags.clone(),
            settings: test.settings.clone(),
            source: None,
            test: Some(match &test.kind {
                crate::data_tests::TestKind::Generic { test, .. } => test.clone(),
                crate::data_tests::TestKind::Singular => String::new(),
            }),
        });
        let exposures = self.exposures.iter().map(|exposure| Item {
            id: exposure.id.clone(),
            kind: "exposure",
            name: exposure.name.clone(),
            package: exposure.package.clone(),
            fqn: vec![exposure.package.clone(), exposure.name.clone()],
            file: exposure.place.file.clone(),
            tags: Vec::new(),
            settings: Map::new(),
            source: None,
            test: None,
        });
        nodes.chain(sources).chain(tests).chain(exposures).collect()
    }
}

/// A load in progress.
struct Loader {
    engine: Engine,
    world: World,
    packages: Vec<Package>,
    vars: BTreeMap<String, Arc<Map<String, Json>>>,
    warnings: Vec<String>,
}

impl Loader {
    fn finish(&mut self, found: &found::Found) -> Result<Project, TransformError> {
        let mut nodes = Vec::new();
        for raw in &found.raw {
            nodes.extend(self.node(raw, found)?);
        }
        let sources = self.sources(found)?;
        self.name_tables(&mut nodes, &sources)?;
        let nodes: BTreeMap<String, Arc<Node>> =
            nodes.into_iter().map(|node| (node.id.clone(), Arc::new(node))).collect();
        for node in nodes.values() {
            self.reads_nothing_disabled(node)?;
        }
        let tests = self.tests(found, &nodes, &sources)?;
        let exposures = self.exposures(found)?;
        let edges = nodes
            .values()
            .map(|node| (node.id.clone(), node.depends_on.clone()))
            .chain(sources.keys().map(|id| (id.clone(), Vec::new())))
            .chain(tests.values().map(|test| (test.id.clone(), test.depends_on.clone())))
            .chain(exposures.iter().map(|exposure| (exposure.id.clone(), exposure.depends_on.clone())));
        let graph = Graph::new(edges)?;
        Ok(Project {
            name: self.packages[0].name.clone(),
            target: self.world.target.clone(),
            nodes,
            sources,
            tests,
            exposures,
            warnings: std::mem::take(&mut self.warnings),
            graph,
            engine: self.engine.clone(),
            names: self.world.names.clone(),
            env: self.world.env.clone(),
            vars: std::mem::take(&mut self.vars),
        })
    }

    fn scope(&self, subject: Subject, base: Base, phase: Phase) -> Arc<Scope> {
        let vars = self.vars.get(&subject.package).cloned().unwrap_or_default();
        Scope::new(subject, Arc::new(self.world.clone()), vars, base, phase)
    }

    /// For texts of property files and the project file, where macros cannot be called.
    fn yaml_scope(&self, subject: Subject) -> Arc<Scope> {
        let vars = self.vars.get(&subject.package).cloned().unwrap_or_default();
        let world = World { macros: None, ..self.world.clone() };
        Scope::new(subject, Arc::new(world), vars, Base::default(), Phase::Parse)
    }

    fn reads_nothing_disabled(&self, node: &Node) -> Result<(), TransformError> {
        let Some(id) = node.depends_on.iter().find(|id| !self.world.names.relations.contains_key(*id)) else {
            return Ok(());
        };
        let name = id.rsplit('.').next().unwrap_or(id);
        Err(TransformError::Jinja {
            subject: format!("{} `{}`", node.kind.word(), node.name),
            place: node.place(),
            message: format!("reads `{name}`, which is disabled; enable it, or disable this one too"),
        })
    }
}

/// `model.shop.stg_deals`
fn unique_id(kind: NodeKind, package: &str, name: &str) -> String {
    format!("{}.{package}.{name}", kind.word())
}
