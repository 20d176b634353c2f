//! People: letting them in, giving them roles, taking them out, and one's own sessions.
//!
//! Hashes no password (`passwords`). Invariant: only whoever the policy lets manages people, and somebody who can is always left.

use crate::cli::CONSOLE;
use crate::reader::internal;
use async_trait::async_trait;
use chrono::{DateTime, SecondsFormat};
use contract::failure::FailureKind;
use contract::people::{
    Access, Account, Doors, PasswordLink, PersonCard, PersonDraft, PersonRefusal, SessionId, Standing,
};
use contract::{Failure, Principal};
use metastore::credentials::{Credential, plain_email};
use metastore::sessions::SessionRow;
use metastore::sign_in::Purpose;
use metastore::{Metastore, MetastoreError};
use policy::Role;
use std::collections::BTreeMap;
use tokio::sync::Mutex;

const NAME_LETTERS: usize = 100;
const EMAIL_LETTERS: usize = 254;

pub struct People {
    pub metastore: Metastore,
    /// The address that others find us at.
    pub door: String,
    /// Two administrators who take the role from each other at once must not both succeed.
    turn: Mutex<()>,
}

fn missing() -> Failure {
    Failure::new(FailureKind::NotFound, "there is no such person")
}

fn failed(error: &MetastoreError) -> PersonRefusal {
    match error {
        MetastoreError::Exists { .. } => PersonRefusal::EmailTaken,
        MetastoreError::Missing { .. } => missing().into(),
        _ => internal(error).into(),
    }
}

fn instant(ms: i64) -> String {
    DateTime::from_timestamp_millis(ms).unwrap_or_default().to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn manages(principal: &Principal) -> bool {
    Role::of(principal).into_iter().any(Role::manages_people)
}

fn manager(principal: &Principal) -> Result<(), Failure> {
    if manages(principal) {
        return Ok(());
    }
    Err(Failure::new(FailureKind::Forbidden, "only administrators manage people"))
}

impl People {
    pub fn new(metastore: Metastore, door: String) -> People {
        People { metastore, door, turn: Mutex::default() }
    }

    async fn found(&self, id: &str) -> Result<Principal, Failure> {
        let user = self.metastore.user(id).await.map_err(|error| internal(&error))?;
        user.ok_or_else(missing)
    }

    async fn cards(&self, asker: &Principal) -> Result<Vec<PersonCard>, MetastoreError> {
        let credentials = self.metastore.credentials().await?;
        let sessions = self.metastore.sessions(None).await?;
        let users = self.metastore.users().await?;
        Ok(users.into_iter().map(|user| card(user, &credentials, &sessions, asker)).collect())
    }

    /// Whether somebody is left who can come in and manages people, when `id` no longer does.
    async fn is_last(&self, id: &str) -> Result<bool, MetastoreError> {
        let credentials = self.metastore.credentials().await?;
        let comes_in = |user: &Principal| {
            user.id == CONSOLE
                || credentials.iter().any(|known| known.user == user.id && known.password.is_some())
        };
        let users = self.metastore.users().await?;
        let (leaving, others): (Vec<_>, Vec<_>) =
            users.iter().filter(|user| manages(user)).partition(|user| user.id == id);
        Ok(leaving.iter().any(|user| comes_in(user) || others.is_empty())
            && !others.into_iter().any(comes_in))
    }

    async fn link(&self, user: &Principal) -> Result<PasswordLink, PersonRefusal> {
        let token = self.metastore.new_link(&user.id, Purpose::Password).await;
        let token = token.map_err(|error| failed(&error))?;
        Ok(PasswordLink {
            person: user.name.clone(),
            address: format!("{}{}", self.door, app::routes::invitation(&token)),
            days: Purpose::Password.days(),
        })
    }
}

fn card(
    user: Principal,
    credentials: &[Credential],
    sessions: &[SessionRow],
    asker: &Principal,
) -> PersonCard {
    let credential = credentials.iter().find(|known| known.user == user.id);
    // They come with the last seen first.
    let seen = sessions.iter().find(|session| session.user == user.id);
    PersonCard {
        email: credential.map(|known| known.email.clone()),
        standing: match credential {
            None => Standing::ByLink,
            Some(Credential { password: None, .. }) => Standing::Invited,
            Some(_) => Standing::Active,
        },
        seen_at: seen.map(|session| instant(session.seen_at)),
        has_second_step: credential.is_some_and(|known| known.has_second_step),
        is_asker: user.id == asker.id,
        id: user.id,
        name: user.name,
        roles: user.roles,
        attributes: user.attributes,
    }
}

/// What a form says, as a person with this id; and their e-mail, which may stay empty where it was.
fn drafted(draft: &PersonDraft, id: String) -> Result<(Principal, String), PersonRefusal> {
    let name = draft.name.trim();
    if name.is_empty() || name.chars().count() > NAME_LETTERS {
        return Err(PersonRefusal::Name);
    }
    let email = plain_email(&draft.email);
    if !email.is_empty() && !is_email(&email) {
        return Err(PersonRefusal::Email);
    }
    let roles: Vec<String> = draft.roles.iter().filter(|role| Role::named(role).is_some()).cloned().collect();
    if roles.is_empty() || roles.len() != draft.roles.len() {
        return Err(PersonRefusal::Role);
    }
    let attributes = attributes(&draft.attributes)?;
    Ok((Principal { id, name: name.to_owned(), roles, attributes }, email))
}

fn attributes(text: &str) -> Result<BTreeMap<String, Vec<String>>, PersonRefusal> {
    let mut attributes = BTreeMap::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let parsed = line.split_once('=').map(|(name, values)| {
            let values = values.split(',').map(str::trim).filter(|value| !value.is_empty());
            (name.trim().to_owned(), values.map(str::to_owned).collect::<Vec<_>>())
        });
        match parsed {
            Some((name, values)) if !name.is_empty() && !values.is_empty() => {
                attributes.insert(name, values);
            }
            _ => return Err(PersonRefusal::Attribute(line.to_owned())),
        }
    }
    Ok(attributes)
}

