//! `mirante user`: who may come in, as whom, and which rows they see.

use crate::config::{Config, Place};
use crate::house::House;
use crate::terminal::BadUsage;
use anyhow::Result;
use clap::{Args, Subcommand};
use contract::Principal;
use metastore::sign_in::Purpose;
use policy::Role;
use std::collections::BTreeMap;

#[derive(Subcommand)]
pub enum User {
    /// Add a person, and print a link that signs them in once
    Add {
        /// A short name without spaces: `ana.souza`
        id: String,
        /// The name that the person is greeted by; by default the id
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        rights: Rights,
    },
    /// List people with their roles and attributes
    List,
    /// Change a person's name, roles or attributes; what is not named stays. It holds from their next request on
    Set {
        id: String,
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        rights: Rights,
    },
    /// Print a new link that signs the person in once, within a day
    Link { id: String },
    /// Remove a person; their sessions end with their next request
    Remove { id: String },
}

#[derive(Args)]
pub struct Rights {
    /// administrador, gestor, analista, leitor, curador or encarregado; may be given often
    #[arg(long = "role", value_name = "ROLE")]
    roles: Vec<String>,
    /// What rules for rows refer to, as filiais=Curitiba,Londrina; may be given often, an empty value takes it away
    #[arg(long = "attribute", value_name = "NAME=VALUES")]
    attributes: Vec<String>,
}

impl Rights {
    fn onto(&self, principal: &mut Principal) -> Result<()> {
        for role in &self.roles {
            if Role::named(role).is_none() {
                let known: Vec<&str> = Role::ALL.iter().map(|role| role.name()).collect();
                return Err(
                    BadUsage(format!("there is no role `{role}`; there are {}", known.join(", "))).into()
                );
            }
        }
        if !self.roles.is_empty() {
            principal.roles.clone_from(&self.roles);
        }
        for attribute in &self.attributes {
            let Some((name, values)) = attribute.split_once('=') else {
                let wrong = format!("`{attribute}` is no attribute; write it as filiais=Curitiba,Londrina");
                return Err(BadUsage(wrong).into());
            };
            let values: Vec<String> = values
                .split(',')
                .map(str::trim)
                .filter(|value| !value.is_empty())
                .map(str::to_owned)
                .collect();
            if values.is_empty() {
                principal.attributes.remove(name);
            } else {
                principal.attributes.insert(name.to_owned(), values);
            }
        }
        Ok(())
    }
}

impl User {
    pub async fn run(self, place: &Place) -> Result<()> {
        let house = House::open(Config::load(place)?).await?;
        match self {
            User::Add { id, name, rights } => {
                let is_id =
                    |letter: char| letter.is_alphanumeric() || matches!(letter, '.' | '-' | '_' | '@');
                if id.is_empty() || !id.chars().all(is_id) {
                    let wrong = format!("`{id}` is no id; use letters, digits, `.`, `-`, `_` and `@`");
                    return Err(BadUsage(wrong).into());
                }
                let mut user = Principal {
                    name: name.unwrap_or_else(|| id.clone()),
                    id,
                    roles: vec![Role::Reader.name().to_owned()],
                    attributes: BTreeMap::new(),
                };
                rights.onto(&mut user)?;
                house.metastore.add_user(&user).await?;
                link(&house, &user.id).await
            }
            User::List => {
                for user in house.metastore.users().await? {
                    let attributes =
                        user.attributes.iter().map(|(name, values)| format!("{name}={}", values.join(",")));
                    let attributes: Vec<String> = attributes.collect();
                    println!(
                        "{}\t{}\t{}\t{}",
                        user.id,
                        user.name,
                        user.roles.join(","),
                        attributes.join(" ")
                    );
                }
                Ok(())
            }
            User::Set { id, name, rights } => {
                let mut user = found(&house, &id).await?;
                user.name = name.unwrap_or(user.name);
                rights.onto(&mut user)?;
                Ok(house.metastore.change_user(&user).await?)
            }
            User::Link { id } => link(&house, &found(&house, &id).await?.id).await,
            User::Remove { id } => Ok(house.metastore.remove_user(&id).await?),
        }
    }
}

/// The id of whoever works at the console, where the data lies; a link of the console lets them in.
pub const CONSOLE: &str = "administrator";

pub fn console() -> Principal {
    Principal {
        id: CONSOLE.to_owned(),
        name: "console".to_owned(),
        roles: vec![Role::Administrator.name().to_owned()],
        attributes: BTreeMap::new(),
    }
}

/// # Errors
/// When there is no such person.
pub async fn found(house: &House, id: &str) -> Result<Principal> {
    let user = house.metastore.user(id).await?;
    Ok(user.ok_or_else(|| BadUsage(format!("there is no user `{id}`; `mirante user list` names them")))?)
}

async fn link(house: &House, id: &str) -> Result<()> {
    let base = house.config.base();
    println!("{base}/entrar/link?token={}", house.metastore.new_link(id, Purpose::SignIn).await?);
    Ok(())
}
