//! The first stage of a run: what is new in every source becomes rows of raw tables.
//!
//! Invariant: a stream's bookmark moves in the very commit that brings its rows, so that a run killed anywhere neither loses rows
//! nor doubles them.

mod keys;

use self::keys::Keys;
use crate::governed::Governed;
use crate::position::Position;
use crate::{Event, PipelineError, Progress};
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use connect::{
    Batches, ConnectError, LandHint, Piece, ReadRequest, Source, rejects_schema, rejects_table, stream_table,
};
use futures::StreamExt;
use lake::{Bookmark, Lake, LakeError, LandMode, Landed, Landing, Relations, RowsError, TableName};
use metastore::sources::StreamState;
use metastore::{Metastore, now_ms};
use std::sync::Arc;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

/// The schema of the lake that raw tables live in.
pub const RAW: &str = "raw";

/// Vanished files that a note names.
const GONE_NAMED: usize = 3;

/// What landing did.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct LandReport {
    pub rows: u64,
    pub rejected: u64,
    /// Files (or pages) that brought something new.
    pub pieces: u64,
    /// What could not be read, each as one whole message; everything else was landed all the same.
    pub problems: Vec<String>,
    /// What is no problem, but may surprise: files that are there no more.
    pub notes: Vec<String>,
    /// Why the system let nobody in: asking again with the same password may lock the account.
    pub refused: Option<String>,
}

/// Sources that are read at the same time: a slow one does not hold the others up.
pub const SOURCES_AT_ONCE: usize = 4;

impl LandReport {
    pub(crate) fn add(&mut self, other: LandReport) {
        self.rows += other.rows;
        self.rejected += other.rejected;
        self.pieces += other.pieces;
        self.problems.extend(other.problems);
        self.notes.extend(other.notes);
        self.refused = other.refused.or(self.refused.take());
    }

    /// Notes a problem that a source tells of; true when nothing else of it may be asked for.
    fn failed(&mut self, source: &str, error: &ConnectError) -> bool {
        let problem = format!("source `{source}`: {}", crate::whole(error));
        if error.is_refused_sign_in() {
            self.refused = Some(problem.clone());
        }
        self.problems.push(problem);
        self.refused.is_some()
    }
}

/// Lands what is new in one source and lets go of it, however that ends; none when it was stopped before its end.
pub(crate) async fn land_source(
    lake: &Lake,
    metastore: &Metastore,
    source: &dyn Source,
    (progress, stop): (&Progress, &CancellationToken),
    report: &mut LandReport,
) -> Option<Result<(), PipelineError>> {
    let landed = stop.run_until_cancelled(land_streams(lake, metastore, source, progress, report)).await;
    source.close().await;
    landed
}

async fn land_streams(
    lake: &Lake,
    metastore: &Metastore,
    source: &dyn Source,
    progress: &Progress,
    report: &mut LandReport,
) -> Result<(), PipelineError> {
    let streams = match source.streams().await {
        Ok(streams) => streams,
        Err(error) => {
            report.failed(source.name(), &error);
            return Ok(());
        }
    };
    let standing = metastore.standing(source.name()).await?;
    if standing.offered != streams {
        metastore.note_offered(source.name(), &streams).await?;
    }
    let known = lake.latest(RAW).await?;
    let mut states = metastore.stream_states(source.name()).await?;
    for stream in streams.into_iter().filter(|stream| standing.reads(stream)) {
        let table = TableName::new(RAW, stream_table(source.name(), &stream));
        let kept = states.remove(&stream);
        let whose = (source.name().to_owned(), stream.clone());
        let position = Position::find(lake, metastore, whose, kept, &table).await?;
        let governed = Governed::find(metastore, (source.name(), &stream), position.sequence()).await?;
        let mut at = At { lake, metastore, source, stream: &stream, table, governed };
        at.land(&known, position, progress, report).await?;
        at.governed.end().await?;
        if report.refused.is_some() {
            break;
        }
    }
    Ok(())
}

struct At<'a> {
    lake: &'a Lake,
    metastore: &'a Metastore,
    source: &'a dyn Source,
    stream: &'a str,
    /// Where the stream's rows go.
    table: TableName,
    governed: Governed<'a>,
}

