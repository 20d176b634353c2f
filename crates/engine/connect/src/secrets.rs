//! What must not be seen of what a source was told.
//!
//! Keeps nothing beyond the process (`settings`). Invariant: no text that came out of `hide` holds a text of the configuration that may be secret.

use std::sync::{Mutex, PoisonError};

use serde_json::Value;

/// Shorter texts are words, not secrets: hiding them would only make messages unreadable.
const SHORTEST: usize = 4;
/// A message is one line of at most so many characters.
const LONGEST: usize = 500;

/// Texts that may be secret. New ones may come while a source is read: a connector's, or a token.
#[derive(Default)]
pub struct Secrets(Mutex<Vec<String>>);

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets")
    }
}

impl Secrets {
    pub fn of(config: &Value) -> Secrets {
        let secrets = Secrets::default();
        secrets.add(config);
        secrets
    }

    /// Hides the texts of another configuration too.
    pub fn add(&self, config: &Value) {
        let mut texts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        gather(config, &mut texts);
        // The longest first: a secret may hold another one.
        texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
        texts.dedup();
    }

    /// The text as one line without secrets.
    pub fn hide(&self, text: &str) -> String {
        let mut shown = text.to_owned();
        for secret in self.0.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            if shown.contains(secret.as_str()) {
                shown = shown.replace(secret.as_str(), "•••");
            }
        }
        let words: Vec<&str> = shown
            .split(|c: char| c.is_whitespace() || c.is_control())
            .filter(|word| !word.is_empty())
            .collect();
        let line = words.join(" ");
        match line.char_indices().nth(LONGEST) {
            Some((end, _)) => format!("{}…", &line[..end]),
            None => line,
        }
    }
}

fn gather(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) if text.len() >= SHORTEST && !is_plain(text) => {
            texts.push(text.clone());
            // As a message that quotes it, or the lines of a key, would show it.
            let quoted = Value::from(text.as_str()).to_string();
            texts.extend(Some(quoted.trim_matches('"').to_owned()).filter(|quoted| quoted != text));
            let lines = text.lines().filter(|line| line.len() >= SHORTEST && *line != text);
            texts.extend(lines.map(str::to_owned));
        }
        Value::Array(values) => values.iter().for_each(|value| gather(value, texts)),
        Value::Object(values) => values.values().for_each(|value| gather(value, texts)),
        _ => {}
    }
}

/// Addresses without a user, days and ordinary words are what a message is about.
fn is_plain(text: &str) -> bool {
    let address =
        ["http://", "https://"].iter().any(|scheme| text.starts_with(scheme)) && !text.contains(['@', '?']);
    let day = text.len() >= 10 && text.len() <= 32 && crate::moment::written(text.as_bytes()).is_some();
    address || day
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn hide_texts_of_the_configuration_wherever_they_stand() {
        let config = json!({
            "credentials": {"token": "abc-123", "pem": "-----BEGIN\nMIIEvQ==\n-----END"}, "since": "2026-01-01",
            "url": "https://api.example.com/v1", "secret_url": "https://u:p@example.com", "on": true
        });
        let secrets = Secrets::of(&config);
        let shown = secrets.hide(
            "GET https://api.example.com/v1 since 2026-01-01\n Authorization: Bearer abc-123, MIIEvQ== at https://u:p@example.com {\"-----BEGIN\\nMIIEvQ==\\n-----END\"}",
        );
        assert_eq!(
            shown,
            "GET https://api.example.com/v1 since 2026-01-01 Authorization: Bearer •••, ••• at ••• {\"•••\"}"
        );
        secrets.add(&json!({"token": "rotated"}));
        assert_eq!(secrets.hide("rotated"), "•••");
    }
}
