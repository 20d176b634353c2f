//! The name of a table of the lake: `schema.name`.
//!
//! Does not say which version or where the table lies (`Relations`, `table`). Invariant: a name that `check` accepts
//! is lower-case, needs no quotes in SQL and is one safe folder name per part.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::LakeError;

/// `schema.name`; written to JSON and YAML as that one string, so that it can be the key of a map.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TableName {
    pub schema: String,
    pub name: String,
}

impl TableName {
    /// Takes the two parts as they are; whether they are fit for a table is said when the lake is asked
    /// ([`TableName::check`]).
    pub fn new(schema: impl Into<String>, name: impl Into<String>) -> Self {
        Self { schema: schema.into(), name: name.into() }
    }

    /// Fails unless both parts are made of `a-z`, `0-9` and `_`, do not start with a digit and have at most 120
    /// characters.
    pub fn check(&self) -> Result<(), LakeError> {
        for part in [&self.schema, &self.name] {
            let first = part.chars().next();
            let starts_well = first.is_some_and(|c| c.is_ascii_lowercase() || c == '_');
            let is_plain = part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
            if !starts_well || !is_plain || part.len() > 120 {
                return Err(LakeError::TableName { name: self.to_string() });
            }
        }
        Ok(())
    }

    /// `"schema"."name"`, for SQL text.
    pub fn quoted(&self) -> String {
        format!("{}.{}", quote(&self.schema), quote(&self.name))
    }
}

/// An identifier in double quotes, for SQL text.
pub fn quote(identifier: &str) -> String {
    format!("\"{}\"", identifier.replace('"', "\"\""))
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.schema, self.name)
    }
}

impl FromStr for TableName {
    type Err = LakeError;

    fn from_str(text: &str) -> Result<Self, LakeError> {
        let Some((schema, name)) = text.split_once('.') else {
            return Err(LakeError::TableName { name: text.to_string() });
        };
        let table = Self::new(schema, name);
        table.check()?;
        Ok(table)
    }
}

impl Serialize for TableName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TableName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_name_as_text_comes_back() {
        let name: TableName = "raw.ploomes__deals".parse().unwrap();
        assert_eq!(name, TableName::new("raw", "ploomes__deals"));
        assert_eq!(name.to_string(), "raw.ploomes__deals");
        assert_eq!(serde_json::to_string(&name).unwrap(), "\"raw.ploomes__deals\"");
    }

    #[test]
    fn table_name_unfit_for_a_folder_is_refused() {
        for bad in ["deals", "raw.", ".x", "raw.Deals", "raw.a b", "raw.../etc", "raw.a.b", "raw.1x"] {
            assert!(bad.parse::<TableName>().is_err(), "{bad}");
        }
    }
}
