//! What a Singer tap tells of one stream.
//!
//! Starts nothing (`singer`), and makes no pieces (`collecting`). Invariant: records of other streams are passed over.

use std::sync::Arc;

use super::catalog::Stream;
use super::messages::Message;
use crate::collecting::{Collecting, Telling, Told};
use crate::errors::ConnectError;
use crate::sources::python::connector::Connector;
use crate::sources::python::json_schema;
use crate::sources::python::process::Process;

/// A reading under way.
pub struct Reading {
    pub connector: Arc<Connector>,
    pub stream: Stream,
    pub process: Process,
}

#[async_trait::async_trait]
impl Telling for Reading {
    async fn next(&mut self, collecting: &mut Collecting) -> Result<Told, ConnectError> {
        if self.process.advance().await? {
            line(self.process.line(), &self.connector, &self.stream, collecting)
        } else {
            Ok(Told::End)
        }
    }

    async fn end(self) -> Result<(), ConnectError> {
        ended(&self.connector, &format!("stream `{}`", self.stream.name), self.process).await
    }
}

/// Waits for a tap's end, which is good or an error.
///
/// # Errors
/// `Connector` with the tap's last words.
pub async fn ended(connector: &Connector, doing: &str, process: Process) -> Result<(), ConnectError> {
    let ending = process.end().await;
    if ending.is_good() {
        return Ok(());
    }
    // Taps log what is wrong as critical before they die of it.
    let critical = ending.last_words.iter().rev().find(|line| line.contains("CRITICAL"));
    let said = critical.cloned().unwrap_or_else(|| ending.said());
    let remedy =
        "correct `config` if that is it, else see the tap's log; the next sync goes on from the last state";
    Err(connector.failed(doing, format!("the tap failed: {said}"), remedy))
}

fn line(
    line: &[u8],
    connector: &Connector,
    stream: &Stream,
    collecting: &mut Collecting,
) -> Result<Told, ConnectError> {
    let Some(message) = Message::of(line) else {
        tracing::debug!(
            source = connector.source,
            "tap: {}",
            connector.secrets.hide(&String::from_utf8_lossy(line))
        );
        return Ok(Told::More);
    };
    let is_ours = message.stream.as_deref() == Some(stream.own.as_str());
    match (message.kind.as_ref(), message.record, message.value) {
        ("SCHEMA", ..) if is_ours => {
            collecting.declare(json_schema::columns(&message.schema.unwrap_or_default()));
        }
        ("RECORD", Some(record), _) if is_ours => {
            if let Some(version) = message.version {
                collecting.version(version);
            }
            collecting.record(record.get())?;
        }
        ("STATE", _, Some(value)) => return Ok(Told::of(collecting.state(value.get().to_owned())?)),
        // Files that lie elsewhere would have to be read from there; no catalog of ours asks for them.
        ("BATCH", ..) => {
            let doing = format!("stream `{}`", stream.name);
            let detail = "the tap sends its records as files (BATCH)".to_owned();
            return Err(connector.failed(&doing, detail, "take `batch_config` out of `config`"));
        }
        ("RECORD", ..) => {
            tracing::warn!(stream = stream.name, "a record of another stream, or none, was not asked for");
        }
        // A version is activated when all of it was sent, which here is the end; a table that is merged keeps its rows.
        _ => {}
    }
    Ok(Told::More)
}
