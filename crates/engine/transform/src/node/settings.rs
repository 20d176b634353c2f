//! Settings: gathered from many places, then understood.
//!
//! Does not find them (`load`). Invariant: a setting that is wrong is an error that names it and what it may be.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::{
    HardDeletes, Incremental, IncrementalStrategy, Materialized, NodeKind, OnSchemaChange, Seed, Snapshot,
    SnapshotStrategy,
};
use crate::errors::{Place, TransformError, did_you_mean};

/// Settings gathered from the general to the particular: tags add up, `meta` merges, the rest replaces.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    pub(crate) all: Map<String, Json>,
}

impl Settings {
    pub(crate) fn add(&mut self, settings: impl IntoIterator<Item = (String, Json)>) {
        for (key, value) in settings {
            match key.as_str() {
                "tags" => {
                    let tags = self.all.entry(key).or_insert_with(|| Json::Array(Vec::new()));
                    let Json::Array(known) = tags else { continue };
                    for tag in texts(&value) {
                        let tag = Json::from(tag);
                        if !known.contains(&tag) {
                            known.push(tag);
                        }
                    }
                }
                "meta" | "column_types" => match (self.all.get_mut(&key), value) {
                    (Some(Json::Object(known)), Json::Object(more)) => known.extend(more),
                    (_, value) => {
                        self.all.insert(key, value);
                    }
                },
                _ => {
                    self.all.insert(key, value);
                }
            }
        }
    }
}

/// One text, or a list of texts.
pub(crate) fn texts(value: &Json) -> Vec<String> {
    match value {
        Json::String(text) => vec![text.clone()],
        Json::Array(items) => items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    }
}

fn is_one_of(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| word.eq_ignore_ascii_case(text))
}

/// Reads settings of one node; errors point at the node.
pub(crate) struct Reader<'a> {
    pub(crate) settings: &'a Map<String, Json>,
    pub(crate) subject: String,
    pub(crate) place: Place,
}

