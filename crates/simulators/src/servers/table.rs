//! An entity set: how its rows are numbered, made, ordered and related.
//!
//! Does not choose rows (`reading`) or hold any (`world`). Invariant: positions ascend with keys, so that the order of keys is the
//! order of positions.

use serde_json::{Map, Value};

use super::System;
use super::odata::filter::{Bounds, Literal, Operator};
use super::odata::{Expand, ODataError, instants};
use super::world::State;
use crate::calendar::DAY_SECONDS;

/// What names a row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    Number(i64),
    Text(String),
}

impl Key {
    pub(crate) fn json(&self) -> Value {
        match self {
            Key::Number(number) => Value::from(*number),
            Key::Text(text) => Value::from(text.as_str()),
        }
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Key::Number(number) => number.fmt(f),
            Key::Text(text) => text.fmt(f),
        }
    }
}

/// In what the time of change counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// UTC, of a date-time with milliseconds.
    Milliseconds,
    /// Local, of a date.
    Days,
}

/// The time at which a row last changed.
pub(crate) struct Stamp {
    pub field: &'static str,
    pub unit: Unit,
    pub of: fn(&State, u32) -> i64,
    /// A property that is never later than the stamp: a lower bound of it is one of the stamp.
    pub not_later: Option<&'static str>,
}

/// A relation to one row of another table, by a property that holds its key.
pub(crate) struct One {
    pub name: &'static str,
    pub by: &'static str,
    pub table: &'static str,
}

/// Rows that belong to a row and come only when expanded.
pub(crate) struct Many {
    pub name: &'static str,
    pub rows: fn(&State, u32) -> Vec<Value>,
    pub one: &'static [One],
}

/// Rows that are part of a row, and left out when the properties asked for do not name them.
pub(crate) struct Inline {
    pub name: &'static str,
    pub rows: fn(&State, u32) -> Vec<Value>,
}

pub(crate) struct Table {
    pub system: System,
    pub name: &'static str,
    pub key: &'static str,
    pub stamp: Option<Stamp>,
    pub count: fn(&State) -> usize,
    pub key_of: fn(&State, u32) -> Key,
    pub row: fn(&State, u32) -> Value,
    pub inline: Option<Inline>,
    pub one: &'static [One],
    pub many: &'static [Many],
}

impl Table {
    /// Position of the row with a key, unless it is gone.
    pub(crate) fn find(&self, state: &State, key: &Key) -> Option<u32> {
        let positions = &state.index(self).by_key;
        let at = positions.partition_point(|&position| (self.key_of)(state, position) < *key);
        positions.get(at).copied().filter(|&position| (self.key_of)(state, position) == *key)
    }

    pub(crate) fn stamp_of(&self, state: &State, position: u32) -> i64 {
        self.stamp.as_ref().map_or(0, |stamp| (stamp.of)(state, position))
    }

    /// A property of a row, or of a row related to it (`Deal/StatusId`). `made` keeps the row once it had to be made.
    pub(crate) fn fetch(&self, state: &State, position: u32, path: &str, made: &mut Option<Value>) -> Value {
        if path == self.key {
            return (self.key_of)(state, position).json();
        }
        if let Some(Stamp { field, unit: Unit::Days, of, .. }) = &self.stamp
            && path == *field
        {
            return Value::from(instants::date(of(state, position) as i32));
        }
        let row = made.get_or_insert_with(|| (self.row)(state, position));
        let Some((first, rest)) = path.split_once('/') else {
            return row.get(path).cloned().unwrap_or_default();
        };
        if let Some(relation) = self.one.iter().find(|relation| relation.name == first) {
            return relation
                .target(self.system, state, row)
                .map_or(Value::Null, |(table, position)| table.fetch(state, position, rest, &mut None));
        }
        rest.split('/').try_fold(&row[first], |value, name| value.get(name)).cloned().unwrap_or_default()
    }

    /// Whether a path leads to a property, as far as the table's rows can tell.
    pub(crate) fn knows(&self, state: &State, path: &str) -> bool {
        let Some(&position) = state.index(self).by_key.first() else { return true };
        let (first, rest) = path.split_once('/').unwrap_or((path, ""));
        if rest.is_empty() {
            let inside = self.inline.as_ref().is_some_and(|inline| inline.name == first);
            return inside || (self.row)(state, position).get(first).is_some();
        }
        match self.one.iter().find(|relation| relation.name == first) {
            Some(relation) => relation.table(self.system).is_some_and(|table| table.knows(state, rest)),
            None => (self.row)(state, position)[first].get(rest).is_some(),
        }
    }

