//! What Meta wraps its events in, and the small questions that all of them are asked.
//!
//! Makes no rows (`messages`, `statuses`, `contacts`, `notices`). Invariant: what is missing or of another type is absent, never an error:
//! only a delivery that is no envelope at all is refused.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// One delivery.
#[derive(Debug, Deserialize)]
pub struct Envelope {
    pub entry: Vec<Entry>,
}

/// What happened in one account.
#[derive(Debug, Deserialize)]
pub struct Entry {
    /// The WhatsApp Business account.
    #[serde(default)]
    pub id: Value,
    /// Unix seconds; not in every field.
    #[serde(default)]
    pub time: Value,
    #[serde(default)]
    pub changes: Vec<Change>,
}

#[derive(Debug, Deserialize)]
pub struct Change {
    #[serde(default)]
    pub field: String,
    /// As it was written.
    pub value: Box<RawValue>,
}

/// A change, opened.
pub struct Event<'a> {
    pub account: Option<String>,
    pub time: Option<String>,
    pub change: &'a Change,
    pub value: Value,
}

pub const MESSAGES: &str = "messages";
pub const ECHOES: &str = "smb_message_echoes";

impl Envelope {
    /// None for what is none.
    pub fn of(body: &[u8]) -> Option<Envelope> {
        serde_json::from_slice(body).ok()
    }

    pub fn events(&self) -> impl Iterator<Item = Event<'_>> {
        self.entry.iter().flat_map(|entry| {
            entry.changes.iter().map(|change| Event {
                account: text(&entry.id),
                time: moment(&entry.time),
                // Raw JSON was checked when the delivery was read.
                value: serde_json::from_str(change.value.get()).unwrap_or_default(),
                change,
            })
        })
    }
}

impl Event<'_> {
    pub fn field(&self) -> &str {
        &self.change.field
    }

    /// The business's number that it is about.
    pub fn number(&self) -> Option<String> {
        text(&self.value["metadata"]["phone_number_id"])
    }

    /// The list with this name; empty when there is none.
    pub fn list(&self, name: &str) -> &[Value] {
        self.value[name].as_array().map_or(&[], Vec::as_slice)
    }

    /// Messages, and whether they came in.
    pub fn messages(&self) -> (&[Value], bool) {
        match self.field() {
            MESSAGES => (self.list("messages"), true),
            ECHOES => {
                let echoes = self.list("message_echoes");
                (if echoes.is_empty() { self.list("messages") } else { echoes }, false)
            }
            _ => (&[], true),
        }
    }

    pub fn statuses(&self) -> &[Value] {
        if self.field() == MESSAGES { self.list("statuses") } else { &[] }
    }
}

/// A text or number as text; none for everything else, and for the empty text.
pub fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// Unix seconds as a moment; what is no such number stays as it is, and its row becomes a reject.
pub fn moment(value: &Value) -> Option<String> {
    let text = text(value)?;
    let at = text.parse().ok().and_then(|seconds| chrono::DateTime::from_timestamp(seconds, 0));
    Some(at.map_or(text, |at| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)))
}

/// How a user is told from others: by the business-scoped id, and before 2026 by the number.
pub fn user(id: Option<String>, number: Option<String>) -> Option<String> {
    id.or(number)
}
