//! What an Airbyte connector says: one JSON object per line.
//!
//! Acts on nothing (`session`). Invariant: a line that is no message is a line for the log, and never an error.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// A message; only the part that its type names is there.
#[derive(Deserialize)]
pub struct Message<'a> {
    #[serde(rename = "type", borrow)]
    pub kind: Cow<'a, str>,
    #[serde(borrow)]
    pub record: Option<Record<'a>>,
    #[serde(borrow)]
    pub state: Option<&'a RawValue>,
    pub log: Option<Log>,
    pub trace: Option<Trace>,
    pub control: Option<Control>,
    pub catalog: Option<Catalog>,
    #[serde(rename = "connectionStatus")]
    pub connection_status: Option<ConnectionStatus>,
}

#[derive(Deserialize)]
pub struct Record<'a> {
    #[serde(borrow)]
    pub stream: Cow<'a, str>,
    #[serde(borrow)]
    pub namespace: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub data: &'a RawValue,
}

#[derive(Deserialize)]
pub struct Log {
    #[serde(default)]
    pub level: String,
    #[serde(default)]
    pub message: String,
}

/// `emitted_at` is left out: it is a float here and an integer there, and nobody asks.
#[derive(Deserialize)]
pub struct Trace {
    pub error: Option<Failure>,
    pub stream_status: Option<StreamStatus>,
}

#[derive(Deserialize)]
pub struct Failure {
    pub message: Option<String>,
    pub internal_message: Option<String>,
    /// `config_error`, `transient_error` or `system_error`.
    pub failure_type: Option<String>,
}

#[derive(Deserialize)]
pub struct StreamStatus {
    pub status: String,
}

#[derive(Deserialize)]
pub struct Descriptor {
    pub name: String,
    pub namespace: Option<String>,
}

#[derive(Deserialize)]
pub struct Control {
    #[serde(rename = "connectorConfig")]
    pub connector_config: Option<ConnectorConfig>,
}

#[derive(Deserialize)]
pub struct ConnectorConfig {
    pub config: Value,
}

#[derive(Deserialize)]
pub struct Catalog {
    #[serde(default)]
    pub streams: Vec<Value>,
}

#[derive(Deserialize)]
pub struct ConnectionStatus {
    pub status: String,
    pub message: Option<String>,
}

impl Message<'_> {
    /// None for a line that is no message.
    pub fn of(line: &[u8]) -> Option<Message<'_>> {
        serde_json::from_slice(line).ok()
    }
}

/// What a state message is about.
pub struct State {
    /// `STREAM`, `GLOBAL` or `LEGACY`.
    pub kind: String,
    /// The stream that it belongs to; none of the other kinds.
    pub stream: Option<Descriptor>,
}

impl State {
    /// Reads what is said of a state; the state itself is the connector's own business.
    pub fn of(text: &str) -> Option<State> {
        let state: Value = serde_json::from_str(text).ok()?;
        let kind = state["type"].as_str().unwrap_or("LEGACY").to_owned();
        let stream = serde_json::from_value(state["stream"]["stream_descriptor"].clone()).ok();
        Some(State { kind, stream })
    }

    /// What is written into the file that a connector gets its state from.
    pub fn file(text: &str) -> String {
        match State::of(text) {
            // The old form has no list and no envelope.
            Some(state) if state.kind == "LEGACY" => {
                let state: Value = serde_json::from_str(text).unwrap_or_default();
                state["data"].to_string()
            }
            _ => format!("[{text}]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read_however_their_moments_are_written() {
        let record = br#"{"type":"RECORD","record":{"stream":"us\u0065rs","namespace":null,"data":{"id":1.50},"emitted_at":1795445567525}}"#;
        let message = Message::of(record).unwrap();
        let record = message.record.unwrap();
        assert_eq!(
            (message.kind.as_ref(), record.stream.as_ref(), record.data.get()),
            ("RECORD", "users", r#"{"id":1.50}"#)
        );
        let trace = br#"{"type":"TRACE","trace":{"type":"STREAM_STATUS","emitted_at":1795445567524.863,"stream_status":{"stream_descriptor":{"name":"p"},"status":"COMPLETE"}}}"#;
        assert_eq!(Message::of(trace).unwrap().trace.unwrap().stream_status.unwrap().status, "COMPLETE");
        for log in
            [b"Traceback (most recent call last):".as_slice(), b"[1]", b"{\"a\":1}", b"{\"type\":", b"\xff"]
        {
            assert!(Message::of(log).is_none());
        }
    }

    #[test]
    fn states_go_back_as_they_came() {
        let stream =
            r#"{"type":"STREAM","stream":{"stream_descriptor":{"name":"p"},"stream_state":{"at":1.10}}}"#;
        assert_eq!(State::file(stream), format!("[{stream}]"));
        assert_eq!(State::of(stream).unwrap().stream.unwrap().name, "p");
        let global = r#"{"type":"GLOBAL","global":{"shared_state":{"lsn":1},"stream_states":[]}}"#;
        assert_eq!(State::file(global), format!("[{global}]"));
        assert_eq!(State::file(r#"{"data":{"users":{"at":1}}}"#), r#"{"users":{"at":1}}"#);
    }
}
