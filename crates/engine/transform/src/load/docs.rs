//! `{% docs name %}` blocks of Markdown files, and the descriptions that quote them with `{{ doc('name') }}`.
//!
//! Does not render Markdown. Invariant: a description that quotes no block stays as it is.

use std::collections::BTreeMap;

use regex::{Captures, Regex};

use super::found::Found;

/// Adds the blocks of one Markdown file.
pub(super) fn read(text: &str, docs: &mut BTreeMap<String, String>) {
    let block = Regex::new(r"(?s)\{%-?\s*docs\s+(\w+)\s*-?%\}(.*?)\{%-?\s*enddocs\s*-?%\}")
        .expect("a constant pattern");
    for found in block.captures_iter(text) {
        docs.insert(found[1].to_owned(), found[2].trim().to_owned());
    }
}

/// Puts the blocks into all descriptions.
pub(super) fn fill(found: &mut Found, docs: &BTreeMap<String, String>) {
    if docs.is_empty() {
        return;
    }
    let quoted = Regex::new(r#"\{\{\s*doc\(\s*(?:['"]\w+['"]\s*,\s*)?['"](\w+)['"]\s*\)\s*\}\}"#)
        .expect("a constant pattern");
    let filled = |text: &mut String| {
        if text.contains("doc(") {
            let whole =
                |found: &Captures| docs.get(&found[1]).cloned().unwrap_or_else(|| found[0].to_owned());
            *text = quoted.replace_all(text, whole).into_owned();
        }
    };
    for patch in found.patches.values_mut() {
        filled(&mut patch.description);
        patch.columns.iter_mut().for_each(|column| filled(&mut column.description));
    }
    for (_, source) in &mut found.sources {
        filled(&mut source.description);
        filled(&mut source.source_description);
        source.columns.iter_mut().for_each(|column| filled(&mut column.description));
    }
}
