//! What systems send us by themselves: proving that the address is ours, and telling signed deliveries from all others.
//!
//! Speaks no HTTP (`server`) and keeps nothing (`inbox`). Invariant: what a hook accepts was signed with the source's secret over the very
//! bytes that came; no refusal says what would have been right.

use std::borrow::Cow;
use std::sync::Arc;

use reqwest::header::HeaderMap;
use serde_json::Value;

use crate::errors::ConnectError;
use crate::settings::Settings;
use crate::sources::{webhook, whatsapp};

/// The door of one source.
pub trait Hook: Send + Sync {
    /// What a GET with this query is answered: the sender wants to know whether the address is ours.
    ///
    /// # Errors
    /// A reason for the log; the sender is told none.
    fn handshake(&self, query: &str) -> Result<String, Refused>;

    /// Whether a delivery is the sender's, and what to keep of it.
    ///
    /// # Errors
    /// As [`Hook::handshake`].
    fn accept<'a>(&self, headers: &HeaderMap, body: &'a [u8]) -> Result<Accepted<'a>, Refused>;
}

/// What the inbox keeps of a delivery.
#[derive(Debug, PartialEq, Eq)]
pub struct Accepted<'a> {
    /// What counts of its headers, as JSON; empty for nothing.
    pub note: String,
    pub body: Cow<'a, [u8]>,
}

/// Why a delivery is not let in, for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refused(pub &'static str);

/// Whether sources of a kind have a hook.
pub fn has_hook(kind: &str) -> bool {
    matches!(kind, whatsapp::KIND | webhook::KIND)
}

/// The hook of a source; none for kinds that only read.
///
/// # Errors
/// `Options` for settings that do not fit the kind's declaration.
pub fn open(kind: &str, name: &str, settings: &Value) -> Result<Option<Arc<dyn Hook>>, ConnectError> {
    Ok(match kind {
        whatsapp::KIND => {
            Some(Arc::new(whatsapp::Hook::new(&Settings::read(&whatsapp::kind(), name, settings)?)))
        }
        webhook::KIND => {
            Some(Arc::new(webhook::Hook::new(&Settings::read(&webhook::kind(), name, settings)?)?))
        }
        _ => None,
    })
}
