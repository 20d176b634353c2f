//! What Meta wraps its events in, and the small questions that all of them are asked.
//!
//! Makes no rows (`messages`, `statuses`, `contacts`, `notices`). Invariant: what is missing or of another type is absent, never an error:
//! only a delivery that is no envelope at all is refused.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// One delivery.
#[derive(Debug, Deserialize)]
pub struct Envelope<'a> {
    #[serde(borrow)]
    pub entry: Vec<Entry<'a>>,
}

/// What happened in one account.
#[derive(Debug, Deserialize)]
pub struct Entry<'a> {
    /// The WhatsApp Business account.
    #[serde(default)]
    pub id: Value,
    /// Unix seconds; not in every field.
    #[serde(default)]
    pub time: Value,
    #[serde(borrow, default)]
    pub changes: Vec<Change<'a>>,
}

#[derive(Debug, Deserialize)]
pub struct Change<'a> {
    #[serde(default)]
    pub field: String,
    /// As it was written.
    #[serde(borrow)]
    pub value: &'a RawValue,
}

/// A change. Its parts are read when they are asked for: most streams need few of them.
pub struct Event<'a> {
    pub account: Option<String>,
    pub time: Option<String>,
    pub change: &'a Change<'a>,
    parts: BTreeMap<String, &'a RawValue>,
}

pub const MESSAGES: &str = "messages";
pub const ECHOES: &str = "smb_message_echoes";

impl<'a> Envelope<'a> {
    /// None for what is none.
    pub fn of(body: &'a [u8]) -> Option<Envelope<'a>> {
        serde_json::from_slice(body).ok()
    }

    pub fn events(&self) -> impl Iterator<Item = Event<'_>> {
        self.entry.iter().flat_map(|entry| {
            entry.changes.iter().map(|change| Event {
                account: text(&entry.id),
                time: moment(&entry.time),
                // Raw JSON was checked when the delivery was read; what is no object has no parts.
                parts: serde_json::from_str(change.value.get()).unwrap_or_default(),
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
        text(&self.part("metadata")["phone_number_id"])
    }

    /// A part of the value; null when there is none.
    pub fn part(&self, name: &str) -> Value {
        self.parts.get(name).and_then(|part| serde_json::from_str(part.get()).ok()).unwrap_or_default()
    }

    /// The list with this name; empty when there is none.
    pub fn list(&self, name: &str) -> Vec<Value> {
        match self.part(name) {
            Value::Array(values) => values,
            _ => Vec::new(),
        }
    }

    /// The list with this name, its values as they were written.
    fn raw_list(&self, name: &str) -> Vec<&RawValue> {
        self.parts.get(name).and_then(|part| serde_json::from_str(part.get()).ok()).unwrap_or_default()
    }

    /// Whether there is something in the list with this name.
    pub fn has(&self, name: &str) -> bool {
        !self.raw_list(name).is_empty()
    }

    /// Name of the list with the messages, and whether they came in; none for other fields.
    fn place_of_messages(&self) -> Option<(&'static str, bool)> {
        match self.field() {
            MESSAGES => Some(("messages", true)),
            ECHOES if self.has("message_echoes") => Some(("message_echoes", false)),
            ECHOES => Some(("messages", false)),
            _ => None,
        }
    }

    /// Messages, and whether they came in.
    pub fn messages(&self) -> (Vec<Value>, bool) {
        self.place_of_messages().map_or((Vec::new(), true), |(list, inbound)| (self.list(list), inbound))
    }

    /// Those messages that the system wrote.
    pub fn messages_of_the_system(&self) -> Vec<Value> {
        #[derive(Deserialize)]
        struct Told<'a> {
            #[serde(borrow)]
            system: Option<&'a RawValue>,
        }
        let list = self.place_of_messages().map_or_else(Vec::new, |(list, _)| self.raw_list(list));
        let others = |raw: &&RawValue| matches!(serde_json::from_str(raw.get()), Ok(Told { system: None }));
        let raw = list.into_iter().filter(|raw| !others(raw));
        raw.filter_map(|raw| serde_json::from_str(raw.get()).ok()).collect()
    }

    pub fn has_messages(&self) -> bool {
        self.place_of_messages().is_some_and(|(list, _)| self.has(list))
    }

    pub fn statuses(&self) -> Vec<Value> {
        if self.field() == MESSAGES { self.list("statuses") } else { Vec::new() }
    }

    pub fn has_statuses(&self) -> bool {
        self.field() == MESSAGES && self.has("statuses")
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
