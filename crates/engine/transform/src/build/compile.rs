//! From a node to the SQL that runs, and from an error in that SQL back to the author's line.
//!
//! Does not run the SQL. Invariant: templates are rendered where blocking is allowed, for they may ask the lake.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lake::{Lake, LakeError, Relation, Relations, Session};
use minijinja::Value;
use minijinja::value::Serde;
use serde_json::{Map, json};

use super::RunContext;
use crate::data_tests::{TestKind, TestNode};
use crate::errors::{Place, TransformError};
use crate::jinja::{Asker, Base, Engine, MacroName, Phase, Rendered, Scope, Subject, World, relation_value};
use crate::load::{Project, inner_call};
use crate::node::{Materialized, Node};

/// A node's SQL, with what is needed to run it and to explain it.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) rendered: Rendered,
    pub(crate) engine: Engine,
    pub(crate) session: Session,
    /// The version of the node's table that the run started from.
    pub(crate) onto: Option<u64>,
    /// Whether the new rows join those of `onto`.
    pub(crate) incremental: bool,
}

impl Compiled {
    /// The SQL without the `;` that some authors end it with.
    pub(crate) fn sql(&self) -> &str {
        self.rendered.text.trim_end().trim_end_matches(';')
    }

    pub(crate) fn failed(&self, node: &Node, error: LakeError) -> TransformError {
        let subject = format!("{} `{}`", node.kind.word(), node.name);
        sql_failed(&self.engine, &self.rendered, subject, &node.name, error)
    }
}

/// The node's SQL; none for a seed.
pub(super) async fn node(
    project: &Arc<Project>,
    lake: &Lake,
    relations: &Arc<Relations>,
    node: &Arc<Node>,
    context: &RunContext,
) -> Result<Option<Compiled>, TransformError> {
    if matches!(node.materialized, Materialized::Seed(_)) {
        return Ok(None);
    }
    let onto = match relations.get(&node.relation) {
        Some(Relation::Table { version }) => Some(*version),
        _ => None,
    };
    let (full_refresh, incremental) = match &node.materialized {
        Materialized::Incremental(settings) => {
            let anew = settings.full_refresh.unwrap_or(context.full_refresh);
            (anew, onto.is_some() && !anew)
        }
        _ => (context.full_refresh, false),
    };
    let session = lake.session(Relations::clone(relations));
    let asker = asker(&session, relations);
    let allowed = Some(node.depends_on.iter().cloned().collect::<BTreeSet<_>>());
    let phase = Phase::Run { asker: Some(asker), allowed, incremental, full_refresh };
    let subject = Subject {
        kind: node.kind.word(),
        name: node.name.clone(),
        package: node.package.clone(),
        file: node.file.clone(),
    };
    let model = json!({
        "name": node.name, "alias": node.relation.name, "schema": node.relation.schema, "unique_id": node.id,
        "resource_type": node.kind.word(), "package_name": node.package, "fqn": node.fqn, "tags": node.tags,
        "original_file_path": node.file, "description": node.description, "config": node.settings,
        "columns": node.columns.iter().map(|column| (column.name.clone(), json!(column))).collect::<Map<_, _>>(),
    });
    let base = Base { this: Some(node.relation.clone()), settings: node.settings.clone(), model };
    let scope = project.scope(subject, base, phase, context);
    let (engine, template) = (project.engine.clone(), node.template.clone());
    let rendered = blocking(&node.name, move || engine.render(&template, &scope)).await?;
    Ok(Some(Compiled { rendered, engine: project.engine.clone(), session, onto, incremental }))
}

fn asker(session: &Session, relations: &Arc<Relations>) -> Asker {
    Asker {
        session: session.clone(),
        relations: relations.clone(),
        runtime: tokio::runtime::Handle::current(),
    }
}

/// Renders where a template may wait for the lake.
async fn blocking(
    node: &str,
    work: impl FnOnce() -> Result<Rendered, TransformError> + Send + 'static,
) -> Result<Rendered, TransformError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|failure| {
        Err(TransformError::Panicked { node: node.to_owned(), message: failure.to_string() })
    })
}

impl Project {
    fn scope(&self, subject: Subject, base: Base, phase: Phase, context: &RunContext) -> Arc<Scope> {
        let vars = self.vars.get(&subject.package).cloned().unwrap_or_default();
        let world = World {
            names: self.names.clone(),
            macros: Some(self.engine.macros().clone()),
            env: self.env.clone(),
            target: self.target.clone(),
            project: self.name.clone(),
            now: context.now,
            invocation: context.invocation.clone(),
        };
        Scope::new(subject, Arc::new(world), vars, base, phase)
    }

    /// The SQL of a data test: it selects the rows that break the rule, `where` already applied.
    ///
    /// `session` holds the relations that the run built.
    pub async fn test_sql(
        &self,
        test: &TestNode,
        session: &Session,
        context: &RunContext,
    ) -> Result<String, TransformError> {
        let relations = Arc::new(session.relations().clone());
        let phase = Phase::Run {
            asker: Some(asker(session, &relations)),
            allowed: None,
            incremental: false,
            full_refresh: false,
        };
        let subject = Subject {
            kind: "data test",
            name: test.name.clone(),
            package: test.package.clone(),
            file: test.place.file.clone(),
        };
        let model = json!({
            "name": test.name, "unique_id": test.id, "resource_type": "test", "package_name": test.package,
            "column_name": test.column, "config": test.settings,
        });
        let base = Base { this: test.relation.clone(), settings: test.settings.clone(), model };
        let scope = self.scope(subject, base, phase, context);
        let engine = self.engine.clone();
        let rendered = match (&test.template, &test.macro_name) {
            (Some(template), _) => {
                let template = template.clone();
                blocking(&test.name, move || engine.render(&template, &scope)).await
            }
            (None, Some((package, name))) => {
                let callee = MacroName { package: package.clone(), name: name.clone() };
                let arguments = self.test_arguments(test, &scope)?;
                blocking(&test.name, move || engine.call(&callee, arguments, &scope)).await
            }
            (None, None) => unreachable!("a test is a template or a macro"),
        };
        let rendered = rendered.map_err(|error| pointed(error, test))?;
        Ok(rendered.text.trim().trim_end_matches(';').to_owned())
    }

