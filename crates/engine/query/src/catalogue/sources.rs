//! Facts as SQL: where the rows of each come from, and the text of each of its columns.
//!
//! Invariant: the text of a column says what it holds, so that equal columns have equal texts in every edition.

use super::Kind;
use crate::literal;
use std::collections::BTreeMap;

/// What a fact of the definitions is in the lake: the columns stand in the same order as there.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub base: Base,
    pub columns: Vec<Held>,
}

/// A column as SQL, what kind of value it gives, and what it takes to read it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Held {
    pub sql: String,
    pub kind: Kind,
    pub needs: Needs,
}

/// Where the rows of a fact come from.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Base {
    Table(usize),
    /// Conversions, each beside the base event that it is credited to.
    Conversion(Box<ConversionBase>),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ConversionBase {
    pub table: usize,
    pub base: Side,
    pub conversion: Side,
    /// SQL of the conversion measure.
    pub value: String,
    /// SQL interval: `INTERVAL '7 day'`.
    pub window: Option<String>,
    /// SQL of base columns and conversion columns that must be equal.
    pub constant: Vec<(String, String)>,
}

/// One side of a conversion: events of an entity.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Side {
    pub table: usize,
    pub needs: Needs,
    /// SQL of the entity and of the day.
    pub entity: String,
    pub time: String,
    pub conditions: Vec<String>,
}

/// Columns that SQL text refers to, and the joins that bring them.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Needs {
    /// Alias → expression over the fact's table.
    pub own: BTreeMap<String, String>,
    /// Path of entities → join; a path sorts after its own beginning.
    pub joins: BTreeMap<String, Join>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Join {
    /// Alias of the table joined to.
    pub parent: String,
    /// Alias of the key, on both sides.
    pub key: String,
    pub table: usize,
    /// Alias → expression.
    pub columns: BTreeMap<String, String>,
}

impl Held {
    /// As text for members; the empty text is no value.
    pub(crate) fn member(&self) -> String {
        match self.kind {
            Kind::Text => format!("NULLIF({}, '')", self.sql),
            Kind::Day | Kind::Other => format!("CAST({} AS VARCHAR)", self.sql),
            Kind::Moment => format!("CAST(CAST({} AS DATE) AS VARCHAR)", self.sql),
        }
    }

    /// The condition that the member is one of these, or none of them.
    pub(crate) fn membership(&self, members: &[String], negated: bool) -> String {
        match self.kind {
            // The column itself, so that a scan can skip what cannot match.
            Kind::Text => literal::membership(
                &self.sql,
                &format!("{0} IS NULL OR {0} = ''", self.sql),
                members,
                negated,
            ),
            _ => literal::membership(&self.member(), &format!("{} IS NULL", self.sql), members, negated),
        }
    }
}

impl Needs {
    pub(crate) fn merge(&mut self, other: &Needs) {
        self.own.extend(other.own.iter().map(|(alias, expression)| (alias.clone(), expression.clone())));
        for (path, join) in &other.joins {
            match self.joins.get_mut(path) {
                Some(known) => known.columns.extend(
                    join.columns.iter().map(|(alias, expression)| (alias.clone(), expression.clone())),
                ),
                None => {
                    self.joins.insert(path.clone(), join.clone());
                }
            }
        }
    }

    /// The columns needed of the fact itself (`path` empty) or of a table joined to it.
    pub(super) fn columns_of(&mut self, path: &str) -> &mut BTreeMap<String, String> {
        match self.joins.get_mut(path) {
            Some(join) => &mut join.columns,
            None => &mut self.own,
        }
    }
}