impl At<'_> {
    async fn land(
        &mut self,
        known: &Relations,
        mut position: Position<'_>,
        progress: &Progress,
        report: &mut LandReport,
    ) -> Result<(), PipelineError> {
        let request = ReadRequest {
            stream: self.stream.to_owned(),
            // A table that starts again binds nothing.
            known: if self.governed.starts_again() { None } else { self.schema_so_far(known).await? },
            since: position.state().clone(),
            keys: Some(Arc::new(Keys { lake: self.lake.clone(), table: self.table.clone() })),
        };
        let mut reading = match self.source.read(request).await {
            Ok(reading) => reading,
            Err(error) => return self.failed(&error, report).await,
        };
        for failure in &reading.failures {
            self.failed(failure, report).await?;
        }
        while let Some(piece) = reading.pieces.next().await {
            match piece {
                Ok(piece) => {
                    if !self.land_next(&mut position, piece, progress, report).await? {
                        break;
                    }
                }
                Err(error) => {
                    self.failed(&error, report).await?;
                    break;
                }
            }
        }
        report.notes.extend(gone(self.source.name(), self.stream, &reading.gone));
        for skipped in reading.skipped {
            // A file that was only touched brings nothing, and lacks nothing either.
            if skipped.reason != connect::SAME_CONTENT {
                report.problems.push(format!(
                    "source `{}`, file `{}`: {}",
                    self.source.name(),
                    skipped.file,
                    skipped.reason
                ));
            }
            position.note(skipped.mark)?;
        }
        position.settle().await
    }

    /// Notes what could not be read, and holds the stream if that is because its columns are no longer what they were.
    async fn failed(&mut self, error: &ConnectError, report: &mut LandReport) -> Result<(), PipelineError> {
        report.failed(self.source.name(), error);
        self.governed.note_problem(error).await
    }

    /// Lands one piece, its bookmark with it, and says whether the next one may follow. Rows that do not fit their table are a problem of
    /// their file alone; pieces of a system build on each other, so there the first that fails ends the stream until the next sync.
    async fn land_next(
        &mut self,
        position: &mut Position<'_>,
        piece: Piece,
        progress: &Progress,
        report: &mut LandReport,
    ) -> Result<bool, PipelineError> {
        let of_a_file = is_of_a_file(&piece);
        let (mark, file, stream) = (piece.mark.clone(), piece.file.clone(), piece.stream.clone());
        if let Some(why) = self.governed.hold_for_key(&piece).await? {
            report.problems.push(format!("source `{}`, stream `{stream}`: {why}", self.source.name()));
            return Ok(false);
        }
        let bookmark = match &mark {
            Some(mark) => Some(position.prepare(mark.clone()).await?),
            None => None,
        };
        let shape = self.governed.shape_of(&piece);
        match self.land_piece(piece, bookmark, self.governed.is_anew(&stream)).await {
            Ok((table, landed, rejected)) => {
                self.governed.landed(&stream, shape, &landed.columns).await?;
                report.pieces += 1;
                report.rejected += rejected;
                if !landed.already {
                    report.rows += landed.rows;
                }
                progress(Event::Landed { table: table.to_string(), rows: landed.rows });
            }
            Err(error) if concerns_one_file(&error) => {
                let message = crate::whole(&error);
                report.problems.push(format!("source `{}`, file `{file}`: {message}", self.source.name()));
                self.governed.note_problem(&error).await?;
                position.gave_up();
                return Ok(of_a_file);
            }
            Err(error) => return Err(error.into()),
        }
        match mark {
            Some(mark) => position.landed(mark),
            None if stream != self.stream => self.note_arrival(&stream).await?,
            None => {}
        }
        Ok(true)
    }

    /// A stream that another one brings along has no bookmark, but people ask when its rows came.
    async fn note_arrival(&self, stream: &str) -> Result<(), PipelineError> {
        let state = serde_json::json!({});
        let arrived = StreamState { state, sequence: 0, pending: None, loaded_at: now_ms() };
        Ok(self.metastore.set_stream_state(self.source.name(), stream, &arrived).await?)
    }

    async fn schema_so_far(&self, known: &Relations) -> Result<Option<SchemaRef>, PipelineError> {
        if !known.contains_key(&self.table) {
            return Ok(None);
        }
        let session = self.lake.session(known.clone());
        Ok(Some(session.schema(&format!("select * from {}", self.table.quoted())).await?))
    }

    async fn land_piece(
        &self,
        piece: Piece,
        bookmark: Option<Bookmark>,
        anew: bool,
    ) -> Result<(TableName, Landed, u64), LakeError> {
        let table = TableName::new(RAW, stream_table(self.source.name(), &piece.stream));
        let once = is_of_a_file(&piece);
        let rows = Arc::new(Mutex::new(piece.batches));
        let landed = self
            .lake
            .land(Landing {
                table: table.clone(),
                batch_id: piece.batch_id.clone(),
                once,
                mode: mode(&piece.hint),
                anew,
                schema: piece.schema.clone(),
                rows: shared(rows.clone()),
                bookmark,
            })
            .await?;
        // Rejects are complete when all rows were read; a batch that had been landed before a crash was not read by the lake.
        // Its file may have become unreadable since; then its rejects are not known, and the file must be tried again.
        while let Some(item) = rows.lock().await.next().await {
            item.map_err(|error| LakeError::Rows { table: table.clone(), source: Box::new(error) })?;
        }

        let rejected = piece.rejects.count();
        let rejects = TableName::new(RAW, rejects_table(self.source.name(), &piece.stream));
        let replaces = matches!(piece.hint, LandHint::Replace { .. });
        if rejected > 0 || (replaces && self.lake.latest(RAW).await?.contains_key(&rejects)) {
            let batch = piece.rejects.take();
            self.lake
                .land(Landing {
                    table: rejects,
                    batch_id: format!("{}/rejects", piece.batch_id),
                    once: true,
                    bookmark: None,
                    anew: false,
                    mode: LandMode::ReplaceWhere {
                        column: connect::REJECTS_FILE_COLUMN.to_owned(),
                        value: piece.file.clone(),
                    },
                    schema: rejects_schema(),
                    rows: futures::stream::iter([Ok(batch)]).boxed(),
                })
                .await?;
        }
        Ok((table, landed, rejected))
    }
}

