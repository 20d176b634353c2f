//! `accepted_values`: every distinct value outside the list is one failure; nulls do not count.

use serde_json::Value;

use super::Target;
use crate::CheckError;

pub(super) fn sql(target: &Target<'_>) -> Result<String, CheckError> {
    let (column, relation) = (target.column()?, &target.relation);
    let values = target.arguments.get("values").and_then(Value::as_array).filter(|list| !list.is_empty());
    let values = values.ok_or_else(|| target.missing("values", "list at least one accepted value"))?;
    let quoted = target.arguments.get("quote").and_then(Value::as_bool).unwrap_or(true);
    let literals: Vec<String> = values.iter().map(|value| literal(value, quoted)).collect();
    let literals = literals.join(", ");
    // DataFusion compares no boolean with text, as other engines do.
    let with_booleans = quoted && values.iter().any(Value::is_boolean);
    let compared = if with_booleans { "cast(value_field as varchar)" } else { "value_field" };
    Ok(format!(
        "with all_values as (\n  select {column} as value_field, count(*) as n_records\n  from {relation}\n  \
         group by {column}\n)\nselect *\nfrom all_values\nwhere {compared} not in ({literals})"
    ))
}

fn literal(value: &Value, quoted: bool) -> String {
    match value {
        Value::String(text) if quoted => format!("'{}'", text.replace('\'', "''")),
        Value::String(text) => text.clone(),
        // dbt writes Python's `True`; a boolean column reads as `true`.
        Value::Bool(true) if quoted => "'True', 'true'".to_string(),
        Value::Bool(false) if quoted => "'False', 'false'".to_string(),
        other if quoted => format!("'{other}'"),
        other => other.to_string(),
    }
}
