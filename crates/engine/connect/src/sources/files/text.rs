//! Text files as bytes that a parser of ASCII-compatible text can take: no byte order mark, no UTF-16.
//!
//! Does not tell UTF-8 from Windows-1252: that takes the whole file (`csv`). Invariant: works in constant memory.

use std::io::{self, Read};

use encoding_rs::{Decoder, UTF_16BE, UTF_16LE};

use super::options::TextEncoding;

/// What the first bytes say about the encoding, and how many of them are a mark; nothing when they have no mark.
pub fn marked(head: &[u8]) -> Option<(TextEncoding, usize)> {
    match head {
        [0xef, 0xbb, 0xbf, ..] => Some((TextEncoding::Utf8Bom, 3)),
        [0xff, 0xfe, ..] => Some((TextEncoding::Utf16Le, 2)),
        [0xfe, 0xff, ..] => Some((TextEncoding::Utf16Be, 2)),
        // Unmarked UTF-16 of Latin text: every other byte is zero.
        [a, 0, b, 0, ..] if *a != 0 && *b != 0 => Some((TextEncoding::Utf16Le, 0)),
        [0, a, 0, b, ..] if *a != 0 && *b != 0 => Some((TextEncoding::Utf16Be, 0)),
        _ => None,
    }
}

/// `input` without its mark, and UTF-16 as UTF-8.
pub fn plain(
    input: Box<dyn Read + Send>,
    mut overridden: Option<TextEncoding>,
) -> io::Result<(Box<dyn Read + Send>, Option<TextEncoding>)> {
    let mut input = input;
    let mut head = [0; 4];
    let read = super::unpack::read_full(&mut input, &mut head)?;
    let found = marked(&head[..read]);
    // A mark is a fact: an override cannot make UTF-16 out of UTF-8, or the other way round.
    if found.is_some_and(|(_, length)| length > 0) {
        overridden = None;
    }
    let (encoding, skip) = match (overridden, found) {
        (Some(encoding), _) => (Some(encoding), 0),
        (None, Some((encoding, length))) => (Some(encoding), length),
        (None, None) => (None, 0),
    };
    let rest = io::Cursor::new(head[skip..read.max(skip)].to_vec()).chain(input);
    let decoder = match encoding {
        Some(TextEncoding::Utf16Le) => UTF_16LE.new_decoder_without_bom_handling(),
        Some(TextEncoding::Utf16Be) => UTF_16BE.new_decoder_without_bom_handling(),
        _ => return Ok((Box::new(rest), encoding)),
    };
    Ok((Box::new(Transcoded::new(Box::new(rest), decoder)), encoding))
}

/// UTF-16 as UTF-8, while it is read.
struct Transcoded {
    input: Box<dyn Read + Send>,
    decoder: Decoder,
    raw: Vec<u8>,
    raw_range: std::ops::Range<usize>,
    out: Vec<u8>,
    out_range: std::ops::Range<usize>,
    ended: bool,
}

impl Transcoded {
    fn new(input: Box<dyn Read + Send>, decoder: Decoder) -> Transcoded {
        let (raw, out) = (vec![0; 32 << 10], vec![0; 64 << 10]);
        Transcoded { input, decoder, raw, raw_range: 0..0, out, out_range: 0..0, ended: false }
    }

    fn refill(&mut self) -> io::Result<()> {
        if self.raw_range.is_empty() && !self.ended {
            let read = super::unpack::read_full(&mut self.input, &mut self.raw)?;
            self.ended = read < self.raw.len();
            self.raw_range = 0..read;
        }
        let (_, read, written, _) =
            self.decoder.decode_to_utf8(&self.raw[self.raw_range.clone()], &mut self.out, self.ended);
        self.raw_range.start += read;
        self.out_range = 0..written;
        Ok(())
    }
}

impl Read for Transcoded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.out_range.is_empty() && !(self.ended && self.raw_range.is_empty()) {
            self.refill()?;
        }
        let taken = self.out_range.len().min(buffer.len());
        buffer[..taken].copy_from_slice(&self.out[self.out_range.start..self.out_range.start + taken]);
        self.out_range.start += taken;
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: Vec<u8>) -> (String, Option<TextEncoding>) {
        let (mut input, encoding) = plain(Box::new(io::Cursor::new(bytes)), None).unwrap();
        let mut text = String::new();
        input.read_to_string(&mut text).unwrap();
        (text, encoding)
    }

    #[test]
    fn plain_takes_marks_off() {
        assert_eq!(read(b"\xef\xbb\xbfa;b".to_vec()), ("a;b".to_owned(), Some(TextEncoding::Utf8Bom)));
        assert_eq!(read(b"a;b".to_vec()), ("a;b".to_owned(), None));
        assert_eq!(read(Vec::new()), (String::new(), None));
        assert_eq!(read(b"\xef\xbb\xbf".to_vec()).0, "");
    }

    #[test]
    fn plain_utf16_of_any_size_becomes_utf8() {
        let text = "Número;São João\r\n".repeat(10_000);
        let little: Vec<u8> =
            [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        assert_eq!(read(little), (text.clone(), Some(TextEncoding::Utf16Le)));
        let unmarked: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(read(unmarked), (text, Some(TextEncoding::Utf16Be)));
    }
}
