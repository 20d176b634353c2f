//! The right answers, row by row, as slowly and as plainly as they can be had.
//!
//! Shares no code with the slice: maps, sorted lists, 128-bit sums, and floats read from decimal text. Invariant: what it does is what the SQL of
//! a scan says.

use crate::random::{COLUMNS, Data, Of, Raw, date, position};
use chrono::{Datelike, NaiveDate};
use kpi::{Cell, Grain};
use slice::{Answer, Days, Filter, Function, Place, Question, Test, Time, Value};
use std::collections::{BTreeMap, BTreeSet};

/// One group: place, members, rows, cells.
pub type Group = (Place, Vec<Option<String>>, u64, Vec<Cell>);

pub fn flat(answer: &Answer) -> Vec<Group> {
    (0..answer.len())
        .map(|group| {
            let members = answer.by.iter().map(|by| by.get(group).map(str::to_owned)).collect();
            let cells = answer.values.iter().map(|cells| cells[group].clone()).collect();
            (answer.places[group], members, answer.rows[group], cells)
        })
        .collect()
}

fn day(row: &[Raw], name: &str) -> Option<NaiveDate> {
    match row[position(name)] {
        Raw::Day(day) => day.map(date),
        _ => panic!("`{name}` is no day"),
    }
}

fn text<'r>(row: &'r [Raw], name: &str) -> Option<&'r str> {
    match &row[position(name)] {
        Raw::Text(text) => text.as_deref(),
        _ => panic!("`{name}` is no text"),
    }
}

fn number(row: &[Raw], name: &str) -> Option<i128> {
    match row[position(name)] {
        Raw::Number(number) => number,
        _ => panic!("`{name}` is no number"),
    }
}

fn kind(name: &str) -> Of {
    COLUMNS[position(name)].1
}

fn is_null(row: &[Raw], name: &str) -> bool {
    match &row[position(name)] {
        Raw::Day(day) => day.is_none(),
        Raw::Text(text) => text.is_none() || (kind(name) == Of::Dimension && text.as_deref() == Some("")),
        Raw::Number(number) => number.is_none(),
    }
}

fn passes(row: &[Raw], filter: &Filter) -> bool {
    let name = filter.column.as_str();
    let member = || match kind(name) {
        Of::Day => day(row, name).map(|day| day.to_string()).unwrap_or_default(),
        _ => text(row, name).unwrap_or_default().to_owned(),
    };
    match &filter.test {
        Test::In(list) => list.contains(&member()),
        Test::NotIn(list) => !list.contains(&member()),
        Test::Null => is_null(row, name),
        Test::NotNull => !is_null(row, name),
        Test::Between { from, to } => day(row, name)
            .is_some_and(|day| from.is_none_or(|from| from <= day) && to.is_none_or(|to| day <= to)),
    }
}

fn bucket(grain: Grain, day: NaiveDate) -> NaiveDate {
    let of = |month: u32, of_month: u32| NaiveDate::from_ymd_opt(day.year(), month, of_month).unwrap();
    match grain {
        Grain::Day => day,
        Grain::Week => {
            let mut monday = day;
            while monday.weekday() != chrono::Weekday::Mon {
                monday = monday.pred_opt().unwrap();
            }
            monday
        }
        Grain::Month => of(day.month(), 1),
        Grain::Quarter => of(
            match day.month() {
                1..=3 => 1,
                4..=6 => 4,
                7..=9 => 7,
                _ => 10,
            },
            1,
        ),
        Grain::Year => of(1, 1),
    }
}

/// The places that a row counts in. Which day stands for a span does not depend on filters.
fn places(data: &Data, row: &[Raw], time: &Time) -> Vec<Place> {
    match time {
        Time::Whole => vec![Place::Whole],
        Time::Grain { column, grain } => {
            day(row, column).map(|day| Place::Day(bucket(*grain, day))).into_iter().collect()
        }
        Time::Weekday { column } => {
            let number = |day: NaiveDate| day.weekday().num_days_from_monday() as u8 + 1;
            day(row, column).map(|day| Place::Weekday(number(day))).into_iter().collect()
        }
        Time::Spans { column, spans, days } => {
            let Some(own) = day(row, column) else { return Vec::new() };
            let all = || data.rows.iter().filter_map(|other| day(other, column));
            let counts = |span: &kpi::Period| match days {
                Days::All => span.from() <= own && own <= span.to(),
                Days::Last => all().filter(|day| *day <= span.to()).max() == Some(own),
                Days::First => {
                    all().filter(|day| span.from() <= *day && *day <= span.to()).min() == Some(own)
                }
                Days::LastOf(of) => {
                    let same = data.rows.iter().filter(|other| text(other, of) == text(row, of));
                    same.filter_map(|other| day(other, column)).filter(|day| *day <= span.to()).max()
                        == Some(own)
                }
            };
            let numbers = spans.iter().enumerate().filter(|(_, span)| counts(span));
            numbers.map(|(number, _)| Place::Span(number)).collect()
        }
    }
}

