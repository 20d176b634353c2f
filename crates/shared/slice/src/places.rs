//! Where in time each row belongs.
//!
//! Knows no members (`groups`) and no values. Invariant: rows of one place count in exactly the same answers. Spans that overlap are cut
//! into places that do not: each place lies in a reach of neighbouring spans.

use crate::SliceError;
use crate::codes::sort_by_number;
use crate::question::{Days, Time};
use crate::slice::{self, Held, Slice};
use chrono::{Datelike, NaiveDate};
use kpi::Period;
use std::collections::BTreeMap;
use std::ops::Range;

/// The place of a row that is in none.
pub(crate) const NOWHERE: u32 = u32::MAX;

/// A row of an answer in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    Whole,
    /// The first day of a bucket.
    Day(NaiveDate),
    /// 1 is Monday.
    Weekday(u8),
    /// The position of a span in the question.
    Span(usize),
}

#[derive(Debug)]
pub(crate) struct Places {
    pub of: Of,
    pub count: usize,
    /// The answer's places that each place counts in; `None` when each counts in the one of its own number.
    pub spans: Option<Vec<Range<usize>>>,
    /// The places of the answer.
    pub shown: Vec<Place>,
}

/// The place of each row.
#[derive(Debug)]
pub(crate) enum Of {
    /// All rows are in the only place.
    Whole,
    /// By the code of a column of days.
    Code {
        column: usize,
        places: Vec<u32>,
    },
    Row(Vec<u32>),
}

impl Places {
    pub(crate) fn new(slice: &Slice, time: &Time) -> Result<Places, SliceError> {
        match time {
            Time::Whole => Ok(Places { of: Of::Whole, count: 1, spans: None, shown: vec![Place::Whole] }),
            Time::Grain { column, grain } => by_day(slice, column, |day| Place::Day(grain.start(day))),
            Time::Weekday { column } => {
                by_day(slice, column, |day| Place::Weekday(day.weekday().number_from_monday() as u8))
            }
            Time::Spans { column, spans, days } => {
                let back = |pair: &[Period]| pair[0].from() > pair[1].from() || pair[0].to() > pair[1].to();
                if let Some(index) = spans.windows(2).position(back) {
                    return Err(SliceError::Backwards { number: index + 1 });
                }
                let (column, held) = days_of(slice, column)?;
                match days {
                    Days::All => Ok(cut(column, held, spans)),
                    Days::Last => Ok(standing(column, held, spans, last_day)),
                    Days::First => Ok(standing(column, held, spans, first_day)),
                    Days::LastOf(of) => last_of(slice, held, spans, of),
                }
            }
        }
    }
}

fn days_of<'s>(slice: &'s Slice, name: &str) -> Result<(usize, &'s slice::Days), SliceError> {
    let column = slice.column(name)?;
    match slice.held(column) {
        Held::Days(days) => Ok((column, days)),
        _ => Err(slice.unfit(column, "group time by a column of days")),
    }
}

/// A place for each value of `place`.
fn by_day(slice: &Slice, name: &str, place: impl Fn(NaiveDate) -> Place) -> Result<Places, SliceError> {
    let (column, days) = days_of(slice, name)?;
    let of_codes: Vec<Place> = (1..=days.last).map(|code| place(days.day(code))).collect();
    let mut shown = of_codes.clone();
    shown.sort_unstable();
    shown.dedup();
    let number = |place: &Place| shown.partition_point(|other| other < place) as u32;
    let places = std::iter::once(NOWHERE).chain(of_codes.iter().map(number)).collect();
    Ok(Places { of: Of::Code { column, places }, count: shown.len(), spans: None, shown })
}

fn numbered(spans: &[Period]) -> Vec<Place> {
    (0..spans.len()).map(Place::Span).collect()
}

/// The reaches of days that no span divides.
fn cut(column: usize, days: &slice::Days, spans: &[Period]) -> Places {
    let mut edges: Vec<i64> =
        spans.iter().flat_map(|span| [days.code(span.from()), days.code(span.to()) + 1]).collect();
    edges.sort_unstable();
    edges.dedup();
    let mut reaches = Vec::new();
    let mut places = vec![NOWHERE; days.last + 1];
    for edge in edges.windows(2) {
        // Spans go forward, so those that hold a day are neighbours.
        let first = spans.partition_point(|span| days.code(span.to()) < edge[0]);
        let end = spans.partition_point(|span| days.code(span.from()) <= edge[0]);
        if first < end {
            let inside = edge[0].clamp(1, places.len() as i64)..edge[1].clamp(1, places.len() as i64);
            places[inside.start as usize..inside.end as usize].fill(reaches.len() as u32);
            reaches.push(first..end);
        }
    }
    Places::by_code(column, places, reaches, spans)
}

