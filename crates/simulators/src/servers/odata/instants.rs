//! Points in time as text: what a CRM writes with an offset, and what an ERP writes as a date.
//!
//! Reads no clock. Invariant: reading what was written gives the same instant.

use crate::calendar::{self, DAY_SECONDS, Day, Moment, UTC_OFFSET};

/// `2026-03-07`.
pub fn date(day: Day) -> String {
    let (year, month, on) = calendar::civil(day);
    format!("{year:04}-{month:02}-{on:02}")
}

/// `12:39:44` of seconds since midnight.
pub fn time(seconds: i64) -> String {
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// `2026-03-07T12:39:44.957-03:00` of a local moment and its milliseconds.
pub fn local(at: Moment, milliseconds: i64) -> String {
    let day = date(at.div_euclid(DAY_SECONDS) as Day);
    format!("{day}T{}.{milliseconds:03}-03:00", time(at.rem_euclid(DAY_SECONDS)))
}

/// Milliseconds since 1970 in UTC of a local moment.
pub fn utc(at: Moment, milliseconds: i64) -> i64 {
    (at + UTC_OFFSET) * 1000 + milliseconds
}

/// The day of a text that begins with `aaaa-mm-dd`, or is `aaaammdd`.
pub fn parse_date(text: &str) -> Option<Day> {
    let part = |range: std::ops::Range<usize>| -> Option<i32> {
        let digits = text.get(range)?;
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
    };
    let (year, month, on) = if text.len() == 8 {
        (part(0..4)?, part(4..6)?, part(6..8)?)
    } else {
        let dashed = text.get(4..5)? == "-" && text.get(7..8)? == "-";
        if !dashed {
            return None;
        }
        (part(0..4)?, part(5..7)?, part(8..10)?)
    };
    let day = calendar::day(year, month, on);
    (calendar::civil(day) == (year, month, on)).then_some(day)
}

/// Milliseconds since 1970 in UTC of `2026-03-07`, `2026-03-07T12:39:44.957-03:00`, or the same with `Z`; local without an offset.
pub fn parse(text: &str) -> Option<i64> {
    let day = parse_date(text.get(..10)?)?;
    let midnight = i64::from(day) * DAY_SECONDS;
    let Some(rest) = text.get(10..).filter(|rest| !rest.is_empty()) else { return Some(utc(midnight, 0)) };
    let rest = rest.strip_prefix('T')?;
    let (clock, offset) = split_offset(rest)?;
    let (seconds, milliseconds) = parse_clock(clock)?;
    Some((midnight + seconds - offset) * 1000 + milliseconds)
}

/// The time of day, and the seconds by which its zone is ahead of UTC.
fn split_offset(text: &str) -> Option<(&str, i64)> {
    if let Some(clock) = text.strip_suffix('Z') {
        return Some((clock, 0));
    }
    let Some(at) = text.rfind(['+', '-']) else { return Some((text, -UTC_OFFSET)) };
    let (hours, minutes) = text[at + 1..].split_once(':')?;
    let seconds = hours.parse::<i64>().ok()? * 3600 + minutes.parse::<i64>().ok()? * 60;
    Some((&text[..at], if text.as_bytes()[at] == b'-' { -seconds } else { seconds }))
}

fn parse_clock(text: &str) -> Option<(i64, i64)> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut parts = whole.split(':');
    let mut next = |limit: i64| parts.next().map_or(Some(0), |part| part.parse().ok().filter(|n| *n < limit));
    let seconds = next(24)? * 3600 + next(60)? * 60 + next(60)?;
    if parts.next().is_some() || !whole.contains(':') {
        return None;
    }
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let milliseconds = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    Some((seconds, milliseconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instant_survives_being_written_and_read() {
        let at = i64::from(calendar::day(2026, 3, 7)) * DAY_SECONDS + 45_584;
        assert_eq!(local(at, 957), "2026-03-07T12:39:44.957-03:00");
        assert_eq!(parse(&local(at, 957)), Some(utc(at, 957)));
        assert_eq!(parse("2026-03-07T15:39:44.957Z"), Some(utc(at, 957)));
        assert_eq!(parse("2026-03-07T16:39:44.957+01:00"), Some(utc(at, 957)));
    }

    #[test]
    fn what_is_no_instant_is_refused() {
        for text in
            ["", "2026", "2026-02-30", "2026-03-07T", "2026-03-07T25:00:00", "2026-03-07 10:00", "20260307x"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse_date("20260307"), Some(calendar::day(2026, 3, 7)));
    }
}
