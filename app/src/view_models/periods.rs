//! Periods in words, the choices of the filter bar, and the periods before and after.
//!
//! Reads no clock: the last covered day comes from the edition. Invariant: going back and forth again ends where it began, except
//! that the running period is offered as itself and never goes beyond the data.

use crate::texts::Texts;
use chrono::{Datelike, Days, NaiveDate};
use kpi::{Grain, Period, PeriodSpec};
use locale::date::{self, Width};

/// The periods that the filter bar offers, with their names.
pub fn choices(covered: NaiveDate, texts: &Texts) -> Vec<(PeriodSpec, &'static str)> {
    let this = |this| PeriodSpec::This { this };
    let last = |last, unit| PeriodSpec::Last { last, unit };
    let month = Grain::Month.start(covered);
    let before = PeriodSpec::Between { from: Grain::Month.shift(month, -1), to: month - Days::new(1) };
    vec![
        (this(Grain::Week), texts.this_week),
        (this(Grain::Month), texts.this_month),
        (before, texts.last_month),
        (this(Grain::Quarter), texts.this_quarter),
        (this(Grain::Year), texts.this_year),
        (last(30, Grain::Day), texts.last_30_days),
        (last(13, Grain::Week), texts.last_13_weeks),
        (last(12, Grain::Month), texts.last_12_months),
    ]
}

/// The period just before, of the same kind.
pub fn earlier(days: Period, spec: PeriodSpec) -> PeriodSpec {
    shifted(days, spec, -1).unwrap_or(spec)
}

/// The period just after; none when data has not come that far.
pub fn later(days: Period, spec: PeriodSpec, covered: NaiveDate) -> Option<PeriodSpec> {
    if days.to() >= covered {
        return None;
    }
    let next = shifted(days, spec, 1)?;
    let PeriodSpec::Between { from, to } = next else { return Some(next) };
    // The running unit is named as itself, so that the link still means "this month" tomorrow.
    match unit(from, to) {
        Some(unit) if unit.start(covered) == from => Some(PeriodSpec::This { this: unit }),
        _ if from > covered => None,
        _ => Some(PeriodSpec::Between { from, to: to.min(covered) }),
    }
}

fn shifted(days: Period, spec: PeriodSpec, by: i32) -> Option<PeriodSpec> {
    let whole = match spec {
        PeriodSpec::This { this } => Some((this, 1)),
        PeriodSpec::Last { last, unit } if unit != Grain::Day => Some((unit, last.cast_signed())),
        _ => unit(days.from(), days.to()).map(|unit| (unit, 1)),
    };
    let (from, to) = if let Some((unit, count)) = whole {
        let from = unit.shift(unit.start(days.from()), by * count);
        (from, unit.shift(from, count) - Days::new(1))
    } else {
        let length = Days::new(days.days().unsigned_abs());
        if by < 0 {
            (days.from() - length, days.from() - Days::new(1))
        } else {
            (days.to() + Days::new(1), days.to() + length)
        }
    };
    Period::new(from, to).ok().map(|_| PeriodSpec::Between { from, to })
}

/// The unit that a span of days fills exactly.
fn unit(from: NaiveDate, to: NaiveDate) -> Option<Grain> {
    [Grain::Week, Grain::Month, Grain::Quarter, Grain::Year]
        .into_iter()
        .find(|grain| grain.start(from) == from && grain.end(from) == to)
}

/// `1–22 nov 2026`.
pub fn in_words(days: Period, texts: &Texts) -> String {
    date::range(days.from(), days.to(), texts.lang)
}

/// Where a comparison value belongs, short: `em out`, `em out/25`, `em 31/10`, `em 12 out – 3 nov 2025`.
pub fn comparison_words(days: Period, comparison: Period, stock: bool, texts: &Texts) -> String {
    let lang = texts.lang;
    let place = if stock {
        if comparison.to().year() == days.to().year() {
            date::day_month(comparison.to(), lang)
        } else {
            date::day(comparison.to(), lang)
        }
    } else if comparison.from().day() == 1 && Grain::Month.start(comparison.to()) == comparison.from() {
        let month = date::month(comparison.from().month(), Width::Short, lang);
        if comparison.from().year() == days.from().year() {
            month.to_owned()
        } else {
            date::month_year(comparison.from(), lang)
        }
    } else {
        in_words(comparison, texts)
    };
    format!("{} {place}", lang.pick("em", if stock { "on" } else { "in" }))
}

/// The comparison on its chip: `1–21 out 2026`.
pub fn comparison_chip(comparison: Option<Period>, texts: &Texts) -> String {
    comparison.map_or_else(|| texts.compare_none.to_owned(), |period| in_words(period, texts))
}

#[cfg(test)]
mod tests {
    use super::*;
    use locale::Lang;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn between(from: &str, to: &str) -> PeriodSpec {
        PeriodSpec::Between { from: day(from), to: day(to) }
    }

    #[test]
    fn earlier_and_later_walk_whole_months() {
        let covered = day("2026-11-22");
        let month = PeriodSpec::This { this: Grain::Month };
        let october = earlier(month.resolve(covered).unwrap(), month);
        assert_eq!(october, between("2026-10-01", "2026-10-31"));
        let days = october.resolve(covered).unwrap();
        assert_eq!(earlier(days, october), between("2026-09-01", "2026-09-30"));
        assert_eq!(later(days, october, covered), Some(month));
        assert_eq!(later(month.resolve(covered).unwrap(), month, covered), None);
    }

    #[test]
    fn later_of_days_stops_at_the_last_covered_day() {
        let covered = day("2026-11-22");
        let spec = between("2026-11-08", "2026-11-17");
        let days = spec.resolve(covered).unwrap();
        assert_eq!(later(days, spec, covered), Some(between("2026-11-18", "2026-11-22")));
        assert_eq!(earlier(days, spec), between("2026-10-29", "2026-11-07"));
    }

    #[test]
    fn comparison_words_are_as_short_as_they_can_be() {
        let pt = Texts::of(Lang::PtBr);
        let period = |from: &str, to: &str| Period::new(day(from), day(to)).unwrap();
        let november = period("2026-11-01", "2026-11-22");
        let words = |from, to, stock| {
            comparison_words(november, period(from, to), stock, pt).replace(locale::NBSP, " ")
        };
        assert_eq!(words("2026-10-01", "2026-10-20", false), "em out");
        assert_eq!(words("2025-11-01", "2025-11-20", false), "em nov 2025");
        assert_eq!(words("2026-10-01", "2026-10-31", true), "em 31/10");
        assert_eq!(words("2026-10-08", "2026-10-20", false), "em 8–20 out 2026");
    }
}
