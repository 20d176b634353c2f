//! The records of one stream on their way into pieces, and the state that belongs to each piece.
//!
//! Asks nobody (`sources`). Invariant: a piece's mark is a state that came after all of its records; what came after the last state of a
//! sync that failed is not handed over, because it comes again.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use futures::StreamExt;
use serde_json::Value;

use crate::column_type::ColumnType;
use crate::errors::ConnectError;
use crate::found::Found;
use crate::records::PIECE_ROWS;
use crate::source::{LandHint, Mark, Piece, Pieces, StreamState};
use crate::spool::{Landing, Spool};

/// Key of the mark: an object with one of the two below. One key for both, so that a stream that is read another way forgets the other.
const POSITION: &str = "position";
/// Of an incremental stream: the source's own state, as it wrote it.
const STATE: &str = "state";
/// Of a stream that is read whole: the digest of its records.
const CONTENT: &str = "content";
/// After so long a state ends a piece even if it is small, so that a slow stream does not begin at the start again.
const LONGEST: Duration = Duration::from_mins(1);

/// The state that a stream's last landed piece had, as the source wrote it.
pub fn state(since: &StreamState) -> Option<&str> {
    since.get(POSITION)?[STATE].as_str()
}

/// How a stream is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// All records each time; they take the place of all rows.
    FullRefresh,
    /// What came since the last time.
    Incremental,
}

/// How a stream is collected.
pub struct Plan {
    pub mode: Mode,
    /// Keys of the records, dots between the parts of a path; empty where nothing tells records apart.
    pub key: Vec<String>,
    pub place: String,
    /// Where records lie until they are landed; none for where the machine keeps temporary files.
    pub folder: Option<PathBuf>,
}

/// One reading of one stream.
pub struct Collecting {
    found: Found,
    plan: Plan,
    spool: Spool,
    /// The state that came last, and how many of the spool's records came before it.
    state: Option<(String, u64)>,
    landed: Option<String>,
    content: Option<String>,
    version: Option<i64>,
    begun: Instant,
}

impl Collecting {
    pub fn new(found: Found, plan: Plan, since: &StreamState) -> Collecting {
        let text = |key: &str| since.get(POSITION)?[key].as_str().map(str::to_owned);
        Collecting {
            spool: Spool::new(found.stream(), plan.folder.as_deref()),
            found,
            plan,
            state: None,
            landed: text(STATE),
            content: text(CONTENT),
            version: None,
            begun: Instant::now(),
        }
    }

    /// The source says anew what its columns are.
    pub fn declare(&mut self, columns: Vec<(String, ColumnType)>) {
        self.found.declare(columns);
    }

    /// # Errors
    /// As [`Spool::push`] and [`Found::look`].
    pub fn record(&mut self, text: &str) -> Result<(), ConnectError> {
        // What is no object has no columns; it becomes a reject when it is landed.
        if let Ok(row) = self.found.row(text) {
            self.found.look(&row)?;
        }
        self.spool.push(text)
    }

    /// Of a table that is sent anew under another number, what came before is void.
    pub fn version(&mut self, version: i64) {
        if self.plan.mode == Mode::FullRefresh && self.version.is_some_and(|known| known != version) {
            self.spool = self.fresh();
            self.state = None;
        }
        self.version = Some(version);
    }

    /// A state holds for the records before it. Gives a piece when there is enough for one.
    ///
    /// # Errors
    /// As [`Collecting::finish`].
    pub fn state(&mut self, text: String) -> Result<Option<Piece>, ConnectError> {
        self.state = Some((text, self.spool.rows()));
        let enough = self.spool.rows() >= PIECE_ROWS as u64
            || (self.spool.rows() > 0 && self.begun.elapsed() >= LONGEST);
        if self.plan.mode == Mode::Incremental && enough {
            self.cut(self.spool.rows()).map(Some)
        } else {
            Ok(None)
        }
    }

    /// The rest, when the source has told everything: all of it after a good end, else what the last state vouches for.
    ///
    /// # Errors
    /// `TypeChanged` and `Spool`.
    pub fn finish(&mut self, good: bool) -> Result<Option<Piece>, ConnectError> {
        if self.plan.mode == Mode::FullRefresh {
            return if good { self.whole() } else { Ok(None) };
        }
        let vouched = self.state.as_ref().map_or(0, |(_, rows)| *rows);
        let rows = if good { self.spool.rows() } else { vouched };
        let moves = self.state.as_ref().is_some_and(|(state, _)| {
            self.landed.as_deref().is_none_or(|landed| essence(landed) != essence(state))
        });
        if rows > vouched && self.plan.key.is_empty() {
            tracing::warn!(
                stream = self.found.stream(),
                "records came after the last state and have no key: they may come again and be doubled"
            );
        }
        if rows > 0 || moves { self.cut(rows).map(Some) } else { Ok(None) }
    }

