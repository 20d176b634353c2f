//! Digits as text: grouping, decimal mark, sign, percent and compact forms.
//!
//! Knows no currency (`money`) and no metric formats (`show`). Invariant: rounding happens on decimal digits, once.

use crate::{Lang, MINUS, NBSP, Number};

/// When a sign is written. Zero, also one that came from rounding, never has a sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sign {
    /// Negative numbers only.
    #[default]
    Negative,
    /// Differences: `+6,2%`, `−6,2%`, `0,0%`.
    Both,
    /// None: an arrow or a word already says it.
    Never,
}

impl Sign {
    pub(crate) fn of(self, number: &Number) -> Option<char> {
        match self {
            _ if number.is_zero() => None,
            Sign::Never => None,
            Sign::Negative => number.is_negative().then_some(MINUS),
            Sign::Both => Some(if number.is_negative() { MINUS } else { '+' }),
        }
    }
}

/// How many digits follow the decimal mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decimals {
    pub least: u8,
    pub most: u8,
}

impl Decimals {
    pub const fn exactly(count: u8) -> Decimals {
        Decimals { least: count, most: count }
    }

    pub const fn up_to(count: u8) -> Decimals {
        Decimals { least: 0, most: count }
    }
}

impl Lang {
    pub(crate) fn decimal_mark(self) -> char {
        self.pick(',', '.')
    }

    pub(crate) fn group_mark(self) -> char {
        self.pick('.', ',')
    }
}

/// `1.284.729,57`, rounded half away from zero.
pub fn decimal(number: &Number, decimals: Decimals, sign: Sign, lang: Lang) -> String {
    let number = number.clone().rounded(i32::from(decimals.most));
    let mut out = String::new();
    out.extend(sign.of(&number));
    write_digits(&mut out, &number, i32::from(decimals.least), lang);
    out
}

/// An integer with grouping, exact for every value.
pub fn integer(value: i64, lang: Lang) -> String {
    decimal(&Number::from(value), Decimals::exactly(0), Sign::Negative, lang)
}

/// A share as percent: 0.874 is `87,4%`.
pub fn percent(share: &Number, decimals: Decimals, sign: Sign, lang: Lang) -> String {
    let mut out = decimal(&share.clone().shifted(2), decimals, sign, lang);
    out.push('%');
    out
}

/// A difference of shares: −0.031 is `−3,1 p.p.`.
pub fn percentage_points(difference: &Number, decimals: Decimals, sign: Sign, lang: Lang) -> String {
    let mut out = decimal(&difference.clone().shifted(2), decimals, sign, lang);
    out.push(NBSP);
    out.push_str(points_unit(lang));
    out
}

/// `p.p.` or `pp`.
pub fn points_unit(lang: Lang) -> &'static str {
    lang.pick("p.p.", "pp")
}

/// `842 mil`, `1,28 mi`: three significant digits from ten thousand on, an integer below.
pub fn compact(number: &Number, sign: Sign, lang: Lang) -> String {
    let (mut out, suffix) = compact_parts(number, sign, lang);
    if !suffix.is_empty() {
        out.extend(lang.pick(Some(NBSP), None));
    }
    out.push_str(suffix);
    out
}

/// The digits and the suffix of `compact`, apart, because a card sets the suffix smaller.
pub(crate) fn compact_parts(number: &Number, sign: Sign, lang: Lang) -> (String, &'static str) {
    let whole = number.clone().rounded(0);
    if whole.magnitude() < 5 {
        return (decimal(&whole, Decimals::exactly(0), sign, lang), "");
    }
    let number = number.clone().significant(3);
    // 999.950 is already a million once it is rounded.
    let thousands = ((number.magnitude() - 1) / 3).clamp(1, 4);
    let suffix = match thousands {
        1 => lang.pick("mil", "K"),
        2 => lang.pick("mi", "M"),
        3 => lang.pick("bi", "B"),
        _ => lang.pick("tri", "T"),
    };
    let number = number.shifted(-3 * thousands);
    let mut out = String::new();
    out.extend(sign.of(&number));
    write_digits(&mut out, &number, 3 - number.magnitude(), lang);
    (out, suffix)
}

fn write_digits(out: &mut String, number: &Number, least: i32, lang: Lang) {
    let top = number.magnitude().max(1) - 1;
    for place in (0..=top).rev() {
        out.push(char::from(b'0' + number.digit(place)));
        if place > 0 && place % 3 == 0 {
            out.push(lang.group_mark());
        }
    }
    let fraction = number.fraction_len().max(least);
    if fraction > 0 {
        out.push(lang.decimal_mark());
        for place in 1..=fraction {
            out.push(char::from(b'0' + number.digit(-place)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compact_below_ten_thousand_is_written_in_full() {
        let card = |value: f64| compact(&Number::float(value).unwrap(), Sign::Negative, Lang::PtBr);
        assert_eq!(card(1_842.0), "1.842");
        assert_eq!(card(9_999.4), "9.999");
        assert_eq!(card(9_999.5), "10,0\u{a0}mil");
        assert_eq!(card(842_000.0), "842\u{a0}mil");
        assert_eq!(card(999_950.0), "1,00\u{a0}mi");
        assert_eq!(card(-1_284_729.57), "\u{2212}1,28\u{a0}mi");
    }

    #[test]
    fn percent_rounded_to_zero_has_no_sign() {
        let tiny = Number::float(-0.0004).unwrap();
        assert_eq!(percent(&tiny, Decimals::exactly(1), Sign::Both, Lang::PtBr), "0,0%");
        assert_eq!(
            percentage_points(&tiny, Decimals::exactly(2), Sign::Both, Lang::En),
            "\u{2212}0.04\u{a0}pp"
        );
    }
}
