//! Reads a drawing as a browser would: an XML tree, the coordinates in it.
//!
//! Judges nothing by itself. Invariant: a picture that is not well-formed fails the test that reads it.

use chart::{Text, words};

/// The drawing with a root of its own; panics with the text when it is not well-formed.
pub fn with_tree<T>(html: &str, read: impl FnOnce(&roxmltree::Document) -> T) -> T {
    let page = format!("<root>{html}</root>");
    match roxmltree::Document::parse(&page) {
        Ok(tree) => read(&tree),
        Err(error) => panic!("not well-formed: {error}\n{page}"),
    }
}

/// Every point of every path, in the view box of 1000 × height.
pub fn path_points(tree: &roxmltree::Document) -> Vec<(f64, f64)> {
    let paths = tree.descendants().filter_map(|node| node.attribute("d"));
    paths.flat_map(points).collect()
}

fn points(d: &str) -> Vec<(f64, f64)> {
    let pairs = d.trim_end_matches('Z').split(['M', 'L']).filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (x, y) = pair.split_once(' ').unwrap_or_else(|| panic!("`{pair}` is no point"));
            (x.parse().unwrap(), y.parse().unwrap())
        })
        .collect()
}

/// Every rectangle as (x %, width %, y, height).
pub fn rects(tree: &roxmltree::Document) -> Vec<[f64; 4]> {
    let number = |node: &roxmltree::Node, name: &str| -> f64 {
        node.attribute(name).unwrap().trim_end_matches('%').parse().unwrap()
    };
    let rects = tree.descendants().filter(|node| node.has_tag_name("rect"));
    rects.map(|node| ["x", "width", "y", "height"].map(|name| number(&node, name))).collect()
}

/// A tick formatter that needs no locale.
pub fn plain_tick(value: f64, _step: f64) -> String {
    format!("{value}")
}

pub fn plain_text() -> Text<'static> {
    Text { words: &words::PT_BR, tick: &plain_tick }
}
