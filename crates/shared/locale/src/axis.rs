//! Ticks of a value axis: the unit once, above the axis; numbers without unit and without repeated zeros.
//!
//! Chooses no ticks (`chart`). Invariant: every tick of an axis has the same number of decimals.

use crate::decimal::{self, Decimals, Sign};
use crate::duration::Unit;
use crate::{Lang, NBSP, Number, Plural};
use kpi::Format;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Axis {
    /// What stands above the axis: `R$ milhões`, `%`, `dias úteis`; empty for plain counts.
    pub unit: String,
    /// Values are shown divided by ten to this power.
    power: i32,
    lang: Lang,
}

impl Axis {
    /// The axis for values of this format up to `largest` (absolute).
    pub fn new(format: Format, largest: f64, lang: Lang) -> Axis {
        let (power, size) = match format {
            Format::Percent => (-2, ""),
            _ if !largest.is_finite() || largest < 1e4 => (0, ""),
            _ if largest < 1e6 => (3, lang.pick("mil", "thousand")),
            _ if largest < 1e9 => (6, lang.pick("milhões", "million")),
            _ if largest < 1e12 => (9, lang.pick("bilhões", "billion")),
            _ => (12, lang.pick("trilhões", "trillion")),
        };
        let noun = |unit: Unit| unit.name(Plural::Other, lang);
        let name = match format {
            Format::Money => "R$",
            Format::Percent => "%",
            Format::Times => "×",
            Format::Minutes => noun(Unit::Minutes),
            Format::Hours => noun(Unit::Hours),
            Format::Days => noun(Unit::Days),
            Format::BusinessDays => noun(Unit::BusinessDays),
            Format::Text | Format::Integer | Format::Number { .. } => "",
        };
        let unit = match (name, size) {
            ("", size) => size.to_owned(),
            (name, "") => name.to_owned(),
            ("R$", size) => format!("R${NBSP}{size}"),
            (name, size) => format!("{size}{NBSP}{name}"),
        };
        Axis { unit, power, lang }
    }

    /// The text of the tick at `value` when ticks are `step` apart.
    pub fn tick(&self, value: f64, step: f64) -> String {
        let Some(number) = Number::float(value) else { return crate::NONE.to_owned() };
        let step = Number::float(step).unwrap_or_else(|| Number::from(1)).shifted(-self.power);
        let decimals = u8::try_from(step.fraction_len()).unwrap_or(u8::MAX);
        decimal::decimal(&number.shifted(-self.power), Decimals::exactly(decimals), Sign::Negative, self.lang)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tick_has_the_decimals_of_its_step() {
        let mrr = Axis::new(Format::Money, 1_330_000.0, Lang::PtBr);
        assert_eq!(mrr.unit, "R$\u{a0}milhões");
        assert_eq!(mrr.tick(900_000.0, 100_000.0), "0,9");
        assert_eq!(mrr.tick(1_000_000.0, 100_000.0), "1,0");
        let margin = Axis::new(Format::Percent, 0.33, Lang::PtBr);
        assert_eq!((margin.unit.as_str(), margin.tick(0.28, 0.01)), ("%", "28".to_owned()));
        assert_eq!(margin.tick(0.3, 0.025), "30,0");
        let count = Axis::new(Format::Integer, 400.0, Lang::En);
        assert_eq!((count.unit.as_str(), count.tick(-200.0, 100.0)), ("", "\u{2212}200".to_owned()));
    }
}
