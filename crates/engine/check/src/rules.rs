//! The rules that a generic check may use: one file each, one line each in the list below.
//!
//! A rule makes SQL whose rows are failures and runs nothing. Invariant: the SQL counts exactly what dbt's macro of
//! the same name counts.

mod accepted_values;
mod not_null;
mod relationships;
mod unique;

use lake::quote;
use serde_json::{Map, Value};

use crate::{Check, CheckError, Kind};

/// A rule: its name in YAML, and the SQL of its failing rows.
pub(crate) struct Rule {
    name: &'static str,
    sql: fn(&Target<'_>) -> Result<String, CheckError>,
}

const RULES: &[Rule] = &[
    Rule { name: "accepted_values", sql: accepted_values::sql },
    Rule { name: "not_null", sql: not_null::sql },
    Rule { name: "relationships", sql: relationships::sql },
    Rule { name: "unique", sql: unique::sql },
];

/// The names of all rules.
pub fn rule_names() -> impl Iterator<Item = &'static str> {
    RULES.iter().map(|rule| rule.name)
}

/// What a rule is applied to.
pub(crate) struct Target<'a> {
    check: &'a str,
    /// The relation as SQL, already narrowed by the config's `where`.
    relation: String,
    column: Option<&'a str>,
    arguments: &'a Map<String, Value>,
    /// Whole rows are wanted, not only the column.
    whole_rows: bool,
}

impl Target<'_> {
    /// The checked column as SQL text.
    fn column(&self) -> Result<&str, CheckError> {
        let named = self.arguments.get("column_name").and_then(Value::as_str);
        self.column.or(named).ok_or_else(|| {
            self.missing("column_name", "put the test under a column or give it a column_name")
        })
    }

    fn text(&self, argument: &'static str, remedy: &'static str) -> Result<&str, CheckError> {
        self.arguments.get(argument).and_then(Value::as_str).ok_or_else(|| self.missing(argument, remedy))
    }

    fn missing(&self, argument: &'static str, remedy: &'static str) -> CheckError {
        CheckError::MissingArgument { check: self.check.to_string(), argument, remedy }
    }
}

/// The SQL whose rows are the check's failures.
pub(crate) fn failing_rows(check: &Check, whole_rows: bool) -> Result<String, CheckError> {
    let (rule, arguments) = match &check.kind {
        Kind::Singular { sql } => return Ok(sql.trim().trim_end_matches(';').to_string()),
        Kind::Generic { rule, arguments } => (rule, arguments),
    };
    // A rule of dbt's own package may be named in full.
    let short = rule.strip_prefix("dbt.").unwrap_or(rule);
    let Some(known) = RULES.iter().find(|known| known.name == short) else {
        return Err(CheckError::UnknownRule {
            check: check.id.clone(),
            rule: rule.clone(),
            known: rule_names().collect::<Vec<_>>().join(", "),
        });
    };
    let Some(relation) = &check.relation else {
        return Err(CheckError::NoRelation { check: check.id.clone(), rule: rule.clone() });
    };
    let relation = match &check.config.only_where {
        None => relation.quoted(),
        Some(only) => {
            format!("(select * from {} where {only}\n) {}", relation.quoted(), quote("dbt_subquery"))
        }
    };
    let column = check.column.as_deref();
    (known.sql)(&Target { check: &check.id, relation, column, arguments, whole_rows })
}
