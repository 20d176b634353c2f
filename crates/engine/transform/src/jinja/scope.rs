//! What one node sees while it is rendered: `ref`, `source`, `config`, `var`, `this`, `target`, `execute` and the rest.
//!
//! Does not hold macros. Invariant: while parsing nothing is asked of the lake; `execute` says so to the template.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use lake::{Relations, Session, TableName};
use minijinja::value::{Kwargs, Rest, Serde, Value};
use minijinja::{Error, State};
use serde_json::{Map, Value as Json};

use super::config::{Config, Vars};
use super::failure::fail;
use super::names::Names;
use super::relation::{Adapter, RelationValue};
use super::rows::{Moment, Rows};
use super::{ADAPTER, Macros};
use crate::errors::did_you_mean;
use crate::project::Target;

/// Who is being rendered, as errors name it: ``model `stg_deals` ``.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Subject {
    pub(crate) kind: &'static str,
    pub(crate) name: String,
    pub(crate) package: String,
    pub(crate) file: String,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}`", self.kind, self.name)
    }
}

/// What a render was found to use.
#[derive(Debug, Clone, Default)]
pub(crate) struct Collected {
    /// Unique ids of nodes and sources, in order of first use.
    pub(crate) depends_on: Vec<String>,
    pub(crate) settings: Vec<(String, Json)>,
    pub(crate) config_calls: usize,
}

/// What is known of a node before it is rendered.
#[derive(Debug, Clone, Default)]
pub(crate) struct Base {
    pub(crate) this: Option<TableName>,
    /// Settings as far as they are known: what `config.get` answers.
    pub(crate) settings: Map<String, Json>,
    /// What `model` is.
    pub(crate) model: Json,
}

/// Whether the lake may be asked.
#[derive(Debug, Clone)]
pub(crate) enum Phase {
    Parse,
    /// The tables' names are known. `allowed`: the dependencies that parsing found; another one would not be built yet.
    Run {
        asker: Option<Asker>,
        allowed: Option<BTreeSet<String>>,
        incremental: bool,
        full_refresh: bool,
    },
}

/// Asks the lake from inside a template. Only on a thread where blocking is allowed.
#[derive(Debug, Clone)]
pub(crate) struct Asker {
    pub(crate) session: Session,
    pub(crate) relations: Arc<Relations>,
    pub(crate) runtime: tokio::runtime::Handle,
}

/// What all renders of one pass share.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) names: Arc<Names>,
    /// None in property files, where macros cannot be called.
    pub(crate) macros: Option<Arc<Macros>>,
    pub(crate) env: Arc<BTreeMap<String, String>>,
    pub(crate) target: Target,
    pub(crate) project: String,
    pub(crate) now: DateTime<Utc>,
    pub(crate) invocation: String,
}

/// One render.
#[derive(Debug)]
pub(crate) struct Scope {
    pub(crate) subject: Subject,
    pub(crate) world: Arc<World>,
    pub(crate) vars: Arc<Map<String, Json>>,
    pub(crate) base: Base,
    pub(crate) phase: Phase,
    collected: Mutex<Collected>,
    /// Results of `{% call statement(name) %}`.
    statements: Mutex<BTreeMap<String, Value>>,
}

impl Scope {
    pub(crate) fn new(
        subject: Subject,
        world: Arc<World>,
        vars: Arc<Map<String, Json>>,
        base: Base,
        phase: Phase,
    ) -> Arc<Scope> {
        let (collected, statements) = (Mutex::default(), Mutex::default());
        Arc::new(Scope { subject, world, vars, base, phase, collected, statements })
    }

    pub(crate) fn collected(&self) -> MutexGuard<'_, Collected> {
        self.collected.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn executes(&self) -> bool {
        matches!(self.phase, Phase::Run { .. })
    }

    fn asker(&self) -> Option<&Asker> {
        match &self.phase {
            Phase::Run { asker, .. } => asker.as_ref(),
            Phase::Parse => None,
        }
    }

    pub(super) fn exists(&self, table: &TableName) -> bool {
        self.asker().is_some_and(|asker| asker.relations.contains_key(table))
    }

    /// Notes the dependency and gives its table.
    fn depend(&self, id: &str, call: &str, fallback: &str) -> Result<Value, Error> {
        let mut collected = self.collected();
        if !collected.depends_on.iter().any(|known| known == id) {
            collected.depends_on.push(id.to_owned());
        }
        if let Phase::Run { allowed: Some(allowed), .. } = &self.phase
            && !allowed.contains(id)
        {
            return Err(fail(format!(
                "{call} is only reached when the model runs, so it was not built first; add the line `-- depends_on: {{{{ {call} }}}}`"
            )));
        }
        let table = match self.world.names.relations.get(id) {
            Some(table) => table.clone(),
            None if self.executes() => {
                return Err(fail(format!("{call} is disabled; enable it, or remove the call")));
            }
            None => TableName::new(self.world.target.schema.clone(), fallback),
        };
        Ok(Value::from_object(RelationValue { table }))
    }

    fn reference(&self, args: &[Value], options: &Kwargs) -> Result<Value, Error> {
        if options.has("v") || options.has("version") {
            return Err(fail("`ref` with a version is not supported; name the model itself"));
        }
        let parts: Option<Vec<&str>> = args.iter().map(Value::as_str).collect();
        let (package, name) = match parts.as_deref() {
            Some([name]) => (None, *name),
            Some([package, name]) => (Some(*package), *name),
            _ => {
                return Err(fail(
                    "`ref` takes a model's name, or a package's and a model's: `ref('stg_deals')`",
                ));
            }
        };
        let id = self.world.names.node(package, name, &self.subject.package).map_err(fail)?.to_owned();
        self.depend(&id, &format!("ref('{name}')"), name)
    }

    fn source(&self, args: &[Value]) -> Result<Value, Error> {
        let parts: Option<Vec<&str>> = args.iter().map(Value::as_str).collect();
        let Some([source, table]) = parts.as_deref() else {
            return Err(fail("`source` takes a source's name and a table's: `source('crm', 'deals')`"));
        };
        let id = self.world.names.source(source, table).map_err(fail)?.to_owned();
        self.depend(&id, &format!("source('{source}', '{table}')"), table)
    }

    pub(super) fn var(&self, name: &str, default: Option<Value>) -> Result<Value, Error> {
        match (self.vars.get(name), default) {
            (Some(value), _) => Ok(Value::from(Serde(value))),
            (None, Some(default)) => Ok(default),
            (None, None) => {
                let remedy = did_you_mean(
                    name,
                    self.vars.keys().map(String::as_str),
                    "set it under `vars:` of `dbt_project.yml`, or give a default",
                );
                Err(fail(format!("variable `{name}` is not set; {remedy}")))
            }
        }
    }

    fn env_var(&self, name: &str, default: Option<String>) -> Result<String, Error> {
        self.world.env.get(name).cloned().or(default).ok_or_else(|| {
            fail(format!("environment variable `{name}` is not set; set it, or give a default: `env_var('{name}', '…')`"))
        })
    }

    fn run_query(&self, sql: &str) -> Result<Value, Error> {
        if !self.executes() {
            return Ok(Value::from(()));
        }
        let Some(asker) = self.asker() else {
            return Err(fail(
                "`run_query` needs the lake, which is not at hand while a test is compiled; use a subquery",
            ));
        };
        let schema = asker.runtime.block_on(asker.session.schema(sql));
        let batches = asker.runtime.block_on(asker.session.query(sql));
        match (schema, batches) {
            (Ok(schema), Ok(batches)) => Rows::new(&schema, &batches).map(Value::from_object),
            (Err(error), _) | (_, Err(error)) => {
                Err(fail(format!("a query of the template failed: {error}")))
            }
        }
    }

    /// Columns of a table as (name, Arrow type); none while parsing.
    pub(super) fn columns(
        &self,
        table: &TableName,
    ) -> Result<Vec<(String, arrow::datatypes::DataType)>, Error> {
        let Some(asker) = self.asker() else { return Ok(Vec::new()) };
        let sql = format!("select * from {}", table.quoted());
        let schema = asker.runtime.block_on(asker.session.schema(&sql));
        let schema =
            schema.map_err(|error| fail(format!("could not read the columns of `{table}`: {error}")))?;
        Ok(schema.fields().iter().map(|field| (field.name().clone(), field.data_type().clone())).collect())
    }
}

/// Everything a template sees by name.
pub(super) fn context(scope: &Arc<Scope>) -> BTreeMap<String, Value> {
    let mut all: BTreeMap<String, Value> = BTreeMap::new();
    let mut put = |name: &str, value: Value| {
        all.insert(name.to_owned(), value);
    };
    let own = scope.clone();
    put(
        "ref",
        Value::from_function(move |args: Rest<Value>, options: Kwargs| own.reference(&args, &options)),
    );
    let own = scope.clone();
    put("source", Value::from_function(move |args: Rest<Value>| own.source(&args)));
    let own = scope.clone();
    put("var", Value::from_object(Vars(own)));
    let own = scope.clone();
    put(
        "env_var",
        Value::from_function(move |name: &str, default: Option<String>| own.env_var(name, default)),
    );
    put("config", Value::from_object(Config(scope.clone())));
    put("adapter", Value::from_object(Adapter { scope: scope.clone() }));
    let own = scope.clone();
    put("run_query", Value::from_function(move |sql: &str| own.run_query(sql)));
    put("statement", Value::from_function(statement(scope.clone())));
    let own = scope.clone();
    put("load_result", Value::from_function(move |name: &str| load_result(&own, name)));
    let own = scope.clone();
    put(
        "load_relation",
        Value::from_function(move |relation: Value| {
            let table = relation.downcast_object_ref::<RelationValue>().map(|relation| &relation.table);
            if table.is_some_and(|table| own.exists(table)) { relation } else { Value::from(()) }
        }),
    );
    let (incremental, full_refresh) = match &scope.phase {
        Phase::Run { incremental, full_refresh, .. } => (*incremental, *full_refresh),
        Phase::Parse => (false, false),
    };
    put("is_incremental", Value::from_function(move || incremental));
    put("should_full_refresh", Value::from_function(move || full_refresh));
    put("execute", Value::from(scope.executes()));
    put(
        "flags",
        Value::from_pairs([("FULL_REFRESH", Value::from(full_refresh)), ("WHICH", Value::from("build"))]),
    );
    if let Some(table) = &scope.base.this {
        put("this", Value::from_object(RelationValue { table: table.clone() }));
        put("schema", Value::from(table.schema.clone()));
    }
    put("model", Value::from(Serde(&scope.base.model)));
    put("database", Value::from(""));
    put("project_name", Value::from(scope.world.project.clone()));
    put("run_started_at", Value::from_object(Moment(scope.world.now)));
    put("modules", Value::from_object(super::rows::Modules(scope.world.now)));
    put("invocation_id", Value::from(scope.world.invocation.clone()));
    put(
        "target",
        Value::from_pairs([
            ("name", Value::from(scope.world.target.name.clone())),
            ("target_name", Value::from(scope.world.target.name.clone())),
            ("schema", Value::from(scope.world.target.schema.clone())),
            ("database", Value::from("")),
            ("type", Value::from(ADAPTER)),
            ("profile_name", Value::from("mirante")),
            ("threads", Value::from(1)),
        ]),
    );
    all
}

/// `{% call statement('name', fetch_result=true) %}select …{% endcall %}`
fn statement(
    scope: Arc<Scope>,
) -> impl Fn(&mut State, Option<String>, Kwargs) -> Result<Value, Error> + Send + Sync + 'static {
    move |state: &mut State, name: Option<String>, options: Kwargs| {
        let name = name.or_else(|| options.get::<Option<String>>("name").ok().flatten()).unwrap_or_default();
        let caller: Value = options.get("caller")?;
        let sql = caller.call(state, &[])?.to_string();
        if scope.executes() {
            let rows = scope.run_query(&sql)?;
            scope.statements.lock().unwrap_or_else(PoisonError::into_inner).insert(name, rows);
        }
        Ok(Value::from(""))
    }
}

fn load_result(scope: &Scope, name: &str) -> Value {
    let statements = scope.statements.lock().unwrap_or_else(PoisonError::into_inner);
    match statements.get(name) {
        None => Value::from(()),
        Some(rows) => Value::from_pairs([
            ("table", rows.clone()),
            ("data", rows.get_attr("rows").unwrap_or_default()),
            ("response", Value::from("OK")),
        ]),
    }
}
