//! Spans of days: as a person names them (`PeriodSpec`) and as days (`Period`).
//!
//! Reads no clock: the caller gives the last day that data covers. Invariant: a `Period` never ends before it starts.

use crate::Grain;
use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

/// How a period is asked for. `last` and `this` count back from the last day that the data covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged, try_from = "RawSpec")]
pub enum PeriodSpec {
    /// Both days included.
    Between { from: NaiveDate, to: NaiveDate },
    /// The last `last` units up to the last covered day, that day's own (possibly partial) unit included.
    Last { last: u32, unit: Grain },
    /// The unit that holds the last covered day, from its start to that day.
    This { this: Grain },
}

/// All fields of the three forms: an untagged enum would answer any mistake with "did not match any variant".
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSpec {
    from: Option<String>,
    to: Option<String>,
    last: Option<u32>,
    unit: Option<Grain>,
    this: Option<Grain>,
}

impl TryFrom<RawSpec> for PeriodSpec {
    type Error = PeriodError;

    fn try_from(raw: RawSpec) -> Result<PeriodSpec, PeriodError> {
        let day = |text: String| text.parse::<NaiveDate>().map_err(|_| PeriodError::NoDay { text });
        match raw {
            RawSpec { from: Some(from), to: Some(to), last: None, unit: None, this: None } => {
                Ok(PeriodSpec::Between { from: day(from)?, to: day(to)? })
            }
            RawSpec { from: None, to: None, last: Some(last), unit: Some(unit), this: None } => {
                Ok(PeriodSpec::Last { last, unit })
            }
            RawSpec { from: None, to: None, last: None, unit: None, this: Some(this) } => {
                Ok(PeriodSpec::This { this })
            }
            _ => Err(PeriodError::Form),
        }
    }
}

/// Days `from..=to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "RawPeriod", into = "RawPeriod")]
pub struct Period {
    from: NaiveDate,
    to: NaiveDate,
}

#[derive(Serialize, Deserialize)]
struct RawPeriod {
    from: NaiveDate,
    to: NaiveDate,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PeriodError {
    #[error("the period ends on {to}, before it starts on {from}; swap the two days")]
    UpsideDown { from: NaiveDate, to: NaiveDate },
    #[error("a period of {count} {unit}s is out of range; ask for 1 to {max}", unit = .unit.name())]
    OutOfRange { count: u32, unit: Grain, max: u32 },
    #[error("`{text}` is no day; write year-month-day, as in 2026-06-30")]
    NoDay { text: String },
    #[error(r#"a period is one of {{"from": "2026-01-01", "to": "2026-06-30"}}, {{"last": 30, "unit": "day"}} and {{"this": "month"}}"#)]
    Form,
    #[error("the day {day} is out of range; use years 1900 to 2200")]
    DayOutOfRange { day: NaiveDate },
}

impl TryFrom<RawPeriod> for Period {
    type Error = PeriodError;

    fn try_from(raw: RawPeriod) -> Result<Period, PeriodError> {
        Period::new(raw.from, raw.to)
    }
}

impl From<Period> for RawPeriod {
    fn from(period: Period) -> RawPeriod {
        RawPeriod { from: period.from, to: period.to }
    }
}

impl Period {
    pub fn new(from: NaiveDate, to: NaiveDate) -> Result<Period, PeriodError> {
        use chrono::Datelike;
        for day in [from, to] {
            if !(1900..=2200).contains(&day.year()) {
                return Err(PeriodError::DayOutOfRange { day });
            }
        }
        if to < from {
            return Err(PeriodError::UpsideDown { from, to });
        }
        Ok(Period { from, to })
    }

    pub fn from(self) -> NaiveDate {
        self.from
    }

    pub fn to(self) -> NaiveDate {
        self.to
    }

    /// Number of days, at least 1.
    pub fn days(self) -> i64 {
        (self.to - self.from).num_days() + 1
    }

    pub fn contains(self, day: NaiveDate) -> bool {
        self.from <= day && day <= self.to
    }

