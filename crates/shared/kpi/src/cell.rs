//! One value of a frame.
//!
//! Does not format (`locale`) and does not aggregate (`query`). Invariant: a decimal is an exact integer and a scale, so that
//! the same sum is the same bits on the server, on the wire and in the browser.

use chrono::NaiveDate;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use std::cmp::Ordering;

/// A value of any column. Ratios and medians are `Float`; counts are `Int`; sums of money and quantities are `Decimal`.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Null,
    Bool(bool),
    Int(i64),
    /// `unscaled × 10^-scale`, exact.
    Decimal {
        unscaled: i128,
        scale: u8,
    },
    Float(f64),
    Date(NaiveDate),
    Text(String),
}

/// Plain JSON: null, true, a number, a text. A decimal that no float holds exactly is a text of its digits.
impl Serialize for Cell {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Cell::Null => serializer.serialize_none(),
            Cell::Bool(value) => serializer.serialize_bool(*value),
            Cell::Int(value) => serializer.serialize_i64(*value),
            Cell::Decimal { unscaled, scale } if unscaled.unsigned_abs() < EXACT_IN_A_FLOAT => {
                serializer.serialize_f64(decimal_to_f64(*unscaled, *scale))
            }
            Cell::Decimal { unscaled, scale } => serializer.serialize_str(&decimal_text(*unscaled, *scale)),
            Cell::Float(value) => serializer.serialize_f64(*value),
            Cell::Date(value) => value.serialize(serializer),
            Cell::Text(value) => serializer.serialize_str(value),
        }
    }
}

/// A cell without its column: what JSON itself can tell apart. Frames know better, see `from_json`.
impl<'de> Deserialize<'de> for Cell {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Cell, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let kind = match &value {
            Value::Bool(_) => "bool",
            Value::Number(number) if number.is_i64() => "int",
            Value::Number(_) => "float",
            _ => "text",
        };
        Cell::from_json(&value, kind).map_err(serde::de::Error::custom)
    }
}

/// Fifteen digits survive the way through a float and back.
const EXACT_IN_A_FLOAT: u128 = 1_000_000_000_000_000;

impl Cell {
    /// Reads what `Serialize` wrote for a column of this kind. Zeros at the end of a decimal may be gone; its value is the same.
    ///
    /// # Errors
    /// The value, when a column of this kind cannot hold it.
    pub fn from_json(value: &Value, kind: &str) -> Result<Cell, String> {
        let wrong = || format!("{value} is no value of a column of kind `{kind}`");
        match (kind, value) {
            (_, Value::Null) => Ok(Cell::Null),
            ("int", Value::Number(number)) => number.as_i64().map(Cell::Int).ok_or_else(wrong),
            ("decimal", Value::Number(number)) => parse_decimal(&number.to_string()).ok_or_else(wrong),
            ("decimal", Value::String(text)) => parse_decimal(text).ok_or_else(wrong),
            ("float", Value::Number(number)) => number.as_f64().map(Cell::Float).ok_or_else(wrong),
            ("bool", Value::Bool(value)) => Ok(Cell::Bool(*value)),
            ("date", Value::String(text)) => text.parse().map(Cell::Date).map_err(|_| wrong()),
            ("text", Value::String(text)) => Ok(Cell::Text(text.clone())),
            _ => Err(wrong()),
        }
    }

    /// The number as a float, for geometry and for ratios; `None` when the cell is no number.
    pub fn number(&self) -> Option<f64> {
        match self {
            Cell::Int(value) => Some(*value as f64),
            Cell::Decimal { unscaled, scale } => Some(decimal_to_f64(*unscaled, *scale)),
            Cell::Float(value) => Some(*value),
            Cell::Null | Cell::Bool(_) | Cell::Date(_) | Cell::Text(_) => None,
        }
    }

    pub fn is_null(&self) -> bool {
        matches!(self, Cell::Null)
    }

