//! A metric's value as text, by its `kpi::Format`: on a card, in a table, as a difference.
//!
//! Judges nothing (`kpi::Direction`). Invariant: what has no number is shown as an em dash, never as zero.

use crate::decimal::{self, Decimals, Sign};
use crate::duration::{self, Unit};
use crate::{Lang, NBSP, NONE, Number, date, money};
use kpi::{Cell, Format};

/// A value in the parts that a card sets in different sizes; `Display`-like text by `text()`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Shown {
    /// `R$`, with the sign before it: `−R$`.
    pub before: String,
    /// `1,28`.
    pub number: String,
    /// `mi`, `%`, `dias úteis`.
    pub after: String,
}

impl Shown {
    /// One line: `R$ 1,28 mi`, glued by U+00A0; `%` and `×` touch the number, as do K, M, B and T.
    pub fn text(&self) -> String {
        let mut out = self.before.clone();
        if !out.is_empty() {
            out.push(NBSP);
        }
        out.push_str(&self.number);
        if !self.after.is_empty() {
            if !matches!(self.after.as_str(), "%" | "×" | "K" | "M" | "B" | "T") {
                out.push(NBSP);
            }
            out.push_str(&self.after);
        }
        out
    }

    fn new(number: String, after: &str) -> Shown {
        Shown { before: String::new(), number, after: after.to_owned() }
    }
}

/// The value on a card: three significant digits, in parts.
pub fn card(cell: &Cell, format: Format, lang: Lang) -> Shown {
    card_signed(cell, format, Sign::Negative, lang)
}

fn card_signed(cell: &Cell, format: Format, sign: Sign, lang: Lang) -> Shown {
    let Some(number) = Number::of(cell) else { return Shown::new(other(cell, lang), "") };
    let fixed = |number: &Number, decimals| decimal::decimal(number, Decimals::exactly(decimals), sign, lang);
    match format {
        Format::Number { decimals } if number.clone().significant(3).magnitude() <= 3 => {
            // Three significant digits, but never more decimals than the metric has.
            let most = (3 - number.magnitude().max(1)).clamp(0, i32::from(decimals)) as u8;
            Shown::new(decimal::decimal(&number, Decimals::exactly(most), sign, lang), "")
        }
        Format::Number { .. } | Format::Integer | Format::Text => {
            let (digits, suffix) = decimal::compact_parts(&number, sign, lang);
            Shown::new(digits, suffix)
        }
        Format::Money => {
            let (rounded, digits, suffix) = money::card_digits(&number, lang);
            let before: String = sign.of(&rounded).into_iter().collect::<String>() + money::SYMBOL;
            Shown { before, number: digits, after: suffix.to_owned() }
        }
        Format::Percent => {
            let percent = number.shifted(2);
            let decimals = u8::from(percent.clone().rounded(1).magnitude() < 3);
            Shown::new(fixed(&percent, decimals), "%")
        }
        Format::Times => Shown::new(fixed(&number, 1), "×"),
        Format::Minutes | Format::Hours | Format::Days | Format::BusinessDays => {
            let (digits, name) = duration::parts(&number, unit(format), sign, lang);
            Shown::new(digits, name)
        }
    }
}

/// The value in a table, a tooltip or an export: full precision, one line.
pub fn full(cell: &Cell, format: Format, lang: Lang) -> String {
    full_signed(cell, format, Sign::Negative, lang)
}

/// A difference of two values in the metric's own unit, signed: `+R$ 36.099,45`, `−3,1 p.p.`, `+0,5 dia`.
pub fn difference(cell: &Cell, format: Format, sign: Sign, lang: Lang) -> String {
    match (format, Number::of(cell)) {
        (Format::Percent, Some(number)) => {
            decimal::percentage_points(&number, Decimals::exactly(1), sign, lang)
        }
        _ => full_signed(cell, format, sign, lang),
    }
}

/// A difference on a card, three significant digits: `+R$ 36,1 mil`.
pub fn card_difference(cell: &Cell, format: Format, sign: Sign, lang: Lang) -> String {
    match format {
        Format::Percent => difference(cell, format, sign, lang),
        _ => card_signed(cell, format, sign, lang).text(),
    }
}

/// A relative change, `(value − base) ÷ |base|`: `+6,2%`; an em dash when the base is zero or missing.
pub fn change(value: &Cell, base: &Cell, sign: Sign, lang: Lang) -> String {
    let ratio = match (value.minus(base).number(), base.number()) {
        (Some(difference), Some(base)) if base != 0.0 => difference / base.abs(),
        _ => f64::NAN,
    };
    Number::float(ratio)
        .map_or_else(|| NONE.to_owned(), |ratio| decimal::percent(&ratio, Decimals::exactly(1), sign, lang))
}

