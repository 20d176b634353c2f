//! Who the company talks to, as far as is known by now, and how users changed their numbers and ids.
//!
//! A column that can change lies beside the moment at which it was last told. Invariant: a contact's row is the same whatever the order in
//! which it was told of; a number that Meta withholds later is not forgotten.

use serde_json::Value;

use super::envelope::{Event, moment, text, user};
use crate::column_type::ColumnType::{Moment, Text};
use crate::facts::{Facts, Row};
use crate::records::{RecordColumn, Shape};

pub const STREAM: &str = "contacts";
/// Where users tell that they are somebody else now.
pub const CHANGES: &str = "contact_changes";

const COLUMNS: [(&str, crate::column_type::ColumnType); 11] = [
    ("contact_id", Text),
    ("user_id", Text),
    ("parent_user_id", Text),
    ("first_seen_at", Moment),
    ("last_seen_at", Moment),
    ("wa_id", Text),
    ("wa_id_at", Moment),
    ("profile_name", Text),
    ("profile_name_at", Moment),
    ("username", Text),
    ("username_at", Moment),
];
/// Value and moment of each column that can change.
const CHANGING: [(usize, usize); 3] = [(5, 6), (7, 8), (9, 10)];

const CHANGE_COLUMNS: [(&str, crate::column_type::ColumnType); 9] = [
    ("id", Text),
    ("phone_number_id", Text),
    ("kind", Text),
    ("timestamp", Moment),
    ("previous_contact_id", Text),
    ("contact_id", Text),
    ("previous_user_id", Text),
    ("user_id", Text),
    ("wa_id", Text),
];

fn shaped(stream: &str, columns: &[(&str, crate::column_type::ColumnType)], key: &str) -> Shape {
    let columns = columns.iter().map(|(name, column_type)| RecordColumn::new(name, *column_type)).collect();
    Shape::new(stream, columns, &[key])
}

pub fn shape() -> Shape {
    shaped(STREAM, &COLUMNS, "contact_id")
}

pub fn changes_shape() -> Shape {
    shaped(CHANGES, &CHANGE_COLUMNS, "id")
}

/// Names of all columns, to read rows back with.
pub fn columns() -> Vec<&'static str> {
    COLUMNS.iter().map(|(name, _)| *name).collect()
}

/// Both rows as one. Moments of one form compare as texts.
pub fn merged(one: &Row, other: &Row) -> Row {
    let mut row: Row = one.iter().zip(other).map(|(one, other)| one.clone().max(other.clone())).collect();
    row[3] = match (&one[3], &other[3]) {
        (Some(one), Some(other)) => Some(one.min(other).clone()),
        (one, other) => one.clone().or_else(|| other.clone()),
    };
    for (value, at) in CHANGING {
        let newest = [one, other].map(|row| (row[at].clone(), row[value].clone())).into_iter().max();
        (row[at], row[value]) = newest.unwrap_or_default();
    }
    row
}

/// What one event tells of one user.
#[derive(Default)]
struct Told {
    user_id: Option<String>,
    parent: Option<String>,
    phone: Option<String>,
    name: Option<String>,
    username: Option<String>,
    at: Option<String>,
}

impl Told {
    fn add_to(self, facts: &mut Facts) {
        let id = user(self.user_id.clone(), self.phone.clone());
        // A moment that is none would make the whole row a reject; who it is is worth more.
        let at = self.at.filter(|at| at.ends_with('Z'));
        let at_of = |value: &Option<String>| value.as_ref().and_then(|_| at.clone());
        let (phone_at, name_at, username_at) = (at_of(&self.phone), at_of(&self.name), at_of(&self.username));
        if id.is_some() {
            facts.add(vec![
                id,
                self.user_id,
                self.parent,
                at.clone(),
                at,
                self.phone,
                phone_at,
                self.name,
                name_at,
                self.username,
                username_at,
            ]);
        }
    }
}

/// Adds everybody whom an event tells of.
pub fn take(event: &Event<'_>, facts: &mut Facts) {
    if !event.has_messages() && !event.has_statuses() && !event.has("contacts") {
        return;
    }
    let (messages, inbound) = event.messages();
    let (contacts, statuses) = (event.list("contacts"), event.statuses());
    let (id, phone) = if inbound { ("from_user_id", "from") } else { ("to_user_id", "to") };
    let newest = messages.iter().chain(&statuses).filter_map(|event| moment(&event["timestamp"])).max();
    for contact in &contacts {
        Told {
            user_id: text(&contact["user_id"]),
            parent: text(&contact["parent_user_id"]),
            phone: text(&contact["wa_id"]),
            name: text(&contact["profile"]["name"]),
            username: text(&contact["profile"]["username"]),
            at: newest.clone(),
        }
        .add_to(facts);
    }
    for message in &messages {
        let at = moment(&message["timestamp"]);
        Told { user_id: text(&message[id]), phone: text(&message[phone]), at: at.clone(), ..Told::default() }
            .known(&contacts)
            .add_to(facts);
        if let Some(change) = Change::of(message) {
            Told { user_id: change.user_id, phone: change.phone, at, ..Told::default() }.add_to(facts);
        }
    }
    for status in &statuses {
        Told {
            user_id: text(&status["recipient_user_id"]),
            parent: text(&status["recipient_parent_user_id"]),
            phone: text(&status["recipient_id"]),
            at: moment(&status["timestamp"]),
            ..Told::default()
        }
        .add_to(facts);
    }
}

impl Told {
    /// With the id of a contact that came along, so that one person does not become two.
    fn known(mut self, contacts: &[Value]) -> Told {
        if self.user_id.is_none() && self.phone.is_some() {
            let contact = contacts.iter().find(|contact| text(&contact["wa_id"]) == self.phone);
            self.user_id = contact.and_then(|contact| text(&contact["user_id"]));
        }
        self
    }
}

/// A user who became another one.
struct Change {
    kind: String,
    previous_user_id: Option<String>,
    user_id: Option<String>,
    /// The new number, where it is told.
    phone: Option<String>,
}

impl Change {
    fn of(message: &Value) -> Option<Change> {
        let system = &message["system"];
        let kind = text(&system["type"])?;
        kind.starts_with("user_changed_").then(|| Change {
            previous_user_id: text(&system["previous_user_id"]),
            user_id: text(&system["user_id"]),
            phone: text(&system["wa_id"]).or_else(|| text(&system["new_wa_id"])),
            kind,
        })
    }
}

/// Adds the changes of users that an event tells of.
pub fn take_changes(event: &Event<'_>, facts: &mut Facts) {
    for message in &event.messages_of_the_system() {
        let (Some(change), Some(id)) = (Change::of(message), text(&message["id"])) else { continue };
        let previous = user(
            change.previous_user_id.clone(),
            text(&message["from"]).or_else(|| text(&message["system"]["customer"])),
        );
        facts.add(vec![
            Some(id),
            event.number(),
            Some(change.kind),
            moment(&message["timestamp"]),
            previous,
            user(change.user_id.clone(), change.phone.clone()),
            change.previous_user_id,
            change.user_id,
            change.phone,
        ]);
    }
}
