//! People: who may come in and as whom, and where each of them is signed in.
//!
//! Checks no password and sends no mail (`server`). Invariant: only whoever manages people sees or changes others; everybody sees and ends their own
//! sessions, and nobody is ever told a password.

use crate::{Failure, Principal};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How far a person is with coming in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Has a password.
    Active,
    /// Was given an e-mail and has not set a password yet.
    Invited,
    /// Has no e-mail: comes in by links of the console alone.
    ByLink,
}

/// A person as whoever manages people sees them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonCard {
    pub id: String,
    pub name: String,
    pub email: Option<String>,
    pub roles: Vec<String>,
    pub attributes: BTreeMap<String, Vec<String>>,
    pub standing: Standing,
    /// UTC, RFC 3339; of the session that was seen last.
    pub seen_at: Option<String>,
    /// A code is asked for after their password.
    pub has_second_step: bool,
    /// It is the one who asks.
    pub is_asker: bool,
}

/// What a form says of a person.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PersonDraft {
    pub name: String,
    pub email: String,
    pub roles: Vec<String>,
    /// One attribute a line: `filiais = Curitiba, Londrina`.
    pub attributes: String,
}

/// A link that lets somebody set a password; told once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordLink {
    pub person: String,
    pub address: String,
    pub days: i64,
}

/// Where the asker is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    pub id: String,
    /// What the browser says of itself.
    pub agent: String,
    pub address: String,
    /// UTC, RFC 3339.
    pub began_at: String,
    /// UTC, RFC 3339.
    pub seen_at: String,
    /// It is the session that asks.
    pub is_this: bool,
}

/// One's own account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub name: String,
    pub email: Option<String>,
    pub roles: Vec<String>,
    pub has_password: bool,
    /// How many recovery codes are left; `None` without a second step.
    pub recovery_codes: Option<u64>,
    pub manages_people: bool,
    /// The last seen first.
    pub accesses: Vec<Access>,
}

/// A second step that is being set up; nothing is stored yet.
#[derive(Clone, PartialEq, Eq)]
pub struct NewSecondStep {
    /// As it is typed into an authenticator.
    pub secret: String,
    /// The same for its camera, as SVG.
    pub picture: String,
}

impl std::fmt::Debug for NewSecondStep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewSecondStep").finish_non_exhaustive()
    }
}

/// The session that a request came with; names it and signs nobody in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SessionId(pub String);

/// Why a form was refused, for the person to mend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PersonRefusal {
    Name,
    Email,
    EmailTaken,
    Role,
    /// The line that is no attribute.
    Attribute(String),
    /// Nobody would be left who may let others in.
    LastAdministrator,
    /// The person has no e-mail to sign in with.
    NoEmail,
    /// The workspace has no name, or a time zone that is none.
    Company,
    TimeZone,
    /// The code is not of now, or was taken before.
    Code,
    Password(PasswordRefusal),
    Failure(Failure),
}

/// Why a password was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordRefusal {
    Short,
    Long,
    /// Common, or made of what everybody knows of the person.
    Easy,
    /// The two do not match.
    Differs,
    /// The present one is not right.
    Wrong,
}

/// Letters of a password.
pub const PASSWORD_LETTERS: std::ops::RangeInclusive<usize> = 12..=128;

impl From<Failure> for PersonRefusal {
    fn from(failure: Failure) -> PersonRefusal {
        PersonRefusal::Failure(failure)
    }
}

/// Rooms that are not open to everybody: what is shut is not offered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doors {
    pub people: bool,
    pub sources: bool,
}

#[async_trait]
pub trait People: Send + Sync {
    /// The doors that this person finds open.
    fn doors(&self, principal: &Principal) -> Doors;

    /// Everybody, by name.
    async fn list(&self, principal: &Principal) -> Result<Vec<PersonCard>, Failure>;

    async fn show(&self, principal: &Principal, id: &str) -> Result<PersonCard, Failure>;

    /// The roles that can be given.
    fn roles(&self) -> Vec<String>;

    /// Adds a person, who sets a password through the link.
    async fn invite(&self, principal: &Principal, draft: &PersonDraft)
    -> Result<PasswordLink, PersonRefusal>;

    /// Changes name, e-mail, roles and attributes, from the person's next request on.
    async fn change(&self, principal: &Principal, id: &str, draft: &PersonDraft)
    -> Result<(), PersonRefusal>;

    /// Their sessions end at once.
    async fn remove(&self, principal: &Principal, id: &str) -> Result<(), PersonRefusal>;

    /// Another link for a password; earlier ones stop working.
    async fn new_link(&self, principal: &Principal, id: &str) -> Result<PasswordLink, PersonRefusal>;

    /// The password alone is enough again: for somebody whose phone is gone.
    async fn drop_second_step(&self, principal: &Principal, id: &str) -> Result<(), PersonRefusal>;

    /// The asker's own account.
    async fn account(&self, principal: &Principal, this: &SessionId) -> Result<Account, Failure>;

    /// Ends one of the asker's own sessions, or without `id` all but `this`.
    async fn end_access(
        &self,
        principal: &Principal,
        this: &SessionId,
        id: Option<&str>,
    ) -> Result<(), Failure>;
}
