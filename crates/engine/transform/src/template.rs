//! dbt's Jinja as minijinja reads it: `{% snapshot %}`, `{% test %}`, `{% materialization %}` and lists that grow.
//!
//! Does not render (`jinja`). Invariant: an offset in the rewritten text always maps back to the text as its author wrote it,
//! and no line is added or removed.

use std::ops::Range;

use crate::errors::{Place, TransformError};

/// Prefix of macros in the rewritten text, so that a bare name always goes through the dispatcher (`return()`, overrides).
pub(crate) const MACRO_PREFIX: &str = "dbt_macro__";

/// One file, or one snapshot of a file, ready for minijinja.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    pub(crate) file: String,
    /// As minijinja reads it.
    pub(crate) text: String,
    original: String,
    /// Replaced pieces: where in `text`, and where in `original`; in order.
    edits: Vec<(Range<usize>, Range<usize>)>,
}

/// A macro (or a generic test, as the macro `test_<name>`) that a file defines.
#[derive(Debug, Clone)]
pub(crate) struct MacroDef {
    pub(crate) name: String,
    pub(crate) line: usize,
}

/// A `{% snapshot %}` block, as a template of its own.
#[derive(Debug, Clone)]
pub(crate) struct SnapshotBlock {
    pub(crate) name: String,
    pub(crate) template: Template,
    pub(crate) line: usize,
}

impl Template {
    fn new(file: &str, original: &str, mut edits: Vec<(Range<usize>, String)>) -> Template {
        edits.sort_by_key(|(range, _)| range.start);
        let mut text = String::with_capacity(original.len() + 64);
        let mut mapped = Vec::with_capacity(edits.len());
        let mut done = 0;
        for (range, replacement) in edits {
            text.push_str(&original[done..range.start]);
            let begin = text.len();
            text.push_str(&replacement);
            done = range.end;
            mapped.push((begin..text.len(), range));
        }
        text.push_str(&original[done..]);
        Template { file: file.to_owned(), text, original: original.to_owned(), edits: mapped }
    }

    /// A template that is rendered as it stands.
    pub(crate) fn verbatim(file: &str, text: &str) -> Template {
        Template::new(file, text, Vec::new())
    }

    /// The author's place of a byte of `text`.
    pub(crate) fn place(&self, offset: usize) -> Place {
        let mut shift = 0_isize;
        for (edited, original) in &self.edits {
            if offset < edited.start {
                break;
            }
            if offset < edited.end {
                return self.original_place(original.start);
            }
            shift = original.end as isize - edited.end as isize;
        }
        self.original_place(offset.saturating_add_signed(shift))
    }

    fn original_place(&self, offset: usize) -> Place {
        let (line, column) = position(&self.original, offset);
        Place::at(self.file.clone(), line, column)
    }
}

/// Line and column (in characters) of a byte, both from 1.
pub(crate) fn position(text: &str, offset: usize) -> (usize, usize) {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let before = &text[..offset];
    let begin = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[begin..].chars().count() + 1)
}

/// The byte of a line and column, both from 1.
pub(crate) fn offset_of(text: &str, line: usize, column: usize) -> usize {
    let begin: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let rest = &text[begin.min(text.len())..];
    let inside = rest.char_indices().nth(column.saturating_sub(1)).map_or(rest.len(), |(at, _)| at);
    begin + inside
}

/// `{% … %}`: where it is, and what it says inside without the dashes.
struct Statement {
    whole: Range<usize>,
    inner: Range<usize>,
}

impl Statement {
    fn keyword<'t>(&self, text: &'t str) -> &'t str {
        let inner = &text[self.inner.clone()];
        let inner = inner.trim_start();
        &inner[..inner.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(inner.len())]
    }

    /// Where the first identifier after the keyword is.
    fn name(&self, text: &str) -> Range<usize> {
        let inner = &text[self.inner.clone()];
        let after = inner.len() - inner.trim_start().len() + self.keyword(text).len();
        let rest = &inner[after..];
        let begin = after + (rest.len() - rest.trim_start().len());
        let tail = &inner[begin..];
        let length = tail.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(tail.len());
        self.inner.start + begin..self.inner.start + begin + length
    }
}

/// The statements of a text; what lies in comments, expressions and `{% raw %}` is passed over.
fn statements(text: &str) -> Vec<Statement> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(open) = text[at..].find('{').map(|found| at + found) {
        let close = match text.as_bytes().get(open + 1) {
            Some(b'#') => text[open..].find("#}").map(|end| open + end + 2),
            Some(b'{') => tag_end(text, open + 2, "}}"),
            Some(b'%') => tag_end(text, open + 2, "%}"),
            _ => Some(open + 1),
        };
        // What never closes is an error that minijinja words well.
        let Some(close) = close else { break };
        at = close;
        if text.as_bytes().get(open + 1) != Some(&b'%') {
            continue;
        }
        let inner = text[open + 2..close - 2].trim_matches(['-', '+']);
        let begin = open + 2 + usize::from(text[open + 2..].starts_with(['-', '+']));
        let statement = Statement { whole: open..close, inner: begin..begin + inner.len() };
        if statement.keyword(text) == "raw" {
            at = end_of_raw(text, close);
        }
        found.push(statement);
    }
    found
}

