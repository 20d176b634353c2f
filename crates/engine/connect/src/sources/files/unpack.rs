//! Opens files, compressed or not, and stops unpacking bombs.
//!
//! Does not look at the content's format. Invariant: memory does not grow with the file; a file that unpacks to more than the limits is
//! refused as soon as it passes them.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::options::Limits;
use crate::errors::ConnectError;

/// Below this size no ratio is suspicious: a megabyte of one repeated line is a file, not an attack.
const RATIO_FROM: u64 = 64 << 20;

/// How a file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compression {
    None,
    Gzip,
    Zstd,
}

/// Told by the first bytes, not by the name: names lie.
pub fn compression_of(path: &Path, file: &str) -> Result<Compression, ConnectError> {
    let mut head = [0; 4];
    let mut opened = File::open(path).map_err(|source| ConnectError::file(file, source))?;
    let read = read_full(&mut opened, &mut head).map_err(|source| ConnectError::file(file, source))?;
    Ok(match &head[..read] {
        [0x1f, 0x8b, ..] => Compression::Gzip,
        [0x28, 0xb5, 0x2f, 0xfd] => Compression::Zstd,
        _ => Compression::None,
    })
}

/// Reads until the buffer is full or the input ends.
pub fn read_full(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match input.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// The file's unpacked bytes.
pub fn open(
    path: &Path,
    file: &str,
    compression: Compression,
    limits: &Limits,
) -> Result<Box<dyn Read + Send>, ConnectError> {
    let failed = |source| ConnectError::file(file, source);
    let opened = File::open(path).map_err(failed)?;
    let packed_bytes = opened.metadata().map_err(failed)?.len();
    let input = BufReader::with_capacity(256 << 10, opened);
    let unpacked: Box<dyn Read + Send> = match compression {
        Compression::None => return Ok(Box::new(input)),
        Compression::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(input)),
        Compression::Zstd => Box::new(zstd::stream::read::Decoder::with_buffer(input).map_err(failed)?),
    };
    Ok(Box::new(Bounded {
        unpacked,
        file: file.to_owned(),
        bytes: 0,
        most: most_unpacked(packed_bytes, limits),
    }))
}

struct Most {
    bytes: u64,
    setting: &'static str,
}

fn most_unpacked(packed_bytes: u64, limits: &Limits) -> Most {
    let by_ratio = packed_bytes.saturating_mul(limits.unpacked_ratio).max(RATIO_FROM);
    if by_ratio < limits.unpacked_bytes {
        Most { bytes: by_ratio, setting: "unpacked_ratio" }
    } else {
        Most { bytes: limits.unpacked_bytes, setting: "unpacked_bytes" }
    }
}

struct Bounded {
    unpacked: Box<dyn Read + Send>,
    file: String,
    bytes: u64,
    most: Most,
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.unpacked.read(buffer)?;
        self.bytes += read as u64;
        if self.bytes > self.most.bytes {
            let what = "its unpacked size in bytes".to_owned();
            let (limit, setting) = (self.most.bytes, self.most.setting);
            return Err(ConnectError::TooLarge { file: self.file.clone(), what, limit, setting }.into_io());
        }
        Ok(read)
    }
}

/// A file that can be read from any place: the file itself, or its unpacked copy, which disappears when dropped.
pub enum Seekable {
    Itself(PathBuf),
    Copy(NamedTempFile),
}

/// Opens a file whose format needs to jump about; a compressed one is unpacked to a temporary file.
pub fn open_seekable(
    path: &Path,
    file: &str,
    compression: Compression,
    limits: &Limits,
) -> Result<Seekable, ConnectError> {
    let failed = |source| ConnectError::file(file, source);
    if compression == Compression::None {
        return Ok(Seekable::Itself(path.to_owned()));
    }
    let mut unpacked = open(path, file, compression, limits)?;
    let mut copy = NamedTempFile::new().map_err(failed)?;
    let mut buffer = vec![0; 128 << 10];
    loop {
        let read = unpacked.read(&mut buffer).map_err(failed)?;
        if read == 0 {
            return Ok(Seekable::Copy(copy));
        }
        copy.write_all(&buffer[..read]).map_err(failed)?;
    }
}

impl Seekable {
    /// A handle of its own to the bytes, at their beginning.
    pub fn handle(&self, file: &str) -> Result<File, ConnectError> {
        let opened = match self {
            Seekable::Itself(path) => File::open(path),
            Seekable::Copy(copy) => copy.reopen(),
        };
        opened.map_err(|source| ConnectError::file(file, source))
    }
}

/// Hexadecimal SHA-256 of the file as it lies there.
pub fn content_hash(path: &Path, file: &str) -> Result<String, ConnectError> {
    let failed = |source| ConnectError::file(file, source);
    let mut input = BufReader::with_capacity(1 << 20, File::open(path).map_err(failed)?);
    let mut hash = Sha256::new();
    loop {
        let bytes = input.fill_buf().map_err(failed)?;
        if bytes.is_empty() {
            return Ok(hex(&hash.finalize()));
        }
        hash.update(bytes);
        let read = bytes.len();
        input.consume(read);
    }
}

/// Lower-case hexadecimal digits of a digest.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|b| [DIGITS[usize::from(b >> 4)], DIGITS[usize::from(b & 15)]])
        .map(char::from)
        .collect()
}
