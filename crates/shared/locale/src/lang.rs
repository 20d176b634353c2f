//! The languages of the product.
//!
//! Chooses no texts. Invariant: every tag has exactly one language; an unknown tag has none.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum Lang {
    #[default]
    #[serde(rename = "pt-BR")]
    PtBr,
    #[serde(rename = "en")]
    En,
}

impl Lang {
    pub const ALL: [Lang; 2] = [Lang::PtBr, Lang::En];

    /// The BCP 47 tag, as in `<html lang>`.
    pub fn tag(self) -> &'static str {
        match self {
            Lang::PtBr => "pt-BR",
            Lang::En => "en",
        }
    }

    /// The language of one BCP 47 tag; the region does not matter (`pt`, `pt-PT`, `en_US`).
    pub fn parse(tag: &str) -> Option<Lang> {
        let primary = tag.trim().split(['-', '_']).next().unwrap_or_default();
        if primary.eq_ignore_ascii_case("pt") {
            Some(Lang::PtBr)
        } else if primary.eq_ignore_ascii_case("en") {
            Some(Lang::En)
        } else {
            None
        }
    }

    /// The best language for an `Accept-Language` header: highest weight first, header order among equals.
    pub fn accept(header: &str) -> Option<Lang> {
        let mut best: Option<(Lang, u16)> = None;
        for part in header.split(',') {
            let mut fields = part.split(';');
            let Some(lang) = Lang::parse(fields.next().unwrap_or_default()) else { continue };
            let weight =
                fields.find_map(|field| field.trim().strip_prefix("q=").map(thousandths)).unwrap_or(1000);
            if weight > 0 && best.is_none_or(|(_, w)| weight > w) {
                best = Some((lang, weight));
            }
        }
        best.map(|(lang, _)| lang)
    }

    /// Picks the text of this language.
    pub fn pick<T>(self, pt: T, en: T) -> T {
        match self {
            Lang::PtBr => pt,
            Lang::En => en,
        }
    }
}

fn thousandths(weight: &str) -> u16 {
    match weight.trim().parse::<f32>() {
        Ok(weight) if (0.0..=1.0).contains(&weight) => (weight * 1000.0) as u16,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accept_several_tags_takes_the_heaviest_known() {
        assert_eq!(Lang::accept("fr, en-US;q=0.8, pt-BR;q=0.9"), Some(Lang::PtBr));
        assert_eq!(Lang::accept("en,pt"), Some(Lang::En));
        assert_eq!(Lang::accept("pt;q=0, en;q=0.1"), Some(Lang::En));
        assert_eq!(Lang::accept("fr;q=1, *"), None);
        assert_eq!(Lang::accept("pt;q=x"), None);
    }
}
