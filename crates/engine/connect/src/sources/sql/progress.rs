//! How far a stream has been read, as its mark keeps it.
//!
//! Asks nobody (`passage`). Invariant: a place never lies behind a row that has not been handed over; what is read in another way than before
//! is read from the beginning.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::engine::Engine;
use super::statements::{After, Part};
use super::streams::{Growth, Stream};
use crate::source::Mark;

/// Key of the mark.
pub const PROGRESS: &str = "progress";

/// What is known of former readings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    /// Columns with their types, key and cursor, as they were read.
    columns: Vec<String>,
    key: Vec<String>,
    cursor: Option<String>,
    /// Where a reading that was broken off goes on.
    pub place: Option<Place>,
    /// The cursor's value from which changes are read, when all rows have been.
    pub from: Option<String>,
    /// Of the rows that the last reading brought, when they fitted one piece.
    pub content: Option<String>,
    /// Rows that the table had when it was last read whole.
    pub rows: Option<u64>,
}

/// The last row that was handed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub part: Part,
    pub after: After,
}

impl Progress {
    /// What a mark says of this stream. Without a table in the lake nothing of it is there, whatever the mark says.
    pub fn resumed(mark: Option<&serde_json::Value>, stream: &Stream, has_table: bool) -> Progress {
        let kept: Option<Progress> =
            mark.filter(|_| has_table).and_then(|mark| serde_json::from_value(mark.clone()).ok());
        let key = stream.key_fields().map(|field| field.name.clone()).collect();
        let cursor = stream.cursor_field().map(|field| field.name.clone());
        let fresh = Progress { columns: stream.columns(), key, cursor, ..Progress::default() };
        match kept {
            // A column that is gone changes nothing; one that is new, or of another type, is empty in the rows that are there.
            Some(kept)
                if kept.key == fresh.key
                    && kept.cursor == fresh.cursor
                    && fresh.columns.iter().all(|column| kept.columns.contains(column)) =>
            {
                Progress { columns: fresh.columns, ..kept }
            }
            Some(kept) => Progress { rows: kept.rows, ..fresh },
            None => fresh,
        }
    }

    /// Everything is to be read anew.
    pub fn anew(self) -> Progress {
        Progress { place: None, from: None, content: None, ..self }
    }

    /// Changes are to be read since `at` at least; false when the cursor tells no time, so that no such value can be made.
    /// A reading that is under way over all rows goes on.
    pub fn back_to(&mut self, stream: &Stream, at: DateTime<Utc>) -> bool {
        let growth = stream.cursor_field().map(|cursor| cursor.growth);
        let Some(from) = self.from.as_deref() else { return growth.is_some_and(Growth::is_time) };
        let (at, offset) = match (growth, stream.engine) {
            (Some(Growth::Moment), Engine::Postgres) => (at, "+00"),
            (Some(Growth::Moment), Engine::Mysql) => (at, ""),
            // A clock on some wall: it may be half a day ahead of ours.
            (Some(Growth::Clock | Growth::Day), _) => (at - TimeDelta::hours(14), ""),
            _ => return false,
        };
        let Some(known) = moment(from) else { return false };
        if known > at {
            let format = if growth == Some(Growth::Day) { "%Y-%m-%d" } else { "%Y-%m-%d %H:%M:%S" };
            self.from = Some(format!("{}{offset}", at.format(format)));
        }
        if self.place.as_ref().is_some_and(|place| place.part != Part::All) {
            self.place = None;
        }
        self.content = None;
        true
    }

    pub fn mark(&self) -> Mark {
        Mark { key: PROGRESS.to_owned(), value: serde_json::json!(self) }
    }

    /// The parts to read now, in their order; whether all rows are among them.
    pub fn parts(&self, stream: &Stream) -> Vec<Part> {
        let Some(cursor) = stream.cursor_field() else { return vec![Part::All] };
        let changes: &[Part] =
            if cursor.is_nullable { &[Part::Undated, Part::Changed] } else { &[Part::Changed] };
        match (&self.place, &self.from) {
            (Some(Place { part: Part::All, .. }), Some(_)) => [&[Part::All], changes].concat(),
            (Some(Place { part: Part::Changed, .. }), Some(_)) => vec![Part::Changed],
            (_, Some(_)) => changes.to_vec(),
            (_, None) => vec![Part::All],
        }
    }
}

