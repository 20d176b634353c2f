//! Reads one stream of a Singer tap into pieces.
//!
//! Starts nothing (`singer`). Invariant: a table that is read whole is handed over only after a good end, and records only with a state that
//! vouches for them or a good end.

use std::sync::Arc;

use futures::StreamExt;

use super::catalog::Stream;
use super::messages::Message;
use crate::errors::ConnectError;
use crate::source::{Piece, Pieces};
use crate::sources::python::collecting::Collecting;
use crate::sources::python::connector::Connector;
use crate::sources::python::json_schema;
use crate::sources::python::process::Process;

/// A reading under way.
pub struct Reading {
    connector: Arc<Connector>,
    stream: Stream,
    collecting: Collecting,
    /// None once the tap has ended.
    process: Option<Process>,
    failure: Option<ConnectError>,
}

impl Reading {
    pub fn new(
        connector: Arc<Connector>,
        stream: Stream,
        collecting: Collecting,
        process: Process,
    ) -> Reading {
        Reading { connector, stream, collecting, process: Some(process), failure: None }
    }

    pub fn pieces(self) -> Pieces {
        futures::stream::unfold(self, |mut reading| async move {
            reading.next().await.transpose().map(|piece| (piece, reading))
        })
        .boxed()
    }

    async fn next(&mut self) -> Result<Option<Piece>, ConnectError> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        let Some(process) = &mut self.process else { return Ok(None) };
        let heard = loop {
            match process.advance().await {
                Ok(true) => {
                    if let Some(piece) =
                        line(process.line(), &self.connector, &self.stream, &mut self.collecting)?
                    {
                        return Ok(Some(piece));
                    }
                }
                Ok(false) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        let Some(process) = self.process.take() else { return Ok(None) };
        let ended = match heard {
            Ok(()) => ended(&self.connector, &format!("stream `{}`", self.stream.name), process).await,
            Err(error) => Err(error),
        };
        // What the last state vouches for stands, whatever happened afterwards.
        match (self.collecting.finish(ended.is_ok())?, ended) {
            (None, Err(error)) => Err(error),
            (piece, ended) => {
                self.failure = ended.err();
                Ok(piece)
            }
        }
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
) -> Result<Option<Piece>, ConnectError> {
    let Some(message) = Message::of(line) else {
        tracing::debug!(
            source = connector.source,
            "tap: {}",
            connector.secrets.hide(&String::from_utf8_lossy(line))
        );
        return Ok(None);
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
        ("STATE", _, Some(value)) => return collecting.state(value.get().to_owned()),
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
    Ok(None)
}
