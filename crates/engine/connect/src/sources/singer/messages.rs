//! What a Singer tap says: one JSON object per line.
//!
//! Acts on nothing (`reading`). Invariant: a line that is no message, or of a type that is not known, is a line for the log.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// A message; only what its type has is there.
#[derive(Deserialize)]
pub struct Message<'a> {
    #[serde(rename = "type", borrow)]
    pub kind: Cow<'a, str>,
    #[serde(borrow)]
    pub stream: Option<Cow<'a, str>>,
    pub schema: Option<Value>,
    #[serde(borrow)]
    pub record: Option<&'a RawValue>,
    /// Of a record: which sending of the table it belongs to.
    pub version: Option<i64>,
    /// Of a state.
    #[serde(borrow)]
    pub value: Option<&'a RawValue>,
}

impl Message<'_> {
    /// None for a line that is no message.
    pub fn of(line: &[u8]) -> Option<Message<'_>> {
        serde_json::from_slice(line).ok()
    }
}
