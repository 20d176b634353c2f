//! What the values of a column are, once it is known how to read them; and which type the column has by that.
//!
//! Does not look at values (`tally`). Invariant: the decision rests on every value of the column, never on a sample.

use crate::column_type::{ColumnType, NARROW, WIDE};

/// Of a thousand values, how many may not fit the type that all others have; those rows are rejected.
const MISFITS_PER_MILLE: u64 = 5;

/// Of a hundred values, how many must fit the known type for the others to be rejects; else the column has changed.
const FITTING_PERCENT: u64 = 90;
/// So few misfits are rejects even among few values, if at least half of the values fit.
const FEW_MISFITS: u64 = 3;

/// What the values of a column are, once it is known how to read them. Counts of several files add up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub values: u64,
    pub whole: u64,
    pub fractional: u64,
    pub floats: u64,
    pub codes: u64,
    pub digits: u16,
    pub scale: u16,
    pub booleans: u64,
    pub placeholders: u64,
    pub dates: u64,
    pub impossible_dates: u64,
    pub with_time: u64,
    pub with_offset: u64,
}

impl Counts {
    pub fn add(&mut self, other: Counts) {
        self.values += other.values;
        self.whole += other.whole;
        self.fractional += other.fractional;
        self.floats += other.floats;
        self.codes += other.codes;
        self.digits = self.digits.max(other.digits);
        self.scale = self.scale.max(other.scale);
        self.booleans += other.booleans;
        self.placeholders += other.placeholders;
        self.dates += other.dates;
        self.impossible_dates += other.impossible_dates;
        self.with_time += other.with_time;
        self.with_offset += other.with_offset;
    }

    /// The type of the column: the one that at least 99.5 % of its values have, else text.
    pub fn decide(&self) -> ColumnType {
        let numbers = self.whole + self.fractional;
        if self.values == 0 || self.codes > 0 {
            return ColumnType::Text;
        }
        if self.nearly_all(numbers + self.floats, self.placeholders) {
            return if self.floats > 0 { ColumnType::Float } else { self.number() };
        }
        if self.nearly_all(self.dates, self.impossible_dates + self.placeholders) {
            return match (self.with_offset, self.with_time) {
                (0, 0) => ColumnType::Date,
                (0, _) => ColumnType::Timestamp,
                (offsets, _) if self.nearly_all(offsets, self.impossible_dates + self.placeholders) => {
                    ColumnType::Moment
                }
                _ => ColumnType::Text,
            };
        }
        if self.nearly_all(self.booleans, self.placeholders) { ColumnType::Boolean } else { ColumnType::Text }
    }

    /// The type that a person probably means: `decide`'s, or that of days and of numbers with a fraction, if nearly all values are some. Whoever
    /// lands it so has to show the others first.
    pub fn likely(&self) -> ColumnType {
        let decided = self.decide();
        let means = |wanted: &ColumnType| {
            let fitting = self.fitting(*wanted);
            fitting * 3 >= self.values * 2 && fitting > 0 && self.mostly_fit(*wanted)
        };
        if decided != ColumnType::Text || self.codes > 0 {
            return decided;
        }
        // Whole numbers among texts are codes as often as quantities.
        let number = if self.fractional > 0 { self.number() } else { ColumnType::Text };
        [ColumnType::Date, number].into_iter().find(means).unwrap_or(ColumnType::Text)
    }

    /// Whether every number among the values fits a decimal of this size.
    pub fn fit_decimal(&self, precision: u8, scale: u8) -> bool {
        self.scale <= u16::from(scale) && self.digits + u16::from(scale) <= u16::from(precision)
    }

    fn number(&self) -> ColumnType {
        if self.fractional == 0 {
            return ColumnType::Integer;
        }
        // Two places at least: a column of prices must not change its type with the first cent.
        let scale = self.scale.max(2);
        match u8::try_from(self.digits + scale) {
            Ok(precision) if precision <= WIDE => {
                ColumnType::Decimal { precision: precision.max(NARROW), scale: scale as u8 }
            }
            _ => ColumnType::Text,
        }
    }

    /// `alike` values look like the type without being one, as `31/02/2026`, or say that there is none, as `N/D`: they do not speak against the
    /// type, and are rejected.
    fn nearly_all(&self, fitting: u64, alike: u64) -> bool {
        let needed = self.values * (1000 - MISFITS_PER_MILLE);
        (fitting + alike) * 1000 >= needed && fitting * 5 >= self.values * 4 && fitting > 0
    }

    /// How many values a column of this type can hold.
    pub fn fitting(&self, column_type: ColumnType) -> u64 {
        match column_type {
            ColumnType::Text => self.values,
            ColumnType::Integer => self.whole + self.codes,
            ColumnType::Decimal { .. } => self.whole + self.fractional + self.codes,
            ColumnType::Float => self.whole + self.fractional + self.floats + self.codes,
            ColumnType::Boolean => self.booleans,
            ColumnType::Date => self.dates.saturating_sub(self.with_time),
            ColumnType::Timestamp => self.dates.saturating_sub(self.with_offset),
            ColumnType::Moment => self.with_offset,
        }
    }

    /// The type that takes the values of a column that is `known` and these, which look like `found`; none when only text would.
    pub fn needed(&self, known: ColumnType, found: ColumnType) -> Option<ColumnType> {
        use ColumnType::{Decimal, Float, Integer, Text};
        match (known, found) {
            (Text, _) => Some(Text),
            (Float, Integer | Decimal { .. }) => Some(Float),
            (Decimal { precision, scale }, Decimal { .. } | Integer)
                if self.fit_decimal(precision, scale) =>
            {
                Some(known)
            }
            _ => known.widened(found),
        }
    }

    /// Whether so many values have the known type that the others are rejects, and the column has not changed.
    pub fn mostly_fit(&self, known: ColumnType) -> bool {
        let fitting = self.fitting(known);
        let misfits = self.values.saturating_sub(fitting);
        let few = misfits <= FEW_MISFITS && fitting >= misfits;
        fitting * 100 >= self.values * FITTING_PERCENT || few
    }
}
