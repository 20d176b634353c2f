//! When a source is read: at moments of a cron expression, every so many minutes, or only when somebody asks.
//!
//! Starts nothing and reads no clock. Invariant: however many moments were missed, the next one is one; nothing is made up for.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use croner::Cron;
use std::fmt;
use std::str::FromStr;

/// Without a schedule a source is read twice within its promise, so that one sync may fail and the promise still hold.
const TRIES_PER_PROMISE: u64 = 2;
/// A source that promises nothing is read once an hour.
const UNPROMISED_MINUTES: u64 = 60;

#[derive(Debug, Clone)]
pub enum Schedule {
    /// Minutes between the beginning of one sync and that of the next.
    Every(u64),
    /// Five fields (minute, hour, day, month, weekday) in the workspace's time zone.
    Cron(Box<Cron>),
    /// Only when somebody asks.
    Manual,
}

impl Schedule {
    /// The schedule of a source that was given none.
    pub fn keeping(promised_minutes: Option<u64>) -> Schedule {
        Schedule::Every(match promised_minutes {
            Some(minutes) => (minutes / TRIES_PER_PROMISE).max(1),
            None => UNPROMISED_MINUTES,
        })
    }

    /// The schedule of these words, or else the one that keeps the promise.
    ///
    /// # Errors
    /// Tells what was meant to stand there.
    pub fn of(words: Option<&str>, promised_minutes: Option<u64>) -> Result<Schedule, String> {
        match words.map(str::trim).filter(|words| !words.is_empty()) {
            Some(words) => words.parse(),
            None => Ok(Schedule::keeping(promised_minutes)),
        }
    }

    /// The first moment after `last` (when the last sync began; none when there was none) that is due.
    ///
    /// A day on which the clock is turned does not lose or double a sync: a moment that does not exist moves to the next that does, one
    /// that comes twice counts once.
    pub fn next(&self, last: Option<DateTime<Utc>>, now: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
        match self {
            Schedule::Manual => None,
            Schedule::Every(minutes) => {
                let minutes = i64::try_from(*minutes).unwrap_or(i64::MAX / 60_000);
                Some(last.map_or(now, |last| last + TimeDelta::minutes(minutes)))
            }
            Schedule::Cron(cron) => {
                let after = last.unwrap_or(now).with_timezone(&zone);
                let next = cron.find_next_occurrence(&after, false).ok()?;
                Some(next.with_timezone(&Utc))
            }
        }
    }
}

impl FromStr for Schedule {
    type Err = String;

    fn from_str(words: &str) -> Result<Schedule, String> {
        let refused = || {
            format!(
                "`{words}` is no schedule; write `every 30m`, `every 6h`, `manual`, or a cron expression such as `0 6 * * 1-5`"
            )
        };
        if words == "manual" {
            return Ok(Schedule::Manual);
        }
        if let Some(interval) = words.strip_prefix("every ").or_else(|| words.strip_prefix("a cada ")) {
            let digits = interval.find(|c: char| !c.is_ascii_digit()).unwrap_or(interval.len());
            let (number, unit) = interval.split_at(digits);
            let number: u64 = number.parse().map_err(|_| refused())?;
            let minutes = match unit.trim() {
                "m" | "min" => Some(number),
                "h" => number.checked_mul(60),
                "d" => number.checked_mul(24 * 60),
                _ => None,
            };
            return minutes
                .filter(|minutes| (1..=366 * 24 * 60).contains(minutes))
                .map(Schedule::Every)
                .ok_or_else(refused);
        }
        if words.split_whitespace().count() != 5 {
            return Err(refused());
        }
        Cron::from_str(words).map(|cron| Schedule::Cron(Box::new(cron))).map_err(|_| refused())
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Schedule::Manual => f.write_str("manual"),
            Schedule::Every(minutes) if minutes % (24 * 60) == 0 => {
                write!(f, "every {}d", minutes / (24 * 60))
            }
            Schedule::Every(minutes) if minutes % 60 == 0 => write!(f, "every {}h", minutes / 60),
            Schedule::Every(minutes) => write!(f, "every {minutes}m"),
            Schedule::Cron(cron) => f.write_str(cron.pattern.to_string().as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn next(words: &str, last: &str, zone: &str) -> String {
        let schedule: Schedule = words.parse().unwrap();
        let next = schedule.next(Some(at(last)), at(last), zone.parse().unwrap()).unwrap();
        next.format("%Y-%m-%dT%H:%MZ").to_string()
    }

    #[test]
    fn schedules_are_read_and_written_in_the_same_words() {
        for words in ["manual", "every 7m", "every 6h", "every 2d", "0 6 * * 1-5", "*/15 8-18 * * *"] {
            assert_eq!(words.parse::<Schedule>().unwrap().to_string(), words);
        }
        for words in [
            "",
            "every",
            "every 0m",
            "every m",
            "every -3m",
            "every 99999999999999999999h",
            "daily",
            "0 25 * * *",
            "* * * * * *",
        ] {
            let refused = words.parse::<Schedule>().unwrap_err();
            assert!(refused.contains("is no schedule; write `every 30m`"), "{words}: {refused}");
        }
    }

    #[test]
    fn a_source_without_a_schedule_is_read_twice_within_its_promise() {
        assert_eq!(Schedule::keeping(Some(15)).to_string(), "every 7m");
        assert_eq!(Schedule::keeping(Some(1)).to_string(), "every 1m");
        assert_eq!(Schedule::keeping(None).to_string(), "every 1h");
        assert_eq!(Schedule::of(Some(" "), Some(60)).unwrap().to_string(), "every 30m");
    }

    #[test]
    fn cron_is_in_the_time_zone_of_the_workspace() {
        assert_eq!(next("0 6 * * *", "2026-11-28T08:00:00Z", "America/Sao_Paulo"), "2026-11-28T09:00Z");
        assert_eq!(next("0 6 * * 1-5", "2026-11-27T10:00:00Z", "America/Sao_Paulo"), "2026-11-30T09:00Z");
        assert_eq!(next("0 6 * * *", "2026-11-28T08:00:00Z", "UTC"), "2026-11-29T06:00Z");
    }

    #[test]
    fn turning_the_clock_neither_loses_nor_doubles_a_sync() {
        // Brazil turned the clock forward at midnight of 2018-11-04: 00:30 does not exist on that day.
        let zone = "America/Sao_Paulo";
        assert_eq!(next("30 0 * * *", "2018-11-03T12:00:00Z", zone), "2018-11-04T03:00Z");
        // And back at midnight of 2018-02-18: 23:30 of the 17th comes twice.
        let first = next("30 23 * * *", "2018-02-17T12:00:00Z", zone);
        assert_eq!(first, "2018-02-18T01:30Z");
        let second = next("30 23 * * *", "2018-02-18T01:30:00Z", zone);
        assert_eq!(second, "2018-02-19T02:30Z");
    }

    #[test]
    fn moments_that_were_missed_become_one() {
        let schedule: Schedule = "every 10m".parse().unwrap();
        let (last, now) = (at("2026-11-28T00:00:00Z"), at("2026-11-28T09:00:00Z"));
        let due = schedule.next(Some(last), now, Tz::UTC).unwrap();
        assert!(due <= now);
        assert!(schedule.next(Some(now), now, Tz::UTC).unwrap() > now);
        assert_eq!(schedule.next(None, now, Tz::UTC), Some(now), "never read: read now");
    }
}
