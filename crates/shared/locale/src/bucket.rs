//! Names of time buckets: on an axis, in a table, in a sentence.
//!
//! Does not compute buckets (`kpi::Grain`). Invariant: on an axis the year is written where it starts and nowhere else.

use crate::date::{self, Width};
use crate::{Lang, NBSP};
use chrono::{Datelike, NaiveDate};
use kpi::Grain;

/// The label under an axis and whether it starts a year: `jan/26` true, `fev` false, `03/11`, `1T26`.
pub fn tick(start: NaiveDate, grain: Grain, lang: Lang) -> (String, bool) {
    let january = start.month() == 1;
    match grain {
        Grain::Day | Grain::Week => (date::day_month(start, lang), start.day() <= 7 && january),
        Grain::Month | Grain::Quarter if january => (short(start, grain, lang), true),
        Grain::Month => (date::month(start.month(), Width::Short, lang).to_owned(), false),
        Grain::Quarter => (quarter(start, lang), false),
        Grain::Year => (start.year().to_string(), true),
    }
}

/// The bucket in a table: `12/11/2026`, `nov/26`, `4T26`, `2026`; a week by its first day.
pub fn short(start: NaiveDate, grain: Grain, lang: Lang) -> String {
    let year = start.year().rem_euclid(100);
    match grain {
        Grain::Day | Grain::Week => date::day(start, lang),
        Grain::Month => match lang {
            Lang::PtBr => format!("{}/{year:02}", date::month(start.month(), Width::Short, lang)),
            Lang::En => date::month_year(start, lang),
        },
        Grain::Quarter => match lang {
            Lang::PtBr => format!("{}{year:02}", quarter(start, lang)),
            Lang::En => format!("{}{NBSP}{}", quarter(start, lang), start.year()),
        },
        Grain::Year => start.year().to_string(),
    }
}

/// The bucket in a sentence or as a tooltip's title: `quinta, 12/11/2026`, `semana de 26/10 a 01/11/2026`, `novembro de 2026`,
/// `4º trimestre de 2026`.
pub fn long(start: NaiveDate, grain: Grain, lang: Lang) -> String {
    match grain {
        Grain::Day => {
            format!("{}, {}", date::weekday(start.weekday(), Width::Medium, lang), date::day(start, lang))
        }
        Grain::Week => {
            let end = grain.end(start);
            let from = if start.year() == end.year() {
                date::day_month(start, lang)
            } else {
                date::day(start, lang)
            };
            format!(
                "{} {from} {} {}",
                lang.pick("semana de", "week of"),
                lang.pick("a", "to"),
                date::day(end, lang)
            )
        }
        Grain::Month => date::month_year_long(start, lang),
        Grain::Quarter => {
            let number = start.month0() / 3 + 1;
            lang.pick(
                format!("{number}º trimestre de {}", start.year()),
                format!("Q{number} {}", start.year()),
            )
        }
        Grain::Year => start.year().to_string(),
    }
}

fn quarter(start: NaiveDate, lang: Lang) -> String {
    let number = start.month0() / 3 + 1;
    lang.pick(format!("{number}T"), format!("Q{number}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn d(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn tick_names_the_year_only_where_it_starts() {
        assert_eq!(tick(d("2026-01-01"), Grain::Month, Lang::PtBr), ("jan/26".into(), true));
        assert_eq!(tick(d("2026-02-01"), Grain::Month, Lang::PtBr), ("fev".into(), false));
        assert_eq!(tick(d("2026-01-01"), Grain::Month, Lang::En), ("Jan\u{a0}2026".into(), true));
        assert_eq!(tick(d("2026-04-01"), Grain::Quarter, Lang::PtBr), ("2T".into(), false));
        assert_eq!(tick(d("2026-11-02"), Grain::Week, Lang::PtBr), ("02/11".into(), false));
    }

    #[test]
    fn long_names_every_grain() {
        assert_eq!(long(d("2026-11-12"), Grain::Day, Lang::PtBr), "quinta, 12/11/2026");
        assert_eq!(long(d("2026-10-26"), Grain::Week, Lang::PtBr), "semana de 26/10 a 01/11/2026");
        assert_eq!(long(d("2025-12-29"), Grain::Week, Lang::PtBr), "semana de 29/12/2025 a 04/01/2026");
        assert_eq!(long(d("2026-11-01"), Grain::Month, Lang::PtBr), "novembro de 2026");
        assert_eq!(long(d("2026-10-01"), Grain::Quarter, Lang::PtBr), "4º trimestre de 2026");
    }
}
