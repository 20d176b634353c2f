//! The roles that come with the product, and what each may see.
//!
//! Invariant: more roles never see less than each of them alone.

use contract::Principal;
use serde::{Deserialize, Serialize};

use crate::Classification;

/// A role, written as the product names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything.
    #[serde(rename = "administrador")]
    Administrator,
    /// Boards and what stands behind them, with what is confidential.
    #[serde(rename = "gestor")]
    Manager,
    /// Boards and tables of marts.
    #[serde(rename = "analista")]
    Analyst,
    /// Boards.
    #[serde(rename = "leitor")]
    Reader,
    /// Sources and all tables, to look after them.
    #[serde(rename = "curador")]
    Steward,
    /// Encarregado (LGPD art. 41): everything that is kept of people.
    #[serde(rename = "encarregado")]
    ProtectionOfficer,
}

impl Role {
    pub const ALL: [Role; 6] = [
        Role::Administrator,
        Role::Manager,
        Role::Analyst,
        Role::Reader,
        Role::Steward,
        Role::ProtectionOfficer,
    ];

    /// As the product names it: `gestor`.
    pub fn name(self) -> &'static str {
        match self {
            Role::Administrator => "administrador",
            Role::Manager => "gestor",
            Role::Analyst => "analista",
            Role::Reader => "leitor",
            Role::Steward => "curador",
            Role::ProtectionOfficer => "encarregado",
        }
    }

    pub fn named(name: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.name() == name)
    }

    /// The roles of a principal; names that nobody knows are none.
    pub fn of(principal: &Principal) -> Vec<Role> {
        principal.roles.iter().filter_map(|name| Role::named(name)).collect()
    }

    /// The most confidential that the role sees unmasked.
    pub(crate) fn clearance(self) -> Classification {
        match self {
            Role::Administrator | Role::ProtectionOfficer => Classification::Restricted,
            Role::Manager | Role::Steward => Classification::Confidential,
            Role::Analyst | Role::Reader => Classification::Internal,
        }
    }

    /// Whether row rules do not bind the role.
    pub(crate) fn sees_every_row(self) -> bool {
        matches!(self, Role::Administrator | Role::ProtectionOfficer)
    }

    /// Whether the role adds, changes and reads sources, and sees what they reject.
    pub fn looks_after_sources(self) -> bool {
        matches!(self, Role::Administrator | Role::Steward)
    }

    /// Whether the role lets people in, gives them roles and takes them out.
    pub fn manages_people(self) -> bool {
        matches!(self, Role::Administrator)
    }

    /// Whether the role may name tables before the marts.
    pub(crate) fn sees_raw(self) -> bool {
        matches!(self, Role::Administrator | Role::ProtectionOfficer | Role::Steward)
    }
}
