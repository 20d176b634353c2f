//! One value as a reader hands it over, before it has the type of its column.
//!
//! Does not decide anything. Invariant: a cell borrows from the reader's own buffer; nothing is copied per cell.

use crate::moment;

/// A value of one row and column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// Nothing there.
    Empty,
    /// Characters of a format without types (CSV, a spreadsheet's text cell): may mean a number, a date, anything.
    Raw(&'a [u8]),
    /// A string of a format with types (JSON, Parquet): text, or at most a date.
    Text(&'a str),
    /// A number as JSON writes it: decimal point, perhaps an exponent.
    Number(&'a str),
    /// A spreadsheet's number.
    Float(f64),
    Boolean(bool),
    /// Days since 1970-01-01.
    Date(i32),
    /// Microseconds since 1970-01-01, without a zone.
    Timestamp(i64),
}

/// How numbers are written: which sign stands before the fraction. The other one may group thousands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecimalStyle {
    /// `1.234,56`
    Comma,
    /// `1,234.56`
    Point,
}

/// Which comes first in dates with slashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateOrder {
    /// `31/12/2026`
    DayFirst,
    /// `12/31/2026`
    MonthFirst,
}

/// How the characters of one column of one file are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    pub decimal: DecimalStyle,
    pub date_order: DateOrder,
}

/// Without the blanks around it: ASCII blanks, and the no-break space in UTF-8 and in Windows-1252.
pub fn trimmed(mut bytes: &[u8]) -> &[u8] {
    bytes = bytes.trim_ascii();
    loop {
        let before = bytes.len();
        bytes = bytes.strip_prefix(b"\xc2\xa0").or_else(|| bytes.strip_prefix(b"\xa0")).unwrap_or(bytes);
        bytes = bytes.strip_suffix(b"\xc2\xa0").or_else(|| bytes.strip_suffix(b"\xa0")).unwrap_or(bytes);
        if bytes.len() == before {
            return bytes;
        }
        bytes = bytes.trim_ascii();
    }
}

/// The words for true and false that a spreadsheet or an export writes.
pub fn boolean(bytes: &[u8]) -> Option<bool> {
    match bytes.len() {
        4 if bytes.eq_ignore_ascii_case(b"true") => Some(true),
        5 if bytes.eq_ignore_ascii_case(b"false") => Some(false),
        10 if bytes.eq_ignore_ascii_case(b"verdadeiro") => Some(true),
        5 if bytes.eq_ignore_ascii_case(b"falso") => Some(false),
        _ => None,
    }
}

/// The words for yes and no that count where somebody says that a column holds nothing else.
pub fn yes_or_no(bytes: &[u8]) -> Option<bool> {
    const YES: [&[u8]; 5] = [b"sim", b"s", b"yes", b"y", b"1"];
    // In UTF-8 and in Windows-1252, in either case.
    const NO: [&[u8]; 9] =
        [b"n\xc3\xa3o", b"n\xc3\x83o", b"n\xe3o", b"n\xc3o", b"nao", b"n", b"no", b"0", b"-"];
    let is = |word: &&[u8]| word.eq_ignore_ascii_case(bytes);
    boolean(bytes).or_else(
        || {
            if YES.iter().any(is) { Some(true) } else { NO.iter().any(is).then_some(false) }
        },
    )
}

/// A value as a message shows it.
pub fn shown(bytes: &[u8]) -> String {
    const LONGEST: usize = 120;
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(LONGEST)]);
    let mut shown: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if bytes.len() > LONGEST {
        shown.push('…');
    }
    shown
}

/// A cell as a message shows it.
pub fn shown_cell(cell: Cell<'_>, encoding: &'static encoding_rs::Encoding) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Raw(bytes) => shown(encoding.decode_without_bom_handling(bytes).0.as_bytes()),
        Cell::Text(text) | Cell::Number(text) => shown(text.as_bytes()),
        Cell::Float(value) => value.to_string(),
        Cell::Boolean(value) => value.to_string(),
        Cell::Date(days) => moment::iso_date(days),
        Cell::Timestamp(at) => moment::iso_timestamp(at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trimmed_blanks_of_any_encoding_are_taken_off() {
        assert_eq!(trimmed(b"\t 12 \xc2\xa0 "), b"12");
        assert_eq!(trimmed(b"\xa0R$ 1\xa0"), b"R$ 1");
        assert_eq!(trimmed(b" \xa0 "), b"");
    }

    #[test]
    fn boolean_only_true_and_false_words() {
        assert_eq!(boolean(b"TRUE"), Some(true));
        assert_eq!(boolean(b"Falso"), Some(false));
        assert_eq!(boolean(b"1"), None);
        assert_eq!(boolean(b"sim"), None);
    }

    #[test]
    fn yes_or_no_takes_what_people_write() {
        for yes in ["Sim", "S", "yes", "1", "VERDADEIRO"] {
            assert_eq!(yes_or_no(yes.as_bytes()), Some(true), "{yes}");
        }
        for no in [&b"n\xe3o"[..], "NÃO".as_bytes(), b"Nao", b"n", b"0", b"false"] {
            assert_eq!(yes_or_no(no), Some(false), "{no:?}");
        }
        assert_eq!(yes_or_no(b"talvez"), None);
    }
}