    fn test_arguments(
        &self,
        test: &TestNode,
        scope: &Arc<Scope>,
    ) -> Result<BTreeMap<String, Value>, TransformError> {
        let mut arguments = BTreeMap::new();
        for (key, value) in &test.raw_arguments {
            let value = match value.as_str().and_then(inner_call) {
                Some(call) => self.engine.expression(&call, scope, &test.place)?,
                None => Value::from(Serde(self.engine.value(value, scope, &test.place)?)),
            };
            arguments.insert(key.clone(), value);
        }
        if let Some(relation) = &test.relation {
            let model = match &test.config.where_sql {
                None => relation_value(relation),
                Some(condition) => Value::from(format!(
                    "(select * from {} where {condition}) as dbt_subquery",
                    relation.quoted()
                )),
            };
            arguments.insert("model".to_owned(), model);
        }
        if let Some(column) = &test.column {
            arguments.insert("column_name".to_owned(), Value::from(column.clone()));
        }
        Ok(arguments)
    }
}

/// A generic test's errors point at its declaration: that is where its arguments are.
fn pointed(error: TransformError, test: &TestNode) -> TransformError {
    match (error, &test.kind) {
        (TransformError::Jinja { subject, message, .. }, TestKind::Generic { .. }) => {
            TransformError::Jinja { subject, message, place: test.place.clone() }
        }
        (error, _) => error,
    }
}

/// An error of the lake about rendered SQL, at the author's line.
fn sql_failed(
    engine: &Engine,
    rendered: &Rendered,
    subject: String,
    node: &str,
    error: LakeError,
) -> TransformError {
    let LakeError::Sql { message, line, column, .. } = &error else {
        return TransformError::Lake { node: node.to_owned(), source: Box::new(error) };
    };
    // A view's own SQL is in another file: its place means nothing here.
    let in_view = message.starts_with("in view `");
    let place = match (line, column) {
        (Some(line), Some(column)) if !in_view => rendered.place(engine, *line as usize, *column as usize),
        _ => named_word(message)
            .filter(|_| !in_view)
            .and_then(|word| rendered.place_of_word(engine, word))
            .unwrap_or_else(|| whole(rendered)),
    };
    let message = tidy(message);
    TransformError::Sql { subject, place, message, source: Some(Box::new(error)) }
}

fn whole(rendered: &Rendered) -> Place {
    Place::file(rendered.file())
}

/// The identifier that a message complains about: `No field named foo`, `Invalid function 'foo'`, `table 'a.b.foo' not found`.
fn named_word(message: &str) -> Option<&str> {
    let after = [
        "no field named ",
        "No field named ",
        "invalid function '",
        "Invalid function '",
        "table '",
        "column '",
    ]
    .iter()
    .find_map(|begin| message.find(begin).map(|at| &message[at + begin.len()..]))?;
    let end =
        after.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.' | '"'))).unwrap_or(after.len());
    let word = after[..end].trim_end_matches('.').rsplit('.').next().unwrap_or_default().trim_matches('"');
    (!word.is_empty()).then_some(word)
}

/// One line, without the names of DataFusion's passes.
fn tidy(message: &str) -> String {
    let cause = message.rsplit("caused by\n").next().unwrap_or(message);
    let cause = ["Error during planning: ", "Schema error: ", "Execution error: ", "Arrow error: "]
        .iter()
        .find_map(|prefix| cause.strip_prefix(prefix))
        .unwrap_or(cause);
    // The parser's errors come in the clothes of Rust.
    let bare = ["parserError(\"", "ParserError(\"", "tokenizerError(\"", "TokenizerError(\""]
        .iter()
        .find_map(|begin| cause.strip_prefix(begin)?.strip_suffix("\")"));
    let cause = match bare {
        Some(inner) => inner.replace("\\\"", "\"").replacen("Expected", "expected", 1),
        None => cause.to_owned(),
    };
    without_place(&cause).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The place that the parser wrote into its message is that of the rendered text: misleading here.
fn without_place(message: &str) -> String {
    let Some(at) = message.find(" at Line: ") else { return message.to_owned() };
    let rest = &message[at + " at Line: ".len()..];
    let tail = rest
        .split_once("Column: ")
        .map_or("", |(_, tail)| tail.trim_start_matches(|c: char| c.is_ascii_digit()));
    format!("{}{tail}", &message[..at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_word_is_the_last_part_of_the_identifier() {
        assert_eq!(named_word("no field named d.amout. Valid fields are d.amount."), Some("amout"));
        assert_eq!(named_word("invalid function 'sume'.\nDid you mean 'sum'?"), Some("sume"));
        assert_eq!(named_word("table 'mirante.raw.deals' not found"), Some("deals"));
        assert_eq!(named_word("something else"), None);
    }

    #[test]
    fn without_place_cuts_only_the_place() {
        assert_eq!(
            without_place("expected: an expression, found: from at Line: 2, Column: 3"),
            "expected: an expression, found: from"
        );
        assert_eq!(without_place("no field named x"), "no field named x");
    }
}
