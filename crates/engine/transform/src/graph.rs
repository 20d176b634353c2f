//! Who reads whom: parents, children, order, circles.
//!
//! Does not know what a node is made of. Invariant: a graph that exists has no circle.

use std::collections::{BTreeMap, BTreeSet};

use crate::errors::TransformError;

/// Unique ids and their edges. Sources are nodes without parents.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    parents: BTreeMap<String, BTreeSet<String>>,
    children: BTreeMap<String, BTreeSet<String>>,
}

impl Graph {
    /// From (node, what it reads). What is read and not listed becomes a node without parents.
    pub(crate) fn new(
        edges: impl IntoIterator<Item = (String, Vec<String>)>,
    ) -> Result<Graph, TransformError> {
        let mut graph = Graph::default();
        for (node, reads) in edges {
            graph.children.entry(node.clone()).or_default();
            for parent in &reads {
                graph.children.entry(parent.clone()).or_default().insert(node.clone());
                graph.parents.entry(parent.clone()).or_default();
            }
            graph.parents.entry(node).or_default().extend(reads);
        }
        match graph.circle() {
            None => Ok(graph),
            Some(circle) => {
                let names: Vec<String> =
                    circle.iter().map(|id| format!("`{}`", id.rsplit('.').next().unwrap_or(id))).collect();
                Err(TransformError::Cycle { path: names.join(" → ") })
            }
        }
    }

    pub fn contains(&self, id: &str) -> bool {
        self.parents.contains_key(id)
    }

    /// What `id` reads itself.
    pub fn parents(&self, id: &str) -> impl Iterator<Item = &str> {
        self.parents.get(id).into_iter().flatten().map(String::as_str)
    }

    /// What reads `id` itself.
    pub fn children(&self, id: &str) -> impl Iterator<Item = &str> {
        self.children.get(id).into_iter().flatten().map(String::as_str)
    }

    /// Everything upstream of `id`, at most `steps` away; without `id`.
    pub fn ancestors(&self, id: &str, steps: Option<usize>) -> BTreeSet<String> {
        reach(&self.parents, id, steps)
    }

    /// Everything downstream of `id`, at most `steps` away; without `id`.
    pub fn descendants(&self, id: &str, steps: Option<usize>) -> BTreeSet<String> {
        reach(&self.children, id, steps)
    }

    /// Parents before children, otherwise by name.
    pub fn order(&self) -> Vec<&str> {
        let mut waiting: BTreeMap<&str, usize> =
            self.parents.iter().map(|(id, parents)| (id.as_str(), parents.len())).collect();
        let mut ready: BTreeSet<&str> =
            waiting.iter().filter(|(_, count)| **count == 0).map(|(id, _)| *id).collect();
        let mut order = Vec::with_capacity(waiting.len());
        while let Some(id) = ready.pop_first() {
            order.push(id);
            for child in self.children(id) {
                if let Some(count) = waiting.get_mut(child) {
                    *count -= 1;
                    if *count == 0 {
                        ready.insert(child);
                    }
                }
            }
        }
        order
    }

    /// A circle, its first node repeated at the end, in the order in which each is read by the next.
    fn circle(&self) -> Option<Vec<String>> {
        let ordered: BTreeSet<&str> = self.order().into_iter().collect();
        let start = self.parents.keys().find(|id| !ordered.contains(id.as_str()))?;
        // Walk upstream among the nodes that could not be ordered: every one of them reads another, so a node must come again.
        let mut path: Vec<&str> = vec![start];
        loop {
            let last = path.last()?;
            let next = self.parents(last).find(|parent| !ordered.contains(parent))?;
            if let Some(begin) = path.iter().position(|id| *id == next) {
                let mut circle: Vec<String> = path[begin..].iter().rev().map(|id| (*id).to_owned()).collect();
                // Begin with the least name, so that the same circle always reads the same.
                let least = (0..circle.len()).min_by_key(|at| circle[*at].clone())?;
                circle.rotate_left(least);
                circle.push(circle[0].clone());
                return Some(circle);
            }
            path.push(next);
        }
    }
}

fn reach(edges: &BTreeMap<String, BTreeSet<String>>, id: &str, steps: Option<usize>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut edge = vec![id.to_owned()];
    let mut left = steps.unwrap_or(usize::MAX);
    while left > 0 && !edge.is_empty() {
        let mut next = Vec::new();
        for other in edge.iter().filter_map(|id| edges.get(id)).flatten() {
            if other != id && found.insert(other.clone()) {
                next.push(other.clone());
            }
        }
        edge = next;
        left -= 1;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(edges: &[(&str, &[&str])]) -> Result<Graph, TransformError> {
        Graph::new(
            edges
                .iter()
                .map(|(id, reads)| ((*id).to_owned(), reads.iter().map(|r| (*r).to_owned()).collect())),
        )
    }

    #[test]
    fn order_puts_parents_first() {
        let graph = graph(&[("c", &["a", "b"]), ("b", &["a"]), ("d", &[])]).unwrap();
        assert_eq!(graph.order(), ["a", "b", "c", "d"]);
        assert_eq!(graph.ancestors("c", Some(1)).len(), 2);
        assert_eq!(graph.descendants("a", None).into_iter().collect::<Vec<_>>(), ["b", "c"]);
    }

    #[test]
    fn circle_is_named_with_its_path() {
        let error = graph(&[
            ("model.p.b", &["model.p.a"]),
            ("model.p.c", &["model.p.b"]),
            ("model.p.a", &["model.p.c", "model.p.x"]),
            ("model.p.x", &[]),
            ("model.p.z", &["model.p.a"]),
        ])
        .unwrap_err();
        assert_eq!(
            error.to_string(),
            "the models go round in a circle: `a` → `b` → `c` → `a`; remove one of these `ref`s"
        );
    }

    #[test]
    fn circle_of_one_is_named() {
        let error = graph(&[("model.p.a", &["model.p.a"])]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the models go round in a circle: `a` → `a`; remove one of these `ref`s"
        );
    }
}
