//! Tells what a file is: its format by the first bytes; delimiter, quotes and header row of delimited text by a sample.
//!
//! Does not decide types nor Windows-1252, which take the whole file. Invariant: what the options say is taken as it is.

use csv::{ByteRecord, ReaderBuilder, Terminator};

use super::header::{self, Found, Look};
use super::options::{FormatKind, Quote, StreamOptions};
use crate::cell::Cell;
use crate::errors::ConnectError;

/// How many bytes of a text file are looked at.
pub const SAMPLE_BYTES: usize = 256 << 10;
/// How many of its rows.
const SAMPLE_ROWS: usize = 2000;
/// Among how many of the first rows the header is looked for.
const HEADER_ROWS: usize = 60;

/// How the cells of a text file are separated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialect {
    pub delimiter: u8,
    pub quote: Quote,
    /// A backslash stands before a quote inside quotes, instead of doubling it.
    pub backslash: bool,
    /// Lines end with a carriage return alone.
    pub carriage_return: bool,
    /// Line with the column names, starting with 1; `None` when there is none.
    pub header_line: Option<u64>,
    /// First line with data; meaningful when there is no header.
    pub first_line: u64,
}

/// The format of a file, by its first (unpacked) bytes and, for text, its name.
pub fn kind_of(head: &[u8], file: &str) -> Result<FormatKind, ConnectError> {
    let refused = |expected, detail: &str, remedy| {
        Err(ConnectError::Format { file: file.to_owned(), expected, detail: detail.to_owned(), remedy })
    };
    let name = file.to_ascii_lowercase();
    let name = name.trim_end_matches(".gz").trim_end_matches(".zst");
    let text = head.trim_ascii_start();
    match head {
        [b'P', b'K', 3, 4, ..] => return Ok(FormatKind::Xlsx),
        [b'P', b'A', b'R', b'1', ..] => return Ok(FormatKind::Parquet),
        [0xd0, 0xcf, 0x11, 0xe0, ..] => {
            return refused(
                "a readable workbook",
                "it is an old .xls, or is protected by a password",
                "save it as .xlsx without a password",
            );
        }
        _ => {}
    }
    let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
    if ends(&[".xlsx", ".xlsm"]) {
        return refused("a workbook", "it does not begin as one", "export it again as .xlsx");
    }
    if ends(&[".parquet"]) {
        return refused("a Parquet file", "it does not begin as one", "export it again");
    }
    if ends(&[".jsonl", ".ndjson", ".json"]) {
        return match text.first() {
            Some(b'[') => {
                refused("JSON lines", "it is one JSON list", "write one object per line, without the list")
            }
            _ => Ok(FormatKind::JsonLines),
        };
    }
    if super::text::marked(head).is_none() && head.contains(&0) {
        return refused("a text file", "it has zero bytes", "export it as CSV, XLSX, Parquet or JSON lines");
    }
    if text.first() == Some(&b'<') {
        return refused("delimited text", "it is HTML or XML", "export it as CSV or XLSX");
    }
    Ok(FormatKind::Csv)
}

/// The dialect of a text file by its first bytes (without a mark). `complete` says that they are all of it.
pub fn dialect_of(sample: &[u8], complete: bool, options: &StreamOptions) -> Dialect {
    let carriage_return = memchr::memchr(b'\n', sample).is_none() && memchr::memchr(b'\r', sample).is_some();
    let end_of_line = if carriage_return { b'\r' } else { b'\n' };
    let whole_lines = match memchr::memrchr(end_of_line, sample) {
        Some(last) if !complete => &sample[..=last],
        _ => sample,
    };
    // Excel writes and obeys a first line `sep=;`.
    let declared = whole_lines.strip_prefix(b"sep=").and_then(|rest| rest.first().copied());
    let declared = declared.filter(|_| whole_lines[5..].first().is_none_or(|b| matches!(b, b'\r' | b'\n')));
    let skip = u64::from(declared.is_some());
    let quote = options.quote.unwrap_or_else(|| quote_of(whole_lines));
    let backslash = quotes_by_backslash(whole_lines);
    let mut dialect =
        Dialect { delimiter: b',', quote, backslash, carriage_return, header_line: None, first_line: 1 };
    let fixed = options.delimiter.map(|it| it as u8).or(declared);
    dialect.delimiter = fixed.unwrap_or_else(|| delimiter_of(whole_lines, &dialect));
    let rows = rows_of(whole_lines, &dialect, HEADER_ROWS);
    let rows: Vec<_> = rows.into_iter().filter(|(line, _)| *line > skip).collect();
    (dialect.header_line, dialect.first_line) = header_of(&rows, options.header_row, skip);
    dialect
}

