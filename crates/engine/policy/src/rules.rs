//! The rules of an edition's tables, and the sight that they give one principal.
//!
//! Does not read how they were written (`declared`). Invariant: a table that was made from one with a rule for its rows and has none of its
//! own is hidden from everybody whom the rule binds.

use std::collections::{BTreeMap, BTreeSet};

use contract::Principal;
use lake::{Condition, Mask, Part, Sight, TableName};
use serde::{Deserialize, Serialize};

use crate::{Expression, Role};

/// How confidential a column is, from least to most.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Classification {
    #[serde(rename = "público", alias = "publico")]
    Public,
    #[default]
    #[serde(rename = "interno")]
    Internal,
    #[serde(rename = "confidencial")]
    Confidential,
    #[serde(rename = "restrito")]
    Restricted,
}

/// The rules of all tables of an edition.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    pub tables: BTreeMap<TableName, TableRules>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableRules {
    #[serde(default)]
    pub rows: RowRule,
    #[serde(default)]
    pub columns: BTreeMap<String, ColumnRule>,
}

/// Which rows whom.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowRule {
    /// Nobody said anything.
    #[default]
    Unsaid,
    /// Every row is for everybody, and its author has said so.
    All,
    /// Rows of which the expression holds; these roles see all.
    Where { expression: Expression, unless: BTreeSet<Role> },
    /// Made from rows that are not for everybody, without saying whom its own are for. These roles see all.
    Closed { unless: BTreeSet<Role> },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnRule {
    pub classification: Classification,
    /// How it is shown to whoever may not see it.
    pub mask: Mask,
}

impl RowRule {
    /// Who is not bound; `None` when nobody is.
    fn unless(&self) -> Option<&BTreeSet<Role>> {
        match self {
            RowRule::Unsaid | RowRule::All => None,
            RowRule::Where { unless, .. } | RowRule::Closed { unless } => Some(unless),
        }
    }

    fn for_principal(&self, principal: &Principal, roles: &[Role]) -> Option<Condition> {
        let unless = self.unless()?;
        if roles.iter().any(|role| role.sees_every_row() || unless.contains(role)) {
            return None;
        }
        Some(match self {
            RowRule::Where { expression, .. } => expression.for_principal(principal),
            _ => Condition::Any(Vec::new()),
        })
    }
}

impl Rules {
    /// Closes every table that is made from tables with a rule for their rows and says nothing itself. `parents` gives, for each table
    /// whose rows are kept (not for views, which are read through their parents' rules), what it is made from.
    pub fn close(&mut self, parents: &BTreeMap<TableName, BTreeSet<TableName>>) {
        loop {
            let mut closed = Vec::new();
            for (table, from) in parents {
                let says = self.tables.get(table).is_some_and(|rules| rules.rows != RowRule::Unsaid);
                let bound: Vec<&BTreeSet<Role>> = from
                    .iter()
                    .filter_map(|parent| self.tables.get(parent).and_then(|rules| rules.rows.unless()))
                    .collect();
                if let (false, Some((first, others))) = (says, bound.split_first()) {
                    // Only who sees all rows of all of them.
                    let unless = others
                        .iter()
                        .fold((*first).clone(), |all, more| all.intersection(more).copied().collect());
                    closed.push((table.clone(), unless));
                }
            }
            if closed.is_empty() {
                return;
            }
            for (table, unless) in closed {
                self.tables.entry(table).or_default().rows = RowRule::Closed { unless };
            }
        }
    }

    /// The sight of whoever has no role and no attribute: every rule binds, every column that is not public is masked.
    pub fn narrowest(&self) -> Sight {
        let nobody = Principal {
            id: String::new(),
            name: String::new(),
            roles: Vec::new(),
            attributes: BTreeMap::new(),
        };
        let schemas: BTreeSet<String> = self.tables.keys().map(|table| table.schema.clone()).collect();
        let sight = self.sight(&nobody, &schemas, "").unwrap_or_default();
        Sight { schemas, ..sight }
    }

    /// What the principal may see; `None` for everything. `schemas` are all there are, `marts` those that boards read.
    pub fn sight(&self, principal: &Principal, schemas: &BTreeSet<String>, marts: &str) -> Option<Sight> {
        let roles = Role::of(principal);
        let clearance = roles.iter().map(|role| role.clearance()).max().unwrap_or(Classification::Public);
        let mut parts = BTreeMap::new();
        for (table, rules) in &self.tables {
            let rows = rules.rows.for_principal(principal, &roles);
            let masked = rules.columns.iter().filter(|(_, rule)| rule.classification > clearance);
            let masks: BTreeMap<String, Mask> =
                masked.map(|(column, rule)| (column.clone(), rule.mask)).collect();
            if rows.is_some() || !masks.is_empty() {
                parts.insert(table.clone(), Part { rows, masks });
            }
        }
        let raw = roles.iter().any(|role| role.sees_raw());
        if raw && parts.is_empty() {
            return None;
        }
        let schemas = if raw { schemas.clone() } else { BTreeSet::from([marts.to_owned()]) };
        Some(Sight { schemas, parts })
    }
}
