//! Who asks: a person, a token or a schedule.
//!
//! Does not sign anyone in (`server`). Invariant: there is no anonymous principal; where nobody is known, nothing is asked.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Principal {
    pub id: String,
    /// The name that the person is greeted by.
    pub name: String,
    pub roles: Vec<String>,
    /// Facts that policies refer to: `filiais` → `["Curitiba"]`.
    pub attributes: BTreeMap<String, Vec<String>>,
}
