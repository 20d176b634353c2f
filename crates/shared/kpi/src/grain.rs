//! The width of a time bucket.
//!
//! Knows no holidays (`calendar`). Invariant: `start` maps every day of a bucket to the same first day; weeks start on Monday.

use chrono::{Datelike, Days, Months, NaiveDate};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grain {
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

impl Grain {
    pub const ALL: [Grain; 5] = [Grain::Day, Grain::Week, Grain::Month, Grain::Quarter, Grain::Year];

    pub fn name(self) -> &'static str {
        match self {
            Grain::Day => "day",
            Grain::Week => "week",
            Grain::Month => "month",
            Grain::Quarter => "quarter",
            Grain::Year => "year",
        }
    }

    pub fn parse(name: &str) -> Option<Grain> {
        Grain::ALL.into_iter().find(|grain| grain.name() == name)
    }

    /// First day of the bucket that holds `day`.
    pub fn start(self, day: NaiveDate) -> NaiveDate {
        let month_start = day - Days::new(u64::from(day.day0()));
        match self {
            Grain::Day => day,
            Grain::Week => day - Days::new(u64::from(day.weekday().num_days_from_monday())),
            Grain::Month => month_start,
            Grain::Quarter => month_start - Months::new(day.month0() % 3),
            Grain::Year => month_start - Months::new(day.month0()),
        }
    }

    /// The bucket start `count` buckets after (or before) the bucket start `start`.
    pub fn shift(self, start: NaiveDate, count: i32) -> NaiveDate {
        let months = |per: u32| {
            let months = Months::new(count.unsigned_abs() * per);
            if count < 0 { start - months } else { start + months }
        };
        let days = |per: u64| {
            let days = Days::new(u64::from(count.unsigned_abs()) * per);
            if count < 0 { start - days } else { start + days }
        };
        match self {
            Grain::Day => days(1),
            Grain::Week => days(7),
            Grain::Month => months(1),
            Grain::Quarter => months(3),
            Grain::Year => months(12),
        }
    }

    /// Last day of the bucket that holds `day`.
    pub fn end(self, day: NaiveDate) -> NaiveDate {
        self.shift(self.start(day), 1) - Days::new(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn start_and_end_frame_the_bucket() {
        let d = day("2024-02-29");
        assert_eq!(Grain::Week.start(d), day("2024-02-26"));
        assert_eq!(Grain::Month.end(d), day("2024-02-29"));
        assert_eq!(Grain::Quarter.start(day("2024-06-30")), day("2024-04-01"));
        assert_eq!(Grain::Year.end(d), day("2024-12-31"));
        assert_eq!(Grain::Month.shift(day("2024-01-01"), -1), day("2023-12-01"));
        assert_eq!(Grain::Week.shift(day("2024-01-01"), 2), day("2024-01-15"));
    }
}
