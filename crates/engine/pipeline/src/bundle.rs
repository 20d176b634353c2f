//! What an edition carries besides its tables: the definitions that belong to them.
//!
//! Does not interpret metrics (`query`) or show boards (`app`). Invariant: a bundle is complete: reading an edition needs no pack's folder.

use contract::boards::Board;
use contract::metrics::Layer;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Bundle {
    pub metrics: Vec<MetricsText>,
    pub boards: Vec<Board>,
    pub lineage: Vec<LineageNode>,
    /// Who may see which rows and columns.
    #[serde(default)]
    pub rules: policy::Rules,
    /// Hash of everything that the packs' files said; equal hashes and no new rows mean that there is nothing to build.
    pub inputs: String,
}

/// One metrics file of a pack, as its author wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetricsText {
    pub pack: String,
    pub path: String,
    pub text: String,
}

/// A table or view and what it is made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineageNode {
    /// `marts.fct_sales`
    pub relation: String,
    pub layer: Layer,
    pub description: String,
    /// Relations that it reads.
    pub parents: Vec<String>,
    /// How many checks judge it.
    pub checks: u32,
}

impl Bundle {
    /// The relations that `roots` come from, roots included, sources first.
    pub fn upstream(&self, roots: &[String]) -> Vec<&LineageNode> {
        let mut wanted: Vec<&str> = roots.iter().map(String::as_str).collect();
        let mut found: Vec<&LineageNode> = Vec::new();
        while let Some(name) = wanted.pop() {
            if found.iter().any(|node| node.relation == name) {
                continue;
            }
            if let Some(node) = self.lineage.iter().find(|node| node.relation == name) {
                found.push(node);
                wanted.extend(node.parents.iter().map(String::as_str));
            }
        }
        found.sort_by(|a, b| a.layer.cmp(&b.layer).then_with(|| a.relation.cmp(&b.relation)));
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upstream_lists_each_table_once_sources_first() {
        let node = |relation: &str, layer, parents: &[&str]| LineageNode {
            relation: relation.to_owned(),
            layer,
            description: String::new(),
            parents: parents.iter().map(|name| (*name).to_owned()).collect(),
            checks: 0,
        };
        let bundle = Bundle {
            lineage: vec![
                node("marts.fct", Layer::Marts, &["staging.a", "staging.b"]),
                node("staging.a", Layer::Staging, &["raw.x"]),
                node("staging.b", Layer::Staging, &["raw.x"]),
                node("raw.x", Layer::Raw, &[]),
                node("marts.other", Layer::Marts, &[]),
            ],
            ..Bundle::default()
        };
        let names: Vec<&str> =
            bundle.upstream(&["marts.fct".to_owned()]).iter().map(|node| node.relation.as_str()).collect();
        assert_eq!(names, ["raw.x", "staging.a", "staging.b", "marts.fct"]);
    }
}
