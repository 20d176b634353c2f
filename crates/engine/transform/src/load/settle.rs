//! One node's settings, from the general to the particular, and the tables that nodes make.
//!
//! Does not read files (`found`). Invariant: two nodes never make the same table.

use std::collections::BTreeMap;
use std::sync::Arc;

use lake::TableName;
use minijinja::Value;
use minijinja::value::Serde;
use serde_json::{Map, Value as Json, json};

use super::found::{Found, Raw};
use super::{Loader, unique_id};
use crate::data_tests::digest;
use crate::errors::TransformError;
use crate::jinja::{Base, Named, Phase, Subject, named_in};
use crate::node::{Exposure, Node, NodeKind, Reader, Settings, Source, texts};
use crate::project::tree_settings;

impl Loader {
    /// The node, or none if it is disabled.
    pub(super) fn node(&mut self, raw: &Raw, found: &Found) -> Result<Option<Node>, TransformError> {
        let Some(kind) = raw.kind else { return Ok(None) };
        let subject = self.subject(raw, kind.word());
        let patch = found.patch(raw);
        let tree = match kind {
            NodeKind::Model => "models",
            NodeKind::Seed => "seeds",
            NodeKind::Snapshot => "snapshots",
        };
        let mut settings = self.general(raw, tree, &subject)?;
        if let Some(patch) = patch {
            settings.add(self.rendered(&patch.settings, &subject, &patch.place)?);
        }
        let mut depends_on = Vec::new();
        let id = unique_id(kind, &subject.package, &raw.name);
        let place = crate::errors::Place::file(raw.file.clone());
        let enabled = |settings: &Map<String, Json>| {
            let reader = Reader { settings, subject: subject.to_string(), place: place.clone() };
            Ok::<_, TransformError>(reader.truth("enabled")?.unwrap_or(true))
        };
        if kind != NodeKind::Seed {
            // A disabled node may still switch itself on, so its template is read either way.
            let base = Base {
                this: Some(TableName::new(self.world.target.schema.clone(), raw.name.to_lowercase())),
                settings: settings.all.clone(),
                model: json!({"name": raw.name, "unique_id": id, "resource_type": kind.word(), "package_name": subject.package}),
            };
            let scope = self.scope(subject.clone(), base, Phase::Parse);
            match self.engine.render(&raw.template, &scope) {
                Ok(_) => {}
                Err(_) if !enabled(&settings.all)? => return Ok(None),
                Err(error) => return Err(error),
            }
            let collected = std::mem::take(&mut *scope.collected());
            settings.add(collected.settings);
            depends_on = collected.depends_on;
        }
        if !enabled(&settings.all)? {
            return Ok(None);
        }
        let reader = Reader { settings: &settings.all, subject: subject.to_string(), place: place.clone() };
        let materialized = reader.materialized(kind)?;
        self.hooks(&settings, &subject, &place);
        Ok(Some(Node {
            kind,
            name: raw.name.clone(),
            file: raw.file.clone(),
            line: raw.line,
            fqn: raw.fqn.clone(),
            // Named once all nodes are known.
            relation: TableName::new(self.world.target.schema.clone(), raw.name.to_lowercase()),
            materialized,
            tags: settings.all.get("tags").map(texts).unwrap_or_default(),
            meta: match settings.all.get("meta") {
                Some(Json::Object(meta)) => meta.clone(),
                _ => Map::new(),
            },
            description: patch.map(|patch| patch.description.clone()).unwrap_or_default(),
            columns: patch.map(|patch| patch.columns.clone()).unwrap_or_default(),
            patch: patch.map(|patch| patch.place.clone()),
            settings: settings.all,
            depends_on,
            checksum: digest(&raw.code),
            raw_code: raw.code.clone(),
            template: raw.template.clone(),
            package: subject.package,
            id,
        }))
    }

    /// The lake runs no statements around a model: what asks for it is told so.
    fn hooks(&mut self, settings: &Settings, subject: &Subject, place: &crate::errors::Place) {
        for hook in ["pre_hook", "post_hook", "pre-hook", "post-hook"] {
            if settings.all.get(hook).is_some_and(|hook| !texts(hook).is_empty()) {
                let message =
                    format!("{place}: {subject}: `{hook}` is passed over; put the work into the model");
                self.warnings.push(message);
            }
        }
    }

