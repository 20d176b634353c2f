//! `config(…)` and `var(…)` as templates call them.
//!
//! Does not decide which setting wins (`load`). Invariant: what a template sets is noted, never applied here.

use std::fmt;
use std::sync::Arc;

use minijinja::value::{Object, ObjectRepr, Serde, Value};
use minijinja::{Error, State};

use super::failure::fail;
use super::scope::Scope;

/// `var('x')`, `var.has_var('x')`
pub(super) struct Vars(pub(super) Arc<Scope>);

impl fmt::Debug for Vars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("var")
    }
}

impl Object for Vars {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call(self: &Arc<Self>, _: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        let (name, default): (&str, Option<Value>) = match args {
            [name, default] if default.is_kwargs() => {
                (name.as_str().unwrap_or_default(), default.get_attr("default").ok())
            }
            [name, default] => (name.as_str().unwrap_or_default(), Some(default.clone())),
            [name] => (name.as_str().unwrap_or_default(), None),
            _ => {
                return Err(fail(
                    "`var` takes a name and, if you like, a default: `var('since', '2024-01-01')`",
                ));
            }
        };
        self.0.var(name, default)
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        match (method, args) {
            ("has_var", [name]) => {
                Ok(Value::from(name.as_str().is_some_and(|name| self.0.vars.contains_key(name))))
            }
            _ => {
                Err(fail(format!("`var.{method}` is not known; use `var('name')` or `var.has_var('name')`")))
            }
        }
    }
}

/// `config(materialized='table')`, `config.get('x')`
pub(super) struct Config(pub(super) Arc<Scope>);

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("config")
    }
}

impl Config {
    fn get(&self, name: &str) -> Option<Value> {
        let own = self
            .0
            .collected()
            .settings
            .iter()
            .rev()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.clone());
        let value = own.or_else(|| self.0.base.settings.get(name).cloned())?;
        (!value.is_null()).then(|| Value::from(Serde(value)))
    }

    fn meta(&self, name: &str) -> Option<Value> {
        let found = self.get("meta")?.get_attr(name).ok()?;
        (!found.is_undefined()).then_some(found)
    }
}

impl Object for Config {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call(self: &Arc<Self>, _: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        for map in args {
            let pairs = super::mutable::pairs(map)
                .map_err(|_| fail("`config` takes settings by name: `config(materialized='table')`"))?;
            let mut collected = self.0.collected();
            for (key, value) in pairs {
                let value = serde_json::to_value(&value)
                    .map_err(|_| fail(format!("`config({key}=…)` is given no plain value")))?;
                collected.settings.push((key, value));
            }
        }
        self.0.collected().config_calls += 1;
        Ok(Value::from(""))
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        let name = args.first().and_then(Value::as_str).unwrap_or_default();
        let default = match args.get(1) {
            Some(named) if named.is_kwargs() => named.get_attr("default").unwrap_or_default(),
            Some(value) => value.clone(),
            None => Value::from(()),
        };
        let required = |found: Option<Value>| match found {
            Some(value) => Ok(value),
            None if !self.0.executes() => Ok(Value::from(())),
            None => Err(fail(format!("the setting `{name}` is required; add `config({name}=…)`"))),
        };
        match method {
            "get" => Ok(self.get(name).unwrap_or(default)),
            "require" => required(self.get(name)),
            "meta_get" => Ok(self.meta(name).unwrap_or(default)),
            "meta_require" => required(self.meta(name)),
            "persist_relation_docs" | "persist_column_docs" => Ok(Value::from(false)),
            _ => Err(fail(format!("`config.{method}` is not known; use `config.get` or `config.require`"))),
        }
    }
}
