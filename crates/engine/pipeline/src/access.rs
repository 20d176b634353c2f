//! The rules for rows and columns that the packs' models and sources declare.
//!
//! Understands none of them (`policy`). Invariant: a rule that cannot be read ends the run; it is never left out.

use std::collections::{BTreeMap, BTreeSet};

use lake::TableName;
use policy::{Rules, table_rules};
use serde_json::{Map, Value};
use transform::{Column, Materialized, Project};

use crate::PipelineError;

/// All rules of the project, with every table closed that was made from rows that are not for everybody and does not say whom its own
/// are for.
///
/// # Errors
/// `Access` with the file and table of what is not understood.
pub fn rules(project: &Project) -> Result<Rules, PipelineError> {
    let mut rules = Rules::default();
    let mut read = |file: &str, table: &TableName, meta: &Map<String, Value>, columns: &[Column]| {
        let columns = columns.iter().map(|column| (column.name.as_str(), &column.meta));
        let found = table_rules(meta, columns).map_err(|source| PipelineError::Access {
            file: file.to_owned(),
            table: table.clone(),
            source,
        })?;
        if let Some(found) = found {
            rules.tables.insert(table.clone(), found);
        }
        Ok::<(), PipelineError>(())
    };
    for node in project.nodes.values() {
        let file = node.patch.as_ref().map_or(node.file.as_str(), |place| place.file.as_str());
        read(file, &node.relation, &node.meta, &node.columns)?;
    }
    for source in project.sources.values() {
        read(&source.place.file, &source.relation, &source.meta, &source.columns)?;
    }
    rules.close(&made_from(project));
    Ok(rules)
}

/// For each table whose rows are kept, what they come from: what it reads, and through views what those read.
fn made_from(project: &Project) -> BTreeMap<TableName, BTreeSet<TableName>> {
    let mut found = BTreeMap::new();
    for node in project.nodes.values().filter(|node| !matches!(node.materialized, Materialized::View)) {
        let mut from = BTreeSet::new();
        let mut ids: Vec<&String> = node.depends_on.iter().collect();
        while let Some(id) = ids.pop() {
            if let Some(source) = project.sources.get(id) {
                from.insert(source.relation.clone());
            }
            let Some(parent) = project.nodes.get(id) else { continue };
            if from.insert(parent.relation.clone()) && matches!(parent.materialized, Materialized::View) {
                ids.extend(&parent.depends_on);
            }
        }
        found.insert(node.relation.clone(), from);
    }
    found
}
