//! Which line of its author a piece of rendered SQL came from.
//!
//! Does not render. Invariant: a place inside text that a macro made is the place of the call.

use std::ops::Range;

use minijinja::{OutputSpan, OutputSpanKind};

use super::Engine;
use crate::errors::Place;
use crate::template::offset_of;

/// Rendered text, and where each piece of it was written.
#[derive(Debug, Clone)]
pub(crate) struct Rendered {
    pub(crate) text: String,
    spans: Vec<Span>,
    file: String,
}

#[derive(Debug, Clone)]
struct Span {
    output: Range<usize>,
    template: String,
    source: usize,
    raw: bool,
}

impl Rendered {
    pub(super) fn new(text: String, spans: &[OutputSpan], file: String) -> Rendered {
        let spans = spans
            .iter()
            .map(|span| Span {
                output: span.output_range(),
                template: span.name().to_owned(),
                source: span.source_range().start,
                raw: span.kind() == OutputSpanKind::Raw,
            })
            .collect();
        Rendered { text, spans, file }
    }

    /// The file that was rendered.
    pub(crate) fn file(&self) -> &str {
        &self.file
    }

    /// The author's place of a line and column of the rendered text, both from 1.
    pub(crate) fn place(&self, engine: &Engine, line: usize, column: usize) -> Place {
        self.place_of(engine, offset_of(&self.text, line, column))
    }

    /// The author's place of a byte of the rendered text.
    pub(crate) fn place_of(&self, engine: &Engine, offset: usize) -> Place {
        let index = self.spans.partition_point(|span| span.output.end <= offset);
        let Some(span) = self.spans.get(index).or_else(|| self.spans.last()) else {
            return Place::file(self.file.clone());
        };
        let Some(template) = engine.template(&span.template) else { return Place::file(self.file.clone()) };
        let inside = if span.raw { offset.saturating_sub(span.output.start) } else { 0 };
        template.place(span.source + inside)
    }

    /// The author's place of a word of the rendered text, for errors that only name it.
    pub(crate) fn place_of_word(&self, engine: &Engine, word: &str) -> Option<Place> {
        let text = self.text.to_lowercase();
        let word = word.to_lowercase();
        // Lower-casing may move bytes in rare scripts; then the place is left unsaid.
        if word.is_empty() || text.len() != self.text.len() {
            return None;
        }
        let bytes = text.as_bytes();
        let is_part = |at: Option<&u8>| at.is_some_and(|c| c.is_ascii_alphanumeric() || *c == b'_');
        let mut from = 0;
        while let Some(found) = text[from..].find(&word).map(|found| from + found) {
            let before = found.checked_sub(1).and_then(|at| bytes.get(at));
            if !is_part(before) && !is_part(bytes.get(found + word.len())) {
                return Some(self.place_of(engine, found));
            }
            from = found + word.len();
        }
        None
    }
}
