//! Lists and maps that a template may change in place, as Python's are: `{% do names.append(x) %}`.
//!
//! Does not replace minijinja's own values elsewhere. Invariant: each `{% set x = [] %}` makes a value of its own.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use minijinja::value::{Enumerator, Object, ObjectRepr, Value, ValueKind};
use minijinja::{Error, ErrorKind, State};

use super::bad_arguments;

struct List(Mutex<Vec<Value>>);
struct Map(Mutex<Vec<(Value, Value)>>);

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The same list or map, changeable; anything else as it is.
pub(super) fn mutable(value: Value) -> Result<Value, Error> {
    Ok(match value.kind() {
        ValueKind::Seq => Value::from_object(List(Mutex::new(value.try_iter()?.collect()))),
        ValueKind::Map => {
            let mut pairs = Vec::new();
            for key in value.try_iter()? {
                let item = value.get_item(&key)?;
                pairs.push((key, item));
            }
            Value::from_object(Map(Mutex::new(pairs)))
        }
        _ => value,
    })
}

impl fmt::Debug for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(lock(&self.0).iter()).finish()
    }
}

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(lock(&self.0).iter().map(|(key, value)| (key, value))).finish()
    }
}

fn one(method: &str, args: &[Value]) -> Result<Value, Error> {
    match args {
        [value] => Ok(value.clone()),
        _ => Err(bad_arguments(format!("`{method}` takes one argument"))),
    }
}

impl Object for List {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        lock(&self.0).get(key.as_usize()?).cloned()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        // A copy: a loop over a list that grows inside the loop must end.
        Enumerator::Values(lock(&self.0).clone())
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        let mut items = lock(&self.0);
        match method {
            "append" => items.push(one(method, args)?),
            "extend" => items.extend(one(method, args)?.try_iter()?),
            "insert" => {
                let [at, value] = args else {
                    return Err(bad_arguments("`insert` takes an index and a value"));
                };
                let at = at.as_usize().unwrap_or_default().min(items.len());
                items.insert(at, value.clone());
            }
            "remove" => {
                let value = one(method, args)?;
                match items.iter().position(|item| *item == value) {
                    Some(at) => drop(items.remove(at)),
                    None => return Err(bad_arguments(format!("`remove`: the list has no {value}"))),
                }
            }
            "pop" => {
                let at = args.first().and_then(Value::as_i64).unwrap_or(-1);
                let at = if at < 0 { at + items.len() as i64 } else { at };
                return match usize::try_from(at).ok().filter(|at| *at < items.len()) {
                    Some(at) => Ok(items.remove(at)),
                    None => Err(bad_arguments("`pop`: the list has no such item")),
                };
            }
            "clear" => items.clear(),
            "reverse" => items.reverse(),
            "sort" => items.sort(),
            "copy" => return Ok(Value::from_object(List(Mutex::new(items.clone())))),
            _ => return Err(Error::from(ErrorKind::UnknownMethod)),
        }
        Ok(Value::from(()))
    }
}

impl Object for Map {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        lock(&self.0).iter().find(|(known, _)| known == key).map(|(_, value)| value.clone())
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(lock(&self.0).iter().map(|(key, _)| key.clone()).collect())
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        let mut pairs = lock(&self.0);
        match (method, args) {
            ("update", [other]) => {
                for key in other.try_iter()? {
                    let value = other.get_item(&key)?;
                    put(&mut pairs, key, value);
                }
                Ok(Value::from(()))
            }
            ("setdefault", [key, value]) => {
                if let Some((_, known)) = pairs.iter().find(|(known, _)| known == key) {
                    return Ok(known.clone());
                }
                put(&mut pairs, key.clone(), value.clone());
                Ok(value.clone())
            }
            ("pop", [key, rest @ ..]) => match pairs.iter().position(|(known, _)| known == key) {
                Some(at) => Ok(pairs.remove(at).1),
                None => {
                    rest.first().cloned().ok_or_else(|| bad_arguments(format!("`pop`: the map has no {key}")))
                }
            },
            ("copy", []) => Ok(Value::from_object(Map(Mutex::new(pairs.clone())))),
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }
}

fn put(pairs: &mut Vec<(Value, Value)>, key: Value, value: Value) {
    match pairs.iter_mut().find(|(known, _)| *known == key) {
        Some((_, slot)) => *slot = value,
        None => pairs.push((key, value)),
    }
}

/// For tests and callers that need plain pairs.
pub(super) fn pairs(value: &Value) -> Result<BTreeMap<String, Value>, Error> {
    let mut found = BTreeMap::new();
    for key in value.try_iter()? {
        found.insert(key.to_string(), value.get_item(&key)?);
    }
    Ok(found)
}