fn full_signed(cell: &Cell, format: Format, sign: Sign, lang: Lang) -> String {
    let Some(number) = Number::of(cell) else { return other(cell, lang) };
    let plain = |decimals| decimal::decimal(&number, decimals, sign, lang);
    match format {
        Format::Text => plain(Decimals::up_to(6)),
        Format::Integer => plain(Decimals::exactly(0)),
        Format::Number { decimals } => plain(Decimals::exactly(decimals)),
        Format::Money => money::full(&number, sign, lang),
        Format::Percent => decimal::percent(&number, Decimals::exactly(1), sign, lang),
        Format::Times => plain(Decimals::exactly(1)) + "×",
        Format::Minutes | Format::Hours | Format::Days | Format::BusinessDays => {
            duration::duration(&number, unit(format), sign, lang)
        }
    }
}

fn other(cell: &Cell, lang: Lang) -> String {
    match cell {
        Cell::Text(text) => text.clone(),
        Cell::Date(day) => date::day(*day, lang),
        Cell::Bool(true) => lang.pick("sim", "yes").to_owned(),
        Cell::Bool(false) => lang.pick("não", "no").to_owned(),
        Cell::Null | Cell::Int(_) | Cell::Decimal { .. } | Cell::Float(_) => NONE.to_owned(),
    }
}

fn unit(format: Format) -> Unit {
    match format {
        Format::Minutes => Unit::Minutes,
        Format::Hours => Unit::Hours,
        Format::BusinessDays => Unit::BusinessDays,
        _ => Unit::Days,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pt(cell: &Cell, format: Format) -> (String, String) {
        let plain = |text: String| text.replace(NBSP, " ");
        (plain(card(cell, format, Lang::PtBr).text()), plain(full(cell, format, Lang::PtBr)))
    }

    #[test]
    fn every_format_has_a_card_and_a_table_form() {
        let money = Cell::Decimal { unscaled: 128_472_957, scale: 2 };
        assert_eq!(pt(&money, Format::Money), ("R$ 1,28 mi".into(), "R$ 1.284.729,57".into()));
        assert_eq!(pt(&Cell::Int(842_000), Format::Integer), ("842 mil".into(), "842.000".into()));
        assert_eq!(pt(&Cell::Float(0.8744), Format::Percent), ("87,4%".into(), "87,4%".into()));
        assert_eq!(pt(&Cell::Float(1.42), Format::Percent), ("142%".into(), "142,0%".into()));
        assert_eq!(
            pt(&Cell::Float(3.44), Format::BusinessDays),
            ("3,4 dias úteis".into(), "3,4 dias úteis".into())
        );
        assert_eq!(pt(&Cell::Float(4.1), Format::Times), ("4,1×".into(), "4,1×".into()));
        assert_eq!(pt(&Cell::Float(12.345), Format::Number { decimals: 2 }), ("12,3".into(), "12,35".into()));
        assert_eq!(pt(&Cell::Float(0.999_9), Format::Number { decimals: 2 }), ("1,00".into(), "1,00".into()));
        assert_eq!(pt(&Cell::Null, Format::Money), ("—".into(), "—".into()));
        assert_eq!(pt(&Cell::Float(f64::NAN), Format::Percent), ("—".into(), "—".into()));
        assert_eq!(card(&money, Format::Money, Lang::En).text(), "R$\u{a0}1.28M");
    }

    #[test]
    fn difference_of_shares_is_in_points() {
        let cell = Cell::Float(-0.031);
        assert_eq!(difference(&cell, Format::Percent, Sign::Both, Lang::PtBr), "\u{2212}3,1\u{a0}p.p.");
        assert_eq!(difference(&cell, Format::Percent, Sign::Never, Lang::En), "3.1\u{a0}pp");
        let money = Cell::Decimal { unscaled: 3_609_945, scale: 2 };
        assert_eq!(difference(&money, Format::Money, Sign::Both, Lang::PtBr), "+R$\u{a0}36.099,45");
        assert_eq!(card_difference(&money, Format::Money, Sign::Both, Lang::PtBr), "+R$\u{a0}36,1\u{a0}mil");
    }

    #[test]
    fn change_against_zero_is_no_number() {
        assert_eq!(change(&Cell::Int(5), &Cell::Int(0), Sign::Both, Lang::PtBr), "—");
        assert_eq!(change(&Cell::Int(5), &Cell::Null, Sign::Both, Lang::PtBr), "—");
        assert_eq!(change(&Cell::Int(-5), &Cell::Int(-10), Sign::Both, Lang::PtBr), "+50,0%");
    }
}