fn header_of(rows: &[(u64, Vec<Look>)], wanted: Option<u64>, skip: u64) -> (Option<u64>, u64) {
    match wanted {
        Some(0) => return (None, skip + 1),
        Some(line) => return (Some(line), line + 1),
        None => {}
    }
    let looks: Vec<Vec<Look>> = rows.iter().map(|(_, looks)| looks.clone()).collect();
    match header::find(&looks) {
        Some(Found::Row(at)) => (Some(rows[at].0), rows[at].0 + 1),
        Some(Found::Nowhere(at)) => (None, rows[at].0),
        None => (None, skip + 1),
    }
}

/// `"` unless cells begin and end with `'` and no `"` occurs.
fn quote_of(sample: &[u8]) -> Quote {
    let single =
        sample.windows(3).filter(|it| it[0] == b'\'' && b";,\t|".contains(&it[1]) && it[2] == b'\'').count();
    let doubled = memchr::memchr(b'"', sample).is_some();
    Quote::Character(if single > 1 && !doubled { b'\'' } else { b'"' })
}

/// Whether quotes within cells have a backslash before them. `"C:\\x\\";` has none within, nor has an empty cell doubled ones.
fn quotes_by_backslash(sample: &[u8]) -> bool {
    let ends = |b: Option<&u8>| b.is_none_or(|b| b";,\t|\r\n\"".contains(b));
    let within = memchr::memmem::find_iter(sample, b"\\\"").any(|at| !ends(sample.get(at + 2)));
    let doubled = |at: usize| at > 0 && sample[at - 1] != b'\\' && !ends(sample.get(at - 1));
    within && !memchr::memmem::find_iter(sample, b"\"\"").any(doubled)
}

/// A reader of delimited text. Ragged rows pass: the caller judges them.
pub fn reader_of<R: std::io::Read>(input: R, dialect: &Dialect) -> csv::Reader<R> {
    let mut builder = ReaderBuilder::new();
    builder.has_headers(false).flexible(true).delimiter(dialect.delimiter).buffer_capacity(256 << 10);
    // With a plain line feed as the end, line numbers stay exact; a carriage return before it is taken off later.
    builder.terminator(Terminator::Any(if dialect.carriage_return { b'\r' } else { b'\n' }));
    match dialect.quote {
        Quote::None => builder.quoting(false),
        Quote::Character(quote) => builder.quote(quote),
    };
    if dialect.backslash {
        builder.escape(Some(b'\\')).double_quote(false);
    }
    builder.from_reader(input)
}

/// Line and looks of the first rows that are not empty.
fn rows_of(sample: &[u8], dialect: &Dialect, most: usize) -> Vec<(u64, Vec<Look>)> {
    let mut reader = reader_of(sample, dialect);
    let mut record = ByteRecord::new();
    let mut rows = Vec::new();
    let mut number = 0;
    while rows.len() < most && matches!(reader.read_byte_record(&mut record), Ok(true)) {
        number += 1;
        let line = if dialect.carriage_return { number } else { line_of(&record, reader.position().line()) };
        let looks: Vec<Look> = cells_of(&record).map(|cell| header::look(Cell::Raw(cell))).collect();
        if looks.iter().any(|look| *look != Look::Empty) {
            rows.push((line, looks));
        }
    }
    rows
}

/// The line on which a record began, given the line on which the next one begins.
pub fn line_of(record: &ByteRecord, next_line: u64) -> u64 {
    let before = record.position().map_or(1, csv::Position::line);
    if next_line <= before + 1 {
        return before;
    }
    let within = memchr::memchr_iter(b'\n', record.as_slice()).count() as u64;
    before.max(next_line.saturating_sub(within + 1))
}

/// The record's cells, without the carriage return of the line's end.
pub fn cells_of(record: &ByteRecord) -> impl Iterator<Item = &[u8]> {
    let last = record.len().wrapping_sub(1);
    record
        .iter()
        .enumerate()
        .map(move |(at, cell)| if at == last { cell.strip_suffix(b"\r").unwrap_or(cell) } else { cell })
}

