//! How far an entity has been read: a place in the order of `LastUpdateDate` and `Id`, and what was seen shortly before it.
//!
//! Asks nobody (`changes`). Invariant: a place never lies behind a record that has not been read.

use std::collections::{BTreeMap, HashSet, VecDeque};

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime};
use serde::{Deserialize, Serialize};

use crate::source::Mark;

/// Key of the mark.
pub const CURSOR: &str = "cursor";

/// What was written down five minutes late comes all the same.
const OVERLAP_US: i64 = 5 * 60 * 1_000_000;
/// Records that are remembered of the overlap, so that they are not landed again each time. An import may write more in five minutes;
/// then the overlap is shorter.
const REMEMBERED: usize = 3_000;

const MILLISECOND: i64 = 1_000;

/// Where to read on. Moments are microseconds since 1970 UTC, and stand for their millisecond: the API writes no more digits than that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// At the very beginning, where records without a date come first.
    Start,
    /// Among the records without a date, behind this id.
    Undated { after: i64 },
    /// With this moment.
    From { at: i64 },
    /// Among the records of one moment, behind this id: more of them than a page takes.
    Within { at: i64, after: i64 },
}

impl Place {
    /// The beginning of a day in Brazil.
    pub fn day(day: NaiveDate) -> Place {
        Place::From {
            at: day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_micros() + 3 * 3600 * 1_000_000,
        }
    }

    /// The filter and the order of the next page.
    pub fn query(self) -> (Option<String>, &'static str) {
        match self {
            Place::Start => (None, "LastUpdateDate,Id"),
            Place::Undated { after } => (Some(format!("LastUpdateDate eq null and Id gt {after}")), "Id"),
            Place::From { at } => (Some(format!("LastUpdateDate ge {}", literal(at))), "LastUpdateDate,Id"),
            // A range, not `eq`: what is kept may have more digits than what is shown.
            Place::Within { at, after } => {
                let (from, to) = (literal(at), literal(at + MILLISECOND));
                (Some(format!("LastUpdateDate ge {from} and LastUpdateDate lt {to} and Id gt {after}")), "Id")
            }
        }
    }

    /// Where it goes on after a page with `rows` (moment and id of each), of which more are to come or not; none at the end.
    ///
    /// # Errors
    /// What is wrong with the page: reading on from it would lose records.
    pub fn next(self, rows: &[(Option<i64>, i64)], more: bool) -> Result<Option<Place>, &'static str> {
        let last_id = rows.iter().map(|(_, id)| *id).max();
        match (self, last_id) {
            (Place::Undated { .. }, _) if !more => Ok(Some(Place::From { at: EARLIEST })),
            (Place::Within { at, .. }, _) if !more => {
                Ok(Some(Place::From { at: millisecond(at) + MILLISECOND }))
            }
            (Place::Start | Place::From { .. }, _) if !more => Ok(None),
            (_, None) => Err("an empty page is followed by more"),
            (Place::Undated { after }, Some(last)) if last > after => {
                Ok(Some(Place::Undated { after: last }))
            }
            (Place::Within { at, after }, Some(last)) if last > after => {
                Ok(Some(Place::Within { at, after: last }))
            }
            (Place::Undated { .. } | Place::Within { .. }, _) => Err("the filter by Id is not kept"),
            (Place::Start | Place::From { .. }, Some(last)) => self.further(rows, last),
        }
    }

    fn further(self, rows: &[(Option<i64>, i64)], last_id: i64) -> Result<Option<Place>, &'static str> {
        let moments: Vec<Option<i64>> = rows.iter().map(|(at, _)| at.map(millisecond)).collect();
        if !moments.is_sorted() {
            return Err("the order by LastUpdateDate is not kept");
        }
        let (Some(first), Some(Some(last))) = (moments.first().copied(), moments.last().copied()) else {
            return Ok(Some(Place::Undated { after: last_id }));
        };
        if matches!(self, Place::From { at } if first < Some(millisecond(at))) {
            return Err("the filter by LastUpdateDate is not kept");
        }
        // From the first id on: within a millisecond the page may have been ordered by digits that are not shown.
        if first == Some(last) {
            Ok(Some(Place::Within { at: last, after: 0 }))
        } else {
            Ok(Some(Place::From { at: last }))
        }
    }
}

/// Before any record of any company.
const EARLIEST: i64 = -2_208_978_000_000_000;

/// The records that were read last.
#[derive(Debug, Default)]
pub struct Recent {
    rows: VecDeque<(i64, i64)>,
    known: HashSet<(i64, i64)>,
    newest: Option<i64>,
    /// The newest that had to be forgotten though the overlap reaches back to it.
    forgotten: Option<i64>,
}

