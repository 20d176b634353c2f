//! One run of an Airbyte connector: its messages, and what its end means.
//!
//! Gathers no records (`reading`). Invariant: a changed configuration is kept before the next line is read, and a failure has one message without
//! secrets.

use std::sync::Arc;

use super::messages::{Failure, Message};
use crate::errors::ConnectError;
use crate::sources::python::connector::Connector;
use crate::sources::python::process::Process;

/// A run.
pub struct Session {
    connector: Arc<Connector>,
    doing: String,
    process: Process,
    failure: Option<Failure>,
    status: Option<String>,
}

impl Session {
    pub fn new(connector: Arc<Connector>, doing: &str, process: Process) -> Session {
        Session { connector, doing: doing.to_owned(), process, failure: None, status: None }
    }

    /// The next message that is not about the run itself; `Ok(None)` in between, and an error only of the run. `false` beside it at the end.
    ///
    /// # Errors
    /// `Connector` when it hangs, or a changed configuration cannot be kept.
    pub async fn next(&mut self) -> Result<(bool, Option<Message<'_>>), ConnectError> {
        if !self.process.advance().await? {
            return Ok((false, None));
        }
        let (source, secrets) = (&self.connector.source, &self.connector.secrets);
        let Some(mut message) = Message::of(self.process.line()) else {
            let line = secrets.hide(&String::from_utf8_lossy(self.process.line()));
            tracing::debug!(source, "connector: {line}");
            return Ok((true, None));
        };
        if let Some(log) = message.log.take() {
            let line = secrets.hide(&log.message);
            match log.level.as_str() {
                "FATAL" | "ERROR" => tracing::warn!(source, "connector: {line}"),
                "WARN" => tracing::info!(source, "connector: {line}"),
                _ => tracing::debug!(source, "connector: {line}"),
            }
            return Ok((true, None));
        }
        if let Some(trace) = message.trace.take() {
            // The first error is the cause; others follow from it.
            self.failure = self.failure.take().or(trace.error);
            if let Some(status) = trace.stream_status {
                self.status = Some(status.status);
            }
            return Ok((true, None));
        }
        if let Some(config) = message.control.take().and_then(|control| control.connector_config) {
            self.connector.reconfigured(&self.doing, config.config).await?;
            return Ok((true, None));
        }
        Ok((true, Some(message)))
    }

    /// The next line as it is; none at the end.
    ///
    /// # Errors
    /// `Connector` when it hangs.
    pub async fn raw(&mut self) -> Result<Option<&[u8]>, ConnectError> {
        Ok(if self.process.advance().await? { Some(self.process.line()) } else { None })
    }

    /// Waits for the end, and says why it was no good one.
    ///
    /// # Errors
    /// `Connector`.
    pub async fn end(self) -> Result<(), ConnectError> {
        let ending = self.process.end().await;
        let secrets = &self.connector.secrets;
        if let Some(failure) = self.failure {
            let said = [failure.message, failure.internal_message]
                .into_iter()
                .flatten()
                .find(|said| !said.is_empty());
            let said = said.map_or_else(|| ending.said(), |said| secrets.hide(&said));
            let remedy = match failure.failure_type.as_deref() {
                Some("config_error") => "correct `config`, and try it out with `mirante source test`",
                Some("transient_error") => "it may pass: the next sync goes on from the last state",
                _ => "see the connector's log; the next sync goes on from the last state",
            };
            return Err(self.connector.failed(&self.doing, format!("the connector failed: {said}"), remedy));
        }
        if !ending.is_good() {
            let detail = format!("the connector failed: {}", ending.said());
            return Err(self.connector.failed(
                &self.doing,
                detail,
                "see its log; the next sync goes on from the last state",
            ));
        }
        match self.status.as_deref() {
            // Old connectors say nothing of their streams; then their code counts.
            None | Some("COMPLETE") => Ok(()),
            Some(status) => Err(self.connector.failed(
                &self.doing,
                format!("the connector ended with the stream {status}, not COMPLETE"),
                "see its log; the next sync goes on from the last state",
            )),
        }
    }
}
