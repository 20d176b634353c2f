//! Counts what the values of one column look like, over a whole file.
//!
//! Does not decide the type (`counts`) nor build columns (`column_builder`). Invariant: the memory of a tally does not grow with the number of values.

use crate::cell::{self, Cell, DateOrder, DecimalStyle, Reading, shown};
use crate::column_type::{ColumnType, NARROW};
use crate::counts::Counts;
use crate::moment::{self, Order};
use crate::numeral;

/// What kind of value a cell looks like, for messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Number,
    Date,
    Boolean,
    Text,
}

/// Counts of one column in one file, before anybody knows how the file writes numbers and dates.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    pub values: u64,
    booleans: u64,
    /// Words such as `N/D`: no value of the type, but no sign of another type either.
    placeholders: u64,
    numbers: Numbers,
    dates: Dates,
    /// First row and value of each kind, in the order of `Kind`.
    examples: [Option<(u64, Box<str>)>; 4],
}

#[derive(Debug, Clone, Default)]
struct Numbers {
    /// Whole, without separators, no leading zero, at most 18 digits.
    plain: u64,
    plain_digits: u16,
    /// Codes: leading zeros, or more digits than a number has.
    codes: u64,
    point: Styled,
    comma: Styled,
    /// Exactly known, as spreadsheets and JSON give them.
    exact: Styled,
    /// Not representable as a decimal.
    floats: u64,
}

/// Values with separators, as one style reads them.
#[derive(Debug, Clone, Copy, Default)]
struct Styled {
    whole: u64,
    fractional: u64,
    /// How many only this style can read.
    alone: u64,
    digits: u16,
    scale: u16,
    /// Whole values in which separators group thousands at least twice, as in `4.001.001`.
    grouped_twice: u64,
}

#[derive(Debug, Clone, Default)]
struct Dates {
    any: u64,
    day_first: u64,
    month_first: u64,
    impossible: u64,
    with_time: u64,
    with_offset: u64,
}

/// Evidence of a whole file, for columns that have none of their own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Evidence {
    pub point: u64,
    pub comma: u64,
    pub day_first: u64,
    pub month_first: u64,
}

impl Evidence {
    pub fn add(&mut self, other: Evidence) {
        self.point += other.point;
        self.comma += other.comma;
        self.day_first += other.day_first;
        self.month_first += other.month_first;
    }

    pub fn decimal(&self) -> Option<DecimalStyle> {
        majority(self.point, self.comma, DecimalStyle::Point, DecimalStyle::Comma)
    }

    pub fn date_order(&self) -> Option<DateOrder> {
        majority(self.month_first, self.day_first, DateOrder::MonthFirst, DateOrder::DayFirst)
    }
}

fn majority<T>(a: u64, b: u64, first: T, second: T) -> Option<T> {
    match a.cmp(&b) {
        std::cmp::Ordering::Greater => Some(first),
        std::cmp::Ordering::Less => Some(second),
        std::cmp::Ordering::Equal => None,
    }
}

impl Tally {
    /// Of a column whose type the file declares: nothing is looked at.
    pub fn declared(values: u64) -> Tally {
        Tally { values, ..Tally::default() }
    }

    pub fn add(&mut self, row: u64, cell: Cell<'_>) {
        match cell {
            Cell::Empty => {}
            Cell::Raw(bytes) => self.add_raw(row, bytes),
            Cell::Text(text) => self.add_text(row, text),
            Cell::Number(text) => self.add_exact(row, numeral::exact(text), || text.to_owned()),
            Cell::Float(value) => self.add_exact(row, numeral::of_float(value), || value.to_string()),
            Cell::Boolean(value) => {
                self.values += 1;
                self.booleans += 1;
                self.remember(Kind::Boolean, row, || value.to_string());
            }
            Cell::Date(days) => {
                self.values += 1;
                self.dates.any += 1;
                self.remember(Kind::Date, row, || moment::iso_date(days));
            }
            Cell::Timestamp(at) => {
                self.values += 1;
                self.dates.any += 1;
                self.dates.with_time += 1;
                self.remember(Kind::Date, row, || moment::iso_timestamp(at));
            }
        }
    }

    fn add_raw(&mut self, row: u64, bytes: &[u8]) {
        let bytes = cell::trimmed(bytes);
        if bytes.is_empty() {
            return;
        }
        self.values += 1;
        let show = || shown(bytes);
        if let Some(shape) = numeral::shape(bytes) {
            self.numbers.add(shape);
            self.remember(Kind::Number, row, show);
        } else if let Some(written) = moment::written(bytes) {
            self.dates.add(&written);
            self.remember(Kind::Date, row, show);
        } else if cell::boolean(bytes).is_some() {
            self.booleans += 1;
            self.remember(Kind::Boolean, row, show);
        } else {
            self.placeholders += u64::from(is_placeholder(bytes));
            self.remember(Kind::Text, row, show);
        }
    }

    fn add_text(&mut self, row: u64, text: &str) {
        let bytes = cell::trimmed(text.as_bytes());
        if bytes.is_empty() {
            return;
        }
        self.values += 1;
        // A format with types means its strings: `"007"` is no number. Dates it may have no other way to write.
        match moment::written(bytes) {
            Some(written) if written.order() != Order::Impossible => {
                self.dates.add(&written);
                self.remember(Kind::Date, row, || shown(bytes));
            }
            _ => {
                self.placeholders += u64::from(is_placeholder(bytes));
                self.remember(Kind::Text, row, || shown(bytes));
            }
        }
    }