impl Recent {
    /// Remembers a record by moment and id; false when it is known as it is.
    pub fn note(&mut self, at: i64, id: i64) -> bool {
        if !self.known.insert((at, id)) {
            return false;
        }
        self.rows.push_back((at, id));
        let newest = self.newest.map_or(at, |newest| newest.max(at));
        self.newest = Some(newest);
        while let Some(oldest) = self.rows.front().copied() {
            let is_old = oldest.0 < newest - OVERLAP_US;
            if !is_old && self.rows.len() <= REMEMBERED {
                break;
            }
            if !is_old {
                self.forgotten = Some(self.forgotten.map_or(oldest.0, |known| known.max(oldest.0)));
            }
            self.known.remove(&oldest);
            self.rows.pop_front();
        }
        true
    }

    /// Where the next reading begins if this one ends at `place`.
    fn resume(&self, place: Place) -> Place {
        let Some(newest) = self.newest.filter(|_| matches!(place, Place::Start | Place::From { .. })) else {
            return place;
        };
        let overlap = newest - OVERLAP_US;
        match self.forgotten.filter(|forgotten| *forgotten >= overlap).map(millisecond) {
            None => Place::From { at: overlap },
            Some(forgotten) if forgotten < millisecond(newest) => Place::From { at: forgotten + MILLISECOND },
            // One moment alone is more than can be remembered.
            Some(moment) => {
                let of_moment = self.rows.iter().filter(|(at, _)| millisecond(*at) == moment);
                Place::Within { at: moment, after: of_moment.map(|(_, id)| *id).max().unwrap_or_default() }
            }
        }
    }
}

/// What is kept of a reading, as the value of its mark.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Kept {
    /// For people.
    last_update: Option<String>,
    resume: Option<Place>,
    /// Moment and id of each record of the overlap.
    recent: Vec<(i64, i64)>,
    /// Names of the columns of the company's fields, by key of the field.
    columns: BTreeMap<String, String>,
}

/// A reading as it is resumed.
#[derive(Debug, Default)]
pub struct Resumed {
    /// None when nothing has been read.
    pub place: Option<Place>,
    pub recent: Recent,
    pub columns: BTreeMap<String, String>,
}

/// What a mark says. Nothing when it cannot be understood: then everything is read anew, which changes no row.
pub fn resumed(mark: Option<&serde_json::Value>) -> Resumed {
    let kept: Kept = mark.and_then(|mark| serde_json::from_value(mark.clone()).ok()).unwrap_or_default();
    let mut recent = Recent::default();
    for (at, id) in kept.recent {
        recent.note(at, id);
    }
    Resumed { place: kept.resume, recent, columns: kept.columns }
}

/// The mark of a reading that has got to `place`.
pub fn mark(place: Place, recent: &Recent, columns: &BTreeMap<String, String>) -> Mark {
    let kept = Kept {
        last_update: recent.newest.map(literal),
        resume: Some(recent.resume(place)),
        recent: recent.rows.iter().copied().collect(),
        columns: columns.clone(),
    };
    Mark { key: CURSOR.to_owned(), value: serde_json::json!(kept) }
}

/// The mark from which everything since `at` is read again, or everything; none when nothing has been read and no start would keep records
/// back. The columns of the company's fields keep their names.
pub fn rewound(mark: Option<&serde_json::Value>, start: Place, at: Option<i64>) -> Option<Mark> {
    let Resumed { place, columns, .. } = resumed(mark);
    let resume = match (place.unwrap_or(start), at) {
        (_, None) if place.is_none() => return None,
        (_, None) => None,
        (Place::Start, Some(_)) if place.is_none() => return None,
        (Place::From { at: known } | Place::Within { at: known, .. }, Some(at)) => {
            Some(Place::From { at: known.min(at) })
        }
        (early, Some(_)) => Some(early),
    };
    let kept = Kept { resume, columns, ..Kept::default() };
    Some(Mark { key: CURSOR.to_owned(), value: serde_json::json!(kept) })
}

/// A moment as the API writes it; without an offset it is Brasília's.
pub fn moment(text: &str) -> Option<i64> {
    let with_offset = DateTime::parse_from_rfc3339(text).map(|at| at.timestamp_micros());
    let local = || {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f")
            .ok()?
            .and_local_timezone(brasilia())
            .single()
    };
    with_offset.ok().or_else(|| local().map(|at| at.timestamp_micros()))
}

