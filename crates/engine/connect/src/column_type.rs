//! The types that a column of a stream may have, how they are written in options, and which may become which.
//!
//! Does not look at values (`tally`). Invariant: widening never loses a value.

use std::fmt;
use std::str::FromStr;

use arrow::datatypes::{DataType, TimeUnit};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Digits of the narrow decimal: it fits 64 bits, which Parquet stores and engines add faster.
pub const NARROW: u8 = 18;
/// Digits of the wide decimal.
pub const WIDE: u8 = 38;

/// Type of a column as it is landed. Every column is nullable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ColumnType {
    /// UTF-8 text.
    Text,
    /// Whole number of up to 18 digits, 64 bits.
    Integer,
    /// Exact decimal number: `precision` digits in all, `scale` of them after the point.
    Decimal {
        precision: u8,
        scale: u8,
    },
    /// Binary floating point; only where the source itself has it.
    Float,
    Boolean,
    Date,
    /// Date and time of day, without a zone, in microseconds.
    Timestamp,
    /// A moment: date and time with an offset, kept in UTC, in microseconds.
    Moment,
}

impl ColumnType {
    /// The Arrow type of the column's batches.
    pub fn arrow(self) -> DataType {
        match self {
            ColumnType::Text => DataType::Utf8,
            ColumnType::Integer => DataType::Int64,
            ColumnType::Decimal { precision, scale } => DataType::Decimal128(precision, scale as i8),
            ColumnType::Float => DataType::Float64,
            ColumnType::Boolean => DataType::Boolean,
            ColumnType::Date => DataType::Date32,
            ColumnType::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
            ColumnType::Moment => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        }
    }

    /// The type that takes every value of an Arrow type; lists, structures and bytes become text.
    pub fn of_arrow(data_type: &DataType) -> ColumnType {
        match data_type {
            DataType::Int8
            | DataType::Int16
            | DataType::Int32
            | DataType::Int64
            | DataType::UInt8
            | DataType::UInt16
            | DataType::UInt32 => ColumnType::Integer,
            DataType::UInt64 => ColumnType::Decimal { precision: WIDE, scale: 0 },
            DataType::Float16 | DataType::Float32 | DataType::Float64 => ColumnType::Float,
            DataType::Decimal32(precision, scale)
            | DataType::Decimal64(precision, scale)
            | DataType::Decimal128(precision, scale)
            | DataType::Decimal256(precision, scale) => of_arrow_decimal(*precision, *scale),
            DataType::Boolean => ColumnType::Boolean,
            DataType::Date32 => ColumnType::Date,
            DataType::Date64 | DataType::Timestamp(_, None) => ColumnType::Timestamp,
            DataType::Timestamp(_, Some(_)) => ColumnType::Moment,
            DataType::Dictionary(_, values) => ColumnType::of_arrow(values),
            _ => ColumnType::Text,
        }
    }

    /// The smallest type that takes every value of both; `None` where only text would, or more than 38 digits were needed.
    pub fn widened(self, other: ColumnType) -> Option<ColumnType> {
        use ColumnType::{Date, Timestamp};
        match (self, other) {
            (a, b) if a == b => Some(a),
            (Date, Timestamp) | (Timestamp, Date) => Some(Timestamp),
            (a, b) => {
                let ((whole, scale), (other_whole, other_scale)) = (a.digits()?, b.digits()?);
                let scale = scale.max(other_scale);
                let precision = whole.max(other_whole) + scale;
                (precision <= WIDE).then_some(ColumnType::Decimal { precision, scale })
            }
        }
    }

    /// Digits before and after the decimal sign that any value of a number type fits into.
    fn digits(self) -> Option<(u8, u8)> {
        match self {
            ColumnType::Integer => Some((19, 0)),
            ColumnType::Decimal { precision, scale } => Some((precision - scale, scale)),
            _ => None,
        }
    }
}

