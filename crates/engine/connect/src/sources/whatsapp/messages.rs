//! Messages as rows: who wrote to whom, when and of what type; what was written only where the company wants it kept.
//!
//! Invariant: a message of an unknown type is a row like any other.

use serde_json::Value;

use super::envelope::{Event, moment, text, user};
use crate::column_type::ColumnType::{Boolean, Integer, Moment, Text};
use crate::facts::{Facts, Row};
use crate::records::{RecordColumn, Shape};

pub const STREAM: &str = "messages";

const COLUMNS: [(&str, crate::column_type::ColumnType); 26] = [
    ("id", Text),
    ("phone_number_id", Text),
    ("waba_id", Text),
    ("direction", Text),
    ("contact_id", Text),
    ("from_phone", Text),
    ("to_phone", Text),
    ("user_id", Text),
    ("parent_user_id", Text),
    ("profile_name", Text),
    ("type", Text),
    ("subtype", Text),
    ("timestamp", Moment),
    ("context_id", Text),
    ("forwarded", Boolean),
    ("group_id", Text),
    ("referral_source_url", Text),
    ("referral_source_id", Text),
    ("referral_source_type", Text),
    ("referral_headline", Text),
    ("referral_ctwa_clid", Text),
    ("error_code", Integer),
    ("error_title", Text),
    ("error_details", Text),
    ("text", Text),
    ("content", Text),
];

pub fn shape() -> Shape {
    let columns = COLUMNS.iter().map(|(name, column_type)| RecordColumn::new(name, *column_type)).collect();
    Shape::new(STREAM, columns, &["id"])
}

/// Adds the messages of an event. `numbers` are the company's own that count; empty means all.
pub fn take(event: &Event<'_>, numbers: &[String], store_text: bool, facts: &mut Facts) {
    if !event.has_messages() {
        return;
    }
    let number = event.number();
    if !numbers.is_empty() && !number.as_ref().is_some_and(|number| numbers.contains(number)) {
        return;
    }
    let (messages, inbound) = event.messages();
    let told = Told {
        contacts: event.list("contacts"),
        display_number: text(&event.part("metadata")["display_phone_number"]),
        account: event.account.clone(),
        number,
        inbound,
        store_text,
    };
    for message in &messages {
        if text(&message["id"]).is_none() {
            facts.reject(&shown(message, store_text), "the message has no id");
            continue;
        }
        facts.add(told.row(message));
    }
}

/// What all messages of an event share.
struct Told {
    contacts: Vec<Value>,
    display_number: Option<String>,
    account: Option<String>,
    number: Option<String>,
    inbound: bool,
    store_text: bool,
}

impl Told {
    fn row(&self, message: &Value) -> Row {
        let kind = text(&message["type"]);
        let content = kind.as_deref().map_or(&Value::Null, |kind| &message[kind]);
        let contact = self.contact(message);
        let of_contact = |name: &str| contact.and_then(|contact| text(&contact[name]));
        let [id, phone] = self.names();
        let phone = text(&message[phone]);
        let user_id = text(&message[id]).or_else(|| of_contact("user_id"));
        let parent = text(&message["from_parent_user_id"]).or_else(|| of_contact("parent_user_id"));
        let (context, referral, error) = (&message["context"], &message["referral"], &message["errors"][0]);
        let forwarded =
            ["forwarded", "frequently_forwarded"].iter().any(|name| context[name] == Value::Bool(true));
        vec![
            text(&message["id"]),
            self.number.clone(),
            self.account.clone(),
            Some(if self.inbound { "inbound" } else { "outbound" }.to_owned()),
            user(user_id.clone(), phone.clone().or_else(|| of_contact("wa_id"))),
            if self.inbound { phone.clone() } else { text(&message["from"]) },
            if self.inbound { self.display_number.clone() } else { phone },
            user_id,
            parent,
            contact.and_then(|contact| text(&contact["profile"]["name"])),
            kind,
            text(&content["type"]),
            moment(&message["timestamp"]),
            text(&context["id"]),
            (!context.is_null()).then(|| forwarded.to_string()),
            text(&message["group_id"]),
            text(&referral["source_url"]),
            text(&referral["source_id"]),
            text(&referral["source_type"]),
            text(&referral["headline"]),
            text(&referral["ctwa_clid"]),
            text(&error["code"]),
            text(&error["title"]),
            text(&error["error_data"]["details"]),
            written(content).filter(|_| self.store_text),
            (self.store_text && !content.is_null()).then(|| content.to_string()),
        ]
    }

    /// How a message names its contact: by id, by number.
    fn names(&self) -> [&'static str; 2] {
        if self.inbound { ["from_user_id", "from"] } else { ["to_user_id", "to"] }
    }

    /// The contact that came along and is the message's: by id or number, or the only one.
    fn contact(&self, message: &Value) -> Option<&Value> {
        let names = self.names();
        let is_it = |contact: &&Value| {
            ["user_id", "wa_id"].iter().zip(names).any(|(theirs, ours)| {
                text(&message[ours]).is_some_and(|id| text(&contact[*theirs]) == Some(id))
            })
        };
        let is_only = self.contacts.len() == 1 && names.iter().all(|name| message[name].is_null());
        let only = || self.contacts.first().filter(|_| is_only);
        self.contacts.iter().find(is_it).or_else(only)
    }
}

/// What a person wrote or chose, where the type has such a text.
fn written(content: &Value) -> Option<String> {
    let chosen = &content[text(&content["type"]).unwrap_or_default()];
    [&content["body"], &content["caption"], &content["text"], &content["emoji"], &chosen["title"]]
        .into_iter()
        .find_map(text)
}

/// What a reject shows: without consent no more than its size.
pub fn shown(value: &Value, store_text: bool) -> String {
    let raw = value.to_string();
    if store_text { raw } else { format!("{} bytes", raw.len()) }
}
