//! The Jinja engine of one project: every macro of every package, and the rendering of one template for one node.
//!
//! Does not decide what is rendered or when (`load`, `build`). Invariant: what is rendered keeps a map back to its author's lines.

mod config;
mod dispatch;
mod failure;
mod filters;
mod lines;
mod mutable;
mod names;
mod relation;
mod rows;
mod scope;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use minijinja::value::{Kwargs, Value};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior};
use serde_json::Value as Json;

pub(crate) use dispatch::MacroName;
pub(crate) use lines::Rendered;
pub(crate) use names::{Named, Names, named_in};
pub(crate) use relation::{relation_value, sql_type};
pub(crate) use scope::{Asker, Base, Phase, Scope, Subject, World};

use crate::errors::{Place, TransformError};
use crate::project::Package;
use crate::template::{self, MacroDef, Template};

/// The package that holds dbt's own macros.
pub(crate) const DBT: &str = "dbt";
/// What `adapter.type()` and `target.type` say, and the first prefix that `adapter.dispatch` tries.
pub(crate) const ADAPTER: &str = "datafusion";

const ROOT: &str = "mirante:root";
const CALL: &str = "mirante:call";

/// Steps after which a template is stopped: some seconds of work, far beyond any honest one.
const FUEL: u64 = 20_000_000;

/// dbt's cross-database macros and generic tests, for DataFusion.
const BUILTIN: [(&str, &str); 4] = [
    ("dbt/types.sql", include_str!("macros/types.sql")),
    ("dbt/dates.sql", include_str!("macros/dates.sql")),
    ("dbt/functions.sql", include_str!("macros/functions.sql")),
    ("dbt/tests.sql", include_str!("macros/tests.sql")),
];

/// Where a macro is written.
#[derive(Debug, Clone)]
pub(crate) struct MacroInfo {
    pub(crate) file: String,
    pub(crate) line: usize,
}

/// Every macro by package and name, with the rules by which a bare name finds one.
#[derive(Debug, Default)]
pub(crate) struct Macros {
    root: String,
    by_name: BTreeMap<String, BTreeMap<String, MacroInfo>>,
    /// Template name → package, to know who is calling.
    packages: BTreeMap<String, String>,
    dispatch: BTreeMap<String, Vec<String>>,
}

impl Macros {
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &str, &MacroInfo)> {
        self.by_name.iter().flat_map(|(package, macros)| {
            macros.iter().map(move |(name, info)| (package.as_str(), name.as_str(), info))
        })
    }

    fn has(&self, package: &str, name: &str) -> bool {
        self.by_name.get(package).is_some_and(|macros| macros.contains_key(name))
    }

    /// The macro that a bare `name` means in `package`: its own, the root's, then dbt's.
    pub(crate) fn find(&self, package: &str, name: &str) -> Option<MacroName> {
        [package, &self.root, DBT]
            .into_iter()
            .find(|package| self.has(package, name))
            .map(|package| MacroName { package: package.to_owned(), name: name.to_owned() })
    }
}

/// The compiled templates of a project. A clone is the same engine.
#[derive(Debug, Clone)]
pub(crate) struct Engine {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    env: Environment<'static>,
    templates: BTreeMap<String, Template>,
    macros: Arc<Macros>,
}

/// Gathers templates, then becomes an [`Engine`].
pub(crate) struct EngineBuilder {
    macros: Macros,
    macro_files: Vec<(String, Template)>,
    templates: BTreeMap<String, Template>,
}

impl EngineBuilder {
    pub(crate) fn new(packages: &[Package]) -> Result<EngineBuilder, TransformError> {
        let root = packages.first();
        let mut builder = EngineBuilder {
            macros: Macros {
                root: root.map(|package| package.name.clone()).unwrap_or_default(),
                dispatch: root.map(|package| package.dispatch.clone()).unwrap_or_default(),
                ..Macros::default()
            },
            macro_files: Vec::new(),
            templates: BTreeMap::new(),
        };
        for (file, text) in BUILTIN {
            builder.macro_file(DBT, file, text)?;
        }
        for package in packages {
            builder.macros.by_name.entry(package.name.clone()).or_default();
        }
        Ok(builder)
    }

