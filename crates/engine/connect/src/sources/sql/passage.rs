//! One reading of a stream that has a key: all rows, or those that changed, page by page in one snapshot; then what is gone.
//!
//! Does not decide where to begin (`progress`) nor what is gone (`sweep`). Invariant: a piece's mark lies behind nothing that has not been
//! handed over, so that a reading that is killed anywhere goes on there.

use std::collections::VecDeque;
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt};

use super::Reader;
use super::errors::SqlError;
use super::progress::{Place, Progress};
use super::rows::{Content, cells, push};
use super::session::{Session, patiently};
use super::statements::{self, After, Asking, Part, Selection};
use super::streams::{Growth, Stream};
use super::sweep::{self, Failed, Sweep, Swept};
use crate::cell::Cell;
use crate::errors::ConnectError;
use crate::records::{Gathering, Shape};
use crate::source::{LandHint, Mark, Piece, Pieces};

/// Keys that are asked for in one statement.
const KEYS_AT_ONCE: usize = 200;

/// One reading of one stream.
pub struct Passage {
    reader: Arc<Reader>,
    stream: Arc<Stream>,
    shape: Arc<Shape>,
    selection: Selection,
    session: Option<Session>,
    progress: Progress,
    parts: VecDeque<Part>,
    /// What the reading began with: it may turn out to bring nothing else.
    before: Progress,
    gathering: Gathering,
    content: Content,
    /// Rows of the part of all rows.
    rows: u64,
    /// Something has been handed over, or was before this reading went on.
    is_split: bool,
    /// The last value of the cursor, and the server's clock.
    last: Option<String>,
    now: Option<String>,
    sweep: Option<Sweep>,
    ready: VecDeque<Piece>,
}

impl Passage {
    pub fn new(
        reader: Arc<Reader>,
        stream: Arc<Stream>,
        progress: Progress,
        sweep: Option<Sweep>,
    ) -> Passage {
        let shape = Arc::new(stream.shape());
        let gathering = Gathering::new(shape.clone(), &stream.title);
        Passage {
            selection: Selection::of(&stream),
            parts: progress.parts(&stream).into(),
            is_split: progress.place.is_some(),
            before: progress.clone(),
            reader,
            stream,
            shape,
            session: None,
            progress,
            gathering,
            content: Content::default(),
            rows: 0,
            last: None,
            now: None,
            sweep,
            ready: VecDeque::new(),
        }
    }

    pub fn pieces(self) -> Pieces {
        futures::stream::try_unfold(self, |mut passage: Passage| async move {
            Ok(passage.next().await?.map(|piece| (piece, passage)))
        })
        .boxed()
    }

    async fn next(&mut self) -> Result<Option<Piece>, ConnectError> {
        loop {
            if let Some(piece) = self.ready.pop_front() {
                return Ok(Some(piece));
            }
            if let Some(part) = self.parts.front().copied() {
                self.read_page(part).await?;
            } else if let Some(sweep) = self.sweep.take() {
                self.sweep(sweep).await?;
            } else {
                if let Some(session) = self.session.take() {
                    session.close().await;
                }
                return Ok(None);
            }
        }
    }

    fn failed(&self, error: SqlError) -> ConnectError {
        self.reader.failed(&self.stream.name, error)
    }

    /// The session of this reading, which sees everything as it was when it was opened.
    async fn session(&mut self) -> Result<&mut Session, SqlError> {
        if self.session.is_none() {
            let mut session = self.reader.access.connect().await?;
            session.hold().await?;
            if let Some(asking) = statements::keyless_row(&self.stream)
                && session.value(&asking, &[]).await?.is_some()
            {
                return Err(SqlError::EmptyKey);
            }
            if let Some(asking) = statements::clock(&self.stream) {
                self.now = session.value(&asking, &[]).await?;
            }
            let begins = self.progress.from.is_none() && self.progress.place.is_none();
            if let Some(asking) = statements::greatest(&self.stream).filter(|_| begins) {
                // Changes are read from here on, whenever all rows have been.
                let greatest = session.value(&asking, &[]).await?;
                self.progress.from =
                    from(&mut session, &self.reader, &self.stream, greatest, self.now.clone()).await?;
            }
            self.session = Some(session);
        }
        self.session.as_mut().ok_or_else(|| SqlError::Lost { detail: "it was never there".to_owned() })
    }

