//! The deliveries of an inbox as pieces of a stream, and how far each stream has taken them.
//!
//! Knows no format of a delivery (`sources`). Invariant: a piece's mark is the number of the last delivery that it took in; nothing leaves
//! the inbox before the marks of all its streams, as the lake carries them, are past it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures::StreamExt;

use crate::errors::ConnectError;
use crate::facts::Facts;
use crate::inbox::{Deliveries, Delivery, Inbox, InboxError, Item};
use crate::source::{Mark, Piece, Reading, SAME_CONTENT, Skipped, StreamState};

/// Key of the mark.
const INBOX: &str = "inbox";
/// A piece is handed over when it holds so many rows: tens of megabytes, and each piece is held against all keys of its table.
const PIECE_ROWS: usize = 50_000;

/// Takes what a delivery holds for a stream.
pub type Take = Arc<dyn Fn(&Delivery, &mut Facts) + Send + Sync>;

/// The inbox of a source, as its streams read it during one sync.
#[derive(Debug)]
pub struct Inbound {
    source: String,
    inbox: Option<Arc<Inbox>>,
    /// How far each stream had been landed when it was read.
    landed: Mutex<HashMap<String, u64>>,
}

/// The walk of one stream through the deliveries.
struct Walk {
    source: String,
    deliveries: Deliveries,
    facts: Facts,
    take: Take,
    through: u64,
}

impl Inbound {
    pub fn new(source: &str, inbox: Option<Arc<Inbox>>) -> Inbound {
        Inbound { source: source.to_owned(), inbox, landed: Mutex::default() }
    }

    /// What is new for a stream.
    ///
    /// # Errors
    /// `Inbox` when the folder or a segment cannot be read.
    pub async fn read(
        &self,
        stream: &str,
        since: &StreamState,
        facts: Facts,
        take: Take,
    ) -> Result<Reading, ConnectError> {
        let landed = since.get(INBOX).and_then(serde_json::Value::as_u64).unwrap_or_default();
        self.landed.lock().unwrap_or_else(PoisonError::into_inner).insert(stream.to_owned(), landed);
        let Some(inbox) = &self.inbox else { return Ok(Reading::of(futures::stream::empty().boxed())) };
        let deliveries = inbox.after(landed).map_err(|error| failed(&self.source, error))?;
        let walk = Walk { source: self.source.clone(), deliveries, facts, take, through: landed };
        let (first, walk) = walk.step().await?;
        let through = walk.through;
        let Some(first) = first else {
            let mut reading = Reading::of(futures::stream::empty().boxed());
            // Deliveries without a row for this stream need no commit.
            if through > landed {
                reading.skipped.push(Skipped {
                    file: INBOX.to_owned(),
                    reason: SAME_CONTENT.to_owned(),
                    mark: mark(through),
                });
            }
            return Ok(reading);
        };
        let rest = futures::stream::try_unfold(walk, |walk| async move {
            let (piece, walk) = walk.step().await?;
            Ok(piece.map(|piece| (piece, walk)))
        });
        Ok(Reading::of(futures::stream::iter([Ok(first)]).chain(rest).boxed()))
    }

    /// Lets go of what all of these streams have landed, as they told when they were read; nothing where one was not.
    ///
    /// # Errors
    /// `Inbox` when a segment cannot be removed.
    pub async fn release(&self, streams: &[&str]) -> Result<(), ConnectError> {
        let Some(inbox) = self.inbox.clone() else { return Ok(()) };
        let landed = {
            let landed = self.landed.lock().unwrap_or_else(PoisonError::into_inner);
            streams.iter().map(|stream| landed.get(*stream).copied()).min().flatten()
        };
        let Some(landed) = landed else { return Ok(()) };
        let released = tokio::task::spawn_blocking(move || inbox.release(landed)).await;
        // A panic there left a segment more.
        released.unwrap_or(Ok(())).map_err(|error| failed(&self.source, error))
    }
}

impl Walk {
    /// The next piece, off the threads that answer people.
    async fn step(self) -> Result<(Option<Piece>, Walk), ConnectError> {
        let stepped = tokio::task::spawn_blocking(move || {
            let mut walk = self;
            let piece = walk.gather()?;
            Ok((piece, walk))
        });
        stepped.await.unwrap_or(Err(ConnectError::Stopped))
    }

    fn gather(&mut self) -> Result<Option<Piece>, ConnectError> {
        let from = self.through + 1;
        while self.facts.len() < PIECE_ROWS {
            match self.deliveries.next().transpose().map_err(|error| failed(&self.source, error))? {
                Some(Item::Delivery(delivery)) => {
                    self.through = delivery.sequence;
                    (self.take)(&delivery, &mut self.facts);
                }
                Some(Item::Damaged { file, at, bytes }) => {
                    let place = format!("{file}, byte {at}");
                    self.facts.reject(
                        &place,
                        &format!("{bytes} bytes of the inbox are damaged and cannot be read"),
                    );
                }
                None => break,
            }
        }
        if self.facts.len() == 0 {
            return Ok(None);
        }
        let place = format!("inbox {from}-{}", self.through);
        Ok(Some(self.facts.piece(&place, mark(self.through))?))
    }
}

fn mark(through: u64) -> Mark {
    Mark { key: INBOX.to_owned(), value: through.into() }
}

fn failed(source: &str, error: InboxError) -> ConnectError {
    ConnectError::Inbox { source_name: source.to_owned(), error: Box::new(error) }
}
