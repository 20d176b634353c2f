//! Twelve linked tiles and a trace of two hundred steps: a brush over a period, and filters that come, change and go.
//!
//! Measures nothing (`main`). Invariant: the trace is the same on every machine, and its checksum tells whether the answers are.

use crate::events::{DAYS, FIRST, UFS};
use chrono::{Days as Count, NaiveDate};
use kpi::{Cell, Grain, Period};
use slice::{Answer, Days, Filter, Function, Link, Question, Session, Slice, Test, Time};
use std::sync::Arc;

pub const STEPS: usize = 200;

fn day(offset: u64) -> NaiveDate {
    NaiveDate::from_epoch_days(FIRST).unwrap_or_default() + Count::new(offset)
}

fn by_grain(grain: Grain) -> Time {
    Time::Grain { column: "day".to_owned(), grain }
}

/// The thirty days up to the end of each week.
fn rolling() -> Time {
    let spans = (0..74).filter_map(|week| Period::new(day(week * 7), day(week * 7 + 29)).ok()).collect();
    Time::Spans { column: "day".to_owned(), spans, days: Days::All }
}

fn of(function: fn(String) -> Function, column: &str) -> Function {
    function(column.to_owned())
}

fn percentile(share: f64) -> Function {
    Function::Percentile { of: "minutes".to_owned(), share, discrete: false }
}

/// Each tile, and the columns whose filters it does not follow because its own marks set them.
pub fn tiles() -> Vec<(&'static str, Question, &'static [&'static str])> {
    let question = |by: &[&str], time: Time, functions: Vec<Function>| Question {
        by: by.iter().map(|name| (*name).to_owned()).collect(),
        time,
        filters: Vec::new(),
        values: functions.into_iter().map(Into::into).collect(),
    };
    let value = || of(Function::Sum, "value");
    let people = || of(Function::CountDistinct, "person");
    vec![
        ("sum of value", question(&[], Time::Whole, vec![value()]), &[]),
        (
            "rows and average",
            question(&[], Time::Whole, vec![Function::Rows, of(Function::Average, "value")]),
            &[],
        ),
        ("by day", question(&[], by_grain(Grain::Day), vec![value()]), &["day"]),
        ("by category", question(&["category"], Time::Whole, vec![value()]), &["category"]),
        ("by UF", question(&["uf"], Time::Whole, vec![value()]), &["uf"]),
        ("by month and channel", question(&["channel"], by_grain(Grain::Month), vec![value()]), &[]),
        ("people by status", question(&["status"], Time::Whole, vec![people()]), &[]),
        (
            "by quarter and UF",
            question(&["uf"], by_grain(Grain::Quarter), vec![value(), Function::Rows]),
            &[],
        ),
        (
            "percentiles by week",
            question(&[], by_grain(Grain::Week), vec![percentile(0.5), percentile(0.95)]),
            &[],
        ),
        ("people of thirty days", question(&[], rolling(), vec![people()]), &[]),
        ("by seller", question(&["seller"], Time::Whole, vec![value(), Function::Rows]), &[]),
        (
            "rows by weekday and hour",
            question(&["hour"], Time::Weekday { column: "day".to_owned() }, vec![Function::Rows]),
            &[],
        ),
    ]
}

/// The filters after a step: which of three moves depends on where in the trace it is.
pub fn filters(step: usize) -> Vec<Filter> {
    let step = step as u64;
    let filter = |column: &str, test: Test| Filter { column: column.to_owned(), test };
    let one = |column: &str, member: String| filter(column, Test::In(vec![member]));
    let brush = |start: u64, width: u64| {
        let end = (start + width).min(DAYS - 1);
        filter("day", Test::Between { from: Some(day(start)), to: Some(day(end)) })
    };
    match step {
        // A brush of ninety days is dragged over the year, one to three days at a time.
        0..80 => vec![brush(step * 2 + step % 3, 90)],
        // Its right edge is pulled out.
        80..110 => vec![brush(160, 90 + (step - 80) * 6)],
        // States are chosen one after the other, then two together.
        110..140 => vec![brush(160, 270), one("uf", UFS[(step % 27) as usize].to_owned())],
        140..150 => {
            let pair = vec![UFS[(step % 27) as usize].to_owned(), "SP".to_owned()];
            vec![brush(160, 270), filter("uf", Test::In(pair))]
        }
        // The brush moves with a state and a category.
        150..180 => vec![
            brush(step, 90),
            one("uf", "SP".to_owned()),
            one("category", format!("Categoria {}", step / 6 % 40)),
        ],
        // All is taken off and put back.
        _ if step.is_multiple_of(4) => Vec::new(),
        _ => vec![filter("uf", Test::NotIn(vec![UFS[(step % 27) as usize].to_owned()]))],
    }
}

/// The session and its tiles.
pub struct Board {
    pub session: Session,
    pub links: Vec<Link>,
}

impl Board {
    pub fn new(slice: Slice) -> Board {
        let mut session = Session::new(Arc::new(slice));
        let add = |(_, question, ignored): &(&str, Question, &[&str])| {
            session.add(question, ignored).expect("a tile")
        };
        let links = tiles().iter().map(add).collect();
        Board { session, links }
    }

    /// Moves the filters and reads every tile, as a screen would.
    pub fn step(&mut self, step: usize) -> u64 {
        self.session.filter(&filters(step)).expect("filters of the trace");
        self.links.iter().map(|link| checksum(&self.session.answer(*link))).fold(0, u64::wrapping_add)
    }
}

pub fn checksum(answer: &Answer) -> u64 {
    let cell = |cell: &Cell| match cell {
        Cell::Int(value) => *value as u64,
        Cell::Decimal { unscaled, .. } => *unscaled as u64,
        Cell::Float(value) => value.to_bits(),
        _ => 1,
    };
    let cells = answer.values.iter().flatten().map(cell);
    cells.zip(1..).map(|(cell, place)| cell.wrapping_mul(place)).fold(answer.len() as u64, u64::wrapping_add)
}
