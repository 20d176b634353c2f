//! Durations in the unit of their metric: `3,4 dias úteis`, `38 min`, `1,2 dia`.
//!
//! Converts no units and counts no business days (`kpi`). Invariant: the noun agrees with the number that is shown.

use crate::decimal::{self, Decimals, Sign};
use crate::{Lang, Number, Plural};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Seconds,
    Minutes,
    Hours,
    Days,
    BusinessDays,
}

impl Unit {
    /// The unit's noun or sign for a number of this plural category.
    pub fn name(self, plural: Plural, lang: Lang) -> &'static str {
        let one = plural == Plural::One;
        match self {
            Unit::Seconds => "s",
            Unit::Minutes => "min",
            Unit::Hours => "h",
            Unit::Days if one => lang.pick("dia", "day"),
            Unit::Days => lang.pick("dias", "days"),
            Unit::BusinessDays if one => lang.pick("dia útil", "business day"),
            Unit::BusinessDays => lang.pick("dias úteis", "business days"),
        }
    }

    /// The shortest form, for tight places: `d.ú.`.
    pub fn short(self, lang: Lang) -> &'static str {
        match self {
            Unit::Seconds => "s",
            Unit::Minutes => "min",
            Unit::Hours => "h",
            Unit::Days => "d",
            Unit::BusinessDays => lang.pick("d.ú.", "b.d."),
        }
    }

    /// Minutes and seconds need no tenths from ten on; days and hours keep one, because targets are set in tenths.
    pub(crate) fn decimals(self, number: &Number) -> Decimals {
        let size = number.clone().rounded(1).magnitude();
        let least = match self {
            Unit::Seconds | Unit::Minutes => 2,
            Unit::Hours | Unit::Days | Unit::BusinessDays => 4,
        };
        Decimals::exactly(u8::from(size < least))
    }
}

/// The number and its unit's noun, apart.
pub(crate) fn parts(number: &Number, unit: Unit, sign: Sign, lang: Lang) -> (String, &'static str) {
    let decimals = unit.decimals(number);
    let plural = Plural::of(number, decimals, lang);
    (decimal::decimal(number, decimals, sign, lang), unit.name(plural, lang))
}

pub fn duration(number: &Number, unit: Unit, sign: Sign, lang: Lang) -> String {
    let (digits, name) = parts(number, unit, sign, lang);
    format!("{digits}\u{a0}{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duration_noun_agrees_with_the_shown_number() {
        let pt = |value: f64, unit| {
            duration(&Number::float(value).unwrap(), unit, Sign::Negative, Lang::PtBr).replace('\u{a0}', " ")
        };
        assert_eq!(pt(3.4, Unit::BusinessDays), "3,4 dias úteis");
        assert_eq!(pt(1.2, Unit::Days), "1,2 dia");
        assert_eq!(pt(1.96, Unit::Days), "2,0 dias");
        assert_eq!(pt(0.5, Unit::Days), "0,5 dia");
        assert_eq!(pt(38.2, Unit::Minutes), "38 min");
        assert_eq!(pt(2.2, Unit::Minutes), "2,2 min");
        let en = duration(&Number::from(1), Unit::Days, Sign::Negative, Lang::En);
        assert_eq!(en, "1.0\u{a0}days");
    }
}
