//! Data tests of property files and singular tests, joined to what they test.
//!
//! Does not write their SQL (`test_sql`). Invariant: a test that loads names a rule that exists.

use std::collections::BTreeMap;
use std::sync::Arc;

use lake::TableName;
use serde_json::{Map, Value as Json, json};

use super::Loader;
use super::found::{Found, Raw};
use crate::data_tests::{TestConfig, TestKind, TestNode, digest, generic_name};
use crate::errors::{TransformError, did_you_mean};
use crate::jinja::{Base, MacroName, Named, Phase, Subject, named_in};
use crate::node::{Node, NodeKind, Reader, Settings, Source, texts};
use crate::project::tree_settings;
use crate::schema_yml::TestDecl;

/// What a generic test is declared on.
struct On<'a> {
    id: &'a str,
    /// How the test's name calls it: `orders`, or `source_crm_deals`.
    label: String,
    relation: &'a TableName,
    fqn: Vec<String>,
    package: &'a str,
}

impl Loader {
    pub(super) fn tests(
        &self,
        found: &Found,
        nodes: &BTreeMap<String, Arc<Node>>,
        sources: &BTreeMap<String, Source>,
    ) -> Result<BTreeMap<String, TestNode>, TransformError> {
        let mut tests = BTreeMap::new();
        let mut keep = |test: Option<TestNode>| match test {
            Some(test) => match tests.insert(test.id.clone(), test) {
                None => Ok(()),
                Some(other) => Err(TransformError::Property {
                    place: other.place,
                    message: format!(
                        "data test `{}` is declared twice; remove one, or give it a `name`",
                        other.name
                    ),
                }),
            },
            None => Ok(()),
        };
        for (at, kind, name, decl) in found.declared_tests() {
            let package = found.package(at);
            // A disabled model takes its tests along.
            let Some(node) = nodes.get(&super::unique_id(kind, package, name)) else { continue };
            let folders = node.fqn.len().saturating_sub(1);
            let on = On {
                id: &node.id,
                label: node.name.clone(),
                relation: &node.relation,
                fqn: node.fqn[..folders].to_vec(),
                package,
            };
            keep(self.generic(decl, &on)?)?;
        }
        for (at, source) in &found.sources {
            let package = found.package(*at);
            let id = format!("source.{package}.{}.{}", source.source, source.table);
            let Some(known) = sources.get(&id) else { continue };
            let on = On {
                id: &id,
                label: format!("source_{}_{}", source.source, source.table),
                relation: &known.relation,
                fqn: vec![package.to_owned()],
                package,
            };
            for decl in &source.tests {
                keep(self.generic(decl, &on)?)?;
            }
        }
        for raw in found.raw.iter().filter(|raw| raw.kind.is_none()) {
            keep(self.singular(raw, found)?)?;
        }
        Ok(tests)
    }

    fn generic(&self, decl: &TestDecl, on: &On) -> Result<Option<TestNode>, TransformError> {
        let callee = self.rule(decl, on.package)?;
        let (rule_package, rule) = match decl.test.split_once('.') {
            Some((package, rule)) => (Some(package), rule),
            None => (None, decl.test.as_str()),
        };
        let prefixed = match rule_package {
            Some(package) => format!("{package}_{rule}"),
            None => rule.to_owned(),
        };
        let full = generic_name(&prefixed, &on.label, decl.column.as_deref(), &decl.arguments);
        let name = decl.name.clone().unwrap_or_else(|| full.clone());
        let subject = Subject {
            kind: "data test",
            name: name.clone(),
            package: on.package.to_owned(),
            file: decl.place.file.clone(),
        };
        let mut fqn = on.fqn.clone();
        fqn.push(name.clone());
        let mut settings = self.test_settings(&fqn, &subject, on.package, &decl.place)?;
        settings.add(self.rendered(&decl.settings, &subject, &decl.place)?);
        let reader =
            Reader { settings: &settings.all, subject: subject.to_string(), place: decl.place.clone() };
        if !reader.truth("enabled")?.unwrap_or(true) {
            return Ok(None);
        }
        let config = TestConfig::read(&reader)?;
        let mut depends_on = vec![on.id.to_owned()];
        let arguments = self.arguments(decl, &subject, &mut depends_on)?;
        let hash = digest(&format!("{full}:{}:{name}", Json::from(decl.arguments.clone())));
        Ok(Some(TestNode {
            id: format!("test.{}.{name}.{}", on.package, &hash[..10]),
            kind: TestKind::Generic { test: rule.to_owned(), package: callee.package.clone(), arguments },
            attached: Some(on.id.to_owned()),
            relation: Some(on.relation.clone()),
            column: decl.column.clone(),
            config,
            description: decl.description.clone(),
            tags: settings.all.get("tags").map(texts).unwrap_or_default(),
            depends_on,
            place: decl.place.clone(),
            package: on.package.to_owned(),
            fqn,
            template: None,
            macro_name: Some((callee.package, callee.name)),
            raw_arguments: decl.arguments.clone(),
            settings: settings.all,
            name,
        }))
    }