    async fn read_page(&mut self, part: Part) -> Result<(), ConnectError> {
        if let Err(error) = self.session().await {
            return Err(self.failed(error));
        }
        let from = self.progress.from.clone();
        let place = self.progress.place.as_ref().filter(|place| place.part == part);
        let limit = self.reader.page_rows;
        let after = place.map(|place| place.after.clone());
        let asking =
            statements::page(&self.stream, &self.selection, part, (from.as_deref(), after.as_ref()), limit);
        let order = statements::order(&self.stream, part);
        let page = self.take(asking, &order).await?;
        if part == Part::All {
            self.rows += page.rows as u64;
        }
        if part == Part::Changed {
            let cursor = page.last.as_ref().or(after.as_ref()).map(|after| after[0].clone());
            self.last = cursor.or(self.last.take());
        }
        if page.rows < limit && !page.is_cut {
            self.parts.pop_front();
            self.progress.place = None;
            return if self.parts.is_empty() { self.finish().await } else { Ok(()) };
        }
        self.progress.place = page.last.map(|after| Place { part, after });
        if self.gathering.is_full() {
            self.is_split = true;
            self.hand_over(self.merged(), Some(self.progress.mark()))?;
        }
        Ok(())
    }

    /// Takes in the rows of a statement; says how many, and tells the last one by the fields of `order`.
    async fn take(&mut self, asking: Asking, order: &[usize]) -> Result<Page, ConnectError> {
        let Some(session) = &mut self.session else {
            return Err(self.failed(SqlError::Lost { detail: "it was never there".to_owned() }));
        };
        let setting = session.setting().clone();
        let (stream, gathering) = (&self.stream, &mut self.gathering);
        // Only rows that fit one piece are compared with those that are there.
        let mut content = (!self.is_split).then_some(&mut self.content);
        let places: Vec<usize> = order.iter().filter_map(|field| self.selection.place(*field)).collect();
        let mut page = Page::default();
        let failed = |error: &sqlx::Error| self.reader.failed(&stream.name, setting.of_asking(error));
        let reading = async {
            let mut rows = session.rows(asking.sql, &asking.given);
            let mut last = None;
            while let Some(row) = rows.try_next().await.map_err(|error| failed(&error))? {
                let cells = cells(stream, &row).map_err(|error| failed(&error))?;
                push(gathering, stream, &cells, content.as_deref_mut())?;
                page.rows += 1;
                // Rows as large as these fill a piece before the page ends.
                page.is_cut = gathering.is_heavy();
                last = Some(row);
                if page.is_cut {
                    break;
                }
            }
            if let Some(row) = last {
                let text = |place: &usize| {
                    let text = row.text(*place).map_err(|error| failed(&error))?;
                    Ok(String::from_utf8_lossy(text.unwrap_or_default()).into_owned())
                };
                page.last = Some(places.iter().map(text).collect::<Result<After, ConnectError>>()?);
            }
            Ok(())
        };
        let read: Result<(), ConnectError> = patiently(&setting, reading)
            .await
            .map_err(|error| self.reader.failed(&self.stream.name, error))?;
        read.map(|()| page)
    }

    fn merged(&self) -> LandHint {
        LandHint::Merge { key: self.shape.key.clone() }
    }

    /// Makes a piece of what has been gathered.
    fn hand_over(&mut self, hint: LandHint, mark: Option<Mark>) -> Result<(), ConnectError> {
        let place = match &self.progress.place {
            Some(Place { after, .. }) => format!("{} after {}", self.stream.title, after.join(", ")),
            None => self.stream.title.clone(),
        };
        let fresh = Gathering::new(self.shape.clone(), &place);
        let gathering = std::mem::replace(&mut self.gathering, fresh);
        self.ready.push_back(gathering.piece(hint, mark)?);
        Ok(())
    }

