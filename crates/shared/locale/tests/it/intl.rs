//! Every figure of `golden/intl.csv`, which ECMAScript's `Intl` wrote (see `golden/intl.mjs`).
//!
//! Does not test our own forms (cards, ranges, ages). Invariant: every line of the file is compared, none is skipped.

use kpi::Cell;
use locale::date::{self, Width};
use locale::decimal::{self, Decimals, Sign};
use locale::plural::{self, Gender, Plural};
use locale::{Lang, Number, list, money};

const GOLDEN: &str = include_str!("../golden/intl.csv");

#[test]
fn every_figure_equals_intl() {
    let mut compared = 0;
    let mut wrong = Vec::new();
    for line in GOLDEN.lines().skip(1) {
        let mut fields = line.splitn(4, ',');
        let mut next = || fields.next().unwrap_or_else(|| panic!("line `{line}` is short"));
        let (kind, lang, input, expected) = (next(), next(), next(), next().trim_matches('"'));
        let lang = Lang::parse(lang).unwrap();
        let actual = ours(kind, lang, input);
        if actual != expected {
            wrong.push(format!("{kind} {} {input}: Intl {expected:?}, ours {actual:?}", lang.tag()));
        }
        compared += 1;
    }
    assert!(wrong.is_empty(), "{} of {compared} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(compared > 700, "only {compared} lines were compared");
}

fn ours(kind: &str, lang: Lang, input: &str) -> String {
    let two = Decimals::exactly(2);
    let one = Decimals::exactly(1);
    let negative = Sign::Negative;
    match kind {
        "integer" if input.len() < 21 => decimal::integer(input.parse().unwrap(), lang),
        "integer" => decimal::decimal(&exact(input), Decimals::exactly(0), negative, lang),
        "decimal2" => decimal::decimal(&exact(input), two, negative, lang),
        "upto3" => decimal::decimal(&exact(input), Decimals::up_to(3), negative, lang),
        "signed1" => decimal::decimal(&exact(input), one, Sign::Both, lang),
        "money" => money::full(&exact(input), negative, lang),
        "float2" => decimal::decimal(&float(input), two, negative, lang),
        "floatmoney" => money::full(&float(input), negative, lang),
        "percent1" => decimal::percent(&float(input), one, negative, lang),
        "compact" => decimal::compact(&float(input), negative, lang),
        "compactmoney" => money::card(&float(input), negative, lang),
        "plural" => category(&float(input), Decimals::up_to(3), lang),
        "plural1" => category(&float(input), one, lang),
        "ordinal" => plural::ordinal(input.parse().unwrap(), Gender::Masculine, lang),
        "monthshort" => date::month(input.parse().unwrap(), Width::Short, lang).to_owned(),
        "monthlong" => date::month(input.parse().unwrap(), Width::Long, lang).to_owned(),
        "monthyear" => date::month_year_long(input.parse().unwrap(), lang),
        "weekdayshort" => weekday(input, Width::Short, lang),
        "weekdaylong" => weekday(input, Width::Long, lang),
        "day" => date::day(input.parse().unwrap(), lang),
        "and" => list::and(&input.split('|').collect::<Vec<_>>(), lang),
        "or" => list::or(&input.split('|').collect::<Vec<_>>(), lang),
        _ => panic!("kind `{kind}` of intl.csv has no comparison here"),
    }
}

fn exact(input: &str) -> Number {
    let (whole, fraction) = input.split_once('.').unwrap_or((input, ""));
    let unscaled = format!("{whole}{fraction}").parse().unwrap();
    Number::of(&Cell::Decimal { unscaled, scale: fraction.len() as u8 }).unwrap()
}

fn float(input: &str) -> Number {
    Number::float(input.parse().unwrap()).unwrap()
}

fn category(number: &Number, shown: Decimals, lang: Lang) -> String {
    match Plural::of(number, shown, lang) {
        Plural::One => "one".to_owned(),
        Plural::Other => "other".to_owned(),
    }
}

fn weekday(input: &str, width: Width, lang: Lang) -> String {
    use chrono::Datelike;
    date::weekday(input.parse::<chrono::NaiveDate>().unwrap().weekday(), width, lang).to_owned()
}