fn end_of_raw(text: &str, from: usize) -> usize {
    let mut at = from;
    while let Some(open) = text[at..].find("{%").map(|found| at + found) {
        let Some(close) = tag_end(text, open + 2, "%}") else { break };
        if text[open + 2..close - 2].trim_matches(['-', '+', ' ']) == "endraw" {
            return close;
        }
        at = open + 2;
    }
    text.len()
}

/// The end of a tag, quotes respected.
fn tag_end(text: &str, from: usize, close: &str) -> Option<usize> {
    let mut quote = None;
    let mut escaped = false;
    let mut depth = 0_usize;
    for (index, c) in text[from..].char_indices() {
        let here = from + index;
        if let Some(open) = quote {
            if escaped {
                escaped = false;
            } else if c == '\\' {
                escaped = true;
            } else if c == open {
                quote = None;
            }
            continue;
        }
        if depth == 0 && text[here..].starts_with(close) {
            return Some(here + close.len());
        }
        match c {
            '\'' | '"' => quote = Some(c),
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

/// Spaces for every character but newlines.
fn blank(text: &str) -> String {
    text.chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect()
}

/// A file of macros and generic tests.
pub(crate) fn macro_file(file: &str, text: &str) -> Result<(Template, Vec<MacroDef>), TransformError> {
    let statements = statements(text);
    let mut edits = list_edits(text, &statements);
    let mut macros = Vec::new();
    let mut materialization: Option<usize> = None;
    for statement in &statements {
        let keyword = statement.keyword(text);
        let name = statement.name(text);
        match keyword {
            "macro" => {
                macros.push(MacroDef {
                    name: text[name.clone()].to_owned(),
                    line: position(text, name.start).0,
                });
                edits.push((name.start..name.start, MACRO_PREFIX.to_owned()));
            }
            "test" | "data_test" => {
                let line = position(text, name.start).0;
                macros.push(MacroDef { name: format!("test_{}", &text[name.clone()]), line });
                let begin =
                    statement.inner.start + text[statement.inner.clone()].find(keyword).unwrap_or_default();
                edits.push((begin..begin + keyword.len(), "macro".to_owned()));
                edits.push((name.start..name.start, format!("{MACRO_PREFIX}test_")));
            }
            "endmacro" | "endtest" | "enddata_test" => {
                edits.push((statement.inner.clone(), " endmacro ".to_owned()));
            }
            "materialization" => materialization = Some(statement.whole.start),
            "endmaterialization" => {
                let begin = materialization
                    .take()
                    .ok_or_else(|| unbalanced(file, text, statement, "materialization"))?;
                // Ours are in Rust: a project's own are passed over, and a model that asks for one is told so.
                edits.retain(|(range, _)| range.start < begin);
                edits.push((begin..statement.whole.end, blank(&text[begin..statement.whole.end])));
            }
            _ => {}
        }
    }
    Ok((Template::new(file, text, edits), macros))
}

/// A model, a singular test, or anything else that is rendered whole.
pub(crate) fn sql_file(file: &str, text: &str) -> Template {
    let statements = statements(text);
    Template::new(file, text, list_edits(text, &statements))
}

/// The snapshots of a file: each as the whole file with all the rest blanked, so that places stay true.
pub(crate) fn snapshot_file(file: &str, text: &str) -> Result<Vec<SnapshotBlock>, TransformError> {
    let statements = statements(text);
    let mut blocks = Vec::new();
    let mut open: Option<&Statement> = None;
    for statement in &statements {
        match statement.keyword(text) {
            "snapshot" => open = Some(statement),
            "endsnapshot" => {
                let begin = open.take().ok_or_else(|| unbalanced(file, text, statement, "snapshot"))?;
                let body = begin.whole.end..statement.whole.start;
                let mut edits: Vec<_> = list_edits(text, &statements)
                    .into_iter()
                    .filter(|(range, _)| body.start <= range.start && range.end <= body.end)
                    .collect();
                edits.push((0..body.start, blank(&text[..body.start])));
                edits.push((body.end..text.len(), String::new()));
                blocks.push(SnapshotBlock {
                    name: text[begin.name(text)].to_owned(),
                    line: position(text, begin.whole.start).0,
                    template: Template::new(file, text, edits),
                });
            }
            _ => {}
        }
    }
    match open {
        Some(begin) => Err(TransformError::Jinja {
            subject: format!("snapshot `{}`", &text[begin.name(text)]),
            place: at(file, text, begin.whole.start),
            message: "`{% snapshot %}` is never closed; end it with `{% endsnapshot %}`".to_owned(),
        }),
        None => Ok(blocks),
    }
}

fn unbalanced(file: &str, text: &str, statement: &Statement, what: &str) -> TransformError {
    TransformError::Jinja {
        subject: format!("`{{% end{what} %}}`"),
        place: at(file, text, statement.whole.start),
        message: format!("closes no `{{% {what} %}}`; open one or remove this line"),
    }
}

fn at(file: &str, text: &str, offset: usize) -> Place {
    let (line, column) = position(text, offset);
    Place::at(file, line, column)
}

/// `{% set x = [] %}` becomes a list that `{% do x.append(…) %}` may change, which minijinja's own lists do not allow.
fn list_edits(text: &str, statements: &[Statement]) -> Vec<(Range<usize>, String)> {
    let mut edits = Vec::new();
    for statement in statements.iter().filter(|statement| statement.keyword(text) == "set") {
        let name = statement.name(text);
        let rest = &text[name.end..statement.inner.end];
        let Some(value) = rest.trim_start().strip_prefix('=') else { continue };
        let value = value.trim();
        let literal = (value.starts_with('[') || value.starts_with('{')) && closes_at_end(value);
        if literal {
            let begin = name.end + rest.find(value).unwrap_or_default();
            edits.push((begin..begin, "mirante_mutable(".to_owned()));
            let end = begin + value.len();
            edits.push((end..end, ")".to_owned()));
        }
    }
    edits
}

/// Whether the bracket that opens `value` closes on its last character.
fn closes_at_end(value: &str) -> bool {
    let mut depth = 0_i32;
    let mut quote = None;
    for (index, c) in value.char_indices() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, '[' | '{' | '(') => depth += 1,
            (None, ']' | '}' | ')') => {
                depth -= 1;
                if depth == 0 {
                    return index + c.len_utf8() == value.len();
                }
            }
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn macro_file_renames_and_maps_back() {
        let text = "{%- macro cents(x) -%}\n{{ x }}{{ y }}\n{%- endmacro %}\n{% test ok(model) %}select{% endtest %}\n";
        let (template, macros) = macro_file("m.sql", text).unwrap();
        assert_eq!(
            template.text,
            "{%- macro dbt_macro__cents(x) -%}\n{{ x }}{{ y }}\n{%- endmacro -%}\n"
                .replace("endmacro -%}", "endmacro %}")
                + "{% macro dbt_macro__test_ok(model) %}select{% endmacro %}\n"
        );
        let names: Vec<_> = macros.iter().map(|found| (found.name.as_str(), found.line)).collect();
        assert_eq!(names, [("cents", 1), ("test_ok", 4)]);
        let offset = template.text.find("y }}").unwrap();
        assert_eq!(template.place(offset), Place::at("m.sql", 2, 11));
        let offset = template.text.find("x) -").unwrap();
        assert_eq!(template.place(offset), Place::at("m.sql", 1, 17));
    }

    #[test]
    fn snapshot_file_keeps_places() {
        let text = "-- one\n{% snapshot a %}\n  select 1\n{% endsnapshot %}\n{% snapshot b %}select 2{% endsnapshot %}";
        let blocks = snapshot_file("s.sql", text).unwrap();
        assert_eq!(blocks.iter().map(|block| block.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(blocks[0].template.text.trim(), "select 1");
        let offset = blocks[0].template.text.find("select").unwrap();
        assert_eq!(blocks[0].template.place(offset), Place::at("s.sql", 3, 3));
    }

    #[test]
    fn snapshot_unclosed_is_pointed_at() {
        assert_eq!(
            snapshot_file("s.sql", "\n{% snapshot a %}").unwrap_err().to_string(),
            "s.sql:2:1: snapshot `a`: `{% snapshot %}` is never closed; end it with `{% endsnapshot %}`"
        );
    }

    #[test]
    fn sql_file_wraps_only_whole_literals() {
        let text = "{% set a = [] %}{% set b = [1] + [2] %}{% set c = {'x': ']'} %}{% raw %}{% set d = [] %}{% endraw %}";
        assert_eq!(
            sql_file("a.sql", text).text,
            "{% set a = mirante_mutable([]) %}{% set b = [1] + [2] %}{% set c = mirante_mutable({'x': ']'}) %}{% raw %}{% set d = [] %}{% endraw %}"
        );
    }

    #[test]
    fn position_counts_characters() {
        assert_eq!(position("é\nçb", 5), (2, 2));
        assert_eq!(offset_of("é\nçb", 2, 2), 5);
    }
}
