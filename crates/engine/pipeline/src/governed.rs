//! What may change in the columns of a stream by itself, and what waits for a person.
//!
//! A new column and a wider type are taken in and noted. What one of two types would lose its meaning by, and another key, hold the stream:
//! its bookmark stays, so that nothing is lost, until a person starts its table again or the source is as it was. Widens nothing itself
//! (`lake`). Invariant: a table starts again with the first piece after the decision and with no other, whenever the process is stopped.

use crate::PipelineError;
use connect::{ColumnType, ConnectError, LandHint, Piece};
use contract::changes::{ChangeState, StreamChange};
use lake::{ColumnChange, LakeError};
use metastore::Metastore;
use metastore::changes::StreamShape;
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;

/// The lake's own columns.
const OWN: &str = "_mirante_";

/// One stream during one sync.
pub(crate) struct Governed<'a> {
    metastore: &'a Metastore,
    source: &'a str,
    stream: &'a str,
    /// Of this stream and those that it brings along.
    shapes: BTreeMap<String, StreamShape>,
    held: Vec<StreamChange>,
    /// A person wants the tables to start again, and no piece of the stream has come since.
    starts_again: bool,
    /// Tables of other streams that have started again.
    started: BTreeSet<String>,
    has_problem: bool,
}

/// What a piece is like.
pub(crate) struct PieceShape {
    key: Vec<String>,
    columns: Vec<String>,
    /// Files may each have other columns.
    is_of_a_file: bool,
}

