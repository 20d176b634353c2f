//! Names become columns: the SQL that reads a dimension, and the joins that bring it.
//!
//! Invariant: an alias says what it holds, so that the same column has the same text in every query and scans can be compared.

use super::Planner;
use super::scan::{Join, Needs};
use crate::catalogue::{Column, Kind, Route};
use crate::filter::{Condition, Mention};
use crate::resolve::Question;
use crate::{AskError, literal};
use kpi::{FilterOp, Grain};
use lake::quote;
use std::collections::BTreeMap;

/// A column as SQL, and what kind of value it gives.
#[derive(Debug)]
pub(crate) struct Reference {
    pub sql: String,
    pub kind: Kind,
}

impl Reference {
    /// As text for members; the empty text is no value.
    pub(super) fn member(&self) -> String {
        match self.kind {
            Kind::Text => format!("NULLIF({}, '')", self.sql),
            Kind::Day | Kind::Other => format!("CAST({} AS VARCHAR)", self.sql),
            Kind::Moment => format!("CAST(CAST({} AS DATE) AS VARCHAR)", self.sql),
        }
    }

    pub(super) fn membership(&self, members: &[String], negated: bool) -> String {
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

impl Planner<'_> {
    /// The SQL of the members to group by and of the query's filters.
    pub(super) fn keys_and_filters(
        &self,
        question: &Question,
        fact: usize,
        needs: &mut Needs,
    ) -> Result<(Vec<String>, Vec<String>), AskError> {
        let mut keys = Vec::new();
        for name in &question.by {
            keys.push(self.reference(fact, name, needs)?.member());
        }
        let mut conditions = Vec::new();
        for filter in &question.filters {
            let reference = self.reference(fact, &filter.dimension, needs)?;
            conditions.push(reference.membership(&filter.values, filter.op == FilterOp::NotIn));
        }
        conditions.sort();
        Ok((keys, conditions))
    }

    /// The SQL of conditions over a fact whose own time is `time`.
    pub(super) fn conditions(
        &self,
        fact: usize,
        texts: &[&String],
        time: &Reference,
        needs: &mut Needs,
    ) -> Result<Vec<String>, AskError> {
        let mut found: Vec<String> = Vec::new();
        for text in texts {
            let Some(condition) = self.catalogue.condition(text) else { continue };
            let sql = self.condition(fact, condition, time, needs)?;
            if !found.contains(&sql) {
                found.push(sql);
            }
        }
        Ok(found)
    }

    fn condition(
        &self,
        fact: usize,
        condition: &Condition,
        time: &Reference,
        needs: &mut Needs,
    ) -> Result<String, AskError> {
        condition.sql(|mention| {
            let (name, grain) = match mention {
                Mention::Column(name) => (name, None),
                Mention::Time(name, grain) => (name, Some(*grain)),
            };
            let sql = if name == kpi::frame::TIME {
                time.sql.clone()
            } else {
                self.reference(fact, name, needs)?.sql
            };
            Ok(match grain {
                None => sql,
                Some(Grain::Day) => format!("CAST({sql} AS DATE)"),
                Some(grain) => format!("period_start('{}', {sql})", grain.name()),
            })
        })
    }

    /// The column that `name` means to a fact; what it takes to read it goes into `needs`.
    pub(super) fn reference(
        &self,
        fact: usize,
        name: &str,
        needs: &mut Needs,
    ) -> Result<Reference, AskError> {
        let unknown = |_| AskError::UnknownDimension { name: name.to_owned(), nearest: None };
        let route = self.catalogue.route(fact, name).map_err(unknown)?;
        Ok(self.follow(fact, &route, needs))
    }

    pub(super) fn follow(&self, fact: usize, route: &Route, needs: &mut Needs) -> Reference {
        let mut path = String::new();
        let mut parent = "f".to_owned();
        let mut table = fact;
        for hop in &route.hops {
            let key = entity_alias(&hop.entity);
            let expression = |table: usize| {
                let table = &self.catalogue.tables[table];
                table
                    .entity(&hop.entity)
                    .map_or_else(|| "NULL".to_owned(), |index| table.model.entities[index].expression.clone())
            };
            columns_of(needs, &path).insert(key.clone(), expression(table));
            path = if path.is_empty() { hop.entity.clone() } else { format!("{path}__{}", hop.entity) };
            let join = needs.joins.entry(path.clone()).or_insert_with(|| Join {
                parent: parent.clone(),
                key: key.clone(),
                table: hop.table,
                columns: BTreeMap::new(),
            });
            join.columns.insert(key, expression(hop.table));
            parent = quote(&format!("j_{path}"));
            table = hop.table;
        }
        let target = &self.catalogue.tables[table];
        let (alias, expression, kind) = match route.column {
            Column::Dimension(index) => {
                let dimension = &target.model.dimensions[index];
                (format!("d_{}", dimension.name), dimension.expression.clone(), target.kinds[index])
            }
            Column::Entity(index) => {
                let entity = &target.model.entities[index];
                (entity_alias(&entity.name), entity.expression.clone(), target.entity_kinds[index])
            }
        };
        let sql = format!("{parent}.{}", quote(&alias));
        columns_of(needs, &path).insert(alias, expression);
        Reference { sql, kind }
    }
}

fn entity_alias(entity: &str) -> String {
    format!("e_{entity}")
}

/// The columns needed of the fact itself (`path` empty) or of a table joined to it.
fn columns_of<'n>(needs: &'n mut Needs, path: &str) -> &'n mut BTreeMap<String, String> {
    match needs.joins.get_mut(path) {
        Some(join) => &mut join.columns,
        None => &mut needs.own,
    }
}
