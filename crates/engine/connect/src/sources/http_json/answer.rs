//! What is where in an answer.
//!
//! Asks nobody. Invariant: records are handed over as they are written, every digit of them.

use serde_json::value::RawValue;

use super::streams::Path;
use crate::json::{JsonCell, JsonRow};

/// The list of records.
///
/// # Errors
/// Why there is none at this path, and what is there.
pub fn records<'a>(body: &'a RawValue, path: &Path) -> Result<Vec<&'a RawValue>, String> {
    let (mut value, mut way) = (body, "the answer".to_owned());
    for key in &path.0 {
        let row = object(value).ok_or_else(|| {
            format!("`records: {path}` leads nowhere: {way} is {}, no object; {REMEDY}", kind(value))
        })?;
        let found = row.0.iter().find(|(name, _)| name == key).map(|(_, value)| *value);
        let keys = row.0.iter().take(8).map(|(name, _)| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let there = if keys.is_empty() { "nothing".to_owned() } else { keys };
        value = found.ok_or_else(|| {
            format!("`records: {path}` leads nowhere: {way} has no `{key}`, but {there}; {REMEDY}")
        })?;
        way = format!("`{key}`");
    }
    match value.get().as_bytes().first() {
        Some(b'[') => serde_json::from_str(value.get()).map_err(|error| error.to_string()),
        // How some systems write an empty list.
        Some(b'n') => Ok(Vec::new()),
        _ => {
            let keys = object(value).map(|row| row.0).unwrap_or_default();
            let keys: Vec<String> = keys.iter().take(8).map(|(name, _)| format!("`{name}`")).collect();
            let with = if keys.is_empty() { String::new() } else { format!(" with {}", keys.join(", ")) };
            Err(format!("`records: {path}` is no list: {way} is {}{with}; {REMEDY}", kind(value)))
        }
    }
}

const REMEDY: &str = "give the path of the list, `$` where the answer itself is one";

/// A text or number at a path; none where there is none, or nothing in it.
pub fn text(body: &RawValue, path: &Path) -> Option<String> {
    let mut value = body;
    for key in &path.0 {
        value = object(value)?.get(key)?;
    }
    match JsonCell::of(value) {
        JsonCell::Text(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        JsonCell::Number(text) => Some(text.to_owned()),
        _ => None,
    }
}

fn object(value: &RawValue) -> Option<JsonRow<'_>> {
    value.get().starts_with('{').then(|| serde_json::from_str(value.get()).ok()).flatten()
}

fn kind(value: &RawValue) -> &'static str {
    match JsonCell::of(value) {
        JsonCell::Absent => "null",
        JsonCell::Text(_) => "a text",
        JsonCell::Number(_) => "a number",
        JsonCell::Boolean(_) => "true or false",
        JsonCell::Nested(text) if text.starts_with('[') => "a list",
        JsonCell::Nested(_) => "an object",
    }
}

/// The address with `rel="next"` of the headers `Link` (RFC 8288).
pub fn next_link<'a>(mut headers: impl Iterator<Item = &'a str>) -> Option<String> {
    headers.find_map(|mut rest| {
        loop {
            let (link, after) = rest.split_once('<')?.1.split_once('>')?;
            // Up to the next link; an address may hold commas, and stands in `<>`.
            let (parameters, others) = after.split_once('<').unwrap_or((after, ""));
            let is_next = parameters.split([';', ',']).any(|parameter| {
                let Some((name, value)) = parameter.split_once('=') else { return false };
                let mut words = value.trim().trim_matches('"').split_whitespace();
                name.trim().eq_ignore_ascii_case("rel") && words.any(|word| word.eq_ignore_ascii_case("next"))
            });
            if is_next {
                return Some(link.trim().to_owned());
            }
            rest = &after[after.len() - others.len() - usize::from(!others.is_empty())..];
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(text: &str) -> Box<RawValue> {
        RawValue::from_string(text.to_owned()).unwrap()
    }

    #[test]
    fn records_are_found_by_their_path_and_keep_every_digit() {
        let found = |text: &str, path: &str| {
            let body = raw(text);
            let found = records(&body, &Path::from(path.to_owned()));
            found.map(|found| found.iter().map(|one| one.get().to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(found(r#"[{"v":1.10}]"#, "$").unwrap(), [r#"{"v":1.10}"#]);
        assert_eq!(found(r#"{"d":{"i":[1,{}]}}"#, "d.i").unwrap(), ["1", "{}"]);
        assert_eq!(found(r#"{"d":{"i":null}}"#, "d.i").unwrap(), [""; 0]);
        for (text, path, expected) in [
            (r#"{"d":{"rows":[],"n":1}}"#, "d.i", "`d` has no `i`, but `rows`, `n`;"),
            ("{}", "d", "the answer has no `d`, but nothing;"),
            ("[1]", "d", "the answer is a list, no object;"),
            (r#"{"data":[1]}"#, "$", "`records: $` is no list: the answer is an object with `data`;"),
            (r#"{"d":3}"#, "d", "`d` is a number;"),
        ] {
            let error = found(text, path).unwrap_err();
            assert!(error.contains(expected) && error.contains("give the path"), "{error}");
        }
    }

    #[test]
    fn next_links_are_found_among_others() {
        for (headers, expected) in [
            (
                vec![r#"<https://x/o?page=2>; rel="next", <https://x/o?page=9>; rel="last""#],
                Some("https://x/o?page=2"),
            ),
            (
                vec![r#"</o?page=1>; rel=prev,</o?a=1,2&page=3>; title="x"; rel="up next""#],
                Some("/o?a=1,2&page=3"),
            ),
            (vec![r#"<a>; rel="first""#, r#"<b>; REL="Next""#], Some("b")),
            (vec![r#"<a>; rel="prev""#], None),
            (vec!["nonsense"], None),
            (vec![], None),
        ] {
            assert_eq!(next_link(headers.iter().copied()).as_deref(), expected, "{headers:?}");
        }
    }
}