/// Whether other files can still be landed: a full disk or a broken lake concerns everything, wrong rows their file alone.
fn concerns_one_file(error: &LakeError) -> bool {
    matches!(
        error,
        LakeError::Rows { .. }
            | LakeError::ColumnType { .. }
            | LakeError::Value { .. }
            | LakeError::Unstorable { .. }
            | LakeError::ColumnName { .. }
    )
}

/// Whether the piece is a file's: it says of each row which one. What a system sends has a bookmark instead.
fn is_of_a_file(piece: &Piece) -> bool {
    piece.schema.column_with_name(connect::FILE_COLUMN).is_some()
}

/// Files of a stream that are there no more, in one line.
fn gone(source: &str, stream: &str, files: &[String]) -> Option<String> {
    let named: Vec<String> = files.iter().take(GONE_NAMED).map(|file| format!("`{file}`")).collect();
    let more = match files.len() - named.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let (they, their) = if files.len() == 1 { ("is", "its") } else { ("are", "their") };
    (!files.is_empty()).then(|| {
        format!(
            "source `{source}`, stream `{stream}`: {}{more} {they} gone from the folder; {their} rows stay",
            named.join(", ")
        )
    })
}

fn mode(hint: &LandHint) -> LandMode {
    match hint {
        LandHint::Append => LandMode::Append,
        LandHint::Replace { column, value } => {
            LandMode::ReplaceWhere { column: column.clone(), value: value.clone() }
        }
        LandHint::Merge { key } => LandMode::Merge { key: key.clone() },
        LandHint::ReplaceKeys { key } => LandMode::ReplaceKeys { key: key.clone() },
        LandHint::ReplaceAll => LandMode::Replace,
    }
}

/// The batches as a stream that leaves them where they can be read to the end afterwards.
fn shared(
    batches: Arc<Mutex<Batches>>,
) -> futures::stream::BoxStream<'static, Result<RecordBatch, RowsError>> {
    futures::stream::unfold(batches, |batches| async move {
        let next = batches.lock().await.next().await;
        next.map(|item| (item.map_err(|error| Box::new(error) as RowsError), batches))
    })
    .boxed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_are_gone_are_one_line() {
        let files: Vec<String> = (1..=5).map(|file| format!("{file}.csv")).collect();
        assert_eq!(gone("crm", "deals", &[]), None);
        assert_eq!(
            gone("crm", "deals", &files[..1]).as_deref(),
            Some("source `crm`, stream `deals`: `1.csv` is gone from the folder; its rows stay")
        );
        assert_eq!(
            gone("crm", "deals", &files).as_deref(),
            Some(
                "source `crm`, stream `deals`: `1.csv`, `2.csv`, `3.csv` and 2 more are gone from the folder; their rows stay"
            )
        );
    }
}
