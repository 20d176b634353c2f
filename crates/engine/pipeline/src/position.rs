//! How far a stream has been read, so that rows and bookmark move in one step.
//!
//! The bookmark's text lies in the platform database, its number in the lake's commits: what will hold next is written down first, then
//! the rows are committed with the next number, and whoever comes later believes the number. Invariant: killed at any moment, a stream
//! goes on from exactly what its table holds.

use crate::PipelineError;
use connect::Mark;
use lake::{Bookmark, Lake, TableName};
use metastore::sources::StreamState;
use metastore::{Metastore, now_ms};

/// The position of one stream.
pub(crate) struct Position<'a> {
    metastore: &'a Metastore,
    source: String,
    stream: String,
    kept: StreamState,
    state: connect::StreamState,
}

impl<'a> Position<'a> {
    /// Finds out where the stream stands. `table` is the one that its rows go to.
    pub(crate) async fn find(
        lake: &Lake,
        metastore: &'a Metastore,
        (source, stream): (String, String),
        kept: Option<StreamState>,
        table: &TableName,
    ) -> Result<Position<'a>, PipelineError> {
        let mut kept = kept.unwrap_or_else(|| StreamState {
            state: serde_json::json!({}),
            sequence: 0,
            pending: None,
            loaded_at: 0,
        });
        let carried = lake.bookmark(table, &name(&source, &stream)).await?.unwrap_or_default();
        match kept.pending.take() {
            // The rows were committed, and then whoever did it was stopped before it could say so here.
            Some(pending) if carried == kept.sequence + 1 => {
                kept = StreamState { state: pending, sequence: carried, pending: None, loaded_at: now_ms() };
            }
            // The rows never came; what would have held is forgotten, and the number stays free.
            _ => kept.sequence = kept.sequence.max(carried),
        }
        let state = serde_json::from_value(kept.state.clone()).unwrap_or_default();
        Ok(Position { metastore, source, stream, kept, state })
    }

    /// The source's own account of what has been landed.
    pub(crate) fn state(&self) -> &connect::StreamState {
        &self.state
    }

    /// How often it has moved.
    pub(crate) fn sequence(&self) -> i64 {
        self.kept.sequence
    }

    /// The position as it is to be stored when it is moved to `state` by somebody's decision.
    ///
    /// # Errors
    /// `Bookmark`.
    pub(crate) fn moved(mut self, state: connect::StreamState) -> Result<StreamState, PipelineError> {
        self.kept.state = self.json(&state)?;
        self.kept.pending = None;
        Ok(self.kept)
    }

    /// Writes down what will hold once the rows are in, and gives the bookmark that they carry.
    pub(crate) async fn prepare(&mut self, mark: Mark) -> Result<Bookmark, PipelineError> {
        let mut next = self.state.clone();
        next.set(mark);
        self.kept.pending = Some(self.json(&next)?);
        self.keep().await?;
        Ok(Bookmark { name: name(&self.source, &self.stream), sequence: self.kept.sequence + 1 })
    }

    /// The rows are in. Written down with the next piece, or by `settle`.
    pub(crate) fn landed(&mut self, mark: Mark) {
        self.state.set(mark);
        if let Some(state) = self.kept.pending.take() {
            self.kept.state = state;
        }
        self.kept.sequence += 1;
        self.kept.loaded_at = now_ms();
    }

    /// The rows did not come in, and the stream goes on without them.
    pub(crate) fn gave_up(&mut self) {
        self.kept.pending = None;
    }

    /// Notes what needs no rows: a file that was looked at and holds nothing new.
    pub(crate) fn note(&mut self, mark: Mark) -> Result<(), PipelineError> {
        self.state.set(mark);
        self.kept.state = self.json(&self.state)?;
        Ok(())
    }

    /// Writes the position down as it stands.
    pub(crate) async fn settle(&mut self) -> Result<(), PipelineError> {
        self.keep().await
    }

    async fn keep(&self) -> Result<(), PipelineError> {
        Ok(self.metastore.set_stream_state(&self.source, &self.stream, &self.kept).await?)
    }

    fn json(&self, state: &connect::StreamState) -> Result<serde_json::Value, PipelineError> {
        serde_json::to_value(state)
            .map_err(|source| PipelineError::Bookmark { stream: self.stream.clone(), source })
    }
}

/// Two sources may land in tables of the same name after one was removed: the source is part of it all the same.
fn name(source: &str, stream: &str) -> String {
    format!("{source}/{stream}")
}
