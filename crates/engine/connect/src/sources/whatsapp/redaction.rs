//! Takes out what people wrote, where the company keeps none of it: before it reaches any disk.
//!
//! Invariant: what rows are made of without texts is left as it was, so that taking texts out twice, or late, changes nothing.

use serde_json::Value;

use super::envelope::{ECHOES, MESSAGES};

/// Fields about the account: no person wrote anything in them.
const OF_THE_ACCOUNT: [&str; 5] = ["message_template_", "phone_number_", "account_", "business_", "security"];
/// Keys of what people wrote or are called, wherever it stands.
const PERSONAL: [&str; 14] = [
    "text",
    "body",
    "caption",
    "emoji",
    "name",
    "formatted_name",
    "first_name",
    "last_name",
    "full_name",
    "title",
    "description",
    "payload",
    "response_json",
    "filename",
];

/// What stands in the place of a text.
const TAKEN_OUT: &str = "…";

/// The delivery without texts; none where it has none, or cannot be read.
pub fn without_texts(body: &[u8]) -> Option<Vec<u8>> {
    let mut delivery: Value = serde_json::from_slice(body).ok()?;
    let mut changed = false;
    // Never by index: that would panic where a sender nests something else.
    let entries = delivery.get_mut("entry")?.as_array_mut()?.iter_mut();
    for change in entries.filter_map(|entry| entry.get_mut("changes")?.as_array_mut()).flatten() {
        let field = change.get("field").and_then(Value::as_str).unwrap_or_default().to_owned();
        let Some(value) = change.get_mut("value") else { continue };
        match field.as_str() {
            MESSAGES | ECHOES => {
                for list in ["messages", "message_echoes"] {
                    let messages = value.get_mut(list).and_then(Value::as_array_mut);
                    messages.into_iter().flatten().for_each(|told| changed |= message(told));
                }
            }
            field => changed |= of_field(field, value),
        }
    }
    changed.then(|| delivery.to_string().into_bytes())
}

/// Takes texts out of the value of any field but messages; whether there were any.
pub fn of_field(field: &str, value: &mut Value) -> bool {
    !OF_THE_ACCOUNT.iter().any(|start| field.starts_with(start)) && everywhere(value)
}

/// Of what a message says stays of which kind it is; what the system says of users is no person's text.
fn message(message: &mut Value) -> bool {
    let Some(kind) = message.get("type").and_then(Value::as_str).map(str::to_owned) else {
        return everywhere(message);
    };
    if kind == "system" {
        return false;
    }
    let mut changed = false;
    for key in [kind.as_str(), "text"] {
        if let Some(Value::Object(content)) = message.get_mut(key) {
            let before = content.len();
            content.retain(|key, _| key == "type");
            changed |= content.len() < before;
        }
    }
    changed
}

fn everywhere(value: &mut Value) -> bool {
    let mut changed = false;
    match value {
        Value::Array(values) => values.iter_mut().for_each(|value| changed |= everywhere(value)),
        Value::Object(entries) => {
            for (key, value) in entries {
                changed |= match value {
                    Value::String(text) if PERSONAL.contains(&key.as_str()) => {
                        let had_text = text != TAKEN_OUT;
                        TAKEN_OUT.clone_into(text);
                        had_text
                    }
                    _ => everywhere(value),
                }
            }
        }
        _ => {}
    }
    changed
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn left(field: &str, value: &Value) -> Option<Value> {
        let delivery = json!({"entry": [{"id": "1", "changes": [{"field": field, "value": value}]}]});
        let body = without_texts(delivery.to_string().as_bytes())?;
        let delivery: Value = serde_json::from_slice(&body).unwrap();
        Some(delivery["entry"][0]["changes"][0]["value"].clone())
    }

    #[test]
    fn texts_go_and_everything_else_stays() {
        let told = json!({
            "contacts": [{"profile": {"name": "Ana"}}],
            "messages": [
                {"id": "m1", "type": "text", "text": {"body": "segredo"}, "referral": {"headline": "Anúncio"}},
                {"id": "m2", "type": "interactive", "interactive": {"type": "button_reply", "button_reply": {"title": "segredo"}}},
                {"id": "m3", "type": "system", "system": {"type": "user_changed_user_id", "user_id": "BR.2"}},
                {"id": "m4", "type": "edit", "edit": {"text": "segredo"}},
            ],
        });
        let left = left("messages", &told).unwrap();
        assert!(!left.to_string().contains("segredo"), "{left}");
        assert_eq!(left["contacts"], told["contacts"]);
        assert_eq!(left["messages"][0]["referral"], told["messages"][0]["referral"]);
        assert_eq!(left["messages"][1]["interactive"], json!({"type": "button_reply"}));
        assert_eq!(left["messages"][2], told["messages"][2]);
    }

    #[test]
    fn what_has_no_texts_or_cannot_be_read_is_kept_as_it_came() {
        assert_eq!(left("messages", &json!({"statuses": [{"id": "m1", "errors": [{"title": "t"}]}]})), None);
        assert_eq!(left("message_template_status_update", &json!({"title": "Modelo"})), None);
        assert_eq!(
            left("history", &json!({"a": [{"body": "segredo"}]})),
            Some(json!({"a": [{"body": "…"}]}))
        );
        assert_eq!(without_texts(b"{\"entry\":"), None);
        for odd in [
            "[]",
            "1",
            "{\"entry\":1}",
            r#"{"entry":[1,{"changes":2},{"changes":[3,{"field":"messages","value":4}]}]}"#,
        ] {
            assert_eq!(without_texts(odd.as_bytes()), None, "{odd}");
        }
    }
}