    /// Adds a file of macros of `package`.
    pub(crate) fn macro_file(&mut self, package: &str, file: &str, text: &str) -> Result<(), TransformError> {
        let (template, macros) = template::macro_file(file, text)?;
        let known = self.macros.by_name.entry(package.to_owned()).or_default();
        for MacroDef { name, line } in macros {
            let info = MacroInfo { file: file.to_owned(), line };
            if let Some(other) = known.insert(name.clone(), info) {
                return Err(TransformError::Duplicate {
                    first: format!("the macro of `{}:{}`", other.file, other.line),
                    second: format!("the macro of `{file}:{line}`"),
                    name,
                });
            }
        }
        self.macros.packages.insert(file.to_owned(), package.to_owned());
        self.macro_files.push((package.to_owned(), template));
        Ok(())
    }

    /// Adds a template under a name of its own; it belongs to `package`.
    pub(crate) fn template(&mut self, name: &str, package: &str, template: Template) {
        self.macros.packages.insert(name.to_owned(), package.to_owned());
        self.templates.insert(name.to_owned(), template);
    }

    pub(crate) fn build(self) -> Result<Engine, TransformError> {
        let EngineBuilder { macros, macro_files, mut templates } = self;
        let macros = Arc::new(macros);
        let mut env = environment(&macros);
        let mut root = String::new();
        for (index, (package, template)) in macro_files.into_iter().enumerate() {
            let file = template.file.clone();
            let name = Value::from(file.as_str());
            let package = Value::from(package);
            let _ = write!(
                root,
                "{{% import {name:?} as mirante_m{index} %}}{{% do mirante_register({package:?}, mirante_m{index}) %}}"
            );
            templates.insert(file, template);
        }
        root.push_str("{% include mirante_template %}");
        for (name, template) in &templates {
            env.add_template_owned(name.clone(), template.text.clone())
                .map_err(|error| failure::translate(&error, template.file.clone(), &templates, &macros))?;
        }
        for (name, text) in [(ROOT, root.as_str()), (CALL, "{{ mirante_macro(**mirante_arguments) }}")] {
            env.add_template_owned(name, text.to_owned())
                .map_err(|error| failure::translate(&error, name.to_owned(), &templates, &macros))?;
        }
        Ok(Engine { inner: Arc::new(Inner { env, templates, macros }) })
    }
}

impl Engine {
    pub(crate) fn macros(&self) -> &Arc<Macros> {
        &self.inner.macros
    }

    pub(crate) fn template(&self, name: &str) -> Option<&Template> {
        self.inner.templates.get(name)
    }

    /// Renders the template `name` for a node.
    pub(crate) fn render(&self, name: &str, scope: &Arc<Scope>) -> Result<Rendered, TransformError> {
        let mut context = scope::context(scope);
        context.insert("mirante_template".to_owned(), Value::from(name));
        self.run(context, scope)
    }

    /// Renders a call of a macro, such as a generic test.
    pub(crate) fn call(
        &self,
        callee: &MacroName,
        arguments: BTreeMap<String, Value>,
        scope: &Arc<Scope>,
    ) -> Result<Rendered, TransformError> {
        let mut context = scope::context(scope);
        context.insert("mirante_template".to_owned(), Value::from(CALL));
        context.insert("mirante_macro".to_owned(), Value::from_object(callee.clone()));
        context.insert("mirante_arguments".to_owned(), Value::from_pairs(arguments));
        self.run(context, scope)
    }

    fn run(&self, context: BTreeMap<String, Value>, scope: &Arc<Scope>) -> Result<Rendered, TransformError> {
        let root = self.inner.env.get_template(ROOT).expect("build added the root template");
        let (text, spans) = root
            .render_with_spans(Value::from_pairs(context))
            .map_err(|error| self.failed(&error, scope.subject.file.clone()).about(&scope.subject))?;
        Ok(Rendered::new(text, &spans, scope.subject.file.clone()))
    }

    fn failed(&self, error: &Error, file: String) -> TransformError {
        failure::translate(error, file, &self.inner.templates, &self.inner.macros)
    }

