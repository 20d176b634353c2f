//! Reads one stream of an Airbyte connector into pieces.
//!
//! Starts nothing (`airbyte`). Invariant: an overwrite is handed over only after a good end, and records only with a state that vouches for them or
//! a good end.

use futures::StreamExt;

use super::catalog::Stream;
use super::messages::State;
use super::session::Session;
use crate::errors::ConnectError;
use crate::source::{Piece, Pieces};
use crate::sources::python::collecting::Collecting;

/// A reading under way.
pub struct Reading {
    stream: Stream,
    collecting: Collecting,
    /// None once the connector has ended.
    session: Option<Session>,
    failure: Option<ConnectError>,
}

impl Reading {
    pub fn new(stream: Stream, collecting: Collecting, session: Session) -> Reading {
        Reading { stream, collecting, session: Some(session), failure: None }
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
        let Some(session) = &mut self.session else { return Ok(None) };
        let heard = loop {
            match line(session, &self.stream, &mut self.collecting).await {
                Ok(Heard::More) => {}
                Ok(Heard::Piece(piece)) => return Ok(Some(*piece)),
                Ok(Heard::End) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        let Some(session) = self.session.take() else { return Ok(None) };
        let ended = match heard {
            Ok(()) => session.end().await,
            Err(error) => Err(error),
        };
        // What the last state vouches for stands, whatever happened afterwards.
        let piece = self.collecting.finish(ended.is_ok())?;
        match (piece, ended) {
            (None, Err(error)) => Err(error),
            (piece, ended) => {
                self.failure = ended.err();
                Ok(piece)
            }
        }
    }
}

enum Heard {
    More,
    Piece(Box<Piece>),
    End,
}

async fn line(
    session: &mut Session,
    stream: &Stream,
    collecting: &mut Collecting,
) -> Result<Heard, ConnectError> {
    let (goes_on, message) = session.next().await?;
    let Some(message) = message else { return Ok(if goes_on { Heard::More } else { Heard::End }) };
    if let Some(record) = message.record.filter(|_| message.kind == "RECORD") {
        if stream.is(&record.stream, record.namespace.as_deref()) {
            collecting.record(record.data.get())?;
        } else {
            tracing::warn!(stream = stream.name, "a record of stream `{}` was not asked for", record.stream);
        }
    } else if let Some(text) = message.state.filter(|_| message.kind == "STATE") {
        // A state of another stream says nothing of this one; a global one holds for each stream by itself.
        let is_ours = State::of(text.get()).is_some_and(|state| {
            state.stream.as_ref().is_none_or(|of| stream.is(&of.name, of.namespace.as_deref()))
        });
        if is_ours && let Some(piece) = collecting.state(text.get().to_owned())? {
            return Ok(Heard::Piece(Box::new(piece)));
        }
    }
    Ok(Heard::More)
}