    pub(super) fn subject(&self, raw: &Raw, kind: &'static str) -> Subject {
        let package = self.packages[raw.package].name.clone();
        Subject { kind, name: raw.name.clone(), package, file: raw.file.clone() }
    }

    /// What `dbt_project.yml` says: the package's own, and above it the root's.
    pub(super) fn general(
        &self,
        raw: &Raw,
        tree: &str,
        subject: &Subject,
    ) -> Result<Settings, TransformError> {
        let mut settings = Settings::default();
        let own = &self.packages[raw.package];
        let root = (raw.package > 0).then(|| &self.packages[0]);
        for package in [Some(own), root].into_iter().flatten() {
            let Some(tree) = package.trees.get(tree) else { continue };
            let file = package.path("dbt_project.yml");
            let place = tree.place(&file);
            settings.add(self.rendered(&tree_settings(tree, &raw.fqn), subject, &place)?);
        }
        Ok(settings)
    }

    pub(super) fn rendered(
        &self,
        settings: &[(String, Json)],
        subject: &Subject,
        place: &crate::errors::Place,
    ) -> Result<Vec<(String, Json)>, TransformError> {
        let scope = self.yaml_scope(subject.clone());
        let hook = |key: &str| key.contains("hook");
        settings
            .iter()
            .map(|(key, value)| {
                let value =
                    if hook(key) { value.clone() } else { self.engine.value(value, &scope, place)? };
                Ok((key.clone(), value))
            })
            .collect()
    }

