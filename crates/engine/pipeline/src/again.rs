//! Reading streams again, because a person wants it so: from a day on, or from nothing because their columns have changed.
//!
//! Reads no row (`sync`). Invariant: bookmarks move in one step with the note why; killed before it nothing has happened, killed after it the
//! next sync goes on from there.

use crate::land::RAW;
use crate::position::Position;
use crate::sync::hold;
use crate::{Pipeline, PipelineError};
use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;
use connect::{Again, Beginning, Rewound, Source, stream_table};
use contract::changes::{ReadAgain, StreamChange};
use lake::TableName;
use metastore::sources::StreamState;
use std::sync::Arc;

impl Pipeline {
    /// Moves the bookmarks of a source back to the beginning of a day in the workspace's time zone, or further where a stream has no cursor,
    /// and tells what each stream will bring.
    ///
    /// # Errors
    /// `Busy` while the source is being read, `Source` when it cannot be opened or asked; nothing has moved then.
    pub async fn read_again(
        &self,
        name: &str,
        day: NaiveDate,
    ) -> Result<Vec<(String, ReadAgain)>, PipelineError> {
        let _alone = hold(&self.locks, &format!("source {name}"))?;
        let source = self.opened(name).await?;
        let zone = self.metastore.workspace().await?.time_zone.parse::<Tz>().unwrap_or(Tz::UTC);
        let again = Again::Since(Beginning { day, at: beginning(day, zone) });
        let planned = self.planned(source.as_ref(), again).await;
        source.close().await;
        let planned = planned?;
        let mut moved = Vec::new();
        let mut told = Vec::new();
        for (stream, rewound, position) in planned {
            let (state, what) = match rewound {
                Rewound::Since(state) => (state, ReadAgain::Since),
                Rewound::Whole(state) => (state, ReadAgain::Whole),
                Rewound::Never => {
                    told.push((stream, ReadAgain::Never));
                    continue;
                }
            };
            moved.push((stream.clone(), position.moved(state)?));
            told.push((stream, what));
        }
        if !moved.is_empty() {
            let why = StreamChange::ReadAgain { since: day.to_string() };
            self.metastore.rewind_streams(name, &moved, &why).await?;
        }
        Ok(told)
    }

    async fn planned(
        &self,
        source: &dyn Source,
        again: Again,
    ) -> Result<Vec<(String, Rewound, Position<'_>)>, PipelineError> {
        let name = source.name().to_owned();
        let standing = self.metastore.standing(&name).await?;
        let streams = source.streams().await.map_err(|error| refused(&name, &error))?;
        let mut planned = Vec::new();
        for stream in streams.into_iter().filter(|stream| standing.reads(stream)) {
            let position = self.position(&name, &stream).await?;
            let rewound = source.rewound(&stream, position.state(), again).await;
            planned.push((stream, rewound.map_err(|error| refused(&name, &error))?, position));
        }
        Ok(planned)
    }

    async fn position(&self, source: &str, stream: &str) -> Result<Position<'_>, PipelineError> {
        let kept = self.metastore.stream_states(source).await?.remove(stream);
        let table = TableName::new(RAW, stream_table(source, stream));
        Position::find(&self.lake, &self.metastore, (source.to_owned(), stream.to_owned()), kept, &table)
            .await
    }

    /// Accepts what is held of a stream: with the next sync its table starts again, from a whole reading.
    ///
    /// # Errors
    /// `Source` when nothing is held, or the stream cannot be read whole; `Busy` while the source is being read.
    pub async fn accept_changes(&self, name: &str, stream: &str) -> Result<(), PipelineError> {
        let _alone = hold(&self.locks, &format!("source {name}"))?;
        let open = self.metastore.open_changes(name).await?;
        if !open.iter().any(|open| open.stream == stream && open.accepted_at.is_none()) {
            let message = format!("source `{name}`, stream `{stream}`: no change waits for a decision");
            return Err(PipelineError::Source { message });
        }
        let source = self.opened(name).await?;
        let position = self.position(name, stream).await?;
        let rewound = source.rewound(stream, position.state(), Again::Whole).await;
        source.close().await;
        let state: StreamState = match rewound.map_err(|error| refused(name, &error))? {
            Rewound::Since(state) | Rewound::Whole(state) => position.moved(state)?,
            Rewound::Never => {
                let message = format!(
                    "source `{name}`, stream `{stream}`: what it has brought cannot be asked for again, so its table cannot start again; \
                     bring the new values under another column name"
                );
                return Err(PipelineError::Source { message });
            }
        };
        Ok(self.metastore.accept_changes(name, stream, &state).await?)
    }

    /// The source of that name, ready to be asked.
    async fn opened(&self, name: &str) -> Result<Arc<dyn Source>, PipelineError> {
        let rows = self.metastore.sources().await?;
        let row = rows.into_iter().find(|row| row.name == name);
        let row = row.ok_or(PipelineError::NoSource { name: name.to_owned() })?;
        let settings = self.metastore.settings_of(&row)?;
        connect::open(&row.kind, name, &settings, &self.surroundings).map_err(|error| refused(name, &error))
    }
}

fn refused(name: &str, error: &connect::ConnectError) -> PipelineError {
    PipelineError::Source { message: format!("source `{name}`: {}", crate::whole(error)) }
}

/// When a day begins: where clocks skip midnight, an hour later.
fn beginning(day: NaiveDate, zone: Tz) -> DateTime<Utc> {
    let midnight = day.and_time(NaiveTime::MIN);
    let candidates = (0..4).map(|hours| midnight + chrono::TimeDelta::hours(hours));
    let first = candidates.filter_map(|at| zone.from_local_datetime(&at).earliest()).next();
    first.map_or_else(|| (midnight - Days::new(1)).and_utc(), |at| at.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_in_its_zone_and_where_midnight_is_skipped_an_hour_later() {
        let at = |day: &str, zone: &str| beginning(day.parse().unwrap(), zone.parse().unwrap()).to_rfc3339();
        assert_eq!(at("2024-01-01", "America/Sao_Paulo"), "2024-01-01T03:00:00+00:00");
        assert_eq!(at("2018-11-04", "America/Sao_Paulo"), "2018-11-04T03:00:00+00:00");
        assert_eq!(at("2024-01-01", "UTC"), "2024-01-01T00:00:00+00:00");
    }
}