impl Reader<'_> {
    pub(crate) fn wrong(&self, message: impl Into<String>) -> TransformError {
        TransformError::Property {
            place: self.place.clone(),
            message: format!("{}: {}", self.subject, message.into()),
        }
    }

    pub(crate) fn text(&self, key: &str) -> Result<Option<String>, TransformError> {
        match self.settings.get(key) {
            None | Some(Json::Null) => Ok(None),
            Some(Json::String(text)) => Ok(Some(text.clone())),
            Some(Json::Number(number)) => Ok(Some(number.to_string())),
            Some(other) => Err(self.wrong(format!("`{key}` must be text, not {other}"))),
        }
    }

    pub(crate) fn truth(&self, key: &str) -> Result<Option<bool>, TransformError> {
        match self.settings.get(key) {
            None | Some(Json::Null) => Ok(None),
            Some(Json::Bool(value)) => Ok(Some(*value)),
            // YAML 1.1, which dbt reads, has all of these.
            Some(Json::String(text)) if is_one_of(text, &["true", "yes", "on"]) => Ok(Some(true)),
            Some(Json::String(text)) if is_one_of(text, &["false", "no", "off"]) => Ok(Some(false)),
            Some(other) => Err(self.wrong(format!("`{key}` must be true or false, not {other}"))),
        }
    }

    pub(crate) fn list(&self, key: &str) -> Vec<String> {
        self.settings.get(key).map(texts).unwrap_or_default()
    }

    fn choice<T: Copy>(&self, key: &str, choices: &[(&str, T)]) -> Result<Option<T>, TransformError> {
        let Some(text) = self.text(key)? else { return Ok(None) };
        let found = choices.iter().find(|(name, _)| name.eq_ignore_ascii_case(&text));
        found.map(|(_, value)| Some(*value)).ok_or_else(|| {
            let names: Vec<String> = choices.iter().map(|(name, _)| format!("`{name}`")).collect();
            let all = format!("use {}", names.join(", "));
            let remedy = did_you_mean(&text, choices.iter().map(|(name, _)| *name), &all);
            self.wrong(format!("`{key}` cannot be `{text}`; {remedy}"))
        })
    }

    /// What the node becomes.
    pub(crate) fn materialized(&self, kind: NodeKind) -> Result<Materialized, TransformError> {
        match kind {
            NodeKind::Seed => Ok(Materialized::Seed(self.seed()?)),
            NodeKind::Snapshot => Ok(Materialized::Snapshot(self.snapshot()?)),
            NodeKind::Model => {
                let choices = [
                    ("view", 'v'),
                    ("table", 't'),
                    ("incremental", 'i'),
                    ("ephemeral", 'v'),
                    ("materialized_view", 'v'),
                ];
                Ok(match self.choice("materialized", &choices)? {
                    None | Some('v') => Materialized::View,
                    Some('t') => Materialized::Table,
                    Some(_) => Materialized::Incremental(self.incremental()?),
                })
            }
        }
    }

    fn incremental(&self) -> Result<Incremental, TransformError> {
        let unique_key = self.list("unique_key");
        let strategies = [
            ("append", IncrementalStrategy::Append),
            ("merge", IncrementalStrategy::Merge),
            ("delete+insert", IncrementalStrategy::Merge),
        ];
        let default =
            if unique_key.is_empty() { IncrementalStrategy::Append } else { IncrementalStrategy::Merge };
        let strategy = self.choice("incremental_strategy", &strategies)?.unwrap_or(default);
        if strategy == IncrementalStrategy::Merge && unique_key.is_empty() {
            return Err(
                self.wrong("this `incremental_strategy` needs a `unique_key`; add one, or use `append`")
            );
        }
        for unsupported in ["merge_update_columns", "merge_exclude_columns"] {
            if !self.list(unsupported).is_empty() {
                return Err(self.wrong(format!(
                    "`{unsupported}` is not supported; select the columns that must stay from `this` in the model"
                )));
            }
        }
        let changes = [
            ("ignore", OnSchemaChange::Ignore),
            ("fail", OnSchemaChange::Fail),
            ("append_new_columns", OnSchemaChange::AppendNewColumns),
            ("sync_all_columns", OnSchemaChange::SyncAllColumns),
        ];
        Ok(Incremental {
            unique_key,
            strategy,
            on_schema_change: self.choice("on_schema_change", &changes)?.unwrap_or(OnSchemaChange::Ignore),
            full_refresh: self.truth("full_refresh")?,
        })
    }

    fn snapshot(&self) -> Result<Snapshot, TransformError> {
        let unique_key = self.list("unique_key");
        if unique_key.is_empty() {
            return Err(self.wrong("a snapshot needs a `unique_key`; add `config(unique_key='…')`"));
        }
        let updated_at = self.text("updated_at")?;
        let strategy = match self.choice("strategy", &[("timestamp", true), ("check", false)])? {
            None => return Err(self.wrong("a snapshot needs a `strategy`: `timestamp` or `check`")),
            Some(true) => SnapshotStrategy::Timestamp {
                updated_at: updated_at.ok_or_else(|| {
                    self.wrong("the strategy `timestamp` needs `updated_at`, a column of the query")
                })?,
            },
            Some(false) => {
                let columns = self.list("check_cols");
                if columns.is_empty() {
                    return Err(
                        self.wrong("the strategy `check` needs `check_cols`: a list of columns, or `all`")
                    );
                }
                let all = columns == ["all"];
                SnapshotStrategy::Check { columns: if all { Vec::new() } else { columns }, updated_at }
            }
        };
        let deletes = [
            ("ignore", HardDeletes::Ignore),
            ("invalidate", HardDeletes::Invalidate),
            ("new_record", HardDeletes::NewRecord),
        ];
        let hard_deletes = match self.choice("hard_deletes", &deletes)? {
            Some(choice) => choice,
            None if self.truth("invalidate_hard_deletes")?.unwrap_or(false) => HardDeletes::Invalidate,
            None => HardDeletes::Ignore,
        };
        let mut meta_columns = BTreeMap::new();
        if let Some(Json::Object(names)) = self.settings.get("snapshot_meta_column_names") {
            for (key, name) in names {
                meta_columns.insert(key.clone(), name.as_str().unwrap_or(key).to_owned());
            }
        }
        let valid_to_current = self.text("dbt_valid_to_current")?;
        Ok(Snapshot { unique_key, strategy, hard_deletes, valid_to_current, meta_columns })
    }

    fn seed(&self) -> Result<Seed, TransformError> {
        let mut column_types = BTreeMap::new();
        if let Some(Json::Object(types)) = self.settings.get("column_types") {
            for (column, name) in types {
                let name = name
                    .as_str()
                    .ok_or_else(|| self.wrong(format!("the type of column `{column}` must be text")))?;
                column_types.insert(column.clone(), name.to_owned());
            }
        }
        let delimiter = self.text("delimiter")?.unwrap_or_else(|| ",".to_owned());
        let mut letters = delimiter.chars();
        match (letters.next(), letters.next()) {
            (Some(delimiter), None) if delimiter.is_ascii() => Ok(Seed { column_types, delimiter }),
            _ => Err(self.wrong(format!("`delimiter` must be one character, not `{delimiter}`"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(settings: &str, kind: NodeKind, expected: &str) {
        let settings: Map<String, Json> = serde_json::from_str(settings).unwrap();
        let reader = Reader { settings: &settings, subject: "model `a`".into(), place: Place::file("a.sql") };
        let text = match reader.materialized(kind) {
            Ok(found) => serde_json::to_string(&found).unwrap(),
            Err(error) => error.to_string(),
        };
        assert_eq!(text, expected);
    }

    #[test]
    fn materialized_is_understood_or_pointed_at() {
        check("{}", NodeKind::Model, r#"{"materialized":"view"}"#);
        check(
            r#"{"materialized":"incremental","unique_key":"id"}"#,
            NodeKind::Model,
            r#"{"materialized":"incremental","unique_key":["id"],"strategy":"merge","on_schema_change":"ignore","full_refresh":null}"#,
        );
        check(
            r#"{"materialized":"tabel"}"#,
            NodeKind::Model,
            "a.sql: model `a`: `materialized` cannot be `tabel`; did you mean `table`?",
        );
        check(
            r#"{"materialized":"incremental","incremental_strategy":"merge"}"#,
            NodeKind::Model,
            "a.sql: model `a`: this `incremental_strategy` needs a `unique_key`; add one, or use `append`",
        );
        check(
            r#"{"unique_key":"id","strategy":"check"}"#,
            NodeKind::Snapshot,
            "a.sql: model `a`: the strategy `check` needs `check_cols`: a list of columns, or `all`",
        );
    }

    #[test]
    fn settings_tags_add_up_and_the_rest_replaces() {
        let mut settings = Settings::default();
        let of = |text: &str| serde_json::from_str::<Map<String, Json>>(text).unwrap();
        settings.add(of(r#"{"tags":"daily","meta":{"a":1,"b":1},"schema":"x"}"#));
        settings.add(of(r#"{"tags":["daily","kpi"],"meta":{"b":2},"schema":"y"}"#));
        assert_eq!(
            Json::from(settings.all).to_string(),
            r#"{"tags":["daily","kpi"],"meta":{"a":1,"b":2},"schema":"y"}"#
        );
    }
}
