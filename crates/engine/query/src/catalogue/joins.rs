//! How a fact reaches a dimension: its own column, or a join over one or two entities.
//!
//! Writes no SQL (`sql`). Invariant: a hop leads to a table in which its entity is primary or unique, so that a join never multiplies
//! rows, as long as that uniqueness holds, which is a check's business.

use super::{Catalogue, Table};
use crate::semantic::{DimensionKind, EntityKind};
use std::collections::{BTreeMap, BTreeSet};

/// A column and the way to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Route {
    /// From the fact outwards; empty for its own columns.
    pub hops: Vec<Hop>,
    pub column: Column,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hop {
    pub entity: String,
    pub table: usize,
}

/// A position within the last table of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    Dimension(usize),
    Entity(usize),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RouteError {
    Unknown,
    /// The full names that tell the candidates apart.
    Ambiguous(Vec<String>),
}

/// Every name that a query may use of a fact.
#[derive(Debug, Default)]
pub(crate) struct Names {
    pub routes: Vec<(String, Route)>,
    /// Names that could mean several columns, and the full names that tell them apart.
    pub ambiguous: BTreeMap<String, Vec<String>>,
}

/// Joins in a row that a name may ask for.
const MAX_HOPS: usize = 2;

impl Catalogue {
    /// The column that `name` means to the fact `from`: `uf`, `customer__uf` or `order__customer__uf`.
    pub(crate) fn route(&self, from: usize, name: &str) -> Result<Route, RouteError> {
        if let Some((entity, rest)) = name.split_once("__") {
            return self.qualified(from, entity, rest, MAX_HOPS).ok_or(RouteError::Unknown);
        }
        if let Some(column) = own(&self.tables[from], name) {
            return Ok(Route { hops: Vec::new(), column });
        }
        for depth in 1..=MAX_HOPS {
            let mut found = Vec::new();
            self.search(from, name, depth, &mut Vec::new(), &mut found);
            // Two ways to the same table over the same last entity are one meaning only if they are one way.
            match found.len() {
                0 => {}
                1 => return Ok(found.swap_remove(0)),
                _ => {
                    return Err(RouteError::Ambiguous(
                        found.iter().map(|route| format!("`{}`", full_name(route, name))).collect(),
                    ));
                }
            }
        }
        Err(RouteError::Unknown)
    }

    /// The short names of all categorical dimensions that the fact `from` reaches: its own, then those of joined tables; a name that
    /// would be ambiguous appears in full.
    pub(crate) fn reachable(&self, from: usize) -> Vec<String> {
        let mut names: Vec<String> = categorical(&self.tables[from]).map(str::to_owned).collect();
        let mut ways = vec![(Vec::<Hop>::new(), from)];
        for _ in 0..MAX_HOPS {
            let mut next = Vec::new();
            for (hops, table) in &ways {
                for hop in self
                    .neighbours(*table)
                    .filter(|hop| hop.table != from && hops.iter().all(|other| other.table != hop.table))
                {
                    let mut hops = hops.clone();
                    hops.push(hop.clone());
                    next.push((hops, hop.table));
                }
            }
            for (hops, table) in &next {
                for name in categorical(&self.tables[*table]) {
                    let short = self.route(from, name).is_ok_and(|route| route.hops == *hops);
                    let name = if short {
                        name.to_owned()
                    } else {
                        full_name(&Route { hops: hops.clone(), column: Column::Dimension(0) }, name)
                    };
                    let known = own(&self.tables[from], &name).is_some() || names.contains(&name);
                    if !known && (short || self.is_ambiguous(from, &name)) {
                        names.push(name);
                    }
                }
            }
            ways = next;
        }
        names
    }

    /// All names that mean something to the fact `from`, or too much.
    pub(crate) fn names(&self, from: usize) -> Names {
        let mut candidates = BTreeSet::new();
        self.collect_names(from, "", MAX_HOPS, &mut candidates);
        let mut names = Names::default();
        for name in candidates {
            match self.route(from, &name) {
                Ok(route) => names.routes.push((name, route)),
                Err(RouteError::Ambiguous(choices)) => {
                    names.ambiguous.insert(name, choices);
                }
                Err(RouteError::Unknown) => {}
            }
        }
        names
    }