    /// The macro `test_<rule>`.
    fn rule(&self, decl: &TestDecl, package: &str) -> Result<MacroName, TransformError> {
        let macros = self.engine.macros();
        let found = match decl.test.split_once('.') {
            Some((of, rule)) => macros
                .all()
                .find(|(package, name, _)| *package == of && *name == format!("test_{rule}"))
                .map(|(package, name, _)| MacroName { package: package.to_owned(), name: name.to_owned() }),
            None => macros.find(package, &format!("test_{}", decl.test)),
        };
        found.ok_or_else(|| {
            let known = macros.all().filter_map(|(_, name, _)| name.strip_prefix("test_"));
            let remedy =
                did_you_mean(&decl.test, known, "add a `{% test %}` of that name under `tests/generic`");
            TransformError::Property {
                place: decl.place.clone(),
                message: format!("no generic test is called `{}`; {remedy}", decl.test),
            }
        })
    }

    /// Arguments for a person and for `check`: rendered, tables as `schema.name`.
    fn arguments(
        &self,
        decl: &TestDecl,
        subject: &Subject,
        depends_on: &mut Vec<String>,
    ) -> Result<Map<String, Json>, TransformError> {
        let mut arguments = Map::new();
        for (key, value) in &decl.arguments {
            let id = match value.as_str().and_then(inner_call).as_deref().and_then(named_in) {
                Some(Named::Ref(package, name)) => {
                    self.world.names.node(package.as_deref(), &name, &subject.package)
                }
                Some(Named::Source(source, table)) => self.world.names.source(&source, &table),
                None => {
                    let scope = self.yaml_scope(subject.clone());
                    arguments.insert(key.clone(), self.engine.value(value, &scope, &decl.place)?);
                    continue;
                }
            };
            let id = id.map_err(|message| TransformError::Property {
                place: decl.place.clone(),
                message: format!("{subject}: {message}"),
            })?;
            let Some(table) = self.world.names.relations.get(id) else {
                return Err(TransformError::Property {
                    place: decl.place.clone(),
                    message: format!("{subject}: {value} is disabled; enable it, or remove the test"),
                });
            };
            if !depends_on.iter().any(|known| known == id) {
                depends_on.push(id.to_owned());
            }
            arguments.insert(key.clone(), Json::from(table.to_string()));
        }
        Ok(arguments)
    }

    fn test_settings(
        &self,
        fqn: &[String],
        subject: &Subject,
        package: &str,
        place: &crate::errors::Place,
    ) -> Result<Settings, TransformError> {
        let mut settings = Settings::default();
        let own = self.packages.iter().position(|known| known.name == package).unwrap_or_default();
        let root = (own > 0).then_some(0);
        for at in [Some(own), root].into_iter().flatten() {
            if let Some(tree) = self.packages[at].trees.get("data_tests") {
                settings.add(self.rendered(&tree_settings(tree, fqn), subject, place)?);
            }
        }
        Ok(settings)
    }

    fn singular(&self, raw: &Raw, found: &Found) -> Result<Option<TestNode>, TransformError> {
        let subject = self.subject(raw, "data test");
        let patch = found.patch(raw);
        let place = crate::errors::Place::file(raw.file.clone());
        let mut settings = self.test_settings(&raw.fqn, &subject, &subject.package, &place)?;
        if let Some(patch) = patch {
            settings.add(self.rendered(&patch.settings, &subject, &patch.place)?);
        }
        let base = Base { this: None, settings: settings.all.clone(), model: json!({"name": raw.name}) };
        let scope = self.scope(subject.clone(), base, Phase::Parse);
        self.engine.render(&raw.template, &scope)?;
        let collected = std::mem::take(&mut *scope.collected());
        settings.add(collected.settings);
        let reader = Reader { settings: &settings.all, subject: subject.to_string(), place: place.clone() };
        if !reader.truth("enabled")?.unwrap_or(true) {
            return Ok(None);
        }
        let attached = match collected.depends_on.as_slice() {
            [only] if only.starts_with(NodeKind::Model.word()) => Some(only.clone()),
            _ => None,
        };
        Ok(Some(TestNode {
            id: format!("test.{}.{}", subject.package, raw.name),
            name: raw.name.clone(),
            kind: TestKind::Singular,
            relation: attached.as_ref().and_then(|id| self.world.names.relations.get(id).cloned()),
            attached,
            column: None,
            config: TestConfig::read(&reader)?,
            description: patch.map(|patch| patch.description.clone()).unwrap_or_default(),
            tags: settings.all.get("tags").map(texts).unwrap_or_default(),
            depends_on: collected.depends_on,
            place,
            fqn: raw.fqn.clone(),
            template: Some(raw.template.clone()),
            macro_name: None,
            raw_arguments: Map::new(),
            settings: settings.all,
            package: subject.package,
        }))
    }
}

/// `ref('x')` from `ref('x')` or `{{ ref('x') }}`.
pub(crate) fn inner_call(text: &str) -> Option<String> {
    let text = text.trim();
    let inner = text.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}")).unwrap_or(text);
    Some(inner.trim().to_owned()).filter(|inner| inner.starts_with("ref") || inner.starts_with("source"))
}