/// The delimiter that splits most rows into the same number of cells.
fn delimiter_of(sample: &[u8], dialect: &Dialect) -> u8 {
    let mut best: Option<(f64, u8)> = None;
    for delimiter in *b"\t;|," {
        let rows = rows_of(sample, &Dialect { delimiter, ..*dialect }, SAMPLE_ROWS);
        if let Some(score) = score(&rows)
            && best.is_none_or(|(highest, _)| score > highest + 0.02)
        {
            best = Some((score, delimiter));
        }
    }
    // One column only: take a delimiter that does not occur.
    let absent = || b",;\t|".iter().copied().find(|it| memchr::memchr(*it, sample).is_none());
    best.map(|(_, delimiter)| delimiter).or_else(absent).unwrap_or(b',')
}

/// How well a delimiter splits these rows: the share of rows as wide as the first one, or else as most are, and more when the first row is
/// one of them and all words, as a header is.
fn score(rows: &[(u64, Vec<Look>)]) -> Option<f64> {
    let top = rows.first().map(|(_, looks)| looks).filter(|looks| looks.len() > 1);
    let usual = if let Some(looks) = top {
        looks.len()
    } else {
        let mut widths: Vec<usize> = rows.iter().map(|(_, looks)| looks.len()).collect();
        widths.sort_unstable();
        widths.chunk_by(|a, b| a == b).max_by_key(|run| (run.len(), run[0]))?[0]
    };
    let share = rows.iter().filter(|(_, looks)| looks.len() == usual).count() as f64 / rows.len() as f64;
    let least = if top.is_some() { 0.25 } else { 0.5 };
    if usual < 2 || share < least {
        return None;
    }
    let words = top.is_some_and(|looks| looks.iter().all(|look| matches!(look, Look::Text | Look::Empty)));
    Some(share + if top.is_some() { 0.3 } else { 0.0 } + if words { 0.4 } else { 0.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dialect(text: &str) -> Dialect {
        dialect_of(text.as_bytes(), true, &StreamOptions::default())
    }

    #[test]
    fn dialect_of_usual_files_finds_the_delimiter() {
        for (text, delimiter) in [
            ("a;b;c\n1;2;3\n", b';'),
            ("a,b,c\n1,2,3\n", b','),
            ("a\tb\n1\t2\n", b'\t'),
            ("a|b\n1|2\n", b'|'),
            ("nome;preco;custo\nx;1,50;2,30\ny;3,10;4,20\n", b';'),
            ("x;1,50;2,30\ny;3,10;4,20\n", b';'),
            ("sep=;\na;b\n1;2\n", b';'),
            ("nome\nAna\nRui\n", b','),
            ("id,nota\n1,\"a;b;c\"\n2,\"d;e;f\"\n", b','),
        ] {
            assert_eq!(char::from(dialect(text).delimiter), char::from(delimiter), "{text}");
        }
    }

    #[test]
    fn dialect_of_titles_and_missing_headers() {
        assert_eq!(dialect("Relatório;;\n\nid;nome;valor\n1;Ana;2,5\n").header_line, Some(3));
        assert_eq!(dialect("sep=;\r\na;b\r\n1;2\r\n").header_line, Some(2));
        let none = dialect("1;Ana;2,5\n2;Rui;3,5\n");
        assert_eq!((none.header_line, none.first_line), (None, 1));
        let options = StreamOptions { header_row: Some(0), ..StreamOptions::default() };
        assert_eq!(dialect_of(b"a;b\nc;d\n", true, &options).header_line, None);
    }

    #[test]
    fn dialect_of_odd_quotes_and_line_ends() {
        assert_eq!(dialect("a;b\n'x';'y'\n'z';'w'\n").quote, Quote::Character(b'\''));
        assert!(dialect("a;b\n\"x \\\"y\\\"\";1\n").backslash);
        assert!(dialect("a;b\r1;2\r").carriage_return);
    }

    #[test]
    fn kind_of_believes_the_bytes() {
        assert_eq!(kind_of(b"PK\x03\x04..", "a.csv").unwrap(), FormatKind::Xlsx);
        assert_eq!(kind_of(b"{\"a\":1}", "a.jsonl.gz").unwrap(), FormatKind::JsonLines);
        assert_eq!(kind_of(b"a;b", "a.txt").unwrap(), FormatKind::Csv);
        for (head, file, part) in [
            (b"[1]".as_slice(), "a.json", "one object per line"),
            (b"\xd0\xcf\x11\xe0", "a.xlsx", "save it as .xlsx"),
            (b"<html>", "a.csv", "HTML"),
            (b"ab\0\x01c", "a.csv", "zero bytes"),
            (b"abc", "a.xlsx", "does not begin as one"),
        ] {
            let message = kind_of(head, file).unwrap_err().to_string();
            assert!(message.contains(part), "{message}");
        }
    }
}
