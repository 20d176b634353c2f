//! Everything else that Meta tells: templates, quality, account, calls, errors of the app, and what is invented later, as JSON.
//!
//! Invariant: what is told twice in the same words is one row; texts that people wrote are taken out where the company keeps none.

use std::fmt::Write;

use aws_lc_rs::digest;
use serde_json::Value;

use super::envelope::{ECHOES, Event, MESSAGES};
use crate::column_type::ColumnType::{Moment, Text};
use crate::facts::Facts;
use crate::records::{RecordColumn, Shape};

pub const STREAM: &str = "notices";

const COLUMNS: [(&str, crate::column_type::ColumnType); 6] = [
    ("id", Text),
    ("waba_id", Text),
    ("phone_number_id", Text),
    ("field", Text),
    ("timestamp", Moment),
    ("value", Text),
];

/// Fields about the account: no person wrote anything in them.
const OF_THE_ACCOUNT: [&str; 5] = ["message_template_", "phone_number_", "account_", "business_", "security"];
/// Keys of what people wrote or are called, wherever it stands.
const PERSONAL: [&str; 14] = [
    "text",
    "body",
    "caption",
    "emoji",
    "name",
    "formatted_name",
    "first_name",
    "last_name",
    "full_name",
    "title",
    "description",
    "payload",
    "response_json",
    "filename",
];

pub fn shape() -> Shape {
    let columns = COLUMNS.iter().map(|(name, column_type)| RecordColumn::new(name, *column_type)).collect();
    Shape::new(STREAM, columns, &["id"])
}

/// Adds an event that is no other stream's.
pub fn take(event: &Event<'_>, store_text: bool, facts: &mut Facts) {
    let is_known = !event.messages().0.is_empty() || !event.statuses().is_empty();
    let has_errors = event.field() == MESSAGES && !event.list("errors").is_empty();
    if is_known && !has_errors {
        return;
    }
    let raw = event.change.value.get();
    let of_the_account = OF_THE_ACCOUNT.iter().any(|start| event.field().starts_with(start));
    let value = if has_errors {
        event.value["errors"].to_string()
    } else if store_text || of_the_account {
        raw.to_owned()
    } else {
        let mut value = event.value.clone();
        redact(&mut value);
        value.to_string()
    };
    let field = match event.field() {
        MESSAGES | ECHOES if has_errors => "errors",
        field => field,
    };
    facts.add(vec![
        Some(id(event, raw)),
        event.account.clone(),
        event.number(),
        Some(field.to_owned()),
        event.time.clone(),
        Some(value),
    ]);
}

/// A name for the event: its own words.
fn id(event: &Event<'_>, raw: &str) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    let (account, time) =
        (event.account.as_deref().unwrap_or_default(), event.time.as_deref().unwrap_or_default());
    for part in [account, event.field(), time, raw] {
        context.update(&(part.len() as u64).to_le_bytes());
        context.update(part.as_bytes());
    }
    context.finish().as_ref().iter().fold(String::new(), |mut id, byte| {
        // Writing to a string cannot fail.
        let _ = write!(id, "{byte:02x}");
        id
    })
}

fn redact(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(redact),
        Value::Object(entries) => {
            for (key, value) in entries {
                match value {
                    Value::String(_) if PERSONAL.contains(&key.as_str()) => *value = Value::from("…"),
                    _ => redact(value),
                }
            }
        }
        _ => {}
    }
}