/// Whether it can be one; whether somebody reads it, only a letter would tell.
pub fn is_email(text: &str) -> bool {
    let Some((name, host)) = text.rsplit_once('@') else { return false };
    !name.is_empty()
        && host.contains('.')
        && !host.starts_with('.')
        && !host.ends_with('.')
        && text.len() <= EMAIL_LETTERS
        && !text
            .chars()
            .any(|letter| letter.is_whitespace() || letter.is_control() || "<>\",;".contains(letter))
}

/// What an id may be made of, from what stands before the `@`.
pub fn id_of(email: &str) -> String {
    let name = email.split('@').next().unwrap_or_default();
    let id: String =
        name.chars().filter(|letter| letter.is_alphanumeric() || matches!(letter, '.' | '-' | '_')).collect();
    if id.is_empty() { "pessoa".to_owned() } else { id }
}

/// The id itself, or the first of `ana-2`, `ana-3` … that nobody has or had.
pub async fn free_id(metastore: &Metastore, id: &str) -> Result<String, MetastoreError> {
    let (mut free, mut number) = (id.to_owned(), 1);
    while metastore.is_id_taken(&free).await? {
        number += 1;
        free = format!("{id}-{number}");
    }
    Ok(free)
}

#[async_trait]
impl contract::people::People for People {
    fn doors(&self, principal: &Principal) -> Doors {
        let sources = Role::of(principal).into_iter().any(Role::looks_after_sources);
        Doors { people: manages(principal), sources }
    }

    async fn list(&self, principal: &Principal) -> Result<Vec<PersonCard>, Failure> {
        manager(principal)?;
        let mut cards = self.cards(principal).await.map_err(|error| internal(&error))?;
        cards.sort_by_key(|card| card.name.to_lowercase());
        Ok(cards)
    }

    async fn show(&self, principal: &Principal, id: &str) -> Result<PersonCard, Failure> {
        manager(principal)?;
        let cards = self.cards(principal).await.map_err(|error| internal(&error))?;
        cards.into_iter().find(|card| card.id == id).ok_or_else(missing)
    }

    fn roles(&self) -> Vec<String> {
        Role::ALL.iter().map(|role| role.name().to_owned()).collect()
    }

    async fn invite(
        &self,
        principal: &Principal,
        draft: &PersonDraft,
    ) -> Result<PasswordLink, PersonRefusal> {
        manager(principal)?;
        let _turn = self.turn.lock().await;
        let (mut user, email) = drafted(draft, id_of(&plain_email(&draft.email)))?;
        if email.is_empty() {
            return Err(PersonRefusal::Email);
        }
        user.id = free_id(&self.metastore, &user.id).await.map_err(|error| internal(&error))?;
        self.metastore.invite_user(&user, &email).await.map_err(|error| failed(&error))?;
        self.link(&user).await
    }