impl<'a> Governed<'a> {
    /// `sequence` is the number of the stream's bookmark.
    pub(crate) async fn find(
        metastore: &'a Metastore,
        (source, stream): (&'a str, &'a str),
        sequence: i64,
    ) -> Result<Governed<'a>, PipelineError> {
        let open = metastore.open_changes(source).await?;
        let (accepted, held): (Vec<_>, Vec<_>) = open
            .into_iter()
            .filter(|open| open.stream == stream)
            .partition(|open| open.accepted_at.is_some());
        let starts_again = accepted.iter().any(|open| open.accepted_at == Some(sequence));
        let governed = Governed {
            shapes: metastore.stream_shapes(source).await?,
            held: held.into_iter().map(|open| open.change).collect(),
            started: BTreeSet::new(),
            has_problem: false,
            metastore,
            source,
            stream,
            starts_again,
        };
        if !accepted.is_empty() && !starts_again {
            // The process was stopped between the first piece and this note.
            governed.settle(ChangeState::Accepted, ChangeState::Done).await?;
        }
        Ok(governed)
    }

    async fn settle(&self, from: ChangeState, to: ChangeState) -> Result<(), PipelineError> {
        Ok(self.metastore.settle_changes(self.source, self.stream, (from, to)).await?)
    }

    /// Whether the stream's table is about to start again.
    pub(crate) fn starts_again(&self) -> bool {
        self.starts_again
    }

    /// Whether the next piece of `stream` starts its table again.
    pub(crate) fn is_anew(&self, stream: &str) -> bool {
        self.starts_again && (stream == self.stream || !self.started.contains(stream))
    }

    pub(crate) fn shape_of(&self, piece: &Piece) -> PieceShape {
        let columns = piece.schema.fields().iter().map(|field| field.name().clone());
        let key = match &piece.hint {
            LandHint::Merge { key } | LandHint::ReplaceKeys { key } => key.clone(),
            LandHint::Append | LandHint::Replace { .. } | LandHint::ReplaceAll => Vec::new(),
        };
        let is_of_a_file = piece.schema.column_with_name(connect::FILE_COLUMN).is_some();
        PieceShape { key, columns: columns.collect(), is_of_a_file }
    }

    /// Holds the stream if the rows of `piece` are told apart by other columns than those that are there; says why.
    pub(crate) async fn hold_for_key(&mut self, piece: &Piece) -> Result<Option<String>, PipelineError> {
        let shape = self.shape_of(piece);
        let before = self.shapes.get(&piece.stream).map(|known| known.key.clone()).unwrap_or_default();
        let is_lost = before.iter().any(|column| !shape.columns.contains(column));
        let is_another = !shape.key.is_empty() && shape.key != before;
        if before.is_empty() || self.is_anew(&piece.stream) || !(is_lost || is_another) {
            return Ok(None);
        }
        let now = if shape.key.is_empty() { "nothing".to_owned() } else { shape.key.join(", ") };
        let why = format!(
            "rows were told apart by {} and are now by {now}; the stream waits for your decision: `mirante source changes {}`",
            before.join(", "),
            self.source
        );
        self.hold(StreamChange::KeyChanged { before, after: shape.key }).await?;
        Ok(Some(why))
    }

    /// Notes that something went wrong, and holds the stream if it is that a column is of another type.
    pub(crate) async fn note_problem(&mut self, error: &(dyn Error + 'static)) -> Result<(), PipelineError> {
        self.has_problem = true;
        match incompatible(error) {
            Some(change) => self.hold(change).await,
            None => Ok(()),
        }
    }

    async fn hold(&mut self, change: StreamChange) -> Result<(), PipelineError> {
        self.has_problem = true;
        if self.held.contains(&change) {
            return Ok(());
        }
        self.metastore.add_change(self.source, self.stream, &change, ChangeState::Held).await?;
        self.held.push(change);
        Ok(())
    }

    /// Notes what a piece that was landed has changed.
    pub(crate) async fn landed(
        &mut self,
        stream: &str,
        piece: PieceShape,
        columns: &[ColumnChange],
    ) -> Result<(), PipelineError> {
        let was_anew = self.is_anew(stream);
        if stream == self.stream && was_anew {
            self.starts_again = false;
            self.settle(ChangeState::Accepted, ChangeState::Done).await?;
        }
        self.started.insert(stream.to_owned());
        let said = |data_type| ColumnType::of_arrow(data_type).to_string();
        for ColumnChange { column, before, after } in columns.iter().filter(|it| !it.column.starts_with(OWN))
        {
            let (column, after) = (column.clone(), said(after));
            let change = match before {
                None => StreamChange::ColumnNew { column, column_type: after },
                Some(_) if was_anew => continue,
                Some(before) => StreamChange::Widened { column, before: said(before), after },
            };
            self.metastore.add_change(self.source, stream, &change, ChangeState::Noted).await?;
        }
        self.note_shape(stream, piece).await
    }

    async fn note_shape(&mut self, stream: &str, piece: PieceShape) -> Result<(), PipelineError> {
        let known = self.shapes.get(stream).cloned();
        let mut shape = known.clone().unwrap_or_default();
        if !piece.is_of_a_file {
            let columns = piece.columns.into_iter().filter(|column| !column.starts_with(OWN));
            let now: Vec<String> = columns.collect();
            for column in shape.columns.iter().filter(|column| !now.contains(column)) {
                let change = StreamChange::ColumnGone { column: column.clone() };
                self.metastore.add_change(self.source, stream, &change, ChangeState::Noted).await?;
            }
            shape.columns = now;
        }
        if !piece.key.is_empty() {
            shape.key = piece.key;
        }
        if known.as_ref() != Some(&shape) {
            self.metastore.set_stream_shape(self.source, stream, &shape).await?;
            self.shapes.insert(stream.to_owned(), shape);
        }
        Ok(())
    }

    /// The stream has been read without a problem: what was held is as it was before.
    pub(crate) async fn end(&self) -> Result<(), PipelineError> {
        match self.held.is_empty() || self.has_problem {
            true => Ok(()),
            false => self.settle(ChangeState::Held, ChangeState::Withdrawn).await,
        }
    }
}

/// The change that an error tells of, if it is one.
fn incompatible(error: &(dyn Error + 'static)) -> Option<StreamChange> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(ConnectError::TypeChanged(change)) = error.downcast_ref::<ConnectError>() {
            return Some(StreamChange::Incompatible {
                column: change.column.clone(),
                before: change.known.to_string(),
                after: change.found.to_string(),
            });
        }
        if let Some(LakeError::ColumnType { column, was, now, .. }) = error.downcast_ref::<LakeError>() {
            return Some(StreamChange::Incompatible {
                column: column.clone(),
                before: ColumnType::of_arrow(was).to_string(),
                after: ColumnType::of_arrow(now).to_string(),
            });
        }
        cause = error.source();
    }
    None
}
