//! Builds one typed Arrow column out of cells.
//!
//! Does not decide types (`tally`). Invariant: every cell appends exactly one entry; what does not fit appends null and says why.

use std::fmt::Write as _;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Date32Builder, Decimal128Builder, Float64Builder, Int64Builder, StringBuilder,
    TimestampMicrosecondBuilder,
};
use encoding_rs::{Encoding, UTF_8};

use crate::cell::{self, Cell, DecimalStyle, Reading};
use crate::column_type::ColumnType;
use crate::{moment, numeral};

/// How the cells of one column are to be read.
#[derive(Debug, Clone, Copy)]
pub struct Manner {
    pub reading: Reading,
    pub encoding: &'static Encoding,
}

enum Entries {
    Text(StringBuilder),
    Integer(Int64Builder),
    Decimal { entries: Decimal128Builder, scale: u8, below: i128 },
    Float(Float64Builder),
    Boolean(BooleanBuilder),
    Date(Date32Builder),
    Timestamp(TimestampMicrosecondBuilder),
    Moment(TimestampMicrosecondBuilder),
}

/// A column under construction.
pub struct ColumnBuilder {
    column_type: ColumnType,
    entries: Entries,
    scratch: String,
}

/// Why a cell does not fit its column.
pub type Misfit = &'static str;

impl ColumnBuilder {
    pub fn new(column_type: ColumnType) -> ColumnBuilder {
        let entries = match column_type {
            ColumnType::Text => Entries::Text(StringBuilder::new()),
            ColumnType::Integer => Entries::Integer(Int64Builder::new()),
            ColumnType::Decimal { precision, scale } => Entries::Decimal {
                entries: Decimal128Builder::new().with_data_type(column_type.arrow()),
                scale,
                below: 10_i128.pow(u32::from(precision)),
            },
            ColumnType::Float => Entries::Float(Float64Builder::new()),
            ColumnType::Boolean => Entries::Boolean(BooleanBuilder::new()),
            ColumnType::Date => Entries::Date(Date32Builder::new()),
            ColumnType::Timestamp => Entries::Timestamp(TimestampMicrosecondBuilder::new()),
            ColumnType::Moment => {
                Entries::Moment(TimestampMicrosecondBuilder::new().with_data_type(column_type.arrow()))
            }
        };
        ColumnBuilder { column_type, entries, scratch: String::new() }
    }

    /// Appends a null, for a column that the file does not have.
    pub fn push_null(&mut self) {
        match &mut self.entries {
            Entries::Text(entries) => entries.append_null(),
            Entries::Integer(entries) => entries.append_null(),
            Entries::Decimal { entries, .. } => entries.append_null(),
            Entries::Float(entries) => entries.append_null(),
            Entries::Boolean(entries) => entries.append_null(),
            Entries::Date(entries) => entries.append_null(),
            Entries::Timestamp(entries) | Entries::Moment(entries) => entries.append_null(),
        }
    }

    pub fn push(&mut self, cell: Cell<'_>, manner: &Manner) -> Result<(), Misfit> {
        let pushed = match (&mut self.entries, cell) {
            (_, Cell::Empty) => Ok(false),
            (Entries::Text(entries), cell) => push_text(entries, &mut self.scratch, cell, manner),
            (_, Cell::Raw(bytes)) => push_raw(&mut self.entries, cell::trimmed(bytes), manner.reading),
            (_, Cell::Text(text)) => {
                push_raw(&mut self.entries, cell::trimmed(text.as_bytes()), manner.reading)
            }
            (Entries::Float(entries), Cell::Float(value)) => {
                entries.append_value(value);
                Ok(true)
            }
            (Entries::Float(entries), Cell::Number(text)) => match text.parse() {
                Ok(value) => {
                    entries.append_value(value);
                    Ok(true)
                }
                Err(_) => Err("is not a number"),
            },
            (_, Cell::Float(value)) => push_exact(&mut self.entries, numeral::of_float(value)),
            (_, Cell::Number(text)) => push_exact(&mut self.entries, numeral::exact(text)),
            (entries, cell) => push_typed(entries, cell),
        };
        match pushed {
            Ok(true) => Ok(()),
            Ok(false) => {
                self.push_null();
                Ok(())
            }
            Err(reason) => {
                self.push_null();
                Err(reason)
            }
        }
    }