    fn cut(&mut self, rows: u64) -> Result<Piece, ConnectError> {
        let hint = match (self.plan.key.is_empty(), &self.landed) {
            (false, _) => None,
            // Without a state the stream begins anew, and nothing else would tell old rows from new ones.
            (true, None) => Some(LandHint::ReplaceAll),
            (true, Some(_)) => Some(LandHint::Append),
        };
        let state = self.state.take().map(|(state, _)| state);
        if let Some(state) = &state {
            self.landed = Some(state.clone());
        }
        let mark = state.map(|state| mark(STATE, &state));
        self.piece(rows, hint, mark)
    }

    /// Everything, as it is read whole; none when it is what it was.
    fn whole(&mut self) -> Result<Option<Piece>, ConnectError> {
        let content = self.spool.content();
        if self.content.as_ref() == Some(&content) {
            return Ok(None);
        }
        let mark = mark(CONTENT, &content);
        self.piece(self.spool.rows(), Some(LandHint::ReplaceAll), Some(mark)).map(Some)
    }

    fn piece(
        &mut self,
        rows: u64,
        hint: Option<LandHint>,
        mark: Option<Mark>,
    ) -> Result<Piece, ConnectError> {
        let shape = self.found.shape(&self.plan.place, &self.plan.key)?;
        let fresh = self.fresh();
        let spool = std::mem::replace(&mut self.spool, fresh);
        self.begun = Instant::now();
        let hint = hint.unwrap_or_else(|| LandHint::Merge { key: shape.key.clone() });
        let merges = matches!(hint, LandHint::Merge { .. });
        let landing = Landing {
            shape,
            key: if merges { self.plan.key.clone() } else { Vec::new() },
            flatten: self.found.flattens(),
            place: self.plan.place.clone(),
            hint,
            mark,
        };
        spool.piece(rows, landing)
    }

    fn fresh(&self) -> Spool {
        Spool::new(self.found.stream(), self.plan.folder.as_deref())
    }
}

/// What a source tells of one stream, a step at a time.
#[async_trait::async_trait]
pub trait Telling: Send + 'static {
    /// Passes on what comes next: records, and states that vouch for them.
    ///
    /// # Errors
    /// What ends the reading; what the last state vouches for stands.
    async fn next(&mut self, collecting: &mut Collecting) -> Result<Told, ConnectError>;

    /// Waits for a good end, after everything was told.
    ///
    /// # Errors
    /// What makes it a bad one.
    async fn end(self) -> Result<(), ConnectError>
    where
        Self: Sized;
}

/// What a step brought.
pub enum Told {
    More,
    Piece(Box<Piece>),
    End,
}

impl Told {
    /// A step that perhaps completed a piece.
    pub fn of(piece: Option<Piece>) -> Told {
        piece.map_or(Told::More, |piece| Told::Piece(Box::new(piece)))
    }
}

/// Everything that is told, as pieces. A table that is read whole is handed over only after a good end, and records only with a state that vouches
/// for them or a good end.
pub fn pieces<T: Telling>(telling: T, collecting: Collecting) -> Pieces {
    let reading = Reading { collecting, telling: Some(telling), failure: None };
    futures::stream::unfold(reading, |mut reading| async move {
        reading.next().await.transpose().map(|piece| (piece, reading))
    })
    .boxed()
}

struct Reading<T> {
    collecting: Collecting,
    /// None once everything was told.
    telling: Option<T>,
    failure: Option<ConnectError>,
}

impl<T: Telling> Reading<T> {
    async fn next(&mut self) -> Result<Option<Piece>, ConnectError> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        let Some(telling) = &mut self.telling else { return Ok(None) };
        let told = loop {
            match telling.next(&mut self.collecting).await {
                Ok(Told::More) => {}
                Ok(Told::Piece(piece)) => return Ok(Some(*piece)),
                Ok(Told::End) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        let Some(telling) = self.telling.take() else { return Ok(None) };
        let ended = match told {
            Ok(()) => telling.end().await,
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

fn mark(key: &str, text: &str) -> Mark {
    Mark { key: POSITION.to_owned(), value: serde_json::json!({ key: text }) }
}

/// A state without what the connector counts beside it.
fn essence(state: &str) -> Value {
    let mut state: Value = serde_json::from_str(state).unwrap_or_default();
    if let Value::Object(state) = &mut state {
        state.remove("sourceStats");
        state.remove("destinationStats");
    }
    state
}
