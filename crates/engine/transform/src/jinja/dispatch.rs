//! How a name finds its macro: bare, by package (`dbt.dateadd`), or by `adapter.dispatch`; and `return()`.
//!
//! Does not hold macro texts. Invariant: every call of a macro goes through [`MacroName::invoke`], so that `return()` works in all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use minijinja::value::{Object, ObjectRepr, Rest, Value};
use minijinja::{Environment, Error, ErrorKind, State};

use super::failure::fail;
use super::{ADAPTER, DBT, Macros};
use crate::errors::did_you_mean;
use crate::template::MACRO_PREFIX;

/// One macro of one package. Callable in Jinja.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MacroName {
    pub(crate) package: String,
    pub(crate) name: String,
}

/// The macros of the render in progress, by package: minijinja's macros live and die with one render.
#[derive(Default)]
struct MacroTable(BTreeMap<String, Value>);

/// How `return(x)` leaves a macro: as an error that only the caller of the macro catches.
struct Returned(Value);

impl fmt::Debug for Returned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Returned")
    }
}

impl fmt::Display for Returned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`return()` was called outside of a macro")
    }
}

impl std::error::Error for Returned {}

impl MacroName {
    fn invoke(&self, state: &mut State, args: &[Value]) -> Result<Value, Error> {
        let callee = state
            .get_extension::<MacroTable>()
            .and_then(|table| table.0.get(&self.package))
            .and_then(|module| module.get_attr(&format!("{MACRO_PREFIX}{}", self.name)).ok())
            .filter(|callee| !callee.is_undefined());
        let Some(callee) = callee else {
            return Err(fail(format!("macro `{}` cannot be called here", self.name)));
        };
        callee.call(state, args).or_else(returned)
    }
}

fn returned(error: Error) -> Result<Value, Error> {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(one) = cause {
        if let Some(Returned(value)) = one.downcast_ref() {
            return Ok(value.clone());
        }
        cause = one.source();
    }
    Err(error)
}

impl Object for MacroName {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call(self: &Arc<Self>, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        self.invoke(state, args)
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "macro {}.{}", self.package, self.name)
    }
}

/// A macro called by its bare name: whose it is depends on who calls.
#[derive(Debug)]
struct Bare {
    name: String,
    macros: Arc<Macros>,
}

impl Object for Bare {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call(self: &Arc<Self>, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        let macros = &self.macros;
        let caller = macros.packages.get(state.name()).map_or(macros.root.as_str(), String::as_str);
        if let Some(found) = macros.find(caller, &self.name) {
            return found.invoke(state, args);
        }
        let other = macros.all().find(|(_, name, _)| *name == self.name).map(|(package, _, _)| package);
        let name = &self.name;
        Err(fail(format!(
            "macro `{name}` belongs to another package; write `{}.{name}(…)`",
            other.unwrap_or_default()
        )))
    }
}

/// `dbt` in `dbt.dateadd(…)`, or a package's name.
#[derive(Debug)]
struct Namespace {
    package: String,
    macros: Arc<Macros>,
}

impl Object for Namespace {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let name = key.as_str()?;
        self.macros
            .has(&self.package, name)
            .then(|| Value::from_object(MacroName { package: self.package.clone(), name: name.to_owned() }))
    }

    fn call_method(
        self: &Arc<Self>,
        state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        if self.macros.has(&self.package, method) {
            return MacroName { package: self.package.clone(), name: method.to_owned() }.invoke(state, args);
        }
        let known = self.macros.by_name.get(&self.package);
        let known = known.into_iter().flat_map(BTreeMap::keys).map(String::as_str);
        let remedy = did_you_mean(method, known, "correct the name, or add the macro");
        Err(fail(format!("package `{}` has no macro `{method}`; {remedy}", self.package)))
    }
}

/// `adapter.dispatch(name, namespace)`: the macro for DataFusion, or the default one.
pub(super) fn dispatch(
    macros: &Macros,
    state: &State,
    name: &str,
    namespace: Option<&str>,
) -> Result<Value, Error> {
    if name.contains('.') {
        return Err(fail(format!(
            "`adapter.dispatch('{name}')` names a package in the macro; pass it as the second argument"
        )));
    }
    let caller = macros.packages.get(state.name()).map_or(macros.root.as_str(), String::as_str);
    let mut packages: Vec<&str> = match namespace {
        Some(namespace) => match macros.dispatch.get(namespace) {
            Some(order) => order.iter().map(String::as_str).collect(),
            None => vec![&macros.root, namespace],
        },
        None => vec![caller, &macros.root],
    };
    packages.push(DBT);
    for package in &packages {
        for prefix in [ADAPTER, "default"] {
            let candidate = format!("{prefix}__{name}");
            if macros.has(package, &candidate) {
                let found = MacroName { package: (*package).to_owned(), name: candidate };
                return Ok(Value::from_object(found));
            }
        }
    }
    // A macro of dbt's own that has no variants here.
    if macros.has(DBT, name) && caller != DBT {
        return Ok(Value::from_object(MacroName { package: DBT.to_owned(), name: name.to_owned() }));
    }
    Err(fail(format!(
        "`adapter.dispatch('{name}')` finds neither `{ADAPTER}__{name}` nor `default__{name}` in {}; add one of them",
        packages.iter().map(|package| format!("`{package}`")).collect::<Vec<_>>().join(", ")
    )))
}

/// Puts every macro's bare name, every package's name and `return()` into the environment.
pub(super) fn register(env: &mut Environment<'static>, macros: &Arc<Macros>) {
    env.add_function("mirante_register", |state: &mut State, package: String, module: Value| {
        let table = &mut state.get_or_insert_extension(MacroTable::default()).0;
        match table.remove(&package) {
            None => table.insert(package, module),
            Some(before) => table.insert(package, Value::from_object(Modules(before, module))),
        };
    });
    env.add_function("return", |values: Rest<Value>| -> Result<Value, Error> {
        let value = values.first().cloned().unwrap_or_else(|| Value::from(()));
        Err(Error::new(ErrorKind::InvalidOperation, "`return()` was called outside of a macro")
            .with_source(Returned(value)))
    });
    let names: BTreeSet<&str> = macros.all().map(|(_, name, _)| name).collect();
    for name in names {
        let bare = Bare { name: name.to_owned(), macros: macros.clone() };
        env.add_global(name.to_owned(), Value::from_object(bare));
    }
    for package in macros.by_name.keys() {
        let namespace = Namespace { package: package.clone(), macros: macros.clone() };
        env.add_global(package.clone(), Value::from_object(namespace));
    }
}

/// The modules of two files of one package, as one.
#[derive(Debug)]
struct Modules(Value, Value);

impl Object for Modules {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        [&self.1, &self.0]
            .into_iter()
            .find_map(|module| module.get_item(key).ok().filter(|found| !found.is_undefined()))
    }
}
