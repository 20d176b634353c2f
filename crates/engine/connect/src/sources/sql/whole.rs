//! A stream that is read whole each time: nothing tells its rows apart, or its rows have to come anew.
//!
//! Does not read what has a key page by page (`passage`). Invariant: its rows are landed from one reading to its end, or not at all; rows that
//! are there already are not landed again where they fit one piece.

use std::sync::Arc;

use futures::{StreamExt, TryStreamExt};
use tokio::sync::mpsc;

use super::Reader;
use super::engine::Engine;
use super::errors::{Setting, SqlError};
use super::passage::from;
use super::progress::Progress;
use super::rows::{Content, cells, push};
use super::session::{Row, Session, patiently};
use super::statements::{self, Selection};
use super::streams::Stream;
use crate::errors::ConnectError;
use crate::records::{Gathering, Refill};
use crate::source::{LandHint, Piece, Pieces};

/// Rows that are handed from the reading to the landing at a time, and bytes at which it is fewer.
const CHUNK_ROWS: usize = 1_000;
const CHUNK_BYTES: usize = 4 << 20;

/// The stream as one piece; none when it is as it was.
pub fn pieces(reader: Arc<Reader>, stream: Arc<Stream>, progress: Progress) -> Pieces {
    let piece = async move { read(reader, stream, progress).await.transpose() };
    futures::stream::once(piece).filter_map(std::future::ready).boxed()
}

async fn read(
    reader: Arc<Reader>,
    stream: Arc<Stream>,
    before: Progress,
) -> Result<Option<Piece>, ConnectError> {
    let failed = |error: SqlError| reader.failed(&stream.name, error);
    let mut session = reader.access.connect().await.map_err(failed)?;
    session.hold().await.map_err(failed)?;
    let mut progress = before.clone();
    (progress.content, progress.rows) = (None, None);
    if let Some(asking) = statements::greatest(&stream) {
        let now = match statements::clock(&stream) {
            Some(clock) => session.value(&clock, &[]).await.map_err(failed)?,
            None => None,
        };
        let greatest = session.value(&asking, &[]).await.map_err(failed)?;
        progress.from = from(&mut session, &reader, &stream, greatest, now).await.map_err(failed)?;
    }
    let mut gathering = Gathering::new(Arc::new(stream.shape()), &stream.title);
    let mut content = Content::default();
    let mut feed = Feed::start(reader.clone(), stream.clone(), session);
    let mut ended = false;
    while !gathering.is_full() && !ended {
        ended = !feed.take(&mut gathering, Some(&mut content)).await?;
    }
    if !ended {
        return Ok(Some(gathering.growing_piece(LandHint::ReplaceAll, Some(progress.mark()), feed)));
    }
    let rows = gathering.rows() as u64;
    (progress.content, progress.rows) = (Some(content.shown()), Some(rows));
    if progress == before {
        return Ok(None);
    }
    if let Err(detail) = reader.guards.check(before.rows.unwrap_or_default(), rows) {
        return Err(ConnectError::Sweep {
            source_name: reader.source.clone(),
            stream: stream.name.clone(),
            detail,
        });
    }
    gathering.piece(LandHint::ReplaceAll, Some(progress.mark())).map(Some)
}

/// Rows as they come: a task of its own reads them, one chunk ahead.
struct Feed {
    reader: Arc<Reader>,
    stream: Arc<Stream>,
    chunks: mpsc::Receiver<Result<Vec<Row>, SqlError>>,
    setting: Setting,
}

impl Feed {
    fn start(reader: Arc<Reader>, stream: Arc<Stream>, mut session: Session) -> Feed {
        let (sender, chunks) = mpsc::channel(1);
        let (setting, of, page) = (session.setting().clone(), stream.clone(), reader.page_rows);
        tokio::spawn(async move {
            let reading = run(&mut session, &of, page, &sender);
            // Nobody may wait any more: then what the server is still looking for is wanted by nobody either.
            let ended = tokio::select! {
                ended = reading => ended,
                () = sender.closed() => return,
            };
            // Nothing at all is the end; silence is not, because a task that panicked is silent too.
            drop(sender.send(ended.map(|()| Vec::new())).await);
            session.close().await;
        });
        Feed { reader, stream, chunks, setting }
    }

    /// Takes the next rows in; false when there are no more.
    async fn take(
        &mut self,
        gathering: &mut Gathering,
        mut content: Option<&mut Content>,
    ) -> Result<bool, ConnectError> {
        let silent = || Err(SqlError::Lost { detail: "its reader ended too early".to_owned() });
        let chunk = self.chunks.recv().await.unwrap_or_else(silent);
        let chunk = chunk.map_err(|error| self.reader.failed(&self.stream.name, error))?;
        let has_more = !chunk.is_empty();
        for row in chunk {
            let cells = cells(&self.stream, &row)
                .map_err(|error| self.reader.failed(&self.stream.name, self.setting.of_asking(&error)))?;
            push(gathering, &self.stream, &cells, content.as_deref_mut())?;
        }
        Ok(has_more)
    }
}

#[async_trait::async_trait]
impl Refill for Feed {
    async fn refill(&mut self, gathering: &mut Gathering) -> Result<bool, ConnectError> {
        self.take(gathering, None).await
    }
}

type Chunks = mpsc::Sender<Result<Vec<Row>, SqlError>>;

/// Reads all rows; ends early when nobody wants more.
async fn run(session: &mut Session, stream: &Stream, page: usize, chunks: &Chunks) -> Result<(), SqlError> {
    let sql = statements::whole(stream, &Selection::of(stream));
    match stream.engine {
        // A cursor of the server's own: each page is a statement with a limit of its own.
        Engine::Postgres => {
            session.run(&format!("declare mirante no scroll cursor for {sql}")).await?;
            while rows(session, format!("fetch forward {page} from mirante"), chunks).await? >= page {}
            Ok(())
        }
        Engine::Mysql => rows(session, sql, chunks).await.map(drop),
    }
}

/// Sends the rows of a statement; says how many there were.
async fn rows(session: &mut Session, sql: String, chunks: &Chunks) -> Result<usize, SqlError> {
    let setting = session.setting().clone();
    let mut rows = session.rows(sql, &[]).fuse();
    let mut count = 0;
    loop {
        let chunk = patiently(&setting, chunk(&mut rows)).await?;
        let chunk = chunk.map_err(|error| setting.of_asking(&error))?;
        if chunk.is_empty() {
            return Ok(count);
        }
        count += chunk.len();
        if chunks.send(Ok(chunk)).await.is_err() {
            return Ok(0);
        }
    }
}

/// The next rows; none at the end.
async fn chunk(
    rows: &mut (impl futures::Stream<Item = Result<Row, sqlx::Error>> + Unpin),
) -> Result<Vec<Row>, sqlx::Error> {
    let (mut bytes, mut chunk) = (0, Vec::with_capacity(CHUNK_ROWS));
    while chunk.len() < CHUNK_ROWS && bytes < CHUNK_BYTES {
        let Some(row) = rows.try_next().await? else { break };
        bytes += row.bytes();
        chunk.push(row);
    }
    Ok(chunk)
}
