//! Jinja's errors as ours: the author's place, plain words, a near name.
//!
//! Does not raise them (the functions do). Invariant: the innermost place wins, for that is where the fault is.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use minijinja::value::{Object, Value};
use minijinja::{Error, ErrorKind, State};

use super::scope::Subject;
use super::{Macros, bad_arguments};
use crate::errors::{Place, TransformError, did_you_mean};
use crate::template::Template;

/// Marks an error whose message is already in our words.
#[derive(Debug)]
struct Said;

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("said")
    }
}

impl std::error::Error for Said {}

/// An error that is shown as it is worded here.
pub(crate) fn fail(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, message.into()).with_source(Said)
}

/// `exceptions.raise_compiler_error(…)` and its kin.
#[derive(Debug)]
pub(super) struct Exceptions;

impl Object for Exceptions {
    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        let message = args.first().map(ToString::to_string).unwrap_or_default();
        match method {
            "raise_compiler_error" | "raise_not_implemented" | "raise_parsing_error" => Err(fail(message)),
            "warn" => {
                tracing::warn!(target: "transform", "{message}");
                Ok(Value::from(""))
            }
            _ => Err(bad_arguments(format!(
                "`exceptions.{method}` is not known; use `raise_compiler_error` or `warn`"
            ))),
        }
    }
}

/// Functions that templates may call besides macros; for "did you mean".
const FUNCTIONS: [&str; 28] = [
    "ref",
    "source",
    "config",
    "var",
    "env_var",
    "is_incremental",
    "this",
    "target",
    "adapter",
    "return",
    "log",
    "exceptions",
    "run_query",
    "statement",
    "load_result",
    "model",
    "execute",
    "flags",
    "namespace",
    "range",
    "run_started_at",
    "invocation_id",
    "project_name",
    "load_relation",
    "zip",
    "tojson",
    "fromjson",
    "set",
];

/// Says what `error` says, at the author's place. `file` is where to point if minijinja does not know.
pub(super) fn translate(
    error: &Error,
    file: String,
    templates: &BTreeMap<String, Template>,
    macros: &Macros,
) -> TransformError {
    let error = innermost(error);
    let place = match error.name().map(|name| (name, templates.get(name))) {
        Some((_, Some(template))) => match (error.range(), error.line()) {
            (Some(range), _) if range.end > 0 => template.place(range.start),
            (_, Some(line)) => Place::line(template.file.clone(), line),
            _ => Place::file(template.file.clone()),
        },
        _ => Place::file(file),
    };
    let subject = match error.kind() {
        ErrorKind::SyntaxError => "Jinja syntax",
        _ => "Jinja",
    };
    TransformError::Jinja { subject: subject.to_owned(), place, message: message(error, Some(macros)) }
}

/// The error nearest to the fault: sources that minijinja itself made.
fn innermost(error: &Error) -> &Error {
    let mut found = error;
    let mut cause = std::error::Error::source(error);
    while let Some(one) = cause {
        if let Some(inner) = one.downcast_ref::<Error>() {
            found = inner;
        }
        cause = one.source();
    }
    found
}

/// What went wrong, without the place.
pub(super) fn message(error: &Error, macros: Option<&Macros>) -> String {
    let error = innermost(error);
    let detail = error.detail().unwrap_or_default();
    let said = std::error::Error::source(error).is_some_and(|source| source.downcast_ref::<Said>().is_some());
    if said {
        return detail.to_owned();
    }
    let unknown = detail.strip_suffix(" is unknown").unwrap_or(detail);
    match error.kind() {
        ErrorKind::UnknownFunction => {
            let known = macros.into_iter().flat_map(Macros::all).map(|(_, name, _)| name).chain(FUNCTIONS);
            let remedy = did_you_mean(unknown, known, "add the macro, or correct the name");
            format!("no macro or function is called `{unknown}`; {remedy}")
        }
        ErrorKind::UnknownFilter => {
            format!("no filter is called `{}`", unknown.trim_start_matches("filter "))
        }
        ErrorKind::SyntaxError => detail.to_owned(),
        ErrorKind::OutOfFuel => {
            "the template does not come to an end; look for a loop over too many things".to_owned()
        }
        ErrorKind::UndefinedError if detail.is_empty() => {
            "a value is undefined; set it, or test `is defined` first".to_owned()
        }
        ErrorKind::UndefinedError => format!("{detail}; set it, or test `is defined` first"),
        _ if detail.is_empty() => error.kind().to_string(),
        _ => detail.to_owned(),
    }
}

impl TransformError {
    /// Names the node that was being rendered.
    pub(super) fn about(self, about: &Subject) -> TransformError {
        match self {
            TransformError::Jinja { place, message, .. } => {
                TransformError::Jinja { subject: about.to_string(), place, message }
            }
            other => other,
        }
    }
}
