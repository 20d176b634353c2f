//! What a period is compared with, and which bucket of it stands beside which.
//!
//! Reads no data: days in, days out. Invariant: an unfinished period is never compared with a whole one: both hold the same number of
//! elapsed business days, as far as the other period has that many.

use crate::period::{PeriodError, day_before};
use crate::{Calendar, Compare, Grain, Period, PeriodSpec};
use chrono::{Days, Months, NaiveDate, TimeDelta};

/// How a period relates to the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// `count` units from a unit's start. The last one may still be running.
    Units { unit: Grain, count: i32 },
    /// Any other span of days.
    Days,
}

/// The days that `spec` is compared with, or `None` when no comparison is asked for.
///
/// Data covers up to `covered`; days after it do not count as elapsed. `match_weekday` shifts by whole weeks instead, so that every day
/// stands beside the same day of the week: 52 weeks for last year.
///
/// # Errors
/// Those of `PeriodSpec::resolve`.
pub fn window(
    spec: PeriodSpec,
    compare: Compare,
    match_weekday: bool,
    covered: NaiveDate,
    calendar: &Calendar,
) -> Result<Option<Period>, PeriodError> {
    let asked = spec.resolve(covered)?;
    let elapsed = elapsed(asked, covered);
    let shape = shape(spec, asked, elapsed);
    let back = match (compare, match_weekday) {
        (Compare::None, _) => return Ok(None),
        (Compare::PreviousPeriod, true) => return shifted(elapsed, weeks_back(shape, elapsed)).map(Some),
        (Compare::SamePeriodLastYear, true) => return shifted(elapsed, 364).map(Some),
        (Compare::PreviousPeriod, false) => previous(shape, elapsed, calendar),
        (Compare::SamePeriodLastYear, false) => last_year(shape, elapsed, calendar),
    };
    back.map(Some)
}

/// The part of a period that data covers; the whole period when it lies ahead.
pub fn elapsed(asked: Period, covered: NaiveDate) -> Period {
    Period::new(asked.from(), asked.to().min(covered)).unwrap_or(asked)
}

/// First day of the first bucket that is not complete, if the period has one: data or the period itself ends within it.
///
/// Without a grain the period is one bucket, complete when data covers the whole unit that was asked for.
pub fn partial_from(
    spec: PeriodSpec,
    grain: Option<Grain>,
    covered: NaiveDate,
) -> Result<Option<NaiveDate>, PeriodError> {
    let asked = spec.resolve(covered)?;
    let Some(grain) = grain else {
        return Ok((spec.whole(covered)?.to() > covered).then_some(asked.from()));
    };
    if covered < asked.from() {
        return Ok(Some(grain.start(asked.from())));
    }
    let last = asked.to().min(covered);
    Ok(if grain.end(last) > last {
        Some(grain.start(last))
    } else {
        (asked.to() > last).then(|| grain.shift(grain.start(last), 1))
    })
}

/// How the buckets of a series stand beside those of its comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alignment {
    /// The i-th bucket beside the i-th bucket: both periods start at the same place within a bucket.
    Ordinal,
    /// Each day beside the day so many days earlier, because the buckets of the two periods are cut differently.
    Shifted { days: i64 },
}

/// How buckets of `period` and `comparison` are aligned.
pub fn alignment(period: Period, comparison: Period, grain: Grain) -> Alignment {
    let offset = |period: Period| period.from() - grain.start(period.from());
    if offset(period) == offset(comparison) {
        Alignment::Ordinal
    } else {
        Alignment::Shifted { days: (period.from() - comparison.from()).num_days() }
    }
}

/// First day of what the bucket starting on `bucket` is compared with; `None` beyond the end of the comparison. Under
/// `Alignment::Shifted` that day need not start a calendar bucket.
pub fn beside(period: Period, comparison: Period, grain: Grain, bucket: NaiveDate) -> Option<NaiveDate> {
    match alignment(period, comparison, grain) {
        Alignment::Ordinal => {
            let index = period.buckets(grain).iter().position(|start| *start == bucket)?;
            comparison.buckets(grain).get(index).copied()
        }
        Alignment::Shifted { days } => {
            let day = bucket.max(period.from()) - TimeDelta::days(days);
            (day <= comparison.to()).then_some(day)
        }
    }
}

/// The bucket of `period` beside which a day of `comparison` counts; `None` when the period has no such bucket.
pub fn bucket_of(period: Period, comparison: Period, grain: Grain, day: NaiveDate) -> Option<NaiveDate> {
    match alignment(period, comparison, grain) {
        Alignment::Ordinal => {
            let index = comparison.buckets(grain).iter().position(|start| *start == grain.start(day))?;
            period.buckets(grain).get(index).copied()
        }
        Alignment::Shifted { days } => {
            let day = day + TimeDelta::days(days);
            period.contains(day).then(|| grain.start(day))
        }
    }
}

