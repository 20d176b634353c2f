//! Comparison windows of known periods, and what holds for all of them.

use super::*;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn span(text: &str) -> Period {
    let (from, to) = text.split_once("..").unwrap();
    Period::new(day(from), day(to)).unwrap()
}

fn between(text: &str) -> PeriodSpec {
    let period = span(text);
    PeriodSpec::Between { from: period.from(), to: period.to() }
}

fn calendar() -> Calendar {
    Calendar::brazil(2015..=2030, true)
}

fn check(spec: PeriodSpec, compare: Compare, match_weekday: bool, covered: &str, expected: &str) {
    let found = window(spec, compare, match_weekday, day(covered), &calendar()).unwrap().unwrap();
    assert_eq!(found, span(expected), "{spec:?} {compare:?}");
}

#[test]
fn previous_whole_units_are_whole_units() {
    let check = |spec: &str, expected: &str| {
        check(between(spec), Compare::PreviousPeriod, false, "2026-11-22", expected);
    };
    check("2026-10-01..2026-10-31", "2026-09-01..2026-09-30");
    check("2024-03-01..2024-03-31", "2024-02-01..2024-02-29");
    check("2026-07-01..2026-09-30", "2026-04-01..2026-06-30");
    check("2026-01-01..2026-06-30", "2025-07-01..2025-12-31");
    check("2025-01-01..2025-12-31", "2024-01-01..2024-12-31");
    check("2026-11-09..2026-11-15", "2026-11-02..2026-11-08");
}

#[test]
fn previous_of_days_that_make_whole_weeks_are_weeks() {
    check(
        between("2025-09-01..2025-09-07"),
        Compare::PreviousPeriod,
        false,
        "2025-09-07",
        "2025-08-25..2025-08-31",
    );
    check(
        between("2025-09-01..2025-09-07"),
        Compare::SamePeriodLastYear,
        false,
        "2025-09-07",
        "2024-09-02..2024-09-08",
    );
    check(
        PeriodSpec::This { this: Grain::Month },
        Compare::PreviousPeriod,
        false,
        "2025-09-07",
        "2025-08-01..2025-08-07",
    );
}

#[test]
fn previous_of_running_month_has_as_many_business_days() {
    // 1 to 22 November 2026 holds 13 business days; the 13th of October is Tuesday 20 (12 October is a holiday).
    check(
        PeriodSpec::This { this: Grain::Month },
        Compare::PreviousPeriod,
        false,
        "2026-11-22",
        "2026-10-01..2026-10-20",
    );
    check(
        between("2026-11-01..2026-11-22"),
        Compare::PreviousPeriod,
        false,
        "2026-11-22",
        "2026-10-01..2026-10-20",
    );
    // Asking for the whole month while it runs is the same question.
    check(
        between("2026-11-01..2026-11-30"),
        Compare::PreviousPeriod,
        false,
        "2026-11-22",
        "2026-10-01..2026-10-20",
    );
}

#[test]
fn previous_trailing_days_off_follow_only_where_they_exist() {
    // Friday 15 and Sunday 17 May 2026 close the same 10th business day; the 10th of April is Wednesday 15 (Good Friday on the 3rd).
    check(
        between("2026-05-01..2026-05-15"),
        Compare::PreviousPeriod,
        false,
        "2026-05-15",
        "2026-04-01..2026-04-15",
    );
    check(
        between("2026-05-01..2026-05-17"),
        Compare::PreviousPeriod,
        false,
        "2026-05-17",
        "2026-04-01..2026-04-15",
    );
    // By Sunday 9 March 2025 (Carnaval on 3 and 4) 3 business days are over; the 3rd of February is Wednesday 5.
    check(
        between("2025-03-01..2025-03-09"),
        Compare::PreviousPeriod,
        false,
        "2025-03-09",
        "2025-02-01..2025-02-05",
    );
    // By Saturday 20 June 2026 14 business days are over (Corpus Christi on the 4th); the 14th of May is Thursday 21.
    check(
        between("2026-06-01..2026-06-20"),
        Compare::PreviousPeriod,
        false,
        "2026-06-20",
        "2026-05-01..2026-05-21",
    );
    // By Sunday 16 August 2026 10 business days are over; the 10th of August 2025 is Thursday 14.
    check(
        between("2026-08-01..2026-08-16"),
        Compare::SamePeriodLastYear,
        false,
        "2026-08-16",
        "2025-08-01..2025-08-14",
    );
    check(
        PeriodSpec::Last { last: 4, unit: Grain::Month },
        Compare::PreviousPeriod,
        false,
        "2026-05-17",
        "2025-10-01..2026-01-15",
    );
}

#[test]
fn previous_without_a_business_day_yet_counts_calendar_days() {
    check(
        PeriodSpec::This { this: Grain::Month },
        Compare::PreviousPeriod,
        false,
        "2026-11-01",
        "2026-10-01..2026-10-01",
    );
}

#[test]
fn previous_longer_than_the_other_unit_ends_with_it() {
    // 30 March 2026 is the 21st business day; February has 18.
    check(
        PeriodSpec::This { this: Grain::Month },
        Compare::PreviousPeriod,
        false,
        "2026-03-30",
        "2026-02-01..2026-02-28",
    );
}

#[test]
fn previous_of_several_units_keeps_the_last_one_running() {
    check(
        PeriodSpec::Last { last: 13, unit: Grain::Month },
        Compare::PreviousPeriod,
        false,
        "2026-11-22",
        "2024-10-01..2025-10-19",
    );
    check(
        PeriodSpec::This { this: Grain::Quarter },
        Compare::PreviousPeriod,
        false,
        "2026-11-22",
        "2026-07-01..2026-08-17",
    );
}

