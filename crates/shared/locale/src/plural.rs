//! Plural categories, counted nouns, ordinals and small numbers in words.
//!
//! Holds no nouns of its own. Invariant: categories are those of CLDR for the digits that are shown.

use crate::decimal::{Decimals, integer};
use crate::{Lang, Number};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plural {
    One,
    Other,
}

impl Plural {
    /// Portuguese counts up to but not including two as one (`1,9 dia`); English only a bare 1.
    pub fn of(number: &Number, shown: Decimals, lang: Lang) -> Plural {
        let number = number.clone().abs().rounded(i32::from(shown.most));
        let visible = number.fraction_len().max(i32::from(shown.least));
        let one = match lang {
            Lang::PtBr => number.magnitude() <= 1 && number.digit(0) <= 1,
            Lang::En => visible == 0 && number == Number::from(1),
        };
        if one { Plural::One } else { Plural::Other }
    }

    pub fn count(count: u64, lang: Lang) -> Plural {
        Plural::of(&Number::exact(i128::from(count), 0), Decimals::exactly(0), lang)
    }
}

/// `1 alerta`, `3 alertas`.
pub fn counted(count: u64, one: &str, other: &str, lang: Lang) -> String {
    let number = Number::exact(i128::from(count), 0);
    let digits = crate::decimal::decimal(&number, Decimals::exactly(0), crate::Sign::Negative, lang);
    let noun = match Plural::count(count, lang) {
        Plural::One => one,
        Plural::Other => other,
    };
    format!("{digits}\u{a0}{noun}")
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gender {
    Masculine,
    Feminine,
}

/// `8º`, `8ª`; `8th`.
pub fn ordinal(number: u32, gender: Gender, lang: Lang) -> String {
    let digits = integer(i64::from(number), lang);
    let mark = match lang {
        Lang::PtBr if gender == Gender::Feminine => "ª",
        Lang::PtBr => "º",
        Lang::En => match (number % 10, number % 100) {
            (_, 11..=13) => "th",
            (1, _) => "st",
            (2, _) => "nd",
            (3, _) => "rd",
            _ => "th",
        },
    };
    digits + mark
}

/// Zero to twelve in words, larger numbers in digits: `cinco`, `duas`, `13`.
pub fn in_words(number: u32, gender: Gender, lang: Lang) -> String {
    const PT: [&str; 13] = [
        "zero", "um", "dois", "três", "quatro", "cinco", "seis", "sete", "oito", "nove", "dez", "onze",
        "doze",
    ];
    const EN: [&str; 13] = [
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
        "twelve",
    ];
    let word = match (lang, gender, number) {
        (Lang::PtBr, Gender::Feminine, 1) => Some("uma"),
        (Lang::PtBr, Gender::Feminine, 2) => Some("duas"),
        _ => lang.pick(PT, EN).get(number as usize).copied(),
    };
    word.map_or_else(|| integer(i64::from(number), lang), str::to_owned)
}

/// The sentence with a capital first letter.
pub fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

/// A name as it stands within a sentence: `Canal` with a small letter, `UF` as it is.
pub fn within_sentence(name: &str) -> String {
    let mut chars = name.chars();
    match (chars.next(), chars.clone().next()) {
        (Some(first), second) if second.is_none_or(|second| !second.is_uppercase()) => {
            first.to_lowercase().chain(chars).collect()
        }
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinal_and_words_follow_gender() {
        assert_eq!(ordinal(8, Gender::Masculine, Lang::PtBr), "8º");
        assert_eq!(ordinal(1, Gender::Feminine, Lang::PtBr), "1ª");
        assert_eq!(in_words(2, Gender::Feminine, Lang::PtBr), "duas");
        assert_eq!(in_words(13, Gender::Masculine, Lang::En), "13");
        assert_eq!(capitalized(&in_words(5, Gender::Masculine, Lang::PtBr)), "Cinco");
        assert_eq!(capitalized("última"), "Última");
        let names = ["Canal", "Área", "UF", "Dia da semana", ""].map(within_sentence);
        assert_eq!(names, ["canal", "área", "UF", "dia da semana", ""]);
    }

    #[test]
    fn counted_noun_agrees() {
        assert_eq!(counted(1, "alerta", "alertas", Lang::PtBr), "1\u{a0}alerta");
        assert_eq!(counted(1_317, "lead", "leads", Lang::PtBr), "1.317\u{a0}leads");
        assert_eq!(counted(0, "alert", "alerts", Lang::En), "0\u{a0}alerts");
    }
}
