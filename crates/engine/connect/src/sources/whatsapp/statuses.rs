//! What became of messages that the company sent: one row per message and status.
//!
//! Does not decide which status is the final one (models do): they arrive in any order. Invariant: an unknown status is a row like any other.

use super::envelope::{Event, moment, text, user};
use super::messages::shown;
use crate::column_type::ColumnType::{Boolean, Integer, Moment, Text};
use crate::facts::Facts;
use crate::records::{RecordColumn, Shape};

pub const STREAM: &str = "statuses";

const COLUMNS: [(&str, crate::column_type::ColumnType); 21] = [
    ("phone_number_id", Text),
    ("id", Text),
    ("status", Text),
    ("waba_id", Text),
    ("timestamp", Moment),
    ("contact_id", Text),
    ("recipient_phone", Text),
    ("recipient_user_id", Text),
    ("recipient_parent_user_id", Text),
    ("conversation_id", Text),
    ("conversation_origin", Text),
    ("conversation_expires_at", Moment),
    ("billable", Boolean),
    ("pricing_model", Text),
    ("pricing_type", Text),
    ("pricing_category", Text),
    ("error_code", Integer),
    ("error_title", Text),
    ("error_message", Text),
    ("error_details", Text),
    ("biz_opaque_callback_data", Text),
];

pub fn shape() -> Shape {
    let columns = COLUMNS.iter().map(|(name, column_type)| RecordColumn::new(name, *column_type)).collect();
    Shape::new(STREAM, columns, &["phone_number_id", "id", "status"])
}

/// Adds the statuses of an event. `numbers` are the company's own that count; empty means all.
pub fn take(event: &Event<'_>, numbers: &[String], store_text: bool, facts: &mut Facts) {
    if !event.has_statuses() {
        return;
    }
    let number = event.number();
    if !numbers.is_empty() && !number.as_ref().is_some_and(|number| numbers.contains(number)) {
        return;
    }
    for status in &event.statuses() {
        let (id, name) = (text(&status["id"]), text(&status["status"]));
        if id.is_none() || name.is_none() {
            facts.reject(&shown(status, store_text), "the status names no message, or has no name");
            continue;
        }
        let (phone, user_id) = (text(&status["recipient_id"]), text(&status["recipient_user_id"]));
        let (conversation, pricing) = (&status["conversation"], &status["pricing"]);
        let error = &status["errors"][0];
        facts.add(vec![
            number.clone(),
            id,
            name,
            event.account.clone(),
            moment(&status["timestamp"]),
            user(user_id.clone(), phone.clone()),
            phone,
            user_id,
            text(&status["recipient_parent_user_id"]),
            text(&conversation["id"]),
            text(&conversation["origin"]["type"]),
            moment(&conversation["expiration_timestamp"]),
            text(&pricing["billable"]),
            text(&pricing["pricing_model"]),
            text(&pricing["type"]),
            text(&pricing["category"]),
            text(&error["code"]),
            text(&error["title"]),
            text(&error["message"]),
            text(&error["error_data"]["details"]),
            text(&status["biz_opaque_callback_data"]),
        ]);
    }
}
