//! How long ago something happened.
//!
//! Reads no clock: the caller gives the seconds. Invariant: an age is never rounded up to look older than it is.

use crate::Lang;
use crate::decimal::integer;

/// `agora`, `há 38 min`, `há 26 h`, `há 3 dias`; hours up to two days, because freshness is promised in hours.
pub fn age(seconds: i64, lang: Lang) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    let (count, unit) = match () {
        () if minutes < 1 => return lang.pick("agora", "now").to_owned(),
        () if minutes < 90 => (minutes, "min"),
        () if hours < 48 => (hours, "h"),
        () => (days, lang.pick("dias", "days")),
    };
    let count = integer(count, lang);
    lang.pick(format!("há\u{a0}{count}\u{a0}{unit}"), format!("{count}\u{a0}{unit}\u{a0}ago"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn age_takes_the_unit_that_reads_best() {
        let pt = |seconds| age(seconds, Lang::PtBr).replace('\u{a0}', " ");
        assert_eq!(pt(-5), "agora");
        assert_eq!(pt(59), "agora");
        assert_eq!(pt(60), "há 1 min");
        assert_eq!(pt(89 * 60 + 59), "há 89 min");
        assert_eq!(pt(90 * 60), "há 1 h");
        assert_eq!(pt(26 * 3600), "há 26 h");
        assert_eq!(pt(48 * 3600), "há 2 dias");
        assert_eq!(age(26 * 3600, Lang::En), "26\u{a0}h\u{a0}ago");
    }
}
