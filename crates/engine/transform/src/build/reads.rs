//! Whether everything that a node reads is in the lake.
//!
//! Does not build it. Invariant: what is missing is told with the place that asks for it.

use lake::Relations;

use crate::errors::{Place, TransformError, did_you_mean};
use crate::load::Project;
use crate::node::Node;
use crate::template::position;

/// Everything that the node reads must be in the lake already.
pub(super) fn are_there(project: &Project, relations: &Relations, node: &Node) -> Result<(), TransformError> {
    for id in &node.depends_on {
        let (what, table, remedy) = match (project.sources.get(id), project.nodes.get(id)) {
            (Some(source), _) if !relations.contains_key(&source.relation) => {
                let tables: Vec<String> = relations
                    .keys()
                    .filter(|table| table.schema == source.relation.schema)
                    .map(|table| table.name.clone())
                    .collect();
                let remedy = did_you_mean(
                    &source.relation.name,
                    tables.iter().map(String::as_str),
                    "add the source that lands it, or correct `schema` and `identifier`",
                );
                (format!("source `{}.{}`", source.source, source.table), &source.relation, remedy)
            }
            (_, Some(parent)) if !relations.contains_key(&parent.relation) => {
                let remedy = format!("build it too: select `+{}`", node.name);
                (format!("`{}`", parent.name), &parent.relation, remedy)
            }
            _ => continue,
        };
        return Err(TransformError::MissingTable {
            node: node.name.clone(),
            place: called(node, id),
            what,
            table: Box::new(table.clone()),
            remedy,
        });
    }
    Ok(())
}

/// Where the node names what it reads: the last word of its unique id, in quotes.
fn called(node: &Node, id: &str) -> Place {
    let name = id.rsplit('.').next().unwrap_or(id);
    let found = ['\'', '"'].iter().find_map(|quote| node.raw_code.find(&format!("{quote}{name}{quote}")));
    match found {
        Some(offset) => {
            let (line, column) = position(&node.raw_code, offset);
            Place::at(node.file.clone(), line, column)
        }
        None => node.place(),
    }
}