    async fn change(
        &self,
        principal: &Principal,
        id: &str,
        draft: &PersonDraft,
    ) -> Result<(), PersonRefusal> {
        manager(principal)?;
        let _turn = self.turn.lock().await;
        let before = self.found(id).await?;
        let (user, email) = drafted(draft, before.id.clone())?;
        if manages(&before) && !manages(&user) && self.is_last(id).await.map_err(|error| internal(&error))? {
            return Err(PersonRefusal::LastAdministrator);
        }
        let known = self.metastore.credential(id).await.map_err(|error| internal(&error))?;
        match known {
            Some(known) if email.is_empty() && !known.email.is_empty() => return Err(PersonRefusal::Email),
            Some(known) if known.email == email => {}
            None if email.is_empty() => {}
            _ => self.metastore.set_email(id, &email).await.map_err(|error| failed(&error))?,
        }
        self.metastore.change_user(&user).await.map_err(|error| failed(&error))
    }

    async fn remove(&self, principal: &Principal, id: &str) -> Result<(), PersonRefusal> {
        manager(principal)?;
        let _turn = self.turn.lock().await;
        let leaving = self.found(id).await?;
        if manages(&leaving) && self.is_last(id).await.map_err(|error| internal(&error))? {
            return Err(PersonRefusal::LastAdministrator);
        }
        self.metastore.remove_user(id).await.map_err(|error| failed(&error))
    }

    async fn new_link(&self, principal: &Principal, id: &str) -> Result<PasswordLink, PersonRefusal> {
        manager(principal)?;
        let user = self.found(id).await?;
        let credential = self.metastore.credential(id).await.map_err(|error| internal(&error))?;
        if credential.is_none() {
            return Err(PersonRefusal::NoEmail);
        }
        self.link(&user).await
    }

    async fn drop_second_step(&self, principal: &Principal, id: &str) -> Result<(), PersonRefusal> {
        manager(principal)?;
        let user = self.found(id).await?;
        self.metastore.remove_second_step(&user.id).await.map_err(|error| failed(&error))
    }

    async fn account(&self, principal: &Principal, this: &SessionId) -> Result<Account, Failure> {
        let credential = self.metastore.credential(&principal.id).await.map_err(|error| internal(&error))?;
        let sessions =
            self.metastore.sessions(Some(&principal.id)).await.map_err(|error| internal(&error))?;
        let recovery_codes = match credential.as_ref().is_some_and(|known| known.has_second_step) {
            true => Some(
                self.metastore.recovery_codes_left(&principal.id).await.map_err(|error| internal(&error))?,
            ),
            false => None,
        };
        let access = |session: SessionRow| Access {
            is_this: session.id == this.0,
            id: session.id,
            agent: session.device.agent,
            address: session.device.address,
            began_at: instant(session.created_at),
            seen_at: instant(session.seen_at),
        };
        Ok(Account {
            name: principal.name.clone(),
            has_password: credential.as_ref().is_some_and(|known| known.password.is_some()),
            recovery_codes,
            email: credential.map(|known| known.email),
            roles: principal.roles.clone(),
            manages_people: manages(principal),
            accesses: sessions.into_iter().map(access).collect(),
        })
    }

    async fn end_access(
        &self,
        principal: &Principal,
        this: &SessionId,
        id: Option<&str>,
    ) -> Result<(), Failure> {
        let done = match id {
            Some(id) => self.metastore.end_session(&principal.id, id).await,
            None => self.metastore.end_sessions(&principal.id, Some(&this.0)).await,
        };
        done.map_err(|error| match error {
            MetastoreError::Missing { .. } => Failure::new(FailureKind::NotFound, "there is no such session"),
            error => internal(&error),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_lines_and_a_line_that_is_none_is_named() {
        let told = attributes("filiais = Curitiba, Londrina\n\n uf=PR ").unwrap();
        assert_eq!(told["filiais"], ["Curitiba", "Londrina"]);
        assert_eq!(told["uf"], ["PR"]);
        for line in ["filiais", "= Curitiba", "filiais = ,"] {
            assert_eq!(attributes(line), Err(PersonRefusal::Attribute(line.to_owned())));
        }
    }

    #[test]
    fn an_email_has_a_name_and_a_host() {
        for good in ["ana@serraazul.com.br", "a.b+c@x.io"] {
            assert!(is_email(good), "{good}");
        }
        for bad in ["ana", "@x.com", "ana@x", "ana@.com", "ana@x.", "a na@x.com", "<ana@x.com>"] {
            assert!(!is_email(bad), "{bad}");
        }
    }
}
