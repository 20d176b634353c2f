//! Everything else that Meta tells: templates, quality, account, calls, errors of the app, and what is invented later, as JSON.
//!
//! Invariant: what is told twice in the same words is one row; texts that people wrote are taken out where the company keeps none.

use std::fmt::Write;

use super::envelope::{ECHOES, Event, MESSAGES};
use super::redaction;
use crate::column_type::ColumnType::{Moment, Text};
use crate::facts::Facts;
use crate::records::{RecordColumn, Shape};
use aws_lc_rs::digest;

pub const STREAM: &str = "notices";

const COLUMNS: [(&str, crate::column_type::ColumnType); 6] = [
    ("id", Text),
    ("waba_id", Text),
    ("phone_number_id", Text),
    ("field", Text),
    ("timestamp", Moment),
    ("value", Text),
];

pub fn shape() -> Shape {
    let columns = COLUMNS.iter().map(|(name, column_type)| RecordColumn::new(name, *column_type)).collect();
    Shape::new(STREAM, columns, &["id"])
}

/// Adds an event that is no other stream's.
pub fn take(event: &Event<'_>, store_text: bool, facts: &mut Facts) {
    let is_known = event.has_messages() || event.has_statuses();
    let has_errors = event.field() == MESSAGES && event.has("errors");
    if is_known && !has_errors {
        return;
    }
    let raw = event.change.value.get();
    let value = if has_errors {
        event.part("errors").to_string()
    } else if store_text {
        raw.to_owned()
    } else {
        let mut value = serde_json::from_str(raw).unwrap_or_default();
        redaction::of_field(event.field(), &mut value);
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
