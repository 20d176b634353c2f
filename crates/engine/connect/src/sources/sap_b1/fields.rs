//! Fields of a record that are not just a value under their name.
//!
//! Does not know entities (`catalogue`). Invariant: amounts are added and rounded in decimal, never in binary.

use std::borrow::Cow;

use chrono::NaiveDate;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::json::{JsonCell, JsonRow};
use crate::numeral;

/// Digits after the decimal sign that the database keeps of prices, rates, quantities and amounts.
pub(super) const DECIMALS: u8 = 6;

/// The value of a field. `Outer/Inner` is a field of an object within, and of a list within the sum over its entries.
pub(super) fn cell<'a>(record: &JsonRow<'a>, field: &str) -> JsonCell<'a> {
    let Some((outer, inner)) = field.split_once('/') else {
        return record.get(field).map_or(JsonCell::Absent, value);
    };
    match record.get(outer).map(RawValue::get) {
        Some(object) if object.starts_with('{') => match serde_json::from_str::<JsonRow<'a>>(object) {
            Ok(object) => object.get(inner).map_or(JsonCell::Absent, value),
            Err(_) => JsonCell::Nested(object),
        },
        Some(list) if list.starts_with('[') => sum(list, inner),
        _ => JsonCell::Absent,
    }
}

/// The entries of a list within a record.
pub(super) fn entries<'a>(record: &JsonRow<'a>, list: &str) -> Vec<JsonRow<'a>> {
    let json = record.get(list).map_or("[]", RawValue::get);
    serde_json::from_str(json).unwrap_or_default()
}

/// What tells one content of a record from another. What the service notes about the record is none of it.
pub(super) fn digest(record: &JsonRow<'_>) -> [u8; 32] {
    let mut hash = Sha256::new();
    for (key, value) in record.0.iter().filter(|(key, _)| !key.contains("odata.")) {
        hash.update(key.as_bytes());
        hash.update(value.get());
    }
    hash.finalize().into()
}

/// The day that a field holds, whatever time comes behind it.
pub(super) fn day(record: &JsonRow<'_>, field: &str) -> Option<NaiveDate> {
    let JsonCell::Text(text) = record.get(field).map(JsonCell::of)? else { return None };
    text.get(..10)?.parse().ok()
}

/// Whether a field holds this word.
pub(super) fn is(record: &JsonRow<'_>, field: &str, word: &str) -> bool {
    matches!(record.get(field).map(JsonCell::of), Some(JsonCell::Text(text)) if text == word)
}

fn value(raw: &RawValue) -> JsonCell<'_> {
    match JsonCell::of(raw) {
        // More digits than the database keeps are traces of binary floating point on the way here.
        JsonCell::Number(text) if fraction(text) > usize::from(DECIMALS) => match rounded(text) {
            Some(rounded) => JsonCell::Text(Cow::Owned(written(rounded))),
            None => JsonCell::Number(text),
        },
        cell => cell,
    }
}

fn fraction(number: &str) -> usize {
    number.split_once('.').map_or(0, |(_, fraction)| fraction.len())
}

/// Millionths, half of one away from zero.
fn rounded(number: &str) -> Option<i128> {
    let exact = numeral::exact(number)?;
    let Some(surplus) = exact.scale.checked_sub(DECIMALS) else { return exact.at_scale(DECIMALS) };
    let step = 10_i128.checked_pow(u32::from(surplus))?;
    let half = step / 2 * exact.unscaled.signum();
    Some(exact.unscaled.checked_add(half)? / step)
}

fn written(millionths: i128) -> String {
    let (sign, magnitude) = (if millionths < 0 { "-" } else { "" }, millionths.unsigned_abs());
    format!("{sign}{}.{:06}", magnitude / 1_000_000, magnitude % 1_000_000)
}

/// The sum of a field over a list; what is no number counts as nothing, as it does for the service itself.
fn sum<'a>(list: &'a str, field: &str) -> JsonCell<'a> {
    let Ok(entries) = serde_json::from_str::<Vec<JsonRow<'a>>>(list) else { return JsonCell::Nested(list) };
    let each = entries.iter().filter_map(|entry| rounded(entry.get(field)?.get()));
    JsonCell::Text(Cow::Owned(written(each.sum())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(record: &str, field: &str) -> String {
        let record: JsonRow<'_> = serde_json::from_str(record).unwrap();
        match cell(&record, field) {
            JsonCell::Absent => "∅".to_owned(),
            JsonCell::Text(text) => text.into_owned(),
            JsonCell::Number(text) | JsonCell::Nested(text) => text.to_owned(),
            JsonCell::Boolean(value) => value.to_string(),
        }
    }

    #[test]
    fn fields_within_are_found_and_lists_are_summed() {
        let record =
            r#"{"A":{"City":"São Paulo"},"C":[{"Sum":0.1},{"Sum":0.2},{"Sum":null},{}],"E":[],"N":null}"#;
        for (field, expected) in [
            ("A/City", "São Paulo"),
            ("A/State", "∅"),
            ("C/Sum", "0.300000"),
            ("E/Sum", "0.000000"),
            ("N/Sum", "∅"),
        ] {
            assert_eq!(shown(record, field), expected, "{field}");
        }
    }

    #[test]
    fn numbers_keep_the_digits_of_the_database_and_lose_those_of_floating_point() {
        for (number, expected) in [
            ("12.34", "12.34"),
            ("0.30000000000000004", "0.300000"),
            ("-33.333333333333336", "-33.333333"),
            ("0.9999995", "1.000000"),
            ("-0.00000004", "0.000000"),
        ] {
            assert_eq!(shown(&format!(r#"{{"N":{number}}}"#), "N"), expected);
        }
    }

    #[test]
    fn digest_follows_the_fields_and_not_the_notes_of_the_service() {
        let [one, same, other] = [
            r#"{"@odata.etag":"1","DocEntry":1,"DocTotal":2.5}"#,
            r#"{"odata.etag":"2","DocEntry":1,"DocTotal":2.5}"#,
            r#"{"@odata.etag":"1","DocEntry":1,"DocTotal":2.6}"#,
        ]
        .map(|record| digest(&serde_json::from_str(record).unwrap()));
        assert_eq!(one, same);
        assert_ne!(one, other);
    }

    #[test]
    fn days_are_read_in_both_forms() {
        let record: JsonRow<'_> =
            serde_json::from_str(r#"{"A":"2026-07-01","B":"2026-07-01T00:00:00Z","C":null,"D":7}"#).unwrap();
        let july = NaiveDate::from_ymd_opt(2026, 7, 1);
        assert_eq!(
            (day(&record, "A"), day(&record, "B"), day(&record, "C"), day(&record, "D")),
            (july, july, None, None)
        );
    }
}
