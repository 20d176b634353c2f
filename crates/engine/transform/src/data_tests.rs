//! Data tests as nodes: which rule, on which table and column, with which limits.
//!
//! Does not run or judge them (`check`). Invariant: ids stay the same as long as the test does.

use lake::TableName;
use serde::Serialize;
use serde_json::{Map, Value as Json};
use sha2::{Digest, Sha256};

use crate::errors::{Place, TransformError};
use crate::node::Reader;

/// One data test of the project.
#[derive(Debug, Clone, Serialize)]
pub struct TestNode {
    /// `test.shop.not_null_orders_id.1a2b3c4d5e`
    pub id: String,
    /// `not_null_orders_id`, or the file's name for a singular test.
    pub name: String,
    pub package: String,
    pub kind: TestKind,
    /// Unique id of the model, seed, snapshot or source that it is declared on.
    pub attached: Option<String>,
    /// The table of `attached`.
    pub relation: Option<TableName>,
    pub column: Option<String>,
    pub config: TestConfig,
    pub description: String,
    pub tags: Vec<String>,
    /// Every node and source that it reads.
    pub depends_on: Vec<String>,
    pub place: Place,
    #[serde(skip)]
    pub(crate) fqn: Vec<String>,
    #[serde(skip)]
    pub(crate) settings: Map<String, Json>,
    #[serde(skip)]
    pub(crate) template: Option<String>,
    #[serde(skip)]
    pub(crate) macro_name: Option<(String, String)>,
    #[serde(skip)]
    pub(crate) raw_arguments: Map<String, Json>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum TestKind {
    Generic {
        /// `unique`, `not_null`, `accepted_values`, `relationships`, or the name of a `{% test %}`.
        test: String,
        /// `dbt` for dbt's own four, otherwise where the `{% test %}` is written.
        package: String,
        /// Without the column. A table (`to: ref('x')`) is text `schema.name`.
        arguments: Map<String, Json>,
    },
    Singular,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TestConfig {
    pub severity: Severity,
    /// Only rows of the tested table that fulfil this SQL condition count.
    #[serde(rename = "where")]
    pub where_sql: Option<String>,
    /// At most so many failing rows are counted.
    pub limit: Option<u64>,
    /// Condition on the count that warns, such as `!= 0` or `> 10`.
    pub warn_if: String,
    pub error_if: String,
    /// What is counted, `count(*)` by default.
    pub fail_calc: String,
    pub store_failures: bool,
}

impl Default for TestConfig {
    fn default() -> TestConfig {
        TestConfig {
            severity: Severity::Error,
            where_sql: None,
            limit: None,
            warn_if: "!= 0".to_owned(),
            error_if: "!= 0".to_owned(),
            fail_calc: "count(*)".to_owned(),
            store_failures: false,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Warn,
    Error,
}

impl TestConfig {
    pub(crate) fn read(reader: &Reader) -> Result<TestConfig, TransformError> {
        let default = TestConfig::default();
        let severity = match reader.text("severity")? {
            None => Severity::Error,
            Some(text) if text.eq_ignore_ascii_case("error") => Severity::Error,
            Some(text) if text.eq_ignore_ascii_case("warn") => Severity::Warn,
            Some(text) => {
                return Err(reader.wrong(format!("`severity` cannot be `{text}`; use `warn` or `error`")));
            }
        };
        let limit = match reader.text("limit")? {
            None => None,
            Some(text) => Some(
                text.parse()
                    .map_err(|_| reader.wrong(format!("`limit` must be a whole number, not `{text}`")))?,
            ),
        };
        let kept = reader.text("store_failures_as")?.is_some_and(|text| text != "ephemeral");
        Ok(TestConfig {
            severity,
            limit,
            where_sql: reader.text("where")?,
            warn_if: reader.text("warn_if")?.unwrap_or(default.warn_if),
            error_if: reader.text("error_if")?.unwrap_or(default.error_if),
            fail_calc: reader.text("fail_calc")?.unwrap_or(default.fail_calc),
            store_failures: reader.truth("store_failures")?.unwrap_or(kept),
        })
    }
}

/// dbt's name for a generic test: rule, table and arguments; a long one is cut and ends in a digest (SHA-256 where dbt takes MD5).
pub(crate) fn generic_name(
    test: &str,
    table: &str,
    column: Option<&str>,
    arguments: &Map<String, Json>,
) -> String {
    let mut sorted: Vec<(&str, Json)> =
        arguments.iter().map(|(key, value)| (key.as_str(), value.clone())).collect();
    if let Some(column) = column {
        sorted.push(("column_name", Json::from(column)));
    }
    sorted.sort_by(|a, b| a.0.cmp(b.0));
    let mut parts = Vec::new();
    for (_, value) in sorted {
        match value {
            Json::Array(items) => parts.extend(items.iter().map(plain)),
            Json::Object(map) => parts.extend(map.values().map(plain)),
            other => parts.push(plain(&other)),
        }
    }
    let parts: Vec<String> = parts.iter().map(|part| clean(part)).collect();
    let begin = clean(&format!("{test}_{table}"));
    let full = if parts.is_empty() { format!("{begin}_") } else { format!("{begin}_{}", parts.join("__")) };
    if full.len() < 64 {
        return full;
    }
    let cut: String = begin.chars().take(30).collect();
    format!("{cut}_{}", &digest(&full)[..32])
}

fn plain(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Runs of anything but letters, digits and `_` become one `_`.
fn clean(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_alphanumeric() || c == '_' {
            cleaned.push(c);
        } else if !cleaned.ends_with('\u{1}') {
            cleaned.push('\u{1}');
        }
    }
    cleaned.replace('\u{1}', "_")
}

/// SHA-256 in hex.
pub(crate) fn digest(text: &str) -> String {
    use std::fmt::Write;
    Sha256::digest(text.as_bytes()).iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generic_name_is_dbts() {
        let none = Map::new();
        assert_eq!(generic_name("not_null", "orders", Some("id"), &none), "not_null_orders_id");
        let values: Map<String, Json> = serde_json::from_str(r#"{"values":["a","b c"]}"#).unwrap();
        assert_eq!(
            generic_name("accepted_values", "orders", Some("status"), &values),
            "accepted_values_orders_status__a__b_c"
        );
        let to: Map<String, Json> = serde_json::from_str(r#"{"to":"ref('dim')","field":"id"}"#).unwrap();
        assert_eq!(
            generic_name("relationships", "orders", Some("customer"), &to),
            "relationships_orders_customer__id__ref_dim_"
        );
    }

    #[test]
    fn generic_name_long_is_cut_with_a_digest() {
        let values: Map<String, Json> =
            serde_json::from_str(r#"{"values":["aaaaaaaaaaaaaaaaaaaa","bbbbbbbbbbbbbbbbbbbbbbbbbbb"]}"#)
                .unwrap();
        let name = generic_name("accepted_values", "orders", Some("status"), &values);
        assert!(name.starts_with("accepted_values_orders_"), "{name}");
        assert_eq!(name.len(), "accepted_values_orders".len() + 1 + 32);
    }
}