    /// The column so far; the builder starts anew.
    pub fn finish(&mut self) -> ArrayRef {
        match &mut self.entries {
            Entries::Text(entries) => Arc::new(entries.finish()),
            Entries::Integer(entries) => Arc::new(entries.finish()),
            Entries::Decimal { entries, .. } => {
                let finished = entries.finish();
                *entries = Decimal128Builder::new().with_data_type(self.column_type.arrow());
                Arc::new(finished)
            }
            Entries::Float(entries) => Arc::new(entries.finish()),
            Entries::Boolean(entries) => Arc::new(entries.finish()),
            Entries::Date(entries) => Arc::new(entries.finish()),
            Entries::Timestamp(entries) => Arc::new(entries.finish()),
            Entries::Moment(entries) => {
                let finished = entries.finish();
                *entries = TimestampMicrosecondBuilder::new().with_data_type(self.column_type.arrow());
                Arc::new(finished)
            }
        }
    }
}

/// Whether a value was appended; `false` means that the cell is empty after all.
type Pushed = Result<bool, Misfit>;

/// A value that came with its type.
fn push_typed(entries: &mut Entries, cell: Cell<'_>) -> Pushed {
    match (entries, cell) {
        (Entries::Boolean(entries), Cell::Boolean(value)) => entries.append_value(value),
        (Entries::Date(entries), Cell::Date(days)) => entries.append_value(days),
        (Entries::Timestamp(entries), Cell::Timestamp(at)) => entries.append_value(at),
        (Entries::Timestamp(entries), Cell::Date(days)) => {
            entries.append_value(i64::from(days) * 86_400_000_000);
        }
        (entries, _) => return Err(misfit(entries)),
    }
    Ok(true)
}

fn misfit(entries: &Entries) -> Misfit {
    match entries {
        Entries::Text(_) => "is not text",
        Entries::Integer(_) => "is not a whole number",
        Entries::Decimal { .. } => "is not a number that fits",
        Entries::Float(_) => "is not a number",
        Entries::Boolean(_) => "is neither true nor false",
        Entries::Date(_) => "is not a date",
        Entries::Timestamp(_) => "is not a date and time",
        Entries::Moment(_) => "is not a date and time with an offset",
    }
}

fn push_raw(entries: &mut Entries, bytes: &[u8], reading: Reading) -> Pushed {
    if bytes.is_empty() {
        return Ok(false);
    }
    let order = reading.date_order;
    let reason = misfit(entries);
    match entries {
        Entries::Integer(entries) => {
            entries.append_value(numeral::whole(bytes, reading.decimal).ok_or(reason)?);
        }
        Entries::Decimal { entries, scale, below } => {
            let value = numeral::scaled(bytes, reading.decimal, *scale).ok_or(reason)?;
            (value.abs() < *below).then_some(()).ok_or(reason)?;
            entries.append_value(value);
        }
        Entries::Float(entries) => entries.append_value(float(bytes, reading.decimal).ok_or(reason)?),
        Entries::Boolean(entries) => entries.append_value(cell::yes_or_no(bytes).ok_or(reason)?),
        Entries::Date(entries) => {
            let written = moment::written(bytes).ok_or(reason)?;
            entries.append_value(written.date(order).ok_or_else(|| impossible(&written, reason))?);
        }
        Entries::Timestamp(entries) => {
            let written = moment::written(bytes).filter(|it| !it.has_offset()).ok_or(reason)?;
            entries.append_value(written.timestamp(order).ok_or_else(|| impossible(&written, reason))?);
        }
        Entries::Moment(entries) => {
            let written = moment::written(bytes).ok_or(reason)?;
            entries.append_value(written.moment(order).ok_or_else(|| impossible(&written, reason))?);
        }
        Entries::Text(_) => return Err(reason),
    }
    Ok(true)
}

fn impossible(written: &moment::Written, otherwise: Misfit) -> Misfit {
    if written.order() == moment::Order::Impossible {
        "is a day that the calendar does not have"
    } else {
        otherwise
    }
}

fn float(bytes: &[u8], style: DecimalStyle) -> Option<f64> {
    match numeral::scaled(bytes, style, 12) {
        Some(value) => Some(value as f64 / 1e12),
        None => std::str::from_utf8(bytes).ok()?.parse().ok().filter(|value: &f64| value.is_finite()),
    }
}

