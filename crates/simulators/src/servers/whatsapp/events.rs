//! What happens in the company's WhatsApp, as webhooks tell it, and what a perfect receiver ends up with.
//!
//! Knows no delivery (`deliveries`). Invariant: the same company, options and limit give the same events; every event is in the ledger once.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::{Value, json};

use super::Options;
use crate::calendar::UTC_OFFSET;
use crate::company::Company;
use crate::company::whatsapp::{Sender, TEMPLATES, wa_id};
use crate::dirt;
use crate::exports::whatsapp::wamid;

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
        let talk = &company.conversations[message.conversation as usize];
        let draw = |what: u64| dirt::mix(company.seed, what, index as u64);
        let (id, at) = (wamid(index), message.at + UTC_OFFSET);
        let (user, phone) = (user(company, talk.contact), phone(company, talk.contact));
        let inbound = message.sender == Sender::Contact;
        let changes_id = inbound && draw(802).is_multiple_of(400);
        let kind = match draw(803) % 200 {
            _ if changes_id => "system".to_owned(),
            0 => "unsupported".to_owned(),
            1 => "holograma".to_owned(),
            2 if inbound => "interactive".to_owned(),
            _ => TYPES[usize::from(message.kind)].to_owned(),
        };
        let mut told = json!({ "id": id, "timestamp": at.to_string(), "type": kind });
        told[kind.as_str()] = match kind.as_str() {
            "text" => json!({ "body": format!("Mensagem {index}") }),
            "interactive" => {
                json!({ "type": "button_reply", "button_reply": { "id": "sim", "title": "Sim" } })
            }
            "system" => {
                let after = format!("{user}N{index}");
                self.user_changes.insert(id.clone(), (user.clone(), after.clone()));
                json!({ "type": "user_changed_user_id", "body": "User changed", "user_id": after, "previous_user_id": user })
            }
            _ => json!({ "id": format!("media{index}"), "mime_type": "application/octet-stream" }),
        };
        if kind == "unsupported" {
            told["errors"] = json!([{ "code": 131_051, "title": "Message type unknown", "error_data": { "details": "Message type is currently not supported." } }]);
        }
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
        let mut parts = vec![(list, json!([told]))];
        // Messages of the system bring no contact.
        if inbound && !changes_id {
            let mut contact =
                json!({ "profile": { "name": format!("Contato {}", talk.contact) }, "user_id": user });
            if let Some(phone) = &phone {
                contact["wa_id"] = phone.as_str().into();
            }
            parts.push(("contacts", json!([contact])));
        }
        self.changes.push((field.to_owned(), value(options, &parts)));
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
            let at = at + after;
            let mut told = json!({
                "id": id, "status": status, "timestamp": at.to_string(), "recipient_user_id": user(company, message.contact),
                "biz_opaque_callback_data": format!("campanha-{}", message.template),
                "pricing": { "billable": true, "pricing_model": "PMP", "type": "regular", "category": category },
            });
            if let Some(phone) = phone(company, message.contact) {
                told["recipient_id"] = phone.into();
            }
            match *status {
                "sent" => self.sent.push(at),
                "failed" => {
                    told["errors"] = json!([{
                        "code": 131_026, "title": "Message undeliverable", "message": "Message undeliverable",
                        "error_data": { "details": "Message Undeliverable." },
                    }]);
                }
                _ => {}
            }
            self.changes.push(("messages".to_owned(), value(options, &[("statuses", json!([told]))])));
            self.statuses.insert((id.clone(), (*status).to_owned()), at);
        }
        if let Some((_, after)) = statuses.iter().find(|(status, _)| matches!(*status, "delivered" | "read"))
        {
            self.delivered.push(at + after);
            self.billed.push((category, at + after));
        }
    }
}

/// The value of a change of the field `messages` and its like.
pub(super) fn value(options: &Options, parts: &[(&str, Value)]) -> Value {
    let metadata =
        json!({ "display_phone_number": options.display_number, "phone_number_id": options.number });
    let mut value = json!({ "messaging_product": "whatsapp", "metadata": metadata });
    for (name, part) in parts {
        value[*name] = part.clone();
    }
    value
}

fn user(company: &Company, contact: u32) -> String {
    format!("BR.{:016}", dirt::mix(company.seed, 805, u64::from(contact)) % 10_000_000_000_000_000)
}

/// None for users with a name, who withhold their numbers: three in a hundred.
fn phone(company: &Company, contact: u32) -> Option<String> {
    let withheld = dirt::mix(company.seed, 806, u64::from(contact)) % 100 < 3;
    (!withheld).then(|| wa_id(company, contact))
}