    /// A value of a YAML file: texts with `{{ … }}` are rendered, and keep their type when they are one expression.
    pub(crate) fn value(
        &self,
        value: &Json,
        scope: &Arc<Scope>,
        place: &Place,
    ) -> Result<Json, TransformError> {
        Ok(match value {
            Json::String(text) if text.contains("{{") || text.contains("{%") => {
                self.text(text, scope, place)?
            }
            Json::Array(items) => Json::Array(
                items.iter().map(|item| self.value(item, scope, place)).collect::<Result<_, _>>()?,
            ),
            Json::Object(entries) => Json::Object(
                entries
                    .iter()
                    .map(|(key, item)| Ok((key.clone(), self.value(item, scope, place)?)))
                    .collect::<Result<_, TransformError>>()?,
            ),
            other => other.clone(),
        })
    }

    fn text(&self, text: &str, scope: &Arc<Scope>, place: &Place) -> Result<Json, TransformError> {
        if let Some(inner) = one_expression(text) {
            let value = self.expression(inner, scope, place)?;
            return serde_json::to_value(&value).map_err(|error| TransformError::Property {
                place: place.clone(),
                message: format!("`{text}` is no plain value: {error}"),
            });
        }
        let context = Value::from_pairs(scope::context(scope));
        let rendered = self.inner.env.render_named_str(&place.file, text, context);
        rendered.map(Json::from).map_err(|error| Self::in_yaml(&error, text, place))
    }

    /// The value of one Jinja expression that stands in a YAML file.
    pub(crate) fn expression(
        &self,
        text: &str,
        scope: &Arc<Scope>,
        place: &Place,
    ) -> Result<Value, TransformError> {
        let context = Value::from_pairs(scope::context(scope));
        let compiled = self.inner.env.compile_expression(text).map_err(|e| Self::in_yaml(&e, text, place))?;
        compiled.eval(context).map_err(|error| Self::in_yaml(&error, text, place))
    }

    fn in_yaml(error: &Error, text: &str, place: &Place) -> TransformError {
        TransformError::Jinja {
            subject: format!("`{text}`"),
            place: place.clone(),
            message: failure::message(error, None),
        }
    }
}

/// The inside of `{{ … }}` when the text is nothing else.
fn one_expression(text: &str) -> Option<&str> {
    let inner = text.trim().strip_prefix("{{")?.strip_suffix("}}")?;
    (!inner.contains("{{") && !inner.contains("{%")).then(|| inner.trim_matches(['-', ' ']))
}

/// What every template may call, whoever renders it.
fn environment(macros: &Arc<Macros>) -> Environment<'static> {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    env.set_fuel(Some(FUEL));
    // Names the undefined variable in messages.
    env.set_debug(true);
    env.set_auto_escape_callback(|_| AutoEscape::None);
    env.set_formatter(python_format);
    env.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
    filters::register(&mut env);
    dispatch::register(&mut env, macros);
    env.add_function("mirante_mutable", mutable::mutable);
    env.add_function("log", |message: Value, options: Kwargs| {
        if options.get::<Option<bool>>("info").ok().flatten().unwrap_or(false) {
            tracing::info!(target: "transform", "{message}");
        } else {
            tracing::debug!(target: "transform", "{message}");
        }
        ""
    });
    env.add_function("print", |message: Value| {
        tracing::info!(target: "transform", "{message}");
        ""
    });
    env.add_global("exceptions", Value::from_object(failure::Exceptions));
    env.add_global("dbt_version", "1.11.0");
    env
}

/// Prints as Python does where it shows in SQL: `None`, `True`, `False`.
fn python_format(out: &mut Output, state: &mut State, value: &Value) -> Result<(), Error> {
    if value.is_none() {
        return out.write_str("None").map_err(Error::from);
    }
    if let Ok(truth) = bool::try_from(value.clone())
        && value.kind() == minijinja::value::ValueKind::Bool
    {
        return out.write_str(if truth { "True" } else { "False" }).map_err(Error::from);
    }
    minijinja::escape_formatter(out, state, value)
}

/// An error for arguments that a function does not understand.
fn bad_arguments(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, message.into())
}

#[cfg(test)]
mod tests;