    pub(super) fn sources(&self, found: &Found) -> Result<BTreeMap<String, Source>, TransformError> {
        let mut sources = BTreeMap::new();
        for (at, decl) in &found.sources {
            let package = found.package(*at).to_owned();
            let name = format!("{}.{}", decl.source, decl.table);
            let subject = Subject { kind: "source", name, package, file: decl.place.file.clone() };
            let mut settings = Settings::default();
            if let Some(tree) = self.packages[*at].trees.get("sources") {
                let fqn = [subject.package.clone(), decl.source.clone(), decl.table.clone()];
                settings.add(self.rendered(&tree_settings(tree, &fqn), &subject, &decl.place)?);
            }
            settings.add(self.rendered(&decl.settings, &subject, &decl.place)?);
            let reader =
                Reader { settings: &settings.all, subject: subject.to_string(), place: decl.place.clone() };
            if !reader.truth("enabled")?.unwrap_or(true) {
                continue;
            }
            let text = |text: &str| -> Result<String, TransformError> {
                let value =
                    self.engine.value(&Json::from(text), &self.yaml_scope(subject.clone()), &decl.place)?;
                Ok(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
            };
            let relation =
                TableName::new(text(&decl.schema)?.to_lowercase(), text(&decl.identifier)?.to_lowercase());
            checked(&relation, || (subject.to_string(), decl.place.clone()))?;
            let id = format!("source.{}.{}.{}", subject.package, decl.source, decl.table);
            sources.insert(
                id.clone(),
                Source {
                    id,
                    source: decl.source.clone(),
                    table: decl.table.clone(),
                    relation,
                    description: decl.description.clone(),
                    source_description: decl.source_description.clone(),
                    loaded_at_field: decl.loaded_at_field.clone(),
                    loaded_at_query: decl.loaded_at_query.clone(),
                    freshness: decl.freshness.clone(),
                    columns: decl.columns.clone(),
                    tags: reader.list("tags"),
                    meta: match settings.all.get("meta") {
                        Some(Json::Object(meta)) => meta.clone(),
                        _ => Map::new(),
                    },
                    place: decl.place.clone(),
                    package: subject.package,
                },
            );
        }
        Ok(sources)
    }

    /// Schema and name of every node, by the project's `generate_schema_name` and `generate_alias_name` if it has them.
    pub(super) fn name_tables(
        &mut self,
        nodes: &mut [Node],
        sources: &BTreeMap<String, Source>,
    ) -> Result<(), TransformError> {
        let mut made: BTreeMap<TableName, String> = BTreeMap::new();
        for node in nodes.iter_mut() {
            let asked = |key: &str| node.settings.get(key).and_then(Json::as_str).map(str::to_owned);
            let old = if node.kind == NodeKind::Snapshot { asked("target_schema") } else { None };
            let schema = match old {
                Some(schema) => schema,
                None => self.named("generate_schema_name", "custom_schema_name", asked("schema"), node)?,
            };
            let name = self.named("generate_alias_name", "custom_alias_name", asked("alias"), node)?;
            let table = TableName::new(schema.to_lowercase(), name.to_lowercase());
            checked(&table, || (format!("{} `{}`", node.kind.word(), node.name), node.place()))?;
            if let Some(first) = made.insert(table.clone(), node.file.clone()) {
                return Err(TransformError::SameRelation { table, first, second: node.file.clone() });
            }
            node.relation = table;
        }
        let mut names = (*self.world.names).clone();
        names.relations = nodes.iter().map(|node| (node.id.clone(), node.relation.clone())).collect();
        names.relations.extend(sources.values().map(|source| (source.id.clone(), source.relation.clone())));
        self.world.names = Arc::new(names);
        Ok(())
    }

    /// A custom schema is the schema itself (`marts`, not dbt's `main_marts`) unless the project's own macro says otherwise.
    fn named(
        &self,
        macro_name: &str,
        argument: &str,
        asked: Option<String>,
        node: &Node,
    ) -> Result<String, TransformError> {
        let root = &self.packages[0].name;
        let Some(own) = self.engine.macros().find(root, macro_name) else {
            let default =
                if macro_name == "generate_alias_name" { &node.name } else { &self.world.target.schema };
            return Ok(asked.unwrap_or_else(|| default.clone()));
        };
        let subject = Subject {
            kind: node.kind.word(),
            name: node.name.clone(),
            package: root.clone(),
            file: node.file.clone(),
        };
        let model = json!({
            "name": node.name, "unique_id": node.id, "resource_type": node.kind.word(), "package_name": node.package,
            "fqn": node.fqn, "tags": node.tags, "path": node.file, "config": node.settings,
        });
        let base = Base { this: None, settings: node.settings.clone(), model: model.clone() };
        let phase = Phase::Run { asker: None, allowed: None, incremental: false, full_refresh: false };
        let scope = self.scope(subject, base, phase);
        let asked = asked.map_or_else(|| Value::from(()), Value::from);
        let arguments =
            BTreeMap::from([(argument.to_owned(), asked), ("node".to_owned(), Value::from(Serde(&model)))]);
        Ok(self.engine.call(&own, arguments, &scope)?.text.trim().to_owned())
    }

    pub(super) fn exposures(&self, found: &Found) -> Result<Vec<Exposure>, TransformError> {
        let mut exposures = Vec::new();
        for (at, decl) in &found.exposures {
            let package = found.package(*at).to_owned();
            let mut depends_on = Vec::new();
            for text in &decl.depends_on {
                let id = match named_in(text) {
                    Some(Named::Ref(of, name)) => {
                        self.world.names.node(of.as_deref(), &name, &package).map(str::to_owned)
                    }
                    Some(Named::Source(source, table)) => {
                        self.world.names.source(&source, &table).map(str::to_owned)
                    }
                    // Metrics are another room's.
                    None => continue,
                };
                depends_on.push(id.map_err(|message| TransformError::Property {
                    place: decl.place.clone(),
                    message: format!("exposure `{}`: {message}", decl.name),
                })?);
            }
            exposures.push(Exposure {
                id: format!("exposure.{package}.{}", decl.name),
                name: decl.name.clone(),
                raw: decl.raw.clone(),
                place: decl.place.clone(),
                depends_on,
                package,
            });
        }
        Ok(exposures)
    }
}

fn checked(
    table: &TableName,
    what: impl FnOnce() -> (String, crate::errors::Place),
) -> Result<(), TransformError> {
    table.check().map_err(|error| {
        let (subject, place) = what();
        TransformError::Property { place, message: format!("{subject}: {error}") }
    })
}
