//! Sources: which kinds there are, and what each has to be told before it can be read.
//!
//! Holds no secret and no row. Invariant: form, command line and API are made from the same declaration.

use kpi::definition::Label;
use serde::{Deserialize, Serialize};

/// A kind of source, as a person chooses it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SourceKind {
    /// The word in `mirante source add <kind>`.
    pub kind: String,
    pub title: Label,
    /// What it reads and what it needs, in a sentence or two.
    pub about: Label,
    pub parameters: Vec<Parameter>,
    /// How old its data may get, in minutes, unless a person says otherwise.
    pub promised_minutes: u64,
}

impl SourceKind {
    pub fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|parameter| parameter.name == name)
    }
}

/// One thing that a source has to be told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Parameter {
    /// Key in the source's settings; `--<name>` on the command line with `-` for `_`.
    pub name: String,
    pub label: Label,
    pub help: Label,
    pub takes: Takes,
    pub required: bool,
    /// What holds when it is left out, as a person would write it.
    pub default: Option<String>,
}

/// What a parameter's value may be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Takes {
    Text,
    /// `https://host[:port]/path`.
    Address,
    /// Kept encrypted, never shown again.
    Secret,
    Number {
        min: i64,
        max: i64,
    },
    Flag,
    /// One of these words.
    Choice(Vec<String>),
    /// Text of several lines: a certificate, a query.
    Lines,
}

impl Parameter {
    fn new(name: &str, takes: Takes, label: (&str, &str), help: (&str, &str)) -> Parameter {
        let said = |(pt, en): (&str, &str)| Label { pt: pt.to_owned(), en: Some(en.to_owned()) };
        Parameter {
            name: name.to_owned(),
            label: said(label),
            help: said(help),
            takes,
            required: false,
            default: None,
        }
    }

    /// A parameter without which the source cannot be opened. Label and help are in Portuguese and English.
    pub fn required(name: &str, takes: Takes, label: (&str, &str), help: (&str, &str)) -> Parameter {
        Parameter { required: true, ..Parameter::new(name, takes, label, help) }
    }

    /// A parameter that may be left out; then nothing stands for it.
    pub fn optional(name: &str, takes: Takes, label: (&str, &str), help: (&str, &str)) -> Parameter {
        Parameter::new(name, takes, label, help)
    }

    /// A parameter that may be left out; then `default` holds.
    pub fn with_default(
        name: &str,
        takes: Takes,
        default: &str,
        label: (&str, &str),
        help: (&str, &str),
    ) -> Parameter {
        Parameter { default: Some(default.to_owned()), ..Parameter::new(name, takes, label, help) }
    }

    pub fn is_secret(&self) -> bool {
        self.takes == Takes::Secret
    }
}
