//! Dates and times as files write them: ISO, `dd/mm/aaaa`, `m/d/yy h:mm`.
//!
//! Does not decide whether the day or the month comes first (`tally`). Invariant: only days that the calendar has become values.

use chrono::{Datelike, NaiveDate};

use crate::cell::DateOrder;

const DAY_US: i64 = 86_400_000_000;

/// A text that looks like a date, perhaps with a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    days: Days,
    /// Microseconds since midnight.
    time_us: Option<i64>,
    /// Seconds that the local clock is ahead of UTC.
    offset_s: Option<i32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Days {
    Iso(Option<i32>),
    Slashed { day_first: Option<i32>, month_first: Option<i32> },
}

/// How a text that looks like a date can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    Any,
    DayFirst,
    MonthFirst,
    /// No such day, as in `31/02/2026`.
    Impossible,
}

impl Written {
    pub fn order(&self) -> Order {
        match self.days {
            Days::Iso(Some(_)) | Days::Slashed { day_first: Some(_), month_first: Some(_) } => Order::Any,
            Days::Slashed { day_first: Some(_), month_first: None } => Order::DayFirst,
            Days::Slashed { day_first: None, month_first: Some(_) } => Order::MonthFirst,
            Days::Iso(None) | Days::Slashed { .. } => Order::Impossible,
        }
    }

    pub fn has_time(&self) -> bool {
        self.time_us.is_some()
    }

    pub fn has_offset(&self) -> bool {
        self.offset_s.is_some()
    }

    /// Days since 1970-01-01; `None` for an impossible day, or when a time of day would be lost.
    pub fn date(&self, order: DateOrder) -> Option<i32> {
        (self.time_us.unwrap_or(0) == 0 && self.offset_s.is_none()).then_some(())?;
        self.day(order)
    }

    /// Microseconds since 1970-01-01 by the clock that wrote it.
    pub fn timestamp(&self, order: DateOrder) -> Option<i64> {
        Some(i64::from(self.day(order)?) * DAY_US + self.time_us.unwrap_or(0))
    }

    /// Microseconds since 1970-01-01 UTC; `None` without an offset.
    pub fn moment(&self, order: DateOrder) -> Option<i64> {
        Some(self.timestamp(order)? - i64::from(self.offset_s?) * 1_000_000)
    }

    fn day(&self, order: DateOrder) -> Option<i32> {
        match (self.days, order) {
            (Days::Iso(day), _) => day,
            (Days::Slashed { day_first, .. }, DateOrder::DayFirst) => day_first,
            (Days::Slashed { month_first, .. }, DateOrder::MonthFirst) => month_first,
        }
    }
}

/// Takes digits and signs off the front of a text.
struct Scanner<'a>(&'a [u8]);

impl Scanner<'_> {
    fn number(&mut self, least: usize, most: usize) -> Option<(u32, usize)> {
        let length = self.0.iter().take(most + 1).take_while(|b| b.is_ascii_digit()).count();
        if !(least..=most).contains(&length) {
            return None;
        }
        let value = self.0[..length].iter().fold(0, |value, b| value * 10 + u32::from(b - b'0'));
        self.0 = &self.0[length..];
        Some((value, length))
    }

    fn sign(&mut self, wanted: impl Fn(u8) -> bool) -> Option<u8> {
        let first = *self.0.first()?;
        wanted(first).then(|| self.0 = &self.0[1..])?;
        Some(first)
    }
}

/// Reads `text`, which has no blanks around it; `None` when it does not look like a date.
pub fn written(text: &[u8]) -> Option<Written> {
    if !(6..=40).contains(&text.len()) || !text[0].is_ascii_digit() {
        return None;
    }
    let mut scanner = Scanner(text);
    let (first, first_length) = scanner.number(1, 4)?;
    let separator = scanner.sign(|b| matches!(b, b'/' | b'-' | b'.'))?;
    let (second, _) = scanner.number(1, 2)?;
    scanner.sign(|b| b == separator)?;
    let days = match first_length {
        4 if separator != b'.' => {
            let (day, _) = scanner.number(1, 2)?;
            Days::Iso(day_of(first, second, day))
        }
        1 | 2 => {
            let (year, year_length) = scanner.number(2, 4)?;
            // Two-digit years only with slashes: `10-05-12` is as often a code as a date.
            (year_length == 4 || (year_length == 2 && separator == b'/')).then_some(())?;
            let year = if year_length == 2 { year + if year < 70 { 2000 } else { 1900 } } else { year };
            Days::Slashed { day_first: day_of(year, second, first), month_first: day_of(year, first, second) }
        }
        _ => return None,
    };
    let (time_us, offset_s) = time_of(scanner)?;
    Some(Written { days, time_us, offset_s })
}

fn day_of(year: u32, month: u32, day: u32) -> Option<i32> {
    const EPOCH: i32 = 719_163;
    (year > 0).then_some(())?;
    Some(NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?.num_days_from_ce() - EPOCH)
}

