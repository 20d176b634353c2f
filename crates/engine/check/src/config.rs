//! How a check is judged: dbt's test configs with dbt's defaults.
//!
//! Invariant: an empty config is dbt's default one.

use serde::{Deserialize, Deserializer, Serialize};

/// What a failing check does to the edition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// `error_if` fails the check, else `warn_if` warns.
    #[default]
    Error,
    /// `warn_if` warns; nothing fails.
    Warn,
}

impl<'de> Deserialize<'de> for Severity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.to_ascii_lowercase().as_str() {
            "error" => Ok(Severity::Error),
            "warn" => Ok(Severity::Warn),
            _ => Err(serde::de::Error::custom(format!("severity `{text}` is neither `error` nor `warn`"))),
        }
    }
}

/// dbt's configs of a data test. Unknown keys are left to `transform`, which knows dbt's other configs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    pub severity: Severity,
    /// SQL condition: a generic test sees only the rows of its relation that meet it. A singular test ignores it, as
    /// in dbt.
    #[serde(rename = "where")]
    pub only_where: Option<String>,
    /// At most so many failing rows are counted and stored.
    pub limit: Option<u64>,
    /// Compared with the number of failures, such as `> 10`.
    pub warn_if: String,
    pub error_if: String,
    /// SQL that makes one number of the failing rows.
    pub fail_calc: String,
    /// Keep the failing rows as a table of schema `dbt_test__audit`.
    pub store_failures: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            severity: Severity::Error,
            only_where: None,
            limit: None,
            warn_if: "!= 0".to_string(),
            error_if: "!= 0".to_string(),
            fail_calc: "count(*)".to_string(),
            store_failures: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn config_without_keys_is_the_default_of_dbt() {
        let config: Config = serde_json::from_str("{}").unwrap();
        assert_eq!(config, Config::default());
        let config: Config = serde_json::from_str(r#"{"severity": "WARN", "where": "uf = 'SP'"}"#).unwrap();
        assert_eq!((config.severity, config.only_where.as_deref()), (Severity::Warn, Some("uf = 'SP'")));
        assert!(serde_json::from_str::<Config>(r#"{"severity": "fatal"}"#).is_err());
    }
}
