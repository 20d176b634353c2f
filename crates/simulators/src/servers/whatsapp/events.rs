//! What happens in the company's WhatsApp, as webhooks tell it, and what a perfect receiver ends up with.
//!
//! Knows no delivery (`deliveries`). Invariant: the same company, options and limit give the same events; every event is in the ledger once.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::{Value, json};

use super::Options;
use crate::calendar::UTC_OFFSET;
use crate::company::Company;
use crate::company::whatsapp::{Sender, TEMPLATES, shown_number, user_id};
use crate::dirt;
use crate::exports::atendimento::wamid;

/// When messages were sent that are sent through the API: after the company's last day.
pub(super) const FIRST_SENT: i64 = 1_790_000_000;
const TYPES: [&str; 4] = ["text", "image", "audio", "document"];

/// What is known of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageTruth {
    pub at: i64,
    pub direction: &'static str,
    pub kind: String,
    /// The business-scoped id.
    pub user: String,
    /// The number; none where the user withholds it.
    pub phone: Option<String>,
}

/// Message and status.
pub type StatusKey = (String, String);

/// Everything that is told, in the order in which it happened.
#[derive(Debug, Default)]
pub struct Events {
    /// Field and value of each change.
    pub changes: Vec<(String, Value)>,
    pub messages: BTreeMap<String, MessageTruth>,
    /// Unix seconds of each status.
    pub statuses: BTreeMap<StatusKey, i64>,
    /// Users who became others: message that tells it → id before and after.
    pub user_changes: BTreeMap<String, (String, String)>,
    /// Changes that are neither messages nor statuses.
    pub notices: usize,
    /// What is billed: category and moment of each delivered campaign message.
    pub(super) billed: Vec<(&'static str, i64)>,
    /// Moments of messages that were sent, and delivered.
    pub(super) sent: Vec<i64>,
    pub(super) delivered: Vec<i64>,
}

impl Events {
    /// The company's last `limit` messages of conversations, and the last `limit` of its campaigns with their statuses.
    pub fn of(company: &Company, options: &Options, limit: usize) -> Events {
        let last = |count: usize| count.saturating_sub(limit)..count;
        Events::between(company, options, last(company.messages.len()), last(company.campaigns.len()))
    }

    /// These messages of conversations and these of campaigns, by their places in the company.
    pub fn between(
        company: &Company,
        options: &Options,
        messages: Range<usize>,
        campaigns: Range<usize>,
    ) -> Events {
        let mut events = Events::default();
        for index in messages {
            events.message(company, options, index);
            if dirt::hits(company.seed, 801, index as u64, 2) {
                events.notice(index);
            }
        }
        for index in campaigns {
            events.campaign(company, options, index);
        }
        events
    }

    /// Adds what happened later.
    pub fn extend(&mut self, later: Events) {
        self.changes.extend(later.changes);
        self.messages.extend(later.messages);
        self.statuses.extend(later.statuses);
        self.user_changes.extend(later.user_changes);
        self.notices += later.notices;
        self.billed.extend(later.billed);
        self.sent.extend(later.sent);
        self.delivered.extend(later.delivered);
    }

    fn message(&mut self, company: &Company, options: &Options, index: usize) {
        let message = &company.messages[index];
        let contact = company.conversations[message.conversation as usize].contact;
        let draw = |what: u64| dirt::mix(company.seed, what, index as u64);
        let (id, at) = (wamid(index), message.at + UTC_OFFSET);
        match message.sender {
            Sender::Bot => return self.by_bot(company, options, index),
            Sender::Contact if draw(802).is_multiple_of(400) => self.becomes(company, options, index),
            _ => {}
        }
        let inbound = message.sender == Sender::Contact;
        let kind = match draw(803) % 200 {
            0 => "unsupported",
            1 => "holograma",
            2 if inbound => "interactive",
            _ => TYPES[usize::from(message.kind)],
        };
        let mut told = json!({ "id": id, "timestamp": at.to_string(), "type": kind });
        told[kind] = match kind {
            "text" => json!({ "body": format!("Mensagem {index}") }),
            "interactive" => {
                json!({ "type": "button_reply", "button_reply": { "id": "sim", "title": "Sim" } })
            }
            _ => json!({ "id": format!("media{index}"), "mime_type": "application/octet-stream" }),
        };
        if kind == "unsupported" {
            told["errors"] = json!([{ "code": 131_051, "title": "Message type unknown", "error_data": { "details": "Message type is currently not supported." } }]);
        }
        self.tell(company, options, contact, (told, at, inbound));
    }

    /// A user who becomes another one: the system says so in a message of its own, which brings no contact.
    fn becomes(&mut self, company: &Company, options: &Options, index: usize) {
        let message = &company.messages[index];
        let contact = company.conversations[message.conversation as usize].contact;
        let id = wamid(company.messages.len() + company.campaigns.len() + index);
        let before = user_id(company, contact);
        let after = format!("{before}N{index}");
        let at = message.at + UTC_OFFSET;
        let told = json!({
            "id": id, "timestamp": at.to_string(), "type": "system",
            "system": { "type": "user_changed_user_id", "body": "User changed", "user_id": after, "previous_user_id": before },
        });
        self.user_changes.insert(id, (before, after));
        self.tell(company, options, contact, (told, at, true));
    }

