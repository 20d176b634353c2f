//! How far a stream has been read: the greatest value of a field, and how it is told to the API.
//!
//! Asks nobody. Invariant: what is asked for begins at or before the greatest value that was seen, never behind it.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::cell::DateOrder;
use crate::json::JsonCell;
use crate::moment;

/// How what is new is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Incremental {
    /// Field of the records that only grows: a moment, a day or a number.
    pub field: String,
    /// Parameter that takes the value from which on records are wanted.
    pub parameter: String,
    /// What the parameter is told, `{value}` standing for the value: `LastUpdateDate ge {value}`.
    pub template: Option<String>,
    #[serde(default, rename = "as")]
    pub form: Form,
    /// How far back reading begins: seconds for moments and days, units for numbers.
    #[serde(default = "overlap")]
    pub overlap: u32,
    /// What the first reading asks for; everything without it.
    pub since: Option<String>,
    /// The API gives records in ascending order of the field, so that a reading that broke off goes on where it was.
    #[serde(default)]
    pub sorted: bool,
}

impl Incremental {
    /// What the parameter is told for a reading from `high` on; of the first, none where it reads everything.
    pub fn from(&self, high: Option<&Position>) -> Option<Value> {
        let value = match high {
            Some(high) => high.told(self.form, self.overlap),
            None => Position::read(self.since.as_deref()?)?.told(self.form, 0),
        };
        Some(match &self.template {
            Some(template) => template
                .replace(VALUE, &value.as_str().map_or_else(|| value.to_string(), str::to_owned))
                .into(),
            None => value,
        })
    }
}

/// What stands for the value in a template.
pub const VALUE: &str = "{value}";

fn overlap() -> u32 {
    60
}

/// How a moment is written for the API.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// As ISO has it, in UTC, as exact as the records are.
    #[default]
    Iso,
    Date,
    /// Since 1970.
    Seconds,
    Milliseconds,
}

/// A value of the field, in the order of its kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Position {
    Number(i128),
    /// Microseconds since 1970, in UTC where an offset says so.
    Moment {
        us: i64,
        has_time: bool,
        has_offset: bool,
    },
    Text(String),
}

impl Position {
    /// None for a record that has no such value.
    pub fn of(cell: &JsonCell<'_>) -> Option<Position> {
        match cell {
            JsonCell::Number(text) | JsonCell::Nested(text) => Position::read(text),
            JsonCell::Text(text) => Position::read(text),
            JsonCell::Absent | JsonCell::Boolean(_) => None,
        }
    }

    /// A value as somebody writes it.
    pub fn read(text: &str) -> Option<Position> {
        let text = text.trim();
        // Leading zeros are a code's, which is told as it is written.
        let is_code = text.len() > 1 && text.starts_with('0') && !text.contains('.');
        if let Some(number) = text.parse().ok().filter(|_| !is_code) {
            return Some(Position::Number(number));
        }
        // A fraction is rounded down: more may come again, nothing is left out.
        if let Some(number) = text.parse::<f64>().ok().filter(|number| number.is_finite() && !is_code) {
            return Some(Position::Number(number.floor() as i128));
        }
        if let Some(written) = moment::written(text.as_bytes()) {
            let (has_time, has_offset) = (written.has_time(), written.has_offset());
            let us = written.moment(DateOrder::DayFirst).or_else(|| written.timestamp(DateOrder::DayFirst));
            return us.map(|us| Position::Moment { us, has_time, has_offset });
        }
        (!text.is_empty()).then(|| Position::Text(text.to_owned()))
    }

    /// As [`Position::read`] reads it.
    fn written(&self) -> String {
        match self {
            Position::Number(number) => number.to_string(),
            Position::Moment { us, has_time, has_offset } => iso(*us, *has_time, *has_offset, true),
            Position::Text(text) => text.clone(),
        }
    }

    /// What the API is asked for, `overlap` before this.
    pub fn told(&self, form: Form, overlap: u32) -> Value {
        match self {
            Position::Number(number) => {
                let number = number - i128::from(overlap);
                i64::try_from(number).map_or_else(|_| Value::from(number.to_string()), Value::from)
            }
            Position::Moment { us, has_time, has_offset } => {
                let us = us - i64::from(overlap) * 1_000_000;
                match form {
                    Form::Iso => iso(us, *has_time, *has_offset, false).into(),
                    Form::Date => iso(us, false, false, false).into(),
                    Form::Seconds => us.div_euclid(1_000_000).into(),
                    Form::Milliseconds => us.div_euclid(1_000).into(),
                }
            }
            Position::Text(text) => text.as_str().into(),
        }
    }
}

/// Whole seconds, rounded down, unless it is to be `exact`.
fn iso(us: i64, has_time: bool, has_offset: bool, exact: bool) -> String {
    let Some(at) = chrono::DateTime::from_timestamp_micros(us) else { return us.to_string() };
    if !has_time {
        return at.format("%Y-%m-%d").to_string();
    }
    let zone = if has_offset { "Z" } else { "" };
    let form = if exact { "%Y-%m-%dT%H:%M:%S%.f" } else { "%Y-%m-%dT%H:%M:%S" };
    format!("{}{zone}", at.format(form))
}

/// The position as a stream's state keeps it.
pub fn state(field: &str, position: &Position) -> String {
    json!({"field": field, "at": position.written()}).to_string()
}

/// What a state says; none for one of another field: the stream begins anew then.
pub fn of_state(field: &str, state: &str) -> Option<Position> {
    let state: Value = serde_json::from_str(state).ok()?;
    (state["field"] == field).then(|| Position::read(state["at"].as_str()?)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_told_before_themselves_in_the_form_that_was_asked_for() {
        for (value, form, overlap, expected) in [
            ("2026-03-01T10:00:30.5-03:00", Form::Iso, 60, json!("2026-03-01T12:59:30Z")),
            ("2026-03-01T10:00:30", Form::Iso, 0, json!("2026-03-01T10:00:30")),
            ("2026-03-01", Form::Iso, 60, json!("2026-02-28")),
            ("2026-03-01T10:00:30Z", Form::Date, 0, json!("2026-03-01")),
            ("2026-03-01T00:00:30Z", Form::Seconds, 30, json!(1_772_323_200)),
            ("2026-03-01T00:00:00.0015Z", Form::Milliseconds, 0, json!(1_772_323_200_001_i64)),
            ("1000", Form::Iso, 60, json!(940)),
            ("10.9", Form::Iso, 0, json!(10)),
            ("00AB", Form::Iso, 60, json!("00AB")),
            ("000123", Form::Iso, 60, json!("000123")),
            ("0.5", Form::Iso, 0, json!(0)),
        ] {
            assert_eq!(Position::read(value).unwrap().told(form, overlap), expected, "{value}");
        }
    }

    #[test]
    fn positions_are_compared_by_what_they_mean() {
        let read = |text: &str| Position::read(text).unwrap();
        assert!(read("9") < read("10") && read("b") > read("a"));
        assert!(read("2026-03-01T10:00:00-03:00") > read("2026-03-01T12:00:00Z"));
        assert_eq!(Position::read("  "), None);
    }

    #[test]
    fn states_are_read_back_exactly_and_those_of_another_field_are_none() {
        for value in ["2026-03-01T10:00:30.123456Z", "2026-03-01", "123456789012345678901", "x"] {
            let position = Position::read(value).unwrap();
            assert_eq!(of_state("at", &state("at", &position)), Some(position.clone()), "{value}");
            assert_eq!(of_state("other", &state("at", &position)), None);
        }
    }
}