    /// The columns of a table by their own names, after its own entities, and after each hop that is left.
    fn collect_names(&self, table: usize, before: &str, hops_left: usize, found: &mut BTreeSet<String>) {
        let model = &self.tables[table].model;
        let dimensions = model.dimensions.iter().map(|dimension| &dimension.name);
        for column in dimensions.chain(model.entities.iter().map(|entity| &entity.name)) {
            found.insert(column.clone());
            found.insert(format!("{before}{column}"));
            for entity in &model.entities {
                found.insert(format!("{before}{}__{column}", entity.name));
            }
        }
        if hops_left > 0 {
            for hop in self.neighbours(table) {
                self.collect_names(hop.table, &format!("{before}{}__", hop.entity), hops_left - 1, found);
            }
        }
    }

    /// True when the last part of a full name alone would be ambiguous, so that only the full name serves.
    fn is_ambiguous(&self, from: usize, full: &str) -> bool {
        let short = full.rsplit("__").next().unwrap_or(full);
        matches!(self.route(from, short), Err(RouteError::Ambiguous(_)))
    }

    fn qualified(&self, from: usize, entity: &str, rest: &str, hops_left: usize) -> Option<Route> {
        let table = &self.tables[from];
        let own_entity = table.entity(entity)?;
        // The table's own prefix: `order__status` over orders.
        if !rest.contains("__")
            && table.model.entities[own_entity].kind != EntityKind::Foreign
            && let Some(column) = own(table, rest)
        {
            return Some(Route { hops: Vec::new(), column });
        }
        if hops_left == 0 {
            return None;
        }
        self.neighbours(from).filter(|hop| hop.entity == entity).find_map(|hop| {
            let mut route = match rest.split_once("__") {
                Some((next, rest)) => self.qualified(hop.table, next, rest, hops_left - 1)?,
                None => Route { hops: Vec::new(), column: own(&self.tables[hop.table], rest)? },
            };
            route.hops.insert(0, hop);
            Some(route)
        })
    }

    fn search(&self, from: usize, name: &str, depth: usize, hops: &mut Vec<Hop>, found: &mut Vec<Route>) {
        for hop in self.neighbours(from) {
            if hops.iter().any(|other| other.table == hop.table) {
                continue;
            }
            hops.push(hop.clone());
            if depth > 1 {
                self.search(hop.table, name, depth - 1, hops, found);
            } else if let Some(dimension) = self.tables[hop.table].dimension(name) {
                found.push(Route { hops: hops.clone(), column: Column::Dimension(dimension) });
            }
            hops.pop();
        }
    }

    /// Tables that one join reaches: those in which an entity of `from` is primary or unique.
    fn neighbours(&self, from: usize) -> impl Iterator<Item = Hop> + '_ {
        self.tables[from].model.entities.iter().filter(|entity| entity.kind != EntityKind::Natural).flat_map(
            move |entity| {
                self.tables.iter().enumerate().filter_map(move |(index, table)| {
                    let other = &table.model.entities[table.entity(&entity.name)?];
                    let leads =
                        index != from && matches!(other.kind, EntityKind::Primary | EntityKind::Unique);
                    leads.then(|| Hop { entity: entity.name.clone(), table: index })
                })
            },
        )
    }
}

fn own(table: &Table, name: &str) -> Option<Column> {
    table.dimension(name).map(Column::Dimension).or_else(|| table.entity(name).map(Column::Entity))
}

fn categorical(table: &Table) -> impl Iterator<Item = &str> {
    table
        .model
        .dimensions
        .iter()
        .filter(|dimension| dimension.kind == DimensionKind::Categorical)
        .map(|dimension| dimension.name.as_str())
}

fn full_name(route: &Route, name: &str) -> String {
    let mut parts: Vec<&str> = route.hops.iter().map(|hop| hop.entity.as_str()).collect();
    parts.push(name);
    parts.join("__")
}