/// Nothing, or a time of day with perhaps an offset, up to the end of the text.
fn time_of(mut scanner: Scanner<'_>) -> Option<(Option<i64>, Option<i32>)> {
    if scanner.0.is_empty() {
        return Some((None, None));
    }
    scanner.sign(|b| matches!(b, b' ' | b'T' | b't'))?;
    scanner.0 = scanner.0.trim_ascii_start();
    let (mut hour, _) = scanner.number(1, 2)?;
    scanner.sign(|b| b == b':')?;
    let (minute, _) = scanner.number(2, 2)?;
    let (mut second, mut fraction_us) = (0, 0);
    if scanner.sign(|b| b == b':').is_some() {
        (second, _) = scanner.number(2, 2)?;
        if scanner.sign(|b| matches!(b, b'.' | b',')).is_some() {
            let (fraction, length) = scanner.number(1, 9)?;
            fraction_us = u64::from(fraction) * 1_000_000 / 10_u64.pow(length as u32);
        }
    }
    let rest = scanner.0.trim_ascii_start();
    let rest = match rest.get(..2) {
        Some(half) if half.eq_ignore_ascii_case(b"am") || half.eq_ignore_ascii_case(b"pm") => {
            (1..=12).contains(&hour).then_some(())?;
            hour = hour % 12 + if half.eq_ignore_ascii_case(b"pm") { 12 } else { 0 };
            &rest[2..]
        }
        _ => rest,
    };
    (hour < 24 && minute < 60 && second < 60).then_some(())?;
    let time_us = i64::from(hour * 3600 + minute * 60 + second) * 1_000_000 + fraction_us as i64;
    let offset_s = if rest.is_empty() { None } else { Some(offset_of(rest)?) };
    Some((Some(time_us), offset_s))
}

/// Seconds ahead of UTC that `Z`, `-03`, `-0300` or `-03:00` stand for.
fn offset_of(text: &[u8]) -> Option<i32> {
    let (sign, digits) = match text {
        b"Z" | b"z" | b"UTC" => return Some(0),
        [b'+', digits @ ..] => (1, digits),
        [b'-', digits @ ..] => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = match digits {
        [a, b] => ([*a, *b], *b"00"),
        [a, b, c, d] | [a, b, b':', c, d] => ([*a, *b], [*c, *d]),
        _ => return None,
    };
    let two = |pair: [u8; 2]| {
        pair.iter()
            .all(u8::is_ascii_digit)
            .then(|| i32::from(pair[0] - b'0') * 10 + i32::from(pair[1] - b'0'))
    };
    let (hours, minutes) = (two(hours)?, two(minutes)?);
    (hours <= 18 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

/// A day as ISO writes it.
pub fn iso_date(days: i32) -> String {
    match NaiveDate::from_epoch_days(days) {
        Some(date) => date.format("%Y-%m-%d").to_string(),
        None => days.to_string(),
    }
}

/// A timestamp as ISO writes it, with fractions of a second only where there are some.
pub fn iso_timestamp(microseconds: i64) -> String {
    match chrono::DateTime::from_timestamp_micros(microseconds) {
        Some(at) => at.naive_utc().format("%Y-%m-%d %H:%M:%S%.f").to_string(),
        None => microseconds.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timestamp(text: &str, order: DateOrder) -> Option<String> {
        written(text.as_bytes())?.timestamp(order).map(iso_timestamp)
    }

    #[test]
    fn written_known_spellings_give_the_moment() {
        for (text, order, expected) in [
            ("2026-06-30", DateOrder::DayFirst, "2026-06-30 00:00:00"),
            ("30/06/2026", DateOrder::DayFirst, "2026-06-30 00:00:00"),
            ("6/9/11 9:54", DateOrder::MonthFirst, "2011-06-09 09:54:00"),
            ("12/1/10 8:26", DateOrder::MonthFirst, "2010-12-01 08:26:00"),
            ("01.02.2026", DateOrder::DayFirst, "2026-02-01 00:00:00"),
            ("01/02/2026 23:59:59,5", DateOrder::DayFirst, "2026-02-01 23:59:59.500"),
            ("2026-06-30T10:00:00.123456Z", DateOrder::DayFirst, "2026-06-30 10:00:00.123456"),
            ("1/2/1999 12:05 AM", DateOrder::MonthFirst, "1999-01-02 00:05:00"),
            ("2/1/69", DateOrder::DayFirst, "2069-01-02 00:00:00"),
        ] {
            assert_eq!(timestamp(text, order).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn written_offsets_come_out_in_utc() {
        for text in [
            "2026-06-30T10:00:00-03:00",
            "2026-06-30 10:00:00 -0300",
            "2026-06-30T10:00:00-03",
            "2026-06-30T13:00:00Z",
        ] {
            let moment =
                written(text.as_bytes()).and_then(|it| it.moment(DateOrder::DayFirst)).map(iso_timestamp);
            assert_eq!(moment.as_deref(), Some("2026-06-30 13:00:00"), "{text}");
        }
    }

    #[test]
    fn written_impossible_days_look_like_dates_but_are_none() {
        for text in ["31/02/2026", "2026-02-30", "00/00/0000", "45/45/2026"] {
            assert_eq!(written(text.as_bytes()).unwrap().order(), Order::Impossible, "{text}");
        }
        assert_eq!(written(b"10/20/2016").unwrap().order(), Order::MonthFirst);
        assert_eq!(written(b"20/10/2016").unwrap().order(), Order::DayFirst);
        assert_eq!(written(b"03/04/2016").unwrap().order(), Order::Any);
    }

    #[test]
    fn written_codes_are_no_dates() {
        for text in [
            "10-05-12",
            "1.2.3",
            "12/2026",
            "2026-06",
            "20260630",
            "2026-06-30 25:00",
            "2026-06-30x",
            "1234567890",
            "2026-06-30 10:00 +99:00",
        ] {
            assert_eq!(written(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn date_refuses_to_lose_a_time() {
        assert_eq!(written(b"30/06/2026 10:00").unwrap().date(DateOrder::DayFirst), None);
        assert!(written(b"30/06/2026 00:00").unwrap().date(DateOrder::DayFirst).is_some());
    }
}