    /// The first days of the buckets of `grain` that this period touches, in order.
    pub fn buckets(self, grain: Grain) -> Vec<NaiveDate> {
        let mut starts = Vec::new();
        let mut start = grain.start(self.from);
        while start <= self.to {
            starts.push(start);
            start = grain.shift(start, 1);
        }
        starts
    }
}

impl PeriodSpec {
    /// The days that the specification means when data covers up to `covered`.
    ///
    /// # Errors
    /// `UpsideDown` and `DayOutOfRange` for impossible days, `OutOfRange` for a count of 0 or beyond 100 years.
    pub fn resolve(self, covered: NaiveDate) -> Result<Period, PeriodError> {
        match self {
            PeriodSpec::Between { from, to } => Period::new(from, to),
            PeriodSpec::This { this } => Period::new(this.start(covered), covered),
            PeriodSpec::Last { last, unit } => {
                let max = match unit {
                    Grain::Day => 36_525,
                    Grain::Week => 5_218,
                    Grain::Month => 1_200,
                    Grain::Quarter => 400,
                    Grain::Year => 100,
                };
                if last == 0 || last > max {
                    return Err(PeriodError::OutOfRange { count: last, unit, max });
                }
                Period::new(unit.shift(unit.start(covered), 1 - last.cast_signed()), covered)
            }
        }
    }

    /// The whole unit that a `This` period is part of; the period itself for the others.
    pub fn whole(self, covered: NaiveDate) -> Result<Period, PeriodError> {
        match self {
            PeriodSpec::This { this } => Period::new(this.start(covered), this.end(covered)),
            other => other.resolve(covered),
        }
    }
}

/// The day before `day`.
pub fn day_before(day: NaiveDate) -> NaiveDate {
    day - Days::new(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn resolve_counts_back_from_the_last_covered_day() {
        let covered = day("2026-11-22");
        let check = |spec: PeriodSpec, from: &str, to: &str| {
            assert_eq!(spec.resolve(covered).unwrap(), Period::new(day(from), day(to)).unwrap());
        };
        check(PeriodSpec::This { this: Grain::Month }, "2026-11-01", "2026-11-22");
        check(PeriodSpec::Last { last: 13, unit: Grain::Month }, "2025-11-01", "2026-11-22");
        check(PeriodSpec::Last { last: 30, unit: Grain::Day }, "2026-10-24", "2026-11-22");
    }

    #[test]
    fn resolve_upside_down_period_is_refused() {
        let spec = PeriodSpec::Between { from: day("2026-02-01"), to: day("2026-01-01") };
        assert!(matches!(spec.resolve(day("2026-11-22")), Err(PeriodError::UpsideDown { .. })));
    }

    #[test]
    fn json_forms_are_those_of_the_api() {
        for text in [
            r#"{"from":"2026-01-01","to":"2026-06-30"}"#,
            r#"{"last":30,"unit":"day"}"#,
            r#"{"this":"quarter"}"#,
        ] {
            let spec: PeriodSpec = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&spec).unwrap(), text);
        }
    }

    #[test]
    fn json_mistakes_name_the_place_and_the_remedy() {
        let check = |text: &str, expected: &str| {
            let message = serde_json::from_str::<PeriodSpec>(text).unwrap_err().to_string();
            assert!(message.contains(expected), "{text}: {message}");
        };
        check(r#"{"from":"2026-02-30","to":"2026-06-30"}"#, "`2026-02-30` is no day; write year-month-day");
        check(r#"{"from":"2026-02-01"}"#, r#"a period is one of {"from": "2026-01-01""#);
        check(r#"{"this":"month","last":2}"#, "a period is one of");
        check(
            r#"{"frm":"2026-02-01","to":"2026-06-30"}"#,
            "unknown field `frm`, expected one of `from`, `to`",
        );
        check(r#"{"this":"decade"}"#, "unknown variant `decade`, expected one of `day`");
    }
}