/// `unscaled × 10^-scale` as the nearest float.
fn float(unscaled: i128, scale: u8) -> f64 {
    format!("{unscaled}e-{scale}").parse().unwrap()
}

fn exact(unscaled: i128, scale: u8) -> Cell {
    match i64::try_from(unscaled) {
        Ok(value) if scale == 0 => Cell::Int(value),
        _ => Cell::Decimal { unscaled, scale },
    }
}

fn cell(rows: &[&Vec<Raw>], value: &Value) -> Cell {
    let rows: Vec<&&Vec<Raw>> =
        rows.iter().filter(|row| value.filters.iter().all(|filter| passes(row, filter))).collect();
    let scale = |name: &str| match kind(name) {
        Of::Measure(scale) => scale,
        _ => panic!("`{name}` is no measure"),
    };
    let numbers = |name: &str| -> Vec<i128> {
        let mut numbers: Vec<i128> = rows.iter().filter_map(|row| number(row, name)).collect();
        numbers.sort_unstable();
        numbers
    };
    match &value.function {
        Function::Rows => Cell::Int(rows.len() as i64),
        Function::Count(of) => Cell::Int(rows.iter().filter(|row| !is_null(row, of)).count() as i64),
        Function::CountDistinct(of) => {
            let some = rows.iter().filter(|row| !is_null(row, of));
            let texts: BTreeSet<String> = some.map(|row| format!("{:?}", row[position(of)])).collect();
            Cell::Int(texts.len() as i64)
        }
        Function::Sum(of) => match numbers(of) {
            numbers if numbers.is_empty() => Cell::Null,
            numbers => exact(numbers.iter().sum(), scale(of)),
        },
        Function::Average(of) => match numbers(of) {
            numbers if numbers.is_empty() => Cell::Null,
            numbers => Cell::Float(float(numbers.iter().sum(), scale(of)) / numbers.len() as f64),
        },
        Function::Min(of) => numbers(of).first().map_or(Cell::Null, |number| exact(*number, scale(of))),
        Function::Max(of) => numbers(of).last().map_or(Cell::Null, |number| exact(*number, scale(of))),
        Function::Percentile { of, share, discrete } => {
            let numbers: Vec<f64> = numbers(of).iter().map(|number| float(*number, scale(of))).collect();
            percentile(&numbers, *share, *discrete).map_or(Cell::Null, Cell::Float)
        }
    }
}

fn percentile(sorted: &[f64], share: f64, discrete: bool) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    if discrete {
        // The first value that has at least this share of all values up to it.
        let reached = |nth: &usize| (nth + 1) as f64 >= share * sorted.len() as f64;
        return (0..=last).find(reached).map(|nth| sorted[nth]);
    }
    let at = share * last as f64;
    let (below, above) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    Some(below + (above - below) * (at - at.floor()))
}

/// Whole numbers by size, then texts, then no value.
fn shown(member: Option<&String>) -> (u8, i64, Option<String>) {
    match member {
        None => (2, 0, None),
        Some(text) => match text.parse::<i64>() {
            Ok(number) => (0, number, Some(text.clone())),
            Err(_) => (1, 0, Some(text.clone())),
        },
    }
}

pub fn answer(data: &Data, question: &Question) -> Vec<Group> {
    type Key = (Place, Vec<Option<String>>);
    let mut groups: BTreeMap<Key, Vec<&Vec<Raw>>> = BTreeMap::new();
    for row in &data.rows {
        if !question.filters.iter().all(|filter| passes(row, filter)) {
            continue;
        }
        let member = |name: &String| text(row, name).filter(|text| !text.is_empty()).map(str::to_owned);
        let members: Vec<Option<String>> = question.by.iter().map(member).collect();
        for place in places(data, row, &question.time) {
            groups.entry((place, members.clone())).or_default().push(row);
        }
    }
    if question.by.is_empty() && question.time == Time::Whole {
        groups.entry((Place::Whole, Vec::new())).or_default();
    }
    let mut answer: Vec<Group> = groups
        .into_iter()
        .map(|((place, members), rows)| {
            let cells = question.values.iter().map(|value| cell(&rows, value)).collect();
            (place, members, rows.len() as u64, cells)
        })
        .collect();
    answer.sort_by_key(|(place, members, _, _)| {
        (*place, members.iter().map(|member| shown(member.as_ref())).collect::<Vec<_>>())
    });
    answer
}
