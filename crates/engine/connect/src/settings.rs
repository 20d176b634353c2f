//! The settings of one source, held to what its kind declares.
//!
//! Stores nothing. Invariant: what was read from here is of the declared type, and no message shows a secret's value.

use contract::sources::{SourceKind, Takes};
use serde_json::{Map, Value};

use crate::column_name::sql_name;
use crate::errors::ConnectError;

/// Settings that fit their declaration.
#[derive(Clone)]
pub struct Settings {
    source: String,
    values: Map<String, Value>,
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&String> = self.values.keys().collect();
        f.debug_struct("Settings")
            .field("source", &self.source)
            .field("names", &names)
            .finish_non_exhaustive()
    }
}

impl Settings {
    /// Checks the source's name and, against the declaration, what it was `given`; fills in defaults.
    ///
    /// # Errors
    /// `Options` names the parameter and what it takes.
    pub fn read(kind: &SourceKind, source: &str, given: &Value) -> Result<Settings, ConnectError> {
        let refused = |detail: String| ConnectError::Options { source_name: source.to_owned(), detail };
        if source.is_empty() || sql_name(source) != source {
            return Err(refused(format!("the name is not SQL-safe; use `{}`", sql_name(source))));
        }
        let empty = Map::new();
        let given = match given {
            Value::Object(given) => given,
            Value::Null => &empty,
            _ => {
                return Err(refused(
                    "the settings are no object such as {\"address\": \"https://…\"}".to_owned(),
                ));
            }
        };
        if let Some(unknown) = given.keys().find(|name| kind.parameter(name).is_none()) {
            let known: Vec<&str> = kind.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
            return Err(refused(format!("`{unknown}` is no parameter; there are {}", known.join(", "))));
        }
        let mut values = Map::new();
        for parameter in &kind.parameters {
            let name = &parameter.name;
            let value = given.get(name).filter(|value| !value.is_null() && **value != Value::from(""));
            let value = match (value, &parameter.default) {
                (Some(value), _) => value.clone(),
                (None, Some(default)) => Value::from(default.as_str()),
                (None, None) if parameter.required => return Err(refused(format!("`{name}` is missing"))),
                (None, None) => continue,
            };
            values.insert(
                name.clone(),
                fitted(&value, &parameter.takes).map_err(|what| refused(format!("`{name}` {what}")))?,
            );
        }
        Ok(Settings { source: source.to_owned(), values })
    }

    pub fn source(&self) -> &str {
        &self.source
    }

    /// A text; empty when it was left out.
    pub fn text(&self, name: &str) -> &str {
        self.values.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// A text that was given.
    pub fn given(&self, name: &str) -> Option<&str> {
        self.values.get(name).and_then(Value::as_str)
    }

    pub fn number(&self, name: &str) -> Option<i64> {
        self.values.get(name).and_then(Value::as_i64)
    }

    pub fn flag(&self, name: &str) -> bool {
        self.values.get(name).and_then(Value::as_bool).unwrap_or_default()
    }

    /// The error of a setting that is well-formed and wrong all the same.
    pub fn refused(&self, name: &str, detail: &str) -> ConnectError {
        ConnectError::Options { source_name: self.source.clone(), detail: format!("`{name}`: {detail}") }
    }
}

/// The value as its declaration has it; texts of the command line become numbers and flags.
fn fitted(value: &Value, takes: &Takes) -> Result<Value, String> {
    let text = value.as_str().map(str::trim);
    match takes {
        Takes::Text | Takes::Address | Takes::Secret | Takes::Lines => match value {
            Value::String(text) if *takes == Takes::Secret => Ok(Value::from(text.as_str())),
            Value::String(text) => Ok(Value::from(text.trim())),
            Value::Number(number) => Ok(Value::from(number.to_string())),
            _ => Err("takes a text".to_owned()),
        },
        Takes::Number { min, max } => {
            let number = value.as_i64().or_else(|| text?.parse().ok());
            let number = number.filter(|number| (min..=max).contains(&number));
            number.map(Value::from).ok_or_else(|| format!("takes a whole number from {min} to {max}"))
        }
        Takes::Flag => match (value, text) {
            (Value::Bool(flag), _) => Ok(Value::from(*flag)),
            (_, Some("true")) => Ok(Value::from(true)),
            (_, Some("false")) => Ok(Value::from(false)),
            _ => Err("takes true or false".to_owned()),
        },
        Takes::Choice(words) => match text.filter(|text| words.iter().any(|word| word == text)) {
            Some(word) => Ok(Value::from(word)),
            None => Err(format!("takes one of {}", words.join(", "))),
        },
    }
}

#[cfg(test)]
mod tests {
    use contract::sources::Parameter;
    use kpi::definition::Label;
    use serde_json::json;

    use super::*;

    fn kind() -> SourceKind {
        let named = |name: &str| (name.to_owned(), name.to_owned());
        let said = |names: &(String, String)| Label { pt: names.0.clone(), en: Some(names.1.clone()) };
        let words = ("x", "x");
        SourceKind {
            kind: "erp".into(),
            title: said(&named("ERP")),
            about: said(&named("ERP")),
            parameters: vec![
                Parameter::required("address", Takes::Address, words, words),
                Parameter::required("key", Takes::Secret, words, words),
                Parameter::with_default("page", Takes::Number { min: 1, max: 300 }, "300", words, words),
                Parameter::optional("deleted", Takes::Flag, words, words),
                Parameter::optional("version", Takes::Choice(vec!["v1".into(), "v2".into()]), words, words),
            ],
            promised_minutes: 15,
        }
    }

    #[test]
    fn settings_are_typed_and_defaults_filled_in() {
        let given = json!({"address": " https://x ", "key": " s ", "deleted": "true", "version": "v2"});
        let settings = Settings::read(&kind(), "crm", &given).unwrap();
        assert_eq!(settings.text("address"), "https://x");
        assert_eq!(settings.text("key"), " s ", "a secret is taken as it is");
        assert_eq!(
            (settings.number("page"), settings.flag("deleted"), settings.given("version")),
            (Some(300), true, Some("v2"))
        );
        assert!(!format!("{settings:?}").contains(" s "));
    }

    #[test]
    fn names_that_no_table_can_begin_with_are_refused_with_one_that_can() {
        for name in ["Meu CRM", ""] {
            let error =
                Settings::read(&kind(), name, &json!({"address": "a", "key": "b"})).unwrap_err().to_string();
            assert!(
                error.contains("not SQL-safe") && error.contains(&format!("use `{}`", sql_name(name))),
                "{error}"
            );
        }
    }

    #[test]
    fn settings_that_do_not_fit_name_the_parameter_and_no_secret() {
        for (given, expected) in [
            (json!({"address": "https://x"}), "`key` is missing"),
            (json!({"address": "https://x", "key": ""}), "`key` is missing"),
            (
                json!({"address": "https://x", "key": "topsecret", "page": 301}),
                "`page` takes a whole number from 1 to 300",
            ),
            (
                json!({"address": "https://x", "key": "topsecret", "pages": 3}),
                "`pages` is no parameter; there are address, key",
            ),
            (json!({"address": ["topsecret"], "key": "topsecret"}), "`address` takes a text"),
            (
                json!({"address": "https://x", "key": "topsecret", "version": "v3"}),
                "`version` takes one of v1, v2",
            ),
            (json!([1]), "no object"),
        ] {
            let error = Settings::read(&kind(), "crm", &given).unwrap_err().to_string();
            assert!(error.contains(expected) && error.contains("`crm`"), "{error}");
            assert!(!error.contains("topsecret"), "{error}");
        }
    }
}