/// A moment as a filter takes it.
pub fn literal(at: i64) -> String {
    let at = DateTime::from_timestamp_micros(millisecond(at)).unwrap_or_default();
    at.with_timezone(&brasilia()).format("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string()
}

fn brasilia() -> FixedOffset {
    const SECONDS: i32 = 3 * 3600;
    FixedOffset::west_opt(SECONDS).unwrap_or_else(|| chrono::Offset::fix(&chrono::Utc))
}

fn millisecond(at: i64) -> i64 {
    at.div_euclid(MILLISECOND) * MILLISECOND
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: i64 = 1_774_031_830_183_000;

    #[test]
    fn moments_are_written_as_the_api_reads_them() {
        assert_eq!(moment("2026-03-20T15:37:10.183-03:00"), Some(T));
        assert_eq!(moment("2026-03-20T18:37:10.183Z"), Some(T));
        assert_eq!(moment("2026-03-20T15:37:10.183"), Some(T));
        assert_eq!(moment("20/03/2026"), None);
        assert_eq!(literal(T + 999), "2026-03-20T15:37:10.183-03:00");
        assert_eq!(
            Place::day("2026-03-20".parse().unwrap()),
            Place::From { at: moment("2026-03-20T00:00:00-03:00").unwrap() }
        );
    }

    #[test]
    fn a_place_moves_on_and_stays_with_a_moment_that_fills_a_page() {
        let rows = [(Some(T), 1), (Some(T + 5_000), 2)];
        assert_eq!(Place::Start.next(&rows, true), Ok(Some(Place::From { at: T + 5_000 })));
        assert_eq!(Place::Start.next(&rows, false), Ok(None));
        let same = [(Some(T + 300), 7), (Some(T + 900), 3)];
        let within = Place::Within { at: T, after: 0 };
        assert_eq!(Place::From { at: T }.next(&same, true), Ok(Some(within)));
        assert_eq!(within.next(&same, true), Ok(Some(Place::Within { at: T, after: 7 })));
        assert_eq!(within.next(&[], false), Ok(Some(Place::From { at: T + 1_000 })));
        let undated = [(None, 3), (None, 4)];
        assert_eq!(Place::Start.next(&undated, true), Ok(Some(Place::Undated { after: 4 })));
        assert_eq!(Place::Start.next(&[(None, 3), (Some(T), 1)], true), Ok(Some(Place::From { at: T })));
        assert_eq!(Place::Undated { after: 4 }.next(&[], false), Ok(Some(Place::From { at: EARLIEST })));
    }

    #[test]
    fn pages_that_do_not_fit_the_question_are_refused() {
        let from = Place::From { at: T };
        assert!(from.next(&[(Some(T + 5_000), 1), (Some(T), 2)], true).is_err(), "order");
        assert!(from.next(&[(Some(T - 9_000), 1), (Some(T), 2)], true).is_err(), "filter");
        assert!(from.next(&[(None, 1), (Some(T), 2)], true).is_err(), "no date at all");
        assert!(Place::Within { at: T, after: 9 }.next(&[(Some(T), 9)], true).is_err(), "ids");
        assert!(from.next(&[], true).is_err(), "nothing, and more of it");
        // The last page is whole, whatever its order.
        assert_eq!(from.next(&[(Some(T + 5_000), 1), (Some(T), 2)], false), Ok(None));
    }

    #[test]
    fn a_finished_reading_begins_five_minutes_earlier_and_knows_what_it_saw() {
        let mut recent = Recent::default();
        for (at, id) in [(T - 2 * OVERLAP_US, 1), (T - OVERLAP_US, 2), (T, 3)] {
            assert!(recent.note(at, id));
        }
        let Mark { value, .. } = mark(Place::From { at: T }, &recent, &BTreeMap::new());
        let mut resumed = resumed(Some(&value));
        assert_eq!(resumed.place, Some(Place::From { at: T - OVERLAP_US }));
        assert!(!resumed.recent.note(T, 3) && !resumed.recent.note(T - OVERLAP_US, 2));
        assert!(
            resumed.recent.note(T, 4) && resumed.recent.note(T + 1, 3),
            "another record, and the same changed"
        );
        assert_eq!(value["last_update"], "2026-03-20T15:37:10.183-03:00");
    }

    #[test]
    fn a_place_goes_back_and_never_forward() {
        let back = |place: Option<Place>, at| {
            let kept = Kept { resume: place, recent: vec![(T, 1)], ..Kept::default() };
            let mark = place.map(|_| serde_json::json!(kept));
            let mark = rewound(mark.as_ref(), Place::Start, at)?;
            let resumed = resumed(Some(&mark.value));
            assert!(resumed.recent.rows.is_empty(), "what was seen comes again");
            resumed.place
        };
        let from = |at| Some(Place::From { at });
        assert_eq!(back(from(T), Some(T - 9)), from(T - 9));
        assert_eq!(back(from(T - 99), Some(T)), from(T - 99));
        assert_eq!(back(Some(Place::Within { at: T, after: 7 }), Some(T)), from(T));
        let undated = Some(Place::Undated { after: 4 });
        assert_eq!(back(undated, Some(T)), undated);
        assert_eq!(back(from(T), None), None);
        assert_eq!(back(None, Some(T)), None, "nothing has been read, so that all of it comes");
        assert!(rewound(None, Place::From { at: T }, Some(T - 9)).is_some(), "the settings start later");
    }

    #[test]
    fn more_than_can_be_remembered_shortens_the_overlap() {
        let many = REMEMBERED as i64 + 500;
        let mut spread = Recent::default();
        for id in 0..many {
            spread.note(T + id * MILLISECOND, id);
        }
        assert_eq!(spread.resume(Place::Start), Place::From { at: T + 500 * MILLISECOND });
        let mut at_once = Recent::default();
        for id in 0..many {
            at_once.note(T, id);
        }
        assert_eq!(at_once.resume(Place::Start), Place::Within { at: T, after: many - 1 });
        let inside = Place::Within { at: T, after: 40 };
        assert_eq!(at_once.resume(inside), inside);
    }
}
