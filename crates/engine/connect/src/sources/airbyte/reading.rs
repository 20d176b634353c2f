//! What an Airbyte connector tells of one stream.
//!
//! Starts nothing (`airbyte`), and makes no pieces (`collecting`). Invariant: records and states of other streams are passed over.

use super::catalog::Stream;
use super::messages::State;
use super::session::Session;
use crate::collecting::{Collecting, Telling, Told};
use crate::errors::ConnectError;

/// A reading under way.
pub struct Reading {
    pub stream: Stream,
    pub session: Session,
}

#[async_trait::async_trait]
impl Telling for Reading {
    async fn next(&mut self, collecting: &mut Collecting) -> Result<Told, ConnectError> {
        let stream = &self.stream;
        let (goes_on, message) = self.session.next().await?;
        let Some(message) = message else { return Ok(if goes_on { Told::More } else { Told::End }) };
        if let Some(record) = message.record.filter(|_| message.kind == "RECORD") {
            if stream.is(&record.stream, record.namespace.as_deref()) {
                collecting.record(record.data.get())?;
            } else {
                tracing::warn!(
                    stream = stream.name,
                    "a record of stream `{}` was not asked for",
                    record.stream
                );
            }
        } else if let Some(text) = message.state.filter(|_| message.kind == "STATE") {
            // A state of another stream says nothing of this one; a global one holds for each stream by itself.
            let is_ours = State::of(text.get()).is_some_and(|state| {
                state.stream.as_ref().is_none_or(|of| stream.is(&of.name, of.namespace.as_deref()))
            });
            if is_ours {
                return Ok(Told::of(collecting.state(text.get().to_owned())?));
            }
        }
        Ok(Told::More)
    }

    async fn end(self) -> Result<(), ConnectError> {
        self.session.end().await
    }
}
