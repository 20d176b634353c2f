//! Filters become sets of rows.
//!
//! Does not combine them (`tile`, `session`). Invariant: a filter depends on one column only, so that moving it changes one set.

use crate::SliceError;
use crate::bits::Bits;
use crate::codes::{Code, Codes, with_codes};
use crate::question::{Filter, Test};
use crate::slice::{Days, Held, Members, Slice};
use chrono::NaiveDate;
use std::ops::Range;

/// The rows that pass.
pub(crate) fn rows(slice: &Slice, filter: &Filter) -> Result<Bits, SliceError> {
    let column = slice.column(&filter.column)?;
    let unfit = |needed| Err(slice.unfit(column, needed));
    match (slice.held(column), &filter.test) {
        (Held::Days(days), test) => Ok(of_days(days, test)),
        (Held::Dimension(members), test) => match of_members(members, test) {
            Some(rows) => Ok(rows),
            None => unfit("filter it by its members"),
        },
        (Held::Entity(entity), Test::NotNull) => Ok(within(&entity.codes, &(1..u64::MAX))),
        (Held::Entity(entity), Test::Null) => Ok(within(&entity.codes, &(0..1))),
        (Held::Measure(numbers), Test::NotNull | Test::Null) => {
            let valid = numbers.valid.clone().unwrap_or_else(|| Bits::all(slice.rows()));
            Ok(if filter.test == Test::Null { valid.not() } else { valid })
        }
        (Held::Entity(_) | Held::Measure(_), _) => {
            unfit("filter it by whether it has a value, or by a dimension")
        }
    }
}

fn of_days(days: &Days, test: &Test) -> Bits {
    let listed = |list: &Vec<String>, wanted: bool| {
        let mut allowed = vec![!wanted; days.last + 1];
        for text in list {
            // A day is written in one way only; and code 0 is no value, not the day before the first.
            let day = text.parse().ok().filter(|day: &NaiveDate| day.to_string() == *text);
            let code =
                day.map(|day| days.code(day)).filter(|code| *code > 0).or(text.is_empty().then_some(0));
            if let Some(allowed) = code.and_then(|code| allowed.get_mut(usize::try_from(code).ok()?)) {
                *allowed = wanted;
            }
        }
        among(&days.codes, &allowed)
    };
    match test {
        Test::In(list) => listed(list, true),
        Test::NotIn(list) => listed(list, false),
        Test::Null => within(&days.codes, &(0..1)),
        Test::NotNull => within(&days.codes, &(1..u64::MAX)),
        Test::Between { from, to } => {
            let bound = |code: i64| u64::try_from(code.max(1)).unwrap_or(1);
            let from = from.map_or(1, |day| bound(days.code(day)));
            let to = to.map_or(u64::MAX, |day| bound(days.code(day).saturating_add(1)));
            within(&days.codes, &(from..to))
        }
    }
}

fn of_members(members: &Members, test: &Test) -> Option<Bits> {
    let listed = |list: &Vec<String>, wanted: bool| {
        let mut allowed = vec![!wanted; members.dictionary.len() + 1];
        for member in list {
            let code = if member.is_empty() { Some(0) } else { members.dictionary.code(member) };
            if let Some(code) = code {
                allowed[code as usize] = wanted;
            }
        }
        among(&members.codes, &allowed)
    };
    match test {
        Test::In(list) => Some(listed(list, true)),
        Test::NotIn(list) => Some(listed(list, false)),
        Test::Null => Some(within(&members.codes, &(0..1))),
        Test::NotNull => Some(within(&members.codes, &(1..u64::MAX))),
        Test::Between { .. } => None,
    }
}

/// Rows whose code is allowed.
fn among(codes: &Codes, allowed: &[bool]) -> Bits {
    // The codes from the first to the last that are (not) allowed, when there are no others between them.
    let one_range = |wanted: bool| {
        let first = allowed.iter().position(|allowed| *allowed == wanted).unwrap_or(allowed.len());
        let stretch = allowed[first..].iter().take_while(|allowed| **allowed == wanted).count();
        let all = allowed.iter().filter(|allowed| **allowed == wanted).count();
        (stretch == all).then_some(first as u64..(first + stretch) as u64)
    };
    if let Some(range) = one_range(true) {
        return within(codes, &range);
    }
    if let Some(range) = one_range(false) {
        return within(codes, &range).not();
    }
    let flags: Vec<u8> = allowed.iter().map(|allowed| u8::from(*allowed)).collect();
    with_codes!(codes, codes => Bits::from_flags(codes.len(), |start, stretch| {
        for (flag, code) in stretch.iter_mut().zip(&codes[start..]) {
            *flag = flags[code.index()];
        }
    }))
}

/// Rows whose code is in a range.
fn within(codes: &Codes, range: &Range<u64>) -> Bits {
    fn flags<C: Code>(codes: &[C], inside: impl Fn(C) -> bool) -> Bits {
        Bits::from_flags(codes.len(), |start, stretch| {
            for (flag, code) in stretch.iter_mut().zip(&codes[start..]) {
                *flag = u8::from(inside(*code));
            }
        })
    }
    if range.is_empty() {
        return Bits::none(codes.len());
    }
    // In the column's own type, so that a vector register holds many.
    let (from, to) = (range.start, range.end - 1);
    match codes {
        Codes::U8(codes) => match u8::try_from(from) {
            Ok(from) => {
                let to = u8::try_from(to).unwrap_or(u8::MAX);
                flags(codes, |code| from <= code && code <= to)
            }
            Err(_) => Bits::none(codes.len()),
        },
        Codes::U16(codes) => match u16::try_from(from) {
            Ok(from) => {
                let to = u16::try_from(to).unwrap_or(u16::MAX);
                flags(codes, |code| from <= code && code <= to)
            }
            Err(_) => Bits::none(codes.len()),
        },
        Codes::U32(codes) => match u32::try_from(from) {
            Ok(from) => {
                let to = u32::try_from(to).unwrap_or(u32::MAX);
                flags(codes, |code| from <= code && code <= to)
            }
            Err(_) => Bits::none(codes.len()),
        },
        Codes::U64(codes) => flags(codes, |code| from <= code && code <= to),
    }
}
