//! A decimal number as digits: exact for integers and decimals, the shortest decimal that reads back for floats.
//!
//! Makes no text (`decimal`). Invariant: no operation here goes through binary floating point, so rounding is that of
//! the digits a person would see; halves go away from zero, as in `Intl`.

use kpi::Cell;

/// `±0.d₁d₂d₃… × 10^point`, without zeros at either end; zero has no digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number {
    negative: bool,
    digits: Vec<u8>,
    point: i32,
}

impl Number {
    /// `unscaled × 10^-scale`.
    pub fn exact(unscaled: i128, scale: u8) -> Number {
        let text = unscaled.unsigned_abs().to_string();
        let digits: Vec<u8> = text.bytes().map(|b| b - b'0').collect();
        let point = digits.len() as i32 - i32::from(scale);
        Number { negative: unscaled < 0, digits, point }.trimmed()
    }

    /// The shortest decimal that reads back as `value`; `None` when it is not finite.
    pub fn float(value: f64) -> Option<Number> {
        if !value.is_finite() {
            return None;
        }
        let text = format!("{:e}", value.abs());
        let (mantissa, exponent) = text.split_once('e')?;
        let digits: Vec<u8> = mantissa.bytes().filter(u8::is_ascii_digit).map(|b| b - b'0').collect();
        let point = exponent.parse::<i32>().ok()? + 1;
        Some(Number { negative: value < 0.0, digits, point }.trimmed())
    }

    /// The number of a cell; `None` for nulls, texts and dates.
    pub fn of(cell: &Cell) -> Option<Number> {
        match cell {
            Cell::Int(value) => Some(Number::from(*value)),
            Cell::Decimal { unscaled, scale } => Some(Number::exact(*unscaled, *scale)),
            Cell::Float(value) => Number::float(*value),
            Cell::Null | Cell::Bool(_) | Cell::Date(_) | Cell::Text(_) => None,
        }
    }

    pub fn is_zero(&self) -> bool {
        self.digits.is_empty()
    }

    pub fn is_negative(&self) -> bool {
        self.negative
    }

    #[must_use]
    pub fn abs(mut self) -> Number {
        self.negative = false;
        self
    }

    /// `self × 10^power`.
    #[must_use]
    pub fn shifted(mut self, power: i32) -> Number {
        if !self.is_zero() {
            self.point += power;
        }
        self
    }

    /// Rounded to `decimals` places after the point; negative places round to tens, hundreds.
    #[must_use]
    pub fn rounded(self, decimals: i32) -> Number {
        let keep = self.point + decimals;
        self.keeping(keep)
    }

    /// Rounded to at most `count` significant digits.
    #[must_use]
    pub fn significant(self, count: u8) -> Number {
        self.keeping(i32::from(count))
    }

    /// Digits before the point: 3 for 842, 0 for 0.5, −1 for 0.05; 0 for zero.
    pub fn magnitude(&self) -> i32 {
        if self.is_zero() { 0 } else { self.point }
    }

    /// Digits after the point that are needed to write the number in full.
    pub fn fraction_len(&self) -> i32 {
        (self.digits.len() as i32 - self.point).max(0)
    }

    /// The digit at the place 10^`place`.
    pub(crate) fn digit(&self, place: i32) -> u8 {
        let index = self.point - 1 - place;
        usize::try_from(index).ok().and_then(|i| self.digits.get(i)).copied().unwrap_or(0)
    }

    fn keeping(mut self, keep: i32) -> Number {
        let Ok(keep) = usize::try_from(keep) else {
            return Number { negative: false, digits: Vec::new(), point: 0 };
        };
        let up = self.digits.get(keep).is_some_and(|&digit| digit >= 5);
        self.digits.truncate(keep);
        if up {
            while self.digits.last() == Some(&9) {
                self.digits.pop();
            }
            if let Some(digit) = self.digits.last_mut() {
                *digit += 1;
            } else {
                self.digits.push(1);
                self.point += 1;
            }
        }
        self.trimmed()
    }

    fn trimmed(mut self) -> Number {
        while self.digits.last() == Some(&0) {
            self.digits.pop();
        }
        let zeros = self.digits.iter().take_while(|&&digit| digit == 0).count();
        self.digits.drain(..zeros);
        self.point -= zeros as i32;
        if self.digits.is_empty() {
            // One zero only: a rounded −0.04 is shown without a sign.
            self = Number { negative: false, digits: Vec::new(), point: 0 };
        }
        self
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Number {
        Number::exact(i128::from(value), 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounded_nines_carry_into_a_new_digit() {
        assert_eq!(Number::exact(9_999, 1).rounded(0), Number::from(1_000));
        assert_eq!(Number::exact(95, 0).significant(1), Number::from(100));
        assert_eq!(Number::exact(5, 1).rounded(0), Number::from(1));
        assert_eq!(Number::exact(4, 1).rounded(0), Number::from(0));
        assert_eq!(Number::exact(-44, 3).rounded(1), Number::from(0));
        assert_eq!(Number::exact(6, 3).rounded(-2), Number::from(0));
    }

    #[test]
    fn float_is_the_shortest_decimal() {
        assert_eq!(Number::float(1.005), Some(Number::exact(1005, 3)));
        assert_eq!(Number::float(-0.0), Some(Number::from(0)));
        assert_eq!(Number::float(5e-324), Some(Number::exact(5, 0).shifted(-324)));
        assert_eq!(Number::float(f64::NAN), None);
        assert_eq!(Number::float(f64::INFINITY), None);
    }
}
