//! What keeps a check from running.
//!
//! Invariant: the message names the check and the remedy.

use lake::LakeError;

#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    #[error("check `{check}` uses the rule `{rule}`, which does not exist; the rules are {known}")]
    UnknownRule { check: String, rule: String, known: String },

    #[error(
        "check `{check}` has no relation; a `{rule}` test belongs under a model, seed, snapshot or source"
    )]
    NoRelation { check: String, rule: String },

    #[error("check `{check}` lacks the argument `{argument}`; {remedy}")]
    MissingArgument { check: String, argument: &'static str, remedy: &'static str },

    #[error(
        "the fail_calc `{fail_calc}` of check `{check}` gave no number; let it return one also for no rows"
    )]
    NoNumber { check: String, fail_calc: String },

    #[error("the name of check `{check}` makes no table name for its stored failures; shorten it")]
    StoredName { check: String },

    #[error("check `{check}` could not run: {message}")]
    Sql {
        check: String,
        message: String,
        line: Option<u64>,
        column: Option<u64>,
        #[source]
        source: Box<LakeError>,
    },

    #[error(
        "the freshness of `{source_table}` could not be told: `{field}` is not a date or time; name another loaded_at_field"
    )]
    NotATime { source_table: String, field: String },
}