impl Places {
    /// The days that places go by.
    pub(crate) fn days<'s>(&self, slice: &'s Slice) -> Option<&'s slice::Days> {
        match self.of {
            Of::Code { column, .. } => match slice.held(column) {
                Held::Days(days) => Some(days),
                _ => None,
            },
            Of::Whole | Of::Row(_) => None,
        }
    }

    fn by_code(column: usize, places: Vec<u32>, reaches: Vec<Range<usize>>, spans: &[Period]) -> Places {
        let count = reaches.len();
        let plain = count == spans.len()
            && reaches.iter().enumerate().all(|(place, reach)| *reach == (place..place + 1));
        Places {
            of: Of::Code { column, places },
            count,
            spans: (!plain).then_some(reaches),
            shown: numbered(spans),
        }
    }
}

/// The code of the last day up to the end of a span.
fn last_day(present: &[i64], from_to: (i64, i64)) -> Option<i64> {
    present.partition_point(|day| *day <= from_to.1).checked_sub(1).map(|index| present[index])
}

/// The code of the first day within a span.
fn first_day(present: &[i64], from_to: (i64, i64)) -> Option<i64> {
    let index = present.partition_point(|day| *day < from_to.0);
    present.get(index).copied().filter(|day| *day <= from_to.1)
}

/// The days that stand for spans, each a place of its own.
fn standing(
    column: usize,
    days: &slice::Days,
    spans: &[Period],
    stands: impl Fn(&[i64], (i64, i64)) -> Option<i64>,
) -> Places {
    let mut seen = vec![false; days.last + 1];
    (0..days.codes.len()).for_each(|row| seen[days.codes.get(row) as usize] = true);
    let present: Vec<i64> = (1..=days.last as i64).filter(|code| seen[*code as usize]).collect();
    let mut places = vec![NOWHERE; days.last + 1];
    let mut reaches: Vec<Range<usize>> = Vec::new();
    for (number, span) in spans.iter().enumerate() {
        let Some(day) = stands(&present, (days.code(span.from()), days.code(span.to()))) else { continue };
        let place = &mut places[day as usize];
        if *place == NOWHERE {
            *place = reaches.len() as u32;
            reaches.push(number..number);
        }
        // Spans go forward, so those for which one day stands are neighbours.
        reaches[*place as usize].end = number + 1;
    }
    Places::by_code(column, places, reaches, spans)
}

/// Each row counts from its day until the same member or id has a later one: in the spans that end between the two.
fn last_of(slice: &Slice, days: &slice::Days, spans: &[Period], name: &str) -> Result<Places, SliceError> {
    let column = slice.column(name)?;
    let Held::Entity(entity) = slice.held(column) else {
        return Err(slice.unfit(column, "take the last rows of an entity"));
    };
    let codes = &entity.codes;
    let order = sort_by_number(days.sorted(), entity.last as u64, |row| codes.get(row as usize));
    // The first span that ends on a day or later.
    let first = |day: u64| spans.partition_point(|span| days.code(span.to()) < day as i64);
    let mut reach_of = vec![0..0; slice.rows()];
    let mut later: Option<(u64, u64, usize)> = None;
    let mut end = spans.len();
    for row in order.iter().rev() {
        let (day, group) = (days.codes.get(*row as usize), codes.get(*row as usize));
        if day == 0 {
            continue;
        }
        match later {
            Some((of, later, start)) if of == group => {
                if later != day {
                    end = start;
                }
            }
            _ => end = spans.len(),
        }
        let start = first(day);
        reach_of[*row as usize] = start..end.max(start);
        later = Some((group, day, start));
    }
    let mut numbers: BTreeMap<(usize, usize), u32> = BTreeMap::new();
    reach_of.iter().filter(|reach| !reach.is_empty()).for_each(|reach| {
        numbers.insert((reach.start, reach.end), 0);
    });
    numbers.values_mut().enumerate().for_each(|(number, place)| *place = number as u32);
    let place = |reach: &Range<usize>| numbers.get(&(reach.start, reach.end)).copied().unwrap_or(NOWHERE);
    let places = reach_of.iter().map(place).collect();
    let reaches: Vec<Range<usize>> = numbers.keys().map(|(start, end)| *start..*end).collect();
    Ok(Places { of: Of::Row(places), count: reaches.len(), spans: Some(reaches), shown: numbered(spans) })
}