    /// What a robot sends goes through the API, which tells of it by statuses alone.
    fn by_bot(&mut self, company: &Company, options: &Options, index: usize) {
        let message = &company.messages[index];
        let contact = company.conversations[message.conversation as usize].contact;
        let at = message.at + UTC_OFFSET;
        for status in ["sent", "delivered"] {
            self.status(company, options, contact, (&wamid(index), status, at, "service"));
        }
        self.sent.push(at);
        self.delivered.push(at);
        self.billed.push(("service", at));
    }

    /// A message that somebody wrote to the company, or somebody of the company to a contact.
    fn tell(
        &mut self,
        company: &Company,
        options: &Options,
        contact: u32,
        (mut told, at, inbound): (Value, i64, bool),
    ) {
        let (user, phone) = (user_id(company, contact), shown_number(company, contact));
        let (phone_key, user_key) = if inbound { ("from", "from_user_id") } else { ("to", "to_user_id") };
        told[user_key] = user.as_str().into();
        if let Some(phone) = &phone {
            told[phone_key] = phone.as_str().into();
        }
        if !inbound {
            told["from"] = options.display_number.as_str().into();
        }
        let (field, list, direction) = if inbound {
            ("messages", "messages", "inbound")
        } else {
            ("smb_message_echoes", "message_echoes", "outbound")
        };
        let text = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
        let (id, kind) = (text("id"), text("type"));
        let mut parts = vec![(list, vec![told])];
        if inbound && kind != "system" {
            let mut card = json!({ "profile": { "name": format!("Contato {contact}") }, "user_id": user });
            if let Some(phone) = &phone {
                card["wa_id"] = phone.as_str().into();
            }
            parts.push(("contacts", vec![card]));
        }
        self.changes.push((field.to_owned(), value(options, parts)));
        self.messages.insert(id, MessageTruth { at, direction, kind, user, phone });
    }

    fn notice(&mut self, index: usize) {
        let notice = json!({
            "event": "APPROVED", "message_template_id": index, "message_template_name": TEMPLATES[index % TEMPLATES.len()].0,
            "message_template_language": "pt_BR", "reason": "NONE",
        });
        self.notices += 1;
        self.changes.push(("message_template_status_update".to_owned(), notice));
    }

    /// Statuses of a campaign's message; when it is read at once no `delivered` comes.
    fn campaign(&mut self, company: &Company, options: &Options, index: usize) {
        let message = &company.campaigns[index];
        let (id, at) = (wamid(company.messages.len() + index), message.at + UTC_OFFSET);
        let statuses: &[(&str, i64)] = match dirt::mix(company.seed, 804, index as u64) % 100 {
            0..4 => &[("sent", 1), ("failed", 4)],
            4..10 => &[("sent", 1)],
            10..40 => &[("sent", 1), ("delivered", 3)],
            40..55 => &[("read", 9), ("sent", 1)],
            55..62 => &[("read", 900), ("delivered", 3), ("sent", 1)],
            _ => &[("sent", 1), ("delivered", 3), ("read", 1800)],
        };
        let category = TEMPLATES[usize::from(message.template)].1;
        for (status, after) in statuses {
            if *status == "sent" {
                self.sent.push(at + after);
            }
            self.status(company, options, message.contact, (&id, status, at + after, category));
        }
        if let Some((_, after)) = statuses.iter().find(|(status, _)| matches!(*status, "delivered" | "read"))
        {
            self.delivered.push(at + after);
            self.billed.push((category, at + after));
        }
    }

    fn status(
        &mut self,
        company: &Company,
        options: &Options,
        contact: u32,
        (id, status, at, category): (&str, &str, i64, &str),
    ) {
        let is_free = category == "service";
        let mut told = json!({
            "id": id, "status": status, "timestamp": at.to_string(), "recipient_user_id": user_id(company, contact),
            "biz_opaque_callback_data": category,
            "pricing": {
                "billable": !is_free, "pricing_model": "PMP", "type": if is_free { "free_customer_service" } else { "regular" },
                "category": category,
            },
        });
        if let Some(phone) = shown_number(company, contact) {
            told["recipient_id"] = phone.into();
        }
        if status == "failed" {
            told["errors"] = json!([{
                "code": 131_026, "title": "Message undeliverable", "message": "Message undeliverable",
                "error_data": { "details": "Message Undeliverable." },
            }]);
        }
        self.changes.push(("messages".to_owned(), value(options, vec![("statuses", vec![told])])));
        self.statuses.insert((id.to_owned(), status.to_owned()), at);
    }
}

/// The value of a change of the field `messages` and its like.
pub(super) fn value(options: &Options, parts: Vec<(&str, Vec<Value>)>) -> Value {
    let mut value = json!({
        "messaging_product": "whatsapp",
        "metadata": { "display_phone_number": options.display_number, "phone_number_id": options.number },
    });
    for (name, part) in parts {
        value[name] = Value::Array(part);
    }
    value
}
