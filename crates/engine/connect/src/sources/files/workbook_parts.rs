//! Weighs the parts of a workbook before its reader sees them.
//!
//! Does not read cells (`xlsx`). Invariant: constant memory, whatever the archive declares of itself.

use std::fs::File;
use std::io::{BufReader, Read};

use super::options::Limits;
use super::xlsx::unreadable;
use crate::cell::shown;
use crate::errors::ConnectError;

/// Only a workbook that unpacks to more than this can be a bomb.
const RATIO_FROM: u64 = 64 << 20;

/// Unpacks every part once, in constant memory: declared sizes are the attacker's own words.
pub fn check(file: &str, input: File, limits: &Limits) -> Result<(), ConnectError> {
    let packed_bytes = input.metadata().map_err(|source| ConnectError::file(file, source))?.len();
    let mut archive = zip::ZipArchive::new(BufReader::new(input)).map_err(|error| unreadable(file, error))?;
    let most = packed_bytes.saturating_mul(limits.unpacked_ratio).max(RATIO_FROM).min(limits.unpacked_bytes);
    let mut total = 0;
    for at in 0..archive.len() {
        let mut part = archive.by_index(at).map_err(|error| unreadable(file, error))?;
        let name = part.name().map_err(|error| unreadable(file, error))?.to_ascii_lowercase();
        let mut check = PartCheck { file, bytes: 0, gap: 0, head: Vec::new(), limits };
        let mut buffer = vec![0; 128 << 10];
        loop {
            let read = part.read(&mut buffer).map_err(|source| ConnectError::file(file, source))?;
            if read == 0 {
                break;
            }
            check.look_at(&buffer[..read])?;
            total += read as u64;
            let (limit, setting) = check.allowance(&name, most, limits, packed_bytes);
            if total > most || check.bytes > limit {
                let what = format!("the unpacked size of its part `{}`", shown(name.as_bytes()));
                return Err(ConnectError::TooLarge { file: file.to_owned(), what, limit, setting });
            }
        }
        if name.ends_with("sharedstrings.xml") {
            check.believable()?;
        }
    }
    Ok(())
}

struct PartCheck<'a> {
    file: &'a str,
    bytes: u64,
    /// Bytes since the last `<`: the length of a text or of a tag so far.
    gap: u64,
    /// The first bytes of the part, where the number of strings is declared.
    head: Vec<u8>,
    limits: &'a Limits,
}

impl PartCheck<'_> {
    fn look_at(&mut self, chunk: &[u8]) -> Result<(), ConnectError> {
        self.bytes += chunk.len() as u64;
        if self.head.len() < 64 << 10 {
            self.head.extend_from_slice(chunk);
        }
        if !self.is_xml() {
            return Ok(());
        }
        let mut start = 0;
        for at in memchr::memchr_iter(b'<', chunk) {
            self.gap += (at - start) as u64;
            self.check_gap()?;
            (self.gap, start) = (0, at);
        }
        self.gap += (chunk.len() - start) as u64;
        self.check_gap()
    }

    fn is_xml(&self) -> bool {
        let head = self.head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&self.head);
        head.trim_ascii_start().first() == Some(&b'<')
    }

    /// How large the part may be: sheets are streamed; all else may be held in memory, styles as objects much larger than their text.
    fn allowance(&self, name: &str, most: u64, limits: &Limits, packed_bytes: u64) -> (u64, &'static str) {
        let strings = limits.workbook_strings_bytes;
        let held = if name.ends_with("styles.xml") { strings / 32 } else { strings };
        let streamed = self.is_xml() && memchr::memmem::find(&self.head, b"<worksheet").is_some();
        if !streamed && held < most {
            (held, "workbook_strings_bytes")
        } else if most == limits.unpacked_bytes && most < packed_bytes.saturating_mul(limits.unpacked_ratio) {
            (most, "unpacked_bytes")
        } else {
            (most, "unpacked_ratio")
        }
    }

    fn check_gap(&self) -> Result<(), ConnectError> {
        if self.gap <= self.limits.cell_bytes {
            return Ok(());
        }
        let (what, limit) = ("the size in bytes of one cell".to_owned(), self.limits.cell_bytes);
        Err(ConnectError::TooLarge { file: self.file.to_owned(), what, limit, setting: "cell_bytes" })
    }

    /// The reader reserves memory for as many strings as are declared; each needs at least five characters (`<si/>`).
    fn believable(&self) -> Result<(), ConnectError> {
        const ATTRIBUTE: &[u8] = b"uniqueCount";
        for at in memchr::memmem::find_iter(&self.head, ATTRIBUTE) {
            let rest = &self.head[at + ATTRIBUTE.len()..];
            let digits: Vec<u8> = rest
                .iter()
                .skip_while(|b| matches!(b, b'=' | b'"' | b'\'' | b' '))
                .take_while(|b| b.is_ascii_digit())
                .copied()
                .collect();
            let declared = crate::numeral::whole(&digits, crate::cell::DecimalStyle::Point);
            let most = self.bytes / 5 + 1;
            // No number at all reserves nothing.
            if !digits.is_empty() && declared.is_none_or(|count| count as u64 > most) {
                return Err(unreadable(self.file, "it declares more shared strings than it has"));
            }
        }
        Ok(())
    }
}
