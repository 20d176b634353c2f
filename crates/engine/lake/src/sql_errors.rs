//! DataFusion's errors as the lake's: one message without internals, with line and column where they are known.
//!
//! Does not run anything. Invariant: an error of ours that passed through DataFusion comes back as it was.

use deltalake::datafusion::common::diagnostic::Diagnostic;
use deltalake::datafusion::error::DataFusionError;

use crate::LakeError;

/// The lake's error for `error`. A memory error carries a limit of 0, which the engine fills in.
pub(crate) fn sql_error(error: DataFusionError) -> LakeError {
    let error = match take_own(error) {
        Ok(own) => return own,
        Err(foreign) => foreign,
    };
    let root = error.find_root();
    if matches!(root, DataFusionError::ResourcesExhausted(_)) {
        return LakeError::Memory { limit_mb: 0, source: Box::new(error) };
    }
    let message = message(&error);
    let place = span(&error).or_else(|| place_in_text(&message));
    let (line, column) = place.unzip();
    LakeError::Sql { message, line, column, source: Box::new(error) }
}

/// Finds an error of this room that DataFusion carried, however deep.
fn take_own(error: DataFusionError) -> Result<LakeError, DataFusionError> {
    match error {
        DataFusionError::External(inner) => match inner.downcast::<LakeError>() {
            Ok(own) => Ok(*own),
            Err(inner) => Err(DataFusionError::External(inner)),
        },
        DataFusionError::Context(text, inner) => {
            take_own(*inner).map_err(|inner| DataFusionError::Context(text, Box::new(inner)))
        }
        DataFusionError::Diagnostic(diagnostic, inner) => {
            take_own(*inner).map_err(|inner| DataFusionError::Diagnostic(diagnostic, Box::new(inner)))
        }
        other => Err(other),
    }
}

/// The message without prefixes, stack traces and the advice to report a bug.
fn message(error: &DataFusionError) -> String {
    let mut root = error;
    while let DataFusionError::Context(_, inner) | DataFusionError::Diagnostic(_, inner) = root {
        root = inner;
    }
    if let DataFusionError::Collection(errors) = root {
        return errors.iter().map(message).collect::<Vec<_>>().join("; ");
    }
    let text = root.message();
    let text = text.split(DataFusionError::BACK_TRACE_SEP).next().unwrap_or_default();
    let text = text.trim().trim_start_matches("sql parser error: ");
    lower_first(text.split("\nThis issue was likely caused by a bug").next().unwrap_or(text))
}

/// Messages of this project start in lower case; an identifier or abbreviation keeps its case.
fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    match (letters.next(), letters.clone().next()) {
        (Some(first), Some(second)) if second.is_lowercase() || second == ' ' => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => text.to_string(),
    }
}

fn span(error: &DataFusionError) -> Option<(u64, u64)> {
    let diagnostic: &Diagnostic = error.diagnostic()?;
    let span = diagnostic.span.or_else(|| diagnostic.notes.iter().find_map(|note| note.span))?;
    Some((span.start.line, span.start.column))
}

/// The parser writes `… at Line: 3, Column: 14`.
fn place_in_text(message: &str) -> Option<(u64, u64)> {
    let (_, rest) = message.split_once("Line: ")?;
    let (line, rest) = rest.split_once(", Column: ")?;
    let column: String = rest.chars().take_while(char::is_ascii_digit).collect();
    Some((line.parse().ok()?, column.parse().ok()?))
}
