//! Business days: weekends, Brazilian national holidays, and a company's own days off and on.
//!
//! Knows no hours (`transform`'s macros count those) and reads no clock. Invariant: a day is a business day or it is not, whoever asks:
//! a calendar rebuilt in the browser from its list of days off counts the same.

use crate::Period;
use chrono::{Datelike, Days, NaiveDate, Weekday};
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

/// The days on which a company does not work. The default knows weekends only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Calendar {
    /// Weekdays off. Weekend days are left out: they are off anyway.
    off: BTreeSet<NaiveDate>,
    /// Weekend days and holidays on which the company works all the same.
    on: BTreeSet<NaiveDate>,
}

/// A day off and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holiday {
    pub day: NaiveDate,
    pub name: &'static str,
    /// "Ponto facultativo": no national holiday by law, but most companies close.
    pub optional: bool,
}

/// Fixed national holidays: month, day, first year by law, name. Finados became national by Lei 10.607 of December 2002, Aparecida by
/// Lei 6.802 of June 1980, Consciência Negra by Lei 14.759 of December 2023; the others by Lei 662/1949 and Lei 1.266/1950.
const FIXED: [(u32, u32, i32, &str); 9] = [
    (1, 1, 1950, "Confraternização Universal"),
    (4, 21, 1951, "Tiradentes"),
    (5, 1, 1949, "Dia do Trabalho"),
    (9, 7, 1949, "Independência do Brasil"),
    (10, 12, 1980, "Nossa Senhora Aparecida"),
    (11, 2, 2003, "Finados"),
    (11, 15, 1949, "Proclamação da República"),
    (11, 20, 2024, "Dia Nacional de Zumbi e da Consciência Negra"),
    (12, 25, 1949, "Natal"),
];

/// Holidays that move with Easter: days after Easter Sunday, optional, name.
const MOVABLE: [(i64, bool, &str); 4] = [
    (-48, true, "Segunda-feira de Carnaval"),
    (-47, true, "Terça-feira de Carnaval"),
    (-2, false, "Sexta-feira Santa"),
    (60, true, "Corpus Christi"),
];

/// Easter Sunday of a year of the Gregorian calendar (the anonymous algorithm of 1876).
#[expect(clippy::many_single_char_names, reason = "the names of the published algorithm")]
pub fn easter(year: i32) -> NaiveDate {
    let (a, b, c) = (year % 19, year / 100, year % 100);
    let h = (19 * a + b - b / 4 - (b - (b + 8) / 25 + 1) / 3 + 15) % 30;
    let l = (32 + 2 * (b % 4) + 2 * (c / 4) - h - c % 4) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let march_days = h + l - 7 * m + 22;
    let first = NaiveDate::from_ymd_opt(year, 3, 1).unwrap_or_default();
    first + Days::new(u64::from((march_days - 1).unsigned_abs()))
}

/// The national holidays of a year in date order, "pontos facultativos" included.
pub fn national_holidays(year: i32) -> Vec<Holiday> {
    let fixed = FIXED.iter().filter(|(_, _, since, _)| year >= *since).filter_map(|(month, day, _, name)| {
        NaiveDate::from_ymd_opt(year, *month, *day).map(|day| Holiday { day, name, optional: false })
    });
    let movable = MOVABLE.iter().map(|(offset, optional, name)| Holiday {
        day: easter(year) + chrono::TimeDelta::days(*offset),
        name,
        optional: *optional,
    });
    let mut holidays: Vec<Holiday> = fixed.chain(movable).collect();
    holidays.sort_by_key(|holiday| holiday.day);
    holidays
}

fn is_weekend(day: NaiveDate) -> bool {
    matches!(day.weekday(), Weekday::Sat | Weekday::Sun)
}

impl Calendar {
    /// Weekends and exactly these days off: the calendar that `contract::editions::Status::holidays` describes.
    pub fn from_days_off(days: impl IntoIterator<Item = NaiveDate>) -> Calendar {
        Calendar::default().with_days_off(days)
    }

    /// Weekends and national holidays of the years; `optional` adds Carnaval (Monday, Tuesday) and Corpus Christi.
    pub fn brazil(years: RangeInclusive<i32>, optional: bool) -> Calendar {
        let holidays = years.flat_map(national_holidays).filter(|holiday| optional || !holiday.optional);
        Calendar::from_days_off(holidays.map(|holiday| holiday.day))
    }

    /// The same with a company's own days off: city holidays, bridges, collective holidays.
    #[must_use]
    pub fn with_days_off(mut self, days: impl IntoIterator<Item = NaiveDate>) -> Calendar {
        for day in days {
            self.on.remove(&day);
            if !is_weekend(day) {
                self.off.insert(day);
            }
        }
        self
    }

    /// The same with days on which the company works although they are weekends or holidays.
    #[must_use]
    pub fn with_days_on(mut self, days: impl IntoIterator<Item = NaiveDate>) -> Calendar {
        for day in days {
            self.off.remove(&day);
            if is_weekend(day) {
                self.on.insert(day);
            }
        }
        self
    }

    pub fn is_business_day(&self, day: NaiveDate) -> bool {
        if is_weekend(day) { self.on.contains(&day) } else { !self.off.contains(&day) }
    }

    /// The weekdays off within a period, in order: what the browser needs to rebuild this calendar.
    pub fn days_off(&self, period: Period) -> Vec<NaiveDate> {
        self.off.range(period.from()..=period.to()).copied().collect()
    }