fn shape(spec: PeriodSpec, asked: Period, elapsed: Period) -> Shape {
    match spec {
        PeriodSpec::This { this: Grain::Day } | PeriodSpec::Last { unit: Grain::Day, .. } => Shape::Days,
        PeriodSpec::This { this } => Shape::Units { unit: this, count: 1 },
        PeriodSpec::Last { last, unit } => Shape::Units { unit, count: last.cast_signed() },
        PeriodSpec::Between { .. } => shape_of_days(asked, elapsed),
    }
}

/// What two days reveal: whole units first, then the smallest unit that holds an unfinished period, then months with an unfinished last one.
fn shape_of_days(asked: Period, elapsed: Period) -> Shape {
    let starts = |unit: Grain| unit.start(asked.from()) == asked.from();
    let count = |unit: Grain| asked.buckets(unit).len() as i32;
    for unit in [Grain::Year, Grain::Quarter, Grain::Month, Grain::Week] {
        if starts(unit) && unit.end(asked.to()) == asked.to() {
            return Shape::Units { unit, count: count(unit) };
        }
    }
    for unit in [Grain::Month, Grain::Quarter, Grain::Year, Grain::Week] {
        if starts(unit) && unit.end(asked.from()) > elapsed.to() && count(unit) == 1 {
            return Shape::Units { unit, count: 1 };
        }
    }
    if starts(Grain::Month) {
        Shape::Units { unit: Grain::Month, count: count(Grain::Month) }
    } else {
        Shape::Days
    }
}

fn previous(shape: Shape, elapsed: Period, calendar: &Calendar) -> Result<Period, PeriodError> {
    match shape {
        Shape::Days => shifted(elapsed, elapsed.days()),
        Shape::Units { unit, count } => aligned(elapsed, unit, |start| unit.shift(start, -count), calendar),
    }
}

fn last_year(shape: Shape, elapsed: Period, calendar: &Calendar) -> Result<Period, PeriodError> {
    match shape {
        // A week of last year is the one 52 weeks back: its dates differ, its days do not.
        Shape::Units { unit: Grain::Week, .. } => shifted(elapsed, 364),
        Shape::Units { unit, .. } => aligned(elapsed, unit, |start| start - Months::new(12), calendar),
        Shape::Days => Period::new(elapsed.from() - Months::new(12), elapsed.to() - Months::new(12)),
    }
}

fn shifted(period: Period, days: i64) -> Result<Period, PeriodError> {
    Period::new(period.from() - TimeDelta::days(days), period.to() - TimeDelta::days(days))
}

/// Whole weeks, nearest to the natural distance and never fewer than the period needs to stay clear of itself.
fn weeks_back(shape: Shape, elapsed: Period) -> i64 {
    let natural = match shape {
        Shape::Days => elapsed.days(),
        Shape::Units { unit, count } => (elapsed.from() - unit.shift(elapsed.from(), -count)).num_days(),
    };
    let nearest = (natural + 3) / 7;
    let clear = (elapsed.days() + 6) / 7;
    nearest.max(clear).max(1) * 7
}

/// The period that `back` maps the starts of units to, ended where the last unit has run as far as the last unit of `elapsed`.
fn aligned(
    elapsed: Period,
    unit: Grain,
    back: impl Fn(NaiveDate) -> NaiveDate,
    calendar: &Calendar,
) -> Result<Period, PeriodError> {
    let running = unit.start(elapsed.to()).max(elapsed.from());
    let other = back(unit.start(elapsed.to()));
    let other_end = unit.end(other);
    let to = if unit.end(elapsed.to()) == elapsed.to() {
        other_end
    } else {
        same_progress(Period::new(running, elapsed.to())?, Period::new(other, other_end)?, calendar)
    };
    Period::new(back(elapsed.from()), to)
}

/// The day of `unit` by which as many business days are over as in `running`; days off that follow count as far as they do there.
fn same_progress(running: Period, unit: Period, calendar: &Calendar) -> NaiveDate {
    let count = calendar.business_days(running);
    if count == 0 {
        return (unit.from() + Days::new(running.days().unsigned_abs() - 1)).min(unit.to());
    }
    let Some(mut day) = calendar.nth_business_day(unit, count) else { return unit.to() };
    let mut last_business_day = running.to();
    while !calendar.is_business_day(last_business_day) {
        last_business_day = day_before(last_business_day);
    }
    for _ in 0..(running.to() - last_business_day).num_days() {
        let next = day + Days::new(1);
        if next > unit.to() || calendar.is_business_day(next) {
            break;
        }
        day = next;
    }
    day
}

#[cfg(test)]
#[path = "comparison/tests.rs"]
mod tests;
