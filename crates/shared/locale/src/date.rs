//! Days, ranges, months and weekdays as text.
//!
//! Knows no today and no holidays. Invariant: a date is written day first in both languages, months in words in English.

use crate::{Lang, NBSP};
use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, Timelike, Weekday};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// `seg`, `nov`.
    Short,
    /// `segunda`, `novembro`.
    Medium,
    /// `segunda-feira`, `novembro`.
    Long,
}

const MONTHS_PT: [&str; 12] = [
    "janeiro",
    "fevereiro",
    "março",
    "abril",
    "maio",
    "junho",
    "julho",
    "agosto",
    "setembro",
    "outubro",
    "novembro",
    "dezembro",
];
const MONTHS_EN: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS_PT: [&str; 7] =
    ["segunda-feira", "terça-feira", "quarta-feira", "quinta-feira", "sexta-feira", "sábado", "domingo"];
const WEEKDAYS_EN: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// The month's name; `month` counts from 1, and anything else has no name.
pub fn month(month: u32, width: Width, lang: Lang) -> &'static str {
    let names = lang.pick(MONTHS_PT, MONTHS_EN);
    let name = names.get((month as usize).wrapping_sub(1)).copied().unwrap_or_default();
    if width == Width::Short { short(name) } else { name }
}

pub fn weekday(day: Weekday, width: Width, lang: Lang) -> &'static str {
    let name = lang.pick(WEEKDAYS_PT, WEEKDAYS_EN)[day.num_days_from_monday() as usize];
    match width {
        Width::Short => short(name),
        Width::Medium => name.strip_suffix("-feira").unwrap_or(name),
        Width::Long => name,
    }
}

/// The first three letters.
fn short(name: &'static str) -> &'static str {
    let end = name.char_indices().nth(3).map_or(name.len(), |(at, _)| at);
    &name[..end]
}

/// `23/11/2026`; `23 Nov 2026`.
pub fn day(date: NaiveDate, lang: Lang) -> String {
    match lang {
        Lang::PtBr => format!("{:02}/{:02}/{:04}", date.day(), date.month(), date.year()),
        Lang::En => words(date, lang),
    }
}

/// `22/11`; `22 Nov`.
pub fn day_month(date: NaiveDate, lang: Lang) -> String {
    match lang {
        Lang::PtBr => format!("{:02}/{:02}", date.day(), date.month()),
        Lang::En => format!("{}{NBSP}{}", date.day(), month(date.month(), Width::Short, lang)),
    }
}

/// `nov 2026`; `Nov 2026`.
pub fn month_year(date: NaiveDate, lang: Lang) -> String {
    format!("{}{NBSP}{}", month(date.month(), Width::Short, lang), date.year())
}

/// `novembro de 2026`; `November 2026`.
pub fn month_year_long(date: NaiveDate, lang: Lang) -> String {
    format!("{}{}{}", month(date.month(), Width::Long, lang), lang.pick(" de ", " "), date.year())
}

/// `07:42`, on a 24-hour clock in both languages.
pub fn time(at: NaiveDateTime) -> String {
    format!("{:02}:{:02}", at.hour(), at.minute())
}

/// `23/11/2026, 07:42`.
pub fn day_time(at: NaiveDateTime, lang: Lang) -> String {
    format!("{}, {}", day(at.date(), lang), time(at))
}

/// First to last day, both included: `1–22 nov 2026`, `28 out – 22 nov 2026`, `15 dez 2025 – 14 jan 2026`; whole months and
/// years by name: `nov 2026`, `jan–mar 2026`, `2026`.
pub fn range(from: NaiveDate, to: NaiveDate, lang: Lang) -> String {
    if from == to {
        return words(from, lang);
    }
    let name = |date: NaiveDate| month(date.month(), Width::Short, lang);
    let same_year = from.year() == to.year();
    if from.day() == 1 && (to + Days::new(1)).day() == 1 {
        return match (same_year, from.month(), to.month()) {
            (true, 1, 12) => from.year().to_string(),
            (true, a, b) if a == b => month_year(from, lang),
            (true, ..) => format!("{}–{}", name(from), month_year(to, lang)),
            (false, ..) => format!("{} – {}", month_year(from, lang), month_year(to, lang)),
        };
    }
    if !same_year {
        return format!("{} – {}", words(from, lang), words(to, lang));
    }
    if from.month() == to.month() {
        return format!("{}–{}", from.day(), words(to, lang));
    }
    format!("{}{NBSP}{} – {}", from.day(), name(from), words(to, lang))
}

/// `22 nov 2026`.
fn words(date: NaiveDate, lang: Lang) -> String {
    format!("{}{NBSP}{}", date.day(), month_year(date, lang))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn d(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn range_is_as_short_as_it_can_be() {
        let pt = |from, to| range(d(from), d(to), Lang::PtBr).replace(NBSP, " ");
        assert_eq!(pt("2026-11-01", "2026-11-22"), "1–22 nov 2026");
        assert_eq!(pt("2026-10-28", "2026-11-22"), "28 out – 22 nov 2026");
        assert_eq!(pt("2025-12-15", "2026-01-14"), "15 dez 2025 – 14 jan 2026");
        assert_eq!(pt("2024-02-01", "2024-02-29"), "fev 2024");
        assert_eq!(pt("2023-02-01", "2024-02-29"), "fev 2023 – fev 2024");
        assert_eq!(pt("2026-01-01", "2026-03-31"), "jan–mar 2026");
        assert_eq!(pt("2026-01-01", "2026-12-31"), "2026");
        assert_eq!(pt("2026-11-22", "2026-11-22"), "22 nov 2026");
        assert_eq!(range(d("2026-11-01"), d("2026-11-22"), Lang::En).replace(NBSP, " "), "1–22 Nov 2026");
    }

    #[test]
    fn day_is_written_day_first() {
        assert_eq!(day(d("2026-11-03"), Lang::PtBr), "03/11/2026");
        assert_eq!(day(d("2026-11-03"), Lang::En), "3\u{a0}Nov\u{a0}2026");
        let at = d("2026-11-03").and_hms_opt(7, 42, 59).unwrap();
        assert_eq!(day_time(at, Lang::PtBr), "03/11/2026, 07:42");
    }
}