/// The moment that a cursor's text stands for, without a zone in UTC.
fn moment(text: &str) -> Option<DateTime<Utc>> {
    let with_offset = DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f%#z").map(|at| at.to_utc());
    let plain = || NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f").map(|at| at.and_utc());
    let day = || text.parse::<NaiveDate>().map(|day| day.and_time(NaiveTime::MIN).and_utc());
    with_offset.or_else(|_| plain()).or_else(|_| day()).ok()
}

#[cfg(test)]
mod tests {
    use super::super::engine::Engine;
    use super::super::postgres::query_field;
    use super::super::streams::Parts;
    use super::*;

    fn stream(columns: &[(&str, &str)]) -> Stream {
        let parts = Parts {
            name: "s",
            title: "s",
            from: "f".to_owned(),
            columns: columns.iter().map(|(name, type_name)| query_field(name, type_name)).collect(),
            key: &["id".to_owned()],
            cursor: Some("at"),
            is_query: true,
        };
        Stream::new(Engine::Postgres, parts).unwrap()
    }

    #[test]
    fn a_cursor_goes_back_to_a_day_never_forward_and_only_where_it_tells_a_time() {
        let at: DateTime<Utc> = "2024-01-01T03:00:00Z".parse().unwrap();
        let back = |type_name: &str, from: &str| {
            let stream = stream(&[("id", "INT8"), ("at", type_name)]);
            let place = Some(Place { part: Part::Changed, after: vec!["7".to_owned()] });
            let mut progress = Progress { from: Some(from.to_owned()), place, ..Progress::default() };
            progress.back_to(&stream, at).then_some((progress.from.unwrap(), progress.place.is_none()))
        };
        let told = |from: &str| Some((from.to_owned(), true));
        assert_eq!(back("TIMESTAMPTZ", "2026-05-01 10:00:00.25+00"), told("2024-01-01 03:00:00+00"));
        assert_eq!(back("TIMESTAMPTZ", "2023-05-01 10:00:00-03"), told("2023-05-01 10:00:00-03"));
        assert_eq!(back("TIMESTAMP", "2026-05-01 10:00:00"), told("2023-12-31 13:00:00"), "on some wall");
        assert_eq!(back("DATE", "2026-05-01"), told("2023-12-31"));
        assert_eq!(back("INT8", "4711"), None, "a number is no day: all is read");
        assert_eq!(back("TIMESTAMPTZ", "what is this"), None);
        let mut first = Progress::default();
        assert!(first.back_to(&stream(&[("id", "INT8"), ("at", "DATE")]), at) && first.from.is_none());
    }

    #[test]
    fn a_reading_goes_on_where_it_was_unless_it_is_another_one_now() {
        let before = stream(&[("id", "INT8"), ("at", "DATE"), ("old", "TEXT")]);
        let mut progress = Progress::resumed(None, &before, true);
        assert_eq!(progress.parts(&before), [Part::All]);
        progress.from = Some("2026-01-01".to_owned());
        progress.place = Some(Place { part: Part::All, after: vec!["7".to_owned()] });
        let mark = progress.mark().value;
        let resumed = |stream: &Stream, has_table| Progress::resumed(Some(&mark), stream, has_table);
        assert_eq!(resumed(&before, true), progress);
        assert_eq!(progress.parts(&before), [Part::All, Part::Undated, Part::Changed]);
        assert_eq!(resumed(&before, false).place, None, "its rows are gone");
        assert!(resumed(&stream(&[("id", "INT8"), ("at", "DATE")]), true).place.is_some());
        assert_eq!(resumed(&stream(&[("id", "INT8"), ("at", "DATE"), ("old", "INT8")]), true).from, None);
        assert_eq!(resumed(&stream(&[("id", "INT8"), ("at", "DATE"), ("new", "INT8")]), true).place, None);
    }
}
