//! Reads exports as README.md describes them: encoding, columns, broken lines, and the newest row of each key.
//!
//! Invariant: a line is broken when it has too few columns or a key of 990000000 and above.

use std::collections::{BTreeMap, HashMap};
use std::io::Read as _;
use std::path::{Path, PathBuf};

pub(crate) type Row = HashMap<String, String>;

/// Every file of a stream, in order of name.
pub(crate) fn files(dir: &Path, source: &str, stream: &str) -> Vec<PathBuf> {
    let folder = dir.join(source).join(stream);
    if !folder.is_dir() {
        return vec![dir.join(source).join(format!("{stream}.csv"))];
    }
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// The text of a file: gzip undone, Windows-1252 or UTF-8 decoded, the BOM taken off.
pub(crate) fn text(path: &Path) -> String {
    let mut bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    if path.extension().is_some_and(|end| end == "gz") {
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(bytes.as_slice()).read_to_end(&mut plain).unwrap();
        bytes = plain;
    }
    match String::from_utf8(bytes) {
        Ok(text) => text.trim_start_matches('\u{feff}').to_owned(),
        Err(error) => encoding_rs::WINDOWS_1252.decode(error.as_bytes()).0.into_owned(),
    }
}

/// Fields of a line, quotes undone.
pub(crate) fn fields(line: &str, delimiter: char) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        let field = fields.last_mut().unwrap();
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            _ if c == delimiter && !quoted => fields.push(String::new()),
            _ => field.push(c),
        }
    }
    fields
}

/// All good rows of a stream, copies included, and how many lines were broken.
pub(crate) fn rows(dir: &Path, source: &str, stream: &str) -> (Vec<Row>, usize) {
    let (mut rows, mut broken) = (Vec::new(), 0);
    for path in files(dir, source, stream) {
        let text = text(&path);
        let mut lines = text.lines();
        let header = lines.next().unwrap();
        let delimiter = if header.contains(';') { ';' } else { ',' };
        let header: Vec<&str> = header.split(delimiter).collect();
        for line in lines.filter(|line| !line.is_empty()) {
            let values = fields(line, delimiter);
            if values.len() != header.len() || values[0].trim_start_matches("BAD").starts_with("9900000") {
                broken += 1;
            } else {
                rows.push(header.iter().map(|name| (*name).to_owned()).zip(values).collect());
            }
        }
    }
    (rows, broken)
}

/// The newest row of each key.
pub(crate) fn newest(dir: &Path, source: &str, stream: &str, key: &[&str]) -> Vec<Row> {
    let updated = |row: &Row| {
        let text = row.get("UpdateDate").or_else(|| row.get("LastUpdateDate")).cloned().unwrap_or_default();
        if text.len() < 10 {
            text
        } else {
            format!("{}{}{}{}", &text[6..10], &text[3..5], &text[..2], &text[10..])
        }
    };
    let mut kept: BTreeMap<Vec<String>, Row> = BTreeMap::new();
    for row in rows(dir, source, stream).0 {
        let key: Vec<String> = key.iter().map(|name| row[*name].clone()).collect();
        match kept.get(&key) {
            Some(other) if updated(other) == updated(&row) => {
                assert_eq!(*other, row, "{stream}: same date, other values");
            }
            Some(other) if updated(other) > updated(&row) => {}
            _ => {
                kept.insert(key, row);
            }
        }
    }
    kept.into_values().collect()
}

/// Cents of `1.234,56` or `1234,56`.
pub(crate) fn cents(text: &str) -> i64 {
    text.replace(['.', ','], "").parse().unwrap()
}

/// `aaaa-mm` of dd/mm/aaaa.
pub(crate) fn month(text: &str) -> String {
    format!("{}-{}", &text[6..10], &text[3..5])
}

/// Day number of dd/mm/aaaa.
pub(crate) fn day(text: &str) -> i32 {
    let part = |range: std::ops::Range<usize>| text[range].parse().unwrap();
    simulators::calendar::day(part(6..10), part(3..5), part(0..2))
}