    /// The range of keys that a comparison leaves.
    pub(crate) fn key_bounds(&self, field: &str, operator: Operator, literal: &Literal) -> Option<Bounds> {
        match literal {
            Literal::Number(number) if field == self.key && number.fract() == 0.0 && number.abs() < 9e15 => {
                Some(Bounds::of(operator, *number as i64))
            }
            _ => None,
        }
    }

    /// The range of stamps that a comparison leaves.
    pub(crate) fn stamp_bounds(&self, field: &str, operator: Operator, literal: &Literal) -> Option<Bounds> {
        let stamp = self.stamp.as_ref()?;
        let number = match (stamp.unit, literal) {
            (Unit::Milliseconds, Literal::Instant(instant)) => *instant,
            (Unit::Days, Literal::Text(text)) => instants::parse_date(text)?.into(),
            _ => return None,
        };
        if field == stamp.field {
            return Some(Bounds::of(operator, number));
        }
        let below = matches!(operator, Operator::Ge | Operator::Gt | Operator::Eq);
        if Some(field) == stamp.not_later && below {
            return Some(Bounds { low: number, high: i64::MAX, exact: false });
        }
        None
    }

    /// A row with the properties and relations asked for.
    pub(crate) fn render(
        &self,
        state: &State,
        position: u32,
        select: Option<&[String]>,
        expand: &[Expand],
    ) -> Result<Value, ODataError> {
        let mut row = (self.row)(state, position);
        if let (Some(inline), Value::Object(row)) = (&self.inline, &mut row)
            && select.is_none_or(|names| names.iter().any(|name| name == inline.name))
        {
            row.insert(inline.name.to_owned(), Value::Array((inline.rows)(state, position)));
        }
        let mut expanded = Vec::with_capacity(expand.len());
        for wanted in expand {
            expanded.push((wanted.name.clone(), self.expanded(state, position, &row, wanted)?));
        }
        let mut shown = selected(row, select)?;
        shown.extend(expanded);
        Ok(Value::Object(shown))
    }

    fn expanded(
        &self,
        state: &State,
        position: u32,
        row: &Value,
        wanted: &Expand,
    ) -> Result<Value, ODataError> {
        if let Some(relation) = self.one.iter().find(|relation| relation.name == wanted.name) {
            return relation.render(self.system, state, row, wanted);
        }
        let unknown = || ODataError::Property { name: wanted.name.clone() };
        let many = self.many.iter().find(|many| many.name == wanted.name).ok_or_else(unknown)?;
        let mut rows = Vec::new();
        for row in (many.rows)(state, position) {
            let mut expanded = Vec::with_capacity(wanted.expand.len());
            for inner in &wanted.expand {
                let relation = many.one.iter().find(|relation| relation.name == inner.name);
                let relation = relation.ok_or_else(|| ODataError::Property { name: inner.name.clone() })?;
                expanded.push((inner.name.clone(), relation.render(self.system, state, &row, inner)?));
            }
            let mut shown = selected(row, wanted.select.as_deref())?;
            shown.extend(expanded);
            rows.push(Value::Object(shown));
        }
        Ok(Value::Array(rows))
    }
}

impl One {
    fn table(&self, system: System) -> Option<&'static Table> {
        system.table(self.table)
    }

    fn target(&self, system: System, state: &State, row: &Value) -> Option<(&'static Table, u32)> {
        let key = match &row[self.by] {
            Value::Number(number) => Key::Number(number.as_i64()?),
            Value::String(text) => Key::Text(text.clone()),
            _ => return None,
        };
        let table = self.table(system)?;
        table.find(state, &key).map(|position| (table, position))
    }

    fn render(
        &self,
        system: System,
        state: &State,
        row: &Value,
        wanted: &Expand,
    ) -> Result<Value, ODataError> {
        match self.target(system, state, row) {
            Some((table, position)) => {
                table.render(state, position, wanted.select.as_deref(), &wanted.expand)
            }
            None => Ok(Value::Null),
        }
    }
}

/// The properties asked for, in the order of the row; all without a wish.
fn selected(row: Value, select: Option<&[String]>) -> Result<Map<String, Value>, ODataError> {
    let Value::Object(mut row) = row else { return Ok(Map::new()) };
    if let Some(names) = select {
        if let Some(name) = names.iter().find(|name| !row.contains_key(name.as_str())) {
            return Err(ODataError::Property { name: name.clone() });
        }
        row.retain(|name, _| names.iter().any(|wanted| wanted == name));
    }
    Ok(row)
}

/// The day of a local moment, in which the ERP counts changes.
pub(crate) fn day_of(moment: i64) -> i64 {
    moment.div_euclid(DAY_SECONDS)
}