/// The type of a column that nothing is known of yet, when one file has it as `a` and another as `b`.
pub fn united(a: ColumnType, b: ColumnType) -> ColumnType {
    use ColumnType::{Decimal, Float, Integer, Text};
    match (a, b) {
        (Float, Integer | Decimal { .. }) | (Integer | Decimal { .. }, Float) => Float,
        _ => a.widened(b).unwrap_or(Text),
    }
}

fn of_arrow_decimal(precision: u8, scale: i8) -> ColumnType {
    let scale = u8::try_from(scale).unwrap_or(0).min(WIDE);
    ColumnType::Decimal { precision: precision.clamp(scale.max(1), WIDE), scale }
}

impl fmt::Display for ColumnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // `pad` lets a table of columns line up.
        f.pad(match self {
            ColumnType::Text => "text",
            ColumnType::Integer => "integer",
            ColumnType::Decimal { precision, scale } => {
                return f.pad(&format!("decimal({precision},{scale})"));
            }
            ColumnType::Float => "float",
            ColumnType::Boolean => "boolean",
            ColumnType::Date => "date",
            ColumnType::Timestamp => "timestamp",
            ColumnType::Moment => "moment",
        })
    }
}

impl FromStr for ColumnType {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let word = text.trim().to_ascii_lowercase();
        Ok(match word.as_str() {
            "text" => ColumnType::Text,
            "integer" => ColumnType::Integer,
            "decimal" => ColumnType::Decimal { precision: NARROW, scale: 2 },
            "float" => ColumnType::Float,
            "boolean" => ColumnType::Boolean,
            "date" => ColumnType::Date,
            "timestamp" => ColumnType::Timestamp,
            "moment" => ColumnType::Moment,
            _ => decimal_of(&word).ok_or_else(|| {
                format!(
                    "`{text}` is no column type; use text, integer, decimal(18,2), float, boolean, date, timestamp or moment"
                )
            })?,
        })
    }
}

fn decimal_of(word: &str) -> Option<ColumnType> {
    let (precision, scale) = word.strip_prefix("decimal(")?.strip_suffix(')')?.split_once(',')?;
    let (precision, scale): (u8, u8) = (precision.trim().parse().ok()?, scale.trim().parse().ok()?);
    (1..=WIDE).contains(&precision).then_some(())?;
    (scale <= precision).then_some(ColumnType::Decimal { precision, scale })
}

impl Serialize for ColumnType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ColumnType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MONEY: ColumnType = ColumnType::Decimal { precision: 18, scale: 2 };

    #[test]
    fn column_type_written_and_read_back_is_the_same() {
        for word in ["text", "integer", "decimal(38,6)", "float", "boolean", "date", "timestamp", "moment"] {
            assert_eq!(word.parse::<ColumnType>().unwrap().to_string(), word);
        }
        assert!("decimal(50,2)".parse::<ColumnType>().is_err());
        assert!("decimal(2,3)".parse::<ColumnType>().is_err());
        assert!("money".parse::<ColumnType>().unwrap_err().contains("use text, integer"));
    }

    #[test]
    fn widened_never_loses_digits() {
        let decimal = |precision, scale| ColumnType::Decimal { precision, scale };
        assert_eq!(ColumnType::Integer.widened(MONEY), Some(decimal(21, 2)));
        assert_eq!(MONEY.widened(decimal(18, 4)), Some(decimal(20, 4)));
        assert_eq!(decimal(38, 2).widened(decimal(18, 4)), None);
        assert_eq!(ColumnType::Date.widened(ColumnType::Timestamp), Some(ColumnType::Timestamp));
        assert_eq!(ColumnType::Date.widened(ColumnType::Integer), None);
        assert_eq!(ColumnType::Timestamp.widened(ColumnType::Moment), None);
    }

    #[test]
    fn of_arrow_and_back_keeps_our_own_types() {
        for own in [
            ColumnType::Text,
            ColumnType::Integer,
            MONEY,
            ColumnType::Float,
            ColumnType::Boolean,
            ColumnType::Date,
            ColumnType::Timestamp,
            ColumnType::Moment,
        ] {
            assert_eq!(ColumnType::of_arrow(&own.arrow()), own);
        }
    }
}
