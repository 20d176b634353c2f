//! Reais: money stays R$ in English too.
//!
//! Converts no currency. Invariant: `full` never loses a cent.

use crate::decimal::{self, Decimals, Sign};
use crate::{Lang, NBSP, Number};

pub const SYMBOL: &str = "R$";

/// `R$ 1.284.729,57`, for tables and exports.
pub fn full(amount: &Number, sign: Sign, lang: Lang) -> String {
    let amount = amount.clone().rounded(2);
    with_symbol(&amount, &decimal::decimal(&amount, Decimals::exactly(2), Sign::Never, lang), sign)
}

/// `R$ 1,28 mi` from ten thousand on, `R$ 1.842` below, `R$ 87,40` under one hundred.
pub fn card(amount: &Number, sign: Sign, lang: Lang) -> String {
    let (rounded, digits, suffix) = card_digits(amount, lang);
    let mut text = with_symbol(&rounded, &digits, sign);
    if !suffix.is_empty() {
        text.extend(lang.pick(Some(NBSP), None));
        text.push_str(suffix);
    }
    text
}

/// The rounded amount (its sign counts), the digits and the suffix of `card`.
pub(crate) fn card_digits(amount: &Number, lang: Lang) -> (Number, String, &'static str) {
    let cents = amount.clone().rounded(2);
    if cents.magnitude() <= 2 {
        let digits = decimal::decimal(&cents, Decimals::exactly(2), Sign::Never, lang);
        return (cents, digits, "");
    }
    let (digits, suffix) = decimal::compact_parts(amount, Sign::Never, lang);
    (cents, digits, suffix)
}

fn with_symbol(rounded: &Number, digits: &str, sign: Sign) -> String {
    let mut out = String::new();
    out.extend(sign.of(rounded));
    out.push_str(SYMBOL);
    out.push(NBSP);
    out.push_str(digits);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn card_follows_the_size_of_the_amount() {
        let card =
            |cents: i128| card(&Number::exact(cents, 2), Sign::Negative, Lang::PtBr).replace(NBSP, " ");
        assert_eq!(card(128_472_957), "R$ 1,28 mi");
        assert_eq!(card(184_200), "R$ 1.842");
        assert_eq!(card(8_740), "R$ 87,40");
        assert_eq!(card(-3_610_000), "\u{2212}R$ 36,1 mil");
        assert_eq!(card(0), "R$ 0,00");
    }

    #[test]
    fn full_of_a_fraction_of_a_cent_has_no_sign() {
        assert_eq!(full(&Number::exact(-4, 3), Sign::Negative, Lang::En), "R$\u{a0}0.00");
    }
}