    /// Number of business days of a period.
    pub fn business_days(&self, period: Period) -> u32 {
        let (from, to) = (period.from(), period.to());
        let days = period.days();
        let mut count = days / 7 * 5;
        for offset in 0..days % 7 {
            count += i64::from(!is_weekend(from + Days::new(offset.unsigned_abs())));
        }
        let off = self.off.range(from..=to).count() as i64;
        let on = self.on.range(from..=to).count() as i64;
        (count - off + on).unsigned_abs() as u32
    }

    /// The `nth` business day of a period, counted from 1; `None` when it has fewer.
    pub fn nth_business_day(&self, period: Period, nth: u32) -> Option<NaiveDate> {
        if nth == 0 {
            return None;
        }
        period
            .from()
            .iter_days()
            .take_while(|day| *day <= period.to())
            .filter(|day| self.is_business_day(*day))
            .nth(nth as usize - 1)
    }

    /// The share of a period's business days that are over when data covers up to `covered`; 0 to 1. A period without business days
    /// counts its calendar days.
    pub fn elapsed_share(&self, whole: Period, covered: NaiveDate) -> f64 {
        let Ok(elapsed) = Period::new(whole.from(), covered.min(whole.to())) else { return 0.0 };
        match self.business_days(whole) {
            0 => elapsed.days() as f64 / whole.days() as f64,
            total => f64::from(self.business_days(elapsed)) / f64::from(total),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn period(from: &str, to: &str) -> Period {
        Period::new(day(from), day(to)).unwrap()
    }

    #[test]
    fn easter_of_known_years() {
        for text in [
            "1954-04-18",
            "2000-04-23",
            "2019-04-21",
            "2024-03-31",
            "2025-04-20",
            "2026-04-05",
            "2038-04-25",
            "2285-03-22",
        ] {
            assert_eq!(easter(day(text).year()), day(text));
        }
    }

    #[test]
    fn national_holidays_of_2026_are_those_of_the_decree() {
        let days: Vec<String> =
            national_holidays(2026).iter().map(|holiday| holiday.day.to_string()).collect();
        assert_eq!(
            days.join(" "),
            "2026-01-01 2026-02-16 2026-02-17 2026-04-03 2026-04-21 2026-05-01 2026-06-04 2026-09-07 2026-10-12 2026-11-02 \
             2026-11-15 2026-11-20 2026-12-25"
        );
    }

    #[test]
    fn consciencia_negra_is_a_holiday_since_2024() {
        let calendar = Calendar::brazil(2020..=2026, true);
        assert!(calendar.is_business_day(day("2023-11-20")));
        assert!(!calendar.is_business_day(day("2024-11-20")));
    }

    #[test]
    fn optional_days_are_worked_when_not_asked_for() {
        assert!(!Calendar::brazil(2026..=2026, true).is_business_day(day("2026-02-17")));
        assert!(Calendar::brazil(2026..=2026, false).is_business_day(day("2026-02-17")));
    }

    #[test]
    fn own_days_win_over_national_ones() {
        let calendar = Calendar::brazil(2026..=2026, true)
            .with_days_off([day("2026-06-05")])
            .with_days_on([day("2026-06-04"), day("2026-06-06")]);
        assert!(calendar.is_business_day(day("2026-06-04")));
        assert!(!calendar.is_business_day(day("2026-06-05")));
        assert!(calendar.is_business_day(day("2026-06-06")));
    }

    #[test]
    fn business_days_equal_the_count_day_by_day() {
        let calendar = Calendar::brazil(2023..=2027, true).with_days_on([day("2026-05-02")]);
        let start = day("2023-12-20");
        for offset in 0..40 {
            for length in [1, 2, 6, 7, 8, 30, 31, 365, 900] {
                let from = start + Days::new(offset);
                let span = Period::new(from, from + Days::new(length - 1)).unwrap();
                let counted =
                    from.iter_days().take(length as usize).filter(|d| calendar.is_business_day(*d)).count();
                assert_eq!(calendar.business_days(span) as usize, counted, "{span:?}");
            }
        }
    }

    #[test]
    fn nth_business_day_skips_weekends_and_holidays() {
        let calendar = Calendar::brazil(2026..=2026, true);
        let november = period("2026-11-01", "2026-11-30");
        assert_eq!(calendar.business_days(november), 19);
        assert_eq!(calendar.nth_business_day(november, 1), Some(day("2026-11-03")));
        assert_eq!(calendar.nth_business_day(november, 19), Some(day("2026-11-30")));
        assert_eq!(calendar.nth_business_day(november, 20), None);
    }

    #[test]
    fn elapsed_share_counts_business_days() {
        let calendar = Calendar::brazil(2026..=2026, true);
        let november = period("2026-11-01", "2026-11-30");
        assert_eq!(calendar.elapsed_share(november, day("2026-11-22")), 13.0 / 19.0);
        assert_eq!(calendar.elapsed_share(november, day("2026-10-22")), 0.0);
        assert_eq!(calendar.elapsed_share(november, day("2027-01-22")), 1.0);
        assert_eq!(calendar.elapsed_share(period("2026-11-14", "2026-11-15"), day("2026-11-14")), 0.5);
    }

    #[test]
    fn calendar_rebuilt_from_its_days_off_counts_the_same() {
        let calendar = Calendar::brazil(2024..=2026, true);
        let span = period("2024-01-01", "2026-12-31");
        assert_eq!(
            Calendar::from_days_off(calendar.days_off(span)).business_days(span),
            calendar.business_days(span)
        );
    }
}