    pub fn text(&self) -> Option<&str> {
        match self {
            Cell::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn date(&self) -> Option<NaiveDate> {
        match self {
            Cell::Date(date) => Some(*date),
            _ => None,
        }
    }

    /// `self − other`: exact between integers and decimals, a float otherwise; null when either side is no number.
    pub fn minus(&self, other: &Cell) -> Cell {
        self.combine(other, i128::checked_sub, |a, b| a - b).unwrap_or(Cell::Null)
    }

    /// `self + other`, as `minus`; `None` when a side is no number or the exact sum overflows.
    pub fn plus(&self, other: &Cell) -> Option<Cell> {
        self.combine(other, i128::checked_add, |a, b| a + b)
    }

    /// `self × other`: exact between integers and decimals unless that overflows, a float otherwise; null when either is no number.
    pub fn times(&self, other: &Cell) -> Cell {
        if let (Some((a, sa)), Some((b, sb))) = (self.exact(), other.exact())
            && let Some(product) = a.checked_mul(b)
            && sa + sb <= MAX_SCALE
        {
            return from_exact(product, sa + sb);
        }
        match (self.number(), other.number()) {
            (Some(a), Some(b)) => Cell::Float(a * b),
            _ => Cell::Null,
        }
    }

    /// `self ÷ other` as a float; null when either is no number or the divisor is zero.
    pub fn over(&self, other: &Cell) -> Cell {
        match (self.number(), other.number()) {
            (Some(a), Some(b)) if b != 0.0 => Cell::Float(a / b),
            _ => Cell::Null,
        }
    }

    fn combine(
        &self,
        other: &Cell,
        exact: fn(i128, i128) -> Option<i128>,
        float: fn(f64, f64) -> f64,
    ) -> Option<Cell> {
        if let (Some((a, sa)), Some((b, sb))) = (self.exact(), other.exact()) {
            let scale = sa.max(sb);
            let result = exact(rescale(a, sa, scale)?, rescale(b, sb, scale)?)?;
            return Some(from_exact(result, scale));
        }
        Some(Cell::Float(float(self.number()?, other.number()?)))
    }

    /// The exact integer and its scale, when the cell has one.
    pub fn exact(&self) -> Option<(i128, u8)> {
        match self {
            Cell::Int(value) => Some((i128::from(*value), 0)),
            Cell::Decimal { unscaled, scale } => Some((*unscaled, *scale)),
            _ => None,
        }
    }

    /// A total order for sorting rows: numbers by size, texts by code point, nulls last.
    pub fn order(&self, other: &Cell) -> Ordering {
        match (self, other) {
            (Cell::Null, Cell::Null) => Ordering::Equal,
            (Cell::Null, _) => Ordering::Greater,
            (_, Cell::Null) => Ordering::Less,
            (Cell::Text(a), Cell::Text(b)) => a.cmp(b),
            (Cell::Date(a), Cell::Date(b)) => a.cmp(b),
            (Cell::Bool(a), Cell::Bool(b)) => a.cmp(b),
            (a, b) => match (a.number(), b.number()) {
                (Some(x), Some(y)) => x.total_cmp(&y),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => Ordering::Equal,
            },
        }
    }
}

/// The float nearest to `unscaled × 10^-scale`: correctly rounded, because parsing decimal text is.
pub fn decimal_to_f64(unscaled: i128, scale: u8) -> f64 {
    const EXACT: i128 = 1 << 53;
    if scale <= 22 && unscaled.abs() <= EXACT {
        // Both operands are exact floats and one IEEE division rounds once.
        return unscaled as f64 / 10f64.powi(i32::from(scale));
    }
    format!("{unscaled}e-{scale}").parse().unwrap_or(f64::NAN)
}

/// The greatest scale that a product keeps: Arrow's decimals end at 38 digits.
const MAX_SCALE: u8 = 38;

/// An integer when it is one and fits, a decimal otherwise.
fn from_exact(unscaled: i128, scale: u8) -> Cell {
    match i64::try_from(unscaled) {
        Ok(value) if scale == 0 => Cell::Int(value),
        _ => Cell::Decimal { unscaled, scale },
    }
}

/// All digits, with a point.
fn decimal_text(unscaled: i128, scale: u8) -> String {
    let scale = usize::from(scale);
    let sign = if unscaled < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", unscaled.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

fn parse_decimal(text: &str) -> Option<Cell> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    // A float that is whole is written with one zero after the point.
    let fraction = if fraction == "0" { "" } else { fraction };
    let unscaled = format!("{whole}{fraction}").parse().ok()?;
    Some(Cell::Decimal { unscaled, scale: u8::try_from(fraction.len()).ok()? })
}

fn rescale(unscaled: i128, from: u8, to: u8) -> Option<i128> {
    unscaled.checked_mul(10i128.checked_pow(u32::from(to - from))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minus_decimals_of_two_scales_is_exact() {
        let a = Cell::Decimal { unscaled: 100_000_000_000_000_000_003, scale: 2 };
        let b = Cell::Decimal { unscaled: 1, scale: 4 };
        assert_eq!(a.minus(&b), Cell::Decimal { unscaled: 10_000_000_000_000_000_000_299, scale: 4 });
        assert_eq!(Cell::Int(3).minus(&Cell::Int(5)), Cell::Int(-2));
        assert_eq!(Cell::Int(3).minus(&Cell::Null), Cell::Null);
    }

    #[test]
    fn arithmetic_is_exact_between_integers_and_decimals() {
        let cents = |unscaled| Cell::Decimal { unscaled, scale: 2 };
        assert_eq!(cents(10).plus(&cents(20)), Some(cents(30)));
        assert_eq!(cents(10).plus(&Cell::Int(1)), Some(cents(110)));
        assert_eq!(cents(15).times(&cents(15)), Cell::Decimal { unscaled: 225, scale: 4 });
        assert_eq!(Cell::Int(3).times(&Cell::Float(0.5)), Cell::Float(1.5));
        assert_eq!(Cell::Int(1).over(&Cell::Int(4)), Cell::Float(0.25));
        assert_eq!(Cell::Int(1).over(&Cell::Int(0)), Cell::Null);
        assert_eq!(Cell::Null.plus(&Cell::Int(1)), None);
        assert_eq!(Cell::Decimal { unscaled: i128::MAX, scale: 2 }.plus(&Cell::Int(1)), None);
    }

    #[test]
    fn json_of_a_cell_reads_back_as_the_same_value() {
        let check = |cell: Cell, kind: &str, json: &str| {
            assert_eq!(serde_json::to_string(&cell).unwrap(), json);
            let read = Cell::from_json(&serde_json::from_str(json).unwrap(), kind).unwrap();
            assert_eq!(read.minus(&cell), cell.minus(&cell), "{json}");
        };
        check(Cell::Decimal { unscaled: -128_472_957, scale: 2 }, "decimal", "-1284729.57");
        check(Cell::Decimal { unscaled: 5, scale: 3 }, "decimal", "0.005");
        check(Cell::Decimal { unscaled: 999_999_999_999_999, scale: 2 }, "decimal", "9999999999999.99");
        check(Cell::Decimal { unscaled: 999_999_999_999_999, scale: 18 }, "decimal", "0.000999999999999999");
        check(
            Cell::Decimal { unscaled: 123_456_789_012_345_678_901, scale: 2 },
            "decimal",
            "\"1234567890123456789.01\"",
        );
        check(Cell::Int(i64::MAX), "int", "9223372036854775807");
        check(Cell::Float(0.1), "float", "0.1");
        assert_eq!(
            Cell::from_json(&serde_json::json!("2026-06-29"), "date").unwrap(),
            Cell::Date("2026-06-29".parse().unwrap())
        );
        assert_eq!(Cell::from_json(&Value::Null, "int").unwrap(), Cell::Null);
        assert!(Cell::from_json(&serde_json::json!("x"), "int").is_err());
    }

    #[test]
    fn decimal_to_f64_is_the_nearest_float() {
        assert_eq!(decimal_to_f64(128_472_957, 2).to_bits(), 1_284_729.57_f64.to_bits());
        assert_eq!(decimal_to_f64(1, 1).to_bits(), 0.1_f64.to_bits());
        let big = 123_456_789_012_345_678_901_i128;
        assert_eq!(
            decimal_to_f64(big, 5).to_bits(),
            "1234567890123456.78901".parse::<f64>().unwrap().to_bits()
        );
    }
}