#[test]
fn previous_of_any_days_is_as_many_days_before() {
    check(
        PeriodSpec::Last { last: 30, unit: Grain::Day },
        Compare::PreviousPeriod,
        false,
        "2026-11-22",
        "2026-09-24..2026-10-23",
    );
    check(
        between("2026-10-07..2026-10-20"),
        Compare::PreviousPeriod,
        false,
        "2026-11-22",
        "2026-09-23..2026-10-06",
    );
}

#[test]
fn last_year_of_a_leap_month_is_the_whole_month() {
    check(
        between("2025-02-01..2025-02-28"),
        Compare::SamePeriodLastYear,
        false,
        "2026-11-22",
        "2024-02-01..2024-02-29",
    );
    check(
        between("2024-02-29..2024-02-29"),
        Compare::SamePeriodLastYear,
        false,
        "2026-11-22",
        "2023-02-28..2023-02-28",
    );
}

#[test]
fn last_year_of_running_month_has_as_many_business_days() {
    // The 13th business day of November 2025 is Wednesday 19; 20 November is a holiday and follows, as Saturday and Sunday do in 2026.
    check(
        PeriodSpec::This { this: Grain::Month },
        Compare::SamePeriodLastYear,
        false,
        "2026-11-22",
        "2025-11-01..2025-11-20",
    );
}

#[test]
fn match_weekday_shifts_by_whole_weeks() {
    check(
        between("2026-11-16..2026-11-16"),
        Compare::SamePeriodLastYear,
        true,
        "2026-11-22",
        "2025-11-17..2025-11-17",
    );
    check(
        PeriodSpec::Last { last: 30, unit: Grain::Day },
        Compare::PreviousPeriod,
        true,
        "2026-11-22",
        "2026-09-19..2026-10-18",
    );
    check(
        between("2026-10-01..2026-10-31"),
        Compare::PreviousPeriod,
        true,
        "2026-11-22",
        "2026-08-27..2026-09-26",
    );
}

#[test]
fn windows_of_running_periods_hold_as_many_business_days() {
    let calendar = calendar();
    for offset in 0..900 {
        let covered = day("2022-01-01") + Days::new(offset);
        for this in [Grain::Week, Grain::Month, Grain::Quarter, Grain::Year] {
            for compare in [Compare::PreviousPeriod, Compare::SamePeriodLastYear] {
                let spec = PeriodSpec::This { this };
                let now = spec.resolve(covered).unwrap();
                let then = window(spec, compare, false, covered, &calendar).unwrap().unwrap();
                assert!(then.to() < now.from(), "{then:?} touches {now:?}");
                let whole = now.to() == this.end(covered);
                let (a, b) = (calendar.business_days(now), calendar.business_days(then));
                let exhausted = then.to() == this.end(then.from());
                assert!(
                    whole || a == 0 || a == b || exhausted || (this == Grain::Week && a.abs_diff(b) <= 3),
                    "{now:?} {a} {then:?} {b}"
                );
            }
        }
    }
}

#[test]
fn partial_from_marks_the_running_bucket() {
    let check = |spec: &str, grain: Option<Grain>, covered: &str, expected: Option<&str>| {
        assert_eq!(partial_from(between(spec), grain, day(covered)).unwrap(), expected.map(day));
    };
    check("2026-01-01..2026-06-30", Some(Grain::Month), "2026-06-29", Some("2026-06-01"));
    check("2026-01-01..2026-06-30", Some(Grain::Month), "2026-06-30", None);
    check("2026-01-01..2026-06-30", Some(Grain::Month), "2026-05-31", Some("2026-06-01"));
    check("2026-01-01..2026-06-10", Some(Grain::Month), "2026-06-30", Some("2026-06-01"));
    check("2026-01-01..2026-06-30", None, "2026-06-29", Some("2026-01-01"));
    check("2026-01-01..2026-06-30", Some(Grain::Month), "2025-05-31", Some("2026-01-01"));
    assert_eq!(
        partial_from(PeriodSpec::This { this: Grain::Month }, None, day("2026-06-29")).unwrap(),
        Some(day("2026-06-01"))
    );
    assert_eq!(partial_from(PeriodSpec::This { this: Grain::Month }, None, day("2026-06-30")).unwrap(), None);
}

#[test]
fn buckets_stand_beside_each_other_by_order() {
    let (now, then) = (span("2026-01-01..2026-03-31"), span("2025-10-01..2025-12-31"));
    assert_eq!(beside(now, then, Grain::Month, day("2026-02-01")), Some(day("2025-11-01")));
    assert_eq!(bucket_of(now, then, Grain::Month, day("2025-12-31")), Some(day("2026-03-01")));
    assert_eq!(
        beside(span("2026-11-01..2026-11-22"), span("2026-10-01..2026-10-20"), Grain::Day, day("2026-11-22")),
        None
    );
}

#[test]
fn buckets_cut_differently_are_aligned_by_days() {
    let (now, then) = (span("2026-10-24..2026-11-22"), span("2026-09-24..2026-10-23"));
    assert_eq!(alignment(now, then, Grain::Week), Alignment::Shifted { days: 30 });
    // The first week of the series holds 24 and 25 October; beside them stand 24 and 25 September.
    assert_eq!(bucket_of(now, then, Grain::Week, day("2026-09-25")), Some(day("2026-10-19")));
    assert_eq!(bucket_of(now, then, Grain::Week, day("2026-09-26")), Some(day("2026-10-26")));
    assert_eq!(beside(now, then, Grain::Week, day("2026-10-19")), Some(day("2026-09-24")));
}