    fn add_exact(&mut self, row: u64, value: Option<numeral::Decimal>, show: impl Fn() -> String) {
        self.values += 1;
        match value {
            Some(decimal) => self.numbers.exact.add(
                numeral::Digits { whole: decimal.whole_digits().into(), fraction: decimal.scale.into() },
                false,
                0,
            ),
            None => self.numbers.floats += 1,
        }
        self.remember(Kind::Number, row, show);
    }

    fn remember(&mut self, kind: Kind, row: u64, show: impl Fn() -> String) {
        let slot = &mut self.examples[kind as usize];
        if slot.is_none() {
            *slot = Some((row, show().into_boxed_str()));
        }
    }

    /// How many values are certainly no dates.
    pub fn not_dates(&self) -> u64 {
        self.values - (self.dates.any + self.dates.day_first + self.dates.month_first).min(self.values)
    }

    pub fn evidence(&self) -> Evidence {
        Evidence {
            point: self.numbers.point.alone,
            comma: self.numbers.comma.alone,
            day_first: self.dates.day_first,
            month_first: self.dates.month_first,
        }
    }

    /// The first value that is not of this type, with its row.
    pub fn stranger(&self, column_type: ColumnType) -> Option<(u64, &str)> {
        let fits = |kind: usize| match column_type {
            ColumnType::Text => true,
            ColumnType::Integer | ColumnType::Decimal { .. } | ColumnType::Float => {
                kind == Kind::Number as usize
            }
            ColumnType::Boolean => kind == Kind::Boolean as usize,
            ColumnType::Date | ColumnType::Timestamp | ColumnType::Moment => kind == Kind::Date as usize,
        };
        let strange = self
            .examples
            .iter()
            .enumerate()
            .filter(|(kind, _)| !fits(*kind))
            .filter_map(|(_, it)| it.as_ref());
        strange.min_by_key(|(row, _)| *row).map(|(row, value)| (*row, &**value))
    }

    /// The counts, given how the column is read.
    pub fn read_as(&self, reading: Reading) -> Counts {
        let numbers = &self.numbers;
        let style = match reading.decimal {
            DecimalStyle::Point => numbers.point,
            DecimalStyle::Comma => numbers.comma,
        };
        let dates = match reading.date_order {
            DateOrder::DayFirst => self.dates.any + self.dates.day_first,
            DateOrder::MonthFirst => self.dates.any + self.dates.month_first,
        };
        let fractional = style.fractional + numbers.exact.fractional;
        let codes_by_groups =
            numbers.plain == 0 && fractional == 0 && style.whole > 0 && style.whole == style.grouped_twice;
        Counts {
            values: self.values,
            whole: numbers.plain + style.whole + numbers.exact.whole,
            fractional,
            floats: numbers.floats,
            codes: numbers.codes + if codes_by_groups { style.whole } else { 0 },
            digits: numbers.plain_digits.max(style.digits).max(numbers.exact.digits),
            scale: style.scale.max(numbers.exact.scale),
            booleans: self.booleans,
            placeholders: self.placeholders,
            dates,
            impossible_dates: self.values.min(self.dates.total() - dates),
            with_time: self.dates.with_time,
            with_offset: self.dates.with_offset,
        }
    }
}

/// What people and spreadsheets write where a value is missing.
fn is_placeholder(bytes: &[u8]) -> bool {
    const WORDS: [&str; 13] =
        ["n/d", "nd", "n.d.", "n/a", "na", "n.a.", "#n/d", "#n/a", "null", "nulo", "none", "nan", "?"];
    bytes.iter().all(|b| *b == b'-') || WORDS.iter().any(|word| word.as_bytes().eq_ignore_ascii_case(bytes))
}

impl Numbers {
    fn add(&mut self, shape: numeral::Shape) {
        if shape.plain {
            let digits = shape.point.map_or(0, |it| it.whole);
            if shape.leading_zero || digits > u16::from(NARROW) {
                self.codes += 1;
            } else {
                self.plain += 1;
                self.plain_digits = self.plain_digits.max(digits);
            }
            return;
        }
        if let Some(digits) = shape.point {
            self.point.add(digits, shape.comma.is_none(), shape.groups);
        }
        if let Some(digits) = shape.comma {
            self.comma.add(digits, shape.point.is_none(), shape.groups);
        }
    }
}

impl Styled {
    fn add(&mut self, digits: numeral::Digits, alone: bool, groups: u8) {
        if digits.fraction == 0 {
            self.whole += 1;
            self.grouped_twice += u64::from(groups >= 2);
        } else {
            self.fractional += 1;
        }
        self.alone += u64::from(alone);
        self.digits = self.digits.max(digits.whole);
        self.scale = self.scale.max(digits.fraction);
    }
}

impl Dates {
    fn add(&mut self, written: &moment::Written) {
        match written.order() {
            Order::Any => self.any += 1,
            Order::DayFirst => self.day_first += 1,
            Order::MonthFirst => self.month_first += 1,
            Order::Impossible => self.impossible += 1,
        }
        self.with_time += u64::from(written.has_time());
        self.with_offset += u64::from(written.has_offset());
    }

    fn total(&self) -> u64 {
        self.any + self.day_first + self.month_first + self.impossible
    }
}

#[cfg(test)]
mod tests;