    /// All parts have been read.
    async fn finish(&mut self) -> Result<(), ConnectError> {
        let is_whole = self.stream.cursor.is_none();
        let last = self.last.take();
        if !is_whole && self.before.from.is_some() && last.is_some() {
            let (reader, stream, now) = (self.reader.clone(), self.stream.clone(), self.now.clone());
            let session = self.session().await;
            let next = match session {
                Ok(session) => from(session, &reader, &stream, last, now).await,
                Err(error) => Err(error),
            };
            self.progress.from = next.map_err(|error| self.failed(error))?;
        }
        let content = (!self.is_split).then(|| self.content.shown());
        self.progress.content = content;
        if is_whole {
            self.progress.rows = (self.before.place.is_none()).then_some(self.rows);
        }
        if self.progress.content.is_some() && self.progress == self.before {
            // The rows are those that are there.
            self.gathering = Gathering::new(self.shape.clone(), &self.stream.title);
            self.sweep = self.sweep.take().filter(|_| !is_whole);
            return Ok(());
        }
        if is_whole && !self.is_split {
            let plausible = self.reader.guards.check(self.before.rows.unwrap_or_default(), self.rows);
            plausible.map_err(|detail| self.implausible(detail))?;
            // What is not among the rows is gone with it.
            self.sweep = None;
            return self.hand_over(LandHint::ReplaceAll, Some(self.progress.mark()));
        }
        self.hand_over(self.merged(), Some(self.progress.mark()))
    }

    fn implausible(&self, detail: String) -> ConnectError {
        let (source_name, stream) = (self.reader.source.clone(), self.stream.name.clone());
        ConnectError::Sweep { source_name, stream, detail }
    }

    /// Compares what is there with what was landed, reads again what was missed, and hands over what is gone.
    async fn sweep(&mut self, sweep: Sweep) -> Result<(), ConnectError> {
        if let Err(error) = self.session().await {
            return Err(self.failed(error));
        }
        let Some(session) = &mut self.session else { return Ok(()) };
        let day = sweep.day.clone();
        let Swept { gone, missing } = match sweep.run(session, &self.stream, &self.shape).await {
            Ok(swept) => swept,
            Err(Failed::Asking(error)) => return Err(self.failed(error)),
            Err(Failed::Implausible(detail)) => return Err(self.implausible(detail)),
        };
        for keys in missing.chunks(KEYS_AT_ONCE) {
            let asking = statements::with_keys(&self.stream, &self.selection, keys);
            self.take(asking, &[]).await?;
        }
        if self.gathering.rows() > 0 {
            self.hand_over(self.merged(), None)?;
        }
        for key in &gone {
            let cells: Vec<Cell<'_>> = key
                .iter()
                .map(|text| text.as_ref().map_or(Cell::Empty, |text| Cell::Raw(text.as_bytes())))
                .collect();
            self.gathering.push_deleted(&cells)?;
        }
        if self.gathering.rows() > 0 {
            self.hand_over(self.merged(), Some(sweep::mark(&day)))?;
        }
        Ok(())
    }
}

/// What a statement brought.
#[derive(Default)]
struct Page {
    rows: usize,
    /// There is more of it that was not read.
    is_cut: bool,
    last: Option<After>,
}

/// Where changes are read from when `last` is the greatest value of the cursor that was seen.
///
/// # Errors
/// What the server answers.
pub async fn from(
    session: &mut Session,
    reader: &Reader,
    stream: &Stream,
    last: Option<String>,
    now: Option<String>,
) -> Result<Option<String>, SqlError> {
    let (Some(last), Some(cursor)) = (last, stream.cursor_field()) else { return Ok(None) };
    if cursor.growth == Growth::Number {
        let (whole, _) = last.split_once('.').unwrap_or((&last, ""));
        return Ok(Some(match whole.parse::<i128>() {
            Ok(number) => (number - i128::from(reader.overlap)).to_string(),
            Err(_) => last,
        }));
    }
    match (statements::overlapped(stream, reader.overlap), now) {
        (Some(asking), Some(now)) => session.value(&asking, &[last, now]).await,
        _ => Ok(Some(last)),
    }
}