fn push_exact(entries: &mut Entries, value: Option<numeral::Decimal>) -> Pushed {
    let reason = misfit(entries);
    match entries {
        Entries::Integer(entries) => {
            let whole = value.and_then(|it| it.at_scale(0)).and_then(|it| i64::try_from(it).ok());
            entries.append_value(whole.ok_or(reason)?);
        }
        Entries::Decimal { entries, scale, below } => {
            let value = value.and_then(|it| it.at_scale(*scale)).filter(|it| it.abs() < *below);
            entries.append_value(value.ok_or(reason)?);
        }
        _ => return Err(reason),
    }
    Ok(true)
}

fn push_text(entries: &mut StringBuilder, scratch: &mut String, cell: Cell<'_>, manner: &Manner) -> Pushed {
    scratch.clear();
    match cell {
        Cell::Empty | Cell::Raw(b"") | Cell::Text("") => return Ok(false),
        Cell::Raw(bytes) if manner.encoding == UTF_8 => match std::str::from_utf8(bytes) {
            Ok(text) => entries.append_value(text),
            Err(_) => return Err("is not valid UTF-8 text"),
        },
        Cell::Raw(bytes) => entries.append_value(manner.encoding.decode_without_bom_handling(bytes).0),
        Cell::Text(text) | Cell::Number(text) => entries.append_value(text),
        Cell::Boolean(value) => entries.append_value(if value { "true" } else { "false" }),
        Cell::Float(value) => {
            // A code that a spreadsheet holds as a number: all its digits, never an exponent.
            let written = match numeral::of_float(value) {
                Some(decimal) if decimal.scale == 0 => write!(scratch, "{}", decimal.unscaled),
                _ => write!(scratch, "{value}"),
            };
            written.map_err(|_| "cannot be written as text")?;
            entries.append_value(&*scratch);
        }
        Cell::Date(days) => entries.append_value(moment::iso_date(days)),
        Cell::Timestamp(at) => entries.append_value(moment::iso_timestamp(at)),
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use arrow::array::{Array, AsArray};
    use arrow::datatypes::{Decimal128Type, Int64Type};

    use super::*;
    use crate::cell::DateOrder;

    const MANNER: Manner = Manner {
        reading: Reading { decimal: DecimalStyle::Comma, date_order: DateOrder::DayFirst },
        encoding: encoding_rs::WINDOWS_1252,
    };

    #[test]
    fn push_values_that_fit_and_one_that_does_not() {
        let mut builder = ColumnBuilder::new(ColumnType::Decimal { precision: 18, scale: 2 });
        assert_eq!(builder.push(Cell::Raw(b" 1.234,5 "), &MANNER), Ok(()));
        assert_eq!(builder.push(Cell::Raw(b""), &MANNER), Ok(()));
        assert_eq!(builder.push(Cell::Raw(b"N/D"), &MANNER), Err("is not a number that fits"));
        assert_eq!(builder.push(Cell::Float(0.1 + 0.2), &MANNER), Ok(()));
        let column = builder.finish();
        let values: Vec<_> = column.as_primitive::<Decimal128Type>().iter().collect();
        assert_eq!(values, [Some(123_450), None, None, Some(30)]);
        assert_eq!(builder.push(Cell::Raw(b"1"), &MANNER), Ok(()));
        assert_eq!(builder.finish().data_type(), column.data_type());
    }

    #[test]
    fn push_windows_1252_text_comes_out_as_utf8() {
        let mut builder = ColumnBuilder::new(ColumnType::Text);
        builder.push(Cell::Raw(b"S\xe3o Jo\xe3o \x80"), &MANNER).unwrap();
        builder.push(Cell::Float(1_310_100.0), &MANNER).unwrap();
        let column = builder.finish();
        assert_eq!(column.as_string::<i32>().iter().flatten().collect::<Vec<_>>(), ["São João €", "1310100"]);
    }

    #[test]
    fn push_impossible_day_says_so() {
        let mut builder = ColumnBuilder::new(ColumnType::Date);
        assert_eq!(
            builder.push(Cell::Raw(b"31/02/2026"), &MANNER),
            Err("is a day that the calendar does not have")
        );
        assert_eq!(builder.push(Cell::Raw(b"N/D"), &MANNER), Err("is not a date"));
        assert_eq!(builder.finish().null_count(), 2);
    }

    #[test]
    fn push_whole_spreadsheet_number_into_integer_column() {
        let mut builder = ColumnBuilder::new(ColumnType::Integer);
        builder.push(Cell::Float(42.0), &MANNER).unwrap();
        assert!(builder.push(Cell::Float(42.5), &MANNER).is_err());
        assert_eq!(builder.finish().as_primitive::<Int64Type>().value(0), 42);
    }
}
