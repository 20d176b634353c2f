//! The first stage of a run: what is new in every source becomes rows of raw tables.
//!
//! Invariant: a stream's bookmark moves only after its rows and its rejects are durable, so that a run killed anywhere repeats
//! work instead of losing rows; landing the same batch again changes nothing.

use crate::{Event, PipelineError, Progress};
use arrow::datatypes::SchemaRef;
use connect::{Batches, LandHint, Piece, ReadRequest, Source, rejects_schema, rejects_table, stream_table};
use futures::StreamExt;
use lake::{Lake, LakeError, LandMode, Landed, Landing, Relations, RowsError, TableName};
use metastore::sources::StreamState;
use metastore::{Metastore, now_ms};
use std::sync::Arc;
use tokio::sync::Mutex;

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
}

/// Lands what is new in all sources, one source after the other.
///
/// # Errors
/// Only for what concerns the workspace (the lake, the platform database); what concerns one file or one source is a problem in
/// the report.
pub async fn land_all(
    lake: &Lake,
    metastore: &Metastore,
    progress: &Progress,
) -> Result<LandReport, PipelineError> {
    let mut report = LandReport::default();
    for row in metastore.sources().await? {
        let source = match connect::open(&row.kind, &row.name, &row.params) {
            Ok(source) => source,
            Err(error) => {
                report.problems.push(format!("source `{}`: {}", row.name, crate::whole(&error)));
                continue;
            }
        };
        land_source(lake, metastore, source.as_ref(), progress, &mut report).await?;
    }
    Ok(report)
}

async fn land_source(
    lake: &Lake,
    metastore: &Metastore,
    source: &dyn Source,
    progress: &Progress,
    report: &mut LandReport,
) -> Result<(), PipelineError> {
    let streams = match source.streams().await {
        Ok(streams) => streams,
        Err(error) => {
            report.problems.push(format!("source `{}`: {}", source.name(), crate::whole(&error)));
            return Ok(());
        }
    };
    let known = lake.latest(RAW).await?;
    let states = metastore.stream_states(source.name()).await?;
    for stream in streams {
        let bookmark =
            states.get(&stream).map(|state| state.state.clone()).unwrap_or_else(|| serde_json::json!({}));
        let since = serde_json::from_value(bookmark).unwrap_or_default();
        let at = At { lake, metastore, source, stream: &stream };
        at.land(&known, since, progress, report).await?;
    }
    Ok(())
}

struct At<'a> {
    lake: &'a Lake,
    metastore: &'a Metastore,
    source: &'a dyn Source,
    stream: &'a str,
}

impl At<'_> {
    async fn land(
        &self,
        known: &Relations,
        mut state: connect::StreamState,
        progress: &Progress,
        report: &mut LandReport,
    ) -> Result<(), PipelineError> {
        let table = TableName::new(RAW, stream_table(self.source.name(), self.stream));
        let request = ReadRequest {
            stream: self.stream.to_owned(),
            known: self.schema_so_far(known, &table).await?,
            since: state.clone(),
        };
        let reading = match self.source.read(request).await {
            Ok(reading) => reading,
            Err(error) => {
                report.problems.push(format!("source `{}`: {}", self.source.name(), crate::whole(&error)));
                return Ok(());
            }
        };
        report.problems.extend(
            reading
                .failures
                .iter()
                .map(|error| format!("source `{}`: {}", self.source.name(), crate::whole(error))),
        );
        for piece in reading.pieces {
            let mark = piece.mark.clone();
            let file = piece.file.clone();
            match self.land_piece(&table, piece).await {
                Ok((landed, rejected)) => {
                    report.pieces += 1;
                    report.rejected += rejected;
                    if !landed.already {
                        report.rows += landed.rows;
                    }
                    progress(Event::Landed { table: table.to_string(), rows: landed.rows });
                }
                Err(error) if concerns_one_file(&error) => {
                    report.problems.push(format!(
                        "source `{}`, file `{file}`: {}",
                        self.source.name(),
                        crate::whole(&error)
                    ));
                    continue;
                }
                Err(error) => return Err(error.into()),
            }
            state.set(mark);
            self.remember(&state, true).await?;
        }
        report.notes.extend(gone(self.source.name(), self.stream, &reading.gone));
        if !reading.skipped.is_empty() {
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
                state.set(skipped.mark);
            }
            self.remember(&state, false).await?;
        }
        Ok(())
    }

    async fn schema_so_far(
        &self,
        known: &Relations,
        table: &TableName,
    ) -> Result<Option<SchemaRef>, PipelineError> {
        if !known.contains_key(table) {
            return Ok(None);
        }
        let session = self.lake.session(known.clone());
        Ok(Some(session.schema(&format!("select * from {}", table.quoted())).await?))
    }

    async fn remember(&self, state: &connect::StreamState, loaded: bool) -> Result<(), PipelineError> {
        let before = self.metastore.stream_states(self.source.name()).await?;
        let loaded_at = match before.get(self.stream) {
            Some(before) if !loaded => before.loaded_at,
            _ => now_ms(),
        };
        let state = serde_json::to_value(state)
            .map_err(|source| PipelineError::Bookmark { stream: self.stream.to_owned(), source })?;
        Ok(self
            .metastore
            .set_stream_state(self.source.name(), self.stream, &StreamState { state, loaded_at })
            .await?)
    }

    async fn land_piece(&self, table: &TableName, piece: Piece) -> Result<(Landed, u64), LakeError> {
        let rows = Arc::new(Mutex::new(piece.batches));
        let landed = self
            .lake
            .land(Landing {
                table: table.clone(),
                batch_id: piece.batch_id.clone(),
                mode: mode(&piece.hint),
                schema: piece.schema.clone(),
                rows: shared(rows.clone()),
            })
            .await?;
        // Rejects are complete when all rows were read; a batch that had been landed before a crash was not read by the lake.
        // Its file may have become unreadable since; then its rejects are not known, and the file must be tried again.
        while let Some(item) = rows.lock().await.next().await {
            item.map_err(|error| LakeError::Rows { table: table.clone(), source: Box::new(error) })?;
        }

        let rejected = piece.rejects.count();
        let rejects = TableName::new(RAW, rejects_table(self.source.name(), self.stream));
        let replaces = matches!(piece.hint, LandHint::Replace { .. });
        if rejected > 0 || (replaces && self.lake.latest(RAW).await?.contains_key(&rejects)) {
            let batch = piece.rejects.take();
            self.lake
                .land(Landing {
                    table: rejects,
                    batch_id: format!("{}/rejects", piece.batch_id),
                    mode: LandMode::ReplaceWhere {
                        column: connect::REJECTS_FILE_COLUMN.to_owned(),
                        value: piece.file.clone(),
                    },
                    schema: rejects_schema(),
                    rows: futures::stream::iter([Ok(batch)]).boxed(),
                })
                .await?;
        }
        Ok((landed, rejected))
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
    }
}

/// The batches as a stream that leaves them where they can be read to the end afterwards.
fn shared(
    batches: Arc<Mutex<Batches>>,
) -> futures::stream::BoxStream<'static, Result<arrow::array::RecordBatch, RowsError>> {
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
